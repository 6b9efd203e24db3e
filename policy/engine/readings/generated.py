"""Python source for a rulebook: what `compiled.py` runs.

A condition becomes two expressions over the cells of Facts (see facts.py): `surely` is truthy when
the condition is true whatever the unknown turns out to be, `possibly` unless it is false so. Only
numbers and names made here stand in the source; every text of the rulebook is passed in as a value.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

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
    Rulebook,
    as_atom,
    atoms,
)
from policy.engine.language.facts import NO, YES, Choice, Flags, Vocabulary

OPERATORS = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<="}
# A guard in front of fewer rules costs more than it saves.
FEWEST_BEHIND_A_GUARD = 3
DEEPEST_GUARD = 4
#: How the source names a cell, by its position.
Naming = Callable[[int], str]


def local(slot: int) -> str:
    return f"c{slot}"


def subscript(slot: int) -> str:
    return f"c[{slot}]"


class Expressions:
    """Conditions as Python expressions; the terms of the conditions are opened."""

    def __init__(self, vocabulary: Vocabulary, cell: Naming) -> None:
        self.vocabulary = vocabulary
        self.cell = cell

    def surely(self, condition: Condition) -> str:
        match condition:
            case All(parts):
                return _joined(" and ", [self.surely(part) for part in parts], "True")
            case Either(parts):
                return _joined(" or ", [self.surely(part) for part in parts], "False")
            case Not(part):
                return f"(not {self.possibly(part)})"
        return self._atom(as_atom(condition), surely=True)

    def possibly(self, condition: Condition) -> str:
        match condition:
            case All(parts):
                return _joined(" and ", [self.possibly(part) for part in parts], "True")
            case Either(parts):
                return _joined(" or ", [self.possibly(part) for part in parts], "False")
            case Not(part):
                return f"(not {self.surely(part)})"
        return self._atom(as_atom(condition), surely=False)

    def turning(self, condition: Condition) -> str:
        """Bits of the facts (`Vocabulary.bits`) that stand in open parts; 0 when it is decided."""
        match condition:
            case All(parts):
                inner = _joined(" | ", [self.turning(part) for part in parts], "0")
                return f"({inner} if {self.possibly(condition)} else 0)"
            case Either(parts):
                inner = _joined(" | ", [self.turning(part) for part in parts], "0")
                return f"(0 if {self.surely(condition)} else {inner})"
            case Not(part):
                return self.turning(part)
        atom = as_atom(condition)
        bit = self.vocabulary.bits[atom.fact]
        return f"({bit} if {self.possibly(atom)} and not {self.surely(atom)} else 0)"

    def _atom(self, atom: Atom, *, surely: bool) -> str:
        cell = self.cell(self.vocabulary.slots[atom.fact])
        match atom:
            case OneOf():
                wanted, others = self.masks(atom)
                return f"(not {cell} & {others})" if surely else f"({cell} & {wanted})"
            case Is(_, value):
                wanted, other = (YES, NO) if value else (NO, YES)
                return f"({cell} == {wanted})" if surely else f"({cell} != {other})"
            case HasAny():
                return f"({self.members(atom, surely=surely)} & {self.mask(atom)})"
            case HasEvery():
                mask = self.mask(atom)
                return f"({self.members(atom, surely=surely)} & {mask} == {mask})"
            case Compare(_, comparison, threshold):
                compared = f"{cell} {OPERATORS[comparison]} {threshold}"
                known = f"{cell} is not None and" if surely else f"{cell} is None or"
                return f"({known} {compared})"

    def members(self, atom: HasAny | HasEvery, *, surely: bool) -> str:
        """The cell of the members that are surely there, or of those that may be."""
        return self.cell(self.vocabulary.slots[atom.fact] + (0 if surely else 1))

    def mask(self, atom: HasAny | HasEvery) -> int:
        fact = self.vocabulary[atom.fact]
        return fact.mask(atom.members) if isinstance(fact, Flags) else 0

    def masks(self, atom: OneOf) -> tuple[int, int]:
        """Bits of the wanted values of a choice, and of all others."""
        fact = self.vocabulary[atom.fact]
        values = fact.values if isinstance(fact, Choice) else ()
        wanted = sum(1 << at for at, value in enumerate(values) if value in atom.values)
        return wanted, ((1 << len(values)) - 1) & ~wanted


def screen_source(rulebook: Rulebook, bits: Mapping[str, int]) -> str:
    """`screen(cells, known)` → (bits of the fired rules, bits of the open rules)."""
    rules = _numbered(rulebook, bits)
    used = {atom.fact for _, parts in rules for part in parts for atom in atoms(part)}
    lines = ["def screen(cells, known):", f"    {_unpacking(rulebook.vocabulary, used)} = cells"]
    expressions = Expressions(rulebook.vocabulary, local)
    lines += fired_lines(rulebook, bits)
    needed = sum(rulebook.vocabulary.bits[name] for name in used)
    lines += [f"    if known & {needed} == {needed}:", "        return fired, 0"]
    lines += ["    maybe = 0", *_Block(expressions, surely=False).lines(rules, "    ", frozenset())]
    lines += ["    return fired, maybe & ~fired"]
    return "\n".join(lines)


def fired_lines(rulebook: Rulebook, bits: Mapping[str, int]) -> Iterator[str]:
    """Puts the bits of the fired rules into `fired`; the cells are in locals."""
    yield "    fired = 0"
    block = _Block(Expressions(rulebook.vocabulary, local), surely=True)
    yield from block.lines(_numbered(rulebook, bits), "    ", frozenset())


def _numbered(rulebook: Rulebook, bits: Mapping[str, int]) -> list["Numbered"]:
    return [
        (bits[rule.id], conjuncts(simplified(rulebook.opened(rule.when))))
        for rule in rulebook.rules
    ]


def turning_source(rulebook: Rulebook, number: int) -> str:
    """`turning0(c)` and so on for `rulebook.ranked`: bits of the facts that stand in open parts."""
    condition = simplified(rulebook.opened(rulebook.ranked[number].when))
    expression = Expressions(rulebook.vocabulary, subscript).turning(condition)
    return f"def turning{number}(c):\n    return {expression}"


def _unpacking(vocabulary: Vocabulary, used: set[str]) -> str:
    names = ["_"] * len(vocabulary.blank)
    for name in used:
        slot = vocabulary.slots[name]
        for at in range(slot, slot + vocabulary[name].width):
            names[at] = local(at)
    return ", ".join(names) + ("," if len(names) == 1 else "")


Numbered = tuple[int, Sequence[Condition]]


class _Block:
    """The `if`s of one pass over the rules, those that need the same fact behind one guard."""

    def __init__(self, expressions: Expressions, *, surely: bool) -> None:
        self.expressions = expressions
        self.surely = surely
        self.target = "fired" if surely else "maybe"

    def lines(
        self, rules: Sequence[Numbered], indent: str, guarded: frozenset[str]
    ) -> Iterator[str]:
        name, guard = self._best_guard(rules, guarded)
        inside = [rule for rule in rules if name and _needs(rule, name)]
        if inside:
            yield f"{indent}if {guard}:"
            yield from self.lines(inside, f"{indent}    ", guarded | {name})
            yield from self.lines([rule for rule in rules if rule not in inside], indent, guarded)
            return
        express = self.expressions.surely if self.surely else self.expressions.possibly
        for bit, parts in rules:
            test = _joined(" and ", [express(part) for part in parts], "True")
            yield f"{indent}if {test}:"
            yield f"{indent}    {self.target} |= {bit}"

    def _best_guard(self, rules: Sequence[Numbered], guarded: frozenset[str]) -> tuple[str, str]:
        """The fact that most rules need, and a test that none of those rules passes without."""
        needed: dict[str, list[OneOf | HasAny]] = {}
        for _, parts in rules:
            for name in {part.fact for part in parts if isinstance(part, OneOf | HasAny)} - guarded:
                atom = next(
                    part for part in parts if isinstance(part, OneOf | HasAny) and part.fact == name
                )
                needed.setdefault(name, []).append(atom)
        best = max(sorted(needed), key=lambda name: len(needed[name]), default="")
        few = len(needed.get(best, ())) < FEWEST_BEHIND_A_GUARD
        if few or len(guarded) >= DEEPEST_GUARD:
            return "", ""
        return best, self._guard(best, needed[best])

    def _guard(self, name: str, needed: Sequence[OneOf | HasAny]) -> str:
        mask, cell = 0, ""
        for atom in needed:
            if isinstance(atom, OneOf):
                mask |= self.expressions.masks(atom)[0]
                cell = self.expressions.cell(self.expressions.vocabulary.slots[name])
            else:
                mask |= self.expressions.mask(atom)
                cell = self.expressions.members(atom, surely=self.surely)
        return f"{cell} & {mask}"


def _needs(rule: Numbered, name: str) -> bool:
    return any(isinstance(part, OneOf | HasAny) and part.fact == name for part in rule[1])


def simplified(condition: Condition) -> Condition:
    """The same condition with nested connectives flattened and flags of one `any` united.

    Both keep Kleene's truth value. Values of a choice are not united: together they might list
    every value, which an unknown fact would then have.
    """
    match condition:
        case All(parts):
            flat = [
                inner
                for part in map(simplified, parts)
                for inner in (part.parts if isinstance(part, All) else (part,))
            ]
            return flat[0] if len(flat) == 1 else All(tuple(flat))
        case Either(parts):
            flat = [
                inner
                for part in map(simplified, parts)
                for inner in (part.parts if isinstance(part, Either) else (part,))
            ]
            united = _united(flat)
            return united[0] if len(united) == 1 else Either(tuple(united))
        case Not(part):
            return Not(simplified(part))
    return condition


def _united(parts: Sequence[Condition]) -> list[Condition]:
    members: dict[str, dict[str, None]] = {}
    rest: list[Condition] = []
    for part in parts:
        if isinstance(part, HasAny):
            members.setdefault(part.fact, {}).update(dict.fromkeys(part.members))
        else:
            rest.append(part)
    return [*(HasAny(name, tuple(its_members)) for name, its_members in members.items()), *rest]


def conjuncts(condition: Condition) -> tuple[Condition, ...]:
    """The parts that must all be true."""
    return condition.parts if isinstance(condition, All) else (condition,)


def _joined(operator: str, parts: Sequence[str], empty: str) -> str:
    return f"({operator.join(parts)})" if len(parts) > 1 else (parts[0] if parts else empty)
