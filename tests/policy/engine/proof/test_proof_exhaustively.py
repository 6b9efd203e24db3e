"""On facts so few that every deal can be tried, a proof says what trying them all says."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.engine.language.condition import (
    OUTCOMES,
    RANK,
    Condition,
    EveryRule,
    Exists,
    Losing,
    Promise,
    Raising,
    Rulebook,
    Surely,
)
from policy.engine.language.facts import Amount, Choice, Facts, Flags, Vocabulary, YesNo
from policy.engine.proof import prover
from policy.engine.proof.symbols import Deal, Reading
from policy.engine.readings.kleene import truth
from policy.engine.readings.reference import assess
from tests.effort import examples
from tests.policy.engine.strategies import conditions, rulebooks

RISK, SIZES = ("low", "medium", "high"), (-1, 0, 1, 2, 3)
FEW = [
    Choice("risk", RISK, RISK, label="Risk"),
    Flags("parts", ("ran", "core"), label="Parts"),
    YesNo("listed", label="Listed"),
]
BOOLEAN, WITH_AMOUNT = Vocabulary(FEW), Vocabulary([*FEW[:1], *FEW[2:], Amount("size")])


def every_deal(vocabulary: Vocabulary) -> list[Facts]:
    """Every deal, answered or not; amounts only as far as the thresholds of the strategies go."""
    parts = [
        {
            "yes": [m for m in states if states[m]],
            "unknown": [m for m in states if states[m] is None],
        }
        for states in ({"ran": a, "core": b} for a, b in product((True, False, None), repeat=2))
    ]
    answers: dict[str, list[Any]] = {
        "risk": [*RISK, None],
        "parts": parts,
        "listed": [True, False, None],
        "size": [*SIZES, None],
    }
    return [
        vocabulary.parse(dict(zip(vocabulary, values, strict=True)))
        for values in product(*(answers[name] for name in vocabulary))
    ]


DEALS = {id(one): every_deal(one) for one in (BOOLEAN, WITH_AMOUNT)}


def is_answered(facts: Facts) -> bool:
    return all(facts.is_known(name) for name in facts.vocabulary)


def is_surely(rulebook: Rulebook, condition: Condition | None, facts: Facts) -> bool:
    return condition is None or truth(rulebook.opened(condition), facts) is True


def rank(rulebook: Rulebook, facts: Facts) -> int:
    return RANK[assess(rulebook, facts).outcome]


def graver(facts: Facts, name: str) -> Iterator[Facts]:
    """The same deal with the next graver value."""
    value = facts[name]
    if isinstance(value, list):
        for member in {"ran", "core"} - set(value):
            yield facts.replace(**{name: [*value, member]})
    elif isinstance(value, str):
        for one in RISK[RISK.index(value) + 1 :][:1]:
            yield facts.replace(**{name: one})
    elif isinstance(value, bool):
        if not value:
            yield facts.replace(**{name: True})
    else:
        for one in SIZES:
            if one > value:
                yield facts.replace(**{name: one})


def with_less(facts: Facts, name: str) -> Iterator[Facts]:
    """The same deal with the fact, or one of its members, not known any more."""
    yield facts.replace(**{name: None})
    if name == "parts":
        for member in ("ran", "core"):
            there = [m for m in ("ran", "core") if m != member and facts.has(name, m)]
            unknown = [m for m in ("ran", "core") if m == member or facts.has(name, m) is None]
            yield facts.replace(**{name: {"yes": there, "unknown": unknown}})


def holds(rulebook: Rulebook, promise: Promise, deals: list[Facts]) -> bool:
    answered = [facts for facts in deals if is_answered(facts)]
    match promise:
        case Surely(_, _, only, surely):
            return all(
                assess(rulebook, facts).outcome in only
                for facts in deals
                if is_surely(rulebook, surely, facts)
            )
        case Raising(_, _, names, given_):
            return all(
                rank(rulebook, worse) >= rank(rulebook, facts)
                for facts in answered
                if is_surely(rulebook, given_, facts)
                for name in names
                for worse in graver(facts, name)
            )
        case Losing(_, _, names):
            ask = RANK["needs_information"]
            return all(
                rank(rulebook, less) >= min(ask, rank(rulebook, facts))
                for facts in deals
                for name in names
                for less in with_less(facts, name)
            )
        case Exists(_, _, exists, outcome):
            return any(
                is_surely(rulebook, exists, facts) and assess(rulebook, facts).outcome in outcome
                for facts in answered
            )
        case EveryRule(_, _, can):
            found = [assess(rulebook, facts) for facts in answered]
            return all(
                any(
                    rule.id in one.fired and (can == "fire" or one.outcome == rule.outcome)
                    for one in found
                )
                for rule in rulebook.rules
            )
    raise TypeError(promise)


@st.composite
def promised(draw: st.DrawFn) -> tuple[Rulebook, Promise]:
    vocabulary = draw(st.sampled_from([BOOLEAN, BOOLEAN, WITH_AMOUNT]))
    rulebook = draw(rulebooks(vocabulary, most_rules=5))
    some = conditions(vocabulary, tuple(rulebook.terms))
    name = st.sampled_from(list(vocabulary))
    names = st.lists(name, min_size=1, max_size=2, unique=True).map(tuple)
    outcomes = st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=3, unique=True).map(tuple)
    promise = draw(
        st.one_of(
            st.builds(Surely, st.just("P"), st.just("s"), outcomes, some),
            st.builds(Raising, st.just("P"), st.just("s"), names, st.none() | some),
            st.builds(Losing, st.just("P"), st.just("s"), name.map(lambda one: (one,))),
            st.builds(Exists, st.just("P"), st.just("s"), some, outcomes),
            st.builds(EveryRule, st.just("P"), st.just("s"), st.sampled_from(["fire", "decide"])),
        )
    )
    return rulebook, promise


@given(promised())
@settings(max_examples=examples(300), deadline=None)
def test_a_proof_says_what_every_deal_says(both: tuple[Rulebook, Promise]) -> None:
    rulebook, promise = both
    reading = Reading(rulebook, Deal(rulebook.vocabulary))
    answer = prover.prove(reading, promise, milliseconds=10_000)
    expected = holds(rulebook, promise, DEALS[id(rulebook.vocabulary)])
    assert answer["state"] == ("proved" if expected else "broken")


@pytest.mark.parametrize(("vocabulary", "count"), [(BOOLEAN, 108), (WITH_AMOUNT, 72)])
def test_the_deals_are_all_there(vocabulary: Vocabulary, count: int) -> None:
    assert len(set(DEALS[id(vocabulary)])) == count
