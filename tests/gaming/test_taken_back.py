"""What sales knew of an end user, and took back before the deal was decided, or with the deal.

The first deal was looked at for it. A second one, of something graver, was cleared once beside it,
or was looked at without it.
"""

from collections.abc import Callable
from typing import Any

import pytest

from reviews import actions as reviewing
from screening import actions
from screening.lifecycle import AFTER_SAID, Status
from screening.models import Deal
from tests import factories
from tests.gaming.test_said_elsewhere import LOCATION, NO, RADIO, STATE, approve, conflict_note
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import complete, send, send_draft

pytestmark = pytest.mark.django_db
KNOWN: dict[str, Any] = {"reports": {"answer": "yes", "text": "Two papers"}}
ASKED: dict[str, Any] = {"limits-speech": {"answer": "refused", "text": "A filter"}}
REACHED: dict[str, Any] = {**STATE, "intelligence-access": "yes"}
DENIED: dict[str, Any] = {"reports": NO, "limits-speech": NO, "intelligence-access": "no"}


def save(deal: Deal, answers: dict[str, Any]) -> None:
    for slug, value in answers.items():
        if slug in deal.answers:
            actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)


def in_its_draft(said: dict[str, Any], then: dict[str, Any]) -> Deal:
    factories.reference_data()
    deal = factories.draft_deal(answers={**RADIO, **said})
    complete(deal)
    save(deal, then)
    return send_draft(deal)


def asked_by_a_reviewer(said: dict[str, Any], then: dict[str, Any]) -> Deal:
    deal, reviewer = send(said), factories.executive()
    if deal.review_level == "senior":
        reviewer = factories.senior()
    reviewing.claim_deal(deal, actor=reviewer)
    reviewing.ask_sales(deal, questions=[("", "Is it so?")], actor=reviewer)
    deal.refresh_from_db()
    save(deal, then)
    complete(deal)
    return send_draft(deal, {1: "It was a mistake."})


def in_review(said: dict[str, Any], then: dict[str, Any]) -> Deal:
    return asked_by_a_reviewer({**RADIO, **said}, then)


@pytest.mark.parametrize("take_back", [in_its_draft, in_review])
@pytest.mark.parametrize(
    ("said", "number"),
    [(KNOWN, "5.1"), (ASKED, "4.9"), (REACHED, "2.6")],
    ids=["5.1", "4.9", "2.6"],
)
def test_what_was_taken_back_is_asked_about_in_the_next_deal(
    said: dict[str, Any], number: str, take_back: Callable[[Any, Any], Deal]
) -> None:
    first = take_back(said, DENIED)
    approve(first)
    kind = STATE if said is REACHED else {}
    second = send({**LOCATION, **kind})
    assert second.turn == "compliance"
    assert f"answer to {number}" in conflict_note(second)


def test_so_it_is_where_the_next_deal_was_sent_first() -> None:
    second = send(LOCATION)
    assert second.status == Status.CLEARED
    in_its_draft(KNOWN, DENIED)
    sweeping.work(AFTER_SAID)
    second.refresh_from_db()
    assert second.turn == "compliance"


FOR_ANOTHER: dict[str, Any] = {
    **LOCATION,
    "customer-kind": "commercial_operator",
    "end-user": {"kind": "commercial_operator", "is_customer": False},
    "end-user-name": "Kainuun Kuitu",
}


@pytest.mark.parametrize("second", [LOCATION, FOR_ANOTHER], ids=["end user", "signs"])
def test_so_it_is_after_the_first_was_withdrawn(second: dict[str, Any]) -> None:
    """Somebody looks at what follows it anyway, and learns of it."""
    first = send({**RADIO, **KNOWN})
    actions.withdraw_deal(first, because="Lost the tender.", actor=first.owner)
    deal = send(second)
    assert deal.turn == "compliance"
    assert f"{first.reference}, which was withdrawn, says more" in conflict_note(deal)


def test_an_army_that_became_an_operator_is_asked_about() -> None:
    used_by = {"end-user": {"kind": "commercial_operator", "is_customer": True}}
    army = {"end-user": {"kind": "military", "is_customer": True}, "intelligence-access": "no"}
    first = asked_by_a_reviewer({**RADIO, **army}, used_by)
    approve(first)
    second = send(LOCATION)
    assert second.turn == "compliance"
    assert "was for a military body before its answers changed" in conflict_note(second)


def test_a_grave_purpose_that_was_taken_back_is_asked_about_for_the_same_system() -> None:
    grave = {**LOCATION, "purposes": ["crime_investigation"]}
    approve(asked_by_a_reviewer(grave, {"purposes": LOCATION["purposes"]}))
    second = send(LOCATION)
    assert second.turn == "compliance"
    assert "is for crime investigation" in conflict_note(second)


def test_who_did_not_know_and_found_out_took_nothing_back() -> None:
    approve(in_review({"reports": {"answer": "?", "text": ""}}, DENIED))
    assert send(LOCATION).status == Status.CLEARED


def test_other_answers_may_change() -> None:
    approve(in_review({"purposes": ["border_control"]}, {"purposes": RADIO["purposes"]}))
    assert send(RADIO).status == Status.CLEARED


@pytest.mark.parametrize("second", [RADIO, {**RADIO, "products": ["xgs-pon"]}])
def test_what_follows_a_stop_and_is_no_surveillance_goes_to_seniors(second: dict[str, Any]) -> None:
    first = send({**RADIO, **KNOWN})
    actions.withdraw_deal(first, because="Lost the tender.", actor=first.owner)
    deal = send(second)
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")
