"""Celery's side: it gets ids, and the rows decide what happens."""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from jobs import queue
from jobs.models import Heartbeat, Job

log = logging.getLogger("proviso.jobs")

BATCH = 200


@shared_task
def work(pk: int) -> None:
    Heartbeat.beat("worker")
    queue.perform(pk)


@shared_task
def sweep() -> None:
    """Beat sends this too, so work moves when only the worker and Redis are alive."""
    Heartbeat.beat("beat")
    for pk in Job.objects.due().values_list("pk", flat=True)[:BATCH]:
        queue.perform(pk)


def wake(pks: list[int]) -> bool:
    """Send ids to the workers; False as soon as Redis does not answer."""
    try:
        for pk in pks:
            work.apply_async(args=(pk,), retry=False)
    except (OperationalError, OSError):
        log.warning("redis does not answer; the sweeper works by itself")
        return False
    return True
