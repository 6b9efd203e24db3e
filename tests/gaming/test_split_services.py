"""A sale split into a product and what is done for it, in either order and however late.

Operating, hosting and developing what intercepts is reviewed; each of these deals was cleared once,
because the service was sent before the system.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from policy.facts import shipped
from screening import actions, linking
from screening.around import Around
from screening.lifecycle import Status
from screening.models import Deal
from screening.parties import actions as parties
from tests import factories
from tests.screening.form.answers import ASKED_NOW
from tests.screening.test_rulings import complete, fact, send, send_draft

pytestmark = [pytest.mark.django_db, pytest.mark.example_laws]
RADIO: dict[str, Any] = {
    **ASKED_NOW,
    "customer": "Pohjan Verkko",
    "other-systems": {"answer": "no", "text": ""},
}
GATEWAY: dict[str, Any] = {
    **RADIO,
    "products": ["li-gateway"],
    "handover": "standard",
    "obligation": "yes",
    "legal-basis": {"laws": [{"law": "fi-917-2014", "cited": "Act 917/2014", "conflict": False}]},
    "stores": "no",
    "analyses": "no",
    "intelligence-access": "no",
    "law-conflict": {"answer": "no", "text": ""},
}


def rules(deal: Deal) -> set[str]:
    return set(deal.last_screening.findings.values_list("rule", flat=True))


def test_the_gateway_alone_clears_under_a_law_of_the_register() -> None:
    assert send(GATEWAY).status == Status.CLEARED


@pytest.mark.parametrize(
    ("service", "rule"),
    [
        ("managed_services", "E03"),
        ("data_hosting", "E03"),
        ("custom_development", "E03"),
        ("change_request", "S11"),
    ],
)
def test_a_service_that_was_sold_first_counts_for_the_system(service: str, rule: str) -> None:
    radio = send({**RADIO, "services": [service], "handover": "no"})
    assert radio.status == Status.CLEARED
    gateway = send(GATEWAY)
    assert gateway.status == Status.IN_REVIEW
    assert rule in rules(gateway)
    assert radio.reference in gateway.last_screening.sources["services"]["note"]


TRADER = {"name": "Nordic Trading", "role": "reseller", "country": "FI"}


@pytest.mark.parametrize("is_first", [True, False], ids=["radio first", "gateway first"])
@pytest.mark.parametrize(
    "through",
    [
        {"intermediaries": {"answer": "yes", "parties": [TRADER]}},
        {
            "customer": "Nordic Trading",
            "customer-kind": "reseller_integrator",
            "end-user": {"kind": "commercial_operator", "is_customer": False},
            "end-user-name": RADIO["customer"],
        },
    ],
    ids=["beside", "as customer"],
)
def test_who_stands_between_in_one_part_counts_for_the_other(
    through: dict[str, Any], *, is_first: bool
) -> None:
    sent = [{**RADIO, **through, "handover": "no"}, GATEWAY]
    first, second = map(send, sent if is_first else sent[::-1])
    assert first.status == Status.CLEARED
    assert second.status == Status.IN_REVIEW
    assert "S08" in rules(second)
    if is_first:
        finding = second.last_screening.findings.get(rule="S08")
        assert "Nordic Trading" in finding.because
        note = second.last_screening.sources["has_intermediaries"]["note"]
        assert first.reference in note


def test_a_forwarder_of_radio_alone_holds_up_no_other_radio() -> None:
    send({**RADIO, "intermediaries": {"answer": "yes", "parties": [TRADER]}})
    assert send({**RADIO, "products": ["xgs-pon"]}).status == Status.CLEARED


def test_of_another_end_user_nothing_counts() -> None:
    send({**RADIO, "customer": "Lakeuden Kaapeli", "services": ["managed_services"]})
    gateway = send(GATEWAY)
    assert gateway.status == Status.CLEARED
    assert fact(gateway, "services") == ["installation", "supply"]


def renewed(first_sent_days_ago: int, mighty: Any) -> Deal:
    """A managed service that lapsed after a year, and was sent again now."""
    deal = send({**RADIO, "services": ["managed_services"]})
    actions.lapse_deal(deal, because="A year is over.")
    then = timezone.now() - timedelta(days=first_sent_days_ago)
    mighty(
        "screening_deal", "UPDATE screening_deal SET sent_at = %s WHERE id = %s", [then, deal.pk]
    )
    complete(deal)
    return send_draft(deal)


def test_a_deal_that_was_renewed_counts_from_its_renewal(mighty: Any) -> None:
    radio = renewed(500, mighty)
    assert radio.status == Status.CLEARED
    assert "E03" in rules(send(GATEWAY))


def test_a_clearance_that_is_still_good_counts_however_long_ago_it_was_sent(mighty: Any) -> None:
    radio = send({**RADIO, "services": ["managed_services"]})
    then = timezone.now() - timedelta(days=500)
    statement = "UPDATE screening_dealrevision SET created_at = %s WHERE deal_id = %s"
    mighty("screening_dealrevision", statement, [then, radio.pk])
    gateway = send(GATEWAY)
    assert "E03" in rules(gateway)


def test_what_the_systems_of_others_can_do_counts_in_linked_deals_too() -> None:
    declared = {"products": ["spares"], "other_systems": ["Interception gateway"]}
    assert "li_mediation" in linking.own_capabilities(declared, shipped.load())


def test_a_name_that_compliance_merged_is_the_same_end_user() -> None:
    radio = send({**RADIO, "customer": "Lakeuden Kaapeli", "services": ["managed_services"]})
    first = send({**RADIO, "services": ["supply"]})
    gone, into = factories.party_of(radio), factories.party_of(first)
    parties.merge(gone, into, because="Renamed.", actor=factories.compliance_officer())
    gateway = send(GATEWAY)
    assert "E03" in rules(gateway)
    linked = Around([gateway, first]).others(gateway, gateway.end_user_key, shipped.load())
    assert {other.deal for other in linked} == {radio, first}


SPELT = "Pohjan Verko"


@pytest.mark.parametrize("customer", [SPELT, "Verkko Pohjan Group"])
@pytest.mark.parametrize("first", [{"services": ["managed_services"], "handover": "no"}])
def test_a_part_under_another_spelling_is_asked_about(first: dict[str, Any], customer: str) -> None:
    """Nobody merged the two: what the other deal contains is not added silently."""
    radio = send({**RADIO, **first})
    assert radio.status == Status.CLEARED
    gateway = send({**GATEWAY, "customer": customer})
    assert (gateway.status, gateway.turn) == (Status.NEEDS_INFORMATION, "compliance")
    assert f"The end user has a name like that of {radio.reference}" in fact(
        gateway, "conflict_note"
    )
    assert "managed_services" not in fact(gateway, "services")
    factories.ruled(gateway, "fact_conflict", value=False)
    gateway.refresh_from_db()
    assert gateway.status == Status.IN_REVIEW


def test_once_compliance_merged_them_they_are_linked() -> None:
    radio = send({**RADIO, "services": ["managed_services"], "handover": "no"})
    gateway = send({**GATEWAY, "customer": SPELT})
    officer = factories.compliance_officer()
    parties.merge(
        factories.party_of(gateway),
        into=factories.party_of(radio),
        because="One company.",
        actor=officer,
    )
    again = send({**GATEWAY, "customer": SPELT})
    assert "E03" in rules(again)
    assert "has a name like" not in (fact(again, "conflict_note") or "")


def test_whom_two_people_told_apart_is_not_asked_about() -> None:
    radio = send({**RADIO, "services": ["managed_services"], "handover": "no"})
    other = send({**RADIO, "customer": SPELT, "services": ["supply"]})
    told = parties.ask_apart(
        factories.party_of(radio),
        factories.party_of(other),
        because="Two firms.",
        source="Company register",
        actor=factories.compliance_officer(),
    )
    factories.agreed(told)
    assert send({**GATEWAY, "customer": SPELT}).status == Status.CLEARED


def test_an_alike_name_that_adds_nothing_grave_clears() -> None:
    send(RADIO)
    assert send({**RADIO, "customer": SPELT}).status == Status.CLEARED
    send(GATEWAY)
    assert send({**RADIO, "customer": SPELT, "handover": "no"}).status == Status.CLEARED
    abroad = {**GATEWAY, **factories.in_country("SE"), "customer": SPELT}
    send({**RADIO, "services": ["managed_services"], "handover": "no"})
    assert "has a name like" not in (fact(send(abroad), "conflict_note") or "")


def test_many_deals_at_once_find_it_as_one_does() -> None:
    data = shipped.load()
    radio = send({**RADIO, "services": ["managed_services"], "handover": "no"})
    gateway = send({**GATEWAY, "customer": SPELT})
    alone = Around([gateway]).alike(gateway, SPELT, data)
    together = Around([gateway, radio]).alike(gateway, SPELT, data)
    assert [other.deal for other in alone] == [other.deal for other in together] == [radio]
