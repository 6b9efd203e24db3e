"""Other deals of the same end user: what they add, their law, and that no one of them is missed."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from screening import actions
from screening.lifecycle import Status
from screening.models import Deal
from screening.sweep import rescreen
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import CORE, complete, fact, send, send_draft
from tests.waiting import until_somebody_waits

pytestmark = pytest.mark.django_db
RADIO = {**SIMPLE, "customer": CORE["customer"]}


def core(**more: Any) -> Deal:
    return send({**CORE, **more})


def verified_core(**more: Any) -> Deal:
    deal = core(**more)
    ruled(deal, "legal_basis_status", "verified")
    return deal


def capabilities(deal: Deal) -> set[str]:
    return set(fact(deal, "capabilities"))


# --- The law comes along --------------------------------------------------------------------------


def test_radio_clears_when_the_operator_has_a_core_under_verified_law():
    deal = verified_core()
    radio = send(RADIO)
    assert radio.status == Status.CLEARED
    assert "li_interface" in capabilities(radio)
    assert fact(radio, "legal_obligation") is True
    assert fact(radio, "legal_basis_status") == "verified"
    for name in ("legal_obligation", "legal_basis", "legal_basis_status"):
        assert deal.reference in radio.screening.sources[name]["note"]


def test_a_core_whose_law_is_not_verified_asks_compliance_and_never_sales():
    first = core()
    radio = send(RADIO)
    assert (radio.status, radio.turn) == (Status.NEEDS_INFORMATION, "compliance")
    assert not radio.screening.asks_sales
    assert first.reference in fact(radio, "conflict_note")


def test_a_core_whose_obligation_nobody_knows_asks_compliance_and_never_sales():
    core(obligation="?")
    radio = send(RADIO)
    assert radio.turn == "compliance"


def test_when_the_law_is_verified_the_radio_deal_goes_on():
    first = core()
    radio = send(RADIO)
    ruled(first, "legal_basis_status", "verified")
    sweeping.work(actions.AFTER_RULING)
    radio.refresh_from_db()
    assert radio.status == Status.CLEARED


def test_a_cleared_radio_deal_stays_so_when_a_core_follows_and_a_version_comes():
    radio = send(RADIO)
    verified_core()
    sweeping.prepare(sweeping.rated({"KE": "low high"}))()
    sweeping.work(rescreen.RESCREEN)
    sweeping.work(rescreen.RESCREEN_PART)
    radio.refresh_from_db()
    assert radio.status == Status.CLEARED
    assert radio.audit_verbs().count("deal.screened") == 2


def test_a_core_of_its_own_needs_a_law_of_its_own():
    verified_core()
    second = core()
    assert fact(second, "legal_basis_status") == "cited"
    assert second.turn == "compliance"


def test_a_law_that_is_taken_back_no_longer_comes_along():
    first = verified_core()
    radio = send(RADIO)
    ruled(first, "legal_basis_status", "none")
    sweeping.work(actions.AFTER_RULING)
    radio.refresh_from_db()
    assert radio.status != Status.CLEARED
    assert not radio.screening.asks_sales


def test_a_law_that_was_doubted_once_and_verified_by_somebody_else_comes_along():
    first = verified_core()
    ruled(first, "legal_basis_status", "none")
    ruled(first, "legal_basis_status", "verified")
    radio = send(RADIO)
    assert radio.status == Status.CLEARED


def test_a_law_that_compliance_refuses_in_this_deal_does_not_ask_sales():
    verified_core()
    radio = send(RADIO)
    ruled(radio, "legal_basis_status", "none")
    assert radio.turn == "compliance"
    assert not radio.screening.asks_sales


def test_what_a_linked_deal_contains_counts_for_reviews():
    """Interception in a country of medium risk is looked at, whichever deal it came with."""
    place = factories.in_country("AL")
    verified_core(**place)
    radio = send({**RADIO, **place})
    assert radio.status == Status.IN_REVIEW
    assert "S02" in radio.screening.findings.values_list("rule", flat=True)


# --- Which deals are linked -----------------------------------------------------------------------


def test_a_bare_name_in_another_country_adds_nothing():
    core()
    radio = send({**RADIO, **factories.in_country("SE")})
    assert radio.status == Status.CLEARED
    assert "li_interface" not in capabilities(radio)


@pytest.mark.parametrize(
    "place",
    [
        {"customer-country": "SE"},
        {"run-from": {"run": "SE", "records": "SE"}},
        {"elsewhere": {"answer": "?", "places": []}},
    ],
    ids=["customer", "run from", "not known"],
)
def test_one_country_in_common_is_enough(place):
    verified_core()
    radio = send(
        {
            **RADIO,
            **factories.in_country("SE"),
            **place,
            **(
                {"countries": [{"place": "FI", "site": ""}]}
                if "customer-country" in place or "run-from" in place
                else {}
            ),
        }
    )
    assert "li_interface" in capabilities(radio)


def test_what_came_from_a_deal_goes_with_it():
    """Two deals that only inherited a core do not keep it alive for each other."""
    first = verified_core()
    radios = [send(RADIO), send(RADIO)]
    assert all("li_interface" in capabilities(deal) for deal in radios)
    actions.withdraw_deal(first, because="No.", actor=first.owner)
    third = send(RADIO)
    assert "li_interface" not in capabilities(third)


# --- At the same moment ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_deals_sent_in_the_same_moment_see_each_other():
    factories.reference_data()
    drafts = [factories.draft_deal(answers=answers) for answers in (CORE, RADIO)]
    for draft in drafts:
        complete(draft)
    inside, release = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                send_draft(Deal.objects.get(pk=drafts[0].pk))
                inside.set()
                release.wait(10)
        finally:
            connection.close()

    def second() -> None:
        try:
            send_draft(Deal.objects.get(pk=drafts[1].pk))
        finally:
            connection.close()

    one = threading.Thread(target=first)
    one.start()
    assert inside.wait(30)
    other = threading.Thread(target=second)
    other.start()
    until_somebody_waits()
    assert other.is_alive(), "it waits for the first"
    release.set()
    one.join()
    other.join()
    radio = Deal.objects.get(pk=drafts[1].pk)
    assert radio.turn == "compliance"
    assert drafts[0].reference in fact(radio, "conflict_note")
