"""Any other expert's list as a plain CSV → rating list.

One row per place: a column `code` (or iso2, iso3, iso, country) with ISO alpha-2, alpha-3 or a
territory's code, and `tier`, or `score` with declared cuts, or both when they agree.  UTF-8; the
delimiter is comma, semicolon or tab.  A column `name` is optional and is held against the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO

from policy.reference.importers.gather import Gathering, decimal, near_code, spoilt
from policy.reference.importers.places import code_of_iso3, codes_of_name, places
from policy.reference.importers.text import Header, decoded_lines, delimited
from policy.reference.ratings import TIERS, UNRATED, Cuts, Imported, ListRefused, Rating, RatingList

CODE_COLUMNS = ("code", "iso2", "iso3", "iso", "country")
_TIER_WORDS = {"very high": "very_high", "not rated": UNRATED}


def read_table(
    stream: BinaryIO,
    *,
    source: str,
    edition: str,
    year: int | None,
    licence: str,
    cuts: Cuts | None = None,
    previous: RatingList | None = None,
) -> Imported:
    """The list of the whole file.  Raises ListRefused when columns are missing."""
    delimiter, rows = delimited(decoded_lines(stream))
    number, header = next(rows, (1, []))
    names = Header.read(f"line {number}", [name.casefold() for name in header])
    table = _Table(names, cuts, Gathering(), delimiter)
    for line, fields in rows:
        table.take(line, fields)
    return table.gathering.close(
        source=source,
        edition=edition,
        year=year,
        licence=licence,
        method=f"score: {cuts}" if cuts else "the tiers of the source",
        previous=previous,
    )


@dataclass
class _Table:
    header: Header
    cuts: Cuts | None
    gathering: Gathering
    delimiter: str
    mark: str = ""

    def __post_init__(self) -> None:
        columns = [name for name in CODE_COLUMNS if name in self.header]
        if not columns:
            raise ListRefused("line 1", "", "has no column of codes", f"one of {CODE_COLUMNS}")
        self.code_column = columns[0]
        if "tier" not in self.header and "score" not in self.header:
            raise ListRefused("line 1", "", "has no column 'tier' and no column 'score'")
        if "tier" not in self.header and self.cuts is None:
            raise ListRefused("line 1", "", "has scores only", "say where they become tiers (cuts)")

    def take(self, line: int, fields: list[str]) -> None:
        where = f"line {line}"
        if len(fields) != len(self.header.names):
            self.gathering.reject(
                where,
                fields[0],
                f"has {len(fields)} fields and the header {len(self.header.names)}",
                "quote fields that hold the delimiter",
            )
            return
        row = dict(zip(self.header.names, (field.strip() for field in fields), strict=True))
        name = row.get("name", "")
        code = self._code(f"{where}, column {self.code_column!r}", row[self.code_column], name)
        if code is None:
            return
        score = self._score(f"{where}, column 'score'", row.get("score", ""))
        if score is None:
            return
        tier = self._tier(f"{where}, column 'tier'", row.get("tier", ""), score)
        if tier is not None:
            shown = name or places()[code].name
            self.gathering.rate(Rating(code, tier, score[0] if score else None, shown, where))

    def _code(self, where: str, text: str, name: str) -> str | None:
        code = text if text in places() else code_of_iso3(text)
        if code is None:
            self._unknown_code(where, text, name)
            return None
        named = codes_of_name(name)
        if named and code not in named:
            self.gathering.reject(
                where,
                text,
                f"is {places()[code].name}, the row says {name}",
                f"{' or '.join(named)}?",
            )
            return None
        return code

    def _unknown_code(self, where: str, text: str, name: str) -> None:
        named = codes_of_name(name)
        near = [f"{code} ({places()[code].name})" for code in named] or near_code(text)
        if not text:
            why = "is empty; some programs read Namibia's code NA as a missing value"
            self.gathering.reject(where, "the code", why, " or ".join(near) or "a code")
        elif spoilt(text):
            self.gathering.reject(where, text, spoilt(text), "two or three capital letters")
        else:
            self.gathering.unknown(where, text, "is not a known code", near)

    def _score(self, where: str, text: str) -> tuple[Decimal, ...] | None:
        """The score, () when there is none, None when the cell was rejected."""
        if not text:
            return ()
        why = spoilt(text) or self._mark_fault(text)
        comma = "decimal" if self.mark == "," and self.delimiter != "," else ""
        number = None if why else decimal(text, comma=comma)
        if number is None or (self.cuts and not self.cuts.holds(number)):
            scale = f" from {self.cuts.lowest} to {self.cuts.highest}" if self.cuts else ""
            self.gathering.reject(where, text, why or f"is not a number{scale}", f"a number{scale}")
            return None
        return (number,)

    def _mark_fault(self, text: str) -> str:
        """A decimal comma is fine where commas do not delimit; both marks in one file are not."""
        own = next((mark for mark in ".," if mark in text), "")
        if own == "," and self.delimiter == ",":
            return "has a decimal comma in a comma-separated file"
        if own and self.mark and own != self.mark:
            return f"has {own!r} as decimal mark, rows before it have {self.mark!r}"
        self.mark = self.mark or own
        return ""

    def _tier(self, where: str, text: str, score: tuple[Decimal, ...]) -> str | None:
        word = _TIER_WORDS.get(text.casefold(), text.casefold())
        computed = self.cuts.tier(score[0]) if self.cuts and score else ""
        if not word:
            return computed or UNRATED
        if word not in (*TIERS, UNRATED):
            self.gathering.reject(
                where, text, "is not a valid tier", f"one of {', '.join(TIERS)}, {UNRATED}"
            )
            return None
        if computed and computed != word:
            self.gathering.reject(where, text, f"does not fit the score {score[0]}", computed)
            return None
        return word
