"""Stored values in human words: facts, due dates, levels, people."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from policy import shipped
from screening.models import Deal, Screening

UNKNOWN = "not known"
OUTCOMES = {
    "clear": "Clear",
    "senior_review": "Senior review",
    "executive_review": "Executive review",
    "needs_information": "Needs information",
    "bar": "Barred",
}
LEVELS = {"senior": "Senior", "executive": "Executive"}
RISKS = {
    "low": "Low risk",
    "medium": "Medium risk",
    "high": "High risk",
    "very_high": "Very high risk",
    "unrated": "Unrated",
}
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


def label(name: str) -> str:
    fact = shipped.load().rulebook.vocabulary.get(name)
    return fact.label if fact is not None and fact.label else _plainly(name).capitalize()


def value_words(name: str, value: Any) -> str:
    """A plain fact value in words; a set of flags is a list, or one of sure and open members."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        sure = value_words(name, value.get("yes", []))
        unknown = value.get("unknown", [])
        return f"{sure}; {len(unknown)} not known" if unknown else sure
    if isinstance(value, list):
        return ", ".join(_one(name, part) for part in value) or "none"
    return _one(name, str(value))


def _one(name: str, value: str) -> str:
    fact = shipped.load().rulebook.vocabulary.get(name)
    words = fact.words if fact is not None else {}
    return words.get(value) or (value if fact is None or not words else _plainly(value))


def _plainly(name: str) -> str:
    return name.replace("_", " ")


def over_variants(screening: Screening, name: str) -> list[Any]:
    """The different values of one fact over the variants of a screening, in their order."""
    found: list[Any] = []
    for facts in screening.facts:
        value = facts.get(name)
        if value not in found:
            found.append(value)
    return found


def joined(screening: Screening, name: str) -> str:
    """The values of one fact over all variants, in words."""
    values = over_variants(screening, name) or [None]
    return ", ".join(value_words(name, value) for value in values)


def fact_rows(screening: Screening, names: Iterable[str] = ()) -> list[FactRow]:
    """The facts in the order of the vocabulary, or only those that are named."""
    wanted = list(names) or [
        name for name in shipped.load().rulebook.vocabulary if name not in BESIDE
    ]
    sources = screening.sources
    rows = []
    for name in wanted:
        origin = sources.get(name, {})
        rows.append(
            FactRow(
                name=name,
                label=label(name),
                value=joined(screening, name),
                source=SOURCES.get(origin.get("source", ""), ""),
                note=origin.get("note", ""),
                is_known=over_variants(screening, name) not in ([], [None]),
            )
        )
    return rows


def places(screening: Screening) -> list[tuple[str, str, str]]:
    """Each destination with its risk and the words of that, once."""
    found: dict[tuple[str, str, str], None] = {}
    for facts in screening.facts:
        risk = facts.get("country_risk") or "unrated"
        name = value_words("country_name", facts.get("country_name"))
        found[name, risk, RISKS[risk]] = None
    return list(found)


def products(screening: Screening) -> str:
    """What is sold, by the names of the catalogue."""
    catalogue = shipped.load().catalogue
    chosen = screening.revision.answers.get("products") or []
    found = [(line, catalogue.find(line)) for line in chosen if isinstance(line, str)]
    return ", ".join(product.name if product else line for line, product in found) or UNKNOWN


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
    return user.get_full_name() or user.get_username()


def status_beside(deal: Deal, outcome: str) -> str:
    """The status as a second badge; empty where it only repeats the outcome."""
    status = str(deal.get_status_display())
    return "" if status == OUTCOMES[outcome] else status
