"""From what sales declares to the facts that rules read, each with its source and a note.

`policy.facts.declared` lists what may be declared. Reference data settles the rest: products lead
to capabilities and export control, the destination to its risk, names to the registry. What the
registry knows wins over what sales says, and a difference is itself a fact, `fact_conflict`.

A deal with several destinations or purposes is screened once for each: one variant, one Facts.
`policy.facts.spots` says which destinations there are. A law of the register counts until its last
day, so `on` is the day (UTC) for which facts are derived; without one no law counts.
`given` holds values that replace what would be derived: those that compliance and reviewers set,
and `derived` of a screening line. Its `special_territory` is a code; the other names are facts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from policy.engine.language.facts import SOURCES, FactError, Facts
from policy.engine.language.words import listed
from policy.facts import parties, places, products, spots
from policy.facts.bundle import ReferenceData
from policy.facts.declared import (
    ABILITIES,
    CHOICES,
    MANDATORY,
    NOTED,
    DeclaredError,
    is_named,
    unanswered,
)
from policy.facts.draft import Draft
from policy.facts.flags import possibly
from policy.facts.parties import match_of, matches
from policy.facts.products import WITH_LINKED
from policy.facts.spots import Spot

__all__ = [
    "WITH_LINKED",
    "Derivation",
    "Origin",
    "ReferenceData",
    "Variant",
    "derive",
    "match_of",
    "matches",
    "trace",
]

#: What each answer says where no rule of the rulebook in force reads the fact that it sets.
UNREAD = {
    "abilities_declared": "Sales says or does not rule out that the system does more than the"
    " catalogue says: {}.",
    "agency_access": "Sales says or does not rule out that an intelligence agency or similar body"
    " will be able to use it.",
    "speech_limit_request": "Sales says or does not rule out that somebody asked for a change that"
    " would limit political speech.",
    "follows_stopped_deal": "The deal follows one that was stopped.",
    "eased_by_ruling": "A ruling made a fact of the deal milder.",
}
LONGEST_NOTE = 8_000
#: Combinations of a destination and a purpose; each is derived and screened by itself.
MOST_VARIANTS = 2500
NOTHING_GIVEN: Mapping[str, Any] = {}
NOTHING_CLEARED: Mapping[str, frozenset[str]] = {}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: declared, verified, derived or reviewer, and a sentence on it."""

    source: str
    note: str = ""


_WITHOUT_NOTE = {source: Origin(source) for source in SOURCES}
_SET_BY_HAND = Origin("reviewer", "set by hand")


@dataclass(frozen=True, slots=True)
class Variant:
    """One destination and one purpose of a deal: its facts, and the origin of each."""

    facts: Facts
    origins: Mapping[str, Origin]
    #: All that contradicts what is declared; the fact conflict_note holds only so much of it.
    doubts: Sequence[str] = ()
    #: Laws of the register that were picked, by id, and whether each counts.
    laws: Mapping[str, bool] = field(default_factory=dict)


def derive(
    declared: Mapping[str, Any],
    reference: ReferenceData,
    *,
    given: Mapping[str, Any] = NOTHING_GIVEN,
    on: date | None = None,
) -> list[Facts]:
    """The facts of each variant of a deal; DeclaredError names every value that cannot be read."""
    return [variant.facts for variant in trace(declared, reference, given=given, on=on)]


def trace(
    declared: Mapping[str, Any],
    reference: ReferenceData,
    *,
    given: Mapping[str, Any] = NOTHING_GIVEN,
    on: date | None = None,
    cleared: Mapping[str, frozenset[str]] = NOTHING_CLEARED,
) -> list[Variant]:
    """The variants of a deal; DeclaredError names every value that cannot be read.

    ``cleared`` has names of the deal with the `matches` that are known to be false alarms.
    """
    checks = reference.checks
    problems = checks.problems(declared) + checks.given_problems(given)
    if problems:
        raise DeclaredError(problems)
    destinations = spots.destinations(
        declared,
        reference.countries,
        elsewhere=spots.known_elsewhere(declared, reference),
        is_settled="special_territory" in given,
    )
    purposes = _purposes(declared)
    if len(destinations.spots) * len(purposes) > MOST_VARIANTS:
        raise DeclaredError(
            [
                f"{len(destinations.spots)} destinations with {len(purposes)} purposes each are"
                f" more than {MOST_VARIANTS} combinations; send the call-offs separately"
            ]
        )
    variants = []
    for spot in destinations.spots:
        for purpose in purposes:
            derivation = Derivation(
                declared, reference, given, on, cleared, doubts=list(destinations.doubts)
            )
            plain = derivation.plain(spot, purpose)
            try:
                facts = reference.rulebook.vocabulary.parse(plain)
            except FactError as error:  # a text that is too long or cannot be stored
                raise DeclaredError(error.problems) from None
            origins = _origins(derivation)
            variants.append(Variant(facts, origins, derivation.doubts, derivation.laws))
    return variants


def contradiction(declared: Mapping[str, Any], doubts: Sequence[str]) -> str:
    """All that contradicts what is declared; the fact conflict_note holds only so much of it."""
    return " ".join(dict.fromkeys([*(declared.get("contradictions") or ()), *doubts]))


def _purposes(declared: Mapping[str, Any]) -> list[str | None]:
    return list(dict.fromkeys(declared.get("purposes") or ())) or [declared.get("purpose")]


def _origins(derivation: "Derivation") -> dict[str, Origin]:
    given, sources = derivation.given, derivation.reference.sources
    origins = {name: _WITHOUT_NOTE[source] for name, source in sources.items()}
    for name, note in derivation.notes.items():
        if note and name in origins:
            origins[name] = Origin("derived", note)
    by_hand = [*given, "in_special_territory"] if "special_territory" in given else given
    for name in by_hand:
        if name in origins:
            origins[name] = _SET_BY_HAND
    return origins


@dataclass(slots=True)
class Derivation(Draft):
    """Derives one variant, topic by topic; each reads what the topics before it filled in."""

    def plain(self, spot: Spot, purpose: str | None) -> dict[str, Any]:
        """The plain facts of this variant, ready for Vocabulary.parse."""
        declared, given = self.declared, self.given
        place = places.place_of(self, spot.country, spot.region)
        facts: dict[str, Any] = {
            "services": declared.get("services"),
            "purpose": purpose,
            "purpose_stated": purpose is not None,
            "legal_obligation": (obligation := declared.get("legal_obligation")),
            "legal_obligation_stated": obligation is not None,
            "adverse_info": "none",
        }
        places.destination(self, place, facts)
        parties.end_user(self, place, facts)
        products.capabilities(self, facts)
        products.export_control(self, place, facts)
        if spot.note:
            is_whole = spot.region is None and not spot.is_open
            self.add_note("country_risk" if is_whole else "in_special_territory", spot.note)
        if spot.is_open and place is not None:
            places.may_be_in_a_territory(self, place, facts)
        places.law(self, place, facts)
        parties.signs_for_a_company(self, facts)
        parties.between(self, place, facts)
        products.integration(self, facts)
        self._complete(facts)
        answered = self._answered(facts)
        facts |= answered
        if given:
            facts.update(given)
            if "special_territory" in given:
                places.given_territory(self, given["special_territory"], facts)
            self._stated(facts)
        products.serves(self, facts)
        products.other_purpose(self, facts)
        products.for_an_authority(self, facts)
        self._unread({name: facts[name] for name in answered})
        self._conflict(facts)
        words = self.reference.rulebook.vocabulary
        return {name: facts[name] for name in facts if name not in UNREAD or name in words}

    def _stated(self, facts: dict[str, Any]) -> None:
        """Whether something is stated follows a value set by hand."""
        given = self.given
        if "purpose" in given:
            facts["purpose_stated"] = facts["purpose"] is not None
        if "legal_obligation" in given:
            facts["legal_obligation_stated"] = facts["legal_obligation"] is not None
        if "end_user_name" in given:
            facts["end_user_named"] = is_named(facts["end_user_name"])
        if "export_control" in given and "export_reference" not in given:
            # What was derived does not explain what was set by hand.
            facts["export_reference"] = None

    def _complete(self, facts: dict[str, Any]) -> None:
        """An empty field is not an answer, not even where no rule would read it in this deal."""
        missing = unanswered(self.declared)
        facts["answers_complete"] = not missing
        if missing:
            facts["unanswered"] = listed([MANDATORY[name] for name in missing])

    def _answered(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What counts beside the catalogue: answers of sales, other deals, rulings."""
        values: dict[str, Any] = {
            "abilities_declared": products.abilities(self, facts["capabilities"])
        }
        if differences := self.declared.get("differences"):
            self.notes["abilities_declared"] = " ".join(differences)
        for name, choices in CHOICES.items():
            value = self.declared.get(name, "not_asked")
            values[name] = value if value in (*choices, "not_asked") else None
        for name in NOTED:
            value = self.declared.get(name)
            values[name] = bool(value)
            if isinstance(value, str):
                self.notes[name] = value
        return values

    def _unread(self, answered: Mapping[str, Any]) -> None:
        """An answer whose fact no rule reads is not lost: it is a doubt that compliance settles."""
        for name in UNREAD:
            if name in self.reference.read or self._is_looked_at(name):
                continue
            value = answered[name]
            if name == "abilities_declared":
                abilities = possibly(value, ABILITIES) if name in self.declared else []
                if abilities:
                    words = (ability.replace("_", " ") for ability in abilities)
                    self.doubts.append(UNREAD[name].format(listed(sorted(words))))
            elif value in (None, True, "yes", "refused", "included"):
                self.doubts.append(UNREAD[name])

    def _is_looked_at(self, name: str) -> bool:
        """Whoever says why has people look at the deal, whatever the rulebook reads."""
        return name in NOTED and isinstance(self.declared.get(name), str)

    def _conflict(self, facts: dict[str, Any]) -> None:
        doubts = contradiction(self.declared, self.doubts)[:LONGEST_NOTE]
        if "fact_conflict" not in facts:
            facts["fact_conflict"] = bool(doubts)
        if facts["fact_conflict"] and not facts.get("conflict_note") and doubts:
            facts["conflict_note"] = doubts
        self.notes["fact_conflict"] = doubts or "nothing contradicts what is declared"
