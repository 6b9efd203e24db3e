"""A deal sent while another one of the same end user, or its source, is still looked at.

The other one is stopped later: what was sent before must not stay cleared behind its back.
"""

import pytest

from jobs.models import Job
from screening import actions
from screening.lifecycle import AFTER_STOP, Status
from screening.models import Deal
from screening.sweep import rescreen
from tests import factories
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import complete, send, send_draft

pytestmark = pytest.mark.django_db
NAME = {"customer": "Pohjola Verkko"}


def in_review() -> Deal:
    return send({**factories.SENIOR, **NAME})


def stop(deal: Deal, how: str) -> None:
    if how == "withdrawn":
        actions.withdraw_deal(deal, because="No longer wanted.", actor=deal.owner)
    else:
        factories.vote_on(deal, actor=factories.senior(), verdict="reject")
    deal.refresh_from_db()
    assert deal.status == how


def screened_again(deal: Deal) -> Deal:
    sweeping.work(AFTER_STOP)
    deal.refresh_from_db()
    return deal


@pytest.mark.parametrize("how", ["withdrawn", "rejected"])
def test_a_cleared_deal_of_the_same_end_user_is_reopened(how: str) -> None:
    first = in_review()
    second = send({**SIMPLE, **NAME})
    assert second.status == Status.CLEARED
    stop(first, how)
    second = screened_again(second)
    assert (second.status, second.review_level) == (Status.IN_REVIEW, "senior")
    assert first.reference in second.why(verb="deal.reopened_for_review")


def test_a_copy_for_another_end_user_is_reopened() -> None:
    first = in_review()
    copy = actions.copy_deal(first, actor=first.owner)
    for slug, value in {**factories.in_country("FI"), "customer": "Other Oy"}.items():
        actions.save_answer(copy, slug=slug, value=value, actor=copy.owner)
    complete(copy)
    copy = send_draft(copy)
    assert copy.status == Status.CLEARED
    stop(first, "rejected")
    assert screened_again(copy).status == Status.IN_REVIEW


def test_an_approved_deal_is_looked_at_again() -> None:
    first, second = in_review(), in_review()
    factories.vote_on(second, actor=factories.senior())
    second.refresh_from_db()
    assert second.status == Status.APPROVED
    stop(first, "rejected")
    assert screened_again(second).status == Status.IN_REVIEW


def test_each_further_stop_is_a_reason_of_its_own() -> None:
    first, second = in_review(), in_review()
    deal = send({**SIMPLE, **NAME})
    stop(first, "withdrawn")
    deal = screened_again(deal)
    factories.vote_on(deal, actor=factories.senior())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED
    stop(second, "rejected")
    assert screened_again(deal).status == Status.IN_REVIEW


def test_a_stop_that_changes_nothing_screens_nothing() -> None:
    first = in_review()
    deal = send({**SIMPLE, **NAME})
    stop(first, "withdrawn")
    deal = screened_again(deal)
    rescreen.screen_after_stop(Job.objects.get(kind=AFTER_STOP))
    assert deal.audit_verbs().count("deal.screened") == 2


def test_deals_of_others_stay_cleared() -> None:
    first = in_review()
    stranger = send({**SIMPLE, "customer": "Lounais Verkko"})
    stop(first, "rejected")
    assert screened_again(stranger).status == Status.CLEARED
    assert stranger.audit_verbs().count("deal.screened") == 1


def test_a_draft_sent_twice_is_reopened_when_the_first_is_barred() -> None:
    """Two drafts side by side, the harmless one first: the order of sending decides nothing."""
    harmless = send({**SIMPLE, **NAME})
    barred = send({**factories.BARRED, **NAME})
    assert barred.status == Status.BARRED
    assert screened_again(harmless).status == Status.IN_REVIEW


def test_a_changed_deal_of_a_withdrawn_draft_is_looked_at() -> None:
    factories.reference_data()
    draft = factories.draft_deal(None, {**SIMPLE, **NAME})
    actions.withdraw_deal(draft, because="No.", actor=draft.owner)
    draft.refresh_from_db()
    changed = actions.start_changed_deal(draft, actor=draft.owner)
    complete(changed)
    assert send_draft(changed).status == Status.IN_REVIEW
