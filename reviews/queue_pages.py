"""The queue page of reviewers, and taking the next deal from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audit.refusals import Conflict
from people import access
from people.access import SignedIn, allow
from people.verbs import does
from policy import active
from policy.models import Kind
from reviews import actions, labels, verbs
from reviews import queue as waiting
from reviews.forms import QueueFilters
from reviews.models import Decision
from reviews.paging import CountedPaginator, in_order_of
from screening import wording
from screening.models import Deal

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    type Waiting = WithAnnotations[Deal, waiting.Waiting]

PER_PAGE = 25
TRIES = 5


@allow(*access.REVIEWERS, access.AUDITOR)
@require_safe
def queue(request: SignedIn) -> HttpResponse:
    everything = waiting.waiting_for(request.user)
    form = QueueFilters(request.GET, countries=_countries(), people=_reviewers(request.user))
    chosen = form.chosen()
    deals = waiting.filtered(everything, chosen, request.user)
    if form.errors:
        deals = deals.none()
    counts = waiting.counts(deals, request.user)
    view = request.GET.get("view", "all")
    view = view if view in waiting.VIEWS else "all"
    ordered = waiting.in_order(waiting.of_view(deals, view, request.user))
    page = CountedPaginator(ordered, PER_PAGE, count=counts[view]).get_page(request.GET.get("page"))
    with_rows = wording.with_digests(waiting.with_rows(everything), "screening__")
    rows = in_order_of(list(page), with_rows)
    wording.lend(rows)
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
    return render(request, "reviews/queue.html", context, status=form.status)


@dataclass(frozen=True)
class QueueRow:
    """One deal of the queue in words."""

    deal: Deal
    due: labels.Due
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
    def of(cls, deal: "Waiting", now: datetime, user: User) -> "QueueRow":
        screening = deal.last_screening
        return cls(
            deal=deal,
            due=labels.due(deal, now),
            customer=labels.joined(screening, "customer_name"),
            places=labels.places(screening),
            products=labels.products(screening),
            end_user=labels.joined(screening, "end_user_type"),
            clauses=_clauses(deal.citations),
            level=labels.LEVELS[deal.needed],
            second_vote=deal.votes_given > 0,
            claimed_by=_claimant(deal, user),
            revision=screening.revision.number,
        )


def _clauses(citations: Iterable[str]) -> list[str]:
    """Each once; a finding may cite several."""
    cited = ", ".join(citations)
    return list(dict.fromkeys(clause for clause in cited.split(", ") if clause))


def _claimant(deal: "Waiting", user: User) -> str:
    if not deal.is_claimed:
        return ""
    holder = deal.last_screening.review.claimed_by
    return "You" if holder == user else labels.person(holder)


def _countries() -> list[tuple[str, str]]:
    """All of them: to find those in a long queue would take as long as the queue itself."""
    names = active.countries(active.version(Kind.COUNTRIES)).names
    return sorted(names.items(), key=lambda pair: pair[1])


def _reviewers(user: Any) -> QuerySet[Any]:
    people = get_user_model().objects.filter(groups__name__in=access.REVIEWERS, is_active=True)
    return people.exclude(pk=user.pk).distinct().order_by("last_name", "username")


def _tabs(request: SignedIn, view: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    tabs = []
    for name, label in waiting.VIEWS.items():
        query = request.GET.copy()
        query.pop("page", None)
        query["view"] = name
        url = f"{reverse('reviews:queue')}?{query.urlencode()}"
        tabs.append({"url": url, "label": label, "count": counts[name], "current": name == view})
    return tabs


@does(verbs.CLAIM)
@require_POST
def take_next(request: SignedIn) -> HttpResponse:
    """Claim the first deal that this person may take; someone else may be faster a few times."""
    for deal in waiting.takeable(request.user)[:TRIES]:
        try:
            actions.claim_deal(deal, actor=request.user)
        except Conflict:
            continue
        return redirect("reviews:deal", pk=deal.pk)
    messages.info(request, "No deal is free for you now.")
    return redirect("reviews:queue")
