"""A reviewer who also sells shares a team with the owner of a deal, although another team sells it.

Each of these reviewers could vote once.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from audit.models import SYSTEM
from audit.refusals import NotAllowed
from people import access
from people import actions as people
from reviews import actions as reviewing
from reviews import queue
from reviews.models import Review
from screening import mail
from screening.models import Contributor, Deal
from tests import factories
from tests.factories import vote_on

pytestmark = pytest.mark.django_db


def now_with_the_owner(deal: Deal, person: Any) -> None:
    team = factories.sales_team()
    factories.join(team, deal.owner)
    factories.join(team, person)


def left_since(deal: Deal, person: Any) -> None:
    team = factories.sales_team()
    factories.join(team, deal.owner)
    people.set_teams(person, join=[team.name], actor=SYSTEM)
    people.set_teams(person, leave=[team.name], actor=SYSTEM)


def the_owner_left_since(deal: Deal, person: Any) -> None:
    team = factories.sales_team()
    factories.join(team, person)
    people.set_teams(deal.owner, join=[team.name], actor=SYSTEM)
    people.set_teams(deal.owner, leave=[team.name], actor=SYSTEM)


def with_an_editor(deal: Deal, person: Any) -> None:
    editor = factories.sales_person()
    Contributor.objects.create(deal=deal, user=editor, part="editor")
    factories.join(editor.sales_teams.get(), person)


@pytest.mark.parametrize(
    "shares", [now_with_the_owner, left_since, the_owner_left_since, with_an_editor]
)
def test_who_shares_any_team_with_a_seller_looks_at_none_of_its_deals(
    client: Client, shares: Callable[[Deal, Any], None]
) -> None:
    deal, person = factories.deal_in_review(), factories.senior()
    assert deal in queue.takeable(person)
    shares(deal, person)
    with pytest.raises(NotAllowed, match="You share a sales team with somebody who sells this"):
        reviewing.claim_deal(deal, actor=person)
    assert deal not in queue.takeable(person)
    assert person not in mail.reviewers_for(deal)
    client.force_login(person)
    assert client.get(f"/reviews/{deal.pk}/").status_code == 404
    with pytest.raises(IntegrityError, match="claimed by somebody who may"), transaction.atomic():
        Review.objects.create(
            deal=deal,
            screening=deal.screening,
            level="senior",
            claimed_by=person,
            claimed_until=timezone.now() + timedelta(minutes=5),
        )
    assert vote_on(deal, actor=factories.senior())


def test_compliance_that_shares_one_sets_no_fact() -> None:
    deal, officer = factories.deal_for_compliance(), factories.compliance_officer()
    now_with_the_owner(deal, officer)
    with pytest.raises(NotAllowed, match="You share a sales team"):
        factories.ruled(deal, "legal_basis_status", "verified", actor=officer)


def test_a_team_that_was_left_before_the_deal_is_no_hindrance() -> None:
    person, owner = factories.senior(), factories.sales_person()
    team = factories.sales_team()
    people.set_teams(owner, join=[team.name], actor=SYSTEM)
    people.set_teams(person, join=[team.name], actor=SYSTEM)
    people.set_teams(person, leave=[team.name], actor=SYSTEM)
    assert vote_on(factories.deal_in_review(owner), actor=person)


def test_who_set_a_fact_is_no_seller() -> None:
    """A colleague of somebody in compliance is none of those who sell."""
    officer = factories.person(access.COMPLIANCE)
    deal, person, team = factories.deal_in_review(), factories.senior(), factories.sales_team()
    for one in (officer, person):
        factories.join(team, one)
    factories.ruled(deal, "adverse_info", "alleged", actor=officer)
    assert reviewing.claim_deal(deal, actor=person)
