"""The labelled deals in a check: which change, which of them must be confirmed, and by name."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.refusals import Conflict
from people import access
from policy import actions
from policy.facts import shipped
from policy.governance import labelled, reports, versions
from policy.models import CheckReport, Kind, ReferenceVersion
from tests import factories
from tests.policy.governance.test_governance import changed_rulebook, checked, looser, rated

#: The labelled deals of the three files.
TOTAL = 99 + 30 + 8

E13 = (
    "title: Dual-use technology for security bodies in a high-risk country\n"
    "    clause: C3, C4\n    outcome: "
)
MILDER = (E13 + "executive_review", E13 + "senior_review")
STRICTER = (E13 + "executive_review", E13 + "bar")


def rules(*changes: tuple[str, str]) -> Any:
    return replace(
        shipped.load(), rulebook=versions.read_rulebook_text(changed_rulebook(*changes).text)
    )


@pytest.mark.django_db
class TestPlaying:
    @pytest.fixture(autouse=True)
    def _versions(self) -> None:
        factories.reference_data()

    def test_the_shipped_rules_give_each_its_label(self) -> None:
        played = labelled.play(shipped.load(), shipped.load())
        assert (played.total, played.changed, played.unread) == (TOTAL, [], [])

    def test_a_changed_deal_names_outcomes_and_rule(self) -> None:
        played = labelled.play(shipped.load(), rules(MILDER))
        assert played.changed
        for one in played.changed:
            assert (one.before, one.after) == ("executive_review", "senior_review")
            assert one.label == one.before
            assert one.is_looser
            assert one.rules == ["E13"], "it fires as before, with another outcome"

    def test_one_that_gets_graver_than_its_label_is_listed_and_not_looser(self) -> None:
        played = labelled.play(shipped.load(), rules(STRICTER))
        assert played.changed
        assert not any(one.is_looser for one in played.changed)

    def test_one_that_comes_back_to_its_label_is_not_looser(self) -> None:
        played = labelled.play(rules(STRICTER), shipped.load())
        assert played.changed
        assert all(one.after == one.label for one in played.changed)
        assert not any(one.is_looser for one in played.changed)

    def test_one_that_was_no_longer_as_labelled_is_told_and_not_asked_again(self) -> None:
        played = labelled.play(rules(MILDER), rules(MILDER))
        assert played.changed
        assert not any(one.is_changed or one.is_looser for one in played.changed)

    def test_a_deal_that_cannot_be_screened_is_no_pass(self) -> None:
        lame = replace(
            shipped.load(),
            countries=versions.read_countries_text(
                '{"names": "code,name,also\\nFI,Finland,\\n",'
                ' "territories": "code,parent,name,special,export_control,note\\n", "ratings": []}'
            ),
        )
        played = labelled.play(shipped.load(), lame)
        assert any(one.startswith("PR-001: ") for one in played.unread)


@pytest.mark.django_db
class TestTheCheck:
    @pytest.fixture(autouse=True)
    def _versions(self) -> None:
        factories.reference_data()

    @pytest.fixture
    def anna(self) -> Any:
        return factories.person(access.POLICY_OWNER, name="Anna Berg")

    @pytest.fixture
    def boris(self) -> Any:
        return factories.person(access.POLICY_OWNER, name="Boris Lund")

    def test_what_got_milder_than_its_label_is_confirmed_by_name(
        self, client: Client, anna: Any, boris: Any
    ) -> None:
        version, report = checked(changed_rulebook(MILDER), anna)
        assert report.state == CheckReport.State.PASSED, report.found["problems"]
        told = reports.labelled(report.found)
        names = [f"labelled {one['id']}" for one in told["changed"]]
        assert names
        assert set(names) <= set(looser(report))
        others = [one for one in looser(report) if one != names[0]]
        with pytest.raises(Conflict, match=names[0]):
            actions.activate_version(version, report=report, confirmed=others, actor=boris)
        client.force_login(boris)
        for page in ("report", "activate"):
            said = client.get(reverse(f"policy:{page}", args=[version.pk])).content.decode()
            assert told["changed"][0]["id"] in said
            assert "milder than demanded" in said
        actions.activate_version(version, report=report, confirmed=looser(report), actor=boris)

    def test_what_got_graver_is_listed_and_asks_for_nothing(
        self, client: Client, anna: Any
    ) -> None:
        version, report = checked(changed_rulebook(STRICTER), anna)
        assert report.found["labelled"]["changed"]
        assert looser(report) == []
        client.force_login(anna)
        said = client.get(reverse("policy:report", args=[version.pk])).content.decode()
        assert f"of {TOTAL} deals whose outcome the policy settles" in said
        assert "not as demanded" in said

    def test_a_deal_that_cannot_be_screened_fails_the_check(
        self, anna: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sick = labelled.Labelled("PR-999", "Sick", "clear", b'{"id": "PR-999", "facts": 7}')
        monkeypatch.setattr(labelled, "deals", lambda: (sick,))
        # What is remembered of these deals is of no other.
        for remembered in ("_results_by_data", "_facts_by_data", "_answers_by_data"):
            monkeypatch.setattr(labelled, remembered, {})
        _version, report = checked(rated("FI", "low", "high"), anna)
        assert report.state == CheckReport.State.FAILED
        assert report.found["problems"] == [
            "1 labelled deal could not be screened with this version."
        ]

    def test_other_kinds_play_them_too(self, anna: Any) -> None:
        content = next(one for one in versions.shipped_contents() if one.kind == Kind.CATALOGUE)
        _version, report = checked(replace(content, label="1.1"), anna)
        assert report.found["labelled"] == {"total": TOTAL, "changed": [], "unread": []}

    def test_a_report_of_an_earlier_program_can_still_be_read(self) -> None:
        assert reports.labelled({})["total"] == 0


def test_examples_of_a_rule() -> None:
    found = labelled.examples(shipped.load(), "B01")
    assert found
    assert all(one.decides for one in found)
    assert found[0].outcome == "bar"
    quiet = labelled.examples(shipped.load(), "S01")
    assert [one.decides for one in quiet] == sorted((one.decides for one in quiet), reverse=True)


@pytest.mark.django_db
class TestTheRulesPage:
    @pytest.fixture(autouse=True)
    def _versions(self, client: Client) -> None:
        factories.reference_data()
        client.force_login(factories.sales_person())

    @pytest.mark.parametrize("rule", ["B01", "E02", "S01"])
    def test_it_lists_the_labelled_deals_in_which_it_fires(self, client: Client, rule: str) -> None:
        page = client.get(reverse("policy:rule", args=[rule]))
        listed = {row["example"].deal.id for row in page.context["examples"]}
        said = page.content.decode()
        assert all(one in said for one in listed)
        lines = [json.loads(line) for line in shipped.text(labelled.FILES[0]).splitlines()]
        listed &= {one["id"] for one in lines}
        assert listed == {one["id"] for one in lines if rule in one["expected"]["rules"]}
        assert listed

    @pytest.mark.usefixtures("nothing_remains")
    def test_without_a_catalogue_it_says_that_there_is_none(self, client: Client) -> None:
        ReferenceVersion.objects.of(Kind.CATALOGUE).update(retired_at=timezone.now())
        page = client.get(reverse("policy:rule", args=["B01"]))
        assert "No labelled deal makes this rule fire." in page.content.decode()
