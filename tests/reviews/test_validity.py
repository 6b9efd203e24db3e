"""How long a clearance and an approval hold: a year, and half of one where the risk is high."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from jobs.models import Clock
from screening import following
from screening.lifecycle import Status
from screening.models import Deal, Screening
from tests import factories
from tests.screening.sweep import sweeping

pytestmark = pytest.mark.django_db
YEAR, HALF_A_YEAR = timedelta(days=365), timedelta(days=182)


def holds_for(deal: Deal) -> timedelta:
    deal.refresh_from_db()
    left = deal.valid_until - timezone.now()
    return timedelta(days=round(left / timedelta(days=1)))


def approved(answers: dict[str, Any], *voters: Any, **more: Any) -> Deal:
    deal = factories.sent_deal(answers)
    for voter in voters:
        factories.vote_on(deal, actor=voter, **more)
    deal.refresh_from_db()
    assert deal.is_clearance
    return deal


#: An army in a country of medium or lower risk: senior review by S09.
ARMY = {**factories.EXECUTIVE, **factories.in_country("FI")}


def test_a_clearance_holds_for_a_year() -> None:
    deal = factories.cleared_deal()
    assert deal.screening.facts[0]["country_risk"] == "low"
    assert holds_for(deal) == YEAR


def test_so_does_an_approval_where_the_risk_is_low() -> None:
    assert holds_for(approved(ARMY, factories.senior())) == YEAR


@pytest.mark.usefixtures("nothing_remains")
@pytest.mark.parametrize("tier", ["high", "very_high", "unrated"])
def test_an_approval_in_a_high_risk_country_holds_for_half_a_year(tier: str) -> None:
    factories.reference_data()
    answers = {**factories.SENIOR, **factories.in_country("FI")}
    sweeping.prepare(sweeping.rated({"FI": f"low {tier}"}))() if tier != "unrated" else unrate()
    deal = approved(answers, factories.senior())
    assert deal.screening.facts[0]["country_risk"] == tier
    assert holds_for(deal) == HALF_A_YEAR


def unrate() -> None:
    """Nobody rates any country any more."""
    sweeping.ReferenceVersion.objects.filter(kind="countries").update(retired_at=Clock())


def test_so_does_one_with_conditions_and_one_of_two_executives() -> None:
    seniors, executives = ([make(), make()] for make in (factories.senior, factories.executive))
    conditional = approved(
        factories.SENIOR, *seniors, verdict="approve_with_conditions", conditions=[factories.duty()]
    )
    assert conditional.status == Status.APPROVED_WITH_CONDITIONS
    assert holds_for(conditional) == HALF_A_YEAR
    assert holds_for(approved(factories.EXECUTIVE, *executives)) == HALF_A_YEAR


def test_the_gravest_of_several_destinations_decides() -> None:
    answers = {
        **factories.SENIOR,
        "countries": [{"place": "FI", "site": ""}, {"place": "TR", "site": ""}],
    }
    assert holds_for(approved(answers, factories.senior())) == HALF_A_YEAR


@pytest.mark.parametrize(("tier", "time"), [("low", YEAR), ("high", HALF_A_YEAR)])
def test_a_clearance_for_a_high_risk_country_would_hold_for_half_a_year(
    tier: str, time: timedelta
) -> None:
    """No shipped version clears one; a later one may exempt some, and then this holds."""
    screening = Screening(
        outcome="clear", cause=Screening.Cause.SENT, facts_text=f'[{{"country_risk":"{tier}"}}]'
    )
    course = following.course(Deal(), screening, "")
    assert (course.status, course.valid_for) == (Status.CLEARED, time)
