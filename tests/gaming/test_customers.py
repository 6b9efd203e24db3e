"""The same customer, another end user each time: what was stopped once, or waits, is looked at."""

from typing import Any

import pytest

from screening.deriving import followed
from screening.lifecycle import AFTER_STOP, Status
from screening.models import Deal
from tests import factories
from tests.gaming.test_stopped_later import stop
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
CUSTOMER = "Nordic Systems"
STOPPED = {**factories.SENIOR, **factories.in_country("TR")}


def sold_for(end_user: str, answers: dict[str, Any] | None = None, **more: Any) -> Deal:
    return send(
        {
            **(answers or SIMPLE),
            "customer": CUSTOMER,
            "customer-kind": "reseller_integrator",
            "end-user": {"kind": "private_enterprise", "is_customer": False},
            "end-user-name": end_user,
            **more,
        }
    )


def rejected() -> Deal:
    deal = sold_for("First Mills", STOPPED)
    stop(deal, "rejected")
    return deal


@pytest.mark.parametrize("name", [CUSTOMER, "Nordik Systems Oy"])
def test_a_product_like_the_stopped_one_for_another_end_user_is_looked_at(name: str) -> None:
    stopped = rejected()
    # Another radio: it is what it can do that counts, and no name of a line.
    deal = sold_for("Second Mills", products=["lte-macro"], customer=name)
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")
    assert deal.screening is not None
    note = deal.screening.sources["follows_stopped_deal"]["note"]
    assert f"with the customer or the operator of {stopped.reference}, which was rejected" in note
    assert followed(deal, deal.last_screening.revision) == [stopped]


def test_the_customer_of_a_stopped_deal_in_another_part_counts_too() -> None:
    rejected()
    between = {"name": CUSTOMER, "role": "reseller", "country": "FI"}
    answers = {**SIMPLE, "intermediaries": {"answer": "yes", "parties": [between]}}
    assert send(answers).status == Status.IN_REVIEW


def run_by(name: str) -> dict[str, Any]:
    """Radio in a country of high risk for somebody on paper, and who really has it runs it."""
    runs = {"name": name, "role": "operator", "country": "FI"}
    return {**STOPPED, "intermediaries": {"answer": "yes", "parties": [runs]}}


@pytest.mark.parametrize("is_first", [True, False])
def test_so_does_whoever_was_to_run_it(*, is_first: bool) -> None:
    own = {**SIMPLE, "customer": "Pohjan Verkko"}
    if not is_first:
        deal = send(own)
        assert deal.status == Status.CLEARED
    stop(send(run_by("Pohjan Verkko")), "rejected")
    sweeping.work(AFTER_STOP)
    if is_first:
        deal = send(own)
    deal.refresh_from_db()
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")
    assert send({**own, "products": ["xgs-pon"]}).status == Status.CLEARED


def test_another_product_of_the_same_customer_clears() -> None:
    rejected()
    assert sold_for("Second Mills", products=["microwave-link"]).status == Status.CLEARED


def test_a_deal_that_was_sent_before_is_screened_again() -> None:
    deal = sold_for("Second Mills")
    assert deal.status == Status.CLEARED
    rejected()
    sweeping.work(AFTER_STOP)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


WAITS: dict[str, Any] = {
    "customer-kind": "private_enterprise",
    "description": "Intercept calls of subscribers",
}
FOR_A_FIRM: dict[str, Any] = {"customer-kind": "private_enterprise"}


def test_milder_words_for_another_end_user_beside_a_deal_that_waits_are_looked_at() -> None:
    first = sold_for("First Mills", **WAITS)
    assert first.turn == "compliance"
    second = sold_for("Second Mills", **FOR_A_FIRM)
    assert (second.status, second.review_level) == (Status.IN_REVIEW, "senior")
    said = second.events().filter(verb="deal.screened").last()
    assert said is not None
    assert f"says less than {first.reference}, which its customer signed" in said.payload


def test_so_are_those_for_the_customer_itself() -> None:
    sold_for("First Mills", **WAITS)
    itself = {"end-user": {"kind": "private_enterprise", "is_customer": True}}
    assert send({**SIMPLE, "customer": CUSTOMER, **itself, **FOR_A_FIRM}).review_level == "senior"


def test_so_are_those_for_whoever_is_to_run_the_first_one() -> None:
    send({**run_by("Pohjan Verkko"), **factories.in_country("FI"), **WAITS})
    assert send({**SIMPLE, "customer": "Pohjan Verkko"}).review_level == "senior"


def test_so_they_are_where_a_trader_signs_the_first_one() -> None:
    trades = {"customer-kind": "reseller_integrator"}
    on_paper = {"end-user": {"kind": "private_enterprise", "is_customer": False}}
    named = {"customer": "Baltic Trading", "end-user-name": "First Mills"}
    first = {**run_by("Pohjan Verkko"), **factories.in_country("FI"), **on_paper, **named}
    send({**first, **trades, "description": WAITS["description"]})
    assert send({**SIMPLE, "customer": "Pohjan Verkko"}).review_level == "senior"


def test_beside_one_of_executives_they_go_to_executives() -> None:
    sold_for("First Mills", **FOR_A_FIRM, purposes=["national_security_monitoring"])
    assert sold_for("Second Mills", **FOR_A_FIRM).review_level == "executive"


@pytest.mark.parametrize(
    "second",
    [
        {**FOR_A_FIRM, "products": ["microwave-link"]},
        {**FOR_A_FIRM, "countries": [{"place": "SE", "site": ""}]},
        {**FOR_A_FIRM, "customer": "Baltic Systems"},
    ],
    ids=["another product", "another country", "another customer"],
)
def test_these_are_not(second: dict[str, Any]) -> None:
    sold_for("First Mills", **WAITS)
    places = {"run-from": {"run": "SE", "records": "SE"}} if "countries" in second else {}
    assert sold_for("Second Mills", **second, **places).status == Status.CLEARED


def test_a_reseller_sells_to_many() -> None:
    sold_for("First Mills", description=WAITS["description"])
    assert sold_for("Second Mills").status == Status.CLEARED
