"""Which listed names a typed name means: exactly, nearly or in part, and how well.

Two names are the same when they are equal without blanks, little words, legal forms and words for
their own country, in their own script, in Latin letters or by the look of their letters. Others are
compared word by word, each weighted by how rare it is in the list, and as a whole letter by letter.

The method and its constants were measured before they were written; `./run bench names` measures
them again. Everything is held in memory, so pages, jobs and the command line find the same.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from policy.reference.names.letters import Letters
from policy.reference.names.readings import (
    LONGEST_ACRONYM,
    Reading,
    acronym_of,
    company_forms,
    content,
    country_words,
    is_name,
    is_short,
    lines,
    readings,
    sections,
    spoken,
    without_countries,
    without_forms,
)

#: A score from which on a name is a question, and from which on it is a strong one.
ALERT, STRONG = 0.70, 0.85
#: What an unpaired word of the typed and of the listed name counts beside a pair.
TYPED_ALONE, LISTED_ALONE = 0.8, 0.35
#: A legal form, or a word for a country, counts for so much of a word.
FORM = 0.35
#: From so many letters on, names that are nearly equal as a whole are alike, less a little.
LEAST_LETTERS, NEARLY, LESS = 8, 88.0, 0.03
#: A listed name that stands whole inside a longer typed one.
INSIDE = 0.75
#: Words of fewer letters are not misspelt forms of others.
SHORTEST_TYPO = 4
INITIAL = 0.85
#: An acronym of two letters means nobody inside a longer name.
LEAST_ACRONYM = 3
REMEMBERED = 16_384
_FEW = 2
_NUMBER = re.compile(r"(?:^|\s)\d+(?:$|\s)")


@dataclass(frozen=True, slots=True)
class Pair:
    """A word of the typed name beside a word of the listed one, and how alike they are."""

    typed: str
    listed: str
    likeness: float


@dataclass(frozen=True, slots=True)
class Match:
    """A listed name that the typed one means or resembles. `at` is its place in the list.

    `is_exact`: they are the same name. `is_short`: it counts only in the country of its body.
    `is_acronym`: they are the same but for a country, and so short that others bear it elsewhere.
    `pairs` of the `words` that were typed have a partner; an exact match needs none. `is_inside`:
    it stands whole in the typed name and is not made of everyday words.
    """

    at: int
    listed: str
    score: float
    is_exact: bool = False
    is_short: bool = False
    pairs: tuple[Pair, ...] = ()
    words: int = 0
    is_inside: bool = False
    is_acronym: bool = False

    @property
    def is_strong(self) -> bool:
        return self.is_exact or self.is_inside or self.score >= STRONG


@dataclass(frozen=True, slots=True)
class Heard:
    """What the list says to a name: the matches, best first, and the countries in the name."""

    matches: tuple[Match, ...] = ()
    countries: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Listed:
    """A name of the list: which row it belongs to and the country of that row."""

    at: int
    name: str
    country: str
    #: Whether resembling it means anything: names of ordinary operators only say what is common.
    counts: bool


@dataclass(slots=True)
class _Entry:
    """A listed name as it is compared."""

    listed: Listed
    words: Reading
    weight: float
    whole: str
    #: Whether words for a country are left out, so that it is the same name in this one alone.
    leaves_out: bool


class Matcher:
    """Compares typed names with a list of names. One more name never takes a match away."""

    def __init__(self, names: Iterable[Listed]) -> None:
        #: Rows by the exact forms of their names; whether a form left out the row's own country.
        self._exact: dict[str, list[tuple[Listed, bool]]] = {}
        self._short: dict[str, list[Listed]] = {}
        self._entries: list[_Entry] = []
        self.numbers: set[str] = set()
        seen: set[tuple[int, Reading]] = set()
        for listed in names:
            several = readings(listed.name)
            self._learn(listed, several)
            full = content(spoken(several))
            for words in {full, without_countries(full)[0]} if listed.counts else ():
                if (listed.at, words) not in seen:
                    seen.add((listed.at, words))
                    self._enter(listed, words, leaves_out=words != full)
        self._entries.sort(key=lambda entry: len(entry.whole))
        self._arrange()
        self._similar = lru_cache(REMEMBERED)(self._find_similar)

    # --- What is listed -------------------------------------------------------------------------

    def _learn(self, listed: Listed, several: Sequence[Reading]) -> None:
        for reading in several:
            self.numbers.update(word for word in reading if word.isdigit())
            for key, drops_country in _keys(reading, listed.country):
                self._exact.setdefault(key, []).append((listed, drops_country))
            if listed.counts and LEAST_ACRONYM <= len("".join(reading)) <= LONGEST_ACRONYM:
                self._short.setdefault("".join(reading), []).append(listed)

    def _enter(self, listed: Listed, words: Reading, *, leaves_out: bool) -> None:
        whole = "".join(words)
        if len(whole) > LONGEST_ACRONYM:
            entry = _Entry(listed, words, sum(map(weight, words)), whole, leaves_out)
            self._entries.append(entry)

    def _arrange(self) -> None:
        self._holders: dict[str, list[int]] = {}
        self._by_first: dict[str, list[int]] = {}
        for number, entry in enumerate(self._entries):
            self._by_first.setdefault(entry.words[0], []).append(number)
            for word in dict.fromkeys(entry.words):
                self._holders.setdefault(word, []).append(number)
        self._wholes = [entry.whole for entry in self._entries]
        self._sorted = ["".join(sorted(entry.words)) for entry in self._entries]
        self._letters = Letters(self._wholes)
        self._words = sorted(self._holders, key=len)
        self._letters_of_words = Letters(self._words)

    # --- What is typed --------------------------------------------------------------------------

    def reduced(self, name: str) -> str:
        """The name without numbers that no listed name has: they tell nothing apart here."""
        if not _NUMBER.search(name):
            return name
        kept = self.kept(name)
        return kept if len(kept.split()) < len(name.split()) else name

    def kept(self, name: str) -> str:
        """Its words without the numbers that no listed name has."""
        numbers = self.numbers
        return " ".join(word for word in name.split() if not word.isdigit() or word in numbers)

    def heard(self, name: str) -> Heard:
        best: dict[tuple[int, bool], Match] = {}
        countries: frozenset[str] = frozenset()
        for number, part in enumerate(sections(name)):
            if number and not is_name(part):
                continue
            for reading in readings(part):
                full = content(reading)
                bare, named = without_countries(full)
                countries |= named
                for match in self._exactly(reading, named):
                    _keep(best, match)
                if not all(map(str.isascii, reading)):
                    continue
                for words in dict.fromkeys((full, bare)):
                    for match in (*self._short_in(words, part), *self._nearly(words)):
                        _keep(best, match)
        order = sorted(
            best.values(),
            key=lambda one: (not one.is_exact, -one.score, one.listed != name, one.listed),
        )
        return Heard(tuple(order), countries)

    def means(self, name: str, *, everywhere: bool = False) -> frozenset[int]:
        """The rows whose very name it is as a whole, whatever stands in its parts.

        With `everywhere` only those that it means in every country: no short forms.
        """
        rows: set[int] = set()
        for reading in readings(name):
            named = without_countries(content(reading))[1]
            rows.update(
                match.at
                for match in self._exactly(reading, named)
                if match.is_exact and not (everywhere and match.is_short)
            )
        return frozenset(rows)

    def _exactly(self, reading: Reading, named: frozenset[str]) -> Iterator[Match]:
        for key, drops_country in _keys(reading):
            for listed, leaves_out in self._exact.get(key, ()):
                is_acronym = is_short(key) and len(key) >= LEAST_ACRONYM
                if drops_country and listed.country and listed.country not in named:
                    # Another country's body of the same name, unless it is there for this one.
                    if is_acronym and listed.counts:
                        yield Match(listed.at, listed.name, ALERT, is_short=True, is_acronym=True)
                    continue
                only_at_home = (leaves_out and not drops_country) or is_short(key)
                yield Match(
                    listed.at,
                    listed.name,
                    1.0,
                    is_exact=True,
                    is_short=only_at_home,
                    is_acronym=is_acronym,
                )

    def _short_in(self, words: Reading, part: str) -> Iterator[Match]:
        """Acronyms in capitals inside a longer name: "BND Pullach", "Radio for BND in Pullach".

        Without capitals an acronym could be any word, so only the first and the last count.
        """
        if len(words) < _FEW:
            return
        for word in {words[0], words[-1]} if part.lower() == part else set(words):
            for listed in self._short.get(word, ()):
                if word not in _capitals(part):
                    continue
                pairs = (Pair(word, word, 1.0),)
                yield Match(
                    listed.at, listed.name, ALERT, is_short=True, pairs=pairs, words=len(words)
                )

    def _nearly(self, words: Reading) -> Iterator[Match]:
        weights = [weight(word) for word in words]
        literal = self._literally(words)
        inside = self._inside(words)
        for number in self._candidates(words, weights) | literal.keys() | inside:
            entry = self._entries[number]
            if len(words) == 1 and entry.words != words and not is_rare(words[0]):
                continue  # one everyday word says nothing of a longer name
            pairs = _paired(words, entry.words)
            score = max(
                _score(words, entry.weight, pairs),
                literal.get(number, 0.0),
                INSIDE if number in inside else 0.0,
            )
            if score >= ALERT:
                yield Match(
                    entry.listed.at,
                    entry.listed.name,
                    score,
                    is_short=entry.leaves_out or _says_less(entry.words, pairs),
                    pairs=pairs,
                    words=len(words),
                    is_inside=number in inside and any(map(is_rare, entry.words)),
                )

    def _inside(self, typed: Reading) -> set[int]:
        """Entries that stand whole, word after word, in the longer typed name."""
        return {
            number
            for at, word in enumerate(typed)
            for number in self._by_first.get(word, ())
            if (words := self._entries[number].words) != typed
            and typed[at : at + len(words)] == words
            and (len(words) >= _FEW or is_rare(word))
        }

    def _candidates(self, words: Reading, weights: Sequence[float]) -> set[int]:
        """Entries that could reach the threshold: those that share the words which matter."""
        shared: dict[int, float] = {}
        whole = left = sum(weights)
        # Words whose weights together are below this cannot make a match alone.
        spare = whole * ALERT * TYPED_ALONE / (1 - ALERT + ALERT * TYPED_ALONE)
        for value, word in sorted(zip(weights, words, strict=True), reverse=True):
            opens = left >= spare
            left -= value
            for listed in self._similar(word):
                most = max(value, weight(listed))
                holders = self._holders[listed]
                for number in holders if opens else shared.keys() & holders:
                    shared[number] = shared.get(number, 0.0) + most
        entries = self._entries
        return {
            number
            for number, reached in shared.items()
            if _could_reach(reached, whole, entries[number].weight)
        }

    def _literally(self, words: Reading) -> dict[int, float]:
        """Entries that are nearly equal as a whole, in the order of words or sorted."""
        typed = "".join(words)
        if len(typed) < LEAST_LETTERS:
            return {}
        shortest = math.ceil(len(typed) * NEARLY / (200 - NEARLY))
        longest = math.floor(len(typed) * (200 - NEARLY) / NEARLY)
        in_order = "".join(sorted(words))
        scores: dict[int, float] = {}
        for number in self._letters.sharing(
            typed, range(shortest, longest + 1), lambda length: _shared(len(typed) + length)
        ):
            ratio = fuzz.ratio(typed, self._wholes[number], score_cutoff=NEARLY)
            if len(words) > 1:
                other = fuzz.ratio(in_order, self._sorted[number], score_cutoff=NEARLY)
                ratio = max(ratio, other)
            if ratio:
                scores[number] = 1.0 if ratio == 100 else ratio / 100 - LESS
        return scores

    def _find_similar(self, word: str) -> tuple[str, ...]:
        """Listed words that are this one or may be a misspelt form of it."""
        similar = [word] if word in self._holders else []
        if len(word) < SHORTEST_TYPO or word.isdigit():
            return tuple(similar)
        lengths = range(
            max(SHORTEST_TYPO, len(word) - _typos(len(word))), len(word) + _typos(len(word) + 1) + 1
        )
        for at in self._letters_of_words.sharing(
            word, lengths, lambda length: max(length, len(word)) - _typos(max(length, len(word)))
        ):
            listed = self._words[at]
            most = _typos(max(len(listed), len(word)))
            if 0 < OSA.distance(word, listed, score_cutoff=most) <= most:
                similar.append(listed)
        return tuple(similar)


def likeness(typed: str, listed: str) -> float:
    """How well one name fits another, from 0 to 1, whatever list they are in."""
    words, others = (content(spoken(readings(name))) for name in (typed, listed))
    if "".join(words) == "".join(others):
        return 1.0
    score = _score(words, sum(map(weight, others)), _paired(words, others))
    wholes = ("".join(words), "".join(others))
    in_order = ("".join(sorted(words)), "".join(sorted(others)))
    for text, other in (wholes, in_order):
        ratio = fuzz.ratio(text, other)
        if min(len(text), len(other)) >= LEAST_LETTERS and ratio >= NEARLY:
            score = max(score, ratio / 100 - LESS)
    return score


def _capitals(part: str) -> set[str]:
    """The words in capitals; all words of a text without capitals."""
    words = part.split()
    loud = words if part.lower() == part else [word for word in words if word.upper() == word]
    return {word for reading in readings(" ".join(loud)) for word in reading}


def _paired(typed: Reading, listed: Reading) -> tuple[Pair, ...]:
    """The words that belong together, the most alike first; each has one partner at most."""
    options = [
        (likeness, at, other)
        for at, word in enumerate(typed)
        for other, name in enumerate(listed)
        if (likeness := _likeness(word, name))
    ]
    options.sort(key=lambda option: (-option[0], abs(option[1] - option[2]), option[1]))
    pairs: dict[int, Pair] = {}
    taken: set[int] = set()
    for likeness, at, other in options:
        if at not in pairs and other not in taken:
            taken.add(other)
            pairs[at] = Pair(typed[at], listed[other], likeness)
    return tuple(pairs[at] for at in sorted(pairs))


def _could_reach(shared: float, typed: float, listed: float) -> bool:
    """Whether names of these weights that share so much may be alike enough."""
    alone = TYPED_ALONE * max(typed - shared, 0.0) + LISTED_ALONE * max(listed - shared, 0.0)
    return shared >= ALERT * (shared + alone)


def _score(typed: Reading, listed: float, pairs: Iterable[Pair]) -> float:
    """The score of a typed name beside a listed one of this weight."""
    reached = paired = typed_paired = listed_paired = 0.0
    for pair in pairs:
        own, other = weight(pair.typed), weight(pair.listed)
        # A misspelt word is as rare as the word that was meant.
        reached += other * pair.likeness
        paired += other
        typed_paired += own
        listed_paired += other
    alone = sum(map(weight, typed)) - typed_paired
    left = listed - listed_paired
    whole = paired + TYPED_ALONE * alone + LISTED_ALONE * left
    return reached / whole if whole else 0.0


def _says_less(listed: Reading, pairs: Iterable[Pair]) -> bool:
    """Whether the typed name leaves out a word of the listed one that names its country."""
    paired = {pair.listed for pair in pairs}
    return any(word in country_words() and word not in paired for word in listed)


def _keep(best: dict[tuple[int, bool], Match], match: Match) -> None:
    """The best match of each row, and beside a short one the best that counts anywhere."""
    key = match.at, match.is_short
    if key not in best or _rank(match) > _rank(best[key]):
        best[key] = match


def _rank(match: Match) -> tuple[bool, float]:
    return match.is_exact, match.score


@cache
def _counted() -> tuple[Mapping[str, int], int]:
    """In how many of so many names of bodies and companies a word stands."""
    pairs = [line.split() for line in lines("word_counts.txt")]
    (_, total), *rest = pairs
    return {word: int(count) for word, count in rest}, int(total)


@lru_cache(REMEMBERED)
def weight(word: str) -> float:
    """How much a word tells: 1 for one that no counted name has, little for "national"."""
    counts, total = _counted()
    value = math.log1p(total / (1 + counts.get(word, 0))) / math.log1p(total)
    return value * FORM if word in company_forms() or word in country_words() else value


def is_rare(word: str, *, shortest: int = LONGEST_ACRONYM + 1) -> bool:
    return len(word) >= shortest and _counted()[0].get(word, 0) <= _FEW


def _keys(reading: Reading, country: str | None = None) -> list[tuple[str, bool]]:
    """The forms by which a name is found exactly; whether words for countries are left out.

    With a `country`, only words for this one are.
    """
    words = content(reading)
    keys = {"".join(words): False}
    if spelt := acronym_of(reading):
        keys.setdefault(spelt, False)
    plain = without_forms(words)
    keys.setdefault("".join(plain), False)
    bare, named = without_countries(plain)
    if named and (country is None or country in named):
        keys.setdefault("".join(without_forms(bare)), True)
    return [(key, drops) for key, drops in keys.items() if key]


def _shared(letters: int) -> int:
    """How many letters two texts of so many together share at least, if they are nearly equal."""
    return math.ceil(letters * NEARLY / 200 - 1e-9)


def _typos(length: int) -> int:
    return max(1, length // 4)


@lru_cache(REMEMBERED)
def _likeness(typed: str, listed: str) -> float:
    if typed == listed:
        return 1.0
    longer, shorter = max(len(typed), len(listed)), min(len(typed), len(listed))
    if shorter == 1:
        return INITIAL if typed[0] == listed[0] and longer > 1 else 0.0
    if shorter < SHORTEST_TYPO:
        return 0.0
    distance = OSA.distance(typed, listed, score_cutoff=_typos(longer))
    return 1 - distance / longer if distance <= _typos(longer) else 0.0
