"""A second engine: the meaning of a rulebook once more, from its text and from nothing else.

It shares no code with the reader of rulebooks, with the reference reading or with the compiled one,
so that a fault in one of these cannot hide. Truth is a number here: 0 false, 1 not known, 2 true;
`all` is the least of its parts, `any` the greatest, and `not` turns the scale. What it says of many
deals is compared with what the compiled rulebook says before a version may become active.

Rules and conditions are read as YAML gives them: mappings, lists, texts, numbers.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML

FALSE, OPEN, TRUE = 0, 1, 2
#: From mild to grave; the gravest rule that surely holds decides.
ORDER = ("clear", "senior_review", "executive_review", "needs_information", "bar")
ASKED = "needs_information"

Tree = Mapping[str, Any]
Deal = Mapping[str, Any]
Truth = Callable[[dict[str, Any]], int]
#: Outcome, rules that surely hold, rules of which nobody knows.
Said = tuple[str, frozenset[str], frozenset[str]]


class Unreadable(ValueError):
    """A text that this engine cannot make sense of; the message says what in it."""


# A check reads the same text for each of its engines and versions; nobody changes a tree.
@lru_cache(2)
def parsed(text: str) -> Tree:
    """YAML 1.2, in which `no` is a text."""
    tree = YAML(typ="safe", pure=True).load(text)
    if not isinstance(tree, Mapping):
        raise Unreadable("the text is no mapping")
    return tree


class SecondEngine:
    """A rulebook as its text has it. ``facts`` are its words: mappings with name, kind, values."""

    def __init__(self, facts: Sequence[Tree], book: Tree) -> None:
        self.facts = {fact["name"]: fact for fact in facts}
        self.terms: dict[str, Truth] = {}
        self._written: Tree = book.get("terms") or {}
        self.thresholds: dict[str, set[int]] = {}
        self.rules = [
            (rule, ORDER.index(outcome), self._truth(when))
            for entry in book["rules"]
            for rule, outcome, when in self._rows(entry)
        ]

    def said(self, deal: Deal) -> Said:
        """What it says of a deal in its plain form; a fact that is left out is not known."""
        known = {name: self._opened(name, value) for name, value in deal.items()}
        holds: list[tuple[int, str]] = []
        open_: list[tuple[int, str]] = []
        for rule, rank, truth in self.rules:
            value = truth(known)
            if value == TRUE:
                holds.append((rank, rule))
            elif value == OPEN:
                open_.append((rank, rule))
        reached = max(holds)[0] if holds else 0
        asks = bool(open_) and max(open_)[0] > reached
        return (
            ASKED if asks else ORDER[reached],
            frozenset(rule for _, rule in holds),
            frozenset(rule for _, rule in open_),
        )

    def _opened(self, name: str, value: Any) -> Any:
        """A set of flags as the pair (surely there, possibly there)."""
        if self.facts[name]["kind"] != "flags" or value is None:
            return value
        if isinstance(value, Mapping):
            there = frozenset(value.get("yes") or ())
            return there, there | frozenset(value.get("unknown") or ())
        return frozenset(value), frozenset(value)

    # Rules

    def _rows(self, entry: Tree) -> Iterator[tuple[str, str, Any]]:
        """A rule; of a table, one for each cell that is not clear."""
        if "table" not in entry:
            yield entry["id"], entry["outcome"], entry["when"]
            return
        table = entry["table"]
        down, across = table["down"], table["across"]
        for row in self._values(down):
            cells = _one_of(table["grid"], row)
            for column in self._values(across):
                outcome = _one_of(cells, column)
                if outcome != "clear":
                    both = [{down: [row]}, {across: [column]}]
                    extra = [entry["when"]] if "when" in entry else []
                    yield f"{entry['id']}.{row}.{column}", outcome, {"all": [*extra, *both]}

    def _values(self, name: str) -> list[str]:
        return [_word(value) for value in self.facts[name]["values"]]

    # Conditions

    def _truth(self, tree: Any) -> Truth:
        if isinstance(tree, str):
            return self._term(tree)
        if not isinstance(tree, Mapping) or not tree:
            raise Unreadable(f"{tree!r} is no condition")
        parts = [self._entry(key, value) for key, value in tree.items()]
        return parts[0] if len(parts) == 1 else _least(parts)

    def _term(self, name: str) -> Truth:
        if name not in self.terms:
            if name not in self._written:
                raise Unreadable(f"{name} is no term")
            truth = self._truth(self._written[name])
            mark = f"term {name}"

            def remembered(deal: dict[str, Any]) -> int:
                value: int | None = deal.get(mark)
                if value is None:
                    value = deal[mark] = truth(deal)
                return value

            self.terms[name] = remembered
        return self.terms[name]

    def _entry(self, key: str, value: Any) -> Truth:
        if key == "all":
            return _least([self._truth(part) for part in value])
        if key == "any":
            return _greatest([self._truth(part) for part in value])
        if key == "not":
            inner = self._truth(value)
            return lambda deal: TRUE - inner(deal)
        fact = self.facts.get(key)
        if fact is None:
            raise Unreadable(f"{key} is no fact")
        match fact["kind"], value:
            case "choice", list():
                return _asked(key, frozenset(value).__contains__)
            case "yesno", bool():
                return _asked(key, lambda answer: answer is value)
            case "flags", {"any": members}:
                return _some(key, frozenset(members))
            case "flags", {"every": members}:
                return _every(key, frozenset(members))
            case "amount", dict() if len(value) == 1:
                ((word, threshold),) = value.items()
                self.thresholds.setdefault(key, set()).add(threshold)
                return _asked(key, _compared(word, threshold))
        raise Unreadable(f"{key}: {value!r} is no question about this fact")


def _one_of(cells: Tree, name: str) -> Any:
    return cells[name] if name in cells else cells["others"]


def _word(value: Any) -> str:
    """A value as the stored vocabulary has it: alone, or with its words behind it."""
    return value if isinstance(value, str) else value[0]


def _least(parts: Sequence[Truth]) -> Truth:
    def truth(deal: dict[str, Any]) -> int:
        least = TRUE
        for part in parts:
            value = part(deal)
            if value < least:
                if value == FALSE:
                    return FALSE
                least = value
        return least

    return truth


def _greatest(parts: Sequence[Truth]) -> Truth:
    def truth(deal: dict[str, Any]) -> int:
        greatest = FALSE
        for part in parts:
            value = part(deal)
            if value > greatest:
                if value == TRUE:
                    return TRUE
                greatest = value
        return greatest

    return truth


def _asked(name: str, holds: Callable[[Any], bool]) -> Truth:
    def truth(deal: dict[str, Any]) -> int:
        answer = deal.get(name)
        if answer is None:
            return OPEN
        return TRUE if holds(answer) else FALSE

    return truth


def _some(name: str, members: frozenset[str]) -> Truth:
    def truth(deal: dict[str, Any]) -> int:
        answer = deal.get(name)
        if answer is None:
            return OPEN
        there, possible = answer
        if not members.isdisjoint(there):
            return TRUE
        return FALSE if members.isdisjoint(possible) else OPEN

    return truth


def _every(name: str, members: frozenset[str]) -> Truth:
    def truth(deal: dict[str, Any]) -> int:
        answer = deal.get(name)
        if answer is None:
            return OPEN
        there, possible = answer
        if members <= there:
            return TRUE
        return OPEN if members <= possible else FALSE

    return truth


def _compared(word: str, threshold: int) -> Callable[[Any], bool]:
    comparisons: Mapping[str, Callable[[Any], bool]] = {
        "above": lambda amount: amount > threshold,
        "at_least": lambda amount: not amount < threshold,
        "below": lambda amount: amount < threshold,
        "at_most": lambda amount: not amount > threshold,
    }
    if word not in comparisons:
        raise Unreadable(f"{word} compares nothing")
    return comparisons[word]


# --- deals ---------------------------------------------------------------------------------------


def random_deals(
    engine: SecondEngine, known: Sequence[Deal], *, seed: str, count: int
) -> Iterator[dict[str, Any]]:
    """Deals to compare two engines with: the same ones for the same seed.

    One in two is made of random answers, few of them open; the others are known deals with one to
    four answers changed, because few random deals come near to what clears.
    """
    chance = random.Random(seed)  # noqa: S311  nothing secret; the same deals every time
    readable = [name for name, fact in engine.facts.items() if fact["kind"] != "text"]
    for _ in range(count):
        if known and chance.random() < 0.5:
            deal = dict(chance.choice(known))
            names = chance.sample(readable, min(len(readable), chance.randint(1, 4)))
        else:
            deal, names = {}, readable
        for name in names:
            deal[name] = _answer(engine, name, chance)
        yield deal


def _answer(engine: SecondEngine, name: str, chance: random.Random) -> Any:
    fact = engine.facts[name]
    if chance.random() < 0.1:
        return None
    match fact["kind"]:
        case "choice":
            return _word(chance.choice(fact["values"]))
        case "yesno":
            return chance.random() < 0.5
        case "amount":
            near = sorted(engine.thresholds.get(name, {0}))
            return chance.choice(near) + chance.choice((-1, 0, 1))
    members = [_word(member) for member in fact["members"]]
    some = chance.sample(members, min(len(members), chance.choice((0, 1, 1, 2, 3, 6))))
    if chance.random() < 0.7:
        return some
    cut = chance.randint(0, len(some))
    return {"yes": some[:cut], "unknown": some[cut:]}
