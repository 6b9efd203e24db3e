"""Two reviewers at once on real connections: exactly one wins."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client

from audit.refusals import Conflict, NotAllowed
from reviews import actions
from reviews.models import Decision, Review, Vote
from screening import actions as selling
from screening.models import Deal
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> Counter:
    """Run all acts from one barrier, each on a connection of its own; what came of each."""
    barrier, results = Barrier(len(acts)), []

    def run(act):
        try:
            barrier.wait(10)
            act()
        except (Conflict, NotAllowed) as refusal:
            results.append(type(refusal).__name__)
        else:
            results.append("done")
        finally:
            connection.close()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == len(acts)
    return Counter(results)


def own(deal):
    """The deal as another process would hold it."""
    return Deal.objects.get(pk=deal.pk)


def test_one_of_two_claims_wins():
    deal, people = make.deal_in_review(), [make.senior(), make.senior()]
    for _ in range(3):
        Review.objects.update(claimed_by=None, claimed_until=None)
        found = at_once(*(partial(actions.claim_deal, own(deal), actor=one) for one in people))
        assert found == {"done": 1, "Conflict": 1}
    assert Review.objects.count() == 1


def test_one_of_two_votes_decides_and_the_other_is_told():
    deal, people = make.deal_in_review(), [make.senior(), make.senior()]
    actions.claim_deal(deal, actor=people[0])
    # The lease is over: either may vote now.
    Review.objects.update(claimed_until="2026-01-01T00:00:00Z")

    def vote(one, person):
        return lambda: actions.vote(
            one, screening=one.screening, verdict="approve", because=make.REASONS, actor=person
        )

    found = at_once(*(vote(own(deal), person) for person in people))
    assert found == {"done": 1, "Conflict": 1}
    assert (Vote.objects.count(), Decision.objects.count()) == (1, 1)
    assert own(deal).audit_verbs().count("deal.approved") == 1


def test_a_double_click_is_one_vote():
    deal, person = make.deal_in_review(level="executive"), make.executive()
    actions.claim_deal(deal, actor=person)

    def vote(one):
        return lambda: actions.vote(
            one, screening=one.screening, verdict="approve", because=make.REASONS, actor=person
        )

    found = at_once(vote(own(deal)), vote(own(deal)))
    assert found["done"] == 1
    assert Vote.objects.count() == 1


def test_a_vote_and_a_withdrawal():
    deal, person = make.deal_in_review(), make.senior()
    actions.claim_deal(deal, actor=person)
    one, other = own(deal), own(deal)
    found = at_once(
        lambda: actions.vote(
            one, screening=one.screening, verdict="approve", because=make.REASONS, actor=person
        ),
        lambda: selling.withdraw_deal(other, because="The customer left", actor=other.owner),
    )
    assert found == {"done": 1, "Conflict": 1}
    last = own(deal)
    assert last.status in {"approved", "withdrawn"}
    assert Decision.objects.exists() is (last.status == "approved")


def test_two_who_take_the_next_deal_get_different_ones():
    deals = {make.deal_in_review().pk for _ in range(2)}
    clients = [Client(), Client()]
    for one in clients:
        one.force_login(make.senior())
    found = at_once(*(lambda one=one: one.post("/reviews/next/") for one in clients))
    assert found == {"done": 2}
    held = Review.objects.exclude(claimed_by=None)
    assert set(held.values_list("deal", flat=True)) == deals
    assert held.values("claimed_by").distinct().count() == 2
