"""What time does to decided deals: clearances end, and duties that were not met end them early."""

import logging

from celery import shared_task

from jobs.models import Clock, Heartbeat
from reviews.models import Condition
from screening.actions import lapse_deal
from screening.lifecycle import CLEARANCES, IllegalMove, Status
from screening.models import Deal
from screening.parties import actions as parties

log = logging.getLogger("proviso.reviews")


@shared_task
def lapse_due() -> int:
    """Lapse every deal whose time is over or whose condition is overdue. Returns how many.

    One that cannot be ended stops no other.
    """
    Heartbeat.beat("beat")
    try:
        parties.screen_expired()
    except Exception:
        log.exception("what is known of parties was not ended")
    over = Deal.objects.filter(status__in=CLEARANCES, valid_until__lt=Clock())
    late = Condition.objects.overdue().filter(
        decision__deal__status=Status.APPROVED_WITH_CONDITIONS
    )
    ended = [(pk, "Its time is over.") for pk in over.values_list("pk", flat=True)]
    ended += [
        (deal, f"Condition {number} was due on {due:%-d %B %Y} and is not met.")
        for deal, number, due in late.values_list("decision__deal", "number", "due_on")
    ]
    return sum(_lapse(pk, because) for pk, because in dict(reversed(ended)).items())


def _lapse(pk: int, because: str) -> bool:
    try:
        lapse_deal(Deal.objects.get(pk=pk), because=because)
    except IllegalMove:
        # Somebody moved the deal on meanwhile; that is what was wanted.
        return False
    except Exception:
        # The other deals end all the same, and this one is tried again in an hour.
        log.exception("deal not lapsed", extra={"deal": pk})
        return False
    return True
