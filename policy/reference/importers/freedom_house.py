"""Freedom House, Freedom in the World → rating list.

Two workbooks: the sub-scores of every edition since 2013 (also met as CSV with `;`), and the
status history since 1973.  Neither has country codes, only names.  Ratings run from 1 (best) to 7,
totals from -4 to 100 (best); PR and Total can be negative because Add Q is subtracted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO

from policy.reference.importers.gather import Gathering, check_span, decimal, spoilt
from policy.reference.importers.places import LEFT_OUT_NAMES, codes_of_name, near_names, plain
from policy.reference.importers.text import Header, decoded_lines, table_rows
from policy.reference.importers.workbook import EMPTY, Cell, Workbook, column_name
from policy.reference.ratings import Imported, ListRefused, Rating, RatingList

SOURCE = "Freedom House, Freedom in the World"
LICENCE = (
    "© Freedom House. Results derived from its data may be published with attribution; ask it "
    "before the data itself is made public. The tier is computed here and is not its measure."
)
# Freedom House has three statuses; the worst of the Not Free ones are very_high here.
VERY_HIGH_BELOW = 20
STATUS_TIERS = {"F": "low", "PF": "medium", "NF": "high"}
METHOD = f"Free low, Partly Free medium, Not Free high, below {VERY_HIGH_BELOW} points very high"
HISTORY_METHOD = "Free low, Partly Free medium, Not Free high, 7 and 7 very high"

_SUMS = (
    ("PR", ("A", "B", "C", "Add A"), "Add Q"),
    ("CL", ("D", "E", "F", "G"), ""),
    ("Total", ("PR", "CL"), ""),
)
_RATINGS = ("PR rating", "CL rating")
_NUMBERS = (*_RATINGS, "A", "B", "C", "Add Q", "Add A", "PR", "D", "E", "F", "G", "CL", "Total")
# Two entries there, one code here: the worse one counts.
_PARTS = ("west bank", "gaza strip")


@dataclass(frozen=True)
class _Grid:
    """Rows of cells from a sheet or a text table, with the words for a place in it."""

    title: str
    rows: Iterator[tuple[int, list[Cell]]]

    def where(self, row: int, column: int, name: str) -> str:
        if self.title:
            return f"{self.title}, cell {column_name(column)}{row} ({name})"
        return f"line {row}, column {name!r}"


def read_freedom_house(
    stream: BinaryIO, *, edition: int | str | None = None, previous: RatingList | None = None
) -> Imported:
    """The list of one edition, the latest when `edition` is None.  Takes the workbook or the CSV.

    An edition may be given as it was typed.

    Raises ListRefused for another layout.  A row whose sums do not hold is rejected.
    """
    grid = _sub_scores(stream)
    header = _header(grid)
    chosen, rows = _rows_of_edition(grid, header, _wanted(edition))
    gathering = Gathering()
    for number, cells in rows:
        _Entry(grid, header, number, cells, gathering).take()
    return gathering.close(
        source=SOURCE,
        edition=str(chosen),
        year=chosen - 1,
        licence=LICENCE,
        method=METHOD,
        previous=previous,
    )


def _wanted(edition: int | str | None) -> int | None:
    if edition is None or isinstance(edition, int):
        return edition
    typed = edition.strip()
    if not re.fullmatch(r"[12][0-9]{3}", typed):
        raise ListRefused("the edition", edition, "is not the year of an edition", "such as 2025")
    return int(typed)


def _sub_scores(stream: BinaryIO) -> _Grid:
    start = stream.read(4)
    stream.seek(0)
    if start not in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        table = table_rows(decoded_lines(stream), delimiter=";")
        return _Grid("", ((n, [Cell(text, "text") for text in row]) for n, row in table))
    book = Workbook(stream)
    named = [name for name in book.sheets if name.strip().upper().startswith("FIW")]
    if len(named) != 1:
        raise ListRefused(
            "the workbook",
            "",
            f"has {len(named)} sheets whose name starts with FIW; its sheets are "
            f"{', '.join(map(repr, book.sheets))[:200]}",
            "use the workbook of Freedom House with the sub-scores of all editions, or name the"
            " columns code and tier in the first row",
        )
    return _Grid(f"sheet {named[0]!r}", book.rows(named[0]))


def _header(grid: _Grid) -> Header:
    where = grid.title or "the file"
    for number, cells in grid.rows:
        names = [cell.text for cell in cells]
        if "Country/Territory" in map(str.strip, names):
            header = Header.read(f"{where}, row {number}", names)
            for name in ("Edition", "Status", "C/T", *_NUMBERS):
                header.index(name)
            return header
        if number >= 5:
            break
    raise ListRefused(where, "", "has no header row that names 'Country/Territory' in rows 1 to 5")


def _rows_of_edition(
    grid: _Grid, header: Header, wanted: int | None
) -> tuple[int, list[tuple[int, list[Cell]]]]:
    column = header.index("Edition")
    kept: list[tuple[int, list[Cell]]] = []
    units: Counter[int] = Counter()
    latest = wanted or 0
    for number, cells in grid.rows:
        if not any(cell.text.strip() for cell in cells):
            continue
        edition = _edition(grid, number, column, cells)
        units[edition] += 1
        if edition > latest and wanted is None:
            latest, kept = edition, []
        if edition == latest:
            kept.append((number, cells))
    check_span("Edition", latest, units, wanted)
    return latest, kept


def _edition(grid: _Grid, number: int, column: int, cells: list[Cell]) -> int:
    cell = cells[column] if column < len(cells) else EMPTY
    year = None if cell.kind in ("date", "formula") else decimal(cell.text)
    if year is None or year != int(year) or not 1973 <= year <= 2100:
        raise ListRefused(
            grid.where(number, column, "Edition"), cell.text, "is not the year of an edition"
        )
    return int(year)


@dataclass
class _Entry:
    """One row of the sub-scores."""

    grid: _Grid
    header: Header
    number: int
    cells: list[Cell]
    gathering: Gathering

    def take(self) -> None:
        name = self._cell("Country/Territory").text.strip()
        if not self._sound_words(name):
            return
        numbers = self._numbers()
        if numbers is None or not self._sums_hold(numbers):
            return
        status, total = self._cell("Status").text.strip(), numbers["Total"]
        tier = STATUS_TIERS[status]
        if status == "NF" and total < VERY_HIGH_BELOW:
            tier = "very_high"
        _rate(self.gathering, name, tier, total, self._where("Country/Territory"))

    def _cell(self, name: str) -> Cell:
        column = self.header.index(name)
        return self.cells[column] if column < len(self.cells) else EMPTY

    def _where(self, name: str) -> str:
        return self.grid.where(self.number, self.header.index(name), name)

    def _reject(self, column: str, why: str, want: str) -> None:
        self.gathering.reject(self._where(column), self._cell(column).text, why, want)

    def _sound_words(self, name: str) -> bool:
        for column in ("Country/Territory", "C/T", "Status"):
            cell = self._cell(column)
            if why := spoilt(cell.text, cell.kind):
                self._reject(column, why, "the word itself")
                return False
        if not name:
            self._reject("Country/Territory", "is empty", "the name of a country or territory")
        elif self._cell("C/T").text.strip() not in ("c", "t"):
            self._reject("C/T", f"of {name} is neither c nor t", "c for country, t for territory")
        elif self._cell("Status").text.strip() not in STATUS_TIERS:
            self._reject("Status", f"of {name} is not a valid status", "F, PF or NF")
        else:
            return True
        return False

    def _numbers(self) -> dict[str, Decimal] | None:
        numbers: dict[str, Decimal] = {}
        for name in _NUMBERS:
            cell = self._cell(name)
            number = None if spoilt(cell.text, cell.kind) else decimal(cell.text)
            if name == "Add A" and cell.text.strip() == "N/A":
                number = Decimal(0)  # the question was dropped with edition 2018
            low, high = (1, 7) if name in _RATINGS else (-4, 100)
            if number is None or number != int(number) or not low <= number <= high:
                spoilt_by = spoilt(cell.text, cell.kind)
                self._reject(
                    name,
                    spoilt_by or "is not a whole number of this column",
                    f"a whole number from {low} to {high}",
                )
                return None
            numbers[name] = number
        return numbers

    def _sums_hold(self, numbers: dict[str, Decimal]) -> bool:
        for whole, parts, less in _SUMS:
            due = sum((numbers[part] for part in parts), Decimal(0))
            due -= numbers[less] if less else 0
            if numbers[whole] != due:
                minus = f" - {less}" if less else ""
                self._reject(
                    whole, f"is not {' + '.join(parts)}{minus}", f"{due} by the other cells"
                )
                return False
        return True


def _rate(gathering: Gathering, name: str, tier: str, score: Decimal, where: str) -> None:
    key = plain(name)
    if key in LEFT_OUT_NAMES:
        gathering.leave_out(where, name, LEFT_OUT_NAMES[key])
        return
    codes = codes_of_name(name)
    if not codes:
        gathering.unknown(where, name, "is not a place known here", near_names(name))
    for code in codes:
        gathering.rate(
            Rating(code, tier, score, name, where), part_of_place=name if key in _PARTS else ""
        )


# ---- status history since 1973 ----

_HISTORY_SHEETS = ("Country Ratings, Statuses", "Territory Ratings, Statuses")


def read_status_history(
    stream: BinaryIO, *, edition: str = "", previous: RatingList | None = None
) -> Imported:
    """The list of one survey edition, the rightmost when `edition` is empty.

    Rows 1 and 2 name the edition and the year under review over three merged columns each; row 3
    has PR, CL and Status.  The other sheets of the workbook are not read.
    """
    book = Workbook(stream)
    by_name = {name.strip(): name for name in book.sheets}
    gathering = Gathering()
    chosen, year = edition, ""
    for sheet in _HISTORY_SHEETS:
        if sheet not in by_name:
            raise ListRefused(
                "the workbook",
                "",
                f"has no sheet {sheet!r}; its sheets are {', '.join(map(repr, book.sheets))[:200]}",
            )
        grid = _Grid(f"sheet {by_name[sheet]!r}", book.rows(by_name[sheet]))
        heads = [_texts(next(grid.rows, (0, []))[1]) for _ in range(3)]
        column, chosen, reviewed = _group(grid.title, heads, chosen)
        year = year or reviewed
        for number, cells in grid.rows:
            _take_history(gathering, grid, number, cells, column)
    return gathering.close(
        source=f"{SOURCE}, status history",
        edition=chosen,
        year=int(year) if re.fullmatch(r"[12][0-9]{3}", year) else None,
        licence=LICENCE,
        method=HISTORY_METHOD,
        previous=previous,
    )


def _texts(cells: list[Cell]) -> list[str]:
    return [cell.text.strip() for cell in cells]


def _group(title: str, heads: list[list[str]], wanted: str) -> tuple[int, str, str]:
    """The first column of the edition's three, its edition and its year under review."""
    editions, years, names = (_carried(heads[0]), _carried(heads[1]), heads[2])
    for column in range(len(names) - 3, 0, -1):
        if names[column : column + 3] == ["PR", "CL", "Status"]:
            own = editions[column] if column < len(editions) else ""
            if not wanted or own == wanted:
                return column, own, years[column] if column < len(years) else ""
    raise ListRefused(
        f"{title}, rows 1 to 3",
        wanted,
        "no edition with the columns PR, CL and Status",
        f"the editions there: {', '.join(dict.fromkeys(filter(None, editions)))[-120:]}",
    )


def _carried(texts: list[str]) -> list[str]:
    """Merged cells hold their value in the first column only: carry it to the right."""
    carried, last = [], ""
    for text in texts:
        last = text or last
        carried.append(last)
    return carried + [last] * 2


def _take_history(
    gathering: Gathering, grid: _Grid, number: int, cells: list[Cell], column: int
) -> None:
    name = cells[0].text.strip() if cells else ""
    if not name:
        return
    cells = cells + [EMPTY] * (column + 3 - len(cells))
    values = cells[column : column + 3]
    texts = [cell.text.strip() for cell in values]
    if all(text in ("", "-") for text in texts):
        gathering.leave_out(grid.where(number, 0, "name"), name, "has no rating in this edition")
        return
    for offset, cell in enumerate(values):
        wanted = tuple(STATUS_TIERS) if offset == 2 else tuple("1234567")
        if cell.kind not in ("text", "number") or texts[offset] not in wanted:
            title = ("PR", "CL", "Status")[offset]
            gathering.reject(
                grid.where(number, column + offset, title),
                cell.text,
                spoilt(cell.text, cell.kind) or f"of {name} is not a value of {title}",
                f"one of {', '.join(wanted)}",
            )
            return
    tier = "very_high" if texts == ["7", "7", "NF"] else STATUS_TIERS[texts[2]]
    score = (Decimal(texts[0]) + Decimal(texts[1])) / 2
    _rate(gathering, name, tier, score, grid.where(number, 0, "name"))
