"""Lines of `./run screen` share answers; each is told what it would be told alone and in full."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.engine.readings.assessment import combine
from policy.engine.readings.reference import assess
from policy.facts import shipped
from policy.facts.declared import GIVEN, DeclaredError, is_named
from policy.facts.derive import derive
from policy.facts.screen import Screener
from policy.reference.names.plain_text import without
from tests.effort import examples

REFERENCE = shipped.load()
SCREENER = Screener(REFERENCE)
FACTS = {
    "country": "FI",
    "end_user_name": "Example Rail",
    "end_user_type": "rail_operator",
    "customer_name": "Example Rail",
    "customer_type": "rail_operator",
    "products": ["GSM-R"],
    "capabilities": ["railway_comms"],
    "services": ["supply"],
    "purpose": "railway_operations",
    "intermediaries": [],
}
NAMES = st.sampled_from(
    [
        "Example Rail",
        "100 % Rail %s",
        'A "quoted" name',
        "back\\slash\\",
        "\\u0000customer_name",
        "\\u0000customer_name\\u0000",
        "Bahn A\u0308G",
        "\U0001f689 line 2",
        "tbd",
        "",
        " ",
        "Ministry of Defence",
        "Elisa",
        "nr-macro",
        "??",
        "неизвестно",
    ]
) | st.text(max_size=8).map(without)
#: Spelt in several ways, named like a product, with a vendor in it, and of nobody.
LINES = st.sampled_from(
    [
        "GSM-R",
        "gsm r",
        "IMSI catcher r1",
        "Monitoring centre 22",
        "IP-router",
        "ip router",
        "LI mediation 5",
        "Pegasus of NSO Group",
    ]
)
SEVERAL = st.none() | st.lists(NAMES.filter(str.strip), max_size=3)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "country": st.sampled_from(["FI", "IR", "LI", "XX", "", None]),
        "end_user_name": st.none() | NAMES,
        "end_user_type": st.sampled_from([None, "unknown", "military", "commercial_operator"]),
        "customer_name": st.none() | NAMES,
        "customer_type": st.sampled_from([None, "reseller_integrator"]),
        "products": SEVERAL | st.lists(LINES, max_size=3),
        "removal_proof": st.sampled_from([None, "configuration 7", "?"]),
        "capabilities": st.sampled_from(
            [[], ["imsi_catcher"], ["mobile_core", "li_interface"], ["monitoring_centre", "ran"]]
        ),
        "services": st.sampled_from([None, [], ["supply", "li_managed_operation"]]),
        "purpose": st.sampled_from([None, "population_monitoring", "commercial_service"]),
        "intermediaries": SEVERAL,
        "legal_obligation": st.none() | st.booleans(),
        "legal_basis": st.none() | NAMES,
    },
)
DERIVED = st.fixed_dictionaries(
    {},
    optional={
        "country_risk": st.sampled_from(["low", "very_high", None]),
        "fact_conflict": st.booleans(),
        "conflict_note": NAMES,
        "export_control": st.sampled_from(["denied", "licence_required"]),
        "export_reference": NAMES,
        "special_territory": st.sampled_from([None, "UA-43", "CN-XJ"]),
    },
)


def in_full(facts: dict, derived: dict) -> dict:
    """What the deal is told without any short cut: derived in full, read by the reference."""
    basis = {"legal_basis_status": "verified"} if is_named(facts.get("legal_basis")) else {}
    variants = derive(facts, REFERENCE, given=basis | derived)
    assessment = combine([assess(REFERENCE.rulebook, one) for one in variants])
    return json.loads(json.dumps(SCREENER.said("a", assessment, facts)))


def told(facts: dict, derived: dict, screener: Screener = SCREENER) -> dict:
    raw = json.dumps({"id": "a", "facts": facts, "derived": derived}).encode()
    result, readable = screener.result(1, raw)
    assert readable
    return json.loads(result)


@settings(max_examples=examples(400), deadline=None)
@given(CHANGES, DERIVED, st.fixed_dictionaries({}, optional={"customer_name": NAMES}))
def test_what_a_deal_is_told_depends_on_no_other_deal(changes, derived, others):
    facts = FACTS | changes
    expected = in_full(facts, derived)
    fresh = Screener(REFERENCE)
    for screener in (SCREENER, fresh, fresh):
        assert told(facts, derived, screener) == expected
        told(facts | {"end_user_name": "Other %s \\ Rail"} | others, derived, screener)
    assert told(facts, derived, fresh) == expected


def test_the_second_deal_of_a_kind_is_told_its_own_names():
    """A shared answer in which the names of the first deal stand still would pass elsewhere."""
    risky = FACTS | {"end_user_type": "military", "capabilities": ["monitoring_centre"]}
    first = told(risky | {"end_user_name": "First Rail"}, {})
    second = told(risky | {"end_user_name": 'Second "%s" Rail'}, {})
    said = [finding["because"] for finding in second["findings"]]
    assert any('Second "%s" Rail' in sentence for sentence in said)
    assert not any("First Rail" in sentence for sentence in said)
    assert [one["rule"] for one in first["findings"]] == [one["rule"] for one in second["findings"]]


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        pytest.param(
            {"products": ["Box 1"], "capabilities": ["ran"]},
            {"products": ["IMSI catcher r2"], "capabilities": ["ran"]},
            "needs_information",
            id="named-like-a-product",
        ),
        pytest.param(
            {"products": ["IMSI catcher r1"], "capabilities": ["ran"]},
            {"products": ["Box 2"], "capabilities": ["ran"]},
            "clear",
            id="no-longer-named-so",
        ),
        pytest.param(
            {"products": ["EPC"], "capabilities": ["mobile_core"]},
            {"products": ["Evolved Packet Core"], "capabilities": ["mobile_core"]},
            "needs_information",
            id="the-same-product-spelt-otherwise",
        ),
        pytest.param(
            {"products": ["EPC"], "capabilities": ["mobile_core", "li_interface"]},
            {
                "products": ["EPC"],
                "capabilities": ["mobile_core", "li_interface"],
                "removal_proof": "acceptance test 7",
            },
            "needs_information",
            id="said-to-be-built-out",
        ),
        pytest.param(
            {"products": ["Monitoring centre 1", "Monitoring centre 1"], "capabilities": ["ran"]},
            {"products": ["Monitoring centre 1", "Monitoring centre 2"], "capabilities": ["ran"]},
            "needs_information",
            id="two-lines-that-are-not-the-same",
        ),
        pytest.param(
            {"products": [f"Monitoring centre {at}" for at in range(9)], "capabilities": ["ran"]},
            {
                "products": [f"Monitoring centre {'for us ' * 22} {at}" for at in range(9)],
                "capabilities": ["ran"],
            },
            "needs_information",
            id="more-than-a-note-holds",
        ),
        pytest.param(
            {"intermediaries": ["Area SpA 1"], "customer_name": "Area SpA 1"},
            {"intermediaries": ["Area SpA 2"], "customer_name": "Area SpA 3"},
            "needs_information",
            id="between-and-customer-are-two",
        ),
    ],
)
def test_a_deal_is_told_of_its_own_lines(first, second, outcome):
    """What a line is named like, how it is spelt and what is said to be built out is its own."""
    screener = Screener(REFERENCE)
    told(FACTS | first, {}, screener)
    found = told(FACTS | second, {}, screener)
    assert found == in_full(FACTS | second, {})
    assert found["outcome"] == outcome


@pytest.mark.parametrize("name", sorted(GIVEN))
@pytest.mark.parametrize(
    "value",
    [None, "", 0, 1, False, True, 1.0, [], {}, ["low"], "UA", "UA-43", "low", "none"],
    ids=repr,
)
def test_the_short_way_refuses_what_the_long_way_refuses(name, value):
    try:
        derive(FACTS, REFERENCE, given={name: value})
        is_sound = True
    except DeclaredError:
        is_sound = False
    raw = json.dumps({"id": 1, "facts": FACTS, "derived": {name: value}}).encode()
    assert [SCREENER.result(1, raw)[1] for _ in range(2)] == [is_sound] * 2
