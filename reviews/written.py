"""What sales wrote: every answer of a revision as it was sent, for those who decide and audit.

Made from the questions of the form (``screening.form.deal_form``), so a question that is added
there is shown here. Names are those of the versions that screened the revision. What an earlier
revision, or the deal that this one follows, said otherwise stands beside the answer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from screening import wording
from screening.form import questions
from screening.form.deal_form import FORMER, QUESTIONS, SECTIONS, Kind, Question, Text
from screening.models import Deal, DealRevision, Screening
from screening.sales_words import answer_words


@dataclass(frozen=True)
class Source:
    """The answers of one revision with the words to read them; ``label`` says whose they are."""

    label: str
    answers: Mapping[str, Any]
    own: wording.Wording

    def lines(self, asked: Question) -> list[str]:
        return answer_words(asked, self.answers.get(asked.slug), self.own)


@dataclass(frozen=True)
class Former:
    """What was answered before where it is not what is answered now."""

    label: str
    lines: list[str]


@dataclass(frozen=True)
class Row:
    """One answer of the form. ``asked`` is None for a question that the form no longer has."""

    number: str
    title: Text
    lines: list[str]
    former: list[Former]
    is_unknown: bool = False
    explains: bool = False


@dataclass(frozen=True)
class Part:
    """One section of the form: its answers, and the titles of what has no answer."""

    title: Text
    rows: list[Row]
    unanswered: list[Text]

    @property
    def changed(self) -> int:
        return sum(bool(row.former) for row in self.rows)

    @property
    def unknown(self) -> int:
        return sum(row.is_unknown for row in self.rows)

    @property
    def is_open(self) -> bool:
        """Folded only while it holds nothing but plain choices that stand as they stood."""
        return any(row.former or row.is_unknown or row.explains for row in self.rows)


@dataclass(frozen=True)
class Written:
    """All that one revision says, in the order of the form; ``earlier`` is compared with it."""

    now: Source
    earlier: Sequence[Source]

    @cached_property
    def parts(self) -> list[Part]:
        parts = [self._part(section.number, section.holds) for section in SECTIONS]
        dropped = [self._dropped(slug) for slug in self._slugs() if slug not in questions.BY_SLUG]
        if dropped:
            parts.append(Part("Questions that the form no longer asks", dropped, []))
        return parts

    @property
    def changed(self) -> int:
        return sum(part.changed for part in self.parts)

    def _part(self, number: int, title: Text) -> Part:
        asked = [question for question in QUESTIONS if question.section == number]
        rows = [self._row(question) for question in asked]
        return Part(
            title,
            [row for row in rows if row.lines or row.former],
            [
                row.title
                for question, row in zip(asked, rows, strict=True)
                if not row.lines and not row.former and question.slug not in FORMER
            ],
        )

    def _row(self, asked: Question) -> Row:
        lines = self.now.lines(asked)
        return Row(
            number=asked.number,
            title=asked.title,
            lines=lines,
            former=self._former(
                asked.slug, {revision.label: revision.lines(asked) for revision in self.earlier}
            ),
            is_unknown=questions.is_unknown(asked, self.now.answers),
            explains=_explains(asked.kind, self.now.answers.get(asked.slug)),
        )

    def _former(self, slug: str, lines: Mapping[str, list[str]]) -> list[Former]:
        """Compared by value: another version that names a value otherwise changes no answer."""
        answer = self.now.answers.get(slug)
        return [
            Former(revision.label, lines[revision.label])
            for revision in self.earlier
            if revision.answers.get(slug) != answer
        ]

    def _dropped(self, slug: str) -> Row:
        """An answer to a question that the form does not have, as it is kept."""
        before = {revision.label: _kept(revision.answers.get(slug)) for revision in self.earlier}
        return Row("", slug, _kept(self.now.answers.get(slug)), self._former(slug, before))

    def _slugs(self) -> dict[str, None]:
        """Every answer of any revision that is compared, without the form's own marks."""
        every = (slug for revision in (self.now, *self.earlier) for slug in revision.answers)
        return dict.fromkeys(slug for slug in every if slug not in questions.MARKS)


def _explains(kind: Kind, value: Any) -> bool:
    """Whether sales tells something in its own words, beyond names and choices."""
    if not value:
        return False
    match kind:
        case Kind.LONG_TEXT | Kind.BASIS:
            return True
        case Kind.DETAIL:
            return bool(value.get("text"))
        case Kind.PARTIES:
            return bool(value["parties"])
        case Kind.COUNTRIES:
            return any(row["site"] for row in value)
    return False


def _kept(value: Any) -> list[str]:
    return [] if value is None else [json.dumps(value, ensure_ascii=False)]


def of_deal(deal: Deal) -> Written:
    """What the screening of a deal read."""
    return of_screening(deal.last_screening, deal)


def of_screening(screening: Screening, deal: Deal) -> Written:
    """What a screening read, beside the revision before it and the deal that this one follows."""
    revision = screening.revision
    now = Source("", revision.answers, wording.of(screening))
    earlier_number = revision.number - 1
    before = deal.revisions.filter(number=earlier_number).first() if earlier_number else None
    earlier = [_source(before, f"Revision {before.number}")] if before else []
    if deal.predecessor is not None:
        followed = deal.predecessor.newest_revision()
        earlier += [_source(followed, deal.predecessor.reference)] if followed else []
    return Written(now, earlier)


def _source(revision: DealRevision, label: str) -> Source:
    """A revision in the words of its last screening; each was screened when it was sent."""
    screening = wording.with_versions(revision.screenings.all()).latest("pk")
    return Source(label, revision.answers, wording.of(screening))
