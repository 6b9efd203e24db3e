"""Which unknown facts could still make an open condition true.

An unknown fact counts when some answers make the condition surely true *with* its answer and not
without it. For `any: [a, all: [a, b]]` that is `a` alone: no answer to `b` ever matters.

When no fact (and no member of a set of flags) is read twice among the open parts, every open part
can matter, and collecting them is exact. Otherwise the answers are tried, one for each group of
values that the condition cannot tell apart. More than MOST_ANSWERS combinations are not tried, and
a condition that contradicts itself (no answer makes it true) is open all the same: in both cases
all collected facts are named, so that none that matters is left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from math import prod

from policy.engine.language.condition import (
    All,
    Atom,
    Compare,
    Condition,
    Either,
    HasAny,
    HasEvery,
    Not,
    OneOf,
    as_atom,
)
from policy.engine.language.facts import LARGEST_AMOUNT, NO, YES, Cell, Choice, Facts, Flags, YesNo
from policy.engine.readings.kleene import truth

MOST_ANSWERS = 512
Cells = tuple[Cell, ...]


def facts_that_could_fire(condition: Condition, facts: Facts) -> frozenset[str]:
    """Names of the unknown facts; the condition is open and its terms are opened."""
    open_atoms = list(_open_atoms(condition, facts))
    collected = frozenset(atom.fact for atom in open_atoms)
    if reads_once(open_atoms, facts):
        return collected
    answers = {name: _answers(name, open_atoms, facts) for name in collected}
    if prod(len(each) for each in answers.values()) > MOST_ANSWERS:
        return collected
    return _needed(condition, facts, answers) or collected


def reads_once(open_atoms: Iterable[Atom], facts: Facts) -> bool:
    """Whether no unknown fact or member is read by two of the atoms."""
    seen: set[tuple[str, str]] = set()
    for atom in open_atoms:
        if isinstance(atom, HasAny | HasEvery):
            read = {
                (atom.fact, member)
                for member in atom.members
                if facts.has(atom.fact, member) is None
            }
        else:
            read = {(atom.fact, "")}
        if seen & read:
            return False
        seen |= read
    return True


def _open_atoms(condition: Condition, facts: Facts) -> Iterator[Atom]:
    """The open atoms that are not settled by a decided part around them."""
    if truth(condition, facts) is not None:
        return
    match condition:
        case All(parts) | Either(parts):
            for part in parts:
                yield from _open_atoms(part, facts)
        case Not(part):
            yield from _open_atoms(part, facts)
        case _:
            yield as_atom(condition)


def _needed(condition: Condition, facts: Facts, answers: dict[str, list[Cells]]) -> frozenset[str]:
    """Tries all answers; the first of each list leaves the fact as it is."""
    names = list(answers)
    fires = {
        choice: truth(condition, _answered(facts, answers, names, choice)) is True
        for choice in product(*(range(len(answers[name])) for name in names))
    }
    return frozenset(
        name
        for choice, fired in fires.items()
        if fired
        for at, name in enumerate(names)
        if not fires[(*choice[:at], 0, *choice[at + 1 :])]
    )


def _answered(
    facts: Facts, answers: dict[str, list[Cells]], names: Sequence[str], choice: Sequence[int]
) -> Facts:
    cells = list(facts.cells)
    for name, number in zip(names, choice, strict=True):
        slot = facts.vocabulary.slots[name]
        answer = answers[name][number]
        cells[slot : slot + len(answer)] = answer
    return Facts(facts.vocabulary, tuple(cells), facts.texts)


def _answers(name: str, open_atoms: Sequence[Atom], facts: Facts) -> list[Cells]:
    """Cells of the fact as it is, then one answer for each group that the atoms tell apart."""
    fact = facts.vocabulary[name]
    atoms = [atom for atom in open_atoms if atom.fact == name]
    slot = facts.vocabulary.slots[name]
    unknown = facts.cells[slot : slot + fact.width]
    match fact:
        case Choice():
            groups = {
                tuple(isinstance(atom, OneOf) and value in atom.values for atom in atoms): value
                for value in fact.values
            }
            bits = [1 << fact.values.index(value) for value in groups.values()]
            return [unknown, *((bit,) for bit in bits)]
        case YesNo():
            return [unknown, (YES,), (NO,)]
        case Flags():
            return list(islice(_flag_answers(fact, atoms, unknown), MOST_ANSWERS + 1))
    near = {
        atom.threshold + step for atom in atoms if isinstance(atom, Compare) for step in (-1, 0, 1)
    }
    return [unknown, *((number,) for number in sorted(near) if abs(number) <= LARGEST_AMOUNT)]


def _flag_answers(fact: Flags, atoms: Sequence[Atom], unknown: Cells) -> Iterator[Cells]:
    """Members that stand in the same atoms are one group; combinations of answers per group."""
    surely, possible = unknown[0] or 0, unknown[1] or 0
    groups: dict[tuple[bool, ...], int] = {}
    for member in fact.among(possible & ~surely):
        read = tuple(
            isinstance(atom, HasAny | HasEvery) and member in atom.members for atom in atoms
        )
        if any(read):
            groups[read] = groups.get(read, 0) | fact.bits[member]
    for chosen in product(*(_group_answers(group) for group in groups.values())):
        yes = surely | sum(there for there, _ in chosen)
        no = sum(absent for _, absent in chosen)
        yield yes, possible & ~no


def _group_answers(group: int) -> list[tuple[int, int]]:
    """(members that are there, members that are absent); the first answers nothing."""
    first = group & -group
    last = 1 << (group.bit_length() - 1)
    pairs = [(0, 0), (first, 0), (group, 0), (0, first), (0, group), (first, last)]
    return [pair for pair in dict.fromkeys(pairs) if not pair[0] & pair[1]]
