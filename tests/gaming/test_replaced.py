"""What was sold first, where to, and for whom, and was replaced while people looked at the deal.

Other deals looked at its newest answers alone. Each of the second deals here was cleared once, or
went to seniors instead of executives, beside the first or after it was stopped.
"""

from typing import Any

import pytest

from screening import actions
from screening.lifecycle import AFTER_SAID, AFTER_STOP, Status
from screening.models import Deal
from screening.parties import actions as parties
from screening.sweep import batch
from tests import factories
from tests.factories import vote_on
from tests.gaming.test_said_elsewhere import LOCATION, RADIO, UNSAID, approve, conflict_note
from tests.gaming.test_taken_back import asked_by_a_reviewer
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
GRAVE: dict[str, Any] = {**LOCATION, "purposes": ["crime_investigation"]}
#: Somebody signs for the end user of the second deals.
SIGNED: dict[str, Any] = {
    "customer": "Savon Radio",
    "customer-kind": "commercial_operator",
    "end-user": {"kind": "commercial_operator", "is_customer": False},
    "end-user-name": RADIO["customer"],
}
RENAMED = {"end-user-name": "Kainuun Kuitu"}
ABROAD = {"customer-country": "EE", "countries": [{"place": "EE", "site": ""}]}
MILD = {"purposes": ["commercial_service"]}
KNOWN: dict[str, Any] = {"reports": {"answer": "yes", "text": "Two papers"}}


def stop(deal: Deal, how: str) -> None:
    deal.refresh_from_db()
    if how == "withdrawn":
        actions.withdraw_deal(deal, because="Lost the tender.", actor=deal.owner)
    else:
        executives = deal.review_level == "executive"
        for _ in range(2 if executives else 1):
            voter = factories.executive() if executives else factories.senior()
            vote_on(deal, actor=voter, verdict="reject")
    sweeping.work(AFTER_STOP)
    deal.refresh_from_db()
    assert deal.status == how


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (GRAVE, {"products": RADIO["products"]}),
        (GRAVE, {"products": RADIO["products"], **MILD}),
        (GRAVE, ABROAD),
        ({**GRAVE, **SIGNED}, RENAMED),
        ({**GRAVE, **SIGNED}, {**RENAMED, **MILD}),
    ],
    ids=["product", "product and purpose", "place", "end user", "end user and purpose"],
)
def test_the_purpose_of_what_was_replaced_is_asked_about(
    first: dict[str, Any], then: dict[str, Any]
) -> None:
    replaced = asked_by_a_reviewer(first, then)
    assert replaced.status == Status.IN_REVIEW
    second = send(LOCATION)
    assert second.turn == "compliance"
    assert replaced.reference in conflict_note(second)
    assert "is for crime investigation" in conflict_note(second)
    # Whoever has to look at the first looks at the second, too.
    assert second.review_level == "senior"


@pytest.mark.parametrize("case", ["misuse", "army", "agency"])
def test_what_was_said_of_an_end_user_that_was_replaced_is_asked_about(case: str) -> None:
    said, also, note = UNSAID[case]
    first = {**LOCATION, **SIGNED, **said}
    first["end-user"] = {**first["end-user"], "is_customer": False}
    replaced = asked_by_a_reviewer(first, RENAMED)
    approve(replaced)
    second = send({**LOCATION, **also})
    assert second.turn == "compliance"
    assert f"{replaced.reference} (for this end user at first)" in conflict_note(second)
    assert note in conflict_note(second)


def test_so_it_is_where_it_takes_another_part() -> None:
    replaced = asked_by_a_reviewer({**LOCATION, **SIGNED, **KNOWN}, RENAMED)
    approve(replaced)
    paper = {**SIGNED, "customer": RADIO["customer"], "end-user-name": "Lakeuden Kaapeli"}
    second = send({**RADIO, **paper})
    assert second.turn == "compliance"
    assert f"{replaced.reference}, of which it was the end user" in conflict_note(second)


def test_so_it_is_under_another_name_that_compliance_merged() -> None:
    known = factories.party_of(send(RADIO))
    other = factories.party_of(send({**RADIO, "customer": "Hietalan Tehdas"}))
    asked_by_a_reviewer({**GRAVE, **SIGNED}, RENAMED)
    officer = factories.compliance_officer()
    parties.merge(other, known, because="Renamed.", actor=officer)
    assert send({**LOCATION, "customer": "Hietalan Tehdas"}).turn == "compliance"


def test_so_it_is_where_the_second_deal_was_sent_first() -> None:
    second = send(RADIO)
    assert second.status == Status.CLEARED
    asked_by_a_reviewer({**LOCATION, **SIGNED, **KNOWN}, RENAMED)
    sweeping.work(AFTER_SAID)
    second.refresh_from_db()
    assert second.turn == "compliance"


@pytest.mark.parametrize("how", [Status.WITHDRAWN, Status.REJECTED])
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "afterwards"])
def test_a_stop_is_kept_for_the_end_user_that_was_replaced(how: str, *, is_first: bool) -> None:
    if not is_first:
        second = send(RADIO)
    replaced = asked_by_a_reviewer({**LOCATION, **SIGNED, **KNOWN}, RENAMED)
    stop(replaced, how)
    if is_first:
        second = send(RADIO)
    second.refresh_from_db()
    assert (second.status, second.review_level) == (Status.IN_REVIEW, "senior")


def test_many_at_once_see_it_as_one_does() -> None:
    """A deal that a batch stops has both names, too."""
    second = send(LOCATION)
    third = send({**RADIO, "customer": RENAMED["end-user-name"]})
    replaced = asked_by_a_reviewer({**GRAVE, **SIGNED}, RENAMED)
    pks = [second.pk, third.pk, replaced.pk]
    result = batch.screen(pks, Deal.objects.all(), cause="fact", because="All.", only_changed=True)
    assert result.failed == {}
    second.refresh_from_db()
    assert second.turn == "compliance"


@pytest.mark.parametrize("is_replaced", [True, False])
def test_a_stop_counts_for_each_product_that_the_deal_ever_had(*, is_replaced: bool) -> None:
    """Of a customer that signs for somebody else each time."""
    then = {"products": RADIO["products"]} if is_replaced else {}
    replaced = asked_by_a_reviewer({**GRAVE, **SIGNED}, then)
    stop(replaced, Status.REJECTED)
    second = send({**LOCATION, **SIGNED, "end-user-name": "Lakeuden Kaapeli"})
    assert (second.status, second.review_level) == (Status.IN_REVIEW, "senior")


def test_so_does_the_level_of_executives() -> None:
    national = {**LOCATION, "purposes": ["national_security_monitoring"]}
    replaced = asked_by_a_reviewer(national, {"products": RADIO["products"]})
    stop(replaced, Status.WITHDRAWN)
    second = send(LOCATION)
    assert (second.status, second.review_level) == (Status.IN_REVIEW, "executive")


def test_the_customer_of_a_deal_whose_product_was_replaced_is_looked_at() -> None:
    replaced = asked_by_a_reviewer({**GRAVE, **SIGNED}, {"products": RADIO["products"], **MILD})
    assert replaced.status == Status.IN_REVIEW
    second = send({**LOCATION, **SIGNED, "end-user-name": "Lakeuden Kaapeli"})
    assert (second.status, second.review_level) == (Status.IN_REVIEW, "senior")


def test_an_army_that_signed_at_first_is_looked_at() -> None:
    army = {**SIGNED, "customer-kind": "military"}
    signs = {"kind": "military", "is_customer": False}
    first = {**RADIO, **army, "end-user": signs, "intelligence-access": "no"}
    approve(asked_by_a_reviewer(first, {"customer-kind": "private_enterprise"}))
    second = send({**RADIO, "customer": SIGNED["customer"]})
    assert second.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    "answers", [RADIO, {**LOCATION, "customer": "Lakeuden Kaapeli"}], ids=["radio", "other"]
)
def test_radio_for_it_and_something_for_somebody_else_clear(answers: dict[str, Any]) -> None:
    replaced = asked_by_a_reviewer({**GRAVE, **SIGNED}, {**RENAMED, **MILD})
    approve(replaced)
    assert send(answers).status == Status.CLEARED
