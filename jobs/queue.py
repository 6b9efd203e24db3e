"""Who does which kind of job, and doing one.

An app registers its kinds with ``@performs("mail")``; `jobs` knows none of them by itself.
"""

import logging
import traceback
from collections.abc import Callable

from django.db import DatabaseError, transaction

from jobs.models import Job

log = logging.getLogger("proviso.jobs")

Work = Callable[[Job], None]
PERFORMERS: dict[str, Work] = {}


def performs(kind: str) -> Callable[[Work], Work]:
    def register(work: Work) -> Work:
        if kind in PERFORMERS:
            raise ValueError(f"two functions perform the job kind {kind!r}")
        PERFORMERS[kind] = work
        return work

    return register


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
    try:
        with transaction.atomic():
            job.failed(f"{type(error).__name__}: {error}"[:2000])
    except DatabaseError:
        # The lease runs out and the sweeper tries again.
        log.exception("job failure could not be written", extra={"job": job.pk})
