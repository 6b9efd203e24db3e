"""The rule language: a small closed tree over named facts, and the rulebook made of it.

Five atoms read one fact each; `All`, `Either`, `Not` and `Term` join them. Nothing is computed in
a condition, so every reading of the tree (Python, SQL, polars, Z3) can mean exactly the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from policy.engine.language.facts import Choice, Flags, Vocabulary, canonical, digest

Outcome = Literal["clear", "senior_review", "executive_review", "needs_information", "bar"]
#: Lowest to highest; the highest fired rule decides.
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
RANK: Mapping[str, int] = {outcome: rank for rank, outcome in enumerate(OUTCOMES)}
REVIEWS: tuple[Outcome, ...] = ("senior_review", "executive_review")
ASKED = ("sales", "compliance", "product")
Comparison = Literal["above", "at_least", "below", "at_most"]
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)


@dataclass(frozen=True, slots=True)
class OneOf:
    """A choice has one of these values."""

    fact: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HasAny:
    """A set of flags contains at least one of these members."""

    fact: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HasEvery:
    """A set of flags contains all of these members."""

    fact: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Is:
    """A yes/no fact has this value."""

    fact: str
    value: bool


@dataclass(frozen=True, slots=True)
class Compare:
    """An amount lies above, at or above, below, or at or below a threshold."""

    fact: str
    comparison: Comparison
    threshold: int


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part is true (`any` in a rulebook)."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


@dataclass(frozen=True, slots=True)
class Term:
    """A condition that the rulebook names once and uses often."""

    name: str


Atom = OneOf | HasAny | HasEvery | Is | Compare
Condition = Atom | All | Either | Not | Term


@dataclass(frozen=True, slots=True)
class Rule:
    """One cited condition with outcome and reason; `asks` names who supplies what is missing."""

    id: str
    title: str
    clause: str
    outcome: Outcome
    when: Condition
    because: str
    evidence: tuple[str, ...] = ()
    asks: str = "sales"


@dataclass(frozen=True, slots=True)
class Surely:
    """Wherever `surely` is true (and `possibly` is not false), the outcome is one of `only`.

    It speaks of partly answered deals too. Either condition may be left out.
    """

    id: str
    says: str
    only: tuple[Outcome, ...]
    surely: Condition | None = None
    possibly: Condition | None = None


@dataclass(frozen=True, slots=True)
class Raising:
    """Answered deals with `given`: a graver value of one of `facts` never gets a milder outcome.

    Graver: later in the `rising` of a choice, yes instead of no, one more member, a larger amount.
    """

    id: str
    says: str
    facts: tuple[str, ...]
    given: Condition | None = None


@dataclass(frozen=True, slots=True)
class Losing:
    """An answer that turns unknown never makes the outcome milder than needs_information.

    (Or than it was, when it was milder.) `facts` names those that may be lost, together or alone.
    """

    id: str
    says: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """Some answered deal with this condition has one of these outcomes."""

    id: str
    says: str
    exists: Condition
    outcome: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class EveryRule:
    """Every rule fires for some answered deal, or decides one (none higher fires beside it)."""

    id: str
    says: str
    can: Literal["fire", "decide"]


Promise = Surely | Raising | Losing | Exists | EveryRule


@dataclass(frozen=True)
class Rulebook:
    """A version of the policy: its vocabulary, terms, rules and promises."""

    name: str
    label: str
    source: str
    vocabulary: Vocabulary
    terms: Mapping[str, Condition]
    rules: tuple[Rule, ...]
    promises: tuple[Promise, ...] = ()

    @cached_property
    def canonical(self) -> str:
        """Canonical JSON of everything, the vocabulary included; `read_canonical` reads it back."""
        facts = [plain_fact(fact) for fact in self.vocabulary.values()]
        return canonical({"vocabulary": facts, "rulebook": self.plain})

    @property
    def plain(self) -> dict[str, object]:
        """The rulebook as its YAML would read, tables written out, without the vocabulary."""
        return {
            "rulebook": self.name,
            "label": self.label,
            "source": self.source,
            "terms": {name: plain_condition(term) for name, term in self.terms.items()},
            "rules": [_plain_rule(rule) for rule in self.rules],
            "promises": [plain_promise(promise) for promise in self.promises],
        }

    @cached_property
    def digest(self) -> str:
        """The identity of this version: SHA-256 of `canonical`, written "sha256:…"."""
        return digest(self.canonical)

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def ranked(self) -> tuple[Rule, ...]:
        """The rules, highest outcome first, then by id: the order of every list of rules."""
        return tuple(sorted(self.rules, key=lambda rule: (-RANK[rule.outcome], rule.id)))

    def opened(self, condition: Condition) -> Condition:
        """The condition with every term replaced by what it names."""
        match condition:
            case Term(name):
                return self._opened_terms[name]
            case All(parts):
                return All(tuple(self.opened(part) for part in parts))
            case Either(parts):
                return Either(tuple(self.opened(part) for part in parts))
            case Not(part):
                return Not(self.opened(part))
        return condition

    @cached_property
    def _opened_terms(self) -> Mapping[str, Condition]:
        return _OpenedTerms(self)

    @cached_property
    def looks(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """Per rule id: the facts that its condition reads, and of flags the members."""
        return {rule.id: _looks(self.opened(rule.when)) for rule in self.rules}


class _OpenedTerms(dict[str, Condition]):
    """Opens each term once, when it is first met: terms may be written in any order."""

    def __init__(self, rulebook: Rulebook) -> None:
        super().__init__()
        self.rulebook = rulebook

    def __missing__(self, name: str) -> Condition:
        self[name] = self.rulebook.opened(self.rulebook.terms[name])
        return self[name]


def atoms(condition: Condition) -> Iterator[Atom]:
    """Every atom of a condition without terms, left to right, repeated ones repeatedly."""
    match condition:
        case All(parts) | Either(parts):
            for part in parts:
                yield from atoms(part)
        case Not(part):
            yield from atoms(part)
        case Term(name):
            raise ValueError(f"the term {name} is not opened")
        case _:
            yield condition


def alternatives(condition: Condition) -> Iterator[tuple[Condition, ...]]:
    """The parts of each `any` in a condition without terms, outer ones first."""
    match condition:
        case Either(parts):
            yield parts
            for part in parts:
                yield from alternatives(part)
        case All(parts):
            for part in parts:
                yield from alternatives(part)
        case Not(part):
            yield from alternatives(part)


def as_atom(condition: Condition) -> Atom:
    """The condition, when it is an atom; TypeError when it is not."""
    if isinstance(condition, OneOf | HasAny | HasEvery | Is | Compare):
        return condition
    raise TypeError(f"{condition} is not an atom; are its terms opened?")


def _looks(condition: Condition) -> Mapping[str, frozenset[str]]:
    looks: dict[str, frozenset[str]] = {}
    for atom in atoms(condition):
        members = atom.members if isinstance(atom, HasAny | HasEvery) else ()
        looks[atom.fact] = looks.get(atom.fact, frozenset()) | frozenset(members)
    return looks


def plain_condition(condition: Condition) -> object:
    """The condition as a rulebook writes it."""
    match condition:
        case OneOf(fact, values):
            return {fact: list(values)}
        case HasAny(fact, members):
            return {fact: {"any": list(members)}}
        case HasEvery(fact, members):
            return {fact: {"every": list(members)}}
        case Is(fact, value):
            return {fact: value}
        case Compare(fact, comparison, threshold):
            return {fact: {comparison: threshold}}
        case All(parts):
            return {"all": [plain_condition(part) for part in parts]}
        case Either(parts):
            return {"any": [plain_condition(part) for part in parts]}
        case Not(part):
            return {"not": plain_condition(part)}
        case Term(name):
            return name


# What has its default is left out below, so that a later version of this program, which knows
# more keys, still finds the same text and the same digest for an old rulebook.


def _filled(**entries: object) -> dict[str, object]:
    return {key: value for key, value in entries.items() if value not in ("", (), None, [], {})}


def plain_fact(fact: object) -> dict[str, object]:
    kind = getattr(fact, "kind", "")
    entries = {
        name: getattr(fact, name)
        for name in ("name", "label", "source", "ask", "unknown", "unit")
        if hasattr(fact, name)
    }
    words = dict(getattr(fact, "words", {}))
    if isinstance(fact, Choice):
        entries["values"] = [[value, words.pop(value, "")] for value in fact.values]
        entries["rising"] = list(fact.rising)
    if isinstance(fact, Flags):
        entries["members"] = [[member, words.pop(member, "")] for member in fact.members]
    return _filled(kind=kind, words=words, **entries)


def _plain_rule(rule: Rule) -> dict[str, object]:
    return _filled(
        id=rule.id,
        title=rule.title,
        clause=rule.clause,
        outcome=rule.outcome,
        when=plain_condition(rule.when),
        because=rule.because,
        evidence=list(rule.evidence),
        asks="" if rule.asks == "sales" else rule.asks,
    )


def plain_promise(promise: Promise) -> dict[str, object]:
    """The promise as a rulebook writes it."""
    entries = _filled(id=promise.id, says=promise.says)
    match promise:
        case Surely():
            conditions = _conditions(promise, "surely", "possibly")
            return entries | conditions | {"only": list(promise.only)}
        case Raising():
            given = _conditions(promise, "given")
            # One fact is written as it always was, so that stored texts keep their digest.
            facts = promise.facts[0] if len(promise.facts) == 1 else list(promise.facts)
            return entries | given | {"raising": facts, "never": "milder"}
        case Losing():
            return entries | {"losing": list(promise.facts), "never": "milder"}
        case Exists():
            return entries | _conditions(promise, "exists") | {"outcome": list(promise.outcome)}
        case EveryRule():
            return entries | {"every_rule": f"can_{promise.can}"}


def _conditions(promise: Promise, *names: str) -> dict[str, object]:
    parts = {name: getattr(promise, name) for name in names}
    return {name: plain_condition(part) for name, part in parts.items() if part is not None}


def redecided(before: Rulebook, after: Rulebook) -> list[str]:
    """Rules of both whose outcome is another one; they may fire alike and still decide."""
    was = {rule.id: rule.outcome for rule in before.rules}
    return [r.id for r in after.rules if r.id in was and was[r.id] != r.outcome]
