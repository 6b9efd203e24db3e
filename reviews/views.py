"""The queue, the review page and the small verbs of a reviewer."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit import access
from audit.access import allow
from audit.refusals import Conflict
from policy import shipped
from reviews import actions, counterfactual, desk, permissions, precedents, reading, timeline, words
from reviews import queue as waiting
from reviews.forms import QuestionsForm, QueueFilters, ReasonForm
from reviews.models import Condition, Decision, Review
from reviews.paging import CountedPaginator, in_order_of
from screening.lifecycle import Status
from screening.models import Deal, Screening

PER_PAGE = 25
TRIES = 5
Typed = Iterable[tuple[str, str]]


# --- The queue -----------------------------------------------------------------------------------


@allow(*access.REVIEWERS, access.AUDITOR)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    everything = waiting.waiting_for(request.user)
    form = QueueFilters(
        request.GET, countries=_countries(everything), people=_reviewers(request.user)
    )
    chosen = form.chosen()
    deals = waiting.filtered(everything, chosen, request.user)
    counts = waiting.counts(deals, request.user)
    view = request.GET.get("view", "all")
    view = view if view in waiting.VIEWS else "all"
    ordered = waiting.in_order(waiting.of_view(deals, view, request.user))
    page = CountedPaginator(ordered, PER_PAGE, count=counts[view]).get_page(request.GET.get("page"))
    rows = in_order_of(list(page), waiting.with_rows(everything))
    now = timezone.now()
    context = {
        "form": form,
        "chosen": chosen,
        "counts": counts,
        "tabs": _tabs(request, view, counts),
        "view": view,
        "page": page,
        "rows": [QueueRow.of(deal, now, request.user) for deal in rows],
        "may_take": access.has_role(request.user, *access.REVIEWERS),
        "last_decision": None if counts["all"] else Decision.objects.newest_first().first(),
    }
    return render(request, "reviews/queue.html", context)


@dataclass(frozen=True)
class QueueRow:
    """One deal of the queue in words."""

    deal: Deal
    due: words.Due
    customer: str
    places: list[tuple[str, str, str]]
    products: str
    end_user: str
    clauses: list[str]
    level: str
    second_vote: bool
    claimed_by: str
    revision: int

    @classmethod
    def of(cls, deal: Any, now: Any, user: Any) -> "QueueRow":
        screening = deal.screening
        return cls(
            deal=deal,
            due=words.due(deal, now),
            customer=words.joined(screening, "customer_name"),
            places=_places(screening),
            products=words.products(screening),
            end_user=words.joined(screening, "end_user_type"),
            clauses=_clauses(screening),
            level=words.LEVELS[deal.needed],
            second_vote=deal.votes_given > 0,
            claimed_by=_claimant(deal, user),
            revision=screening.revision.number,
        )


def _places(screening: Screening) -> list[tuple[str, str, str]]:
    """Each destination with its risk and the words of that, once."""
    found: dict[tuple[str, str, str], None] = {}
    for facts in screening.facts:
        risk = facts.get("country_risk") or "unrated"
        name = words.value_words("country_name", facts.get("country_name"))
        found[name, risk, words.RISKS[risk]] = None
    return list(found)


def _clauses(screening: Screening) -> list[str]:
    cited = ", ".join(finding.clause for finding in screening.findings.all())
    return list(dict.fromkeys(clause for clause in cited.split(", ") if clause))


def _claimant(deal: Any, user: Any) -> str:
    if not deal.is_claimed:
        return ""
    holder = deal.screening.review.claimed_by
    return "You" if holder == user else words.person(holder)


def _countries(deals: QuerySet[Deal]) -> list[tuple[str, str]]:
    names = shipped.load().countries.names
    return sorted(
        ((code, names.get(code, code)) for code in waiting.countries_in(deals)),
        key=lambda pair: pair[1],
    )


def _reviewers(user: Any) -> QuerySet[Any]:
    people = get_user_model().objects.filter(groups__name__in=access.REVIEWERS, is_active=True)
    return people.exclude(pk=user.pk).distinct().order_by("last_name", "username")


def _tabs(request: HttpRequest, view: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    tabs = []
    for name, label in waiting.VIEWS.items():
        query = request.GET.copy()
        query.pop("page", None)
        query["view"] = name
        url = f"{reverse('reviews:queue')}?{query.urlencode()}"
        tabs.append({"url": url, "label": label, "count": counts[name], "current": name == view})
    return tabs


@allow(*access.REVIEWERS)
@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """Claim the first deal that this person may take; somebody may be faster a few times."""
    for found in waiting.takeable(request.user)[:TRIES]:
        try:
            actions.claim_deal(found, actor=request.user)
        except Conflict:
            continue
        return redirect("reviews:deal", pk=found.pk)
    messages.info(request, "No deal is free for you now.")
    return redirect("reviews:queue")


# --- One deal ------------------------------------------------------------------------------------


def find_deal(request: HttpRequest, pk: int) -> Deal:
    """The deal, when this person may read it as a reviewer; a missing page otherwise."""
    deals = Deal.objects.filter(pk__in=Deal.objects.visible_to(request.user).values("pk"))
    if access.has_role(request.user, *access.REVIEWERS):
        deals = deals.not_of_own(request.user)
    deals = deals.exclude(screening=None).select_related(
        "screening__revision", "screening__rulebook", "predecessor__screening", "owner"
    )
    return get_object_or_404(deals, pk=pk)


@allow(*access.REVIEWERS, access.AUDITOR)
@require_safe
def deal(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "reviews/deal.html", page_of(find_deal(request, pk), request.user))


def page_of(found: Deal, user: Any) -> dict[str, Any]:
    """What the review page shows to this person."""
    screening = found.screening
    assert screening is not None  # noqa: S101  find_deal leaves drafts out
    reviews = (
        Review.objects.filter(deal=found)
        .select_related("decision")
        .prefetch_related("votes__reviewer")
    )
    former = reading.former_screening(found)
    is_waiting = found.status == Status.IN_REVIEW
    return {
        "deal": found,
        "screening": screening,
        "outcome_words": words.OUTCOMES[screening.outcome],
        "status_words": words.status_beside(found, screening.outcome),
        # Said only where it is not what the outcome says already.
        "level": words.LEVELS.get(found.review_level, "")
        if is_waiting and found.review_level != screening.level
        else "",
        "products": words.products(screening),
        "due": words.due(found, timezone.now()) if is_waiting else None,
        "places": _places(screening),
        "customer": words.joined(screening, "customer_name"),
        "cards": reading.cards(screening),
        "facts": reading.facts(screening),
        "former": former,
        "changes": reading.changes(former, screening) if former else [],
        "questions": found.questions.select_related("asked_by", "answer__answered_by"),
        "precedents": precedents.nearest(screening, user),
        "ways": counterfactual.ways(screening),
        "votes": reading.vote_cards(reading.shown_votes(reviews, user)),
        "decisions": found.decisions.newest_first().select_related("review"),
        "conditions": Condition.objects.filter(decision__deal=found, decision__screening=screening),
        "timeline": timeline.of_deal(found),
        "panel": desk.panel(found, user),
        "is_auditor": access.has_role(user, access.AUDITOR),
    }


# --- Verbs ---------------------------------------------------------------------------------------


def overtaken(
    request: HttpRequest, found: Deal, refusal: Conflict, typed: Typed = (), carried: Typed = ()
) -> HttpResponse:
    """409: what happened, that nothing was saved, and the typed text, so that none is lost.

    ``carried`` are fields with which the vote can be taken up again on the deal as it is now.
    """
    found = find_deal(request, found.pk)
    review = Review.objects.current_of(found)
    holder = review.holder() if review else None
    may_again = holder in {None, request.user} and permissions.may(
        permissions.check_claim, found, request.user
    )
    context = {
        "deal": found,
        "sentence": str(refusal),
        "typed": [(label, text) for label, text in typed if text],
        "carried": list(carried) if may_again else [],
        "may_take_next": access.has_role(request.user, *access.REVIEWERS),
    }
    return render(request, "reviews/overtaken.html", context, status=409)


@allow(*access.REVIEWERS)
@require_POST
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_deal(request, pk)
    try:
        actions.claim_deal(found, actor=request.user)
    except Conflict as refusal:
        return overtaken(request, found, refusal)
    return redirect("reviews:deal", pk=pk)


@allow(*access.REVIEWERS)
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_deal(request, pk)
    try:
        actions.release_deal(found, actor=request.user)
    except Conflict as refusal:
        return overtaken(request, found, refusal)
    messages.success(request, f"You released {found.reference}. Others can claim it now.")
    return redirect("reviews:queue")


@allow(*access.REVIEWERS)
@require_POST
def screen_again(request: HttpRequest, pk: int) -> HttpResponse:
    found = find_deal(request, pk)
    try:
        actions.screen_again(found, actor=request.user)
    except Conflict as refusal:
        return overtaken(request, found, refusal)
    messages.success(request, "Screened again with the versions that are active now.")
    return redirect("reviews:deal", pk=pk)


def posted(request: HttpRequest) -> Any:
    """What a form is bound to: the fields of a POST, even when it has none; None for a GET."""
    return request.POST if request.method == "POST" else None


@dataclass(frozen=True)
class Reasoned:
    """A verb that wants a reason: its page in words, who may, and what it does."""

    title: str
    lede: str
    button: str
    done: str
    check: Callable[[Deal, Any], Any]
    act: Callable[..., Any]
    back_to_queue: bool = False


SKIP = Reasoned(
    "Skip this deal",
    "“Take the next deal” will not offer it to you again. The reasons of skips are a report.",
    "Skip this deal",
    "You skipped {reference}.",
    permissions.check_claim,
    actions.skip_deal,
    back_to_queue=True,
)
TAKE_OVER = Reasoned(
    "Take over this deal",
    "Whoever holds it loses the claim. Votes that were given stay.",
    "Take over",
    "You hold {reference} now.",
    permissions.check_take_over,
    actions.take_over_claim,
)
PASS_UP = Reasoned(
    "Pass up to executive review",
    "Two executive reviewers then decide. There is no way down again.",
    "Pass up",
    "{reference} is with executive reviewers now.",
    permissions.check_pass_up,
    actions.pass_up,
    back_to_queue=True,
)
REOPEN = Reasoned(
    "Return this deal to review",
    "The facts are screened again, and the clearance ends until reviewers have decided.",
    "Return to review",
    "{reference} is in review again.",
    permissions.check_reopen,
    actions.reopen_deal,
)


def _reasoned(request: HttpRequest, pk: int, verb: Reasoned) -> HttpResponse:
    found = find_deal(request, pk)
    try:
        verb.check(found, request.user)
        form = ReasonForm(posted(request))
        if not form.is_valid():
            context = {"deal": found, "verb": verb, "form": form}
            return render(request, "reviews/reason.html", context)
        verb.act(found, because=form.cleaned_data["because"], actor=request.user)
    except Conflict as refusal:
        return overtaken(request, found, refusal, [("Reason", request.POST.get("because", ""))])
    messages.success(request, verb.done.format(reference=found.reference))
    return redirect("reviews:queue") if verb.back_to_queue else redirect("reviews:deal", pk=pk)


@allow(*access.REVIEWERS)
@require_http_methods(["GET", "HEAD", "POST"])
def skip(request: HttpRequest, pk: int) -> HttpResponse:
    return _reasoned(request, pk, SKIP)


@allow(access.EXECUTIVE)
@require_http_methods(["GET", "HEAD", "POST"])
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    return _reasoned(request, pk, TAKE_OVER)


@allow(*access.REVIEWERS)
@require_http_methods(["GET", "HEAD", "POST"])
def pass_up(request: HttpRequest, pk: int) -> HttpResponse:
    return _reasoned(request, pk, PASS_UP)


@allow(access.EXECUTIVE)
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    return _reasoned(request, pk, REOPEN)


@allow(*access.REVIEWERS)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Up to three questions to sales, each tied to a fact of the deal or to none."""
    found = find_deal(request, pk)
    assert found.screening is not None  # noqa: S101  find_deal leaves drafts out
    facts = [(row.name, row.label) for row in words.fact_rows(found.screening)]
    form = QuestionsForm(posted(request), facts=facts)
    try:
        permissions.check_ask(found, request.user)
        if request.method != "POST" or not form.is_valid():
            return render(request, "reviews/ask.html", {"deal": found, "questions": form})
        actions.ask_sales(found, questions=form.questions(), actor=request.user)
    except Conflict as refusal:
        typed = [(f"Question {n}", request.POST.get(f"q{n}-text", "")) for n in (1, 2, 3)]
        return overtaken(request, found, refusal, typed)
    messages.success(request, f"Your questions on {found.reference} went to sales.")
    return redirect("reviews:queue")


# --- Conditions ----------------------------------------------------------------------------------


@allow(*access.REVIEWERS, access.SALES)
@require_safe
def conditions(request: HttpRequest) -> HttpResponse:
    """Reviewers see all that are not of their own deals; sales sees those of its own."""
    found = _visible_conditions(request.user)
    state = request.GET.get("view", "open")
    today = timezone.localdate()
    views = {
        "open": found.filter(met_at=None),
        "overdue": found.filter(met_at=None, due_on__lt=today),
        "met": found.exclude(met_at=None),
    }
    state = state if state in views else "open"
    page = Paginator(views[state].order_by("due_on", "pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    tabs = [
        {"url": f"?view={name}", "label": name.capitalize(), "count": rows.count(),
         "current": name == state}
        for name, rows in views.items()
    ]  # fmt: skip
    context = {
        "page": page,
        "rows": [_condition_row(one, request.user) for one in page],
        "tabs": tabs,
        "nothing": {"open": "No open conditions.", "overdue": "No condition is overdue.",
                    "met": "No condition is met yet."}[state],
    }  # fmt: skip
    return render(request, "reviews/conditions.html", context)


def _condition_row(condition: Condition, user: Any) -> dict[str, Any]:
    kind, state = "open", "Open"
    if condition.met_at:
        kind, state = "met", "Met"
    elif condition.due_on < timezone.localdate():
        kind, state = "late", "Overdue"
    found = condition.decision.deal
    may = permissions.may(permissions.check_settle, condition, user)
    reads = access.has_role(user, *access.REVIEWERS)
    return {
        "condition": condition,
        "owner": words.person(condition.owner),
        "kind": kind,
        "state": state,
        "may_settle": may,
        "url": reverse("reviews:deal", args=[found.pk]) if reads else found.get_absolute_url(),
    }


def _visible_conditions(user: Any) -> QuerySet[Condition]:
    if access.has_role(user, *access.REVIEWERS):
        deals = Deal.objects.visible_to(user).not_of_own(user)
        if access.has_role(user, access.SALES):
            deals = deals | Deal.objects.sold_by(user)
    else:
        deals = Deal.objects.sold_by(user)
    return Condition.objects.filter(decision__deal__in=deals.values("pk")).select_related(
        "decision__deal", "owner", "met_by"
    )


@allow(*access.REVIEWERS)
@require_http_methods(["GET", "HEAD", "POST"])
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    condition = get_object_or_404(_visible_conditions(request.user), pk=pk)
    form = ReasonForm(posted(request))
    form.fields["because"].label = "What proves that it is met?"
    try:
        permissions.check_settle(condition, request.user)
        if request.method != "POST" or not form.is_valid():
            return render(request, "reviews/settle.html", {"condition": condition, "form": form})
        actions.settle_condition(
            condition, because=form.cleaned_data["because"], actor=request.user
        )
    except Conflict as refusal:
        deal_of = condition.decision.deal
        return overtaken(request, deal_of, refusal, [("Proof", request.POST.get("because", ""))])
    messages.success(request, f"Condition {condition.number} is met.")
    return redirect("reviews:conditions")
