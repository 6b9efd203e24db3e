"""The level of review does not fall with a new deal, as it does not fall within one.

Executives had rejected a deal, or would have decided it; after a withdrawal, beside it, or in its
own draft, the same in milder words was approved by one senior reviewer.
"""

from typing import Any

import pytest

from screening import actions
from screening.lifecycle import AFTER_STOP, Status
from screening.models import Deal
from tests import factories
from tests.factories import vote_on
from tests.gaming.test_twins import RADIO
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import complete, send, send_draft

pytestmark = pytest.mark.django_db
#: Radio for a state-owned operator through which an agency will be able to use it: E15.
REACHED: dict[str, Any] = {
    **RADIO,
    "end-user": {"kind": "state_operator", "is_customer": True},
    "intelligence-access": "yes",
}
MILDER = {**REACHED, "intelligence-access": "no"}


def level(deal: Deal) -> tuple[str, str]:
    return deal.status, deal.review_level


def test_a_changed_deal_after_a_rejection_goes_back_to_executives() -> None:
    deal = send(REACHED)
    for _ in range(2):
        vote_on(deal, actor=factories.executive(), verdict="reject")
    deal.refresh_from_db()
    assert level(deal) == (Status.REJECTED, "executive")
    changed = actions.start_changed_deal(deal, actor=deal.owner)
    actions.save_answer(changed, slug="intelligence-access", value="no", actor=deal.owner)
    complete(changed)
    assert level(send_draft(changed)) == (Status.IN_REVIEW, "executive")


def test_a_fresh_deal_after_a_withdrawal_goes_to_executives() -> None:
    deal = send(REACHED)
    actions.withdraw_deal(deal, because="Entered again.", actor=deal.owner)
    sweeping.work(AFTER_STOP)
    assert level(send(MILDER)) == (Status.IN_REVIEW, "executive")


def test_something_else_for_the_same_end_user_is_looked_at_by_seniors() -> None:
    deal = send(REACHED)
    actions.withdraw_deal(deal, because="Lost the tender.", actor=deal.owner)
    fibre = {**MILDER, "products": ["xgs-pon"]}
    assert level(send(fibre)) == (Status.IN_REVIEW, "senior")


def test_a_second_deal_in_milder_words_beside_one_of_executives_goes_to_them() -> None:
    first = {**RADIO, "purposes": ["national_security_monitoring"]}
    assert level(send(first)) == (Status.IN_REVIEW, "executive")
    assert level(send(RADIO)) == (Status.IN_REVIEW, "executive")


def milder_draft(**then: Any) -> Deal:
    deal = factories.draft_deal(answers=REACHED)
    complete(deal)
    for slug, value in {"intelligence-access": "no", **then}.items():
        actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    complete(deal)
    return deal


def test_an_answer_of_a_draft_at_which_executives_would_have_looked_goes_to_them() -> None:
    deal = milder_draft()
    assert level(send_draft(deal)) == (Status.IN_REVIEW, "executive")


def test_a_copy_of_such_a_draft_goes_to_them_too() -> None:
    source = milder_draft()
    copy = actions.copy_deal(source, actor=source.owner)
    complete(copy)
    assert level(send_draft(copy)) == (Status.IN_REVIEW, "executive")


def test_with_something_else_instead_it_goes_to_seniors() -> None:
    deal = milder_draft(products=["xgs-pon"])
    assert level(send_draft(deal)) == (Status.IN_REVIEW, "senior")


SERVER: dict[str, Any] = {**RADIO, "products": ["location-server"], "intelligence-access": "no"}


def test_a_product_that_is_away_while_the_answer_is_made_milder_counts() -> None:
    deal = factories.draft_deal(answers={**SERVER, "purposes": ["national_security_monitoring"]})
    complete(deal)
    for slug, value in (
        ("products", RADIO["products"]),
        ("purposes", RADIO["purposes"]),
        ("products", SERVER["products"]),
    ):
        actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    complete(deal)
    assert level(send_draft(deal)) == (Status.IN_REVIEW, "executive")


@pytest.mark.parametrize(
    ("slug", "said"), [("limits-speech", "refused"), ("reports", "yes"), ("law-conflict", "yes")]
)
def test_what_a_copy_of_a_draft_is_asked_again_goes_to_those_who_would_have_looked(
    slug: str, said: str
) -> None:
    source = factories.draft_deal(answers={**SERVER, slug: {"answer": said, "text": "Two papers"}})
    complete(source)
    copy = actions.copy_deal(source, actor=source.owner)
    actions.save_answer(copy, slug=slug, value=NO, actor=copy.owner)
    complete(copy)
    assert level(send_draft(copy)) == (Status.IN_REVIEW, "executive")


def test_reports_that_seniors_would_have_read_go_to_seniors_in_a_copy() -> None:
    reports = {"answer": "yes", "text": "Two papers"}
    source = factories.draft_deal(answers={**RADIO, "reports": reports})
    complete(source)
    copy = actions.copy_deal(source, actor=source.owner)
    actions.save_answer(copy, slug="reports", value=NO, actor=copy.owner)
    complete(copy)
    assert level(send_draft(copy)) == (Status.IN_REVIEW, "senior")


def test_what_only_stops_a_draft_goes_to_seniors() -> None:
    """As before: the policy would have stopped it, and no executive would have looked."""
    deal = factories.draft_deal(answers={**RADIO, "products": ["x-monitoring-centre"]})
    complete(deal)
    actions.save_answer(deal, slug="products", value=RADIO["products"], actor=deal.owner)
    complete(deal)
    assert level(send_draft(deal)) == (Status.IN_REVIEW, "senior")


LISTED = {"answer": "yes", "text": "?", "owner": "authorities"}
NO = {"answer": "no", "text": ""}


@pytest.mark.parametrize(
    ("answers", "slug", "values"),
    [
        (
            {"purposes": ["national_security_monitoring"]},
            "purposes",
            [["national_security_monitoring", "?"], ["commercial_service"]],
        ),
        ({"restricts": LISTED}, "restricts", [{**LISTED, "answer": "?"}, NO]),
        ({"restricts": LISTED}, "restricts", [NO]),
    ],
    ids=["purpose", "list", "a question mark as words"],
)
def test_not_known_beside_a_grave_answer_takes_nothing_back(
    answers: dict[str, Any], slug: str, values: list[Any]
) -> None:
    deal = factories.draft_deal(answers={**RADIO, "products": ["dpi-gateway"], **answers})
    complete(deal)
    for value in values:
        actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    complete(deal)
    assert level(send_draft(deal)) == (Status.IN_REVIEW, "executive")


def test_something_as_grave_on_the_way_hides_nothing() -> None:
    """An army in a country of high risk goes to executives too; then it is somewhere else."""

    def used_by(kind: str) -> dict[str, Any]:
        return {"end-user": {"kind": kind, "is_customer": True}}

    abroad = {"countries": [{"place": "BY", "site": ""}], "law-conflict": NO}
    at_first = {**RADIO, **used_by("intelligence_security"), **abroad}
    deal = factories.draft_deal(answers=at_first)
    complete(deal)
    at_home = {"countries": [{"place": "FI", "site": ""}]}
    for step in (used_by("military"), at_home, used_by("commercial_operator")):
        for slug, value in step.items():
            actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    complete(deal)
    assert level(send_draft(deal)) == (Status.IN_REVIEW, "executive")
