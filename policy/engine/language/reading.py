"""YAML → Rulebook: every problem in one pass, as `file:line:column: what; did you mean …?`.

The text is YAML 1.2, so `no` and `NO` are words. What is read is checked against the vocabulary:
names, values, types, and that a condition can be false.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy.engine.language.condition import (
    ASKED,
    OUTCOMES,
    All,
    Condition,
    Either,
    EveryRule,
    Exists,
    Losing,
    Not,
    Outcome,
    Promise,
    Raising,
    Rule,
    Rulebook,
    Surely,
    Term,
)
from policy.engine.language.facts import Choice, Flags, Text, Vocabulary
from policy.engine.language.marked import (
    DEEPEST,
    Node,
    Plain,
    Problem,
    Problems,
    ReadingError,
    Written,
    read_marked,
)
from policy.engine.language.reading_conditions import ConditionReader
from policy.engine.language.reading_tables import TableReader
from policy.engine.language.reading_vocabulary import read_vocabulary
from policy.engine.language.shapes import Shapes
from policy.engine.language.words import AND, PLACEHOLDER, did_you_mean, listed, shown

__all__ = ["Cited", "Problem", "ReadingError", "read_canonical", "read_rulebook", "read_vocabulary"]

# A condition may use terms that use terms; written out, it may have this many parts.
MOST_PARTS = 2_000
MOST_PARTS_IN_ALL = 100_000
MOST_RULES = 5_000
MOST_TERMS = 1_000
ANY_FACT = "any_fact"
SETTLED_BY_A_RULE = OUTCOMES[1:]
# Per promise: the key that says what it is about, the keys it needs, and those it may have.
PROMISE_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "surely": (("only",), ("possibly",)),
    "possibly": (("only",), ("surely",)),
    "raising": (("never",), ("given",)),
    "losing": (("never",), ()),
    "exists": (("outcome",), ()),
    "every_rule": ((), ()),
}
EVERY_RULE = ("can_fire", "can_decide")


@dataclass(frozen=True)
class Cited:
    """The clauses that rules may cite and the evidence that they may ask for."""

    clauses: tuple[str, ...]
    evidence: tuple[str, ...]


def read_rulebook(
    text: Written,
    vocabulary: Vocabulary,
    *,
    file: str,
    cited: Cited | None = None,
    promised: Collection[str] = (),
) -> Rulebook:
    """The rulebook that the YAML text writes down; ReadingError holds every problem.

    With ``cited`` every clause and every piece of evidence must be one of these, and no promise
    may have one of the ids that are ``promised`` elsewhere. A version that was stored is read
    without: it stays readable whatever later clauses are called.
    """
    problems = Problems(file)
    root = read_marked(text, problems)
    rulebook = RulebookReader(vocabulary, problems, cited, promised).read(root)
    problems.check()
    return rulebook


def read_canonical(
    text: str,
    *,
    file: str = "canonical",
    cited: Cited | None = None,
    promised: Collection[str] = (),
) -> Rulebook:
    """The rulebook whose `canonical` text this is, with its own vocabulary.

    The ordinary reader reads it, without YAML; a text that was tampered with is a ReadingError.
    """
    (vocabulary,), rulebook = parts_of_canonical(text, "rulebook", ["vocabulary"], file=file)
    return read_rulebook(
        rulebook, vocabulary, file=f"{file} (rulebook)", cited=cited, promised=promised
    )


def parts_of_canonical(
    text: str, what: str, facts: Sequence[str], *, file: str
) -> tuple[list[Vocabulary], Plain]:
    """The vocabularies of a canonical text by their keys, all but the first may be missing, and
    beside them the rulebook or charter.
    """
    try:
        stored = json.loads(text)
        kept = {key: stored[key] for key in facts if key in stored or key == facts[0]}
        words = {
            key: {fact.pop("name"): _as_written(fact) for fact in some}
            for key, some in kept.items()
        }
        written = stored[what]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        problem = Problem(file, 1, 1, f"not the canonical text of a {what}: {error!r}")
        raise ReadingError([problem]) from None
    vocabularies = [
        read_vocabulary(Plain(some), file=f"{file} ({key})") for key, some in words.items()
    ]
    return vocabularies, Plain(written)


def _as_written(fact: dict[str, Any]) -> dict[str, Any]:
    return {
        key: dict(value) if key in {"values", "members"} else value for key, value in fact.items()
    }


class RulebookReader:
    """Reads terms, rules and promises; a charter is read with the terms and promises of it."""

    #: Keys that every promise needs, and may have, besides those that say what it promises.
    promise_needs: tuple[str, ...] = ()
    promise_may: tuple[str, ...] = ()
    #: The keys that say what a promise promises; it has exactly one of them.
    promise_kinds: tuple[str, ...] = tuple(PROMISE_KEYS)

    def __init__(
        self,
        vocabulary: Vocabulary,
        problems: Problems,
        cited: Cited | None = None,
        promised: Collection[str] = (),
    ) -> None:
        self.vocabulary = vocabulary
        self.cited = cited
        self.promised = promised
        self.problems = problems
        self.shapes = Shapes(problems)
        self.tables = TableReader(vocabulary, problems)
        self.conditions = ConditionReader(vocabulary, (), problems)
        self.sizes: dict[str, int] = {}
        self.depths: dict[str, int] = {}
        self.parts = 0
        #: Ids of promises by their lines.
        self.promise_ids: dict[str, int] = {}

    def read(self, root: Node) -> Rulebook:
        fields = self.shapes.fields(
            root, "rulebook", ("rulebook", "label", "source", "rules"), ("terms", "promises")
        )
        terms = self.terms(fields.get("terms"))
        return Rulebook(
            name=self.shapes.text(fields.get("rulebook"), "rulebook"),
            label=self.shapes.text(fields.get("label"), "label"),
            source=self.shapes.text(fields.get("source"), "source"),
            vocabulary=self.vocabulary,
            terms=terms,
            rules=self._rules(fields.get("rules")),
            promises=self.promises(fields.get("promises")),
        )

    # Terms

    def terms(self, node: Node | None) -> dict[str, Condition]:
        pairs = list(self.shapes.pairs(node, "terms")) if node else []
        if len(pairs) > MOST_TERMS:
            self.problems.add(pairs[MOST_TERMS][1], f"terms: more than {MOST_TERMS}")
            del pairs[MOST_TERMS:]
        self.conditions.terms = {name for name, _, _ in pairs}
        terms: dict[str, Condition] = {}
        for name, key, value in pairs:
            self.shapes.name(key, "term")
            if name in self.vocabulary:
                self.problems.add(key, f"term: {name} is already the name of a fact")
            terms[name] = self.conditions.read(value, f"term {name}")
        self._measure(terms, {name: key for name, key, _ in pairs})
        return terms

    def _measure(self, terms: Mapping[str, Condition], keys: Mapping[str, Node]) -> None:
        """Sizes of all terms written out; a cycle or a term that explodes is a problem."""
        uses = {name: _terms_in(term) for name, term in terms.items()}
        waiting = dict(uses)
        while ready := [name for name in waiting if uses[name] <= self.sizes.keys()]:
            for name in ready:
                self.sizes[name] = min(self._size(terms[name]), MOST_PARTS + 1)
                self.depths[name] = self._depth(terms[name])
                del waiting[name]
        for name in self.sizes:
            self._check_size(keys[name], f"term {name}", terms[name])
        for name in waiting:
            path = _cycle(name, uses)
            if path:
                self.problems.add(keys[name], f"term {name} uses itself: {' → '.join(path)}")
            self.sizes[name] = 1

    def _size(self, condition: Condition) -> int:
        match condition:
            case Term(name):
                return self.sizes.get(name, 1)
            case All(parts) | Either(parts):
                return 1 + sum(self._size(part) for part in parts)
            case Not(part):
                return 1 + self._size(part)
        return 1

    def _depth(self, condition: Condition) -> int:
        match condition:
            case Term(name):
                return self.depths.get(name, 1)
            case All(parts) | Either(parts):
                return 1 + max((self._depth(part) for part in parts), default=0)
            case Not(part):
                return 1 + self._depth(part)
        return 1

    def _check_size(self, node: Node, what: str, condition: Condition) -> None:
        if self._size(condition) > MOST_PARTS:
            self.problems.add(node, f"{what}: written out, has more than {MOST_PARTS} parts")
        if self._depth(condition) > DEEPEST:
            self.problems.add(node, f"{what}: written out, is nested deeper than {DEEPEST}")

    def _condition(self, node: Node, what: str) -> Condition:
        condition = self.conditions.read(node, what)
        self._check_size(node, what, condition)
        return condition

    # Rules

    def _rules(self, node: Node | None) -> tuple[Rule, ...]:
        taken: dict[str, int] = {}
        rules: list[Rule] = []
        nodes = self.shapes.parts(node, "rules")
        if node is not None and node.parts == []:
            self.problems.add(node, "rules: the list is empty; a rulebook without rules clears all")
        for number, part in enumerate(nodes, 1):
            read = self._rule(part, number, taken)
            self.parts += sum(self._size(rule.when) for rule in read)
            rules.extend(read)
            if self.problems.full:
                break
            if len(rules) > MOST_RULES:
                self.problems.add(part, f"rules: more than {MOST_RULES}")
                break
            if self.parts > MOST_PARTS_IN_ALL:
                self.problems.add(
                    part, f"rules: written out, have more than {MOST_PARTS_IN_ALL} parts"
                )
                break
        return tuple(rules)

    def _rule(self, node: Node, number: int, taken: dict[str, int]) -> list[Rule]:
        named = _entry(node, "id")
        name = named.value if named and isinstance(named.value, str) else f"number {number}"
        what = f"rule {shown(name).strip(chr(34))}"
        is_table = _entry(node, "table") is not None
        required = ("id", "title", "clause", "because")
        optional = ("evidence", "asks")
        if is_table:
            fields = self.shapes.fields(node, what, (*required, "table"), (*optional, "when"))
        else:
            fields = self.shapes.fields(node, what, (*required, "outcome", "when"), optional)
        id_ = self.shapes.id(fields.get("id"), f"{what}: id", taken)
        when = self._condition(fields["when"], f"{what}: when") if "when" in fields else None
        outcome = _outcome(self._outcome_word(fields.get("outcome"), f"{what}: outcome"))
        common: dict[str, Any] = {
            "title": self.shapes.text(fields.get("title"), f"{what}: title"),
            "clause": self.clause(fields.get("clause"), f"{what}: clause"),
            "because": self._because(fields.get("because"), f"{what}: because"),
            "evidence": self._evidence(fields.get("evidence"), f"{what}: evidence"),
            "asks": self.shapes.one_of(fields.get("asks"), f"{what}: asks", ASKED) or "sales",
        }
        if is_table and "table" in fields:
            cells = self.tables.cells(fields["table"], f"{what}: table", when)
            return [
                self._row(Rule(f"{id_}.{row}", outcome=raised, when=both, **common), node, taken)
                for row, raised, both in cells
            ]
        if when is None:
            return []
        return [Rule(id_, outcome=outcome, when=when, **common)]

    def _row(self, rule: Rule, node: Node, taken: dict[str, int]) -> Rule:
        if rule.id in taken:
            self.problems.add(node, f"duplicate id {rule.id}; first on line {taken[rule.id]}")
        taken[rule.id] = node.line
        return rule

    def _outcome_word(self, node: Node | None, what: str) -> str:
        if node is not None and node.value == OUTCOMES[0]:
            self.problems.add(
                node, f"{what}: clear is what remains when no rule fires; a rule can only raise it"
            )
            return ""
        return self.shapes.one_of(node, what, SETTLED_BY_A_RULE)

    def _because(self, node: Node | None, what: str) -> str:
        sentence = self.shapes.text(node, what)
        if node is None:
            return sentence
        for placeholder in PLACEHOLDER.findall(sentence):
            names = placeholder.split(AND)
            for name in names:
                if name not in self.vocabulary:
                    hint = did_you_mean(name, self.vocabulary)
                    self.problems.add(node, f"{what}: unknown placeholder {{{name}}}{hint}")
                elif len(names) > 1 and not isinstance(self.vocabulary[name], Flags):
                    self.problems.add(
                        node, f"{what}: {{{placeholder}}} joins sets of flags; {name} is none"
                    )
        if set(PLACEHOLDER.sub("", sentence)) & set("{}"):
            self.problems.add(node, f"{what}: a brace without its partner; write {{fact}}")
        return sentence

    def clause(self, node: Node | None, what: str) -> str:
        """One clause or several, with commas between them."""
        text = self.shapes.text(node, what)
        if node is None or self.cited is None:
            return text
        names = list(filter(None, map(str.strip, text.split(","))))
        if text and not names:
            self.problems.add(node, f"{what}: names no clause; write one such as C2b")
        for at, name in enumerate(names):
            if name in names[:at]:
                self.problems.add(node, f"{what}: {name} is named twice; keep one")
            elif name not in self.cited.clauses:
                hint = did_you_mean(name, self.cited.clauses) or _all_of(self.cited.clauses)
                self.problems.add(node, f"{what}: the policy has no clause {shown(name)}{hint}")
        return text

    def _evidence(self, node: Node | None, what: str) -> tuple[str, ...]:
        words: list[str] = []
        for part in self.shapes.parts(node, what):
            word = self.shapes.text(part, what)
            if word and self.cited is not None and word not in self.cited.evidence:
                hint = did_you_mean(word, self.cited.evidence)
                self.problems.add(part, f"{what}: no evidence is called {shown(word)}{hint}")
            if word in words:
                self.problems.add(part, f"{what}: {shown(word)} is listed twice")
            elif word:
                words.append(word)
        return tuple(words)

    # Promises

    def promises(self, node: Node | None) -> tuple[Promise, ...]:
        promises = []
        for number, part in enumerate(self.shapes.parts(node, "promises"), 1):
            promise = self._promise(part, number, self.promise_ids)
            if promise is not None:
                promises.append(promise)
            if self.problems.full:
                break
        return tuple(promises)

    def _promise(self, node: Node, number: int, taken: dict[str, int]) -> Promise | None:
        named = _entry(node, "id")
        name = named.value if named and isinstance(named.value, str) else f"number {number}"
        what = f"promise {shown(name).strip(chr(34))}"
        kinds = [kind for kind in self.promise_kinds if _entry(node, kind) is not None]
        if kinds == ["surely", "possibly"]:
            kinds = ["surely"]
        if len(kinds) != 1:
            self.problems.add(
                node, f"{what}: expected exactly one of the keys {', '.join(self.promise_kinds)}"
            )
            return None
        required, optional = PROMISE_KEYS[kinds[0]]
        fields = self.shapes.fields(
            node,
            what,
            ("id", "says", *self.promise_needs, kinds[0], *required),
            (*self.promise_may, *optional),
        )
        id_ = self.shapes.id(fields.get("id"), f"{what}: id", taken)
        if id_ in self.promised:
            self.problems.add(
                fields["id"],
                f"{what}: the charter has a promise {id_}; a rulebook may add promises and never"
                " replaces one of the charter's. Give it another id",
            )
        self.promise_grounds(id_, fields, what)
        says = self.shapes.text(fields.get("says"), f"{what}: says")
        conditions = {
            key: self._condition(fields[key], f"{what}: {key}")
            for key in ("surely", "possibly", "given", "exists")
            if key in fields
        }
        if "never" in fields:
            self.shapes.one_of(fields["never"], f"{what}: never", ("milder",))
        match kinds[0]:
            case "surely" | "possibly":
                only = self._outcomes(fields.get("only"), f"{what}: only")
                return Surely(id_, says, only, **conditions)
            case "raising":
                facts = self._rising_facts(fields.get("raising"), f"{what}: raising")
                return Raising(id_, says, facts, **conditions)
            case "losing":
                return Losing(id_, says, self._lost(fields.get("losing"), f"{what}: losing"))
            case "exists":
                outcome = self._outcomes(fields.get("outcome"), f"{what}: outcome")
                return Exists(id_, says, outcome=outcome, **conditions)
        can = self.shapes.one_of(fields["every_rule"], f"{what}: every_rule", EVERY_RULE)
        return EveryRule(id_, says, "decide" if can == "can_decide" else "fire")

    def promise_grounds(self, promise: str, fields: Mapping[str, Node], what: str) -> None:
        """What a promise rests on; one of a rulebook says nothing about that."""

    def _outcomes(self, node: Node | None, what: str) -> tuple[Outcome, ...]:
        if node is not None and node.parts is None and node.value is not None:
            words: tuple[str, ...] = (self.shapes.one_of(node, what, OUTCOMES),)
        else:
            words = self.shapes.several_of(node, what, OUTCOMES)
        if set(words) == set(OUTCOMES) and node is not None:
            self.problems.add(node, f"{what}: lists every outcome, so it promises nothing")
        return tuple(outcome for outcome in OUTCOMES if outcome in words)

    def _rising_facts(self, node: Node | None, what: str) -> tuple[str, ...]:
        if node is not None and node.parts is None:
            name = self.shapes.one_of(node, what, self._readable())
            names: tuple[str, ...] = (name,) if name else ()
        else:
            names = self.shapes.several_of(node, what, self._readable())
        for name in names:
            fact = self.vocabulary[name]
            if node is not None and isinstance(fact, Choice) and len(fact.rising) < 2:
                self.problems.add(
                    node, f"{what}: the vocabulary gives the values of {name} no order"
                )
        return names

    def _lost(self, node: Node | None, what: str) -> tuple[str, ...]:
        if node is not None and node.value == ANY_FACT:
            return tuple(self._readable())
        if node is not None and node.parts is None:
            name = self.shapes.one_of(node, what, [*self._readable(), ANY_FACT])
            return (name,) if name else ()
        return self.shapes.several_of(node, what, self._readable())

    def _readable(self) -> list[str]:
        return [name for name, fact in self.vocabulary.items() if not isinstance(fact, Text)]


def _all_of(names: Sequence[str]) -> str:
    return f"; its clauses are {listed(names)}"


def _entry(node: Node, name: str) -> Node | None:
    return next((value for key, value in node.entries or () if key.value == name), None)


def _outcome(word: str) -> Outcome:
    return next((outcome for outcome in OUTCOMES if outcome == word), "bar")


def _terms_in(condition: Condition) -> set[str]:
    match condition:
        case Term(name):
            return {name}
        case All(parts) | Either(parts):
            return set().union(*(_terms_in(part) for part in parts))
        case Not(part):
            return _terms_in(part)
    return set()


def _cycle(name: str, uses: Mapping[str, set[str]]) -> list[str]:
    """A path from a term back to itself, or nothing when it only leads into a cycle."""
    path, seen = [name], {name}
    waiting = [sorted(uses[name])]
    while waiting:
        if not waiting[-1]:
            waiting.pop()
            path.pop()
            continue
        step = waiting[-1].pop(0)
        if step == name:
            return [*path, name]
        if step not in seen and step in uses:
            seen.add(step)
            path.append(step)
            waiting.append(sorted(uses[step]))
    return []
