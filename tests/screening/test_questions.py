"""The deal form: what is asked, what the answers declare, and that no answer is a way round."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from policy import shipped
from policy.derive import derive
from policy.engine.facts import Choice, Flags
from screening import deal_form, questions, words
from screening.questions import Context
from tests.screening.answers import SIMPLE

TERMS = {
    "A": ["active_surveillance"],
    "L": ["passive_interception"],
    "X": ["direct_access"],
    "T": ["bulk_records"],
    "C": ["network_restriction"],
    "B": ["public_biometrics"],
    "D": ["dual_use_beyond_cameras", "cameras"],
}
RADIO = Context(frozenset({"ran"}), "low")
CORE = Context(frozenset({"mobile_core", "li_interface"}), "low")


def shown(answers: dict[str, Any], context: Context) -> set[str]:
    return {one.number for one in questions.shown_questions(answers, context)}


def contradictions(answers: dict[str, Any], context: Context) -> list[str]:
    found: list[str] = questions.declared_facts(answers, context).get("contradictions", [])
    return found


class TestTheTable:
    def test_classes_are_those_of_the_rulebook(self) -> None:
        terms = YAML(typ="safe", pure=True).load(shipped.text(shipped.RULEBOOK))["terms"]
        for letter, names in TERMS.items():
            members = {one for name in names for one in terms[name]["capabilities"]["any"]}
            assert members == deal_form.CLASSES[letter]
        assert TERMS.keys() == deal_form.CLASSES.keys()

    def test_every_capability_of_a_class_is_in_the_vocabulary(self) -> None:
        fact = shipped.vocabulary()["capabilities"]
        assert isinstance(fact, Flags)
        assert frozenset().union(*deal_form.CLASSES.values()) <= set(fact.members)

    @pytest.mark.parametrize(("name", "more"), [("end_user_type", {"unknown"}), ("purpose", set())])
    def test_choices_are_exactly_the_values_of_the_vocabulary(self, name: str, more: set) -> None:
        fact = shipped.vocabulary()[name]
        assert isinstance(fact, Choice)
        assert {row[0] for row in words.LABELS[name]} | more == set(fact.values)

    def test_services_are_exactly_the_members_of_the_vocabulary(self) -> None:
        fact = shipped.vocabulary()["services"]
        assert isinstance(fact, Flags)
        assert {row[0] for row in words.LABELS["services"]} == set(fact.members)

    def test_slugs_and_numbers_are_unique(self) -> None:
        asked = deal_form.QUESTIONS
        assert len({one.slug for one in asked}) == len(asked)
        assert len({one.number for one in asked}) == len(asked)

    def test_each_required_question_has_its_own_error(self) -> None:
        assert [one.slug for one in deal_form.QUESTIONS if not one.error] == ["reference"]

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

    def test_storing_is_asked_unless_nothing_is_handed_over(self) -> None:
        assert {"4.5", "4.6"} <= shown(SIMPLE | {"handover": "?"}, CORE)
        assert {"4.5", "4.6"}.isdisjoint(shown(SIMPLE | {"handover": "no"}, CORE))

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
        assert "4.10" in shown(SIMPLE, Context(frozenset({"ran"}), tier))

    def test_safeguards_are_asked_when_a_rule_fires(self) -> None:
        assert "5.2" in shown(SIMPLE, Context(frozenset({"ran"}), "high", ("S01",)))
        assert "5.2" not in shown(SIMPLE, RADIO)

    def test_the_next_question_stays_in_its_section(self) -> None:
        first = questions.question("customer")
        assert questions.next_question(first, SIMPLE, RADIO).slug == "customer-kind"
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
        [("change", "change_request"), ("capacity", "capacity_expansion"),
         ("support", "support_maintenance")],
    )  # fmt: skip
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
            {"country": "KZ"}, {"region": "UA-43"}, {"country": "FI"}, {"country": "XX"},
            {"country": "RU"},
        ]  # fmt: skip

    @pytest.mark.parametrize("answer", ["yes", "?"])
    def test_elsewhere_without_a_country_counts_as_unknown(self, answer: str) -> None:
        answers = SIMPLE | {"elsewhere": {"answer": answer, "places": []}}
        assert {"country": "XX"} in questions.declared_facts(answers, RADIO)["destinations"]

    def test_an_unknown_purpose_stands_beside_the_known_ones(self) -> None:
        answers = SIMPLE | {"purposes": ["public_safety", "?"]}
        assert questions.declared_facts(answers, RADIO)["purposes"] == ["public_safety", None]

    def test_a_state_block_list_is_a_purpose_whatever_sales_ticked(self) -> None:
        answers = SIMPLE | {"restricts": {"answer": "yes", "text": "", "owner": "authorities"}}
        context = Context(frozenset({"url_content_filtering"}), "low")
        assert questions.declared_facts(answers, context)["purposes"] == [
            "commercial_service", "content_blocking_state_list",
        ]  # fmt: skip

    def test_a_state_turns_a_commercial_operator_into_a_state_operator(self) -> None:
        declared = questions.declared_facts(SIMPLE | {"state-owned": "yes"}, RADIO)
        assert declared["end_user_type"] == "state_operator"

    def test_an_unknown_end_user_is_declared_unknown(self) -> None:
        answers = SIMPLE | {"end-user": {"kind": "?", "is_customer": False}}
        assert questions.declared_facts(answers, RADIO)["end_user_type"] == "unknown"

    def test_the_law_is_one_citation(self) -> None:
        answers = SIMPLE | {
            "obligation": "yes",
            "legal-basis": {"act": "Act 917/2014", "article": "§ 245", "date": "2014-11-07",
                            "orders": "the district court"},
        }  # fmt: skip
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

    def test_answers_that_are_not_asked_any_more_are_left_out(self) -> None:
        answers = SIMPLE | {"stores": "yes", "handover": "standard"}
        assert contradictions(answers, RADIO) == []

    def test_a_copy_leaves_declarations_and_dated_answers_behind(self) -> None:
        assert SIMPLE.keys() - questions.copied(SIMPLE).keys() == {
            "declaration", "sign-date", "reports", "limits-speech",
        }  # fmt: skip


class TestChecks:
    """An answer that differs from the catalogue, or that sales cannot know, goes to compliance."""

    @pytest.mark.parametrize(
        ("handover", "capabilities", "differs"),
        [
            ("no", {"li_interface"}, True),
            ("no", set(), False),
            ("standard", {"li_interface"}, False),
            ("standard", {"direct_access_li"}, True),
            ("standard", {"li_interface", "intercept_storage"}, True),
            ("standard", set(), True),
            ("more", {"li_interface"}, True),
            ("more", {"direct_access_li"}, False),
            ("?", {"li_interface"}, False),
            ("?", set(), False),
        ],
    )
    def test_handover(self, handover: str, capabilities: set[str], differs: bool) -> None:
        answers = SIMPLE | {"handover": handover, "purposes": ["li_compliance"]}
        found = contradictions(answers, Context(frozenset(capabilities)))
        assert any("hand" in sentence for sentence in found) is differs

    @pytest.mark.parametrize(
        ("slug", "capability"),
        [("stores", "intercept_storage"), ("analyses", "intercept_analysis")],
    )
    @pytest.mark.parametrize(
        ("answer", "has", "differs"),
        [("yes", True, False), ("yes", False, True), ("later", False, True),
         ("later", True, False), ("no", True, True), ("no", False, False), ("?", True, False)],
    )  # fmt: skip
    def test_as_sold(
        self, slug: str, capability: str, answer: str, has: bool, differs: bool
    ) -> None:
        able = {"li_interface"} | ({capability} if has else set())
        found = contradictions(
            SIMPLE | {"handover": "?", slug: answer}, Context(frozenset(able), "low")
        )
        assert bool(found) is differs

    @pytest.mark.parametrize(
        ("slug", "answer", "capability", "differs"),
        [
            ("restricts", "yes", "dpi_traffic_management", True),
            ("restricts", "no", "dpi_traffic_management", False),
            ("restricts", "no", "dpi_blocking", True),
            ("restricts", "?", "dpi_blocking", False),
            ("follows", "yes", "anpr", False),
            ("follows", "no", "anpr", True),
            ("follows", "no", "dpi_traffic_management", False),
            ("follows", "?", "remote_biometric_id", False),
        ],
    )
    def test_restricting_and_following(
        self, slug: str, answer: str, capability: str, differs: bool
    ) -> None:
        answers = SIMPLE | {slug: {"answer": answer, "text": ""}}
        assert bool(contradictions(answers, Context(frozenset({capability})))) is differs

    @pytest.mark.parametrize("slug", ["limits-speech", "reports", "law-conflict"])
    def test_not_knowing_goes_to_compliance(self, slug: str) -> None:
        answers = SIMPLE | {slug: {"answer": "?", "text": ""}}
        assert len(contradictions(answers, CORE)) == 1

    @pytest.mark.parametrize("slug", ["limits-speech", "reports"])
    def test_knowing_of_something_goes_to_compliance(self, slug: str) -> None:
        answers = SIMPLE | {slug: {"answer": "yes", "text": "In May"}}
        assert len(contradictions(answers, CORE)) == 1

    def test_a_conflict_of_law_is_suggested(self) -> None:
        answers = SIMPLE | {"law-conflict": {"answer": "yes", "text": "Secret orders"}}
        assert questions.declared_facts(answers, CORE)["conflict_signs"]

    @pytest.mark.parametrize("answer", ["yes", "?"])
    def test_access_by_an_intelligence_agency_goes_to_compliance(self, answer: str) -> None:
        assert len(contradictions(SIMPLE | {"intelligence-access": answer}, CORE)) == 1

    def test_an_intelligence_body_that_uses_it_contradicts_nothing(self) -> None:
        answers = SIMPLE | {
            "end-user": {"kind": "intelligence_security", "is_customer": False},
            "end-user-name": "A service",
            "intelligence-access": "yes",
        }
        assert contradictions(answers, RADIO) == []

    def test_not_knowing_who_owns_the_end_user_goes_to_compliance(self) -> None:
        assert len(contradictions(SIMPLE | {"state-owned": "?"}, RADIO)) == 1

    def test_a_customer_that_is_the_end_user_is_of_one_kind(self) -> None:
        answers = SIMPLE | {"customer-kind": "reseller_integrator"}
        assert len(contradictions(answers, RADIO)) == 1


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
SETTLED_BY_THE_CATALOGUE = {"handover", "stores", "analyses", "restricts", "follows"}


def outcome(answers: dict[str, Any]) -> str:
    data = shipped.load()
    context = questions.context_of(answers, data)
    variants = derive(questions.declared_facts(answers, context), data)
    order = ("clear", "senior_review", "executive_review", "needs_information", "bar")
    return max((data.compiled.assess(one).outcome for one in variants), key=order.index)


@pytest.mark.parametrize("slug", sorted(UNKNOWN_ANSWERS.keys() - SETTLED_BY_THE_CATALOGUE
                                        - {"customer-kind", "obligation", "law-conflict",
                                           "intelligence-access"}))  # fmt: skip
def test_i_do_not_know_never_clears(slug: str) -> None:
    assert outcome(SIMPLE) == "clear"
    assert outcome(SIMPLE | {slug: UNKNOWN_ANSWERS[slug]}) != "clear"


@pytest.mark.parametrize("slug", ["obligation", "law-conflict", "intelligence-access"])
def test_i_do_not_know_never_clears_a_core(slug: str) -> None:
    core = SIMPLE | {"products": ["core-5gsa"], "obligation": "yes",
                     "legal-basis": {"act": "Act 917/2014"}}  # fmt: skip
    assert outcome(core | {slug: UNKNOWN_ANSWERS[slug]}) == "needs_information"


@given(st.dictionaries(st.sampled_from(sorted(UNKNOWN_ANSWERS)), st.just(None)))
def test_any_mixture_of_unknown_answers_is_read_and_never_better(chosen: dict[str, None]) -> None:
    order = ("clear", "senior_review", "executive_review", "needs_information", "bar")
    core = SIMPLE | {"products": ["core-5gsa"], "obligation": "yes",
                     "legal-basis": {"act": "Act 917/2014"}}  # fmt: skip
    blurred = core | {slug: UNKNOWN_ANSWERS[slug] for slug in chosen}
    assert order.index(outcome(blurred)) >= min(
        order.index(outcome(core)), order.index("needs_information")
    )
