"""How a name may be read: letters that pretend, invisible ones, scripts, little words.

A reading is a tuple of words without case, accents and punctuation. A name in another script has
a second one in Latin letters, and one whose letters all look Latin a third as it looks.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

from anyascii import anyascii

from policy.reference.names.folding import fold

FOLDER = Path(__file__).parents[2] / "data" / "names"
#: Where a name ends and an explanation, another name or an address begins.
_APART = re.compile(r"[()\[\]/,;|،、；，（）]|\s[-–—]\s")  # noqa: RUF001
_WORD = re.compile(r"\w+")
_ARABIC_ARTICLE = "\u0627\u0644"
#: Letters that Arabic, Persian and Urdu keyboards write in two ways.
_ARABIC = str.maketrans(
    "\u06a9\u06cc\u0649\u0629\u06c1\u06d2", "\u0643\u064a\u064a\u0647\u0647\u064a"
)
#: Scripts that write a name without blanks, so that a few letters are a whole name.
_DENSE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
LONGEST_PHRASE = 5
#: Letters; "us", "cr" and "rsa" name countries beside a word that does too.
SHORTEST_COUNTRY = 4
#: Short forms of this length mean different bodies in different countries.
LONGEST_ACRONYM = 5

Reading = tuple[str, ...]


def sections(name: str) -> list[str]:
    """The name, and each part of it between brackets, slashes, commas and dashes."""
    if not _APART.search(name):
        return [name]
    return [name, *filter(str.strip, _APART.split(name))]


def readings(text: str) -> list[Reading]:
    """As written, in Latin letters, as it looks: as many of the three as differ."""
    if text.isascii():
        return [tuple(fold(text).split())]
    text = unicodedata.normalize("NFKC", text)
    honest = _WORD.sub(lambda word: _honest(word[0]), text)
    written = tuple(fold(honest).translate(_ARABIC).split())
    different = [written]
    if not all(map(str.isascii, written)):
        different.append(_latin(written))
    if (looks := tuple(fold(text.translate(_lookalikes())).split())) not in different and all(
        map(str.isascii, looks)
    ):
        different.append(looks)
    return different


def spoken(several: Sequence[Reading]) -> Reading:
    """The one of the readings of a name that is compared letter by letter."""
    return several[0] if len(several) == 1 else several[1]


def _latin(words: Reading) -> Reading:
    in_latin = (
        word if word.isascii() else anyascii(word.removeprefix(_ARABIC_ARTICLE)) for word in words
    )
    return tuple(part for word in in_latin for part in fold(word).split())


def _honest(word: str) -> str:
    """A word of two scripts in one: that of the letters which no other script has."""
    if word.isascii():
        return word
    looks = _lookalikes()
    other = [letter for letter in word if not _is_latin(letter)]
    if not other:
        return word.translate(looks)
    if all(ord(letter) in looks or letter.isdigit() for letter in other):
        # Wholly in another script it may be an honest word; beside Latin letters it is none.
        return word.translate(looks) if len(other) < len(word) else word
    script = _script(next(letter for letter in other if ord(letter) not in looks))
    back = _written_in(script)
    if all(letter in back for letter in word if _is_latin(letter)):
        return "".join(back.get(letter, letter) for letter in word)
    return word.translate(looks)


def _is_latin(letter: str) -> bool:
    return letter.isascii() or _script(letter) == "LATIN"


@lru_cache(4096)
def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


@cache
def _lookalikes() -> Mapping[int, str]:
    """Each letter that looks like a Latin one, and that one."""
    pairs = (line.partition(" ") for line in lines("lookalikes.txt"))
    return {ord(letter): latin for latin, _blank, letters in pairs for letter in letters}


@cache
def _written_in(script: str) -> Mapping[str, str]:
    """The letters of a script by the Latin one that they look like."""
    return {
        latin: chr(code) for code, latin in _lookalikes().items() if _script(chr(code)) == script
    }


def content(words: Reading) -> Reading:
    """Without articles, prepositions and "and", where something is left."""
    little = _little()
    return tuple(word for word in words if word not in little) or words


def without_forms(words: Reading) -> Reading:
    """Without legal forms, where something is left."""
    forms = company_forms()
    return tuple(word for word in words if word not in forms) or words


@lru_cache(4096)
def without_form(folded: str) -> str:
    """A folded name without the legal forms at its ends, where something is left."""
    words, forms = folded.split(), company_forms()
    first, last = 0, len(words)
    while last > first and words[last - 1] in forms:
        last -= 1
    while first < last and words[first] in forms:
        first += 1
    return " ".join(words[first:last]) or folded


def without_countries(words: Reading) -> tuple[Reading, frozenset[str]]:
    """Without words that name a country, where something is left, and the countries named."""
    if _country_first_words().isdisjoint(words):
        return words, frozenset()
    kept: list[str] = []
    named: set[str] = set()
    at = 0
    while at < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            codes = _country_phrases().get(words[at : at + length])
            if codes:
                named |= codes
                at += length
                while kept and kept[-1] in _OF_STATES:
                    kept.pop()
                break
        else:
            kept.append(words[at])
            at += 1
    return (tuple(kept) or words), frozenset(named)


def countries_in(name: str) -> Iterator[frozenset[str]]:
    """The countries that a name surely names, each phrase by itself: several share a name. Short
    forms name none, for they may be any word.
    """
    for reading in readings(name):
        yield from _named_in(content(reading))


def _named_in(words: Reading) -> Iterator[frozenset[str]]:
    at = 0
    while at < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            phrase = words[at : at + length]
            if codes := _country_phrases().get(phrase):
                if len("".join(phrase)) >= SHORTEST_COUNTRY or not phrase[0].isascii():
                    yield codes
                at += length - 1
                break
        at += 1


def is_name(text: str) -> bool:
    """Whether it says more than a country and a legal form."""
    words = without_forms(content(readings(text)[0]))
    bare, named = without_countries(words)
    return bool(words) and words[0] not in company_forms() and not (named and bare == words)


#: What stands before the name of a country and belongs to it.
_OF_STATES = frozenset(
    (
        *("republic", "kingdom", "sultanate", "emirate", "federation", "federal", "islamic"),
        *("democratic", "peoples", "union", "commonwealth", "republique", "republica", "republik"),
        *("republike", "respubliki", "respublika"),
    )
)


def acronym_of(words: Reading) -> str:
    """Single letters side by side as one word: "K N B"."""
    return "".join(words) if all(len(word) == 1 for word in words) else ""


def is_short(written: str) -> bool:
    """Whether a name without blanks is so short that it means other bodies elsewhere."""
    return len(written) <= LONGEST_ACRONYM and not (
        len(written) > 1 and _DENSE.search(written) and len(anyascii(written)) > LONGEST_ACRONYM
    )


@cache
def _little() -> frozenset[str]:
    return frozenset(_folded_words("little_words.txt"))


@cache
def company_forms() -> frozenset[str]:
    return frozenset(_folded_words("company_forms.txt"))


@cache
def _country_phrases() -> Mapping[Reading, frozenset[str]]:
    """Phrases that name a country, without little words, as written and in Latin letters."""
    codes: dict[Reading, set[str]] = {}
    for line in lines("country_words.txt"):
        code, _blank, phrases = line.partition(" ")
        for phrase in phrases.split("|"):
            for reading in readings(phrase):
                codes.setdefault(content(reading), set()).add(code)
    return {phrase: frozenset(several) for phrase, several in codes.items()}


@cache
def _country_first_words() -> frozenset[str]:
    return frozenset(phrase[0] for phrase in _country_phrases() if phrase)


@cache
def _looks() -> Mapping[str, str]:
    return {latin: chr(code) for code, latin in _lookalikes().items()}


def look_of(letter: str) -> str:
    """A letter of another script that looks like this Latin one; "" when there is none."""
    return _looks().get(letter, "")


@cache
def _country_names() -> Mapping[str, str]:
    pairs = (line.partition(" ") for line in lines("country_words.txt"))
    return {code: phrases.partition("|")[0].title() for code, _blank, phrases in pairs}


def name_of_country(code: str) -> str:
    return _country_names().get(code, "")


@cache
def country_words() -> frozenset[str]:
    """Words that name a country alone or with others."""
    return frozenset(word for phrase in _country_phrases() for word in phrase)


def _folded_words(name: str) -> Iterator[str]:
    for line in lines(name):
        for word in line.split():
            yield from fold(word).split()


def lines(name: str) -> Iterable[str]:
    """The lines of a word list that say something."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
