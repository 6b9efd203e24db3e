"""A vocabulary from YAML: one entry per fact."""

from typing import get_args

from policy.engine.language.facts import (
    SOURCES,
    Amount,
    Choice,
    Fact,
    Flags,
    Source,
    Text,
    Vocabulary,
    YesNo,
)
from policy.engine.language.marked import Node, Problems, Written, read_marked
from policy.engine.language.reading_conditions import KEYWORDS
from policy.engine.language.shapes import NAME, Shapes
from policy.engine.language.words import shown

# Per kind: the keys it needs and the keys it may have, beside those that every fact has.
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "choice": (("values",), ("rising",)),
    "flags": (("members",), ()),
    "yesno": ((), ("words",)),
    "amount": ((), ("unit",)),
    "text": ((), ()),
}


def read_vocabulary(text: Written, *, file: str) -> Vocabulary:
    """The vocabulary that the YAML text writes down; ReadingError holds every problem."""
    problems = Problems(file)
    root = read_marked(text, problems)
    facts = _VocabularyReader(problems).facts(root)
    problems.check()
    return Vocabulary(facts)


class _VocabularyReader:
    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.shapes = Shapes(problems)

    def facts(self, root: Node) -> list[Fact]:
        facts = []
        for name, key, node in self.shapes.pairs(root, "vocabulary"):
            self.shapes.name(key, "fact")
            if name in KEYWORDS:
                self.problems.add(key, f"fact: {name} is a word of the rule language")
            fact = self._fact(name, node)
            if fact is not None:
                facts.append(fact)
            if self.problems.full:
                break
        if root.entries == []:
            self.problems.add(root, "vocabulary: names no fact")
        return facts

    def _fact(self, name: str, node: Node) -> Fact | None:
        kind_node = next((value for key, value in node.entries or () if key.value == "kind"), None)
        kind = self.shapes.one_of(kind_node, f"{name}: kind", KINDS)
        if not kind:
            if kind_node is None:
                self.problems.add(node, f"{name}: missing kind; it is one of {', '.join(KINDS)}")
            return None
        required, allowed = KINDS[kind]
        fields = self.shapes.fields(
            node, name, ("kind", "label", "source", *required), ("ask", "unknown", *allowed)
        )
        label = self.shapes.text(fields.get("label"), f"{name}: label")
        unknown = self.shapes.text(fields.get("unknown"), f"{name}: unknown")
        ask = self.shapes.text(fields.get("ask"), f"{name}: ask", blank=True)
        source = self._source(fields.get("source"), name)
        words: dict[str, str] = {}
        match kind:
            case "choice":
                values = self._words(fields.get("values"), f"{name}: values", words, least=2)
                rising: tuple[str, ...] = ()
                if "rising" in fields:
                    rising = self.shapes.several_of(fields["rising"], f"{name}: rising", values)
                return Choice(
                    name,
                    values,
                    rising,
                    label=label,
                    source=source,
                    ask=ask,
                    words=words,
                    unknown=unknown,
                )
            case "flags":
                members = self._words(fields.get("members"), f"{name}: members", words, least=1)
                return Flags(
                    name, members, label=label, source=source, ask=ask, words=words, unknown=unknown
                )
            case "yesno":
                words = self._truth_words(fields.get("words"), f"{name}: words")
                return YesNo(
                    name, label=label, source=source, ask=ask, words=words, unknown=unknown
                )
            case "amount":
                unit = self.shapes.text(fields.get("unit"), f"{name}: unit", blank=True)
                return Amount(name, unit, label=label, source=source, ask=ask, unknown=unknown)
        return Text(name, label=label, source=source, ask=ask, unknown=unknown)

    def _source(self, node: Node | None, name: str) -> Source:
        word = self.shapes.one_of(node, f"{name}: source", SOURCES)
        return next((source for source in get_args(Source) if source == word), "declared")

    def _words(
        self, node: Node | None, what: str, words: dict[str, str], *, least: int
    ) -> tuple[str, ...]:
        """Values or members: a list of names, or a mapping from names to words."""
        if node is None:
            return ()
        values: list[str] = []
        if node.parts is not None:
            for part in node:
                value = self.shapes.name(part, what)
                if value in values:
                    self.problems.add(part, f"{what}: {shown(value)} is listed twice")
                elif value:
                    values.append(value)
        else:
            for name, key, value_node in self.shapes.pairs(node, what):
                if NAME.match(name):
                    values.append(name)
                else:
                    self.shapes.name(key, what)
                text = self.shapes.text(value_node, f"{what}: {name}", blank=True)
                if text:
                    words[name] = text
        if len(values) < least:
            self.problems.add(node, f"{what}: name at least {least}")
        return tuple(values)

    def _truth_words(self, node: Node | None, what: str) -> dict[str, str]:
        """Words for true and false; the keys may be written as booleans."""
        words: dict[str, str] = {}
        if node is None:
            return words
        if node.entries is None:
            self.problems.add(
                node, f"{what}: expected lines such as “name: value”, not {node.described}"
            )
        for key, value in node.entries or ():
            truth = str(key.value).lower()
            if truth not in {"true", "false"}:
                self.problems.add(key, f"{what}: expected the keys true and false")
            elif truth in words:
                self.problems.add(key, f"duplicate key {truth}")
            else:
                words[truth] = self.shapes.text(value, what)
        return words
