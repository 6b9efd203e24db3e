"""A deal is sent, somebody else than sales is asked, and sales takes the answer back alone.

Each of these deals was cleared once, without anybody who had been asked.
"""

from typing import Any

import pytest
from django.utils import timezone

from policy import active
from reviews import actions as reviewing
from screening import actions, deriving
from screening.around import Around
from screening.lifecycle import Status
from screening.models import Deal
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import ASKED_NOW
from tests.screening.test_rulings import complete, send, send_draft

pytestmark = pytest.mark.django_db
RADIO: dict[str, Any] = {**ASKED_NOW, "customer": "Pohjan Verkko", "customer-country": "FI"}
VENDOR = {"name": "NSO Group", "role": "partner", "country": "FI"}
REWRITTEN = [
    ("description", "Intercept calls of subscribers", "Mobile service"),
    ("customer", "State Security Service", "Pohjan Verkko"),
    ("intermediaries", {"answer": "yes", "parties": [VENDOR]}, {"answer": "no", "parties": []}),
    ("products", ["edge-ai"], ["servers"]),
    ("state-owned", "?", "no"),
]


def sent_again(deal: Deal, slug: str, value: Any) -> Deal:
    actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    complete(deal)
    return send_draft(deal)


@pytest.mark.parametrize(("slug", "first", "then"), REWRITTEN, ids=lambda value: str(value)[:20])
def test_what_somebody_else_was_asked_about_is_looked_at(slug: str, first: Any, then: Any) -> None:
    deal = send({**RADIO, slug: first})
    assert deal.status == Status.NEEDS_INFORMATION
    assert deal.last_screening.asks_compliance
    deal = sent_again(deal, slug, then)
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")
    assert list(deal.last_screening.findings.values_list("rule", flat=True)) == ["S15"]
    note = deal.last_screening.sources["follows_stopped_deal"]["note"]
    assert note.startswith("follows its own revision 1, about which compliance")


def test_so_it_is_two_revisions_later() -> None:
    deal = send({**RADIO, "description": "Intercept calls of subscribers"})
    deal = sent_again(deal, "description", "Mobile service for Suojelupoliisi")
    actions.save_answer(deal, slug="purposes", value=["?"], actor=deal.owner)
    deal = sent_again(deal, "description", "Mobile service")
    assert deal.status == Status.NEEDS_INFORMATION
    deal = sent_again(deal, "purposes", ["commercial_service"])
    assert deal.status == Status.IN_REVIEW
    assert Around([deal]).unanswered(deal, timezone.now()) == [1, 2]


def test_what_sales_was_asked_and_answers_clears() -> None:
    deal = send({**RADIO, "purposes": ["?"]})
    assert deal.status == Status.NEEDS_INFORMATION
    assert sent_again(deal, "purposes", ["commercial_service"]).status == Status.CLEARED


def test_what_compliance_has_answered_is_looked_at_for_that() -> None:
    deal = send({**RADIO, "state-owned": "?"})
    ruled(deal, "fact_conflict", value=False)
    assert Around([deal]).unanswered(deal, timezone.now()) == []
    assert "S15" not in deal.last_screening.findings.values_list("rule", flat=True)


def test_many_deals_at_once_are_told_the_same() -> None:
    deal = send({**RADIO, "state-owned": "?"})
    deal = sent_again(deal, "state-owned", "no")
    other = send({**RADIO, "customer": "Lakeuden Kaapeli"})
    together = Around([deal, other])
    assert [together.unanswered(one, timezone.now()) for one in (deal, other)] == [[1], []]


def test_a_revision_follows_none_that_came_later() -> None:
    """A check replays the first one as it was: it follows nothing, itself least of all."""
    deal = sent_again(send({**RADIO, "state-owned": "?"}), "state-owned", "no")
    first, second = deal.revisions.order_by("number")
    said = [
        deriving.of_revision(revision, active.reference_data(), Around([deal])).looks
        for revision in (first, second)
    ]
    assert said[0] == []
    assert "follows its own revision 1" in said[1][0]


@pytest.mark.parametrize("slug", ["description", "name"])
def test_words_that_compliance_settled_are_read_again_when_they_change(slug: str) -> None:
    """The same word in another sentence: a reviewer had asked sales, and nobody else read it."""
    deal = send({**RADIO, slug: "Test of handsets, nobody is to intercept calls"})
    ruled(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW
    rewritten = asked_and_changed(deal, slug, "Intercept calls of all subscribers")
    assert rewritten.turn == "compliance"


def test_a_name_that_compliance_settled_is_not_read_again_with_other_words() -> None:
    deal = send({**RADIO, "customer": "Northern Intelligence Directorate"})
    ruled(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW
    assert asked_and_changed(deal, "description", "Calls").status == Status.IN_REVIEW


def asked_and_changed(deal: Deal, slug: str, words: str) -> Deal:
    reviewer = factories.senior()
    reviewing.claim_deal(deal, actor=reviewer)
    reviewing.ask_sales(deal, questions=[("", "What is it?")], actor=reviewer)
    deal.refresh_from_db()
    actions.save_answer(deal, slug=slug, value=words, actor=deal.owner)
    return send_draft(deal, {1: "See the form."})
