"""What compliance knows of the kind of a body counts when it signs or runs, too.

Each of these deals was cleared once, although compliance had recorded that the body is the army.
"""

from typing import Any

import pytest

from screening.lifecycle import AFTER_PARTY, Status
from screening.models import Deal
from screening.parties import actions as parties
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import ASKED_NOW
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
BODY = "Hietalan Tehdas"
RADIO: dict[str, Any] = {**ASKED_NOW, "customer": BODY, "customer-country": "FI"}
FOR_ANOTHER: dict[str, Any] = {
    **RADIO,
    "end-user": {"kind": "private_enterprise", "is_customer": False},
    "end-user-name": "Lakeuden Kaapeli",
    "customer-kind": "private_enterprise",
}


def known_as(kind: str) -> Any:
    first = send(RADIO)
    finding = factories.known_of(factories.party_of(first), "end_user_type", kind)
    sweeping.work(AFTER_PARTY)
    return finding


def with_party(role: str) -> dict[str, Any]:
    party = {"name": BODY, "role": role, "country": "FI"}
    named = {"intermediaries": {"answer": "yes", "parties": [party]}}
    return {**RADIO, "customer": "Kainuun Kuitu", **named}


def conflict_note(deal: Deal) -> str:
    return str(deal.last_screening.facts[0].get("conflict_note", ""))


def is_asked_about(deal: Deal) -> bool:
    note = conflict_note(deal)
    return deal.turn == "compliance" and BODY in note and "compliance knows" in note


@pytest.mark.parametrize("kind", ["military", "law_enforcement", "municipality"])
@pytest.mark.parametrize("declared", ["private_enterprise", "commercial_operator", "utility"])
def test_who_signs_as_something_else_is_asked_about(kind: str, declared: str) -> None:
    known_as(kind)
    deal = send({**FOR_ANOTHER, "customer-kind": declared})
    assert is_asked_about(deal)
    ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize("role", ["operator", "payer", "reseller"])
def test_the_army_is_asked_about_in_whatever_part(role: str) -> None:
    known_as("military")
    assert is_asked_about(send(with_party(role)))


def test_another_kind_that_is_known_too_excuses_no_army() -> None:
    finding = known_as("military")
    factories.known_of(finding.party, "end_user_type", "utility")
    assert is_asked_about(send({**FOR_ANOTHER, "customer-kind": "utility"}))


def test_who_signs_as_what_it_is_clears() -> None:
    known_as("utility")
    assert send({**FOR_ANOTHER, "customer-kind": "utility"}).status == Status.CLEARED
    assert send(with_party("operator")).status == Status.CLEARED


def test_what_two_people_took_back_holds_nobody_up() -> None:
    """Also a deal that was looked at before the one that said so in the same job."""
    as_an_operator = {**FOR_ANOTHER, "customer-kind": "commercial_operator"}
    sent = send(as_an_operator)
    finding = known_as("military")
    officer = factories.compliance_officer()
    factories.agreed(parties.ask_take_back(finding, because="Another firm.", actor=officer))
    sweeping.work(AFTER_PARTY)
    sent.refresh_from_db()
    assert conflict_note(sent) == ""
    assert send(as_an_operator).status == Status.CLEARED


def test_a_deal_that_was_sent_before_is_asked_about() -> None:
    deal = send(FOR_ANOTHER)
    assert deal.status == Status.CLEARED
    known_as("military")
    deal.refresh_from_db()
    assert is_asked_about(deal)


#: It signs, and somebody else is to use it.
SIGNS: dict[str, Any] = {
    **RADIO,
    "customer-kind": "military",
    "end-user": {"kind": "military", "is_customer": False},
    "end-user-name": "Pohjoinen prikaati",
    "intelligence-access": "no",
}


@pytest.mark.parametrize(
    "here", [{}, FOR_ANOTHER, with_party("operator")], ids=["end user", "signs", "runs it"]
)
def test_who_signs_another_deal_as_the_army_is_looked_at(here: dict[str, Any]) -> None:
    first = send(SIGNS)
    second = send({**RADIO, **here})
    assert (second.status, second.review_level) == (Status.IN_REVIEW, "senior")
    said = second.events().filter(verb="deal.screened").last()
    assert said is not None
    assert f"which signs {first.reference} as a military body" in said.payload


@pytest.mark.parametrize(
    "here", [{"customer": "Kainuun Kuitu"}, factories.in_country("SE")], ids=["another", "abroad"]
)
def test_beside_the_army_others_clear(here: dict[str, Any]) -> None:
    send(SIGNS)
    assert send({**RADIO, **here}).status == Status.CLEARED
