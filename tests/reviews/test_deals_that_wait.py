"""What PostgreSQL keeps of deals for the lists of those that wait, and what these make of it."""

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from people import access
from reviews import queue
from reviews.actions import claim_deal
from screening.models import Deal
from tests import factories as make

pytestmark = pytest.mark.django_db


def kept(deal: Deal) -> tuple[int | None, bool, int]:
    deal.refresh_from_db()
    return deal.gravity, deal.asks_compliance, deal.votes_given


def offered(person: Any) -> list[int]:
    return [deal.pk for deal in queue.takeable(person)]


@pytest.mark.parametrize(("country", "gravity"), [("TR", 0), ("IN", 1)], ids=["very high", "high"])
def test_the_gravest_country_is_kept(country: str, gravity: int) -> None:
    deal = make.sent_deal({**make.SENIOR, **make.in_country(country)})
    assert kept(deal) == (gravity, False, 0)


def test_a_country_that_nobody_rates_waits_beside_the_worst() -> None:
    make.reference_data()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tier, gravity_of(to_jsonb(ARRAY['low', tier])) FROM unnest(%s) AS tier",
            [["very_high", "unrated", "high", "medium", "low"]],
        )
        found = dict(cursor.fetchall())
    assert found == {"very_high": 0, "unrated": 0, "high": 1, "medium": 2, "low": 3}


def test_a_draft_waits_for_nobody() -> None:
    make.reference_data()
    assert kept(make.draft_deal()) == (None, False, 0)


def test_what_compliance_is_asked_is_kept_until_it_is_settled() -> None:
    deal = make.deal_for_compliance()
    assert kept(deal)[1]
    assert list(Deal.objects.awaiting_compliance()) == [deal]
    make.ruled(deal, "legal_basis_status", "verified")
    assert not kept(deal)[1]
    assert not Deal.objects.awaiting_compliance().exists()


def test_votes_are_counted_as_they_are_given() -> None:
    deal = make.deal_in_review(level="executive")
    assert kept(deal)[2] == 0
    make.vote_on(deal, actor=make.executive())
    assert kept(deal)[2] == 1


def test_a_new_screening_has_no_votes() -> None:
    deal = make.deal_in_review(level="executive")
    make.vote_on(deal, actor=make.executive())
    make.ruled(deal, "adverse_info", "alleged")
    assert kept(deal)[2] == 0


def test_who_is_offered_the_third_vote() -> None:
    """After two that differ it is for an executive reviewer who has not voted."""
    deal = make.deal_in_review()
    first, second, other = (make.senior() for _ in range(3))
    assert offered(other) == [deal.pk]
    make.vote_on(deal, actor=first, verdict="approve_with_conditions", conditions=[make.duty()])
    assert offered(first) == []
    assert offered(second) == [deal.pk]
    make.vote_on(deal, actor=second, verdict="reject")
    assert kept(deal)[2] == 2
    assert offered(second) == offered(other) == []
    assert offered(make.executive()) == [deal.pk]


def test_what_somebody_holds_is_offered_to_nobody_else() -> None:
    deal = make.deal_in_review()
    holder, other = make.senior(), make.senior()
    claim_deal(deal, actor=holder)
    assert offered(holder) == offered(other) == []
    counts = queue.counts(queue.waiting_for(holder), holder)
    assert counts == {"all": 1, "mine": 1, "unclaimed": 0, "late": 0, "second": 0}


@pytest.mark.parametrize("column", ["gravity", "asks_compliance", "asks_sales", "votes_given"])
def test_the_program_writes_none_of_it(column: str) -> None:
    deal = make.deal_in_review()
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Deal.objects.filter(pk=deal.pk).update(**{column: 1})


def test_a_deal_that_begins_says_nothing_of_itself() -> None:
    """Whatever a new row says, the trigger writes what the screening of the deal says: none yet."""
    owner = make.person(access.SALES)
    make.join(make.sales_team(), owner)
    deal = Deal.objects.create(
        owner=owner, team=owner.sales_teams.get(), gravity=0, asks_compliance=True, votes_given=2
    )
    assert kept(deal) == (None, False, 0)
