"""A clearance that could not be screened again ends: row, event, emails, page; and how it heals."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.test import Client

from jobs import queue
from jobs.kinds import ON_ROWS
from jobs.models import Clock, Job
from policy.models import Kind, ReferenceVersion
from screening import actions, deriving
from screening.lifecycle import Status
from screening.models import Deal
from screening.sweep import rescreen
from tests import factories
from tests.reviews.test_races import at_once

pytestmark = pytest.mark.django_db
WHY = "answers that nobody can read"
Breaks = Callable[..., None]


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Breaks:
    """Make the answers of a deal unreadable."""
    derives = deriving.of_revision

    def sicken(sick: Deal, error: type[Exception] = ValueError) -> None:
        def of_revision(revision: Any, *more: Any) -> Any:
            if revision.deal_id == sick.pk:
                raise error(f"{WHY}\nand more for a programmer")
            return derives(revision, *more)

        monkeypatch.setattr(deriving, "of_revision", of_revision)

    return sicken


def retire(kind: str) -> None:
    ReferenceVersion.objects.active().of(kind).update(retired_at=Clock())


def fail(job: Job) -> None:
    """Try the job until it is given up."""
    for _ in range(ON_ROWS.attempts):
        assert not queue.perform(job.pk)
        Job.objects.filter(pk=job.pk).unfinished().update(not_before=Clock())
    job.refresh_from_db()
    assert job.state == Job.State.FAILED


def follow_up(job: Job) -> Job:
    follows: Job = Job.objects.get(kind=rescreen.UNSCREENED, args={"job": job.pk})
    return follows


def after_upgrade(*deals: Deal) -> Job:
    pks = sorted(deal.pk for deal in deals)
    job: Job = Job.objects.enqueue(rescreen.UPGRADED_PART, first=pks[0], last=pks[-1])
    return job


def lapse_by_failure(deal: Deal, breaks: Breaks) -> Job:
    breaks(deal)
    job = after_upgrade(deal)
    fail(job)
    assert queue.perform(follow_up(job).pk)
    deal.refresh_from_db()
    return job


@pytest.mark.parametrize("make", [factories.cleared_deal, factories.approved_deal])
def test_it_lapses_and_everybody_is_told(make: Callable[[], Deal], breaks: Breaks) -> None:
    deal = make()
    colleague, carla = factories.sales_person(team=deal.team), factories.compliance_officer()
    factories.auditor()
    before = deal.notifications.count()
    job = lapse_by_failure(deal, breaks)
    assert deal.status == Status.LAPSED
    event = deal.events().last()
    because = f"It could not be screened again: {WHY}"
    assert (event.verb, event.actor) == ("deal.lapsed", "system")
    recorded = json.loads(event.payload)
    assert (recorded["because"], recorded["job"]) == (because, job.pk)
    emails = list(deal.notifications.order_by("pk"))[before:]
    assert [email.to for email in emails] == [deal.owner, colleague, carla]
    assert all("lapsed" in email.subject and because in email.body for email in emails)
    assert f"/deals/{deal.pk}/" in emails[0].body
    assert f"/compliance/{deal.pk}/" in emails[2].body


@pytest.mark.parametrize(
    "make", [factories.draft_deal, factories.deal_in_review, factories.barred_deal]
)
def test_what_is_no_clearance_is_left_as_it_is(make: Callable[[], Deal]) -> None:
    factories.reference_data()
    deal = make()
    status, told = deal.status, deal.audit_verbs()
    actions.lapse_unscreened(deal, why=WHY, job=1)
    deal.refresh_from_db()
    assert (deal.status, deal.audit_verbs()) == (status, told)


def test_it_lapses_with_its_event_and_its_emails_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deal = factories.cleared_deal()
    told, emails = deal.audit_verbs(), deal.notifications.count()

    def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("No email can be written.")

    monkeypatch.setattr(actions.mail, "tell_of_failure", broken)
    with pytest.raises(RuntimeError, match="No email"):
        actions.lapse_unscreened(deal, why=WHY, job=1)
    deal.refresh_from_db()
    assert (deal.status, deal.audit_verbs()) == (Status.CLEARED, told)
    assert deal.notifications.count() == emails


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_of_it_once() -> None:
    deal = factories.cleared_deal()
    lapse = partial(actions.lapse_unscreened, why=WHY, job=1)
    found = [partial(lapse, Deal.objects.get(pk=deal.pk)) for _ in range(2)]
    assert at_once(*found) == {"done": 2}
    assert deal.audit_verbs().count("deal.lapsed") == 1
    lapsed = deal.notifications.filter(subject__contains="lapsed", to=deal.owner)
    assert lapsed.count() == 1


def test_its_page_says_what_to_do_and_sending_it_again_heals_it(
    client: Client, breaks: Breaks, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = factories.cleared_deal()
    lapse_by_failure(deal, breaks)
    client.force_login(deal.owner)
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert f"It could not be screened again: {WHY} Do not go ahead." in page
    assert f'href="/deals/{deal.pk}/check/"' in page
    monkeypatch.undo()
    actions.submit_deal(deal, send_key=uuid4(), actor=deal.owner)
    deal.refresh_from_db()
    assert deal.status == Status.CLEARED
    assert deal.audit_verbs()[-2:] == ["deal.screened", "deal.cleared"]
    assert "It could not be screened" not in client.get(f"/deals/{deal.pk}/sent/").content.decode()


def test_what_heals_before_the_end_stays_cleared(
    breaks: Breaks, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal = factories.cleared_deal()
    job = after_upgrade(deal)
    breaks(deal)
    fail(job)
    monkeypatch.undo()
    assert queue.perform(follow_up(job).pk)
    deal.refresh_from_db()
    assert deal.status == Status.CLEARED
    assert "deal.lapsed" not in deal.audit_verbs()


def test_only_the_clearance_that_is_refused_lapses(breaks: Breaks) -> None:
    sick, sound, waiting = (
        factories.cleared_deal(),
        factories.cleared_deal(),
        factories.deal_in_review(),
    )
    breaks(sick)
    job = after_upgrade(sick, sound, waiting)
    fail(job)
    assert f"deal {sick.pk}: {WHY}" in job.error
    assert queue.perform(follow_up(job).pk)
    statuses = dict(Deal.objects.values_list("pk", "status"))
    assert statuses == {
        sick.pk: Status.LAPSED,
        sound.pk: Status.CLEARED,
        waiting.pk: Status.IN_REVIEW,
    }


@pytest.mark.usefixtures("nothing_remains")
@pytest.mark.parametrize("kind", [rescreen.RESCREEN, rescreen.RESCREEN_PART])
def test_without_reference_data_no_clearance_holds(kind: str) -> None:
    deal = factories.cleared_deal()
    version = ReferenceVersion.objects.active().of(Kind.RULEBOOK).get()
    job = Job.objects.enqueue(kind, version=version.pk, first=deal.pk, last=deal.pk)
    retire(Kind.REGISTRY)
    fail(job)
    assert queue.perform(follow_up(job).pk)
    deal.refresh_from_db()
    assert deal.status == Status.LAPSED
    assert "No end-user registry is active." in deal.why(verb="deal.lapsed")


def test_after_an_activation_only_what_is_due_lapses(
    mighty: Callable[..., None], breaks: Breaks
) -> None:
    """Its newest screening names what is active, so it was screened, whatever became of the job."""
    deal = factories.cleared_deal()
    version = ReferenceVersion.objects.active().of(Kind.RULEBOOK).get()
    job = Job.objects.enqueue(
        rescreen.RESCREEN_PART, version=version.pk, first=deal.pk, last=deal.pk
    )
    mighty(
        "jobs_job",
        "UPDATE jobs_job SET state = 'failed', finished_at = now() WHERE id = %s",
        [job.pk],
    )
    breaks(deal)
    rescreen.give_up(job)
    assert queue.perform(follow_up(job).pk)
    deal.refresh_from_db()
    assert deal.status == Status.CLEARED


@pytest.mark.parametrize("refusal", [ValueError, IntegrityError])
def test_a_ruling_reaches_the_other_deals_when_one_is_refused(
    breaks: Breaks, refusal: type[Exception]
) -> None:
    """The deals of the end user follow the ruling, and the job names the one that cannot."""
    answers = {**factories.SENIOR, "customer": "Bosporus Telekom"}
    first, sick, last = (factories.sent_deal(answers, alone=False) for _ in range(3))
    breaks(sick, refusal)
    factories.ruled(first, "adverse_info", "alleged")
    job = Job.objects.get(kind=actions.AFTER_RULING)
    assert not queue.perform(job.pk)
    job.refresh_from_db()
    assert f"deal {sick.pk}" in job.error
    last.refresh_from_db()
    assert last.screening.facts[0]["adverse_info"] == "alleged"


def test_the_last_time_no_deal_is_tried(
    mighty: Callable[..., None], breaks: Breaks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deal of which workers die must not keep the others, or itself, from lapsing."""
    deal = factories.cleared_deal()
    breaks(deal)
    job = after_upgrade(deal)
    fail(job)
    follows = follow_up(job)
    mighty(
        "jobs_job",
        "UPDATE jobs_job SET attempts = %s WHERE id = %s",
        [ON_ROWS.attempts - 1, follows.pk],
    )
    tried: list[int] = []
    monkeypatch.setattr(rescreen, "_why_not", lambda pk, failed: tried.append(pk))
    assert queue.perform(follows.pk)
    deal.refresh_from_db()
    assert (deal.status, tried) == (Status.LAPSED, [])
    assert rescreen.DIED in deal.why(verb="deal.lapsed")


def test_a_job_that_fails_again_is_followed_again(
    mighty: Callable[..., None], breaks: Breaks
) -> None:
    deal = factories.cleared_deal()
    job = lapse_by_failure(deal, breaks)
    assert Job.objects.failed().filter(pk=job.pk).retry() == 1
    other = factories.cleared_deal()
    args = json.dumps({"first": other.pk, "last": other.pk})
    mighty("jobs_job", "UPDATE jobs_job SET args = %s WHERE id = %s", [args, job.pk])
    breaks(other)
    fail(job)
    assert Job.objects.filter(kind=rescreen.UNSCREENED).count() == 2
