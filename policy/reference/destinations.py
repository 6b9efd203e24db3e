"""Where a deal goes: countries, special territories, and the rating that counts for each.

A country code alone can mislead, so a destination may name a territory too, and the territory
beats the country. A territory never inherits the rating of the state under whose address it is
written: without a rating of its own it is unrated, and unrated stands beside the worst.

Embargoes and bans on interception equipment are rows of their own, `restricted_destinations`: a
state or territory, what is restricted there, what export control makes of it, and why.
"""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from policy.engine.language.facts import digest
from policy.engine.language.words import did_you_mean, guess, listed, shown
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
    #: Other states that border it, claim it or run it: a site there may be declared as theirs.
    neighbours: tuple[str, ...] = ()

    @property
    def reached_from(self) -> frozenset[str]:
        """The states under whose name a site in it may be declared."""
        return frozenset((self.parent, *self.neighbours)) - {""}


#: In a row of restricted destinations: whatever is delivered.
EVERYTHING = "everything"
#: What a row may make of a deal, from mild to grave.
RESTRICTIONS = ("licence_required", "denied", "prohibited")
RESTRICTED_COLUMNS = ("code", "restricts", "control", "basis", "source", "dated", "note")
_RESTRICTED_NEEDED = RESTRICTED_COLUMNS[:-1]


@dataclass(frozen=True, slots=True)
class Restriction:
    """What may not be delivered to a state or territory, or only with a licence, and why."""

    code: str
    #: Capabilities; empty when everything is restricted.
    restricts: tuple[str, ...]
    control: str
    basis: str
    source: str
    #: The day as of which the row speaks.
    dated: date
    note: str = ""

    @property
    def is_total(self) -> bool:
        return not self.restricts

    def applies_to(self, capabilities: Collection[str]) -> bool:
        return self.is_total or not set(capabilities).isdisjoint(self.restricts)

    @property
    def reference(self) -> str:
        return f"{self.basis} ({self.code}, as of {self.dated})"


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
    restrictions: tuple[Restriction, ...] = ()


_READ: ContextVar[set[str] | None] = ContextVar("rows read", default=None)


@contextmanager
def reading_rows() -> Iterator[set[str]]:
    """The codes of all rows of the countries that are read within, whichever version they are of.

    Who reads none of the rows that differ in another version finds the same there.
    """
    read: set[str] = set()
    around = _READ.get()
    token = _READ.set(read)
    try:
        yield read
    finally:
        _READ.reset(token)
        if around is not None:
            around |= read


class Places(dict[str, Place]):
    """Rows of the countries by code; which of them are read is noted, to read all reads each."""

    def __getitem__(self, code: str) -> Place:
        _note(code)
        return super().__getitem__(code)

    def get(self, code: str, default: Place | None = None) -> Place | None:  # type: ignore[override]
        _note(code)
        return super().get(code, default)

    def values(self) -> Any:
        _note(*self)
        return super().values()

    def items(self) -> Any:
        _note(*self)
        return super().items()


def _note(*codes: str) -> None:
    read = _READ.get()
    if read is not None:
        read.update(codes)


@dataclass(frozen=True)
class Countries:
    """Names, special territories, the active rating lists and restricted destinations."""

    names: Mapping[str, str]
    also: Mapping[str, str]
    territories: Mapping[str, Territory]
    lists: tuple[RatingList, ...]
    digest: str = field(compare=False)
    restricted: tuple[Restriction, ...] = ()

    @cached_property
    def effective(self) -> Mapping[str, Effective]:
        return worst_of(self.lists)

    @cached_property
    def places(self) -> Places:
        """Every country and territory by code."""
        return Places((code, self._place(code)) for code in (*self.names, *self.territories))

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
            export_control=self._total_control(code),
            countries=frozenset({country, parent} - {""}),
            note=_rated_by(rating),
            restrictions=self._restrictions.get(code, ()),
        )

    @cached_property
    def _restrictions(self) -> Mapping[str, tuple[Restriction, ...]]:
        rows: dict[str, list[Restriction]] = {}
        for row in self.restricted:
            rows.setdefault(row.code, []).append(row)
        return {code: tuple(some) for code, some in rows.items()}

    def _total_control(self, code: str) -> str:
        """What export control makes of everything that goes there; "" when nothing is said.

        A territory may say it in its own row, as versions did before restricted destinations.
        """
        territory = self.territories.get(code)
        said = [row.control for row in self._restrictions.get(code, ()) if row.is_total]
        if territory and territory.export_control:
            said.append(territory.export_control)
        return max(said, key=_gravity, default="")

    def territories_asked(self, country: str) -> list[Territory]:
        """The special territories in which a site may lie that is declared as of this country."""
        return self._asked.get(country, [])

    @cached_property
    def _asked(self) -> Mapping[str, list[Territory]]:
        asked: dict[str, list[Territory]] = {}
        for territory in self.territories.values():
            for country in territory.reached_from if territory.special else ():
                asked.setdefault(country, []).append(territory)
        return asked

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


def _gravity(control: str) -> int:
    """A word that nobody knows is the gravest."""
    return RESTRICTIONS.index(control) if control in RESTRICTIONS else len(RESTRICTIONS)


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


def read_countries(
    *, names: str, territories: str, ratings: Iterable[RatingText], restricted: str = ""
) -> Countries:
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
            tuple(code for code in (row.get("neighbours") or "").split("|") if code),
        )
        for row in _unique(
            _rows(territories, ("code", "parent", "name", "special", "export_control")),
            "territories",
        )
    }
    _check_neighbours(places, known)
    codes = known.keys() | places.keys()
    texts = [names, territories, *(rating_text.text for rating_text in lists)]
    return Countries(
        known,
        also,
        places,
        tuple(_list(rating_text, codes) for rating_text in lists),
        # Versions from before restricted destinations keep the digest that they had.
        digest("\0".join([*texts, restricted] if restricted else texts)),
        read_restricted(restricted, codes) if restricted else (),
    )


def _check_neighbours(places: Mapping[str, Territory], known: Mapping[str, str]) -> None:
    problems = [
        f"territories, {place.code}: the neighbour {shown(code)} is not a known country"
        for place in places.values()
        for code in place.neighbours
        if code not in known
    ]
    if problems:
        raise CountriesError(problems)


def read_restricted(
    text: str, codes: Collection[str], capabilities: Collection[str] | None = None
) -> tuple[Restriction, ...]:
    """Restricted destinations from CSV; CountriesError names every row that does not fit.

    `capabilities` are the words that may be restricted; None for a text that was judged before.
    """
    rows = _rows(text, _RESTRICTED_NEEDED)
    problems: list[str] = []
    restrictions: list[Restriction] = []
    first: dict[tuple[str, str], int] = {}
    for at, row in enumerate(rows, start=2):
        wrong = list(_wrong(row, codes, capabilities))
        problems += [f"line {at} of the restricted destinations: {one}" for one in wrong]
        if wrong:
            continue
        one = _restriction(row)
        before = first.setdefault((one.code, one.basis), at)
        if before != at:
            problems.append(
                f"line {at} of the restricted destinations: {one.code} under {one.basis} is there"
                f" already (line {before})"
            )
        restrictions.append(one)
    if problems:
        raise CountriesError(problems)
    return tuple(restrictions)


def _wrong(
    row: Mapping[str, str], codes: Collection[str], capabilities: Collection[str] | None
) -> Iterator[str]:
    if None in row.values() or None in row:
        yield f"a row has the cells {listed(RESTRICTED_COLUMNS)}, and this one has others"
        return
    if row["code"] not in codes:
        yield f"{shown(row['code'])} is not a known code{did_you_mean(row['code'], codes)}"
    if row["control"] not in RESTRICTIONS:
        yield f"{shown(row['control'])} is not a control; it must be one of {listed(RESTRICTIONS)}"
    for name in ("basis", "source"):
        if not row[name].strip():
            yield f"the {name} is missing"
    try:
        date.fromisoformat(row["dated"])
    except ValueError:
        yield f"{shown(row['dated'])} is not a day such as 2026-11-28"
    named = _restricts(row)
    if not row["restricts"].strip() or (EVERYTHING in named and len(named) > 1):
        yield f"what is restricted is {EVERYTHING}, or capabilities with | between them"
    if capabilities is None:
        return
    for name in named:
        if name != EVERYTHING and name not in capabilities:
            hint = did_you_mean(name, capabilities)
            yield (
                f"{shown(name)} is not a capability{hint}; write {EVERYTHING}, or capabilities such"
                " as monitoring_centre"
            )


def _restricts(row: Mapping[str, str]) -> list[str]:
    return [part.strip() for part in row["restricts"].split("|") if part.strip()]


def _restriction(row: Mapping[str, str]) -> Restriction:
    named = _restricts(row)
    return Restriction(
        row["code"],
        () if named == [EVERYTHING] else tuple(named),
        row["control"],
        row["basis"].strip(),
        row["source"].strip(),
        date.fromisoformat(row["dated"]),
        (row.get("note") or "").strip(),
    )


def restricted_rows(restrictions: Iterable[Restriction]) -> Iterator[tuple[str, ...]]:
    """The cells of each row, in the order of RESTRICTED_COLUMNS."""
    for row in restrictions:
        yield (
            row.code,
            "|".join(row.restricts) or EVERYTHING,
            row.control,
            row.basis,
            row.source,
            str(row.dated),
            row.note,
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
            ratings.append(
                Rating(
                    row["code"], row["tier"], score, row.get("name", ""), why=row.get("why") or ""
                )
            )
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
