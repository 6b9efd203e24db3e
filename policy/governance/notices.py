"""Emails about versions: activations that wait for their day, promises to be confirmed, charters,
laws that ended.

The text is written with the change it reports, into the job that delivers it.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.db.models import Case, F, QuerySet, When
from django.db.models.fields.json import KT
from django.template.loader import render_to_string
from django.utils.formats import date_format

from jobs.kinds import ON_ANOTHER_HOST, Lane
from jobs.models import Job
from jobs.queue import performs
from people import access
from people.names import address_of, name_of
from policy.models import CheckReport, Kind, PromiseConfirmation, ReferenceVersion, Schedule
from policy.reference.laws import Law
from policy.verbs import OWNERS

KIND = "version_mail"
#: Who can object while a charter waits.
READERS_OF_CHARTERS = (*access.REVIEWERS, access.AUDITOR)


def tell_of_schedule(schedule: Schedule, *, but: Any = None) -> None:
    """Proposer and activator hear where a schedule stands, but for the one who acted."""
    people = {user.pk: user for user in (schedule.version.proposed_by, schedule.scheduled_by)}
    for pk, person in people.items():
        if but is None or pk != but.pk:
            _write(schedule, person)


def ask_about_promises(report: CheckReport) -> None:
    """Every executive reviewer hears that promises wait for a confirmation, but the proposer."""
    for person in _executives():
        if person.pk != report.version.proposed_by_id:
            _enqueue(
                person,
                "promises",
                f"promises:{report.pk}:{person.pk}",
                report=report,
                changes=report.found["unkept"],
            )


def tell_of_confirmed_promises(confirmation: PromiseConfirmation) -> None:
    """The proposer and whoever asked for the check hear that it can be activated now."""
    report = confirmation.report
    people = {user.pk: user for user in (report.version.proposed_by, report.asked_by)}
    for pk, person in people.items():
        _enqueue(
            person,
            "promises_confirmed",
            f"promises-confirmed:{report.pk}:{pk}",
            report=report,
            confirmation=confirmation,
        )


def tell_of_charter(version: ReferenceVersion) -> None:
    """Every reviewer and auditor hears of a charter that is proposed, and when it became active."""
    step = "activated" if version.activated_at else "proposed"
    people = get_user_model().objects.filter(is_active=True, groups__name__in=READERS_OF_CHARTERS)
    for person in people.distinct().order_by("pk"):
        _enqueue(
            person,
            "charter",
            f"charter:{version.pk}:{step}:{person.pk}",
            version=version,
            is_active=version.activated_at is not None,
            days=settings.CHARTER_DAYS,
        )


def tell_of_expired_law(version: ReferenceVersion, law: Law) -> None:
    """Everybody who may propose a version of the register hears that a law ended."""
    people = get_user_model().objects.filter(is_active=True, groups__name__in=OWNERS[Kind.LAWS])
    for person in people.distinct().order_by("pk"):
        _enqueue(
            person,
            "law_expired",
            f"law-expired:{version.pk}:{law.id}:{person.pk}",
            law=law,
            day=date_format(law.valid_until, "j F Y"),
        )


def _executives() -> QuerySet[Any]:
    people = get_user_model().objects.filter(is_active=True, groups__name=access.EXECUTIVE)
    return people.order_by("pk")


def mails_to(person: Any) -> QuerySet[Job]:
    """The emails to this person, each with its ``subject``, ``body`` and ``sent_at`` (or None)."""
    # Each has a key, and the index on kinds and keys holds only rows that have one.
    mails = Job.objects.filter(kind=KIND, args__to=person.pk).exclude(key="")
    return mails.annotate(
        subject=KT("args__subject"),
        body=KT("args__body"),
        sent_at=Case(When(state=Job.State.DONE, then=F("finished_at"))),
    )


def _write(schedule: Schedule, person: Any) -> None:
    key = f"schedule:{schedule.pk}:{schedule.state}:{person.pk}"
    _enqueue(person, "schedule", key, **_words(schedule))


def _enqueue(person: Any, template: str, key: str, **context: Any) -> None:
    text = render_to_string(
        f"emails/{template}.txt", {**context, "person": person, "site": settings.SITE_URL}
    ).strip()
    subject, _, body = text.partition("\n")
    Job.objects.enqueue(
        KIND, key=key, to=person.pk, subject=subject.strip()[:200], body=body.strip() + "\n"
    )


def _words(schedule: Schedule) -> dict[str, Any]:
    is_waiting = schedule.state == Schedule.State.WAITING
    return {
        "schedule": schedule,
        "state": "scheduled" if is_waiting else schedule.get_state_display().lower(),
        "day": date_format(schedule.effective_on, "j F Y"),
        "afterwards": _afterwards(schedule.version),
        "chosen_by": name_of(schedule.scheduled_by),
        "ended_by": name_of(schedule.ended_by) if schedule.ended_by else "",
    }


def _afterwards(version: ReferenceVersion) -> str:
    if version.kind == Kind.CHARTER:
        return "Every version of the policy is held to it from now on."
    return "Open, cleared and approved deals are screened again."


@performs(KIND, lane=Lane.SHORT, retries=ON_ANOTHER_HOST)
def deliver(job: Job) -> None:
    """Send the email of this job; its Message-ID is made from the row, so a repeat collapses.

    Raises NoAddress.
    """
    person = get_user_model().objects.get(pk=job.args["to"])
    EmailMessage(
        subject=job.args["subject"],
        body=job.args["body"],
        to=[address_of(person)],
        headers={"Message-ID": f"<version-mail-{job.pk}@{settings.MAIL_DOMAIN}>"},
    ).send()
