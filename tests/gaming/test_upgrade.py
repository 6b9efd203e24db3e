"""Deals that an older program cleared: the upgrade screens them again, without an activation."""

import importlib
from collections.abc import Callable

import pytest
from django.apps import apps
from django.core.management import call_command

from audit.ledger import digest
from jobs.models import Job
from screening.lifecycle import Status
from screening.models import Deal, FactRuling
from screening.sweep import rescreen
from screening.sweep.backtest import LIVE
from tests import factories
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import CORE, send

pytestmark = pytest.mark.django_db
migration = importlib.import_module("screening.migrations.0009_screen_after_upgrade")
newest = importlib.import_module("screening.migrations.0034_screen_for_territories_in_words")


def cleared_by_an_old_ruling(mighty: Callable[..., None]) -> Deal:
    """The rows as an older program left them: its rulings named no answers."""
    deal = send(CORE)
    FactRuling.objects.create(
        deal=deal,
        fact="legal_basis_status",
        value_text='"verified"',
        because="Verified.",
        source="Official gazette",
        ruled_by=factories.compliance_officer(),
    )
    text = deal.last_screening.facts_text.replace('"cited"', '"verified"')
    mighty(
        "screening_screening",
        "UPDATE screening_screening SET outcome = 'clear', asks_compliance = false,"
        " facts_text = %s, facts_digest = %s WHERE id = %s",
        [text, digest(text), deal.last_screening.pk],
    )
    mighty(
        "screening_deal",
        "UPDATE screening_deal SET status = 'cleared', valid_until = now() + interval '1 day'"
        " WHERE id = %s",
        [deal.pk],
    )
    return deal


def upgraded(deal: Deal) -> Deal:
    migration.screen_again(apps, None)
    for kind in (rescreen.UPGRADED, rescreen.UPGRADED_PART):
        sweeping.work(kind)
    deal.refresh_from_db()
    return deal


def test_the_migrations_know_the_deals_that_still_count() -> None:
    assert set(migration.LIVE) == set(newest.LIVE) == set(LIVE)


def test_what_nobody_read_before_is_read_now() -> None:
    send(SIMPLE)
    newest.screen_again(apps, None)
    assert Job.objects.filter(kind=rescreen.UPGRADED, key="territories in words").count() == 1


def test_a_new_installation_has_nothing_to_screen() -> None:
    migration.screen_again(apps, None)
    newest.screen_again(apps, None)
    assert not Job.objects.filter(kind=rescreen.UPGRADED).exists()


def test_an_old_milder_ruling_no_longer_keeps_a_deal_cleared(mighty: Callable[..., None]) -> None:
    deal = cleared_by_an_old_ruling(mighty)
    deal = upgraded(deal)
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
    assert "newer version of the program" in deal.why(verb="deal.reopened_for_information")


def test_a_deal_cleared_before_another_one_was_stopped_is_reopened() -> None:
    name = {"customer": "Pohjola Verkko"}
    deal = send({**SIMPLE, **name})
    send({**factories.BARRED, **name})
    for job in Job.objects.unfinished():
        job.cancel()
    assert upgraded(deal).status == Status.IN_REVIEW


def test_what_says_the_same_is_left_alone_and_a_second_run_finds_nothing() -> None:
    deal = send(SIMPLE)
    assert upgraded(deal).status == Status.CLEARED
    call_command("screen_again")
    assert upgraded(deal).audit_verbs().count("deal.screened") == 1
