"""What became milder: within a draft after the page said what it means, and after a stop."""

import json
from typing import Any

import pytest

from screening import actions
from screening.form import questions
from screening.models import Deal
from screening.sales_words import question_url
from tests import factories
from tests.screening.form.answers import SIMPLE
from tests.screening.test_parties import ABROAD
from tests.screening.test_rulings import complete, send, send_draft

pytestmark = pytest.mark.django_db
NAME = {"customer": "Pohjola Verkko"}
HIGH = {**factories.SENIOR, **NAME}
ASKED_TO_LIMIT = {"limits-speech": {"answer": "included", "text": "x"}}


def page_of(client: Any, deal: Deal) -> str:
    client.force_login(factories.senior())
    answer = client.get(f"/reviews/{deal.pk}/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def changed(deal: Deal, slug: str, value: Any) -> dict[str, Any]:
    actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    event = deal.events().filter(verb="deal.answer_changed").last()
    assert event is not None
    payload: dict[str, Any] = json.loads(event.payload)
    return payload


def test_an_answer_that_is_made_milder_is_marked_for_reviewers(client):
    factories.reference_data()
    deal = factories.draft_deal(None, {**HIGH, **ASKED_TO_LIMIT})
    payload = changed(deal, "limits-speech", {"answer": "no", "text": ""})
    assert [one["rule"] for one in payload["milder"]] == ["B11"]
    complete(deal)
    page = page_of(client, send_draft(deal))
    assert "Made milder before it was sent" in page
    assert "The page had said: Barred." in page
    client.force_login(factories.auditor())
    record = client.get(f"/audit/deals/{deal.pk}/").content.decode()
    assert "Changed the answer limits-speech and made it milder" in record


@pytest.mark.parametrize(
    ("slug", "before", "after"),
    [
        ("limits-speech", {"answer": "no", "text": ""}, {"answer": "included", "text": "x"}),
        ("customer", "One Oy", "Another Oy"),
        ("name", "One title", "Another title"),
    ],
    ids=["graver", "another name", "a title"],
)
def test_an_answer_that_is_not_milder_is_not_marked(slug, before, after):
    factories.reference_data()
    deal = factories.draft_deal(None, {**HIGH, slug: before})
    assert "milder" not in changed(deal, slug, after)


def test_a_first_answer_makes_nothing_milder():
    factories.reference_data()
    deal = factories.draft_deal(None, {**HIGH})
    assert "milder" not in changed(deal, "reference", "CRM-7")


def test_the_page_says_beforehand_that_changes_are_shown(client):
    factories.reference_data()
    deal = factories.draft_deal(None, {**HIGH, **ASKED_TO_LIMIT})
    client.force_login(deal.owner)
    url = question_url(deal, questions.question("limits-speech"))
    page = client.get(url).content.decode()
    assert "Changes to this answer are kept and shown to reviewers." in page


def test_a_stopped_deal_stands_beside_the_new_one_with_what_became_milder(client):
    stopped = send(HIGH)
    factories.vote_on(stopped, actor=factories.senior(), verdict="reject")
    deal = send({**SIMPLE, **NAME})
    page = page_of(client, deal)
    assert f"Beside {stopped.reference}, which was rejected" in page
    assert "Milder</span>" in page
    assert "No longer: Senior review." in page
    assert "answers are the same" in page


def test_a_copy_of_a_stopped_deal_for_somebody_else_is_compared_too(client):
    stopped = send(HIGH)
    factories.vote_on(stopped, actor=factories.senior(), verdict="reject")
    copy = actions.copy_deal(stopped, actor=stopped.owner)
    for slug, value in {**ABROAD, "customer": "Other AB"}.items():
        actions.save_answer(copy, slug=slug, value=value, actor=copy.owner)
    complete(copy)
    page = page_of(client, send_draft(copy))
    assert f"Beside {stopped.reference}, which was rejected" in page


def test_a_deal_that_follows_none_has_no_such_section(client):
    assert "What became milder" not in page_of(client, send(HIGH))
