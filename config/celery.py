"""The Celery app and its schedule. Workers and beat start with `celery -A config.celery`."""

import os

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("proviso")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# The sweeper is what guarantees progress; beat only helps where no sweeper runs.
app.conf.beat_schedule = {
    "sweep": {"task": "jobs.tasks.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "lapse": {"task": "reviews.tasks.lapse_due", "schedule": 3600.0, "options": {"expires": 3600}},
    "activate": {
        "task": "policy.scheduled.activate_due", "schedule": 300.0, "options": {"expires": 300},
    },
}  # fmt: skip


@worker_init.connect
def check_login(**_: object) -> None:
    from config.ops import refuse_mighty_login  # Django is set up only now

    refuse_mighty_login()
