"""Answers that became milder: within a deal, after the page said what they mean, and beside a
stopped deal that this one follows.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.models import AuditEvent
from policy import active
from policy.wording import outcomes
from screening import deriving, verbs, wording
from screening.form import meanings, questions
from screening.form.deal_form import QUESTIONS, Question, Text
from screening.models import Deal
from screening.sales_words import answer_words

#: Stopped deals that are compared: the newest ones.
COMPARED = 3


@dataclass(frozen=True)
class Softened:
    """One answer of this deal that was made milder before it was sent."""

    title: Text
    before: list[str]
    after: list[str]
    #: What the page had said of the answer before: outcome and sentence.
    said: list[tuple[str, str]]
    at: datetime


def in_draft(deal: Deal, events: Iterable[AuditEvent]) -> list[Softened]:
    """What these events tell of it, the newest first."""
    own = wording.of(deal.last_screening)
    found = []
    for event in sorted(events, key=lambda event: event.pk, reverse=True):
        if event.verb != verbs.SAVE.event:
            continue
        payload = json.loads(event.payload)
        asked = questions.BY_SLUG.get(payload["question"])
        if asked is None or not payload.get("milder"):
            continue
        found.append(
            Softened(
                asked.title,
                answer_words(asked, payload["before"], own),
                answer_words(asked, payload["after"], own),
                [(outcomes.OUTCOMES[one["outcome"]], one["because"]) for one in payload["milder"]],
                event.at,
            )
        )
    return found


@dataclass(frozen=True)
class Row:
    """One question as two deals answer it; ``gone`` says what fired with the stopped one's."""

    number: str
    title: Text
    then: list[str]
    now: list[str]
    gone: list[tuple[str, str]]


@dataclass(frozen=True)
class Beside:
    """A stopped deal beside this one: the answers that differ, and how many are the same."""

    deal: Deal
    status: str
    different: list[Row]
    same: list[Row]

    @property
    def milder(self) -> int:
        return sum(bool(row.gone) for row in self.different)


def beside_stopped(deal: Deal) -> list[Beside]:
    """The stopped deals that this one follows, the newest first."""
    revision = deal.last_screening.revision
    stopped = deriving.followed(deal, revision)[:COMPARED]
    pairs = [(other, other.newest_revision()) for other in stopped]
    return [_beside(other, sent.answers, deal, revision.answers) for other, sent in pairs if sent]


def _beside(other: Deal, then: Mapping[str, Any], deal: Deal, now: Mapping[str, Any]) -> Beside:
    rows = [
        (question, _row(question, then, now, deal))
        for question in QUESTIONS
        if question.slug != questions.DECLARATION
        and (question.slug in then or question.slug in now)
    ]
    differs = {question.slug for question, _ in rows if _differ(question, then, now)}
    return Beside(
        other,
        other.get_status_display().lower(),
        [row for question, row in rows if question.slug in differs],
        [row for question, row in rows if question.slug not in differs],
    )


def _differ(asked: Question, then: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    return bool(then.get(asked.slug) != now.get(asked.slug))


def _row(asked: Question, then: Mapping[str, Any], now: Mapping[str, Any], deal: Deal) -> Row:
    own = wording.of(deal.last_screening)
    gone = []
    if _differ(asked, then, now):
        # With the answer of the stopped deal in this one, and all its others.
        graver = {**now, asked.slug: then.get(asked.slug)}
        graver = {slug: value for slug, value in graver.items() if value is not None}
        gone = meanings.softened(graver, now, active.reference_data())
    return Row(
        asked.number,
        asked.title,
        answer_words(asked, then.get(asked.slug), own),
        answer_words(asked, now.get(asked.slug), own),
        [(outcomes.OUTCOMES[finding.outcome], finding.because) for finding in gone],
    )
