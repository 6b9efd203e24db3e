"""Where a deal goes: countries, special territories, and the rating that counts for each.

A country code alone can mislead, so a destination may name a territory too, and the territory
beats the country. A territory never inherits the rating of the state under whose address it is
written: without a rating of its own it is unrated, and unrated stands beside the worst.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from policy.engine.language.facts import digest
from policy.engine.language.words import guess, shown
from policy.reference.ratings import UNRATED, Effective, Rating, RatingList, worst_of
from policy.reference.registry import fold

#: Written where the destination is not known yet.
NOWHERE = "XX"


@dataclass(frozen=True, slots=True)
class Territory:
    """A place for which its country code alone misleads; rule E11 speaks of the special ones."""

    code: str
    parent: str
    name: str
    special: bool
    export_control: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One destination. `countries` are the codes that its parties may belong to."""

    code: str
    country: str
    name: str
    tier: str
    special: bool
    territory: str
    export_control: str
    countries: frozenset[str]
    note: str


@dataclass(frozen=True)
class Countries:
    """Names, special territories and the active rating lists."""

    names: Mapping[str, str]
    also: Mapping[str, str]
    territories: Mapping[str, Territory]
    lists: tuple[RatingList, ...]
    digest: str = field(compare=False)

    @cached_property
    def effective(self) -> Mapping[str, Effective]:
        return worst_of(self.lists)

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """Every country and territory by code."""
        return {code: self._place(code) for code in (*self.names, *self.territories)}

    def _place(self, code: str) -> Place:
        territory = self.territories.get(code)
        rating = self.effective.get(code)
        special = territory is not None and territory.special
        parent = territory.parent if territory else ""
        name = territory.name if territory else self.names[code]
        country = code if code in self.names else parent
        return Place(
            code=code,
            country=country,
            name=name,
            tier=rating.tier if rating else UNRATED,
            special=special,
            territory=name if special else "",
            export_control=territory.export_control if territory else "",
            countries=frozenset({country, parent} - {""}),
            note=_rated_by(rating),
        )

    def meant(self, code: str) -> str:
        """The code that was probably meant by something that is none, or ""."""
        if code.upper() in self.places:
            return code.upper()
        folded = fold(code)
        if folded in self._by_name:
            return self._by_name[folded]
        return self._by_name.get(guess(folded, self._by_name), "") if len(code) > 3 else ""

    @cached_property
    def _by_name(self) -> Mapping[str, str]:
        named = {fold(territory.name): code for code, territory in self.territories.items()}
        named |= {fold(name): code for code, name in self.names.items()}
        return named | {fold(other): code for other, code in self.also.items()}


def _rated_by(rating: Effective | None) -> str:
    if rating is None or not rating.decided_by:
        return "no active source rates it"
    return f"the worst of the active sources: {', '.join(rating.decided_by)}"


class CountriesError(ValueError):
    """Country data that cannot be read; `problems` has one sentence for each row at fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class RatingText:
    """One list of ratings as CSV with at least the columns code and tier, and what it is."""

    text: str
    source: str
    edition: str
    year: int | None = None
    licence: str = ""
    method: str = ""


def read_countries(*, names: str, territories: str, ratings: Iterable[RatingText]) -> Countries:
    """Countries from CSV texts; CountriesError names every row that does not fit."""
    lists = tuple(ratings)
    rows = _unique(_rows(names, ("code", "name", "also")), "names")
    known = {row["code"]: row["name"] for row in rows}
    also = {other: row["code"] for row in rows for other in row["also"].split("|") if other}
    places = {
        row["code"]: Territory(
            row["code"],
            row["parent"],
            row["name"],
            row["special"] == "yes",
            row["export_control"],
            row["note"],
        )
        for row in _unique(
            _rows(territories, ("code", "parent", "name", "special", "export_control")),
            "territories",
        )
    }
    codes = known.keys() | places.keys()
    return Countries(
        known,
        also,
        places,
        tuple(_list(rating_text, codes) for rating_text in lists),
        digest("\0".join([names, territories, *(rating_text.text for rating_text in lists)])),
    )


def _list(rating_text: RatingText, codes: Iterable[str]) -> RatingList:
    known = set(codes)
    problems = []
    ratings = []
    for at, row in enumerate(
        _unique(_rows(rating_text.text, ("code", "tier")), rating_text.source), start=2
    ):
        if row["code"] not in known:
            problems.append(
                f"{rating_text.source}, line {at}: {shown(row['code'])} is not a known code"
            )
        elif row["tier"] not in ("low", "medium", "high", "very_high", UNRATED):
            problems.append(
                f"{rating_text.source}, line {at}: {shown(row['tier'])} is not a valid tier"
            )
        else:
            score = Decimal(row["score"]) if row.get("score") else None
            ratings.append(Rating(row["code"], row["tier"], score, row.get("name", "")))
    if problems:
        raise CountriesError(problems)
    return RatingList(
        rating_text.source,
        rating_text.edition,
        rating_text.year,
        rating_text.licence,
        rating_text.method,
        tuple(ratings),
    )


def _unique(rows: list[dict[str, str]], what: str) -> list[dict[str, str]]:
    """The rows, when no code appears twice: otherwise their order would decide."""
    first: dict[str, int] = {}
    problems = [
        f"{what}, line {at}: the code {row['code']} is already on line {first[row['code']]}"
        for at, row in enumerate(rows, start=2)
        if first.setdefault(row["code"], at) != at
    ]
    if problems:
        raise CountriesError(problems)
    return rows


def _rows(text: str, needed: Sequence[str]) -> list[dict[str, str]]:
    # The csv module has no missing-value words: Namibia's NA stays text.
    reader = csv.DictReader(io.StringIO(text), strict=True)
    missing = [column for column in needed if column not in (reader.fieldnames or ())]
    if missing:
        raise CountriesError([f"line 1: the column {missing[0]} is missing"])
    return list(reader)
