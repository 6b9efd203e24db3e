"""Promises on answers are proved with a version of any kind, and one that is broken stops it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from policy.engine.language.facts import Vocabulary
from policy.engine.proof.proof import AGAIN, NO_ANSWER, Verdict
from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.governance import command, on_answers
from policy.governance.versions import Content
from policy.models import CheckReport, Kind
from tests import factories
from tests.policy.facts.test_encoded import without_rule
from tests.policy.governance.test_governance import checked, rated

DATA = shipped.load()
FIGURES = [
    {"name": "listed", "words": "Listed names", "share": "0.9990", "of": 3239},
    {"name": "military", "words": "Armed forces", "share": "0.9", "of": 30},
]


def told(before: ReferenceData, after: ReferenceData) -> dict[str, on_answers.OnAnswers]:
    return {one.id: one for one in on_answers.proved(before, after, FIGURES)}


def test_what_is_measured_stands_beside_what_is_proved() -> None:
    found = told(DATA, DATA)
    assert {one.state for one in found.values()} == {"proved"}
    assert {name for name, one in found.items() if one.bound} == {"A03"}
    assert found["A03"].bound == (
        "Whether a name is found is measured, not proved. listed names: 0.9990 of 3,239."
    )


def test_a_broken_promise_shows_the_answers_in_words() -> None:
    found = told(DATA, without_rule("B11"))["A05"]
    assert (found.state, found.outcome, found.is_against) == ("broken", "Needs information", True)
    asked = "Somebody asked for a change that limits political speech"
    assert (asked, "included") in found.answers
    assert len(found.answers) < 9


def test_what_the_active_version_does_not_keep_either_is_told_and_stops_nothing() -> None:
    weak = without_rule("B11")
    found = told(weak, weak)["A05"]
    assert (found.state, found.was_so, found.is_against) == ("broken", True, False)


def test_a_promise_in_words_that_the_active_version_lacks_is_left_out() -> None:
    former = replace(DATA, rulebook=shipped.former_rulebook())
    assert "A01" in told(DATA, DATA)
    found = told(former, DATA)
    assert {one.state for one in found.values()} == {"proved"}


def test_a_vocabulary_that_lacks_what_is_derived_proves_nothing() -> None:
    facts = [fact for name, fact in DATA.rulebook.vocabulary.items() if name != "purpose"]
    kinds = Vocabulary([fact for fact in facts if fact.name != "end_user_type"])
    few = replace(DATA, rulebook=replace(DATA.rulebook, vocabulary=Vocabulary(facts)))
    fewer = replace(DATA, rulebook=replace(DATA.rulebook, vocabulary=kinds))
    found = told(DATA, few)
    assert {(one.state, one.is_against) for one in found.values()} == {("not_proved", True)}
    assert found["A01"].because == "the vocabulary lacks purpose"
    # What the active version cannot say is proved of the new one, and excused where that cannot.
    assert {one.state for one in told(few, DATA).values()} == {"proved"}
    assert {one.is_against for one in told(few, few).values()} == {False}
    because = told(DATA, fewer)["A01"].because
    assert because == "the vocabulary lacks end_user_type and purpose"


class TestTheCommand:
    def test_it_says_what_is_promised_of_answers(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        file = tmp_path / "rulebook.yaml"
        file.write_text(shipped.text(shipped.RULEBOOK))
        assert command.main(["check", str(file)]) == command.OK
        printed = capsys.readouterr().out
        assert "proved      A01 Whoever answers that it stores or analyses" in printed
        assert "Whether a name is found is measured, not proved." in printed
        assert "Two engines agree on" in printed

    def test_a_promise_on_answers_that_is_broken_fails(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        file = tmp_path / "rulebook.yaml"
        strict = "when: {speech_limit_request: [included]}"
        milder = "when: {speech_limit_request: [refused]}"
        file.write_text(shipped.text(shipped.RULEBOOK).replace(strict, milder))
        assert command.main(["check", str(file)]) == command.FOUND
        printed = capsys.readouterr().out
        assert "BROKEN      A05" in printed
        assert "these answers come out as needs information:" in printed


def verdict(state: str, because: str = "") -> Verdict:
    outcome = "clear" if state == "broken" else ""
    return Verdict("A05", "It is so", state, because=because, outcome=outcome)


@pytest.mark.parametrize(
    ("was", "now", "excused"),
    [
        (verdict("broken"), verdict("broken"), True),
        (verdict("broken"), verdict("not_proved", "gave up"), True),
        (verdict("not_proved", "gave up"), verdict("not_proved", "gave up"), True),
        (verdict("not_proved", "gave up"), verdict("broken"), False),
        # A child that died or took too long proves nothing of the version that it was asked about.
        (verdict("not_proved", f"{AGAIN}: it took longer"), verdict("broken"), False),
        (verdict("not_proved", f"{AGAIN}: x"), verdict("not_proved", f"{AGAIN}: x"), False),
        (verdict("not_proved", "gave up"), verdict("not_proved", NO_ANSWER), False),
    ],
)
def test_only_what_was_found_of_the_active_version_excuses_the_new_one(
    monkeypatch: pytest.MonkeyPatch, was: Verdict, now: Verdict, excused: bool
) -> None:
    verdicts = iter([{"A05": now}, {"A05": was}])
    monkeypatch.setattr(on_answers, "_verdicts", lambda *_: _ByAll(next(verdicts)))
    weak = without_rule("B11")
    told = {one.id: one for one in on_answers.proved(shipped.load(), weak, ())}
    assert told["A05"].is_against is not excused


class _ByAll(dict[str, Verdict]):
    """What is not asked about here is proved."""

    def __missing__(self, name: str) -> Verdict:
        return Verdict(name, "It is so", "proved")


@pytest.mark.django_db
class TestTheReport:
    def test_a_version_of_another_kind_is_held_to_them_too(self, site: Client, anna: Any) -> None:
        factories.reference_data()
        version, report = checked(rated("FI", "low", "high"), anna)
        assert report.state == CheckReport.State.PASSED
        assert {one["state"] for one in report.found["answers"]} == {"proved"}
        page = site.get(reverse("policy:report", args=[version.pk])).content.decode()
        assert "From answers to the outcome" in page
        assert "Whether a name is found is measured, not proved." in page

    def test_a_rulebook_that_breaks_one_fails(self, site: Client, anna: Any) -> None:
        factories.reference_data()
        weak = without_rule("B11").rulebook
        weak = replace(weak, label="2.0", promises=weak.promises[:1])
        content = Content(Kind.RULEBOOK, "2.0", weak.canonical, "", weak.source, "2.0", "")
        version, report = checked(content, anna)
        assert report.state == CheckReport.State.FAILED
        # The charter promises the same of the fact that follows from the answer.
        assert report.found["problems"][-1] == "1 promise on answers is not kept."
        page = site.get(reverse("policy:report", args=[version.pk])).content.decode()
        assert "These answers come out as: Needs information" in page
        assert "<dd>included</dd>" in page
