"""A proposal that is taken back: every refusal, by the verb and again by PostgreSQL."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from audit.refusals import Conflict, NotAllowed
from jobs.models import Job
from people import access
from policy import actions
from policy.governance import scheduled
from policy.models import CheckReport, Kind, ReferenceVersion
from tests import factories
from tests.policy.governance.test_governance import checked, rated, shipped
from tests.policy.governance.test_schedule import in_days, refused, schedule

pytestmark = pytest.mark.django_db

WHY = "The source has taken this edition back."


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


def proposal(proposer: Any, label: str = "2.0") -> ReferenceVersion:
    return actions.propose_version(rated("FI", "low", "high", label=label), actor=proposer)


def withdrawn(version: ReferenceVersion, actor: Any) -> ReferenceVersion:
    actions.withdraw_version(version, reason=WHY, actor=actor)
    version.refresh_from_db()
    return version


def only_stored(version: ReferenceVersion) -> bool:
    """Whether the row and its events know of no withdrawal."""
    version.refresh_from_db()
    told = AuditEvent.objects.filter(subject=version.subject, verb="version.withdrawn")
    left = (version.withdrawn_at, version.withdrawn_by, version.withdrawn_because)
    return left == (None, None, "") and not told.exists()


class TestWithdrawing:
    def test_the_proposer_does_it_and_the_ledger_holds_why(self, anna: Any) -> None:
        version = withdrawn(proposal(anna), anna)
        assert (version.withdrawn_by, version.withdrawn_because) == (anna, WHY)
        assert version.withdrawn_at is not None
        assert not version.is_proposed
        event = AuditEvent.objects.filter(subject=version.subject).latest("pk")
        assert (event.verb, event.actor) == ("version.withdrawn", f"user:{anna.pk}")
        payload = json.loads(event.payload)
        assert (payload["reason"], payload["digest"]) == (WHY, version.digest)

    def test_another_owner_does_it_whatever_the_check_found(self, anna: Any, boris: Any) -> None:
        version, report = checked(rated("FI", "low", "high"), anna)
        assert report.has_passed
        assert withdrawn(version, boris).withdrawn_by == boris

    def test_compliance_does_it_for_a_kind_of_its_own(self, anna: Any) -> None:
        officer = factories.compliance_officer()
        content = replace(shipped(Kind.REGISTRY), label="2.0")
        version = actions.propose_version(content, actor=anna)
        assert withdrawn(version, officer).withdrawn_by == officer

    def test_it_needs_the_role(self, anna: Any) -> None:
        version = proposal(anna)
        for role in (access.SALES, access.COMPLIANCE, access.EXECUTIVE, access.AUDITOR):
            with pytest.raises(NotAllowed):
                actions.withdraw_version(version, reason=WHY, actor=factories.person(role))
        anna.groups.clear()
        with pytest.raises(NotAllowed):
            actions.withdraw_version(version, reason=WHY, actor=User.objects.get(pk=anna.pk))
        assert only_stored(version)

    @pytest.mark.parametrize("reason", ["", "too short", " " * 40])
    def test_it_needs_a_reason(self, anna: Any, reason: str) -> None:
        version = proposal(anna)
        with pytest.raises(Conflict, match="Say why in at least 20"):
            actions.withdraw_version(version, reason=reason, actor=anna)
        assert only_stored(version)

    def test_what_is_or_was_active_stays(self, anna: Any, boris: Any) -> None:
        former = ReferenceVersion.objects.active().get(kind=Kind.COUNTRIES)
        version, report = checked(rated("FI", "low", "high"), anna)
        actions.activate_version(version, report=report, actor=boris)
        for one in (version, former):
            with pytest.raises(Conflict, match="already been activated"):
                actions.withdraw_version(one, reason=WHY, actor=anna)
            assert only_stored(one)

    def test_a_day_that_waits_is_cancelled_first(self, anna: Any, boris: Any) -> None:
        waiting = schedule(anna, boris)
        with pytest.raises(Conflict, match="Cancel that first"):
            actions.withdraw_version(waiting.version, reason=WHY, actor=anna)
        assert only_stored(waiting.version)
        actions.cancel_schedule(waiting, reason=WHY, actor=boris)
        withdrawn(waiting.version, anna)
        assert scheduled.activate_due() == 0

    def test_a_check_that_runs_is_waited_for(self, anna: Any) -> None:
        version = proposal(anna)
        actions.start_check(version, actor=anna)
        with pytest.raises(Conflict, match="still running"):
            actions.withdraw_version(version, reason=WHY, actor=anna)
        assert only_stored(version)

    def test_a_check_that_nobody_will_end_is_closed(self, anna: Any) -> None:
        version = proposal(anna)
        report = actions.start_check(version, actor=anna)
        assert Job.objects.get(kind=actions.CHECK).cancel()
        withdrawn(version, anna)
        report.refresh_from_db()
        assert report.state == CheckReport.State.CRASHED

    def test_it_happens_once(self, anna: Any, boris: Any) -> None:
        version = withdrawn(proposal(anna), anna)
        with pytest.raises(Conflict, match="was withdrawn"):
            actions.withdraw_version(version, reason=WHY + " Again.", actor=boris)
        version.refresh_from_db()
        assert (version.withdrawn_by, version.withdrawn_because) == (anna, WHY)


class TestAfterwards:
    def test_nothing_begins_with_it(self, anna: Any, boris: Any) -> None:
        version, report = checked(rated("FI", "low", "high"), anna)
        withdrawn(version, anna)
        with pytest.raises(Conflict, match="was withdrawn"):
            actions.start_check(version, actor=anna)
        with pytest.raises(Conflict, match="was withdrawn"):
            actions.activate_version(version, report=report, actor=boris)
        with pytest.raises(Conflict, match="was withdrawn"):
            actions.schedule_activation(
                version, report=report, confirmed=[], on=in_days(1), actor=boris
            )
        version.refresh_from_db()
        assert version.activated_at is None
        assert version.reports.count() == 1
        assert not version.schedules.exists()

    def test_its_content_is_proposed_again(self, anna: Any) -> None:
        withdrawn(proposal(anna), anna)
        again = proposal(anna, label="2.1")
        assert again.is_proposed


@pytest.mark.usefixtures("nothing_remains")
class TestTheDatabase:
    WITHDRAW = (
        "UPDATE policy_referenceversion SET withdrawn_at = now(), withdrawn_by_id = %s,"
        " withdrawn_because = %s WHERE id = %s"
    )

    def test_it_takes_all_three_or_none(self, anna: Any) -> None:
        version = proposal(anna)
        name = "withdrawn_by_somebody_with_reason"
        assert name in refused(self.WITHDRAW, None, WHY, version.pk)
        assert name in refused(self.WITHDRAW, anna.pk, "", version.pk)
        update = "UPDATE policy_referenceversion SET {} WHERE id = %s"
        for part in ("withdrawn_at = now()", "withdrawn_because = 'x'"):
            assert name in refused(update.format(part), version.pk)
        with connection.cursor() as cursor:
            cursor.execute(self.WITHDRAW, [anna.pk, WHY, version.pk])

    def test_it_allows_nothing_else_on_the_way(self, anna: Any) -> None:
        version = proposal(anna)
        more = self.WITHDRAW.replace(" WHERE", ", note = 'other' WHERE")
        assert "permission denied" in refused(more, anna.pk, WHY, version.pk)

    def test_what_is_or_was_active_stays(self, anna: Any) -> None:
        active = ReferenceVersion.objects.active().get(kind=Kind.COUNTRIES)
        name = "withdrawn_versions_are_never_active"
        assert name in refused(self.WITHDRAW, anna.pk, WHY, active.pk)

    def test_a_withdrawn_one_is_never_active(self, anna: Any, boris: Any) -> None:
        version, _report = checked(rated("FI", "low", "high"), anna)
        withdrawn(version, anna)
        activate = (
            "UPDATE policy_referenceversion SET activated_at = now(), activated_by_id = %s"
            " WHERE id = %s"
        )
        former = ReferenceVersion.objects.active().get(kind=Kind.COUNTRIES)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE policy_referenceversion SET retired_at = now() WHERE id = %s", [former.pk]
            )
        name = "withdrawn_versions_are_never_active"
        assert name in refused(activate, boris.pk, version.pk)

    def test_it_is_final(self, anna: Any, boris: Any) -> None:
        version = withdrawn(proposal(anna), anna)
        assert "final" in refused(self.WITHDRAW, boris.pk, WHY, version.pk)
        back = (
            "UPDATE policy_referenceversion SET withdrawn_at = NULL, withdrawn_by_id = NULL,"
            " withdrawn_because = '' WHERE id = %s"
        )
        assert "final" in refused(back, version.pk)

    def test_a_day_or_a_check_comes_first(self, anna: Any, boris: Any) -> None:
        waiting = schedule(anna, boris)
        said = refused(self.WITHDRAW, anna.pk, WHY, waiting.version_id)
        assert "waits for its day is not withdrawn" in said
        version = proposal(anna, label="2.1")
        actions.start_check(version, actor=anna)
        said = refused(self.WITHDRAW, anna.pk, WHY, version.pk)
        assert "not withdrawn while its check runs" in said

    def test_none_begins_as_withdrawn(self, anna: Any) -> None:
        columns = "kind, content, written, digest, source, edition, licence, note, proposed_by_id"
        said = refused(
            f"INSERT INTO policy_referenceversion ({columns}, label, proposed_at, withdrawn_at,"
            f" withdrawn_by_id, withdrawn_because) SELECT {columns}, '9.0', now(), now(), %s, %s"
            " FROM policy_referenceversion LIMIT 1",
            anna.pk,
            WHY,
        )
        assert "begins as a proposal" in said

    def test_nothing_begins_with_a_withdrawn_one(self, anna: Any, boris: Any) -> None:
        version, report = checked(rated("FI", "low", "high"), anna)
        withdrawn(version, anna)
        said = refused(
            "INSERT INTO policy_checkreport (version_id, digest, baseline_digest, state, text,"
            " asked_by_id, asked_at) VALUES (%s, %s, 'x', 'running', '', %s, now())",
            version.pk,
            version.digest,
            anna.pk,
        )
        assert "neither checked nor scheduled" in said
        said = refused(
            "INSERT INTO policy_schedule (version_id, report_id, confirmed, effective_on,"
            " scheduled_by_id, scheduled_at, state, reason)"
            " VALUES (%s, %s, '[]', %s, %s, now(), 'waiting', '')",
            version.pk,
            report.pk,
            in_days(1),
            boris.pk,
        )
        assert "neither checked nor scheduled" in said


class TestPages:
    def page(self, site: Client, name: str, *args: Any) -> str:
        return str(site.get(reverse(f"policy:{name}", args=args)).content.decode())

    def test_it_is_withdrawn_with_a_reason_and_marked(
        self, site: Client, anna: Any, boris: Any
    ) -> None:
        version, _report = checked(rated("FI", "low", "high"), anna)
        address = reverse("policy:withdraw", args=[version.pk])
        assert address in self.page(site, "version", version.pk)
        assert site.get(address).status_code == 200
        answer = site.post(address, {"reason": "no"})
        assert answer.status_code == 422
        assert "Say why in at least 20 characters" in answer.content.decode()
        assert only_stored(version)
        answer = site.post(address, {"reason": WHY})
        assert answer.headers["Location"] == reverse("policy:version", args=[version.pk])

        said = self.page(site, "version", version.pk)
        assert "Anna Berg withdrew it" in said
        assert WHY in said
        assert address not in said
        assert reverse("policy:check", args=[version.pk]) not in said
        assert f"?from={version.pk}" in said, "its content can be proposed again"
        assert site.get(address).status_code == 409
        site.force_login(boris)
        assert reverse("policy:activate", args=[version.pk]) not in self.page(
            site, "report", version.pk
        )
        answer = site.get(reverse("policy:activate", args=[version.pk]))
        assert answer.status_code == 409
        assert "This version was withdrawn" in answer.content.decode()

    def test_the_list_has_it_last(self, site: Client, anna: Any) -> None:
        withdrawn(proposal(anna), anna)
        answer = site.get(reverse("policy:versions", args=["countries"]))
        assert [row["state"][1] for row in answer.context["rows"]] == ["Active", "Withdrawn"]
        assert WHY in answer.content.decode()
        rows = site.get(reverse("policy:kinds")).context["rows"]
        assert [row["proposed"] for row in rows] == [""] * len(Kind)
        site.force_login(factories.sales_person())
        assert WHY not in self.page(site, "versions", "countries")

    @pytest.mark.parametrize("is_checked", [False, True], ids=["unchecked", "checked"])
    def test_it_is_nobodys_turn(
        self, site: Client, anna: Any, boris: Any, is_checked: bool
    ) -> None:
        content = rated("FI", "low", "high")
        version = checked(content, anna)[0] if is_checked else proposal(anna)
        whose = boris if is_checked else anna
        site.force_login(whose)
        assert len(site.get("/").context["turns"]) == 1
        withdrawn(version, anna)
        assert site.get("/").context["turns"] == []

    def test_while_it_is_checked_or_waits_there_is_no_way_to(
        self, site: Client, anna: Any, boris: Any
    ) -> None:
        waiting = schedule(anna, boris, days=1).version
        running = proposal(anna, label="2.1")
        actions.start_check(running, actor=anna)
        for version in (waiting, running):
            address = reverse("policy:withdraw", args=[version.pk])
            assert address not in self.page(site, "version", version.pk)
            assert site.get(address).status_code == 409
            assert site.post(address, {"reason": WHY}).status_code == 409
            assert only_stored(version)
