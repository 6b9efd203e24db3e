"""What time does to versions: activations that were to wait for their day, laws that end."""

import logging

from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from jobs.models import Heartbeat
from policy.actions import activate_scheduled
from policy.governance import expiry
from policy.models import Schedule

log = logging.getLogger("proviso.policy")


@shared_task
def activate_due() -> int:
    """Activate every version whose day has come. Returns how many became active."""
    Heartbeat.beat("beat")
    due = Schedule.objects.waiting().filter(effective_on__lte=timezone.localdate()).order_by("pk")
    return sum(_activate(schedule) for schedule in due.select_related("version"))


@shared_task
def expire_laws() -> int:
    """Note each law whose last day in the register is over. Returns how many were noted."""
    Heartbeat.beat("beat")
    return expiry.note_expired()


def _activate(schedule: Schedule) -> bool:
    try:
        return activate_scheduled(schedule)
    except DatabaseError:
        # It waits on and is tried again; one that fails must not hold up the others.
        log.exception("scheduled activation failed", extra={"schedule": schedule.pk})
        return False
