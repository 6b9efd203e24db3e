"""The destinations of a deal: each place that is named, and each territory in which it may be.

A country always counts as itself. Beside it count the territories that sales names in it, those in
which the text of a site lies, and, where nobody knows, the country once more with everything open
that the place decides. So do the countries of all parties, also those that only the registry or a
name tells. So whatever is said of a place only adds, and no deal gets milder by it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from policy.facts.bundle import ReferenceData
from policy.facts.declared import UNKNOWN_WHERE, party_names
from policy.reference.destinations import NOWHERE, Countries
from policy.reference.gazetteer import shipped
from policy.reference.ratings import TIERS
from policy.reference.registry import INTELLIGENCE
from policy.reference.sites import NONE, sited
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


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Countries that no answer names and a party of the deal is in, each with a sentence, and what
    has to be asked because there are several; sentences.
    """

    countries: Mapping[str, str]
    doubts: Sequence[str] = ()


NOTHING = Elsewhere({})
#: Kinds that are asked about wherever one body of several is of them.
ARMED = frozenset({"law_enforcement", "military", INTELLIGENCE})
#: Between the bodies that one name joins, or beside them.
_JOINS = re.compile(
    r"\s(?:and|und|et|och|og|ja|sekä|y|e|with|via|for|as|on behalf of|represented by|c/o"
    r"|für|im auftrag von|voor|namens|för|puolesta|pour(?: le compte de)?|par|au nom de"
    r"|para|por(?: cuenta de| conta de)?|per(?: conto di)?|da parte di|dla|w imieniu"
    r"|для|от имени)\s"
    r"|[&+]|(?<=\w)[-–](?=\w)|\b(?:joint venture|consortium|konsortium|jv)\b",  # noqa: RUF001
    re.IGNORECASE,
)
#: Tiers of countries to which not every sale is reviewed.
MILD = TIERS[:2]


def destinations(
    declared: Mapping[str, Any],
    countries: Countries,
    *,
    elsewhere: Elsewhere = NOTHING,
    is_settled: bool = False,
) -> Destinations:
    """Every destination of a deal, once. With `is_settled` the territory was set by hand.

    Countries of `elsewhere`, which is `known_elsewhere`, count as if they were declared.
    """
    rows = declared.get("destinations") or (declared,)
    spots = [Spot(row.get("country"), row.get("region")) for row in rows]
    codes = {code for spot in spots for code in (spot.country, _state(spot.region)) if code}
    homes = [home for home in homes_of(declared) if home not in codes]
    spots += [Spot(home) for home in dict.fromkeys(homes)]
    if is_settled:
        return Destinations(_once(spots), ())
    spots += [Spot(home, note=note) for home, note in elsewhere.countries.items()]
    answers = {
        country: _answer(where) for country, where in (declared.get("territories") or {}).items()
    }
    added = [spot for country, answer in answers.items() for spot in _answered(country, answer)]
    doubts = [*elsewhere.doubts]
    doubts += [
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
            site = sited(row["site"], place, countries, answer, codes)
            doubts += site.doubts
            note = " ".join(site.notes)
            added += [Spot(None, code, note=note) for code in site.territories]
            if site.is_open:
                added.append(Spot(country or _state(region), is_open=True, note=site.doubts[0]))
    return Destinations(_once([*spots, *added]), tuple(dict.fromkeys(doubts)))


def known_elsewhere(
    declared: Mapping[str, Any], reference: ReferenceData, names: Iterable[str] | None = None
) -> Elsewhere:
    """Where parties of the deal are at home that no answer puts there: by the registry, where it
    has the very name in other countries only, or by the words of the name.
    """
    names = _names_of(declared) if names is None else names
    codes = declared_codes(declared, reference.countries)
    countries, found, doubts = reference.countries, dict[str, str](), []
    for name in names if codes else ():
        for homes in reference.registry.said(name).homes:
            where = " or ".join(countries.places[code].name for code in sorted(homes))
            sentence = f"{name} is in {where}, by the registry or its name"
            match abroad(homes, codes, countries):
                case str() as code if code:
                    found.setdefault(code, sentence)
                case None:
                    doubts.append(f"{sentence}, and no answer names one of these countries.")
    return Elsewhere(found, doubts)


def abroad(homes: frozenset[str], codes: frozenset[str], countries: Countries) -> str | None:
    """The country that counts beside those of a deal for a party with these homes; "" for none, and
    None where it may be one of several and that matters.
    """
    if not homes.isdisjoint(codes):
        return ""
    if len(homes) == 1:
        return next(iter(homes))
    is_mild = all(countries.places[code].tier == TIERS[0] for code in homes)
    return "" if is_mild else None


def of_other_countries(
    declared: Mapping[str, Any], names: Iterable[str], reference: ReferenceData
) -> list[str]:
    """Sentences on such countries that are of high risk, or hold territories of which nobody was
    asked: they count already, and whoever declared another one has to say why. A short form of a
    company may be that of another one here, so it is only asked about.

    Only the parties of deals are asked about so, as in `named_after`.
    """
    countries, names = reference.countries, list(names)

    def is_grave(code: str) -> bool:
        return countries.places[code].tier not in MILD or bool(countries.territories_asked(code))

    elsewhere = known_elsewhere(declared, reference, names).countries
    sentences = [
        f"{sentence}, and no answer names that country."
        for code, sentence in elsewhere.items()
        if is_grave(code)
    ]
    codes = declared_codes(declared, countries)
    for name in names if codes else ():
        homes = reference.registry.namesakes(name)
        if homes.isdisjoint(codes) and any(map(is_grave, homes)):
            where = " or ".join(countries.places[code].name for code in sorted(homes))
            sentences.append(
                f"{name} is the short name of a company in {where}, and no answer names one of"
                " these countries."
            )
    return sentences


def joint(declared: Mapping[str, Any], names: Iterable[str], reference: ReferenceData) -> list[str]:
    """Sentences on names that join several bodies, where one of these is an agency, a police or
    military body, or at home where no answer says so: only a person tells which of them it is.

    The very name of an operator joins nobody: "Cable & Wireless" is one.
    """
    registry = reference.registry
    joined = {name: parts for name in names if (parts := _bodies_in(name))}
    parts = [
        part
        for name, several in joined.items()
        if not registry.is_operator(name)
        for part in several
    ]
    if not parts:
        return []
    sentences = of_other_countries(declared, parts, reference)
    codes = declared_codes(declared, reference.countries)
    sentences += [
        f"{part}, one of several in a name, is {hit.party.name}."
        for part in parts
        for hit in registry.hits(part, codes)
        if hit.is_exact and hit.party.kind in ARMED
    ]
    return list(dict.fromkeys(sentences))


def _bodies_in(name: str) -> list[str]:
    """The parts of a name that joins several; none of any other name."""
    if not _JOINS.search(name):
        return []
    parts = [part.strip() for part in _JOINS.split(name)]
    return [part for part in dict.fromkeys(parts) if part and part != name.strip()]


def declared_codes(declared: Mapping[str, Any], countries: Countries) -> frozenset[str]:
    """The countries that the answers name, and those from which a territory that they name is
    reached.
    """
    rows = declared.get("destinations") or (declared,)
    codes = {code for row in rows for code in (row.get("country"), row.get("region")) if code}
    codes |= {_state(code) for code in codes} | {*homes_of(declared)}
    near = (countries.territories[code] for code in codes if code in countries.territories)
    return frozenset(codes.union(*(territory.reached_from for territory in near))) - {NOWHERE}


def _names_of(declared: Mapping[str, Any]) -> list[str]:
    names = [declared.get("end_user_name"), declared.get("customer_name"), *party_names(declared)]
    return list(dict.fromkeys(name.strip() for name in names if name and name.strip()))


def named_after(
    declared: Mapping[str, Any], names: Iterable[str], countries: Countries
) -> list[str]:
    """Sentences on parties that are named after a territory which no answer names: near a country
    of the deal after any place in it, and wherever the deal goes after itself.

    Only the names of deals are read so: in a long file, looking each of them up takes too long.
    """
    names, spots = list(dict.fromkeys(names)), destinations(declared, countries).spots
    named = {spot.region for spot in spots} | {spot.country for spot in spots}
    codes = dict.fromkeys(spot.country or _state(spot.region) for spot in spots)
    sentences: list[str] = []
    for name in names:
        near = [
            f"{name} is named after {word}, which is in {countries.places[code].name}, and no"
            " answer says that it is used there."
            for place in (countries.places.get(code) for code in codes)
            if place and countries.territories_asked(place.code)
            for word, code in named_after_place(name, place, countries)
            if code not in named
        ]
        sentences += near or _named_after_afar(name, named, countries)
    return sentences


def _named_after_afar(name: str, named: Set[str | None], countries: Countries) -> Iterator[str]:
    for called, bearing in shipped().territories_in(name):
        meant = [code for code in bearing if code in countries.territories]
        # A city of the country may bear the name, too.
        if meant and named.isdisjoint({*meant, *shipped().find(called)[1]}):
            where = " or ".join(countries.places[code].name for code in meant)
            yield f"{name} is named after {where}, and no answer names that territory."


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
