"""Where a place is, by its name: the table that `config/devtools/gazetteer.py` makes of GeoNames.

The table is one UTF-8 text, `policy/data/places/gazetteer.txt`: a line for each name, sorted by the
bytes of the name, "name<TAB>codes". A name is folded (`key_of`): no case, accents, punctuation,
Latin letters only as ASCII, other scripts as they are. A code is a country or a territory of
`policy/data/countries/special_territories.csv`; in small letters when the place is small. Only
names that may matter are there: those of places in territories, and of places with 15,000 people
or more; then every place of that name stands in the line, however small.

The file is mapped into memory and searched where it lies, so nothing of it is read before the first
site is looked up. It is compared with its digest once: a file that is cut, of another encoding or
not ours is a GazetteerError, never a table that happens to know less.
"""

import hashlib
import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from anyascii import anyascii

from policy.reference.registry import fold

FOLDER = Path(__file__).parents[1] / "data" / "places"
TABLE = "gazetteer.txt"
DIGEST = "gazetteer.sha256"
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
        self._table = _mapped(path, digest)
        head, _, rest = self._table[:200].partition(b"\n")
        if not head.startswith(b"# ") or not rest:
            raise GazetteerError(f"{path.name}: the first line does not say what it is. {_REPAIR}")
        self.edition = head[2:].decode()
        self._first = len(head) + 1

    def find(self, name: str) -> tuple[tuple[str, ...], frozenset[str]]:
        """The codes of places with this folded name, and those of the large ones."""
        line = self._line(name.encode())
        if line is None:
            return (), frozenset()
        written = line.decode().split(" ")
        large = [code for code in written if not code.islower()]
        small = [code.upper() for code in written if code.islower()]
        return tuple(dict.fromkeys([*large, *small])), frozenset(large)

    def _line(self, name: bytes) -> bytes | None:
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
                if known is None or (one.is_whole and not known.is_whole):
                    found[one.name] = one
        return list(found.values())

    def _of_part(self, key: str) -> Iterator[Named]:
        codes, large = self.find(key)
        if codes:
            yield Named(key, codes, large, is_whole=True)
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
                codes, large = self.find(name)
                yield Named(name, codes, large, is_whole=False)
            else:
                yield from self._inflected(words[at])
                yield from self._with_more(words[at])
            at += length or 1
        for run in _RUN.findall(key):
            yield from self._of_run(run)

    def _put_together(self, words: Sequence[str]) -> Iterator[Named]:
        """A large place whose name was taken apart: "Sim-feropol", "S i m f e r o p o l"."""
        name = "".join(words)
        if len(words) > 1 and len(name) >= SHORTEST_TOGETHER:
            codes, large = self.find(name)
            if large:
                yield Named(name, codes, large, is_whole=False)

    def _with_more(self, word: str) -> Iterator[Named]:
        """A large place at the beginning of a word: "Simferopol2", or with a mark of softness."""
        if _HAS_MORE.search(word):
            name = _HAS_MORE.split(word)[0]
            codes, large = self.find(name)
            if large and len(name) >= SHORTEST_INFLECTED:
                yield Named(name, codes, large, is_whole=False)

    def _inflected(self, word: str) -> Iterator[Named]:
        """A large place that a Slavic word with a case ending names: Симферополе, Крыму."""
        if len(word) < SHORTEST_INFLECTED or not _CYRILLIC.fullmatch(word):
            return
        for cut in (1, 2):
            for ending in _NOMINATIVE:
                name = word[:-cut] + ending
                codes, large = self.find(name)
                if large:
                    yield Named(name, codes, large, is_whole=False)
                    return

    def _of_run(self, run: str) -> Iterator[Named]:
        """Names inside letters that have no blanks between them."""
        at = 0
        while at < len(run):
            for size in range(min(LONGEST_IN_RUN, len(run) - at), 1, -1):
                codes, large = self.find(run[at : at + size])
                if codes:
                    yield Named(run[at : at + size], codes, large, is_whole=False)
                    at += size - 1
                    break
            at += 1


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
    """The table of a folder, compared with the digest beside it. Raises GazetteerError."""
    try:
        digest = (folder / DIGEST).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise GazetteerError(f"{DIGEST} is missing or unreadable. {_REPAIR}") from None
    return Gazetteer(folder / TABLE, digest)


@cache
def shipped() -> Gazetteer:
    """The table that ships; looked at when the first site is."""
    return load(FOLDER)
