"""The second reviewer judges alone: canaries of the first vote must appear nowhere."""

import json
import re
from datetime import date

import pytest

from audit.models import AuditEvent
from reviews import actions
from reviews.actions import Duty
from screening import actions as selling
from screening.models import Notification, Screening
from tests import factories as make
from tests.reviews.test_verbs import vote_fields

pytestmark = pytest.mark.django_db
CANARY = "canary-reason-7b1f that nobody but the auditor may read yet"
DUTY = Duty("canary-duty-7b1f", date(2027, 5, 1), "canary-proof-7b1f")
WORDS = ("canary", "Approve with conditions", "Approved with conditions", "Ada 1st")


def first_vote(deal, verdict="approve_with_conditions", actor=None):
    conditions = [DUTY] if verdict == "approve_with_conditions" else []
    make.vote_on(
        deal,
        actor=actor or make.executive(),
        verdict=verdict,
        because=CANARY,
        conditions=conditions,
        assessment={"scale": "4", "severity_because": CANARY},
    )


def pages(client, deal):
    return "".join(
        client.get(url).content.decode()
        for url in (f"/reviews/{deal.pk}/", "/reviews/", f"/reviews/{deal.pk}/assess/")
    )


@pytest.mark.parametrize("verdict", ["approve", "approve_with_conditions", "reject"])
def test_the_first_vote_is_hidden_until_both_are_in(client, verdict):
    deal, second = make.deal_in_review(level="executive"), make.executive()
    first_vote(deal, verdict)
    client.force_login(second)
    actions.claim_deal(deal, actor=second)
    seen = pages(client, deal)
    assert "canary" not in seen
    assert "One vote is in" in seen
    make.vote_on(deal, actor=second, verdict="reject")
    assert CANARY in client.get(f"/reviews/{deal.pk}/").content.decode()


def test_the_page_is_the_same_whatever_the_first_vote_was(client):
    """No difference but the numbers of rows: neither length nor words tell the verdict."""
    sizes = set()
    for verdict in ("approve", "approve_with_conditions", "reject"):
        deal, second = make.deal_in_review(level="executive"), make.executive("Bo Ito")
        first_vote(deal, verdict, actor=make.executive("Ada Lee"))
        client.force_login(second)
        page = client.get(f"/reviews/{deal.pk}/").content.decode()
        for number in (deal.reference, f"/{deal.pk}/", deal.owner.first_name, deal.title):
            page = page.replace(number, "")
        page = page.replace(deal.screening.facts[0]["customer_name"], "")
        main = page[page.index("<main") :].partition("csrfmiddlewaretoken")[0]
        # The number of a row may have a digit more than that of the row before.
        sizes.add(len(re.sub(r"\d+", "", main)))
    assert len(sizes) == 1


def test_who_voted_and_the_auditor_read_it(client):
    deal, first = make.deal_in_review(level="executive"), make.executive()
    first_vote(deal, actor=first)
    for person, url in (
        (first, f"/reviews/{deal.pk}/"),
        (make.auditor(), f"/reviews/{deal.pk}/"),
        (make.auditor(), f"/audit/deals/{deal.pk}/"),
    ):
        client.force_login(person)
        assert CANARY in client.get(url).content.decode()


def test_a_round_that_ended_early_stays_hidden(client):
    """Screened again after one vote: the next round's first voter must not lean on it."""
    deal = make.deal_in_review(level="executive")
    first_vote(deal)
    selling.rescreen_deal(deal, cause=Screening.Cause.FACT, because="test")
    client.force_login(make.executive())
    assert "canary" not in pages(client, deal)


def test_mails_say_only_that_a_vote_is_due():
    deal, second = make.deal_in_review(level="executive"), make.executive()
    first_vote(deal)
    mail = Notification.objects.filter(to=second).latest("pk")
    assert "another vote" in mail.subject
    text = mail.subject + mail.body
    assert not any(word in text for word in WORDS)


def test_sales_never_reads_votes_or_names_of_reviewers(client):
    deal, first = make.deal_in_review(level="executive"), make.executive("Zarathustra Canary")
    first_vote(deal, "approve", actor=first)
    client.force_login(deal.owner)
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert "canary" not in page.lower()
    assert client.get(f"/reviews/{deal.pk}/").status_code == 403
    mails = Notification.objects.filter(to=deal.owner)
    assert not any("canary" in (mail.subject + mail.body).lower() for mail in mails)


def test_the_consequence_tells_the_second_voter_nothing(client):
    deal, second = make.deal_in_review(level="executive"), make.executive()
    first_vote(deal, "reject")
    client.force_login(second)
    actions.claim_deal(deal, actor=second)
    sentences = set()
    for verdict in ("approve", "reject"):
        page = client.post(f"/reviews/{deal.pk}/vote/", vote_fields(deal, verdict=verdict))
        text = page.content.decode()
        assert "canary" not in text
        sentences.add("Yours is the second vote" in text)
    assert sentences == {True}


def test_the_event_holds_what_the_auditor_needs():
    deal = make.deal_in_review(level="executive")
    first_vote(deal, "reject")
    payload = json.loads(AuditEvent.objects.filter(verb="review.voted").latest("pk").payload)
    assert payload["verdict"] == "reject"
    assert payload["screening"] == deal.screening_id
