"""The pages of a long queue: how they grow, and what PostgreSQL is asked to do for them."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from people import access
from reviews import queue
from reviews.actions import claim_deal
from screening.models import Deal
from tests import factories as make
from tests.reviews.many import copies

FEW, MANY = 500, 5_000
#: How much slower than the rows are more.
MOST = 2.5


def plans_of(rows: Any) -> Iterator[dict[str, Any]]:
    """Every step that PostgreSQL plans for the query."""
    sql, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", values)
        [[plan]] = cursor.fetchall()
    steps = [(json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]]
    while steps:
        step = steps.pop()
        yield step
        steps += step.get("Plans", ())


def lists_for(user: Any) -> dict[str, Any]:
    deals = Deal.objects.all()
    return {
        "visible": deals.visible_to(user),
        "sold": deals.sold_by(user),
        "queue": queue.in_order(queue.waiting_for(user)),
        "takeable": queue.takeable(user),
        "compliance": deals.awaiting_compliance().not_of_own(user),
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("visible", access.SALES),
        ("visible", access.EXECUTIVE),
        ("sold", access.SALES),
        ("queue", access.SENIOR),
        ("queue", access.AUDITOR),
        ("takeable", access.SENIOR),
        ("takeable", access.EXECUTIVE),
        ("compliance", access.COMPLIANCE),
    ],
)
def test_a_list_reads_the_deals_once(name, role):
    """Twice is once for each row when PostgreSQL guesses wrong: the square of the queue."""
    person = make.person(role)
    make.join(make.sales_team(), person)
    make.deal_in_review()
    steps = list(plans_of(lists_for(person)[name]))
    assert [step.get("Relation Name") for step in steps].count("screening_deal") == 1
    assert not [step for step in steps if step["Node Type"] == "Unique"]


def pages(client: Client) -> dict[str, float]:
    """Seconds of each page, at its best of three."""
    found = {}
    for path in ("/", "/reviews/", "/reviews/?view=unclaimed", "/deals/", "/conditions/"):
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            assert client.get(path).status_code == 200
            seconds.append(time.perf_counter() - began)
        found[path] = min(seconds)
    return found


def somebody_busy() -> Client:
    """A reviewer who also sells, for a team without deals, and holds three claims."""
    person = make.person(access.SENIOR, access.SALES)
    make.join(make.sales_team(), person)
    for _ in range(3):
        claim_deal(make.deal_in_review(), actor=person)
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("as_owner", [False, True], ids=["reviewer", "owner"])
def test_ten_times_the_deals_take_ten_times_as_long(owner_url, as_owner):
    deal = make.deal_in_review()
    client = somebody_busy()
    if as_owner:
        colleague = make.person(access.SENIOR, access.SALES)
        client.force_login(colleague)
        make.join(deal.team, colleague)
    copies(deal, FEW, owner_url)
    few = pages(client)
    copies(deal, MANY - FEW, owner_url)
    many = pages(client)
    for path, seconds in many.items():
        assert seconds < MOST * MANY / FEW * few[path], f"{path}: {few[path]:.3f} s → {seconds:.3f}"


@pytest.mark.django_db(transaction=True)
def test_the_number_of_queries_is_that_of_a_short_queue(owner_url):
    deal = make.deal_in_review()
    client = somebody_busy()

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(path)
        return len(seen)

    paths = ("/", "/reviews/", "/deals/")
    client.get("/reviews/")
    # As many as fill a page, so that the page has everything that it ever has.
    copies(deal, 30, owner_url)
    few = [queries(path) for path in paths]
    copies(deal, 60, owner_url)
    assert [queries(path) for path in paths] == few
