"""Whom the names in a deal mean or resemble, with the words that were laid beside each other.

For people who have to judge a likeness: compliance, reviewers, auditors and the command line.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from policy.engine.language.words import listed
from policy.facts.bundle import ReferenceData
from policy.facts.declared import is_named
from policy.reference.names.lexicon import SOUNDS
from policy.reference.registry import OPERATOR, Hit

#: So many likenesses of one name are shown; ministries share theirs with a hundred countries.
MOST = 5


@dataclass(frozen=True)
class Likeness:
    """One party of the deal beside one of the registry, or a sound. `score` is from 0 to 1.

    `strength`: "same", "strong", "weak", or "sound" for what a name sounds like by its words.
    """

    role: str
    typed: str
    listed: str
    country: str
    score: float
    strength: str
    sentence: str

    @property
    def plain(self) -> dict[str, Any]:
        return asdict(self)


def likenesses(declared: Mapping[str, Any], reference: ReferenceData) -> list[Likeness]:
    """Of every party that is named, as the registry is now; operators are nothing to judge."""
    looked_up: dict[tuple[str, str], None] = {}
    different: dict[tuple[str, ...], Likeness] = {}
    for role, name, countries in _parties(declared, reference):
        if is_named(name) and (role, name) not in looked_up:
            looked_up[role, name] = None
            # A body may stand in the registry twice; the better likeness comes first.
            for likeness in _of_name(role, name, countries, reference):
                different.setdefault((role, name, likeness.listed, likeness.country), likeness)
    return list(different.values())


def _of_name(
    role: str, name: str, countries: frozenset[str], reference: ReferenceData
) -> Iterator[Likeness]:
    hits = [hit for hit in reference.registry.hits(name, countries) if hit.party.kind != OPERATOR]
    for hit in hits[:MOST]:
        match, party = hit.match, hit.party
        strength = "same" if match.is_exact else "strong" if match.is_strong else "weak"
        yield Likeness(
            role=role,
            typed=name,
            listed=party.name,
            country=party.country,
            score=round(match.score, 2),
            strength=strength,
            sentence=_sentence(name, hit, strength),
        )
    heard = reference.registry.sounds(name)
    if heard:
        sounds = listed([words for sound, words in SOUNDS.items() if sound in heard])
        yield Likeness(role, name, "", "", 0.0, "sound", f"«{name}» sounds like {sounds}.")


def _sentence(name: str, hit: Hit, strength: str) -> str:
    match, party = hit.match, hit.party
    whose = f"{party.name}, {party.country}" if party.country else party.name
    where = "" if hit.at_home else "; in another country than the deal"
    if match.is_exact:
        return f"«{name}» = «{match.listed}»: the same name ({whose}){where}"
    pairs = ", ".join(
        f"{pair.typed} ~ {pair.listed}" for pair in match.pairs if pair.typed != pair.listed
    )
    alike = f" ({pairs})" if pairs else ""
    counted = f"{len(match.pairs)} of {match.words} words{alike}"
    inside = "; stands whole in it" if match.is_inside else ""
    return (
        f"«{name}» ~ «{match.listed}» ({whose}): {counted}{inside}; {match.score:.2f};"
        f" {strength}{where}"
    )


def _parties(
    declared: Mapping[str, Any], reference: ReferenceData
) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Role, name and countries of each party that the declaration names."""
    countries = countries_of(declared, reference)
    end_user, customer = declared.get("end_user_name"), declared.get("customer_name")
    if end_user:
        yield "end user", end_user.strip(), countries
    if customer and customer.strip() != (end_user or "").strip():
        yield "customer", customer.strip(), countries
    for party in declared.get("intermediaries") or ():
        if isinstance(party, str):
            yield "intermediary", party, countries
        else:
            home = party.get("country")
            role = (party.get("role") or "intermediary").replace("_", " ")
            yield role, party["name"], frozenset({home}) if home else countries


def countries_of(declared: Mapping[str, Any], reference: ReferenceData) -> frozenset[str]:
    """The countries of the customer and of all places of use."""
    codes = {declared.get("customer_country")}
    for place in declared.get("destinations") or (declared,):
        code = place.get("region") or place.get("country")
        known = reference.countries.places.get(code) if code else None
        codes |= known.countries if known else {code}
    return frozenset(code for code in codes if code)
