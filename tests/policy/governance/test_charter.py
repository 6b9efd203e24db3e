"""The charter: three people and time change it, and everything else is held to it."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.models import AuditEvent
from audit.refusals import Conflict, NotAllowed
from jobs.models import Job
from people import access
from policy import actions, active
from policy.facts import shipped
from policy.governance import notices, proposals
from policy.governance.proposals import ProposalRefused
from policy.models import CheckReport, Kind, ReferenceVersion
from tests import factories
from tests.policy.governance.chartering import (
    ACTIVE,
    RADIO,
    aged,
    confirmed,
    content,
    examined,
    unkept,
)
from tests.policy.governance.hollowed import EMPTIED, REVIEWED, rulebook
from tests.policy.governance.test_governance import checked, looser, work

pytestmark = pytest.mark.django_db

State = CheckReport.State


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


@pytest.fixture
def chief() -> Any:
    return factories.executive("Clara Holm")


def of_rulebook(*changes: tuple[str, str]) -> Any:
    return proposals.read(Kind.RULEBOOK, rulebook(*changes), proposals.About())


def promise(report: CheckReport, name: str) -> Any:
    return next(one for one in report.found["promises"] if one["id"] == name)


class TestWhatIsHeldToIt:
    def test_a_new_installation_begins_with_it(self) -> None:
        version = active.version(Kind.CHARTER)
        assert version is not None
        assert version.digest == shipped.charter().digest

    def test_a_rulebook_proves_it_beside_its_own_promises(self, anna: Any) -> None:
        _version, report = checked(of_rulebook(), anna)
        assert report.state == State.PASSED
        of = [one["of"] for one in report.found["promises"]]
        assert (of.count("charter"), of.count("rulebook")) == (29, 29)
        assert {one["state"] for one in report.found["promises"]} == {"proved"}

    def test_a_hollowed_rulebook_is_refused_outright(self, anna: Any, boris: Any) -> None:
        version, report = checked(of_rulebook(*EMPTIED), anna)
        assert report.state == State.FAILED
        assert "Promise P01 “Active surveillance is barred" in report.found["problems"][0]
        with pytest.raises(Conflict, match="did not pass"):
            actions.activate_version(version, report=report, actor=boris)

    def test_so_is_its_second_step(self, anna: Any) -> None:
        _version, report = checked(of_rulebook(*EMPTIED, REVIEWED), anna)
        assert report.state == State.FAILED
        broken = [one["id"] for one in report.found["promises"] if one["state"] == "broken"]
        assert {"CH01", "CH20", "CH21"} <= set(broken)
        assert promise(report, "CH01")["outcome"] == "senior_review"
        assert promise(report, "CH01")["deal"]

    def test_a_rulebook_never_replaces_a_promise(self) -> None:
        with pytest.raises(proposals.ProposalRefused) as refused:
            of_rulebook(("  - id: P02\n", "  - id: CH02\n"))
        [problem] = refused.value.problems
        assert problem.startswith("line ")
        assert "the charter has a promise CH02; a rulebook may add promises" in problem

    def test_postgresql_refuses_such_a_rulebook(self, anna: Any) -> None:
        taken = of_rulebook().text.replace('"id":"P02"', '"id":"CH02"')
        with pytest.raises(DatabaseError, match="never replaces a promise"), transaction.atomic():
            actions.propose_version(replace(of_rulebook(), text=taken), actor=anna)

    def test_a_promise_more_is_an_addition(self, anna: Any) -> None:
        more = (
            "  - id: P02\n",
            "  - id: P99\n    says: Border control in a country of very high risk is reviewed\n"
            "    surely: {all: [{purpose: [border_control]}, {country_risk: [very_high]}]}\n"
            "    only: [senior_review, executive_review, needs_information, bar]\n  - id: P02\n",
        )
        _version, report = checked(of_rulebook(more), anna)
        assert report.state == State.PASSED
        assert (promise(report, "P99")["of"], promise(report, "P99")["state"]) == (
            "rulebook",
            "proved",
        )


class TestTheCheck:
    def test_promises_under_other_ids_are_kept_and_still_wait_for_an_executive(
        self, anna: Any
    ) -> None:
        _version, report = examined(anna, ("  - id: CH15\n", "  - id: CH95\n"))
        assert report.state == State.PROMISES
        assert unkept(report) == {"charter 9.1": "Charter 9.1 takes the place of charter 1.1."}
        assert report.found["problems"] == []

    def test_a_promise_that_is_gone_is_named_with_a_deal(self, anna: Any) -> None:
        _version, report = examined(anna, (RADIO, ""))
        assert report.state == State.PROMISES
        assert list(unkept(report)) == ["charter 9.1", "promise CH15 removed"]
        words = unkept(report)["promise CH15 removed"]
        assert "A deal that lost its protection: " in words

    def test_a_promise_that_another_one_implies_is_kept(self, anna: Any) -> None:
        both = (
            RADIO,
            RADIO.replace("capabilities: {any: [ran]}", "capabilities: {every: [ran, microwave]}"),
        )
        _version, report = examined(anna, both)
        assert list(unkept(report)) == ["charter 9.1"]
        assert looser(report) == ["condition of CH15"]
        [change] = report.found["charter"]
        assert (change["fate"], change["is_silent"]) == ("kept", True)
        assert "radio access network" in change["in_words"]
        assert "microwave transport" in change["in_words_now"]

    def test_a_weakened_promise_is_named_and_its_unchanged_words_pointed_out(
        self, anna: Any
    ) -> None:
        narrowed = ("possibly: {agency_access: [yes]}", "surely: {agency_access: [yes]}")
        _version, report = examined(anna, narrowed)
        assert "promise CH26 changed" in unkept(report)
        [change] = report.found["charter"]
        assert change["is_silent"]
        assert change["in_words"] != change["in_words_now"]
        assert change["lost"]

    @pytest.mark.parametrize(
        "change",
        [
            (ACTIVE, ""),
            (ACTIVE, ACTIVE.replace("only: [bar]", "only: [senior_review, bar]")),
            (ACTIVE, ACTIVE.replace("    from_policy: true\n", "")),
            (ACTIVE, ACTIVE.replace("clause: C2b", "clause: C4a")),
            ("\n        - signalling_exploitation\n", "\n"),
        ],
        ids=["removed", "weakened", "mark removed", "another clause", "class narrowed"],
    )
    def test_what_the_policy_says_in_words_stands(
        self, anna: Any, boris: Any, change: tuple[str, str]
    ) -> None:
        version, report = examined(anna, change)
        assert report.state == State.FAILED
        assert any(
            one.startswith("Promise CH01 ") and "what the policy says in C2b" in one
            for one in report.found["problems"]
        )
        with pytest.raises(Conflict, match="does not ask for promises"):
            confirmed(report, factories.executive())
        with pytest.raises(Conflict, match="did not pass"):
            actions.activate_version(version, report=report, actor=boris)

    def test_a_premise_without_a_deal_is_no_promise(self, anna: Any) -> None:
        nothing = "{all: [{country_risk: [low]}, {country_risk: [high]}]}"
        _version, report = examined(
            anna, ("possibly: {agency_access: [yes]}", f"surely: {nothing}")
        )
        assert report.state == State.FAILED
        assert any("speaks of no deal" in one for one in report.found["problems"])
        assert promise(report, "CH26")["speaks_of"] == {}

    def test_a_conclusion_that_allows_everything_is_no_promise(self, anna: Any) -> None:
        said = "    possibly: {agency_access: [yes]}\n    only: ["
        every = "clear, senior_review, executive_review, needs_information, bar"
        only = f"{said}executive_review, needs_information, bar]"
        with pytest.raises(ProposalRefused) as refused:
            examined(anna, (only, f"{said}{every}]"))
        (problem,) = refused.value.problems
        assert "only: lists every outcome, so it promises nothing" in problem

    def test_the_active_rules_must_keep_it(self, anna: Any) -> None:
        stricter = ("possibly: intelligence\n    only: [executive_review, needs_information, bar]",)
        _version, report = examined(anna, (*stricter, "possibly: intelligence\n    only: [bar]"))
        assert report.state == State.FAILED
        assert promise(report, "CH03")["state"] == "broken"
        assert promise(report, "CH03")["deal"]

    def test_it_counts_the_deals_that_a_promise_speaks_of(self, anna: Any) -> None:
        factories.barred_deal()
        _version, report = examined(anna)
        standing = promise(report, "CH01")["standing"]
        assert standing["labelled"] > 10
        assert standing["stored"] == 1
        assert (standing["clause"], standing["from_policy"]) == ("C2b", True)
        assert standing["in_words"].startswith("Where ")
        assert standing["in_words"].endswith("the outcome is barred.")
        assert promise(report, "CH18")["standing"]["labelled"] is None

    def test_a_promise_of_the_rulebook_keeps_its_id(self, anna: Any) -> None:
        _version, report = examined(anna, ("  - id: CH15\n", "  - id: P15\n"))
        assert "Rulebook 1.1 has a promise P15 of its own." in report.found["problems"][0]

    def test_an_unknown_clause_is_a_mistake_with_its_line(self) -> None:
        with pytest.raises(proposals.ProposalRefused) as refused:
            content((ACTIVE, ACTIVE.replace("clause: C2b", "clause: C9z")))
        assert "the policy has no clause" in refused.value.problems[0]
        assert refused.value.problems[0].startswith("line ")


class TestPeopleAndTime:
    def test_two_owners_an_executive_and_seven_days(
        self, anna: Any, boris: Any, chief: Any, mighty: Any
    ) -> None:
        auditor, senior = factories.auditor(), factories.senior()
        version, report = examined(anna, (RADIO, ""))
        with pytest.raises(Conflict, match="executive reviewer must confirm"):
            actions.activate_version(version, report=report, actor=boris)
        confirmed(report, chief)
        with pytest.raises(Conflict, match="waits 7 days after its check"):
            actions.activate_version(version, report=report, actor=boris)
        today = timezone.localdate()
        with pytest.raises(Conflict, match="waits 7 days"):
            actions.schedule_activation(version, report=report, confirmed=[], actor=boris, on=today)
        aged(report, mighty)
        with pytest.raises(NotAllowed, match="You proposed this version"):
            actions.activate_version(version, report=report, actor=anna)
        with pytest.raises(NotAllowed, match="for the role policy owner"):
            actions.activate_version(version, report=report, actor=chief)
        former = active.version(Kind.CHARTER)
        actions.activate_version(version, report=report, confirmed=looser(report), actor=boris)
        version.refresh_from_db()
        former.refresh_from_db()
        assert (version.is_active, former.is_active) == (True, False)
        told = AuditEvent.objects.filter(subject=version.subject).latest("pk")
        assert (told.verb, '"kind":"charter"' in told.payload) == ("version.activated", True)
        assert not Job.objects.filter(kind=actions.RESCREEN, key=f"version:{version.pk}").exists()
        for reader in (auditor, senior, chief):
            subjects = notices.mails_to(reader).order_by("pk").values_list("subject", flat=True)
            assert [one for one in subjects if one.startswith("Charter 9.1 is ")] == [
                "Charter 9.1 is proposed",
                "Charter 9.1 is active now",
            ]
        assert "7 days have passed" in notices.mails_to(auditor).earliest("pk").body

    @pytest.mark.parametrize("role", [access.COMPLIANCE, access.SENIOR, access.EXECUTIVE])
    def test_only_policy_owners_propose(self, role: str) -> None:
        with pytest.raises(NotAllowed, match="role policy owner"):
            actions.propose_version(content(), actor=factories.person(role))
        assert not ReferenceVersion.objects.filter(label="9.1").exists()

    def test_a_later_check_does_not_begin_the_time_anew(
        self, anna: Any, boris: Any, chief: Any, mighty: Any
    ) -> None:
        version, first = examined(anna)
        aged(first, mighty)
        again = actions.start_check(version, actor=anna)
        work(actions.CHECK)
        again.refresh_from_db()
        confirmed(again, chief)
        actions.activate_version(version, report=again, actor=boris)
        version.refresh_from_db()
        assert version.is_active

    def test_a_rulebook_checked_under_the_former_charter_is_checked_again(
        self, anna: Any, boris: Any, chief: Any, mighty: Any
    ) -> None:
        waits, old = checked(of_rulebook(), anna)
        version, report = examined(anna)
        confirmed(report, chief)
        aged(report, mighty)
        actions.activate_version(version, report=report, actor=boris)
        with pytest.raises(Conflict, match="What is active has changed"):
            actions.activate_version(waits, report=old, actor=boris)


@pytest.mark.usefixtures("nothing_remains")
class TestPostgreSQL:
    def activated(self, version: ReferenceVersion, actor: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "UPDATE policy_referenceversion SET retired_at = clock_timestamp()"
                " WHERE kind = 'charter' AND retired_at IS NULL AND activated_at IS NOT NULL"
            )
            cursor.execute(
                "UPDATE policy_referenceversion SET activated_at = clock_timestamp(),"
                " activated_by_id = %s WHERE id = %s",
                [actor.pk, version.pk],
            )

    def test_it_wants_the_confirmation_and_the_days(
        self, anna: Any, boris: Any, chief: Any, mighty: Any
    ) -> None:
        version, report = examined(anna)
        with pytest.raises(DatabaseError, match="without a check that passed"):
            self.activated(version, boris)
        confirmed(report, chief)
        with pytest.raises(DatabaseError, match="a charter waits before"):
            self.activated(version, boris)
        aged(report, mighty, days=6)
        with pytest.raises(DatabaseError, match="a charter waits before"):
            self.activated(version, boris)
        aged(report, mighty, days=1)
        self.activated(version, boris)
