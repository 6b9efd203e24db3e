"""The destinations of a deal: each place that is named, and each territory in which it may be.

A country always counts as itself. Beside it count the territories that sales names in it, those in
which the text of a site lies, and, where nobody knows, the country once more with everything open
that the place decides. So whatever is said of a place only adds, and no deal gets milder by it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policy.facts.bundle import ReferenceData
from policy.facts.declared import UNKNOWN_WHERE
from policy.reference.destinations import Countries
from policy.reference.sites import GRAVE, NONE, grave_countries_in, sited
from policy.reference.sites import named_after as named_after_place


@dataclass(frozen=True, slots=True)
class Spot:
    """One destination that is screened."""

    country: str | None = None
    region: str | None = None
    #: It may lie in a territory that the country is beside, and nobody knows.
    is_open: bool = False
    #: Why it counts; "" for a place that was chosen itself.
    note: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Destinations:
    spots: Sequence[Spot]
    #: What contradicts a chosen place; sentences.
    doubts: Sequence[str]


def destinations(
    declared: Mapping[str, Any], countries: Countries, *, is_settled: bool = False
) -> Destinations:
    """Every destination of a deal, once. With `is_settled` the territory was set by hand."""
    rows = declared.get("destinations") or (declared,)
    spots = [Spot(row.get("country"), row.get("region")) for row in rows]
    codes = {spot.country for spot in spots} | {_state(spot.region) for spot in spots}
    homes = [home for home in homes_of(declared) if home not in codes]
    spots += [Spot(home) for home in dict.fromkeys(homes)]
    if is_settled:
        return Destinations(_once(spots), ())
    answers = {
        country: _answer(where) for country, where in (declared.get("territories") or {}).items()
    }
    added = [spot for country, answer in answers.items() for spot in _answered(country, answer)]
    doubts = [
        f"{countries.places[code].name} ({code}) is not in {countries.names[country]}."
        for country, answer in answers.items()
        for code in answer or ()
        if code != NONE and country not in countries.territories[code].reached_from
    ]
    for row in rows:
        if row.get("site"):
            country, region = row.get("country") or "", row.get("region") or ""
            place = countries.places.get(region) or countries.places.get(country or _state(region))
            answer = answers.get(place.country) if place else None
            site = sited(row["site"], place, countries, answer)
            doubts += site.doubts
            note = " ".join(site.notes)
            added += [Spot(None, code, note=note) for code in site.territories]
            if site.is_open:
                added.append(Spot(country or _state(region), is_open=True, note=site.doubts[0]))
    return Destinations(_once([*spots, *added]), tuple(dict.fromkeys(doubts)))


def named_after(
    declared: Mapping[str, Any], names: Iterable[str], countries: Countries
) -> list[str]:
    """Sentences on parties that are named after a territory which no answer names.

    Only the names of deals are read so: in a long file, looking each of them up takes too long.
    """
    spots = destinations(declared, countries).spots
    named = {spot.region for spot in spots}
    codes = dict.fromkeys(spot.country or _state(spot.region) for spot in spots)
    return [
        f"{name} is named after {word}, which is in {countries.places[code].name}, and no answer"
        " says that it is used there."
        for name in dict.fromkeys(names)
        for place in (countries.places.get(code) for code in codes)
        if place and countries.territories_asked(place.code)
        for word, code in named_after_place(name, place, countries)
        if code not in named
    ]


def of_other_countries(
    declared: Mapping[str, Any], names: Iterable[str], reference: ReferenceData
) -> list[str]:
    """Sentences on parties that belong to a country of high risk which no answer names: by their
    name, or by the registry, which knows where an operator is at home.

    Only the parties of deals are looked at so, as in `named_after`.
    """
    countries = reference.countries
    spots = destinations(declared, countries).spots
    places = [
        countries.places[code] for code in {_code_of(spot, countries) for spot in spots} if code
    ]
    if not places:
        return []
    told = []
    for name in dict.fromkeys(names):
        home = reference.registry.home_of_operator(name)
        at_home = [home] if home and countries.places[home].tier in GRAVE else []
        named = [set(grave_countries_in(name, place, countries)) for place in places]
        elsewhere = {*at_home, *set.intersection(*named)}
        elsewhere -= {code for place in places for code in (place.code, *place.countries)}
        told += [
            f"{name} belongs to {countries.names[code]} by its name or the registry, and no answer"
            " names that country."
            for code in sorted(elsewhere)
        ]
    return told


def _code_of(spot: Spot, countries: Countries) -> str:
    """The code by which the place of a spot is found; "" where nobody named one."""
    region = spot.region or ""
    code = region if region in countries.places else spot.country or _state(region)
    return code if code in countries.places else ""


def _answered(country: str, answer: Sequence[str] | None) -> Iterator[Spot]:
    if answer is None:
        yield Spot(country, is_open=True, note="sales does not know where in the country it is")
        return
    for code in answer:
        if code != NONE:
            yield Spot(None, code, note="sales says so")


def _answer(where: Any) -> Sequence[str] | None:
    """Where in a country it is: codes or NONE; None when it was asked and nobody knows."""
    answer = [where] if isinstance(where, str) else list(where or [UNKNOWN_WHERE])
    return None if UNKNOWN_WHERE in answer else answer


def _once(spots: Iterable[Spot]) -> list[Spot]:
    return list(dict.fromkeys(spots))


def homes_of(declared: Mapping[str, Any]) -> Iterator[str]:
    """The countries of the customer and of the intermediaries, as far as they were asked."""
    if home := declared.get("customer_country"):
        yield home
    for party in declared.get("intermediaries") or ():
        if not isinstance(party, str) and party.get("country"):
            yield party["country"]


def _state(region: str | None) -> str:
    return (region or "").partition("-")[0]
