"""What a new screening means for a deal whose reviewer asked sales something."""

from typing import Any

import pytest

from policy import actions as governing
from reviews import actions as reviewing
from screening import actions, following, rescreen
from screening.lifecycle import Status
from screening.models import Deal, Screening
from tests import factories
from tests.screening import sweeping

CAUSE = Screening.Cause


def asked_deal() -> Deal:
    deal = factories.deal_in_review()
    rosa = factories.senior()
    reviewing.claim_deal(deal, actor=rosa)
    reviewing.ask_sales(deal, questions=[("", "Who runs the network?")], actor=rosa)
    deal.refresh_from_db()
    assert deal.status == Status.NEEDS_INFORMATION
    return deal


@pytest.mark.parametrize(
    "changed",
    [lambda: sweeping.rulebook(sweeping.STRICTER), lambda: sweeping.rated({"FI": "low high"})],
    ids=["confirmed", "screened again"],
)
def test_an_activation_leaves_the_questions_of_a_reviewer_with_sales(
    db: None, changed: Any
) -> None:
    factories.reference_data()
    deal = asked_deal()
    sweeping.prepare(changed())()
    sweeping.work(governing.RESCREEN)
    sweeping.work(rescreen.CHUNK)
    assert not rescreen.due().exists()
    deal.refresh_from_db()
    assert deal.status == Status.NEEDS_INFORMATION
    assert deal.questions.filter(answer=None).exists()


def test_screened_alone_it_stays_with_sales_too(db: None) -> None:
    deal = asked_deal()
    actions.rescreen_deal(deal, cause=CAUSE.VERSION, because="The rulebook changed.")
    deal.refresh_from_db()
    assert deal.status == Status.NEEDS_INFORMATION


@pytest.mark.parametrize(
    ("outcome", "cause", "before", "status"),
    [
        ("senior_review", CAUSE.VERSION, "executive_review", Status.NEEDS_INFORMATION),
        ("executive_review", CAUSE.FACT, "senior_review", Status.NEEDS_INFORMATION),
        ("clear", CAUSE.VERSION, "senior_review", Status.NEEDS_INFORMATION),
        # Sales answered.
        ("senior_review", CAUSE.SENT, "senior_review", Status.IN_REVIEW),
        # What was missing was missing for the rules; nobody asked.
        ("senior_review", CAUSE.VERSION, "needs_information", Status.IN_REVIEW),
        ("bar", CAUSE.VERSION, "senior_review", Status.BARRED),
    ],
)
def test_only_the_answers_of_sales_bring_it_back(
    outcome: str, cause: str, before: str, status: str
) -> None:
    found = following.target(
        Status.NEEDS_INFORMATION, "senior", outcome, cause=cause, before=before
    )
    assert found == status
