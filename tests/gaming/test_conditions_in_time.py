"""A condition that was due after the approval had ended, and the proof of one that executives set,
which a senior reviewer accepted alone.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils.formats import date_format

from audit.refusals import Conflict, NotAllowed
from reviews import actions as reviewing
from reviews.models import Condition
from screening import following
from screening.models import Deal
from tests import factories
from tests.factories import vote_on
from tests.reviews.test_verbs import vote_fields

pytestmark = pytest.mark.django_db
CONDITIONS = "approve_with_conditions"


def late(deal: Deal) -> Any:
    last = following.last_day(deal.last_screening)
    return replace(factories.duty(), due_on=last + timedelta(days=1))


def approved(level: str) -> Condition:
    deal = factories.deal_in_review(level=level)
    voters = [factories.executive() if level == "executive" else factories.senior() for _ in "ab"]
    vote_on(deal, actor=voters[0], verdict=CONDITIONS, conditions=[factories.duty()])
    vote_on(deal, actor=voters[1])
    return Condition.objects.get()


def test_no_condition_is_due_after_the_approval_has_ended() -> None:
    deal, reviewer = factories.deal_in_review(), factories.senior()
    last = following.last_day(deal.last_screening)
    with pytest.raises(Conflict, match=f"The approval ends on {date_format(last, 'j M Y')}"):
        vote_on(deal, actor=reviewer, verdict=CONDITIONS, conditions=[late(deal)])
    on_it = replace(factories.duty(), due_on=last)
    assert vote_on(deal, actor=reviewer, verdict=CONDITIONS, conditions=[on_it])


def test_the_form_names_the_day(client: Client) -> None:
    deal, reviewer = factories.deal_in_review(), factories.senior()
    reviewing.claim_deal(deal, actor=reviewer)
    client.force_login(reviewer)
    fields = {
        **vote_fields(deal),
        "verdict": CONDITIONS,
        "rows": "1",
        "c1-text": "Send a report",
        "c1-due_on": f"{late(deal).due_on:%Y-%m-%d}",
        "c1-evidence": "The report",
    }
    page = client.post(f"/reviews/{deal.pk}/vote/", fields).content.decode()
    last = following.last_day(deal.last_screening)
    ends = date_format(last, "j M Y")
    assert f"Condition 1: the approval ends on {ends}" in page
    assert f"The approval ends on {ends}, and no condition is due after that day." in page


def test_postgresql_refuses_such_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    deal = factories.deal_in_review()
    duty = late(deal)
    monkeypatch.setattr(following, "last_day", lambda _screening: duty.due_on)
    vote_on(deal, actor=factories.senior(), verdict=CONDITIONS, conditions=[duty])
    with pytest.raises(IntegrityError, match="after its approval has ended"), transaction.atomic():
        vote_on(deal, actor=factories.senior())


def test_the_proof_of_what_executives_set_is_accepted_by_one(client: Client) -> None:
    condition, senior = approved("executive"), factories.senior()
    with pytest.raises(NotAllowed, match="an executive reviewer accepts its proof"):
        reviewing.settle_condition(condition, because="Read it.", actor=senior)
    client.force_login(senior)
    address = f"/reviews/conditions/{condition.pk}/"
    assert address not in client.get("/reviews/conditions/").content.decode()
    with (
        pytest.raises(IntegrityError, match="accepted by one of them"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE reviews_condition SET met_at = clock_timestamp(), met_by_id = %s,"
            " met_because = 'x' WHERE id = %s",
            [senior.pk, condition.pk],
        )
    reviewing.settle_condition(condition, because="Read it.", actor=factories.executive())
    condition.refresh_from_db()
    assert condition.met_at is not None


def test_the_proof_of_what_seniors_set_is_accepted_by_any_reviewer() -> None:
    reviewing.settle_condition(approved("senior"), because="Read it.", actor=factories.senior())
