"""Deals of one end user that are sent in the same moment, over connections of their own."""

import threading
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction

from jobs.models import Job
from screening import actions
from screening.lifecycle import AFTER_PARTY, AFTER_STOP, Status
from screening.models import Deal
from screening.parties import actions as parties
from screening.parties.models import DealParty, Party
from screening.sweep.rescreen import screen_after_stop
from tests import factories
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import CORE, complete

ROUNDS = 30
AREAS = (
    *("Lounais", "Koillis", "Kaakkois", "Luoteis", "Saimaan", "Pielisen", "Kainuun", "Vuoksen"),
    *("Savonlinnan", "Kymenlaakson"),
)


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
def test_two_spellings_of_one_end_user_see_each_other_10_of_10():
    """Both are stopped; whichever comes second follows the first, although a letter is wrong."""
    factories.reference_data()
    spelt = [(f"{area} Verkko", f"{area} Verkka") for area in AREAS]
    pairs = [tuple(draft(factories.BARRED, name) for name in names) for names in spelt]
    for one, other in pairs:
        at_once(lambda one=one: send(one), lambda other=other: send(other))
    for pair in pairs:
        for deal in pair:
            deal.refresh_from_db()
        follows = [deal.last_screening.facts[0]["follows_stopped_deal"] for deal in pair]
        assert follows.count(True) == 1, [deal.customer for deal in pair]


@pytest.mark.django_db(transaction=True)
def test_who_is_spelt_otherwise_waits_and_a_stranger_does_not():
    with transaction.atomic():
        parties.lock_names(["Lounais Verkko"])
        for name, waits in (
            ("Lounais Verkko", True),
            ("Lounais Verko", True),
            ("Verkko Lounais Group", True),
            ("Nordic Radio t/a Lounais Verkka", True),
            ("Elisa", False),
        ):
            told = []
            at_once(lambda name=name, told=told: told.append(has_to_wait(name)))
            assert told == [waits], name


def has_to_wait(name: str) -> bool:
    def lock() -> None:
        with transaction.atomic():
            parties.lock_names([name])

    return waits(lock)


def waits(work) -> bool:
    """Whether it would wait for a lock, over a connection that nobody uses afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    try:
        work()
    except OperationalError:
        return True
    return False


@pytest.mark.django_db(transaction=True)
def test_a_stop_waits_for_a_deal_that_is_sent_under_another_spelling():
    """By the name as it was written: its key does not say where one name ends."""
    factories.reference_data()
    stopped = draft(factories.BARRED, "Nordic Radio t/a Lounais Verkko")
    send(stopped)
    job = Job.objects.get(kind=AFTER_STOP, args__deal=stopped.pk)
    for name, expected in (("Lounais Verkka", True), ("Elisa", False)):
        told = []
        with transaction.atomic():
            parties.lock_names([name])
            at_once(lambda told=told: told.append(waits(lambda: screen_after_stop(job))))
        assert told == [expected], name


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
