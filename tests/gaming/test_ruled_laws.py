"""A law of the register against which compliance ruled in one deal, picked for another operator.

Each of the second deals was cleared once: the ruling held for its own end user alone.
"""

from typing import Any

import pytest

from screening import actions
from screening.lifecycle import AFTER_RULING, Status
from screening.models import Deal
from tests import factories
from tests.factories import ruled
from tests.gaming.test_split_services import GATEWAY
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import send

pytestmark = [pytest.mark.django_db, pytest.mark.example_laws]
ANOTHER: dict[str, Any] = {**GATEWAY, "customer": "Kainuun Kuitu"}
RULED = pytest.mark.parametrize(
    ("fact", "value", "words"),
    [
        ("law_conflict", True, "conflicts with standards"),
        ("legal_basis_status", "cited", "does not serve"),
        ("legal_basis_status", "none", "does not serve"),
    ],
)


def conflict_note(deal: Deal) -> str:
    return str(deal.last_screening.facts[0].get("conflict_note", ""))


@RULED
def test_another_operator_under_the_same_law_is_asked_about(
    fact: str, value: Any, words: str
) -> None:
    first = send(GATEWAY)
    ruled(first, fact, value)
    second = send(ANOTHER)
    assert second.turn == "compliance"
    assert f"{first.reference} names the same law" in conflict_note(second)
    assert words in conflict_note(second)
    ruled(second, "fact_conflict", value=False)
    second.refresh_from_db()
    assert second.status == Status.IN_REVIEW


@RULED
def test_so_is_one_that_was_cleared_before(fact: str, value: Any, words: str) -> None:
    second = send(ANOTHER)
    assert second.status == Status.CLEARED
    ruled(send(GATEWAY), fact, value)
    sweeping.work(AFTER_RULING)
    second.refresh_from_db()
    assert second.turn == "compliance"
    assert words in conflict_note(second)


def test_under_another_law_nothing_is_asked() -> None:
    ruled(send(GATEWAY), "law_conflict", value=True)
    law = {"law": "se-lek-9-29", "cited": "LEK", "conflict": False}
    swedish = {**ANOTHER, **factories.in_country("SE"), "legal-basis": {"laws": [law]}}
    assert send(swedish).status == Status.CLEARED


def test_what_somebody_verified_since_or_two_took_back_asks_nobody() -> None:
    first = send(GATEWAY)
    ruled(first, "legal_basis_status", "cited")
    ruled(first, "legal_basis_status", "verified")
    assert send(ANOTHER).status == Status.CLEARED
    ruling = ruled(first, "law_conflict", value=True)
    third = send({**ANOTHER, "customer": "Lakeuden Kaapeli"})
    assert third.turn == "compliance"
    for _ in range(2):
        officer = factories.compliance_officer()
        actions.take_back_ruling(ruling, because="I was wrong.", actor=officer)
    sweeping.work(AFTER_RULING)
    third.refresh_from_db()
    assert third.status == Status.CLEARED
