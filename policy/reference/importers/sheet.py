"""Rows with named columns, out of a workbook or a text table.

What can be read safely is read: a title above the names of the columns, their names in capitals,
another sheet before the one with the rows. Everything else is refused with its cell or its line.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, BinaryIO

from policy.engine.language.words import did_you_mean, listed, shown
from policy.reference.codes import Codes, Offers
from policy.reference.importers.opening import is_workbook
from policy.reference.importers.text import MOST_LINES, decoded_lines, delimiter_of, table_rows
from policy.reference.importers.workbook import Cell, Workbook, column_name
from policy.reference.ratings import ListRefused

MOST_ROWS = 50_000
#: Rows above the names of the columns, such as a title.
MOST_TITLES = 10
#: Columns that a sentence names.
MOST_NAMED = 12

#: Why a cell is not what somebody wrote.
_SPOILT = {
    "formula": "is a formula; save values, not formulas",
    "error": "is a spreadsheet error; save values, not formulas",
    "date": "is a date; format the cell as text and write the words again",
    "boolean": "is TRUE or FALSE of a spreadsheet program; format the cell as text and write the"
    " words again",
}
_LINES = "goes over several lines; is a quotation mark missing? Write it on one line"

Row = Mapping[str, str]
Numbered = tuple[int, list[Cell]]


class SpreadsheetRefused(ValueError):
    """A table that cannot be read; `problems` names the cell, row or line, and the repair."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True)
class Table:
    """The rows of one sheet or of a text table, and how a place in it is called."""

    rows: Iterator[Numbered]
    #: "row" in a workbook, "line" in a text.
    unit: str
    #: Between the fields of a text.
    delimiter: str = ""

    def at(self, number: int) -> str:
        return f"{self.unit} {number}"

    def cell(self, number: int, column: int, name: str = "") -> str:
        if self.unit == "row":
            return f"cell {column_name(column)}{number}"
        return f"line {number}, column “{name}”" if name else f"line {number}, field {column + 1}"


@dataclass(frozen=True)
class Columns:
    """What a table is called and which columns it has."""

    what: str
    names: Sequence[str]
    needed: Sequence[str]
    #: What a cell of a column may hold, for the columns that hold codes.
    codes: Mapping[str, Codes] = field(default_factory=dict)
    most_lines: int = MOST_LINES
    #: A cell as text where a column may hold more than texts, such as days.
    as_text: Callable[[Cell, str], Cell] = lambda cell, _name: cell


def table_of(stream: BinaryIO, columns: Columns) -> Table:
    """The table in a file that `opening.opened` gave. Raises ListRefused."""
    if is_workbook(stream):
        return of_workbook(stream, columns.names)
    return of_lines(decoded_lines(stream, most_lines=columns.most_lines))


def of_lines(lines: Iterator[str]) -> Table:
    """The rows of a text table, each with the line where it begins."""
    heads = list(islice(lines, MOST_TITLES))
    # A title above the table has no delimiter, or fewer than the names of the columns.
    delimiter = delimiter_of(max(heads, key=lambda line: max(map(line.count, ",;\t")), default=""))
    rows = table_rows(chain(heads, lines), delimiter=delimiter)
    cells = ((number, [Cell(field, "text") for field in fields]) for number, fields in rows)
    return Table(cells, "line", delimiter)


def of_workbook(stream: BinaryIO, names: Sequence[str]) -> Table:
    """The rows of the sheet that has these columns; of the first one where none has."""
    book = Workbook(stream)
    return Table(book.rows(_sheet(book, names)), "row")


def _sheet(book: Workbook, names: Sequence[str]) -> str:
    if not book.sheets:
        raise ListRefused("the workbook", "", "has no sheet of its own", "save the rows in one")
    first, *others = book.sheets
    if not others:
        return first
    fits = {sheet: _fit(islice(book.rows(sheet), MOST_TITLES), names) for sheet in book.sheets}
    best = [sheet for sheet in fits if fits[sheet] and fits[sheet] == max(fits.values())]
    if len(best) > 1:
        both = listed([f"“{sheet}”" for sheet in best])
        raise ListRefused(
            "the workbook",
            "",
            f"has the same columns in the sheets {both}",
            "keep the one that counts",
        )
    return best[0] if best else first


def _fit(rows: Iterator[Numbered], names: Sequence[str]) -> int:
    return max((_known(cells, names) for _number, cells in rows), default=0)


def _known(cells: Sequence[Cell], names: Sequence[str]) -> int:
    return len({heading(cell.text) for cell in cells} & set(names))


def heading(text: str) -> str:
    """The name of a column as it is known: "Control list" is control_list."""
    return "_".join(text.casefold().replace("_", " ").split())


def has_columns(text: str, needed: Sequence[str]) -> bool:
    """Whether one of the first lines of a text names all these columns."""
    for line in islice((line for line in text.splitlines() if line.strip()), MOST_TITLES):
        names = {heading(name.strip(' "')) for name in line.split(delimiter_of(line))}
        if set(needed) <= names:
            return True
    return False


def read_rows(table: Table, columns: Columns, offers: Offers) -> Iterator[tuple[int, Row]]:
    """Row number and values by column. Raises SpreadsheetRefused."""
    try:
        number, names, rows = headed(table, columns)
        _check_head(table, number, names, columns)
        for count, (row, cells) in enumerate(rows):
            if count >= MOST_ROWS and table.unit == "row":
                raise SpreadsheetRefused([f"{table.at(row)}: more than {MOST_ROWS:,} rows"])
            values = _values(table, row, names, cells, columns, offers)
            if any(values.values()):
                yield row, dict.fromkeys(columns.names, "") | values
    except ListRefused as refusal:
        raise SpreadsheetRefused([str(refusal)]) from None


def headed(table: Table, columns: Columns) -> tuple[int, list[str], Iterator[Numbered]]:
    """The row that names the columns, the names, and the rows below. Raises ListRefused."""
    heads = list(islice(table.rows, MOST_TITLES))
    at = _head_at(table, heads, columns)
    number, cells = heads[at]
    return number, [heading(cell.text) for cell in cells], chain(heads[at + 1 :], table.rows)


def _head_at(table: Table, heads: Sequence[Numbered], columns: Columns) -> int:
    """Where the names of the columns stand: the row that has most of them."""
    fits = [_known(cells, columns.names) for _number, cells in heads]
    if not any(fits):
        number, cells = heads[0] if heads else (1, [])
        begins = listed([shown(cell.text) for cell in cells[:3] if cell.text.strip()])
        raise ListRefused(
            table.at(number),
            "",
            f"does not name the columns of the {columns.what}"
            + (f", it begins with {begins}" if begins else ""),
            f"write {', '.join(columns.names)} in the first row",
        )
    at = fits.index(max(fits))
    for number, cells in heads[:at]:
        if sum(bool(cell.text.strip()) for cell in cells) > 1:
            raise ListRefused(
                table.at(number),
                "",
                f"stands above the names of the columns ({table.at(heads[at][0])})",
                "remove what stands above them",
            )
    return at


def _check_head(table: Table, number: int, names: Sequence[str], columns: Columns) -> None:
    where = table.at(number)
    problems = [
        f"{where}: the column {name} is missing; add it"
        for name in columns.needed
        if name not in names
    ]
    unknown = [(at, name) for at, name in enumerate(names) if name and name not in columns.names]
    problems += [
        f"{table.cell(number, at)}: the column {shown(name)} does not belong to the"
        f" {columns.what}{did_you_mean(name, columns.names) or '; remove it'}; the columns are"
        f" {', '.join(columns.names)}"
        for at, name in unknown[:MOST_NAMED]
    ]
    counts = Counter(names)
    problems += [
        f"{where}: the column {name} appears twice; remove one of them"
        for name in sorted(columns.names)
        if counts[name] > 1
    ]
    if problems:
        raise SpreadsheetRefused(problems)


def _values(
    table: Table,
    number: int,
    names: Sequence[str],
    cells: Sequence[Any],
    columns: Columns,
    offers: Offers,
) -> dict[str, str]:
    values = {}
    for at, spelled in enumerate(cells):
        name = names[at] if at < len(names) else ""
        cell, where = columns.as_text(spelled, name), table.cell(number, at, name)
        if cell.kind in _SPOILT:
            raise SpreadsheetRefused([f"{where}: {_SPOILT[cell.kind]}"])
        if table.unit == "line" and "\n" in cell.text.strip():
            raise SpreadsheetRefused([f"{where}: {_LINES}"])
        if name:
            text = " ".join(cell.text.split())
            codes = columns.codes.get(name)
            values[name] = offers.coded(codes, text, where) if codes else text
        elif cell.text.strip():
            raise SpreadsheetRefused(
                [f"{where}: stands in a column without a name; name the column or clear the cell"]
            )
    missing = set(names) - {""} - values.keys()
    if missing and table.unit == "line" and any(values.values()):
        raise SpreadsheetRefused(
            [
                f"{table.at(number)}: has {len(cells)} fields and the first row {len(names)}; put"
                " a field that holds a comma or a semicolon in quotation marks"
            ]
        )
    return values
