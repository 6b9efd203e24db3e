"""What is sold: its capabilities, what sales says beside them, and how its export is controlled."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from policy.engine.language.words import listed
from policy.facts.declared import ABILITIES, NOT_KNOWN, is_named
from policy.facts.draft import Draft
from policy.facts.flags import maybe, members, possibly, surely, union
from policy.facts.parties import NO_AUTHORITIES, known_as
from policy.reference.capabilities import (
    CONTROL_LIST,
    HANDS_OVER,
    INTEGRATION,
    KEPT,
    NOT_CLASSIFIED,
    STORAGE,
)
from policy.reference.catalogue import Product
from policy.reference.destinations import Place
from policy.reference.laws import CLASSES

_CONTROLLED = frozenset(CONTROL_LIST)
#: From the mildest to the gravest.
CONTROLS = ("not_controlled", "licence_granted", "licence_required", "denied", "prohibited")


class Served(NamedTuple):
    """What serves a purpose: these capabilities, and what is the same to the rules as one of the
    abilities.
    """

    capabilities: frozenset[str]
    abilities: frozenset[str]
    does: str


_REACHES_IN = frozenset({"hands_over_more", "stores_intercepted", "analyses_intercepted"})
_RESTRICTS = Served(
    frozenset(), frozenset({"restricts_content"}), "blocks or changes what people read"
)
#: Purposes that say themselves what is sold for them.
SERVED: Mapping[str | None, Served] = {
    "li_compliance": Served(CLASSES["L"], _REACHES_IN, "intercepts"),
    "data_retention_compliance": Served(
        CLASSES["T"], _REACHES_IN, "keeps or discloses records of subscribers"
    ),
    "court_ordered_blocking": _RESTRICTS,
    "child_protection": _RESTRICTS,
}
#: The purpose of which nothing is known but the words of sales.
OTHER = "other"
#: Purposes that are a task of authorities.
OF_AUTHORITIES = frozenset(
    {"public_safety", "health_emergency", "smart_city", "emergency_alerting"}
)
#: Capabilities, and what sales says that anything else can do.
FINDS_PEOPLE = frozenset({"subscriber_analytics_individual", "location_platform", "follows_people"})
#: What looks at single people, and how a sentence says it: who does it for authorities is asked for
#: which one.
LOOKS_AT_PEOPLE: Mapping[str, str] = {
    **dict.fromkeys(sorted(FINDS_PEOPLE), "find or profile single people"),
    "dpi_traffic_management": "look into what single people send",
    "sms_content_inspection": "look into what single people send",
    "anpr": "read the number plates of single people",
}
#: What only prisons and the like have a use for, whoever runs it for them.
OF_PRISONS = "managed_access_system"
#: In the note of capabilities when other deals of the end user, or what stands there, add some.
WITH_LINKED = "with linked deals and the delivered base"


def capabilities(draft: Draft, facts: dict[str, Any]) -> None:
    """What the lines can do, and what other deals and the delivered base add."""
    declared = draft.declared
    products = declared.get("products")
    contained = draft.given.get("capabilities")
    linked = declared.get("linked_capabilities")
    if products:
        named = draft.reference.catalogue.named
        facts["products"] = listed([named(_line_name(line)) for line in products])
    if contained is None:
        contained = _of_lines(draft, products)
    if others := declared.get("other_systems"):
        contained = _with_others(draft, contained, others)
    draft.own = contained
    if linked:
        draft.add_note("capabilities", WITH_LINKED)
        contained = union(contained, linked)
    facts["capabilities"] = contained


def _of_lines(draft: Draft, products: list[Any] | None) -> Any:
    """The catalogue's word; what is given beside it adds, and stands alone for other lines."""
    stated = draft.declared.get("capabilities")
    if stated is None:
        # Left out: the catalogue says. null: whoever was asked does not know.
        is_left_out = products is not None and "capabilities" not in draft.declared
        return _of_products(draft, products or []) if is_left_out else _open(draft)
    find = draft.reference.catalogue.find
    known = [line for line in products or () if find(_line_name(line))]
    for line in products or ():
        if line not in known:
            _ask_about_likeness(draft, _line_name(line), stated)
    if not known:
        draft.notes["capabilities"] = "given as the catalogue's word for the lines"
        return stated
    # What is given speaks for the other lines, so they are not unclassified.
    catalogue = _of_products(draft, known)
    missing = set(catalogue) - {NOT_CLASSIFIED} - set(members(stated))
    if missing:
        draft.doubts.append(_left_out(draft, known, missing))
    return union(stated, catalogue)


def _with_others(draft: Draft, contained: Any, others: list[str] | str) -> Any:
    """With what the systems of other makers can do that the deal connects to or serves."""
    names = [] if others == NOT_KNOWN else [name for name in others if name != NOT_KNOWN]
    if names:
        find = draft.reference.catalogue.find
        able: dict[str, None] = {}
        for name in [one for line in names for one in ([line] if find(line) else _listed(line))]:
            product = find(name)
            able |= dict.fromkeys(product.capabilities if product else [NOT_CLASSIFIED])
        draft.add_note("capabilities", f"with systems of other makers: {listed(names)}")
        contained = union(contained, list(able))
    if NOT_KNOWN in others:
        draft.add_note("capabilities", "nobody knows which systems of other makers it serves")
        if INTEGRATION not in surely(contained):
            contained = maybe(contained, INTEGRATION)
    return contained


def _listed(line: str) -> list[str]:
    """Several systems in one line, for who writes them so."""
    return [name for name in map(str.strip, line.split(",")) if is_named(name)] or [line]


def _ask_about_likeness(draft: Draft, name: str, stated: Any) -> None:
    """A line that is named like a product which relates to surveillance, and is said not to."""
    product = None if draft.is_settled else draft.reference.catalogue.like(name)
    if product is None:
        return
    related = draft.reference.beside.get("abilities_declared", frozenset())
    missing = related.intersection(product.capabilities).difference(members(stated))
    if missing:
        fact = draft.reference.rulebook.vocabulary["capabilities"]
        words = listed([fact.say(capability) for capability in sorted(missing)])
        draft.doubts.append(
            f"{draft.quoted(name)} is named like {product.name}, and the capabilities given for it"
            f" leave out {words}."
        )


def _left_out(draft: Draft, known: list[Any], missing: set[str]) -> str:
    fact = draft.reference.rulebook.vocabulary["capabilities"]
    names = listed([draft.reference.catalogue.named(_line_name(line)) for line in known])
    words = listed([fact.say(capability) for capability in sorted(missing)])
    return f"The capabilities given for {names} leave out {words}, which the catalogue names."


def _open(draft: Draft) -> dict[str, list[str]]:
    """No product is named: what it is has to be classified, and may be anything."""
    capabilities = draft.reference.capabilities
    rest = [capability for capability in capabilities if capability != NOT_CLASSIFIED]
    return {"yes": [NOT_CLASSIFIED], "unknown": rest}


def _of_products(draft: Draft, products: list[Any]) -> list[str]:
    contained: dict[str, None] = {}
    strange = []
    for line in products:
        product = draft.reference.catalogue.find(_line_name(line))
        if product is None:
            strange.append(_line_name(line))
            contained[NOT_CLASSIFIED] = None
        else:
            contained |= dict.fromkeys(_left(draft, product, line))
    draft.notes["capabilities"] = (
        f"not in the catalogue: {listed(strange)}" if strange else "from the catalogue"
    )
    return list(contained)


def integration(draft: Draft, facts: dict[str, Any]) -> None:
    """A vendor of surveillance systems in the deal: nobody knows yet what it integrates."""
    if draft.is_settled:
        return
    others = draft.declared.get("other_systems") or ()
    lines = [*(draft.declared.get("products") or ()), *(others if isinstance(others, list) else ())]
    for line in lines:
        maker = draft.reference.registry.vendor_in(_line_name(line))
        if maker:
            draft.vendors.append(maker.name)
            draft.doubts.append(
                f"{draft.quoted(_line_name(line))} names {maker.name}:"
                f" {known_as(draft, maker.kind)}."
            )
    capabilities = facts["capabilities"]
    if (
        draft.vendors
        and "capabilities" not in draft.given
        and INTEGRATION not in surely(capabilities)
    ):
        names = listed(list(dict.fromkeys(draft.vendors)))
        note = f"{names} may bring a system of active surveillance with it"
        draft.add_note("capabilities", note)
        facts["capabilities"] = maybe(capabilities, INTEGRATION)


def abilities(draft: Draft, capabilities: Any) -> Any:
    """What sales says that it can do; unknown where it hands over and stores, and nobody said."""
    if "abilities_declared" in draft.declared:
        return draft.declared["abilities_declared"]
    contained = set(surely(capabilities))
    asks = contained & HANDS_OVER and contained & STORAGE
    if asks:
        draft.notes["abilities_declared"] = "nobody said what the storage is for"
    return {"yes": [], "unknown": list(KEPT)} if asks else []


def serves(draft: Draft, facts: dict[str, Any]) -> None:
    """A purpose that speaks of what nothing in the deal does: somebody else does it, or a product
    does more than its line says. Where sales says or does not rule out that one does, rules ask.
    """
    served = SERVED.get(facts["purpose"])
    if served is None:
        return
    reference = draft.reference
    able = served.capabilities.union(
        *(reference.alike.get(ability, ()) for ability in served.abilities)
    )
    said = possibly(facts["abilities_declared"], ABILITIES)
    if able.isdisjoint(surely(draft.own) or ()) and served.abilities.isdisjoint(said):
        purpose = reference.rulebook.vocabulary["purpose"].say(facts["purpose"])
        draft.doubts.append(f"The purpose is {purpose}, and nothing in the deal {served.does}.")


def for_an_authority(draft: Draft, facts: dict[str, Any]) -> None:
    """A company that looks at single people for what is a task of authorities, or catches the
    phones in a prison: they get what it finds, and where they use it themselves rules ask.
    """
    purpose, kind = facts["purpose"], facts["end_user_type"]
    able = {*(surely(facts["capabilities"]) or ()), *(surely(facts["abilities_declared"]) or ())}
    looks = list(dict.fromkeys(does for one, does in LOOKS_AT_PEOPLE.items() if one in able))
    if OF_PRISONS in able and kind in NO_AUTHORITIES:
        whoever = draft.reference.kind_words[kind].capitalize()
        draft.doubts.append(
            f"{whoever} is to run a managed access system: say for which authority."
        )
    if purpose in OF_AUTHORITIES and kind in NO_AUTHORITIES and looks:
        words = draft.reference.rulebook.vocabulary["purpose"].say(purpose)
        draft.doubts.append(
            f"The purpose is {words}, and {draft.reference.kind_words[kind]} is to {listed(looks)}"
            " for it: say which authority gets what it finds."
        )


def other_purpose(draft: Draft, facts: dict[str, Any]) -> None:
    """A purpose that only words describe: no rule reads them, so a person does."""
    if facts["purpose"] == OTHER:
        draft.doubts.append("The purpose is not one of the list: somebody has to read what it is.")


def export_control(draft: Draft, place: Place | None, facts: dict[str, Any]) -> None:
    """The gravest control of the place and of the lines, and the first reason for it."""
    reasons = {"not_controlled": "no line is classified as controlled"}
    for control, why in restricted(place, surely(facts["capabilities"])) if place else ():
        reasons.setdefault(control, why)
    for control, why in _controls(draft, facts["capabilities"]):
        reasons.setdefault(control, why)
    worst = "not_controlled"
    if len(reasons) > 1:
        worst = max(reasons, key=CONTROLS.index)
        facts["export_reference"] = reasons[worst]
    facts["export_control"] = worst
    draft.notes["export_control"] = reasons[worst]


def _controls(draft: Draft, capabilities: Any) -> Iterator[tuple[str, str]]:
    for line in draft.declared.get("products") or ():
        product = draft.reference.catalogue.find(_line_name(line))
        if product is not None:
            yield product.control, f"{product.name} {product.control_list}".strip()
    contained = surely(capabilities)
    if not _CONTROLLED.isdisjoint(contained):
        for capability, entry in CONTROL_LIST.items():
            if capability in contained:
                yield "licence_required", entry


def restricted(place: Place, capabilities: Any) -> Iterator[tuple[str, str]]:
    """What restricts a delivery of these capabilities to the place: control and reference."""
    for row in place.restrictions:
        if row.applies_to(capabilities):
            yield row.control, f"{place.name}: {row.reference}"
    if place.export_control:
        yield place.export_control, f"destination {place.name}"


def _left(draft: Draft, product: Product, line: Any) -> list[str]:
    """The capabilities of a line. A feature that is said to be built out counts as there until
    compliance has settled it, with the word of product management; without proof it always does.
    """
    of_line: Mapping[str, Any] = {} if isinstance(line, str) else line
    removed = set(of_line.get("removed") or ())
    proof = of_line.get("proof")
    if not removed and (proof := draft.declared.get("removal_proof")):
        removed = {feature.id for feature in product.removable}
    gone = [feature for feature in product.removable if feature.id in removed]
    if not gone or not is_named(proof):
        return list(product.capabilities)
    if draft.is_settled:
        return product.capabilities_without(removed)
    names = listed([feature.name for feature in gone])
    asked = listed(sorted({feature.proof for feature in gone}))
    draft.doubts.append(
        f"Somebody says that this was built out of {product.name}: {names}. Product management has"
        f" to confirm it ({asked}); until then it counts as there. Named as proof:"
        f" {' '.join(proof.split())}"
    )
    return list(product.capabilities)


def _line_name(line: Any) -> str:
    name: str = line if isinstance(line, str) else line["product"]
    return name
