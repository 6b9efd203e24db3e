"""Three-valued truth: what a condition says about partly answered facts.

Kleene's logic: a part decides the whole only when it would, whatever the unknown turns out to be.
"""

from policy.engine.language.condition import (
    All,
    Atom,
    Compare,
    Condition,
    Either,
    HasAny,
    HasEvery,
    Is,
    Not,
    OneOf,
    Term,
)
from policy.engine.language.facts import Facts, Plain


def truth(condition: Condition, facts: Facts) -> bool | None:
    """True, False or None (unknown) of a condition whose terms are opened."""
    match condition:
        case All(parts):
            truths = [truth(part, facts) for part in parts]
            if False in truths:
                return False
            return None if None in truths else True
        case Either(parts):
            truths = [truth(part, facts) for part in parts]
            if True in truths:
                return True
            return None if None in truths else False
        case Not(part):
            inner = truth(part, facts)
            return None if inner is None else not inner
        case Term(name):
            raise ValueError(f"the term {name} is not opened")
    return atom_truth(condition, facts)


def atom_truth(atom: Atom, facts: Facts) -> bool | None:
    match atom:
        case HasAny(name, members):
            there = [facts.has(name, member) for member in members]
            if True in there:
                return True
            return None if None in there else False
        case HasEvery(name, members):
            there = [facts.has(name, member) for member in members]
            if False in there:
                return False
            return None if None in there else True
    value = facts[atom.fact]
    if value is None:
        return None
    match atom:
        case OneOf(_, values):
            return value in values
        case Is(_, wanted):
            return value is wanted
        case Compare(_, comparison, threshold):
            return _compare(value, comparison, threshold)


def _compare(value: Plain, comparison: str, threshold: int) -> bool:
    if not isinstance(value, int):
        raise TypeError("an amount is a whole number")
    match comparison:
        case "above":
            return value > threshold
        case "at_least":
            return value >= threshold
        case "below":
            return value < threshold
    return value <= threshold
