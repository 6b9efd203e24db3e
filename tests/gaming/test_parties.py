"""A paper end user, a reseller, a forwarder: whoever takes part in a deal counts."""

from typing import Any

import pytest

from screening import actions
from screening.lifecycle import AFTER_RULING, AFTER_STOP, Status
from screening.models import Deal
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping
from tests.screening.sweep.sweeping import rated
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
BAD = "Pohjola Verkko"
PAPER = {
    "end-user": {"kind": "private_enterprise", "is_customer": False},
    "end-user-name": "Harmless Retail",
}


def party(name: str, role: str, country: str) -> dict[str, Any]:
    one = {"name": name, "role": role, "country": country}
    return {"intermediaries": {"answer": "yes", "parties": [one]}}


def test_a_harmless_deal_with_known_parties_still_clears() -> None:
    deal = send({**SIMPLE, **PAPER, **party("Nordic Freight", "consignee", "SE")})
    assert deal.status == Status.CLEARED


@pytest.mark.parametrize(
    "answers",
    [
        {**PAPER, "customer": BAD},
        party(BAD, "operator", "FI"),
        {**party(BAD, "reseller", "FI"), "customer-kind": "commercial_operator"},
    ],
    ids=["customer", "operator", "reseller"],
)
class TestTheEndUserOfAnotherDeal:
    def test_a_stopped_one_is_no_longer_hidden_behind_a_paper_end_user(
        self, answers: dict[str, Any]
    ) -> None:
        stopped = send({**factories.BARRED, "customer": BAD})
        deal = send({**SIMPLE, **answers})
        assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")
        assert stopped.reference in deal.events().filter(verb="deal.screened").last().payload

    @pytest.mark.parametrize(
        ("fact", "value"),
        [("adverse_info", "confirmed"), ("end_user_type", "intelligence_security")],
    )
    def test_what_compliance_ruled_is_no_longer_hidden_either(
        self, fact: str, value: str, answers: dict[str, Any]
    ) -> None:
        known = send({**SIMPLE, "customer": BAD})
        ruled(known, fact, value)
        deal = send({**SIMPLE, **answers})
        assert deal.turn == "compliance"
        assert known.reference in deal.screening.facts[0]["conflict_note"]
        ruled(deal, "fact_conflict", value=False)
        deal.refresh_from_db()
        assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize("how", ["stopped", "ruled"])
def test_what_is_learned_of_another_part_later_reaches_a_deal_that_was_sent(how: str) -> None:
    deal = send({**SIMPLE, **PAPER, "customer": BAD})
    assert deal.status == Status.CLEARED
    if how == "stopped":
        send({**factories.BARRED, "customer": BAD})
        sweeping.work(AFTER_STOP)
    else:
        ruled(send({**SIMPLE, "customer": BAD}), "adverse_info", "confirmed")
        sweeping.work(AFTER_RULING)
    deal.refresh_from_db()
    assert deal.status in {Status.IN_REVIEW, Status.NEEDS_INFORMATION}


@pytest.mark.parametrize("kind", ["law_enforcement", "military", "intelligence_security"])
def test_an_armed_body_that_buys_for_somebody_harmless_is_asked_about(kind: str) -> None:
    deal = send({**SIMPLE, **PAPER, "customer-kind": kind})
    assert deal.turn == "compliance"


@pytest.mark.parametrize("role", ["operator", "consignee", "payer", "reseller"])
def test_the_country_of_a_party_counts_as_a_destination(role: str) -> None:
    assert send({**SIMPLE, **party("Foo Trading", role, "BY")}).status == Status.IN_REVIEW


def test_the_country_of_the_customer_counts_as_a_destination() -> None:
    deal = send({**SIMPLE, **PAPER, "customer-country": "BY"})
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")


@pytest.mark.parametrize(
    "answers",
    [{"customer-country": "?"}, {"customer-kind": "?"}, party("Foo Trading", "operator", "?")],
    ids=["customer's country", "customer's kind", "intermediary's country"],
)
def test_what_nobody_knows_of_a_party_asks_sales(answers: dict[str, Any]) -> None:
    deal = send({**SIMPLE, **answers})
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "sales")


def test_a_sweep_sees_the_parties_too() -> None:
    deal = send({**SIMPLE, **PAPER, "customer": BAD})
    assert deal.status == Status.CLEARED
    send({**factories.BARRED, "customer": BAD})
    sweeping.prepare(rated({"FI": "low medium"}))()
    sweeping.work("rescreen")
    sweeping.work("rescreen_chunk")
    assert Deal.objects.get(pk=deal.pk).status == Status.IN_REVIEW


def test_places_named_beside_a_no_count() -> None:
    moved = {"answer": "no", "places": ["BY"]}
    assert send({**SIMPLE, "elsewhere": moved}).status == Status.IN_REVIEW


def test_a_list_of_the_authorities_counts_beside_i_do_not_know() -> None:
    unsure = {"answer": "?", "text": "", "owner": "authorities"}
    deal = send({**SIMPLE, "products": ["core-policy-dpi"], "restricts": unsure})
    assert "content_blocking_state_list" in [one["purpose"] for one in deal.screening.facts]
    assert deal.status != Status.CLEARED


def test_the_deal_of_a_draft_that_was_withdrawn_has_no_parties() -> None:
    factories.reference_data()
    draft = factories.draft_deal(None, {**SIMPLE, "customer": BAD})
    actions.withdraw_deal(draft, because="No.", actor=draft.owner)
    assert send({**SIMPLE, "customer": BAD}).status == Status.CLEARED


def test_a_place_that_is_named_settles_nothing_that_nobody_knows() -> None:
    unsure = {"answer": "?", "places": ["SE"]}
    deal = send({**SIMPLE, "elsewhere": unsure})
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "sales")


def test_whom_somebody_named_beside_a_no_counts() -> None:
    named = {**party("Foo Trading", "operator", "BY")["intermediaries"], "answer": "no"}
    assert send({**SIMPLE, "intermediaries": named}).status == Status.IN_REVIEW
