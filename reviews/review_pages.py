"""The review page of one deal and the small verbs of a reviewer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.refusals import Conflict
from people import access
from people.access import allow
from reviews import (
    actions,
    counterfactual,
    exhibits,
    labels,
    panel,
    parties,
    permissions,
    precedents,
    softened,
    wording,
    written,
)
from reviews.forms import QuestionsForm, ReasonForm
from reviews.history import timeline
from reviews.models import Condition, Review
from screening.lifecycle import Status
from screening.models import Deal

Typed = Iterable[tuple[str, str]]


def find_deal(request: HttpRequest, pk: int) -> Deal:
    """The deal, when this person may read it as a reviewer; a missing page otherwise."""
    deals = Deal.objects.filter(pk__in=Deal.objects.visible_to(request.user).values("pk"))
    if access.has_role(request.user, *access.REVIEWERS):
        deals = deals.not_of_own(request.user)
    deals = deals.exclude(screening=None).select_related(
        "screening__revision", "predecessor__screening__revision", "owner"
    )
    return get_object_or_404(wording.with_versions(deals, "screening__"), pk=pk)


@allow(*access.REVIEWERS, access.AUDITOR)
@require_safe
def deal(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "reviews/deal.html", page_of(find_deal(request, pk), request.user))


def page_of(found: Deal, user: Any) -> dict[str, Any]:
    """What the review page shows to this person."""
    screening = found.last_screening
    reviews = (
        Review.objects.filter(deal=found)
        .select_related("decision")
        .prefetch_related("votes__reviewer")
    )
    former = exhibits.former_screening(found)
    is_waiting = found.status == Status.IN_REVIEW
    return {
        "deal": found,
        "screening": screening,
        "outcome_words": labels.OUTCOMES[screening.outcome],
        "status_words": labels.status_beside(found, screening.outcome),
        # Said only where it is not what the outcome says already.
        "level": labels.LEVELS.get(found.review_level, "")
        if is_waiting and found.review_level != screening.level
        else "",
        "products": labels.products(screening),
        "due": labels.due(found, timezone.now()) if is_waiting else None,
        "places": labels.places(screening),
        "customer": labels.joined(screening, "customer_name"),
        "findings": exhibits.findings(screening),
        "facts": exhibits.facts(screening),
        "parts": parties.of_deal(found),
        "written": written.of_deal(found),
        "former": former,
        "changes": exhibits.changes(former, screening) if former else [],
        "softened": softened.in_draft(found),
        "stopped": softened.beside_stopped(found),
        "questions": exhibits.exchange(found),
        # Nobody decides a barred deal, so there is nothing to compare.
        "precedents": precedents.nearest(screening, user) if found.status != Status.BARRED else [],
        "ways": counterfactual.ways(screening),
        "votes": exhibits.vote_cards(exhibits.shown_votes(reviews, user)),
        "decisions": found.decisions.newest_first().select_related("review"),
        "conditions": Condition.objects.filter(decision__deal=found, decision__screening=screening),
        "timeline": timeline.of_deal(found),
        "panel": panel.panel(found, user),
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
    "“Take the next deal” will not offer it to you again. The reasons for skips are reported.",
    "Skip this deal",
    "You skipped {reference}.",
    permissions.check_claim,
    actions.skip_deal,
    back_to_queue=True,
)
TAKE_OVER = Reasoned(
    "Take over this deal",
    "The current holder loses the claim. Votes already given stay.",
    "Take over",
    "You hold {reference} now.",
    permissions.check_take_over,
    actions.take_over_claim,
)
PASS_UP = Reasoned(
    "Pass up to executive review",
    "Two executive reviewers then decide. It cannot be moved down again.",
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
    facts = [(row.name, row.label) for row in labels.fact_rows(found.last_screening)]
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
