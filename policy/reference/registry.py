"""The end-user registry: bodies and companies with the kind of end user that they are.

Names are compared exactly after folding, aliases in every script included. No string distance is
used here: an acronym or a translation is not near its name, and a near name is no proof.

CSV columns: name, country (ISO 3166-1 alpha-2, empty for international bodies), class, aliases
(separated by "|"), note, source. A class is a value of the fact end_user_type, or

    question   a hit asks compliance what the body is and decides nothing
    operator   a known network operator; whether a state owns it is not on the list
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from functools import cached_property, lru_cache

from anyascii import anyascii

from policy.engine.language.facts import digest
from policy.engine.language.words import did_you_mean, listed, shown
from policy.reference.importers.text import delimiter_of, why_no_table

COLUMNS = ("name", "country", "class", "aliases", "note", "source")
QUESTION, OPERATOR, INTELLIGENCE = "question", "operator", "intelligence_security"
#: Short forms of this length mean different bodies in different countries.
LONGEST_ACRONYM = 5
REMEMBERED = 4096

_APART = re.compile(r"[()\[\]/]")
#: Small letters of other scripts that look like a Latin one.
LOOKALIKES = str.maketrans(
    "авеѕіјкмнорсԛтуѵԝхһԁгαβεηικμνορτυχγ", "abesijkmhopcqtyvwxhdrabehikmvoptuxy"
)
#: A word with letters of two scripts is no word of either.
_MIXED = re.compile(r"[a-z].*[\u0370-\u052f]|[\u0370-\u052f].*[a-z]")
#: Characters that show nothing although they are not format characters.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")

_BLANKS = bytes(at if chr(at).isalnum() else 32 for at in range(128)) + bytes(128)


@lru_cache(REMEMBERED)
def fold(name: str) -> str:
    """A name without case, accents, punctuation, invisible characters and extra blanks, in any
    script; in a word of two scripts, letters that look Latin are Latin.
    """
    if name.isascii():
        return b" ".join(name.lower().encode().translate(_BLANKS, b".'").split()).decode()
    words = name.translate(_FOLDED).split()
    return " ".join(word.translate(LOOKALIKES) if _MIXED.search(word) else word for word in words)


class _Folded(dict[int, str]):
    """What each letter becomes, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", chr(code)).casefold())
        self[code] = "".join(_said(letter) for letter in plain)
        return self[code]


def _said(letter: str) -> str:
    kind = unicodedata.category(letter)
    if letter in ".'\u2019" or unicodedata.combining(letter) or kind == "Cf" or _is_unseen(letter):
        return ""
    return " " if kind[0] in "PSZC" else letter


def _is_unseen(letter: str) -> bool:
    """Fillers, joiners and selectors of a glyph; a name is the same without them."""
    return (
        letter in _UNSEEN
        or "\ufe00" <= letter <= "\ufe0f"
        or "\u180b" <= letter <= "\u180f"
        or "\U000e0000" <= letter <= "\U000e0fff"
    )


_FOLDED = _Folded()


def parts(name: str) -> Iterator[str]:
    """The folded name, and each part between brackets and slashes."""
    yield fold(name)
    if _APART.search(name):
        yield from filter(None, map(fold, _APART.split(name)))


@dataclass(frozen=True, slots=True)
class Party:
    """One row of the registry."""

    name: str
    country: str
    kind: str
    aliases: tuple[str, ...] = ()
    note: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A party that bears the name; `at_home` when it belongs to a country of the deal."""

    party: Party
    at_home: bool


@dataclass(frozen=True)
class Registry:
    """The parties, and the digest of the text that they were read from."""

    parties: tuple[Party, ...]
    digest: str
    #: Stems of names that sound like a security body, folded.
    stems: tuple[str, ...] = field(default=(), compare=False)

    def sounds_like_security(self, name: str) -> bool:
        """Whether the name contains a stem; it raises a question and decides nothing."""
        words = fold(name)
        if not name.isascii():
            words += f" {fold(anyascii(name))}"
        hears = self._hears
        # Names are made of few words: each is looked at once, phrases when one may begin.
        heard = {hears(word) for word in words.split() if not word.isdigit()}
        if True in heard:
            return True
        return None in heard and any(phrase in f" {words} " for phrase in self._phrases)

    @cached_property
    def _phrases(self) -> tuple[str, ...]:
        return tuple(stem for stem in self.stems if " " in stem.strip())

    @cached_property
    def _hears(self) -> Callable[[str], bool | None]:
        """Whether a word contains a stem; None when it may begin a phrase."""
        words = tuple(stem for stem in self.stems if " " not in stem.strip())
        begins = tuple(phrase.partition(" ")[0] for phrase in self._phrases)

        @lru_cache(REMEMBERED)
        def hears(word: str) -> bool | None:
            if any(stem in f" {word} " for stem in words):
                return True
            return None if word.endswith(begins) else False

        return hears

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Party, ...]]:
        by_name: dict[str, dict[Party, None]] = {}
        for party in self.parties:
            for name in (party.name, *party.aliases):
                for part in parts(name) if name == party.name else (fold(name),):
                    if part:
                        by_name.setdefault(part, {})[party] = None
        # Sorted, so that the order of the rows decides nothing: no hit, no note, no question.
        return {
            # Most names are one party's, and turning it into a tuple takes longer than the rest.
            name: tuple(sorted(parties, key=astuple) if len(parties) > 1 else parties)
            for name, parties in by_name.items()
        }

    @cached_property
    def _remarkable(self) -> frozenset[str]:
        """The names of parties that are more than operators."""
        return frozenset(
            name
            for name, parties in self._by_name.items()
            if any(party.kind != OPERATOR for party in parties)
        )

    def remarks_on(self, name: str) -> bool:
        """Whether a party that is more than an operator bears the name, in whatever country."""
        if fold(name) in self._remarkable:
            return True
        if "(" in name or "/" in name or "[" in name or ")" in name or "]" in name:
            return not self._remarkable.isdisjoint(parts(name))
        return False

    def is_operator(self, name: str) -> bool:
        """Whether the name, as a whole, is in the registry at all."""
        return fold(name) in self._by_name

    def hits(self, name: str, countries: Container[str]) -> tuple[Hit, ...]:
        """Who bears this name. A short form counts only in a country of the deal."""
        by_name = self._by_name
        if fold(name) not in by_name and not _APART.search(name):
            return ()
        hits: dict[Hit, None] = {}
        for part in parts(name):
            for party in by_name.get(part, ()):
                at_home = not party.country or party.country in countries
                if at_home or len(part.replace(" ", "")) > LONGEST_ACRONYM:
                    hits[Hit(party, at_home)] = None
        return tuple(hits)


class RegistryError(ValueError):
    """A registry that cannot be read; `problems` has one sentence for each row at fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read_stems(text: str) -> tuple[str, ...]:
    """The stems of a word list: one per line, folded, blanks at the ends kept, "#" for remarks."""
    stems: dict[str, None] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            before, after = " " * line.startswith(" "), " " * line.endswith(" ")
            stems[f"{before}{fold(line)}{after}"] = None
    # A stem that contains another one finds nothing that the other does not find.
    return tuple(
        stem for stem in stems if not any(other in stem for other in stems if other != stem)
    )


def read_registry(
    text: str, *, kinds: Iterable[str], countries: Container[str], stems: tuple[str, ...] = ()
) -> Registry:
    """The registry from CSV text; RegistryError names every row that does not fit.

    Fields stand between commas, semicolons or tabs, as the header has them.
    `kinds` are the values of end_user_type, `countries` the codes that exist.
    """
    delimiter = delimiter_of(text.partition("\n")[0])
    rows = csv.DictReader(io.StringIO(text), strict=True, delimiter=delimiter)
    known = [kind for kind in kinds if kind != "unknown"] + [QUESTION, OPERATOR]
    problems: list[str] = []
    parties: dict[Party, None] = {}
    try:
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise RegistryError([f"line 1: the columns must be {','.join(COLUMNS)}"])
        for row in rows:
            wrong = _wrong(row, known, countries)
            if wrong:
                problems.append(f"line {rows.line_num}: {wrong}")
            else:
                parties[_party(row)] = None
    except csv.Error as error:
        problems.append(f"line {rows.line_num + 1}: {why_no_table(error)}")
    if problems:
        raise RegistryError(problems)
    return Registry(tuple(parties), digest(text), stems)


def doubled(text: str) -> list[str]:
    """Rows that say the same twice, or call one party two kinds, each with both lines.

    For a registry that somebody proposes. A stored one is read with them: the rows of a party
    count together, and their order decides nothing.
    """
    delimiter = delimiter_of(text.partition("\n")[0])
    rows = csv.DictReader(io.StringIO(text), strict=True, delimiter=delimiter)
    first: dict[tuple[str, ...], int] = {}
    kinds: dict[tuple[str, str], tuple[str, int]] = {}
    problems = []
    for row in rows:
        line, key = rows.line_num, (fold(row["name"]), row["country"])
        taken = first.setdefault(tuple(row.values()), line)
        if taken != line:
            problems.append(f"line {line}: {shown(row['name'])} is already on line {taken}")
        if row["class"] not in (QUESTION, OPERATOR):
            kind, other = kinds.setdefault(key, (row["class"], line))
            if kind != row["class"]:
                problems.append(
                    f"line {line}: {shown(row['name'])} is {row['class']} here and {kind} on line"
                    f" {other}; one party has one kind"
                )
    return problems


def _wrong(row: Mapping[str, str], known: Sequence[str], countries: Container[str]) -> str:
    if None in row or None in row.values():
        return f"expected {len(COLUMNS)} fields"
    if not fold(row["name"]):
        return "a party needs a name"
    if row["country"] and row["country"] not in countries:
        return f"country {shown(row['country'])} is not a valid ISO 3166-1 alpha-2 code"
    if row["class"] not in known:
        hint = did_you_mean(row["class"], known) or f"; it is one of {listed(known)}"
        return f"class {shown(row['class'])} is unknown{hint}"
    return ""


def _party(row: Mapping[str, str]) -> Party:
    aliases = tuple(alias.strip() for alias in row["aliases"].split("|") if alias.strip())
    return Party(row["name"], row["country"], row["class"], aliases, row["note"], row["source"])
