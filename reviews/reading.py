"""What the review page puts before a reviewer: findings beside clauses, differences, votes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from audit import access
from policy import clauses, shipped
from policy.clauses import Clause
from policy.engine.condition import OUTCOMES
from policy.engine.facts import Text
from reviews import assessment, precedents, words
from reviews.models import Review, Vote
from screening.models import Deal, Finding, Screening

# Two votes are the most that may hide from each other; the third voter reads both.
HIDDEN_UNTIL = 2


@dataclass(frozen=True)
class Card:
    """One finding: what the clauses ask beside the facts that fired the rule."""

    finding: Finding
    outcome_words: str
    clauses: list[Clause]
    facts: list[words.FactRow]
    evidence: list[str]


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


def cards(screening: Screening) -> list[Card]:
    """One card a finding, strictest first."""
    found = sorted(screening.findings.all(), key=_strictness)
    return [_card(finding, screening) for finding in found]


def _strictness(finding: Finding) -> tuple[int, int]:
    return -OUTCOMES.index(finding.outcome), finding.position


def _card(finding: Finding, screening: Screening) -> Card:
    names = [name for name in finding.facts if name not in words.BESIDE]
    by_name = {row.name: row for row in words.fact_rows(screening, names)} if names else {}
    # What fired the rule is what the finding kept; the deal may hold more than that.
    rows = [
        by_name[name]._replace(value=words.value_words(name, finding.facts[name])) for name in names
    ]
    return Card(
        finding=finding,
        outcome_words=words.OUTCOMES[finding.outcome],
        clauses=clauses.cited(finding.clause),
        facts=rows,
        evidence=[clauses.evidence().get(one, one) for one in finding.evidence],
    )


@dataclass(frozen=True)
class FactSheet:
    """The facts that fired a finding, and the rest."""

    deciding: list[words.FactRow]
    others: list[words.FactRow]


def facts(screening: Screening) -> FactSheet:
    """All facts; texts that nobody gave are left out, and so is what only repeats another."""
    deciding = set(precedents.deciding_facts(screening))
    rows = [row for row in words.fact_rows(screening) if _tells(row) or row.name in deciding]
    return FactSheet(
        deciding=[row for row in rows if row.name in deciding],
        others=[row for row in rows if row.name not in deciding],
    )


def _tells(row: words.FactRow) -> bool:
    fact = shipped.load().rulebook.vocabulary[row.name]
    repeats = row.name.endswith(("_named", "_stated"))
    return not repeats and (row.is_known or not isinstance(fact, Text))


def former_screening(deal: Deal) -> Screening | None:
    """What this screening is compared with: the one before it, or the predecessor's last."""
    if deal.screening is None:
        return None
    earlier = Screening.objects.filter(revision__deal=deal, pk__lt=deal.screening.pk)
    newest = earlier.select_related("revision").order_by("-pk").first()
    if newest is None and deal.predecessor is not None:
        return deal.predecessor.screening
    return newest


def changes(before: Screening, after: Screening) -> list[Change]:
    """The facts that differ between two screenings, in the order of the vocabulary."""
    found = []
    for row in words.fact_rows(after):
        was = words.joined(before, row.name)
        if was != row.value:
            found.append(Change(row.label, was, row.value))
    return found


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
            words.person(vote.reviewer),
            assessment.in_words(vote.assessment),
            assessment.severity(vote.assessment),
        )
        for vote in votes
    ]


def _is_settled(review: Review, votes: list[Vote]) -> bool:
    return len(votes) >= HIDDEN_UNTIL or hasattr(review, "decision")
