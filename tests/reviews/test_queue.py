"""The queue: what it shows, in which order, to whom, and with how many queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reviews import labels, queue
from reviews.actions import claim_deal, skip_deal
from screening.models import Deal
from tests import factories as make

pytestmark = pytest.mark.django_db


def worth(amount):
    return {"value": {"amount": amount, "currency": "EUR"}}


def due_in(deal, **time):
    Deal.objects.filter(pk=deal.pk).update(due_at=timezone.now() + timedelta(**time))


def order(user):
    return [deal.pk for deal in queue.in_order(queue.waiting_for(user))]


@pytest.fixture
def reviewer(client):
    person = make.senior("Anna Keller")
    client.force_login(person)
    return person


def test_the_row_says_why_the_deal_is_here(client, reviewer):
    deal = make.deal_in_review(level="executive")
    page = client.get("/reviews/").content.decode()
    for text in (
        deal.reference,
        "Belarus",
        "Very high risk",
        "Army of the north",
        "A military body",
        "5G macro radio",
        "C4b",
        "Executive",
        "14 days left",
        "Nobody",
    ):
        assert text in page
    assert "1200000" not in page
    assert "1 200 000" not in page


def test_severity_stands_before_time_and_time_before_number(reviewer):
    """Level, country risk, late, due date: never the value, never who was first."""
    high = make.sent_deal({**make.SENIOR, **make.in_country("IN")})
    assert queue.waiting_for(reviewer).get(pk=high.pk).gravity == 1
    late, soon = (make.deal_in_review() for _ in range(2))
    later = make.sent_deal({**make.SENIOR, **worth("999999999")})
    executive = make.sent_deal({**make.EXECUTIVE, **worth("1")})
    due_in(high, days=-9)
    due_in(late, days=-1)
    due_in(later, days=9)
    due_in(soon, days=1)
    expected = [executive.pk, late.pk, soon.pk, later.pk, high.pk]
    assert order(reviewer) == expected


@pytest.mark.parametrize(
    ("time", "words_of_it"),
    [
        ({"days": -1}, ("late", "1 day late")),
        ({"days": -3}, ("late", "3 days late")),
        ({"days": 1}, ("soon", "1 day left")),
        ({"days": 5}, ("", "5 days left")),
    ],
)
def test_due_is_text(time, words_of_it):
    now = timezone.now().replace(hour=12)
    deal = Deal(due_at=now + timedelta(**time))
    assert labels.due(deal, now) == words_of_it


def test_due_today():
    noon = timezone.now().replace(hour=12)
    assert labels.due(Deal(due_at=noon + timedelta(hours=2)), noon).text == "Due today"
    assert labels.due(Deal(due_at=noon - timedelta(hours=2)), noon) == ("late", "Late today")


def test_views_and_their_counts(client, reviewer):
    mine, free, late, second = (make.deal_in_review() for _ in range(4))
    claim_deal(mine, actor=reviewer)
    due_in(late, days=-2)
    make.vote_on(
        second, actor=make.senior(), verdict="approve_with_conditions", conditions=[make.duty()]
    )
    expected = {
        "all": {mine, free, late, second},
        "mine": {mine},
        "unclaimed": {free, late, second},
        "late": {late},
        "second": {second},
    }
    waiting = queue.waiting_for(reviewer)
    assert queue.counts(waiting, reviewer) == {view: len(x) for view, x in expected.items()}
    for view, deals in expected.items():
        page = client.get("/reviews/", {"view": view})
        assert {row.deal for row in page.context["rows"]} == deals


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, "TB"),
        ({"country": "TR"}, "T"),
        ({"country": "BY"}, "B"),
        ({"risk": "very_high"}, "TB"),
        ({"risk": "low"}, ""),
        ({"level": "executive"}, "B"),
        ({"clause": "C3a"}, "B"),
        ({"clause": "C3"}, ""),
        ({"claimed_by": "me"}, "T"),
        ({"claimed_by": "nobody"}, "B"),
        ({"text": "anadolu"}, "T"),
        ({"text": "ARMY"}, "B"),
        ({"text": "100%"}, ""),
        ({"text": "country_risk"}, ""),
        ({"country": "TR", "level": "executive"}, ""),
    ],
)
def test_filters(client, reviewer, filters, found):
    turkey, belarus = make.deal_in_review(), make.deal_in_review(level="executive")
    claim_deal(turkey, actor=reviewer)
    page = client.get("/reviews/", filters)
    letters = {turkey.pk: "T", belarus.pk: "B"}
    shown = sorted((letters[row.deal.pk] for row in page.context["rows"]), reverse=True)
    assert "".join(shown) == found
    assert page.context["counts"]["all"] == len(found)


@pytest.mark.parametrize("shape", ["{0}", "HR-2026-{0:04d}", "hr-2026-{0}"])
def test_a_reference_finds_its_deal(client, reviewer, shape):
    deal, _ = make.deal_in_review(), make.deal_in_review()
    page = client.get("/reviews/", {"text": shape.format(deal.pk)})
    assert [row.deal for row in page.context["rows"]] == [deal]


def test_filters_survive_views(client, reviewer):
    make.deal_in_review()
    page = client.get("/reviews/", {"country": "TR", "text": "Anadolu", "view": "late"})
    tabs = [tab["url"] for tab in page.context["tabs"]]
    assert all("country=TR" in url and "text=Anadolu" in url for url in tabs)
    page = client.get("/reviews/", {"view": "x", "page": "x"})
    assert page.status_code == 200
    assert len(page.context["rows"]) == 1


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"country": "QQ"}, "“Country”: choose from the list"),
        ({"risk": "'"}, "“Country risk”: choose from the list"),
        ({"level": "x"}, "“Level”: choose from the list"),
        ({"clause": "C99"}, "“Clause”: choose from the list"),
        ({"claimed_by": "9" * 30}, "“Claimed by”: choose from the list"),
        ({"text": "a" * 81}, "at most 80 characters"),
    ],
)
def test_a_filter_that_cannot_be_read_shows_no_deals(client, reviewer, filters, said):
    make.deal_in_review()
    page = client.get("/reviews/", filters)
    assert page.status_code == 422
    assert said in page.content.decode()
    assert page.context["rows"] == []
    assert set(page.context["counts"].values()) == {0}


def test_a_country_whose_last_deal_is_gone_is_no_error(client, reviewer):
    make.deal_in_review()
    page = client.get("/reviews/", {"country": "DE"})
    assert page.status_code == 200
    assert "No deals match these filters." in page.content.decode()


def test_queries_do_not_grow_with_the_rows(client, reviewer):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            client.get("/reviews/")
        return len(seen)

    make.deal_in_review()
    client.get("/reviews/")
    few = queries()
    for _ in range(6):
        claim_deal(make.deal_in_review(), actor=make.senior())
    assert queries() == few <= 20


def test_pages_keep_the_filters(client, reviewer):
    for _ in range(26):
        make.deal_in_review()
    page = client.get("/reviews/", {"country": "TR"})
    assert len(page.context["rows"]) == 25
    assert "?country=TR&amp;page=2" in page.content.decode()
    second = client.get("/reviews/", {"country": "TR", "page": "2"})
    assert len(second.context["rows"]) == 1


def test_empty_states(client, reviewer):
    page = client.get("/reviews/").content.decode()
    assert "No deals are waiting." in page
    make.approved_deal()
    today = f"{timezone.now():%-d %b %Y}"
    page = " ".join(client.get("/reviews/").content.decode().split())
    assert f"No deals are waiting. The last one was decided on {today}." in page
    make.deal_in_review()
    page = client.get("/reviews/", {"text": "nobody has this"}).content.decode()
    assert "No deals match these filters." in page
    assert "Clear filters" in page


def test_what_take_next_offers(reviewer):
    skipped, free, held, executive = (
        make.deal_in_review(),
        make.deal_in_review(),
        make.deal_in_review(),
        make.deal_in_review(level="executive"),
    )
    own = make.deal_in_review()
    own.team.members.add(reviewer)
    skip_deal(skipped, because="I know them", actor=reviewer)
    claim_deal(held, actor=make.senior())
    assert [deal.pk for deal in queue.takeable(reviewer)] == [free.pk]
    assert [deal.pk for deal in queue.takeable(make.executive())] == [executive.pk]
    make.vote_on(free, actor=reviewer, verdict="approve_with_conditions", conditions=[make.duty()])
    assert not queue.takeable(reviewer).exists()


def test_the_auditor_reads_the_queue_and_takes_nothing(client):
    deal = make.deal_in_review()
    client.force_login(make.auditor())
    page = client.get("/reviews/").content.decode()
    assert deal.reference in page
    assert "Take the next deal" not in page
    assert client.post("/reviews/next/").status_code == 403
