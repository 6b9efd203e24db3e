"""A small, bounded XLSX reader: sheet names and the cells of one sheet, row by row.

It keeps what a general reader hides and an import must see: that a cell is a formula, a date or an
error.  Only the value that stands in the file is read; nothing is computed, no link is followed.
Layout: ECMA-376 part 1, sections 18.2 to 18.4 (workbook, sheet, shared strings), 18.8 (styles).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import BinaryIO, NamedTuple
from xml.parsers import expat

from policy.reference.importers.archive import Archive
from policy.reference.ratings import ListRefused

MOST_STRINGS = 200_000
LONGEST_CELL = 32_767
MOST_ROWS = 20_000
MOST_COLUMNS = 256
LONGEST_COUNT = 8
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_BUILT_IN_DATES = frozenset(
    map(str, (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
)
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')


class Cell(NamedTuple):
    """`kind` is text, number, boolean, date, formula, error or empty.

    `text` is what stands in the file; TRUE or FALSE for a boolean.
    """

    text: str = ""
    kind: str = "empty"


EMPTY = Cell()
# Excel takes 1900 for a leap year, so its days count from one day earlier than they seem to.
_DAY_0, _DAY_0_OF_1904 = date(1899, 12, 30), date(1904, 1, 1)


def column_name(index: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def _column_index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


class Workbook:
    """An open workbook.  `sheets` maps each name, as spelled, to its part.

    `first_day` is the day that the number 0 of a date means in it.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._archive = Archive(stream)
        self.first_day = _DAY_0
        self.sheets = self._read_sheets()
        self._strings: list[str] | None = None
        self._dates: frozenset[int] | None = None

    def rows(self, sheet: str) -> Iterator[tuple[int, list[Cell]]]:
        """(row number, cells from column A) of each row that has a cell."""
        if self._strings is None:
            self._strings = self._read_strings()
            self._dates = self._read_dates()
        reader = _SheetReader(sheet, self._strings, self._dates or frozenset())
        yield from _parse(
            self._archive.chunks(self.sheets[sheet]), f"sheet {sheet!r}", reader, reader.rows
        )

    def _read_sheets(self) -> dict[str, str]:
        targets: dict[str, str] = {}
        names: dict[str, str] = {}

        def link(tag: str, own: dict[str, str]) -> None:
            if tag == "Relationship" and own.get("TargetMode") != "External":
                base = "" if own.get("Target", "").startswith("/") else "xl"
                path = posixpath.normpath(posixpath.join(base, own.get("Target", "").lstrip("/")))
                targets[own.get("Id", "")] = path

        def sheet(tag: str, own: dict[str, str]) -> None:
            if tag == "sheet":
                names[own.get("name", "")] = own.get("id", "")
            elif tag == "workbookPr" and own.get("date1904") in ("1", "true"):
                self.first_day = _DAY_0_OF_1904

        self._scan("xl/_rels/workbook.xml.rels", link)
        self._scan("xl/workbook.xml", sheet)
        return {name: targets[key] for name, key in names.items() if targets.get(key)}

    def _scan(self, part: str, start: Callable[[str, dict[str, str]], None]) -> None:
        for _ in _parse(self._archive.chunks(part), f"part {part!r}", _Starts(start), []):
            pass

    def _read_strings(self) -> list[str]:
        part = "xl/sharedStrings.xml"
        if part not in self._archive:
            return []
        reader = _StringReader()
        for _ in _parse(self._archive.chunks(part), f"part {part!r}", reader, []):
            pass
        return reader.strings

    def _read_dates(self) -> frozenset[int]:
        """The style numbers that show a number as a date."""
        formats: dict[str, bool] = {}
        dates: list[bool] = []
        inside = ""

        def start(tag: str, own: dict[str, str]) -> None:
            nonlocal inside
            if tag in ("cellStyleXfs", "cellXfs"):
                inside = tag
            elif tag == "numFmt":
                formats[own.get("numFmtId", "")] = _shows_date(own.get("formatCode", ""))
            elif tag == "xf" and inside == "cellXfs":
                number = own.get("numFmtId", "0")
                built_in = number in _BUILT_IN_DATES
                dates.append(formats.get(number, built_in))

        if "xl/styles.xml" in self._archive:
            self._scan("xl/styles.xml", start)
        return frozenset(number for number, date in enumerate(dates) if date)


def _is_count(text: str) -> bool:
    """Whether a number that counts rows, styles or texts: short, and of ASCII digits only."""
    return text.isascii() and text.isdigit() and len(text) < LONGEST_COUNT


def _shows_date(code: str) -> bool:
    return any(letter in _QUOTED.sub("", code).casefold() for letter in "dmyh")


class _Starts:
    """Adapts a function of (tag, attributes) to the events of `_parse`."""

    def __init__(self, start: Callable[[str, dict[str, str]], None]) -> None:
        self.start = start

    def end(self, tag: str) -> None:
        pass

    def text(self, text: str) -> None:
        pass


class _StringReader:
    """Shared strings; rich text is joined, phonetic guides (rPh) are left out."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self._pieces: list[str] = []
        self._in_text = self._in_guide = False

    def start(self, tag: str, own: dict[str, str]) -> None:
        if tag == "si":
            self._pieces = []
        elif tag == "rPh":
            self._in_guide = True
        elif tag == "t":
            self._in_text = not self._in_guide

    def end(self, tag: str) -> None:
        if tag == "si":
            self.strings.append("".join(self._pieces))
            if len(self.strings) > MOST_STRINGS:
                raise ListRefused(
                    "part 'xl/sharedStrings.xml'", "", f"holds more than {MOST_STRINGS:,} texts"
                )
        elif tag == "rPh":
            self._in_guide = False
        elif tag == "t":
            self._in_text = False

    def text(self, text: str) -> None:
        if self._in_text:
            self._pieces.append(text)


class _SheetReader:
    def __init__(self, sheet: str, strings: list[str], dates: frozenset[int]) -> None:
        self.rows: list[tuple[int, list[Cell]]] = []
        self._where = f"sheet {sheet!r}"
        self._strings = strings
        self._dates = dates
        self._number = self._count = 0
        self._cells: list[Cell] = []
        self._own: dict[str, str] = {}
        self._pieces: list[str] = []
        self._reading = self._formula = False
        self._length = 0

    def start(self, tag: str, own: dict[str, str]) -> None:
        if tag == "row":
            self._open_row(own)
        elif tag == "c":
            self._own, self._pieces, self._formula, self._length = own, [], False, 0
        elif tag == "f":
            self._formula = True
        elif tag in ("v", "t"):
            self._reading = True
        elif tag == "rPh":
            self._reading = False

    def end(self, tag: str) -> None:
        if tag == "c":
            self._close_cell()
        elif tag in ("v", "t"):
            self._reading = False
        elif tag == "row" and any(cell.kind != "empty" for cell in self._cells):
            self.rows.append((self._number, self._cells))

    def text(self, text: str) -> None:
        if self._reading:
            self._pieces.append(text)
            self._length += len(text)
            if self._length > LONGEST_CELL:
                raise ListRefused(
                    f"{self._where}, row {self._number}",
                    "",
                    f"a cell holds more than {LONGEST_CELL:,} characters",
                )

    def _open_row(self, own: dict[str, str]) -> None:
        number = own.get("r", str(self._number + 1))
        self._count += 1
        if not _is_count(number):
            raise ListRefused(self._where, number, "is not a valid row number")
        if self._count > MOST_ROWS:
            raise ListRefused(self._where, "", f"holds more than {MOST_ROWS:,} rows")
        self._number, self._cells = int(number), []

    def _close_cell(self) -> None:
        column = self._column()
        self._cells.extend([EMPTY] * (column - len(self._cells)))
        self._cells.append(self._value())

    def _column(self) -> int:
        reference = self._own.get("r")
        if reference is None:
            column = len(self._cells)
        else:
            match = _REFERENCE.fullmatch(reference)
            if match is None:
                raise ListRefused(self._where, reference, "is not a valid cell reference")
            column = _column_index(match[1])
        if column >= MOST_COLUMNS or column < len(self._cells):
            raise ListRefused(
                f"{self._where}, row {self._number}",
                reference or "",
                f"stands out of order or beyond {MOST_COLUMNS} columns",
            )
        return column

    def _value(self) -> Cell:
        text = "".join(self._pieces)
        kind = self._own.get("t", "n")
        if self._formula:
            return Cell(text, "formula")
        if not text:
            return EMPTY
        if kind == "s":
            return Cell(self._shared(text), "text")
        if kind in ("inlineStr", "str"):
            return Cell(text, "text")
        if kind == "b":
            return Cell("TRUE" if text == "1" else "FALSE", "boolean")
        if kind in ("e", "d"):
            return Cell(text, "error" if kind == "e" else "date")
        style = self._own.get("s", "")
        dated = _is_count(style) and int(style) in self._dates
        return Cell(text, "date" if dated else "number")

    def _shared(self, text: str) -> str:
        if _is_count(text) and int(text) < len(self._strings):
            return self._strings[int(text)]
        raise ListRefused(
            f"{self._where}, row {self._number}", text, "names a shared text that does not exist"
        )


def _parse[T](
    chunks: Iterable[bytes],
    where: str,
    reader: _Starts | _StringReader | _SheetReader,
    made: list[T],
) -> Iterator[T]:
    """Feeds XML to a reader and yields what it appends to `made`.  Refuses a DOCTYPE."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = last = True

    def refuse(*_: object) -> None:
        raise ListRefused(where, "", "declares a DOCTYPE", "save it again as XLSX")

    def start(tag: str, own: dict[str, str]) -> None:
        reader.start(tag.rpartition(" ")[2], {k.rpartition(" ")[2]: v for k, v in own.items()})

    def end(tag: str) -> None:
        reader.end(tag.rpartition(" ")[2])

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = reader.text
    try:
        for chunk in chunks:
            parser.Parse(chunk)
            yield from made
            made.clear()
        parser.Parse(b"", last)
    except (expat.ExpatError, LookupError) as error:
        # LookupError: the XML declares an encoding that does not exist.
        raise ListRefused(where, "", f"is not valid XML ({error})") from error
    yield from made
