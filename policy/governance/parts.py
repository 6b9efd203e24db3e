"""A check in parts: any number of workers play them, and whoever ends the last one calls for
the report.

The parts of a report are rows, written once when its check begins. Each has a job of its own and
takes its result once, so a worker that comes late or again changes nothing. A report can only end
as passed when no part is missing (trigger).
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import Q, Sum

from audit.ledger import canonical
from jobs.models import Clock, Job, JobQuerySet
from policy.governance.past import Span

CHECK, PART, GATHER = "check_version", "check_part", "gather_check"


class CheckPartQuerySet(models.QuerySet["CheckPart"]):
    def missing(self) -> "CheckPartQuerySet":
        return self.filter(finished_at=None)


class CheckPart(models.Model):
    """What one worker finds out for a report: about the rules, or about a span of the past."""

    class What(models.TextChoices):
        RULES = "rules"
        REVISIONS = "revisions"
        SCREENINGS = "screenings"
        DEALS = "deals"

    report = models.ForeignKey("policy.CheckReport", on_delete=models.PROTECT, related_name="parts")
    # The order in which the report names what they found.
    number = models.PositiveIntegerField()
    what = models.CharField(max_length=10, choices=What)
    # Ids of revisions, screenings or deals, both included; zero for the rules.
    first = models.BigIntegerField(default=0)
    last = models.BigIntegerField(default=0)
    size = models.PositiveIntegerField(default=0)
    # Canonical JSON, as policy.governance.checking writes it.
    result_text = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)

    objects = CheckPartQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("report", "number"), name="part_number_once"),
            models.CheckConstraint(
                condition=Q(finished_at=None, result_text="")
                | (Q(finished_at__isnull=False) & ~Q(result_text="")),
                name="part_finished_iff_result",
            ),
        )

    def __str__(self) -> str:
        return f"part {self.number} of report {self.report_id}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None

    @property
    def span(self) -> Span:
        assert self.what != self.What.RULES  # noqa: S101  that part is not a span
        return Span(self.What(self.what).value, self.first, self.last, self.size)  # type: ignore[arg-type]

    @property
    def result(self) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(self.result_text)
        return result


def write(report: Any, spans: Sequence[Span]) -> None:
    """The parts of a report and the jobs for its spans, once; a second call changes nothing.

    The part about the rules, number 0, belongs to the check's own job.
    """
    with transaction.atomic():
        _lock(report)
        if report.parts.exists():
            return
        CheckPart.objects.create(report=report, number=0, what=CheckPart.What.RULES)
        CheckPart.objects.bulk_create(
            CheckPart(
                report=report,
                number=number,
                what=span.what,
                first=span.first,
                last=span.last,
                size=span.size,
            )
            for number, span in enumerate(spans, start=1)
        )
        numbers = range(1, len(spans) + 1)
        Job.objects.enqueue_all(
            PART,
            [{"report": report.pk, "number": number} for number in numbers],
            keys=[f"{report.pk}:{number}" for number in numbers],
        )


def finish(part: CheckPart, result: dict[str, Any]) -> None:
    """Keep the result of a part; the last one calls for the report.

    Two parts that end at once wait for each other here, so exactly one of them is the last.
    """
    with transaction.atomic():
        _lock(part.report)
        mine = CheckPart.objects.missing().filter(pk=part.pk)
        if not mine.update(result_text=canonical(result), finished_at=Clock()):
            return
        done, total = progress(part.report)
        _own(part.report).update(progress_done=done, progress_total=total)
        if not part.report.parts.missing().exists():
            Job.objects.enqueue(GATHER, key=f"report:{part.report_id}", report=part.report_id)


def progress(report: Any) -> tuple[int, int]:
    """How many revisions, screenings and deals were played, and how many there are."""
    counts = report.parts.aggregate(
        done=Sum("size", filter=Q(finished_at__isnull=False), default=0),
        total=Sum("size", default=0),
    )
    return counts["done"], counts["total"]


def jobs_of(report: Any) -> JobQuerySet:
    """Everything that works, worked or will work for a report."""
    own = Q(kind__in=(CHECK, GATHER), key=f"report:{report.pk}")
    return Job.objects.filter(own | Q(kind=PART, key__startswith=f"{report.pk}:"))


def has_work(report: Any) -> bool:
    """Whether a job of the report is still to be done; without one it will never end."""
    return jobs_of(report).unfinished().exists()


def _own(report: Any) -> models.QuerySet[Job]:
    return Job.objects.filter(kind=CHECK, key=f"report:{report.pk}")


def _lock(report: Any) -> None:
    type(report).objects.select_for_update().get(pk=report.pk)
