"""What sales writes beside an answer with which a deal may clear: whom it follows, and what for.

Each of these deals was cleared once: a location server for an operator in a country of low risk
clears, so nobody read the words.
"""

from typing import Any

import pytest

from screening import actions
from screening.lifecycle import Status
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import ASKED_NOW
from tests.screening.test_rulings import complete, send, send_draft

pytestmark = pytest.mark.django_db
NO = {"answer": "no", "text": ""}
LOCATION: dict[str, Any] = {
    **ASKED_NOW,
    "customer": "Pohjan Verkko",
    "products": ["location-server"],
    "intelligence-access": "no",
    "handover": "no",
    "stores": "no",
    "analyses": "no",
    "restricts": NO,
    "law-conflict": NO,
}


def follows(words: str) -> dict[str, Any]:
    return {**LOCATION, "follows": {"answer": "yes", "text": words}}


@pytest.mark.parametrize(
    "words",
    [
        "Dashboards of where journalists are",
        "Protesters in the capital",
        "Interception of calls of those who are found",
        "The secret service finds phones with it",
        "For Suojelupoliisi",
        "Results go to the NSO Group Pegasus platform",
    ],
)
def test_the_words_beside_it_are_read(words: str) -> None:
    deal = send(follows(words))
    assert deal.turn == "compliance"
    assert "The answer to 4.8" in deal.last_screening.facts[0]["conflict_note"]
    ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    "words",
    ["Subscribers who ask for it", "Callers of the emergency number", "Tracking of parcels"],
)
def test_what_the_product_is_for_still_clears(words: str) -> None:
    assert send(follows(words)).status == Status.CLEARED


def test_words_that_were_taken_back_in_a_draft_are_looked_at() -> None:
    factories.reference_data()
    deal = factories.draft_deal(answers=follows("Where journalists are"))
    complete(deal)
    milder = follows("Subscribers who ask for it")["follows"]
    actions.save_answer(deal, slug="follows", value=milder, actor=deal.owner)
    complete(deal)
    assert send_draft(deal).status == Status.IN_REVIEW
