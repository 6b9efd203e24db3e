"""Where it is used: what is known of the place, and which law there obliges the end user."""

from collections.abc import Mapping
from typing import Any

from policy.engine.language.words import listed
from policy.facts import lawful
from policy.facts.declared import ABILITIES, is_named
from policy.facts.draft import Draft
from policy.facts.flags import members, possibly, surely
from policy.facts.products import CONTROLS, restricted
from policy.reference.capabilities import LAW_SIGNS
from policy.reference.destinations import NOWHERE, Place
from policy.reference.laws import Law, classes_of, day_words

#: Of the laws that a fact quotes: a text of the vocabulary holds no more.
LONGEST_BASIS = 2000


def place_of(draft: Draft, country: str | None, region: str | None) -> Place | None:
    """The place that is meant; None when no destination is named."""
    places = draft.reference.countries.places
    territory = draft.given.get("special_territory")
    if territory:
        region = territory
    if not region:
        return None if not country or country == NOWHERE else places[country]
    place = places.get(region) or places[region.partition("-")[0]]
    if country and country != NOWHERE and country not in place.countries:
        names = draft.reference.countries.names
        draft.doubts.append(f"{place.name} ({region}) is not in {names[country]}.")
    return place


def destination(draft: Draft, place: Place | None, facts: dict[str, Any]) -> None:
    if place is None:
        facts["destination_named"] = False
        facts["country_risk"] = "unrated"
        draft.notes["country_risk"] = "no destination is named"
        return
    facts["destination_named"] = True
    facts["country"] = place.code
    facts["country_name"] = place.name
    facts["country_risk"] = place.tier
    facts["in_special_territory"] = place.special
    if place.territory:
        facts["special_territory"] = place.territory
    draft.notes["country_risk"] = place.note


def may_be_in_a_territory(draft: Draft, place: Place, facts: dict[str, Any]) -> None:
    """Nobody knows where in the country it is: what the place decides is not known either."""
    facts["in_special_territory"] = None
    contained = surely(facts["capabilities"])
    places = draft.reference.countries.places
    for territory in draft.reference.countries.territories_asked(place.code):
        there = places[territory.code]
        if there.tier != place.tier:
            facts["country_risk"] = None
        for control, _reference in restricted(there, contained):
            now = facts["export_control"]
            if now is not None and CONTROLS.index(control) > CONTROLS.index(now):
                facts["export_control"] = None
                facts.pop("export_reference", None)


def given_territory(draft: Draft, code: str | None, facts: dict[str, Any]) -> None:
    """Given as a code; the facts hold its name and whether it is one."""
    territories = draft.reference.countries.territories
    facts["in_special_territory"] = code is not None
    facts["special_territory"] = territories[code].name if code else None


def law(draft: Draft, place: Place | None, facts: dict[str, Any]) -> None:
    """What is cited or verified, and what suggests a conflict of law or misuse."""
    declared = draft.declared
    basis = (declared.get("legal_basis") or "").strip()
    facts["legal_basis_status"] = "cited" if is_named(basis) else "none"
    if basis:
        facts["legal_basis"] = basis
    contained = surely(facts["capabilities"])
    signs = list(declared.get("conflict_signs") or ())
    signs += _registered(draft, place, facts)
    signs += [sign for sign in LAW_SIGNS if sign in contained]
    facts["law_conflict"] = bool(signs)
    draft.notes["law_conflict"] = (
        f"suggested by: {listed(signs)}" if signs else "no answer suggests one"
    )
    heard = declared.get("adverse_signs")
    if heard:
        facts["adverse_info"] = "alleged"
    draft.notes["adverse_info"] = f"suggested by: {listed(heard)}" if heard else "none on record"


def _registered(draft: Draft, place: Place | None, facts: dict[str, Any]) -> list[str]:
    """The laws of the register that were picked: what they verify, and what conflicts."""
    register = draft.reference.laws
    picked = lawful.picked(draft.declared, register.by_id)
    if not picked:
        return []
    wanted = _wanted(draft, place, facts)
    misfits = {
        pick.id: lawful.misfit(pick.law, wanted, draft.reference.kind_words)
        if pick.law
        else "it is no longer in the register"
        for pick in picked
    }
    counting = [pick for pick in picked if not misfits[pick.id]]
    draft.laws = {pick.id: pick in counting for pick in picked}
    covered = {letter for pick in counting if pick.law for letter in pick.law.classes}
    is_verified = bool(counting) and wanted.classes <= covered
    facts["legal_basis_status"] = "verified" if is_verified else "cited"
    named = counting if is_verified else picked
    facts["legal_basis"] = "; ".join(pick.citation for pick in named)[:LONGEST_BASIS]
    notes = [_registration(pick.law, register.remark) for pick in counting if pick.law]
    notes += [f"{pick.citation}: {misfits[pick.id]}" for pick in picked if misfits[pick.id]]
    if counting and not is_verified:
        notes.append("not everything that needs a law is covered")
    draft.notes["legal_basis_status"] = "; ".join(notes)
    draft.notes["legal_basis"] = "picked from the register of laws"
    # A law elsewhere is none of this place; where nobody knows the place, it may be.
    return [
        f"{pick.citation}: {pick.conflict}"
        for pick in picked
        if pick.conflict and (place is None or pick.law is None or _is_near(pick.law, place))
    ]


def _wanted(draft: Draft, place: Place | None, facts: Mapping[str, Any]) -> lawful.Wanted:
    """What is there and what may be there both need a law."""
    abilities = draft.declared.get("abilities_declared", [])
    return lawful.Wanted(
        place,
        facts["end_user_type"],
        classes_of(members(facts["capabilities"]), possibly(abilities, ABILITIES)),
        draft.on,
        lawful.who_signs(draft.declared),
    )


def _is_near(law: Law, place: Place) -> bool:
    """Whether the law may be asked of somebody there: also in a territory of its country."""
    return law.country in place.countries or law.country == place.code


def _registration(law: Law, remark: str) -> str:
    """What the register says of a law that counts."""
    entry = (
        f"{law.citation}: in the register of laws, ordered by {law.orders}, overseen by"
        f" {law.oversees}, checked {day_words(law.checked)}, valid until"
        f" {day_words(law.valid_until)}"
    )
    return f"{entry} ({remark})" if remark else entry
