"""A list of thirty rows asks PostgreSQL no more than a list of three."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from people import access
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
    (access.EXECUTIVE, "/"),
    (access.AUDITOR, "/audit/"),
    (access.AUDITOR, "/audit/?result=any"),
    (access.AUDITOR, "/audit/export.csv"),
    (access.AUDITOR, "/api/v1/deals"),
)


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
    words = {"waiting": waiting.pk, "party": make.party_of(waiting).get_absolute_url()}
    for _ in range(2):
        make.vote_on(
            duties,
            actor=make.senior(),
            verdict="approve_with_conditions",
            conditions=[make.duty()] * 15,
        )
    for deal in (waiting, cited):
        copies(deal, 2, owner_url)
    few = counted(clients, words)
    for deal in (waiting, cited):
        copies(deal, 27, owner_url)
    many = counted(clients, words)
    assert many == few
    assert max(many[f"{path} as {role}"] for role, path in LISTS if "{" not in path) <= 20
