"""Conditions that a later round would drop, and votes of people who may no longer vote.

Each of these deals was approved once: by one person without the conditions, or with such a vote.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audit.models import SYSTEM
from audit.refusals import Conflict
from people import access
from people import actions as people
from reviews import actions as reviewing
from reviews.models import Decision, Review
from screening import actions
from screening.lifecycle import Status
from screening.models import Deal
from screening.parties import actions as parties
from tests import factories
from tests.factories import duty, vote_on
from tests.screening.test_rulings import complete, same_words, send, send_draft

pytestmark = pytest.mark.django_db


def with_conditions() -> Deal:
    deal = factories.deal_in_review()
    conditions = [duty()]
    vote_on(deal, actor=factories.senior(), verdict=CONDITIONS, conditions=conditions)
    return deal


CONDITIONS = "approve_with_conditions"


def assert_two_approve(deal: Deal) -> None:
    vote_on(deal, actor=factories.senior())
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW
    review = Review.objects.current_of(deal)
    with pytest.raises(IntegrityError, match="needs 2 votes"), transaction.atomic():
        Decision.objects.create(
            review=review, deal=deal, screening=deal.screening, outcome="approved", because="Fine."
        )
    vote_on(deal, actor=factories.senior())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED


def lapsed_without_the_proof(deal: Deal) -> None:
    vote_on(deal, actor=factories.senior())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED_WITH_CONDITIONS
    actions.lapse_deal(deal, because="Condition 1 was due.")
    deal.refresh_from_db()
    send_draft(deal)


def asked_about_something_else(deal: Deal) -> None:
    reviewer = factories.senior()
    reviewing.claim_deal(deal, actor=reviewer)
    reviewing.ask_sales(deal, questions=[("", "Is it so?")], actor=reviewer)
    deal.refresh_from_db()
    send_draft(deal, {1: "Yes."})


@pytest.mark.parametrize("and_then", [lapsed_without_the_proof, asked_about_something_else])
def test_one_person_drops_no_conditions(and_then: Callable[[Deal], None]) -> None:
    deal = with_conditions()
    and_then(deal)
    assert_two_approve(deal)


def given_to(deal: Deal) -> None:
    vote_on(deal, actor=factories.senior())


def lapsed(deal: Deal) -> None:
    given_to(deal)
    deal.refresh_from_db()
    actions.lapse_deal(deal, because="Condition 1 was due.")


def still_to_be_decided(deal: Deal) -> None:
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize("is_copy", [True, False], ids=["copy", "fresh"])
@pytest.mark.parametrize("first_is", [given_to, lapsed, still_to_be_decided])
def test_one_person_drops_no_conditions_in_a_second_deal(
    first_is: Callable[[Deal], None], *, is_copy: bool
) -> None:
    first = with_conditions()
    first_is(first)
    first.refresh_from_db()
    second = same_words(first, is_copy=is_copy)
    assert_two_approve(second)


def test_a_copy_for_another_end_user_keeps_the_conditions() -> None:
    first = with_conditions()
    second = actions.copy_deal(first, actor=first.owner)
    actions.save_answer(second, slug="customer", value="Kainuun Kuitu", actor=first.owner)
    complete(second)
    send_draft(second)
    vote_on(second, actor=factories.senior())
    second.refresh_from_db()
    assert second.status == Status.IN_REVIEW


def test_conditions_bind_whoever_the_deal_was_for_at_first() -> None:
    """A question of a reviewer opened it, and sales replaced the end user."""
    first = with_conditions()
    name, reviewer = first.customer, factories.senior()
    reviewing.claim_deal(first, actor=reviewer)
    reviewing.ask_sales(first, questions=[("", "Is it so?")], actor=reviewer)
    first.refresh_from_db()
    actions.save_answer(first, slug="customer", value="Kainuun Kuitu", actor=first.owner)
    complete(first)
    send_draft(first, {1: "It is somebody else."})
    assert_two_approve(send({**factories.SENIOR, "customer": name}))


def test_conditions_for_another_end_user_bind_nobody() -> None:
    with_conditions()
    other = factories.deal_in_review()
    vote_on(other, actor=factories.senior())
    other.refresh_from_db()
    assert other.status == Status.APPROVED


def test_conditions_that_were_met_bind_nobody() -> None:
    deal = with_conditions()
    vote_on(deal, actor=factories.senior())
    (condition,) = deal.decisions.get().conditions.all()
    reviewing.settle_condition(condition, because="Seen.", actor=factories.senior())
    deal.refresh_from_db()
    actions.lapse_deal(deal, because="A year is over.")
    deal.refresh_from_db()
    send_draft(deal)
    vote_on(deal, actor=factories.senior())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED


def disabled(voter: Any, _deal: Deal) -> None:
    people.disable_person(voter, actor=SYSTEM)


def without_the_role(voter: Any, _deal: Deal) -> None:
    people.set_roles(voter, frozenset({access.SENIOR}), actor=SYSTEM)


def among_the_sellers(voter: Any, deal: Deal) -> None:
    factories.join(deal.team, voter)


@pytest.mark.parametrize("become", [disabled, without_the_role, among_the_sellers])
def test_a_vote_of_somebody_who_may_no_longer_vote_decides_nothing(
    become: Callable[[Any, Deal], None],
) -> None:
    deal, voter = factories.deal_in_review(level="executive"), factories.executive()
    vote_on(deal, actor=voter)
    become(voter, deal)
    vote_on(deal, actor=factories.executive())
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW
    vote_on(deal, actor=factories.executive())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED


def test_who_had_claimed_it_before_is_told_and_postgresql_refuses_the_decision() -> None:
    deal, voter, second = (
        factories.deal_in_review(level="executive"),
        factories.executive(),
        factories.executive(),
    )
    vote_on(deal, actor=voter)
    reviewing.claim_deal(deal, actor=second)
    disabled(voter, deal)
    deal.refresh_from_db()
    said = {"verdict": "approve", "because": factories.REASONS, "actor": second}
    with pytest.raises(Conflict, match="may no longer do so"):
        reviewing.vote(deal, screening=deal.last_screening, **said)
    review = Review.objects.current_of(deal)
    with pytest.raises(IntegrityError, match="may no longer"), transaction.atomic():
        Decision.objects.create(
            review=review, deal=deal, screening=deal.screening, outcome="approved", because="Fine."
        )


def under_another_name(first: Deal) -> dict[str, Any]:
    """Compliance knows both names as one body."""
    second = factories.deal_in_review()
    parties.merge(
        factories.party_of(second),
        factories.party_of(first),
        because="Renamed.",
        actor=factories.compliance_officer(),
    )
    return {"customer": second.customer}


def signed_by_it(first: Deal) -> dict[str, Any]:
    return {
        "customer": first.customer,
        "customer-kind": "commercial_operator",
        "end-user": {"kind": "private_enterprise", "is_customer": False},
        "end-user-name": "Harmless Retail",
    }


@pytest.mark.parametrize("names", [under_another_name, signed_by_it])
def test_conditions_bind_a_body_under_each_name_and_in_each_part(
    names: Callable[[Deal], dict[str, Any]],
) -> None:
    first = with_conditions()
    given_to(first)
    first.refresh_from_db()
    assert_two_approve(send({**factories.SENIOR, **names(first)}))
