"""Facts: what a rule may read, and the frozen, partly answered set of them that is screened.

A fact is unknown until it is answered; a set of flags is unknown member by member. Beside the
plain values, Facts keeps *cells*, a tuple of integers for the readings that must be fast:

    choice, yes/no   one cell: the set of values that are still possible, a bit each
                     (one bit set: known; all bits set: unknown). Yes is bit 0, no is bit 1.
    flags            two cells: the members that are surely there, and those that may be there
    amount           one cell: the integer, or None
    text             no cell: it is quoted in sentences and read by no condition
"""

import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

from policy.engine.language.words import did_you_mean, listed, shown

Source = Literal["declared", "verified", "derived", "reviewer"]
SOURCES: tuple[str, ...] = get_args(Source)
Plain = str | bool | int | list[str] | dict[str, list[str]]
Cell = int | None
YES, NO = 1, 2
# JSON numbers beyond this are not the same number in every program that reads them.
LARGEST_AMOUNT = 2**53 - 1
LONGEST_TEXT = 10_000


class FactError(ValueError):
    """Facts that do not fit the vocabulary; `problems` names every misfit, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class _Misfit(Exception):
    """A value that its fact refuses; caught inside this module, which then says why."""


#: Writes a value into the cells; returns whether the fact is now fully answered.
Reader = Callable[[object, list[Cell]], bool]


@dataclass(frozen=True, kw_only=True)
class _Fact:
    label: str = ""
    source: Source = "declared"
    ask: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    #: What a sentence says in place of a value that is not known.
    unknown: str = ""

    @property
    def unknown_words(self) -> str:
        return self.unknown or f"({self.label or 'value'}: not known)"

    def say(self, value: str) -> str:
        """A value or member in human words."""
        return self.words.get(value) or value.replace("_", " ")


@dataclass(frozen=True)
class Choice(_Fact):
    """One of a closed list of values; `rising` orders some or all of them, mildest first."""

    name: str
    values: tuple[str, ...]
    rising: tuple[str, ...] = ()
    kind = "choice"
    width = 1

    @property
    def blank(self) -> tuple[Cell, ...]:
        return ((1 << len(self.values)) - 1,)

    def reader(self, slot: int) -> Reader:
        bits: dict[object, int] = {value: 1 << at for at, value in enumerate(self.values)}

        def read(value: object, cells: list[Cell]) -> bool:
            cells[slot] = bits[value]
            return True

        return read

    def plain(self, cells: Sequence[Cell], slot: int) -> str | None:
        bits = cells[slot] or 0
        return self.values[bits.bit_length() - 1] if bits.bit_count() == 1 else None

    def complaints(self, value: object) -> list[str]:
        if not isinstance(value, str):
            return [f"{self.name}: expected one of its values as text, not {shown(value)}"]
        hint = did_you_mean(value, self.values) or f"; it is one of {listed(self.values)}"
        return [f"{self.name}: unknown value {shown(value)}{hint}"]


@dataclass(frozen=True)
class YesNo(_Fact):
    """True or false."""

    name: str
    kind = "yesno"
    width = 1

    @property
    def blank(self) -> tuple[Cell, ...]:
        return (YES | NO,)

    def say(self, value: str) -> str:
        return self.words.get(value) or {"true": "yes", "false": "no"}[value]

    def reader(self, slot: int) -> Reader:
        def read(value: object, cells: list[Cell]) -> bool:
            if value is True:
                cells[slot] = YES
            elif value is False:
                cells[slot] = NO
            else:
                raise _Misfit
            return True

        return read

    def plain(self, cells: Sequence[Cell], slot: int) -> bool | None:
        return {YES: True, NO: False}.get(cells[slot] or 0)

    def complaints(self, value: object) -> list[str]:
        return [f"{self.name}: expected true, false or null, not {shown(value)}"]


@dataclass(frozen=True)
class Amount(_Fact):
    """A whole number between ±(2^53 - 1); `unit` follows it in sentences."""

    name: str
    unit: str = ""
    kind = "amount"
    width = 1
    blank: tuple[Cell, ...] = field(default=(None,), init=False)

    def say(self, value: str) -> str:
        return f"{value} {self.unit}".strip()

    def reader(self, slot: int) -> Reader:
        def read(value: object, cells: list[Cell]) -> bool:
            if type(value) is not int or abs(value) > LARGEST_AMOUNT:
                raise _Misfit
            cells[slot] = value
            return True

        return read

    def plain(self, cells: Sequence[Cell], slot: int) -> int | None:
        return cells[slot]

    def complaints(self, value: object) -> list[str]:
        return [
            f"{self.name}: expected a whole number of at most {LARGEST_AMOUNT} either side of"
            f" zero, not {shown(value)}"
        ]


@dataclass(frozen=True)
class Flags(_Fact):
    """A set of members, each there, absent or unknown."""

    name: str
    members: tuple[str, ...]
    kind = "flags"
    width = 2

    @cached_property
    def bits(self) -> Mapping[str, int]:
        return {member: 1 << at for at, member in enumerate(self.members)}

    @property
    def blank(self) -> tuple[Cell, ...]:
        return (0, (1 << len(self.members)) - 1)

    def mask(self, members: Sequence[str]) -> int:
        return sum(self.bits[member] for member in set(members))

    def among(self, mask: int) -> list[str]:
        return [member for member, bit in self.bits.items() if mask & bit]

    def reader(self, slot: int) -> Reader:
        bits = self.bits

        def read(value: object, cells: list[Cell]) -> bool:
            surely = maybe = 0
            if type(value) is list or type(value) is tuple:
                for member in value:
                    surely |= bits[member]
            elif isinstance(value, Mapping) and value.keys() <= {"yes", "unknown"}:
                for member in _members(value.get("yes", ())):
                    surely |= bits[member]
                for member in _members(value.get("unknown", ())):
                    maybe |= bits[member]
                if surely & maybe:
                    raise _Misfit
            else:
                raise _Misfit
            cells[slot] = surely
            cells[slot + 1] = surely | maybe
            return not maybe

        return read

    def plain(self, cells: Sequence[Cell], slot: int) -> Plain | None:
        surely, possible = cells[slot] or 0, cells[slot + 1] or 0
        unknown = possible & ~surely
        if not unknown:
            return sorted(self.among(surely))
        if (surely, possible) == self.blank:
            return None
        return {"unknown": sorted(self.among(unknown)), "yes": sorted(self.among(surely))}

    def complaints(self, value: object) -> list[str]:
        if isinstance(value, Mapping):
            strange = [key for key in value if key not in {"yes", "unknown"}]
            if strange:
                return [f'{self.name}: expected the keys "yes" and "unknown", not {shown(strange)}']
            named = [value.get("yes", ()), value.get("unknown", ())]
        else:
            named = [value]
        if not all(isinstance(part, list | tuple) for part in named):
            return [f"{self.name}: expected a list of members, not {shown(value)}"]
        members = [member for part in named for member in part]
        known = [member for member in members if isinstance(member, str) and member in self.bits]
        problems = [
            f"{self.name}: unknown member {shown(member)}{did_you_mean(member, self.members)}"
            for member in members
            if not isinstance(member, str) or member not in self.bits
        ]
        twice = sorted({member for member in known if known.count(member) > 1})
        if not problems and twice:
            problems.append(f"{self.name}: {listed(twice)} is both there and unknown")
        return problems


def _members(value: object) -> Sequence[str]:
    if type(value) is list or type(value) is tuple:
        return value
    raise _Misfit


@dataclass(frozen=True)
class Text(_Fact):
    """Free text for sentences; a condition cannot read it."""

    name: str
    kind = "text"
    width = 0
    blank: tuple[Cell, ...] = field(default=(), init=False)

    def reader(self, slot: int) -> None:
        """Texts have no cell; they are read together (see `_storable`)."""

    def complaints(self, value: object) -> list[str]:
        if not isinstance(value, str):
            return [f"{self.name}: expected text or null, not {shown(value)}"]
        if len(value) > LONGEST_TEXT:
            return [f"{self.name}: {len(value)} characters; at most {LONGEST_TEXT} are kept"]
        return [f"{self.name}: holds a character that cannot be stored (NUL or half a surrogate)"]


def _storable(texts: dict[str, str]) -> dict[str, str]:
    """The texts, normalised; one look at all of them together, because nearly all are plain.

    Raises _Misfit, TypeError or UnicodeEncodeError for one that cannot be stored.
    """
    together = "".join(texts.values())
    if "\x00" in together:
        raise _Misfit
    if len(together) > LONGEST_TEXT and max(map(len, texts.values())) > LONGEST_TEXT:
        raise _Misfit
    if together.isascii():
        return texts
    together.encode()  # half a surrogate pair cannot be stored or hashed
    return {name: unicodedata.normalize("NFC", text) for name, text in texts.items()}


Fact = Choice | Flags | YesNo | Amount | Text


class Vocabulary(Mapping[str, Fact]):
    """The facts by name, in the order in which they are shown."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._facts = {fact.name: fact for fact in facts}
        if len(self._facts) != len(facts):
            raise ValueError("two facts share a name")
        self.slots: dict[str, int] = {}
        #: A bit per fact, for `Facts.known`.
        self.bits = {fact.name: 1 << at for at, fact in enumerate(facts)}
        blank: list[Cell] = []
        self._readers: dict[str, tuple[Reader | None, int]] = {}
        for fact in facts:
            self.slots[fact.name] = len(blank)
            self._readers[fact.name] = (fact.reader(len(blank)), self.bits[fact.name])
            blank.extend(fact.blank)
        self.blank = tuple(blank)
        #: By the name of each fact what reads its plain value from the cells; None for texts.
        self.plainly = [
            (name, None if isinstance(fact, Text) else fact.plain, self.slots[name])
            for name, fact in self._facts.items()
        ]

    def __getitem__(self, name: str) -> Fact:
        return self._facts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)

    def parse(self, plain: Mapping[str, object]) -> "Facts":
        """Facts from their plain form; FactError lists every misfit at once.

        A choice is a string, yes/no a boolean, an amount an integer, a text a string. Flags are a
        list (exactly these members; all others are surely absent) or `{"yes": […], "unknown": […]}`
        (all others are surely absent). None, or leaving the fact out, means unknown.
        """
        cells = list(self.blank)
        texts: dict[str, Any] = {}
        readers = self._readers
        known = 0
        try:
            for name, value in plain.items():
                read, bit = readers[name]
                if value is None:
                    continue
                if read is None:
                    texts[name] = value
                elif not read(value, cells):
                    continue
                known |= bit
            texts = _storable(texts)
        except (_Misfit, KeyError, TypeError, UnicodeEncodeError):
            raise FactError(self._complaints(plain)) from None
        return Facts(self, tuple(cells), texts, known)

    def adopt(self, facts: "Facts") -> "Facts":
        """The same facts in this vocabulary; FactError when they do not fit it."""
        return facts if facts.vocabulary is self else self.parse(facts.plain)

    def _complaints(self, plain: Mapping[str, object]) -> list[str]:
        problems: list[str] = []
        for name, value in plain.items():
            if name not in self._facts:
                problems.append(f"unknown fact {shown(name)}{did_you_mean(name, self._facts)}")
            elif value is not None:
                read, _ = self._readers[name]
                try:
                    if read is None:
                        _storable({name: value})  # type: ignore[dict-item]
                    else:
                        read(value, list(self.blank))
                except (_Misfit, KeyError, TypeError, UnicodeEncodeError):
                    problems.extend(self._facts[name].complaints(value))
        return problems


class Facts:
    """What is known about one deal; frozen. Made by `Vocabulary.parse`."""

    __slots__ = ("_digest", "_text", "cells", "known", "texts", "vocabulary")

    def __init__(
        self,
        vocabulary: Vocabulary,
        cells: tuple[Cell, ...],
        texts: Mapping[str, str],
        known: int = 0,
    ) -> None:
        self.vocabulary = vocabulary
        #: Bits of facts that are fully answered; one that is not set promises nothing.
        self.known = known
        self.cells = cells
        self.texts = texts
        self._text = ""
        self._digest = ""

    def __getitem__(self, name: str) -> Plain | None:
        """The plain value, or None when unknown (flags: when every member is)."""
        fact = self.vocabulary[name]
        if isinstance(fact, Text):
            return self.texts.get(name)
        return fact.plain(self.cells, self.vocabulary.slots[name])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facts) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Facts({self.text})"

    def has(self, name: str, member: str) -> bool | None:
        """Whether a member of a set of flags is there; None when that is unknown."""
        fact = self.vocabulary[name]
        if not isinstance(fact, Flags):
            raise TypeError(f"{name} is not a set of flags")
        slot, bit = self.vocabulary.slots[name], fact.bits[member]
        if (self.cells[slot] or 0) & bit:
            return True
        return None if (self.cells[slot + 1] or 0) & bit else False

    def is_known(self, name: str) -> bool:
        """Whether the fact is answered, every member of a set of flags included."""
        value = self[name]
        return value is not None and not isinstance(value, dict)

    @property
    def plain(self) -> dict[str, Plain]:
        """The plain form; what is unknown is left out."""
        cells, texts = self.cells, self.texts
        return {
            name: value
            for name, read, slot in self.vocabulary.plainly
            if (value := read(cells, slot) if read else texts.get(name)) is not None
        }

    @property
    def text(self) -> str:
        """Canonical JSON: sorted ASCII keys, NFC strings, whole numbers; unknown is left out."""
        if not self._text:
            self._text = canonical(self.plain)
        return self._text

    @property
    def digest(self) -> str:
        """The SHA-256 of `text` as UTF-8, written "sha256:…"."""
        if not self._digest:
            self._digest = digest(self.text)
        return self._digest

    def replace(self, **changes: object) -> "Facts":
        """The same facts with some changed; None makes one unknown."""
        return self.vocabulary.parse({**self.plain, **changes})


def canonical(value: object) -> str:
    """JSON text with sorted keys and no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
