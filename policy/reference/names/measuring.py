"""How well a registry finds what it must find and leaves alone what it must: figures and gates.

Measured on the registry's own names, decorated and misspelt, and on labelled names that ship in
policy/data/names/measured. The same names are drawn each time, so two versions can be compared.
"""

import csv
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from policy.reference.names.lexicon import Lexicon
from policy.reference.names.matcher import ALERT, likeness
from policy.reference.names.readings import LONGEST_ACRONYM, look_of, name_of_country
from policy.reference.registry import ASKED, OPERATOR, Party, Registry

DATA = Path(__file__).parents[2] / "data"
#: Names of the registry that are decorated and misspelt; all of them would take minutes.
SAMPLE = 300
#: Names that are looked up as they are listed; lists of sanctions have a hundred thousand.
MOST_LISTED = 5000
#: A misspelt name of fewer letters is another name.
LEAST_MISSPELT = 8
LETTERS = "abcdefghijklmnopqrstuvwxyz"

type Change = Callable[[str, Party, random.Random], str | None]


@dataclass(frozen=True)
class Figure:
    """A share of names, and what it must be; `gate` None where none is demanded."""

    name: str
    words: str
    share: float
    of: int
    gate: float | None = None
    at_most: bool = False

    @property
    def is_reached(self) -> bool:
        if self.gate is None:
            return True
        return self.share <= self.gate if self.at_most else self.share >= self.gate

    @property
    def plain(self) -> dict[str, Any]:
        """As a report keeps it, which records no fractions: shares are text."""
        return {
            "name": self.name,
            "words": self.words,
            "share": f"{self.share:.4f}",
            "demanded": self.demanded,
            "of": self.of,
            "is_reached": self.is_reached,
        }

    @property
    def demanded(self) -> str:
        if self.gate is None:
            return ""
        return f"{'at most' if self.at_most else 'at least'} {self.gate:.2f}"


def measure(registry: Registry) -> list[Figure]:
    """The figures of a registry, in seconds."""
    unlisted = replace(
        registry, parties=tuple(party for party in registry.parties if party.kind != OPERATOR)
    )
    return [
        *_listed(registry),
        _by_words(registry.lexicon),
        *_bodies(registry),
        *_honest(unlisted),
        *_pairs(),
    ]


# --- Names of the registry ------------------------------------------------------------------------


def _listed(registry: Registry) -> Iterator[Figure]:
    every = [
        (name, party)
        for party in sorted(
            registry.parties, key=lambda listed: (listed.name, listed.country, listed.kind)
        )
        if party.kind in ASKED
        for name in (party.name, *party.aliases)
    ]
    looked_up = every if len(every) <= MOST_LISTED else random.Random(3).sample(every, MOST_LISTED)  # noqa: S311
    yield _found("listed", "Listed names and aliases", 0.99, registry, looked_up)
    draw = random.Random(1)  # noqa: S311 - the same names each time
    sample = every if len(every) <= SAMPLE else draw.sample(every, SAMPLE)
    yield _changed("variants", "The same with the country, an acronym", sample, VARIANTS, registry)
    words = "The same with suffix, article, hyphens, case, look-alikes"
    yield _changed("decorated", words, sample, DECORATIONS, registry)
    long = [(name, party) for name, party in sample if _letters(name) >= LEAST_MISSPELT]
    yield _changed("misspelt", "The same with a typing error", long, (misspelt,), registry, 0.98)


def _changed(
    name: str,
    words: str,
    sample: Sequence[tuple[str, Party]],
    changes: Sequence[Change],
    registry: Registry,
    gate: float = 0.99,
) -> Figure:
    draw = random.Random(2)  # noqa: S311 - the same names each time
    changed = [
        (text, party)
        for listed, party in sample
        for change in changes
        if (text := change(listed, party, draw))
    ]
    return _found(name, words, gate, registry, changed)


def _found(
    name: str, words: str, gate: float, registry: Registry, typed: Sequence[tuple[str, Party]]
) -> Figure:
    many_found = sum(is_found(registry, text, party) for text, party in typed)
    return Figure(name, words, _share(many_found, len(typed)), len(typed), gate)


def is_found(registry: Registry, typed: str, party: Party) -> bool:
    """Whether a deal in the party's country finds the party by this name."""
    return any(hit.party == party for hit in registry.hits(typed, {party.country}))


def _letters(name: str) -> int:
    return sum(map(str.isalpha, name))


def with_country(name: str, party: Party, _draw: random.Random) -> str | None:
    country = name_of_country(party.country)
    return f"{name} of {country}" if country and _letters(name) > LONGEST_ACRONYM else None


def country_first(name: str, party: Party, _draw: random.Random) -> str | None:
    country = name_of_country(party.country)
    return f"{country} {name}" if country and _letters(name) > LONGEST_ACRONYM else None


def with_acronym(name: str, party: Party, _draw: random.Random) -> str | None:
    short = [alias for alias in party.aliases if alias.isupper() and len(alias) <= LONGEST_ACRONYM]
    return f"{name} ({short[0]})" if short else None


def loud(name: str, _party: Party, _draw: random.Random) -> str:
    return name.upper()


def quiet(name: str, _party: Party, _draw: random.Random) -> str:
    return name.lower()


def hyphened(name: str, _party: Party, _draw: random.Random) -> str:
    return name.replace(" ", "-")


def with_article(name: str, _party: Party, _draw: random.Random) -> str:
    return f"The {name}"


def with_suffix(name: str, _party: Party, _draw: random.Random) -> str:
    return f"{name}, Technical Procurement Section"


def with_form(name: str, _party: Party, _draw: random.Random) -> str:
    return f"{name} Ltd"


def with_invisible(name: str, _party: Party, draw: random.Random) -> str:
    at = draw.randrange(1, len(name)) if len(name) > 1 else 0
    return f"{name[:at]}\u200b{name[at:]}"


def disguised(name: str, _party: Party, draw: random.Random) -> str | None:
    """One letter in each word from another script."""
    words = []
    for word in name.split(" "):
        looks = [at for at, letter in enumerate(word) if look_of(letter)]
        at = draw.choice(looks) if looks else -1
        words.append(f"{word[:at]}{look_of(word[at])}{word[at + 1 :]}" if looks else word)
    text = " ".join(words)
    return text if text != name else None


def misspelt(name: str, _party: Party, draw: random.Random) -> str:
    """One letter left out, doubled, changed or swapped with the next, not the first one."""
    inner = [at for at in range(1, len(name) - 1) if name[at].isalpha() and name[at + 1].isalpha()]
    at = draw.choice(inner) if inner else 0
    before, letter, after = name[:at], name[at], name[at + 1 :]
    return draw.choice(
        (
            before + after,
            before + letter + letter + after,
            before + draw.choice(LETTERS) + after,
            before + after[:1] + letter + after[1:],
        )
    )


VARIANTS: tuple[Change, ...] = (with_country, country_first, with_acronym)
DECORATIONS: tuple[Change, ...] = (
    loud,
    quiet,
    hyphened,
    with_article,
    with_suffix,
    with_form,
    with_invisible,
    disguised,
)


# --- Labelled names -------------------------------------------------------------------------------


def _by_words(lexicon: Lexicon) -> Figure:
    rows = _rows("registry/agencies.csv")
    heard = sum(
        any(lexicon.sounds(name) for name in (row["name"], *row["aliases"].split("|")))
        for row in rows
    )
    words = "Agencies by what their names sound like, the list apart"
    return Figure("by_words", words, _share(heard, len(rows)), len(rows), 0.87)


#: What each kind of body is called, and whether its share has a gate.
BODIES: Mapping[str, tuple[str, float | None]] = {
    "intelligence_security": ("Intelligence bodies as people write them", None),
    "military": ("Ministries of defence and armed forces", 0.90),
    "law_enforcement": ("Police bodies", 0.90),
}


def _bodies(registry: Registry) -> Iterator[Figure]:
    rows = _rows("names/measured/bodies.csv")
    for kind, (words, gate) in BODIES.items():
        names = [(row["name"], row["country_iso2"]) for row in rows if row["kind"] == kind]
        alerted = sum(_is_alerted(registry, name, country) for name, country in names)
        yield Figure(kind, words, _share(alerted, len(names)), len(names), gate)


def _honest(registry: Registry) -> Iterator[Figure]:
    """Operators and companies that would be asked about, were they on no list."""
    operators = [(row["name"], row["country"]) for row in _rows("registry/operators.csv")]
    companies = [
        (row["name"], row["country_iso2"]) for row in _rows("names/measured/companies.csv")
    ]
    for name, words, names in (
        ("operators", "Operators", operators),
        ("companies", "Ordinary companies and authorities", companies),
        ("honest", "Both", [*operators, *companies]),
    ):
        alerted = sum(_is_alerted(registry, typed, country) for typed, country in names)
        heard = sum(bool(registry.lexicon.sounds(typed)) for typed, _ in names)
        many = len(names)
        yield Figure(name, f"{words} asked about", _share(alerted, many), many, 0.05, at_most=True)
        words = f"{words} asked about for the sound of the name"
        yield Figure(f"{name}_by_words", words, _share(heard, many), many, 0.01, at_most=True)


def _is_alerted(registry: Registry, name: str, country: str) -> bool:
    hits = registry.hits(name, {country})
    return any(hit.party.kind in ASKED for hit in hits) or bool(registry.sounds(name))


def _pairs() -> list[Figure]:
    """Precision and recall at the threshold on pairs that are deliberately hard."""
    rows = _rows("names/measured/name_pairs.csv")
    judged = [
        (likeness(row["name1"], row["name2"]) >= ALERT, row["is_match"] == "true") for row in rows
    ]
    right = sum(alert and same for alert, same in judged)
    alerts, matches = sum(alert for alert, _ in judged), sum(same for _, same in judged)
    return [
        Figure("precision", "Hard pairs: precision", _share(right, alerts), alerts),
        Figure("recall", "Hard pairs: recall", _share(right, matches), matches),
    ]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0


def _rows(name: str) -> Sequence[Mapping[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def missed(figures: Iterable[Figure]) -> list[Figure]:
    return [figure for figure in figures if not figure.is_reached]
