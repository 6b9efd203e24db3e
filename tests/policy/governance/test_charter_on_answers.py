"""The second list of the charter: what is promised of answers, changed as the first one is."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from audit.refusals import Conflict
from policy import actions, active
from policy.engine.language.charter import Charter
from policy.engine.language.reading_charter import read_charter
from policy.facts import shipped
from policy.governance import on_answers, proposals, succession
from policy.governance.proposals import ProposalRefused
from policy.models import CheckReport, Kind
from policy.wording import clauses
from screening import actions as selling
from tests import factories
from tests.policy.governance import chartering
from tests.policy.governance.chartering import LISTED, PRODUCT, WHY, aged, confirmed, unkept
from tests.policy.governance.hollowed import rulebook
from tests.policy.governance.test_governance import checked, looser
from tests.policy.governance.test_on_answers import DATA, without_rule

State = CheckReport.State
#: The charter of before the list, as it stands in installations.
DIGEST_1_0 = "sha256:5ce235db11fac77b9cc597c28fac5d35d53cf8e00d60b2609af7e9bfad814be1"
ASKED = "answer_intelligence_access: [yes, unknown]"


def charter(*changes: tuple[str, str]) -> Charter:
    text = chartering.text(*changes)
    return read_charter(
        text, shipped.vocabulary(), answers=shipped.answers(), file="c", cited=clauses.known()
    )


def compared(*changes: tuple[str, str], before: Charter | None = None) -> succession.Next:
    return on_answers.compared(before or shipped.charter(), charter(*changes))


class TestWhatBecomesOfThem:
    def test_one_that_is_gone_is_named_with_answers(self) -> None:
        found = compared((LISTED, ""))
        [change] = found.changes
        assert (change.name, found.problems) == ("promise A03 removed", [])
        assert "Kinds under which the registry lists the end user: an intelligence" in change.words
        assert "not asked" not in change.words
        assert change.in_words.startswith("Where kinds under which the registry lists")

    @pytest.mark.parametrize(
        ("listed_as", "fate"),
        [("[intelligence_security, military]", "kept"), ("[military]", "removed")],
    )
    def test_one_that_another_one_implies_is_kept(self, listed_as: str, fate: str) -> None:
        other = LISTED.replace("A03", "A93").replace("[intelligence_security]", listed_as)
        [change] = compared((LISTED, other)).changes
        assert (change.id, change.fate) == ("A03", fate)
        assert change.must_be_confirmed is (fate == "removed")

    def test_a_weaker_condition_under_the_same_words_is_pointed_out(self) -> None:
        [change] = compared((ASKED, "answer_intelligence_access: [yes]")).changes
        assert (change.name, change.is_silent) == ("promise A04 changed", True)
        assert "is yes or unknown" in change.in_words
        assert "is yes, the outcome" in change.in_words_now

    @pytest.mark.parametrize(
        "change",
        [
            (PRODUCT, ""),
            (PRODUCT, PRODUCT.replace("[bar]", "[needs_information, bar]")),
            (PRODUCT, PRODUCT.replace("      from_policy: true\n", "")),
            (PRODUCT, PRODUCT.replace("C2b", "C4a")),
            ("          - signalling_exploitation\n", ""),
        ],
        ids=["removed", "weakened", "mark removed", "another clause", "class narrowed"],
    )
    def test_what_the_policy_says_in_words_stands(self, change: tuple[str, str]) -> None:
        problems = compared(change).problems
        assert len(problems) == 1
        assert "says what the policy says in C2b" in problems[0]

    def test_one_that_speaks_of_no_answers_is_no_promise(self) -> None:
        nothing = "all: [{answer_reports: [yes]}, {answer_reports: [no]}]"
        both = (
            "all: [{answer_reports: [yes, unknown]}, {not: {answer_ruled: {any: [adverse_info]}}}]"
        )
        assert compared((both, nothing)).problems == [
            "Promise A07 “Whoever knows of reports of misuse, or cannot say, does not clear” speaks"
            " of no deal, so it promises nothing."
        ]

    def test_the_list_is_never_left_out(self) -> None:
        without = charter((chartering.second_list(), "\n"))
        [problem] = on_answers.compared(shipped.charter(), without).problems
        assert problem.startswith("Charter 1.1 has promises on answers, and this one has none.")
        assert on_answers.compared(without, without) == succession.Next([], [], {})
        assert on_answers.compared(None, without) == succession.Next([], [], {})

    @pytest.mark.parametrize("before", ["without a list", "no charter"])
    def test_the_first_list_is_compared_with_what_ships(self, before: str) -> None:
        former = charter((chartering.second_list(), "\n")) if before == "without a list" else None
        assert on_answers.compared(former, shipped.charter()).changes == []
        [change] = on_answers.compared(former, charter((LISTED, ""))).changes
        assert change.name == "promise A03 removed"

    def test_the_texts_of_both_lists_are_compared_on_the_page(self) -> None:
        former = charter((chartering.second_list(), "\n"))
        found = succession.differences(former, shipped.charter())
        assert [one["id"] for one in found] == [f"A0{n}" for n in range(1, 8)]
        assert {one["sentence"] for one in found} == {"It is new."}
        gone = succession.differences(shipped.charter(), former)
        assert {one["confirm"] for one in gone} == {True}


class TestWhatTheyHold:
    def test_nothing_excuses_a_charter(self) -> None:
        weak = replace(without_rule("B11"), charter=shipped.charter())
        found = {one.id: one for one in on_answers.proved(None, weak, ())}
        assert (found["A05"].state, found["A05"].is_against) == ("broken", True)
        found = {one.id: one for one in on_answers.proved(weak, weak, ())}
        assert (found["A05"].was_so, found["A05"].is_against) == (True, False)

    def test_those_of_the_charter_are_held_and_not_those_that_ship(self) -> None:
        text = charter((LISTED, LISTED.replace("A03", "A13")))
        found = [one.id for one in on_answers.proved(DATA, replace(DATA, charter=text), ())]
        assert found == ["A01", "A02", "A13", "A04", "A05", "A06", "A07"]
        before = charter((chartering.second_list(), "\n"))
        found = [one.id for one in on_answers.proved(DATA, replace(DATA, charter=before), ())]
        assert found == [f"A0{n}" for n in range(1, 8)]

    def test_an_agency_that_leaves_the_registry_is_named(self) -> None:
        names = ("intelligence_security",)
        parties = tuple(one for one in DATA.registry.parties if one.kind not in names)
        data = replace(
            DATA, registry=replace(DATA.registry, parties=parties, digest="without agencies")
        )
        found = succession.out_of_reach_of_answers(shipped.on_answers(), DATA, data)
        assert [one.name for one in found] == ["A03 speaks of fewer"]


def test_charter_1_0_is_read_as_it_was() -> None:
    former = charter((chartering.second_list(), "\n"))
    assert replace(former, label="1.0").digest == DIGEST_1_0


@pytest.mark.django_db
def test_stored_deals_are_counted_by_what_they_answer() -> None:
    factories.reference_data()
    text, data = shipped.charter().on_answers, active.reference_data()
    reported = {**factories.SENIOR, "reports": {"answer": "yes", "text": "A paper wrote so."}}
    first, second = (factories.sent_deal(reported) for _ in range(2))
    factories.cleared_deal()
    assert text is not None
    assert {name: n for name, n in succession.stored_by_answers(text, data).items() if n} == {
        "A07": 2
    }
    # What compliance ruled is no longer what sales answered.
    factories.ruled(first, "adverse_info", "alleged")
    assert succession.stored_by_answers(text, data)["A07"] == 1
    selling.withdraw_deal(second, because="The customer bought elsewhere.", actor=second.owner)
    assert succession.stored_by_answers(text, data)["A07"] == 0


@pytest.mark.django_db
class TestPeople:
    @pytest.fixture(autouse=True)
    def _versions(self) -> None:
        factories.reference_data()

    def test_from_the_proposal_to_the_page_of_the_policy(
        self, client: Client, site: Client, anna: Any, boris: Any, mighty: Any
    ) -> None:
        chief = factories.executive("Clara Holm")
        page = site.get(reverse("policy:policy")).content.decode()
        assert "Proved for every possible set of answers before this program was released" in page
        assert page.count("Whether a name is found is measured, not proved.") == 1
        version, report = chartering.examined(
            anna, (LISTED, ""), (ASKED, "answer_intelligence_access: [yes]")
        )
        assert report.state == State.PROMISES, report.found["problems"]
        assert list(unkept(report)) == ["charter 9.1", "promise A03 removed", "promise A04 changed"]
        [said] = [one for one in report.found["answers"] if one["id"] == "A02"]
        assert (said["state"], said["standing"]["from_policy"]) == ("proved", True)
        assert said["standing"]["labelled"] > 20
        assert said["standing"]["stored"] == 0
        assert [
            "Capabilities by the catalogue",
            "integration with an active surveillance system",
        ] in (said["speaks_of"])
        page = site.get(reverse("policy:report", args=[version.pk])).content.decode()
        assert "Answers that it speaks of" in page
        assert "Of the newest stored deals that still count it speaks of 0." in " ".join(
            page.split()
        )
        assert "Its sentence is the same as before." in page

        client.force_login(chief)
        client.post(
            reverse("policy:promises", args=[version.pk]),
            {"report": report.pk, "names": list(unkept(report)), "reason": WHY},
        )
        report.refresh_from_db()
        aged(report, mighty)
        actions.activate_version(version, report=report, confirmed=looser(report), actor=boris)
        now = active.charter(active.version(Kind.CHARTER))
        assert now is not None
        assert now.on_answers is not None
        assert "A03" not in now.ids
        page = site.get(reverse("policy:policy")).content.decode()
        assert "for every possible set of answers" in page
        assert "Proved on " in page
        assert 'id="A03"' not in page
        assert "Whether a name is found is measured" not in page

        # Whoever reads the mail of the change is told; nobody can leave the list out afterwards.
        _version, last = checked(
            chartering.content((chartering.second_list(), "\n"), label="9.2"), anna
        )
        assert last.state == State.FAILED
        assert "Charter 9.1 has promises on answers" in last.found["problems"][0]

    def test_the_active_rules_must_keep_a_new_one(self, anna: Any, boris: Any) -> None:
        stricter = (LISTED, LISTED.replace("[executive_review, needs_information, bar]", "[bar]"))
        version, report = chartering.examined(anna, stricter)
        assert report.state == State.FAILED
        assert report.found["problems"] == ["1 promise on answers is not kept."]
        [broken] = [one for one in report.found["answers"] if one["against"]]
        assert (broken["id"], broken["state"]) == ("A03", "broken")
        with pytest.raises(Conflict, match="did not pass"):
            actions.activate_version(version, report=report, actor=boris)

    def test_a_rulebook_never_takes_the_id_of_one(self, anna: Any) -> None:
        with pytest.raises(ProposalRefused) as refused:
            proposals.read(
                Kind.RULEBOOK, rulebook(("  - id: P02\n", "  - id: A02\n")), proposals.About()
            )
        assert "the charter has a promise A02" in refused.value.problems[0]
        content = proposals.read(Kind.RULEBOOK, rulebook(), proposals.About())
        taken = replace(content, text=content.text.replace('"id":"P02"', '"id":"A02"'))
        with pytest.raises(DatabaseError, match="never replaces a promise"), transaction.atomic():
            actions.propose_version(taken, actor=anna)


@pytest.mark.bare
@pytest.mark.django_db
class TestAnInstallationWithCharter10:
    """Its charter has no promises on answers: those that ship hold, until one has them."""

    @pytest.fixture(autouse=True)
    def _versions(self) -> None:
        factories.reference_data(charter=chartering.former())

    def test_what_ships_is_held_and_shown(self, site: Client, anna: Any) -> None:
        page = site.get(reverse("policy:policy")).content.decode()
        assert "This charter has no promises on answers yet." in page
        assert 'id="A03"' in page
        assert "Proved for every possible deal before this program was released" in page
        weak = (
            "when: {speech_limit_request: [included]}",
            "when: {speech_limit_request: [refused]}",
        )
        content = proposals.read(Kind.RULEBOOK, rulebook(weak), proposals.About())
        _version, report = checked(content, anna)
        assert "1 promise on answers is not kept." in report.found["problems"]

    def test_it_proposes_the_one_that_ships(
        self, site: Client, anna: Any, boris: Any, mighty: Any
    ) -> None:
        address = reverse("policy:propose", args=["charter"])
        assert "Begin with version 1.1, which ships" in site.get(address).content.decode()
        content = proposals.read(Kind.CHARTER, shipped.text(shipped.CHARTER), proposals.About())
        version, report = checked(content, anna)
        assert list(unkept(report)) == ["charter 1.1"]
        assert (report.found["charter"], report.found["looser"]) == ([], [])
        confirmed(report, factories.executive())
        aged(report, mighty)
        actions.activate_version(version, report=report, actor=boris)
        page = site.get(reverse("policy:policy")).content.decode()
        assert "This charter has no promises on answers yet." not in page
