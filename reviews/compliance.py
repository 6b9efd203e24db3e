"""The desk of compliance: what waits for it, and one fact at a time to verify or set."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audit import access
from audit.access import allow
from audit.refusals import Conflict
from policy import active
from policy.engine.facts import Choice, Vocabulary, YesNo
from reviews import actions, reading, wording, words, written
from reviews.forms import RulingForm
from reviews.permissions import why_not
from reviews.views import posted
from screening import facts
from screening import permissions as selling
from screening.models import Deal, FactRuling, Finding, Screening


@dataclass(frozen=True)
class Settled:
    """A fact that compliance settles: the page's title, and what to look at first."""

    title: str
    hint: str


SETTLED = {
    "legal_basis_status": Settled(
        "Verify the legal basis",
        "Read the provision itself. It must oblige this customer, and name who can order it.",
    ),
    "fact_conflict": Settled(
        "Settle the contradiction",
        "“No” means that you looked, and the declared facts hold. Say what proves it.",
    ),
    "adverse_info": Settled(
        "Record the search for adverse information",
        "Search for the end user and for this kind of use. The search counts for 90 days.",
    ),
    "export_control": Settled(
        "Record the export-control result",
        "Give the number of the licence, or of the decision, as the source.",
    ),
    "law_conflict": Settled(
        "Say whether local law conflicts with human-rights standards",
        "Signs: direct access, secret law, no court, key hand-over, power to shut down.",
    ),
    "end_user_type": Settled(
        "Correct the kind of end user",
        "Who uses the system day to day counts, not who pays.",
    ),
    "country_risk": Settled(
        "Raise the country risk for this deal",
        "A rating is only ever raised here. A lower one needs a new version of the ratings.",
    ),
}
LISTS = {
    "legal_basis_status": "Legal bases to verify",
    "fact_conflict": "Contradictions to settle",
    "export_control": "Licences to follow up",
    "": "Products to classify",
}


@dataclass(frozen=True)
class Waiting:
    """One deal that waits for compliance, by what it waits for."""

    deal: Deal
    finding: Finding
    since: Any
    customer: str
    countries: str


@allow(access.COMPLIANCE)
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    deals = (
        wording.with_versions(Deal.objects.awaiting_compliance(), "screening__")
        .not_of_own(request.user)
        .select_related("screening__revision")
        .prefetch_related("screening__findings")
        .order_by("screening__created_at", "pk")
    )
    lists: dict[str, list[Waiting]] = {fact: [] for fact in LISTS}
    found = list(deals)
    for one in found:
        for fact, waiting in _waits_for(one):
            lists[fact].append(waiting)
    context = {
        "lists": [
            {"fact": fact, "title": title, "rows": lists[fact]} for fact, title in LISTS.items()
        ],
        "oldest": found[0] if found else None,
        "count": len(found),
        "now": timezone.now(),
    }
    return render(request, "compliance/desk.html", context)


def _waits_for(deal: Deal) -> Iterator[tuple[str, Waiting]]:
    assert deal.screening is not None  # noqa: S101  it was screened: it waits for information
    for finding in deal.screening.findings.all():
        if finding.outcome == "needs_information" and finding.asks != "sales":
            fact = next((name for name in LISTS if name and name in finding.facts), "")
            yield (
                fact,
                Waiting(
                    deal,
                    finding,
                    deal.screening.created_at,
                    words.joined(deal.screening, "customer_name"),
                    words.joined(deal.screening, "country_name"),
                ),
            )


def _find(request: HttpRequest, pk: int) -> Deal:
    """A sent deal that compliance may know of; its own are not its own to settle, but to read."""
    visible = Deal.objects.visible_to(request.user)
    deals = Deal.objects.filter(pk__in=visible.values("pk")).exclude(screening=None)
    deals = deals.select_related("screening__revision", "predecessor", "owner")
    return get_object_or_404(wording.with_versions(deals, "screening__"), pk=pk)


@allow(access.COMPLIANCE)
@require_safe
def deal(request: HttpRequest, pk: int) -> HttpResponse:
    found = _find(request, pk)
    screening = found.screening
    assert screening is not None  # noqa: S101  _find leaves drafts out
    may = selling.may_rule_fact(found, request.user)
    asked = {fact for fact, _ in _waits_for(found)} if may else set()
    rulings = found.rulings.select_related("ruled_by").order_by("-pk")
    context = {
        "deal": found,
        "screening": screening,
        "outcome_words": words.OUTCOMES[screening.outcome],
        "status_words": words.status_beside(found, screening.outcome),
        "customer": words.joined(screening, "customer_name"),
        "findings": reading.findings(screening),
        "written": written.of_deal(found),
        "questions": reading.exchange(found),
        "facts": reading.facts(screening),
        "settled": SETTLED,
        "asked": [(fact, SETTLED[fact].title) for fact in LISTS if fact in asked and fact],
        "others": [(fact, one.title) for fact, one in SETTLED.items() if fact not in asked],
        "rulings": [_ruling(one) for one in rulings],
        "may_rule": may,
        "why_not": why_not(selling.check_rule_fact, found, request.user),
    }
    return render(request, "compliance/deal.html", context)


def _ruling(one: FactRuling) -> dict[str, Any]:
    """A ruling as the timeline shows it, in the words of the screening that it led to."""
    own = wording.after(one.deal, one.ruled_at)
    return {
        "what": f"{own.label(one.fact)}: {own.value(one.fact, one.value)}",
        "at": one.ruled_at,
        "who": words.person(one.ruled_by),
        "note": f"{one.because} ({one.source})",
    }


@allow(access.COMPLIANCE)
@require_http_methods(["GET", "HEAD", "POST"])
def rule_fact(request: HttpRequest, pk: int, fact: str) -> HttpResponse:
    """Verify or set one fact, with the clause beside it; the deal is screened again."""
    if fact not in SETTLED:
        raise Http404
    found = _find(request, pk)
    form = RulingForm(
        posted(request), options=_options(found, fact), initial={"screening": found.screening_id}
    )
    try:
        selling.check_rule_fact(found, request.user)
        if request.method != "POST" or not form.is_valid():
            return render(request, "compliance/fact.html", _page(found, fact, form))
        given = form.cleaned_data
        actions.rule_fact(
            found,
            screening=get_object_or_404(
                Screening.objects.filter(revision__deal=found), pk=given["screening"]
            ),
            fact=fact,
            value=_plain(fact, given["value"]),
            because=given["because"],
            source=given["source"],
            actor=request.user,
        )
    except Conflict as refusal:
        return _overtaken(request, _find(request, pk), refusal)
    found.refresh_from_db()
    status = found.get_status_display().lower()
    messages.success(
        request,
        f"{_vocabulary()[fact].label} is set, and {found.reference} was screened again: {status}.",
    )
    return redirect("reviews:compliance-deal", pk=pk)


def _overtaken(request: HttpRequest, found: Deal, refusal: Conflict) -> HttpResponse:
    typed = [("Reason", request.POST.get("because", "")),
             ("Source", request.POST.get("source", ""))]  # fmt: skip
    context = {
        "deal": found,
        "sentence": str(refusal),
        "typed": [pair for pair in typed if pair[1]],
        "carried": [],
        "may_take_next": False,
        "for_compliance": True,
    }
    return render(request, "reviews/overtaken.html", context, status=409)


def _page(found: Deal, fact: str, form: RulingForm) -> dict[str, Any]:
    screening = found.screening
    assert screening is not None  # noqa: S101  _find leaves drafts out
    beside = {
        "legal_basis_status": ("legal_obligation", "legal_basis", "customer_name", "capabilities"),
        "fact_conflict": ("conflict_note", "end_user_type", "end_user_name", "capabilities"),
        "adverse_info": ("end_user_name", "customer_name", "country", "capabilities"),
        "export_control": ("export_reference", "products", "capabilities", "country_name"),
        "law_conflict": ("country_name", "capabilities", "legal_basis"),
        "end_user_type": ("end_user_name", "customer_name", "purpose"),
        "country_risk": ("country_name", "special_territory"),
    }[fact]
    return {
        "deal": found,
        "form": form,
        "fact": fact,
        "settled": SETTLED[fact],
        "now": words.fact_rows(screening, [fact])[0],
        "beside": words.fact_rows(screening, beside),
        "cards": [card for card in reading.cards(screening) if card.reads(fact)],
        "written": written.of_deal(found),
    }


def _options(found: Deal, fact: str) -> list[tuple[str, str]]:
    """The values that the fact can take here; some facts are raised and never lowered."""
    known = _vocabulary()[fact]
    if isinstance(known, YesNo):
        values = [("yes", "Yes"), ("no", "No")]
    else:
        assert isinstance(known, Choice)  # noqa: S101  SETTLED names choices and yes/no facts
        values = [(value, known.say(value).capitalize()) for value in known.values]
    if fact not in facts.ONLY_RAISED:
        return values
    return [pair for pair in values if _may_take(found, fact, _plain(fact, pair[0]))]


def _vocabulary() -> Vocabulary:
    """What a ruling may say: the active rulebook's words, for it screens the deal again."""
    return active.reference_data().rulebook.vocabulary


def _may_take(found: Deal, fact: str, value: Any) -> bool:
    try:
        facts.check_ruling(fact, value, found)
    except Conflict:
        return False
    return True


def _plain(fact: str, value: str) -> Any:
    is_yes_no = isinstance(_vocabulary()[fact], YesNo)
    return value == "yes" if is_yes_no else value
