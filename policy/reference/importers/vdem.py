"""V-Dem country-year CSV → rating list.

Layout: comma, decimal point, about 400 MB and 4,000 columns, one row per country and year, keyed
by `country_text_id` (ISO alpha-3 with exceptions) and `year`; missing is empty, or `NA` in files
that R wrote.  Read as a stream: only the rows of the latest year seen so far are kept.
Source: V-Dem codebook; the indices `v2x_…` run from 0 to 1, higher = freer.

The tier is that of the mean, and at least high where a single index lies below the first cut: a
place that nobody may criticise is not safer for its orderly courts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import BinaryIO, NamedTuple

from policy.reference.importers.gather import Gathering, check_span, decimal
from policy.reference.importers.places import code_of_iso3
from policy.reference.importers.text import decoded_lines, first_row, table_rows
from policy.reference.ratings import (
    TIER_WORDS,
    UNRATED,
    Cuts,
    Imported,
    ListRefused,
    Rating,
    RatingList,
    worse,
)

SOURCE = "V-Dem"
LICENCE = (
    "V-Dem dataset, CC BY-SA 4.0, https://creativecommons.org/licenses/by-sa/4.0/; cite "
    "https://www.v-dem.net. The tier is computed here and is not a V-Dem measure."
)
INDICES = ("v2x_civlib", "v2x_freexp_altinf", "v2x_rule")
CUTS = Cuts(
    very_high=Decimal("0.30"),
    high=Decimal("0.50"),
    medium=Decimal("0.75"),
    lowest=Decimal(0),
    highest=Decimal(1),
)
MOST_BYTES = 2 * 2**30
_OTHER_VERSIONS = ("_codelow", "_codehigh", "_sd", "_osp", "_ord", "_mean", "_nr")

_OWN_CODES = {"SML": "X-SML", "PSE": "PS", "PSG": "PS"}
# Palestine has one code here and two rows there: the worse one counts.
_PARTS = {"PSE": "West Bank", "PSG": "Gaza"}
_LEFT_OUT = {
    "ZZB": "is part of Tanzania, which has a row of its own",
    "DDR": "no longer exists",
    "YMD": "no longer exists",
    "VDR": "no longer exists",
}


class _Row(NamedTuple):
    line: int
    iso3: str
    name: str
    values: tuple[str, ...]


def read_vdem(
    stream: BinaryIO,
    *,
    edition: str,
    year: int | None = None,
    indices: Sequence[str] = INDICES,
    cuts: Cuts = CUTS,
    previous: RatingList | None = None,
) -> Imported:
    """The list of one year, the latest when `year` is None.

    Raises ListRefused for another layout, a country-date file, or a year that holds far fewer
    countries than the one before it.
    """
    for name in indices:
        _check_index(name)
    year, rows = _rows_of_year(stream, year, indices)
    gathering = Gathering()
    for row in rows:
        _take(gathering, row, indices, cuts)
    _note_parts(gathering, rows)
    return gathering.close(
        source=SOURCE,
        edition=edition,
        year=year,
        licence=LICENCE,
        method=f"mean of {', '.join(indices)}: {cuts}; one of them below {cuts.very_high} alone"
        " makes it at least high",
        previous=previous,
    )


def _check_index(name: str) -> None:
    if not name.startswith("v2x_") or name.endswith(_OTHER_VERSIONS):
        raise ListRefused(
            "indices",
            name,
            "is not an index from 0 to 1",
            "indicators on an interval scale and the versions "
            f"{' '.join(_OTHER_VERSIONS)} cannot be averaged; use v2x_… indices",
        )


def _rows_of_year(
    stream: BinaryIO, wanted: int | None, indices: Sequence[str]
) -> tuple[int, list[_Row]]:
    table = table_rows(decoded_lines(stream, most_bytes=MOST_BYTES), delimiter=",")
    header = first_row(table)
    code, name, when = map(header.index, ("country_text_id", "country_name", "year"))
    columns = [header.index(index) for index in indices]
    kept: dict[str, _Row] = {}
    units: Counter[int] = Counter()
    latest = wanted or 0
    for line, fields in table:
        if len(fields) != len(header.names):
            raise ListRefused(
                f"line {line}", "", f"has {len(fields)} fields, the header {len(header.names)}"
            )
        year = _year(fields[when], line)
        units[year] += 1
        if year > latest and wanted is None:
            latest, kept = year, {}
        if year == latest:
            row = _Row(line, fields[code], fields[name], tuple(fields[c] for c in columns))
            _check_single(kept, row, year)
            kept[row.iso3] = row
    check_span("year", latest, units, wanted)
    return latest, list(kept.values())


def _year(text: str, line: int) -> int:
    whole = text.removesuffix(".0")  # files that went through a data frame
    if whole.isascii() and whole.isdigit() and 1789 <= int(whole[:5]) <= 2100:
        return int(whole)
    raise ListRefused(f"line {line}, column 'year'", text, "is not a year from 1789 to 2100")


def _check_single(kept: dict[str, _Row], row: _Row, year: int) -> None:
    if row.iso3 in kept:
        raise ListRefused(
            f"line {row.line}",
            row.iso3,
            f"has a row for {year} already, line {kept[row.iso3].line}",
            "use the country-year file; the country-date file has several rows a year",
        )


def _take(gathering: Gathering, row: _Row, indices: Sequence[str], cuts: Cuts) -> None:
    where = f"line {row.line}"
    if row.iso3 in _LEFT_OUT:
        gathering.leave_out(where, f"{row.iso3} {row.name}", _LEFT_OUT[row.iso3])
        return
    code = _OWN_CODES.get(row.iso3) or code_of_iso3(row.iso3)
    if code is None:
        gathering.unknown(where, row.iso3, f"({row.name}) is not a code that V-Dem is known to use")
        return
    part = _PARTS.get(row.iso3, "")
    values = [decimal(text) for text in row.values]
    if any(text in ("", "NA") for text in row.values):
        gathering.note(f"{where}: {row.iso3} {row.name} has no value for every index: not rated")
        gathering.rate(Rating(code, UNRATED, None, row.name, where), part_of_place=part)
        return
    for index, text, value in zip(indices, row.values, values, strict=True):
        if value is None or not cuts.holds(value):
            gathering.reject(
                f"{where}, column {index!r}",
                text,
                f"of {row.name} is not a number from {cuts.lowest} to {cuts.highest}",
                "a decimal point, no comma, no date",
            )
            return
    known = {
        index: value for index, value in zip(indices, values, strict=True) if value is not None
    }
    total = sum(known.values(), Decimal(0))
    score = (total / len(values)).quantize(Decimal("0.001"))
    tier, why = _at_least_high(cuts.tier(total, len(values)), known, cuts)
    gathering.rate(Rating(code, tier, score, row.name, where, why), part_of_place=part)


def _at_least_high(tier: str, values: Mapping[str, Decimal], cuts: Cuts) -> tuple[str, str]:
    """The tier that counts and, where the mean alone would be milder, the sentence that says so."""
    low = [f"{index} {value}" for index, value in values.items() if value < cuts.very_high]
    if not low or worse(tier, "high") == tier:
        return tier, ""
    return "high", (
        f"{' and '.join(low)} below {cuts.very_high}: at least high, where the mean alone would be"
        f" {TIER_WORDS[tier]}"
    )


def _note_parts(gathering: Gathering, rows: Sequence[_Row]) -> None:
    seen = [row.iso3 for row in rows if row.iso3 in _PARTS]
    if len(seen) == 1:
        gathering.note(
            f"PS is rated from {_PARTS[seen[0]]} alone; a destination there needs its own review"
        )
