"""Who does which kind of job, and doing one.

An app registers its kinds with ``@performs("mail")``; `jobs` knows none of them by itself.
"""

import logging
import traceback
from collections.abc import Callable

from django.db import DatabaseError, transaction
from django.db.models import Case, When

from jobs import kinds
from jobs.kinds import Kind, Lane, Retries
from jobs.models import Job, JobQuerySet

log = logging.getLogger("proviso.jobs")

Work = Callable[[Job], None]
PERFORMERS: dict[str, Work] = {}
#: What else follows when a job of the kind has failed for good.
GIVEN_UP: dict[str, Work] = {}
#: Jobs that others may take first before a worker lets a message go.
TRIES = 5
DIED = "Every worker that took it died or ran out of time."


def performs(
    kind: str,
    *,
    lane: Lane = Lane.LONG,
    retries: Retries = kinds.ON_ROWS,
    is_part: bool = False,
    given_up: Work | None = None,
) -> Callable[[Work], Work]:
    def register(work: Work) -> Work:
        if kind in PERFORMERS:
            raise ValueError(f"two functions perform the job kind {kind!r}")
        PERFORMERS[kind] = work
        kinds.KINDS[kind] = Kind(lane, retries, is_part)
        if given_up is not None:
            GIVEN_UP[kind] = given_up
        return work

    return register


def due(lane: Lane) -> JobQuerySet:
    """What could be done now in this lane: first what is whole, then parts of longer work.

    So a check that is as good as finished does not wait for all the parts of another one. A kind
    that this program does not know is not looked at: however many of them wait, they hide nothing.
    """
    known = [kind for kind in PERFORMERS if kinds.of(kind).lane == lane]
    is_part = Case(When(kind__in=kinds.parts(), then=1), default=0)
    return Job.objects.due().filter(kind__in=known).order_by(is_part, "not_before", "pk")


def perform_next(pk: int, lane: Lane) -> bool:
    """Do one job of the lane: this one, unless something else should not wait for it.

    A message says that there is work and may itself have waited behind many others. So one for a
    part does what is whole first, and one for a job that is done already does another.
    """
    whole = due(lane).exclude(kind__in=kinds.parts())
    named = Job.objects.filter(pk=pk, kind__in=PERFORMERS).first()
    if named is not None and not kinds.of(named.kind).is_part:
        whole = whole.filter(pk=pk)
    for rows in (whole, due(lane).filter(pk=pk), due(lane)):
        for number in rows.values_list("pk", flat=True)[:TRIES]:
            job = Job.objects.claim(number)
            if job is not None:
                return _do(job)
    if named is None:
        log.warning("job left alone", extra={"job": pk})
    return False


def perform(pk: int) -> bool:
    """Claim the job and do it; True when this call finished it.

    Running it again finds nothing to do. A kind that this program does not know stays pending:
    a newer program, already started beside this one, will know it.
    """
    job = Job.objects.filter(pk=pk).first()
    if job is None or job.kind not in PERFORMERS:
        log.warning("job left alone", extra={"job": pk})
        return False
    job = Job.objects.claim(pk)
    return _do(job) if job is not None else False


def _do(job: Job) -> bool:
    """Do what was claimed; True when this call finished it."""
    if job.is_spent:
        # A failure is counted when it is written down. Who died could not write.
        log.error("job given up", extra={"job": job.pk, "kind": job.kind, "attempt": job.attempts})
        _write_failure(job, DIED)
        return False
    try:
        PERFORMERS[job.kind](job)
    except Exception as error:
        # Whatever went wrong, the row must say so and be tried again; nothing is swallowed.
        _record_failure(job, error)
        return False
    return job.done()


def _record_failure(job: Job, error: Exception) -> None:
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error(
        "job failed",
        extra={
            "job": job.pk,
            "kind": job.kind,
            "attempt": job.attempts,
            "error": type(error).__name__,
            "place": f"{place.name}:{place.lineno}",
        },
    )
    _write_failure(job, f"{type(error).__name__}: {error}"[:2000])


def _write_failure(job: Job, sentence: str) -> None:
    try:
        with transaction.atomic():
            # An error may quote what somebody sent, and PostgreSQL keeps no NUL in a text.
            if job.failed(sentence.replace("\0", "\\0")) and job.kind in GIVEN_UP:
                GIVEN_UP[job.kind](job)
    except DatabaseError:
        # The lease runs out and the sweeper tries again.
        log.exception("job failure could not be written", extra={"job": job.pk})
