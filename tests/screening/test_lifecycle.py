"""Every pair of statuses, through the only writer and by raw SQL, and the table against both."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from audit.models import SYSTEM, AuditEvent
from screening import lifecycle
from screening.lifecycle import MOVES, OWNER, VERB, IllegalMove, Status
from screening.models import Deal
from tests import factories

PAIRS = [(start, to) for start in Status for to in Status]
LEGAL = {(start, to) for start, targets in MOVES.items() for to in targets}
GUARDS = Path(lifecycle.__file__).parent / "migrations" / "0002_guards.py"


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


def test_the_database_guard_holds_the_same_pairs():
    pairs = re.findall(r"\('(\w+)', '(\w+)'\)", GUARDS.read_text())
    assert {(Status(start), Status(to)) for start, to in pairs} == LEGAL
    assert len(pairs) == len(LEGAL)


def test_the_diagram_is_the_table(capsys):
    call_command("statemachine")
    printed = capsys.readouterr().out
    assert all(f"{start} --> {to}\n" in printed for start, to in LEGAL)
    assert printed.count(" --> ") == len(LEGAL) + 1 + len(lifecycle.CLOSED)


def trial_status(start: Status, superuser_url: str, deal: Deal) -> None:
    """Put the deal into a status without walking there; triggers are off for this one write."""
    import psycopg2  # noqa: TID251  a login of its own, not Django's

    link = psycopg2.connect(superuser_url)
    with link, link.cursor() as cursor:
        cursor.execute("ALTER TABLE screening_deal DISABLE TRIGGER USER")
        cursor.execute("UPDATE screening_deal SET status = %s WHERE id = %s", [start, deal.pk])
        cursor.execute("ALTER TABLE screening_deal ENABLE ALWAYS TRIGGER deal_status_guard")
        cursor.execute("ALTER TABLE screening_deal ENABLE ALWAYS TRIGGER approval_guard")
    link.close()


@pytest.mark.django_db(transaction=True)
def test_each_pair_by_action_and_by_sql(superuser_url):
    deal = factories.barred_deal()
    for start, to in PAIRS:
        if start == to:
            continue
        trial_status(start, superuser_url, deal)
        deal.refresh_from_db()
        _try_by_action(deal, start, to)
        trial_status(start, superuser_url, deal)
        _try_by_sql(deal, start, to)


def _try_by_action(deal: Deal, start: Status, to: Status) -> None:
    before = AuditEvent.objects.count()
    if (start, to) not in LEGAL:
        with pytest.raises(IllegalMove, match="cannot become"):
            lifecycle.move(deal, to, actor=SYSTEM, because="test")
    elif to in DECIDED:
        with pytest.raises(IntegrityError, match="no decision"):
            lifecycle.move(deal, to, actor=SYSTEM, because="test")
    else:
        lifecycle.move(deal, to, actor=SYSTEM, because="test")
        assert deal.audit_verbs()[-1] == VERB[start, to]
        assert Deal.objects.get(pk=deal.pk).status == to
        assert AuditEvent.objects.count() == before + 1
        return
    assert Deal.objects.get(pk=deal.pk).status == start
    assert AuditEvent.objects.count() == before


def _try_by_sql(deal: Deal, start: Status, to: Status) -> None:
    if (start, to) in LEGAL and to not in DECIDED:
        assert Deal.objects.filter(pk=deal.pk).update(status=to) == 1
        return
    with pytest.raises(IntegrityError), transaction.atomic():
        Deal.objects.filter(pk=deal.pk).update(status=to)
    assert Deal.objects.get(pk=deal.pk).status == start


@pytest.mark.parametrize("status", [status for status in Status if status != Status.DRAFT])
def test_a_deal_begins_as_a_draft(db, status):
    owner = factories.sales_person()
    with pytest.raises(IntegrityError, match="begins as a draft"):
        Deal.objects.create(owner=owner, team=owner.sales_teams.get(), status=status)


def test_only_a_draft_is_deleted(deal):
    with (
        pytest.raises(IntegrityError, match="only a draft"),
        transaction.atomic(),
        connection.cursor() as cursor,
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
    lifecycle.move(stale, Status.IN_REVIEW, actor=SYSTEM, because="Sent again.")
    event = stale.events().last()
    assert event.verb == "deal.review_needed", "not reopened: it had lapsed"
    assert '"from":"lapsed"' in event.payload
