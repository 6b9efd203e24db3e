"""A fresh draft beside one that the page had stopped, or after it was deleted: nobody had seen the
first, so it told nobody anything.

Each of the deals that are looked at here was cleared once.
"""

from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from screening import actions
from screening.lifecycle import Status
from screening.models import HALF_A_YEAR, Deal, StoppedDraft
from screening.parties import actions as parties
from tests import factories
from tests.screening.form.answers import ASKED_NOW
from tests.screening.test_rulings import complete, send, send_draft

pytestmark = pytest.mark.django_db
RADIO: dict[str, Any] = {**ASKED_NOW, "customer": "Pohjan Verkko", "customer-country": "FI"}
STOPPED: dict[str, Any] = {**RADIO, "purposes": ["protest_monitoring"]}


def draft(answers: dict[str, Any], owner: Any = None) -> Deal:
    """Answered one by one, as on the pages."""
    factories.reference_data()
    deal = factories.draft_deal(owner, answers)
    complete(deal)
    return deal


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_second_draft_that_says_less_is_looked_at(*, is_deleted: bool) -> None:
    first = draft(STOPPED)
    reference = first.reference
    if is_deleted:
        actions.delete_draft(first, actor=first.owner)
    second = send(RADIO, owner=first.owner)
    assert (second.status, second.review_level) == (Status.IN_REVIEW, "senior")
    said = second.events().filter(verb="deal.screened").last()
    assert said is not None
    why = f"says less than the draft {reference} for the same end user, which the policy stopped"
    assert why in said.payload


def test_whoever_sends_the_second_one() -> None:
    draft(STOPPED)
    other = factories.sales_person(name="somebody-else")
    assert send(RADIO, owner=other).status == Status.IN_REVIEW


def test_under_the_other_name_of_a_body_that_compliance_merged() -> None:
    known = send({**RADIO, "customer": "Pohjan Verkko"})
    other = send({**RADIO, "customer": "Kainuun Kuitu"})
    parties.merge(
        factories.party_of(other),
        factories.party_of(known),
        because="Renamed.",
        actor=factories.compliance_officer(),
    )
    draft(STOPPED)
    assert send({**RADIO, "customer": "Kainuun Kuitu"}).status == Status.IN_REVIEW


@pytest.mark.parametrize("name", ["Pohjan Verkko Group", "Pohjan Verkkko"])
def test_under_another_spelling(name: str) -> None:
    draft(STOPPED)
    assert send({**RADIO, "customer": name}).status == Status.IN_REVIEW


def test_signed_for_another_end_user() -> None:
    draft(STOPPED)
    paper = {"kind": "commercial_operator", "is_customer": False}
    second = {"end-user": paper, "end-user-name": "Savon Radio", "customer-kind": paper["kind"]}
    assert send({**RADIO, **second}).status == Status.IN_REVIEW


def test_stopped_before_any_product_was_chosen() -> None:
    factories.reference_data()
    slugs = ("customer", "customer-country", "end-user", "purposes")
    factories.draft_deal(None, {slug: STOPPED[slug] for slug in slugs})
    assert send(RADIO).status == Status.IN_REVIEW


def waiting_for_sales() -> Deal:
    deal = send({**RADIO, "purposes": ["?"]})
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "sales")
    return deal


def test_beside_what_was_sent_and_then_stopped_before_it_was_sent_again() -> None:
    deal = waiting_for_sales()
    actions.save_answer(deal, slug="purposes", value=STOPPED["purposes"], actor=deal.owner)
    assert send(RADIO, owner=deal.owner).status == Status.IN_REVIEW


def test_a_copy_without_what_sales_said_since_it_was_sent() -> None:
    deal = waiting_for_sales()
    reports = {"answer": "yes", "text": "Torture in custody, 2025"}
    actions.save_answer(deal, slug="reports", value=reports, actor=deal.owner)
    copy = actions.copy_deal(deal, actor=deal.owner)
    for slug in ("purposes", "reports"):
        actions.save_answer(copy, slug=slug, value=RADIO[slug], actor=deal.owner)
    complete(copy)
    assert send_draft(copy).status == Status.IN_REVIEW


@pytest.mark.parametrize(
    "other", [{"products": ["xgs-pon"]}, {"customer": "Kainuun Kuitu"}], ids=["product", "end user"]
)
def test_something_else_or_for_somebody_else_clears(other: dict[str, Any]) -> None:
    draft(STOPPED)
    assert send({**RADIO, **other}).status == Status.CLEARED


LOCATION: dict[str, Any] = {**RADIO, "products": ["location-server"]}
ANALYTICS = {**RADIO, "products": ["customer-analytics"], "intelligence-access": "no"}
AGENCY = {"end-user": {"kind": "intelligence_security", "is_customer": True}}
ARMY = {"products": ["li-gateway"], "end-user": {"kind": "military", "is_customer": True}}
CENSORED = {"limits-speech": {"answer": "included", "text": "A filter"}}


@pytest.mark.parametrize("second", [ANALYTICS, RADIO], ids=["analytics", "radio"])
@pytest.mark.parametrize("said", [AGENCY, ARMY, CENSORED], ids=["agency", "army", "speech"])
def test_what_it_knew_of_the_body_counts_whatever_is_sold(
    said: dict[str, Any], second: dict[str, Any]
) -> None:
    first = draft({**LOCATION, **said})
    actions.delete_draft(first, actor=first.owner)
    assert send(second).status == Status.IN_REVIEW


@pytest.mark.parametrize(
    ("second", "status"), [(ANALYTICS, Status.IN_REVIEW), (RADIO, Status.CLEARED)]
)
def test_a_stop_counts_for_whatever_relates_to_surveillance_too(
    second: dict[str, Any], status: str
) -> None:
    draft({**LOCATION, "purposes": ["population_monitoring"]})
    assert send(second).status == status


def test_beside_a_draft_that_nothing_stopped_it_clears() -> None:
    draft({**RADIO, "purposes": ["border_control"]})
    assert not StoppedDraft.objects.exists()
    assert send(RADIO).status == Status.CLEARED


def test_after_half_a_year_it_counts_no_more() -> None:
    draft(STOPPED)
    with time_machine.travel(timezone.now() + HALF_A_YEAR, tick=False):
        assert send(RADIO).status == Status.CLEARED


def test_what_was_stopped_is_kept_once_and_nobody_takes_it_away() -> None:
    deal = draft(STOPPED)
    actions.save_answer(deal, slug="name", value="Another name", actor=deal.owner)
    assert StoppedDraft.objects.count() == 1
    for change in (
        "DELETE FROM screening_stoppeddraft",
        "UPDATE screening_stoppeddraft SET draft=0",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
