"""Time ends clearances: each once, with its event and its mail, and only when it is due."""

from dataclasses import replace
from datetime import date, timedelta

from django.utils import timezone

from jobs.models import Clock
from reviews import tasks
from reviews.actions import Duty, settle_condition
from reviews.models import Condition
from reviews.tasks import lapse_due
from screening.lifecycle import Status
from screening.models import Deal
from tests import factories

DUTY = Duty(text="Remove the export feature", due_on=date(2027, 5, 1), evidence="build log")
LATE = date(2026, 1, 1)


def run_out(deal: Deal) -> None:
    Deal.objects.filter(pk=deal.pk).update(valid_until=Clock() - timedelta(seconds=1))


def conditional_deal(due_on: date = DUTY.due_on) -> Deal:
    """Approved; pages take no day that is over, and the days of these conditions may be."""
    deal = factories.deal_in_review()
    duty = replace(DUTY, due_on=due_on)
    for _ in range(2):
        factories.vote_on(
            deal, actor=factories.senior(), verdict="approve_with_conditions", conditions=[duty]
        )
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED_WITH_CONDITIONS
    return deal


def test_nothing_lapses_early(db):
    factories.cleared_deal()
    factories.approved_deal()
    conditional_deal()
    assert lapse_due() == 0


def test_a_clearance_whose_time_is_over_lapses_once(db):
    for deal in (factories.cleared_deal(), factories.approved_deal()):
        run_out(deal)
        mails = deal.notifications.count()
        assert lapse_due() == 1
        assert lapse_due() == 0
        deal.refresh_from_db()
        assert deal.status == Status.LAPSED
        assert deal.audit_verbs()[-1] == "deal.lapsed"
        assert deal.notifications.count() == mails + 1
        assert "lapsed" in deal.notifications.newest_first()[0].subject


def test_a_condition_that_is_not_met_in_time_ends_the_approval(db):
    deal = conditional_deal(LATE)
    assert lapse_due() == 1
    event = deal.events().last()
    assert event.verb == "deal.lapsed"
    assert "was due on 1 January 2026 and is not met" in event.payload


def test_a_condition_is_not_overdue_on_its_own_day(db):
    today = timezone.now().date()
    conditional_deal(today)
    assert lapse_due() == 0
    conditional_deal(today - timedelta(days=1))
    assert lapse_due() == 1


def test_a_condition_that_was_met_ends_nothing(db):
    deal = conditional_deal(LATE)
    for condition in Condition.objects.filter(decision__deal=deal):
        settle_condition(condition, because="The build log shows it.", actor=factories.senior())
    assert lapse_due() == 0


def test_barred_and_rejected_deals_never_lapse(db):
    for deal in (factories.barred_deal(), factories.rejected_deal()):
        run_out(deal)
    assert lapse_due() == 0


def test_one_deal_that_cannot_lapse_stops_no_other(db, monkeypatch, caplog):
    deals = [factories.cleared_deal() for _ in range(3)]
    for deal in deals:
        run_out(deal)
    broken = min(deal.pk for deal in deals)
    lapse = tasks.lapse_deal

    def lapse_or_break(deal: Deal, **words: object) -> object:
        if deal.pk == broken:
            raise RuntimeError("a trigger of an older version")
        return lapse(deal, **words)

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "lapse_deal", lapse_or_break)
        assert lapse_due() == 2
    assert [record.deal for record in caplog.records if record.msg == "deal not lapsed"] == [broken]
    assert lapse_due() == 1, "it is tried again"


def test_expired_rulings_that_break_stop_no_lapse(db, monkeypatch):
    deal = factories.cleared_deal()
    run_out(deal)

    def broken() -> None:
        raise RuntimeError("an old row")

    monkeypatch.setattr(tasks.parties, "screen_expired", broken)
    assert lapse_due() == 1
