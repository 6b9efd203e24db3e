"""Grave words or names in a deal for radio, at which somebody still looks, and surveillance for the
same end user in harmless words.

Only a product that could do the same was looked at beside it: each of these second deals was
cleared once.
"""

from typing import Any

import pytest

from screening.lifecycle import Status
from tests.factories import ruled
from tests.gaming.test_said_abilities import FOLLOWER
from tests.gaming.test_said_elsewhere import LOCATION, RADIO, approve
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
FOR_IT: dict[str, Any] = {
    "end-user": {"kind": "commercial_operator", "is_customer": False},
    "end-user-name": RADIO["customer"],
    "customer-kind": "private_enterprise",
}
DOUBTFUL: dict[str, dict[str, Any]] = {
    "watched": {**RADIO, "description": "Coverage where journalists meet"},
    "agency": {**RADIO, "description": "Radio for the FSB"},
    "country": {**RADIO, "name": "Spares for Iran"},
    "site": {**RADIO, "countries": [{"place": "FI", "site": "FSB, Helsinki"}]},
    "who signs": {**RADIO, **FOR_IT, "customer": "Mossad"},
}
PAPER: dict[str, Any] = {
    **LOCATION,
    **FOR_IT,
    "customer": RADIO["customer"],
    "customer-kind": "commercial_operator",
    "end-user-name": "Kainuun Kuitu",
}


@pytest.mark.parametrize("first", DOUBTFUL)
def test_surveillance_in_harmless_words_is_looked_at(first: str) -> None:
    waits = send(DOUBTFUL[first])
    assert waits.turn == "compliance"
    second = send(LOCATION)
    assert (second.status, second.review_level) == (Status.IN_REVIEW, "senior")
    said = second.events().filter(verb="deal.screened").last()
    assert said is not None
    assert f"leaves out what contradicts in {waits.reference}" in said.payload


@pytest.mark.parametrize("second", [FOLLOWER, PAPER], ids=["a module", "for somebody on paper"])
def test_so_is_what_is_built_and_what_the_end_user_signs(second: dict[str, Any]) -> None:
    send(DOUBTFUL["agency"])
    assert send(second).review_level == "senior"


def test_so_it_is_until_somebody_else_has_looked() -> None:
    """One person settled it."""
    first = send(DOUBTFUL["watched"])
    ruled(first, "fact_conflict", value=False)
    first.refresh_from_db()
    assert first.status == Status.IN_REVIEW
    assert send(LOCATION).status == Status.IN_REVIEW
    approve(first)
    assert send({**LOCATION, "products": ["customer-analytics"]}).status == Status.IN_REVIEW


def test_after_two_people_have_looked_it_clears() -> None:
    first = send(DOUBTFUL["watched"])
    ruled(first, "fact_conflict", value=False)
    first.refresh_from_db()
    approve(first)
    assert send(LOCATION).status == Status.CLEARED


@pytest.mark.parametrize(
    "second",
    [
        {**RADIO, "products": ["xgs-pon"]},
        {**LOCATION, "customer": "Savon Valo"},
        {**LOCATION, "customer-country": "SE", "countries": [{"place": "SE", "site": ""}]},
    ],
    ids=["no surveillance", "somebody else", "another country"],
)
def test_these_are_not(second: dict[str, Any]) -> None:
    send(DOUBTFUL["watched"])
    assert send(second).status == Status.CLEARED


def test_beside_a_deal_without_contradictions_it_clears() -> None:
    """What else people look at there speaks of what is sold there."""
    assert send({**RADIO, "purposes": ["border_control"]}).status == Status.IN_REVIEW
    assert send(LOCATION).status == Status.CLEARED
