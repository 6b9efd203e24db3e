"""A purpose that says itself what is sold for it, beside products that do no such thing."""

import json
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from policy.facts import shipped
from policy.facts.derive import derive
from screening.lifecycle import Status
from screening.models import Deal
from tests import factories
from tests.factories import ruled
from tests.gaming.test_split_services import GATEWAY
from tests.gaming.test_split_services import RADIO as BESIDE_THE_CORE
from tests.screening.form.answers import ASKED_NOW, SIMPLE
from tests.screening.test_rulings import CORE, fact, send

pytestmark = pytest.mark.django_db
LAW: dict[str, Any] = {slug: factories.CITED[slug] for slug in ("obligation", "legal-basis")}
PURPOSES = {
    "other": "The purpose is not one of the list: somebody has to read what it is.",
    "li_compliance": "nothing in the deal intercepts",
    "data_retention_compliance": "nothing in the deal keeps or discloses records of subscribers",
    "court_ordered_blocking": "nothing in the deal blocks or changes what people read",
    "child_protection": "nothing in the deal blocks or changes what people read",
}


def because(deal: Deal) -> str:
    assert deal.screening is not None
    return " ".join(deal.screening.findings.values_list("because", flat=True))


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("products", [["nr-macro"], ["storage-array"]], ids=["radio", "storage"])
def test_a_purpose_that_nothing_in_the_deal_serves_is_asked_about(
    client: Client, purpose: str, products: list[str]
) -> None:
    answers = {"products": products, "purposes": ["commercial_service", purpose], "handover": "no"}
    deal = send({**SIMPLE, **answers})
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
    assert PURPOSES[purpose] in because(deal)
    client.force_login(deal.owner)
    assert PURPOSES[purpose] in client.get(deal.get_absolute_url()).content.decode()
    moved = AuditEvent.objects.about(deal.subject).get(verb="deal.information_needed")
    assert json.loads(moved.payload)["to"] == "needs_information"
    # Whoever settles it does not clear the deal alone.
    ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    ("purpose", "asks"), [("li_compliance", False), ("data_retention_compliance", True)]
)
def test_a_core_serves_interception_and_no_retention(purpose: str, asks: bool) -> None:
    """A law on interception says nothing of records that somebody keeps in the storage."""
    deal = send({**CORE, **LAW, "purposes": [purpose]})
    assert ("nothing in the deal" in because(deal)) == asks
    ruled(deal, "legal_basis_status", "verified")
    deal.refresh_from_db()
    assert deal.status != Status.CLEARED


def test_what_sales_says_itself_asks_for_the_law_instead() -> None:
    answers = {"purposes": ["li_compliance"], "handover": "more", "obligation": "?"}
    deal = send({**SIMPLE, **answers, "stores": "no", "analyses": "no"})
    assert deal.status == Status.NEEDS_INFORMATION
    assert "Which provision obliges" in because(deal)
    assert "nothing in the deal" not in because(deal)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_api_asks_too(client: Client, purpose: str) -> None:
    factories.reference_data()
    client.force_login(factories.compliance_officer())
    facts = {"country": "FI", "products": ["5G macro radio"], "purpose": purpose}
    body = {"facts": facts}
    response = client.post("/api/v1/screen", body, content_type="application/json", secure=True)
    assert PURPOSES[purpose] in response.content.decode()


def test_the_form_says_who_reads_another_purpose(client: Client) -> None:
    deal = factories.draft_deal(answers=SIMPLE)
    client.force_login(deal.owner)
    page = client.get(f"/deals/{deal.pk}/q/purpose/purposes/").content.decode()
    assert "Compliance will read what it is." in page


#: Radio for an operator that nobody knows, said to hand over nothing.
RADIO: dict[str, Any] = {
    **ASKED_NOW,
    "customer": "Pohjan Verkko",
    "customer-country": "FI",
    "handover": "no",
}


@pytest.mark.parametrize("product", ["storage-array", "nr-macro", "dpi-gateway"])
@pytest.mark.parametrize(
    "purpose", ["li_compliance", "data_retention_compliance", "court_ordered_blocking"]
)
def test_a_purpose_without_its_means_is_asked_about(product: str, purpose: str) -> None:
    deal = send({**RADIO, "products": [product], "purposes": ["commercial_service", purpose]})
    assert deal.status == Status.NEEDS_INFORMATION
    notes = [facts.get("conflict_note", "") for facts in deal.last_screening.facts]
    assert any("and nothing in the deal" in note for note in notes)
    ruled(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    ("product", "purpose"),
    [
        ("core-5gsa", "li_compliance"),
        ("retained-records", "data_retention_compliance"),
        ("url-filter", "court_ordered_blocking"),
        ("x-monitoring-centre", "li_compliance"),
    ],
)
def test_where_a_product_serves_it_the_rules_judge(product: str, purpose: str) -> None:
    deal = send({**RADIO, "products": [product], "purposes": [purpose]})
    assert "nothing in the deal" not in (fact(deal, "conflict_note") or "")


def test_the_command_line_asks_too() -> None:
    said = {"products": ["Storage arrays"], "purpose": "data_retention_compliance"}
    (facts,) = derive(said, shipped.load())
    assert "compliance with data-retention duties" in facts["conflict_note"]
    (facts,) = derive({**said, "purpose": "other"}, shipped.load())
    assert facts["conflict_note"] == PURPOSES["other"]


@pytest.mark.example_laws
@pytest.mark.parametrize("product", ["nr-macro", "servers"])
def test_a_core_in_another_deal_explains_no_purpose_of_this_one(product: str) -> None:
    assert send({**GATEWAY, "products": ["core-epc"]}).status == Status.CLEARED
    served = {"products": [product], "purposes": ["li_compliance"], "handover": "no"}
    deal = send({**BESIDE_THE_CORE, **served})
    assert deal.turn == "compliance"
    assert PURPOSES["li_compliance"] in because(deal)


@pytest.mark.parametrize(
    "purpose", ["public_safety", "health_emergency", "smart_city", "emergency_alerting"]
)
@pytest.mark.parametrize(
    "product", ["location-server", "customer-analytics", "dpi-gateway", "sms-firewall", "anpr"]
)
def test_a_company_that_looks_at_people_for_a_task_of_authorities_is_asked_about(
    purpose: str, product: str
) -> None:
    """A ministry that would use it itself is reviewed."""
    deal = send({**ASKED_NOW, "products": [product], "purposes": [purpose]})
    assert deal.turn == "compliance"
    assert "say which authority gets what it finds" in because(deal)
    ruled(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    ("product", "purpose"),
    [
        ("location-server", "commercial_service"),
        ("emergency-location", "public_safety"),
        ("dpi-gateway", "traffic_management"),
        ("sms-firewall", "network_security"),
        ("anpr", "enterprise_internal"),
        ("camera-network", "public_safety"),
    ],
)
def test_looking_at_people_for_subscribers_or_in_an_emergency_call_clears(
    product: str, purpose: str
) -> None:
    deal = send({**ASKED_NOW, "products": [product], "purposes": [purpose]})
    assert deal.status == Status.CLEARED


def test_a_company_that_runs_a_managed_access_system_is_asked_for_whom() -> None:
    deal = send({**ASKED_NOW, "products": ["managed-access"]})
    assert deal.turn == "compliance"
    assert "say for which authority" in because(deal)
