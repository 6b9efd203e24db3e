"""The second engine says what the reference says, of every kind of rule and deal."""

import json
import re

import pytest
from hypothesis import given, settings

from policy.engine.language.condition import Rulebook
from policy.engine.language.facts import Facts
from policy.engine.language.reading import read_rulebook
from policy.engine.readings import second
from policy.engine.readings.reference import assess
from policy.facts import shipped
from tests.policy.engine.strategies import screened_often


def engine_of(rulebook: Rulebook) -> second.SecondEngine:
    stored = json.loads(rulebook.canonical)
    return second.SecondEngine(stored["vocabulary"], stored["rulebook"])


@given(screened_often())
@settings(max_examples=150, deadline=None)
def test_it_says_what_the_reference_says(both: tuple[Rulebook, list[Facts]]) -> None:
    rulebook, deals = both
    engine = engine_of(rulebook)
    for facts in deals:
        assessment = assess(rulebook, facts)
        outcome, fired, open_ = engine.said(facts.plain)
        assert outcome == assessment.outcome
        assert fired == {*assessment.fired}
        assert open_ == {*assessment.open}


def test_it_reads_what_ships_as_it_is_written() -> None:
    book = shipped.rulebook()
    words = json.loads(book.canonical)["vocabulary"]
    engine = second.SecondEngine(words, second.parsed(shipped.text(shipped.RULEBOOK)))
    deals = list(second.random_deals(engine, [], seed="x", count=200))
    assert len({json.dumps(deal, sort_keys=True) for deal in deals}) == 200
    for deal in deals:
        assessment = assess(book, book.vocabulary.parse(deal))
        assert engine.said(deal)[0] == assessment.outcome


TABLE = """
rulebook: grid
label: "1"
source: a test
rules:
  - id: T01
    title: A grid
    clause: C1
    because: So.
    when: {not: {has_intermediaries: false}}
    table:
      down: end_user_type
      across: country_risk
      grid:
        military: {low: clear, medium: senior_review, others: executive_review}
        others: {high: senior_review, others: clear}
"""


def test_a_table_is_written_out() -> None:
    words = shipped.vocabulary()
    book = read_rulebook(TABLE, words, file="t")
    stored = json.loads(book.canonical)
    engine = second.SecondEngine(stored["vocabulary"], second.parsed(TABLE))
    assert {rule for rule, _, _ in engine.rules} == {rule.id for rule in book.rules}
    for deal in second.random_deals(engine, [], seed="y", count=100):
        assert engine.said(deal)[0] == assess(book, words.parse(deal)).outcome


def test_the_same_seed_gives_the_same_deals() -> None:
    engine = engine_of(shipped.rulebook())
    known = [{"country_risk": "low"}]
    first, again, other = (
        list(second.random_deals(engine, known, seed=seed, count=50)) for seed in "aab"
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ("unheard_of", "unheard_of is no term"),
        ("{unheard_of: true}", "unheard_of is no fact"),
        ("{country_risk: {any: [low]}}", "is no question about this fact"),
        ("[]", "is no condition"),
    ],
)
def test_what_it_cannot_read_it_says(when: str, sentence: str) -> None:
    words = json.loads(shipped.rulebook().canonical)["vocabulary"]
    book = second.parsed(f"rules: [{{id: R1, outcome: bar, when: {when}}}]")
    with pytest.raises(second.Unreadable, match=re.escape(sentence)):
        second.SecondEngine(words, book)
