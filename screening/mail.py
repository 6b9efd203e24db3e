"""Which mails a change sends, and delivering one.

A mail is a row of the transaction it tells of, with its job beside it: no mail without the
change, no change without its mail. Mails name the deal and the status, never votes or reviewers.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from audit import access
from jobs.models import Clock, Job
from jobs.queue import performs
from screening.lifecycle import Status
from screening.models import Deal, Notification

KIND = "mail"
ROLE_OF_LEVEL = {"senior": access.SENIOR, "executive": access.EXECUTIVE}


def tell(deal: Deal, person: Any, *, template: str, **words: Any) -> Notification:
    """Write one mail to one person, from templates/emails/<template>.txt (first line: subject)."""
    context = {"deal": deal, "person": person, "site": settings.SITE_URL, **words}
    text = render_to_string(f"emails/{template}.txt", context).strip()
    subject, _, body = text.partition("\n")
    note = Notification.objects.create(
        deal=deal, to=person, subject=subject.strip()[:200], body=body.strip() + "\n"
    )
    Job.objects.enqueue(KIND, notification=note.pk)
    return note


def tell_of_status(deal: Deal) -> None:
    """The owner hears of each change of status, reviewers of each deal that needs them."""
    tell(deal, deal.owner, template="status")
    if deal.status == Status.IN_REVIEW:
        for reviewer in reviewers_for(deal):
            tell(deal, reviewer, template="review_needed")
    if deal.turn == "compliance":
        for person in holders_of(access.COMPLIANCE, deal):
            tell(deal, person, template="compliance_needed")


def reviewers_for(deal: Deal) -> list[Any]:
    return holders_of(ROLE_OF_LEVEL[deal.review_level], deal)


def holders_of(role: str, deal: Deal) -> list[Any]:
    """Active people with the role who have no part in the deal."""
    return list(
        get_user_model()
        .objects.filter(groups__name=role, is_active=True)
        .exclude(sales_teams=deal.team)
        .exclude(pk__in=deal.contributors.values("user"))
        .order_by("pk")
    )


@performs(KIND)
def deliver(job: Job) -> None:
    """Send the mail of this job; its Message-ID is made from the row, so a repeat collapses."""
    note = Notification.objects.select_related("to").get(pk=job.args["notification"])
    if note.sent_at is None and note.to.email:
        EmailMessage(
            subject=note.subject,
            body=note.body,
            to=[note.to.email],
            headers={"Message-ID": f"<notification-{note.pk}@{settings.MAIL_DOMAIN}>"},
        ).send()
    Notification.objects.filter(pk=note.pk, sent_at=None).update(sent_at=Clock())
