"""What one person eased in a deal that nobody has looked at since, and what it does to other deals.

Each of the second deals was cleared once, while the first was in review.
"""

from typing import Any

import pytest

from screening.lifecycle import Status
from screening.models import Deal
from tests import factories
from tests.factories import ruled
from tests.gaming.test_said_elsewhere import LOCATION, RADIO, conflict_note
from tests.screening.test_rulings import CORE, send

pytestmark = pytest.mark.django_db
GATEWAY: dict[str, Any] = {
    **CORE,
    "customer": RADIO["customer"],
    "products": ["li-gateway"],
    "obligation": "yes",
    "legal-basis": {"act": "Act on interception", "article": "1", "orders": "a court"},
}
#: What is done with what was delivered, as if it were sold here.
SERVED: dict[str, Any] = {
    **RADIO,
    "services": ["integration", "training"],
    "other-systems": {"answer": "no", "text": ""},
}
ARMY: dict[str, Any] = {
    **RADIO,
    "end-user": {"kind": "military", "is_customer": True},
    "intelligence-access": "no",
}


def approved(deal: Deal) -> None:
    factories.vote_on(deal, actor=factories.senior())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED


def verified_by_one() -> Deal:
    gateway = send(GATEWAY)
    ruled(gateway, "legal_basis_status", "verified")
    assert gateway.status == Status.IN_REVIEW
    return gateway


def test_a_law_that_one_person_verified_opens_no_service() -> None:
    verified_by_one()
    served = send(SERVED)
    assert served.turn == "compliance"
    assert "one person verified its law" in conflict_note(served)


def test_it_does_once_a_reviewer_has_approved() -> None:
    approved(verified_by_one())
    assert send(SERVED).status == Status.CLEARED


def test_radio_beside_it_clears_meanwhile() -> None:
    verified_by_one()
    assert send(RADIO).status == Status.CLEARED


def milder_by_one() -> Deal:
    deal = send(ARMY)
    ruled(deal, "end_user_type", "commercial_operator")
    ruled(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW
    return deal


def test_a_kind_that_one_person_made_milder_is_none_of_another_deal() -> None:
    first, second = milder_by_one(), send(LOCATION)
    assert second.turn == "compliance"
    assert f"{first.reference} of the same end user is for a military body" in conflict_note(second)


def test_it_is_once_a_reviewer_has_approved() -> None:
    approved(milder_by_one())
    assert send(LOCATION).status == Status.CLEARED
