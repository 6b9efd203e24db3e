"""Catalogue, registry, restricted destinations and laws as spreadsheets: written for people, read
back with row numbers.

All may come as CSV too. One row is one product, party or law. Several values in a cell stand
between " | "; a feature that can be built out is "feature :: name :: capability that it removes ::
proof".
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, BinaryIO

import xlsxwriter

from policy.reference.catalogue import Catalogue, Feature
from policy.reference.destinations import RESTRICTED_COLUMNS, Countries, restricted_rows
from policy.reference.importers.text import delimiter_of, table_rows
from policy.reference.importers.workbook import Cell, Workbook, column_name
from policy.reference.laws import COLUMNS as LAW_COLUMNS
from policy.reference.laws import Laws
from policy.reference.ratings import ListRefused
from policy.reference.registry import COLUMNS as PARTY_COLUMNS
from policy.reference.registry import Registry

PRODUCT_COLUMNS = (
    "id",
    "name",
    "family",
    "also",
    "capabilities",
    "includes",
    "removable",
    "control",
    "control_list",
)
_NEEDED = ("id", "name", "family", "capabilities", "control")
_NEEDED_OF_A_LAW = tuple(name for name in LAW_COLUMNS if name != "why")
#: Columns of laws in which a cell may be a date or a truth value of the spreadsheet program.
_DAYS, _YES_NO = frozenset({"checked", "valid_until"}), frozenset({"conflict"})
#: No day of a law is farther away (9999-12-31), and none before 1900.
_LAST_DAY = 2_958_465
MOST_ROWS = 50_000
_AT = re.compile(r"\Aline (\d+)(?:, column \d+)?|(?<=\()line (\d+)(?=\)\Z)")

#: Why a cell is not what somebody wrote.
_SPOILT = {
    "formula": "is a formula; save values, not formulas",
    "error": "is a spreadsheet error; save values, not formulas",
    "date": "is a date; format the cell as text and write the words again",
    "boolean": "is a truth value; format the cell as text and write the words again",
}

Row = Mapping[str, str]
#: Row number and cells, the head first.
Cells = Iterator[tuple[int, list[Cell]]]


class SpreadsheetRefused(ValueError):
    """A workbook that cannot be read; `problems` names the cell or the row, and the repair."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class RowText:
    """The text made of a workbook, and the row behind each of its lines."""

    def __init__(self, lines: Sequence[str], rows: Mapping[int, int]) -> None:
        self.text = "\n".join(lines) + "\n"
        self._rows = rows

    def by_row(self, problem: str) -> str:
        """A problem of the text with "row" in place of "line", as the spreadsheet counts."""
        return _AT.sub(self._row, problem)

    def _row(self, at: re.Match[str]) -> str:
        line = int(at[1] or at[2])
        return f"row {self._rows.get(line, line)}"


# --- Reading -------------------------------------------------------------------------------------


def read_catalogue(stream: BinaryIO, *, label: str) -> RowText:
    """The YAML of the catalogue in a workbook, one product a line."""
    return _catalogue(_of_workbook(stream), label)


def read_catalogue_table(text: str, *, label: str) -> RowText:
    """The same of a catalogue that was saved as CSV."""
    return _catalogue(_of_table(text), label)


def is_catalogue_table(text: str) -> bool:
    """Whether a text is a table of products rather than YAML: its first line names the columns."""
    return {"id", "name"} <= _names_of_first_line(text)


def _names_of_first_line(text: str) -> set[str]:
    first = text.partition("\n")[0]
    return {name.strip(' "\r') for name in first.split(delimiter_of(first))}


def read_laws(stream: BinaryIO, *, label: str) -> RowText:
    """The YAML of the register of laws in a workbook, one law a line."""
    return _laws(_with_days(stream), label)


def read_laws_table(text: str, *, label: str) -> RowText:
    """The same of a register that was saved as CSV."""
    return _laws(_of_table(text), label)


def is_laws_table(text: str) -> bool:
    """Whether a text is a table of laws rather than YAML: its first line names the columns."""
    return {"id", "country", "act"} <= _names_of_first_line(text)


def _laws(cells: Cells, label: str) -> RowText:
    laws = list(_rows(cells, LAW_COLUMNS, _NEEDED_OF_A_LAW))
    lines, rows = [f"label: {json.dumps(label)}", "laws:" if laws else "laws: []"], {}
    for number, row in laws:
        law: dict[str, Any] = {name: value for name, value in row.items() if value}
        law |= {name: _several(row[name]) for name in ("obliges", "classes")}
        lines.append(f"  - {json.dumps(law, ensure_ascii=False)}")
        rows[len(lines)] = number
    return RowText(lines, rows)


def _with_days(stream: BinaryIO) -> Cells:
    """The rows of the first sheet; days and truth values as text, where a law has some."""
    book, sheet = _first_sheet(stream)
    names: list[str] = []
    for number, row in book.rows(sheet):
        if not names:
            names = [cell.text.strip() for cell in row]
        columns = [*names, *[""] * len(row)]
        yield (
            number,
            [
                _as_text(cell, name, book.first_day)
                for cell, name in zip(row, columns, strict=False)
            ],
        )


def _as_text(cell: Cell, name: str, first_day: date) -> Cell:
    if cell.kind == "boolean" and name in _YES_NO:
        return Cell("yes" if cell.text == "TRUE" else "no", "text")
    if cell.kind == "date" and name in _DAYS:
        if cell.text.isascii() and cell.text.isdigit() and int(cell.text[:9]) < _LAST_DAY:
            return Cell((first_day + timedelta(int(cell.text))).isoformat(), "text")
        # An ISO date, or a time of day that no law has: what it is not is said of the text.
        return Cell(cell.text.removesuffix("T00:00:00"), "text")
    return cell


def _catalogue(cells: Cells, label: str) -> RowText:
    families: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for number, row in _rows(cells, PRODUCT_COLUMNS, _NEEDED):
        families.setdefault(row["family"], []).append((number, _product(number, row)))
    lines, rows = ['catalogue: "products"', f"label: {json.dumps(label)}", "families:"], {}
    for family, products in families.items():
        lines += [f"  - family: {json.dumps(family)}", "    products:"]
        for number, product in products:
            lines.append(f"      - {json.dumps(product, ensure_ascii=False)}")
            rows[len(lines)] = number
    return RowText(lines, rows)


def read_registry(stream: BinaryIO) -> RowText:
    """The CSV of the registry in a workbook, one party a line."""
    lines, rows = [",".join(PARTY_COLUMNS)], {}
    for number, row in _rows(_of_workbook(stream), PARTY_COLUMNS, ("name", "class")):
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow([row[name] for name in PARTY_COLUMNS])
        lines.append(out.getvalue())
        rows[len(lines)] = number
    return RowText(lines, rows)


def read_restricted(stream: BinaryIO) -> RowText:
    """The CSV of the restricted destinations in a workbook, one a line."""
    return _restricted(_of_workbook(stream))


def read_restricted_table(text: str) -> RowText:
    """The same of restricted destinations that were saved as CSV."""
    return _restricted(_of_table(text))


def is_restricted(stream: BinaryIO) -> bool:
    """Whether a file lists restricted destinations: its first row names their columns."""
    start = stream.read(4)
    stream.seek(0)
    try:
        if start == b"PK\x03\x04":
            cells = next(_of_workbook(stream), (1, []))[1]
            names = {cell.text.strip() for cell in cells}
        else:
            first = stream.readline(4096).decode("utf-8-sig", errors="replace")
            names = _names_of_first_line(first)
    except ListRefused:
        return False
    finally:
        stream.seek(0)
    return {"code", "restricts"} <= names


def _restricted(cells: Cells) -> RowText:
    lines, rows = [",".join(RESTRICTED_COLUMNS)], {}
    for number, row in _rows(cells, RESTRICTED_COLUMNS, RESTRICTED_COLUMNS[:-1]):
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow([row[name] for name in RESTRICTED_COLUMNS])
        lines.append(out.getvalue())
        rows[len(lines)] = number
    return RowText(lines, rows)


def _product(number: int, row: Row) -> dict[str, Any]:
    product: dict[str, Any] = {
        "id": row["id"],
        "name": row["name"],
        "capabilities": _several(row["capabilities"]),
        "control": row["control"],
    }
    for name in ("also", "includes"):
        if row[name]:
            product[name] = _several(row[name])
    if row["control_list"]:
        product["control_list"] = row["control_list"]
    if row["removable"]:
        product["removable"] = [_feature(number, feature) for feature in _several(row["removable"])]
    return product


def _several(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]


def _feature(number: int, text: str) -> dict[str, str]:
    parts = [part.strip() for part in text.split("::")]
    if len(parts) != 4:
        raise SpreadsheetRefused(
            [f"row {number}: a removable feature is feature :: name :: removes :: proof"]
        )
    return dict(zip(("feature", "name", "removes", "proof"), parts, strict=True))


def _of_workbook(stream: BinaryIO) -> Cells:
    """The rows of the first sheet."""
    book, sheet = _first_sheet(stream)
    yield from book.rows(sheet)


def _first_sheet(stream: BinaryIO) -> tuple[Workbook, str]:
    book = Workbook(stream)
    sheet = next(iter(book.sheets), None)
    if sheet is None:
        raise ListRefused("the workbook", "", "has no sheet of its own", "save the rows in one")
    return book, sheet


def _of_table(text: str) -> Cells:
    """The rows of a text table, each with the line where it begins."""
    delimiter = delimiter_of(text.partition("\n")[0])
    for number, fields in table_rows(io.StringIO(text, newline=""), delimiter=delimiter):
        yield number, [Cell(field, "text") for field in fields]


def _rows(sheet: Cells, columns: Sequence[str], needed: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """Row number and values by column. Raises SpreadsheetRefused."""
    try:
        _number, head = next(sheet, (1, []))
        names = [cell.text.strip() for cell in head]
        _check_head(names, columns, needed)
        for count, (number, cells) in enumerate(sheet):
            if count >= MOST_ROWS:
                raise SpreadsheetRefused([f"row {number}: more than {MOST_ROWS:,} rows"])
            values = _values(number, names, cells)
            if any(values.values()):
                yield number, dict.fromkeys(columns, "") | values
    except ListRefused as refusal:
        raise SpreadsheetRefused([str(refusal)]) from None


def _check_head(names: Sequence[str], columns: Sequence[str], needed: Sequence[str]) -> None:
    problems = [f"row 1: the column {name} is missing" for name in needed if name not in names]
    problems += [
        f"row 1: the column {name} is unknown; the columns are {', '.join(columns)}"
        for name in names
        if name and name not in columns
    ]
    problems += [
        f"row 1: the column {name} appears twice"
        for name in sorted(set(names))
        if name and names.count(name) > 1
    ]
    if problems:
        raise SpreadsheetRefused(problems)


def _values(number: int, names: Sequence[str], cells: Sequence[Any]) -> dict[str, str]:
    values = {}
    for at, cell in enumerate(cells):
        if cell.kind in _SPOILT:
            place = f"cell {column_name(at)}{number}"
            raise SpreadsheetRefused([f"{place}: {_SPOILT[cell.kind]}"])
        if at < len(names) and names[at]:
            values[names[at]] = " ".join(cell.text.split())
        elif cell.text.strip():
            place = f"cell {column_name(at)}{number}"
            raise SpreadsheetRefused([f"{place}: stands in a column without a name"])
    return values


# --- Writing -------------------------------------------------------------------------------------


def write_catalogue(catalogue: Catalogue) -> bytes:
    """The catalogue as a workbook that `read_catalogue` reads back."""
    return _written(
        PRODUCT_COLUMNS,
        (
            (
                product.id,
                product.name,
                product.family,
                _joined(product.also),
                _joined(product.capabilities),
                _joined(product.includes),
                _joined(map(_feature_text, product.removable)),
                product.control,
                product.control_list,
            )
            for product in catalogue.products
        ),
    )


def write_registry(registry: Registry) -> bytes:
    """The registry as a workbook that `read_registry` reads back."""
    return _written(
        PARTY_COLUMNS,
        (
            (
                party.name,
                party.country,
                party.kind,
                _joined(party.aliases),
                party.note,
                party.source,
            )
            for party in registry.parties
        ),
    )


def write_laws(laws: Laws) -> bytes:
    """The register of laws as a workbook that `read_laws` reads back, but for its remark."""
    return _written(
        LAW_COLUMNS,
        (
            [
                _joined(value) if isinstance(value, list) else _plain_cell(value)
                for value in (law.plain[name] for name in LAW_COLUMNS)
            ]
            for law in laws.laws
        ),
    )


def write_restricted(countries: Countries) -> bytes:
    """The restricted destinations as a workbook that `read_restricted` reads back."""
    return _written(
        RESTRICTED_COLUMNS,
        (
            [cell.replace("|", " | ") if at == 1 else cell for at, cell in enumerate(row)]
            for row in restricted_rows(countries.restricted)
        ),
    )


def _plain_cell(value: Any) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def _feature_text(feature: Feature) -> str:
    return f"{feature.id} :: {feature.name} :: {feature.removes} :: {feature.proof}"


def _joined(values: Iterable[str]) -> str:
    return " | ".join(values)


def _written(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("entries")
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, len(columns) - 1, 28)
        for at, name in enumerate(columns):
            sheet.write_string(0, at, name, bold)
        for number, row in enumerate(rows, start=1):
            for at, value in enumerate(row):
                # Always text: a value that begins with "=" must not become a formula.
                sheet.write_string(number, at, value)
    return out.getvalue()
