"""Parties: the list, the page of one, and what compliance records about them."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.refusals import Conflict
from people import access
from people.access import SignedIn, allow
from people.verbs import Offers, Verb, does
from reviews import parties
from reviews.forms import ReasonForm
from reviews.history import timeline
from reviews.party_forms import (
    FindingForm,
    IdentifierForm,
    MatchForm,
    ParentForm,
    PartyFilters,
    SameForm,
)
from reviews.review_pages import posted
from screening.parties import actions, verbs
from screening.parties.models import (
    DealParty,
    Easing,
    Party,
    PartyFinding,
    PartyIdentifier,
    PartyMerge,
)

PER_PAGE = 25
READERS = (*access.REVIEWERS, access.COMPLIANCE, access.AUDITOR)
GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


@allow(*READERS)
@require_safe
def party_list(request: SignedIn) -> HttpResponse:
    names = parties.country_names()
    used = Party.objects.exclude(country="").order_by().values_list("country", flat=True).distinct()
    countries = sorted(((code, names.get(code, code)) for code in used), key=lambda pair: pair[1])
    form = PartyFilters(request.GET, countries=countries)
    chosen = form.chosen()
    wanted = parties.filtered(parties.heads(), chosen) if not form.errors else Party.objects.none()
    page = Paginator(wanted.order_by("key", "country"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "chosen": chosen,
        "page": page,
        "rows": parties.rows(page, request.user),
        "has_any": Party.objects.exists(),
    }
    return render(request, "parties/list.html", context, status=form.status)


@allow(*READERS)
@require_safe
def party(request: SignedIn, pk: int) -> HttpResponse:
    party = get_object_or_404(Party.objects.select_related("parent"), pk=pk)
    body = party.same()
    everybody = list(Party.objects.filter(pk__in=body).order_by("pk"))
    names = parties.country_names()
    deals = Paginator(parties.deals(body, request.user), PER_PAGE).get_page(request.GET.get("page"))
    parts = parties.parts(deals, body)
    waiting = [
        parties.asked(easing, request.user)
        for easing in parties.waiting()
        if {member.pk for member in easing.about} & set(body)
    ]
    context = {
        "party": party,
        "country": parties.country(party.country, names),
        "names": [(member, parties.country(member.country, names)) for member in everybody],
        "spellings": _spellings(everybody),
        "merges": _merges(body, request.user),
        "identifiers": PartyIdentifier.objects.filter(party__in=body).order_by("pk"),
        "children": Party.objects.filter(parent__in=body).order_by("name"),
        "findings": parties.findings(body, request.user),
        "matches": parties.matches(everybody, request.user),
        "namesakes": parties.namesakes(party, body, request.user),
        "waiting": waiting,
        "held": _held(body),
        "page": deals,
        "deals": [
            (deal, parts.get(deal.pk, ""), parties.deal_url(deal, request.user)) for deal in deals
        ],
        "conditions": parties.conditions(body, request.user),
        "timeline": timeline.of_subjects([one.subject for one in everybody]),
        "may": Offers(verbs.OF_PARTY, party, request.user),
    }
    return render(request, "parties/party.html", context)


def _spellings(everybody: list[Party]) -> list[str]:
    """As deals wrote the names, without those that the list of names has."""
    written = DealParty.objects.filter(party__in=everybody).values_list("name", flat=True)
    return sorted(set(written) - {member.name for member in everybody})


def _merges(body: list[int], user: Any) -> list[tuple[PartyMerge, Easing | None, bool]]:
    standing = PartyMerge.objects.standing().filter(gone__in=body).select_related("gone", "into")
    return [
        (merge, Easing.objects.waiting().filter(merge=merge).first(), verbs.SPLIT.may(merge, user))
        for merge in standing.order_by("pk")
    ]


def _held(body: list[int]) -> list[tuple[Easing, str]]:
    """What two people lowered and one person can end."""
    about = (
        Q(party__in=body)
        | Q(other__in=body)
        | Q(finding__party__in=body)
        | Q(ruling__findings__party__in=body)
        | Q(merge__gone__in=body)
        | Q(merge__into__in=body)
    )
    held = Easing.objects.holding().filter(about).select_related(*parties.ABOUT).distinct()
    return [(easing, parties.what(easing)) for easing in held.order_by("-pk")]


# --- Verbs ----------------------------------------------------------------------------------------


def _verb(
    request: SignedIn,
    verb: Verb[Any, Any],
    subject: Any,
    party: Party,
    form: Any,
    act: Callable[[dict[str, Any]], Any],
    page: dict[str, Any],
    done: str,
) -> HttpResponse:
    """The page of a verb: its form, then what it does, then the page of the party.

    Who may not do it does not see the form. A refusal that comes later stands above it, and it
    keeps what was typed.
    """
    refusal = ""
    if request.method != "POST":
        verb.check(subject, request.user)
    elif form.is_valid():
        try:
            act(form.cleaned_data)
        except Conflict as conflict:
            refusal = str(conflict)
        else:
            messages.success(request, done)
            return redirect("reviews:party", pk=party.pk)
    context = {"party": party, "form": form, "refusal": refusal, **page}
    return render(request, "parties/verb.html", context, status=409 if refusal else 200)


@does(verbs.RAISE)
@GET_OR_POST
def raise_finding(request: SignedIn, pk: int) -> HttpResponse:
    party = get_object_or_404(Party, pk=pk)
    options = [
        (json.dumps([fact, value]), parties.in_words(fact, value))
        for fact, values in actions.RAISED.items()
        for value in values
    ]

    def act(cleaned: dict[str, Any]) -> None:
        fact, value = json.loads(cleaned.pop("known"))
        actions.raise_finding(party, fact=fact, value=value, actor=request.user, **cleaned)

    page = {
        "title": "Record what is known",
        "lede": "It holds in every deal in which this party takes part, from now on. Its open, "
        "cleared and approved deals are screened again.",
        "button": "Record and screen again",
    }
    done = f"Recorded. The deals of {party} are screened again."
    return _verb(
        request,
        verbs.RAISE,
        party,
        party,
        FindingForm(posted(request), options=options),
        act,
        page,
        done,
    )


@does(verbs.CLEAR)
@GET_OR_POST
def clear_match(request: SignedIn, pk: int) -> HttpResponse:
    party = get_object_or_404(Party, pk=pk)
    hits = actions.hits_of(party)

    def act(cleaned: dict[str, Any]) -> None:
        read = cleaned.pop("hits").splitlines()
        actions.ask_cleared_match(party, hits=read, actor=request.user, **cleaned)

    page = {
        "title": "Answer a false alarm",
        "lede": "Say that this party is not one of those whose name it shares. It takes two "
        "people; afterwards nobody is asked about the match in its deals, until you look again.",
        "listed": hits,
        "listed_title": "What the name matches",
        "button": "Ask a second person",
    }
    form = MatchForm(posted(request), initial={"hits": "\n".join(hits)})
    return _verb(request, verbs.CLEAR, party, party, form, act, page, ASKED)


ASKED = "Asked. Nothing changes until a second person agrees; everybody in compliance was told."


@does(verbs.MERGE, verbs.ADD_NAME)
@GET_OR_POST
def merge(request: SignedIn, pk: int) -> HttpResponse:
    party = get_object_or_404(Party, pk=pk)
    others = [namesake.party for namesake in parties.namesakes(party, party.same(), request.user)]
    asked = request.GET.get("other", "")
    countries = sorted(parties.country_names().items(), key=lambda pair: pair[1])

    def act(cleaned: dict[str, Any]) -> None:
        if cleaned["other"]:
            other = get_object_or_404(Party, pk=int(cleaned["other"]))
            actions.merge(other, party, because=cleaned["because"], actor=request.user)
        else:
            actions.add_name(
                party,
                name=cleaned["name"],
                country=cleaned["country"],
                because=cleaned["because"],
                actor=request.user,
            )

    page = {
        "title": "Say that another party is the same",
        "lede": "What is known of one is then known of both, and their deals are screened again. "
        "Two people can split them.",
        "button": "They are the same",
    }
    initial = {"other": asked, "country": party.country}
    form = SameForm(posted(request), others=others, countries=countries, initial=initial)
    return _verb(
        request,
        verbs.ADD_NAME,
        party,
        party,
        form,
        act,
        page,
        "Recorded as the same. Their deals are screened again.",
    )


@does(verbs.APART)
@GET_OR_POST
def apart(request: SignedIn, pk: int, other: int) -> HttpResponse:
    party, namesake = get_object_or_404(Party, pk=pk), get_object_or_404(Party, pk=other)

    def act(cleaned: dict[str, Any]) -> None:
        actions.ask_apart(
            party, namesake, because=cleaned["because"], source="", actor=request.user
        )

    page = {
        "title": "Say that these are not the same",
        "lede": f"{party} and {namesake} have the same name, or names that are alike. It takes "
        "two people; afterwards what is known of one is not asked about in deals of the other.",
        "button": "Ask a second person",
    }
    return _verb(
        request,
        verbs.APART,
        (party, namesake),
        party,
        ReasonForm(posted(request)),
        act,
        page,
        ASKED,
    )


@does(verbs.TAKE_BACK)
@GET_OR_POST
def take_back(request: SignedIn, pk: int) -> HttpResponse:
    finding = get_object_or_404(PartyFinding.objects.select_related("party", "ruling"), pk=pk)

    def act(cleaned: dict[str, Any]) -> None:
        actions.ask_take_back(finding, because=cleaned["because"], actor=request.user)

    page = {
        "title": "Take back what is known",
        "lede": "It takes two people, and holds until the second one agrees. Afterwards its deals "
        "are screened again, and may clear.",
        "listed": [f"{parties.in_words(finding.fact, finding.value)}: {finding.because}"],
        "listed_title": "What is known",
        "button": "Ask a second person",
    }
    return _verb(
        request,
        verbs.TAKE_BACK,
        finding,
        finding.party,
        ReasonForm(posted(request)),
        act,
        page,
        ASKED,
    )


@does(verbs.SPLIT)
@GET_OR_POST
def split(request: SignedIn, pk: int) -> HttpResponse:
    merged = get_object_or_404(PartyMerge.objects.select_related("gone", "into"), pk=pk)

    def act(cleaned: dict[str, Any]) -> None:
        actions.ask_split(merged, because=cleaned["because"], actor=request.user)

    page = {
        "title": "Split two parties",
        "lede": f"{merged.gone} and {merged.into} are recorded as the same. It takes two people to "
        "undo that; what is known of one then no longer counts for the other.",
        "button": "Ask a second person",
    }
    return _verb(
        request, verbs.SPLIT, merged, merged.into, ReasonForm(posted(request)), act, page, ASKED
    )


@does(verbs.ADD_NUMBER)
@GET_OR_POST
def identifier(request: SignedIn, pk: int) -> HttpResponse:
    party = get_object_or_404(Party, pk=pk)

    def act(cleaned: dict[str, Any]) -> None:
        actions.add_identifier(
            party, scheme=cleaned["scheme"], value=cleaned["value"], actor=request.user
        )

    page = {
        "title": "Add a number of a register",
        "lede": "Parties with the same number are offered as the same.",
        "button": "Add the number",
    }
    return _verb(
        request,
        verbs.ADD_NUMBER,
        party,
        party,
        IdentifierForm(posted(request)),
        act,
        page,
        "The number is added.",
    )


@does(verbs.REMOVE_NUMBER)
@require_POST
def remove_identifier(request: SignedIn, pk: int) -> HttpResponse:
    party = get_object_or_404(PartyIdentifier.objects.select_related("party"), pk=pk)
    actions.remove_identifier(party, actor=request.user)
    messages.success(request, "The number is removed. The history keeps it.")
    return redirect("reviews:party", pk=party.party_id)


@does(verbs.SET_PARENT)
@GET_OR_POST
def parent(request: SignedIn, pk: int) -> HttpResponse:
    party = get_object_or_404(Party, pk=pk)

    def act(cleaned: dict[str, Any]) -> None:
        actions.set_parent(party, cleaned["parent"], because=cleaned["because"], actor=request.user)

    page = {
        "title": "Say who owns it",
        "lede": "What is known of the owner is asked about in deals of the party.",
        "button": "Save",
    }
    form = ParentForm(posted(request), initial={"parent": party.parent_id or ""})
    return _verb(request, verbs.SET_PARENT, party, party, form, act, page, "Saved.")


@does(verbs.AGREE, verbs.END)
@GET_OR_POST
def easing(request: SignedIn, pk: int) -> HttpResponse:
    """The second person agrees or refuses; what holds can be ended by anybody in compliance."""
    easings = Easing.objects.select_related(*parties.ABOUT)
    asked_for = get_object_or_404(easings, pk=pk)
    form = ReasonForm(posted(request))
    refusal = ""
    if request.method == "POST" and form.is_valid():
        agrees = request.POST.get("agrees") == "yes"
        say = actions.agree if agrees else actions.end
        try:
            say(asked_for, because=form.cleaned_data["because"], actor=request.user)
        except Conflict as conflict:
            refusal = str(conflict)
        else:
            messages.success(request, AGREED if agrees else ENDED)
            about = asked_for.about
            return redirect("reviews:party", pk=about[0].pk) if about else redirect("reviews:desk")
    context = {
        "asked": parties.asked(asked_for, request.user),
        "words": asked_for.words.select_related("said_by"),
        "holds": Easing.objects.holding().filter(pk=pk).exists(),
        "waits": not asked_for.words.exists(),
        "form": form,
        "refusal": refusal,
    }
    return render(request, "parties/easing.html", context, status=409 if refusal else 200)


AGREED = "Agreed. It holds from now on, and the deals it applies to are screened again."
ENDED = "It does not hold. The deals it applies to are screened again."
