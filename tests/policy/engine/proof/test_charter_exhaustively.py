"""On facts so few that every deal can be tried, a promise is implied where trying them says so."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.engine.language.charter import Charter
from policy.engine.language.condition import (
    OUTCOMES,
    All,
    Condition,
    Exists,
    HasAny,
    Is,
    Losing,
    Not,
    OneOf,
    Promise,
    Raising,
    Surely,
    Term,
)
from policy.engine.language.facts import Facts, Vocabulary
from policy.engine.proof.charter import Implications, excludes
from policy.engine.proof.promises import opened
from policy.engine.proof.symbols import Effort
from policy.engine.readings.kleene import truth
from tests.policy.engine.proof.test_proof_exhaustively import (
    BOOLEAN,
    DEALS,
    WITH_AMOUNT,
    graver,
    is_answered,
)
from tests.policy.engine.strategies import conditions

NAMES = ("first", "second")


def charter(
    vocabulary: Vocabulary, promises: Sequence[Promise], terms: Mapping[str, Condition]
) -> Charter:
    return Charter("charter", "1", "test", vocabulary, terms, tuple(promises), {})


def implications(text: Charter) -> Implications:
    return Implications(text, Effort(20_000_000, 100_000_000))


@st.composite
def promises(draw: st.DrawFn, vocabulary: Vocabulary) -> Promise:
    some = conditions(vocabulary, NAMES)
    names = st.lists(st.sampled_from(list(vocabulary)), min_size=1, max_size=2, unique=True)
    outcomes = st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=4, unique=True).map(tuple)
    word = st.just("P")
    return draw(
        st.one_of(
            st.builds(Surely, word, word, outcomes, some, st.none() | some),
            st.builds(Surely, word, word, outcomes, st.none(), some),
            st.builds(Raising, word, word, names.map(tuple), st.none() | some),
            st.builds(Exists, word, word, some, outcomes),
        )
    )


@st.composite
def successions(draw: st.DrawFn) -> tuple[Charter, Charter]:
    """A charter with one promise and the next one, each with terms of its own."""
    vocabulary = draw(st.sampled_from([BOOLEAN, BOOLEAN, WITH_AMOUNT]))
    one_set = st.fixed_dictionaries({name: conditions(vocabulary) for name in NAMES})
    before = charter(vocabulary, [draw(promises(vocabulary))], draw(one_set))
    after = charter(
        vocabulary, draw(st.lists(promises(vocabulary), min_size=1, max_size=3)), draw(one_set)
    )
    if draw(st.booleans()):  # often the same promise again, beside terms that may have changed
        terms = draw(st.sampled_from([before.terms, after.terms]))
        after = replace(after, promises=(*before.promises, *after.promises[:1]), terms=terms)
    return before, after


def own(text: Charter) -> list[Promise]:
    return [opened(text.without_rules, promise) for promise in text.promises]


def is_forbidden(promise: Promise, facts: Facts, outcome: str) -> bool:
    """By a promise of what surely comes out, its terms written out."""
    if not isinstance(promise, Surely) or outcome in promise.only:
        return False
    surely, possibly = promise.surely, promise.possibly
    return (surely is None or truth(surely, facts) is True) and (
        possibly is None or truth(possibly, facts) is not False
    )


def is_there(condition: Condition | None, facts: Facts) -> bool:
    return condition is None or truth(condition, facts) is True


def lost(promise: Promise, newer: list[Promise], deals: list[Facts]) -> list[Facts]:
    """The deals of which the older promise forbids something that no newer one forbids."""
    answered = [facts for facts in deals if is_answered(facts)]
    match promise:
        case Surely():
            return [
                facts
                for facts in deals
                if any(
                    is_forbidden(promise, facts, outcome)
                    and not any(is_forbidden(one, facts, outcome) for one in newer)
                    for outcome in OUTCOMES
                )
            ]
        case Raising(facts=names, given=given_):
            return [
                facts
                for facts in answered
                if is_there(given_, facts)
                for name in names
                if any(True for _ in graver(facts, name))
                and not any(
                    isinstance(one, Raising) and name in one.facts and is_there(one.given, facts)
                    for one in newer
                )
            ]
        case Exists(exists=exists, outcome=outcome):
            for one in newer:
                if isinstance(one, Exists) and set(one.outcome) <= set(outcome):
                    found = [facts for facts in answered if is_there(one.exists, facts)]
                    if found and all(is_there(exists, facts) for facts in found):
                        return []
            return answered
    raise TypeError(promise)


@given(successions())
@settings(max_examples=200, deadline=None)
def test_what_is_implied_is_what_every_deal_says(both: tuple[Charter, Charter]) -> None:
    before, after = both
    [promise] = own(before)
    found = implications(after).implied(promise)
    missed = lost(promise, own(after), DEALS[id(after.vocabulary)])
    if isinstance(promise, Raising):
        # A deal that cannot get graver loses nothing; the solver does not look so closely.
        assert not (found.holds and missed)
    else:
        assert found.holds is not bool(missed)
    if found.deal is not None and isinstance(promise, Surely):
        facts = after.vocabulary.parse(found.deal)
        assert lost(promise, own(after), [facts]) == [facts]


@given(successions())
@settings(max_examples=100, deadline=None)
def test_a_premise_has_a_deal_where_one_of_all_deals_fits(both: tuple[Charter, Charter]) -> None:
    _, after = both
    asked = implications(after)
    for promise in own(after):
        deals = DEALS[id(after.vocabulary)]
        answered = [facts for facts in deals if is_answered(facts)]
        match promise:
            case Surely():
                whole = replace(promise, only=())
                fits = any(is_forbidden(whole, facts, "bar") for facts in deals)
            case Raising(given=condition) | Exists(exists=condition):
                fits = any(is_there(condition, facts) for facts in answered)
        assert (asked.speaks_of(promise) is not None) is fits


# --- single cases --------------------------------------------------------------------------------

HIGH, LISTED = OneOf("risk", ("high",)), Is("listed", value=True)
RAN = HasAny("parts", ("ran",))


@pytest.mark.parametrize(
    ("old", "newer", "deal"),
    [
        # Two promises together protect what one of them did.
        (
            Surely("P", "s", ("bar",), HIGH),
            [
                Surely("Q", "s", ("bar",), All((HIGH, LISTED))),
                Surely("R", "s", ("bar",), HIGH, Not(LISTED)),
            ],
            None,
        ),
        # Two conclusions together forbid what one of them did.
        (
            Surely("P", "s", ("bar",), HIGH),
            [
                Surely("Q", "s", ("needs_information", "bar"), HIGH),
                Surely("R", "s", ("clear", "senior_review", "executive_review", "bar"), HIGH),
            ],
            None,
        ),
        (
            Surely("P", "s", ("bar",), HIGH),
            [Surely("Q", "s", ("bar",), All((HIGH, LISTED)))],
            {"risk": "high", "listed": False, "parts": []},
        ),
        # A term that shrinks takes along what it protected.
        (
            Surely("P", "s", ("bar",), Term("first")),
            [Surely("P", "s", ("bar",), Term("second"))],
            {"risk": "medium", "listed": False, "parts": []},
        ),
        (
            Losing("P", "s", ("risk", "parts")),
            [Losing("Q", "s", ("risk",)), Losing("R", "s", ("parts",))],
            None,
        ),
        # What finds no deal says nothing of one that must be found.
        (
            Exists("P", "s", RAN, ("clear",)),
            [Exists("Q", "s", All((RAN, HIGH, Not(HIGH))), ("clear",))],
            {"risk": "low", "listed": False, "parts": ["ran"]},
        ),
    ],
)
def test_what_protects_and_what_does_not(
    old: Promise, newer: list[Promise], deal: dict[str, Any] | None
) -> None:
    terms = {"first": OneOf("risk", ("medium", "high")), "second": HIGH}
    text = charter(BOOLEAN, newer, terms)
    found = implications(text).implied(opened(charter(BOOLEAN, [old], terms).without_rules, old))
    assert (found.holds, found.deal) == (deal is None, deal)


@pytest.mark.parametrize(
    ("promise", "does"),
    [
        (Surely("P", "s", ("bar",), HIGH), True),
        (Surely("P", "s", OUTCOMES, HIGH), False),
        (Raising("P", "s", ("risk",)), True),
        (Losing("P", "s", ()), False),
        (Exists("P", "s", HIGH, OUTCOMES), False),
    ],
)
def test_a_conclusion_excludes_something(promise: Promise, does: bool) -> None:
    assert excludes(promise) is does
