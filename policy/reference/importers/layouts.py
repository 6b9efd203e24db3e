"""The layouts that can be imported, by name, and the guess which one a file has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from policy.reference.importers.freedom_house import read_freedom_house, read_status_history
from policy.reference.importers.rsf import read_rsf
from policy.reference.importers.table import is_workbook_of_ratings, read_table
from policy.reference.importers.vdem import read_vdem
from policy.reference.importers.workbook import Workbook
from policy.reference.ratings import Imported, ListRefused, RatingList


@dataclass(frozen=True, slots=True)
class Layout:
    """`needs` must be given with the file, `takes` may be; everything else stands in the file."""

    label: str
    read: Callable[..., Imported]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


LAYOUTS = {
    "vdem": Layout("V-Dem, country-year CSV", read_vdem, ("edition",), ("year", "indices", "cuts")),
    "freedom_house": Layout(
        "Freedom House, sub-scores, XLSX or CSV", read_freedom_house, (), ("edition",)
    ),
    "status_history": Layout(
        "Freedom House, status history, XLSX", read_status_history, (), ("edition",)
    ),
    "rsf": Layout("RSF, press freedom index, CSV", read_rsf, (), ("cuts",)),
    "table": Layout(
        "Another expert, plain CSV or XLSX",
        read_table,
        ("source", "edition", "year", "licence"),
        ("cuts",),
    ),
}


def read_list(
    layout: str, stream: BinaryIO, *, previous: RatingList | None = None, **arguments: Any
) -> Imported:
    """The list of a file in a named layout.

    Raises ListRefused for a file that gives no list, TypeError when something is missing or not
    taken by this layout.
    """
    chosen = LAYOUTS[layout]
    missing = [name for name in chosen.needs if name not in arguments]
    strange = [name for name in arguments if name not in (*chosen.needs, *chosen.takes)]
    if missing or strange:
        raise TypeError(f"{layout}: missing {missing}, not taken {strange}")
    return chosen.read(stream, previous=previous, **arguments)


def guess_layout(stream: BinaryIO) -> str:
    """The name of the layout that a file seems to have; the stream is wound back to its start."""
    start = stream.read(4096)
    stream.seek(0)
    if start.startswith(b"PK\x03\x04"):
        return _guess_workbook(stream)
    head = start.partition(b"\n")[0]
    if b"country_text_id" in start:
        return "vdem"
    if head.startswith(b"Freedom in the World") or b"Country/Territory" in start:
        return "freedom_house"
    if head.removeprefix(b"\xef\xbb\xbf").startswith(b"ISO") and b"Score N-1" in head:
        return "rsf"
    return "table"


def _guess_workbook(stream: BinaryIO) -> str:
    try:
        sheets = [name.strip() for name in Workbook(stream).sheets]
    except ListRefused:
        return "freedom_house"  # its reader says what is wrong with the file
    finally:
        stream.seek(0)
    if "Country Ratings, Statuses" in sheets:
        return "status_history"
    if any(name.upper().startswith("FIW") for name in sheets):
        return "freedom_house"
    return "table" if _has_ratings(stream) else "freedom_house"


def _has_ratings(stream: BinaryIO) -> bool:
    try:
        return is_workbook_of_ratings(stream)
    except ListRefused:
        return False
    finally:
        stream.seek(0)
