"""Deals of one end user that are sent in the same moment, over connections of their own."""

import threading
from uuid import uuid4

import pytest
from django.db import connection

from screening import actions
from screening.lifecycle import AFTER_PARTY, Status
from screening.models import Deal
from screening.parties.models import DealParty, Party
from tests import factories
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import CORE, complete

ROUNDS = 30


def at_once(*works):
    """Each in a thread with a connection of its own, all let go in the same moment."""
    start, failed = threading.Barrier(len(works)), []

    def run(work):
        try:
            start.wait(30)
            work()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []


def send(deal: Deal) -> None:
    actions.submit_deal(Deal.objects.get(pk=deal.pk), send_key=uuid4(), actor=deal.owner)


def draft(answers, name: str) -> Deal:
    deal = factories.draft_deal(answers={**answers, "customer": name})
    complete(deal)
    return deal


@pytest.mark.django_db(transaction=True)
def test_two_deals_of_one_end_user_see_each_other_30_of_30():
    """Whichever comes second sees the first: the radio deal alone would clear beside any core."""
    factories.reference_data()
    pairs = [
        (draft(CORE, f"Suomen Verkko {at}"), draft(SIMPLE, f"Suomen Verkko {at}"))
        for at in range(ROUNDS)
    ]
    for core, radio in pairs:
        at_once(lambda core=core: send(core), lambda radio=radio: send(radio))
    for core, radio in pairs:
        for deal in (core, radio):
            deal.refresh_from_db()
        linked = [core.last_screening.linked, radio.last_screening.linked]
        assert True in linked, (core.pk, radio.pk)
        party = Party.objects.get(parts__deal=core, parts__role="end_user")
        assert DealParty.objects.filter(party=party, role="end_user").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_deal_that_is_sent_while_a_finding_is_raised_is_screened_with_it():
    factories.reference_data()
    officer = factories.compliance_officer()
    known = [
        factories.sent_deal({**SIMPLE, "customer": f"Pohja {at}"}, alone=False) for at in range(5)
    ]
    drafts = [draft(SIMPLE, f"Pohja {at}") for at in range(5)]
    for deal, new in zip(known, drafts, strict=True):
        party = factories.party_of(deal)
        at_once(
            lambda party=party: factories.known_of(party, actor=officer), lambda new=new: send(new)
        )
    sweeping.work(AFTER_PARTY)
    for deal in drafts:
        deal.refresh_from_db()
        assert deal.status != Status.CLEARED
