"""Where a deal goes: sites, territories and restricted destinations, down to the outcome."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.engine.language.condition import RANK
from policy.facts import shipped
from policy.facts.declared import DeclaredError
from policy.facts.derive import derive, trace
from policy.facts.screen import Screener
from policy.reference.destinations import Restriction
from tests.effort import examples

DATA = shipped.load()
SCREENER = Screener(DATA)
RADIO: dict[str, Any] = {
    "end_user_name": "Northern Mobile",
    "end_user_type": "commercial_operator",
    "customer_name": "Northern Mobile",
    "customer_type": "commercial_operator",
    "products": ["5G radio"],
    "capabilities": ["ran"],
    "services": ["supply"],
    "purpose": "commercial_service",
    "intermediaries": [],
}
GATEWAY = {
    **RADIO,
    "products": ["Interception gateway"],
    "capabilities": ["li_mediation"],
    "purpose": "li_compliance",
    "legal_obligation": True,
    "legal_basis": "Telecommunications Act, section 5",
}


def screened(**facts: Any) -> dict[str, Any]:
    line = json.dumps({"id": "a", "facts": {**RADIO, **facts}}).encode()
    result: dict[str, Any] = json.loads(SCREENER.result(1, line)[0])
    return result


def because(result: Mapping[str, Any]) -> str:
    return " ".join(finding["because"] for finding in result["findings"])


# --- Sites ----------------------------------------------------------------------------------------

#: Country, Latin name, name in a script of the place, what the result says, and the outcome.
SITES = [
    ("UA", "Simferopol", "Симферополь", "Crimea", "bar"),
    ("MD", "Tiraspol", "Тирасполь", "Transnistria", "executive_review"),
    ("GE", "Sukhumi", "სოხუმი", "Abkhazia", "executive_review"),
    ("CY", "Girne", "Κερύνεια", "Northern Cyprus", "executive_review"),
    ("MA", "Laayoune", "الصحراء الغربية", "Western Sahara", "executive_review"),
    ("IL", "Ariel", "אריאל", "Israeli settlements in the West Bank", "executive_review"),
    ("AZ", "Stepanakert", "Ստեփանակերտ", "Nagorno-Karabakh", "executive_review"),
    ("CN", "Lhasa", "拉萨", "Tibet", "executive_review"),
    ("CN", "Ürümqi", "乌鲁木齐", "Xinjiang", "executive_review"),
    ("PS", "Gaza", "غزة", "Gaza Strip", "executive_review"),
]


@pytest.mark.parametrize(("country", "latin", "local", "territory", "outcome"), SITES)
def test_a_site_in_a_territory_never_clears(
    country: str, latin: str, local: str, territory: str, outcome: str
) -> None:
    for site in (latin, local):
        for places in ({"country": country, "site": site}, _row(country, site)):
            result = screened(**places)
            assert result["outcome"] == outcome, site
            assert f"The destination is {territory}" in because(result)


def _row(country: str, site: str) -> dict[str, Any]:
    return {"destinations": [{"country": "FI"}, {"country": country, "site": site}]}


@pytest.mark.parametrize("site", ["Donetsk", "Донецк", "Донецьк"])
@pytest.mark.parametrize("country", ["UA", "RU"])
def test_donetsk_asks_which(country: str, site: str) -> None:
    result = screened(country=country, site=site)
    assert result["outcome"] == "needs_information"
    assert f"{site} may be in" in because(result)
    assert "territories" in screened(country=country, territories={country: None})["missing"]


def test_a_name_in_two_countries_beside_each_other_asks_which() -> None:
    """Laayoune in Arabic is the name of a town in Mauritania too."""
    result = screened(country="MA", site="العيون")
    assert result["outcome"] == "needs_information"
    assert "العيون may be in Western Sahara or Mauritania: say which is meant." in because(result)


def test_hong_kong_counts_beside_china() -> None:
    found = derive({**RADIO, "country": "CN", "site": "香港"}, DATA)
    assert [facts["country"] for facts in found] == ["CN", "HK"]


@pytest.mark.parametrize(
    ("country", "site", "outcome"),
    [
        ("UA", "Kyiv", "clear"),
        ("UA", "Київ", "clear"),
        ("GE", "Tbilisi", "clear"),
        ("CY", "Nicosia", "clear"),
        ("MD", "Chisinau", "clear"),
        ("MA", "Rabat", "clear"),
        ("CN", "Beijing", "senior_review"),
        ("CN", "北京", "senior_review"),
    ],
)
@pytest.mark.parametrize("answer", [{}, {"none": True}])
def test_honest_deals_stay_as_they_were(
    country: str, site: str, outcome: str, answer: dict[str, bool]
) -> None:
    assert screened(country=country)["outcome"] == outcome
    where = {"territories": {country: "none"}} if answer else {}
    assert screened(country=country, site=site, **where) == screened(country=country)


# --- Where in a country ---------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [None, "unknown", ["unknown"]])
def test_not_known_leaves_open_what_the_place_decides(answer: Any) -> None:
    facts = derive({**RADIO, "country": "UA", "territories": {"UA": answer}}, DATA)[-1]
    assert (facts["in_special_territory"], facts["export_control"]) == (None, None)
    assert facts["country_risk"] is None
    result = screened(country="UA", territories={"UA": answer})
    assert result["outcome"] == "needs_information"
    assert set(result["missing"]) == {"territories", "country_risk", "export_control"}


def test_what_to_answer_is_named_also_where_more_is_missing() -> None:
    result = screened(country="UA", purpose=None, territories={"UA": None})
    assert {"purpose", "territories"} <= set(result["missing"])


def test_not_known_is_not_hidden_behind_a_review() -> None:
    """An army in Ukraine is reviewed anyway; that it may be in Crimea is asked all the same."""
    army = {"end_user_type": "military", "customer_type": "military"}
    result = screened(country="UA", purpose="defence_communications", **army)
    assert result["outcome"] == "senior_review"
    asked = screened(
        country="UA", purpose="defence_communications", territories={"UA": None}, **army
    )
    assert (asked["outcome"], asked["review_floor"]) == ("needs_information", "senior_review")


def test_a_territory_that_sales_names_counts_beside_its_country() -> None:
    found = derive({**RADIO, "country": "MD", "territories": {"MD": ["MD-SN"]}}, DATA)
    assert [facts["country"] for facts in found] == ["MD", "MD-SN"]
    homes = {"country": "FI", "customer_country": "TR", "territories": {"TR": "X-NCY"}}
    assert [facts["country"] for facts in derive({**RADIO, **homes}, DATA)] == ["FI", "TR", "X-NCY"]


def test_a_territory_of_another_country_is_a_contradiction() -> None:
    result = screened(country="UA", territories={"UA": "X-NCY"})
    assert "Northern Cyprus (X-NCY) is not in Ukraine." in because(result)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"territories": ["UA-43"]}, 'territories: expected an object like {"UA": "none"}'),
        ({"territories": {"ZZ": "none"}}, 'territories: "ZZ" is not a valid ISO 3166-1 alpha-2'),
        (
            {"territories": {"UA": "crimea"}},
            'territories, UA: unknown value "crimea"; it is one of',
        ),
        ({"territories": {"UA": []}}, "territories, UA: expected a code, a list of codes, none or"),
        ({"territories": {"UA": 7}}, "territories, UA: expected a code, a list of codes, none or"),
        ({"territories": {"UA": ["UA-43", "none"]}}, "none stands beside other answers"),
        ({"territories": {"MD": "none"}}, "territories: MD is not a country of this deal"),
        ({"site": 7}, "site: expected text or null, not 7"),
        ({"site": "Simfero\u200bpol"}, "site: holds an invisible character"),
        ({"site": "x" * 2001}, "site: 2001 characters are more than 2000"),
        ({"destinations": [{"country": "UA", "city": "Kyiv"}]}, '"region" and "site"'),
        ({"destinations": [{"country": "UA"}], "site": "Kyiv"}, "site and destinations are both"),
    ],
)
def test_what_cannot_be_read_is_said(facts: dict[str, Any], sentence: str) -> None:
    places = {} if "destinations" in facts else {"country": "UA"}
    assert sentence in screened(**places, **facts)["error"]


def test_every_country_of_a_deal_may_be_asked_about() -> None:
    parties = [{"name": "Trader", "role": "reseller", "country": "GE"}]
    declared = {**RADIO, "country": "UA", "customer_country": "CY", "intermediaries": parties}
    none = {"UA": "none", "CY": "none", "GE": "none"}
    assert derive({**declared, "territories": none}, DATA)


# --- Many -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"destinations": [{"country": "FI"}] * 3000}, "destinations: 3000 are more than 100"),
        ({"intermediaries": ["Trader"] * 3000}, "intermediaries: 3000 are more than 100"),
        ({"purposes": ["smart_city"] * 3000, "purpose": None}, "purposes: 3000 are more than 100"),
    ],
)
def test_thousands_are_refused_at_once(facts: dict[str, Any], sentence: str) -> None:
    began = time.process_time()
    assert sentence in screened(**facts)["error"]
    assert time.process_time() - began < 0.5


def test_combinations_have_a_limit() -> None:
    purposes = list(DATA.rulebook.vocabulary["purpose"].values)  # type: ignore[attr-defined]
    rows = [{"country": code} for code in list(DATA.countries.names)[:100]]
    parties = [{"name": "Trader", "country": code} for code in list(DATA.countries.names)[100:105]]
    many = {**RADIO, "purpose": None, "purposes": purposes, "destinations": rows}
    assert len(derive(many, DATA)) == 2500
    with pytest.raises(DeclaredError, match="are more than 2500 combinations"):
        derive({**many, "intermediaries": parties}, DATA)


def test_the_same_place_is_screened_once() -> None:
    rows = [{"country": "FI"}, {"country": "FI"}, {"country": "FI", "site": "Helsinki"}]
    assert len(derive({**RADIO, "destinations": rows}, DATA)) == 1


# --- Restricted destinations ----------------------------------------------------------------------


@pytest.mark.parametrize("country", ["BY", "IR", "MM", "RU", "SY", "VE"])
def test_interception_equipment_needs_a_licence_where_it_is_banned(country: str) -> None:
    result = screened(**{**GATEWAY, "country": country})
    licence = next(one for one in result["findings"] if one["rule"] == "I08")
    assert "Regulation (E" in licence["because"]
    assert "as of 20" in licence["because"]
    assert "I08" not in {one["rule"] for one in screened(country=country)["findings"]}


def test_nothing_goes_to_north_korea() -> None:
    result = screened(country="KP")
    assert result["outcome"] == "bar"
    assert "Regulation (EU) 2017/1509" in because(result)


def test_every_row_has_its_basis_source_and_day() -> None:
    rows = DATA.countries.restricted
    assert {"KP", "IR", "SY", "BY", "RU", "MM", "VE", "UA-43", "UA-40"} <= {
        row.code for row in rows
    }
    for row in rows:
        assert row.source.startswith("https://")
        assert row.basis
        assert set(row.restricts) <= set(DATA.capabilities)


def test_a_restriction_of_everything_applies_to_whatever_is_sold() -> None:
    day = DATA.countries.restricted[0].dated
    total = Restriction("FI", (), "prohibited", "An act", "A source", day)
    assert total.applies_to([])
    assert not Restriction("FI", ("ran",), "denied", "A", "B", day).applies_to(["mobile_core"])


# --- Whatever is said of a place only adds --------------------------------------------------------

_SITES = st.sampled_from(
    [
        *(name for _, latin, local, _, _ in SITES for name in (latin, local)),
        "Donetsk",
        "Lefkoşa",
        "Dakhla",
        "Kyiv",
        "Almaty",
        "Hargeisa",
        "Kashmir",
        "Main site",
        "Crimea, Donbas and Abkhazia",
    ]
)
_COUNTRIES = st.sampled_from(
    ["UA", "RU", "CY", "TR", "MD", "SO", "CN", "IL", "PS", "MA", "BY", "FI"]
)
_KINDS = st.sampled_from(["commercial_operator", "military", "intelligence_security", "unknown"])
_CAPABILITIES = st.sampled_from(
    [["ran"], ["li_mediation"], ["remote_biometric_id"], ["dpi_blocking"], ["monitoring_centre"]]
)


def outcome(declared: Mapping[str, Any], settled: Mapping[str, Any]) -> int:
    variants = trace(declared, DATA, given=settled)
    return max(RANK[DATA.compiled.assess(one.facts).outcome] for one in variants)


@given(st.data())
@settings(max_examples=examples(300), deadline=None)
def test_a_site_or_a_territory_never_makes_a_deal_milder(data: st.DataObject) -> None:
    country = data.draw(_COUNTRIES)
    declared = {
        **RADIO,
        "country": country,
        "end_user_type": data.draw(_KINDS),
        "capabilities": data.draw(_CAPABILITIES),
        "legal_obligation": data.draw(st.sampled_from([True, False, None])),
    }
    settled = data.draw(st.sampled_from([{}, {"fact_conflict": False}]))
    before = outcome(declared, settled)
    more = dict(declared)
    asked = [one.code for one in DATA.countries.territories_asked(country)]
    if asked and data.draw(st.booleans()):
        answers = st.sampled_from(["unknown", "none", *asked])
        more["territories"] = {country: data.draw(answers)}
    if data.draw(st.booleans()):
        answered = outcome(more, settled)
        more["site"] = data.draw(_SITES)
        assert outcome(more, settled) >= answered
    assert outcome(more, settled) >= before


@given(st.data())
@settings(max_examples=examples(100), deadline=None)
def test_not_knowing_where_never_gets_what_knowing_would_not(data: st.DataObject) -> None:
    country = data.draw(_COUNTRIES.filter(DATA.countries.territories_asked))
    declared = {**RADIO, "country": country, "capabilities": data.draw(_CAPABILITIES)}
    unknown = outcome({**declared, "territories": {country: "unknown"}}, {})
    for one in DATA.countries.territories_asked(country):
        known = outcome({**declared, "territories": {country: one.code}}, {})
        assert unknown >= min(known, RANK["needs_information"])
