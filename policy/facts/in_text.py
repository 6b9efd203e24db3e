"""Whom, what and where a text names in words, and no fact of the deal.

A title, a reference, a site or the customer's words may say who is really to use the system, whose
system it is to work with, what it is to do, or where it goes. No rule reads them; an agency, a
vendor of surveillance systems, surveillance that no product does or a country of high risk that
only they name is a question for compliance. The form reads all its texts; `./run screen` and the
API the only one that they take, the description.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from policy.facts import own_words
from policy.facts.bundle import ReferenceData
from policy.facts.declared import party_names
from policy.facts.derive import Variant, trace
from policy.facts.flags import surely
from policy.facts.spots import declared_codes
from policy.reference.capabilities import RECOGNISES
from policy.reference.destinations import Place
from policy.reference.gazetteer import key_of, shipped
from policy.reference.names.lexicon import SOUNDS
from policy.reference.names.plain_text import without
from policy.reference.ratings import TIERS
from policy.reference.registry import INTELLIGENCE

#: How a sentence calls the description.
DESCRIPTION = "purpose in the customer's words"
#: Characters of a description that a program reads; the form takes 2,000.
LONGEST = 10_000
#: Names are looked for within a sentence.
_SENTENCES = re.compile(r"[.;!?\n]+\s+|\n")
#: Nor is a name looked for beyond these.
_CLAUSES = re.compile(r"[,;:()\[\]|]+")
HEARD = "intelligence"
#: Tiers of countries to which every sale is reviewed, as far as somebody rated them.
GRAVE = ("high", "very_high")
#: Before the names of countries: where something comes from, or a connection to somebody there.
_PASSING = (
    r"(?:from|with|(?:made|manufactured|produced|assembled|roaming) in)"
    r"(?: (?!(?:to|into|in|for|used|delivered|shipped|across|throughout|inside|within|near|around"
    r"|over|via|through|towards?|at|onto) )\w+){0,6}?"
)


def traced(
    declared: Mapping[str, Any],
    data: ReferenceData,
    *,
    given: Mapping[str, Any],
    on: date | None = None,
) -> list[Variant]:
    """The variants of a deal of which nothing but a declaration is known, its description read."""
    variants = trace(declared, data, given=given, on=on)
    text = declared.get("description")
    if not text:
        return variants
    if len(text) > LONGEST:
        sentences = [
            f"The {DESCRIPTION} has more than {LONGEST:,} characters: somebody has to read it."
        ]
    else:
        able = frozenset(surely(variants[0].facts["capabilities"]) or ())
        sentences = list(_contradictions(without(text, lines=True), declared, data, able))
    if not sentences:
        return variants
    known = declared.get("contradictions") or ()
    return trace({**declared, "contradictions": [*known, *sentences]}, data, given=given, on=on)


def _contradictions(
    text: str, declared: Mapping[str, Any], data: ReferenceData, able: frozenset[str]
) -> Iterator[str]:
    parties = [declared.get("end_user_name"), declared.get("customer_name"), *party_names(declared)]
    rest = without_names(text, filter(None, parties))
    codes = declared_codes(declared, data.countries)
    yield from acts(DESCRIPTION, text, explained(able, data), is_able=relates(able, data))
    if declared.get("end_user_type") != INTELLIGENCE:
        yield from agencies(DESCRIPTION, rest, data, codes)
    yield from countries(DESCRIPTION, rest, data, codes)
    yield from territories(DESCRIPTION, rest, data, codes | _territories_of(declared))


def _territories_of(declared: Mapping[str, Any]) -> frozenset[str]:
    """Those in which it is, by the answers to where in a country."""
    answers = (declared.get("territories") or {}).values()
    lists = ([where] if isinstance(where, str) else where or () for where in answers)
    return frozenset(code for where in lists for code in where)


# ---- what it is to do ----


def acts(called: str, text: str, known: Iterable[str], *, is_able: bool) -> Iterator[str]:
    """What a text asks for and no product does: somebody may build it, or call it otherwise.

    `known` are the groups of words that a product explains.
    """
    does = "does that" if is_able else "relates to interception or surveillance"
    if word := own_words.heard(text, frozenset(known)):
        yield f'The {called} says "{word}", and no product of the deal {does}.'


def relates(able: frozenset[str], data: ReferenceData) -> bool:
    """Whether any of these capabilities relates to surveillance."""
    return not able.isdisjoint(data.beside.get("abilities_declared", frozenset()))


def explained(able: frozenset[str], data: ReferenceData) -> Iterator[str]:
    """The groups of words that what a product can do explains."""
    surveillance = able & data.beside.get("abilities_declared", frozenset())
    lawful = able & data.beside.get("legal_obligation", frozenset())
    alike = {ability: able & same for ability, same in data.alike.items()}
    return explained_by(able, lawful, surveillance - lawful, alike)


def explained_by(
    able: frozenset[str],
    lawful: frozenset[str],
    restrictive: frozenset[str],
    alike: Mapping[str, frozenset[str]],
) -> Iterator[str]:
    """The same of capabilities that are told apart already: those that need a legal obligation,
    those that limit, follow or find people without an order, and those of each ability.
    """
    restricts = alike.get("restricts_content", frozenset())
    active = alike.get("stores_intercepted", frozenset())
    if lawful or active:
        yield from (own_words.INTERCEPTION, own_words.WATCHING)
    if restricts:
        yield from (own_words.BLOCKING, own_words.INSPECTION)
    if restrictive - restricts - active:
        yield from (own_words.WATCHING, own_words.INSPECTION, own_words.FOLLOWING)
    if RECOGNISES in able:
        yield own_words.FACES


# ---- who is named ----


def agencies(called: str, text: str, data: ReferenceData, codes: Collection[str]) -> Iterator[str]:
    """A sentence for each agency or vendor that a text names; ``codes`` are those of the deal."""
    here = frozenset(codes)
    for sentence in _SENTENCES.split(text):
        if named := _named(sentence, data, here):
            yield f"The {called} {named}, and no answer names it."


def _named(sentence: str, data: ReferenceData, codes: frozenset[str]) -> str:
    registry = data.registry
    if vendor := registry.vendor_in(sentence):
        return f"names {vendor.name}, a vendor of surveillance systems"
    # A short form abroad is judged by itself: in a text most of them mean something else.
    hits = (
        hit for hit in registry.hits(sentence, codes) if hit.at_home or not hit.match.is_acronym
    )
    agency = next((hit.party for hit in hits if hit.party.kind == INTELLIGENCE), None)
    if agency := agency or registry.agency_in(sentence):
        return f"names {agency.name}, an intelligence or security body"
    if HEARD in registry.sounds(own_words.without_heard(sentence)):
        return f"speaks of {SOUNDS[HEARD]}"
    return ""


def parts(text: str) -> Iterator[str]:
    """What a name in a text does not reach beyond."""
    for sentence in _SENTENCES.split(text):
        yield from _CLAUSES.split(sentence)


def without_names(text: str, names: Iterable[str]) -> str:
    """A text without the names of parties, which are looked up by themselves."""
    # The longest first: a shorter one may stand in it.
    for name in sorted(names, key=len, reverse=True):
        # Few texts repeat a name, and a pattern of each would cost more than the rest of it.
        if name.casefold() in text.casefold():
            whole = rf"(?<!\w){re.escape(name)}(?!\w)"
            text = re.sub(whole, " ", text, flags=re.IGNORECASE)
    return text


# ---- where it goes ----


def countries(called: str, text: str, data: ReferenceData, codes: Collection[str]) -> Iterator[str]:
    """A sentence for each country that a text names, in which the deal would be reviewed, and that
    no answer names; ``codes`` are the countries of the deal.
    """
    places = data.countries.places
    declared = [places[code] for code in codes if code in places]
    # Where a country is as grave, reviewers look at the deal anyway and read the words too.
    gravest = max((_rank(place) for place in declared), default=0)
    here = {place.code for place in declared}.union(*(place.countries for place in declared))
    for sentence in _SENTENCES.split(text):
        for name, named in shipped().countries_in(sentence):
            meant = [places[code] for code in named if code in places]
            in_passing = _is_in_passing(name, sentence)
            grave = [
                place.restrictions or (_rank(place) > gravest and not in_passing) for place in meant
            ]
            if meant and all(grave) and here.isdisjoint(named):
                where = " or ".join(place.name for place in meant)
                yield f"The {called} names {where}, and no answer names that country."


def territories(
    called: str, text: str, data: ReferenceData, codes: Collection[str]
) -> Iterator[str]:
    """The same of special territories, whatever their states are: a rating says nothing of them.

    ``codes`` are those of the territories of the deal, too.
    """
    places = data.countries.places
    for sentence in _SENTENCES.split(text):
        for name, named in shipped().territories_in(sentence):
            meant = [places[code] for code in named if code in places and places[code].special]
            in_passing = _is_in_passing(name, sentence)
            counts = any(place.restrictions or not in_passing for place in meant)
            # A city of the country may bear the name, too.
            if counts and {*named, *shipped().find(name)[1]}.isdisjoint(codes):
                where = " or ".join(place.name for place in meant)
                yield f"The {called} names {where}, and no answer names that territory."


def _rank(place: Place) -> int:
    """How grave a country is; one that nobody rated is seldom meant, and reviewed where it is."""
    return TIERS.index(place.tier) if place.tier in GRAVE else 0


def _is_in_passing(name: str, sentence: str) -> bool:
    """Whether each time that a sentence names a country nothing goes there."""
    words = f" {key_of(sentence)} "
    passing = re.findall(rf" {_PASSING}(?= {re.escape(name)} )", words)
    return words.count(f" {name} ") == len(passing) > 0
