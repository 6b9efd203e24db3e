"""Sweeps over many deals: the same as one by one, each exactly once, and no deal stops another."""

import random
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from audit.models import AuditEvent
from audit.refusals import Conflict
from jobs import queue
from jobs.models import Job
from policy import actions as governing
from reviews.demo_deals import OTHERWISE
from screening import actions, following, rescreen
from screening.lifecycle import IllegalMove, Move, Status, move_all
from screening.models import Deal, Screening
from tests import factories
from tests.screening import sweeping

RATINGS = {"FI": "low high", "TR": "very_high low", "KE": "low very_high", "DE": "low medium"}


@pytest.fixture
def demo(db: None, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deals of the demo, in every status."""
    monkeypatch.setattr(
        "config.management.commands.demo_people.ACCOUNTS", tmp_path / "accounts.json"
    )
    call_command("demo_people", verbosity=0)
    call_command("load_reference", proposer="paula", activator="pedro", verbosity=0)
    call_command("load_demo", verbosity=0)


def generate(count: int) -> None:
    """Deals of few customers, so that many are linked, some with rulings."""
    draw = random.Random(7)
    officer = factories.compliance_officer()
    kinds = [factories.SIMPLE, factories.SENIOR, factories.EXECUTIVE, factories.CITED,
             factories.DOUBTFUL]  # fmt: skip
    for _ in range(count):
        answers = {**OTHERWISE, **draw.choice(kinds)}
        answers["customer"] = draw.choice(["Orion Tel", "Vega Mobile", "Lyra Army", "Nobody Else"])
        if draw.random() < 0.5:
            answers |= factories.in_country(draw.choice(["KE", "FI", "DE", "TR"]))
        if draw.random() < 0.3:
            answers["services"] = ["supply", "training"]
        deal = factories.sent_deal(answers, alone=False)
        if not deal.is_closed and draw.random() < 0.4:
            fact, value = draw.choice([("adverse_info", "alleged"), ("country_risk", "unrated"),
                                       ("legal_basis_status", "verified")])  # fmt: skip
            actions.rule_fact(deal, fact=fact, value=value, because="Seen.", source="Paper",
                              actor=officer)  # fmt: skip


def one_by_one() -> None:
    for pk in list(rescreen.due().values_list("pk", flat=True)):
        rescreen.screen_one(pk, because="Reference data 2 became active.")


def in_batches() -> None:
    pks = list(rescreen.due().values_list("pk", flat=True))
    assert not rescreen.screen_part(pks, because="Reference data 2 became active.")


def undone(sweep: Any) -> dict[str, Any]:
    """What the sweep leaves behind; then nothing happened."""
    since = AuditEvent.objects.latest("pk").pk
    place = transaction.savepoint_create()
    sweep()
    found = sweeping.trail(since)
    assert not rescreen.due().exists()
    transaction.savepoint_rollback(place)
    return found


@pytest.mark.parametrize(
    "content",
    [lambda: sweeping.rated(RATINGS), lambda: sweeping.rulebook(sweeping.STRICTER)],
    ids=["countries", "rulebook"],
)
def test_many_at_once_are_screened_as_one_by_one(demo: None, content: Any) -> None:
    generate(30)
    sweeping.prepare(content())()
    before = Screening.objects.count()
    singly, together = undone(one_by_one), undone(in_batches)
    assert singly.keys() == together.keys()
    for reference, one in singly.items():
        assert together[reference] == one
    assert Screening.objects.count() == before
    moved = [one for one in singly.values() if len(one["events"]) > 1]
    assert moved


def test_a_level_that_rises_in_a_sweep_is_told(db: None) -> None:
    deal = factories.sent_deal({**factories.EXECUTIVE, **factories.in_country("KE")})
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")
    senior, executive = factories.senior(), factories.executive()
    sweeping.prepare(sweeping.rated({"KE": "low very_high"}))()
    in_batches()
    deal.refresh_from_db()
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "executive")
    assert deal.audit_verbs()[-2:] == ["deal.screened", "deal.review_raised"]
    told = set(deal.notifications.values_list("to", flat=True))
    assert executive.pk in told
    assert senior.pk not in told


class TestManyMoves:
    def test_one_that_is_not_legal_stops_all(self, db: None) -> None:
        good, bad = factories.cleared_deal(), factories.barred_deal()
        with pytest.raises(IllegalMove, match="barred cannot become cleared"):
            move_all(
                [Move(good, Status.IN_REVIEW), Move(bad, Status.CLEARED)],
                actor="system", because="test",
            )  # fmt: skip
        good.refresh_from_db()
        assert good.status == Status.CLEARED
        assert "deal.reopened_for_review" not in good.audit_verbs()

    def test_the_status_under_the_lock_counts(self, db: None) -> None:
        deal = factories.cleared_deal()
        stale = Deal.objects.get(pk=deal.pk)
        actions.lapse_deal(deal, because="Over.")
        move_all([Move(stale, Status.IN_REVIEW)], actor="system", because="test")
        assert deal.audit_verbs()[-1] == "deal.review_needed"

    def test_a_deal_that_is_named_twice_is_refused(self, db: None) -> None:
        deal = factories.cleared_deal()
        twice = [Move(deal, Status.IN_REVIEW), Move(deal, Status.BARRED)]
        with pytest.raises(IllegalMove, match="named twice"):
            move_all(twice, actor="system", because="test")


def test_what_postgresql_refuses_of_one_deal_stops_no_other(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    deals = [factories.cleared_deal() for _ in range(3)]
    sweeping.prepare(sweeping.rated({"FI": "low high"}))()
    # As if the tables in Python were wrong, and only PostgreSQL knew better.
    monkeypatch.setitem(following.STATUS_OF, "senior_review", Status.APPROVED)
    monkeypatch.setattr("screening.lifecycle.check_move", lambda start, to: None)
    monkeypatch.setattr("screening.lifecycle.VERB", {
        (Status.CLEARED, Status.APPROVED): "deal.approved"
    })  # fmt: skip
    failed = rescreen.screen_part([deal.pk for deal in deals], because="test")
    assert set(failed) == {deal.pk for deal in deals}
    assert all("no decision of the newest screening" in why for why in failed.values())
    monkeypatch.undo()
    assert rescreen.due().count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_screen_each_deal_once() -> None:
    factories.reference_data()
    deals = [factories.cleared_deal() for _ in range(12)]
    activate = sweeping.prepare(sweeping.rated({"FI": "low high"}))
    activate()
    sweeping.work(governing.RESCREEN)
    job = Job.objects.get(kind=rescreen.CHUNK)
    ready = threading.Barrier(2)
    failed: list[Any] = []

    def sweep() -> None:
        try:
            ready.wait()
            pks = [deal.pk for deal in deals]
            failed.append(rescreen.screen_part(pks, because="test"))
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [{}, {}]
    assert queue.perform(job.pk)
    for deal in deals:
        assert Screening.objects.filter(revision__deal=deal).count() == 2
        assert deal.audit_verbs().count("deal.reopened_for_review") == 1


def test_a_worker_knows_the_jobs_of_a_sweep() -> None:
    """By starting as a worker starts, in a process of its own."""
    found = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()\n"
         "from jobs.queue import PERFORMERS; print(*PERFORMERS)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert {governing.RESCREEN, rescreen.CHUNK} <= set(found.stdout.split())


def test_a_deal_that_is_closed_is_not_due(db: None) -> None:
    deal = factories.barred_deal()
    sweeping.prepare(sweeping.rated({"FI": "low high"}))()
    assert not rescreen.due().exists()
    with pytest.raises(Conflict):
        actions.rescreen_deal(deal, cause="version", because="test")
