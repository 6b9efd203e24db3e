"""From what sales declares to facts: every source, every refusal, and the two invariants."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as st

from policy.engine.language.condition import OUTCOMES, RANK
from policy.engine.language.facts import Facts
from policy.facts import shipped
from policy.facts.declared import NAMES, DeclaredError
from policy.facts.derive import derive, trace
from policy.facts.ordinary import OWN, Ordinary
from policy.reference.names.plain_text import without
from policy.reference.registry import OPERATOR
from tests.effort import examples

REFERENCE = shipped.load()
ASSESS = REFERENCE.compiled.assess
CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[3] / "policy" / "data" / "cases.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
PLAIN = {
    "country": "FI",
    "end_user_name": "Example Rail",
    "end_user_type": "rail_operator",
    "customer_name": "Example Rail",
    "customer_type": "rail_operator",
    "products": ["GSM-R"],
    "services": ["supply"],
    "purpose": "railway_operations",
    "intermediaries": [],
}


def facts(given=None, **changes):
    # Countries of the customer and of intermediaries are variants of their own, after this one.
    return derive(PLAIN | changes, REFERENCE, given=given or {})[0]


def origin(name, given=None, **changes):
    (one,) = trace(PLAIN | changes, REFERENCE, given=given or {})
    return one.origins[name]


def outcome(given=None, **changes):
    return ASSESS(facts(given, **changes)).outcome


def test_a_plain_deal_clears():
    assert outcome() == "clear"


def test_every_fact_has_an_origin():
    (one,) = trace(PLAIN, REFERENCE)
    assert one.origins.keys() == REFERENCE.rulebook.vocabulary.keys()
    assert one.origins["services"].source == "declared"
    assert one.origins["country_risk"].source == "derived"
    assert one.origins["country_risk"].note.startswith("the worst of the active sources: V-Dem")
    assert one.origins["adverse_info"].note == "none on record"


def test_the_digests_name_all_five_kinds():
    digests = REFERENCE.digests
    assert digests.keys() == {"rulebook", "countries", "catalogue", "registry", "laws"}
    assert all(one.startswith("sha256:") for one in digests.values())


# Destination


@pytest.mark.parametrize(
    ("changes", "risk", "special"),
    [
        ({"country": "FI"}, "low", False),
        ({"country": "NA"}, "low", False),
        ({"country": "XK"}, "low", False),
        ({"country": "HK"}, "high", False),
        ({"country": "IR"}, "very_high", False),
        ({"country": "LI"}, "unrated", False),
        ({"country": "MO"}, "unrated", False),
        ({"country": "EH"}, "unrated", True),
        ({"country": "UA", "region": "UA-43"}, "unrated", True),
        ({"country": "UA", "region": "UA-30"}, "medium", False),
        ({"country": None, "region": "GE-AB"}, "unrated", True),
        ({"country": None, "region": "DE-BY"}, "low", False),
    ],
)
def test_destinations(changes, risk, special):
    found = facts(**changes)
    assert found["country_risk"] == risk
    assert found["in_special_territory"] is special
    assert found["destination_named"] is True


@pytest.mark.parametrize("country", [None, "", "XX"])
def test_no_destination_is_asked_about(country):
    found = facts(country=country)
    assert found["destination_named"] is False
    assert found["country_risk"] == "unrated"
    assert found["in_special_territory"] is None
    assert "I03" in ASSESS(found).fired


def test_taiwan_has_its_own_rating_and_name():
    assert facts(country="TW")["country_risk"] == "low"
    assert facts(country="CN")["country_risk"] == "very_high"
    assert facts(country="TW")["country_name"] == "Taiwan"


def test_occupied_territory_is_barred_by_the_sanctions_gate():
    found = facts(country="UA", region="UA-43")
    assert found["export_control"] == "prohibited"
    assert found["export_reference"].startswith("Crimea: Regulation (EU) No 692/2014 (UA-43, as of")
    assert ASSESS(found).outcome == "bar"


def test_a_region_of_another_country_is_a_contradiction():
    found = facts(country="PL", region="UA-43")
    assert found["fact_conflict"] is True
    assert found["conflict_note"] == "Crimea (UA-43) is not in Poland."
    assert found["in_special_territory"] is True


def test_several_destinations_and_purposes_are_variants():
    variants = derive(
        {key: value for key, value in PLAIN.items() if key not in ("country", "purpose")}
        | {
            "destinations": [{"country": "FI"}, {"country": "IR"}, {"country": "XX"}],
            "purposes": ["railway_operations", "public_safety"],
        },
        REFERENCE,
    )
    assert [(one["country"], one["purpose"]) for one in variants] == [
        ("FI", "railway_operations"),
        ("FI", "public_safety"),
        ("IR", "railway_operations"),
        ("IR", "public_safety"),
        (None, "railway_operations"),
        (None, "public_safety"),
    ]


# Products


def test_the_catalogue_speaks_for_a_product():
    assert facts(products=["5G core"])["capabilities"] == ["li_interface", "mobile_core"]
    assert origin("capabilities").note == "from the catalogue"


@pytest.mark.parametrize(
    ("line", "capabilities"),
    [
        ({"product": "core-5gsa", "removed": ["li-function"], "proof": "sheet"}, ["mobile_core"]),
        (
            {"product": "core-5gsa", "removed": ["li-function"], "proof": " "},
            ["li_interface", "mobile_core"],
        ),
        (
            {"product": "core-5gsa", "removed": ["other"], "proof": "sheet"},
            ["li_interface", "mobile_core"],
        ),
    ],
)
def test_a_feature_leaves_only_with_proof_that_somebody_settled(line, capabilities):
    assert facts(products=[line])["capabilities"] == ["li_interface", "mobile_core"]
    assert facts({"fact_conflict": False}, products=[line])["capabilities"] == capabilities


def test_who_says_that_a_feature_was_built_out_is_asked_for_the_word_of_product_management():
    line = {"product": "core-5gsa", "removed": ["li-function"], "proof": "sheet"}
    found = facts(products=[line])
    assert found["fact_conflict"] is True
    assert "Product management has to confirm it (build sheet" in found["conflict_note"]


@pytest.mark.parametrize(
    "name", ["Monitoring centres", "monitoring-centre X", "M0nitoring Centre", "Centre, monitoring"]
)
def test_a_name_beside_one_of_the_catalogue_with_harmless_capabilities_is_asked_about(name):
    found = facts(products=[name], capabilities=["ran"])
    assert "is named like Monitoring centre" in found["conflict_note"]
    assert outcome({"fact_conflict": False}, products=[name], capabilities=["ran"]) == "clear"


def test_a_name_beside_a_harmless_one_is_not():
    assert outcome(products=["5G macro radios, type 7"], capabilities=["ran"]) == "clear"


def test_a_product_that_is_not_in_the_catalogue_is_unclassified():
    found = facts(products=["GSM-R", "Wonder box"])
    assert found["capabilities"] == ["railway_comms", "unclassified"]
    assert ASSESS(found).outcome == "needs_information"
    assert "Wonder box" in origin("capabilities", products=["GSM-R", "Wonder box"]).note


def test_sentences_name_products_as_the_catalogue_does():
    """An id reads as its name; what is written in other words stays as it is written."""
    unclear = next(
        one for one in REFERENCE.catalogue.products if one.capabilities == ("unclassified",)
    )
    lines = [{"product": unclear.id}, "Wonder box", "5G core"]
    found = facts(products=lines)
    assert found["products"] == f"{unclear.name}, Wonder box and 5G core"
    assert facts(products=["5G core", unclear.id])["products"] == f"5G core and {unclear.name}"
    (asked,) = [one for one in ASSESS(found).findings if one.rule == "I06"]
    assert unclear.name in asked.because
    assert unclear.id not in asked.because


def test_given_capabilities_are_the_catalogues_word():
    assert facts(products=["Wonder box"], capabilities=["ran"])["capabilities"] == ["ran"]


@pytest.mark.parametrize("changes", [{"products": None}, {"capabilities": None}])
def test_capabilities_that_nobody_knows_are_asked_about(changes):
    found = facts(**changes)
    assert found.has("capabilities", "unclassified") is True
    assert found.has("capabilities", "monitoring_centre") is None
    assert "I06" in ASSESS(found).fired


def test_no_capability_at_all_is_asked_about():
    assert "I06" in ASSESS(facts(products=["Box of the maker"], capabilities=[])).fired


def test_linked_deals_and_the_delivered_base_count():
    found = facts(linked_capabilities=["intercept_storage"])
    assert found["capabilities"] == ["intercept_storage", "railway_comms"]
    assert ASSESS(found).outcome == "bar"
    unknown = facts(products=None, linked_capabilities=["intercept_storage"])
    assert unknown.has("capabilities", "intercept_storage") is True


@pytest.mark.parametrize(
    ("changes", "control"),
    [
        ({"products": ["GSM-R"]}, "not_controlled"),
        ({"products": ["Phone forensics kit"]}, "licence_required"),
        ({"capabilities": ["device_forensics"]}, "licence_required"),
        ({"capabilities": ["social_media_monitoring"]}, "not_controlled"),
        ({"country": "UA", "region": "UA-14"}, "licence_required"),
    ],
)
def test_export_control_comes_from_product_and_destination(changes, control):
    assert facts(**changes)["export_control"] == control


# End user and registry


def test_the_registry_wins_over_what_sales_says():
    found = facts(country="KZ", end_user_name="КНБ", end_user_type="civil_government")
    assert found["end_user_type"] == "intelligence_security"
    assert found["fact_conflict"] is True
    assert "National Security Committee" in found["conflict_note"]


def test_the_registry_answers_what_sales_does_not_know():
    found = facts(country="EG", end_user_name="Telecom Egypt", end_user_type="unknown")
    assert found["end_user_type"] == "state_operator"
    assert found["fact_conflict"] is False


def test_the_registry_never_takes_back_intelligence():
    found = facts(
        country="EG", end_user_name="Telecom Egypt", end_user_type="intelligence_security"
    )
    assert found["end_user_type"] == "intelligence_security"
    assert found["fact_conflict"] is True


def test_a_body_of_the_agency_list_is_a_question():
    found = facts(country="GB", end_user_name="National Crime Agency", end_user_type="utility")
    assert found["end_user_type"] == "utility"
    assert found["fact_conflict"] is True
    assert ASSESS(found).outcome == "needs_information"


def test_an_agency_of_another_country_is_a_question():
    found = facts(country="FR", end_user_name="Bundesnachrichtendienst")
    assert found["end_user_type"] == "rail_operator"
    assert "Bundesnachrichtendienst (DE)" in found["conflict_note"]


def test_the_country_of_the_customer_counts_as_home():
    found = facts(country="FR", customer_country="DE", end_user_name="Bundesnachrichtendienst")
    assert found["end_user_type"] == "intelligence_security"


@pytest.mark.parametrize(
    "changes",
    [
        {"customer_name": "Inter-Services Intelligence", "country": "PK"},
        {"customer_type": "intelligence_security"},
        {"intermediaries": ["Area SpA"]},
        {"intermediaries": [{"name": "Mossad", "role": "payer", "country": "IL"}]},
        {"contradictions": ["Two answers differ."]},
        {"end_user_name": "Security Police of Example"},
    ],
)
def test_what_does_not_fit_is_a_contradiction(changes):
    assert facts(**changes)["fact_conflict"] is True


def test_an_operator_of_the_list_has_no_class():
    name = next(one.name for one in REFERENCE.registry.parties if one.kind == OPERATOR)
    found = facts(end_user_name=name, end_user_type="commercial_operator")
    assert found["end_user_type"] == "commercial_operator"
    assert found["fact_conflict"] is False


@pytest.mark.parametrize(
    "name", [None, "", "  ", "unknown", "TBD", "n/a", "To be confirmed", "-", "?" * 25]
)
def test_a_name_that_names_nobody_is_no_name(name):
    found = facts(end_user_name=name)
    assert found["end_user_named"] is False
    assert "I02" in ASSESS(found).fired


@pytest.mark.parametrize("kind", [None, "unknown"])
def test_an_end_user_of_unknown_kind_is_asked_about(kind):
    assert "I02" in ASSESS(facts(end_user_type=kind)).fired


# Law, intermediaries, mandatory answers


@pytest.mark.parametrize(
    ("basis", "status"), [(None, "none"), ("  ", "none"), ("TBD", "none"), ("Act 5, s. 2", "cited")]
)
def test_a_citation_is_cited_and_not_yet_verified(basis, status):
    found = facts(legal_basis=basis, legal_obligation=True, products=["5G core"])
    assert found["legal_basis_status"] == status
    assert ASSESS(found).outcome == "needs_information"
    verified = facts({"legal_basis_status": "verified"}, legal_basis=basis, legal_obligation=True)
    assert verified["legal_basis_status"] == "verified"


@pytest.mark.parametrize(
    ("changes", "conflict"),
    [
        ({}, False),
        ({"conflict_signs": ["secret law"]}, True),
        ({"capabilities": ["direct_access_li"]}, True),
        ({"capabilities": ["shutdown_control"]}, True),
    ],
)
def test_signs_suggest_a_conflict_of_law(changes, conflict):
    assert facts(**changes)["law_conflict"] is conflict


@pytest.mark.parametrize(
    ("changes", "between"),
    [
        ({}, False),
        ({"intermediaries": ["Example Trading"]}, True),
        ({"intermediaries": None}, None),
        ({"customer_type": "reseller_integrator"}, True),
        ({"customer_type": None}, None),
        ({"customer_type": None, "intermediaries": ["Example Trading"]}, True),
    ],
)
def test_who_stands_between(changes, between):
    assert facts(**changes)["has_intermediaries"] is between


@pytest.mark.parametrize(
    "changes",
    [
        {"products": []},
        {"customer_name": " "},
        {"customer_name": "unknown"},
        {"customer_type": None},
        {"services": None},
        {"intermediaries": None},
    ],
)
def test_an_empty_field_is_no_answer(changes):
    found = facts(**({"capabilities": ["ran"]} | changes))
    assert found["answers_complete"] is False
    assert "I10" in ASSESS(found).fired


def test_none_is_an_answer():
    assert facts(services=[], intermediaries=[])["answers_complete"] is True


# Given values


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ({"country_risk": "high"}, "country_risk", "high"),
        ({"country_risk": None}, "country_risk", None),
        ({"special_territory": "CN-XJ"}, "in_special_territory", True),
        ({"special_territory": "CN-XJ"}, "special_territory", "Xinjiang"),
        ({"special_territory": "UA-43"}, "export_control", "prohibited"),
        ({"special_territory": "UA-43"}, "country_risk", "unrated"),
        ({"special_territory": None}, "in_special_territory", False),
        ({"export_control": "denied"}, "export_control", "denied"),
        ({"adverse_info": "alleged"}, "adverse_info", "alleged"),
        ({"law_conflict": True}, "law_conflict", True),
        ({"fact_conflict": True}, "fact_conflict", True),
        ({"end_user_type": "military"}, "end_user_type", "military"),
        ({"purpose": None}, "purpose_stated", False),
        ({"legal_obligation": True}, "legal_obligation_stated", True),
        ({"capabilities": ["anpr"]}, "capabilities", ["anpr"]),
    ],
)
def test_given_replaces_what_would_be_derived(given, name, value):
    assert facts(given)[name] == value
    if name in given:
        assert origin(name, given).source == "reviewer"


def test_a_settled_contradiction_stays_settled():
    found = facts({"fact_conflict": False}, end_user_name="Security Police of Example")
    assert found["fact_conflict"] is False
    assert found["conflict_note"] is None


def test_a_kind_of_end_user_set_by_compliance_is_not_doubted():
    found = facts(
        {"end_user_type": "law_enforcement"}, country="GB", end_user_name="National Crime Agency"
    )
    assert found["end_user_type"] == "law_enforcement"
    assert found["fact_conflict"] is False


# Refusals


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"contry": "FI"}, 'unknown fact "contry"; did you mean country?'),
        ({"country_risk": "low"}, 'unknown fact "country_risk"'),
        ({"country": "fi"}, '"fi" is not a valid ISO 3166-1 alpha-2 code; did you mean FI?'),
        ({"country": "UK"}, "did you mean GB?"),
        ({"country": "Germany"}, "did you mean DE?"),
        ({"country": "Namibia"}, "did you mean NA?"),
        ({"country": "ZZ"}, '"ZZ" is not a valid ISO 3166-1 alpha-2 code'),
        ({"country": "UA-43"}, "give UA as country and UA-43 as region"),
        ({"country": 5}, "expected a country code as text, not 5"),
        ({"region": "Crimea"}, "neither a valid ISO 3166-2 code nor a special territory"),
        ({"region": 5}, "expected a region code as text, not 5"),
        ({"end_user_type": "comercial_operator"}, "did you mean commercial_operator?"),
        ({"end_user_type": ["military"]}, "expected one of its values as text"),
        ({"end_user_type": "reseller_integrator"}, "end_user_type: unknown value"),
        ({"customer_type": "reseller_integrater"}, "did you mean reseller_integrator?"),
        ({"customer_type": 1}, "customer_type: expected one of its values as text"),
        ({"customer_country": "Finnland"}, "customer_country"),
        ({"end_user_name": 7}, "end_user_name: expected text or null, not 7"),
        ({"products": "GSM-R"}, "products: expected a list of products"),
        ({"products": [5]}, "products, 1: expected the name of a product"),
        ({"products": [""]}, "products, 1: expected the name of a product"),
        ({"products": [{"name": "GSM-R"}]}, 'expected the keys "product"'),
        ({"products": [{"product": "x", "removed": "y"}]}, "expected a list of texts"),
        ({"products": [{"product": "x", "proof": 5}]}, "products, 1, proof: expected text"),
        ({"capabilities": ["rann"]}, 'capabilities: unknown member "rann"; did you mean ran?'),
        ({"capabilities": "ran"}, "capabilities: expected a list of members"),
        ({"capabilities": [["ran"]]}, "capabilities: unknown member"),
        ({"linked_capabilities": ["rann"]}, 'linked_capabilities: unknown member "rann"'),
        ({"services": ["suply"]}, "did you mean supply?"),
        ({"services": "supply"}, "services: expected a list"),
        ({"purpose": "public safety"}, "did you mean public_safety?"),
        ({"purpose": True}, "purpose: expected one of its values as text"),
        ({"purpose": None, "purposes": "other"}, "purposes: expected a list"),
        ({"purpose": None, "purposes": ["othr"]}, "did you mean other?"),
        ({"purposes": ["other"]}, "purpose and purposes are both given"),
        ({"destinations": [{"country": "FI"}]}, "country and destinations are both given"),
        ({"country": None, "destinations": []}, "destinations: expected a list of places"),
        ({"country": None, "destinations": ["FI"]}, 'destinations, 1: expected the keys "country"'),
        ({"country": None, "destinations": [{"country": "ZZ"}]}, "destinations, 1, country"),
        ({"legal_obligation": "yes"}, "legal_obligation: expected true, false or null"),
        ({"legal_obligation": 1}, "legal_obligation: expected true, false or null, not 1"),
        ({"intermediaries": "Area"}, "intermediaries: expected a list, [] when there is none"),
        ({"intermediaries": [None]}, "intermediaries, 1: expected a name"),
        ({"intermediaries": [{"role": "payer"}]}, "an intermediary needs a name"),
        ({"intermediaries": [{"who": "x"}]}, 'expected the keys "name"'),
        ({"intermediaries": [{"name": "x", "country": "ZZ"}]}, "intermediaries, 1, country"),
        ({"conflict_signs": True}, "conflict_signs: expected a list of texts"),
        ({"contradictions": [5]}, "contradictions, 1: expected text"),
        ({"linked_deals": "7"}, "linked_deals: expected a list of texts"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_remedy(changes, said):
    with pytest.raises(DeclaredError) as raised:
        derive(PLAIN | changes, REFERENCE)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"country_risk": "hi"}, "country_risk: unknown value"),
        ({"special_territory": "UA-44"}, "did you mean UA-43?"),
        ({"special_territory": ["UA-43"]}, "special_territory: unknown code"),
        ({"law_conflict": "false"}, "law_conflict: expected true, false or null"),
        ({"country_rsk": "low"}, "did you mean country_risk?"),
    ],
)
def test_given_values_are_checked_too(given, said):
    with pytest.raises(DeclaredError) as raised:
        derive(PLAIN, REFERENCE, given=given)
    assert said in str(raised.value)


def test_every_problem_is_named_at_once():
    with pytest.raises(DeclaredError) as raised:
        derive(PLAIN | {"country": "ZZ", "purpose": "x", "colour": 1}, REFERENCE)
    assert len(raised.value.problems) == 3


# Invariants over random deals

VOCABULARY = REFERENCE.rulebook.vocabulary
CAPABILITIES = list(VOCABULARY["capabilities"].members)
COUNTRY_CODES = ["FI", "US", "KE", "IN", "MX", "IR", "CN", "EH", "LI", "NA", "XK", "XX", ""]
NAMES_USED = [
    "Example",
    "Telecom Egypt",
    "КНБ",
    "Security Police",
    "unknown",
    "？？",
    "",
    "1 & 1 Mobilfunk",
]


def maybe(strategy):
    return st.none() | strategy


DEALS = st.fixed_dictionaries(
    {},
    optional={
        "country": maybe(st.sampled_from(COUNTRY_CODES)),
        "end_user_name": maybe(st.sampled_from(NAMES_USED)),
        "end_user_type": maybe(st.sampled_from(VOCABULARY["end_user_type"].values)),
        "customer_name": maybe(st.sampled_from(NAMES_USED)),
        "customer_type": maybe(
            st.sampled_from([*VOCABULARY["end_user_type"].values, "reseller_integrator"])
        ),
        "products": maybe(
            st.lists(st.sampled_from(["GSM-R", "5G core", "nr-macro", "Wonder"]), max_size=2)
        ),
        "capabilities": maybe(st.lists(st.sampled_from(CAPABILITIES), max_size=4)),
        "services": maybe(st.lists(st.sampled_from(VOCABULARY["services"].members), max_size=3)),
        "intermediaries": maybe(st.lists(st.sampled_from(["Area SpA", "tba"]), max_size=2)),
        "purpose": maybe(st.sampled_from(VOCABULARY["purpose"].values)),
        "legal_obligation": maybe(st.booleans()),
        "legal_basis": maybe(st.sampled_from(["Act 5", "", "tbd"])),
        "description": maybe(st.text(max_size=20).map(without)),
    },
)
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "country_risk": st.sampled_from(VOCABULARY["country_risk"].values),
        "special_territory": maybe(st.sampled_from(["UA-43", "CN-XJ"])),
        "export_control": st.sampled_from(VOCABULARY["export_control"].values),
        "adverse_info": st.sampled_from(VOCABULARY["adverse_info"].values),
        "law_conflict": st.booleans(),
        "fact_conflict": st.booleans(),
        "legal_basis_status": st.sampled_from(VOCABULARY["legal_basis_status"].values),
    },
)


def rank(declared, given):
    return max(RANK[ASSESS(one).outcome] for one in derive(declared, REFERENCE, given=given))


@settings(max_examples=examples(300), deadline=None)
@given_by(DEALS, GIVEN, st.data())
def test_losing_an_answer_never_helps(declared, given, data):
    """Invariant 7: at least needs_information, or what it was."""
    if not declared:
        return
    lost = data.draw(st.sampled_from(sorted(declared)))
    less = {key: value for key, value in declared.items() if key != lost}
    if lost == "capabilities":
        less["capabilities"] = None
    before = rank(declared, given)
    assert rank(less, given) >= min(before, RANK["needs_information"]), (lost, OUTCOMES[before])


@settings(max_examples=examples(300), deadline=None)
@given_by(DEALS, GIVEN, st.sampled_from(CAPABILITIES))
def test_one_capability_more_never_helps(declared, given, one):
    """Invariant 6; the first capability of an empty set answers a question and may."""
    if not declared.get("capabilities"):
        return
    more = declared | {"capabilities": [*declared["capabilities"], one]}
    assert rank(more, given) >= rank(declared, given)


@settings(max_examples=examples(300), deadline=None)
@given_by(DEALS, GIVEN)
def test_ordinary_deals_have_the_same_facts(declared, given):
    """The short cut of long files gives what the full derivation gives, also the second time."""
    full = derive(declared, REFERENCE, given=given)
    for _ in range(2):
        found = filled(declared, given)
        assert found is None or [one.text for one in found] == [one.text for one in full]
        assert found is not None or any(
            "no answer names one of these" in one.texts.get("conflict_note", "") for one in full
        )


def filled(declared, given):
    """The facts that the short cut comes to, with the deal's own texts in their places."""
    found = ORDINARY.told(declared, given)
    if not isinstance(found, tuple):
        return found
    variants, own = found
    return [_filled(told, own) for told in variants]


def _filled(told, own):
    assert told.texts.keys() >= own.keys() & set(OWN)
    texts = {
        name: re.sub("\0(.*?)\0", lambda open_: own[open_[1]], text)
        for name, text in told.texts.items()
    }
    return Facts(told.vocabulary, told.cells, texts, told.known)


ORDINARY = Ordinary(REFERENCE, lambda variants, _: variants)


@settings(max_examples=examples(300), deadline=None)
@given_by(
    st.dictionaries(
        st.sampled_from(sorted(NAMES)),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=5)
        | st.lists(st.text(max_size=5), max_size=2)
        | st.dictionaries(st.text(), st.text()),
        max_size=4,
    )
)
def test_anything_is_read_or_refused_with_a_reason(declared):
    """No other error than DeclaredError, and what the short cut reads, the long way reads too."""
    quick = filled(declared, {})
    if REFERENCE.checks.problems(declared):
        assert quick is None
        with pytest.raises(DeclaredError):
            derive(declared, REFERENCE)
    else:
        full = derive(declared, REFERENCE)
        assert quick is None or [one.text for one in quick] == [one.text for one in full]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_losing_any_fact_of_a_labelled_deal_never_helps(case):
    given = {
        key: value
        for key, value in case["derived"].items()
        if key[:13] not in ("country_score", "country_sourc")
    }
    given["legal_basis_status"] = "verified" if case["facts"]["legal_basis"] else "none"
    before = rank(case["facts"], given)
    for lost in case["facts"]:
        for less in (
            case["facts"] | {lost: None},
            {key: value for key, value in case["facts"].items() if key != lost},
        ):
            basis = {"legal_basis_status": "none"} if lost == "legal_basis" else {}
            assert rank(less, given | basis) >= min(before, RANK["needs_information"]), lost


class TestWhatSalesSaysBesideTheCatalogue:
    def test_left_out_it_was_not_asked(self):
        found = facts()
        assert found["abilities_declared"] == []
        assert (found["agency_access"], found["speech_limit_request"]) == ("not_asked",) * 2
        assert (found["follows_stopped_deal"], found["eased_by_ruling"]) == (False, False)

    @pytest.mark.parametrize(
        ("name", "value", "read"),
        [
            ("abilities_declared", ["restricts_content"], ["restricts_content"]),
            ("abilities_declared", None, None),
            ("agency_access", "yes", "yes"),
            ("agency_access", "no", "no"),
            ("agency_access", "unknown", None),
            ("agency_access", None, None),
            ("speech_limit_request", "none", "none"),
            ("speech_limit_request", "refused", "refused"),
            ("speech_limit_request", "included", "included"),
            ("speech_limit_request", "unknown", None),
            ("follows_stopped_deal", True, True),
            ("eased_by_ruling", "adverse information was settled", True),
            ("eased_by_ruling", "", False),
        ],
    )
    def test_an_answer_is_its_fact(self, name, value, read):
        assert facts(**{name: value})[name] == read

    def test_a_member_may_be_unknown_alone(self):
        found = facts(abilities_declared={"yes": [], "unknown": ["stores_intercepted"]})
        assert found.has("abilities_declared", "stores_intercepted") is None
        assert found.has("abilities_declared", "follows_people") is False

    def test_the_reason_is_the_note(self):
        (variant,) = trace(PLAIN | {"follows_stopped_deal": "follows PR-7"}, REFERENCE)
        assert variant.origins["follows_stopped_deal"].note == "follows PR-7"

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("agency_access", "maybe", "it is one of no, yes and unknown"),
            ("agency_access", True, "agency_access: unknown value True"),
            ("abilities_declared", ["stores"], 'unknown member "stores"'),
            ("abilities_declared", "stores", "expected a list of members"),
            ("speech_limit_request", "yes", "it is one of none, refused, included and unknown"),
            ("eased_by_ruling", 1, "expected true, false or why it is so"),
        ],
    )
    def test_another_value_is_refused_by_name(self, name, value, said):
        with pytest.raises(DeclaredError, match=said):
            facts(**{name: value})

    @pytest.mark.parametrize("part", ["generic_storage", "general_compute", "data_centre_fabric"])
    @pytest.mark.parametrize("gate", ["li_mediation", "li_administration", "direct_access_li"])
    def test_storage_beside_a_handover_is_asked_about(self, gate, part):
        found = facts(capabilities=[gate, part])
        assert found["abilities_declared"] == {
            "unknown": ["analyses_intercepted", "stores_intercepted"],
            "yes": [],
        }
        assert facts(capabilities=[gate, part], abilities_declared=[])["abilities_declared"] == []
        assert facts(capabilities=["li_interface", part])["abilities_declared"] == []
        assert facts(capabilities=[gate])["abilities_declared"] == []


class TestCapabilitiesBesideProducts:
    """They add to what the catalogue says and never replace it."""

    def test_they_add_to_a_known_product(self):
        found = facts(products=["Monitoring centre"], capabilities=["ran"])
        assert {"ran", "monitoring_centre", "intercept_storage"} <= set(found["capabilities"])
        assert outcome(products=["Monitoring centre"], capabilities=["ran"]) == "bar"

    def test_less_than_the_catalogue_says_is_a_contradiction(self):
        found = facts(products=["Packet inspection with blocking policy"], capabilities=["ran"])
        assert found["fact_conflict"] is True
        assert found["conflict_note"] == (
            "The capabilities given for Packet inspection with blocking policy leave out blocking"
            " by deep packet inspection and traffic management by deep packet inspection, which"
            " the catalogue names."
        )

    def test_as_much_or_more_is_none(self):
        for given in (["railway_comms"], ["railway_comms", "ran"]):
            assert facts(products=["GSM-R"], capabilities=given)["fact_conflict"] is False

    def test_where_no_product_is_known_they_are_the_catalogues_word(self):
        found = facts(products=["Box of the maker"], capabilities=["ran"])
        assert (found["capabilities"], found["fact_conflict"]) == (["ran"], False)

    def test_they_speak_for_the_lines_that_the_catalogue_does_not_know(self):
        found = facts(products=["GSM-R", "Box of the maker"], capabilities=["railway_comms", "ran"])
        assert found["capabilities"] == ["railway_comms", "ran"] or found["capabilities"] == [
            "ran",
            "railway_comms",
        ]
        assert found["fact_conflict"] is False

    def test_the_catalogue_still_says_what_is_controlled(self):
        given = facts(products=["IMSI catcher"], capabilities=["ran"])
        assert given["export_control"] == "licence_required"

    def test_the_short_way_reads_lines_as_the_long_way_does(self):
        short = Ordinary(REFERENCE, lambda variants, declared: variants[0]["capabilities"])
        for products in (["GSM-R"], ["Monitoring centre"], ["Box of the maker"], ["GSM-R", "Box"]):
            deal = PLAIN | {"products": products, "capabilities": ["ran"]}
            told, _texts = short.told(deal, {})
            assert told == facts(products=products, capabilities=["ran"])["capabilities"]


def test_other_makers_that_nobody_knows_take_nothing_from_what_is_surely_there():
    found = facts(products=["x-spyware"], other_systems="unknown")
    assert found.has("capabilities", "active_surveillance_integration") is True
