"""An activation that waits for its day: every refusal, by the verb and again by PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import SYSTEM, AuditEvent
from audit.refusals import Conflict, NotAllowed
from jobs.models import Job
from people import access
from people import actions as people
from policy import actions
from policy.governance import notices, scheduled
from policy.models import Kind, ReferenceVersion, Schedule
from tests import factories
from tests.policy.governance.test_governance import checked, looser, rated, work

pytestmark = pytest.mark.django_db

WHY = "The new edition is not out yet."
State = Schedule.State


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


def in_days(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def schedule(proposer: Any, activator: Any, *, days: int = 0, label: str = "2.0") -> Schedule:
    version, report = checked(rated("FI", "low", "high", label=label), proposer)
    return actions.schedule_activation(
        version, report=report, confirmed=[], on=in_days(days), actor=activator
    )


def told(about: Schedule) -> list[tuple[str, str]]:
    """Who got which mail since the last look."""
    work(notices.KIND)
    sent = [(one.to[0], one.body) for one in mail.outbox]
    mail.outbox.clear()
    return sent


class TestTheDay:
    def test_nothing_changes_before_it(self, anna: Any, boris: Any) -> None:
        former = ReferenceVersion.objects.active().get(kind=Kind.COUNTRIES)
        waiting = schedule(anna, boris, days=1)
        assert scheduled.activate_due() == 0
        assert not actions.activate_scheduled(waiting)
        waiting.refresh_from_db()
        assert waiting.is_waiting
        assert ReferenceVersion.objects.active().get(kind=Kind.COUNTRIES) == former

    def test_on_it_the_version_becomes_active_by_who_chose_it(self, anna: Any, boris: Any) -> None:
        waiting = schedule(anna, boris)
        assert told(waiting)[0][0] == anna.email
        assert scheduled.activate_due() == 1
        waiting.refresh_from_db()
        version = waiting.version
        assert (waiting.state, waiting.reason) == (State.ACTIVATED, "")
        assert (version.is_active, version.activated_by) == (True, boris)
        assert Job.objects.filter(kind=actions.RESCREEN, key=f"version:{version.pk}").exists()
        assert {to for to, _body in told(waiting)} == {anna.email, boris.email}
        event = AuditEvent.objects.filter(verb="version.activated").latest("pk")
        assert event.actor == f"user:{boris.pk}"

    def test_it_comes_once(self, anna: Any, boris: Any) -> None:
        schedule(anna, boris)
        assert [scheduled.activate_due() for _ in range(2)] == [1, 0]

    def test_another_baseline_by_then_and_it_is_not_activated(self, anna: Any, boris: Any) -> None:
        waiting = schedule(anna, boris)
        other, of_other = checked(rated("SE", "low", "medium", label="2.1"), anna)
        actions.activate_version(other, report=of_other, actor=boris)
        told(waiting)
        assert scheduled.activate_due() == 0
        waiting.refresh_from_db()
        assert waiting.state == State.REFUSED
        assert "What is active has changed since the check" in waiting.reason
        assert not waiting.version.is_active
        mails = told(waiting)
        assert {to for to, _body in mails} == {anna.email, boris.email}
        assert all(waiting.reason in body for _to, body in mails)
        assert ReferenceVersion.objects.active().get(kind=Kind.COUNTRIES) == other

    @pytest.mark.parametrize("loss", ["role", "account"])
    def test_who_may_no_longer_activate_does_not(self, anna: Any, boris: Any, loss: str) -> None:
        waiting = schedule(anna, boris)
        if loss == "role":
            boris.groups.clear()
        else:
            people.disable_person(boris, actor=SYSTEM)
        assert scheduled.activate_due() == 0
        waiting.refresh_from_db()
        assert waiting.state == State.REFUSED
        assert not waiting.version.is_active

    def test_one_that_fails_does_not_hold_up_the_next(
        self, anna: Any, boris: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = schedule(anna, boris), schedule(anna, boris, label="2.1")
        whole = actions.activate_scheduled

        def breaks(one: Schedule) -> bool:
            if one.pk == first.pk:
                raise DatabaseError("the disk is full")
            return whole(one)

        monkeypatch.setattr(scheduled, "activate_scheduled", breaks)
        assert scheduled.activate_due() == 1
        second.refresh_from_db()
        assert second.version.is_active
        first.refresh_from_db()
        assert first.is_waiting


def activate_beside_another() -> int:
    try:
        return scheduled.activate_due()
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_activate_it_once(anna: Any, boris: Any) -> None:
    version = schedule(anna, boris).version
    with ThreadPoolExecutor(2) as pool:
        counts = [pool.submit(activate_beside_another) for _ in range(2)]
        assert sorted(one.result() for one in counts) == [0, 1]
    verbs = AuditEvent.objects.filter(subject=version.subject, verb="version.activated")
    assert verbs.count() == 1


class TestChoosing:
    def test_the_proposer_chooses_no_day(self, anna: Any) -> None:
        with pytest.raises(NotAllowed, match="somebody else must activate"):
            schedule(anna, anna, days=1)

    def test_it_needs_the_role(self, anna: Any) -> None:
        with pytest.raises(NotAllowed):
            schedule(anna, factories.compliance_officer(), days=1)

    @pytest.mark.parametrize(
        ("days", "sentence"), [(-1, "That date has passed"), (91, "more than 90 days away")]
    )
    def test_the_day_is_soon(self, anna: Any, boris: Any, days: int, sentence: str) -> None:
        with pytest.raises(Conflict, match=sentence):
            schedule(anna, boris, days=days)

    def test_the_last_day_is_in(self, anna: Any, boris: Any) -> None:
        assert schedule(anna, boris, days=90).is_waiting

    def test_it_needs_a_report_that_holds_now(self, anna: Any, boris: Any) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        with pytest.raises(Conflict, match="never checked"):
            actions.schedule_activation(
                version, report=None, confirmed=[], on=in_days(1), actor=boris
            )

    def test_each_looser_kind_is_confirmed_first(self, anna: Any, boris: Any) -> None:
        factories.deal_in_review()
        version, report = checked(rated("TR", "very_high", "low"), anna)
        choice = {"report": report, "on": in_days(1), "actor": boris}
        with pytest.raises(Conflict, match="Confirm each kind"):
            actions.schedule_activation(version, confirmed=[], **choice)
        waiting = actions.schedule_activation(version, confirmed=looser(report), **choice)
        assert waiting.confirmed == sorted(looser(report))

    def test_while_it_waits_nothing_else_begins(self, anna: Any, boris: Any) -> None:
        waiting = schedule(anna, boris, days=1)
        version, report = waiting.version, waiting.report
        with pytest.raises(Conflict, match="Cancel that first"):
            actions.start_check(version, actor=anna)
        with pytest.raises(Conflict, match="Cancel that first"):
            actions.activate_version(version, report=report, actor=boris)
        with pytest.raises(Conflict, match="Cancel that first"):
            actions.schedule_activation(
                version, report=report, confirmed=[], on=in_days(2), actor=boris
            )


class TestCancelling:
    def test_another_owner_cancels_with_a_reason(self, anna: Any, boris: Any) -> None:
        waiting = schedule(anna, boris)
        told(waiting)
        carla = factories.person(access.POLICY_OWNER, name="Carla Diaz")
        actions.cancel_schedule(waiting, reason=WHY, actor=carla)
        assert (waiting.state, waiting.ended_by, waiting.reason) == (State.CANCELLED, carla, WHY)
        mails = told(waiting)
        assert {to for to, _body in mails} == {anna.email, boris.email}
        assert all(WHY in body for _to, body in mails)
        assert scheduled.activate_due() == 0
        # Whoever had found it before it was cancelled comes too late.
        assert not actions.activate_scheduled(waiting)
        waiting.refresh_from_db()
        assert (waiting.state, waiting.version.is_active) == (State.CANCELLED, False)

    def test_it_can_be_chosen_again(self, anna: Any, boris: Any) -> None:
        waiting = schedule(anna, boris, days=3)
        actions.cancel_schedule(waiting, reason=WHY, actor=boris)
        again = actions.schedule_activation(
            waiting.version, report=waiting.report, confirmed=[], on=in_days(0), actor=boris
        )
        assert actions.activate_scheduled(again)

    def test_it_needs_a_reason(self, anna: Any, boris: Any) -> None:
        waiting = schedule(anna, boris, days=1)
        with pytest.raises(Conflict, match="Say why"):
            actions.cancel_schedule(waiting, reason=" " * 40, actor=boris)

    def test_it_needs_the_role(self, anna: Any, boris: Any) -> None:
        waiting = schedule(anna, boris, days=1)
        for role in (access.SALES, access.COMPLIANCE, access.EXECUTIVE, access.AUDITOR):
            with pytest.raises(NotAllowed):
                actions.cancel_schedule(waiting, reason=WHY, actor=factories.person(role))

    def test_what_is_over_is_not_cancelled(self, anna: Any, boris: Any) -> None:
        waiting = schedule(anna, boris)
        scheduled.activate_due()
        with pytest.raises(Conflict, match="is not scheduled"):
            actions.cancel_schedule(waiting, reason=WHY, actor=boris)


def refused(sql: str, *values: Any) -> str:
    """What PostgreSQL says to this; it must refuse."""
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return str(error.value)


class TestTheDatabase:
    INSERT = (
        "INSERT INTO policy_schedule (version_id, report_id, confirmed, effective_on,"
        " scheduled_by_id, scheduled_at, state, reason, ended_at, ended_by_id)"
        " VALUES (%s, %s, '[]', %s, %s, now(), %s, '', NULL, NULL)"
    )

    def test_it_refuses_the_proposer_and_days_out_of_reach(self, anna: Any, boris: Any) -> None:
        version, report = checked(rated("FI", "low", "high"), anna)
        pair = (version.pk, report.pk)
        assert "proposer" in refused(self.INSERT, *pair, in_days(1), anna.pk, "waiting")
        assert "90 days" in refused(self.INSERT, *pair, in_days(-1), boris.pk, "waiting")
        assert "90 days" in refused(self.INSERT, *pair, in_days(91), boris.pk, "waiting")
        assert "begins as waiting" in refused(self.INSERT, *pair, in_days(1), boris.pk, "activated")

    def test_it_refuses_the_report_of_another_version(self, anna: Any, boris: Any) -> None:
        version, _report = checked(rated("FI", "low", "high"), anna)
        _other, of_other = checked(rated("SE", "low", "medium", label="2.1"), anna)
        said = refused(self.INSERT, version.pk, of_other.pk, in_days(1), boris.pk, "waiting")
        assert "a check of this version that passed" in said

    def test_it_refuses_a_report_that_has_not_passed(self, anna: Any, boris: Any) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        report = actions.start_check(version, actor=anna)
        said = refused(self.INSERT, version.pk, report.pk, in_days(1), boris.pk, "waiting")
        assert "a check of this version that passed" in said

    def test_it_refuses_a_second_day(self, anna: Any, boris: Any) -> None:
        one = schedule(anna, boris, days=1)
        said = refused(self.INSERT, one.version_id, one.report_id, in_days(2), boris.pk, "waiting")
        assert "one_waiting_schedule" in said

    @pytest.mark.usefixtures("nothing_remains")
    def test_it_refuses_activation_before_the_day_or_by_another(
        self, anna: Any, boris: Any
    ) -> None:
        carla = factories.person(access.POLICY_OWNER)
        early = schedule(anna, boris, days=1)
        due = schedule(anna, boris, label="2.1")
        ReferenceVersion.objects.active().of(Kind.COUNTRIES).update(retired_at=timezone.now())
        activate = (
            "UPDATE policy_referenceversion SET activated_by_id = %s, activated_at = now()"
            " WHERE id = %s"
        )
        assert "waits for its day" in refused(activate, boris.pk, early.version_id)
        assert "waits for its day" in refused(activate, carla.pk, due.version_id)
        with connection.cursor() as cursor:
            cursor.execute(activate, [boris.pk, due.version_id])

    def test_it_refuses_to_change_or_drop_one(self, anna: Any, boris: Any) -> None:
        one = schedule(anna, boris, days=1)
        change = "UPDATE policy_schedule SET {} WHERE id = %s"
        for part in ("effective_on = effective_on + 1", "confirmed = '[\"x\"]'"):
            assert "permission denied" in refused(change.format(part), one.pk)
        assert "not activated by" in refused(
            change.format("state = 'activated', ended_at = now()"), one.pk
        )
        assert "permission denied" in refused("DELETE FROM policy_schedule WHERE id = %s", one.pk)
        cancelled = change.format("state = 'cancelled', ended_at = now()")
        assert "schedule_cancelled_by_somebody" in refused(cancelled, one.pk)
        unexplained = change.format("state = 'refused', ended_at = now()")
        assert "when its day has come" in refused(unexplained, one.pk)
        due = schedule(anna, boris, label="2.1")
        assert "schedule_ended_with_reason" in refused(unexplained, due.pk)

    def test_one_that_ended_stays_as_it_ended(self, anna: Any, boris: Any) -> None:
        one = schedule(anna, boris, days=1)
        actions.cancel_schedule(one, reason=WHY, actor=boris)
        back = "UPDATE policy_schedule SET state = 'waiting', ended_at = NULL, ended_by_id = NULL"
        assert "ended never changes" in refused(back)


class TestPages:
    @pytest.fixture
    def site(self, client: Client, boris: Any) -> Client:
        client.force_login(boris)
        return client

    def send(self, site: Client, report: Any, day: str) -> Any:
        address = reverse("policy:activate", args=[report.version_id])
        return site.post(address, {"report": report.pk, "understood": "on", "starts_on": day})

    def page(self, site: Client, name: str, *args: Any) -> str:
        return str(site.get(reverse(f"policy:{name}", args=args)).content.decode())

    def test_a_later_day_is_shown_and_cancelled(self, site: Client, anna: Any) -> None:
        version, report = checked(rated("FI", "low", "high"), anna)
        assert self.send(site, report, in_days(5).isoformat()).status_code == 302
        assert version.schedules.waiting().get().effective_on == in_days(5)
        assert "Scheduled for" in self.page(site, "versions", "countries")
        said = self.page(site, "version", version.pk)
        assert "Boris Lund chose the day." in said
        address = reverse("policy:cancel", args=[version.pk])
        assert address in said
        assert site.get(reverse("policy:activate", args=[version.pk])).status_code == 409
        assert site.post(address, {"reason": "no"}).status_code == 422
        assert site.post(address, {"reason": WHY}).status_code == 302
        said = self.page(site, "version", version.pk)
        assert "Boris Lund cancelled that:" in said
        assert WHY in said
        assert site.get(address).status_code == 409

    @pytest.mark.parametrize("today", [True, False], ids=["today", "left empty"])
    def test_today_is_at_once(self, site: Client, anna: Any, today: bool) -> None:
        version, report = checked(rated("FI", "low", "high"), anna)
        self.send(site, report, in_days(0).isoformat() if today else "")
        version.refresh_from_db()
        assert version.is_active
        assert not version.schedules.exists()

    @pytest.mark.parametrize(
        ("day", "sentence"),
        [
            (-1, "That date has passed. Choose today or a later date."),
            (91, "That date is more than 90 days away. Choose an earlier one."),
            ("soon", "Enter a day such as 2026-12-31"),
        ],
    )
    def test_other_days_are_refused_beside_the_field(
        self, site: Client, anna: Any, day: Any, sentence: str
    ) -> None:
        _version, report = checked(rated("FI", "low", "high"), anna)
        given = in_days(day).isoformat() if isinstance(day, int) else day
        answer = self.send(site, report, given)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()

    def test_a_day_on_which_it_was_refused_says_why(
        self, site: Client, anna: Any, boris: Any
    ) -> None:
        waiting = schedule(anna, boris)
        other, of_other = checked(rated("SE", "low", "medium", label="2.1"), anna)
        actions.activate_version(other, report=of_other, actor=boris)
        assert "will not become active" in self.page(site, "version", waiting.version_id)
        scheduled.activate_due()
        assert "but did not:" in self.page(site, "version", waiting.version_id)
