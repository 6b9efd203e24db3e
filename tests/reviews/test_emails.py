"""Every email about a deal says which deal, whose it is, what to do next, and where."""

from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.urls import reverse

from jobs.models import Job
from reviews import actions as reviewing
from screening import actions as selling
from screening.models import Deal, Notification, Screening
from screening.sweep import rescreen
from tests import factories as make
from tests.policy.governance.test_governance import work
from tests.screening.sweep import sweeping

pytestmark = pytest.mark.django_db

TITLE, CUSTOMER = "Packet core renewal", "Lusitania Movil"


def sent(answers: dict[str, Any]) -> Deal:
    return make.sent_deal({**answers, "name": TITLE, "customer": CUSTOMER}, alone=False)


def asked(deal: Deal) -> None:
    rosa = make.senior()
    reviewing.claim_deal(deal, actor=rosa)
    reviewing.ask_sales(deal, questions=[("", "Who runs the network?")], actor=rosa)


def conditional(deal: Deal) -> None:
    make.senior()
    make.vote_on(
        deal, actor=make.senior(), verdict="approve_with_conditions", conditions=[make.duty()]
    )


def barred_in_review(deal: Deal) -> None:
    reviewing.claim_deal(deal, actor=make.executive())
    sweeping.prepare(sweeping.rulebook(sweeping.STRICTER))()
    selling.rescreen_deal(deal, cause=Screening.Cause.VERSION, because="The rulebook changed.")


@pytest.mark.parametrize(
    ("answers", "before", "story", "subject", "todo", "page"),
    [
        (
            make.CITED,
            make.compliance_officer,
            None,
            "waits for compliance",
            "open the deal, look",
            "reviews:compliance-deal",
        ),
        (
            make.SENIOR,
            make.senior,
            None,
            "waits for a senior review",
            "claim it, then assess it",
            "reviews:deal",
        ),
        (
            make.EXECUTIVE,
            make.executive,
            None,
            "waits for an executive review",
            "claim it, then assess it",
            "reviews:deal",
        ),
        (
            make.SENIOR,
            None,
            asked,
            "questions from a reviewer",
            "answer the questions and send",
            "screening:deal",
        ),
        (
            make.SENIOR,
            None,
            conditional,
            "waits for another vote",
            "claim it, then assess it",
            "reviews:deal",
        ),
        (
            make.EXECUTIVE,
            None,
            barred_in_review,
            "left the review (barred)",
            "You need to do nothing now",
            "reviews:deal",
        ),
        (make.BARRED, None, None, "barred", "You can start a changed deal", "screening:deal"),
        (make.SIMPLE, None, None, "cleared", "You can go ahead", "screening:deal"),
    ],
    ids=["compliance", "senior", "executive", "questions", "vote", "left", "barred", "cleared"],
)
def test_it_names_the_deal_the_customer_and_the_next_step(
    answers: Any, before: Any, story: Any, subject: str, todo: str, page: str
) -> None:
    make.reference_data()
    if before:
        before()
    deal = sent(answers)
    if story:
        story(deal)
    note = Notification.objects.filter(subject__contains=subject).latest("pk")
    assert note.subject.startswith(deal.reference)
    for text in (note.subject, note.body):
        assert f"{TITLE}, {CUSTOMER}" in text
    assert deal.reference in note.body
    assert todo in note.body
    assert f"{settings.SITE_URL}{reverse(page, args=[deal.pk])}\n" in note.body


def test_mails_of_a_sweep_say_the_same() -> None:
    make.reference_data()
    deal = sent(make.SIMPLE)
    sweeping.prepare(sweeping.rated({"FI": "low high"}))()
    make.senior()
    sweeping.work("rescreen")
    sweeping.work(rescreen.RESCREEN_PART)
    note = Notification.objects.filter(subject__contains="senior review").latest("pk")
    assert note.subject == f"{deal.reference} waits for a senior review: {TITLE}, {CUSTOMER}"
    assert f"{settings.SITE_URL}{reverse('reviews:deal', args=[deal.pk])}\n" in note.body
    assert "4242424242" not in note.subject + note.body


def test_a_name_of_two_lines_is_a_subject_of_one() -> None:
    """Anything else is refused as a header, and nobody would get the email."""
    make.reference_data()
    deal = make.sent_deal({**make.SIMPLE, "name": "Metro\r\nBcc: radio"})
    note = Notification.objects.get(deal=deal, to=deal.owner)
    assert f"cleared: Metro Bcc: radio, {deal.customer}" in note.subject
    assert Job.objects.filter(kind="mail").count() == 1
    work("mail")
    assert [(one.subject, one.body) for one in mail.outbox] == [(note.subject, note.body)]
