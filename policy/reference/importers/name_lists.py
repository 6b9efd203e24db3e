"""Published lists of names → rows of the registry, by the layout that a file has.

OFAC: SDN.CSV, 12 fields without a header, with ALT.CSV beside it; "no value" is `-0- `, the file
ends with a byte 0x1A. Remarks hold birth dates and passport numbers and are not read. The lists
have no country.
OpenSanctions: targets.simple.csv of any collection, aliases and countries between semicolons.
European Union: the consolidated list as CSV (version 1.1), semicolons, one row for each name,
address or document, so that an entry has many.
Plain: columns name, country, aliases (between "|"), kind; only name is needed. A kind is a class
of the registry, or person, vessel or aircraft; without one it is a question.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from policy.engine.language.words import did_you_mean, listed
from policy.reference.importers.listing import AIRCRAFT, PERSON, VESSEL, Listing, NameList
from policy.reference.importers.text import (
    Header,
    decoded_lines,
    delimited,
    delimiter_of,
    table_rows,
)
from policy.reference.names.folding import fold
from policy.reference.ratings import ListRefused
from policy.reference.registry import NO_KIND, QUESTION

MOST_BYTES = 64 * 2**20
MOST_LINES = 500_000
#: No header of a list is longer.
LONGEST_HEAD = 8192
_NO_VALUE = "-0-"
_SDN_FIELDS, _ALT_FIELDS = 12, 5
_OFAC_END = b"\x1a"
_DAY = re.compile(r"(\d\d)/(\d\d)/(\d{4})")


@dataclass(frozen=True)
class About:
    """What a person says about a list that does not stand in its file; "" is unsaid.

    `kinds` are the classes that a row may have, `countries` the codes that exist.
    """

    source: str = ""
    edition: str = ""
    licence: str = ""
    kinds: Collection[str] = ()
    countries: Collection[str] = ()

    def needed(self, name: str) -> str:
        text: str = getattr(self, name)
        if not text:
            raise ListRefused(
                f"the field {name.capitalize()}", "", "is empty", "this file does not say it"
            )
        return text


@dataclass(frozen=True, slots=True)
class Layout:
    """How a list is called, and its reader, which gets the file and that of the aliases."""

    label: str
    read: Callable[[BinaryIO, BinaryIO | None, About], NameList]


def layout_of(stream: BinaryIO) -> str:
    """The name of the layout that a file has, "" for none; the stream is wound back."""
    start = stream.read(LONGEST_HEAD)
    stream.seek(0)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start[:2]:
        raise ListRefused("line 1", "", "the file is UTF-16", "save it as UTF-8")
    text = start.partition(b"\n")[0].removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    try:
        fields = next(csv.reader([text], delimiter=delimiter_of(text), strict=True), [])
    except csv.Error:
        return ""
    if fields and fields[0].isascii() and fields[0].isdigit() and f"{_NO_VALUE} " in text:
        return "ofac"
    names = {name.strip().casefold() for name in fields}
    if {"id", "schema", "name", "countries"} <= names:
        return "opensanctions"
    if {"entity_logicalid", "namealias_wholename"} <= names:
        return "eu"
    if "name" in names and names <= set(_PLAIN_COLUMNS):
        return "plain"
    return ""


def read_names(
    layout: str, stream: BinaryIO, about: About, *, aliases: BinaryIO | None = None
) -> NameList:
    """The list of a file in a named layout.  Raises ListRefused, naming each line at fault."""
    if aliases is not None and layout != "ofac":
        raise ListRefused("the file of aliases", "", "belongs to OFAC's SDN.CSV only", "leave it")
    return LAYOUTS[layout].read(stream, aliases, about)


def _lines(stream: BinaryIO, *, published: bool = True) -> Iterator[str]:
    """The lines of a file, bounded.  A published list ends with the end of a line, or it is cut."""
    line = ""
    number = 0
    for number, line in enumerate(  # noqa: B007  the last ones count
        decoded_lines(stream, most_bytes=MOST_BYTES, most_lines=MOST_LINES), 1
    ):
        yield line
    if published and not line.endswith("\n"):
        raise ListRefused(
            f"line {number}", "", "the file ends inside this line", "download the whole file"
        )


@dataclass
class _Columns:
    """The rows of a table with a header, each as values by column."""

    rows: Iterator[tuple[int, list[str]]]
    header: Header
    listing: Listing

    @classmethod
    def open(cls, lines: Iterator[str], listing: Listing, needed: Collection[str]) -> _Columns:
        _, rows = delimited(lines)
        number, fields = next(rows, (1, []))
        header = Header.read(f"line {number}", fields)
        for name in needed:
            header.index(name)
        return cls(rows, header, listing)

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        width = len(self.header.names)
        for line, fields in self.rows:
            if len(fields) != width:
                why = f"has {len(fields)} fields and the header {width}"
                want = "is the file cut, or a quotation mark missing?"
                self.listing.fault(f"line {line}", fields[0], why, want)
                continue
            values = (value.strip() for value in fields)
            yield line, dict(zip(self.header.names, values, strict=True))


# --- OFAC ----------------------------------------------------------------------------------------

_OFAC_KINDS = {"individual": PERSON, "vessel": VESSEL, "aircraft": AIRCRAFT, "": ""}


def _read_ofac(stream: BinaryIO, aliases: BinaryIO | None, about: About) -> NameList:
    listing = Listing(
        "OFAC SDN",
        about.needed("edition"),
        about.licence or "Work of the U.S. Government, public domain (17 U.S.C. § 105)",
    )
    entries: dict[str, tuple[int, str, str]] = {}
    for line, fields in _ofac_rows(stream, _SDN_FIELDS, "SDN.CSV", listing):
        entry, name, kind, programme = map(_value, fields[:4])
        if kind not in _OFAC_KINDS:
            words = listed([known for known in _OFAC_KINDS if known])
            listing.fault(
                f"line {line}, field 3", kind, "is not a type that OFAC uses", f"{words}, or -0- "
            )
        elif not listing.begin(line, entry):
            continue
        elif _OFAC_KINDS[kind]:
            listing.leave_out(_OFAC_KINDS[kind])
        else:
            entries[entry] = (line, name, ", ".join(programme.split("] [")))
    others = _ofac_aliases(aliases, listing) if aliases else {}
    for entry, (line, name, programme) in entries.items():
        names = (name, *others.get(entry, ()))
        listing.add(line, names, entry=entry, programme=programme)
    if aliases is None:
        listing.notes.append("Without ALT.CSV: no party of this list has another name.")
    return listing.close()


def _ofac_aliases(stream: BinaryIO, listing: Listing) -> dict[str, list[str]]:
    """Other names by entry; each belongs to an entry of SDN.CSV, or one of the files is cut."""
    names: dict[str, list[str]] = {}
    numbers: dict[str, int] = {}
    for line, fields in _ofac_rows(stream, _ALT_FIELDS, "ALT.CSV", listing):
        entry, number, _kind, name = map(_value, fields[:4])
        before = numbers.setdefault(number, line)
        if before != line:
            why = f"is already the number of line {before} of ALT.CSV"
            listing.fault(f"ALT.CSV, line {line}", number, why, "download both files again")
        elif listing.line_of(entry) is None:
            why = "is not an entry of SDN.CSV; one of the two files is cut, or of another edition"
            listing.fault(f"ALT.CSV, line {line}", entry, why, "download both files again")
        else:
            names.setdefault(entry, []).append(name)
    return names


def _ofac_rows(
    stream: BinaryIO, width: int, name: str, listing: Listing
) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file of OFAC, without the byte that ends it."""
    raw = stream.read(MOST_BYTES + 1)
    end = raw.rstrip()
    is_ended = end.endswith(_OFAC_END)
    whole = end.removesuffix(_OFAC_END) if is_ended else raw
    where = "" if width == _SDN_FIELDS else f"{name}, "
    if not is_ended:
        listing.notes.append(
            f"{name} does not end with the byte 0x1A, as OFAC's files do: compare the counts, it"
            " may be cut."
        )
    try:
        rows = table_rows(_lines(io.BytesIO(whole)), delimiter=",")
        for line, fields in rows:
            if len(fields) == width and _value(fields[0]).isdigit():
                yield line, fields
                continue
            what = "an id and" if len(fields) == width else f"{len(fields)} fields, not"
            want = f"is the file cut, or another one than {name}?"
            listing.fault(f"{where}line {line}", fields[0], f"has {what} {width}", want)
    except ListRefused as refusal:
        remark = refusal.remark
        raise ListRefused(
            f"{where}{remark.where}", remark.found, remark.why, remark.want, refusal.more
        ) from None


def _value(text: str) -> str:
    text = text.strip()
    return "" if text == _NO_VALUE else text


# --- OpenSanctions -------------------------------------------------------------------------------

_ORGANISATIONS = {"Organization", "Company", "LegalEntity", "PublicBody"}
_SCHEMAS = {"Person": PERSON, "Vessel": VESSEL, "Airplane": AIRCRAFT}


def _read_opensanctions(stream: BinaryIO, _aliases: BinaryIO | None, about: About) -> NameList:
    licence = about.licence or "CC BY-NC 4.0, OpenSanctions; business use needs their licence"
    listing = Listing(about.source or "OpenSanctions", about.edition, licence)
    needed = ("id", "schema", "name", "aliases", "countries", "dataset")
    rows = list(_Columns.open(_lines(stream), listing, needed))
    newest = max((row.get("last_seen", "")[:10] for _, row in rows), default="")
    listing.edition = about.edition or newest or about.needed("edition")
    for line, row in rows:
        schema = row["schema"]
        if not listing.begin(line, row["id"]):
            continue
        if schema not in _ORGANISATIONS:
            listing.leave_out(_SCHEMAS.get(schema, "entries that are no organisation"))
            continue
        names = (row["name"], *row["aliases"].split(";"))
        programme = row.get("program_ids") or row["dataset"]
        listing.add(
            line,
            names,
            country=_only_country(row["countries"].upper().split(";"), about),
            entry=row["id"],
            programme=programme.replace(";", ", "),
        )
    return listing.close()


def _only_country(codes: Collection[str], about: About) -> str:
    """The country of an entry that has one; with several, or none that exists, it may be
    anywhere, so that it is asked about everywhere.
    """
    known = set(filter(None, codes))
    return known.pop() if len(known) == 1 and known <= set(about.countries) else ""


# --- European Union ------------------------------------------------------------------------------

_EU = "EU consolidated list"
_EU_KINDS = {"p": PERSON, "person": PERSON, "e": "", "enterprise": "", "entity": ""}
_EU_NEEDED = ("Entity_LogicalId", "Entity_SubjectType", "NameAlias_WholeName")


@dataclass
class _EuEntry:
    line: int
    kind: str
    programme: str
    names: list[str] = field(default_factory=list)
    countries: set[str] = field(default_factory=set)


def _read_eu(stream: BinaryIO, _aliases: BinaryIO | None, about: About) -> NameList:
    licence = about.licence or "© European Union, reuse under Decision 2011/833/EU (CC BY 4.0)"
    listing = Listing(_EU, about.edition, licence)
    entries: dict[str, _EuEntry] = {}
    for line, row in _Columns.open(_lines(stream), listing, _EU_NEEDED):
        listing.edition = listing.edition or _iso_day(row.get("fileGenerationDate", ""))
        kind = row["Entity_SubjectType"].casefold()
        number = row["Entity_LogicalId"]
        entry = entries.get(number)
        if kind not in _EU_KINDS:
            where = f"line {line}, column 'Entity_SubjectType'"
            listing.fault(where, kind, "is not a type of the list", "P or E")
        elif entry is None:
            if listing.begin(line, number):
                programme = row.get("Entity_Regulation_Programme", "")
                entry = entries[number] = _EuEntry(line, kind, programme)
        elif entry.kind != kind:
            why = f"is {kind!r} here and {entry.kind!r} on line {entry.line}"
            listing.fault(
                f"line {line}", number, why, "an id is one entry; download the file again"
            )
        if entry is not None:
            entry.names.append(row["NameAlias_WholeName"])
            entry.countries.add(row.get("Address_CountryIso2Code", ""))
    listing.edition = listing.edition or about.needed("edition")
    for number, entry in entries.items():
        if reason := _EU_KINDS[entry.kind]:
            listing.leave_out(reason)
            continue
        country = _only_country(entry.countries, about)
        programme = entry.programme
        listing.add(entry.line, entry.names, country=country, entry=number, programme=programme)
    return listing.close()


def _iso_day(text: str) -> str:
    day = _DAY.fullmatch(text)
    return f"{day[3]}-{day[2]}-{day[1]}" if day else text


# --- Plain ---------------------------------------------------------------------------------------

_PLAIN_COLUMNS = ("name", "country", "aliases", "kind")
_PLAIN_KINDS = {
    **dict.fromkeys(("person", "individual", "people"), PERSON),
    "vessel": VESSEL,
    "aircraft": AIRCRAFT,
}
#: Words for what is only a name to ask about.
_ASKED = ("", "organisation", "organization", "company", "entity")


def _read_plain(stream: BinaryIO, _aliases: BinaryIO | None, about: About) -> NameList:
    listing = Listing(about.needed("source"), about.needed("edition"), about.needed("licence"))
    known = [*about.kinds, *NO_KIND]
    rows = _Columns.open(_lower_head(_lines(stream, published=False)), listing, ("name",))
    seen: dict[tuple[str, str], int] = {}
    for line, row in rows:
        listing.read += 1
        kind, country = row.get("kind", "").casefold(), row.get("country", "").upper()
        if country and country not in about.countries:
            why = "is not a valid ISO 3166-1 alpha-2 code"
            listing.fault(f"line {line}, column 'country'", country, why, "two letters, or nothing")
        elif kind in _PLAIN_KINDS:
            listing.leave_out(_PLAIN_KINDS[kind])
        elif kind not in (*_ASKED, *known):
            where = f"line {line}, column 'kind'"
            want = did_you_mean(kind, known).removeprefix("; ") or f"one of {listed(known)}"
            listing.fault(where, kind, "is unknown", want)
        elif (before := seen.setdefault((fold(row["name"]), country), line)) != line:
            why = f"is already on line {before}"
            listing.fault(f"line {line}", row["name"], why, "one row for each party")
        else:
            names = (row["name"], *row.get("aliases", "").split("|"))
            listing.add(line, names, country=country, kind=QUESTION if kind in _ASKED else kind)
    return listing.close()


def _lower_head(lines: Iterator[str]) -> Iterator[str]:
    yield next(lines).casefold()
    yield from lines


LAYOUTS = {
    "ofac": Layout("OFAC, SDN.CSV with ALT.CSV", _read_ofac),
    "opensanctions": Layout("OpenSanctions, targets.simple.csv", _read_opensanctions),
    "eu": Layout("EU consolidated list, CSV 1.1", _read_eu),
    "plain": Layout("plain CSV with the columns name, country, aliases, kind", _read_plain),
}
