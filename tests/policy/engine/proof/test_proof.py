"""Promises are proved or broken with a deal that is true; nothing else passes for a proof."""

from dataclasses import replace
from typing import Any

import pytest
import z3
from hypothesis import given, settings

from policy.engine.language.condition import (
    OUTCOMES,
    RANK,
    All,
    Exists,
    HasAny,
    HasEvery,
    Is,
    Not,
    OneOf,
    Rule,
    Rulebook,
    Surely,
)
from policy.engine.language.facts import Choice, Facts, Flags, YesNo
from policy.engine.proof import difference, proof
from policy.engine.proof.symbols import Deal, Reading, is_possible
from policy.engine.readings.reference import assess
from policy.facts import shipped
from tests.effort import examples
from tests.policy.engine.strategies import screened

LOW = OneOf("country_risk", ("low",))


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return shipped.rulebook()


def without(book: Rulebook, *ids: str) -> Rulebook:
    return replace(book, rules=tuple(rule for rule in book.rules if rule.id not in ids))


def barring(book: Rulebook, condition: Any) -> Rulebook:
    """The rulebook with one more rule, which bars too much."""
    rule = Rule("X99", "Too strict", "C4a", "bar", condition, "It is barred.")
    return replace(book, rules=(*book.rules, rule))


BREAKS: dict[str, Any] = {
    "P01": lambda book: without(book, "B01"),
    "P02": lambda book: without(book, "B02"),
    "P03": lambda book: without(book, "E04"),
    "P04": lambda book: without(book, "B05"),
    "P05": lambda book: without(book, "I09"),
    "P06": lambda book: without(book, "S01"),
    "P07": lambda book: barring(book, LOW),
    "P08": lambda book: barring(book, Not(HasAny("capabilities", ("ran",)))),
    "P09": lambda book: barring(book, Is("has_intermediaries", value=False)),
    "P10": lambda book: barring(book, OneOf("adverse_info", ("none",))),
    "P11": lambda book: barring(book, Is("law_conflict", value=False)),
    "P12": lambda book: barring(book, Is("in_special_territory", value=False)),
    "P13": lambda book: barring(book, HasAny("capabilities", ("railway_comms",))),
    "P14": lambda book: barring(book, HasAny("capabilities", ("fixed_access",))),
    "P15": lambda book: barring(book, HasAny("capabilities", ("ran",))),
    "P16": lambda book: barring(book, HasAny("capabilities", ("li_interface",))),
    "P17": lambda book: barring(book, HasAny("capabilities", ("ip_routing",))),
    "P19": lambda book: barring(
        book, All((Is("law_conflict", value=True), Is("law_conflict", value=False)))
    ),
    "P20": lambda book: without(book, "B01"),
    "P21": lambda book: without(book, "B01"),
    "P22": lambda book: without(book, "S13"),
    "P23": lambda book: without(book, "B10"),
    "P24": lambda book: without(book, "S16"),
    "P25": lambda book: without(book, "S15"),
    "P26": lambda book: without(book, "E15"),
    "P27": lambda book: barring(book, OneOf("speech_limit_request", ("none",))),
    "P28": lambda book: barring(book, HasAny("capabilities", ("li_interface",))),
    "P29": lambda book: barring(book, HasEvery("capabilities", ("ran", "li_interface"))),
}


def test_every_promise_of_the_rulebook_is_proved(book: Rulebook) -> None:
    found = proof.prove(book)
    assert [one.id for one in found] == [promise.id for promise in book.promises]
    assert {one.id: one.because for one in found if one.state != "proved"} == {}
    assert len(found) == 29


def test_each_promise_has_a_broken_rulebook(book: Rulebook) -> None:
    # P18 cannot be broken by any rulebook: the engine's three-valued meaning keeps it. It guards
    # the engine, and the agreement of the readings below would notice.
    assert {promise.id for promise in book.promises} - BREAKS.keys() == {"P18"}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_promise_shows_a_deal_that_breaks_it(book: Rulebook, name: str) -> None:
    broken = BREAKS[name](book)
    promise = next(one for one in broken.promises if one.id == name)
    (found,) = proof.prove(replace(broken, promises=(promise,)))
    assert found.state == "broken", found.because
    assert found.rules or isinstance(promise, Exists | Surely)
    if isinstance(promise, Surely):
        facts = broken.vocabulary.parse(found.deal)
        assert assess(broken, facts).outcome == found.outcome
        assert found.outcome not in promise.only
    if found.before:
        before = assess(broken, broken.vocabulary.parse(found.before)).outcome
        after = assess(broken, broken.vocabulary.parse(found.deal)).outcome
        assert RANK[after] < RANK[before]
    if name == "P19" or (broken.rules[-1].id == "X99" and isinstance(promise, Exists)):
        assert found.rules == ("X99",)


def test_the_example_is_one_that_a_person_understands(book: Rulebook) -> None:
    (found,) = proof.prove(replace(without(book, "B01"), promises=book.promises[:1]))
    deal = found.deal
    assert len(deal["capabilities"]) == 1
    assert deal["abilities_declared"] == []
    assert deal["country_risk"] == "low"
    assert all(deal[name] is True for name in ("end_user_named", "destination_named"))
    assert deal["services"] == []


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [({"megabytes": 40}, "ended with"), ({"in_all": 0.05}, "longer than 0.05 seconds")],
)
def test_a_child_that_dies_has_proved_nothing(
    book: Rulebook, limits: dict[str, Any], sentence: str
) -> None:
    found = proof.prove(book, **limits)
    assert {one.state for one in found} == {"not_proved"}
    assert all(sentence in one.because for one in found)
    with pytest.raises(proof.NotProved, match=sentence):
        proof.dead_rules(book, **limits)
    with pytest.raises(proof.NotProved, match=sentence):
        difference.differences(book, without(book, "B01"), **limits)


def test_a_solver_that_gives_up_has_proved_nothing(book: Rulebook) -> None:
    found = proof.prove(book, seconds=0.001)
    assert all(one.state == "not_proved" for one in found if one.because)
    assert any(one.state == "not_proved" for one in found)


def test_rules_without_effect_are_named(book: Rulebook) -> None:
    assert proof.dead_rules(book) == []
    never = BREAKS["P19"](book)
    assert proof.dead_rules(never) == [proof.Dead("X99", "fire")]
    beside = replace(
        book, rules=(*book.rules, replace(book.rules[0], id="X98", outcome="senior_review"))
    )
    assert proof.dead_rules(beside) == [proof.Dead("X98", "decide")]


# --- differences ----------------------------------------------------------------------------------


def test_a_rulebook_does_not_differ_from_itself(book: Rulebook) -> None:
    assert difference.differences(book, book) == []


def test_weakened_kinds_come_first_and_each_example_is_true(book: Rulebook) -> None:
    milder = replace(
        book,
        rules=tuple(
            replace(rule, outcome="senior_review")
            if rule.id == "E10"
            else replace(rule, outcome="executive_review")
            if rule.id == "S12"
            else rule
            for rule in book.rules
        ),
    )
    kinds = difference.differences(book, milder)
    weaker = [RANK[kind.after] < RANK[kind.before] for kind in kinds]
    assert set(weaker) == {True, False}
    assert weaker == sorted(weaker, reverse=True)
    for kind in kinds:
        facts = book.vocabulary.parse(kind.deal)
        assert assess(book, facts).outcome == kind.before != kind.after
        assert assess(milder, facts).outcome == kind.after
    assert len({(kind.before, kind.after, kind.rules) for kind in kinds}) == len(kinds)


def test_too_many_kinds_are_said_to_be_too_many(book: Rulebook) -> None:
    with pytest.raises(proof.NotProved, match="more kinds"):
        difference.differences(book, without(book, "B01", "S01"), most=1)


# --- the formulas mean what the plain reading means -----------------------------------------------


def fixed(deal: Deal, facts: Facts) -> list[Any]:
    """That the symbols hold exactly this deal, unknown facts included."""
    found = []
    for (name, member), truth in deal.truths.items():
        fact = deal.vocabulary[name]
        if isinstance(fact, Choice):
            value = facts[name]
            found.append(truth.true == z3.BoolVal(value == member))
        elif isinstance(fact, Flags):
            has = facts.has(name, member)
            found += [
                truth.true == z3.BoolVal(has is True),
                truth.false == z3.BoolVal(has is False),
            ]
        elif isinstance(fact, YesNo):
            has = facts[name]
            found += [
                truth.true == z3.BoolVal(has is True),
                truth.false == z3.BoolVal(has is False),
            ]
        else:
            found.append(truth.true == z3.BoolVal(facts[name] is not None))
            if facts[name] is not None:
                found.append(deal.amounts[name] == facts[name])
    return found


@given(screened())
@settings(max_examples=examples(150), deadline=None, derandomize=True)
def test_formulas_agree_with_the_plain_reading(both: tuple[Rulebook, Facts]) -> None:
    book, facts = both
    deal = Deal(book.vocabulary)
    reading = Reading(book, deal)
    solver = z3.Solver()
    solver.add(*deal.rules, *fixed(deal, facts))
    said = [OUTCOMES[rank] for rank, is_it in reading.outcome.items() if is_possible(solver, is_it)]
    assessment = assess(book, facts)
    assert said == [assessment.outcome]
    fired = {rule for rule, truth in reading.rules.items() if is_possible(solver, truth.true)}
    opened = {rule for rule, truth in reading.rules.items() if is_possible(solver, truth.open)}
    assert (fired, opened) == (set(assessment.fired), set(assessment.open))
