"""Every reading of a rulebook agrees with the reference, and the reference with its definition."""

from collections.abc import Callable, Mapping
from itertools import product
from math import prod
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policy.engine.language.condition import OUTCOMES, RANK, Is, Rule, Rulebook, atoms
from policy.engine.language.facts import (
    Amount,
    Choice,
    FactError,
    Facts,
    Flags,
    Text,
    Vocabulary,
    YesNo,
)
from policy.engine.language.reading import read_canonical
from policy.engine.readings import undecided
from policy.engine.readings.compiled import Verdict, compile_rulebook
from policy.engine.readings.kleene import truth
from policy.engine.readings.reference import assess
from policy.engine.readings.replay import replay
from policy.facts import shipped
from tests.effort import examples
from tests.policy.engine.strategies import (
    completions,
    plain_often,
    possible_answers,
    screened,
    screened_often,
)

NEEDS_INFORMATION = RANK["needs_information"]


@given(screened_often())
@settings(max_examples=examples(300), deadline=None)
def test_compiled_says_what_the_reference_says(example: tuple[Rulebook, list[Facts]]) -> None:
    rulebook, several = example
    compiled = compile_rulebook(rulebook)
    for facts in several:
        meant = assess(rulebook, facts)
        assert compiled.assess(facts) == meant
        assert compiled.verdict(facts) == (meant.outcome, meant.fired, meant.open)
        assert compiled.outcome(facts) == meant.outcome


@given(plain_often())
@settings(max_examples=examples(100), deadline=None)
def test_a_plain_dictionary_is_read_as_facts_are(example: tuple[Rulebook, list[dict]]) -> None:
    """Whatever stands in it: answers, doubts, wrong values, unknown names, nothing."""
    rulebook, several = example
    compiled = compile_rulebook(rulebook)
    for plain in several:
        meant = said(lambda deal: compiled.verdict(rulebook.vocabulary.parse(deal)), plain)
        assert said(compiled.verdict_of, plain) == meant
        assert said(compiled.verdict_of, MappingProxyType(plain)) == meant


def _any_answer(fact: object) -> object:
    """So that nothing is open, and the dictionary is read the fast way."""
    match fact:
        case Choice(_, values):
            return next(iter(values))
        case YesNo():
            return False
        case Amount():
            return 0
        case Text():
            return ""
    return []


@pytest.mark.parametrize("order", [1, -1])
def test_every_flag_of_a_plain_dictionary_counts(order: int) -> None:
    """The gravest capability of a product is not the last one that somebody wrote down."""
    rulebook = shipped.rulebook()
    plain = {name: _any_answer(fact) for name, fact in rulebook.vocabulary.items()}
    plain["capabilities"] = ["monitoring_centre", "ran"][::order]
    compiled = compile_rulebook(rulebook)
    assert compiled.verdict_of(plain) == compiled.verdict(rulebook.vocabulary.parse(plain))
    assert compiled.verdict_of(plain)[0] == "bar"


def said(screen: Callable[[Mapping[str, Any]], Verdict], deal: Mapping[str, Any]) -> Any:
    """The verdict, or what is wrong with the deal."""
    try:
        return screen(deal)
    except FactError as error:
        return error.problems


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("yesno", 1),
        ("yesno", 0),
        ("yesno", 1.0),
        ("yesno", "yes"),
        ("choice", "highest"),
        ("choice", ["high"]),
        ("choice", True),
        ("flags", "ran"),
        ("flags", ["ran", "rain"]),
        ("flags", {"ran": 1}),
        ("flags", [["ran"]]),
        ("amount", True),
        ("amount", 1.0),
        ("amount", 2**53),
        ("amount", -(2**53)),
        ("amount", "1"),
        ("text", 0),
        ("text", False),
        ("text", []),
        ("text", "a\0b"),
        ("text", "a" * 10_001),
        ("text", "\ud800"),
        ("texts", "another"),
        (1, "a number"),
    ],
)
def test_what_no_fact_can_be_is_refused_in_an_answered_dictionary(name, value) -> None:
    vocabulary = Vocabulary(
        [
            YesNo("yesno"),
            Choice("choice", ("low", "high")),
            Flags("flags", ("ran", "core")),
            Amount("amount"),
            Text("text"),
        ]
    )
    rule = Rule("R01", "", "", "bar", Is("yesno", value=True), "")
    compiled = compile_rulebook(Rulebook("r", "1", "", vocabulary, {}, (rule,), ()))
    plain = {"yesno": True, "choice": "low", "flags": ["ran"], "amount": 3, "text": "a"}
    assert compiled.verdict_of(plain).outcome == "bar"
    with pytest.raises(FactError) as refused:
        compiled.verdict_of(plain | {name: value})
    with pytest.raises(FactError) as meant:
        vocabulary.parse(plain | {name: value})
    assert refused.value.problems == meant.value.problems


@given(screened(), st.randoms(use_true_random=False))
@settings(max_examples=examples(100), deadline=None)
def test_the_order_of_rules_does_not_matter(example, random) -> None:
    rulebook, facts = example
    rules = list(rulebook.rules)
    random.shuffle(rules)
    shuffled = Rulebook(**{**vars_of(rulebook), "rules": tuple(rules)})
    assert assess(shuffled, facts) == assess(rulebook, facts)
    assert compile_rulebook(shuffled).assess(facts) == assess(rulebook, facts)


def vars_of(rulebook: Rulebook) -> dict[str, object]:
    names = ("name", "label", "source", "vocabulary", "terms", "rules", "promises")
    return {name: getattr(rulebook, name) for name in names}


@given(screened())
@settings(max_examples=examples(100), deadline=None)
def test_an_answered_deal_has_the_highest_fired_outcome_and_nothing_open(example) -> None:
    rulebook, facts = example
    answered = facts.replace(
        **{
            name: possible_answers(fact, facts)[0]
            for name, fact in rulebook.vocabulary.items()
            if not isinstance(fact, Text)
        }
    )
    assessment = assess(rulebook, answered)
    ranks = [RANK[rulebook.by_id[name].outcome] for name in assessment.fired]
    assert assessment.open == assessment.missing == ()
    assert assessment.outcome == OUTCOMES[max(ranks, default=0)]


@given(screened(most_rules=4))
@settings(max_examples=examples(100), deadline=None)
def test_fired_and_quiet_hold_whatever_is_answered_later(example) -> None:
    rulebook, facts = example
    assume(prod(len(possible_answers(fact, facts)) for fact in rulebook.vocabulary.values()) < 200)
    now = assess(rulebook, facts)
    for completed in completions(facts):
        later = assess(rulebook, completed)
        assert set(now.fired) <= set(later.fired) <= set(now.fired) | set(now.open)
        assert RANK[later.outcome] >= RANK[now.outcome] or now.outcome == "needs_information"


@given(screened(), st.data())
@settings(max_examples=examples(100), deadline=None)
def test_an_answer_that_is_lost_never_makes_the_outcome_milder_than_a_question(
    example, data
) -> None:
    rulebook, facts = example
    name = data.draw(st.sampled_from(list(rulebook.vocabulary)))
    before, after = assess(rulebook, facts), assess(rulebook, facts.replace(**{name: None}))
    assert RANK[after.outcome] >= min(NEEDS_INFORMATION, RANK[before.outcome])


@given(screened())
@settings(max_examples=examples(100), deadline=None)
def test_an_open_rule_above_the_fired_ones_asks(example) -> None:
    rulebook, facts = example
    assessment = assess(rulebook, facts)
    rank = {name: RANK[rulebook.by_id[name].outcome] for name in rulebook.by_id}
    fired = max((rank[name] for name in assessment.fired), default=0)
    above = [name for name in assessment.open if rank[name] > fired]
    assert assessment.outcome == ("needs_information" if above else OUTCOMES[fired])
    assert bool(assessment.missing) == bool(above)
    assert not any(facts.is_known(name) for name in assessment.missing)


@given(screened(most_rules=3))
@settings(max_examples=examples(300), deadline=None)
def test_missing_is_exactly_what_could_still_fire(example) -> None:
    rulebook, facts = example
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(undecided, "MOST_ANSWERS", 100_000)
        for rule in rulebook.rules:
            condition = rulebook.opened(rule.when)
            if truth(condition, facts) is None and (needed := needed_by_trying(condition, facts)):
                assert undecided.facts_that_could_fire(condition, facts) == needed


@given(screened(most_rules=3))
@settings(max_examples=examples(100), deadline=None)
def test_missing_never_leaves_a_fact_out_when_the_answers_are_too_many_to_try(example) -> None:
    rulebook, facts = example
    for rule in rulebook.rules:
        condition = rulebook.opened(rule.when)
        if truth(condition, facts) is None:
            exact = undecided.facts_that_could_fire(condition, facts)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(undecided, "MOST_ANSWERS", 1)
                assert undecided.facts_that_could_fire(condition, facts) >= exact


def needed_by_trying(condition, facts: Facts) -> frozenset[str]:
    """The definition: some answers fire the condition with this fact, and do not without it."""
    names = sorted({atom.fact for atom in atoms(condition) if not facts.is_known(atom.fact)})
    options = [[facts[name], *partial_answers(facts, name)] for name in names]
    assume(prod(map(len, options)) < 3000)
    fires = {}
    for choice in product(*(range(len(option)) for option in options)):
        answers = {
            name: option[at] for name, option, at in zip(names, options, choice, strict=True)
        }
        fires[choice] = truth(condition, facts.replace(**answers)) is True
    return frozenset(
        names[at]
        for choice, fired in fires.items()
        for at in range(len(names))
        if fired and not fires[(*choice[:at], 0, *choice[at + 1 :])]
    )


def partial_answers(facts: Facts, name: str) -> list[object]:
    """All answers to a fact; of flags also those that leave some members open."""
    fact = facts.vocabulary[name]
    if fact.kind != "flags":
        return possible_answers(fact, facts)
    states = [
        [there] if (there := facts.has(name, member)) is not None else [True, False, None]
        for member in fact.members
    ]
    return [
        {
            "yes": [m for m, state in zip(fact.members, drawn, strict=True) if state is True],
            "unknown": [m for m, state in zip(fact.members, drawn, strict=True) if state is None],
        }
        for drawn in product(*states)
    ]


@given(screened())
@settings(max_examples=examples(100), deadline=None)
def test_a_rulebook_comes_back_from_its_canonical_text(example) -> None:
    rulebook, facts = example
    again = read_canonical(rulebook.canonical)
    assert again.digest == rulebook.digest
    assert list(again.vocabulary) == list(rulebook.vocabulary)
    assert assess(again, again.vocabulary.parse(facts.plain)) == assess(rulebook, facts)


@given(screened())
@settings(max_examples=examples(100), deadline=None)
def test_a_stored_screening_replays(example) -> None:
    rulebook, facts = example
    outcome = assess(rulebook, facts).outcome
    stored = {"facts_text": facts.text, "rulebook_digest": rulebook.digest}
    compiled = compile_rulebook(rulebook)
    assert replay(compiled, **stored, outcome=outcome) is None
    assert replay(compiled, **stored, outcome=outcome, facts_digest=facts.digest) is None
    other = next(name for name in OUTCOMES if name != outcome)
    mismatch = replay(compiled, **stored, outcome=other)
    assert (mismatch.kind, mismatch.stored, mismatch.found) == ("outcome", other, outcome)
