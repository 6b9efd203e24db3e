"""Reporters Without Borders (RSF), World Press Freedom Index → rating list.

Layout: CSV with `;`, no quotes, Windows-1252, decimal comma, ISO alpha-3 with exceptions.  A broken
copy circulates in which each data row is quoted into one single cell of a comma-separated file.
Source: RSF's yearly CSV files; since 2022 the scale is 0 to 100, high = free.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

from policy.reference.importers.gather import Gathering, decimal, spoilt
from policy.reference.importers.places import code_of_iso3
from policy.reference.importers.text import Header, decoded_lines, table_rows
from policy.reference.ratings import Cuts, Imported, ListRefused, Rating, RatingList

SOURCE = "RSF, World Press Freedom Index"
LICENCE = "© Reporters Without Borders. The operator holds the right to use this file."
# RSF's own classes: very serious below 40, difficult below 55, problematic below 70.
CUTS = Cuts(
    very_high=Decimal(40),
    high=Decimal(55),
    medium=Decimal(70),
    lowest=Decimal(0),
    highest=Decimal(100),
)
FIRST_EDITION = 2022
MOST_BYTES = 5 * 2**20
_NOT_THE_SCORE = ("Score N-1", "Score evolution")
_OWN_CODES = {"CTU": "X-NCY"}
_LEFT_OUT = {"CSS": "is one row for several states (OECS) and rates none of them"}


def read_rsf(
    stream: BinaryIO, *, cuts: Cuts = CUTS, previous: RatingList | None = None
) -> Imported:
    """The list of one edition.  Raises ListRefused before 2022, when the scale ran the other way.

    Western Sahara shares Morocco's row there and stays unrated.
    """
    raw = stream.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise ListRefused("the file", "", f"is larger than {MOST_BYTES:,} bytes")
    gathering = Gathering()
    header, rows = _table(raw, gathering)
    column = _score_column(header)
    edition = _edition(header, column)
    for line, fields in rows:
        _take(gathering, header, line, fields, column, cuts)
    return gathering.close(
        source=SOURCE,
        edition=str(edition),
        year=edition - 1,
        licence=LICENCE,
        method=f"score: {cuts}",
        previous=previous,
    )


def _table(raw: bytes, gathering: Gathering) -> tuple[Header, Iterator[tuple[int, list[str]]]]:
    lines = decoded_lines(io.BytesIO(raw), encoding=_encoding(raw))
    first = next(lines)
    delimiter = ";" if ";" in first else ","
    header = Header.read("line 1", next(csv.reader([first], delimiter=delimiter)))
    rows = ((n + 1, fields) for n, fields in table_rows(lines, delimiter=delimiter))
    return header, (rows if delimiter == ";" else _unwrapped(rows, gathering))


def _encoding(raw: bytes) -> str:
    """The official files are Windows-1252; a converted copy is UTF-8, which 1252 text never is."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _unwrapped(
    rows: Iterator[tuple[int, list[str]]], gathering: Gathering
) -> Iterator[tuple[int, list[str]]]:
    is_noted = False
    for line, fields in rows:
        if len(fields) > 1:
            yield line, fields
            continue
        if not is_noted:
            gathering.note(
                "broken copy: each row is quoted into one cell; the cells were read again"
            )
            is_noted = True
        for _, inner in table_rows(fields, delimiter=","):
            yield line, inner


def _score_column(header: Header) -> int:
    columns = [
        index
        for index, name in enumerate(header.names)
        if name.startswith("Score") and name not in _NOT_THE_SCORE
    ]
    if len(columns) == 1:
        return columns[0]
    raise ListRefused(
        "line 1",
        "",
        f"has {len(columns)} columns for the score of the edition",
        "one column 'Score YYYY'; 'Score N-1' and 'Score evolution' do not count",
    )


def _edition(header: Header, column: int) -> int:
    title = header.names[column]
    match = re.fullmatch(r"Score (2[0-9]{3})", title)
    if match is None:
        raise ListRefused("line 1", title, "does not name the edition", "'Score YYYY'")
    if int(match[1]) < FIRST_EDITION:
        raise ListRefused(
            "line 1", title, f"is before {FIRST_EDITION}, when a high score meant less freedom"
        )
    return int(match[1])


def _take(
    gathering: Gathering, header: Header, line: int, fields: list[str], column: int, cuts: Cuts
) -> None:
    where = f"line {line}"
    if len(fields) != len(header.names):
        gathering.reject(
            where,
            fields[0],
            f"has {len(fields)} fields and the header {len(header.names)}",
            "put a field that holds a comma or a semicolon in quotation marks",
        )
        return
    iso3, text = fields[header.index("ISO")].strip(), fields[column]
    name = fields[header.index("Country_EN")].strip() if "Country_EN" in header else iso3
    if iso3 in _LEFT_OUT:
        gathering.leave_out(where, f"{iso3} {name}", _LEFT_OUT[iso3])
        return
    code = _OWN_CODES.get(iso3) or code_of_iso3(iso3)
    if code is None:
        gathering.unknown(where, iso3, f"({name}) is not a code that RSF is known to use")
        return
    score = None if spoilt(text) else decimal(text, comma="decimal")
    if score is None or not cuts.holds(score):
        gathering.reject(
            f"{where}, column {header.names[column]!r}",
            text,
            spoilt(text) or f"of {name} is not a number from {cuts.lowest} to {cuts.highest}",
            "a decimal comma, as in 87,18",
        )
        return
    gathering.rate(Rating(code, cuts.tier(score), score, name, where))
