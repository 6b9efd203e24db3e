"""Somebody in compliance who also reviews had a say in what is known of a party, and voted on a
deal of it.

Each of these votes counted once.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from audit.refusals import NotAllowed
from people import access
from reviews import actions as reviewing
from reviews import queue
from reviews.models import Review
from screening import mail
from screening.models import Deal
from screening.parties import actions as parties
from tests import factories
from tests.factories import agreed, known_of, party_of, vote_on

pytestmark = pytest.mark.django_db
WHY = "You said something of a party of this deal"


def raised(deal: Deal, person: Any) -> None:
    known_of(party_of(deal), value="alleged", actor=person)


def asked(deal: Deal, person: Any) -> None:
    finding = known_of(party_of(deal), value="alleged")
    parties.ask_take_back(finding, because="Another firm.", actor=person)


def took_back_with_another(deal: Deal, person: Any) -> None:
    finding = known_of(party_of(deal), value="alleged")
    officer = factories.compliance_officer()
    agreed(parties.ask_take_back(finding, because="Another firm.", actor=officer), actor=person)


def another() -> Any:
    return party_of(factories.sent_deal({**factories.SENIOR, "customer": "Ege Radyo"}))


def merged(deal: Deal, person: Any) -> None:
    parties.merge(another(), party_of(deal), because="Renamed.", actor=person)


def split(deal: Deal, person: Any) -> None:
    officer = factories.compliance_officer()
    merge = parties.merge(another(), party_of(deal), because="Renamed.", actor=officer)
    agreed(parties.ask_split(merge, because="Two firms.", actor=officer), actor=person)


def told_apart(deal: Deal, person: Any) -> None:
    parties.ask_apart(another(), party_of(deal), because="Two firms.", source="", actor=person)


def of_another_name(deal: Deal, person: Any) -> None:
    """What is known of one name holds in deals of the other."""
    other = another()
    parties.merge(other, party_of(deal), because="Same.", actor=factories.compliance_officer())
    known_of(other, value="alleged", actor=person)


SAID = (raised, asked, took_back_with_another, merged, split, told_apart, of_another_name)


@pytest.fixture
def person() -> Any:
    return factories.person(access.COMPLIANCE, access.SENIOR)


@pytest.mark.parametrize("said", SAID)
def test_who_spoke_of_a_party_looks_at_none_of_its_deals(
    client: Client, said: Callable[[Deal, Any], None], person: Any
) -> None:
    deal = factories.deal_in_review()
    assert deal in queue.takeable(person)
    said(deal, person)
    with pytest.raises(NotAllowed, match=WHY):
        reviewing.claim_deal(deal, actor=person)
    assert not Review.objects.exists()
    assert deal not in queue.takeable(person)
    assert person not in mail.reviewers_for(deal)
    client.force_login(person)
    assert client.get(f"/reviews/{deal.pk}/").status_code == 404
    vote_on(deal, actor=factories.senior())


@pytest.mark.parametrize("said", [raised, took_back_with_another, split, of_another_name])
def test_postgresql_refuses_the_claim(said: Callable[[Deal, Any], None], person: Any) -> None:
    deal = factories.deal_in_review()
    said(deal, person)
    until = timezone.now() + timedelta(minutes=5)
    with pytest.raises(IntegrityError, match="claimed by somebody who may"), transaction.atomic():
        Review.objects.create(
            deal=deal, screening=deal.screening, level="senior", claimed_by=person,
            claimed_until=until,
        )  # fmt: skip


def test_in_a_later_deal_too(person: Any) -> None:
    first = factories.deal_in_review()
    raised(first, person)
    later = factories.sent_deal(dict(first.answers), alone=False)
    with pytest.raises(NotAllowed, match=WHY):
        reviewing.claim_deal(later, actor=person)


def test_a_vote_that_was_given_before_counts_no_more(person: Any) -> None:
    deal = factories.deal_in_review()
    vote_on(deal, actor=person, verdict="approve_with_conditions", conditions=[factories.duty()])
    raised(deal, person)
    review = Review.objects.current_of(deal)
    assert review is not None
    assert reviewing.verbs.may_no_longer_vote(review)
    vote_on(deal, actor=factories.senior())
    deal.refresh_from_db()
    assert deal.status == "in_review"


def test_compliance_goes_on_with_deals_of_parties_that_it_knows(client: Client) -> None:
    officer = factories.compliance_officer()
    deal = factories.deal_for_compliance()
    raised(deal, officer)
    client.force_login(officer)
    assert deal.reference in client.get("/compliance/").content.decode()
    factories.ruled(deal, "legal_basis_status", "verified", actor=officer)


def test_of_somebody_else_it_is_no_hindrance(person: Any) -> None:
    deal = factories.deal_in_review()
    known_of(another(), actor=person)
    assert vote_on(deal, actor=person)
