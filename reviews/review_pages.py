"""The review page of one deal and the small verbs of a reviewer."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.refusals import Conflict
from people import access
from people.access import SignedIn, allow
from people.verbs import Offers, Verb, does
from policy import active
from policy.wording import outcomes
from reviews import (
    actions,
    counterfactual,
    exhibits,
    labels,
    panel,
    parties,
    precedents,
    softened,
    verbs,
    written,
)
from reviews.forms import QuestionsForm, ReasonForm
from reviews.history import timeline
from reviews.models import Condition, Review
from screening import deriving, wording
from screening.lifecycle import Status
from screening.models import Confirmation, Deal, DealQuerySet, Question

Typed = Iterable[tuple[str, str]]


def find_deal(request: SignedIn, pk: int) -> Deal:
    """The deal, when this person may read it as a reviewer; a missing page otherwise."""
    return get_object_or_404(wording.with_versions(_readable(request), "screening__"), pk=pk)


def _readable(request: SignedIn) -> DealQuerySet:
    deals = Deal.objects.visible_to(request.user)
    if access.has_role(request.user, *access.REVIEWERS):
        deals = deals.not_of_own(request.user).not_spoken_of(request.user)
    return deals.exclude(screening=None).select_related("screening__revision", "owner")


@allow(*access.REVIEWERS, access.AUDITOR)
@require_safe
def deal(request: SignedIn, pk: int) -> HttpResponse:
    deals = _readable(request).with_part_of(request.user).annotate(**_beside())
    deal: Any = get_object_or_404(deals.prefetch_related("screening__findings"), pk=pk)
    deal.know_own_part(request.user)
    # Nothing is asked for that the deal does not have.
    rounds = Review.objects.know(deal) if deal.is_reviewed else Review.objects.know_none(deal)
    with active.at_one_moment():
        wording.know_versions(deal.last_screening)
        page = page_of(deal, rounds, request.user)
        return render(request, "reviews/deal.html", page)


def _beside() -> dict[str, Exists]:
    """What a deal may have besides its screening."""
    own = OuterRef("pk")
    return {
        "is_reviewed": Exists(Review.objects.filter(deal=own)),
        "is_asked": Exists(Question.objects.filter(deal=own)),
        "is_confirmed": Exists(Confirmation.objects.filter(screening__revision__deal=own)),
    }


def page_of(deal: Any, rounds: Sequence[Review], user: Any) -> dict[str, Any]:
    """What the review page shows to this person of a deal, read with what is `_beside` it."""
    screening = deal.last_screening
    former = exhibits.former_screening(deal)
    events = timeline.without_noise(deal)
    decided = [one.decision for one in rounds if hasattr(one, "decision")]
    is_waiting = deal.status == Status.IN_REVIEW
    return {
        "deal": deal,
        "screening": screening,
        "outcome_words": outcomes.OUTCOMES[screening.outcome],
        "status_words": labels.status_beside(deal, screening.outcome),
        # Said only where it is not what the outcome says already.
        "level": labels.LEVELS.get(deal.review_level, "")
        if is_waiting and deal.review_level != screening.level
        else "",
        "products": labels.products(screening),
        "due": labels.due(deal, timezone.now()) if is_waiting else None,
        "places": labels.places(screening),
        "customer": labels.joined(screening, "customer_name"),
        "findings": exhibits.findings(screening),
        "facts": exhibits.facts(screening),
        "parts": parties.of_deal(deal),
        "laws": exhibits.laws(screening),
        "names": deriving.likenesses_of(screening.revision),
        "written": written.of_deal(deal),
        "former": former,
        "changes": exhibits.changes(former, screening) if former else [],
        "softened": softened.in_draft(deal, events),
        "stopped": softened.beside_stopped(deal),
        "questions": exhibits.exchange(deal) if deal.is_asked else (),
        # Nobody decides a barred deal, so there is nothing to compare.
        "precedents": precedents.nearest(screening, user) if deal.status != Status.BARRED else [],
        "ways": counterfactual.ways(screening),
        "votes": exhibits.vote_cards(exhibits.shown_votes(rounds, user)),
        "decisions": sorted(decided, key=lambda decision: decision.pk, reverse=True),
        "conditions": Condition.objects.filter(decision__deal=deal, decision__screening=screening)
        if decided
        else (),
        "timeline": timeline.of_deal(deal, events),
        "panel": panel.panel(deal, user),
        "may": Offers(verbs.OF_DEAL, deal, user),
        "is_auditor": access.has_role(user, access.AUDITOR),
    }


# --- Verbs ---------------------------------------------------------------------------------------


def overtaken(
    request: SignedIn, deal: Deal, refusal: Conflict, typed: Typed = (), carried: Typed = ()
) -> HttpResponse:
    """409: what happened, that nothing was saved, and the typed text, so that none is lost.

    ``carried`` are fields with which the vote can be taken up again on the deal as it is now.
    """
    deal = find_deal(request, deal.pk)
    review = Review.objects.current_of(deal)
    holder = review.holder() if review else None
    may_again = holder in {None, request.user} and verbs.CLAIM.may(deal, request.user)
    context = {
        "deal": deal,
        "sentence": str(refusal),
        "typed": [(label, text) for label, text in typed if text],
        "carried": list(carried) if may_again else [],
        "may_take_next": access.has_role(request.user, *access.REVIEWERS),
    }
    return render(request, "reviews/overtaken.html", context, status=409)


@does(verbs.CLAIM)
@require_POST
def claim(request: SignedIn, pk: int) -> HttpResponse:
    deal = find_deal(request, pk)
    try:
        actions.claim_deal(deal, actor=request.user)
    except Conflict as refusal:
        return overtaken(request, deal, refusal)
    return redirect("reviews:deal", pk=pk)


@does(verbs.RELEASE)
@require_POST
def release(request: SignedIn, pk: int) -> HttpResponse:
    deal = find_deal(request, pk)
    try:
        actions.release_deal(deal, actor=request.user)
    except Conflict as refusal:
        return overtaken(request, deal, refusal)
    messages.success(request, f"You released {deal.reference}. Others can claim it now.")
    return redirect("reviews:queue")


@does(verbs.SCREEN_AGAIN)
@require_POST
def screen_again(request: SignedIn, pk: int) -> HttpResponse:
    deal = find_deal(request, pk)
    try:
        actions.screen_again(deal, actor=request.user)
    except Conflict as refusal:
        return overtaken(request, deal, refusal)
    messages.success(request, "Screened again with the versions that are active now.")
    return redirect("reviews:deal", pk=pk)


def posted(request: SignedIn) -> Any:
    """What a form is bound to: the fields of a POST, even when it has none; None for a GET."""
    return request.POST if request.method == "POST" else None


@dataclass(frozen=True)
class Reasoned:
    """A verb that wants a reason: its page in words, and what it does."""

    verb: Verb[Deal, Any]
    title: str
    lede: str
    done: str
    act: Callable[..., Any]
    back_to_queue: bool = False


SKIP = Reasoned(
    verbs.SKIP,
    "Skip this deal",
    "“Take the next deal” will not offer it to you again. The reasons for skips are reported.",
    "You skipped {reference}.",
    actions.skip_deal,
    back_to_queue=True,
)
TAKE_OVER = Reasoned(
    verbs.TAKE_OVER,
    "Take over this deal",
    "The current holder loses the claim. Votes already given stay.",
    "You hold {reference} now.",
    actions.take_over_claim,
)
PASS_UP = Reasoned(
    verbs.PASS_UP,
    "Pass up to executive review",
    "Two executive reviewers then decide. It cannot be moved down again.",
    "{reference} is with executive reviewers now.",
    actions.pass_up,
    back_to_queue=True,
)
REOPEN = Reasoned(
    verbs.REOPEN,
    "Return this deal to review",
    "The facts are screened again, and the clearance ends until reviewers have decided.",
    "{reference} is in review again.",
    actions.reopen_deal,
)


def _reasoned(request: SignedIn, pk: int, page: Reasoned) -> HttpResponse:
    deal = find_deal(request, pk)
    try:
        page.verb.check(deal, request.user)
        form = ReasonForm(posted(request))
        if not form.is_valid():
            context = {"deal": deal, "page": page, "form": form}
            return render(request, "reviews/reason.html", context)
        page.act(deal, because=form.cleaned_data["because"], actor=request.user)
    except Conflict as refusal:
        return overtaken(request, deal, refusal, [("Reason", request.POST.get("because", ""))])
    messages.success(request, page.done.format(reference=deal.reference))
    return redirect("reviews:queue") if page.back_to_queue else redirect("reviews:deal", pk=pk)


@does(verbs.SKIP)
@require_http_methods(["GET", "HEAD", "POST"])
def skip(request: SignedIn, pk: int) -> HttpResponse:
    return _reasoned(request, pk, SKIP)


@does(verbs.TAKE_OVER)
@require_http_methods(["GET", "HEAD", "POST"])
def take_over(request: SignedIn, pk: int) -> HttpResponse:
    return _reasoned(request, pk, TAKE_OVER)


@does(verbs.PASS_UP)
@require_http_methods(["GET", "HEAD", "POST"])
def pass_up(request: SignedIn, pk: int) -> HttpResponse:
    return _reasoned(request, pk, PASS_UP)


@does(verbs.REOPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: SignedIn, pk: int) -> HttpResponse:
    return _reasoned(request, pk, REOPEN)


@does(verbs.ASK)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: SignedIn, pk: int) -> HttpResponse:
    """Up to three questions to sales, each tied to a fact of the deal or to none."""
    deal = find_deal(request, pk)
    facts = [(row.name, row.label) for row in labels.fact_rows(deal.last_screening)]
    form = QuestionsForm(posted(request), facts=facts)
    try:
        verbs.ASK.check(deal, request.user)
        if request.method != "POST" or not form.is_valid():
            return render(request, "reviews/ask.html", {"deal": deal, "questions": form})
        actions.ask_sales(deal, questions=form.questions(), actor=request.user)
    except Conflict as refusal:
        typed = [(f"Question {n}", request.POST.get(f"q{n}-text", "")) for n in (1, 2, 3)]
        return overtaken(request, deal, refusal, typed)
    messages.success(request, f"Your questions on {deal.reference} went to sales.")
    return redirect("reviews:queue")
