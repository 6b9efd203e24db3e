"""Python source for findings: per rule one function that tells why it fired.

`finding(c, texts)` takes the cells and texts of Facts for which the rule is surely true. The
sentence is put together from ready words, looked up by cell; which facts decided follows from the
same expressions that `screen` uses.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from policy.engine.language.condition import (
    All,
    Atom,
    Condition,
    Either,
    HasAny,
    HasEvery,
    Not,
    Rule,
    Rulebook,
    as_atom,
)
from policy.engine.language.facts import NO, YES, Amount, Choice, Fact, Flags, Plain, Text, YesNo
from policy.engine.language.words import AND, PLACEHOLDER, listed
from policy.engine.readings.assessment import Finding, capitalised, flag_words
from policy.engine.readings.generated import Expressions, simplified, subscript

# Sets of flags differ from deal to deal, but the few that a rule looks at repeat.
REMEMBERED = 4096


class FindingSource:
    """The source of one rule's function; `values` are the names that it uses."""

    def __init__(self, rulebook: Rulebook, rule: Rule, number: int) -> None:
        self.rule = rule
        self.number = number
        self.vocabulary = rulebook.vocabulary
        self.looks = rulebook.looks[rule.id]
        self.condition = simplified(rulebook.opened(rule.when))
        self.expressions = Expressions(self.vocabulary, subscript)
        self.values: dict[str, object] = {}

    def source(self) -> str:
        rule = self.rule
        start = ", ".join(map(self._value, (rule.id, rule.clause, rule.outcome)))
        rest = ", ".join(map(self._value, (rule.evidence, rule.title, rule.asks)))
        return "\n".join(
            [
                f"def finding{self.number}(c, texts):",
                *self._facts(),
                f"    return new(Finding, ({start}, {self._sentence()}, facts, {rest}))",
            ]
        )

    def _value(self, value: object) -> str:
        name = f"v{self.number}_{len(self.values)}"
        self.values[name] = value
        return name

    # The sentence

    def _sentence(self) -> str:
        pieces = PLACEHOLDER.split(self.rule.because)
        fields = []
        for at, piece in enumerate(pieces):
            if at % 2:
                first = at == 1 and not pieces[0]
                name, *others = piece.split(AND)
                fields.append(
                    self._joined([name, *others], first=first)
                    if others
                    else self._words(self.vocabulary[name], first=first)
                )
            elif piece:
                fields.append(self._value(piece))
        return 'f"' + "".join(f"{{{field}}}" for field in fields) + '"'

    def _words(self, fact: Fact, *, first: bool) -> str:
        case = capitalised if first else str
        unknown = self._value(case(fact.unknown_words))
        if isinstance(fact, Text):
            return f"(texts.get({self._value(fact.name)}) or {unknown})"
        slot = self.vocabulary.slots[fact.name]
        if isinstance(fact, Flags):
            return f"{self._value(_flag_words(fact, case))}(c[{slot}] & {self._mask(fact)})"
        if isinstance(fact, Amount):
            say = self._value(lambda number: case(fact.say(str(number))))
            return f"({unknown} if c[{slot}] is None else {say}(c[{slot}]))"
        words = {bit: case(fact.say(_word(value))) for bit, value in _by_cell(fact).items()}
        return f"{self._value(words)}.get(c[{slot}], {unknown})"

    def _joined(self, names: Sequence[str], *, first: bool) -> str:
        flags = [fact for name in names if isinstance(fact := self.vocabulary[name], Flags)]
        masks = [f"c[{self.vocabulary.slots[fact.name]}] & {self._mask(fact)}" for fact in flags]
        words = self._value(_joined_words(flags, capitalised if first else str))
        return f"{words}({', '.join(masks)})"

    def _mask(self, fact: Flags) -> int:
        """The members that the rule looks at; all of them when it looks at none."""
        return fact.mask(sorted(self.looks.get(fact.name, ()))) or (1 << len(fact.members)) - 1

    # The facts that fired it

    def _facts(self) -> Iterator[str]:
        """Lines that make `facts`, in the vocabulary's order."""
        decided: dict[str, list[tuple[int, str]]] = {}
        for atom, guards in self._deciding(self.condition, (), wanted=True):
            mask = self.expressions.mask(atom) if isinstance(atom, HasAny | HasEvery) else 0
            decided.setdefault(atom.fact, []).append((mask, " and ".join(guards)))
        ordered = [name for name in self.vocabulary if name in decided]
        if all(not guard for masks in decided.values() for _, guard in masks):
            pairs = [f"{self._value(name)}: {self._plain(name, decided[name])}" for name in ordered]
            yield f"    facts = {{{', '.join(pairs)}}}"
            return
        yield "    facts = {}"
        for name in ordered:
            conditions = [guard for _, guard in decided[name]]
            indent = "    "
            if all(conditions):
                yield f"    if {' or '.join(f'({condition})' for condition in conditions)}:"
                indent = "        "
            yield f"{indent}facts[{self._value(name)}] = {self._plain(name, decided[name])}"

    def _plain(self, name: str, pairs: list[tuple[int, str]]) -> str:
        """The plain value of a fact; of flags, only the members of the atoms that decided."""
        fact, slot = self.vocabulary[name], self.vocabulary.slots[name]
        if isinstance(fact, Flags):
            masks = [f"({mask} if {guard} else 0)" if guard else str(mask) for mask, guard in pairs]
            return f"[*{self._value(_members(fact))}(c[{slot}] & ({' | '.join(masks)}))]"
        if isinstance(fact, Amount):
            return f"c[{slot}]"
        return f"{self._value(_by_cell(fact))}[c[{slot}]]"

    def _deciding(
        self, condition: Condition, guards: tuple[str, ...], *, wanted: bool
    ) -> Iterator[tuple[Atom, tuple[str, ...]]]:
        """The atoms that may decide, each with what must hold for it to be one that does."""
        match condition:
            case All(parts) | Either(parts):
                one_is_enough = isinstance(condition, Either) is wanted
                for part in parts:
                    own = (self._is(part, wanted=wanted),) if one_is_enough else ()
                    yield from self._deciding(part, (*guards, *own), wanted=wanted)
            case Not(part):
                yield from self._deciding(part, guards, wanted=not wanted)
            case _:
                yield as_atom(condition), guards

    def _is(self, condition: Condition, *, wanted: bool) -> str:
        """That the condition is surely true, or surely false."""
        if wanted:
            return self.expressions.surely(condition)
        return f"not {self.expressions.possibly(condition)}"


def _by_cell(fact: Fact) -> Mapping[int, str | bool]:
    """Plain values of a choice or a yes/no fact by their cell."""
    if isinstance(fact, Choice):
        return {1 << at: value for at, value in enumerate(fact.values)}
    if isinstance(fact, YesNo):
        return {YES: True, NO: False}
    raise TypeError(f"{fact.name} has no closed list of values")


def _word(value: Plain) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _members(fact: Flags) -> Callable[[int], tuple[str, ...]]:
    @lru_cache(REMEMBERED)
    def members(mask: int) -> tuple[str, ...]:
        return tuple(fact.among(mask))

    return members


def _flag_words(fact: Flags, case: Callable[[str], str]) -> Callable[[int], str]:
    @lru_cache(REMEMBERED)
    def words(mask: int) -> str:
        return case(flag_words(fact, fact.among(mask)))

    return words


def _joined_words(several: Sequence[Flags], case: Callable[[str], str]) -> Callable[..., str]:
    @lru_cache(REMEMBERED)
    def words(*masks: int) -> str:
        there = [
            fact.say(member)
            for fact, mask in zip(several, masks, strict=True)
            for member in fact.among(mask)
        ]
        return case(listed(there) or several[0].unknown_words)

    return words


def finding_functions(rulebook: Rulebook) -> tuple[str, dict[str, Any]]:
    """The source of `finding0`, `finding1`, … for `rulebook.ranked`, and the values it uses."""
    sources = []
    values: dict[str, Any] = {"Finding": Finding, "new": tuple.__new__}
    for number, rule in enumerate(rulebook.ranked):
        made = FindingSource(rulebook, rule, number)
        sources.append(made.source())
        values.update(made.values)
    return "\n\n".join(sources), values
