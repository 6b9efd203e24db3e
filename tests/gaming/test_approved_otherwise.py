"""A list makes the facts of an approved deal graver, at the level at which it was approved.

Whoever approved it saw none of that; such deals stayed approved once.
"""

import json
from typing import Any

import pytest

from policy import actions as governing
from policy.governance import proposals
from policy.governance.versions import Content
from policy.models import Kind
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


#: A location server for an operator in a country of medium risk: S06 alone.
LOCATION: dict[str, Any] = {
    **BORDER,
    **factories.in_country("AL"),
    "products": ["location-server"],
    "purposes": ["commercial_service"],
    "handover": "no",
    "stores": "no",
    "analyses": "no",
    "intelligence-access": "no",
    "restricts": {"answer": "no", "text": ""},
    "follows": {"answer": "no", "text": ""},
    "law-conflict": {"answer": "no", "text": ""},
}
SERVER = "- id: location-server\n        name: Location server\n        capabilities: [{}]"


def able(capabilities: str) -> Content:
    """The shipped catalogue with a location server that can do this."""
    written = json.loads(sweeping.shipped(Kind.CATALOGUE).text)["catalogue"]
    changes = (
        (SERVER.format("location_platform"), SERVER.format(capabilities)),
        ('label: "1.0"', 'label: "2.0"'),
    )
    for old, new in changes:
        assert written.count(old) == 1
        written = written.replace(old, new)
    return proposals.read(Kind.CATALOGUE, written, proposals.About())


@pytest.mark.parametrize(
    ("capabilities", "status"),
    [
        ("location_platform, sms_content_inspection", Status.IN_REVIEW),
        ("location_platform, iot_connectivity", Status.APPROVED),
    ],
)
def test_a_capability_more_of_which_a_rule_speaks_returns_it(
    capabilities: str, status: Status
) -> None:
    deal = send(LOCATION)
    assert rules(deal) == {"S06"}
    factories.vote_on(deal, actor=factories.senior())
    sweeping.prepare(able(capabilities))()
    sweeping.work(governing.RESCREEN)
    sweeping.work(rescreen.RESCREEN_PART)
    deal.refresh_from_db()
    assert (deal.status, rules(deal)) == (status, {"S06"})


def test_the_same_rules_for_other_facts_leave_it_approved() -> None:
    deal = approved()
    sweeping.prepare(sweeping.rated({"FI": "low medium"}))()
    actions.rescreen_deal(deal, cause=Screening.Cause.VERSION, because="The ratings changed.")
    deal.refresh_from_db()
    assert (deal.status, rules(deal)) == (Status.APPROVED, {"S14"})
