"""What a new screening means for its deal. Pure: the verbs and the sweep both ask here.

The sweep screens many deals in one transaction, the verbs one; what follows is the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NotRequired, TypedDict

from django.utils import timezone

from audit.ledger import canonical, digest
from policy.engine.language.condition import OUTCOMES
from policy.engine.readings.assessment import Assessment
from screening import deriving
from screening.lifecycle import Status
from screening.models import LEVEL_OF, Deal, Screening

VALID = timedelta(days=365)
VALID_IN_HIGH_RISK = timedelta(days=182)
DUE = {"senior": timedelta(days=7), "executive": timedelta(days=14)}
STATUS_OF = {
    "clear": Status.CLEARED,
    "senior_review": Status.IN_REVIEW,
    "executive_review": Status.IN_REVIEW,
    "needs_information": Status.NEEDS_INFORMATION,
    "bar": Status.BARRED,
}


@dataclass(frozen=True)
class Course:
    """Where a deal goes: its level and status, what it waits for, and whether people hear of it."""

    level: str
    status: Status
    #: From now on; None leaves the time as it is.
    due_in: timedelta | None
    valid_for: timedelta | None
    #: The status changes.
    moves: bool
    #: It stays in review, and people of a higher level have to look at it from now on.
    rises: bool
    #: People had it in review, and the screening takes it from them.
    leaves_review: bool

    @property
    def is_told(self) -> bool:
        """Whether the owner hears: of each change, and each time that something is missing."""
        return self.moves or self.status == Status.NEEDS_INFORMATION


def course(
    deal: Deal,
    screening: Screening,
    before: str,
    *,
    looks: Sequence[str] = (),
    for_executives: bool = False,
    is_news: bool = False,
    is_asked: bool = False,
) -> Course:
    """Of a deal as it stands under its lock; ``before`` is the outcome so far, empty for none.

    ``looks`` says why people look at it whatever the rulebook says: an installation may keep a
    rulebook that does not read these facts; executives, where they had to look at a deal that this
    one follows or says less than. ``is_news`` says that other facts brought up rules that
    nobody who decided the deal saw. ``is_asked`` says that sales owes a reviewer an answer.
    """
    level = higher(deal.review_level, level_of(screening))
    if looks:
        level = higher(level, "executive" if for_executives else "senior")
    # Whoever approved other facts has approved nothing of these.
    decided = "" if is_news else before
    status = target(
        deal.status,
        level,
        screening.outcome,
        cause=screening.cause,
        before=decided,
        is_asked=is_asked,
    )
    moves = status != deal.status
    return Course(
        level=level,
        status=status,
        due_in=DUE[level] if moves and status == Status.IN_REVIEW else None,
        valid_for=validity(screening) if moves and status == Status.CLEARED else None,
        moves=moves,
        rises=not moves and status == Status.IN_REVIEW and level != deal.review_level,
        leaves_review=moves and deal.status == Status.IN_REVIEW,
    )


def validity(screening: Screening) -> timedelta:
    """How long a clearance or an approval holds: half as long for a country of high risk.

    A country that nobody rates counts as one, and the gravest of several destinations decides.
    """
    risks = {variant.get("country_risk") for variant in screening.facts}
    return VALID if risks <= {"low", "medium"} else VALID_IN_HIGH_RISK


def last_day(screening: Screening) -> date:
    """On which an approval of this screening ends that is given today."""
    return timezone.localdate() + validity(screening)


def target(
    status: str, level: str, outcome: str, *, cause: str, before: str, is_asked: bool = False
) -> Status:
    """The status that the outcome asks for; ``level`` is the highest one ever needed."""
    wanted = STATUS_OF[outcome]
    if wanted == Status.CLEARED and level:
        # People have looked, or had to look: a person ends it, not the program.
        wanted = Status.IN_REVIEW
    if (
        wanted == Status.IN_REVIEW
        and status in {Status.APPROVED, Status.APPROVED_WITH_CONDITIONS}
        and cause == Screening.Cause.VERSION
        and before
        and OUTCOMES.index(outcome) <= OUTCOMES.index(before)
    ):
        # The new version asks for no more than what was decided.
        return Status(status)
    if (
        wanted == Status.IN_REVIEW
        and status == Status.NEEDS_INFORMATION
        and cause != Screening.Cause.SENT
        and (is_asked or STATUS_OF.get(before) == Status.IN_REVIEW)
    ):
        # A reviewer asked; only the answers of sales bring the deal back.
        return Status(status)
    return wanted


def level_of(screening: Screening) -> str:
    """The level of review that a screening asks for by itself; empty for none."""
    return LEVEL_OF.get(screening.outcome) or LEVEL_OF.get(screening.review_floor, "")


def higher(level: str, other: str) -> str:
    return "executive" if "executive" in (level, other) else level or other


def screening_of(
    revision: int,
    cause: str,
    versions: Mapping[str, Any],
    derived: deriving.Found,
    assessment: Assessment,
    asked: set[str],
) -> Screening:
    """The row of a screening, not yet saved."""
    return Screening(
        revision_id=revision,
        cause=cause,
        outcome=assessment.outcome,
        review_floor=assessment.review_floor or "",
        facts_text=derived.text,
        facts_digest=digest(derived.text),
        sources_text=derived.sources_text,
        linked=derived.linked,
        laws_text=derived.laws_text,
        laws_until=derived.laws_until,
        rows_text=derived.rows_text,
        missing_text=canonical(list(assessment.missing)),
        open_text=canonical(list(assessment.open)),
        asks_sales="sales" in asked,
        asks_compliance=bool(asked - {"sales"}),
        **{f"{kind}_id": version.pk for kind, version in versions.items()},
    )


FINDING = (
    "position",
    "rule",
    "clause",
    "outcome",
    "title",
    "because",
    "facts_text",
    "evidence_text",
    "asks",
)


def finding_values(assessment: Assessment) -> list[tuple[Any, ...]]:
    """What the rows of the findings hold, in the order of FINDING."""
    return [
        (
            place,
            finding.rule,
            finding.clause,
            finding.outcome,
            finding.title,
            finding.because,
            canonical(finding.facts),
            canonical(list(finding.evidence)),
            finding.asks,
        )
        for place, finding in enumerate(assessment.findings)
    ]


class Moved(TypedDict):
    """What the event of a move records beside the two statuses."""

    screening: int
    outcome: str


class Screened(Moved):
    """What the event of a screening records; rules by their ids, facts and versions by digest."""

    revision: int
    cause: str
    rules: list[str]
    facts: str
    versions: dict[str, str]
    #: Why people look at it whatever the rulebook says.
    looked_at_because: NotRequired[list[str]]


def screened(
    screening: Screening,
    assessment: Assessment,
    versions: Mapping[str, Any],
    looks: Sequence[str] = (),
) -> Screened:
    payload: Screened = {
        "screening": screening.pk,
        "revision": screening.revision_id,
        "cause": screening.cause,
        "outcome": screening.outcome,
        "rules": [finding.rule for finding in assessment.findings],
        "facts": screening.facts_digest,
        "versions": {kind: version.digest for kind, version in versions.items()},
    }
    if looks:
        payload["looked_at_because"] = list(looks)
    return payload


def moved(screening: Screening) -> Moved:
    return {"screening": screening.pk, "outcome": screening.outcome}


def raised(screening: Screening, before: str, level: str, because: str) -> dict[str, Any]:
    """What the event of a level that rose during a review records."""
    return {"from": before, "to": level, "because": because, **moved(screening)}
