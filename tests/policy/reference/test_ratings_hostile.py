"""Files that mean harm: refused with a place and a reason, in bounded time and memory."""

import contextlib
import io
import struct
import time
import tracemalloc
import zipfile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.reference.importers import archive, workbook
from policy.reference.importers.freedom_house import read_freedom_house, read_status_history
from policy.reference.importers.rsf import read_rsf
from policy.reference.importers.table import read_table
from policy.reference.importers.text import LONGEST_LINE, MOST_BYTES
from policy.reference.importers.vdem import read_vdem
from policy.reference.importers.workbook import Workbook
from policy.reference.ratings import ListRefused
from tests.effort import examples

MEMORY = 60_000_000


def plain_table(stream):
    return read_table(stream, source="E", edition="1", year=None, licence="")


def vdem(stream):
    return read_vdem(stream, edition="v16")


READERS = [plain_table, vdem, read_rsf, read_freedom_house, read_status_history]


def refusal(read, raw, *, seconds=5.0, memory=MEMORY):
    """The sentence of the refusal, after checking what it cost."""
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(ListRefused) as caught:
            read(io.BytesIO(raw))
        spent = time.process_time() - began
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert spent < seconds
    assert peak < memory
    return str(caught.value)


def book_bytes():
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.add_worksheet("FIW13-25").write(0, 0, "title")
    return file.getvalue()


def changed_book(**parts):
    """The small workbook with some of its PARTS replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book_bytes())) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = parts.pop(PARTS.get(name, ""), None)
            new.writestr(name, old.read(name) if content is None else content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


PARTS = {
    "xl/worksheets/sheet1.xml": "sheet",
    "xl/sharedStrings.xml": "strings",
    "xl/styles.xml": "styles",
    "xl/workbook.xml": "book",
}
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


# ---- text ----


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("raw", [b"", b"\0", b"\n", b";;;\n", b"PK", b"\xff\xfea\0", b"PK\x03\x04"])
def test_stubs_are_refused(read, raw):
    refusal(read, raw)


@pytest.mark.parametrize("read", [plain_table, vdem, read_rsf, read_freedom_house])
def test_a_nul_is_refused_with_its_line_and_byte(read):
    assert "line 1, byte 4: NUL in a text file" in refusal(read, b"cod\0e,tier\nFI,low\n")


def test_a_nul_far_down_is_refused_with_its_line():
    assert "line 3, byte 1: NUL" in refusal(plain_table, b"code,tier\nFI,low\n\0\n")


def test_other_control_characters_are_refused():
    assert "line 1, byte 5: control character 0x1b" in refusal(plain_table, b"code\x1b,tier\n")


@pytest.mark.parametrize("read", [plain_table, vdem, read_freedom_house])
def test_text_that_is_not_utf8_is_refused_with_its_line_and_byte(read):
    said = refusal(read, "Côte;1\n".encode("cp1252"))
    assert said == "line 1, byte 2: byte 0xf4 is not UTF-8; save the file as UTF-8"


def test_bytes_that_are_not_utf8_far_down_are_refused_with_their_line():
    raw = "code;tier;name\nFI;low;\nCI;low;Côte d'Ivoire\n".encode("cp1252")
    assert "line 3, byte 9: byte 0xf4 is not UTF-8" in refusal(plain_table, raw)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_is_named(codec):
    raw = "\ufeffcode,tier\nFI,low\n".encode(codec)
    assert "the file is UTF-16; save it as UTF-8" in refusal(plain_table, raw)


def test_a_byte_order_mark_is_no_fault():
    assert plain_table(io.BytesIO(b"\xef\xbb\xbfcode,tier\nFI,low\n")).ratings.tier("FI") == "low"


@pytest.mark.parametrize("read", [plain_table, vdem])
def test_a_line_without_end_is_refused(read):
    assert "line 1: the line is longer" in refusal(read, b"x" * (LONGEST_LINE + 5))


def test_a_quote_that_never_closes_is_refused():
    raw = b'code,tier\nFI,"low\n' + b"SE,low\n" * 100_000
    assert "line 2: not a ',' table: a field is longer than 131,072" in refusal(plain_table, raw)


def test_ten_megabytes_of_faults_are_refused_early():
    raw = b"code,tier\n" + b"QQ,low\n" * 1_500_000
    assert len(raw) > 10_000_000
    assert "more than 400 rows could not be used" in refusal(plain_table, raw)


def test_ten_megabytes_of_one_good_row_are_refused_too():
    raw = b"code,tier\n" + b"FI,low\n" * 1_500_000
    assert "the first: line 3: 'FI' was rated before" in refusal(plain_table, raw)


def test_ten_megabytes_of_blank_lines_are_bounded():
    raw = b"code,tier\n" + b"\n" * 11_000_000
    assert "line 100001: the file has more than 100,000 lines" in refusal(plain_table, raw)


def test_more_than_the_limit_is_refused():
    line = b"," * 1000 + b"\n"
    raw = b"code,tier" + line + (b"\xc3\xa4" + line) * (MOST_BYTES // len(line))
    refusal(plain_table, raw)


def test_a_thousand_columns_are_bounded():
    raw = b"code,tier," + b",".join(b"c%d" % n for n in range(100_000)) + b"\n"
    refusal(plain_table, raw)


def test_a_spreadsheet_given_as_text_is_named():
    assert "is a spreadsheet, not text" in refusal(plain_table, book_bytes())


# ---- archives ----


def test_a_bomb_is_refused_from_its_directory():
    raw = changed_book(sheet=SHEET + b"<row/>" * 8_000_000)
    assert len(raw) < 200_000
    assert "'xl/worksheets/sheet1.xml': would grow more than 200 times" in refusal(
        read_freedom_house, raw, seconds=1
    )


def test_a_directory_that_adds_up_too_high_is_refused():
    raw = bytearray(book_bytes())
    at = raw.find(b"PK\x01\x02")
    struct.pack_into("<L", raw, at + 24, 210 * 2**20)
    struct.pack_into("<L", raw, at + 20, 2**21)
    assert "would unpack to more than" in refusal(read_freedom_house, bytes(raw), seconds=1)


def forged(raw, name, size, *, crc=None):
    """The archive with another unpacked size in both headers of one part."""
    forged = bytearray(raw)
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = -1
        while (at := forged.find(signature, at + 1)) >= 0:
            start = at + (46 if offset == 24 else 30)
            if forged[start : start + len(name)] == name.encode():
                struct.pack_into("<L", forged, at + offset, size)
                if crc is not None:
                    struct.pack_into("<L", forged, at + offset - 8, crc)
    return bytes(forged)


def test_a_forged_directory_is_found_by_counting():
    bomb = changed_book(sheet=SHEET + b"<row/>" * 30_000_000)
    raw = forged(bomb, "xl/worksheets/sheet1.xml", 900)
    with zipfile.ZipFile(io.BytesIO(raw)) as directory:
        assert sum(entry.file_size for entry in directory.infolist()) < 50_000
    assert "holds more than the 900 bytes that the directory declares" in refusal(
        read_freedom_house, raw, seconds=1, memory=5_000_000
    )


def test_a_part_that_is_shorter_than_declared_is_refused():
    raw = forged(changed_book(book=b"<workbook/>"), "xl/workbook.xml", 12)
    assert "does not match its size or checksum" in refusal(read_freedom_house, raw)


def test_one_import_inflates_no_more_than_its_budget():
    noise = b"".join(b"%06d" % (n * 7919 % 1_000_003) for n in range(6_000_000))
    raw = changed_book(sheet=SHEET + noise)
    assert archive.MOST_READ < len(noise) < archive.MOST_UNPACKED
    part = "xl/worksheets/sheet1.xml"
    said = refusal(lambda stream: list(map(len, archive.Archive(stream).chunks(part))), raw)
    assert "unpacks to more than 33,554,432 bytes" in said


def test_too_many_parts_are_refused_before_the_directory_is_loaded():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as many:
        for number in range(archive.MOST_ENTRIES + 1):
            many.writestr(f"{number}", b"")
    assert "has a directory of 2,001 entries" in refusal(
        read_freedom_house, out.getvalue(), seconds=1
    )


@pytest.mark.parametrize(
    ("name", "said"), [("/etc/x", "leaves the archive"), ("xl/../../x", "leaves the archive")]
)
def test_paths_that_leave_the_archive_are_refused(name, said):
    out = io.BytesIO(book_bytes())
    with zipfile.ZipFile(out, "a") as more:
        more.writestr(name, b"")
    assert said in refusal(read_freedom_house, out.getvalue())


def test_a_link_is_refused():
    out = io.BytesIO(book_bytes())
    link = zipfile.ZipInfo("xl/link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(out, "a") as more:
        more.writestr(link, b"/etc/passwd")
    assert "is a link" in refusal(read_freedom_house, out.getvalue())


def test_an_encrypted_part_is_refused():
    raw = bytearray(book_bytes())
    struct.pack_into("<H", raw, raw.find(b"PK\x01\x02") + 8, 1)
    assert "is encrypted" in refusal(read_freedom_house, bytes(raw))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_parts_of_one_name_are_refused():
    out = io.BytesIO(book_bytes())
    with zipfile.ZipFile(out, "a") as more:
        more.writestr("xl/workbook.xml", b"")
    assert "two parts with the same name" in refusal(read_freedom_house, out.getvalue())


def test_an_old_or_locked_workbook_is_named():
    assert "old .xls or a workbook with a password" in refusal(
        read_freedom_house, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    )


def test_a_workbook_that_is_cut_off_is_refused():
    raw = book_bytes()
    for length in range(4, len(raw), 97):
        refusal(read_freedom_house, raw[:length])


def test_twenty_megabytes_and_one_byte_are_refused():
    raw = b"PK\x03\x04".ljust(archive.MOST_BYTES + 1, b"x")
    assert "larger than 20,971,520 bytes" in refusal(read_freedom_house, raw)


# ---- sheets ----


def sheet_of(body, **parts):
    return changed_book(sheet=SHEET + body + b"</sheetData></worksheet>", **parts)


NUMBERS = b" ".join(b"%d" % number for number in range(7_000))
LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


@pytest.mark.parametrize("part", ["sheet", "strings", "styles", "book"])
def test_entities_are_refused(part):
    raw = changed_book(**{part: LAUGHS + b"<x>&c;</x>"})
    assert "declares a DOCTYPE" in refusal(read_freedom_house, raw)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'<row r="1"><c r="XFD1"><v>1</v></c></row>', "beyond 256 columns"),
        (b'<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>', "out of order"),
        (b'<row r="1"><c r="1A"><v>1</v></c></row>', "'1A' is not a valid cell reference"),
        (b'<row r="-1"/>', "'-1' is not a valid row number"),
        (b'<row r="1"><c r="A1" t="s"><v>99</v></c></row>', "'99' names a shared text"),
        (b'<row r="1"><c r="A1" t="s"><v>-1</v></c></row>', "'-1' names a shared text"),
        (b"".join(b'<row r="%d"/>' % n for n in range(1, 20_002)), "more than 20,000 rows"),
        (b'<row r="1"><c t="str"><v>' + NUMBERS + b"</v></c></row>", "more than 32,767 char"),
        (b"<row><c>", "is not valid XML"),
        (b"\0", "is not valid XML"),
    ],
)
def test_sheets_that_do_not_hold_to_the_format(body, said):
    assert said in refusal(read_freedom_house, sheet_of(body))


def test_deep_nesting_is_bounded():
    refusal(read_freedom_house, sheet_of(b"<a>" * 100_000))


def test_a_far_row_costs_nothing():
    raw = sheet_of(b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>')
    rows = list(Workbook(io.BytesIO(raw)).rows("FIW13-25"))
    assert [(number, [c.text for c in cells]) for number, cells in rows] == [(1048576, ["1"])]


def test_too_many_texts_are_refused():
    texts = (b"<si><t>%d</t></si>" % n for n in range(workbook.MOST_STRINGS + 1))
    strings = b"<sst>" + b"".join(texts) + b"</sst>"
    raw = changed_book(strings=strings)
    assert "more than 200,000 texts" in refusal(read_freedom_house, raw)


def test_rich_text_is_joined_and_its_reading_guide_left_out():
    strings = b"<sst><si><r><t>Fin</t></r><r><t>land</t></r><rPh><t>x</t></rPh></si></sst>"
    raw = sheet_of(b'<row><c t="s"><v>0</v></c></row>', strings=strings)
    (row,) = Workbook(io.BytesIO(raw)).rows("FIW13-25")
    assert row[1][0].text == "Finland"


@settings(max_examples=examples(150), deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 255), st.integers(1, 8))
def test_any_damage_gives_rows_or_a_refusal(at, byte, count):
    raw = bytearray(book_bytes())
    for step in range(count):
        raw[(at + step * 131) % len(raw)] = byte
    with contextlib.suppress(ListRefused):  # any other exception is the fault looked for
        book = Workbook(io.BytesIO(bytes(raw)))
        for name in book.sheets:
            list(book.rows(name))


def test_a_directory_that_points_before_the_file_is_refused():
    raw = bytearray(book_bytes())
    end = raw.rindex(b"PK\x05\x06")
    (start,) = struct.unpack_from("<L", raw, end + 16)
    struct.pack_into("<L", raw, end + 16, start + 1000)
    assert "does not stand where the directory says" in refusal(read_freedom_house, bytes(raw))
