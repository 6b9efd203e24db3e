"""What the review page puts before a reviewer: findings beside clauses, differences, votes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from people import access
from policy import active
from policy.engine.language.condition import OUTCOMES
from policy.engine.language.facts import Text
from policy.reference.laws import CLASS_WORDS, Law
from policy.wording import clauses, outcomes
from policy.wording.clauses import Clause
from reviews import assessment, labels, precedents
from reviews.history import replaying
from reviews.models import Review, Vote
from screening import wording
from screening.models import Deal, Finding, Question, Screening

# Two votes are the most that may hide from each other; the third voter reads both.
HIDDEN_UNTIL = 2
BAR = "bar"


@dataclass(frozen=True)
class Card:
    """One rule that fired: what the clauses ask beside the facts that fired it.

    A deal with several destinations or purposes has a finding of the rule for each; ``sentences``
    holds what they say, ``finding`` is the first. ``destinations`` names where the rule fires,
    when the deal has several.
    """

    finding: Finding
    sentences: list[str]
    destinations: list[str]
    outcome_words: str
    clauses: list[Clause]
    facts: list[labels.FactRow]
    evidence: list[str]

    def reads(self, fact: str) -> bool:
        return fact in {row.name for row in self.facts}


@dataclass(frozen=True)
class Change:
    """One fact that reads differently than before."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class VoteCard:
    """One vote with its assessment in words; ``severity`` is "1" to "4", or empty."""

    vote: Vote
    reviewer: str
    lines: list[assessment.Line]
    severity: str


@dataclass(frozen=True)
class Findings:
    """``folded`` are those that change nothing: beside a bar, all that is milder."""

    shown: list[Card]
    folded: list[Card]


def findings(screening: Screening) -> Findings:
    """The cards of a screening; a bar stands alone, for none of the others can lift it."""
    every = cards(screening)
    if screening.outcome != BAR:
        return Findings(every, [])
    bars = [card for card in every if card.finding.outcome == BAR]
    return Findings(bars, [card for card in every if card.finding.outcome != BAR])


def cards(screening: Screening) -> list[Card]:
    """One card a rule, strictest first."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in sorted(screening.findings.all(), key=_strictness):
        by_rule.setdefault(finding.rule, []).append(finding)
    fired_in = _destinations(screening)
    return [_card(same, screening, fired_in.get(rule, [])) for rule, same in by_rule.items()]


def _strictness(finding: Finding) -> tuple[int, int]:
    return -OUTCOMES.index(finding.outcome), finding.position


def _destinations(screening: Screening) -> dict[str, list[str]]:
    """Rule → names of the destinations in which it fires; empty for a deal with only one."""
    names = labels.over_variants(screening, "country_name")
    if len(names) < 2:
        return {}
    fired_in: dict[str, dict[str, None]] = {}
    for facts, rules in zip(screening.facts, replaying.fired(screening), strict=True):
        name = facts.get("country_name") or wording.UNKNOWN
        for rule in rules:
            fired_in.setdefault(rule, {})[name] = None
    return {rule: list(places) for rule, places in fired_in.items()}


def _card(same: list[Finding], screening: Screening, destinations: list[str]) -> Card:
    first = same[0]
    evidence = dict.fromkeys(name for finding in same for name in finding.evidence)
    return Card(
        finding=first,
        sentences=list(dict.fromkeys(finding.because for finding in same)),
        destinations=destinations,
        outcome_words=outcomes.OUTCOMES[first.outcome],
        clauses=clauses.cited(first.clause),
        facts=_facts_behind(same, screening),
        evidence=[clauses.evidence().get(name, name) for name in evidence],
    )


def _facts_behind(same: list[Finding], screening: Screening) -> list[labels.FactRow]:
    """What fired the rule is what its findings kept; the deal may hold more than that."""
    own = wording.of(screening)
    kept: dict[str, dict[str, None]] = {}
    for finding in same:
        for name, value in finding.facts.items():
            kept.setdefault(name, {})[own.value(name, value)] = None
    names = [name for name in kept if name not in labels.BESIDE]
    rows = labels.fact_rows(screening, names) if names else []
    return [row._replace(value=", ".join(kept[row.name])) for row in rows]


@dataclass(frozen=True)
class FactSheet:
    """The facts that fired a finding, and the rest."""

    deciding: list[labels.FactRow]
    others: list[labels.FactRow]


def facts(screening: Screening) -> FactSheet:
    """All facts; texts that nobody gave are left out, and so is what only repeats another."""
    deciding = set(precedents.deciding_facts(screening))
    own = wording.of(screening)
    rows = [row for row in labels.fact_rows(screening) if _tells(row, own) or row.name in deciding]
    return FactSheet(
        deciding=[row for row in rows if row.name in deciding],
        others=[row for row in rows if row.name not in deciding],
    )


def _tells(row: labels.FactRow, own: wording.Wording) -> bool:
    is_text = isinstance(own.vocabulary.get(row.name), Text)
    repeats = row.name.endswith(("_named", "_stated"))
    return not repeats and (row.is_known or not is_text)


@dataclass(frozen=True)
class CitedLaw:
    """A law of the register that a deal picked, as it stood when the deal was screened."""

    law: Law
    country: str
    #: Who is obliged to provide what, in words.
    obliges: list[str]
    classes: list[str]
    #: Whether it counts, as a badge: its kind and its words.
    badge: tuple[str, str]
    #: What the register says of all its laws.
    remark: str


def laws(screening: Screening) -> list[CitedLaw]:
    """The laws of the register behind a screening; those that left the register are not in it."""
    register = active.laws(screening.laws)
    own, today = wording.of(screening), timezone.localdate()
    return [
        CitedLaw(
            law,
            own.place(law.country),
            [own.value("end_user_type", kind) for kind in law.obliges],
            [CLASS_WORDS[letter] for letter in law.classes],
            _law_badge(law, counts=bool(kept["until"]), today=today),
            register.remark,
        )
        for name, kept in screening.laws_picked.items()
        if (law := register.by_id.get(name)) is not None
    ]


def _law_badge(law: Law, *, counts: bool, today: date) -> tuple[str, str]:
    if not law.holds_on(today):
        return "late", "No longer valid"
    return ("met", "Counts for this deal") if counts else ("open", "Does not count for this deal")


def former_screening(deal: Deal) -> Screening | None:
    """What this screening is compared with: the one before it, or the predecessor's last."""
    newest = deal.screening
    if newest is None:
        return None
    if newest.cause == Screening.Cause.SENT and newest.revision.number == 1:
        # The first of all.
        return deal.predecessor.screening if deal.predecessor is not None else None
    earlier = wording.with_versions(Screening.objects.select_related("revision"))
    earlier = earlier.filter(revision__deal=deal, pk__lt=newest.pk)
    before = earlier.order_by("-pk").first()
    if before is None and deal.predecessor is not None:
        return deal.predecessor.screening
    return before


def changes(before: Screening, after: Screening) -> list[Change]:
    """The facts that differ between two screenings, in the order of the vocabulary."""
    return [
        Change(row.label, labels.joined(before, row.name), row.value)
        for row in labels.fact_rows(after)
        # By value: another version that words a value differently changes no fact.
        if labels.over_variants(before, row.name) != labels.over_variants(after, row.name)
    ]


def exchange(deal: Deal) -> QuerySet[Question]:
    """What sales was asked about a deal, and what it answered."""
    return deal.questions.select_related("asked_by", "answer__answered_by")


def shown_votes(reviews: Iterable[Review], user: Any) -> list[Vote]:
    """The votes that this person may read.

    A vote that still waits for a second one is read by who gave it and by the auditor only: the
    second reviewer judges alone. That holds for a round that ended early, too.
    """
    shown: list[Vote] = []
    for review in reviews:
        votes = list(review.votes.all())
        if access.has_role(user, access.AUDITOR) or _is_settled(review, votes):
            shown += votes
        else:
            shown += [vote for vote in votes if vote.reviewer_id == user.pk]
    return sorted(shown, key=lambda vote: vote.pk, reverse=True)


def vote_cards(votes: Iterable[Vote]) -> list[VoteCard]:
    return [
        VoteCard(
            vote,
            labels.person(vote.reviewer),
            assessment.in_words(vote.assessment),
            assessment.severity(vote.assessment),
        )
        for vote in votes
    ]


def _is_settled(review: Review, votes: list[Vote]) -> bool:
    return len(votes) >= HIDDEN_UNTIL or hasattr(review, "decision")
