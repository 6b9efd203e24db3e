"""Each try to weaken catalogue, registry or countries is named as something to confirm."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.governance import entries
from policy.models import Kind
from policy.reference.catalogue import Feature, Product
from policy.reference.ratings import RatingList
from policy.reference.registry import OPERATOR, QUESTION, Party, Registry

DATA = shipped.load()
#: One that no other row names too.
AGENCY = next(one for one in DATA.registry.parties if one.name == "State Guard Service")
CORE = DATA.catalogue.by_id["core-5gsa"]
RADIO = DATA.catalogue.by_id["nr-macro"]
CONTROLLED = next(one for one in DATA.catalogue.products if one.control == "licence_required")
BARRED = next(one for one in DATA.catalogue.products if "monitoring_centre" in one.capabilities)
[VDEM] = DATA.countries.lists
SECOND = replace(VDEM, source="Second expert")


def selling(*changes: tuple[Product, Product | None]) -> ReferenceData:
    """The catalogue with these products replaced, or taken out."""
    now = {old.id: new for old, new in changes}
    products = [now.get(one.id, one) for one in DATA.catalogue.products]
    kept = tuple(one for one in products if one)
    return replace(DATA, catalogue=replace(DATA.catalogue, products=kept))


def knowing(change: Callable[[Party], list[Party]]) -> ReferenceData:
    """The registry with what becomes of the row of one agency."""
    rows = [
        one
        for party in DATA.registry.parties
        for one in (change(party) if party == AGENCY else [party])
    ]
    return replace(DATA, registry=Registry(tuple(rows), "x", DATA.registry.stems))


def rating(*lists: RatingList, **more: Any) -> ReferenceData:
    return replace(DATA, countries=replace(DATA.countries, lists=lists, **more))


def lowered(source: RatingList, code: str, tier: str) -> RatingList:
    rows = [replace(one, tier=tier) if one.code == code else one for one in source.ratings]
    return replace(source, ratings=tuple(rows))


def without_territory(code: str) -> ReferenceData:
    kept = {name: one for name, one in DATA.countries.territories.items() if name != code}
    return rating(VDEM, territories=kept)


def controlled(control: str) -> ReferenceData:
    """What Crimea says of itself; restricted destinations say the gravest of it too."""
    crimea = replace(DATA.countries.territories["UA-43"], export_control=control)
    row = replace(DATA.countries.restricted[0], code="UA-43", restricts=(), control="prohibited")
    places = {**DATA.countries.territories, "UA-43": crimea}
    return rating(VDEM, territories=places, restricted=(*DATA.countries.restricted, row))


LISTED = Party("Northern Trading House", "", QUESTION, ("NTH",), "entry 7", "list:OFAC SDN")
MOVED = BARRED.also or ("Warrant mediation hub",)
FEATURE = Feature("core-function", "Core function", "mobile_core", "letter of sales")
TRIES: dict[str, tuple[str, ReferenceData, ReferenceData, str]] = {
    "a product loses a capability": (
        Kind.CATALOGUE,
        DATA,
        selling((CORE, replace(CORE, capabilities=("mobile_core",)))),
        "capabilities lost",
    ),
    "an alias moves to a harmless product": (
        Kind.CATALOGUE,
        selling((BARRED, replace(BARRED, also=MOVED))),
        selling((BARRED, replace(BARRED, also=())), (RADIO, replace(RADIO, also=MOVED))),
        "other names added",
    ),
    "an alias is lost, so a bar becomes a question": (
        Kind.CATALOGUE,
        selling((BARRED, replace(BARRED, also=MOVED))),
        selling((BARRED, replace(BARRED, also=()))),
        "other names lost",
    ),
    "a product is found by another id": (
        Kind.CATALOGUE,
        DATA,
        selling((BARRED, replace(BARRED, id="x-new"))),
        "products removed",
    ),
    "a feature can be removed": (
        Kind.CATALOGUE,
        DATA,
        selling((CORE, replace(CORE, removable=(*CORE.removable, FEATURE)))),
        "features made removable",
    ),
    "a feature needs a weaker proof": (
        Kind.CATALOGUE,
        DATA,
        selling((CORE, replace(CORE, removable=(replace(CORE.removable[0], proof="an email"),)))),
        "features changed",
    ),
    "the control licence is lowered": (
        Kind.CATALOGUE,
        DATA,
        selling((CONTROLLED, replace(CONTROLLED, control="not_controlled"))),
        "export control lowered",
    ),
    "the contents say something harmless": (
        Kind.CATALOGUE,
        DATA,
        selling((CORE, replace(CORE, includes=("plain switching",)))),
        "products described otherwise",
    ),
    "an agency's row is removed": (Kind.REGISTRY, DATA, knowing(lambda _: []), "parties removed"),
    "an agency becomes an operator": (
        Kind.REGISTRY,
        DATA,
        knowing(lambda one: [replace(one, kind=OPERATOR)]),
        "classes changed",
    ),
    "an agency becomes a question": (
        Kind.REGISTRY,
        DATA,
        knowing(lambda one: [replace(one, kind=QUESTION)]),
        "classes changed",
    ),
    "an agency moves to another country": (
        Kind.REGISTRY,
        DATA,
        knowing(lambda one: [replace(one, country="FI")]),
        "parties removed",
    ),
    "an agency loses an alias": (
        Kind.REGISTRY,
        DATA,
        knowing(lambda one: [replace(one, aliases=one.aliases[1:])]),
        "names lost",
    ),
    "a company bears an agency's alias": (
        Kind.REGISTRY,
        DATA,
        knowing(lambda one: [one, Party("Alma Networks", "KZ", OPERATOR, (one.aliases[0],))]),
        "parties added",
    ),
    "an agency stands a second time as a company": (
        Kind.REGISTRY,
        DATA,
        knowing(lambda one: [one, replace(one, kind="commercial_operator")]),
        "classes changed",
    ),
    "a word that makes a name ask is removed": (
        Kind.REGISTRY,
        DATA,
        replace(DATA, registry=replace(DATA.registry, stems=DATA.registry.stems[1:])),
        "words lost",
    ),
    "a country without a rating gets a low one from a new source": (
        Kind.COUNTRIES,
        DATA,
        rating(VDEM, lowered(SECOND, "AD", "low")),
        "country risk unrated to low",
    ),
    "a rating is lowered behind a graver source": (
        Kind.COUNTRIES,
        rating(VDEM, SECOND),
        rating(VDEM, lowered(SECOND, "AF", "low")),
        "ratings lowered",
    ),
    "a source is dropped behind a graver one": (
        Kind.COUNTRIES,
        rating(VDEM, SECOND),
        rating(VDEM),
        "sources removed",
    ),
    "a territory is removed": (
        Kind.COUNTRIES,
        DATA,
        without_territory("UA-43"),
        "territories removed",
    ),
    "a list of sanctions no longer names a party": (
        Kind.REGISTRY,
        knowing(lambda _: [LISTED]),
        knowing(lambda _: [replace(LISTED, source="own research")]),
        "no longer on a list",
    ),
    "two parties change their names": (
        Kind.REGISTRY,
        knowing(lambda one: [one, LISTED]),
        knowing(lambda one: [replace(one, name=LISTED.name), replace(LISTED, name=one.name)]),
        "names of parties swapped",
    ),
    "a territory's own control is lowered behind a restricted destination": (
        Kind.COUNTRIES,
        controlled("prohibited"),
        controlled("licence_required"),
        "own export control of territories",
    ),
    "another name of a country means another one": (
        Kind.COUNTRIES,
        DATA,
        rating(VDEM, also={**DATA.countries.also, "Emirates": "FI"}),
        "other names of places",
    ),
}


@pytest.mark.parametrize("name", TRIES)
def test_it_is_named_as_something_to_confirm(name: str) -> None:
    kind, before, after, wanted = TRIES[name]
    looser = {
        one.name: one.entries for one in entries.differences(kind, before, after) if one.looser
    }
    assert looser.get(wanted)


def test_the_order_of_rows_is_no_change() -> None:
    turned = replace(DATA.registry, parties=tuple(reversed(DATA.registry.parties)))
    after = replace(DATA, registry=turned)
    assert entries.differences(Kind.REGISTRY, DATA, after) == []


def test_a_graver_rating_of_a_second_source_is_no_easing() -> None:
    before, after = rating(VDEM, SECOND), rating(VDEM, lowered(SECOND, "AF", "very_high"))
    assert not any(one.looser for one in entries.differences(Kind.COUNTRIES, before, after))
