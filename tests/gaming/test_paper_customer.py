"""Whoever signs for somebody else to use: the law has to oblige both, and a ministry that buys
surveillance for a company is asked about.

Each of the deals that are stopped here was cleared once.
"""

from typing import Any

import pytest
from django.utils import timezone

from policy import active
from policy.facts import shipped
from policy.facts.derive import derive
from screening.form import laws
from screening.lifecycle import Status
from tests import factories
from tests.factories import ruled
from tests.gaming.test_split_services import GATEWAY, rules
from tests.screening.form.answers import ASKED_NOW
from tests.screening.test_rulings import fact, send

pytestmark = pytest.mark.django_db
USED_BY: dict[str, Any] = {
    "end-user": {"kind": "commercial_operator", "is_customer": False},
    "end-user-name": "Pohjan Verkko",
}
ANALYTICS: dict[str, Any] = {**ASKED_NOW, **USED_BY, "products": ["customer-analytics"]}


def signed(answers: dict[str, Any], kind: str, name: str = "Acme Works") -> dict[str, Any]:
    return {**answers, "customer": name, "customer-kind": kind}


@pytest.mark.example_laws
@pytest.mark.parametrize("kind", ["private_enterprise", "utility", "rail_operator"])
def test_a_law_that_does_not_oblige_who_signs_is_looked_at(kind: str) -> None:
    deal = send(signed({**GATEWAY, **USED_BY}, kind))
    assert deal.status == Status.NEEDS_INFORMATION
    assert "I09" in rules(deal)
    assert "who signs is" in deal.last_screening.sources["legal_basis_status"]["note"]
    ruled(deal, "legal_basis_status", "verified")
    assert deal.status == Status.IN_REVIEW


@pytest.mark.example_laws
def test_the_form_says_that_it_does_not_fit() -> None:
    factories.reference_data()
    data, on = active.reference_data(), timezone.localdate()
    deal = factories.draft_deal(answers=signed({**GATEWAY, **USED_BY}, "utility"))
    offered = laws.offer(deal.answers, data, on)
    assert not offered.fitting
    assert "and who signs is" in {law.id: why for law, why in offered.others}["fi-917-2014"]


@pytest.mark.example_laws
@pytest.mark.parametrize("name", ["Pohjan Verkko Yhtyma", "POHJAN VERKKO"])
def test_an_operator_that_buys_for_another_one_clears(name: str) -> None:
    deal = send(signed({**GATEWAY, **USED_BY}, "commercial_operator", name))
    assert deal.status == Status.CLEARED


@pytest.mark.parametrize("kind", ["civil_government", "municipality", "telecom_regulator"])
def test_a_public_body_that_buys_surveillance_for_a_company_is_asked_about(kind: str) -> None:
    deal = send(signed(ANALYTICS, kind, "Office of Digital Matters"))
    assert deal.status == Status.NEEDS_INFORMATION
    assert "is to use what relates to surveillance" in fact(deal, "conflict_note")
    ruled(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize("kind", ["civil_government", "emergency_services"])
def test_a_public_body_that_buys_it_for_a_state_owned_operator_is_asked_about(kind: str) -> None:
    used = {"end-user": {"kind": "state_operator", "is_customer": False}}
    deal = send(signed({**ANALYTICS, **used}, kind, "Office of Digital Matters"))
    assert deal.turn == "compliance"
    assert "a state-owned operator is to use what relates" in fact(deal, "conflict_note")


@pytest.mark.example_laws
@pytest.mark.parametrize("user", ["commercial_operator", "state_operator"])
@pytest.mark.parametrize("kind", ["private_enterprise", "utility"])
def test_one_name_that_is_typed_twice_as_two_kinds_is_obliged_as_both(kind: str, user: str) -> None:
    """Who signs was not asked about where the names are the same."""
    used = {
        "end-user": {"kind": user, "is_customer": False},
        "end-user-name": "ACME Works",
        "intelligence-access": "no",
    }
    assert "I09" in rules(send(signed({**GATEWAY, **used}, kind)))


def test_a_public_body_that_buys_radio_for_a_company_clears() -> None:
    radio = signed({**ASKED_NOW, **USED_BY}, "municipality", "City of Turku")
    assert send(radio).status == Status.CLEARED


def test_the_command_line_asks_too() -> None:
    said: dict[str, Any] = {
        "country": "FI",
        "end_user_name": "Pohjan Verkko",
        "end_user_type": "commercial_operator",
        "customer_name": "Office of Digital Matters",
        "customer_type": "civil_government",
        "products": ["Location server"],
        "services": ["supply"],
        "purpose": "commercial_service",
        "intermediaries": [],
    }
    (facts,) = derive(said, shipped.load())
    assert facts["fact_conflict"] is True
