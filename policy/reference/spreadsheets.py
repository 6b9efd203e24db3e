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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from typing import Any, BinaryIO

import xlsxwriter

from policy.engine.language.words import shown
from policy.reference.catalogue import Catalogue, Feature
from policy.reference.codes import Codes, Offer, Offers
from policy.reference.destinations import RESTRICTED_COLUMNS, Countries, restricted_rows
from policy.reference.importers.opening import is_workbook
from policy.reference.importers.sheet import (
    MOST_TITLES,
    Columns,
    Row,
    SpreadsheetRefused,
    has_columns,
    heading,
    read_rows,
    table_of,
)
from policy.reference.importers.workbook import Cell, Workbook
from policy.reference.laws import COLUMNS as LAW_COLUMNS
from policy.reference.laws import YES_NO, Laws
from policy.reference.ratings import ListRefused
from policy.reference.registry import COLUMNS as PARTY_COLUMNS
from policy.reference.registry import Registry

__all__ = ["RowText", "SpreadsheetRefused"]

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
PRODUCTS = Columns(
    "catalogue", PRODUCT_COLUMNS, ("id", "name", "family", "capabilities", "control")
)
PARTIES = Columns("registry", PARTY_COLUMNS, ("name", "class"), most_lines=500_000)
RESTRICTED = Columns("restricted destinations", RESTRICTED_COLUMNS, RESTRICTED_COLUMNS[:-1])
LAWS = Columns(
    "register of laws", LAW_COLUMNS, tuple(name for name in LAW_COLUMNS if name != "why")
)
#: Columns in which a cell may be a date or a truth value of the spreadsheet program.
_DAYS, _YES_NO = frozenset({"checked", "valid_until", "dated"}), frozenset({"conflict"})
#: No day is farther away (9999-12-31), and none before 1900.
_LAST_DAY = 2_958_465
_AT = re.compile(r"\Aline (\d+)(?:, column \d+)?|(?<=\()line (\d+)(?=\)\Z)|(?<=on )line (\d+)")
#: The columns of a cell that holds codes.
CodesOf = Mapping[str, Codes]


class RowText:
    """The text made of a table, the row or line behind each of its lines, and offered codes."""

    def __init__(
        self,
        lines: Sequence[str],
        rows: Mapping[int, int],
        *,
        unit: str = "row",
        offers: Sequence[Offer] = (),
    ) -> None:
        self.text = "\n".join(lines) + "\n"
        self.offers = list(offers)
        self._rows, self._unit = rows, unit

    def by_row(self, problem: str) -> str:
        """A problem of the text with the row of the spreadsheet, or the line of the CSV file."""
        return _AT.sub(self._row, problem)

    def _row(self, at: re.Match[str]) -> str:
        line = int(at[1] or at[2] or at[3])
        return f"{self._unit} {self._rows.get(line, line)}"


# --- Reading -------------------------------------------------------------------------------------


def names_columns(stream: BinaryIO, columns: Columns) -> bool:
    """Whether a table, in a workbook or a text, has all the columns that are needed."""
    try:
        table = table_of(stream, columns)
        names = {
            heading(cell.text) for _row, row in islice(table.rows, MOST_TITLES) for cell in row
        }
    except ListRefused:
        return False
    finally:
        stream.seek(0)
    return set(columns.needed) <= names


def is_table(stream: BinaryIO, columns: Columns) -> bool:
    """Whether a file is a workbook, or a text whose first lines name the columns."""
    if is_workbook(stream):
        return True
    start = stream.read(_LONGEST_HEAD).decode("utf-8-sig", errors="replace")
    stream.seek(0)
    return has_columns(start, columns.needed[:2])


_LONGEST_HEAD = 8192


def read_catalogue(stream: BinaryIO, *, label: str) -> RowText:
    """The YAML of the catalogue in a workbook or as CSV, one product a line."""
    table = table_of(stream, PRODUCTS)
    families: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for number, row in read_rows(table, PRODUCTS, Offers()):
        families.setdefault(row["family"], []).append((number, _product(table.at(number), row)))
    lines, rows = ['catalogue: "products"', f"label: {json.dumps(label)}", "families:"], {}
    for family, products in families.items():
        lines += [f"  - family: {json.dumps(family)}", "    products:"]
        for number, product in products:
            lines.append(f"      - {json.dumps(product, ensure_ascii=False)}")
            rows[len(lines)] = number
    return RowText(lines, rows, unit=table.unit)


def read_laws(stream: BinaryIO, *, label: str) -> RowText:
    """The YAML of the register of laws in a workbook or as CSV, one law a line."""
    columns = _with_days(stream, LAWS)
    table = table_of(stream, columns)
    laws = list(read_rows(table, columns, Offers()))
    lines, rows = [f"label: {json.dumps(label)}", "laws:" if laws else "laws: []"], {}
    for number, row in laws:
        law: dict[str, Any] = {name: value for name, value in row.items() if value}
        law |= {name: _several(row[name]) for name in ("obliges", "classes")}
        law["conflict"] = _yes_no(law.get("conflict", ""))
        lines.append(f"  - {json.dumps(law, ensure_ascii=False)}")
        rows[len(lines)] = number
    return RowText(lines, rows, unit=table.unit)


def _yes_no(cell: str) -> str:
    """The word in small letters; a spreadsheet writes "Yes"."""
    return cell.casefold() if cell.casefold() in YES_NO else cell


def _with_days(stream: BinaryIO, columns: Columns) -> Columns:
    """The columns of a workbook: days and truth values are read as text where some belong."""
    if not is_workbook(stream):
        return columns
    first_day = Workbook(stream).first_day
    return replace(columns, as_text=lambda cell, name: _as_text(cell, name, first_day))


def _as_text(cell: Cell, name: str, first_day: date) -> Cell:
    if cell.kind == "boolean" and name in _YES_NO:
        return Cell("yes" if cell.text == "TRUE" else "no", "text")
    if cell.kind == "date" and name in _DAYS:
        if cell.text.isascii() and cell.text.isdigit() and int(cell.text[:9]) < _LAST_DAY:
            return Cell((first_day + timedelta(int(cell.text))).isoformat(), "text")
        # An ISO date, or a time of day that no law has: what it is not is said of the text.
        return Cell(cell.text.removesuffix("T00:00:00"), "text")
    return cell


def read_registry(stream: BinaryIO, *, codes: CodesOf | None = None) -> RowText:
    """The CSV of the registry in a workbook or as CSV, one party a line."""
    return _as_csv(stream, replace(PARTIES, codes=codes or {}))


def read_restricted(stream: BinaryIO, *, codes: CodesOf | None = None) -> RowText:
    """The CSV of the restricted destinations in a workbook or as CSV, one a line."""
    return _as_csv(stream, replace(_with_days(stream, RESTRICTED), codes=codes or {}))


def _as_csv(stream: BinaryIO, columns: Columns) -> RowText:
    offers = Offers()
    table = table_of(stream, columns)
    lines, rows = [",".join(columns.names)], {}
    for number, row in read_rows(table, columns, offers):
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow([row[name] for name in columns.names])
        lines.append(out.getvalue())
        rows[len(lines)] = number
    return RowText(lines, rows, unit=table.unit, offers=offers.made)


def is_restricted(stream: BinaryIO) -> bool:
    """Whether a file lists restricted destinations: one of its first rows names their columns."""
    try:
        if not is_workbook(stream):
            return is_table(stream, RESTRICTED)
        table = table_of(stream, RESTRICTED)
        names = {
            heading(cell.text) for _row, row in islice(table.rows, MOST_TITLES) for cell in row
        }
    except ListRefused:
        return False
    finally:
        stream.seek(0)
    return {"code", "restricts"} <= names


def _product(where: str, row: Row) -> dict[str, Any]:
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
        product["removable"] = [_feature(where, feature) for feature in _several(row["removable"])]
    return product


def _several(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]


def _feature(where: str, text: str) -> dict[str, str]:
    parts = [part.strip() for part in text.split("::")]
    if len(parts) != 4:
        raise SpreadsheetRefused(
            [
                f"{where}: {shown(text)} is no removable feature; write feature :: name :: removes"
                " :: proof"
            ]
        )
    return dict(zip(("feature", "name", "removes", "proof"), parts, strict=True))


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
