"""What pages look screenings up by: columns that PostgreSQL reads from the stored facts."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from policy.governance import past
from reviews import precedents, queue
from reviews.history import decisions
from screening.models import COLUMN_OF, Deal, Screening, holds
from tests import factories as make
from tests.reviews.many import copies
from tests.screening.sweep.test_deal_facts import store

MANY = 5_000
#: Texts that people write, and that look like what the facts hold.
PRETENDS = 'IR "country":"IR" very_high "country_risk":"very_high" ["IR"]'


def in_places(*codes: str) -> dict[str, Any]:
    return {
        **make.SENIOR,
        **make.in_country(codes[0]),
        "countries": [{"place": code, "site": PRETENDS} for code in codes],
        "customer": PRETENDS,
        "name": PRETENDS,
    }


@pytest.fixture
def deals(db: None) -> dict[str, Deal]:
    """Deals in review in one country and in two; none of them in Iran but in its texts."""
    return {
        "kazakhstan": make.sent_deal(in_places("KZ")),
        "both": make.sent_deal(in_places("KZ", "BY")),
        "belarus": make.sent_deal(in_places("BY")),
    }


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"country": "KZ"}, {"kazakhstan", "both"}),
        ({"country": "BY"}, {"both", "belarus"}),
        ({"country": "IR"}, set()),
        ({"risk": "high"}, {"kazakhstan", "both"}),
        ({"risk": "very_high"}, {"both", "belarus"}),
        ({"risk": "low"}, set()),
        ({"country": "KZ", "risk": "very_high"}, {"both"}),
    ],
)
def test_each_filter_of_the_queue_finds_exactly_its_deals(deals, chosen, expected):
    tiers = {name: set(deal.screening.tiers) for name, deal in deals.items()}
    assert tiers == {
        "kazakhstan": {"high"},
        "both": {"high", "very_high"},
        "belarus": {"very_high"},
    }
    reviewer = make.senior()
    found = queue.filtered(queue.waiting_for(reviewer), chosen, reviewer)
    assert set(found) == {deals[name] for name in expected}


def test_the_queue_offers_every_country_and_says_where_no_deal_waits(client, deals):
    """To offer those of its deals alone would read the whole queue for each page."""
    client.force_login(make.senior())
    page = client.get(reverse("reviews:queue"), {"country": "IR"})
    offered = {code for code, _name in page.context["form"].fields["country"].choices}
    assert {"BY", "FI", "IR", "KZ"} <= offered
    assert list(page.context["page"]) == []


@pytest.mark.parametrize(("code", "expected"), [("KZ", 2), ("BY", 2), ("IR", 0)])
def test_the_decision_history_and_the_country_page_find_the_same(client, deals, code, expected):
    rows = decisions.filtered(decisions.screenings(), {"result": "any", "country": code})
    assert {row.revision.deal for row in rows} == {
        deal
        for deal in deals.values()
        if code in {facts["country"] for facts in deal.screening.facts}
    }
    assert rows.count() == expected
    assert len(past.past().deals_in(code, make.auditor())) == expected


@pytest.mark.parametrize("fact", COLUMN_OF)
def test_each_column_says_what_the_text_says(deals, fact):
    make.cleared_deal()
    for screening in Screening.objects.all():
        said = getattr(screening, COLUMN_OF[fact])
        listed = [facts[fact] for facts in screening.facts if fact in facts]
        if fact == "capabilities":
            listed = [member for value in listed for member in _sure(value)]
        assert sorted(said, key=str) == sorted(listed, key=str)
        assert listed
        for value in listed:
            assert Screening.objects.filter(holds(fact, value), pk=screening.pk).exists()


def _sure(value: Any) -> list[str]:
    sure: list[str] = value["yes"] if isinstance(value, dict) else value
    return sure


@pytest.mark.usefixtures("nothing_remains")
def test_what_is_open_is_not_held():
    """Members that may or may not be there stand in the text, and are no part of the column."""
    like = store(
        make.cleared_deal().last_screening,
        [{"capabilities": {"unknown": ["decryption_mitm"], "yes": ["ran"]}, "country": None}],
    )
    assert Screening.objects.filter(holds("capabilities", "ran"), pk=like.pk).exists()
    assert not Screening.objects.filter(holds("capabilities", "decryption_mitm"), pk=like.pk)
    assert Screening.objects.values_list("country_codes", flat=True).get(pk=like.pk) == [None]


def test_nobody_writes_the_columns(deals):
    """PostgreSQL alone fills them; whoever names a value is refused."""
    with (
        pytest.raises(Exception, match="cannot insert a non-DEFAULT value"),
        connection.cursor() as cursor,
    ):
        cursor.execute("INSERT INTO screening_screening (country_codes) VALUES ('[]')")


# --- What PostgreSQL reads for it ----------------------------------------------------------------


def steps_of(sql: str) -> Iterator[dict[str, Any]]:
    """Every step that PostgreSQL plans for a statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        [[plan]] = cursor.fetchall()
    steps = [(json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]]
    while steps:
        step = steps.pop()
        yield step
        steps += step.get("Plans", ())


def read_by(statements: list[str]) -> tuple[set[str], int]:
    """The indexes that the statements use, and how many screenings they read one after another."""
    steps = [step for sql in statements for step in steps_of(sql)]
    scanned = [
        step
        for step in steps
        if step["Node Type"] == "Seq Scan" and step["Relation Name"] == "screening_screening"
    ]
    rows = sum(step["Actual Rows"] + step.get("Rows Removed by Filter", 0) for step in scanned)
    return {step["Index Name"] for step in steps if "Index Name" in step}, int(rows)


def statements_of(act: Any) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        act()
    columns = tuple(COLUMN_OF.values())
    return [
        query["sql"]
        for query in seen
        if query["sql"].startswith("SELECT")
        and any(f'"{name}" @>' in query["sql"] for name in columns)
    ]


@pytest.mark.django_db(transaction=True)
def test_no_filter_reads_five_thousand_screenings(owner_url):
    rare = make.sent_deal(in_places("KZ"))
    copies(make.deal_in_review(), MANY, owner_url)
    make.vote_on(make.deal_in_review(), actor=make.senior())
    reviewer, auditor = make.senior(), make.auditor()
    waiting = queue.waiting_for(reviewer)
    everything = decisions.screenings()
    lookups = {
        "queue": lambda: list(queue.filtered(waiting, {"country": "KZ"}, reviewer)),
        "risk": lambda: list(queue.filtered(waiting, {"risk": "high"}, reviewer)),
        "decisions": lambda: list(
            decisions.filtered(everything, {"result": "any", "country": "KZ"})
        ),
        "country": lambda: past.past().deals_in("KZ", auditor),
        "precedents": lambda: precedents.nearest(rare.screening, reviewer),
    }
    for name, lookup in lookups.items():
        statements = statements_of(lookup)
        assert statements, name
        indexes, scanned = read_by(statements)
        assert scanned == 0, name
        if name != "precedents":
            assert "screening_looked_up_by" in indexes, name
    # The same search in the text, as it was before, in the same run: it reads every screening.
    text = Deal.objects.filter(screening__facts_text__contains='"country":"KZ"')
    sql, values = text.query.sql_with_params()
    with connection.cursor() as cursor:
        statement = cursor.mogrify(sql, values).decode()
    assert read_by([statement])[1] > MANY
    assert set(text) == set(Deal.objects.filter(holds("country", "KZ", "screening__"))) == {rare}
