"""The desk of compliance: what waits for it, and one fact at a time to verify or set."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audit.refusals import Conflict, NotAllowed
from people import access
from people.access import SignedIn, allow
from people.verbs import does
from policy import active
from policy.engine.language.facts import Choice, Vocabulary, YesNo
from policy.wording import outcomes
from reviews import actions, exhibits, labels, parties, written
from reviews.forms import ReasonForm, RulingForm
from reviews.paging import in_order_of
from reviews.review_pages import posted
from screening import deriving, rulings, verbs, wording
from screening.models import NOT_IN_LISTS, Deal, FactRuling, Finding, Screening
from screening.parties.models import Easing


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
    "legal_obligation": Settled(
        "Say whether a law obliges the customer",
        "Look for the provision itself. A wish of the authorities, or of the customer, is none.",
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
        "What counts is who uses the system day to day, not who pays.",
    ),
    "country_risk": Settled(
        "Raise the country risk for this deal",
        "A rating is only ever raised here. A lower one needs a new version of the ratings.",
    ),
}
PER_PAGE = 50
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
    #: What was ruled before on other answers, and which of these changed.
    before: str


@allow(access.COMPLIANCE)
@require_safe
def desk(request: SignedIn) -> HttpResponse:
    waiting = Deal.objects.awaiting_compliance().not_of_own(request.user)
    oldest_first = waiting.longest_waiting_first().values_list("pk", flat=True)
    page = Paginator(oldest_first, PER_PAGE).get_page(request.GET.get("page"))
    numbers = list(page)
    deals = in_order_of(numbers, _with_rows())
    wording.lend(deals)
    context = {
        "lists": _lists(deals),
        "page": page,
        "oldest": oldest_first.first() if page.has_previous() else next(iter(numbers), None),
        "second": [parties.asked(one, request.user) for one in parties.waiting()],
        "again": parties.filtered(parties.heads(), {"known": "due"}).order_by("name"),
        "now": timezone.now(),
    }
    return render(request, "compliance/desk.html", context)


def _with_rows() -> QuerySet[Deal]:
    """What the lists show, in a number of queries that does not grow with the deals."""
    return (
        wording.with_digests(Deal.objects.all(), "screening__")
        .select_related("screening")
        .defer("answers", *(f"screening__{name}" for name in NOT_IN_LISTS))
        .prefetch_related("screening__findings", "rulings")
    )


def _lists(deals: Iterable[Deal]) -> list[dict[str, Any]]:
    """These deals by what they wait for; one that waits for several things is in several lists."""
    lists: dict[str, list[Waiting]] = {fact: [] for fact in LISTS}
    for deal in deals:
        for fact, waiting in _waits_for(deal):
            lists[fact].append(waiting)
    return [{"fact": fact, "title": title, "rows": lists[fact]} for fact, title in LISTS.items()]


def _waits_for(deal: Deal) -> Iterator[tuple[str, Waiting]]:
    screening = deal.last_screening
    for finding in screening.findings.all():
        if finding.outcome == "needs_information" and finding.asks != "sales":
            fact = next((name for name in LISTS if name and name in finding.facts), "")
            yield (
                fact,
                Waiting(
                    deal,
                    finding,
                    screening.created_at,
                    labels.joined(screening, "customer_name"),
                    labels.joined(screening, "country_name"),
                    _before(deal, fact),
                ),
            )


def _offered_again(deal: Deal, fact: str) -> deriving.Standing | None:
    """The newest ruling on the fact that was made for other answers."""
    if not any(ruling.fact == fact for ruling in deal.rulings.all()):
        return None
    ours = [one for one in deriving.standings(deal) if one.ruling.deal_id == deal.pk]
    newest = next((one for one in ours if one.ruling.fact == fact and not one.is_taken_back), None)
    return newest if newest and not newest.holds else None


def _before(deal: Deal, fact: str) -> str:
    again = _offered_again(deal, fact)
    if again is None:
        return ""
    ruling = again.ruling
    value = wording.of(deal.last_screening).value(fact, ruling.value)
    return f"Set to “{value}” on {ruling.ruled_at:%d %B %Y} for other answers. {again.why}"


def _find(request: SignedIn, pk: int) -> Deal:
    """A sent deal that compliance may know of; its own are not its own to settle, but to read."""
    visible = Deal.objects.visible_to(request.user)
    deals = Deal.objects.filter(pk__in=visible.values("pk")).exclude(screening=None)
    deals = deals.select_related("screening__revision", "predecessor", "owner")
    return get_object_or_404(wording.with_versions(deals, "screening__"), pk=pk)


@allow(access.COMPLIANCE)
@require_safe
def deal(request: SignedIn, pk: int) -> HttpResponse:
    deal = _find(request, pk)
    screening = deal.last_screening
    may = verbs.RULE.may(deal, request.user)
    asked = {fact for fact, _ in _waits_for(deal)} if may else set()
    context = {
        "deal": deal,
        "screening": screening,
        "outcome_words": outcomes.OUTCOMES[screening.outcome],
        "status_words": labels.status_beside(deal, screening.outcome),
        "customer": labels.joined(screening, "customer_name"),
        "findings": exhibits.findings(screening),
        "parts": parties.of_deal(deal),
        "elsewhere": _known_elsewhere(deal, request.user),
        "written": written.of_deal(deal),
        "questions": exhibits.exchange(deal),
        "facts": exhibits.facts(screening),
        "laws": exhibits.laws(screening),
        "names": deriving.likenesses_of(screening.revision),
        "settled": SETTLED,
        "asked": [(fact, SETTLED[fact].title) for fact in LISTS if fact in asked and fact],
        "others": [(fact, one.title) for fact, one in SETTLED.items() if fact not in asked],
        "rulings": [_ruling(one, request.user) for one in deriving.standings(deal)],
        "may_rule": may,
        "why_not": verbs.RULE.why_not(deal, request.user),
    }
    return render(request, "compliance/deal.html", context)


def _known_elsewhere(found: Deal, user: Any) -> list[parties.Known]:
    """What is known of the end user and was not set in this deal."""
    findings = deriving.of_parties(found).findings
    body = {finding.party_id for finding in findings if finding.deal_id != found.pk}
    holding = {finding.pk for finding in findings if finding.deal_id != found.pk}
    return [one for one in parties.findings(body, user) if one.finding.pk in holding]


def _in_words(ruling: FactRuling) -> str:
    """What it set, in the words of the screening that it led to."""
    own = wording.after(ruling.deal, ruling.ruled_at)
    return f"{own.label(ruling.fact)}: {own.value(ruling.fact, ruling.value)}"


def _ruling(standing: deriving.Standing, person: Any) -> dict[str, Any]:
    """A ruling as the page of a deal shows it."""
    ruling = standing.ruling
    waiting = Easing.objects.waiting().filter(ruling=ruling).select_related("asked_by")
    asked = [labels.person(easing.asked_by) for easing in waiting]
    return {
        "ruling": ruling,
        "what": _in_words(ruling),
        "at": ruling.ruled_at,
        "who": labels.person(ruling.ruled_by),
        "note": f"{ruling.because} ({ruling.source})",
        "standing": standing,
        "asked_by": "" if standing.is_taken_back else ", ".join(asked),
        "may_take_back": verbs.TAKE_BACK.may(ruling, person),
    }


@does(verbs.RULE)
@require_http_methods(["GET", "HEAD", "POST"])
def rule_fact(request: SignedIn, pk: int, fact: str) -> HttpResponse:
    """Verify or set one fact, with the clause beside it; the deal is screened again."""
    if fact not in SETTLED:
        raise Http404
    deal = _find(request, pk)
    form = RulingForm(
        posted(request), options=_options(deal, fact, request.user), initial=_initial(deal, fact)
    )
    try:
        verbs.RULE.check(deal, request.user)
        if request.method != "POST" or not form.is_valid():
            return render(request, "compliance/fact.html", _page(deal, fact, form))
        given = form.cleaned_data
        actions.rule_fact(
            deal,
            screening=get_object_or_404(
                Screening.objects.filter(revision__deal=deal), pk=given["screening"]
            ),
            fact=fact,
            value=_plain(fact, given["value"]),
            because=given["because"],
            source=given["source"],
            actor=request.user,
        )
    except Conflict as refusal:
        return _overtaken(request, _find(request, pk), refusal)
    deal.refresh_from_db()
    status = deal.get_status_display().lower()
    messages.success(
        request, f"{_label(deal, fact)} is set, and {deal.reference} was screened again: {status}."
    )
    return redirect("reviews:compliance-deal", pk=pk)


def _initial(deal: Deal, fact: str) -> dict[str, Any]:
    """What was ruled before is offered again; the reason has to be written again."""
    again = _offered_again(deal, fact)
    if again is None:
        return {"screening": deal.screening_id}
    value = again.ruling.value
    chosen = {True: "yes", False: "no"}.get(value, value)
    return {"screening": deal.screening_id, "value": chosen, "source": again.ruling.source}


@does(verbs.TAKE_BACK)
@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request: SignedIn, pk: int) -> HttpResponse:
    """Say that a ruling was wrong. It takes two people, and ends what holds in other deals too."""
    rulings_seen = FactRuling.objects.filter(deal__in=Deal.objects.visible_to(request.user))
    ruling = get_object_or_404(rulings_seen.select_related("deal__screening", "ruled_by"), pk=pk)
    form = ReasonForm(posted(request))
    try:
        verbs.TAKE_BACK.check(ruling, request.user)
        if request.method != "POST" or not form.is_valid():
            context = {
                "ruling": ruling,
                "form": form,
                "what": _in_words(ruling),
                "who": labels.person(ruling.ruled_by),
                "is_second": Easing.objects.waiting().filter(ruling=ruling).exists(),
            }
            return render(request, "compliance/take_back.html", context)
        because = form.cleaned_data["because"]
        easing = actions.take_back_ruling(ruling, because=because, actor=request.user)
    except Conflict as refusal:
        return _overtaken(request, ruling.deal, refusal)
    ends = Easing.objects.holding().filter(pk=easing.pk).exists()
    messages.success(
        request,
        "The ruling no longer holds. The deals it applied to are screened again."
        if ends
        else "Noted. The ruling holds until a second person takes it back.",
    )
    return redirect("reviews:compliance-deal", pk=ruling.deal_id)


def _overtaken(request: SignedIn, deal: Deal, refusal: Conflict) -> HttpResponse:
    typed = [
        ("Reason", request.POST.get("because", "")),
        ("Source", request.POST.get("source", "")),
    ]
    context = {
        "deal": deal,
        "sentence": str(refusal),
        "typed": [pair for pair in typed if pair[1]],
        "carried": [],
        "may_take_next": False,
        "for_compliance": True,
    }
    return render(request, "reviews/overtaken.html", context, status=409)


def _page(deal: Deal, fact: str, form: RulingForm) -> dict[str, Any]:
    screening = deal.last_screening
    beside = {
        "legal_basis_status": ("legal_obligation", "legal_basis", "customer_name", "capabilities"),
        "legal_obligation": ("legal_basis", "customer_name", "end_user_name", "capabilities"),
        "fact_conflict": ("conflict_note", "end_user_type", "end_user_name", "capabilities"),
        "adverse_info": ("end_user_name", "customer_name", "country", "capabilities"),
        "export_control": ("export_reference", "products", "capabilities", "country_name"),
        "law_conflict": ("country_name", "capabilities", "legal_basis"),
        "end_user_type": ("end_user_name", "customer_name", "purpose"),
        "country_risk": ("country_name", "special_territory"),
    }[fact]
    return {
        "deal": deal,
        "form": form,
        "fact": fact,
        "settled": SETTLED[fact],
        "now": labels.fact_rows(screening, [fact])[0],
        "beside": labels.fact_rows(screening, beside),
        "cards": [card for card in exhibits.cards(screening) if card.reads(fact)],
        "before": _before(deal, fact),
        "laws": exhibits.laws(screening) if fact in ("legal_basis_status", "law_conflict") else [],
        "written": written.of_deal(deal),
    }


def _options(deal: Deal, fact: str, person: Any) -> list[tuple[str, str]]:
    """The values that the fact can take here; some facts are raised and never lowered."""
    known = _vocabulary()[fact]
    if isinstance(known, YesNo):
        values = [("yes", "Yes"), ("no", "No")]
    else:
        assert isinstance(known, Choice)  # noqa: S101  SETTLED names choices and yes/no facts
        own = wording.of(deal.last_screening)
        values = [(value, own.value(fact, value).capitalize()) for value in known.values]
    if fact not in rulings.ONLY_RAISED:
        return values
    return [pair for pair in values if _may_take(deal, fact, _plain(fact, pair[0]), person)]


def _label(deal: Deal, fact: str) -> str:
    return wording.of(deal.last_screening).label(fact)


def _vocabulary() -> Vocabulary:
    """What a ruling may say: the active rulebook's values, for it screens the deal again."""
    return active.reference_data().rulebook.vocabulary


def _may_take(deal: Deal, fact: str, value: Any, person: Any) -> bool:
    try:
        deriving.check_ruling(fact, value, deal, person)
    except (Conflict, NotAllowed):
        return False
    return True


def _plain(fact: str, value: str) -> Any:
    is_yes_no = isinstance(_vocabulary()[fact], YesNo)
    return value == "yes" if is_yes_no else value
