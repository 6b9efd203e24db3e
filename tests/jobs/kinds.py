"""Kinds of jobs for programs that a test starts: `celery … --include tests.jobs.kinds`."""

import os
import signal
import time

from jobs.kinds import Lane
from jobs.models import Job
from jobs.queue import performs

#: Longer than any test looks on.
A_CHECK = 120


@performs("test_long")
def sleep(job: Job) -> None:
    for _ in range(A_CHECK):
        job.note_progress(0, 1)
        time.sleep(1)


@performs("test_short", lane=Lane.SHORT)
def be_quick(job: Job) -> None:
    pass


@performs("test_deadly")
def die(job: Job) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
