"""Conditions as a rulebook writes them: nodes in, the closed tree out, every misfit noted."""

from collections.abc import Collection

from policy.engine.language.condition import (
    COMPARISONS,
    All,
    Compare,
    Comparison,
    Condition,
    Either,
    HasAny,
    HasEvery,
    Is,
    Not,
    OneOf,
    Term,
)
from policy.engine.language.facts import (
    LARGEST_AMOUNT,
    Amount,
    Choice,
    Fact,
    Flags,
    Text,
    Vocabulary,
    YesNo,
)
from policy.engine.language.marked import Node, Problems
from policy.engine.language.shapes import Shapes
from policy.engine.language.words import did_you_mean, shown

KEYWORDS = ("all", "any", "not")
#: Stands for a condition that could not be read; the rulebook is refused anyway.
BLANK = Either(())


class ConditionReader:
    """Reads conditions over one vocabulary and one set of term names."""

    def __init__(self, vocabulary: Vocabulary, terms: Collection[str], problems: Problems) -> None:
        self.vocabulary = vocabulary
        self.terms = terms
        self.problems = problems
        self.shapes = Shapes(problems)

    def read(self, node: Node, what: str) -> Condition:
        if node.entries is not None:
            return self._mapping(node, what)
        if isinstance(node.value, str):
            return self._term(node, node.value, what)
        hint = ""
        if node.parts is not None:
            hint = "; did you mean {all: […]} or {any: […]}?"
        self.problems.add(
            node, f"{what}: expected a condition or the name of a term, not {node.described}{hint}"
        )
        return BLANK

    def _term(self, node: Node, name: str, what: str) -> Condition:
        if name in self.terms:
            return Term(name)
        if name in self.vocabulary:
            hint = f"; {name} is a fact: write {{{name}: …}} with a value"
        else:
            hint = did_you_mean(name, self.terms)
        self.problems.add(node, f"{what}: unknown term {shown(name)}{hint}")
        return BLANK

    def _mapping(self, node: Node, what: str) -> Condition:
        pairs = list(self.shapes.pairs(node, what))
        if not pairs:
            if not node.entries:
                self.problems.add(node, f"{what}: the condition is empty")
            return BLANK
        if len(pairs) == 1:
            return self._entry(*pairs[0], what)
        for name, key, _ in pairs:
            if name in KEYWORDS:
                self.problems.add(
                    key, f"{what}: {name} stands beside other keys; put them into one all: […]"
                )
                return BLANK
        return All(tuple(self._entry(*pair, what) for pair in pairs))

    def _entry(self, name: str, key: Node, value: Node, what: str) -> Condition:
        if name in {"all", "any"}:
            if value.parts == []:
                self.problems.add(value, f"{what}: {name} with an empty list")
            nodes = self.shapes.parts(value, f"{what}: {name}")
            parts = tuple(self.read(part, what) for part in nodes)
            return All(parts) if name == "all" else Either(parts)
        if name == "not":
            return Not(self.read(value, what))
        if name not in self.vocabulary:
            hint = did_you_mean(name, [*self.vocabulary, *KEYWORDS])
            if name in self.terms:
                hint = f"; {name} is a term: write its name alone"
            self.problems.add(key, f"{what}: unknown fact {shown(name)}{hint}")
            return BLANK
        return self._atom(self.vocabulary[name], key, value, f"{what}: {name}")

    def _atom(self, fact: Fact, key: Node, value: Node, what: str) -> Condition:
        match fact:
            case Choice():
                return self._choice(fact, value, what)
            case Flags():
                return self._flags(fact, value, what)
            case YesNo():
                truth = self.shapes.boolean(value, what)
                return BLANK if truth is None else Is(fact.name, truth)
            case Amount():
                return self._amount(fact, value, what)
            case Text():
                self.problems.add(key, f"{what} is a text, and a condition cannot read texts")
                return BLANK

    def _choice(self, fact: Choice, value: Node, what: str) -> Condition:
        values = self.shapes.several_of(value, what, fact.values, fact.words)
        if values and set(values) == set(fact.values):
            self.problems.add(value, f"{what}: lists every value, so it can never be false")
        return OneOf(fact.name, values) if values else BLANK

    def _flags(self, fact: Flags, value: Node, what: str) -> Condition:
        if value.parts is not None:
            self.problems.add(
                value, f"{what}: a list alone; did you mean {{any: […]}} or {{every: […]}}?"
            )
            return BLANK
        pair = self._single(value, what, ("any", "every"))
        if pair is None:
            return BLANK
        members = self.shapes.several_of(pair[1], what, fact.members, fact.words)
        if not members:
            return BLANK
        kind = HasAny if pair[0] == "any" else HasEvery
        return kind(fact.name, members)

    def _amount(self, fact: Amount, value: Node, what: str) -> Condition:
        pair = self._single(value, what, COMPARISONS)
        if pair is None:
            return BLANK
        threshold = pair[1].value
        if type(threshold) is not int or abs(threshold) >= LARGEST_AMOUNT:
            self.problems.add(pair[1], f"{what}: expected a whole number, not {pair[1].described}")
            return BLANK
        comparison: Comparison = next(word for word in COMPARISONS if word == pair[0])
        return Compare(fact.name, comparison, threshold)

    def _single(self, node: Node, what: str, known: Collection[str]) -> tuple[str, Node] | None:
        """The one entry of a mapping that has one of these keys."""
        if node.entries is None:
            words = " or ".join(f"{{{word}: …}}" for word in known)
            self.problems.add(node, f"{what}: expected {words}, not {node.described}")
            return None
        entries = self.shapes.fields(node, what, (), known)
        if len(entries) == 1:
            return next(iter(entries.items()))
        if entries or not node.entries:
            self.problems.add(node, f"{what}: expected exactly one of {', '.join(known)}")
        return None
