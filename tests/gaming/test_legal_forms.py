"""The same body under a name with another legal form, or under another name that was merged."""

from dataclasses import replace
from typing import Any

import pytest

from screening import linking
from screening.lifecycle import AFTER_PARTY, AFTER_STOP, Status
from screening.parties import actions as parties
from screening.parties import known
from screening.parties.models import Easing, Party
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
FORMS = ["Pohjola Verkko", "Pohjola Verkko Oy", "Oy Pohjola Verkko Ab", "POHJOLA VERKKO, Ltd."]


def radio(name: str, **more: Any) -> Any:
    return send({**SIMPLE, "customer": name, **more})


@pytest.mark.parametrize("name", [*FORMS, "Pohjola Verkko Oyj"])
def test_every_legal_form_is_the_same_body(name: str) -> None:
    assert linking.key_of_name(name) == "pohjola verkko"


@pytest.mark.parametrize("name", FORMS)
def test_another_legal_form_shakes_off_no_stopped_deal(name: str) -> None:
    stopped = send({**factories.BARRED, "customer": "Pohjola Verkko Oyj"})
    deal = radio(name)
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")
    assert stopped.reference in deal.events().filter(verb="deal.screened").last().payload


@pytest.mark.parametrize("name", FORMS)
def test_another_legal_form_shakes_off_nothing_that_is_known(name: str) -> None:
    factories.reference_data()
    ruled(radio("Pohjola Verkko Oyj"), "adverse_info", "confirmed")
    assert radio(name).status == Status.IN_REVIEW


def test_a_deal_that_was_cleared_is_looked_at_when_the_other_form_is_stopped() -> None:
    deal = radio("Pohjola Verkko")
    assert deal.status == Status.CLEARED
    send({**factories.BARRED, "customer": "Pohjola Verkko Oyj"})
    sweeping.work(AFTER_STOP)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


def test_another_body_still_clears() -> None:
    send({**factories.BARRED, "customer": "Pohjola Verkko Oyj"})
    assert radio("Pohjola Verkkokauppa Oy").status == Status.CLEARED
    assert linking.key_of_name("Oy Ab") == "oy ab"


def test_two_names_of_one_body_follow_the_same_stopped_deal() -> None:
    """Compliance says that both are the same: what was stopped for one counts for the other."""
    send({**factories.BARRED, "customer": "Pohjola Verkko"})
    deal = radio("Northern Network")
    assert deal.status == Status.CLEARED
    parties.merge(
        factories.party_of(deal),
        Party.objects.filter(name="Pohjola Verkko").first(),
        because="The register shows the same number.",
        actor=factories.compliance_officer(),
    )
    sweeping.work(AFTER_PARTY)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW
    assert radio("Northern Network").status == Status.IN_REVIEW


def test_a_cleared_match_holds_for_one_legal_form() -> None:
    deal = radio("Military Works Oy")
    assert deal.turn == "compliance"
    party = factories.party_of(deal)
    named = known.Named("end_user", "Military Works AB", party.key, frozenset({"FI"}), "FI")
    easing = parties.ask_cleared_match(
        party,
        hits=parties.hits_of(party),
        because="It builds machines.",
        source="Register of companies",
        source_date=None,
        review_by=factories.timezone.localdate() + factories.timedelta(days=90),
        actor=factories.compliance_officer(),
    )
    factories.agreed(easing)
    assert Easing.objects.holding().count() == 1
    assert known.of_deal([], [named]).cleared == {}
    assert known.of_deal([], [replace(named, name="Military Works OY")]).cleared != {}
