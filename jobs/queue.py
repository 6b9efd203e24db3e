"""Who does which kind of job, and doing one.

An app registers its kinds with ``@performs("mail")``; `jobs` knows none of them by itself.
"""

import logging
import traceback
from collections.abc import Callable

from django.db import DatabaseError, transaction

from jobs import kinds
from jobs.kinds import Kind, Lane, Retries
from jobs.models import Job, JobQuerySet

log = logging.getLogger("proviso.jobs")

Work = Callable[[Job], None]
PERFORMERS: dict[str, Work] = {}
#: What else follows when a job of the kind has failed for good.
GIVEN_UP: dict[str, Work] = {}
DIED = "Every worker that took it died or ran out of time."


def performs(
    kind: str,
    *,
    lane: Lane = Lane.LONG,
    retries: Retries = kinds.ON_ROWS,
    given_up: Work | None = None,
) -> Callable[[Work], Work]:
    def register(work: Work) -> Work:
        if kind in PERFORMERS:
            raise ValueError(f"two functions perform the job kind {kind!r}")
        PERFORMERS[kind] = work
        kinds.KINDS[kind] = Kind(lane, retries)
        if given_up is not None:
            GIVEN_UP[kind] = given_up
        return work

    return register


def due(lane: Lane) -> JobQuerySet:
    """What could be done now in this lane.

    A kind that this program does not know is not looked at: however many of them wait, they hide
    nothing.
    """
    known = [kind for kind in PERFORMERS if kinds.of(kind).lane == lane]
    return Job.objects.due().filter(kind__in=known)


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
    if job is None:
        return False
    if job.is_spent:
        # A failure is counted when it is written down. Who died could not write.
        log.error("job given up", extra={"job": pk, "kind": job.kind, "attempt": job.attempts})
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
