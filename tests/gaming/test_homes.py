"""A party of another country, declared for a mild one: by the registry, or by its own name."""

import json
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from policy.facts import shipped, spots
from policy.facts.derive import trace
from policy.facts.screen import Screener
from policy.reference.registry import OPERATOR
from screening.form import questions
from screening.lifecycle import Status
from screening.models import Deal
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import SIMPLE
from tests.screening.test_rulings import complete, send, send_draft

pytestmark = pytest.mark.django_db
DATA = shipped.load()
#: Name, and the country that counts.
ABROAD = [
    ("Beltelecom", "Belarus"),
    ("Beltelecom Finland Oy", "Belarus"),
    ("Elisa / Beltelecom", "Belarus"),
    ("MTN Irancell Telecommunications Services Company", "Iran"),
    ("Irancell", "Iran"),
    ("Iran Telecom Finland", "Iran"),
    ("Pohjan Verkko (Russia)", "Russia"),
    ("Ministry of Communications of Belarus", "Belarus"),
    ("Ministry of Communications of Belarus, Finland", "Belarus"),
    ("Iranian Ministry of Communications", "Iran"),
    ("Министерство связи Республики Беларусь", "Belarus"),
]


def in_part(part: str, name: str) -> dict[str, Any]:
    if part == "customer":
        return {"customer": name, "customer-country": "FI"}
    if part == "end user":
        return {"end-user": {"kind": "commercial_operator", "is_customer": False}} | {
            "end-user-name": name
        }
    one = {"name": name, "role": "operator", "country": "FI"}
    return {"intermediaries": {"answer": "yes", "parties": [one]}}


@pytest.mark.parametrize("part", ["customer", "end user", "intermediary"])
@pytest.mark.parametrize(("name", "country"), ABROAD)
def test_where_a_party_is_at_home_counts_whatever_is_declared(
    client: Client, name: str, country: str, part: str
) -> None:
    deal = send({**SIMPLE, **in_part(part, name)})
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
    assert deal.review_level == "senior"
    because = deal.last_screening.findings.get(rule="S01").because
    assert f"The risk in {country} is" in because
    note = deal.last_screening.sources["country_risk"]["note"]
    assert f"is in {country}, by the registry or its name" in note
    client.force_login(deal.owner)
    assert f"The risk in {country} is" in client.get(deal.get_absolute_url()).content.decode()
    moved = AuditEvent.objects.about(deal.subject).get(verb="deal.information_needed")
    assert json.loads(moved.payload)["to"] == "needs_information"
    # Whoever settles the contradiction takes the country away for nobody.
    ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW
    assert "S01" in deal.last_screening.findings.values_list("rule", flat=True)


def test_the_registry_says_where_the_customer_is_and_sales_changes_it(client: Client) -> None:
    """Through the form: the answer of the registry is overwritten, and counts all the same."""
    factories.reference_data()
    seller = factories.sales_person()
    client.force_login(seller)
    deal = Deal.objects.get(pk=client.post("/deals/new/")["Location"].split("/")[2])
    address = f"/deals/{deal.pk}/q/parties"
    client.post(f"{address}/customer/", {"answer": "Beltelecom"})
    deal.refresh_from_db()
    assert deal.answers["customer-country"] == "BY"
    client.post(f"{address}/customer-country/", {"answer": "FI"})
    factories.answer(deal, {**SIMPLE, "customer": "Beltelecom"})
    complete(deal)
    deal = send_draft(deal)
    assert (deal.status, deal.review_level) == (Status.NEEDS_INFORMATION, "senior")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "Rostelecom",
            "is in Russia, by the registry or its name, and no answer names that country.",
        ),
        (
            "Telecom Works of Ukraine",
            "is in Ukraine, by the registry or its name, and no answer names that country.",
        ),
        ("Digicel", "and no answer names one of these countries."),
        ("Congo Telecom Works", "and no answer names one of these countries."),
    ],
)
def test_what_the_answers_leave_open_is_asked(name: str, said: str) -> None:
    """Where in a country that holds territories, or in which of several countries it is."""
    deal = send({**SIMPLE, "customer": name})
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
    assert said in deal.last_screening.findings.get(rule="I07").because
    ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    ("name", "country"),
    [
        ("Elisa Oyj", "FI"),
        ("Telia Company AB", "FI"),
        ("Vodafone", "GB"),
        ("Orange Finland", "FI"),
        ("Telecom Finland", "FI"),
        ("Deutsche Bahn", "FI"),
        ("Ericsson AB", "SE"),
        ("U Power Oy", "FI"),
        ("US Robotics", "FI"),
        ("TC Networks", "FI"),
        ("Suomen Raidelinjat", "FI"),
        ("Åland Islands Telecom", "FI"),
    ],
)
def test_the_ordinary_clear(name: str, country: str) -> None:
    deal = send({**SIMPLE, **factories.in_country(country), "customer": name})
    assert deal.status == Status.CLEARED


def test_who_is_declared_where_it_is_at_home_adds_nothing() -> None:
    """A group that the registry has in several countries is at home in each of them."""
    for name, country in (
        *(("Vodafone", "GB"), ("Vodafone", "BR"), ("Beltelecom", "BY")),
        ("Digicel, S.A. de C.V.", "SV"),
    ):
        answers = {**SIMPLE, **factories.in_country(country), "customer": name}
        variants = trace(questions.declared_facts(answers), DATA)
        assert {variant.facts.plain["country"] for variant in variants} == {country}


def test_hardly_an_operator_of_the_registry_is_at_home_elsewhere() -> None:
    operators = [one for one in DATA.registry.parties if one.kind == OPERATOR and one.country]
    abroad = [
        one
        for one in operators
        if not all(one.country in homes for homes in DATA.registry.said(one.name).homes)
    ]
    assert len(abroad) < len(operators) * 0.002


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"customer_name": "Beltelecom"}, "senior_review"),
        ({"end_user_name": "Irancell"}, "senior_review"),
        ({"customer_name": "Digicel"}, "needs_information"),
        ({"intermediaries": ["Ministry of Communications of Belarus"]}, "senior_review"),
        ({}, "clear"),
    ],
)
def test_the_command_line_counts_it_too(facts: dict[str, Any], outcome: str) -> None:
    """Also in a file of many such lines, of which most are told what the first was."""
    declared = {
        "country": "FI",
        "end_user_name": "Elisa Oyj",
        "end_user_type": "commercial_operator",
        "customer_name": "Elisa Oyj",
        "customer_type": "commercial_operator",
        "products": ["5G macro radio"],
        "capabilities": ["ran"],
        "services": ["supply"],
        "purpose": "commercial_service",
        "intermediaries": [],
    }
    screener = Screener(DATA)
    for number, told in enumerate([{}, facts, {}, facts]):
        line = json.dumps({"id": number, "facts": {**declared, **told}}).encode()
        result, readable = screener.result(number, line)
        assert readable
        assert json.loads(result)["outcome"] == (outcome if told else "clear")


@pytest.mark.parametrize(
    ("country", "name"),
    [
        ("BY", "Beltelecom"),
        ("IR", "MTN Irancell Telecommunications Services Company"),
        ("FI", "Elisa Oyj"),
        ("FI", "Telia Company AB"),
        ("FI", "British Council Finland"),
        ("CN", "Bank of China"),
        ("UA-43", "Bank of Ukraine"),
    ],
)
def test_a_party_of_a_country_of_the_deal_is_not(country: str, name: str) -> None:
    place = {"country": country} if len(country) == 2 else {"region": country}
    declared = {"destinations": [place, {"country": "FI"}]}
    assert spots.of_other_countries(declared, [name], DATA) == []


def test_where_no_place_is_named_nothing_is_elsewhere() -> None:
    names = [name for name, _country in ABROAD]
    assert spots.of_other_countries({"destinations": [{"country": "XX"}]}, names, DATA) == []
