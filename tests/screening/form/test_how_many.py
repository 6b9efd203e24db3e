"""How many questions a harmless deal is asked, and that nothing is left out that a rule needs.

A question is an answer that the salesperson has to give before *Check your answers*: a page with
two fields that both have to be filled in counts as two, one that may stay empty counts as none and
is on nobody's way. The declaration asks nothing about the deal and is not counted.
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from policy.engine.language.condition import RANK
from policy.facts import shipped
from policy.facts.answers_to_facts import ONLY_READ
from policy.facts.derive import trace
from reviews.demo_deals import otherwise
from screening.form import choices, questions
from screening.form.deal_form import FORMER, HIGH, PUBLIC, QUESTIONS, UNKNOWN, end_user_kind
from screening.models import Deal
from tests import factories
from tests.effort import examples
from tests.screening.form.answers import ASKED_NOW, SIMPLE
from tests.screening.form.walking import Typed, Walk, walk

DATA = shipped.load()
MOST = 12

TYPED: Typed = {
    "services": {"answer": ["supply", "installation"]},
    "intermediaries": {"answer": "no", "rows": "1"},
    "customer-country": {"answer": "FI"},
    "end-user": {"answer": "commercial_operator", "is_customer": "on"},
    "state-owned": {"answer": "no"},
    "countries": {"place_0": "FI", "site_0": "Tampere", "rows": "1"},
    "other-places": {"answer": "no", "rows": "1"},
    "description": {"answer": "What the tender says"},
    "purposes": {"answer": ["commercial_service"]},
    "limits-speech": {"answer": "no"},
    "reports": {"answer": "no"},
    "law-conflict": {"answer": "no"},
    "safeguards": {"answer": ["contract_clause"]},
    "value": {"amount": "1200000", "currency": "EUR"},
    "sign-date": {"answer_day": "31", "answer_month": "3", "answer_year": "2199"},
}
RAILWAY = {
    **TYPED,
    "products": {"answer": ["gsm-r"]},
    "customer": {"answer": "Suomen Raidelinjat"},
    "end-user": {"answer": "rail_operator", "is_customer": "on"},
    "purposes": {"answer": ["railway_operations"]},
}
FIBRE = {**TYPED, "products": {"answer": ["xgs-pon"]}, "customer": {"answer": "Elisa Oyj"}}
RADIO = {**FIBRE, "products": {"answer": ["nr-macro"]}}
#: What each of them is asked, in this order.
OF_ALL = (
    *("products", "services", "intermediaries", "customer", "customer-country", "end-user"),
    *("state-owned", "countries", "other-places", "description", "purposes", "limits-speech"),
    "reports",
)


@pytest.fixture
def seller(client: Client) -> Client:
    factories.reference_data()
    client.force_login(factories.sales_person(name="Alice Sato"))
    return client


def sent(client: Client, deal: Deal) -> str:
    """Send it from the page "Check your answers"; what became of it."""
    address = f"/deals/{deal.pk}/check/"
    assert client.get(address).context["missing"] == []
    assert client.post(address, {"send_key": uuid4(), "answer": "on"}).status_code == 302
    deal.refresh_from_db()
    return str(deal.status)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "not_asked"),
    [(RAILWAY, "state-owned"), (FIBRE, "customer-country"), (RADIO, "customer-country")],
    ids=["railway", "fibre", "radio"],
)
def test_a_harmless_deal_is_asked_twelve_questions(
    seller: Client, typed: Typed, not_asked: str
) -> None:
    """Railway radio for whomever; the others for an operator that the registry knows."""
    steps = walk(seller, typed)
    assert steps.pages == [slug for slug in OF_ALL if slug != not_asked]
    assert steps.answers == len(steps.pages) <= MOST
    assert sent(seller, steps.deal) == "cleared"


@pytest.mark.django_db
def test_an_operator_that_nobody_knows_is_asked_for_its_country_too(seller: Client) -> None:
    steps = walk(seller, {**RADIO, "customer": {"answer": "Pohjan Verkko"}})
    assert steps.pages == list(OF_ALL)
    assert steps.answers == len(OF_ALL)


@pytest.mark.django_db
def test_where_people_look_they_are_told_more(seller: Client) -> None:
    """Radio for a country of high risk: what only people read is asked where a rule fires."""
    steps: Walk = walk(
        seller,
        {
            **RADIO,
            "customer": {"answer": "Anadolu Telekom"},
            "customer-country": {"answer": "TR"},
            "countries": {"place_0": "TR", "rows": "1"},
            "territories": {"in_TR": ["none"]},
        },
    )
    assert set(steps.pages) - set(OF_ALL) == {
        *("territories", "law-conflict", "safeguards", "value", "sign-date")
    }
    assert sent(seller, steps.deal) == "in_review"


class TestWhatTheRegistrySays:
    """Where an operator of the registry is registered need not be asked; it is shown instead."""

    @pytest.fixture
    def deal(self, seller: Client) -> Deal:
        deal = Deal.objects.get(pk=seller.post("/deals/new/")["Location"].split("/")[2])
        seller.post(f"/deals/{deal.pk}/q/parties/customer/", {"answer": "Elisa Oyj"})
        deal.refresh_from_db()
        return deal

    def named(self, seller: Client, deal: Deal, customer: str) -> Deal:
        seller.post(f"/deals/{deal.pk}/q/parties/customer/", {"answer": customer})
        deal.refresh_from_db()
        return deal

    @pytest.mark.django_db
    def test_it_is_an_answer_with_its_event_and_its_note(self, seller: Client, deal: Deal) -> None:
        assert deal.answers["customer-country"] == "FI"
        *_, name, country = AuditEvent.objects.filter(subject=deal.subject).order_by("pk")
        assert '"question":"customer"' in name.payload
        assert '"after":"FI","before":null,"question":"customer-country"' in country.payload
        page = seller.get(f"/deals/{deal.pk}/check/").content.decode()
        assert "The registry has the customer there." in page
        assert f"/deals/{deal.pk}/q/parties/customer-country/?from=check" in page

    @pytest.mark.django_db
    def test_another_customer_is_asked_again(self, seller: Client, deal: Deal) -> None:
        assert "customer-country" not in self.named(seller, deal, "Pohjan Verkko").answers
        assert self.named(seller, deal, "ProRail B.V.").answers["customer-country"] == "NL"

    @pytest.mark.django_db
    def test_what_somebody_answered_stays(self, seller: Client, deal: Deal) -> None:
        seller.post(f"/deals/{deal.pk}/q/parties/customer-country/", {"answer": "UA"})
        assert self.named(seller, deal, "Elisa  Oyj").answers["customer-country"] == "UA"
        page = seller.get(f"/deals/{deal.pk}/check/").content.decode()
        assert "The registry has the customer there." not in page

    @pytest.mark.parametrize(
        "name", ["Orange", "Elisa", "FSB", "Elisa Oyj (FSB)", "Pohjan Verkko", ""]
    )
    def test_it_says_nothing_of_several_of_another_or_of_nobody(self, name: str) -> None:
        assert DATA.registry.home_of_operator(name) == ""

    def test_of_such_a_name_the_lists_say_the_same_in_every_country(self) -> None:
        """Where it is looked up lets nobody off; the country counts as the registry has it."""
        operators = [party for party in DATA.registry.parties if party.kind == "operator"]
        known = [party for party in operators if DATA.registry.home_of_operator(party.name)]
        assert len(known) > len(operators) * 0.9
        for party in known[::50]:
            home = DATA.registry.home_of_operator(party.name)
            assert home == party.country
            there, elsewhere = (
                trace(declared(signed_by(party.name, code)), DATA)[0] for code in (home, "IR")
            )
            assert there.facts == elsewhere.facts, party.name
            assert there.doubts == elsewhere.doubts, party.name

    def test_a_country_of_high_risk_counts_without_being_asked(self) -> None:
        name = "MTN Irancell Telecommunications Services Company"
        assert questions.country_of(name, {}, DATA) == "IR"
        assert outcome(signed_by(name, "IR")) != "clear"


def signed_by(customer: str, country: str) -> dict[str, Any]:
    return {**ASKED_NOW, "customer": customer, "customer-country": country}


def declared(answers: Mapping[str, Any]) -> dict[str, Any]:
    return questions.declared_facts(answers, questions.context_of(answers, DATA))


class TestCallingADeal:
    @pytest.mark.parametrize(
        ("answers", "title"),
        [
            ({}, ""),
            ({"customer": "Elisa Oyj"}, ""),
            ({"products": ["gsm-r"]}, "GSM-R railway radio"),
            ({"products": ["gsm-r"], "customer": "Rail"}, "GSM-R railway radio for Rail"),
            (
                {"products": ["gsm-r", "ont", "xgs-pon"], "customer": "Rail"},
                "GSM-R railway radio and 2 more for Rail",
            ),
            ({"products": ["gsm-r"], "name": "Northern lines"}, "Northern lines"),
        ],
    )
    def test_by_its_name_or_by_what_is_sold_and_to_whom(
        self, answers: dict[str, Any], title: str
    ) -> None:
        assert questions.title_of(answers, DATA) == title

    def test_never_longer_than_a_name_may_be(self) -> None:
        title = questions.title_of({"products": ["gsm-r"], "customer": "A" * 200}, DATA)
        assert len(title) == questions.LONGEST_TITLE
        assert title.endswith("A…")

    @pytest.mark.django_db
    def test_lists_and_the_check_page_show_it(self, seller: Client) -> None:
        deal = walk(seller, RAILWAY).deal
        called = "GSM-R railway radio for Suomen Raidelinjat"
        assert deal.title == called
        assert called in seller.get("/deals/?tab=drafts").content.decode()
        assert (
            f"It is called “{called}”." in seller.get(f"/deals/{deal.pk}/check/").content.decode()
        )


# --- Nothing that a rule needs is left out --------------------------------------------------------


def facts_of(answers: Mapping[str, Any]) -> str:
    """What rules read of these answers."""
    return str([variant.facts.plain for variant in trace(declared(answers), DATA)])


def outcome(answers: Mapping[str, Any]) -> str:
    variants = trace(declared(answers), DATA)
    return max((DATA.compiled.assess(one.facts).outcome for one in variants), key=RANK.__getitem__)


class TestAnEarlierForm:
    """What it asked besides can be said now, and what was answered then still counts."""

    @pytest.mark.parametrize("run", ["FI", "BY", "UA-43", UNKNOWN])
    @pytest.mark.parametrize("records", ["FI", "SE", UNKNOWN])
    @pytest.mark.parametrize(
        "moved",
        [
            {"answer": "no", "places": []},
            {"answer": "yes", "places": ["RU"]},
            {"answer": "yes", "places": []},
            {"answer": UNKNOWN, "places": ["RU"]},
        ],
        ids=str,
    )
    def test_where_else_it_may_be(self, run: str, records: str, moved: dict[str, Any]) -> None:
        then = {**ASKED_NOW, "run-from": {"run": run, "records": records}, "elsewhere": moved}
        del then["other-places"]
        places = {*moved["places"], run, records} - {UNKNOWN, "FI"}
        unsure = moved["answer"] == "yes" and not moved["places"]
        unsure = unsure or UNKNOWN in (run, records, moved["answer"])
        answer = UNKNOWN if unsure else "yes" if places else "no"
        now = {**ASKED_NOW, "other-places": {"answer": answer, "places": sorted(places)}}
        assert sorted(map(str, destinations(then))) == sorted(map(str, destinations(now)))
        assert outcome(then) == outcome(now)

    def test_it_is_not_asked_again(self) -> None:
        asked = {question.slug for question in questions.shown_questions({}, questions.Context())}
        assert asked.isdisjoint(FORMER)
        assert {
            question.slug for question in questions.shown_questions(SIMPLE, questions.Context())
        } >= FORMER

    @pytest.mark.parametrize(("kind", "service"), sorted(questions.DEAL_KINDS.items()))
    def test_what_kind_of_deal_it_is(self, kind: str, service: str) -> None:
        then = {**ASKED_NOW, "deal-kind": kind, "other-systems": {"answer": "no"}}
        now = {**ASKED_NOW, "services": [*ASKED_NOW["services"], service]}
        now["other-systems"] = {"answer": "no"}
        assert facts_of(then) == facts_of(now)

    @pytest.mark.parametrize("kind", [row[0] for row in choices.LABELS["end_user_type"]] + ["?"])
    def test_of_what_kind_the_customer_is_that_uses_it_too(self, kind: str) -> None:
        now = {**ASKED_NOW, "end-user": {"kind": kind, "is_customer": True}}
        assert facts_of({**now, "customer-kind": kind}) == facts_of(now)

    @pytest.mark.parametrize("kind", [row[0] for row in choices.LABELS["customer_type"]] + ["?"])
    def test_another_kind_that_was_answered_is_not_forgotten(self, kind: str) -> None:
        then = {**ASKED_NOW, "customer-kind": kind}
        is_same = kind == ASKED_NOW["end-user"]["kind"]
        assert (outcome(then) == "clear") == is_same


def destinations(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = declared(answers)["destinations"]
    return rows


#: These are asked by what is sold, to whom and where: of other deals the catalogue, the kind of end
#: user and the country speak.
BY_THE_DEAL = {"abilities_declared", "agency_access", "law_conflict"}
CHOSEN = st.fixed_dictionaries(
    {
        "products": st.lists(
            st.sampled_from([product.id for product in DATA.catalogue.products]),
            min_size=1,
            max_size=2,
            unique=True,
        ),
        "services": st.lists(
            st.sampled_from([row[0] for row in choices.LABELS["services"]]), min_size=1, max_size=2
        ),
        "end-user": st.builds(
            lambda kind, same: {"kind": kind, "is_customer": same},
            st.sampled_from([row[0] for row in choices.LABELS["end_user_type"]]),
            st.booleans(),
        ),
        "countries": st.sampled_from(("FI", "BR", "TR", "BY", "UA-43")).map(
            lambda place: [{"place": place, "site": ""}]
        ),
        "purposes": st.lists(
            st.sampled_from([row[0] for row in choices.LABELS["purpose"]]), min_size=1, max_size=2
        ),
    }
)


def completed(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """With the mildest answer to everything else that the form asks."""
    answers = {"customer": "Pohjan Verkko", "customer-country": "FI", **chosen}
    context = questions.context_of(answers, DATA)
    while missing := questions.missing_questions(answers, context):
        slug = missing[0].slug
        known = {"customer-kind": "private_enterprise", "end-user-name": "Etelän Verkko"}
        known["description"] = "What the tender says"
        answers[slug] = known[slug] if slug in known else otherwise(slug, context)
        context = questions.context_of(answers, DATA)
    return answers


@given(CHOSEN)
@settings(max_examples=examples(60), deadline=None)
def test_nothing_is_left_out_that_a_rule_still_needs(chosen: dict[str, Any]) -> None:
    """Every fact of the form that a rule reads is asked for, or no rule is open without it."""
    answers = completed(chosen)
    context = questions.context_of(answers, DATA)
    asked = {question.number for question in questions.shown_questions(answers, context)}
    slugs = {question.slug for question in questions.shown_questions(answers, context)}
    words = DATA.rulebook.vocabulary
    for variant in trace(questions.declared_facts(answers, context), DATA):
        plain = variant.facts.plain
        for fact in sorted(DATA.read):
            if not words[fact].ask or words[fact].ask in asked or fact in BY_THE_DEAL:
                continue
            if fact == "end_user_named" and answers["end-user"]["is_customer"]:
                continue
            lost = words.parse({name: value for name, value in plain.items() if name != fact})
            assert fact not in DATA.compiled.assess(lost).missing, (fact, answers)
    related = bool(DATA.beside["abilities_declared"] & context.capabilities)
    state = {*PUBLIC, "state_operator", "unknown"}
    assert not related or {"handover", "stores", "analyses"} <= slugs
    assert "intelligence-access" in slugs or not (related or end_user_kind(answers) in state)
    assert "law-conflict" in slugs or not (related or context.country_risk in HIGH)


#: What is not asked any more, and how the same is said now.
SAID: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"deal-kind": "new"}, {}),
    ({"deal-kind": "change"}, {"services": ["change_request"]}),
    ({"deal-kind": "support"}, {"services": ["support_maintenance"]}),
    ({"run-from": {"run": "FI", "records": "FI"}}, {}),
    (
        {"run-from": {"run": "BY", "records": "FI"}},
        {"other-places": {"answer": "yes", "places": ["BY"]}},
    ),
    (
        {"elsewhere": {"answer": UNKNOWN, "places": []}},
        {"other-places": {"answer": UNKNOWN, "places": []}},
    ),
    ({"value": {"amount": "1", "currency": "EUR"}, "sign-date": "2199-01-01"}, {}),
    ({"reference": "R-1", "name": "A deal"}, {}),
)


@given(CHOSEN, st.sampled_from(SAID))
@settings(max_examples=examples(100), deadline=None)
def test_no_deal_is_milder_because_less_is_asked(
    chosen: dict[str, Any], said: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    then, now = said
    services = [*chosen["services"], *now.get("services", ())]
    before, after = (
        completed({**chosen, **then}),
        completed({**chosen, **now, "services": services}),
    )
    if before["end-user"]["is_customer"]:
        before["customer-kind"] = before["end-user"]["kind"]
    assert outcome(before) == outcome(after)


def test_what_the_harmless_are_asked_is_read_by_a_rule() -> None:
    """Or tells who a name is, where it is looked up, or is read for words that ask compliance."""
    read = {slug for slug in OF_ALL if questions.question(slug).fact in DATA.read}
    assert set(OF_ALL) - read == {"customer", "customer-country", "description"}
    assert not any(question.fact for question in QUESTIONS if question.slug in ONLY_READ)
