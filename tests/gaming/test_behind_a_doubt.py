"""Words taken back behind another contradiction that stays, and that two people settle afterwards.

Each of these deals was cleared once the false alarm about the name had been answered: the rule that
asks about contradictions fired before and after, so nothing seemed to be gone.
"""

from typing import Any

import pytest

from screening import actions
from screening.lifecycle import AFTER_PARTY, Status
from screening.models import Deal
from tests import factories
from tests.factories import agreed, party_of
from tests.screening.form.answers import ASKED_NOW
from tests.screening.sweep import sweeping
from tests.screening.test_parties import asked_to_clear
from tests.screening.test_rulings import complete, send, send_draft

pytestmark = pytest.mark.django_db
#: A rail operator whose name sounds like a security body.
GUARDS: dict[str, Any] = {
    **ASKED_NOW,
    "customer": "State Security Police Radio",
    "customer-country": "FI",
}
WORDS = {"description": "Intercept calls of subscribers"}


def cleared(deal: Deal) -> Deal:
    """Two people say that the name is no security body's."""
    assert deal.turn == "compliance"
    agreed(asked_to_clear(party_of(deal)))
    sweeping.work(AFTER_PARTY)
    deal.refresh_from_db()
    return deal


def test_the_name_alone_clears() -> None:
    assert cleared(send(GUARDS)).status == Status.CLEARED


def test_a_twin_without_the_words_is_looked_at() -> None:
    send({**GUARDS, **WORDS})
    twin = cleared(send(GUARDS))
    assert (twin.status, twin.review_level) == (Status.IN_REVIEW, "senior")


def test_words_taken_out_of_a_draft_are_looked_at() -> None:
    factories.reference_data()
    draft = factories.draft_deal(None, {**GUARDS, **WORDS})
    complete(draft)
    actions.save_answer(draft, slug="description", value=GUARDS["description"], actor=draft.owner)
    assert cleared(send_draft(draft)).status == Status.IN_REVIEW
