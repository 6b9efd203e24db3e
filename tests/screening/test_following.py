"""What a new screening means for a deal whose reviewer asked sales something."""

from typing import Any
from uuid import uuid4

import pytest

from audit.refusals import NotAllowed
from policy import actions as governing
from reviews import actions as reviewing
from screening import actions, following
from screening.lifecycle import Status
from screening.models import Deal, Notification, Screening
from screening.sweep import rescreen
from tests import factories
from tests.screening.sweep import sweeping

CAUSE = Screening.Cause


def asked_deal(*, level: str = "senior") -> Deal:
    deal = factories.deal_in_review(level=level)
    rosa = factories.senior() if level == "senior" else factories.executive()
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
    sweeping.work(rescreen.RESCREEN_PART)
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


def test_what_compliance_settles_meanwhile_answers_no_question_of_a_reviewer(db: None) -> None:
    """It went back to review once, and could be approved without the answer."""
    deal = asked_deal()
    factories.ruled(deal, "fact_conflict", value=True)
    factories.ruled(deal, "fact_conflict", value=False)
    assert (deal.status, deal.review_level) == (Status.NEEDS_INFORMATION, "senior")
    assert deal.screening.outcome == "senior_review"
    actions.submit_deal(deal, send_key=uuid4(), replies={1: "The operator."}, actor=deal.owner)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


# --- Who hears that a deal leaves the review -----------------------------------------------------


@pytest.mark.parametrize("sweeps", [True, False], ids=["sweep", "alone"])
def test_who_claimed_or_voted_hears_that_the_deal_was_taken_from_them(
    db: None, sweeps: Any
) -> None:
    factories.reference_data()
    deal = factories.deal_in_review(level="executive")
    voted, claims, other = (factories.executive() for _ in range(3))
    factories.vote_on(deal, actor=voted)
    reviewing.claim_deal(deal, actor=claims)
    sweeping.prepare(sweeping.rulebook(sweeping.STRICTER))()
    if sweeps:
        sweeping.work(governing.RESCREEN)
        sweeping.work(rescreen.RESCREEN_PART)
    else:
        actions.rescreen_deal(deal, cause=CAUSE.VERSION, because="The rulebook changed.")
    deal.refresh_from_db()
    assert deal.status == Status.BARRED
    left = Notification.objects.filter(subject__contains="left the review")
    assert {note.to for note in left} == {voted, claims}
    named = f"{deal.reference} left the review (barred): {deal.title_and_customer}"
    assert {note.subject for note in left} == {named}
    assert all(f"/reviews/{deal.pk}/" in note.body for note in left)
    assert other not in {note.to for note in left}


def test_a_review_that_ended_tells_nobody(db: None) -> None:
    factories.reference_data()
    deal = asked_deal(level="executive")
    sweeping.prepare(sweeping.rulebook(sweeping.STRICTER))()
    actions.rescreen_deal(deal, cause=CAUSE.VERSION, because="The rulebook changed.")
    deal.refresh_from_db()
    assert deal.status == Status.BARRED
    assert not Notification.objects.filter(subject__contains="left the review").exists()


# --- What stays of a review ----------------------------------------------------------------------


def test_an_approval_ends_when_a_version_asks_for_more(db: None) -> None:
    deal = factories.sent_deal({**factories.EXECUTIVE, **factories.in_country("KE")})
    factories.vote_on(deal, actor=factories.senior())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED
    executive = factories.executive()
    sweeping.prepare(sweeping.rated({"KE": "low very_high"}))()
    sweeping.work(governing.RESCREEN)
    sweeping.work(rescreen.RESCREEN_PART)
    deal.refresh_from_db()
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "executive")
    assert deal.audit_verbs()[-1] == "deal.reopened_for_review"
    assert {deal.owner_id, executive.pk} <= set(deal.notifications.values_list("to", flat=True))


@pytest.mark.parametrize(
    ("outcome", "before", "status"),
    [
        ("senior_review", "senior_review", Status.APPROVED),
        ("senior_review", "executive_review", Status.APPROVED),
        ("executive_review", "senior_review", Status.IN_REVIEW),
        ("needs_information", "senior_review", Status.NEEDS_INFORMATION),
        ("bar", "senior_review", Status.BARRED),
    ],
)
def test_an_approval_stands_only_while_no_more_is_asked(
    outcome: str, before: str, status: str
) -> None:
    found = following.target(
        Status.APPROVED, "executive", outcome, cause=CAUSE.VERSION, before=before
    )
    assert found == status


def test_the_level_of_a_review_never_falls(db: None) -> None:
    deal, erik = factories.deal_in_review(level="executive"), factories.executive()
    reviewing.claim_deal(deal, actor=erik)
    reviewing.ask_sales(deal, questions=[("country", "Is it there?")], actor=erik)
    for slug, value in factories.in_country("FI").items():
        actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    actions.submit_deal(deal, send_key=uuid4(), replies={1: "No, in Finland."}, actor=deal.owner)
    deal.refresh_from_db()
    assert deal.screening.outcome == "senior_review"
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "executive")
    with pytest.raises(NotAllowed, match="for an executive reviewer"):
        reviewing.claim_deal(deal, actor=factories.senior())


def test_a_question_does_not_hide_the_review_behind_it(db: None) -> None:
    deal = factories.sent_deal({**factories.CITED, "obligation": "?"})
    assert (deal.screening.outcome, deal.screening.review_floor) == (
        "needs_information",
        "executive_review",
    )
    assert not deal.screening.asks_compliance
    assert deal.review_level == "executive"
    for slug, value in {**factories.SIMPLE, "handover": "no"}.items():
        actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    actions.submit_deal(deal, send_key=uuid4(), actor=deal.owner)
    deal.refresh_from_db()
    assert deal.screening.outcome == "clear"
    assert deal.status == Status.IN_REVIEW
