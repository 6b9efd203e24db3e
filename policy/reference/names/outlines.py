"""What is left of a name whoever writes it: by this two spellings of one body find each other.

Two names share an outline when they differ in blanks, the order of words, an alphabet, digits for
letters, a doubled letter, one wrong letter of a long name, a legal form, words such as "group", a
country, or in what stands behind a comma, in brackets or behind "trading as". Besides, a name finds
those that have a word or a number more or less. That they are one body is a guess, so it only ever
asks.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations

from policy.reference.names.lexicon import plainly
from policy.reference.names.matcher import is_rare
from policy.reference.names.readings import (
    Reading,
    content,
    is_name,
    readings,
    sections,
    spoken,
    without_countries,
    without_forms,
)

#: Names that are remembered: the end users of all deals that were stopped in two years.
REMEMBERED = 65_536
SHORTEST = 3
#: In a shorter name, or a shorter word of one, a wrong letter makes another name: "MTC", "MTN".
SHORTEST_MISSPELT, SHORTEST_MISSPELT_WORD = 9, 5
#: Nobody misspells a name that they wrote longer than this to hide it: it finds itself as it is.
LONGEST_MISSPELT = 60
#: Before all words of a name, and before some of them. A name finds the wholes within it, and the
#: names that have it as a part.
WHOLE, PART = "=", "<"
_OPPOSITE = {WHOLE: PART, PART: WHOLE}
#: Of a name with more words, the parts are those that stand side by side.
MOST_WORDS = 6
#: What a body adds to its name or leaves out.
_ADDED = frozenset(
    (
        *(
            "group",
            "groupe",
            "gruppe",
            "grupo",
            "gruppo",
            "holding",
            "holdings",
            "branch",
            "messrs",
        ),
        *("distribution", "local", "partners", "cv", "limitada", "sau", "unipersonal"),
    )
)
#: Behind these, and before them, stand two names of one body.
_ALIAS = re.compile(
    r"\b(?:t/a|d/?b/?a|a/?k/?a|f/?k/?a|c/o|trading as|doing business as|(?:also|formerly) known as"
    r"|formerly|on behalf of)\b",
    re.IGNORECASE,
)
#: Letters that are written for the same sound.
_SOUNDS = (("kh", "h"), ("ck", "k"), ("ph", "f"), ("c", "k"), ("q", "k"), ("w", "v"), ("y", "i"))
#: Between two words that a dot joins, and in no short form ("S.A.").
_JOINED = re.compile(r"(?<=\w\w)[.·・_](?=\w\w)")
_DOUBLED = re.compile(r"([a-z])\1+")


@lru_cache(REMEMBERED)
def outlines(name: str) -> frozenset[str]:
    """The outlines of a name and of its sections; none of a name that says too little."""
    return frozenset(
        outline
        for section in names_in(name)
        for outline in _outlines_of(spoken(readings(section)))
        if len(outline) >= SHORTEST
    )


def names_in(name: str) -> list[str]:
    """The name, and each part of it that may be the name of the body by itself."""
    whole = _JOINED.sub(" ", name)
    parts = [section for part in _ALIAS.split(whole) for section in sections(part)]
    return list(dict.fromkeys([whole, *(part.strip() for part in parts if _says_who(part))]))


@lru_cache(REMEMBERED)
def drawn(name: str) -> frozenset[str]:
    """By what a name is found: its outlines, all its words, and some of them."""
    return outlines(name).union(*map(_words_of, names_in(name)))


@lru_cache(REMEMBERED)
def sought(name: str) -> frozenset[str]:
    """By what those are found whom a name may mean."""
    return frozenset(map(opposite, drawn(name)))


def opposite(outline: str) -> str:
    """What a name with this outline shares with another one."""
    return _OPPOSITE.get(outline[0], outline[0]) + outline[1:]


def are_alike(one: str, other: str) -> bool:
    return not drawn(one).isdisjoint(sought(other))


def _words_of(section: str) -> Iterator[str]:
    """The words of a name without countries, in one word: all of them, and each part that tells
    something. What is common, as "telecom" or "mobile", tells nobody apart by itself.
    """
    bare, _ = without_countries(_told(spoken(readings(section))))
    for written in plainly(" ".join(bare)):
        words = written.split()
        for part in _parts(words):
            if any(is_rare(word, shortest=SHORTEST_MISSPELT_WORD) for word in part):
                mark = PART if len(part) < len(words) else WHOLE
                said = [_said(word) for word in part]
                yield mark + "".join(said)
                yield mark + "".join(sorted(said))


def _parts(words: Sequence[str]) -> Iterable[Sequence[str]]:
    lengths = range(1, len(words) + 1)
    if len(words) <= MOST_WORDS:
        return (part for length in lengths for part in combinations(words, length))
    return (words[at : at + length] for length in lengths for at in range(len(words) - length + 1))


def _says_who(part: str) -> bool:
    """Whether a part of a name is no place, no legal form and no common words."""
    bare, named = without_countries(_told(readings(part)[0]))
    says = is_name(part) and not _ADDED.issuperset(bare) and len("".join(bare)) >= SHORTEST
    return says and (not named or any(map(is_rare, bare)))


def _told(words: Reading) -> Reading:
    told = without_forms(content(words))
    return tuple(word for word in told if word not in _ADDED) or told


def _outlines_of(words: Reading) -> Iterator[str]:
    for said in _said_of(words):
        yield "".join(said)
        yield "".join(sorted(said))
        yield from _misspelt(said)


def _said_of(words: Reading) -> Iterator[list[str]]:
    """The words of a name that count, as they sound: one or two ways to read them."""
    told = _told(words)
    bare, named = without_countries(told)
    # "Telekom" alone is the name of many; of a rare word a country makes no other name.
    if named and any(map(is_rare, bare)):
        told = bare
    if not any(map(is_rare, told)):
        # Common words: each of them may be what tells two bodies apart.
        told = without_forms(words)
    for written in plainly(" ".join(told)):
        yield _said(written).split()


def _misspelt(said: Sequence[str]) -> Iterator[str]:
    """Without each of the letters: names with one wrong, missing or added letter share one.

    A digit is none of them: it tells the second company from the first.
    """
    joined = "".join(said)
    if not SHORTEST_MISSPELT <= len(joined) <= LONGEST_MISSPELT:
        return
    start = 0
    for word in said:
        if len(word) >= SHORTEST_MISSPELT_WORD:
            for at in range(start, start + len(word)):
                if not joined[at].isdigit():
                    yield joined[:at] + joined[at + 1 :]
        start += len(word)


def _said(words: str) -> str:
    for letters, sound in _SOUNDS:
        words = words.replace(letters, sound)
    return _DOUBLED.sub(r"\1", words)
