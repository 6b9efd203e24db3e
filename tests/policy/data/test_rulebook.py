"""The shipped rulebook: every rule fires for one small deal and is quiet for a near miss."""

import pytest
from ruamel.yaml import YAML

from policy.engine.language.condition import REVIEWS, Surely
from policy.engine.language.facts import Flags
from policy.engine.readings.reference import assess
from policy.facts import shipped

REFERENCE = shipped.load()
RULEBOOK = REFERENCE.rulebook
VOCABULARY = RULEBOOK.vocabulary

ORDINARY = {
    "country_risk": "low",
    "in_special_territory": False,
    "destination_named": True,
    "end_user_type": "commercial_operator",
    "end_user_named": True,
    "capabilities": ["ran"],
    "services": ["supply"],
    "agency_access": "no",
    "abilities_declared": [],
    "speech_limit_request": "none",
    "follows_stopped_deal": False,
    "eased_by_ruling": False,
    "has_intermediaries": False,
    "purpose": "commercial_service",
    "purpose_stated": True,
    "legal_obligation": True,
    "legal_obligation_stated": True,
    "legal_basis_status": "verified",
    "law_conflict": False,
    "adverse_info": "none",
    "export_control": "not_controlled",
    "fact_conflict": False,
    "answers_complete": True,
}
INTELLIGENCE = {"end_user_type": "intelligence_security"}
FILTER = {"capabilities": ["url_content_filtering"]}
STATE_LIST = {"purpose": "content_blocking_state_list"}
POLICE = {"end_user_type": "law_enforcement"}

# Rule → what makes the ordinary deal fire it, and what comes close without firing it.
EXAMPLES = {
    "B01": ({"capabilities": ["ran", "monitoring_centre"]}, {"capabilities": ["li_mediation"]}),
    "B02": (
        INTELLIGENCE | {"capabilities": ["location_platform"]},
        INTELLIGENCE | {"capabilities": ["video_surveillance", "drone_video", "anpr"]},
    ),
    "B03": (
        INTELLIGENCE | {"purpose": "crime_investigation"},
        {"end_user_type": "law_enforcement", "purpose": "crime_investigation"},
    ),
    "B04": ({"purpose": "political_content_control"}, {"purpose": "child_protection"}),
    "B05": ({"purpose": "protest_monitoring"}, {"purpose": "public_safety"}),
    "B06": (STATE_LIST | {"country_risk": "unrated"}, FILTER | STATE_LIST),
    "B07": (
        {"capabilities": ["data_retention"], "legal_obligation": False},
        {"capabilities": ["ran"], "legal_obligation": False},
    ),
    "B08": (FILTER | {"adverse_info": "confirmed"}, {"adverse_info": "confirmed"}),
    "B09": ({"export_control": "denied"}, {"export_control": "licence_granted"}),
    "B10": (
        POLICE | {"abilities_declared": ["hands_over_more"]},
        POLICE | {"capabilities": ["li_interface"]},
    ),
    "B11": ({"speech_limit_request": "included"}, {"speech_limit_request": "refused"}),
    "I01": (
        {"capabilities": ["li_interface"], "legal_basis_status": "none"},
        {"capabilities": ["mobile_core"], "legal_basis_status": "none"},
    ),
    "I02": ({"end_user_named": False}, {}),
    "I03": ({"destination_named": False}, {}),
    "I04": (FILTER | {"purpose": "other"}, {"purpose": "other"}),
    "I05": ({"purpose_stated": False}, {"purpose": "other"}),
    "I06": ({"capabilities": []}, {"capabilities": ["spare_parts"]}),
    "I07": ({"fact_conflict": True}, {}),
    "I08": ({"export_control": "licence_required"}, {"export_control": "prohibited"}),
    "I09": (
        {"capabilities": ["li_interface"], "legal_basis_status": "cited"},
        {"legal_basis_status": "cited"},
    ),
    "I10": ({"answers_complete": False}, {}),
    "E01": ({"capabilities": ["direct_access_li"]}, {"capabilities": ["li_interface"]}),
    "E02": (
        {"capabilities": ["li_interface"], "country_risk": "unrated"},
        {"capabilities": ["li_interface"], "country_risk": "high"},
    ),
    "E03": ({"services": ["li_managed_operation"]}, {"services": ["managed_services"]}),
    "E15": ({"agency_access": "yes"}, {"agency_access": "not_asked"}),
    "E16": ({"speech_limit_request": "refused"}, {"speech_limit_request": "none"}),
    "E17": (STATE_LIST, {"purpose": "court_ordered_blocking"}),
    "E18": ({"purpose": "national_security_monitoring"}, {"purpose": "crime_investigation"}),
    "E19": (
        POLICE | {"capabilities": ["data_retention"]},
        {"capabilities": ["data_retention"], "end_user_type": "state_operator"},
    ),
    "S13": ({"purpose": "crime_investigation"}, {"purpose": "public_safety"}),
    "S14": ({"purpose": "border_control"}, {"purpose": "public_safety"}),
    "S15": ({"follows_stopped_deal": True}, {}),
    "S16": ({"eased_by_ruling": True}, {}),
    "S17": (
        {"capabilities": ["location_platform"], "end_user_type": "utility"},
        {"capabilities": ["location_platform"], "end_user_type": "state_operator"},
    ),
    "S18": (
        POLICE | {"capabilities": ["li_interface"]},
        INTELLIGENCE | {"capabilities": ["li_interface"]},
    ),
    "E04": (INTELLIGENCE, {"end_user_type": "law_enforcement"}),
    "E05": (
        {"capabilities": ["remote_biometric_id"], "country_risk": "medium"},
        {"capabilities": ["remote_biometric_id"]},
    ),
    "E06": (FILTER | {"country_risk": "high"}, FILTER | {"country_risk": "medium"}),
    "E07": (FILTER | STATE_LIST, FILTER | {"purpose": "court_ordered_blocking"}),
    "E08": (
        {"capabilities": ["lawful_disclosure"], "country_risk": "high"},
        {"capabilities": ["lawful_disclosure"], "country_risk": "medium"},
    ),
    "E09": ({"law_conflict": True}, {}),
    "E10": ({"capabilities": ["device_forensics"]}, {"capabilities": ["video_surveillance"]}),
    "E11": ({"in_special_territory": True}, {}),
    "E12": (FILTER | {"adverse_info": "alleged"}, {"adverse_info": "alleged"}),
    "E13": (
        {"capabilities": ["anpr"], "end_user_type": "military", "country_risk": "high"},
        {"capabilities": ["anpr"], "end_user_type": "municipality", "country_risk": "high"},
    ),
    "E14": (
        {"end_user_type": "military", "country_risk": "high"},
        {"end_user_type": "military", "country_risk": "medium"},
    ),
    "S01": ({"country_risk": "unrated"}, {"country_risk": "medium"}),
    "S02": (
        {"capabilities": ["li_administration"], "country_risk": "medium"},
        {"capabilities": ["li_administration"]},
    ),
    "S03": ({"capabilities": ["data_retention"]}, {"capabilities": ["li_interface"]}),
    "S04": (FILTER, {"capabilities": ["parental_control_subscriber"]}),
    "S05": ({"capabilities": ["remote_biometric_id"]}, {"capabilities": ["video_surveillance"]}),
    "S06": (
        {"capabilities": ["dpi_traffic_management"], "country_risk": "medium"},
        {"capabilities": ["dpi_traffic_management"]},
    ),
    "S07": (
        {"capabilities": ["managed_access_system"], "end_user_type": "law_enforcement"},
        {"capabilities": ["managed_access_system"], "end_user_type": "emergency_services"},
    ),
    "S08": ({"capabilities": ["anpr"], "has_intermediaries": True}, {"has_intermediaries": True}),
    "S09": ({"end_user_type": "military"}, {"end_user_type": "law_enforcement"}),
    "S10": ({"adverse_info": "alleged"}, {"adverse_info": "confirmed"}),
    "S11": (
        {"capabilities": ["anpr"], "services": ["change_request"]},
        {"services": ["change_request"]},
    ),
    "S12": (
        {"capabilities": ["location_platform"], "end_user_type": "municipality"},
        {"capabilities": ["location_platform"]},
    ),
}


def fired(changes):
    return assess(RULEBOOK, VOCABULARY.parse(ORDINARY | changes)).fired


def test_every_rule_has_an_example():
    assert sorted(EXAMPLES) == sorted(RULEBOOK.by_id)
    assert len(EXAMPLES) == 11 + 10 + 19 + 18


@pytest.mark.parametrize("rule", EXAMPLES)
def test_rule_fires_and_is_quiet(rule):
    fires, quiet = EXAMPLES[rule]
    assert rule in fired(fires)
    assert rule not in fired(quiet)


def test_the_ordinary_deal_is_clear():
    assert assess(RULEBOOK, VOCABULARY.parse(ORDINARY)).outcome == "clear"


@pytest.mark.parametrize(
    ("prefix", "outcomes"),
    [
        ("B", {"bar"}),
        ("I", {"needs_information"}),
        ("E", {"executive_review"}),
        ("S", {"senior_review"}),
    ],
)
def test_the_letter_of_a_rule_tells_its_outcome(prefix, outcomes):
    assert {rule.outcome for rule in RULEBOOK.rules if rule.id.startswith(prefix)} == outcomes


@pytest.mark.parametrize("fact", sorted(ORDINARY))
def test_an_unanswered_fact_never_clears(fact):
    """For surveillance technology: S08 reads the intermediaries, I01 the obligation."""
    capabilities = {"capabilities": ["li_interface"]}
    facts = VOCABULARY.parse(ORDINARY | capabilities | {fact: None})
    assert assess(RULEBOOK, facts).outcome == "needs_information"


@pytest.mark.parametrize("fact", ["legal_obligation", "legal_basis_status"])
def test_interception_with_an_unanswered_obligation_asks(fact):
    facts = VOCABULARY.parse(ORDINARY | {"capabilities": ["li_interface"], fact: None})
    found = assess(RULEBOOK, facts)
    assert found.outcome == "needs_information"
    assert found.missing == (fact,)


def test_every_clause_and_every_evidence_is_explained():
    yaml = YAML(typ="safe", pure=True)
    clauses = yaml.load(shipped.text("clauses.yaml"))["clauses"]
    evidence = yaml.load(shipped.text("evidence.yaml"))
    cited = {clause for rule in RULEBOOK.rules for clause in rule.clause.split(", ")}
    assert cited <= clauses.keys()
    asked = {one for rule in RULEBOOK.rules for one in rule.evidence}
    levels = evidence.pop("levels")
    assert asked <= evidence.keys()
    assert set(levels) == set(REVIEWS)
    assert {one for level in levels.values() for one in level} <= evidence.keys()


def test_clauses_are_complete_and_short():
    clauses = YAML(typ="safe", pure=True).load(shipped.text("clauses.yaml"))["clauses"]
    parts = "B1 B2 B3 B4 B5 C1 C1.i C1.ii C1.iii C2 C2a C2b C3 C3a C3b C4 C4a C4b C5 C6 law"
    assert sorted(clauses) == sorted(parts.split())
    for label, clause in clauses.items():
        assert clause.keys() == {"title", "commitment", "sentence", "kind", "key_phrase", "asks"}
        assert len(clause["key_phrase"].split()) <= 25, label
        assert clause["asks"]


def test_money_and_free_text_are_no_facts():
    """Invariant 8: what sales hopes for is no input of any rule."""
    forbidden = {"value", "amount", "margin", "probability", "quarter", "description", "priority"}
    assert not forbidden & VOCABULARY.keys()
    assert not {name for name, fact in VOCABULARY.items() if fact.kind == "amount"}


def test_every_capability_belongs_to_exactly_one_class():
    terms = shipped_terms()
    classes = [one for one in terms["classified"]["any"] if "capabilities" in terms[one]]
    assert len(classes) == 10
    members = [one for name in classes for one in terms[name]["capabilities"]["any"]]
    capabilities = VOCABULARY["capabilities"]
    assert isinstance(capabilities, Flags)
    assert sorted([*members, "unclassified"]) == sorted(capabilities.members)


def shipped_terms():
    return YAML(typ="safe", pure=True).load(shipped.text(shipped.RULEBOOK))["terms"]


def test_the_promises_cover_the_invariants():
    assert len(RULEBOOK.promises) == 29
    only = {
        promise.id: promise.only for promise in RULEBOOK.promises if isinstance(promise, Surely)
    }
    assert only["P01"] == ("bar",)
    assert "clear" not in {outcome for outcomes in only.values() for outcome in outcomes}


@pytest.mark.parametrize("is_compiled", [False, True])
@pytest.mark.parametrize(
    ("name", "changes", "outcome"),
    [
        (
            "national security at an operator",
            {"capabilities": ["location_platform"], "purpose": "national_security_monitoring"},
            "executive_review",
        ),
        (
            "storage for the police for national security",
            POLICE
            | {
                "capabilities": ["generic_storage", "general_compute"],
                "purpose": "national_security_monitoring",
            },
            "executive_review",
        ),
        (
            "packet inspection with the authorities' list",
            STATE_LIST | {"capabilities": ["dpi_blocking"]},
            "executive_review",
        ),
        (
            "the same in a very-high-risk country",
            STATE_LIST | {"capabilities": ["dpi_blocking"], "country_risk": "very_high"},
            "bar",
        ),
        (
            "an interception gateway for the police",
            POLICE | {"capabilities": ["li_mediation"]},
            "bar",
        ),
        (
            "a core under a registered law",
            {"capabilities": ["mobile_core", "li_interface"]},
            "clear",
        ),
        (
            "a core under a law that somebody verified",
            {"capabilities": ["mobile_core", "li_interface"], "eased_by_ruling": True},
            "senior_review",
        ),
        (
            "a gateway and storage, nothing said",
            {
                "capabilities": ["li_mediation", "generic_storage"],
                "abilities_declared": {"yes": [], "unknown": ["stores_intercepted"]},
            },
            "needs_information",
        ),
        (
            "a gateway and storage that stores",
            {
                "capabilities": ["li_mediation", "generic_storage"],
                "abilities_declared": ["stores_intercepted"],
            },
            "bar",
        ),
        ("radio after a barred deal", {"follows_stopped_deal": True}, "senior_review"),
        (
            "a gateway that the maker hosts",
            {"capabilities": ["li_mediation"], "services": ["data_hosting"]},
            "executive_review",
        ),
        (
            "a core that the maker runs",
            {"capabilities": ["mobile_core", "li_interface"], "services": ["managed_services"]},
            "clear",
        ),
    ],
)
def test_deals_that_must_come_out_so(name, changes, outcome, is_compiled):
    deal = VOCABULARY.parse(ORDINARY | changes)
    found = REFERENCE.compiled.assess(deal) if is_compiled else assess(RULEBOOK, deal)
    assert found.outcome == outcome, name


def test_a_reason_names_what_sales_says_beside_the_catalogue():
    facts = VOCABULARY.parse(
        ORDINARY
        | {"capabilities": ["monitoring_centre"], "abilities_declared": ["stores_intercepted"]}
    )
    for found in (assess(RULEBOOK, facts), REFERENCE.compiled.assess(facts)):
        because = next(one.because for one in found.findings if one.rule == "B01")
        assert "monitoring centre and storage of what is intercepted (sales says)" in because


def test_the_former_rulebook_is_letter_by_letter_what_installations_keep():
    """A stored screening names this digest; with another one its history could not be replayed."""
    assert shipped.former_rulebook().digest == (
        "sha256:939912cc36ac9ce0904354aea49bfcd5135db25fff06dcb8b30e2376da0174c4"
    )
