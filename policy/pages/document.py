"""The rulebook as a document: what the policy says, and beside it the rules that hold it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from policy.engine.language import phrases
from policy.engine.language.charter import Charter
from policy.engine.language.condition import Rule, Rulebook
from policy.engine.language.phrases import Phrase, PromiseWords
from policy.engine.proof.promises import opened
from policy.wording.clauses import Clause, clauses, evidence

COMMITMENTS = {
    1: "Technology and its purpose",
    2: "Lawful interception",
    3: "Governmental customers",
    4: "Preventing misuse",
    5: "Conflict of law",
    6: "Dialogue and transparency",
}
KINDS = {
    "interpretation": "Belief",
    "permission": "Permission",
    "prohibition": "Prohibition",
    "duty": "Duty",
    "review": "Review",
    "engagement": "Company level",
    "gate": "Law outside the policy",
}
# A sentence without a rule needs a reason, or it is a hole.
WITHOUT_RULE = {
    "interpretation": "A belief. It guides reviewers and decides nothing by itself.",
    "engagement": "About what the company does in public. No single deal can meet or break it.",
}


@dataclass(frozen=True)
class RuleCard:
    """One rule in words."""

    rule: Rule
    outcome_words: str
    condition: Phrase
    clauses: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One clause with the rules that name it first, and those that name it besides."""

    clause: Clause
    kind_words: str
    cards: tuple[RuleCard, ...]
    also: tuple[Rule, ...]
    #: Why there is no rule; "" where there is one, or where the words stand in other sentences.
    without: str
    #: A heading over sentences, which carries no words of its own.
    is_heading: bool

    @property
    def is_uncovered(self) -> bool:
        return not (self.cards or self.also or self.is_heading)


@dataclass(frozen=True)
class Chapter:
    title: str
    anchor: str
    entries: tuple[Entry, ...]


def chapters(rulebook: Rulebook) -> list[Chapter]:
    """The policy in its order: beliefs, the six commitments, and the law beside it."""
    by_chapter: dict[str, list[Entry]] = {}
    for entry in _entries(rulebook):
        by_chapter.setdefault(_chapter_of(entry.clause), []).append(entry)
    return [
        Chapter(title, f"part-{n}", tuple(of)) for n, (title, of) in enumerate(by_chapter.items())
    ]


def _chapter_of(clause: Clause) -> str:
    if clause.commitment is not None:
        number = clause.commitment
        return f"{number}. {COMMITMENTS.get(number, clause.title)}"
    return _("Beside the policy") if clause.kind == "gate" else _("What the policy believes")


def _entries(rulebook: Rulebook) -> Iterator[Entry]:
    by_clause: dict[str, list[Rule]] = {}
    for rule in rulebook.ranked:
        for name in cited(rule):
            by_clause.setdefault(name, []).append(rule)
    known = clauses()
    for clause in (*known.values(), *_strange(by_clause, known)):
        rules = by_clause.get(clause.id, [])
        first = tuple(rule for rule in rules if cited(rule)[0] == clause.id)
        yield _entry(clause, first, tuple(rule for rule in rules if rule not in first), rulebook)


def _entry(
    clause: Clause, first: tuple[Rule, ...], also: tuple[Rule, ...], rulebook: Rulebook
) -> Entry:
    heading = clause.commitment is not None and clause.sentence is None
    covered = bool(first or also or heading)
    return Entry(
        clause=clause,
        kind_words=KINDS.get(clause.kind, clause.kind),
        cards=tuple(card(rulebook, rule) for rule in first),
        also=also,
        without="" if covered else WITHOUT_RULE.get(clause.kind, ""),
        is_heading=heading,
    )


def _strange(by_clause: Mapping[str, object], known: Mapping[str, Clause]) -> list[Clause]:
    """Clauses that rules cite and the policy does not have: shown, so that somebody asks."""
    return [Clause(name, name, "", "", "") for name in by_clause if name not in known]


def cited(rule: Rule) -> tuple[str, ...]:
    return tuple(name.strip() for name in rule.clause.split(",") if name.strip())


def card(rulebook: Rulebook, rule: Rule) -> RuleCard:
    return RuleCard(
        rule, phrases.OUTCOMES[rule.outcome], phrases.condition(rulebook, rule.when), cited(rule)
    )


def evidence_words(rule: Rule) -> list[str]:
    return [evidence().get(name, name.replace("_", " ")) for name in rule.evidence]


def promises(rulebook: Rulebook) -> list[PromiseWords]:
    return [phrases.promise(rulebook, promise) for promise in rulebook.promises]


def promises_about(rulebook: Rulebook, charter: Charter | None, rule_id: str) -> list[PromiseWords]:
    """The promises that speak of a fact that the rule reads, of the charter where there is one."""
    guards = rulebook if charter is None else charter.without_rules
    whole = (opened(guards, promise) for promise in guards.promises)
    return [
        phrases.promise(guards, promise)
        for promise in whole
        if phrases.touches(rulebook, promise, rule_id)
    ]


def blanks(sentence: str) -> list[tuple[str, bool]]:
    """A reason sentence in pieces: words as they are, and the names of facts to be filled in."""
    pieces = sentence.replace("{", "\0{").replace("}", "}\0").split("\0")
    return [(piece.strip("{}"), piece.startswith("{")) for piece in pieces if piece]
