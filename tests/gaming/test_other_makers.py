"""Work on somebody else's system: what that one can do counts as if it were sold."""

from typing import Any

import pytest

from screening.form import questions
from screening.lifecycle import Status
from screening.models import Deal
from tests.gaming.test_split_services import GATEWAY, RADIO
from tests.screening.form.answers import SIMPLE
from tests.screening.test_rulings import fact, send

pytestmark = pytest.mark.django_db
STORAGE: dict[str, Any] = {**RADIO, "products": ["storage-array", "servers"]}
SERVED = {**SIMPLE, "services": ["integration", "training"]}


def serving(answer: str, text: str = "") -> Deal:
    return send({**SERVED, "other-systems": {"answer": answer, "text": text}})


def test_work_on_our_own_system_clears() -> None:
    assert serving("no").status == Status.CLEARED


def test_a_harmless_system_of_another_maker_clears() -> None:
    assert serving("yes", "5G macro radio\n4G RAN").status == Status.CLEARED


def test_what_was_delivered_before_is_asked_for_and_counts() -> None:
    """Spares for a gateway that stands there for years: no deal of today holds it."""
    asked = questions.BY_SLUG["other-systems"]
    assert "not sold here" in str(asked.title)
    assert "delivered earlier" in str(asked.hint)
    spares = {**SIMPLE, "products": ["spares"], "services": ["support_maintenance"]}
    said = {"other-systems": {"answer": "yes", "text": "Interception gateway"}}
    deal = send({**spares, **said})
    assert "li_mediation" in fact(deal, "capabilities")
    assert deal.status == Status.NEEDS_INFORMATION


def test_a_comma_may_stand_inside_a_name() -> None:
    assert serving("yes", "Network analytics, aggregated").status == Status.CLEARED


@pytest.mark.parametrize("answer", ["yes", "?"])
def test_what_was_named_counts_also_where_the_rest_is_not_known(answer: str) -> None:
    assert serving(answer, "x-monitoring-centre").status == Status.BARRED


@pytest.mark.parametrize(
    "text", ["Monitoring centre", "5G RAN; x-monitoring-centre", "5G RAN, x-monitoring-centre"]
)
def test_a_system_of_active_surveillance_bars(text: str) -> None:
    deal = serving("yes", text)
    assert deal.status == Status.BARRED
    assert fact(deal, "capabilities")


@pytest.mark.parametrize("text", ["A box of the ministry", "5G RAN, the black box"])
def test_a_system_that_no_list_has_is_classified_first(text: str) -> None:
    deal = serving("yes", text)
    assert deal.status == Status.NEEDS_INFORMATION
    assert "I06" in deal.last_screening.findings.values_list("rule", flat=True)


def test_a_maker_of_surveillance_systems_is_asked_about() -> None:
    deal = serving("yes", "Gateway of NSO Group")
    assert "NSO Group" in fact(deal, "conflict_note")


@pytest.mark.parametrize(("answer", "text"), [("?", ""), ("?", "5G RAN"), ("yes", "-")])
def test_a_system_that_nobody_can_name_never_clears(answer: str, text: str) -> None:
    assert serving(answer, text).status == Status.NEEDS_INFORMATION


@pytest.mark.parametrize(
    "service",
    ["custom_development", "data_hosting", "change_request", "capacity_expansion", "consulting"],
)
def test_whatever_is_done_for_a_system_asks_whose_it_is(service: str) -> None:
    """Each of these was cleared once without the question."""
    served = {"answer": "yes", "text": "Monitoring centre"}
    deal = send({**SIMPLE, "services": [service]})
    assert deal.answers["other-systems"] == {"answer": "no", "text": ""}
    deal = send({**SIMPLE, "services": [service], "other-systems": served})
    assert deal.status == Status.BARRED


@pytest.mark.parametrize("product", ["storage-array", "servers", "dc-fabric", "spares", "power"])
def test_a_part_of_some_system_asks_of_which(product: str) -> None:
    parts = {**SIMPLE, "services": ["supply"], "products": [product, "nr-macro"]}
    assert send(parts).answers["other-systems"] == {"answer": "no", "text": ""}
    served = {"answer": "yes", "text": "Monitoring centre"}
    assert send({**parts, "other-systems": served}).status == Status.BARRED


def test_radio_is_no_part_of_another_system() -> None:
    assert "other-systems" not in send({**SIMPLE, "services": ["supply"]}).answers


ABOUT_SOMETHING_ELSE: dict[str, dict[str, Any]] = {
    "nothing": {},
    "handover": {"purposes": ["li_compliance"], "handover": "no"},
    "follows": {"purposes": ["smart_city"], "follows": {"answer": "no", "text": ""}},
}


@pytest.mark.example_laws
@pytest.mark.parametrize("other", ABOUT_SOMETHING_ELSE)
def test_no_to_something_else_does_not_say_what_storage_beside_a_gateway_is_for(other: str) -> None:
    """Storage for the operator of an interception gateway cleared, once anything was answered."""
    assert send(GATEWAY).status == Status.CLEARED
    deal = send({**STORAGE, **ABOUT_SOMETHING_ELSE[other]})
    assert deal.status == Status.NEEDS_INFORMATION
    assert "abilities_declared" in deal.last_screening.missing


@pytest.mark.parametrize("other", ["nothing", "follows"])
def test_storage_for_an_operator_without_a_gateway_clears(other: str) -> None:
    assert send({**STORAGE, **ABOUT_SOMETHING_ELSE[other]}).status == Status.CLEARED
