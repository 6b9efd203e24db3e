"""New screenings written with all that follows from them: of one deal, or of many at once.

What a screening means for its deal is in `following`, who hears of it in `mail`, and the moves are
the lifecycle's. What is written for many deals takes the statements of one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection

from audit.models import Actor, AuditEvent, Line
from audit.refusals import Conflict
from policy import active
from policy.engine.readings.assessment import Assessment
from policy.facts.bundle import ReferenceData
from policy.facts.spots import MILD
from screening import deriving, following, lifecycle, mail
from screening.lifecycle import Status
from screening.models import Deal, Finding, Screening
from screening.sweep import deal_facts, rows
from screening.sweep.deal_facts import DealFacts

_COLUMNS = ", ".join(
    f'"{one.column}"' for one in DealFacts._meta.concrete_fields if one.column != "screening_id"
)
_FIELDS = [
    field
    for field in Screening._meta.concrete_fields
    if field.name != "created_at" and not field.generated
]
SCREENING = [field.name for field in _FIELDS]
_ATTRIBUTES = [field.attname for field in _FIELDS]
# The same facts have the same columns.
COPY = f"""
INSERT INTO deal_facts (screening_id, {_COLUMNS}) SELECT pair.new, {_COLUMNS}
FROM unnest(%s::bigint[], %s::bigint[]) AS pair (old, new)
JOIN deal_facts ON deal_facts.screening_id = pair.old"""  # noqa: S608  names of columns
#: What somebody decided on the facts as they were.
APPROVALS = frozenset({Status.APPROVED, Status.APPROVED_WITH_CONDITIONS})
#: What changes of a deal beside its status.
BESIDE = ("screening", "review_level", "end_user_key", "due_at", "valid_until")


class Plan(NamedTuple):
    """What will be written for one deal."""

    deal: Deal
    #: Its screening so far; None for a draft.
    before: Screening | None
    screening: Screening
    assessment: Assessment
    found: deriving.Found
    course: following.Course

    @property
    def keeps_facts(self) -> bool:
        return self.before is not None and self.before.facts_text == self.found.text


def plan(
    deal: Deal,
    revision: int,
    found: deriving.Found,
    data: ReferenceData,
    versions: Mapping[str, Any],
    *,
    cause: str,
) -> Plan:
    """Assess the facts of the deal, which is locked; nothing is written yet."""
    assessment = active.assess(data, found.variants)
    asked = active.asked_of(assessment, data.rulebook)
    screening = following.screening_of(revision, cause, versions, found, assessment, asked)
    before = deal.screening
    outcome = before.outcome if before else ""
    is_news = deal.status in APPROVALS and _brings_up(before, found, assessment)
    course = following.course(
        deal,
        screening,
        outcome,
        looks=found.looks,
        for_executives=found.for_executives,
        is_news=is_news,
        is_asked=_is_asked(deal, screening),
    )
    return Plan(deal, before, screening, assessment, found, course)


def _is_asked(deal: Deal, screening: Screening) -> bool:
    """Whether sales owes a reviewer an answer, where nothing else keeps the deal with sales.

    What the rules ask may come up and be settled meanwhile, and says nothing of the reviewer.
    """
    returns = screening.outcome not in ("needs_information", "bar")
    is_with_sales = deal.status == Status.NEEDS_INFORMATION
    if screening.cause == Screening.Cause.SENT or not (returns and is_with_sales):
        return False
    return deal.questions.filter(answer=None).exists()


def _brings_up(before: Screening | None, found: deriving.Found, assessment: Assessment) -> bool:
    """Whether facts that changed make a rule fire that did not, or fire for what nobody saw of it:
    one more capability, ability, service or place.
    """
    if before is None or before.facts_text == found.text:
        return False
    seen = {finding.rule: _members(finding.facts) for finding in before.findings.all()}
    here = (variant.plain for variant in found.variants)
    return not _grave_places(here) <= _grave_places(before.facts) or any(
        finding.rule not in seen or not _members(finding.facts) <= seen[finding.rule]
        for finding in assessment.findings
    )


def _grave_places(variants: Iterable[Mapping[str, Any]]) -> frozenset[Any]:
    """The destinations to which every sale is looked at."""
    return frozenset(
        variant.get("country")
        for variant in variants
        if variant.get("country_risk") not in MILD or variant.get("in_special_territory")
    )


def _members(facts: Mapping[str, Any]) -> frozenset[str]:
    """What a finding fired for of each set: capabilities, abilities, services."""
    return frozenset(
        member for value in facts.values() if isinstance(value, list) for member in value
    )


def write(
    plans: Sequence[Plan], versions: Mapping[str, Any], *, because: str, actor: Actor
) -> None:
    """Store the screenings, point the deals at them and move them; events and emails tell of it."""
    if not plans:
        return
    for one, number in zip(plans, rows.numbers(Screening, len(plans)), strict=True):
        one.screening.pk = number
        one.deal.screening = one.screening
    screened = [one.screening for one in plans]
    rows.insert(Screening, SCREENING, map(attrgetter(*_ATTRIBUTES), screened))
    _write_facts(plans)
    _write_findings(plans)
    AuditEvent.objects.append_all((_line(one, versions) for one in plans), actor=actor)
    # Before the deals get their new levels.
    raised = list(_raised(plans, because))
    _follow(plans, because=because, actor=actor)
    AuditEvent.objects.append_all(raised, actor=actor)
    mail.tell_of_courses((one.deal, one.course) for one in plans)


def _write_facts(plans: Sequence[Plan]) -> None:
    same = [(one.before.pk, one.screening.pk) for one in plans if one.before and one.keeps_facts]
    if same:
        with connection.cursor() as cursor:
            cursor.execute(COPY, [[old for old, _ in same], [new for _, new in same]])
    deal_facts.write(
        values
        for one in plans
        if not one.keeps_facts
        for values in deal_facts.values(one.screening.pk, one.found.variants)
    )


def _write_findings(plans: Sequence[Plan]) -> None:
    rows.insert(
        Finding,
        ("screening", *following.FINDING),
        [
            (one.screening.pk, *values)
            for one in plans
            for values in following.finding_values(one.assessment)
        ],
    )


def _line(one: Plan, versions: Mapping[str, Any]) -> Line:
    said = following.screened(one.screening, one.assessment, versions, one.found.looks)
    return Line(one.deal.subject, "deal.screened", said)


def _raised(plans: Sequence[Plan], because: str) -> Iterator[Line]:
    """The events of levels that rise."""
    for one in plans:
        if one.course.rises:
            before, level = one.deal.review_level, one.course.level
            said = following.raised(one.screening, before, level, because)
            yield Line(one.deal.subject, "deal.review_raised", said)


def _follow(plans: Sequence[Plan], *, because: str, actor: Actor) -> None:
    """Point the deals at their screenings and move them where the outcomes say."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    moves, stay = [], []
    for one in plans:
        beside = _beside(one, now)
        if one.course.moves:
            said = following.moved(one.screening)
            moves.append(lifecycle.Move(one.deal, one.course.status, said, beside))
        else:
            stay.append((one.deal.pk, one.deal.status, *beside.values()))
        one.deal.review_level = one.course.level
    if rows.update(Deal, BESIDE, stay, was="status") != len(stay):
        raise Conflict("A deal moved while it was locked.")
    lifecycle.move_all(moves, actor=actor, because=because)


def _beside(one: Plan, now: datetime) -> dict[str, Any]:
    deal, course = one.deal, one.course
    values = (
        one.screening.pk,
        course.level,
        one.found.end_user_key,
        now + course.due_in if course.due_in else deal.due_at,
        now + course.valid_for if course.valid_for else deal.valid_until,
    )
    return dict(zip(BESIDE, values, strict=True))
