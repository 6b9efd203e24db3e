"""The Celery app and its schedule. Workers and beat start with `celery -A config.celery`."""

import os

from celery import Celery
from celery.signals import worker_init

from jobs.kinds import BEAT, QUEUES, Lane

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("proviso")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# The sweeper is what guarantees progress; beat only helps where no sweeper runs.
app.conf.beat_schedule = {
    **{
        f"sweep-{lane}": {
            "task": "jobs.tasks.sweep",
            "args": (lane.value,),
            "schedule": float(BEAT),
            "options": {"queue": queue, "expires": BEAT},
        }
        for lane, queue in QUEUES.items()
    },
    # Short work too: none of it may wait until a check is over.
    "lapse": {
        "task": "reviews.tasks.lapse_due",
        "schedule": 3600.0,
        "options": {"queue": QUEUES[Lane.SHORT], "expires": 3600},
    },
    "activate": {
        "task": "policy.governance.scheduled.activate_due",
        "schedule": 300.0,
        "options": {"queue": QUEUES[Lane.SHORT], "expires": 300},
    },
    # A law counts no longer from midnight on, whoever screens; this takes back what was cleared.
    "expire-laws": {
        "task": "policy.governance.scheduled.expire_laws",
        "schedule": 900.0,
        "options": {"queue": QUEUES[Lane.SHORT], "expires": 900},
    },
}


@worker_init.connect
def check_login(**_: object) -> None:
    from config.ops import refuse_mighty_login  # Django is set up only now

    refuse_mighty_login()
