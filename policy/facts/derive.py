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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from policy.engine.language.facts import FactError, Facts
from policy.engine.language.words import listed
from policy.facts import lawful, spots
from policy.facts.bundle import ReferenceData
from policy.facts.declared import (
    ABILITIES,
    CHOICES,
    MANDATORY,
    NOTED,
    RESELLER,
    DeclaredError,
    is_named,
    unanswered,
)
from policy.facts.spots import Spot
from policy.reference.catalogue import Product
from policy.reference.destinations import NOWHERE, Place
from policy.reference.laws import Law, classes_of, day_words
from policy.reference.names.lexicon import FITTING, SOUNDS
from policy.reference.registry import INTELLIGENCE, NO_KIND, QUESTION, VENDOR, Hit

__all__ = ["Derivation", "Origin", "ReferenceData", "Variant", "derive", "trace"]

#: Capabilities that ask by themselves for power over people without a court.
LAW_SIGNS = ("direct_access_li", "shutdown_control")
#: Where the control list speaks of a capability; for lines that the catalogue does not know.
CONTROL_LIST = {
    "imsi_catcher": "5A001.f",
    "mass_interception": "5A001.j",
    "intrusion_spyware": "4D004",
    "device_forensics": "5A004.b",
    "monitoring_centre": "5D001.e",
    "intercept_analysis": "5D001.e",
}
_CONTROLLED = frozenset(CONTROL_LIST)
_CONTROLS = ("not_controlled", "licence_granted", "licence_required", "denied", "prohibited")
#: Whoever delivers one of these together with one of those must say what the storage is for.
HANDS_OVER = frozenset({"li_mediation", "li_administration", "direct_access_li"})
STORAGE = frozenset({"generic_storage", "general_compute", "data_centre_fabric"})
KEPT = ("stores_intercepted", "analyses_intercepted")
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
#: Whoever signs for itself is not expected to buy for somebody harmless.
ARMED = ("law_enforcement", "military", INTELLIGENCE)
INTEGRATION = "active_surveillance_integration"
NOT_CLASSIFIED = "unclassified"
LONGEST_NOTE = 2000
#: Combinations of a destination and a purpose; each is derived and screened by itself.
MOST_VARIANTS = 2500
#: In the note of capabilities when other deals of the end user, or what stands there, add some.
WITH_LINKED = "with linked deals and the delivered base"
NOTHING_GIVEN: Mapping[str, Any] = {}
NOTHING_CLEARED: Mapping[str, frozenset[str]] = {}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: declared, verified, derived or reviewer, and a sentence on it."""

    source: str
    note: str = ""


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
        declared, reference.countries, is_settled="special_territory" in given
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
            one = Derivation(
                declared, reference, given, on, cleared, doubts=list(destinations.doubts)
            )
            plain = one.plain(spot, purpose)
            try:
                facts = reference.rulebook.vocabulary.parse(plain)
            except FactError as error:  # a text that is too long or cannot be stored
                raise DeclaredError(error.problems) from None
            origins = _origins(one, reference, given)
            variants.append(Variant(facts, origins, one.doubts, one.laws))
    return variants


def _purposes(declared: Mapping[str, Any]) -> list[str | None]:
    return list(dict.fromkeys(declared.get("purposes") or ())) or [declared.get("purpose")]


def _origins(
    one: "Derivation", reference: ReferenceData, given: Mapping[str, Any]
) -> dict[str, Origin]:
    origins = {}
    for name, fact in reference.rulebook.vocabulary.items():
        note = one.notes.get(name, "")
        if name in given or (name == "in_special_territory" and "special_territory" in given):
            origins[name] = Origin("reviewer", "set by hand")
        elif note or fact.source in ("derived", "reviewer"):
            origins[name] = Origin("derived", note)
        else:
            origins[name] = Origin(fact.source)
    return origins


@dataclass(slots=True)
class Derivation:
    """Derives one variant. `declared` and `given` are checked before, or by Vocabulary.parse."""

    declared: Mapping[str, Any]
    reference: ReferenceData
    given: Mapping[str, Any]
    on: date | None = None
    cleared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    laws: dict[str, bool] = field(default_factory=dict)
    #: How sentences about a name write it, where not as it is.
    written: Mapping[str, str] = field(default_factory=dict)
    #: Vendors of surveillance systems that take part in the deal or made something in it.
    vendors: list[str] = field(default_factory=list)

    def plain(self, spot: Spot, purpose: str | None) -> dict[str, Any]:
        """The plain facts of this variant, ready for Vocabulary.parse."""
        declared, given = self.declared, self.given
        place = self._place(spot.country, spot.region)
        facts: dict[str, Any] = {
            "services": declared.get("services"),
            "purpose": purpose,
            "purpose_stated": purpose is not None,
            "legal_obligation": (obligation := declared.get("legal_obligation")),
            "legal_obligation_stated": obligation is not None,
            "adverse_info": "none",
        }
        self._destination(place, facts)
        self._end_user(place, facts)
        self._capabilities(facts)
        self._export_control(place, facts)
        if spot.note:
            self.notes["in_special_territory"] = spot.note
        if spot.is_open and place is not None:
            self._may_be_in_a_territory(place, facts)
        self._law(place, facts)
        self._between(place, facts)
        self._integration(facts)
        self._complete(facts)
        said = self._said(facts)
        facts |= said
        if given:
            facts.update(given)
            if "special_territory" in given:
                # Given as a code; the facts hold its name and whether it is one.
                self._territory(given["special_territory"], facts)
            self._stated(facts)
        self._unread({name: facts[name] for name in said})
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
            # What was derived is no reason for what was set by hand.
            facts["export_reference"] = None

    def _place(self, country: str | None, region: str | None) -> Place | None:
        places = self.reference.countries.places
        territory = self.given.get("special_territory")
        if territory:
            region = territory
        if not region:
            return None if not country or country == NOWHERE else places[country]
        place = places.get(region) or places[region.partition("-")[0]]
        if country and country != NOWHERE and country not in place.countries:
            names = self.reference.countries.names
            self.doubts.append(f"{place.name} ({region}) is not in {names[country]}.")
        return place

    def _destination(self, place: Place | None, facts: dict[str, Any]) -> None:
        if place is None:
            facts["destination_named"] = False
            facts["country_risk"] = "unrated"
            self.notes["country_risk"] = "no destination is named"
            return
        facts["destination_named"] = True
        facts["country"] = place.code
        facts["country_name"] = place.name
        facts["country_risk"] = place.tier
        facts["in_special_territory"] = place.special
        if place.territory:
            facts["special_territory"] = place.territory
        self.notes["country_risk"] = place.note

    def _may_be_in_a_territory(self, place: Place, facts: dict[str, Any]) -> None:
        """Nobody knows where in the country it is: what the place decides is not known either."""
        facts["in_special_territory"] = None
        surely = _surely(facts["capabilities"])
        places = self.reference.countries.places
        for territory in self.reference.countries.territories_asked(place.code):
            there = places[territory.code]
            if there.tier != place.tier:
                facts["country_risk"] = None
            for control, _reference in _restricted(there, surely):
                now = facts["export_control"]
                if now is not None and _CONTROLS.index(control) > _CONTROLS.index(now):
                    facts["export_control"] = None
                    facts.pop("export_reference", None)

    def _territory(self, code: str | None, facts: dict[str, Any]) -> None:
        territories = self.reference.countries.territories
        facts["in_special_territory"] = code is not None
        facts["special_territory"] = territories[code].name if code else None

    def _end_user(self, place: Place | None, facts: dict[str, Any]) -> None:
        declared = self.declared
        name = (declared.get("end_user_name") or "").strip()
        kind = self.given.get("end_user_type") or declared.get("end_user_type") or "unknown"
        facts["end_user_named"] = named = is_named(name)
        if named:
            facts["end_user_name"] = name
            hits = self._hits(name, self._countries(place))
            if "end_user_type" not in self.given:
                kind = self._listed_kind(kind, name, hits)
                self._ask_about(name, "the end user", kind, hits)
            else:
                # A ruling on what the end user is says nothing of a list that names it.
                self._ask_about_lists(name, "the end user", hits)
        facts["end_user_type"] = kind
        customer = (declared.get("customer_name") or "").strip()
        if customer:
            facts["customer_name"] = customer
            if customer != name and kind != INTELLIGENCE:
                hits = self._hits(customer, self._countries(place))
                self._ask_about(customer, "the customer", declared.get("customer_type"), hits)
        signs = declared.get("customer_type")
        if signs in ARMED and signs != kind:
            words = self.reference.kind_words[signs]
            self.doubts.append(f"The customer is declared {words}, and the end user is not.")

    def _countries(self, place: Place | None) -> frozenset[str]:
        own = self.declared.get("customer_country")
        countries = place.countries if place else frozenset()
        return countries | {own} if own else countries

    def _hits(self, name: str, countries: frozenset[str]) -> tuple[Hit, ...]:
        """What the name matches, false alarms that were answered left out."""
        hits = self.reference.registry.hits(name, countries)
        known = self.cleared.get(name.strip())
        return tuple(hit for hit in hits if match_of(hit) not in known) if known else hits

    def _listed_kind(self, kind: str, name: str, hits: tuple[Hit, ...]) -> str:
        """The kind of end user that the registry leads to; a difference goes to `doubts`."""
        listed_as = {
            hit.party.kind: hit.party
            for hit in hits
            if hit.is_certain and hit.party.kind not in NO_KIND
        }
        if not listed_as:
            return kind
        best = INTELLIGENCE if INTELLIGENCE in listed_as else min(listed_as)
        if kind in listed_as and INTELLIGENCE not in listed_as:
            best = kind
        self.notes["end_user_type"] = f"{listed_as[best].name} in the registry"
        if kind in ("unknown", best):
            return best
        words = self.reference.kind_words
        self.doubts.append(
            f"Declared is {words[kind]}, but the registry lists {listed_as[best].name} as"
            f" {words[best]}."
        )
        # The registry never takes back what sales itself says about an intelligence body.
        return kind if kind == INTELLIGENCE else best

    def _settled(self) -> bool:
        """Whether compliance has said that nothing contradicts; then no doubt counts."""
        return self.given.get("fact_conflict") is False

    def _ask_about(self, name: str, role: str, kind: str | None, hits: tuple[Hit, ...]) -> None:
        """What compliance must settle about a name: one sentence, and one more for a list that
        names it. A list counts whatever is known of the party otherwise.

        `kind` is what the party is declared as, None when nobody was asked. A vendor counts
        whatever else is known.
        """
        if self._settled():
            return
        self.vendors.extend(hit.party.name for hit in hits if hit.party.kind == VENDOR)
        hits = self._ask_about_lists(name, role, hits)
        known = [hit for hit in hits if hit.is_certain and hit.party.kind != QUESTION]
        asked = next((hit for hit in known or hits if _is_asked(hit, kind)), None)
        if asked:
            self.doubts.append(self._question(name, role, asked))
        elif not known and kind != "unknown":
            self._listen(name, role, kind)

    def _ask_about_lists(self, name: str, role: str, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """Whoever a list of sanctions names is asked about; the hits that no list gave."""
        on_lists = [hit for hit in hits if hit.party.is_on_a_list]
        if on_lists and not self._settled():
            self.doubts.append(self._question(name, role, on_lists[0]))
        return tuple(hit for hit in hits if not hit.party.is_on_a_list)

    def _question(self, name: str, role: str, hit: Hit) -> str:
        party = hit.party
        home = f" ({party.country})" if party.country else ""
        bears = "bears the name of" if hit.is_exact else "has a name like"
        known = party.note or self._known_as(party.kind)
        return f"{self._name(name)}, {role}, {bears} {party.name}{home}: {known}."

    def _known_as(self, kind: str) -> str:
        if kind == VENDOR:
            return "a vendor of surveillance systems; ask what its part in the deal is"
        return self.reference.kind_words.get(kind, "an intelligence or security body")

    def _listen(self, name: str, role: str, kind: str | None) -> None:
        """A name that sounds like what nobody declared is a doubt."""
        known = self.cleared.get(name.strip(), frozenset())
        heard = [
            sound
            for sound in self.reference.registry.sounds(name)
            if match_of_sound(sound) not in known
        ]
        asked = [sound for sound in SOUNDS if sound in heard and kind not in FITTING[sound]]
        if not asked or (len(asked) < len(heard) and asked != ["intelligence"]):
            return  # what it is declared as is one of the things that it sounds like
        declared = f", but is declared as {self._kind_in_words(kind)}" if kind else ""
        self.doubts.append(f"{self._name(name)}, {role}, sounds like {SOUNDS[asked[0]]}{declared}.")

    def _kind_in_words(self, kind: str) -> str:
        return self.reference.kind_words.get(kind, "a reseller or integrator")

    def _name(self, name: str) -> str:
        return self.written.get(name, name)

    def _integration(self, facts: dict[str, Any]) -> None:
        """A vendor of surveillance systems in the deal: nobody knows yet what it integrates."""
        if self._settled():
            return
        for line in self.declared.get("products") or ():
            maker = self.reference.registry.vendor_in(_line_name(line))
            if maker:
                self.vendors.append(maker.name)
                self.doubts.append(
                    f"{_line_name(line)} names {maker.name}: {self._known_as(maker.kind)}."
                )
        capabilities = facts["capabilities"]
        if (
            self.vendors
            and "capabilities" not in self.given
            and INTEGRATION not in _surely(capabilities)
        ):
            names = listed(list(dict.fromkeys(self.vendors)))
            note = f"{names} may bring a system of active surveillance with it"
            self.notes["capabilities"] = (
                f"{self.notes.get('capabilities', '')}; {note}".removeprefix("; ")
            )
            facts["capabilities"] = _maybe(capabilities, INTEGRATION)

    def _capabilities(self, facts: dict[str, Any]) -> None:
        declared = self.declared
        products = declared.get("products")
        given = self.given.get("capabilities")
        linked = declared.get("linked_capabilities")
        if products:
            named = self.reference.catalogue.named
            facts["products"] = listed([named(_line_name(line)) for line in products])
        if given is None:
            given = self._of_lines(products, are_given="capabilities" in declared)
        if linked:
            self.notes["capabilities"] = (
                f"{self.notes.get('capabilities', '')}; {WITH_LINKED}"
            ).removeprefix("; ")
            given = _union(given, linked)
        facts["capabilities"] = given

    def _of_lines(self, products: list[Any] | None, *, are_given: bool) -> Any:
        """The catalogue's word; what is given beside it adds, and stands alone for other lines."""
        said = self.declared.get("capabilities")
        if said is None:
            # Left out: the catalogue says. null: whoever was asked does not know.
            told = products is not None and "capabilities" not in self.declared
            return self._of_products(products or []) if told else self._open()
        find = self.reference.catalogue.find
        known = [line for line in products or () if find(_line_name(line))]
        if not known:
            self.notes["capabilities"] = "given as the catalogue's word for the lines"
            return said
        # What is given speaks for the other lines, so they are not unclassified.
        catalogue = self._of_products(known)
        missing = set(catalogue) - {NOT_CLASSIFIED} - set(_possibly(said))
        if missing:
            self.doubts.append(self._left_out(known, missing))
        return _union(said, catalogue)

    def _left_out(self, known: list[Any], missing: set[str]) -> str:
        fact = self.reference.rulebook.vocabulary["capabilities"]
        names = listed([self.reference.catalogue.named(_line_name(line)) for line in known])
        words = listed([fact.say(one) for one in sorted(missing)])
        return f"The capabilities given for {names} leave out {words}, which the catalogue names."

    def _open(self) -> dict[str, list[str]]:
        """No product is named: what it is has to be classified, and may be anything."""
        rest = [one for one in self.reference.capabilities if one != NOT_CLASSIFIED]
        return {"yes": [NOT_CLASSIFIED], "unknown": rest}

    def _of_products(self, products: list[Any]) -> list[str]:
        found: dict[str, None] = {}
        strange = []
        for line in products:
            product = self.reference.catalogue.find(_line_name(line))
            if product is None:
                strange.append(_line_name(line))
                found[NOT_CLASSIFIED] = None
            else:
                found |= dict.fromkeys(_left(product, line))
        self.notes["capabilities"] = (
            f"not in the catalogue: {listed(strange)}" if strange else "from the catalogue"
        )
        return list(found)

    def _export_control(self, place: Place | None, facts: dict[str, Any]) -> None:
        found = {"not_controlled": "no line is classified as controlled"}
        for control, why in _restricted(place, _surely(facts["capabilities"])) if place else ():
            found.setdefault(control, why)
        for control, why in self._controls(facts["capabilities"]):
            found.setdefault(control, why)
        worst = "not_controlled"
        if len(found) > 1:
            worst = max(found, key=_CONTROLS.index)
            facts["export_reference"] = found[worst]
        facts["export_control"] = worst
        self.notes["export_control"] = found[worst]

    def _controls(self, capabilities: Any) -> Iterator[tuple[str, str]]:
        for line in self.declared.get("products") or ():
            product = self.reference.catalogue.find(_line_name(line))
            if product is not None:
                yield product.control, f"{product.name} {product.control_list}".strip()
        surely = _surely(capabilities)
        if not _CONTROLLED.isdisjoint(surely):
            for capability, entry in CONTROL_LIST.items():
                if capability in surely:
                    yield "licence_required", entry

    def _law(self, place: Place | None, facts: dict[str, Any]) -> None:
        declared = self.declared
        basis = (declared.get("legal_basis") or "").strip()
        facts["legal_basis_status"] = "cited" if is_named(basis) else "none"
        if basis:
            facts["legal_basis"] = basis
        surely = _surely(facts["capabilities"])
        signs = list(declared.get("conflict_signs") or ())
        signs += self._registered(place, facts)
        signs += [sign for sign in LAW_SIGNS if sign in surely]
        facts["law_conflict"] = bool(signs)
        self.notes["law_conflict"] = (
            f"suggested by: {listed(signs)}" if signs else "no answer suggests one"
        )
        heard = declared.get("adverse_signs")
        if heard:
            facts["adverse_info"] = "alleged"
        self.notes["adverse_info"] = f"suggested by: {listed(heard)}" if heard else "none on record"

    def _registered(self, place: Place | None, facts: dict[str, Any]) -> list[str]:
        """The laws of the register that were picked: what they verify, and what conflicts."""
        register = self.reference.laws
        picked = lawful.picked(self.declared, register.by_id)
        if not picked:
            return []
        wanted = self._wanted(place, facts)
        misfits = {
            one.id: lawful.misfit(one.law, wanted, self.reference.kind_words)
            if one.law
            else "it is no longer in the register"
            for one in picked
        }
        counting = [one for one in picked if not misfits[one.id]]
        self.laws = {one.id: one in counting for one in picked}
        covered = {letter for one in counting if one.law for letter in one.law.classes}
        is_verified = bool(counting) and wanted.classes <= covered
        facts["legal_basis_status"] = "verified" if is_verified else "cited"
        named = counting if is_verified else picked
        facts["legal_basis"] = "; ".join(one.citation for one in named)[:LONGEST_NOTE]
        notes = [_registration(one.law, register.remark) for one in counting if one.law]
        notes += [f"{one.citation}: {misfits[one.id]}" for one in picked if misfits[one.id]]
        if counting and not is_verified:
            notes.append("not everything that needs a law is covered")
        self.notes["legal_basis_status"] = "; ".join(notes)
        self.notes["legal_basis"] = "picked from the register of laws"
        # A law elsewhere is none of this place; where nobody knows the place, it may be.
        return [
            f"{one.citation}: {one.conflict}"
            for one in picked
            if one.conflict and (place is None or one.law is None or _is_near(one.law, place))
        ]

    def _wanted(self, place: Place | None, facts: Mapping[str, Any]) -> lawful.Wanted:
        """What is there and what may be there both need a law."""
        abilities = self.declared.get("abilities_declared", [])
        return lawful.Wanted(
            place,
            facts["end_user_type"],
            classes_of(_members(facts["capabilities"]), _possibly(abilities)),
            self.on,
        )

    def _between(self, place: Place | None, facts: dict[str, Any]) -> None:
        parties = self.declared.get("intermediaries")
        kind = self.declared.get("customer_type")
        if kind == RESELLER:
            # Whoever buys to resell stands between us and the end user, named or not.
            facts["has_intermediaries"] = True
            self.notes["has_intermediaries"] = "the customer is a reseller or integrator"
        elif parties or (parties is not None and kind):
            facts["has_intermediaries"] = bool(parties)
        if not parties:
            return
        names = []
        for party in parties:
            name, home = (
                (party, "") if isinstance(party, str) else (party["name"], party.get("country"))
            )
            names.append(name)
            countries = frozenset({home}) if home else self._countries(place)
            hits = self._hits(name, countries)
            self._ask_about(name, "an intermediary", None, hits)
        facts["intermediaries"] = listed(names)

    def _complete(self, facts: dict[str, Any]) -> None:
        """An empty field is no answer: also not where no rule would read it in this deal."""
        missing = unanswered(self.declared)
        facts["answers_complete"] = not missing
        if missing:
            facts["unanswered"] = listed([MANDATORY[name] for name in missing])

    def _said(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What counts beside the catalogue: answers of sales, other deals, rulings."""
        said: dict[str, Any] = {"abilities_declared": self._abilities(facts["capabilities"])}
        if differences := self.declared.get("differences"):
            self.notes["abilities_declared"] = " ".join(differences)
        for name, values in CHOICES.items():
            value = self.declared.get(name, "not_asked")
            said[name] = value if value in (*values, "not_asked") else None
        for name in NOTED:
            value = self.declared.get(name)
            said[name] = bool(value)
            if isinstance(value, str):
                self.notes[name] = value
        return said

    def _abilities(self, capabilities: Any) -> Any:
        if "abilities_declared" in self.declared:
            return self.declared["abilities_declared"]
        surely = set(_surely(capabilities))
        asks = surely & HANDS_OVER and surely & STORAGE
        if asks:
            self.notes["abilities_declared"] = "nobody said what the storage is for"
        return {"yes": [], "unknown": list(KEPT)} if asks else []

    def _unread(self, said: Mapping[str, Any]) -> None:
        """An answer whose fact no rule reads is not lost: it is a doubt that compliance settles."""
        for name in UNREAD:
            if name in self.reference.read or self._is_looked_at(name):
                continue
            value = said[name]
            if name == "abilities_declared":
                named = _possibly(value) if name in self.declared else []
                if named:
                    words = (one.replace("_", " ") for one in named)
                    self.doubts.append(UNREAD[name].format(listed(sorted(words))))
            elif value in (None, True, "yes", "refused", "included"):
                self.doubts.append(UNREAD[name])

    def _is_looked_at(self, name: str) -> bool:
        """Whoever says why has people look at the deal, whatever the rulebook reads."""
        return name in NOTED and isinstance(self.declared.get(name), str)

    def _conflict(self, facts: dict[str, Any]) -> None:
        said = [*(self.declared.get("contradictions") or ()), *self.doubts]
        doubts = " ".join(dict.fromkeys(said))[:LONGEST_NOTE] if said else ""
        if "fact_conflict" not in facts:
            facts["fact_conflict"] = bool(said)
        if facts["fact_conflict"] and not facts.get("conflict_note") and doubts:
            facts["conflict_note"] = doubts
        self.notes["fact_conflict"] = doubts or "nothing contradicts what is declared"


def match_of(hit: Hit) -> str:
    """How a match is remembered: another entry of the registry is another match."""
    party = hit.party
    return f"{party.name} ({party.country or 'international'}): {party.kind}"


def match_of_sound(sound: str) -> str:
    """How it is remembered that a name bears no listed name and only sounds like a body."""
    return f"sounds like {SOUNDS[sound]}"


def matches(name: str, countries: frozenset[str], reference: ReferenceData) -> list[str]:
    """All that would be asked about a name in deals with these countries."""
    found = [match_of(hit) for hit in reference.registry.hits(name, countries)]
    return sorted({*found, *map(match_of_sound, reference.registry.sounds(name))})


def _is_asked(hit: Hit, kind: str | None) -> bool:
    """Whether compliance must say who it is, where a party is declared as of this kind."""
    listed_as = hit.party.kind
    if listed_as == VENDOR:
        return True
    if listed_as == QUESTION:
        # Ministries share their names: another country's says little of one that is declared so.
        return kind != INTELLIGENCE and (hit.at_home or kind not in ARMED)
    if listed_as == INTELLIGENCE:
        return kind != INTELLIGENCE
    return listed_as in ARMED and kind not in (*ARMED, "unknown")


def _restricted(place: Place, capabilities: Any) -> Iterator[tuple[str, str]]:
    """What restricts a delivery of these capabilities to the place: control and reference."""
    for row in place.restrictions:
        if row.applies_to(capabilities):
            yield row.control, f"{place.name}: {row.reference}"
    if place.export_control:
        yield place.export_control, f"destination {place.name}"


def _surely(capabilities: Any) -> Any:
    """The capabilities that are surely there, from the plain form of flags."""
    return capabilities.get("yes", ()) if isinstance(capabilities, dict) else capabilities


def _maybe(capabilities: Any, member: str) -> Any:
    """The capabilities, with one more that may be there."""
    if capabilities is None:
        return None
    plain = capabilities if isinstance(capabilities, dict) else {"yes": list(capabilities)}
    return {**plain, "unknown": list(dict.fromkeys([*plain.get("unknown", ()), member]))}


def _possibly(flags: Any) -> list[str]:
    """The members that are there or may be."""
    if flags is None:
        return list(ABILITIES)
    if isinstance(flags, dict):
        return [*flags.get("yes", ()), *flags.get("unknown", ())]
    return list(flags)


def _members(capabilities: Any) -> list[str]:
    """The capabilities that are there or may be, from the plain form of flags."""
    if isinstance(capabilities, dict):
        return [*capabilities.get("yes", ()), *capabilities.get("unknown", ())]
    return list(capabilities or ())


def _is_near(law: Law, place: Place) -> bool:
    """Whether the law may be asked of somebody there: also in a territory of its country."""
    return law.country in place.countries or law.country == place.code


def _registration(law: Law, remark: str) -> str:
    """What the register says of a law that counts."""
    said = (
        f"{law.citation}: in the register of laws, ordered by {law.orders}, overseen by"
        f" {law.oversees}, checked {day_words(law.checked)}, valid until"
        f" {day_words(law.valid_until)}"
    )
    return f"{said} ({remark})" if remark else said


def _line_name(line: Any) -> str:
    name: str = line if isinstance(line, str) else line["product"]
    return name


def _left(product: Product, line: Any) -> list[str]:
    """The capabilities of a line; a feature counts as removed only with proof."""
    if isinstance(line, str) or not is_named(line.get("proof")):
        return list(product.capabilities)
    return product.capabilities_without(line.get("removed") or ())


def _union(capabilities: Any, linked: list[str]) -> Any:
    if isinstance(capabilities, dict):
        yes = {*capabilities.get("yes", ()), *linked}
        unknown = [one for one in capabilities.get("unknown", ()) if one not in yes]
        return {"yes": sorted(yes), "unknown": unknown}
    return list(dict.fromkeys([*capabilities, *linked]))
