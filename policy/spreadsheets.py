"""Catalogue and registry as spreadsheets: written for people, read back with row numbers.

One row is one product or party. Several values in a cell stand between " | "; a feature that can
be built out is "feature :: name :: capability that it removes :: proof".
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import xlsxwriter

from policy.catalogue import Catalogue, Feature
from policy.importers.workbook import Workbook, column_name
from policy.ratings import ListRefused
from policy.registry import COLUMNS as PARTY_COLUMNS
from policy.registry import Registry

PRODUCT_COLUMNS = (
    "id", "name", "family", "also", "capabilities", "includes", "removable", "control",
    "control_list",
)  # fmt: skip
_NEEDED = ("id", "name", "family", "capabilities", "control")
MOST_ROWS = 50_000
_AT = re.compile(r"line (\d+)")

Row = Mapping[str, str]


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
        return _AT.sub(lambda found: f"row {self._rows.get(int(found[1]), found[1])}", problem)


# --- Reading -------------------------------------------------------------------------------------


def read_catalogue(stream: BinaryIO, *, label: str) -> RowText:
    """The YAML of the catalogue in a workbook, one product a line."""
    families: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for number, row in _rows(stream, PRODUCT_COLUMNS, _NEEDED):
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
    for number, row in _rows(stream, PARTY_COLUMNS, ("name", "class")):
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow([row[name] for name in PARTY_COLUMNS])
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
        product["removable"] = [_feature(number, one) for one in _several(row["removable"])]
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


def _rows(
    stream: BinaryIO, columns: Sequence[str], needed: Sequence[str]
) -> Iterator[tuple[int, Row]]:
    """Row number and values by column of the first sheet. Raises SpreadsheetRefused."""
    try:
        book = Workbook(stream)
        sheet = next(iter(book.sheets))
        found = book.rows(sheet)
        _number, head = next(found, (1, []))
        names = [cell.text.strip() for cell in head]
        _check_head(names, columns, needed)
        for count, (number, cells) in enumerate(found):
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
        f"row 1: the column {name} is there twice"
        for name in sorted(set(names))
        if name and names.count(name) > 1
    ]
    if problems:
        raise SpreadsheetRefused(problems)


def _values(number: int, names: Sequence[str], cells: Sequence[Any]) -> dict[str, str]:
    values = {}
    for at, cell in enumerate(cells):
        if cell.kind in {"formula", "error"}:
            place = f"cell {column_name(at)}{number}"
            word = "a formula" if cell.kind == "formula" else "a spreadsheet error"
            raise SpreadsheetRefused([f"{place}: is {word}; save values, not formulas"])
        if at < len(names) and names[at]:
            values[names[at]] = " ".join(cell.text.split())
        elif cell.text.strip():
            place = f"cell {column_name(at)}{number}"
            raise SpreadsheetRefused([f"{place}: stands in a column without a name"])
    return values


# --- Writing -------------------------------------------------------------------------------------


def write_catalogue(found: Catalogue) -> bytes:
    """The catalogue as a workbook that `read_catalogue` reads back."""
    return _written(
        PRODUCT_COLUMNS,
        (
            (
                one.id, one.name, one.family, _joined(one.also), _joined(one.capabilities),
                _joined(one.includes), _joined(map(_feature_text, one.removable)), one.control,
                one.control_list,
            )
            for one in found.products
        ),
    )  # fmt: skip


def write_registry(found: Registry) -> bytes:
    """The registry as a workbook that `read_registry` reads back."""
    return _written(
        PARTY_COLUMNS,
        (
            (one.name, one.country, one.kind, _joined(one.aliases), one.note, one.source)
            for one in found.parties
        ),
    )


def _feature_text(one: Feature) -> str:
    return f"{one.id} :: {one.name} :: {one.removes} :: {one.proof}"


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
