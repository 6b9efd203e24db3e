"""The review queue: which deals wait for this person, and in which order.

Severity comes first, then what is late. The value of a deal is not looked at.
"""

import re
from collections.abc import Mapping
from typing import Any, TypedDict

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast

from jobs.models import Clock
from people import access
from reviews.models import Review, Skip, Vote
from screening.models import NOT_IN_LISTS, Deal, Finding, holds

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

    #: The level of the next voter.
    needed: str
    is_claimed: bool
    is_late: bool
    #: What each finding of a row cites.
    citations: list[str]


def waiting_for(user: Any) -> QuerySet[Deal]:
    """Deals in review that this person may read here, each with what the queue sorts by."""
    visible = Deal.objects.visible_to(user).awaiting_review()
    if access.has_role(user, *access.REVIEWERS):
        visible = visible.not_of_own(user).not_spoken_of(user)
    return (
        visible.alias(known=Cast("screening__facts_text", JSONField()))
        .annotate(
            is_claimed=Exists(Review.objects.claimed().filter(screening=OuterRef("screening"))),
            is_late=Case(
                When(due_at__lt=Clock(), then=Value(value=True)), default=Value(value=False)
            ),
        )
        .annotate(
            needed=Case(
                When(_for_executives(), then=Value("executive")),
                default=Value("senior"),
                output_field=CharField(),
            )
        )
    )


def _for_executives() -> Q:
    """The next vote is theirs; so is the third, after two that differ."""
    return Q(review_level="executive") | Q(votes_given__gte=2)


def in_order(deals: QuerySet[Any]) -> QuerySet[Any]:
    """Executive level first, then the gravest country, then by the due date: late ones first.

    Exactly as the index `deal_in_review` has them.
    """
    return deals.order_by("review_level", "gravity", "due_at", "pk")


def with_rows(deals: QuerySet[Deal]) -> QuerySet[Deal]:
    """What a row shows, in a number of queries that does not grow with the rows."""
    findings = Finding.objects.filter(screening=OuterRef("screening")).order_by("position")
    return (
        deals.select_related("screening__revision", "screening__review__claimed_by")
        .defer("answers", *(f"screening__{name}" for name in NOT_IN_LISTS))
        .annotate(citations=ArraySubquery(findings.values("clause")))
    )


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
    """How many deals each view holds.

    Of all of them nothing is asked but what stands in one index, and of the few that are claimed
    who holds them.
    """
    views = _views(user)
    counted = deals.aggregate(**_counts(views, "all", "late", "second"))
    claimed = deals.filter(_held()).aggregate(claimed=Count("pk"), **_counts(views, "mine"))
    return {**counted, "mine": claimed["mine"], "unclaimed": counted["all"] - claimed["claimed"]}


def _counts(views: Mapping[str, Q], *names: str) -> dict[str, Count]:
    return {name: Count("pk", filter=views[name]) for name in names}


def takeable(user: Any) -> QuerySet[Deal]:
    """What "take the next deal" offers, in order: free, of this person's level, not skipped by
    them and not voted on by them."""
    free: QuerySet[Any] = waiting_for(user).filter(_of_level(user)).exclude(_held())
    mine = OuterRef("screening_id")
    skipped = Skip.objects.filter(screening_id=mine, reviewer=user)
    voted = Vote.objects.filter(review__screening_id=mine, reviewer=user)
    return in_order(free.exclude(Exists(skipped)).exclude(Q(votes_given__gt=0) & Q(Exists(voted))))


def _of_level(user: Any) -> Q:
    """Deals whose next vote somebody with the roles of this person may give."""
    own = Q(pk__in=[])
    if access.has_role(user, access.SENIOR):
        own |= Q(review_level="senior", votes_given__lt=2)
    if access.has_role(user, access.EXECUTIVE):
        own |= _for_executives()
    return own


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
        "mine": _held(claimed_by=user),
        "unclaimed": Q(is_claimed=False),
        "late": Q(is_late=True),
        "second": Q(votes_given__gte=1),
    }


def _claimed_by(whom: str, user: Any) -> Q:
    if whom == "nobody":
        return Q(is_claimed=False)
    person = user.pk if whom == "me" else whom
    return _held(claimed_by=person)


def _held(**by: Any) -> Q:
    """Deals that somebody holds now. There are as many as people at work, so these come first."""
    return Q(screening__in=Review.objects.claimed().filter(**by).values("screening"))
