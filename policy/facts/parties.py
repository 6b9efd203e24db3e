"""Who takes part in a deal: what the registry says of each name, and what has to be asked of it.

What the registry knows wins over what sales says; where both differ, and where a name resembles
one of the registry, compliance has to say who it is.
"""

from collections.abc import Iterable
from typing import Any

from policy.engine.language.words import listed
from policy.facts.bundle import ReferenceData
from policy.facts.declared import RESELLER, is_named
from policy.facts.draft import Draft
from policy.facts.flags import members
from policy.reference.destinations import Place
from policy.reference.names.lexicon import FITTING, SOUNDS
from policy.reference.registry import INTELLIGENCE, NO_KIND, OPERATOR, QUESTION, VENDOR, Hit, Party

#: Whoever signs for itself is not expected to buy for somebody harmless.
ARMED = ("law_enforcement", "military", INTELLIGENCE)
#: Nor are these expected to buy surveillance for a company to use.
PUBLIC = ("municipality", "civil_government", "telecom_regulator", "emergency_services")
COMPANIES = ("commercial_operator", "state_operator", "private_enterprise")
#: None of these has a task of authorities.
NO_AUTHORITIES = (*COMPANIES, "utility", "rail_operator")
#: A sound that no other one excuses.
HEARD = "intelligence"


def end_user(draft: Draft, place: Place | None, facts: dict[str, Any]) -> None:
    """Who uses it, of which kind it is, and who buys it for them."""
    declared = draft.declared
    name = (declared.get("end_user_name") or "").strip()
    kind = draft.given.get("end_user_type") or declared.get("end_user_type") or "unknown"
    facts["end_user_named"] = named = is_named(name)
    if named:
        facts["end_user_name"] = name
        hits = _hits(draft, name, _countries(draft, place))
        if "end_user_type" not in draft.given:
            kind = _listed_kind(draft, kind, hits)
            _ask_about(draft, name, "the end user", kind, hits)
        else:
            # A ruling on what the end user is says nothing of a list that names it.
            _ask_about_lists(draft, name, "the end user", hits)
    facts["end_user_type"] = kind
    customer = (declared.get("customer_name") or "").strip()
    if customer:
        facts["customer_name"] = customer
        if customer != name and kind != INTELLIGENCE:
            hits = _hits(draft, customer, _countries(draft, place))
            _ask_about(draft, customer, "the customer", declared.get("customer_type"), hits)
    signs = declared.get("customer_type")
    if signs in ARMED and signs != kind:
        words = draft.reference.kind_words[signs]
        draft.doubts.append(f"The customer is declared {words}, and the end user is not.")


def signs_for_a_company(draft: Draft, facts: dict[str, Any]) -> None:
    """A public body that buys what relates to surveillance, and a company is to use it."""
    signs, related = draft.declared.get("customer_type"), draft.reference.beside
    surveillance = related.get("abilities_declared", frozenset())
    # What sales says that it can do counts as what the catalogue says.
    is_able = bool(members(draft.declared.get("abilities_declared")))
    if (
        signs in PUBLIC
        and facts["end_user_type"] in COMPANIES
        and (is_able or not surveillance.isdisjoint(members(facts["capabilities"])))
    ):
        kinds = draft.reference.kind_words
        draft.doubts.append(
            f"The customer is declared {kinds[signs]}, and {kinds[facts['end_user_type']]} is to"
            " use what relates to surveillance."
        )


def between(draft: Draft, place: Place | None, facts: dict[str, Any]) -> None:
    """Who stands between us and the end user."""
    parties = draft.declared.get("intermediaries")
    kind = draft.declared.get("customer_type")
    if kind == RESELLER:
        # Whoever buys to resell stands between us and the end user, named or not.
        facts["has_intermediaries"] = True
        draft.notes["has_intermediaries"] = "the customer is a reseller or integrator"
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
        countries = frozenset({home}) if home else _countries(draft, place)
        hits = _hits(draft, name, countries)
        _ask_about(draft, name, "an intermediary", None, hits)
    facts["intermediaries"] = listed(names)


def _countries(draft: Draft, place: Place | None) -> frozenset[str]:
    own = draft.declared.get("customer_country")
    countries = place.countries if place else frozenset()
    return countries | {own} if own else countries


def _hits(draft: Draft, name: str, countries: frozenset[str]) -> tuple[Hit, ...]:
    """What the name matches, false alarms that were answered left out."""
    hits = draft.reference.registry.hits(name, countries)
    known = draft.cleared.get(name.strip())
    return tuple(hit for hit in hits if match_of(hit) not in known) if known else hits


def listed_as(hits: Iterable[Hit]) -> dict[str, Party]:
    """The kinds of end user that a name surely has in the registry, each with a row."""
    return {
        hit.party.kind: hit.party
        for hit in hits
        if hit.is_certain and hit.party.kind not in NO_KIND
    }


def _listed_kind(draft: Draft, kind: str, hits: tuple[Hit, ...]) -> str:
    """The kind of end user that the registry leads to; a difference goes to `doubts`."""
    found = listed_as(hits)
    if not found:
        return kind
    best = INTELLIGENCE if INTELLIGENCE in found else min(found)
    if kind in found and INTELLIGENCE not in found:
        best = kind
    draft.notes["end_user_type"] = f"{found[best].name} in the registry"
    if kind in ("unknown", best):
        return best
    words = draft.reference.kind_words
    draft.doubts.append(
        f"Declared is {words[kind]}, but the registry lists {found[best].name} as {words[best]}."
    )
    # The registry never takes back what sales itself says about an intelligence body.
    return kind if kind == INTELLIGENCE else best


def _ask_about(draft: Draft, name: str, role: str, kind: str | None, hits: tuple[Hit, ...]) -> None:
    """What compliance must settle about a name: one sentence, and one more for a list that
    names it. A list counts whatever is known of the party otherwise.

    `kind` is what the party is declared as, None when nobody was asked. A vendor counts
    whatever else is known.
    """
    if draft.is_settled:
        return
    draft.vendors.extend(hit.party.name for hit in hits if hit.party.kind == VENDOR)
    hits = _ask_about_lists(draft, name, role, hits)
    # An operator that is named beside somebody says nothing of the other one.
    little = {QUESTION} if draft.reference.registry.is_operator(name) else {QUESTION, OPERATOR}
    known = [hit for hit in hits if hit.is_certain and hit.party.kind not in little]
    asked = next((hit for hit in known or hits if _is_asked(hit, kind)), None)
    if asked:
        draft.doubts.append(_question(draft, name, role, asked))
    elif not known and kind != "unknown":
        _listen(draft, name, role, kind)


def _ask_about_lists(draft: Draft, name: str, role: str, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """Whoever a list of sanctions names is asked about; the hits that no list gave."""
    on_lists = [hit for hit in hits if hit.party.is_on_a_list]
    if on_lists and not draft.is_settled:
        draft.doubts.append(_question(draft, name, role, on_lists[0]))
    return tuple(hit for hit in hits if not hit.party.is_on_a_list)


def _question(draft: Draft, name: str, role: str, hit: Hit) -> str:
    party = hit.party
    home = f" ({party.country})" if party.country else ""
    bears = "bears the name of" if hit.is_exact else "has a name like"
    known = party.note or known_as(draft, party.kind)
    return f"{draft.quoted(name)}, {role}, {bears} {party.name}{home}: {known}."


def known_as(draft: Draft, kind: str) -> str:
    """What the registry knows of a party that it lists as of this kind, without a note."""
    if kind == VENDOR:
        return "a vendor of surveillance systems; ask what its part in the deal is"
    return draft.reference.kind_words.get(kind, "an intelligence or security body")


def _listen(draft: Draft, name: str, role: str, kind: str | None) -> None:
    """A name that sounds like what nobody declared is a doubt."""
    known = draft.cleared.get(name.strip(), frozenset())
    heard = [
        sound
        for sound in draft.reference.registry.sounds(name)
        if match_of_sound(sound) not in known
    ]
    asked = [sound for sound in SOUNDS if sound in heard and kind not in FITTING[sound]]
    if not asked or (len(asked) < len(heard) and HEARD not in asked):
        return  # what it is declared as is one of the things that it sounds like
    declared = f", but is declared as {_kind_in_words(draft, kind)}" if kind else ""
    draft.doubts.append(f"{draft.quoted(name)}, {role}, sounds like {SOUNDS[asked[0]]}{declared}.")


def _kind_in_words(draft: Draft, kind: str) -> str:
    return draft.reference.kind_words.get(kind, "a reseller or integrator")


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


def match_of(hit: Hit) -> str:
    """How a match is remembered: another entry of the registry is another match, and so is the
    entry of another list of sanctions."""
    party = hit.party
    match = f"{party.name} ({party.country or 'international'}): {party.kind}"
    return f"{match}, {party.source}" if party.is_on_a_list else match


def match_of_sound(sound: str) -> str:
    """How it is remembered that a name bears no listed name and only sounds like a body."""
    return f"sounds like {SOUNDS[sound]}"


def matches(name: str, countries: frozenset[str], reference: ReferenceData) -> list[str]:
    """All that would be asked about a name in deals with these countries."""
    hits = [match_of(hit) for hit in reference.registry.hits(name, countries)]
    return sorted({*hits, *map(match_of_sound, reference.registry.sounds(name))})
