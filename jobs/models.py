"""Work that is a row. The row is the job; a message on Redis is only a wake-up."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import Now

LEASE = timedelta(seconds=75)
MOST_ATTEMPTS = 5
CHANNEL = "proviso_jobs"
# The values that a new Job has, said once more: an object for each would cost more than the row.
ENQUEUE_ALL = """
INSERT INTO jobs_job (kind, key, args, state, attempts, progress_done, progress_total, error)
SELECT %s, '', args::jsonb, 'pending', 0, 0, 0, ''
FROM unnest(%s::text[]) WITH ORDINALITY AS new (args, n) ORDER BY n"""


class Clock(models.Func):
    """The database's wall clock: Now() stands still inside a transaction."""

    function = "clock_timestamp"
    output_field = models.DateTimeField()


class JobQuerySet(models.QuerySet["Job"]):
    def due(self) -> "JobQuerySet":
        """Pending and wanted by now, or running with a lease that nobody renewed."""
        return self.filter(
            Q(state=Job.State.PENDING, not_before__lte=Clock())
            | Q(state=Job.State.RUNNING, lease_until__lt=Clock())
        ).order_by("not_before", "pk")

    def enqueue(self, kind: str, *, key: str = "", **args: int | str) -> "Job":
        """Write the job into the current transaction, once for a key that is not empty."""
        if not connection.in_atomic_block:
            raise RuntimeError("A job is written in the transaction that wants it.")
        job: Job
        if key:
            job, _ = self.get_or_create(kind=kind, key=key, defaults={"args": args})
        else:
            job = self.create(kind=kind, args=args)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(job.pk)])
        return job

    def enqueue_all(self, kind: str, wanted: Sequence[Mapping[str, int | str]]) -> None:
        """Write many jobs without a key into the current transaction, in two statements."""
        if not connection.in_atomic_block:
            raise RuntimeError("A job is written in the transaction that wants it.")
        if not wanted:
            return
        with connection.cursor() as cursor:
            cursor.execute(ENQUEUE_ALL, [kind, [json.dumps(args) for args in wanted]])
            # One word wakes the sweeper, which looks for all that is due.
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, kind])

    def claim(self, pk: int, *, lease: timedelta = LEASE) -> "Job | None":
        """Take the job by compare-and-swap; None when somebody has it or it is finished."""
        taken = (
            self.due()
            .order_by()
            .filter(pk=pk)
            .update(
                state=Job.State.RUNNING,
                attempts=F("attempts") + 1,
                lease_until=Clock() + lease,
                error="",
            )
        )
        return self.get(pk=pk) if taken else None

    def unfinished(self) -> "JobQuerySet":
        return self.filter(state__in=(Job.State.PENDING, Job.State.RUNNING))


class Job(models.Model):
    class State(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120, blank=True)
    args = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    not_before = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "key"), condition=~Q(key=""), name="job_once_per_key"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("pending", "running"), finished_at=None)
                | Q(state__in=("done", "failed", "cancelled"), finished_at__isnull=False),
                name="job_finished_iff_time",
            ),
        )
        indexes = (
            models.Index(
                fields=("not_before", "id"),
                condition=Q(state__in=("pending", "running")),
                name="job_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED, self.State.CANCELLED}

    def note_progress(self, done: int, total: int, *, lease: timedelta = LEASE) -> None:
        """Show how far the work is, and keep the lease."""
        self._if_running(progress_done=done, progress_total=total, lease_until=Clock() + lease)

    def done(self) -> bool:
        """Close the job; False when it was cancelled or its lease went to another worker."""
        return self._if_running(state=self.State.DONE, finished_at=Clock(), lease_until=None)

    def failed(self, error: str) -> None:
        """Try again later, twice as late each time; after the last attempt say so for good."""
        if self.attempts >= MOST_ATTEMPTS:
            self._if_running(
                state=self.State.FAILED, finished_at=Clock(), lease_until=None, error=error
            )
        else:
            pause = timedelta(seconds=2 * 2**self.attempts)
            self._if_running(
                state=self.State.PENDING, not_before=Clock() + pause, lease_until=None, error=error
            )

    def cancel(self) -> bool:
        unfinished = Job.objects.filter(pk=self.pk).unfinished()
        return bool(
            unfinished.update(state=self.State.CANCELLED, finished_at=Clock(), lease_until=None)
        )

    def _if_running(self, **changes: Any) -> bool:
        """Write only while this attempt holds the job: a late worker must not undo a newer one."""
        mine = Job.objects.filter(pk=self.pk, state=self.State.RUNNING, attempts=self.attempts)
        return bool(mine.update(**changes))


class Heartbeat(models.Model):
    """When each background process was last seen working; health looks at the age."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name

    @classmethod
    def beat(cls, name: str) -> None:
        cls.objects.update_or_create(name=name, defaults={"seen_at": Clock()})
