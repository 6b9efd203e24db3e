"""Bounded reading of a ZIP archive (the container of XLSX).

Three fences, because each stops what the others miss: the end record is read before the directory
is loaded, the directory is judged before a part is opened, and the bytes that a part really
yields are counted while it is inflated, whatever the directory said.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from policy.reference.ratings import ListRefused

MOST_BYTES = 20 * 2**20
MOST_ENTRIES = 2_000
MOST_UNPACKED = 200 * 2**20
MOST_RATIO = 200
MOST_READ = 32 * 2**20  # over all parts that one import inflates
_DIRECTORY_BYTES = MOST_ENTRIES * 512
_CHUNK = 64 * 2**10
_END = b"PK\x05\x06"


class Archive:
    """The parts of an archive by name.  `read` and `chunks` share one budget of bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = MOST_READ
        _check_container(stream)
        try:
            with zipfile.ZipFile(stream) as directory:
                entries = directory.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ListRefused("the file", "", f"is a damaged archive ({error})") from error
        _check_directory(entries)
        self._entries = {entry.filename: entry for entry in entries}

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str) -> bytes:
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content of one part in pieces of up to 64 KB, counted and checked."""
        where = f"part {name!r}"
        if name not in self._entries:
            raise ListRefused(where, "", "is missing from the workbook")
        entry = self._entries[name]
        produced = check = 0
        for chunk in _inflate(self._packed(entry, where), entry.compress_type, where):
            produced += len(chunk)
            check = zlib.crc32(chunk, check)
            self._left -= len(chunk)
            if produced > entry.file_size:
                raise ListRefused(
                    where,
                    "",
                    f"holds more than the {entry.file_size:,} bytes that the directory declares",
                    "the archive is forged or damaged",
                )
            if self._left < 0:
                raise ListRefused(
                    where, "", f"the workbook unpacks to more than {MOST_READ:,} bytes"
                )
            yield chunk
        if produced != entry.file_size or check != entry.CRC:
            raise ListRefused(where, "", "does not match its size or checksum in the directory")

    def _packed(self, entry: zipfile.ZipInfo, where: str) -> Iterator[bytes]:
        # The directory of a damaged archive may point before the file.
        self._stream.seek(max(entry.header_offset, 0))
        local = self._stream.read(30)
        if entry.header_offset < 0 or len(local) < 30 or local[:4] != b"PK\x03\x04":
            raise ListRefused(where, "", "does not stand where the directory says")
        name_length, extra_length = struct.unpack("<HH", local[26:30])
        self._stream.seek(name_length + extra_length, 1)
        left = entry.compress_size
        while left:
            chunk = self._stream.read(min(left, _CHUNK))
            if not chunk:
                raise ListRefused(where, "", "is cut off")
            left -= len(chunk)
            yield chunk


def _inflate(packed: Iterator[bytes], method: int, where: str) -> Iterator[bytes]:
    if method == zipfile.ZIP_STORED:
        yield from packed
        return
    if method != zipfile.ZIP_DEFLATED:
        raise ListRefused(where, "", f"uses compression method {method}", "save it again as XLSX")
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in packed:
            waiting = piece
            while waiting and not inflater.eof:
                if chunk := inflater.decompress(waiting, _CHUNK):
                    yield chunk
                waiting = inflater.unconsumed_tail
        while chunk := inflater.flush(_CHUNK):
            yield chunk
    except zlib.error as error:
        raise ListRefused(where, "", f"is damaged ({error})") from error


def _check_container(stream: BinaryIO) -> None:
    size = stream.seek(0, 2)
    if size > MOST_BYTES:
        raise ListRefused("the file", "", f"is larger than {MOST_BYTES:,} bytes")
    stream.seek(0)
    start = stream.read(8)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise ListRefused(
            "the file", "", "is an old .xls or a workbook with a password", "save it as plain XLSX"
        )
    if not start.startswith(b"PK\x03\x04"):
        raise ListRefused("the file", "", "is not an XLSX workbook")
    stream.seek(-min(size, 65_557), 2)
    tail = stream.read()
    end = tail[tail.rfind(_END) :] if _END in tail else b""
    if len(end) < 22:
        raise ListRefused("the file", "", "is cut off: the archive has no end record")
    entries, directory = struct.unpack("<HL", end[10:16])
    if entries > MOST_ENTRIES or directory > _DIRECTORY_BYTES:
        raise ListRefused(
            "the file", "", f"has a directory of {entries:,} entries, {directory:,} bytes"
        )


def _check_directory(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise ListRefused("the file", "", f"holds more than {MOST_ENTRIES:,} parts")
    if len({entry.filename for entry in entries}) != len(entries):
        raise ListRefused("the file", "", "holds two parts with the same name")
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise ListRefused("the file", "", f"would unpack to more than {MOST_UNPACKED:,} bytes")
    for entry in entries:
        _check_entry(entry)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    where = f"part {entry.filename[:60]!r}"
    if entry.filename.startswith(("/", "\\")) or ".." in entry.filename.split("/"):
        raise ListRefused(where, "", "has a path that leaves the archive")
    if entry.flag_bits & 0x1:
        raise ListRefused(where, "", "is encrypted", "save the workbook without a password")
    if (entry.external_attr >> 28) == 0o12:
        raise ListRefused(where, "", "is a link")
    if entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
        raise ListRefused(where, "", f"would grow more than {MOST_RATIO} times")
