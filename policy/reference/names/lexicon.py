"""What a name sounds like: intelligence, police, military, a ministry of the interior.

The list of words is part of a registry version. A stem that stands under no heading, as in lists
of earlier programs, sounds like a security body of whatever kind.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from policy.reference.names.folding import fold
from policy.reference.names.readings import readings, spoken, without_countries, without_forms

SECURITY, BODY, HARMLESS, BESIDE = "security", "body", "harmless", " beside"
#: What it sounds like, as a sentence names it.
SOUNDS: Mapping[str, str] = {
    "intelligence": "an intelligence or security body",
    "police": "a police body",
    "military": "a military body",
    "interior": "a ministry of the interior",
    SECURITY: "a security body",
}
#: The kinds of end user that a name of this sound may be declared as without a question.
FITTING: Mapping[str, tuple[str, ...]] = {
    "intelligence": ("intelligence_security",),
    "police": ("law_enforcement", "intelligence_security"),
    "military": ("military", "intelligence_security"),
    "interior": ("law_enforcement", "intelligence_security"),
    SECURITY: ("law_enforcement", "military", "intelligence_security"),
}
HEADINGS = (*SOUNDS, *(f"{sound}{BESIDE}" for sound in SOUNDS), BODY, HARMLESS)
#: So many words beside a harmless phrase make another name of it.
MOST_BESIDE = 2
#: Stems of so many letters are found across the blanks of a name.
LONG = 10
#: Digits that stand for a letter inside a word.
_AS_LETTERS = (str.maketrans("013457", "oleast"), str.maketrans("013457", "oieast"))
_SHORT = 4
#: Letters one by one.
_SPELT = re.compile(r"(?<!\S)\w(?: \w(?!\S)){3,}")
_HEADING = re.compile(r"\[(.+)\]")


class LexiconError(ValueError):
    """A list of words with a heading that nobody reads."""


def read_stems(text: str) -> tuple[str, ...]:
    """The stems of a word list: one per line, folded, blanks at the ends kept, "#" for remarks.

    Under a heading "[police]" they come out as "police:stem".
    """
    stems: dict[str, dict[str, None]] = {}
    heading = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if headed := _HEADING.fullmatch(line.strip()):
            heading = headed[1]
            if heading not in HEADINGS:
                known = ", ".join(f"[{one}]" for one in HEADINGS)
                raise LexiconError(f"line {number}: no heading [{heading}]; there are {known}")
        elif folded := fold(line):
            before, after = " " * line.startswith(" "), " " * line.endswith(" ")
            stems.setdefault(heading, {})[f"{before}{folded}{after}"] = None
    return tuple(
        f"{heading}:{stem}" if heading else stem
        for heading, several in stems.items()
        for stem in (several if heading == HARMLESS else _needed(several))
    )


def _needed(stems: Iterable[str]) -> list[str]:
    """Those that find something that no other one finds."""
    return [stem for stem in stems if not any(other in stem for other in stems if other != stem)]


def _laps(stem: tuple[int, int], phrase: tuple[int, int]) -> bool:
    """Whether they share letters, and what was found is more than a part of the phrase."""
    is_apart = stem[1] <= phrase[0] or phrase[1] <= stem[0]
    return not is_apart and not (phrase[0] <= stem[0] and stem[1] <= phrase[1])


def _plainly(words: str) -> str:
    """The words, and beside them what they say without digits for letters and letter by letter."""
    disguised = [word for word in words.split() if _is_disguised(word)]
    undisguised = [word.translate(table) for word in disguised for table in _AS_LETTERS]
    undisguised += [spelt[0].replace(" ", "") for spelt in _SPELT.finditer(words)]
    return " ".join([words, *undisguised])


def plainly(words: str) -> list[str]:
    """Folded words without digits for letters: one or two ways to read them."""
    return list(
        dict.fromkeys(
            " ".join(
                word.translate(table) if _is_disguised(word) else word for word in words.split()
            )
            for table in _AS_LETTERS
        )
    )


def _is_disguised(word: str) -> bool:
    """Digits among letters: "p0lice", and not "o2" or "unit61398"."""
    return not word.isalpha() and not word.rstrip("0123456789").isalpha() and len(word) > _SHORT


@dataclass(frozen=True)
class Lexicon:
    stems: tuple[str, ...]

    def sounds(self, name: str) -> frozenset[str]:
        """What a name sounds like; nothing for most names."""
        words = fold(name)
        if not words.isascii():
            words = f"{words}  {' '.join(spoken(readings(name)))}"
        whole = f" {_plainly(words)} "
        text = self._without_harmless(whole)
        heard = {sound for sound, listens in self._listens.items() if listens.search(text)}
        heard |= self._across(whole) | self._without_blanks(text)
        # A phrase that was heard does not count again word by word.
        rest = self._phrases.sub("  ", text) if heard and self._phrases else text
        beside = [sound for sound, listens in self._beside.items() if listens.search(rest)]
        if beside and self._has_body(text):
            heard |= set(beside)
        return frozenset(heard)

    def _across(self, text: str) -> set[str]:
        """What only begins or ends in a harmless phrase: "national security systems"."""
        if self._harmless is None:
            return set()
        doubled = text.replace(" ", "  ")
        phrases = [match.span() for match in self._harmless.finditer(doubled)]
        if not phrases:
            return set()
        return {
            sound
            for sound, listens in self._over.items()
            for match in listens.finditer(doubled)
            if any(_laps(match.span(), phrase) for phrase in phrases)
        }

    def _without_blanks(self, text: str) -> set[str]:
        """What a name sounds like when its words are put together: "verfassungs schutz"."""
        if text.count(" ") <= MOST_BESIDE:
            return set()
        together = text.replace(" ", "")
        return {sound for sound, listens in self._long.items() if listens.search(together)}

    def beside_harmless(self, name: str) -> str:
        """The words of a name that belong to no harmless phrase."""
        return self._without_harmless(f" {fold(name)} ").strip()

    def is_harmless(self, name: str) -> bool:
        """Whether the name is a harmless phrase and little else."""
        words = fold(name)
        rest = self._without_harmless(f" {words} ").split()
        left = without_countries(without_forms(tuple(rest)))[0]
        return len(rest) < len(words.split()) and len(left) < MOST_BESIDE

    def _without_harmless(self, text: str) -> str:
        if self._harmless is None:
            return text
        # Blanks between words are shared, so each has two while phrases are taken out.
        return self._harmless.sub("  ", text.replace(" ", "  ")).replace("  ", " ")

    def _has_body(self, text: str) -> bool:
        return bool(self._bodies and self._bodies.search(text))

    @cached_property
    def _by_heading(self) -> Mapping[str, Sequence[str]]:
        by_heading: dict[str, list[str]] = {}
        for stem in self.stems:
            heading, colon, rest = stem.partition(":")
            by_heading.setdefault(heading if colon else SECURITY, []).append(rest or heading)
        return by_heading

    @cached_property
    def _listens(self) -> Mapping[str, re.Pattern[str]]:
        return {sound: listens for sound in SOUNDS if (listens := self._any_of(sound))}

    @cached_property
    def _beside(self) -> Mapping[str, re.Pattern[str]]:
        return {sound: listens for sound in SOUNDS if (listens := self._any_of(sound + BESIDE))}

    @cached_property
    def _over(self) -> Mapping[str, re.Pattern[str]]:
        """Stems of several words, as `_without_harmless` doubles their blanks."""
        several = {
            sound: [
                re.escape(stem.strip().replace(" ", "  "))
                for stem in self._by_heading.get(sound, ())
                if " " in stem.strip()
            ]
            for sound in SOUNDS
        }
        return {sound: re.compile("|".join(stems)) for sound, stems in several.items() if stems}

    @cached_property
    def _long(self) -> Mapping[str, re.Pattern[str]]:
        """Stems of one word that are too long to stand in other words by chance."""
        long = {
            sound: [
                re.escape(stem)
                for stem in self._by_heading.get(sound, ())
                if len(stem) >= LONG and stem.isascii() and " " not in stem
            ]
            for sound in SOUNDS
        }
        return {sound: re.compile("|".join(stems)) for sound, stems in long.items() if stems}

    @cached_property
    def _phrases(self) -> re.Pattern[str] | None:
        """Stems of several words."""
        several = [
            re.escape(stem)
            for sound in SOUNDS
            for stem in self._by_heading.get(sound, ())
            if " " in stem.strip()
        ]
        return re.compile("|".join(several)) if several else None

    @cached_property
    def _bodies(self) -> re.Pattern[str] | None:
        return self._any_of(BODY)

    @cached_property
    def _harmless(self) -> re.Pattern[str] | None:
        phrases = self._by_heading.get(HARMLESS, ())
        if not phrases:
            return None
        longest = sorted((" ".join(phrase.split()) for phrase in phrases), key=len, reverse=True)
        doubled = "|".join(re.escape(phrase.replace(" ", "  ")) for phrase in longest)
        return re.compile(f" (?:{doubled}) ")

    def _any_of(self, heading: str) -> re.Pattern[str] | None:
        stems = self._by_heading.get(heading, ())
        return re.compile("|".join(map(re.escape, stems))) if stems else None
