"""Where a place is, by its name: the table that `config/devtools/gazetteer.py` makes of GeoNames.

The table is one UTF-8 text, `policy/data/places/gazetteer.txt`: a line for each name, sorted by the
bytes of the name, "name<TAB>codes". A name is folded (`key_of`): no case, accents, punctuation,
Latin letters only as ASCII, other scripts as they are. A code is a country or a territory of
`policy/data/countries/special_territories.csv`; in small letters when the place is small. Only
names that may matter are there: those of places in territories, and of places with 15,000 people
or more; then every place of that name stands in the line, however small.

Countries are named by `countries.csv` beside it: "code,names,state", the names in several languages
and scripts, and the state that a dependent territory belongs to. They count like large places of
that name; so do the capitals of those of very high risk, which stand among their names. In a longer
text a street may bear the name, and one of `ordinary_names.txt` anybody.
Parts of the states that hold or neighbour territories are named by `regions.csv`: "code,names", and
the territories themselves, as people write of them freely, by `territories.csv`: "code,names".

The file is mapped into memory and searched where it lies, so nothing of it is read before the first
site is looked up. It is compared with its digest once: a file that is cut, of another encoding or
not ours is a GazetteerError, never a table that happens to know less.
"""

import csv
import hashlib
import io
import mmap
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

from anyascii import anyascii

from policy.reference.registry import fold

FOLDER = Path(__file__).parents[1] / "data" / "places"
TABLE = "gazetteer.txt"
DIGEST = "gazetteer.sha256"
COUNTRIES, ORDINARY, REGIONS = "countries.csv", "ordinary_names.txt", "regions.csv"
TERRITORIES = "territories.csv"
NAMES_DIGEST = "countries.sha256"
#: Bytes; a table several times as large as ours is somebody else's file.
LARGEST = 64_000_000
#: Words of a name inside a longer text.
LONGEST_NAME = 6
REMEMBERED = 4096
#: Scripts that write no blanks between words: there a name is looked for inside a run of letters.
_RUN = re.compile(r"[\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")
_CYRILLIC = re.compile(r"[\u0400-\u052f]+")
#: How the name of a place ends by itself, tried in place of a case ending.
_NOMINATIVE = ("", *"\u044c\u0430\u044f\u044b\u0438\u043e\u0435")
SHORTEST_INFLECTED = 4
#: So many letters are a name when the blanks between them are left out.
SHORTEST_TOGETHER = 8
#: A number or a mark that transliterations write, and what follows it.
_HAS_MORE = re.compile(r"[0-9\u02b0-\u02ff]")
LONGEST_IN_RUN = 9
#: What stands between the parts of an address.
_PARTS = re.compile(r"[,;/|()\[\]\n\u3001\uff0c\u060c]+|\s[-\u2013\u2014]\s")
#: What a street is called; a country beside one of these is its name.
_STREETS = frozenset(
    (
        *("street", "str", "st", "road", "rd", "avenue", "ave", "lane", "square", "boulevard"),
        *("strasse", "allee", "platz", "weg", "ufer", "ring", "damm", "gasse"),
        *("katu", "tie", "kuja", "aukio", "gatan", "gata", "vagen", "vej", "plads", "torg"),
        *("rue", "place", "quai", "calle", "plaza", "avenida", "rua", "via", "piazza", "viale"),
        *("ulica", "ulitsa", "\u0443\u043b\u0438\u0446\u0430", "\u0443\u043b"),
    )
)
#: Those of them that stand before a name only: "to Iran via Dubai" speaks of no street.
_BEFORE_NAMES = frozenset({"via", "rue", "rua", "calle"})
#: "Rue de Russie" has a word between.
_BESIDE = 2
#: Behind one of these a name that is an ordinary word too, with a capital, is that of a country.
_TOWARDS = frozenset(("to", "in", "into", "for", "nach", "vers", "till", "til", "para"))
_FIRST_OF_OTHER_LETTERS = "\u02b0"
_EXTENDED_LATIN = ("\u1e00", "\u1eff")


class GazetteerError(ValueError):
    """A table that cannot be used; the message says which file, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name that stands in a text, and where places of that name are."""

    name: str
    #: Codes of countries and territories, the large places first.
    codes: tuple[str, ...]
    #: Those in which a place of that name has 15,000 people or more, or is a territory itself.
    large: frozenset[str]
    #: Whether the name is a whole part of the text, and not a word or two of it.
    is_whole: bool
    #: Whether it says the name of a country, so that it counts in a longer text too.
    is_country: bool = False
    #: Whether it stands beside a word for a street.
    is_of_street: bool = False


#: By folded name, codes.
Codes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class CountryNames:
    """What countries are called."""

    #: By folded name, the codes of the countries.
    codes: Codes = field(default_factory=dict)
    #: Names that other words mean too.
    ordinary: frozenset[str] = frozenset()
    #: By the code of a dependent territory, that of its state.
    states: Mapping[str, str] = field(default_factory=dict)
    #: By the code of a state, the folded names of its parts.
    regions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: By folded name, the codes of the territories that it means in any text.
    territories: Codes = field(default_factory=dict)


@lru_cache(REMEMBERED)
def key_of(name: str) -> str:
    """A name as the table has it."""
    folded = fold(name)
    if folded.isascii():
        return folded
    return fold("".join(anyascii(one) if _is_latin(one) else one for one in folded))


def _is_latin(letter: str) -> bool:
    return letter < _FIRST_OF_OTHER_LETTERS or _EXTENDED_LATIN[0] <= letter <= _EXTENDED_LATIN[1]


class Gazetteer:
    """The table, searched where it lies."""

    def __init__(self, path: Path, digest: str) -> None:
        """Raises GazetteerError unless the file has this digest ("sha256:…")."""
        self.digest = digest
        self.countries = CountryNames()
        # A deal is derived several times, and many deals have the same words.
        self._line = lru_cache(REMEMBERED)(self._find_line)
        self._table = _mapped(path, digest)
        head, _, rest = self._table[:200].partition(b"\n")
        if not head.startswith(b"# ") or not rest:
            raise GazetteerError(f"{path.name}: the first line does not say what it is. {_REPAIR}")
        self.edition = head[2:].decode()
        self._first = len(head) + 1

    def find(self, name: str) -> tuple[tuple[str, ...], frozenset[str]]:
        """The codes of places with this folded name, and those of the large ones."""
        line = self._line(name.encode())
        countries = self.countries.codes.get(name, ())
        if line is None:
            return countries, frozenset(countries)
        written = line.decode().split(" ")
        large = [*(code for code in written if not code.islower()), *countries]
        small = [code.upper() for code in written if code.islower()]
        return tuple(dict.fromkeys([*large, *small])), frozenset(large)

    def is_town(self, name: str, codes: Collection[str]) -> bool:
        """Whether a large place of one of these countries has this folded name."""
        line = self._line(name.encode())
        return line is not None and not frozenset(line.decode().split(" ")).isdisjoint(codes)

    def names_region(self, text: str, codes: Collection[str]) -> bool:
        """Whether a text names a part of one of these countries."""
        regions = frozenset[str]().union(*(self.countries.regions.get(code, ()) for code in codes))
        return any(_has_region(key_of(part), regions) for part in _PARTS.split(text))

    def _find_line(self, name: bytes) -> bytes | None:
        """What stands beside the name: a binary search over the lines of the file."""
        table = self._table
        low, high = self._first, len(table)
        wanted = name + b"\t"
        while low < high:
            middle = (low + high) // 2
            begins = table.rfind(b"\n", low, middle) + 1 or low
            ends = table.find(b"\n", begins)
            line = table[begins:ends]
            if line.startswith(wanted):
                return line[len(wanted) :]
            if line.partition(b"\t")[0] < name:
                low = ends + 1
            else:
                high = begins
        return None

    def named_in(self, text: str) -> list[Named]:
        """The names of places that stand in a text, in its order, the longest of each."""
        found: dict[str, Named] = {}
        for part in _PARTS.split(text):
            key = key_of(part)
            if not key:
                continue
            for one in self._of_part(key):
                known = found.get(one.name)
                if known is None or (one.is_whole, one.is_country) > (
                    known.is_whole,
                    known.is_country,
                ):
                    found[one.name] = one
        return [self._surely(one, found.values()) for one in found.values()]

    def _surely(self, one: Named, others: Collection[Named]) -> Named:
        """An ordinary word names no country, unless another name of the text lies there."""
        if one.is_whole or not one.is_country or one.name not in self.countries.ordinary:
            return one
        countries = self.countries.codes[one.name]
        lies_there = any(
            not other.large.isdisjoint(countries) for other in others if other.name != one.name
        )
        return one if lies_there else replace(one, is_country=False)

    def _named(self, name: str, *, is_whole: bool = False, beside: Sequence[str] = ()) -> Named:
        codes, large = self.find(name)
        is_of_street = not _STREETS.isdisjoint(beside)
        is_country = name in self.countries.codes and not is_of_street
        return Named(name, codes, large, is_whole, is_country, is_of_street)

    def _of_part(self, key: str) -> Iterator[Named]:
        if self.find(key)[0]:
            yield self._named(key, is_whole=True)
            return
        words = key.split(" ")
        yield from self._put_together(words)
        at = 0
        while at < len(words):
            length = next(
                (
                    size
                    for size in range(min(LONGEST_NAME, len(words) - at), 0, -1)
                    if self.find(" ".join(words[at : at + size]))[0]
                ),
                0,
            )
            if length:
                name = " ".join(words[at : at + length])
                yield self._named(name, beside=_beside(words, at, length))
            else:
                yield from self._inflected(words[at])
                yield from self._with_more(words[at])
            at += length or 1
        for run in _RUN.findall(key):
            yield from self._of_run(run)

    def _put_together(self, words: Sequence[str]) -> Iterator[Named]:
        """A large place whose name was taken apart: "Sim-feropol", "I r a n"."""
        name = "".join(words)
        letters = len(words) == len(name) >= SHORTEST_INFLECTED
        if len(words) > 1 and (letters or len(name) >= SHORTEST_TOGETHER) and self.find(name)[1]:
            yield self._named(name)

    def _with_more(self, word: str) -> Iterator[Named]:
        """A large place at the beginning of a word: "Simferopol2", or with a mark of softness."""
        if _HAS_MORE.search(word):
            name = _HAS_MORE.split(word)[0]
            if len(name) >= SHORTEST_INFLECTED and self.find(name)[1]:
                yield self._named(name)

    def _inflected(self, word: str) -> Iterator[Named]:
        """A large place that a Slavic word with a case ending names: Симферополе, Крыму."""
        if len(word) < SHORTEST_INFLECTED or not _CYRILLIC.fullmatch(word):
            return
        for name in _nominatives(word):
            if self.find(name)[1]:
                yield self._named(name)
                return

    def countries_in(self, text: str) -> list[tuple[str, tuple[str, ...]]]:
        """The names of countries in a text of several sentences, and the countries of each.

        Whoever writes freely means a country by them, unless a street bears the name; an ordinary
        word counts where the text leads to it: "delivered to Turkey".
        """
        return self._meant_in(text, self.countries.codes)

    def territories_in(self, text: str) -> list[tuple[str, tuple[str, ...]]]:
        """The same of special territories and the largest towns in them."""
        return self._meant_in(text, self.countries.territories)

    def _meant_in(self, text: str, codes: Codes) -> list[tuple[str, tuple[str, ...]]]:
        found: dict[str, tuple[str, ...]] = {}
        for part in _PARTS.split(text):
            words, at = key_of(part).split(" "), 0
            while at < len(words):
                length = self._length_of_name(words, at, part, codes)
                if not length:
                    found |= self._otherwise(words[at], codes)
                elif _STREETS.isdisjoint(_beside(words, at, length)):
                    name = " ".join(words[at : at + length])
                    found.setdefault(name, codes[name])
                at += length or 1
        return list(found.items())

    def _length_of_name(self, words: Sequence[str], at: int, part: str, codes: Codes) -> int:
        """How many words from here on are one of these names; 0 for none."""
        for length in range(min(LONGEST_NAME, len(words) - at), 0, -1):
            name = " ".join(words[at : at + length])
            if name in codes and self._leads_to(name, part):
                return length
        return 0

    def _leads_to(self, name: str, part: str) -> bool:
        if name not in self.countries.ordinary:
            return True
        written = part.split()
        return any(
            before.lower() in _TOWARDS and word[:1].isupper() and key_of(word) == name
            for before, word in pairwise(written)
        )

    def _otherwise(self, word: str, codes: Codes) -> dict[str, tuple[str, ...]]:
        """Those that a word with a Slavic case ending names, or letters without blanks."""
        if len(word) >= SHORTEST_INFLECTED and _CYRILLIC.fullmatch(word):
            names = _nominatives(word)
        else:
            runs = _RUN.findall(word)
            names = (run[at:end] for run in runs for at, end in _windows(len(run)))
        return {name: codes[name] for name in names if name in codes}

    def _of_run(self, run: str) -> Iterator[Named]:
        """Names inside letters that have no blanks between them."""
        at = 0
        while at < len(run):
            for size in range(min(LONGEST_IN_RUN, len(run) - at), 1, -1):
                if self.find(run[at : at + size])[0]:
                    yield self._named(run[at : at + size])
                    at += size - 1
                    break
            at += 1


def _beside(words: Sequence[str], at: int, length: int) -> list[str]:
    """The words beside a name that may make it that of a street."""
    after = words[at + length :][:_BESIDE]
    return [*words[max(at - _BESIDE, 0) : at], *(one for one in after if one not in _BEFORE_NAMES)]


def _nominatives(word: str) -> Iterator[str]:
    for cut in (1, 2):
        for ending in _NOMINATIVE:
            yield word[:-cut] + ending


def _windows(length: int) -> Iterator[tuple[int, int]]:
    for at in range(length):
        for end in range(min(length, at + LONGEST_IN_RUN), at + 1, -1):
            yield at, end


def _has_region(key: str, regions: Collection[str]) -> bool:
    for name in regions:
        if _RUN.fullmatch(name):
            if name in key:
                return True
            continue
        before, is_there, after = f" {key} ".partition(f" {name} ")
        words = [*before.split(), name, *after.split()]
        if is_there and _STREETS.isdisjoint(_beside(words, len(before.split()), 1)):
            return True
    return False


_REPAIR = "Take the file from the release again, or make it with config/devtools/gazetteer.py."


def _mapped(path: Path, digest: str) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if not size:
                raise GazetteerError(f"{path.name} is empty. {_REPAIR}")
            if size > LARGEST:
                raise GazetteerError(
                    f"{path.name} has {size:,} bytes, more than {LARGEST:,}. {_REPAIR}"
                )
            table = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise GazetteerError(f"{path}: {error.strerror or error}. {_REPAIR}") from None
    actual = "sha256:" + hashlib.sha256(table).hexdigest()
    if actual != digest:
        table.close()
        raise GazetteerError(
            f"{path.name} is not the file that ships: its digest is {actual}, not {digest}."
            f" {_REPAIR}"
        )
    return table


def load(folder: Path) -> Gazetteer:
    """The table of a folder and the names of countries, each compared with the digest beside it.

    Raises GazetteerError.
    """
    table = Gazetteer(folder / TABLE, _digest(folder / DIGEST))
    table.countries = _country_names(folder)
    return table


def _digest(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise GazetteerError(f"{path.name} is missing or unreadable. {_REPAIR}") from None


def _country_names(folder: Path) -> CountryNames:
    digest = _digest(folder / NAMES_DIGEST)
    try:
        files = [
            (folder / name).read_bytes() for name in (COUNTRIES, ORDINARY, REGIONS, TERRITORIES)
        ]
    except OSError as error:
        raise GazetteerError(f"{error.filename}: {error.strerror}. {_REPAIR}") from None
    actual = "sha256:" + hashlib.sha256(b"".join(files)).hexdigest()
    if actual != digest:
        raise GazetteerError(
            f"{COUNTRIES}, {ORDINARY}, {REGIONS} and {TERRITORIES} are not the files that ship:"
            f" their digest is {actual}, not {digest}. {_REPAIR}"
        )
    names, ordinary, parts, special = (content.decode() for content in files)
    states = {row["code"]: row["state"] for row in _rows(names) if row["state"]}
    words = frozenset(line for line in ordinary.splitlines() if not line.startswith("#"))
    regions = {row["code"]: frozenset(map(key_of, row["names"].split("|"))) for row in _rows(parts)}
    return CountryNames(_by_name(names), words, states, regions, _by_name(special))


def _rows(text: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(text), strict=True)


def _by_name(text: str) -> Codes:
    codes: dict[str, tuple[str, ...]] = {}
    for row in _rows(text):
        for name in map(key_of, row["names"].split("|")):
            codes[name] = (*codes.get(name, ()), row["code"])
    return codes


@cache
def shipped() -> Gazetteer:
    """The table that ships; looked at when the first site is."""
    return load(FOLDER)
