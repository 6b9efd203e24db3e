"""The deal form: what is asked, what the answers declare, and that no answer is a way round."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from policy.engine.language.facts import Choice, Flags
from policy.engine.language.reading import read_rulebook
from policy.facts import answers_to_facts, shipped
from policy.facts.declared import ABILITIES, DeclaredError
from policy.facts.derive import derive, trace
from screening.form import choices, deal_form, questions
from screening.form.questions import Context
from tests.screening.form.answers import SIMPLE

DATA = shipped.load()
RADIO = questions.meaning({"ran"}, DATA, country_risk="low")
CORE = questions.meaning({"mobile_core", "li_interface"}, DATA, country_risk="low")


def shown(answers: dict[str, Any], context: Context) -> set[str]:
    return {one.number for one in questions.shown_questions(answers, context)}


def contradictions(answers: dict[str, Any], context: Context) -> list[str]:
    found: list[str] = questions.declared_facts(answers, context).get("contradictions", [])
    return found


def values_of(asked: deal_form.Question) -> set[str]:
    """What the form offers as the answer to a question with choices."""
    rows = choices.LABELS[asked.choices if asked.kind == deal_form.Kind.CHOICE else asked.answers]
    return {row[0] for row in rows} | ({"?"} if asked.unknown else set())


class TestTheTable:
    def test_what_relates_to_surveillance_follows_from_the_rules(self) -> None:
        """Of the classes of the rulebook: everything but the standard products."""
        terms = YAML(typ="safe", pure=True).load(shipped.text(shipped.RULEBOOK))["terms"]
        fact = shipped.vocabulary()["capabilities"]
        assert isinstance(fact, Flags)
        standard = {"unclassified", *terms["standard"]["capabilities"]["any"]}
        assert DATA.beside["abilities_declared"] == set(fact.members) - standard
        lawful = [
            capability
            for name in ("passive_interception", "catalogue_direct_access", "bulk_records")
            for capability in terms[name]["capabilities"]["any"]
        ]
        assert DATA.beside["legal_obligation"] == set(lawful)

    @pytest.mark.parametrize(
        ("ability", "term"),
        [
            ("stores_intercepted", "catalogue_active_surveillance"),
            ("analyses_intercepted", "catalogue_active_surveillance"),
            ("hands_over_more", "catalogue_direct_access"),
            ("restricts_content", "catalogue_network_restriction"),
            ("follows_people", "catalogue_dual_use_beyond_cameras"),
        ],
    )
    def test_what_means_the_same_as_an_answer_follows_from_the_rules(
        self, ability: str, term: str
    ) -> None:
        terms = YAML(typ="safe", pure=True).load(shipped.text(shipped.RULEBOOK))["terms"]
        assert DATA.alike[ability] == set(terms[term]["capabilities"]["any"])
        assert DATA.alike.keys() == set(ABILITIES)

    @pytest.mark.parametrize(("name", "more"), [("end_user_type", {"unknown"}), ("purpose", set())])
    def test_choices_are_exactly_the_values_of_the_vocabulary(self, name: str, more: set) -> None:
        fact = shipped.vocabulary()[name]
        assert isinstance(fact, Choice)
        assert {row[0] for row in choices.LABELS[name]} | more == set(fact.values)

    def test_services_are_exactly_the_members_of_the_vocabulary(self) -> None:
        fact = shipped.vocabulary()["services"]
        assert isinstance(fact, Flags)
        assert {row[0] for row in choices.LABELS["services"]} == set(fact.members)

    def test_slugs_and_numbers_are_unique(self) -> None:
        asked = deal_form.QUESTIONS
        assert len({one.slug for one in asked}) == len(asked)
        assert len({one.number for one in asked}) == len(asked)

    def test_each_required_question_has_its_own_error(self) -> None:
        assert [one.slug for one in deal_form.QUESTIONS if not one.error] == ["name", "reference"]

    def test_every_fact_is_one_that_the_vocabulary_knows(self) -> None:
        known = shipped.vocabulary()
        assert [one.fact for one in deal_form.QUESTIONS if one.fact and one.fact not in known] == []


class TestWhatIsAsked:
    def test_plain_radio_in_a_low_risk_country_is_not_asked_about_interception(self) -> None:
        asked = shown(SIMPLE, RADIO)
        assert asked.isdisjoint({"4.3", "4.4", "4.4b", "4.5", "4.6", "4.7", "4.8", "4.10"})

    def test_nothing_is_missing_from_a_complete_form(self) -> None:
        assert questions.missing_questions(SIMPLE, RADIO) == []

    def test_a_core_asks_for_the_obligation_and_then_for_the_law(self) -> None:
        assert "4.4" in shown(SIMPLE, CORE)
        assert "4.4b" not in shown(SIMPLE, CORE)
        assert "4.4b" in shown(SIMPLE | {"obligation": "yes"}, CORE)

    @pytest.mark.parametrize("capability", sorted(DATA.beside["abilities_declared"]))
    def test_whatever_relates_to_surveillance_is_asked_what_it_does(self, capability: str) -> None:
        """Seen: a store of all messages with police access in an SMS firewall was not asked for."""
        asked = shown(SIMPLE, questions.meaning({capability}, DATA))
        assert asked >= {"2.6", "4.3", "4.5", "4.6", "4.10"}
        assert ({"4.7", "4.8"} <= asked) == (capability not in DATA.beside["legal_obligation"])

    def test_so_is_what_is_developed_for_one_customer(self) -> None:
        answers = SIMPLE | {"services": ["supply", "custom_development"]}
        assert {"2.6", "4.3", "4.5", "4.6", "4.7", "4.8"} <= shown(answers, RADIO)

    def test_a_rulebook_that_reads_one_more_capability_asks_more(self) -> None:
        """Without a release: the form knows no capability by name."""
        answers = SIMPLE | {"products": ["network-analytics"]}
        assert questions.context_of(answers, DATA).surveillance == set()
        text = shipped.text(shipped.RULEBOOK).replace(
            "        - managed_access_system\n",
            "        - managed_access_system\n        - network_analytics_aggregate\n",
            1,
        )
        rulebook = read_rulebook(text, shipped.vocabulary(), file="more.yaml")
        context = questions.context_of(answers, replace(DATA, rulebook=rulebook))
        assert context.surveillance == {"network_analytics_aggregate"}
        assert {"4.3", "4.8"} <= shown(answers, context)

    def test_a_rulebook_of_before_asks_what_the_shipped_one_asks(self) -> None:
        former = replace(DATA, rulebook=shipped.former_rulebook())
        answers = SIMPLE | {"products": ["core-5gsa"]}
        context = questions.context_of(answers, former)
        assert context.surveillance == context.lawful == {"li_interface"}

    def test_storing_is_asked_unless_nothing_is_handed_over(self) -> None:
        assert {"4.5", "4.6"} <= shown(SIMPLE | {"handover": "?"}, CORE)
        answers = SIMPLE | {"purposes": ["li_compliance"], "handover": "no"}
        assert {"4.5", "4.6"}.isdisjoint(shown(answers, RADIO))

    def test_what_the_catalogue_hands_over_is_asked_about_whatever_sales_says(self) -> None:
        assert {"4.5", "4.6"} <= shown(SIMPLE | {"handover": "no"}, CORE)

    @pytest.mark.parametrize("answer", ["more", "?"])
    def test_more_than_a_standard_handover_asks_for_the_law(self, answer: str) -> None:
        answers = SIMPLE | {"purposes": ["li_compliance"], "handover": answer}
        assert "4.4" in shown(answers, RADIO)
        assert "4.4b" in shown(answers | {"obligation": "yes"}, RADIO)
        assert "4.4" not in shown(answers | {"handover": "standard"}, RADIO)

    def test_interception_purposes_ask_about_handover_whatever_the_products(self) -> None:
        assert "4.3" in shown(SIMPLE | {"purposes": ["crime_investigation"]}, RADIO)

    @pytest.mark.parametrize("kind", ["law_enforcement", "municipality", "?"])
    def test_public_and_unknown_end_users_ask_about_intelligence(self, kind: str) -> None:
        answers = SIMPLE | {"end-user": {"kind": kind, "is_customer": False}}
        assert "2.6" in shown(answers, RADIO)

    def test_a_state_owned_operator_asks_about_intelligence(self) -> None:
        assert "2.6" not in shown(SIMPLE, RADIO)
        assert "2.6" in shown(SIMPLE | {"state-owned": "?"}, RADIO)

    def test_the_end_users_name_is_asked_once(self) -> None:
        assert "2.4" not in shown(SIMPLE, RADIO)
        answers = SIMPLE | {"end-user": {"kind": "utility", "is_customer": False}}
        assert "2.4" in shown(answers, RADIO)

    @pytest.mark.parametrize("tier", ["high", "very_high", "unrated"])
    def test_local_law_is_asked_where_the_risk_is_high_or_not_rated(self, tier: str) -> None:
        assert "4.10" in shown(SIMPLE, questions.meaning({"ran"}, DATA, country_risk=tier))

    def test_safeguards_are_asked_when_a_rule_fires(self) -> None:
        assert "5.2" in shown(SIMPLE, replace(RADIO, findings=("S01",)))
        assert "5.2" not in shown(SIMPLE, RADIO)

    def test_the_next_question_stays_in_its_section(self) -> None:
        first = questions.question("customer")
        assert questions.next_question(first, SIMPLE, RADIO).slug == "customer-country"
        last = questions.question("state-owned")
        assert questions.next_question(last, SIMPLE, RADIO) is None

    def test_an_optional_question_is_never_missing(self) -> None:
        assert "reference" in {one.slug for one in questions.shown_questions({}, RADIO)}
        assert "reference" not in {one.slug for one in questions.missing_questions({}, RADIO)}

    def test_an_empty_answer_is_missing(self) -> None:
        missing = questions.missing_questions(SIMPLE | {"products": []}, RADIO)
        assert [one.slug for one in missing] == ["products"]


class TestTheContext:
    def test_an_empty_form_has_an_empty_context(self) -> None:
        assert questions.context_of({}, shipped.load()) == Context()

    def test_products_lead_to_capabilities_and_places_to_the_worst_risk(self) -> None:
        answers = SIMPLE | {
            "products": ["core-5gsa"],
            "countries": [{"place": "FI", "site": ""}, {"place": "UA-43", "site": ""}],
        }
        context = questions.context_of(answers, shipped.load())
        assert {"mobile_core", "li_interface"} <= context.capabilities
        assert context.country_risk == "unrated"
        assert "S01" in context.findings

    def test_what_is_not_answered_yet_is_no_finding(self) -> None:
        answers = {"products": ["nr-macro"], "countries": [{"place": "FI", "site": ""}]}
        assert questions.context_of(answers, shipped.load()).findings == ()


@pytest.mark.parametrize(
    "named",
    [
        {"countries": [{"place": "UA", "site": ""}]},
        {"run-from": {"run": "UA", "records": "FI"}},
        {"run-from": {"run": "FI", "records": "UA"}},
        {"elsewhere": {"answer": "yes", "places": ["UA"]}},
        {"customer-country": "UA"},
        {"intermediaries": {"answer": "yes", "parties": [{"name": "Kyiv Net", "country": "UA"}]}},
    ],
)
def test_territories_are_asked_for_every_country_that_is_named(named: dict[str, Any]) -> None:
    assert questions.beside_territories(SIMPLE | named, DATA) == ("UA",)


class TestWhatIsDeclared:
    def test_the_simple_deal_clears(self) -> None:
        data = shipped.load()
        variants = derive(questions.declared_facts(SIMPLE, RADIO), data)
        assert [data.compiled.assess(facts).outcome for facts in variants] == ["clear"]

    def test_nothing_answered_declares_nothing(self) -> None:
        assert questions.declared_facts({}, Context()) == {}

    def test_no_services_and_no_intermediaries_are_answers(self) -> None:
        declared = questions.declared_facts(SIMPLE, RADIO)
        assert declared["intermediaries"] == []
        assert "intermediaries" not in questions.declared_facts({})

    @pytest.mark.parametrize(
        ("kind", "adds"),
        [
            ("change", "change_request"),
            ("capacity", "capacity_expansion"),
            ("support", "support_maintenance"),
        ],
    )
    def test_the_kind_of_deal_adds_a_service(self, kind: str, adds: str) -> None:
        declared = questions.declared_facts(SIMPLE | {"deal-kind": kind}, RADIO)
        assert declared["services"] == ["supply", "installation", adds]

    def test_every_place_that_is_named_is_a_destination(self) -> None:
        answers = SIMPLE | {
            "countries": [{"place": "KZ", "site": ""}, {"place": "UA-43", "site": ""}],
            "run-from": {"run": "FI", "records": "?"},
            "elsewhere": {"answer": "yes", "places": ["RU"]},
        }
        places = questions.declared_facts(answers, RADIO)["destinations"]
        assert places == [
            {"country": "KZ"},
            {"region": "UA-43"},
            {"country": "FI"},
            {"country": "XX"},
            {"country": "RU"},
        ]

    @pytest.mark.parametrize("answer", ["yes", "?"])
    def test_elsewhere_without_a_country_counts_as_unknown(self, answer: str) -> None:
        answers = SIMPLE | {"elsewhere": {"answer": answer, "places": []}}
        assert {"country": "XX"} in questions.declared_facts(answers, RADIO)["destinations"]

    def test_an_unknown_purpose_stands_beside_the_known_ones(self) -> None:
        answers = SIMPLE | {"purposes": ["public_safety", "?"]}
        assert questions.declared_facts(answers, RADIO)["purposes"] == ["public_safety", None]

    def test_a_state_block_list_is_a_purpose_whatever_sales_ticked(self) -> None:
        answers = SIMPLE | {"restricts": {"answer": "yes", "text": "", "owner": "authorities"}}
        context = questions.meaning({"url_content_filtering"}, DATA)
        assert questions.declared_facts(answers, context)["purposes"] == [
            "commercial_service",
            "content_blocking_state_list",
        ]

    def test_a_state_turns_a_commercial_operator_into_a_state_operator(self) -> None:
        declared = questions.declared_facts(SIMPLE | {"state-owned": "yes"}, RADIO)
        assert declared["end_user_type"] == "state_operator"

    def test_an_unknown_end_user_is_declared_unknown(self) -> None:
        answers = SIMPLE | {"end-user": {"kind": "?", "is_customer": False}}
        assert questions.declared_facts(answers, RADIO)["end_user_type"] == "unknown"

    def test_the_law_is_one_citation(self) -> None:
        answers = SIMPLE | {
            "obligation": "yes",
            "legal-basis": {
                "act": "Act 917/2014",
                "article": "§ 245",
                "date": "2014-11-07",
                "orders": "the district court",
            },
        }
        declared = questions.declared_facts(answers, CORE)
        assert declared["legal_obligation"] is True
        assert declared["legal_basis"] == (
            "Act 917/2014, § 245, 2014-11-07 (ordered by the district court)"
        )

    def test_a_law_that_is_no_longer_said_to_oblige_is_not_cited(self) -> None:
        answers = SIMPLE | {"obligation": "no", "legal-basis": {"act": "Act"}}
        # Without a context too: the form asks by these facts what to show next.
        for context in (CORE, None):
            declared = questions.declared_facts(answers, context)
            assert declared["legal_obligation"] is False
            assert "legal_basis" not in declared

    def test_a_law_for_what_is_not_sold_any_more_is_left_out(self) -> None:
        answers = SIMPLE | {"obligation": "yes", "legal-basis": {"act": "Act", "orders": "a court"}}
        declared = questions.declared_facts(answers, RADIO)
        assert declared.keys().isdisjoint({"legal_obligation", "legal_basis"})

    def test_what_sales_says_that_it_does_stays_whatever_else_changes(self) -> None:
        answers = SIMPLE | {"stores": "yes", "handover": "standard"}
        declared = questions.declared_facts(answers, RADIO)
        assert declared["abilities_declared"] == ["stores_intercepted"]
        assert {"4.3", "4.5"} <= shown(answers, RADIO)
        mild = SIMPLE | {"stores": "no", "handover": "no"}
        assert shown(mild, RADIO).isdisjoint({"4.3", "4.5"})

    def test_a_copy_leaves_declarations_and_dated_answers_behind(self) -> None:
        assert SIMPLE.keys() - questions.copied(SIMPLE).keys() == {
            "declaration",
            "sign-date",
            "reports",
            "limits-speech",
        }


class TestWhatAnswersSet:
    """Each answer sets the fact that it speaks of; a difference to the catalogue stands beside."""

    @pytest.mark.parametrize(
        ("slug", "answer", "name", "value"),
        [
            ("analyses", "no", "abilities_declared", []),
            ("handover", "more", "abilities_declared", ["hands_over_more"]),
            ("handover", "?", "abilities_declared", {"yes": [], "unknown": ["hands_over_more"]}),
            ("stores", "yes", "abilities_declared", ["stores_intercepted"]),
            ("stores", "later", "abilities_declared", ["stores_intercepted"]),
            ("stores", "no", "abilities_declared", []),
            ("stores", "?", "abilities_declared", {"yes": [], "unknown": ["stores_intercepted"]}),
            ("analyses", "later", "abilities_declared", ["analyses_intercepted"]),
            (
                "restricts",
                {"answer": "yes", "text": "", "owner": "court"},
                "abilities_declared",
                ["restricts_content"],
            ),
            ("follows", {"answer": "yes", "text": ""}, "abilities_declared", ["follows_people"]),
            ("intelligence-access", "no", "agency_access", "no"),
            ("intelligence-access", "yes", "agency_access", "yes"),
            ("intelligence-access", "?", "agency_access", "unknown"),
            ("limits-speech", {"answer": "no", "text": ""}, "speech_limit_request", "none"),
            (
                "limits-speech",
                {"answer": "refused", "text": "A"},
                "speech_limit_request",
                "refused",
            ),
            (
                "limits-speech",
                {"answer": "included", "text": "A"},
                "speech_limit_request",
                "included",
            ),
            ("limits-speech", {"answer": "?", "text": ""}, "speech_limit_request", "unknown"),
            (
                "reports",
                {"answer": "yes", "text": "A"},
                "adverse_signs",
                ["sales knows of reports of misuse"],
            ),
            (
                "law-conflict",
                {"answer": "?", "text": ""},
                "conflict_signs",
                ["sales does not know whether local law asks for it"],
            ),
        ],
    )
    def test_an_answer_is_declared(self, slug: str, answer: Any, name: str, value: Any) -> None:
        answers = SIMPLE | {slug: answer}
        assert questions.declared_facts(answers)[name] == value
        assert "contradictions" not in questions.declared_facts(answers)

    @pytest.mark.parametrize("handover", ["no", "standard"])
    def test_who_hands_over_no_more_has_said_nothing_of_keeping(self, handover: str) -> None:
        declared = questions.declared_facts(SIMPLE | {"handover": handover})
        assert "abilities_declared" not in declared

    def test_an_answer_from_before_the_form_asked_which_kind_is_not_known(self) -> None:
        answers = SIMPLE | {"limits-speech": {"answer": "yes", "text": "Whatever it was"}}
        assert questions.declared_facts(answers)["speech_limit_request"] == "unknown"
        assert outcome(answers) == "needs_information"

    def test_an_answer_that_no_form_gives_is_refused(self) -> None:
        with pytest.raises(DeclaredError, match="stores: the form gives no answer 'perhaps'"):
            questions.declared_facts(SIMPLE | {"stores": "perhaps"})

    def test_what_was_not_asked_is_not_a_no(self) -> None:
        declared = questions.declared_facts(SIMPLE, RADIO)
        assert declared.keys().isdisjoint({"abilities_declared", "agency_access"})

    @pytest.mark.parametrize(
        ("answers", "capabilities", "differs"),
        [
            ({"handover": "no"}, {"li_interface"}, True),
            ({"handover": "no"}, set(), False),
            ({"handover": "standard"}, {"li_interface"}, False),
            ({"handover": "standard"}, {"direct_access_li"}, True),
            ({"handover": "more"}, {"li_interface"}, True),
            ({"handover": "more"}, {"direct_access_li"}, False),
            ({"handover": "?"}, {"li_interface"}, False),
            ({"handover": "?", "stores": "yes"}, {"li_interface"}, True),
            ({"handover": "?", "stores": "no"}, {"li_interface"}, False),
            ({"handover": "?", "analyses": "no"}, {"li_interface", "intercept_analysis"}, True),
            ({"restricts": {"answer": "yes", "text": ""}}, {"dpi_traffic_management"}, True),
            ({"restricts": {"answer": "no", "text": ""}}, {"dpi_blocking"}, True),
            ({"follows": {"answer": "yes", "text": ""}}, {"anpr"}, False),
            ({"follows": {"answer": "no", "text": ""}}, {"anpr"}, True),
        ],
    )
    def test_a_difference_to_the_catalogue_stands_beside_and_stops_nothing(
        self, answers: dict[str, Any], capabilities: set[str], differs: bool
    ) -> None:
        answers = SIMPLE | {"purposes": ["li_compliance"]} | answers
        declared = questions.declared_facts(answers, questions.meaning(capabilities, DATA))
        assert bool(declared.get("differences")) is differs
        assert "contradictions" not in declared

    @pytest.mark.parametrize("handover", ["standard", "more"])
    def test_a_handover_that_the_catalogue_does_not_know_is_a_contradiction(
        self, handover: str
    ) -> None:
        answers = SIMPLE | {"handover": handover, "purposes": ["li_compliance"]}
        assert len(contradictions(answers, RADIO)) == 1
        assert contradictions(answers, CORE) == []

    def test_a_difference_is_the_note_of_the_fact(self) -> None:
        answers = INTERCEPTS | {"stores": "yes"}
        data = shipped.load()
        declared = questions.declared_facts(answers, questions.context_of(answers, data))
        note = trace(declared, data)[0].origins["abilities_declared"].note
        assert note == "Sales says that it can store what is intercepted; the catalogue does not."

    def test_the_form_names_the_fact_of_the_table(self) -> None:
        signs = {"conflict_signs": "law_conflict", "adverse_signs": "adverse_info"}
        for sets in answers_to_facts.TABLE:
            asked = questions.question(sets.slug)
            assert asked.fact == signs.get(sets.declares, sets.declares)
            assert values_of(asked) <= sets.values.keys()


class TestContradictions:
    def test_not_knowing_who_owns_the_end_user_goes_to_compliance(self) -> None:
        assert len(contradictions(SIMPLE | {"state-owned": "?"}, RADIO)) == 1

    def test_a_customer_that_is_the_end_user_is_of_one_kind(self) -> None:
        answers = SIMPLE | {"customer-kind": "reseller_integrator"}
        assert len(contradictions(answers, RADIO)) == 1


#: An interception gateway in Germany under a verified law, everything answered mildly.
INTERCEPTS: dict[str, Any] = SIMPLE | {
    "products": ["li-gateway"],
    "purposes": ["li_compliance"],
    "handover": "standard",
    "obligation": "yes",
    "legal-basis": {"act": "Act 917/2014", "orders": "the district court"},
    "stores": "no",
    "analyses": "no",
    "intelligence-access": "no",
    "law-conflict": {"answer": "no", "text": ""},
}
UNKNOWN_ANSWERS: dict[str, Any] = {
    "state-owned": "?",
    "intelligence-access": "?",
    "run-from": {"run": "?", "records": "FI"},
    "elsewhere": {"answer": "?", "places": []},
    "purposes": ["?"],
    "handover": "?",
    "obligation": "?",
    "stores": "?",
    "analyses": "?",
    "restricts": {"answer": "?", "text": ""},
    "follows": {"answer": "?", "text": ""},
    "limits-speech": {"answer": "?", "text": ""},
    "law-conflict": {"answer": "?", "text": ""},
    "reports": {"answer": "?", "text": ""},
    "customer-kind": "?",
    "end-user": {"kind": "?", "is_customer": False},
}


CITED_CORE = INTERCEPTS | {"products": ["core-5gsa"], "purposes": ["commercial_service"]}
#: What compliance may settle: that nothing contradicts, and that the cited law applies.
SETTLED = {"fact_conflict": False, "legal_basis_status": "verified"}


def verified(answers: dict[str, Any]) -> str:
    """The outcome when compliance has settled all that it can settle."""
    return outcome(answers, SETTLED)


def outcome(answers: dict[str, Any], given: Mapping[str, Any] = MappingProxyType({})) -> str:
    data = shipped.load()
    context = questions.context_of(answers, data)
    variants = derive(questions.declared_facts(answers, context), data, given=given)
    order = ("clear", "senior_review", "executive_review", "needs_information", "bar")
    return max((data.compiled.assess(one).outcome for one in variants), key=order.index)


@pytest.mark.parametrize(
    "slug",
    ["limits-speech", "reports", "state-owned", "run-from", "elsewhere", "purposes", "end-user"],
)
def test_i_do_not_know_never_clears(slug: str) -> None:
    assert outcome(SIMPLE) == "clear"
    assert outcome(SIMPLE | {slug: UNKNOWN_ANSWERS[slug]}) != "clear"


@pytest.mark.parametrize(
    "slug", ["obligation", "intelligence-access", "handover", "stores", "analyses"]
)
def test_i_do_not_know_never_clears_a_core(slug: str) -> None:
    assert outcome(CITED_CORE | {slug: UNKNOWN_ANSWERS[slug]}) == "needs_information"
    assert verified(CITED_CORE | {slug: UNKNOWN_ANSWERS[slug]}) == "needs_information"
    assert verified(CITED_CORE) == "clear"


@pytest.mark.parametrize("answer", ["yes", "?"])
def test_a_conflict_of_law_that_may_be_goes_to_executives(answer: str) -> None:
    said = {"law-conflict": {"answer": answer, "text": "Secret orders"}}
    assert verified(CITED_CORE | said) == "executive_review"


@pytest.mark.parametrize(
    ("said", "demanded"),
    [
        ({"stores": "yes"}, "bar"),
        ({"stores": "later"}, "bar"),
        ({"analyses": "yes"}, "bar"),
        ({"intelligence-access": "yes"}, "executive_review"),
        ({"limits-speech": {"answer": "refused", "text": "In May"}}, "executive_review"),
        ({"limits-speech": {"answer": "included", "text": "In May"}}, "bar"),
        ({"reports": {"answer": "yes", "text": "A court"}}, "executive_review"),
        ({"reports": {"answer": "?", "text": ""}}, "executive_review"),
        ({"purposes": ["li_compliance", "national_security_monitoring"]}, "executive_review"),
        ({"purposes": ["li_compliance", "content_blocking_state_list"]}, "executive_review"),
        ({"purposes": ["li_compliance", "crime_investigation"]}, "senior_review"),
        ({"purposes": ["li_compliance", "defence_communications"]}, "senior_review"),
        ({"purposes": ["li_compliance", "border_control"]}, "senior_review"),
        (
            {
                "products": ["li-gateway", "dpi-gateway"],
                "restricts": {"answer": "yes", "text": "Sites", "owner": "authorities"},
            },
            "executive_review",
        ),
        (
            {
                "products": ["li-gateway", "camera-network"],
                "follows": {"answer": "yes", "text": "Cameras"},
            },
            "clear",
        ),
    ],
)
def test_no_settled_contradiction_takes_an_answer_away(said: dict[str, Any], demanded: str) -> None:
    assert verified(INTERCEPTS) == "clear"
    assert verified(INTERCEPTS | said) == demanded


@given(st.dictionaries(st.sampled_from(sorted(UNKNOWN_ANSWERS)), st.just(None)))
def test_any_mixture_of_unknown_answers_is_read_and_never_better(chosen: dict[str, None]) -> None:
    order = ("clear", "senior_review", "executive_review", "needs_information", "bar")
    core = CITED_CORE
    blurred = core | {slug: UNKNOWN_ANSWERS[slug] for slug in chosen}
    assert order.index(outcome(blurred)) >= min(
        order.index(outcome(core)), order.index("needs_information")
    )
