"""A feature that is said to be built out counts as there until somebody else agrees."""

from typing import Any

import pytest

from screening.lifecycle import Status
from screening.models import Deal
from tests import factories
from tests.factories import ruled
from tests.screening.test_rulings import CORE, fact, send

pytestmark = pytest.mark.django_db
PROOF = {"answer": "yes", "text": "The interception function; build sheet\n4711"}
LAW = {slug: factories.CITED[slug] for slug in ("obligation", "legal-basis")}


def core(built_out: dict[str, str], **more: Any) -> Deal:
    return send({**CORE, **LAW, "built-out": built_out, **more})


def test_what_was_built_out_counts_as_there_until_compliance_has_asked() -> None:
    deal = core(PROOF)
    assert deal.turn == "compliance"
    assert fact(deal, "capabilities") == ["li_interface", "mobile_core"]
    assert "Named as proof: The interception function; build sheet 4711" in fact(
        deal, "conflict_note"
    )
    ruled(deal, "fact_conflict", value=False)
    assert fact(deal, "capabilities") == ["mobile_core"]
    # One person eased it; another one looks.
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    "built_out",
    [
        {"answer": "yes", "text": "x"},
        {"answer": "no", "text": ""},
        {"answer": "?", "text": "Maybe"},
    ],
    ids=["no proof", "no", "not known"],
)
def test_without_a_proof_it_is_there_and_nobody_is_asked(built_out: dict[str, str]) -> None:
    deal = core(built_out)
    assert fact(deal, "capabilities") == ["li_interface", "mobile_core"]
    assert not fact(deal, "conflict_note")


def test_without_an_obligation_a_claim_clears_nothing() -> None:
    """The deal is stopped before anybody could confirm it: a changed deal says what it is."""
    assert core(PROOF, obligation="no").status == Status.BARRED
