"""A reviewer or an officer who sells to the end user of a deal that another team sends.

Deals of one end user count in each other, and each of these could once decide on half of a sale of
their own.
"""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from audit.refusals import NotAllowed
from people import access
from reviews import actions as reviewing
from reviews import queue
from screening import actions, mail
from screening.models import Deal, FactRuling
from tests import factories
from tests.factories import ruled, vote_on
from tests.gaming.test_said_elsewhere import RADIO
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
BORDER: dict[str, Any] = {**RADIO, "purposes": ["border_control"]}
REFUSAL = "You or your sales team sell to the end user of this deal"


def seller_with(role: str) -> Any:
    person = factories.person(role, access.SALES)
    factories.join(factories.sales_team(), person)
    return person


def test_who_sells_to_the_end_user_looks_at_none_of_its_deals(client: Client) -> None:
    deal, person = send(BORDER), seller_with(access.SENIOR)
    assert deal in queue.takeable(person)
    send(RADIO, person)
    with pytest.raises(NotAllowed, match=REFUSAL):
        reviewing.claim_deal(deal, actor=person)
    assert deal not in queue.takeable(person)
    assert person not in mail.reviewers_for(deal)
    client.force_login(person)
    assert client.get(f"/reviews/{deal.pk}/").status_code == 404
    assert vote_on(deal, actor=factories.senior())


def test_neither_does_a_colleague_of_the_seller() -> None:
    deal, person = send(BORDER), factories.senior()
    owner = factories.sales_person()
    factories.join(owner.sales_teams.get(), person)
    send(RADIO, owner)
    with pytest.raises(NotAllowed, match=REFUSAL):
        vote_on(deal, actor=person)


def test_a_vote_that_was_given_before_no_longer_counts() -> None:
    deal, person = send(BORDER), seller_with(access.EXECUTIVE)
    first = factories.senior()
    reviewing.claim_deal(deal, actor=first)
    reviewing.pass_up(deal, because="Executives decide.", actor=first)
    vote_on(deal, actor=person)
    send(RADIO, person)
    vote_on(deal, actor=factories.executive())
    deal.refresh_from_db()
    assert deal.status == "in_review"


def test_compliance_that_sells_to_the_end_user_sets_no_fact() -> None:
    deal, officer = send({**RADIO, "state-owned": "?"}), seller_with(access.COMPLIANCE)
    send(RADIO, officer)
    with pytest.raises(NotAllowed, match=REFUSAL):
        ruled(deal, "fact_conflict", value=False, actor=officer)
    with pytest.raises(IntegrityError, match="had a hand in"), transaction.atomic():
        FactRuling.objects.create(
            deal=deal, fact="fact_conflict", value_text="false", because="So.", ruled_by=officer
        )


def draft_of_the_seller(person: Any) -> Deal:
    return factories.draft_deal(person, RADIO)


def closed_before(person: Any) -> Deal:
    deal = send(RADIO, person)
    lapsed = send({**RADIO, "purposes": ["border_control"]}, person)
    actions.withdraw_deal(lapsed, because="Lost.", actor=person)
    actions.lapse_deal(deal, because="A year is over.")
    deal.refresh_from_db()
    actions.withdraw_deal(deal, because="Not renewed.", actor=person)
    return deal


def for_somebody_else(person: Any) -> Deal:
    return send({**RADIO, "customer": "Kainuun Kuitu"}, person)


@pytest.mark.parametrize("sells", [draft_of_the_seller, closed_before, for_somebody_else])
def test_these_are_no_hindrance(sells: Any) -> None:
    person = seller_with(access.SENIOR)
    sells(person)
    assert vote_on(send(BORDER), actor=person)
