"""A body of which compliance knows something grave, or whose deal was stopped, that only the words
of a deal for somebody else name.

Each of the deals that are looked at here was cleared once.
"""

from typing import Any

import pytest

from screening import actions
from screening.lifecycle import Status
from screening.models import Deal
from screening.parties import actions as parties
from tests import factories
from tests.factories import known_of, party_of
from tests.gaming.test_said_elsewhere import LOCATION, RADIO
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
NAME = "Musta Lista"
PAPER: dict[str, Any] = {**LOCATION, "customer": "Harmless Retail"}


def because(deal: Deal) -> str:
    said = deal.events().filter(verb="deal.screened").last()
    assert said is not None
    return str(said.payload)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("adverse_info", "confirmed"),
        ("agency_access", "yes"),
        ("end_user_type", "intelligence_security"),
    ],
)
def test_whom_compliance_knows_is_looked_at(fact: str, value: str) -> None:
    known_of(party_of(send({**RADIO, "customer": NAME})), fact, value)
    deal = send({**PAPER, "description": f"To be used by {NAME} Oy in Oulu"})
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")
    assert f"names {NAME} (FI) in its words, and compliance knows more" in because(deal)


@pytest.mark.parametrize(
    "words",
    [
        {"name": f"Location for {NAME}"},
        {"reference": f"{NAME.upper()} 27"},
        {"countries": [{"place": "FI", "site": f"Helsinki, {NAME}"}]},
    ],
    ids=["title", "reference", "site"],
)
def test_so_it_is_in_every_text(words: dict[str, Any]) -> None:
    known_of(party_of(send({**RADIO, "customer": NAME})))
    assert send({**PAPER, **words}).status == Status.IN_REVIEW


def test_so_it_is_under_another_name_of_the_body() -> None:
    first = party_of(send({**RADIO, "customer": NAME}))
    known_of(first)
    parties.add_name(
        first, name="Blacklist", country="", because="One.", actor=factories.compliance_officer()
    )
    assert send({**PAPER, "description": "For Blacklist"}).status == Status.IN_REVIEW


@pytest.mark.parametrize("level", ["senior", "executive"])
def test_whose_deal_was_stopped_is_looked_at_as_high(level: str) -> None:
    purpose = "crime_investigation" if level == "senior" else "national_security_monitoring"
    first = send({**LOCATION, "customer": NAME, "purposes": [purpose]})
    voters = [factories.senior()]
    if level == "executive":
        voters = [factories.executive(), factories.executive()]
    for voter in voters:
        factories.vote_on(first, actor=voter, verdict="reject")
    deal = send({**PAPER, "description": f"Location for {NAME}"})
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, level)
    said = f"names in its words {first.reference} or its end user, and has a product like that"
    assert f"{said} of this deal, which is rejected" in because(deal)
    assert send({**PAPER, "products": ["xgs-pon"], "name": NAME}).status == Status.CLEARED


@pytest.mark.parametrize("is_stopped", [True, False], ids=["stopped", "waiting"])
def test_so_is_a_deal_that_the_words_name_by_its_reference(*, is_stopped: bool) -> None:
    first = send({**LOCATION, "customer": NAME, "purposes": ["crime_investigation"]})
    if is_stopped:
        actions.withdraw_deal(first, because="Lost the tender.", actor=first.owner)
    words = {"description": f"Instead of {first.reference.lower()}, which they no longer want"}
    assert send({**PAPER, **words}).status == Status.IN_REVIEW
    assert send({**PAPER, **words, "products": ["xgs-pon"]}).status == Status.CLEARED


def test_a_deal_that_nobody_looks_at_may_be_named() -> None:
    cleared, number = send({**LOCATION, "customer": NAME}), 10**17
    words = f"More of what {cleared.reference} delivers; HR-2026-{number}, HR-1999-0001"
    assert send({**PAPER, "description": words}).status == Status.CLEARED


def test_others_may_be_named() -> None:
    """Nothing is known of them, nobody had to look at what was withdrawn, or it is a word."""
    send({**RADIO, "customer": "Savon Valo"})
    waits = send({**RADIO, "customer": "Lapin Linja", "purposes": ["?"]})
    assert waits.turn == "sales"
    actions.withdraw_deal(waits, because="Lost the tender.", actor=waits.owner)
    known_of(party_of(send({**RADIO, "customer": "Radio"})))
    guards = {**RADIO, "customer": "Kemin Kaapeli"}
    known_of(party_of(send(guards)), "end_user_type", "law_enforcement")
    words = "Interconnection to Savon Valo, Lapin Linja and Kemin Kaapeli; a radio network"
    assert send({**PAPER, "description": words}).status == Status.CLEARED
