"""Mails about versions: what became of an activation that was to wait for its day.

The text is written with the change it tells of, into the job that delivers it.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.db.models import Case, F, QuerySet, When
from django.db.models.fields.json import KT
from django.template.loader import render_to_string
from django.utils.formats import date_format

from jobs.models import Job
from jobs.queue import performs
from policy.models import Schedule

KIND = "version_mail"


def tell_of_schedule(schedule: Schedule, *, but: Any = None) -> None:
    """Proposer and activator hear where a schedule stands, but for the one who acted."""
    people = {one.pk: one for one in (schedule.version.proposed_by, schedule.scheduled_by)}
    for pk, person in people.items():
        if but is None or pk != but.pk:
            _write(schedule, person)


def mails_to(person: Any) -> QuerySet[Job]:
    """The mails to this person, each with its ``subject``, ``body`` and ``sent_at`` (or None)."""
    # Each has a key, and the index on kinds and keys holds only rows that have one.
    mails = Job.objects.filter(kind=KIND, args__to=person.pk).exclude(key="")
    return mails.annotate(
        subject=KT("args__subject"), body=KT("args__body"),
        sent_at=Case(When(state=Job.State.DONE, then=F("finished_at"))),
    )  # fmt: skip


def _write(schedule: Schedule, person: Any) -> None:
    text = render_to_string("emails/schedule.txt", _words(schedule, person)).strip()
    subject, _, body = text.partition("\n")
    Job.objects.enqueue(
        KIND, key=f"schedule:{schedule.pk}:{schedule.state}:{person.pk}",
        to=person.pk, subject=subject.strip()[:200], body=body.strip() + "\n",
    )  # fmt: skip


def _words(schedule: Schedule, person: Any) -> dict[str, Any]:
    is_waiting = schedule.state == Schedule.State.WAITING
    return {
        "schedule": schedule,
        "person": person,
        "site": settings.SITE_URL,
        "state": "scheduled" if is_waiting else schedule.get_state_display().lower(),
        "day": date_format(schedule.effective_on, "j F Y"),
        "chosen_by": _name(schedule.scheduled_by),
        "ended_by": _name(schedule.ended_by) if schedule.ended_by else "",
    }


def _name(person: Any) -> str:
    return person.get_full_name() or person.username


@performs(KIND)
def deliver(job: Job) -> None:
    """Send the mail of this job; its Message-ID is made from the row, so a repeat collapses."""
    person = get_user_model().objects.get(pk=job.args["to"])
    if person.email:
        EmailMessage(
            subject=job.args["subject"],
            body=job.args["body"],
            to=[person.email],
            headers={"Message-ID": f"<version-mail-{job.pk}@{settings.MAIL_DOMAIN}>"},
        ).send()
