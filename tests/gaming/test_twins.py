"""A second deal beside one that somebody still looks at: the same thing for the same end user, in
milder words.

Each of the deals that are looked at here was cleared once, while the first was waiting.
"""

from collections.abc import Callable
from typing import Any

import pytest

from reviews import actions as reviewing
from screening import actions
from screening.lifecycle import AFTER_PARTY, Status
from screening.models import Deal
from screening.parties import actions as parties
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import ASKED_NOW
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import same_words, send, sent_again

pytestmark = pytest.mark.django_db
RADIO: dict[str, Any] = {**ASKED_NOW, "customer": "Pohjan Verkko", "customer-country": "FI"}
INTERCEPTS = {**RADIO, "description": "Intercept calls of subscribers"}
BORDER = {**RADIO, "purposes": ["border_control"]}


@pytest.mark.parametrize("first", [INTERCEPTS, BORDER], ids=["with compliance", "in review"])
def test_a_twin_of_a_deal_that_waits_is_looked_at(first: dict[str, Any]) -> None:
    waiting = send(first)
    assert waiting.status in {Status.NEEDS_INFORMATION, Status.IN_REVIEW}
    twin = send(RADIO)
    assert (twin.status, twin.review_level) == (Status.IN_REVIEW, "senior")
    said = twin.events().filter(verb="deal.screened").last()
    assert said is not None
    assert f"says less than {waiting.reference} of the same end user" in said.payload


def test_a_twin_that_brings_up_a_question_says_less_all_the_same() -> None:
    """The next answer settles the question, and then nobody would look for the first."""
    waiting = send(BORDER)
    twin = send({**RADIO, "purposes": ["li_compliance"]})
    assert (twin.turn, twin.review_level) == ("compliance", "senior")
    said = twin.events().filter(verb="deal.screened").last()
    assert said is not None
    assert f"says less than {waiting.reference}" in said.payload


def test_a_twin_of_a_deal_that_sales_left_unanswered_is_looked_at() -> None:
    """Reviewers look at the first once sales has answered, and sales never does."""
    left = send({**BORDER, "limits-speech": {"answer": "?", "text": ""}})
    assert (left.turn, left.review_level) == ("sales", "senior")
    assert send(RADIO).status == Status.IN_REVIEW


def test_a_twin_of_a_deal_that_lapsed_after_its_approval_is_looked_at() -> None:
    lapsed = send(BORDER)
    factories.vote_on(lapsed, actor=factories.senior())
    actions.lapse_deal(lapsed, because="A condition was not met.")
    assert send(RADIO).status == Status.IN_REVIEW


def test_beside_a_deal_that_lapsed_after_it_was_cleared_it_clears() -> None:
    lapsed = send({**RADIO, "purposes": ["research_test"]})
    assert lapsed.status == Status.CLEARED
    actions.lapse_deal(lapsed, because="A year is over.")
    assert send(RADIO).status == Status.CLEARED


def test_who_says_as_much_is_judged_by_that() -> None:
    """What two people settled about the end user holds for the next deal of the same words."""
    first = send(RADIO)
    finding = factories.known_of(factories.party_of(first))
    sweeping.work(AFTER_PARTY)
    first.refresh_from_db()
    assert first.status == Status.IN_REVIEW
    officer = factories.compliance_officer()
    factories.agreed(parties.ask_take_back(finding, because="Another firm.", actor=officer))
    assert send(RADIO).status == Status.CLEARED


def test_something_else_for_the_same_end_user_clears() -> None:
    send(BORDER)
    assert send({**RADIO, "products": ["xgs-pon"]}).status == Status.CLEARED


def test_the_same_for_another_end_user_clears() -> None:
    send(BORDER)
    assert send({**RADIO, "customer": "Kainuun Kuitu"}).status == Status.CLEARED


def test_beside_a_deal_that_waits_for_sales_or_was_approved_it_clears() -> None:
    asked = send({**RADIO, "purposes": ["?"]})
    assert asked.turn == "sales"
    assert send(RADIO).status == Status.CLEARED
    decided = send({**BORDER, "customer": "Kainuun Kuitu"})
    factories.vote_on(decided, actor=factories.senior())
    assert send({**RADIO, "customer": "Kainuun Kuitu"}).status == Status.CLEARED


def test_a_person_ends_it_whatever_becomes_of_the_first() -> None:
    waiting = send(INTERCEPTS)
    twin = send(RADIO)
    ruled(waiting, "fact_conflict", value=False)
    twin.refresh_from_db()
    assert twin.status == Status.IN_REVIEW
    factories.vote_on(twin, actor=factories.senior())
    twin.refresh_from_db()
    assert twin.status == Status.APPROVED


@pytest.mark.parametrize("name", ["Pohjan Verkkko", "Pohjan Verkko Group", "Verkko Pohjan"])
@pytest.mark.parametrize("first", [INTERCEPTS, BORDER], ids=["with compliance", "in review"])
def test_a_twin_under_another_spelling_of_the_end_user_is_looked_at(
    first: dict[str, Any], name: str
) -> None:
    waiting = send(first)
    twin = send({**RADIO, "customer": name})
    assert (twin.status, twin.review_level) == (Status.IN_REVIEW, "senior")
    said = twin.events().filter(verb="deal.screened").last()
    assert said is not None
    assert f"says less than {waiting.reference} of an end user with a name like" in said.payload


def test_a_twin_that_the_end_user_signs_for_another_one_is_looked_at() -> None:
    send(BORDER)
    paper = {"kind": "commercial_operator", "is_customer": False}
    twin = {"end-user": paper, "end-user-name": "Savon Radio", "customer-kind": paper["kind"]}
    assert send({**RADIO, **twin}).status == Status.IN_REVIEW


# --- In the same words, beside what people look at for more than its words ------------------------


def passed_up(deal: Deal) -> None:
    reviewer = factories.senior()
    reviewing.claim_deal(deal, actor=reviewer)
    reviewing.pass_up(deal, because="It is for executives.", actor=reviewer)


def returned(deal: Deal) -> None:
    reviewing.reopen_deal(deal, because="A paper reports it.", actor=factories.executive())


def softened(deal: Deal) -> None:
    """Executives had to look at it, and still have to."""
    sent_again(deal, purposes=RADIO["purposes"])


LIST = {**RADIO, "purposes": ["content_blocking_state_list"]}
RAISED = [
    (BORDER, passed_up, "executive"),
    (RADIO, returned, "senior"),
    (LIST, softened, "executive"),
]


@pytest.mark.parametrize("is_copy", [True, False], ids=["copy", "fresh"])
@pytest.mark.parametrize("case", RAISED, ids=["passed up", "returned", "softened"])
def test_a_second_deal_in_the_same_words_goes_where_people_sent_the_first(
    case: tuple[dict[str, Any], Callable[[Deal], None], str], *, is_copy: bool
) -> None:
    answers, by_people, level = case
    first = send(answers)
    by_people(first)
    first.refresh_from_db()
    assert (first.status, first.review_level) == (Status.IN_REVIEW, level)
    second = same_words(first, is_copy=is_copy)
    assert (second.status, second.review_level) == (Status.IN_REVIEW, level)
    said = second.events().filter(verb="deal.screened").last()
    assert said is not None
    assert f"is like {first.reference} of the same end user, at which people look" in said.payload


def test_what_executives_approved_when_it_was_passed_up_comes_to_executives_again() -> None:
    first = send(BORDER)
    passed_up(first)
    for _ in range(2):
        factories.vote_on(first, actor=factories.executive())
    first.refresh_from_db()
    assert first.status == Status.APPROVED
    assert send(BORDER).review_level == "executive"


def test_beside_what_was_returned_and_then_approved_it_clears() -> None:
    first = send(RADIO)
    returned(first)
    factories.vote_on(first, actor=factories.senior())
    assert send(RADIO).status == Status.CLEARED
