"""Propose, check, activate: two people, a report of exactly this content, and the sweep after."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import AuditEvent
from audit.refusals import Conflict, NotAllowed
from jobs import queue
from jobs.models import Clock, Job
from people import access
from policy import actions
from policy.governance import checking, proposals, proving, reports, versions
from policy.governance.versions import Content
from policy.models import CheckReport, Kind, ReferenceVersion
from screening import deriving
from screening.models import Screening
from screening.sweep import rescreen
from tests import factories, unguarded
from tests.screening.sweep.sweeping import work

pytestmark = pytest.mark.django_db

State = CheckReport.State


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


def shipped(kind: str) -> Content:
    return next(one for one in versions.shipped_contents() if one.kind == kind)


def rated(code: str, before: str, after: str, label: str = "2.0") -> Content:
    """The shipped countries with the rating of one changed."""
    content = shipped(Kind.COUNTRIES)
    line = next(
        part
        for part in content.text.split("\\n")
        if part.startswith(f"{code},2") and part.endswith(f",{before}")
    )
    changed = line.removesuffix(before) + after
    return replace(content, label=label, text=content.text.replace(line, changed))


def checked(content: Content, proposer: Any) -> tuple[ReferenceVersion, CheckReport]:
    version = actions.propose_version(content, actor=proposer)
    report = actions.start_check(version, actor=proposer)
    work(actions.CHECK)
    report.refresh_from_db()
    return version, report


def looser(report: CheckReport) -> list[str]:
    return [one["name"] for one in report.found["looser"]]


class TestTheReport:
    def test_a_graver_rating_passes_and_shows_who_is_affected(self, anna: Any) -> None:
        deal = factories.cleared_deal()
        _version, report = checked(rated("FI", "low", "high"), anna)
        assert report.state == State.PASSED
        found = report.found
        assert found["backtest"]["matrix"] == [["clear", "senior_review", 1]]
        assert [one["deal"] for one in found["backtest"]["affected"]] == [deal.pk]
        assert found["looser"] == []
        assert found["entries"][0]["entries"] == ["Finland"]

    def test_a_milder_rating_names_what_got_looser(self, anna: Any) -> None:
        factories.deal_in_review()
        _version, report = checked(rated("TR", "very_high", "low"), anna)
        assert looser(report) == [
            "country risk very_high to low",
            "labelled NC-044",
            "past senior_review to clear",
            "CH06 speaks of fewer",
        ]

    def test_it_belongs_to_one_content_and_one_baseline(self, anna: Any) -> None:
        version, report = checked(rated("FI", "low", "high"), anna)
        assert report.digest == version.digest
        assert report.found["version"]["digest"] == version.digest
        assert set(report.found["baseline"]) == set(Kind.values)

    def test_a_finished_one_never_changes(self, anna: Any) -> None:
        _version, report = checked(rated("FI", "low", "high"), anna)
        for change in ("state = 'failed'", "text = '{}'", "digest = 'sha256:0'"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"UPDATE policy_checkreport SET {change} WHERE id = %s", [report.pk])
        with pytest.raises(DatabaseError), transaction.atomic():
            report.delete()

    def test_none_begins_as_passed(self, anna: Any) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO policy_checkreport (version_id, digest, baseline_digest, state, text,"
                " asked_by_id, asked_at, finished_at)"
                " VALUES (%s, %s, 'x', 'passed', '{}', %s, now(), now())",
                [version.pk, version.digest, anna.pk],
            )

    def test_one_that_breaks_is_no_pass(
        self, anna: Any, boris: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def breaks(*_args: Any, **_more: Any) -> Any:
            raise MemoryError

        monkeypatch.setattr(checking, "examine", breaks)
        version, report = checked(rated("FI", "low", "high"), anna)
        assert report.state == State.CRASHED
        with pytest.raises(Conflict, match="did not pass"):
            actions.activate_version(version, report=report, actor=boris)

    def test_a_promise_without_an_answer_is_no_pass(
        self, anna: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def silent(rulebook: Any, _charter: Any) -> list[proving.Proved]:
            return [proving.Proved(one.id, one.says, proving.OPEN) for one in rulebook.promises]

        monkeypatch.setattr(proving, "prove", silent)
        _version, report = checked(replace(shipped(Kind.RULEBOOK), label="1.2"), anna)
        assert report.state == State.FAILED
        assert "could not be proved" in report.found["problems"][0]

    def test_a_second_start_finds_the_running_one(self, anna: Any) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        first = actions.start_check(version, actor=anna)
        assert actions.start_check(version, actor=anna) == first

    def test_one_whose_job_ended_in_silence_is_closed_as_crashed(self, anna: Any) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        first = actions.start_check(version, actor=anna)
        assert actions.job_of(first).cancel()
        second = actions.start_check(version, actor=anna)
        first.refresh_from_db()
        assert (first.state, second.state) == (State.CRASHED, State.RUNNING)


def changed_rulebook(*changes: tuple[str, str]) -> Content:
    """The shipped rulebook as version 1.2 with these texts replaced."""
    text = shipped(Kind.RULEBOOK).written
    for old, new in (*changes, ('label: "1.1"', 'label: "1.2"')):
        assert text.count(old) == 1
        text = text.replace(old, new)
    return proposals.read(Kind.RULEBOOK, text, proposals.About())


WEAKER = (
    "title: Active surveillance is excluded\n    clause: C2b\n    outcome: bar",
    "title: Active surveillance is excluded\n    clause: C2b\n    outcome: senior_review",
)
STRICTER = (
    "title: Military in a high-risk country\n    clause: C3a, C4\n    outcome: executive_review",
    "title: Military in a high-risk country\n    clause: C3a, C4\n    outcome: bar",
)


class TestTheRulebook:
    def test_a_broken_promise_names_the_rule_and_a_plain_deal(self, anna: Any, boris: Any) -> None:
        version, report = checked(changed_rulebook(WEAKER), anna)
        assert report.state == State.FAILED
        broken = {one["id"]: one for one in report.found["promises"] if one["state"] == "broken"}
        assert "P01" in broken
        assert f"{len(broken)} promises are broken." in report.found["problems"]
        assert broken["P01"]["deal"]["capabilities"]
        assert broken["P01"]["outcome"] != "bar"
        told = reports.promises(report.found, proposals.vocabulary())[0]
        assert told["state"] == "broken"
        assert told["deal"]
        with pytest.raises(Conflict, match="did not pass"):
            actions.activate_version(version, report=report, actor=boris)

    def test_what_got_weaker_comes_first_and_is_to_be_confirmed(self, anna: Any) -> None:
        _version, report = checked(changed_rulebook(WEAKER), anna)
        first = reports.differences(report.found, proposals.vocabulary())[0]
        assert first.change.is_looser
        assert "B01" in first.rules
        assert looser(report)

    def test_a_stricter_one_is_proved_activated_and_moves_deals(
        self, anna: Any, boris: Any
    ) -> None:
        deal = factories.deal_in_review(level="executive")
        version, report = checked(changed_rulebook(STRICTER), anna)
        assert report.found["problems"] == []
        assert {one["state"] for one in report.found["promises"]} == {"proved"}
        assert report.found["looser"] == []
        assert report.found["backtest"]["matrix"] == [["executive_review", "bar", 1]]
        actions.activate_version(version, report=report, actor=boris)
        work(actions.RESCREEN)
        work(rescreen.RESCREEN_PART)
        deal.refresh_from_db()
        assert deal.status == "barred"
        assert deal.screening.rulebook == version

    def test_one_that_repeats_no_promise_is_held_to_the_charter(self, anna: Any) -> None:
        written = shipped(Kind.RULEBOOK).written
        promises = written[written.index("\npromises:\n") :]
        _version, report = checked(changed_rulebook((promises, "\n")), anna)
        assert report.state == State.PASSED
        assert {one["of"] for one in report.found["promises"]} == {"charter"}
        assert looser(report) == [f"promise P{number:02} removed" for number in range(1, 30)]


class TestRoles:
    OWNERS = {
        Kind.CHARTER: {access.POLICY_OWNER},
        Kind.RULEBOOK: {access.POLICY_OWNER},
        Kind.COUNTRIES: {access.POLICY_OWNER},
        Kind.CATALOGUE: {access.POLICY_OWNER, access.COMPLIANCE},
        Kind.REGISTRY: {access.POLICY_OWNER, access.COMPLIANCE},
        Kind.LAWS: {access.POLICY_OWNER, access.COMPLIANCE},
    }

    @pytest.mark.parametrize("kind", Kind.values)
    @pytest.mark.parametrize("role", access.ROLE_NAMES)
    def test_who_proposes_which_kind(self, kind: str, role: str) -> None:
        content = replace(shipped(kind), label="9.9")
        actor = factories.person(role)
        if role in self.OWNERS[Kind(kind)]:
            assert actions.propose_version(content, actor=actor).proposed_by == actor
            return
        before = AuditEvent.objects.count()
        with pytest.raises(NotAllowed, match="are for the role"):
            actions.propose_version(content, actor=actor)
        assert not ReferenceVersion.objects.of(kind).filter(label="9.9").exists()
        assert AuditEvent.objects.count() == before

    def test_a_check_is_started_by_who_may_propose(self, anna: Any) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        with pytest.raises(NotAllowed, match="are for the role"):
            actions.start_check(version, actor=factories.compliance_officer())
        assert not version.reports.exists()


@pytest.mark.usefixtures("mighty")
class TestPostgresql:
    @pytest.mark.parametrize(
        "change",
        [
            "content = content || ' '",
            "written = 'x'",
            "label = 'x'",
            "digest = 'x'",
            "note = 'x'",
            "proposed_by_id = activated_by_id",
            "kind = 'registry'",
            "source = 'x'",
            "edition = 'x'",
            "licence = 'x'",
        ],
    )
    def test_what_was_proposed_never_changes(self, change: str) -> None:
        version = ReferenceVersion.objects.active().get(kind=Kind.COUNTRIES)
        with pytest.raises(DatabaseError, match="content of a reference version never changes"):
            run(f"UPDATE policy_referenceversion SET {change} WHERE id = {version.pk}")

    def test_nothing_is_deleted(self, anna: Any) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        with pytest.raises(DatabaseError, match="a reference version is never deleted"):
            run(f"DELETE FROM policy_referenceversion WHERE id = {version.pk}")

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ("activated_at = now()", "an activation is final"),
            ("activated_at = NULL, activated_by_id = NULL", "an activation is final"),
            ("retired_at = NULL", "a retired version stays retired"),
        ],
    )
    def test_an_activation_and_a_retirement_are_final(
        self, anna: Any, boris: Any, change: str, sentence: str
    ) -> None:
        former = ReferenceVersion.objects.active().get(kind=Kind.COUNTRIES)
        version, report = checked(rated("FI", "low", "high"), anna)
        actions.activate_version(version, report=report, actor=boris)
        with pytest.raises(DatabaseError, match=sentence):
            run(f"UPDATE policy_referenceversion SET {change} WHERE id = {former.pk}")


def run(statement: str) -> None:
    """As a superuser would: the application's login has no right to most of it."""
    with transaction.atomic(), connection.cursor() as cursor:
        unguarded.Lent(cursor).execute(statement)


class TestActivation:
    def test_it_needs_a_report(self, anna: Any, boris: Any) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        with pytest.raises(Conflict, match="never checked"):
            actions.activate_version(version, actor=boris)

    def test_it_needs_a_finished_report(self, anna: Any, boris: Any) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        report = actions.start_check(version, actor=anna)
        with pytest.raises(Conflict, match="still running"):
            actions.activate_version(version, report=report, actor=boris)

    def test_it_needs_another_person(self, anna: Any) -> None:
        version, report = checked(rated("FI", "low", "high"), anna)
        with pytest.raises(NotAllowed, match="somebody else must activate"):
            actions.activate_version(version, report=report, actor=anna)

    def test_it_needs_the_role(self, anna: Any) -> None:
        version, report = checked(rated("FI", "low", "high"), anna)
        for role in (access.SALES, access.COMPLIANCE, access.EXECUTIVE, access.AUDITOR):
            with pytest.raises(NotAllowed):
                actions.activate_version(version, report=report, actor=factories.person(role))

    def test_it_needs_the_newest_report(self, anna: Any, boris: Any) -> None:
        version, old = checked(rated("FI", "low", "high"), anna)
        actions.start_check(version, actor=anna)
        work(actions.CHECK)
        with pytest.raises(Conflict, match="newer check"):
            actions.activate_version(version, report=old, actor=boris)

    def test_a_report_against_another_baseline_is_stale(self, anna: Any, boris: Any) -> None:
        version, report = checked(rated("FI", "low", "high"), anna)
        other, of_other = checked(rated("SE", "low", "medium", label="2.1"), anna)
        actions.activate_version(other, report=of_other, actor=boris)
        with pytest.raises(Conflict, match="What is active has changed since the check"):
            actions.activate_version(version, report=report, actor=boris)

    def test_each_looser_kind_is_confirmed_by_name(self, anna: Any, boris: Any) -> None:
        factories.deal_in_review()
        version, report = checked(rated("TR", "very_high", "low"), anna)
        names = looser(report)
        for confirmed in ([], names[:1], names[1:]):
            with pytest.raises(Conflict, match="Confirm each kind"):
                actions.activate_version(version, report=report, confirmed=confirmed, actor=boris)
        actions.activate_version(version, report=report, confirmed=names, actor=boris)
        version.refresh_from_db()
        assert version.is_active

    @pytest.mark.usefixtures("nothing_remains")
    def test_postgresql_refuses_it_without_a_passed_report(self, anna: Any, boris: Any) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        ReferenceVersion.objects.active().of(Kind.COUNTRIES).update(retired_at=Clock())
        with pytest.raises(DatabaseError, match="without a check that passed"):
            ReferenceVersion.objects.filter(pk=version.pk).update(
                activated_by=boris, activated_at=Clock()
            )

    def test_the_former_version_retires_and_comes_back_only_as_a_proposal(
        self, anna: Any, boris: Any
    ) -> None:
        former = ReferenceVersion.objects.active().of(Kind.COUNTRIES).get()
        version, report = checked(rated("FI", "low", "high"), anna)
        actions.activate_version(version, report=report, actor=boris)
        former.refresh_from_db()
        assert former.retired_at is not None
        with pytest.raises(Conflict, match="already been activated"):
            actions.activate_version(former, actor=anna)


class TestTheSweep:
    @pytest.fixture
    def activated(self, anna: Any, boris: Any) -> Iterator[list[Any]]:
        """Deals of every status, then a list under which Finland and Turkey are of high risk."""
        deals = [
            factories.cleared_deal(),
            factories.deal_in_review(),
            factories.approved_deal(),
            factories.barred_deal(),
            factories.rejected_deal(),
            factories.draft_deal(),
        ]
        version, report = checked(rated("FI", "low", "high"), anna)
        actions.activate_version(version, report=report, actor=boris)
        return deals

    def test_each_live_deal_is_screened_once(self, activated: list[Any]) -> None:
        before = Screening.objects.count()
        version = ReferenceVersion.objects.active().get(kind=Kind.COUNTRIES)
        job = Job.objects.get(kind=actions.RESCREEN, key=f"version:{version.pk}")
        queue.perform(job.pk)
        work(rescreen.RESCREEN_PART)
        assert Screening.objects.count() == before + 3
        again = Screening.objects.filter(cause=Screening.Cause.VERSION)
        assert {one.revision.deal_id for one in again} == {deal.pk for deal in activated[:3]}
        assert not rescreen.due().exists()

    def test_deals_move_by_the_lifecycle_and_people_hear_of_it(self, activated: list[Any]) -> None:
        cleared = activated[0]
        factories.senior()
        work(actions.RESCREEN)
        work(rescreen.RESCREEN_PART)
        for deal in activated:
            deal.refresh_from_db()
        assert [deal.status for deal in activated] == [
            "in_review",
            "in_review",
            "approved",
            "barred",
            "rejected",
            "draft",
        ]
        assert cleared.audit_verbs()[-2:] == ["deal.screened", "deal.reopened_for_review"]
        told = {note.to_id for note in cleared.notifications.all()}
        assert cleared.owner_id in told
        assert len(told) >= 2

    def test_a_run_that_died_goes_on_where_it_stopped(self, activated: list[Any]) -> None:
        work(actions.RESCREEN)
        first = rescreen.due().first()
        assert first is not None
        assert rescreen.screen_one(first.pk, because="The first before the crash.")
        before = Screening.objects.count()
        work(rescreen.RESCREEN_PART)
        assert Screening.objects.count() == before + 2
        assert not rescreen.screen_one(first.pk, because="A late worker.")
        assert Screening.objects.count() == before + 2

    def test_chunks_of_a_dead_worker_go_to_another(
        self, activated: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rescreen, "CHUNK_SIZE", 1)
        work(actions.RESCREEN)
        chunks = list(Job.objects.filter(kind=rescreen.RESCREEN_PART).order_by("pk"))
        assert len(chunks) == 3
        assert Job.objects.claim(chunks[0].pk, lease=timedelta(seconds=-1))
        before = Screening.objects.count()
        work(rescreen.RESCREEN_PART)
        assert Screening.objects.count() == before + 3
        assert not Job.objects.filter(kind=rescreen.RESCREEN_PART).unfinished().exists()

    def test_a_deal_that_cannot_be_screened_stops_no_other(
        self, activated: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        derives = deriving.of_revision
        sick = activated[0]

        def breaks(revision: Any, *more: Any) -> Any:
            if revision.deal_id == sick.pk:
                raise ValueError("answers that nobody can read")
            return derives(revision, *more)

        monkeypatch.setattr(deriving, "of_revision", breaks)
        work(actions.RESCREEN)
        job = Job.objects.get(kind=rescreen.RESCREEN_PART)
        assert not queue.perform(job.pk)
        job.refresh_from_db()
        assert "answers that nobody can read" in job.error
        assert list(rescreen.due()) == [sick]
        monkeypatch.setattr(deriving, "of_revision", derives)
        Job.objects.filter(pk=job.pk).update(not_before=job.created_at)
        assert queue.perform(job.pk)
        assert not rescreen.due().exists()

    def test_the_first_version_of_a_kind_starts_no_sweep(self) -> None:
        assert not Job.objects.filter(kind=actions.RESCREEN).exists()
