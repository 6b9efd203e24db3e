"""What follows an activation: deals that still count are looked at again, in parts (jobs)."""

from dataclasses import dataclass

from jobs.models import Job
from policy.actions import RESCREEN, RESCREEN_PART
from policy.models import ReferenceVersion


@dataclass(frozen=True)
class Sweep:
    """How far it is. ``problems`` has what the parts say that did not succeed."""

    done: int
    total: int
    is_running: bool
    problems: list[str]


def sweep_of(version: ReferenceVersion) -> Sweep | None:
    """The sweep that the activation of this version began; None where there was none.

    The first job cuts the deals into parts; until it is done nobody knows how many there are.
    """
    # Each has a key, and the index on kinds and keys holds only rows that have one.
    kinds = (RESCREEN, RESCREEN_PART)
    keyed = Job.objects.filter(kind__in=kinds).exclude(key="")
    jobs = keyed.filter(args__version=version.pk).order_by("pk")
    parts = [job for job in jobs if job.kind != RESCREEN]
    if not jobs:
        return None
    return Sweep(
        done=sum(job.state == Job.State.DONE for job in parts),
        total=len(parts),
        is_running=any(not job.is_finished for job in jobs),
        problems=[job.error for job in jobs if job.error],
    )
