"""Whom and where sales names in its own words, and in no answer that asks for it.

A title, a reference, a site or the customer's words may say who is really to use the system, whose
system it is to work with, or where it goes. No rule reads them; an agency, a vendor of surveillance
systems or a country of high risk that only they name is a question for compliance.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policy.facts.derive import ReferenceData
from policy.reference.destinations import Place
from policy.reference.gazetteer import key_of, shipped
from policy.reference.names.lexicon import SOUNDS
from policy.reference.names.plain_text import without
from policy.reference.ratings import TIERS
from policy.reference.registry import INTELLIGENCE
from screening.form import own_words
from screening.form.deal_form import TITLE, Answers, end_user_kind

#: Questions with words, and how a sentence calls them.
WRITTEN: Mapping[str, str] = {
    TITLE: "title",
    "reference": "reference",
    "description": "purpose in the customer's words",
}
#: Names are looked for within a sentence.
_SENTENCES = re.compile(r"[.;!?\n]+\s+|\n")
HEARD, SITE = "intelligence", "site"
#: Tiers of countries to which every sale is reviewed, as far as somebody rated them.
GRAVE = ("high", "very_high")
#: Before the names of countries: where something comes from, or a connection to somebody there.
_PASSING = (
    r"(?:from|with|(?:made|manufactured|produced|assembled|roaming) in)"
    r"(?: (?!to |into |in |for |used |delivered |shipped )\w+){0,6}?"
)


def texts(answers: Answers) -> Iterator[tuple[str, str]]:
    """What sales wrote, with what a sentence calls it."""
    for slug, called in WRITTEN.items():
        text = answers.get(slug)
        if isinstance(text, str) and text:
            yield called, without(text, lines=True)
    for row in answers.get("countries") or ():
        if row.get("site"):
            yield SITE, without(row["site"], lines=True)


def sentences(answers: Answers, data: ReferenceData, countries: Iterable[str]) -> Iterator[str]:
    """One for each agency or vendor that a text names; ``countries`` are those of the deal.

    The names of the parties are left out: they are looked up by themselves.
    """
    if end_user_kind(answers) == INTELLIGENCE:
        return
    here, own = frozenset(countries), _own_names(answers)
    for called, text in texts(answers):
        for sentence in _SENTENCES.split(_without(text, own)):
            if named := _named(sentence, data, here):
                yield f"The {called} {named}, and no answer names it."


def countries(answers: Answers, data: ReferenceData, codes: Iterable[str]) -> Iterator[str]:
    """A sentence for each country that a text names, in which the deal would be reviewed, and that
    no answer names; ``codes`` are the countries of the deal.

    Sites are left out: they are looked up by themselves.
    """
    places, own = data.countries.places, _own_names(answers)
    declared = [places[code] for code in codes if code in places]
    # Where a country is as grave, reviewers look at the deal anyway and read the words too.
    gravest = max((_rank(place) for place in declared), default=0)
    here = {place.code for place in declared}.union(*(place.countries for place in declared))
    for called, text in texts(answers):
        for sentence in _SENTENCES.split(_without(text, own)) if called != SITE else ():
            for name, named in shipped().countries_in(sentence):
                meant = [places[code] for code in named if code in places]
                in_passing = _is_in_passing(name, sentence)
                grave = [
                    place.restrictions or (_rank(place) > gravest and not in_passing)
                    for place in meant
                ]
                if meant and all(grave) and here.isdisjoint(named):
                    where = " or ".join(place.name for place in meant)
                    yield f"The {called} names {where}, and no answer names that country."


def _rank(place: Place) -> int:
    """How grave a country is; one that nobody rated is seldom meant, and reviewed where it is."""
    return TIERS.index(place.tier) if place.tier in GRAVE else 0


def _is_in_passing(name: str, sentence: str) -> bool:
    """Whether each time that a sentence names a country nothing goes there."""
    words = f" {key_of(sentence)} "
    passing = re.findall(rf" {_PASSING}(?= {re.escape(name)} )", words)
    return words.count(f" {name} ") == len(passing) > 0


def _named(sentence: str, data: ReferenceData, countries: frozenset[str]) -> str:
    registry = data.registry
    if vendor := registry.vendor_in(sentence):
        return f"names {vendor.name}, a vendor of surveillance systems"
    # A short form abroad is judged by itself: in a text most of them mean something else.
    hits = (
        hit for hit in registry.hits(sentence, countries) if hit.at_home or not hit.match.is_acronym
    )
    agency = next((hit.party for hit in hits if hit.party.kind == INTELLIGENCE), None)
    if agency := agency or registry.agency_in(sentence):
        return f"names {agency.name}, an intelligence or security body"
    if HEARD in registry.sounds(own_words.without_heard(sentence)):
        return f"speaks of {SOUNDS[HEARD]}"
    return ""


def _own_names(answers: Answers) -> list[str]:
    """The names of the parties, the longest first: a shorter one may stand in it."""
    parties: list[Mapping[str, Any]] = (answers.get("intermediaries") or {}).get("parties", [])
    given = [answers.get("customer"), answers.get("end-user-name"), *(p["name"] for p in parties)]
    return sorted({name for name in given if name}, key=len, reverse=True)


def _without(text: str, names: Iterable[str]) -> str:
    for name in names:
        # Few texts repeat a name, and a pattern of each would cost more than the rest of it.
        if name.casefold() in text.casefold():
            whole = rf"(?<!\w){re.escape(name)}(?!\w)"
            text = re.sub(whole, " ", text, flags=re.IGNORECASE)
    return text
