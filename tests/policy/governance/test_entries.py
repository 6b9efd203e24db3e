"""What a new catalogue, registry or list of countries loosens, entry by entry."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest

from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.governance import entries
from policy.models import Kind
from policy.reference.catalogue import Feature, Product
from policy.reference.registry import OPERATOR, Party

RADIO = Product("radio", "Radio", "Access", ("ran",), "not_controlled")
CORE = Product(
    "core",
    "Core",
    "Core",
    ("mobile_core", "li_interface"),
    "licence_required",
    removable=(Feature("li", "Interception", "li_interface", "build sheet"),),
)
AGENCY = Party("State Security", "BY", "intelligence_security", aliases=("KGB",))
CARRIER = Party("Belcell", "BY", OPERATOR)


def selling(*products: Product) -> ReferenceData:
    data = shipped.load()
    return replace(data, catalogue=replace(data.catalogue, products=products))


def knowing(*parties: Party) -> ReferenceData:
    data = shipped.load()
    return replace(data, registry=replace(data.registry, parties=parties))


def found(kind: str, before: ReferenceData, after: ReferenceData) -> list[tuple[str, bool]]:
    return [(one.name, one.looser) for one in entries.differences(kind, before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([CORE], [CORE], []),
        ([RADIO, CORE], [RADIO], [("products removed", True)]),
        ([RADIO], [RADIO, CORE], [("products added", True)]),
        ([CORE], [replace(CORE, capabilities=("mobile_core",))], [("capabilities lost", True)]),
        (
            [RADIO],
            [replace(RADIO, capabilities=("ran", "li_interface"))],
            [("capabilities gained", False)],
        ),
        ([CORE], [replace(CORE, control="not_controlled")], [("export control lowered", True)]),
        ([CORE], [replace(CORE, control="prohibited")], [("export control raised", False)]),
        ([replace(CORE, removable=())], [CORE], [("features made removable", True)]),
        ([CORE], [replace(CORE, removable=())], [("features fixed", False)]),
        (
            [RADIO, CORE],
            [replace(RADIO, capabilities=("li_interface",)), CORE],
            [("capabilities lost", True), ("capabilities gained", False)],
        ),
    ],
)
def test_products(
    before: Iterable[Product], after: Iterable[Product], expected: list[tuple[str, bool]]
) -> None:
    assert found(Kind.CATALOGUE, selling(*before), selling(*after)) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([AGENCY], [AGENCY], []),
        ([AGENCY, CARRIER], [CARRIER], [("parties removed", True)]),
        ([AGENCY, CARRIER], [AGENCY], [("parties removed", True)]),
        ([CARRIER], [AGENCY, CARRIER], [("intelligence bodies added", True)]),
        ([AGENCY], [AGENCY, CARRIER], [("parties added", True)]),
        ([AGENCY], [replace(AGENCY, kind="military")], [("classes changed", True)]),
        ([AGENCY], [replace(AGENCY, aliases=())], [("names lost", True)]),
        ([AGENCY], [replace(AGENCY, aliases=("KGB", "KDB"))], [("names gained", True)]),
        ([AGENCY], [replace(AGENCY, note="since 1991")], [("parties edited", False)]),
    ],
)
def test_parties(
    before: Iterable[Party], after: Iterable[Party], expected: list[tuple[str, bool]]
) -> None:
    assert found(Kind.REGISTRY, knowing(*before), knowing(*after)) == expected


@pytest.mark.parametrize(
    ("was", "now", "looser"),
    [
        ("high", "medium", True),
        ("medium", "high", False),
        ("unrated", "very_high", True),
        ("very_high", "unrated", False),
        ("very_high", "low", True),
    ],
)
def test_ratings(was: str, now: str, looser: bool) -> None:
    def rated(tier: str) -> ReferenceData:
        data = shipped.load()
        countries = replace(data.countries)
        # Worked out from the ratings, and kept by the object.
        countries.__dict__["places"] = {"FI": replace(data.countries.places["FI"], tier=tier)}
        return replace(data, countries=countries)

    expected = [(f"country risk {was} to {now}", looser)]
    assert found(Kind.COUNTRIES, rated(was), rated(now)) == expected


def test_a_score_of_nought_is_a_score() -> None:
    def scored(score: Decimal | None) -> ReferenceData:
        data = shipped.load()
        worst, *others = data.countries.lists
        ratings = [
            replace(one, score=score if one.code == "AF" else one.score) for one in worst.ratings
        ]
        lists = (replace(worst, ratings=tuple(ratings)), *others)
        return replace(data, countries=replace(data.countries, lists=lists))

    (change,) = entries.differences(Kind.COUNTRIES, scored(None), scored(Decimal(0)))
    assert (change.name, change.looser) == ("scores changed", False)
    assert change.entries == ["Afghanistan by V-Dem (no score to 0)"]


def test_a_place_that_is_listed_without_a_rating_or_no_longer_is_told() -> None:
    """Saint Lucia has a row in the list of V-Dem and no score."""
    full = shipped.load()
    worst, *others = full.countries.lists
    ratings = tuple(one for one in worst.ratings if one.code != "LC")
    lists = (replace(worst, ratings=ratings), *others)
    less = replace(full, countries=replace(full.countries, lists=lists))
    for before, after, said in (
        (full, less, "Saint Lucia by V-Dem (no longer listed)"),
        (less, full, "Saint Lucia by V-Dem (listed from now on)"),
    ):
        (change,) = entries.differences(Kind.COUNTRIES, before, after)
        assert (change.name, change.looser, change.entries) == ("unrated places", False, [said])


def test_a_rulebook_has_no_entries() -> None:
    assert found(Kind.RULEBOOK, selling(RADIO), selling(CORE)) == []


def hearing(*stems: str) -> ReferenceData:
    data = shipped.load()
    return replace(data, registry=replace(data.registry, stems=stems))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["police:polic"], ["police:polic"], []),
        (["police:polic"], [], [("words lost", True)]),
        ([], ["police:polic"], [("words gained", False)]),
        ([], ["harmless:police museum"], [("harmless names gained", True)]),
        (["harmless:police museum"], [], [("harmless names lost", False)]),
        (["polic"], ["police:polic"], [("words lost", True), ("words gained", False)]),
    ],
)
def test_words_of_names(
    before: Iterable[str], after: Iterable[str], expected: list[tuple[str, bool]]
) -> None:
    assert found(Kind.REGISTRY, hearing(*before), hearing(*after)) == expected
