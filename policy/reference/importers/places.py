"""The codes and names of places: what a source calls them → our code.

Names match whole, never by part: "Tibet" must not find China, nor "Western Sahara" Morocco.
One name may stand for several codes (occupied parts of Ukraine) and several names for one
(West Bank and Gaza Strip), which importers settle by taking the worst.
"""

from __future__ import annotations

import csv
import difflib
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("places.csv")
_COUNTRIES = Path(__file__).parents[2] / "data" / "countries"

# Known, and deliberately given to nobody. A place in neither list does not exist for us, and a
# file that rates it is refused.
_PART_OF = {
    "azores": "Portugal",
    "canary islands": "Spain",
    "ceuta": "Spain",
    "ceuta and melilla": "Spain",
    "chechnya": "Russia",
    "easter island": "Chile",
    "iraqi kurdistan": "Iraq",
    "irian jaya": "Indonesia",
    "kurdistan": "Iraq",
    "madeira": "Portugal",
    "melilla": "Spain",
    "northern ireland": "the United Kingdom",
    "rapanui": "Chile",
    "rapanui easter island": "Chile",
    "west papua": "Indonesia",
}
LEFT_OUT_NAMES = {
    **{
        name: f"has no code of its own and must not rate {whole}"
        for name, whole in _PART_OF.items()
    },
    "bophuthatswana": "no longer exists",
    "channel islands": "is one row for Guernsey and Jersey and rates neither",
    "ciskei": "no longer exists",
    "cyprus turkey": "was replaced by another entry, Northern Cyprus",
    "netherlands antilles": "no longer exists",
    "panama canal zone": "no longer exists",
    "pacific islands us trust territory": "no longer exists",
    "pacific islands u s trust territory": "no longer exists",
    "transkei": "no longer exists",
    "turkish cyprus": "was replaced by another entry, Northern Cyprus",
    "venda": "no longer exists",
    "israeli occupied territories and palestinian authority": "was replaced by two other entries",
    "czechoslovakia": "no longer exists",
    "germany e": "no longer exists",
    "germany w": "no longer exists",
    "serbia and montenegro": "no longer exists",
    "ussr": "no longer exists",
    "vietnam n": "no longer exists",
    "vietnam s": "no longer exists",
    "yemen n": "no longer exists",
    "yemen s": "no longer exists",
    "yugoslavia": "no longer exists",
    "yugoslavia serbia montenegro": "no longer exists",
    "nagorno karabakh": "has no code of its own and must not rate Azerbaijan",
    "zanzibar": "is part of Tanzania, which has a row of its own",
    "israeli occupied territories": "has no code of its own and must not rate Israel",
    "palestinian authority administered territories": "was replaced by two other entries",
}


@dataclass(frozen=True, slots=True)
class Place:
    """`kind` is state, dependency or territory; a territory's code may be local (`X-…`)."""

    code: str
    iso3: str
    numeric: str
    kind: str
    name: str
    aliases: tuple[str, ...]


@cache
def places() -> dict[str, Place]:
    """Every code with its names: display names from the country data, the rest from places.csv."""
    names: dict[str, tuple[str, ...]] = {
        row["code"]: (row["name"], *filter(None, row.get("also", "").split("|")))
        for file in ("special_territories.csv", "names.csv")
        for row in _rows(_COUNTRIES / file)
    }
    return {
        row["code"]: Place(
            row["code"],
            row["iso3"],
            row["numeric"],
            row["kind"],
            names[row["code"]][0],
            (*names[row["code"]][1:], *filter(None, row["aliases"].split("|"))),
        )
        for row in _rows(_FILE)
    }


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plain(name: str) -> str:
    """A name without case, accents, punctuation, outer blanks and a leading article."""
    letters = unicodedata.normalize("NFKD", name.replace("&", " and "))
    letters = "".join(c for c in letters if not unicodedata.combining(c)).casefold()
    letters = letters.replace("'", "").replace("\u2019", "")
    words = "".join(c if c.isalnum() else " " for c in letters).split()
    return " ".join(words[1:] if words[:1] == ["the"] else words)


@cache
def _by_name() -> dict[str, tuple[str, ...]]:
    codes_by_name: dict[str, list[str]] = {}
    for place in places().values():
        for key in {plain(name) for name in (place.name, *place.aliases)}:
            codes_by_name.setdefault(key, []).append(place.code)
    return {key: tuple(codes) for key, codes in codes_by_name.items()}


@cache
def _by_iso3() -> dict[str, str]:
    return {place.iso3: place.code for place in places().values() if place.iso3}


def codes_of_name(name: str) -> tuple[str, ...]:
    """The codes that a name stands for; empty when unknown."""
    return _by_name().get(plain(name), ())


def code_of_iso3(iso3: str) -> str | None:
    """XKO is met beside XKX for Kosovo, which ISO 3166-1 does not know."""
    return _by_iso3().get("XKX" if iso3 == "XKO" else iso3)


def near_names(name: str) -> list[str]:
    """Up to two names that look like this one, for "did you mean"."""
    keys = difflib.get_close_matches(plain(name)[:100], _by_name(), n=2)
    return [places()[_by_name()[key][0]].name for key in keys]


def states() -> frozenset[str]:
    """The codes that a world-wide source is expected to rate."""
    return frozenset(code for code, place in places().items() if place.kind == "state")
