"""An answer that says more than no counts as long as it stands, whatever is answered before it.

Each of these deals was cleared once: another answer changed, the question was no longer asked, and
what sales had written went with it.
"""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from screening import actions
from screening.form.deal_form import QUESTIONS, Context
from screening.lifecycle import Status
from screening.models import Deal
from tests import factories
from tests.screening.form.answers import ASKED_NOW
from tests.screening.test_rulings import complete, fact, send_draft

pytestmark = pytest.mark.django_db
RADIO = {**ASKED_NOW, "customer": "Pohjan Verkko"}
OPERATOR = {"kind": "commercial_operator", "is_customer": True}
#: They speak of what is asked in the same breath, and of nothing once that is gone.
FALL_AWAY = {
    "built-out": "of a product that is no longer sold; without it the product counts in full",
    "state-owned": "of a kind of organisation, which was answered otherwise",
    "territories": "of a country, which is no longer part of the deal",
    "obligation": "of what only a law opens, which is no longer part of the deal",
    "legal-basis": "of an obligation, which was answered otherwise",
}


def changed(answers: dict[str, Any], slug: str, value: Any) -> Deal:
    """A draft with these answers, one of which is changed before it is sent."""
    factories.reference_data()
    deal = factories.draft_deal(answers={**RADIO, **answers})
    complete(deal)
    actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    complete(deal)
    return send_draft(deal)


OTHERS = {"services": ["supply", "integration"]}
DEVELOPED = {"services": ["supply", "custom_development"]}
WIDE = {"products": ["dpi-block"]}


@pytest.mark.parametrize(
    ("answers", "slug", "value"),
    [
        (
            {**OTHERS, "other-systems": {"answer": "yes", "text": "Monitoring centre"}},
            "services",
            ["supply"],
        ),
        ({**OTHERS, "other-systems": {"answer": "?", "text": ""}}, "services", ["supply"]),
        (
            {
                "end-user": {"kind": "state_operator", "is_customer": True},
                "intelligence-access": "yes",
            },
            "end-user",
            OPERATOR,
        ),
        (
            {
                "end-user": {"kind": "municipality", "is_customer": True},
                "purposes": ["smart_city"],
                "follows": {"answer": "yes", "text": "Finds people"},
            },
            "purposes",
            ["commercial_service"],
        ),
        ({**DEVELOPED, "handover": "more", "stores": "no"}, "services", ["supply"]),
        ({**DEVELOPED, "handover": "standard", "stores": "later"}, "services", ["supply"]),
        ({**DEVELOPED, "handover": "standard", "analyses": "yes"}, "services", ["supply"]),
        (
            {**WIDE, "restricts": {"answer": "yes", "text": "A list", "owner": "court"}},
            "products",
            ["nr-macro"],
        ),
        ({**WIDE, "law-conflict": {"answer": "yes", "text": "Secret"}}, "products", ["nr-macro"]),
        (
            {
                "end-user": {"kind": "commercial_operator", "is_customer": False},
                "customer-kind": "commercial_operator",
                "end-user-name": "Federal Security Service",
            },
            "end-user",
            OPERATOR,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_was_written_does_not_vanish_with_its_question(
    answers: dict[str, Any], slug: str, value: Any
) -> None:
    assert changed(answers, slug, value).status != Status.CLEARED


def test_every_question_that_comes_and_goes_is_decided_here() -> None:
    """Those that ask for a kind of answer that an earlier form took stay by themselves."""
    kept = {asked.slug for asked in QUESTIONS if asked.stays}
    comes_and_goes = {
        asked.slug
        for asked in QUESTIONS
        if asked.fact and not asked.shown({asked.slug: "yes"}, Context())
    }
    assert comes_and_goes - kept == FALL_AWAY.keys()


def test_it_is_asked_about_until_it_is_answered_otherwise(client: Client) -> None:
    """Through the pages: the answer stands on the page from which the deal is sent."""
    factories.reference_data()
    deal = factories.draft_deal(
        answers={**RADIO, **OTHERS, "other-systems": {"answer": "yes", "text": "Monitoring centre"}}
    )
    complete(deal)
    client.force_login(deal.owner)
    home = f"/deals/{deal.pk}"
    client.post(f"{home}/q/sold/services/?from=check", {"answer": ["supply"]})
    page = client.get(f"{home}/check/").content.decode()
    assert "Monitoring centre" in page
    client.post(f"{home}/check/", {"send_key": uuid4(), "answer": "on"})
    deal.refresh_from_db()
    assert deal.status == Status.BARRED


def test_who_answers_it_otherwise_is_not_held_up() -> None:
    factories.reference_data()
    deal = factories.draft_deal(answers={**RADIO, **DEVELOPED, "handover": "?"})
    complete(deal)
    for slug, value in (("services", ["supply"]), ("handover", "no")):
        actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    assert send_draft(deal).status == Status.CLEARED


def test_the_name_of_the_end_user_may_be_that_of_the_customer() -> None:
    named = {
        "end-user": {"kind": "commercial_operator", "is_customer": False},
        "customer-kind": "commercial_operator",
        "end-user-name": "POHJAN  VERKKO",
    }
    assert changed(named, "end-user", OPERATOR).status == Status.CLEARED
    other = changed({**named, "end-user-name": "Another body"}, "end-user", OPERATOR)
    assert "an end user is named: Another body" in fact(other, "conflict_note")
