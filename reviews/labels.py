"""Stored values in human words: facts, due dates, levels, people.

What a value of a screening is called, its own versions say: ``screening.wording``.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from people.names import name_of
from policy.wording.outcomes import OUTCOMES, RISKS
from screening import wording
from screening.models import Deal, Screening
from screening.wording import UNKNOWN

LEVELS = {"senior": "Senior", "executive": "Executive"}
SOURCES = {
    "declared": "Said by sales",
    "verified": "Said by sales, for compliance to verify",
    "derived": "From reference data",
    "reviewer": "Set by hand",
}
# Texts that only serve a sentence beside the fact that they belong to.
BESIDE = {"country": "country_name"}


class FactRow(NamedTuple):
    """One fact as a page shows it. ``name`` is its name in the vocabulary."""

    name: str
    label: str
    value: str
    source: str
    note: str
    is_known: bool


class Due(NamedTuple):
    """``kind`` is late, soon or empty."""

    kind: str
    text: str


def over_variants(screening: Screening, name: str) -> list[Any]:
    """The different values of one fact over the variants of a screening, in their order."""
    return _over(screening.facts, name)


def _over(variants: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    if len(variants) == 1:
        return [variants[0].get(name)]
    values: list[Any] = []
    for facts in variants:
        value = facts.get(name)
        if value not in values:
            values.append(value)
    return values


def joined(screening: Screening, name: str) -> str:
    """The values of one fact over all variants, in words."""
    return joined_of(screening.facts, name, wording.of(screening))


def joined_of(variants: Sequence[Mapping[str, Any]], name: str, own: wording.Wording) -> str:
    """The same of the variants themselves, in these words."""
    values = _over(variants, name) or [None]
    return ", ".join([own.value(name, value) for value in values])


def fact_rows(screening: Screening, names: Iterable[str] = ()) -> list[FactRow]:
    """The facts in the order of the vocabulary, or only those that are named."""
    vocabulary = wording.of(screening).vocabulary
    wanted = list(names) or [name for name in vocabulary if name not in BESIDE]
    return [_fact_row(screening, name) for name in wanted]


def _fact_row(screening: Screening, name: str) -> FactRow:
    origin = screening.sources.get(name, {})
    return FactRow(
        name=name,
        label=wording.of(screening).label(name),
        value=joined(screening, name),
        source=SOURCES.get(origin.get("source", ""), ""),
        note=origin.get("note", ""),
        is_known=over_variants(screening, name) not in ([], [None]),
    )


def places(screening: Screening) -> list[tuple[str, str, str]]:
    """Each destination with its risk and the words of that, once."""
    own = wording.of(screening)
    places: dict[tuple[str, str, str], None] = {}
    for facts in screening.facts:
        risk = facts.get("country_risk") or "unrated"
        name = own.value("country_name", facts.get("country_name"))
        places[name, risk, RISKS[risk]] = None
    return list(places)


def products(screening: Screening) -> str:
    """What is sold, by the names of the screening's own catalogue."""
    return products_of(screening.revision.answers, wording.of(screening))


def products_of(answers: Mapping[str, Any], own: wording.Wording) -> str:
    """The same of the answers themselves, in these words."""
    lines = answers.get("products") or []
    return ", ".join([own.product(line) for line in lines if isinstance(line, str)]) or UNKNOWN


def due(deal: Deal, now: datetime) -> Due:
    """How long until the review is due, in days: "2 days left", "1 day late"."""
    if deal.due_at is None:
        return Due("", "No date")
    days = (deal.due_at.date() - now.date()).days
    if deal.due_at < now:
        return Due("late", f"{_days(-days)} late" if days else "Late today")
    if days == 0:
        return Due("soon", "Due today")
    return Due("soon" if days <= 2 else "", f"{_days(days)} left")


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def person(user: Any) -> str:
    return name_of(user)


def status_beside(deal: Deal, outcome: str) -> str:
    """The status as a second badge; empty where it only repeats the outcome."""
    status = str(deal.get_status_display())
    return "" if status == OUTCOMES[outcome] else status
