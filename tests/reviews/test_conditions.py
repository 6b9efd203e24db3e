"""The list of conditions: who sees which, and how many there are."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from people import access
from reviews.models import Condition
from screening.models import Contributor, Deal
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def condition() -> Condition:
    return approved_with_a_condition()


def approved_with_a_condition() -> Condition:
    deal = make.deal_in_review()
    duties = [make.duty()]
    make.vote_on(deal, actor=make.senior(), verdict="approve_with_conditions", conditions=duties)
    make.vote_on(deal, actor=make.senior())
    return Condition.objects.get(decision__deal=deal)


def shown(person: Any) -> tuple[list[str], int]:
    """The deals of the open conditions on the page, and how many it says there are."""
    client = Client()
    client.force_login(person)
    context = client.get(reverse("reviews:conditions")).context
    return [row["deal"].reference for row in context["rows"]], context["tabs"][0]["count"]


def test_reviewers_see_those_of_deals_that_are_not_their_own(condition: Condition) -> None:
    reference = condition.decision.deal.reference
    for person in (make.senior(), make.executive()):
        assert shown(person) == ([reference], 1)


def colleague(deal: Deal, person: Any) -> None:
    make.join(deal.team, person)


def former_colleague(deal: Deal, person: Any) -> None:
    make.join(deal.team, person)
    deal.team.members.remove(person)


def contributor(deal: Deal, person: Any) -> None:
    Contributor.objects.create(deal=deal, user=person, part=Contributor.Part.FACTS)


@pytest.mark.parametrize("part", [colleague, former_colleague, contributor])
def test_reviewers_see_none_of_their_own_deals(condition: Condition, part: Any) -> None:
    other, person = approved_with_a_condition(), make.senior()
    part(condition.decision.deal, person)
    assert shown(person) == ([other.decision.deal.reference], 1)


@pytest.mark.parametrize(("part", "count"), [(colleague, 1), (former_colleague, 0)])
def test_a_reviewer_who_also_sells_sees_those_of_what_they_sell(
    condition: Condition, part: Any, count: int
) -> None:
    person = make.person(access.SENIOR, access.SALES)
    part(condition.decision.deal, person)
    assert shown(person)[1] == count


def test_sales_sees_those_of_what_it_sells(condition: Condition) -> None:
    deal = condition.decision.deal
    assert shown(deal.owner) == ([deal.reference], 1)
    assert shown(make.sales_person(team=deal.team)) == ([deal.reference], 1)
    assert shown(make.sales_person()) == ([], 0)
