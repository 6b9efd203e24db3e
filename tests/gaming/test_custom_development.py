"""A module that somebody builds over radio: what it blocks, whom it follows and who can use it is
asked of sales, because no catalogue knows it.

Each of these deals was cleared once: only what it hands over, stores and analyses was asked.
"""

from typing import Any

import pytest

from audit.refusals import Conflict
from screening.form import questions
from screening.lifecycle import Status
from tests import factories
from tests.screening.form.answers import ASKED_NOW
from tests.screening.test_rulings import complete, send, send_draft

pytestmark = pytest.mark.django_db
BUILT: dict[str, Any] = {
    **ASKED_NOW,
    "customer": "Pohjan Verkko",
    "services": ["supply", "custom_development"],
    "description": "A module that throttles the sites on a list",
}
NO = {"answer": "no", "text": ""}
TRAFFIC = {"answer": "yes", "text": "Sites on a list", "owner": "none"}
ASKED = ["restricts", "follows", "intelligence-access"]


@pytest.mark.parametrize("slug", ASKED)
def test_it_is_not_sent_before_it_is_said(slug: str) -> None:
    factories.reference_data()
    deal = factories.draft_deal(answers=BUILT)
    complete(deal)
    del deal.answers[slug]
    deal.save(update_fields=["answers"])
    with pytest.raises(Conflict) as refused:
        send_draft(deal)
    assert str(questions.BY_SLUG[slug].title) in str(refused.value)


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"restricts": TRAFFIC}, "S04"),
        ({"intelligence-access": "yes"}, "E15"),
        ({"follows": {"answer": "yes", "text": "Phones"}, **factories.in_country("AL")}, "S06"),
    ],
    ids=["restricts", "intelligence-access", "follows"],
)
def test_what_it_does_is_looked_at(said: dict[str, Any], rule: str) -> None:
    deal = send({**BUILT, **said})
    assert deal.status == Status.IN_REVIEW
    assert rule in deal.last_screening.findings.values_list("rule", flat=True)


@pytest.mark.parametrize(
    "said",
    [{"restricts": {**NO, "answer": "?"}}, {"intelligence-access": "?"}],
    ids=["restricts", "intelligence-access"],
)
def test_who_does_not_know_is_asked(said: dict[str, Any]) -> None:
    assert send({**BUILT, **said}).turn == "sales"


def test_what_does_nothing_of_it_still_clears() -> None:
    said = {"restricts": NO, "follows": NO, "intelligence-access": "no"}
    harmless = {**BUILT, **said, "description": "A skin of the billing pages in Finnish"}
    assert send(harmless).status == Status.CLEARED
