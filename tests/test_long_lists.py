"""A list of fifty rows asks PostgreSQL no more than a list of one, and no page asks it much."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from people import access
from reviews import actions as reviewing
from screening import actions as selling
from tests import factories as make
from tests.reviews.many import copies

#: Every page with a list of deals or of what belongs to them, and who reads it.
LISTS = (
    (access.SALES, "/"),
    (access.SALES, "/deals/"),
    (access.SALES, "/deals/?tab=others"),
    (access.SALES, "/conditions/"),
    (access.SALES, "/countries/TR/"),
    (access.COMPLIANCE, "/"),
    (access.COMPLIANCE, "/compliance/"),
    (access.COMPLIANCE, "/parties/"),
    (access.COMPLIANCE, "{party}"),
    (access.COMPLIANCE, "/countries/TR/"),
    (access.SENIOR, "/"),
    (access.SENIOR, "/reviews/"),
    (access.SENIOR, "/reviews/?view=unclaimed"),
    (access.SENIOR, "/reviews/{waiting}/"),
    (access.SENIOR, "/conditions/"),
    (access.SENIOR, "/policy/rules/S01/"),
    (access.SALES, "/deals/{draft}/q/sold/name/"),
    (access.EXECUTIVE, "/"),
    (access.AUDITOR, "/audit/"),
    (access.AUDITOR, "/audit/?result=any"),
    (access.AUDITOR, "/audit/deals/{waiting}/"),
    (access.AUDITOR, "/audit/export.csv"),
    (access.AUDITOR, "/api/v1/deals"),
)


#: The pages that people have open all day ask at most so many, whoever reads them.
MAIN = (
    "/",
    "/deals/",
    "/reviews/",
    "/compliance/",
    "/audit/",
    "/countries/TR/",
    "/policy/rules/S01/",
)
MAIN += ("/deals/{draft}/q/sold/name/", "/reviews/{waiting}/", "/audit/deals/{waiting}/")
MOST, MOST_OF_OTHERS = 12, 20


def counted(clients: dict[str, Client], words: dict[str, object]) -> dict[str, int]:
    """How many statements each page takes, once it has been opened before."""
    found = {}
    for role, path in LISTS:
        address = path.format(**words)
        clients[role].get(address)
        with CaptureQueriesContext(connection) as asked:
            answer = clients[role].get(address)
            assert answer.status_code == 200, address
            if answer.streaming:
                b"".join(answer)
        found[f"{path} as {role}"] = len(asked)
    return found


@pytest.mark.django_db(transaction=True)
def test_no_page_asks_more_for_more_rows(owner_url):
    seller = make.sales_person()
    waiting, cited = make.deal_in_review(seller), make.deal_for_compliance(seller)
    duties = make.deal_in_review(seller)
    people = {role: make.person(role) for role in access.ROLE_NAMES} | {access.SALES: seller}
    clients = {role: Client() for role in people}
    for role, client in clients.items():
        client.force_login(people[role])
    words = {
        "waiting": waiting.pk,
        "draft": make.draft_deal(seller).pk,
        "party": make.party_of(waiting).get_absolute_url(),
    }
    for _ in range(2):
        make.vote_on(
            duties,
            actor=make.senior(),
            verdict="approve_with_conditions",
            conditions=[make.duty()] * 15,
        )
    few = counted(clients, words)
    for deal in (waiting, cited):
        copies(deal, 49, owner_url)
    many = counted(clients, words)
    assert many == few
    for role, path in LISTS:
        if path in MAIN:
            assert many[f"{path} as {role}"] <= MOST, path
        elif "{" not in path:
            assert many[f"{path} as {role}"] <= MOST_OF_OTHERS, path


@pytest.mark.django_db
def test_a_deal_with_a_past_asks_for_no_more_than_it_has():
    """Every part of its past is one statement or two, however much of it there is."""
    deal = make.deal_in_review(level="executive")
    first, reader = make.executive(), make.executive()
    reviewing.claim_deal(deal, actor=first)
    reviewing.ask_sales(deal, questions=[("purpose", "Who uses it?")], actor=first)
    deal.refresh_from_db()
    reply = "The operator itself, in its own network."
    selling.submit_deal(deal, send_key=uuid4(), actor=deal.owner, replies={1: reply})
    deal.refresh_from_db()
    make.ruled(deal, "adverse_info", "alleged")
    make.vote_on(deal, actor=first)
    client = Client()
    client.force_login(reader)
    client.get(f"/reviews/{deal.pk}/")
    with CaptureQueriesContext(connection) as asked:
        page = client.get(f"/reviews/{deal.pk}/").content.decode()
    assert "Who uses it?" in page
    assert "One vote is in and a second is needed" in page
    assert len(asked) <= MOST_OF_OTHERS
