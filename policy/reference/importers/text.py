"""Bounded reading of text tables: bytes, lines, fields and rows are counted while reading."""

from __future__ import annotations

import csv
import difflib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from policy.engine.language.explained import is_merge_marker, merge_left
from policy.reference.importers.opening import ZIP, not_utf_8
from policy.reference.ratings import ListRefused

MOST_BYTES = 20 * 2**20
MOST_LINES = 100_000
LONGEST_LINE = 2**20
# Tab, LF and CR may stand in a table; no other control character has a meaning there.
_CONTROL = bytes(set(range(32)) - {9, 10, 13}) + b"\x7f"


def decoded_lines(
    stream: BinaryIO,
    *,
    encoding: str = "utf-8",
    most_bytes: int = MOST_BYTES,
    most_lines: int = MOST_LINES,
) -> Iterator[str]:
    """The lines of a stream, their ends kept.  Refuses NUL, bad bytes, long lines, long files."""
    size = number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        size += len(line)
        _check(line, number, size, most_bytes, most_lines)
        if number == 1 and line.startswith(b"\xef\xbb\xbf"):
            line = line[3:]
        yield _decode(line, number, encoding)
    if not size:
        raise ListRefused("line 1", "", "the file is empty")


def _check(line: bytes, number: int, size: int, most_bytes: int, most_lines: int) -> None:
    where = f"line {number}"
    if number == 1 and line[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ListRefused(where, "", "the file is UTF-16", "save it as UTF-8")
    if number == 1 and line.startswith(ZIP):
        raise ListRefused(
            "the file", "", "is a workbook, and this list is a text", "save it as CSV"
        )
    if number > most_lines:
        raise ListRefused(where, "", f"the file has more than {most_lines:,} lines")
    if size > most_bytes:
        raise ListRefused(where, "", f"the file is larger than {most_bytes:,} bytes")
    if len(line) > LONGEST_LINE:
        raise ListRefused(where, "", f"the line is longer than {LONGEST_LINE:,} bytes")
    if len(line.translate(None, _CONTROL)) != len(line):
        column, byte = next((i, b) for i, b in enumerate(line, 1) if b in _CONTROL)
        name = "NUL" if byte == 0 else f"control character 0x{byte:02x}"
        want = "take it away, or save the file as plain text (UTF-8)"
        raise ListRefused(f"{where}, byte {column}", "", f"{name} in a text file", want)


def _decode(line: bytes, number: int, encoding: str) -> str:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError as error:
        raise not_utf_8(line, number, error.start) from error


def table_rows(lines: Iterable[str], *, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line, fields) of each row that is not blank."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    start = 1
    try:
        for fields in reader:
            if fields:
                if fields[0][:1] in "<=>" and is_merge_marker(fields[0]):
                    raise ListRefused(f"line {start}", "", merge_left(fields[0]))
                yield start, fields
            start = reader.line_num + 1
    except csv.Error as error:
        why = why_no_table(error, lines=reader.line_num - start + 1)
        raise ListRefused(f"line {start}", "", why) from error


def delimiter_of(first_line: str) -> str:
    """Comma, semicolon or tab: the one that the first line has most of."""
    return max(",;\t", key=first_line.count)


def delimited(lines: Iterator[str]) -> tuple[str, Iterator[tuple[int, list[str]]]]:
    """The delimiter of a table, by its first line, and its rows as of `table_rows`."""
    first = next(lines)
    delimiter = delimiter_of(first)
    return delimiter, table_rows(chain([first], lines), delimiter=delimiter)


_UNCLOSED = "a quotation mark opens here and is never closed; close it, or take it away"


def why_no_table(error: csv.Error, *, lines: int = 1) -> str:
    """What the csv module found, in words of people who keep spreadsheets.

    ``lines`` that one row goes over: then a mark on the first of them is the one without a partner.
    """
    message = str(error)
    if "end of data" in message or (lines > 1 and ("after" in message or "limit" in message)):
        return _UNCLOSED
    if "expected after" in message:
        return "a quotation mark stands inside a field; take it away, or double it and quote it all"
    if "field limit" in message:
        return f"a field is longer than {csv.field_size_limit():,} characters"
    if "new-line" in message:
        return "a line ends in the middle of a field; save it with ordinary line ends"
    return message


def first_row(rows: Iterator[tuple[int, list[str]]]) -> Header:
    """The header of a table; refuses a file of blank lines."""
    for line, fields in rows:
        return Header.read(f"line {line}", fields)
    raise ListRefused("line 1", "", "the file has no header")


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a table, found by name."""

    line: str
    names: tuple[str, ...]

    @classmethod
    def read(cls, line: str, fields: Iterable[str]) -> Header:
        names = tuple(field.strip() for field in fields)
        twice = [name for name, count in Counter(names).items() if name and count > 1]
        if twice:
            raise ListRefused(line, twice[0], "names two columns", "each needs its own name")
        return cls(line, names)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def index(self, name: str) -> int:
        if name in self.names:
            return self.names.index(name)
        near = difflib.get_close_matches(name, self.names[:200], n=1)
        seen = ", ".join(self.names[:8])
        raise ListRefused(
            self.line,
            "",
            f"there is no column {name!r}; the header begins {seen[:120]}",
            f"is it {near[0]!r}?" if near else "",
        )
