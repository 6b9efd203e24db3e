"""The review queue: which deals wait for this person, and in which order.

Severity comes first, then what is late. The value of a deal is not looked at.
"""

import re
from collections.abc import Mapping
from typing import Any, TypedDict, cast

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    JSONField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from jobs.models import Clock
from people import access
from reviews.models import Review, Skip, Vote
from screening.models import Deal, Finding, holds

REFERENCE = re.compile(r"(?:HR-\d{4}-)?0*(\d{1,9})", re.IGNORECASE)
VIEWS = {
    "all": "All",
    "mine": "Mine",
    "unclaimed": "Unclaimed",
    "late": "Late",
    "second": "Second vote needed",
}


class Waiting(TypedDict):
    """What the queue adds to a deal."""

    votes_given: int
    #: The level of the next voter.
    needed: str
    is_claimed: bool
    is_late: bool
    #: 0 is the gravest country risk.
    gravity: int


def waiting_for(user: Any) -> QuerySet[Deal]:
    """Deals in review that this person may read here, each with what the queue sorts by."""
    visible = Deal.objects.visible_to(user).awaiting_review()
    if access.has_role(user, *access.REVIEWERS):
        visible = visible.not_of_own(user)
    review = Review.objects.filter(screening_id=OuterRef("screening_id"), closed_at=None)
    votes = Vote.objects.filter(review__screening_id=OuterRef("screening_id")).order_by()
    counts = votes.values("review__screening_id").annotate(n=Count("pk")).values("n")
    return (
        visible.alias(known=Cast("screening__facts_text", JSONField()))
        .annotate(
            votes_given=Coalesce(Subquery(counts, output_field=IntegerField()), 0),
            is_claimed=Exists(review.filter(claimed_until__gt=Clock())),
            is_late=Case(
                When(due_at__lt=Clock(), then=Value(value=True)), default=Value(value=False)
            ),
            gravity=_gravity(),
        )
        .annotate(
            needed=Case(
                When(Q(review_level="executive") | Q(votes_given__gte=2), then=Value("executive")),
                default=Value("senior"),
                output_field=CharField(),
            )
        )
    )


def in_order(deals: QuerySet[Any]) -> QuerySet[Any]:
    """Executive level first, then the gravest country, then late, then due date."""
    level = Case(When(review_level="executive", then=0), default=1)
    return deals.order_by(level, "gravity", F("is_late").desc(), F("due_at").asc(), "pk")


def with_rows(deals: QuerySet[Deal]) -> QuerySet[Deal]:
    """What a row shows, in a number of queries that does not grow with the rows."""
    findings = Finding.objects.only("screening_id", "clause", "position")
    return deals.select_related(
        "screening__revision", "screening__review__claimed_by"
    ).prefetch_related(Prefetch("screening__findings", queryset=findings))


def filtered(deals: QuerySet[Deal], chosen: Mapping[str, str], user: Any) -> QuerySet[Deal]:
    """Narrowed by the filters of the page; an empty filter lets everything through."""
    if chosen.get("country"):
        deals = deals.filter(holds("country", chosen["country"], "screening__"))
    if chosen.get("risk"):
        deals = deals.filter(holds("country_risk", chosen["risk"], "screening__"))
    if chosen.get("level"):
        deals = deals.filter(review_level=chosen["level"])
    if chosen.get("clause"):
        citing = Finding.objects.filter(cites(chosen["clause"]))
        deals = deals.filter(Exists(citing.filter(screening_id=OuterRef("screening_id"))))
    if chosen.get("claimed_by"):
        deals = deals.filter(_claimed_by(chosen["claimed_by"], user))
    if chosen.get("text"):
        deals = deals.filter(mentions(chosen["text"]))
    return deals


def of_view(deals: QuerySet[Deal], view: str, user: Any) -> QuerySet[Deal]:
    return deals.filter(_views(user)[view])


def counts(deals: QuerySet[Deal], user: Any) -> dict[str, int]:
    """How many deals each view holds, in one query."""
    wanted = {view: Count("pk", filter=condition) for view, condition in _views(user).items()}
    return cast("dict[str, int]", deals.aggregate(**wanted))


def takeable(user: Any) -> QuerySet[Deal]:
    """What "take the next deal" offers, in order: free, of this person's level, not skipped by
    them and not voted on by them."""
    levels = [
        level
        for level, role in (("senior", access.SENIOR), ("executive", access.EXECUTIVE))
        if access.has_role(user, role)
    ]
    mine = OuterRef("screening_id")
    skipped = Skip.objects.filter(screening_id=mine, reviewer=user)
    voted = Vote.objects.filter(review__screening_id=mine, reviewer=user)
    waiting: QuerySet[Any] = waiting_for(user)
    free = waiting.filter(is_claimed=False, needed__in=levels)
    return in_order(free.exclude(Exists(skipped)).exclude(Exists(voted)))


def cites(clause: str) -> Q:
    """Findings whose citation names this clause, alone or in a list such as "C3b, C4a"."""
    return (
        Q(clause=clause)
        | Q(clause__startswith=f"{clause}, ")
        | Q(clause__endswith=f", {clause}")
        | Q(clause__contains=f", {clause}, ")
    )


def mentions(text: str) -> Q:
    """Deals with this text in their title, customer or end user, or with this reference."""
    matches = (
        Q(title__icontains=text)
        | Q(known__0__customer_name__icontains=text)
        | Q(known__0__end_user_name__icontains=text)
    )
    number = REFERENCE.fullmatch(text.strip())
    return matches | Q(pk=int(number[1])) if number else matches


def _views(user: Any) -> dict[str, Q]:
    return {
        "all": Q(),
        "mine": Q(is_claimed=True, screening__review__claimed_by=user),
        "unclaimed": Q(is_claimed=False),
        "late": Q(is_late=True),
        "second": Q(votes_given__gte=1),
    }


def _claimed_by(whom: str, user: Any) -> Q:
    if whom == "nobody":
        return Q(is_claimed=False)
    person = user.pk if whom == "me" else whom
    return Q(is_claimed=True, screening__review__claimed_by=person)


def _gravity() -> Case:
    """The worst destination of the deal; a country that nobody rates stands beside the worst."""
    ranks = (("very_high", 0), ("unrated", 0), ("high", 1), ("medium", 2))
    return Case(
        *(When(holds("country_risk", risk, "screening__"), then=rank) for risk, rank in ranks),
        default=3,
        output_field=IntegerField(),
    )
