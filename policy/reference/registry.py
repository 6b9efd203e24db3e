"""The end-user registry: bodies and companies with the kind of end user that they are.

How names are compared is in `policy.reference.names.matcher`; what a name sounds like by its words,
in `lexicon`. An acronym counts only in the country of its body.

CSV columns: name, country (ISO 3166-1 alpha-2, empty for international bodies), class, aliases
(separated by "|"), note, source. A class is a value of the fact end_user_type, or

    question             a hit asks compliance what the body is and decides nothing
    operator             a known network operator; whether a state owns it is not on the list
    surveillance_vendor  makes or sells surveillance systems; a hit asks what it does in the deal
"""

import csv
import io
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from functools import cached_property, lru_cache
from threading import RLock

from policy.engine.language.facts import digest
from policy.engine.language.words import did_you_mean, listed, shown
from policy.reference.importers.text import delimiter_of, why_no_table
from policy.reference.names.folding import fold
from policy.reference.names.lexicon import Lexicon, LexiconError, read_stems
from policy.reference.names.matcher import REMEMBERED, Heard, Listed, Match, Matcher, is_rare
from policy.reference.names.readings import (
    Reading,
    content,
    countries_in,
    is_name,
    readings,
    sections,
    spoken,
    without_countries,
)
from policy.reference.names.short_forms import in_capitals

__all__ = [
    "COLUMNS",
    "INTELLIGENCE",
    "ON_A_LIST",
    "OPERATOR",
    "QUESTION",
    "VENDOR",
    "Hit",
    "LexiconError",
    "Party",
    "Registry",
    "RegistryError",
    "doubled",
    "fold",
    "parts",
    "read_registry",
    "read_stems",
]

COLUMNS = ("name", "country", "class", "aliases", "note", "source")
QUESTION, OPERATOR, INTELLIGENCE = "question", "operator", "intelligence_security"
VENDOR = "surveillance_vendor"
#: Whoever resembles one of these is asked about; of the others only the very name means anything.
ASKED = (INTELLIGENCE, "law_enforcement", "military", QUESTION, VENDOR)
#: Whose short form is asked about in other countries too, where a name is nothing else.
FEARED = (INTELLIGENCE, "law_enforcement", "military", VENDOR)
#: Names of vendors of so few letters are not looked for inside other texts.
SHORTEST_IN_TEXT = 3
#: Classes that are not kinds of end user.
NO_KIND = (QUESTION, OPERATOR, VENDOR)
#: What people call these.
WORDS_OF_NO_KIND: Mapping[str, Sequence[str]] = {
    QUESTION: ("ask", "unknown"),
    OPERATOR: ("network operator", "operator"),
    VENDOR: ("surveillance vendor", "vendor of surveillance systems"),
}
#: How the source of a row begins that came from a published list; the list's name follows.
ON_A_LIST = "list:"
_APART = re.compile(r"[()\[\]/]")


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

    @property
    def is_on_a_list(self) -> bool:
        """Whether a list of sanctions names it, which is asked about whatever else is known."""
        return self.kind == QUESTION and self.source.startswith(ON_A_LIST)


@dataclass(frozen=True, slots=True)
class Hit:
    """A party that a name means or resembles; `at_home` when it belongs to a country of the deal
    or the name itself says its country."""

    party: Party
    at_home: bool
    match: Match

    @property
    def is_exact(self) -> bool:
        return self.match.is_exact

    @property
    def is_certain(self) -> bool:
        """The very name, at home: what the registry says of the party holds for the deal."""
        return self.match.is_exact and self.at_home


@dataclass(frozen=True, eq=False)
class Said:
    """What the registry says to a name. Two names that it says the same to may have one each, so
    they are told apart by identity. `is_more`: more than that it is an operator or nobody.
    `is_operator`: all that it says is the very name of one. `homes`: for each part of the name
    that says it, the countries of whom it means, or those that its words name."""

    heard: Heard
    sounds: frozenset[str]
    is_more: bool
    is_operator: bool = False
    homes: tuple[frozenset[str], ...] = ()


#: To build one takes a second for twenty thousand names, and all threads would begin at once.
_BUILDING = RLock()


@dataclass(frozen=True)
class Registry:
    """The parties, and the digest of the text that they were read from."""

    parties: tuple[Party, ...]
    digest: str
    #: Stems of names that sound like a security body: see `policy.reference.names.lexicon`.
    stems: tuple[str, ...] = field(default=(), compare=False)

    @cached_property
    def lexicon(self) -> Lexicon:
        return Lexicon(self.stems)

    @cached_property
    def _rows(self) -> tuple[Party, ...]:
        # Sorted, so that the order of the rows decides nothing: no hit, no note, no question.
        return tuple(sorted(self.parties, key=astuple))

    @property
    def _matcher(self) -> Matcher:
        with _BUILDING:
            return self._built

    @cached_property
    def _built(self) -> Matcher:
        return Matcher(
            Listed(at, name, party.country, counts=party.kind in ASKED)
            for at, party in enumerate(self._rows)
            for name in _names(party)
        )

    @cached_property
    def said(self) -> Callable[[str], Said]:
        """What there is to say about a name, in whatever country; remembered for each name."""
        remembered = lru_cache(REMEMBERED)(self._said)
        kept = lru_cache(REMEMBERED)(lambda head: remembered(self._matcher.kept(head)))
        numbers, reduced = self._matcher.numbers, self._matcher.reduced

        def said(name: str) -> Said:
            # Lists of deals are full of one name with a number of its own behind it.
            head, _, tail = name.rpartition(" ")
            if tail.isdecimal() and tail not in numbers:
                return kept(head)
            return remembered(reduced(name))

        return said

    def _said(self, name: str) -> Said:
        heard = self._matcher.heard(name)
        exact = Heard(tuple(one for one in heard.matches if one.is_exact), heard.countries)
        if self._is_operator(name, exact):
            # The very name of an operator resembles nobody, and its words are no sign. A list of
            # sanctions still counts, where it writes the name in another way.
            kept = tuple(one for one in heard.matches if one.is_exact or self._is_sanctioned(one))
            told = Heard(kept, heard.countries)
            more = self._is_more(told)
            return Said(told, frozenset(), more, is_operator=True, homes=self._homes(name))
        sounds = self.lexicon.sounds(name)
        if self.lexicon.is_harmless(name):
            # A harmless phrase excuses itself and nothing that stands beside it.
            beside = self._matcher.heard(self.lexicon.beside_harmless(name)).matches
            heard = Heard((*exact.matches, *beside), heard.countries)
        return Said(heard, sounds, bool(sounds) or self._is_more(heard), homes=self._homes(name))

    def _homes(self, name: str) -> tuple[frozenset[str], ...]:
        """Where each part of a name is at home: as the registry has a company of that very name,
        with or without a country in it, or else by the countries that it names.
        """
        homes: dict[frozenset[str], None] = {}
        for at, part in enumerate(sections(name)):
            if at and not is_name(part):
                continue
            listed = self._listed_homes(part)
            if listed and not at:
                return (listed,)
            if not listed:
                homes |= dict.fromkeys(countries_in(part))
                bare = (without_countries(content(reading))[0] for reading in readings(part))
                # "Telecom Finland" is not the Telecom of another country.
                told = (self._listed_homes(" ".join(one)) for one in bare if any(map(is_rare, one)))
                listed = frozenset[str]().union(*told)
            homes[listed] = None
        homes.pop(frozenset(), None)
        return tuple(homes)

    def _listed_homes(self, name: str) -> frozenset[str]:
        """Bodies of states share their names with those of other countries, so they say nothing."""
        rows = (self._rows[at] for at in self._matcher.means(name, everywhere=True))
        return frozenset(row.country for row in rows if row.kind not in ASKED and row.country)

    def namesakes(self, name: str) -> frozenset[str]:
        """The countries of companies whose short form the whole name is: it may be another's."""
        whole = self._matcher.means(name)
        matches = self.said(name).heard.matches
        rows = [self._rows[one.at] for one in matches if one.is_acronym and one.at in whole]
        return frozenset(row.country for row in rows if row.kind not in ASKED and row.country)

    def _is_operator(self, name: str, exact: Heard) -> bool:
        """Whether all that the name says is an operator: one beside a body hides it from nobody."""
        parts = [part for part in sections(name)[1:] if is_name(part)]
        whole = self._matcher.means(name)
        return any(self._rows[at].kind == OPERATOR for at in whole) or (
            bool(parts)
            and bool(exact.matches)
            and all(
                any(self._rows[at].kind == OPERATOR for at in self._matcher.means(part))
                for part in parts
            )
        )

    def _is_sanctioned(self, match: Match) -> bool:
        return match.is_strong and self._rows[match.at].is_on_a_list

    def _is_more(self, heard: Heard) -> bool:
        return any(self._rows[match.at].kind != OPERATOR for match in heard.matches)

    def is_operator(self, name: str) -> bool:
        return self.said(name).is_operator

    def home_of_operator(self, name: str) -> str:
        """The country of the operator that the registry writes just so; "" where the name says
        anything else, or operators of several countries write it.
        """
        said = self.said(name)
        if not said.is_operator or said.is_more:
            return ""
        parties = (self._rows[match.at] for match in said.heard.matches)
        homes = {party.country for party in parties if fold(name) in map(fold, _names(party))}
        return homes.pop() if len(homes) == 1 else ""

    def sounds(self, name: str) -> frozenset[str]:
        """What the name sounds like, by its words; nothing for the very name of an operator."""
        return self.said(name).sounds

    def hits(self, name: str, countries: Iterable[str]) -> tuple[Hit, ...]:
        """Whom the name means or resembles, best first; one hit for each party.

        A weak likeness counts only in a country of the deal. So does an acronym, unless it is the
        whole name, or a part of it by itself, and no operator's: then it may be that body abroad.
        """
        said = self.said(name)
        return self._hits(said, frozenset(countries)) if said.heard.matches else ()

    @cached_property
    def _hits(self) -> Callable[[Said, frozenset[str]], tuple[Hit, ...]]:
        return lru_cache(REMEMBERED)(self._find_hits)

    def _find_hits(self, said: Said, countries: frozenset[str]) -> tuple[Hit, ...]:
        heard = said.heard
        hits: dict[int, Hit] = {}
        for match in heard.matches:
            party = self._rows[match.at]
            home = party.country
            at_home = not home or home in countries or home in heard.countries
            is_abroad = match.is_acronym and party.kind in FEARED and not said.is_operator
            if at_home or is_abroad or (match.is_strong and not match.is_short):
                hits.setdefault(match.at, Hit(party, at_home, match))
        return tuple(sorted(hits.values(), key=lambda hit: not hit.is_certain))

    def agency_in(self, text: str) -> Party | None:
        """The intelligence body of any country whose short form stands in a text in capitals."""
        for form in in_capitals(text):
            said = self.said(form)
            for match in () if said.is_operator else said.heard.matches:
                if match.is_acronym and self._rows[match.at].kind == INTELLIGENCE:
                    return self._rows[match.at]
        return None

    def vendor_in(self, text: str) -> Party | None:
        """The vendor of surveillance systems whose name stands in a text, such as a product's."""
        vendors = self._vendors
        if text.isascii() and vendors.keys().isdisjoint(fold(text).split()):
            return None
        words = content(spoken(readings(text)))
        for at, word in enumerate(words):
            for phrase, party in vendors.get(word, ()):
                if words[at : at + len(phrase)] == phrase:
                    return party
        return None

    @cached_property
    def vendor_words(self) -> frozenset[str]:
        """The words of the names of vendors."""
        return frozenset(
            word
            for several in self._vendors.values()
            for words, _party in several
            for word in words
        )

    @cached_property
    def _vendors(self) -> Mapping[str, Sequence[tuple[Reading, Party]]]:
        """Names of vendors in words, by their first word; short ones are too common in a text."""
        vendors: dict[str, list[tuple[Reading, Party]]] = {}
        for party in self._rows:
            for name in _names(party) if party.kind == VENDOR else ():
                words = content(spoken(readings(name)))
                if len("".join(words)) > SHORTEST_IN_TEXT:
                    vendors.setdefault(words[0], []).append((words, party))
        return vendors


def _names(party: Party) -> Iterator[str]:
    yield party.name
    if _APART.search(party.name):
        # What stands in brackets or behind a slash is another name, if it is no country.
        for part in _APART.split(party.name):
            # A single letter is none: "(S) PTE." is not the S of "A/S".
            if is_name(part) and not (part.isascii() and len(part.strip()) == 1):
                yield part
    yield from party.aliases


class RegistryError(ValueError):
    """A registry that cannot be read; `problems` has one sentence for each row at fault."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def rows_of(text: str) -> "csv.DictReader[str]":
    """The rows; fields stand between commas, semicolons or tabs, as the header has them."""
    delimiter = delimiter_of(text.partition("\n")[0])
    return csv.DictReader(io.StringIO(text), strict=True, delimiter=delimiter)


def read_registry(
    text: str, *, kinds: Iterable[str], countries: Container[str], stems: tuple[str, ...] = ()
) -> Registry:
    """The registry from CSV text; RegistryError names every row that does not fit.

    `kinds` are the values of end_user_type, `countries` the codes that exist.
    """
    rows = rows_of(text)
    known = [kind for kind in kinds if kind != "unknown"] + list(NO_KIND)
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
    rows = rows_of(text)
    first: dict[tuple[str, ...], int] = {}
    kinds: dict[tuple[str, str], tuple[str, int]] = {}
    problems = []
    for row in rows:
        line, key = rows.line_num, (fold(row["name"]), row["country"])
        taken = first.setdefault(tuple(row.values()), line)
        if taken != line:
            problems.append(f"line {line}: {shown(row['name'])} is already on line {taken}")
        if row["class"] not in NO_KIND:
            kind, other = kinds.setdefault(key, (row["class"], line))
            if kind != row["class"]:
                problems.append(
                    f"line {line}: {shown(row['name'])} is {row['class']} here and {kind} on line"
                    f" {other}; one party has one kind"
                )
    return problems


def _wrong(row: Mapping[str, str], known: Sequence[str], countries: Container[str]) -> str:
    if None in row or None in row.values():
        return f"expected {len(COLUMNS)} fields; put a field that holds a comma in quotation marks"
    if not fold(row["name"]):
        return "a party needs a name"
    if row["country"] and row["country"] not in countries:
        return (
            f"country {shown(row['country'])} is not a valid ISO 3166-1 alpha-2 code; write two"
            " letters, such as FI, or nothing for an international body"
        )
    if row["class"] not in known:
        hint = did_you_mean(row["class"], known) or f"; it is one of {listed(known)}"
        return f"class {shown(row['class'])} is unknown{hint}"
    return ""


def _party(row: Mapping[str, str]) -> Party:
    aliases = tuple(alias.strip() for alias in row["aliases"].split("|") if alias.strip())
    return Party(row["name"], row["country"], row["class"], aliases, row["note"], row["source"])
