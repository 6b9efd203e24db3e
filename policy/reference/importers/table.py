"""Any other expert's list as a plain CSV → rating list.

One row per place: a column `code` (or iso2, iso3, iso, country) with ISO alpha-2, alpha-3 or a
territory's code, and `tier`, or `score` with declared cuts, or both when they agree.  UTF-8; the
delimiter is comma, semicolon or tab.  A column `name` is optional and is held against the code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import BinaryIO

from policy.engine.language.words import did_you_mean
from policy.reference.codes import Offer, Offers
from policy.reference.importers.gather import Gathering, decimal, near_code, spoilt
from policy.reference.importers.places import code_of_iso3, codes_of_name, places
from policy.reference.importers.sheet import MOST_TITLES, Columns, Table, headed, heading, table_of
from policy.reference.importers.text import Header
from policy.reference.importers.workbook import EMPTY, Cell, Workbook
from policy.reference.ratings import TIERS, UNRATED, Cuts, Imported, ListRefused, Rating, RatingList

CODE_COLUMNS = ("code", "iso2", "iso3", "iso", "country")
COLUMNS = Columns("list of ratings", (*CODE_COLUMNS, "name", "score", "tier"), ("code", "tier"))
_TIER_WORDS = {"very high": "very_high", "not rated": UNRATED}


class CutsMissing(ListRefused):
    """A list of scores without tiers; `scores` are all of them."""

    def __init__(self, where: str, scores: Sequence[Decimal]) -> None:
        super().__init__(where, "", "has scores only", "say where they become tiers (cuts)")
        self.scores = list(scores)


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
    """The list of the whole file, a workbook or a text.

    Raises ListRefused when columns are missing, CutsMissing for scores without tiers and cuts.
    """
    sheet = table_of(stream, COLUMNS)
    number, names, rows = headed(sheet, COLUMNS)
    table = _Table(Header.read(sheet.at(number), names), cuts, Gathering(), sheet)
    for line, cells in rows:
        table.take(line, cells)
    if table.is_without_tiers:
        raise CutsMissing(sheet.at(number), table.scores)
    if table.offers.made:
        table.gathering.report.offers = table.offers.made
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
    sheet: Table
    mark: str = ""
    offers: Offers = field(default_factory=Offers)
    scores: list[Decimal] = field(default_factory=list)

    def __post_init__(self) -> None:
        columns = [name for name in CODE_COLUMNS if name in self.header]
        if not columns:
            want = f"name one of the columns {', '.join(CODE_COLUMNS[:-1])} or {CODE_COLUMNS[-1]}"
            raise ListRefused(self.header.line, "", "has no column of codes", want)
        self.code_column = columns[0]
        if "tier" not in self.header and "score" not in self.header:
            want = "add the tier of each place: low, medium, high or very_high"
            raise ListRefused(
                self.header.line, "", "has no column 'tier' and no column 'score'", want
            )
        for name in self.header.names:
            known = (*CODE_COLUMNS, *COLUMNS.names)
            if name not in known and (meant := did_you_mean(name, ("tier", "score"))):
                raise ListRefused(self.header.line, name, "is not read" + meant)

    @property
    def is_without_tiers(self) -> bool:
        return "tier" not in self.header and self.cuts is None

    def take(self, line: int, cells: Sequence[Cell]) -> None:
        where = self.sheet.at(line)
        width = len(self.header.names)
        if self.sheet.unit == "row":
            cells = [*cells, *[EMPTY] * (width - len(cells))][: max(width, len(_trimmed(cells)))]
        if len(cells) != width:
            self.gathering.reject(
                where,
                cells[0].text,
                f"has {len(cells)} fields and the header {width}",
                "put a field that holds a comma or a semicolon in quotation marks",
            )
            return
        read = (self.code_column, "name", "tier", "score")
        for at, cell in enumerate(cells):
            name = self.header.names[at]
            if name in read and cell.kind in ("formula", "date", "error", "boolean"):
                why = spoilt(cell.text, cell.kind) or "is TRUE or FALSE of a spreadsheet program"
                want = "format the cell as text and write it again"
                self.gathering.reject(self.sheet.cell(line, at, name), cell.text, why, want)
                return
        texts = (" ".join(cell.text.split()) for cell in cells)
        row = dict(zip(self.header.names, texts, strict=True))
        if not any(row.values()):
            return
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
        if code is None and len(meant := codes_of_name(text)) == 1:
            [code] = meant
            self.offers.made.append(Offer(where, text, code))
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
        comma = "decimal" if self.mark == "," and self.sheet.delimiter != "," else ""
        number = None if why else decimal(text, comma=comma)
        if number is None or (self.cuts and not self.cuts.holds(number)):
            scale = f" from {self.cuts.lowest} to {self.cuts.highest}" if self.cuts else ""
            self.gathering.reject(where, text, why or f"is not a number{scale}", f"a number{scale}")
            return None
        self.scores.append(number)
        return (number,)

    def _mark_fault(self, text: str) -> str:
        """A decimal comma is fine where commas do not delimit; both marks in one file are not."""
        own = next((mark for mark in ".," if mark in text), "")
        if own == "," and self.sheet.delimiter == ",":
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
                where, text, "is not a valid tier", f"write one of {', '.join(TIERS)}, {UNRATED}"
            )
            return None
        if computed and computed != word:
            self.gathering.reject(where, text, f"does not fit the score {score[0]}", computed)
            return None
        return word


def _trimmed(cells: Sequence[Cell]) -> Sequence[Cell]:
    """The cells up to the last one that holds something."""
    last = max((at for at, cell in enumerate(cells, 1) if cell.text.strip()), default=0)
    return cells[:last]


def is_workbook_of_ratings(stream: BinaryIO) -> bool:
    """Whether one of the sheets of a workbook has the columns of this layout."""
    book = Workbook(stream)
    for sheet in book.sheets:
        for _number, cells in islice(book.rows(sheet), MOST_TITLES):
            names = {heading(cell.text) for cell in cells}
            if {"tier", "score"} & names and set(CODE_COLUMNS) & names:
                return True
    return False
