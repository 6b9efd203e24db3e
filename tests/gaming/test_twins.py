"""A second deal beside one that somebody still looks at: the same thing for the same end user, in
milder words.

Each of the deals that are looked at here was cleared once, while the first was waiting.
"""

from typing import Any

import pytest

from screening import actions
from screening.lifecycle import AFTER_PARTY, Status
from screening.parties import actions as parties
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import ASKED_NOW
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
RADIO: dict[str, Any] = {**ASKED_NOW, "customer": "Pohjan Verkko", "customer-country": "FI"}
INTERCEPTS = {**RADIO, "description": "Intercept calls of subscribers"}
BORDER = {**RADIO, "purposes": ["border_control"]}


@pytest.mark.parametrize("first", [INTERCEPTS, BORDER], ids=["with compliance", "in review"])
def test_a_twin_of_a_deal_that_waits_is_looked_at(first: dict[str, Any]) -> None:
    waiting = send(first)
    assert waiting.status in {Status.NEEDS_INFORMATION, Status.IN_REVIEW}
    twin = send(RADIO)
    assert (twin.status, twin.review_level) == (Status.IN_REVIEW, "senior")
    said = twin.events().filter(verb="deal.screened").last()
    assert said is not None
    assert f"says less than {waiting.reference} of the same end user" in said.payload


def test_a_twin_of_a_deal_that_sales_left_unanswered_is_looked_at() -> None:
    """Reviewers look at the first once sales has answered, and sales never does."""
    left = send({**BORDER, "limits-speech": {"answer": "?", "text": ""}})
    assert (left.turn, left.review_level) == ("sales", "senior")
    assert send(RADIO).status == Status.IN_REVIEW


def test_a_twin_of_a_deal_that_lapsed_after_its_approval_is_looked_at() -> None:
    lapsed = send(BORDER)
    factories.vote_on(lapsed, actor=factories.senior())
    actions.lapse_deal(lapsed, because="A condition was not met.")
    assert send(RADIO).status == Status.IN_REVIEW


def test_beside_a_deal_that_lapsed_after_it_was_cleared_it_clears() -> None:
    lapsed = send({**RADIO, "purposes": ["research_test"]})
    assert lapsed.status == Status.CLEARED
    actions.lapse_deal(lapsed, because="A year is over.")
    assert send(RADIO).status == Status.CLEARED


def test_who_says_as_much_is_judged_by_that() -> None:
    """What two people settled about the end user holds for the next deal of the same words."""
    first = send(RADIO)
    finding = factories.known_of(factories.party_of(first))
    sweeping.work(AFTER_PARTY)
    first.refresh_from_db()
    assert first.status == Status.IN_REVIEW
    officer = factories.compliance_officer()
    factories.agreed(parties.ask_take_back(finding, because="Another firm.", actor=officer))
    assert send(RADIO).status == Status.CLEARED


def test_something_else_for_the_same_end_user_clears() -> None:
    send(BORDER)
    assert send({**RADIO, "products": ["xgs-pon"]}).status == Status.CLEARED


def test_the_same_for_another_end_user_clears() -> None:
    send(BORDER)
    assert send({**RADIO, "customer": "Kainuun Kuitu"}).status == Status.CLEARED


def test_beside_a_deal_that_waits_for_sales_or_was_approved_it_clears() -> None:
    asked = send({**RADIO, "purposes": ["?"]})
    assert asked.turn == "sales"
    assert send(RADIO).status == Status.CLEARED
    decided = send({**BORDER, "customer": "Kainuun Kuitu"})
    factories.vote_on(decided, actor=factories.senior())
    assert send({**RADIO, "customer": "Kainuun Kuitu"}).status == Status.CLEARED


def test_a_person_ends_it_whatever_becomes_of_the_first() -> None:
    waiting = send(INTERCEPTS)
    twin = send(RADIO)
    ruled(waiting, "fact_conflict", value=False)
    twin.refresh_from_db()
    assert twin.status == Status.IN_REVIEW
    factories.vote_on(twin, actor=factories.senior())
    twin.refresh_from_db()
    assert twin.status == Status.APPROVED
