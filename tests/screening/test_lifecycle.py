"""Every pair of statuses, through the only writer and by raw SQL, and the table against both."""

import psycopg2  # noqa: TID251  the error of another login
import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from audit.models import SYSTEM, AuditEvent
from config.devtools import embedded
from policy.engine.language.condition import OUTCOMES, RANK
from screening import following, lifecycle
from screening.lifecycle import MOVES, OWNER, VERB, IllegalMove, Status
from screening.models import LEVEL_OF, Deal
from tests import factories
from tests.unguarded import asleep

PAIRS = [(start, to) for start in Status for to in Status]
LEGAL = {(start, to) for start, targets in MOVES.items() for to in targets}


def path_to(goal: Status) -> list[Status]:
    """The shortest way of legal moves from a draft."""
    ways: list[list[Status]] = [[Status.DRAFT]]
    for way in ways:
        if way[-1] == goal:
            return way[1:]
        ways += [[*way, to] for to in MOVES[way[-1]] if to not in way]
    raise AssertionError(f"{goal} cannot be reached")


# Approvals and rejections also need a decision; the guard for that is tested with the reviews.
DECIDED = {Status.APPROVED, Status.APPROVED_WITH_CONDITIONS, Status.REJECTED}


@pytest.fixture
def deal(db: None) -> Deal:
    return factories.barred_deal()


def test_tables_are_total():
    assert set(MOVES) == set(OWNER) == set(Status)
    assert set(VERB) == LEGAL
    assert len(LEGAL) == 32
    assert all(MOVES[status] == () for status in lifecycle.CLOSED)


def test_every_status_can_be_reached():
    for status in Status:
        assert path_to(status)[-1:] == ([] if status == Status.DRAFT else [status])


def rows(sql: str) -> set[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return set(cursor.fetchall())


def test_the_database_knows_the_same_statuses_and_moves(db):
    assert rows("SELECT start, target, verb FROM deal_move") == {
        (start.value, to.value, verb) for (start, to), verb in VERB.items()
    }
    editable = {Status.DRAFT, Status.NEEDS_INFORMATION, Status.LAPSED}
    assert rows("SELECT status, is_editable, is_clearance, is_closed FROM deal_status") == {
        (one.value, one in editable, one in lifecycle.CLEARANCES, one in lifecycle.CLOSED)
        for one in Status
    }


def test_the_database_knows_the_same_outcomes(db):
    assert rows("SELECT outcome, rank, status, level FROM deal_outcome") == {
        (one, RANK[one], following.STATUS_OF[one].value, LEVEL_OF.get(one, "")) for one in OUTCOMES
    }


def test_the_diagram_is_the_table(capsys):
    call_command("statemachine")
    printed = capsys.readouterr().out
    assert all(f"{start} --> {to}\n" in printed for start, to in LEGAL)
    assert printed.count(" --> ") == len(LEGAL) + 1 + len(lifecycle.CLOSED)


def trial_status(start: Status, superuser_url: str, deal: Deal) -> None:
    """Put the deal into a status without walking there; triggers are off for this one write."""
    with embedded.admin(superuser_url) as cursor:
        cursor.execute("BEGIN")
        with asleep(cursor, "screening_deal"):
            cursor.execute("UPDATE screening_deal SET status = %s WHERE id = %s", [start, deal.pk])
        cursor.execute("COMMIT")


@pytest.mark.django_db(transaction=True)
def test_each_pair_by_action_and_by_sql(superuser_url):
    with connection.cursor() as cursor:
        cursor.execute("SELECT start, target, verb FROM deal_move")
        assert {(start, to): verb for start, to, verb in cursor} == VERB
    deal = factories.deal_in_review()
    for start, to in PAIRS:
        if start == to:
            continue
        trial_status(start, superuser_url, deal)
        deal.refresh_from_db()
        _try_by_action(deal, start, to)
        trial_status(start, superuser_url, deal)
        _try_by_sql(deal, start, to)


#: A move to these needs nothing beside its event.
FREE = {Status.WITHDRAWN, Status.LAPSED}


def _try_by_action(deal: Deal, start: Status, to: Status) -> None:
    before = AuditEvent.objects.count()
    if (start, to) not in LEGAL:
        with pytest.raises(IllegalMove, match="cannot become"):
            lifecycle.move(deal, to, actor=SYSTEM, because="test")
    elif to in FREE:
        lifecycle.move(deal, to, actor=SYSTEM, because="test")
        assert deal.audit_verbs()[-1] == VERB[start, to]
        assert Deal.objects.get(pk=deal.pk).status == to
        assert AuditEvent.objects.count() == before + 1
        return
    else:
        # What a screening or a decision makes of a deal is not made without one.
        words = "no decision" if to in DECIDED else "by a new screening only|waits for information"
        with pytest.raises(IntegrityError, match=words):
            lifecycle.move(deal, to, actor=SYSTEM, because="test")
    assert Deal.objects.get(pk=deal.pk).status == start
    assert AuditEvent.objects.count() == before


def _try_by_sql(deal: Deal, start: Status, to: Status) -> None:
    """Not even a legal move: nothing tells of it."""
    with pytest.raises(IntegrityError), transaction.atomic():
        Deal.objects.filter(pk=deal.pk).update(status=to)
    assert Deal.objects.get(pk=deal.pk).status == start


@pytest.mark.parametrize("status", [status for status in Status if status != Status.DRAFT])
def test_a_deal_begins_as_a_draft(db, status):
    owner = factories.sales_person()
    with pytest.raises(IntegrityError, match="begins as a draft"):
        Deal.objects.create(owner=owner, team=owner.sales_teams.get(), status=status)


def test_only_a_draft_is_deleted(deal):
    AuditEvent.objects.append(subject=deal.subject, actor=SYSTEM, verb="deal.draft_deleted")
    with (
        pytest.raises(IntegrityError, match="only a draft"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT delete_draft(%s)", [deal.pk])
    assert Deal.objects.filter(pk=deal.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_not_even_who_owns_the_tables_deletes_a_sent_deal(owner_url):
    deal = factories.deal_in_review()
    with (
        embedded.admin(owner_url) as cursor,
        pytest.raises(psycopg2.IntegrityError, match="this deal is in_review"),
    ):
        cursor.execute("DELETE FROM screening_deal WHERE id = %s", [deal.pk])
    assert Deal.objects.filter(pk=deal.pk).exists()


def test_when_the_event_fails_nothing_moves(deal, monkeypatch):
    factories.reference_data()
    other = factories.draft_deal()

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the event cannot be written")

    monkeypatch.setattr(AuditEvent.objects.__class__, "append_all", broken)
    with pytest.raises(RuntimeError):
        lifecycle.move(other, Status.WITHDRAWN, actor=SYSTEM, because="test")
    assert Deal.objects.get(pk=other.pk).status == Status.DRAFT


def test_the_status_that_counts_is_the_one_under_the_lock(db):
    deal = factories.cleared_deal()
    stale = Deal.objects.get(pk=deal.pk)
    lifecycle.move(deal, Status.LAPSED, actor=SYSTEM, because="Its time is over.")
    lifecycle.move(stale, Status.WITHDRAWN, actor=SYSTEM, because="Not needed.")
    event = stale.events().last()
    assert event.verb == "deal.withdrawn", "a cleared deal could not be: it had lapsed"
    assert '"from":"lapsed"' in event.payload
