"""Celery's side: it gets ids, and the rows decide what happens. Each lane has a queue of its own.

A worker of the short lane does emails only, so that none of them waits behind a check.
"""

import logging
from collections.abc import Iterable

from celery import shared_task
from kombu.exceptions import OperationalError

from jobs import queue
from jobs.kinds import BEAT, QUEUES, Lane
from jobs.models import Heartbeat

log = logging.getLogger("proviso.jobs")

BATCH = 200


@shared_task
def work(pk: int, lane: str = Lane.LONG) -> None:
    Heartbeat.beat(f"worker-{lane}")
    queue.perform_next(pk, Lane(lane))


@shared_task
def sweep(lane: str = Lane.LONG) -> None:
    """Beat sends this too, so work moves when only the workers and Redis are alive.

    It does nothing itself: its own time is short, and a job would be cut off by it.
    """
    Heartbeat.beat("beat")
    Heartbeat.beat(f"worker-{lane}")
    wake(queue.due(Lane(lane)).values_list("pk", flat=True)[:BATCH], Lane(lane), expires=BEAT)


def wake(pks: Iterable[int], lane: Lane, *, expires: float | None = None) -> bool:
    """Send ids to the workers of the lane; False as soon as Redis does not answer."""
    try:
        for pk in pks:
            work.apply_async(
                args=(pk, lane.value), queue=QUEUES[lane], retry=False, expires=expires
            )
    except (OperationalError, OSError):
        log.warning("redis does not answer; the sweeper works by itself")
        return False
    return True
