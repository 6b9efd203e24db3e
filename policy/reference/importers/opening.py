"""What somebody uploaded: a text or a workbook, or a sentence that says what to save it as."""

import io
from typing import BinaryIO

from policy.reference.importers.archive import Archive
from policy.reference.ratings import ListRefused

ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
#: UTF-16 is turned into UTF-8 in memory; nobody publishes a longer list in it.
MOST_UTF_16 = 20 * 2**20
_LONGEST_START = 512
SAVE_AS = "save it as XLSX or as CSV UTF-8, or a text as plain text"
#: A part of an archive that only one program writes, and what the file is then.
_PARTS = (
    ("word/document.xml", "is a Word document", f"copy its text or its table out, and {SAVE_AS}"),
    ("ppt/presentation.xml", "is a PowerPoint file", "copy its table into a spreadsheet"),
    ("xl/workbook.bin", "is a binary workbook (XLSB)", "save it as XLSX"),
    ("content.xml", "is an OpenDocument file (ODS or ODT)", SAVE_AS),
    ("Index/Document.iwa", "is a Numbers or Pages file", "export it as XLSX or as CSV"),
)
_STARTS = (
    (
        _OLD_OFFICE,
        "is an old Excel or Word file, or one with a password",
        f"take the password away and {SAVE_AS}",
    ),
    (b"%PDF", "is a PDF", "ask for the spreadsheet or the text behind it"),
    (b"{\\rtf", "is a text with formatting (RTF)", "save it as plain text"),
    (b"\x1f\x8b", "is packed (GZ)", "unpack it and choose the file in it"),
)


def opened(stream: BinaryIO) -> BinaryIO:
    """The same file, as UTF-8 where it was UTF-16, wound to its start.

    Raises ListRefused for a file of a program that nothing here reads.
    """
    start = stream.read(_LONGEST_START)
    stream.seek(0)
    for signature, what, want in _STARTS:
        if start.startswith(signature):
            raise ListRefused("the file", "", what, want)
    if start.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        raise ListRefused("the file", "", "is a web page", "download the file itself")
    if start.startswith(ZIP):
        _check_archive(stream)
        return stream
    if start.startswith(_UTF_16):
        return _of_utf_16(stream)
    if b"\0" in start[:2] and len(start.strip(b"\0")) > 1:
        raise ListRefused("line 1", "", "the text is in UTF-16", "save it as UTF-8")
    return stream


def is_workbook(stream: BinaryIO) -> bool:
    """Whether a file that `opened` gave is a workbook and no text."""
    start = stream.read(len(ZIP))
    stream.seek(0)
    return start == ZIP


def _check_archive(stream: BinaryIO) -> None:
    try:
        archive = Archive(stream)
    finally:
        stream.seek(0)
    for part, what, want in _PARTS:
        if part in archive:
            raise ListRefused("the file", "", what, want)
    if "xl/workbook.xml" not in archive:
        raise ListRefused("the file", "", "is a ZIP archive", "unpack it and choose the file in it")


def _of_utf_16(stream: BinaryIO) -> BinaryIO:
    raw = stream.read(MOST_UTF_16 + 1)
    if len(raw) > MOST_UTF_16:
        why = f"is in UTF-16 and larger than {MOST_UTF_16 // 2**20} MB"
        raise ListRefused("the file", "", why, "save it as UTF-8")
    try:
        return io.BytesIO(raw.decode("utf-16").encode())
    except UnicodeError:
        raise ListRefused("the file", "", "is in UTF-16 and cut", "save it as UTF-8") from None


def not_utf_8(line: bytes, number: int, at: int) -> ListRefused:
    """The refusal of a line of text in another encoding, with the text around the first byte."""
    before = line[max(at - 20, 0) : at].decode("utf-8", errors="ignore").lstrip()
    return ListRefused(
        f"line {number}",
        "",
        f"after “{before}” stands a letter that is not saved as UTF-8"
        if before
        else "the first letter is not saved as UTF-8",
        "in Excel save as “CSV UTF-8”, in a text editor choose UTF-8 as the encoding",
    )
