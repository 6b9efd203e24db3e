"""The page Emails: what a person was sent about deals and about versions, and nobody else's."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from jobs.models import Job
from people import access
from policy import actions
from policy.governance import notices, scheduled
from screening.models import Notification
from tests import factories
from tests.policy.governance.test_governance import work
from tests.policy.governance.test_schedule import WHY, schedule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


@pytest.fixture
def anna() -> Any:
    return factories.person(access.POLICY_OWNER, name="Anna Berg")


@pytest.fixture
def boris() -> Any:
    return factories.person(access.POLICY_OWNER, name="Boris Lund")


def mailbox(person: Any, page: int = 1) -> Any:
    client = Client()
    client.force_login(person)
    return client.get("/mail/", {"page": page})


def subjects(person: Any, page: int = 1) -> list[str]:
    return [one["subject"] for one in mailbox(person, page).context["page"]]


def test_a_mail_about_a_version_is_on_the_page_of_who_got_it(anna: Any, boris: Any) -> None:
    waiting = schedule(anna, boris)
    job = Job.objects.get(kind=notices.KIND)
    assert (job.args["to"], job.state) == (anna.pk, Job.State.PENDING)
    said = mailbox(anna).content.decode()
    assert f"<h2>{waiting.version}: scheduled</h2>" in said
    assert "Boris Lund chose" in said
    assert "not sent yet" in said
    assert f"to {anna.email}" in said
    assert subjects(boris) == [], "who acted is not told"


def test_it_is_sent_when_its_job_is_done(anna: Any, boris: Any) -> None:
    schedule(anna, boris)
    work(notices.KIND)
    job = Job.objects.get(kind=notices.KIND)
    assert job.state == Job.State.DONE
    (shown,) = mailbox(anna).context["page"]
    assert shown["sent_at"] == job.finished_at
    assert shown["created_at"] == job.created_at
    assert "not sent yet" not in mailbox(anna).content.decode()
    assert [(one.subject, one.body) for one in mail.outbox] == [(shown["subject"], shown["body"])]


def test_each_step_is_a_mail_and_the_newest_is_first(anna: Any, boris: Any) -> None:
    cancelled = schedule(anna, boris, days=3)
    actions.cancel_schedule(cancelled, reason=WHY, actor=boris)
    due = schedule(anna, boris, label="2.1")
    scheduled.activate_due()
    assert subjects(anna) == [
        f"{due.version}: became active",
        f"{due.version}: scheduled",
        f"{cancelled.version}: cancelled",
        f"{cancelled.version}: scheduled",
    ]
    assert subjects(boris) == [f"{due.version}: became active"]


def test_mails_about_deals_and_versions_share_the_pages(anna: Any, boris: Any) -> None:
    deal = factories.cleared_deal()
    about = {"deal": deal, "to": anna, "body": "A deal changed."}
    for n in reversed(range(20)):
        Notification.objects.create(subject=f"Before {n}", **about)
    version = schedule(anna, boris, days=1).version
    Notification.objects.create(subject="After", **about)

    first = mailbox(anna)
    assert subjects(anna) == ["After", f"{version}: scheduled", *(f"Before {n}" for n in range(18))]
    assert subjects(anna, 2) == ["Before 18", "Before 19"]
    assert "1 to 20 of 22 emails" in first.content.decode()
    assert subjects(deal.owner) == list(
        Notification.objects.filter(to=deal.owner).newest_first().values_list("subject", flat=True)
    )
