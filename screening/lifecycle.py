"""The legal moves of a deal, and the only function that makes one.

The table is the law: the migration that guards ``Deal.status`` in PostgreSQL and the diagram in
docs/ are compared with it by tests. Pure up to ``move``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import models, transaction

from audit.models import Actor, AuditEvent, Line
from audit.refusals import Conflict
from jobs.models import Job
from screening.sweep import rows

if TYPE_CHECKING:
    from screening.models import Deal


class Status(models.TextChoices):
    DRAFT = "draft", "Draft"
    CLEARED = "cleared", "Cleared"
    NEEDS_INFORMATION = "needs_information", "Needs information"
    IN_REVIEW = "in_review", "In review"
    APPROVED = "approved", "Approved"
    APPROVED_WITH_CONDITIONS = "approved_with_conditions", "Approved with conditions"
    REJECTED = "rejected", "Rejected"
    BARRED = "barred", "Barred"
    WITHDRAWN = "withdrawn", "Withdrawn"
    LAPSED = "lapsed", "Lapsed"


S = Status
_AFTER_SCREENING = (S.CLEARED, S.IN_REVIEW, S.NEEDS_INFORMATION, S.BARRED)
_AFTER_CLEARANCE = (S.IN_REVIEW, S.NEEDS_INFORMATION, S.BARRED, S.LAPSED)

MOVES: Mapping[Status, tuple[Status, ...]] = {
    S.DRAFT: (*_AFTER_SCREENING, S.WITHDRAWN),
    S.NEEDS_INFORMATION: (S.CLEARED, S.IN_REVIEW, S.BARRED, S.WITHDRAWN),
    # A deal that people look at is never cleared behind their back.
    S.IN_REVIEW: (
        S.APPROVED,
        S.APPROVED_WITH_CONDITIONS,
        S.REJECTED,
        S.NEEDS_INFORMATION,
        S.BARRED,
        S.WITHDRAWN,
    ),
    S.CLEARED: _AFTER_CLEARANCE,
    S.APPROVED: _AFTER_CLEARANCE,
    S.APPROVED_WITH_CONDITIONS: _AFTER_CLEARANCE,
    S.LAPSED: (*_AFTER_SCREENING, S.WITHDRAWN),
    S.REJECTED: (),
    S.BARRED: (),
    S.WITHDRAWN: (),
}

# Who must act next.
OWNER: Mapping[Status, str] = {
    S.DRAFT: "sales",
    S.NEEDS_INFORMATION: "sales",
    S.IN_REVIEW: "reviewers",
    S.CLEARED: "nobody",
    S.APPROVED: "nobody",
    S.APPROVED_WITH_CONDITIONS: "sales",
    S.LAPSED: "sales",
    S.REJECTED: "closed",
    S.BARRED: "closed",
    S.WITHDRAWN: "closed",
}

_ARRIVAL = {
    S.CLEARED: "deal.cleared",
    S.NEEDS_INFORMATION: "deal.information_needed",
    S.IN_REVIEW: "deal.review_needed",
    S.APPROVED: "deal.approved",
    S.APPROVED_WITH_CONDITIONS: "deal.approved_with_conditions",
    S.REJECTED: "deal.rejected",
    S.BARRED: "deal.barred",
    S.WITHDRAWN: "deal.withdrawn",
    S.LAPSED: "deal.lapsed",
}
_SETTLED = (S.CLEARED, S.APPROVED, S.APPROVED_WITH_CONDITIONS)
_REOPENED = {
    S.IN_REVIEW: "deal.reopened_for_review",
    S.NEEDS_INFORMATION: "deal.reopened_for_information",
    S.BARRED: "deal.barred_afterwards",
}


def _verb(start: Status, to: Status) -> str:
    return _REOPENED.get(to, _ARRIVAL[to]) if start in _SETTLED else _ARRIVAL[to]


# The audit verb of each legal move.
VERB: Mapping[tuple[Status, Status], str] = {
    (start, to): _verb(start, to) for start, targets in MOVES.items() for to in targets
}

CLOSED = frozenset(status for status, owner in OWNER.items() if owner == "closed")
CLEARANCES = frozenset(_SETTLED)


#: The job that screens the deals again that follow a stopped one.
AFTER_STOP = "screen_after_stop"
#: The job that screens the deals again that leave unsaid what a later one says of their end user.
AFTER_SAID = "screen_after_said"
#: The jobs that screen the deals again for which a ruling, or what is known of a party, counts.
AFTER_RULING, AFTER_PARTY = "screen_after_ruling", "screen_after_party"


class IllegalMove(Conflict):
    """The table has no such move."""


def check_move(start: str, to: str) -> None:
    """Raises IllegalMove with a sentence when the table does not hold the pair."""
    if Status(to) not in MOVES[Status(start)]:
        raise IllegalMove(
            f"A deal that is {Status(start).label.lower()} cannot become "
            f"{Status(to).label.lower()}."
        )


def move(
    deal: "Deal",
    to: Status,
    *,
    actor: Actor,
    because: str,
    payload: Mapping[str, Any] | None = None,
) -> None:
    """`move_all` for one deal."""
    move_all([Move(deal, to, payload or {})], actor=actor, because=because)


@dataclass(frozen=True)
class Move:
    """One of many moves: a deal, where it goes, and what else its event records.

    ``beside`` holds other fields that change in the same statement, the same ones for all moves:
    writing a row twice costs twice.
    """

    deal: "Deal"
    to: Status
    payload: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def move_all(moves: Sequence[Move], *, actor: Actor, because: str) -> None:
    """Move many different deals in a few statements: all of them, or none.

    Locks, looks, writes and records; the only writer of ``Deal.status``.
    Raises IllegalMove when, under the locks, the status of one of them does not allow it.
    """
    if not moves:
        return
    deals = {one.deal.pk: one.deal for one in moves}
    locked = type(moves[0].deal).objects.select_for_update(of=("self",)).filter(pk__in=deals)
    # In the order of their numbers, as every other lock on several deals.
    starts = dict(locked.order_by("pk").values_list("pk", "status"))
    for one in moves:
        check_move(starts[one.deal.pk], one.to)
    written = rows.update(
        type(moves[0].deal),
        ("status", *moves[0].beside),
        [(one.deal.pk, starts[one.deal.pk], one.to.value, *one.beside.values()) for one in moves],
        was="status",
    )
    if written != len(moves):
        raise IllegalMove("A deal moved while it was locked, or is named twice.")
    for one in moves:
        one.deal.status = one.to
    _look_at_what_follows([one.deal.pk for one in moves if one.to in CLOSED])
    AuditEvent.objects.append_all(
        (_line(one, Status(starts[one.deal.pk]), because) for one in moves), actor=actor
    )


def _look_at_what_follows(stopped: Sequence[int]) -> None:
    """Deals that were sent before a stop follow it too, from the next moment on."""
    Job.objects.enqueue_all(AFTER_STOP, [{"deal": pk} for pk in stopped])


def _line(made: Move, start: Status, because: str) -> Line:
    payload = {"from": start.value, "to": made.to.value, "because": because, **made.payload}
    return Line(made.deal.subject, VERB[start, made.to], payload)
