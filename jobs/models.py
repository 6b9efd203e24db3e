"""Work that is a row. The row is the job; a message on Redis is only a wake-up."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from audit.models import SYSTEM, AuditEvent
from jobs import kinds

LEASE = timedelta(seconds=75)
CHANNEL = "proviso_jobs"
#: Each event about a job.
SENTENCES = {
    "job.retried": "Asked again for a failed job: {kind}",
    "job.cancelled": "Cancelled a job: {kind}",
}
# The values that a new Job has, said once more: an object for each would cost more than the row.
ENQUEUE_ALL = """
INSERT INTO jobs_job (kind, key, args, state, attempts, progress_done, progress_total, error)
SELECT %s, key, args::jsonb, 'pending', 0, 0, 0, ''
FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS new (args, key, n) ORDER BY n
ON CONFLICT (kind, key) WHERE key <> '' DO NOTHING RETURNING id"""

Args = Mapping[str, int | str]


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
        new = self.enqueue_all(kind, [args], keys=[key])
        return self.get(pk=new[0]) if new else self.get(kind=kind, key=key)

    def enqueue_all(
        self, kind: str, wanted: Sequence[Args], *, keys: Sequence[str] = ()
    ) -> list[int]:
        """Write many jobs into the current transaction, in two statements; returns the new ones.

        With ``keys``, one for each, a job whose key is known already is left as it is.
        """
        if not connection.in_atomic_block:
            raise RuntimeError("A job is written in the transaction that wants it.")
        if not wanted:
            return []
        args = [json.dumps(one) for one in wanted]
        with connection.cursor() as cursor:
            cursor.execute(ENQUEUE_ALL, [kind, args, list(keys) or [""] * len(args)])
            new = [pk for (pk,) in cursor.fetchall()]
            # One word wakes the sweeper, which looks for all that is due.
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, kind])
        return new

    def claim(self, pk: int, *, lease: timedelta = LEASE) -> "Job | None":
        """Take the job by compare-and-swap; None when somebody has it or it is finished."""
        free = self.due().order_by().filter(pk=pk)
        with transaction.atomic():
            taken = free.update(
                state=Job.State.RUNNING,
                attempts=F("attempts") + 1,
                lease_until=Clock() + lease,
                error="",
            )
            if not taken:
                return None
            job = self.get(pk=pk)
            Attempt.objects.create(job=job, number=job.attempts)
        return job

    def unfinished(self) -> "JobQuerySet":
        return self.filter(state__in=(Job.State.PENDING, Job.State.RUNNING))

    def not_done(self) -> "JobQuerySet":
        """What still waits or runs, and what was given up."""
        return self.filter(state__in=(Job.State.PENDING, Job.State.RUNNING, Job.State.FAILED))

    def failed(self) -> "JobQuerySet":
        return self.filter(state=Job.State.FAILED)

    def retry(self) -> int:
        """Begin anew with those of these jobs that failed for good. Returns how many they are."""
        with transaction.atomic():
            failed = list(self.failed().select_for_update().order_by("pk"))
            for job in failed:
                job.begin_anew()
        return len(failed)


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
    # Every attempt ever made, so that two of one job never have one number.
    attempts = models.PositiveSmallIntegerField(default=0)
    # Those made before somebody asked for the job again; they count against it no more.
    written_off = models.PositiveSmallIntegerField(db_default=0)
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
            models.Index(fields=("id",), condition=Q(state="failed"), name="job_failed"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED, self.State.CANCELLED}

    def note_progress(self, done: int, total: int, *, lease: timedelta = LEASE) -> None:
        """Show how far the work is, and keep the lease."""
        self._if_running(progress_done=done, progress_total=total, lease_until=Clock() + lease)

    @property
    def is_spent(self) -> bool:
        """Whether it had all its attempts already: this one was made because workers died."""
        return self.attempts - self.written_off > kinds.of(self.kind).retries.attempts

    @property
    def pause(self) -> timedelta | None:
        """How long it waits when this attempt fails; None when it is given up."""
        return kinds.of(self.kind).retries.pause_after(self.attempts - self.written_off)

    def done(self) -> bool:
        """Close the job; False when it was cancelled or its lease went to another worker."""
        return self._end_attempt(state=self.State.DONE, finished_at=Clock())

    def failed(self, error: str) -> bool:
        """Try again after a pause, as its kind wants. True when this was the last attempt."""
        pause = self.pause
        if pause is None:
            return self._end_attempt(error, state=self.State.FAILED, finished_at=Clock())
        self._end_attempt(error, state=self.State.PENDING, not_before=Clock() + pause)
        return False

    @transaction.atomic
    def cancel(self) -> bool:
        """Nobody does it any more; False when it had ended."""
        unfinished = Job.objects.filter(pk=self.pk).unfinished()
        if not unfinished.update(state=self.State.CANCELLED, finished_at=Clock(), lease_until=None):
            return False
        self._record("job.cancelled")
        return True

    def begin_anew(self) -> None:
        """A failed job is due now, with all the attempts that its kind has."""
        self._record("job.retried")
        Job.objects.filter(pk=self.pk, state=self.State.FAILED).update(
            state=self.State.PENDING,
            not_before=Clock(),
            finished_at=None,
            written_off=self.attempts,
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(self.pk)])

    def _record(self, verb: str) -> None:
        AuditEvent.objects.append(
            subject=f"job:{self.pk}",
            actor=SYSTEM,
            verb=verb,
            payload={"kind": self.kind, "attempts": self.attempts},
        )

    @transaction.atomic
    def _end_attempt(self, error: str = "", **changes: Any) -> bool:
        if not self._if_running(lease_until=None, error=error, **changes):
            return False
        self.tries.filter(number=self.attempts).update(ended_at=Clock(), error=error)
        return True

    def _if_running(self, **changes: Any) -> bool:
        """Write only while this attempt holds the job: a late worker must not undo a newer one."""
        mine = Job.objects.filter(pk=self.pk, state=self.State.RUNNING, attempts=self.attempts)
        return bool(mine.update(**changes))


class Attempt(models.Model):
    """One try at a job. Without an end and with another after it, its worker died."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField()
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("job", "number"), name="attempt_number_once"),
        )

    def __str__(self) -> str:
        return f"attempt {self.number} at job {self.job_id}"


class Heartbeat(models.Model):
    """When each background process was last seen working; health looks at the age."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name

    @classmethod
    def beat(cls, name: str) -> None:
        cls.objects.update_or_create(name=name, defaults={"seen_at": Clock()})
