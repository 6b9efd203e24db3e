"""What sales says of an end user in one deal, and leaves unsaid in another one.

Each of the second deals was cleared once, beside the first in review or approved.
"""

from typing import Any

import pytest

from policy import active
from screening import actions
from screening.lifecycle import AFTER_SAID, Status
from screening.models import Deal
from screening.sweep import batch, holding
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import ASKED_NOW
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import complete, send, send_draft

pytestmark = pytest.mark.django_db
NO = {"answer": "no", "text": ""}
RADIO: dict[str, Any] = {**ASKED_NOW, "customer": "Pohjan Verkko", "customer-country": "FI"}
LOCATION: dict[str, Any] = {
    **RADIO,
    "products": ["location-server"],
    "intelligence-access": "no",
    "handover": "no",
    "stores": "no",
    "analyses": "no",
    "restricts": NO,
    "follows": NO,
    "law-conflict": NO,
}
MODULE = {**LOCATION, "products": RADIO["products"], "services": ["custom_development"]}
STATE = {"end-user": {"kind": "state_operator", "is_customer": True}}
#: The first deal, what else the second says, and what is asked about.
UNSAID: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "misuse": ({"reports": {"answer": "yes", "text": "Two papers"}}, {}, "in answer to 5.1"),
    "speech": ({"limits-speech": {"answer": "refused", "text": "A filter"}}, {}, "4.9"),
    "agency": ({**STATE, "intelligence-access": "yes"}, STATE, "in answer to 2.6"),
    "army": (
        {"end-user": {"kind": "military", "is_customer": True}, "intelligence-access": "no"},
        {},
        "is for a military body",
    ),
    "enterprise": (
        {"end-user": {"kind": "private_enterprise", "is_customer": True}},
        {},
        "is for a private enterprise",
    ),
}


def conflict_note(deal: Deal) -> str:
    return str(deal.last_screening.facts[0].get("conflict_note", ""))


def approve(deal: Deal) -> None:
    voters = [factories.senior()]
    if deal.review_level == "executive":
        voters = [factories.executive(), factories.executive()]
    for voter in voters:
        factories.vote_on(deal, actor=voter)


@pytest.mark.parametrize("is_approved", [False, True], ids=["waiting", "approved"])
@pytest.mark.parametrize("case", UNSAID)
def test_a_second_deal_that_says_less_is_asked_about(case: str, *, is_approved: bool) -> None:
    said, also, note = UNSAID[case]
    first = send({**RADIO, **said})
    if is_approved and first.status == Status.IN_REVIEW:
        approve(first)
    second = send({**LOCATION, **also})
    assert second.turn == "compliance"
    assert first.reference in conflict_note(second)
    assert note in conflict_note(second)
    ruled(second, "fact_conflict", value=False)
    second.refresh_from_db()
    assert second.status == Status.IN_REVIEW


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "afterwards"])
def test_what_the_same_product_can_do_is_asked_about(*, is_first: bool) -> None:
    blocks = {"answer": "yes", "text": "Sites on a list", "owner": "none"}
    sent = [{**LOCATION, "restricts": blocks}, LOCATION]
    deals = list(map(send, sent if is_first else sent[::-1]))
    says, unsaid = deals if is_first else deals[::-1]
    if is_first:
        approve(says)
        unsaid = send(LOCATION)
    sweeping.work(AFTER_SAID)
    unsaid.refresh_from_db()
    assert unsaid.turn == "compliance"
    assert f"{says.reference} of the same end user" in conflict_note(unsaid)
    assert "in answer to 4.7" in conflict_note(unsaid)


def test_what_the_catalogue_says_anyway_and_other_products_are_not() -> None:
    finds = {"answer": "yes", "text": "Subscribers who ask"}
    send({**LOCATION, "follows": finds})
    assert send(LOCATION).status == Status.CLEARED
    approve(send({**LOCATION, "restricts": {**finds, "owner": "none"}}))
    assert send({**LOCATION, "products": ["core-exposure"]}).status == Status.CLEARED


@pytest.mark.parametrize(
    ("said", "products", "level"),
    [
        ({"reports": {"answer": "yes", "text": "Two papers"}}, LOCATION["products"], "executive"),
        ({"purposes": ["national_security_monitoring"]}, LOCATION["products"], "executive"),
        ({"purposes": ["crime_investigation"]}, LOCATION["products"], "senior"),
        ({"reports": {"answer": "yes", "text": "Two papers"}}, RADIO["products"], "senior"),
    ],
    ids=["misuse", "national security", "crime", "another product"],
)
def test_what_executives_approved_and_the_next_deal_leaves_unsaid_goes_to_them(
    said: dict[str, Any], products: list[str], level: str
) -> None:
    first = send({**LOCATION, **said})
    approve(first)
    second = send({**LOCATION, "products": products})
    assert second.turn == "compliance"
    ruled(second, "fact_conflict", value=False)
    second.refresh_from_db()
    assert (second.status, second.review_level) == (Status.IN_REVIEW, level)


@pytest.mark.parametrize(
    ("product", "is_asked"),
    [("customer-analytics", True), ("dpi-gateway", False), ("nr-macro", False)],
)
def test_what_finds_people_by_other_means_is_asked_about(product: str, *, is_asked: bool) -> None:
    first = send({**LOCATION, "purposes": ["crime_investigation"]})
    second = send({**LOCATION, "products": [product]})
    assert (second.turn == "compliance") is is_asked
    assert (first.reference in conflict_note(second)) is is_asked
    assert second.review_level == ("senior" if is_asked else "")


PAPER: dict[str, Any] = {
    **RADIO,
    "customer-kind": "commercial_operator",
    "end-user": {"kind": "private_enterprise", "is_customer": False},
    "end-user-name": "Harmless Retail",
}


def with_party(role: str) -> dict[str, Any]:
    party = {"name": RADIO["customer"], "role": role, "country": "FI"}
    named = {"intermediaries": {"answer": "yes", "parties": [party]}}
    return {**RADIO, "customer": "Lakeuden Kaapeli", **named}


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "afterwards"])
@pytest.mark.parametrize("other", [PAPER, with_party("operator")], ids=["customer", "operator"])
@pytest.mark.parametrize("case", ["misuse", "army"])
def test_so_it_is_where_the_end_user_takes_another_part(
    case: str, other: dict[str, Any], *, is_first: bool
) -> None:
    said, _also, _note = UNSAID[case]
    sent = [{**RADIO, **said}, other]
    deals = list(map(send, sent if is_first else sent[::-1]))
    says, unsaid = deals if is_first else deals[::-1]
    sweeping.work(AFTER_SAID)
    unsaid.refresh_from_db()
    assert unsaid.turn == "compliance"
    assert f"takes part, and {says.reference}" in conflict_note(unsaid)


@pytest.mark.parametrize("kind", ["commercial_operator", "utility"])
def test_a_trader_that_uses_something_itself_still_trades(kind: str) -> None:
    send({**RADIO, "end-user": {"kind": kind, "is_customer": True}})
    assert send({**PAPER, "customer-kind": "reseller_integrator"}).status == Status.CLEARED
    assert send(with_party("payer")).status == Status.CLEARED


def test_many_at_once_see_it_as_one_does() -> None:
    unsaid = send(PAPER)
    said = send({**RADIO, **UNSAID["army"][0]})
    result = batch.screen(
        [unsaid.pk, said.pk], Deal.objects.all(), cause="fact", because="Both.", only_changed=True
    )
    assert (result.screened, result.apart, result.failed) == (1, [], {})
    unsaid.refresh_from_db()
    assert unsaid.turn == "compliance"


def test_whoever_is_the_end_user_elsewhere_is_looked_at_in_every_sweep() -> None:
    deal, versions = send(PAPER), active.versions()
    assert holding.held([deal.pk], versions) == {deal.pk}
    send(RADIO)
    assert holding.held([deal.pk], versions) == frozenset()


def test_a_copy_of_an_approved_deal_asks_again_and_no_is_no_answer() -> None:
    first = send({**RADIO, **UNSAID["misuse"][0]})
    approve(first)
    copy = actions.copy_deal(first, actor=first.owner)
    complete(copy)
    assert send_draft(copy).turn == "compliance"


@pytest.mark.parametrize("case", UNSAID)
def test_a_deal_that_was_cleared_first_is_screened_again(case: str) -> None:
    said, also, _note = UNSAID[case]
    first = send({**LOCATION, **also})
    assert first.status == Status.CLEARED
    second = send({**RADIO, **said})
    sweeping.work(AFTER_SAID)
    first.refresh_from_db()
    assert first.turn == "compliance"
    assert second.reference in conflict_note(first)


@pytest.mark.parametrize(
    "first",
    [
        {**RADIO, "reports": {"answer": "yes", "text": "Two papers"}, "customer": "Kainuun Kuitu"},
        {**RADIO, "limits-speech": {"answer": "?", "text": ""}},
        {**RADIO, "end-user": {"kind": "?", "is_customer": True}},
        {**LOCATION, "law-conflict": {"answer": "yes", "text": "Orders without a court"}},
        {**MODULE, "restricts": {"answer": "yes", "text": "Sites on a list", "owner": "none"}},
    ],
    ids=["of another end user", "not known", "kind not known", "law", "of what is built once"],
)
def test_beside_these_radio_clears(first: dict[str, Any]) -> None:
    said = send(first)
    if said.status == Status.IN_REVIEW:
        approve(said)
    assert send(RADIO).status == Status.CLEARED


def test_what_compliance_found_out_about_the_kind_is_what_counts() -> None:
    first = send({**RADIO, "end-user": {"kind": "private_enterprise", "is_customer": True}})
    ruled(first, "end_user_type", "utility")
    second = send({**RADIO, "end-user": {"kind": "utility", "is_customer": True}})
    assert second.status == Status.CLEARED


LISTED: dict[str, Any] = {
    **LOCATION,
    "products": ["dpi-gateway"],
    "purposes": ["content_blocking_state_list"],
}
FOUND: dict[str, Any] = {**LOCATION, "purposes": ["crime_investigation"]}


@pytest.mark.parametrize("answers", [LISTED, FOUND], ids=["list", "crime"])
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "afterwards"])
def test_a_grave_purpose_of_the_same_system_is_asked_about(
    answers: dict[str, Any], *, is_first: bool
) -> None:
    sent = [answers, {**answers, "purposes": ["traffic_management"], "services": ["supply"]}]
    deals = list(map(send, sent if is_first else sent[::-1]))
    says, unsaid = deals if is_first else deals[::-1]
    if is_first:
        approve(says)
        unsaid = send(sent[1] | {"services": ["capacity_expansion"], "other-systems": NO})
    sweeping.work(AFTER_SAID)
    unsaid.refresh_from_db()
    assert unsaid.turn == "compliance"
    assert "with a product that can do the same, is for" in conflict_note(unsaid)


def test_a_grave_purpose_of_radio_says_nothing_of_other_radio() -> None:
    approve(send({**RADIO, "purposes": ["border_control"]}))
    assert send(RADIO).status == Status.CLEARED


@pytest.mark.parametrize(
    "service", ["capacity_expansion", "support_maintenance", "change_request", "managed_services"]
)
def test_what_was_built_over_a_product_is_asked_about_where_it_is_served(service: str) -> None:
    approve(send({**MODULE, "restricts": {"answer": "yes", "text": "A list", "owner": "none"}}))
    served = send({**RADIO, "services": [service], "other-systems": NO})
    assert served.turn == "compliance"
    assert "in answer to 4.7" in conflict_note(served)


def test_more_of_the_product_alone_is_not() -> None:
    approve(send({**MODULE, "restricts": {"answer": "yes", "text": "A list", "owner": "none"}}))
    assert send(RADIO).status == Status.CLEARED


@pytest.mark.parametrize("case", ["misuse", "speech"])
def test_what_is_said_of_a_body_in_another_country_is_asked_about(case: str) -> None:
    said, also, note = UNSAID[case]
    send({**RADIO, **said})
    abroad = send({**RADIO, **also, **factories.in_country("SE")})
    assert abroad.turn == "compliance"
    assert note in conflict_note(abroad)


def test_the_kind_of_a_body_of_the_same_name_in_another_country_says_nothing() -> None:
    send({**RADIO, "end-user": {"kind": "private_enterprise", "is_customer": True}})
    assert send({**RADIO, **factories.in_country("SE")}).status == Status.CLEARED


def test_so_it_is_where_that_product_is_named_as_a_system_that_is_served() -> None:
    """Spare parts are sold, and what they are for was delivered before."""
    approve(send({**MODULE, "restricts": {"answer": "yes", "text": "A list", "owner": "none"}}))
    radio = {"answer": "yes", "text": "5G macro radio"}
    parts = {"products": ["spare-parts"], "services": ["support_maintenance"]}
    served = send({**RADIO, **parts, "other-systems": radio})
    assert served.turn == "compliance"
    assert "in answer to 4.7" in conflict_note(served)


def test_a_denied_export_is_denied_for_spare_parts_of_it_too() -> None:
    first = send(LOCATION)
    ruled(first, "export_control", "denied")
    assert first.status == Status.BARRED
    parts = {"products": ["spare-parts"], "services": ["support_maintenance"]}
    served = {**LOCATION, **parts, "other-systems": {"answer": "yes", "text": "Location server"}}
    assert send(served).status == Status.BARRED


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "afterwards"])
def test_a_task_of_authorities_is_asked_about_where_more_of_the_system_is_sold(
    *, is_first: bool
) -> None:
    for_police = {**LOCATION, "purposes": ["public_safety"]}
    more = {**LOCATION, "services": ["capacity_expansion"], "other-systems": NO}
    if is_first:
        first = send(for_police)
        ruled(first, "fact_conflict", value=False)
        approve(first)
        second = send(more)
    else:
        second = send(more)
        send(for_police)
        sweeping.work(AFTER_SAID)
        second.refresh_from_db()
    assert second.turn == "compliance"
    assert "is for public safety" in conflict_note(second)


def test_a_task_of_authorities_that_radio_serves_says_nothing_of_a_location_server() -> None:
    send({**RADIO, "purposes": ["public_safety"]})
    assert send(LOCATION).status == Status.CLEARED


def test_misuse_is_known_of_who_signs_in_another_country_too() -> None:
    first = send({**RADIO, "reports": {"answer": "yes", "text": "Two papers"}})
    abroad = send({**PAPER, **factories.in_country("SE")})
    assert abroad.turn == "compliance"
    assert f"takes part, and {first.reference}" in conflict_note(abroad)


def test_the_kind_of_a_namesake_that_signs_in_another_country_says_nothing() -> None:
    army = {"end-user": {"kind": "military", "is_customer": True}, "intelligence-access": "no"}
    send({**RADIO, **army})
    assert send({**PAPER, **factories.in_country("SE")}).status == Status.CLEARED
