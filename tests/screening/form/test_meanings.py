"""What an answer means for a draft, in the words of the rulebook, before anything is screened."""

from typing import Any

import pytest

from policy.facts import shipped
from screening.form import meanings
from tests import factories
from tests.screening.form.answers import SIMPLE

pytestmark = pytest.mark.django_db
DATA = shipped.load()
MONITORING = {"products": ["x-monitoring-centre"]}
LIMITS = {"limits-speech": {"answer": "included", "text": "A list of opposition sites"}}


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


def rules(cards: list[Any]) -> list[str]:
    return [card.clauses[0].id for card in cards]


def meaning(before: dict[str, Any], *answers: dict[str, Any], **stored: Any) -> meanings.Meaning:
    after = dict(before)
    for answer in answers:
        after |= answer
    return meanings.of_answer(before, after, DATA, **stored)


def test_a_product_that_is_excluded_stops_the_deal_as_soon_as_it_is_chosen() -> None:
    """Nothing else is answered yet, and no later answer takes it back."""
    told = meaning({}, MONITORING)
    assert told.stops
    assert told.as_text.startswith("What your answer means: ")
    assert told.gone == []
    assert "C2b" in told.as_text


def test_an_answer_that_changes_nothing_means_nothing() -> None:
    told = meaning(SIMPLE, {"description": "Mobile service in towns"})
    assert (told.cards, told.gone, told.stops, told.as_text) == ([], [], False, "")


def test_an_answer_that_takes_a_finding_away_says_so() -> None:
    told = meanings.of_answer({**SIMPLE, **LIMITS}, SIMPLE, DATA)
    assert told.cards == []
    assert not told.stops
    assert len(told.gone) == 1
    assert told.as_text.startswith("No longer the case: ")


def test_what_is_taken_away_is_compared_with_what_was_stored() -> None:
    """The page leaves the answer out of `before`; what it said before is still taken away."""
    without = {slug: value for slug, value in SIMPLE.items() if slug != "limits-speech"}
    told = meanings.of_answer(without, SIMPLE, DATA, stored={**SIMPLE, **LIMITS})
    assert len(told.gone) == 1
    assert meanings.of_answer(without, SIMPLE, DATA).gone == []


def test_silence_is_no_finding() -> None:
    """A place alone: rules that only miss what was not asked yet are not held against it."""
    told = meaning({}, {"countries": SIMPLE["countries"]})
    assert (told.cards, told.stops) == ([], False)


def test_a_country_of_high_risk_is_named_when_all_is_answered() -> None:
    told = meanings.of_answer(SIMPLE, factories.SENIOR, DATA)
    assert not told.stops
    assert told.cards
    assert all(card.because[-1] in ".?" for card in told.cards)


# --- What became milder --------------------------------------------------------------------------


def softened(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [finding.rule for finding in meanings.softened(before, after, DATA)]


def test_an_answer_that_takes_a_bar_away_is_softened() -> None:
    assert softened({**SIMPLE, **LIMITS}, SIMPLE) == ["B11"]


def test_the_other_way_round_nothing_is() -> None:
    assert softened(SIMPLE, {**SIMPLE, **LIMITS}) == []


@pytest.mark.parametrize("answers", [SIMPLE, factories.SENIOR, factories.BARRED, {}])
def test_the_same_answers_soften_nothing(answers: dict[str, Any]) -> None:
    assert softened(answers, answers) == []


def test_what_is_as_strict_as_before_is_not_softer() -> None:
    """One bar goes and another one comes."""
    assert softened({**factories.SENIOR, **LIMITS}, factories.BARRED) == []


def test_what_was_strictest_stands_first() -> None:
    before = {**factories.SENIOR, **LIMITS}
    gone = meanings.softened(before, SIMPLE, DATA)
    assert [finding.outcome for finding in gone] == ["bar", "senior_review"]


def test_answers_that_nobody_can_read_any_more_soften_nothing() -> None:
    unreadable = {**SIMPLE, "handover": "by pigeon"}
    assert softened(unreadable, SIMPLE) == []
    assert softened({**SIMPLE, **LIMITS}, unreadable) == []
