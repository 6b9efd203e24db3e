"""The meaning of a rulebook: the plain interpreter that every other reading must agree with.

Unknown is a third truth value (Kleene): a part decides the whole only when it would decide it
whatever the unknown turns out to be. A rule is fired (surely true), quiet (surely false) or open.
It is written to be read; `compiled.py` is written to be fast.
"""

from collections.abc import Iterator

from policy.engine.language.condition import (
    RANK,
    All,
    Atom,
    Condition,
    Either,
    HasAny,
    HasEvery,
    Not,
    Rule,
    Rulebook,
    Term,
)
from policy.engine.language.facts import Facts, Flags, Plain
from policy.engine.readings.assessment import (
    Assessment,
    Finding,
    decided,
    highest,
    members_there,
    review_floor,
    sentence,
)
from policy.engine.readings.kleene import truth
from policy.engine.readings.undecided import facts_that_could_fire


def assess(rulebook: Rulebook, facts: Facts) -> Assessment:
    """Screens one deal; FactError when the facts do not fit the rulebook's vocabulary."""
    facts = rulebook.vocabulary.adopt(facts)
    truths = {rule.id: truth(rulebook.opened(rule.when), facts) for rule in rulebook.rules}
    fired = [rule for rule in rulebook.ranked if truths[rule.id] is True]
    open_ = [rule for rule in rulebook.ranked if truths[rule.id] is None]
    reached = highest(rule.outcome for rule in fired)
    undecided: set[str] = set()
    for rule in open_:
        if RANK[rule.outcome] > RANK[reached]:
            undecided |= facts_that_could_fire(rulebook.opened(rule.when), facts)
    return Assessment(
        outcome=decided(reached, highest(rule.outcome for rule in open_)),
        fired=tuple(rule.id for rule in fired),
        open=tuple(rule.id for rule in open_),
        missing=tuple(name for name in rulebook.vocabulary if name in undecided),
        review_floor=review_floor(rule.outcome for rule in fired),
        findings=tuple(_finding(rulebook, rule, facts) for rule in fired),
    )


def _finding(rulebook: Rulebook, rule: Rule, facts: Facts) -> Finding:
    return Finding(
        rule=rule.id,
        clause=rule.clause,
        outcome=rule.outcome,
        because=sentence(rule.because, facts, rulebook.looks[rule.id]),
        facts=_grounds(rulebook.opened(rule.when), facts),
        evidence=rule.evidence,
        title=rule.title,
        asks=rule.asks,
    )


def _grounds(condition: Condition, facts: Facts) -> dict[str, Plain]:
    """The plain values that make the condition true or false, whichever it is."""
    looks: dict[str, frozenset[str]] = {}
    for atom in _deciding(condition, facts):
        members = atom.members if isinstance(atom, HasAny | HasEvery) else ()
        looks[atom.fact] = looks.get(atom.fact, frozenset()) | frozenset(members)
    grounds: dict[str, Plain] = {}
    for name, fact in facts.vocabulary.items():
        if name not in looks:
            continue
        if isinstance(fact, Flags):
            grounds[name] = members_there(fact, facts, looks[name])
        elif (value := facts[name]) is not None:
            grounds[name] = value
    return grounds


def _deciding(condition: Condition, facts: Facts) -> Iterator[Atom]:
    """The atoms that decide a condition that is known to be true or false."""
    match condition:
        case All(parts) | Either(parts):
            # One false part decides a false `all`, one true part a true `any`; otherwise all do.
            whole = truth(condition, facts)
            for part in parts:
                if truth(part, facts) is whole:
                    yield from _deciding(part, facts)
        case Not(part):
            yield from _deciding(part, facts)
        case Term(name):
            raise ValueError(f"the term {name} is not opened")
        case _:
            yield condition
