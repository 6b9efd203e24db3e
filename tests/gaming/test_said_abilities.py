"""What sales itself says that something can do, over products that cannot by the catalogue.

Rules take its word like the catalogue's. What is asked beside rules, and what is compared between
deals, looked at the catalogue alone: each of these deals was cleared once.
"""

from typing import Any

import pytest

from screening import actions
from screening.lifecycle import Status
from screening.models import Deal
from tests.factories import ruled
from tests.gaming.test_said_elsewhere import LOCATION, MODULE, NO, RADIO, approve, conflict_note
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
FOLLOWS: dict[str, Any] = {"follows": {"answer": "yes", "text": "Subscribers who ask"}}
#: A module over radio that follows people.
FOLLOWER: dict[str, Any] = {**MODULE, **FOLLOWS}
CAMERAS: dict[str, Any] = {**LOCATION, "products": ["camera-network"], **FOLLOWS}
CRIME = {"purposes": ["crime_investigation"]}


def is_asked(deal: Deal, note: str) -> bool:
    return deal.turn == "compliance" and note in conflict_note(deal)


@pytest.mark.parametrize("purpose", ["public_safety", "smart_city", "health_emergency"])
@pytest.mark.parametrize("answers", [FOLLOWER, CAMERAS], ids=["a module", "cameras"])
def test_a_company_that_follows_people_for_authorities_is_asked_for_which(
    answers: dict[str, Any], purpose: str
) -> None:
    deal = send({**answers, "purposes": [purpose]})
    assert is_asked(deal, "find or profile single people")
    ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


def test_so_is_one_that_only_has_radio() -> None:
    assert is_asked(send({**RADIO, **FOLLOWS, "purposes": ["smart_city"]}), "say which authority")


@pytest.mark.parametrize("kind", ["rail_operator", "utility"])
def test_a_railway_and_a_utility_are_companies_too(kind: str) -> None:
    plates = {**LOCATION, "products": ["anpr"], "end-user": {"kind": kind, "is_customer": True}}
    assert is_asked(send({**plates, "purposes": ["public_safety"]}), "read the number plates")
    another = {**plates, "customer": "Savon Valo", "purposes": ["utility_operations"]}
    assert send(another).status == Status.CLEARED


@pytest.mark.parametrize("kind", ["municipality", "civil_government"])
def test_a_public_body_that_signs_for_a_company_is_asked_about(kind: str) -> None:
    operator = {"kind": "commercial_operator", "is_customer": False}
    signs = {"customer-kind": kind, "end-user": operator, "end-user-name": "Kainuun Kuitu"}
    assert is_asked(send({**FOLLOWER, **signs}), "is to use what relates to surveillance")
    others = {"customer": "Savon Valo", "end-user-name": "Lapin Linja"}
    assert send({**RADIO, **signs, **others}).status == Status.CLEARED


def test_who_stands_between_in_a_linked_deal_counts() -> None:
    between = {"name": "Kauppa Oy", "role": "reseller", "country": "FI"}
    traded = {**RADIO, "intermediaries": {"answer": "yes", "parties": [between]}}
    assert send(traded).status == Status.CLEARED
    assert send(FOLLOWER).review_level == "senior"


@pytest.mark.parametrize("first", [FOLLOWER, LOCATION], ids=["a module", "location"])
@pytest.mark.parametrize("then", [FOLLOWER, LOCATION], ids=["a module", "location"])
def test_a_grave_purpose_of_what_follows_people_is_asked_about(
    first: dict[str, Any], then: dict[str, Any]
) -> None:
    waits = send({**first, **CRIME})
    approve(waits)
    assert is_asked(send(then), f"{waits.reference} of the same end user")
    assert send(RADIO).status == Status.CLEARED


@pytest.mark.parametrize("is_stopped", [True, False], ids=["stopped", "waiting"])
@pytest.mark.parametrize("first", [FOLLOWER, LOCATION], ids=["a module", "location"])
@pytest.mark.parametrize("then", [FOLLOWER, LOCATION], ids=["a module", "location"])
def test_it_can_do_the_same_for_another_end_user_of_the_customer(
    first: dict[str, Any], then: dict[str, Any], *, is_stopped: bool
) -> None:
    signs = {
        "customer-kind": "commercial_operator",
        "end-user": {"kind": "commercial_operator", "is_customer": False},
    }
    deal = send({**first, **signs, **CRIME, "end-user-name": "Kainuun Kuitu"})
    if is_stopped:
        actions.withdraw_deal(deal, because="Lost the tender.", actor=deal.owner)
    second = send({**then, **signs, "end-user-name": "Savon Valo"})
    assert second.review_level == "senior"


def test_misuse_in_a_deal_that_was_withdrawn_is_asked_about() -> None:
    first = send({**RADIO, "reports": {"answer": "yes", "text": "Two papers"}})
    actions.withdraw_deal(first, because="Lost the tender.", actor=first.owner)
    assert is_asked(send(FOLLOWER), f"{first.reference}, which was withdrawn, says more")


def test_what_follows_subscribers_for_its_operator_clears() -> None:
    assert send(FOLLOWER).status == Status.CLEARED
    another = {**MODULE, "customer": "Savon Valo", "follows": NO, "purposes": ["smart_city"]}
    assert send(another).status == Status.CLEARED
