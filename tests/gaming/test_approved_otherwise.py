"""A list makes the facts of an approved deal graver, at the level at which it was approved.

Whoever approved it saw none of that; such deals stayed approved once.
"""

from typing import Any

import pytest

from policy import actions as governing
from reviews import actions as reviewing
from screening import actions
from screening.lifecycle import Status
from screening.models import Deal, Screening
from screening.sweep import rescreen
from tests import factories
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
#: Radio for border guards in a country of low risk: S14 alone.
BORDER: dict[str, Any] = {
    **factories.SENIOR,
    **factories.in_country("FI"),
    "purposes": ["border_control"],
}


def approved() -> Deal:
    deal = send(BORDER)
    assert rules(deal) == {"S14"}
    factories.vote_on(deal, actor=factories.senior())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED
    return deal


def rules(deal: Deal) -> set[str]:
    return set(deal.last_screening.findings.values_list("rule", flat=True))


@pytest.mark.parametrize("sweeps", [True, False], ids=["sweep", "alone"])
def test_a_rule_that_nobody_looked_at_returns_it_to_review(*, sweeps: bool) -> None:
    deal = approved()
    sweeping.prepare(sweeping.rated({"FI": "low high"}))()
    if sweeps:
        sweeping.work(governing.RESCREEN)
        sweeping.work(rescreen.RESCREEN_PART)
    else:
        cause = Screening.Cause.VERSION
        actions.rescreen_deal(deal, cause=cause, because="The ratings changed.")
    deal.refresh_from_db()
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")
    assert rules(deal) == {"S01", "S14"}
    assert deal.audit_verbs()[-1] == "deal.reopened_for_review"
    reviewing.claim_deal(deal, actor=factories.senior())


def test_the_same_rules_for_other_facts_leave_it_approved() -> None:
    deal = approved()
    sweeping.prepare(sweeping.rated({"FI": "low medium"}))()
    actions.rescreen_deal(deal, cause=Screening.Cause.VERSION, because="The ratings changed.")
    deal.refresh_from_db()
    assert (deal.status, rules(deal)) == (Status.APPROVED, {"S14"})
