"""Every URL × role against the table in tests/access.csv; a route that is not in it fails.

The table speaks of GET for pages and POST for routes that only act. The deal of the walk belongs
to the sales person of column `sales`; `other_sales` is of another team.
"""

import csv
import re
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from audit.models import AuditEvent
from config.startup import patterns
from people import access
from people.links import link_for
from policy.models import Kind, ReferenceVersion
from reviews.actions import Duty
from reviews.models import Condition, Decision, Review, Vote
from screening.models import Answer, Deal, DealRevision, FactRuling, Question, Screening
from screening.parties import actions as parties
from screening.parties.models import Easing, EasingWord, Party, PartyFinding, PartyMerge
from tests import factories

pytestmark = pytest.mark.example_laws

TABLE = Path(__file__).with_name("access.csv")
ROWS = list(csv.DictReader(TABLE.read_text().splitlines()))
COLUMNS = (
    "nobody",
    "sales",
    "other_sales",
    "compliance",
    "senior_reviewer",
    "executive_reviewer",
    "policy_owner",
    "auditor",
    "administrator",
)
RECORDS = (
    AuditEvent,
    Deal,
    DealRevision,
    Screening,
    FactRuling,
    Question,
    Answer,
    Review,
    Vote,
    Decision,
    Condition,
    ReferenceVersion,
    Easing,
    EasingWord,
    Party,
    PartyFinding,
    PartyMerge,
)
API = "api/v1/"


@pytest.fixture
def people(db: None) -> dict[str, User]:
    factories.reference_data(laws=factories.laws_of_the_demo())
    owner = factories.sales_person()
    roles = (role for role in access.ROLE_NAMES if role != access.SALES)
    return {
        "sales": owner,
        "other_sales": factories.sales_person(),
        **{role: factories.person(role) for role in roles},
    }


def deal_for(route: str, owner: User) -> Deal:
    """A deal in the state that the route is about."""
    if any(part in route for part in ("/q/", "/check/", "/delete/")):
        return factories.draft_deal(owner)
    if "/changed/" in route:
        return factories.barred_deal(owner)
    if "compliance/" in route:
        return factories.deal_for_compliance(owner)
    return factories.deal_in_review(owner)


def condition_for(owner: User) -> Condition:
    deal = factories.deal_in_review(owner)
    duty = Duty(text="Remove the export feature", due_on=date(2027, 5, 1), evidence="build log")
    for _ in range(2):
        factories.vote_on(
            deal, actor=factories.senior(), verdict="approve_with_conditions", conditions=[duty]
        )
    return Condition.objects.latest("pk")


def ruling_for(owner: User) -> FactRuling:
    return factories.ruled(factories.deal_in_review(owner), "adverse_info", "alleged")


def of_parties(route: str, owner: User) -> int:
    """The number of a party, or of what is recorded of it."""
    party = factories.party_of(factories.deal_in_review(owner))
    officer = factories.compliance_officer()
    if "findings/" in route:
        return factories.known_of(party).pk
    if "numbers/" in route:
        return parties.add_identifier(party, scheme="register", value="1", actor=officer).pk
    if "merges/" in route or "easings/" in route:
        merged = parties.add_name(party, name="Other", country="FI", because="Same.", actor=officer)
        if "merges/" in route:
            return merged.pk
        return parties.ask_split(merged, because="Not the same.", actor=officer).pk
    return party.pk


def namesake() -> Party:
    return Party.objects.get_or_create(key="a namesake", country="SE", name="A namesake")[0]


def address(route: str, owner: User) -> str:
    """The route with the ids of things that exist."""
    if "condition" in route and "<int:pk>" in route:
        pk = condition_for(owner).pk
    elif "rulings/" in route:
        pk = ruling_for(owner).pk
    elif route.startswith("parties/") and "<int:pk>" in route:
        pk = of_parties(route, owner)
    elif "version" in route and "<int:pk>" in route:
        pk = ReferenceVersion.objects.of(Kind.RULEBOOK).earliest("pk").pk
    elif "<int:pk>" in route:
        pk = deal_for(route, owner).pk
    else:
        pk = 0
    if "link/" in route:
        # Of somebody else: who signs in ends the links that were made before.
        return urlsplit(link_for(factories.person())).path
    words = {
        "<int:pk>": str(pk),
        "<int:number>": "1",
        "<int:other>": str(namesake().pk) if "<int:other>" in route else "",
        "<slug:section>": "sold",
        "<slug:slug>": "name",
        "<slug:fact>": "adverse_info",
        "<str:kind>": "rulebook",
        "<slug:kind>": "rulebook",
        "<str:rule>": "B01",
        "<slug:rule>": "B01",
        "<str:rule_id>": "B01",
        "<slug:rule_id>": "B01",
        "<str:code>": "FI",
        "<slug:code>": "FI",
        "<str:iso>": "FI",
        "<slug:iso>": "FI",
        "<slug:law_id>": "fi-917-2014",
    }
    return "/" + re.sub(r"<[^>]+>", lambda found: words[found[0]], route)


def test_the_table_holds_every_route():
    routes = {route for route, _ in patterns(get_resolver())}
    assert {row["route"] for row in ROWS} == routes
    assert len(ROWS) == len(routes)


@pytest.mark.parametrize("row", ROWS, ids=[row["route"] or "home" for row in ROWS])
def test_each_role(row, people):
    path = address(row["route"], people["sales"])
    found = {}
    for column in COLUMNS:
        client = Client()
        if column != "nobody":
            client.force_login(people[column])
        answer = client.generic(row["method"], path, secure=True)
        found[column] = str(answer.status_code)
        if answer.status_code == 302 and "/sign-in/" in answer["Location"]:
            found[column] = "sign-in"
    assert found == {column: row[column] for column in COLUMNS}


@pytest.mark.parametrize("route", [row["route"] for row in ROWS if row["method"] == "GET"])
def test_a_get_changes_nothing(route, people):
    """Reading twice leaves every row as it was; only an export writes that it was made."""
    path = address(route, people["sales"])

    def counted() -> list[int]:
        return [model.objects.count() for model in RECORDS]

    before = counted()
    for person in people.values():
        client = Client()
        client.force_login(person)
        client.get(path, secure=True)
    exports = AuditEvent.objects.filter(verb__contains="export").count()
    after = counted()
    assert after[1:] == before[1:]
    assert after[0] - exports == before[0]


def test_an_auditor_writes_nothing(people):
    """Every route, every way to write: refused, and nothing changes."""
    client = Client()
    client.force_login(people["auditor"])
    paths = [address(row["route"], people["sales"]) for row in ROWS]
    before = [model.objects.count() for model in RECORDS]
    for path in paths:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            # A link belongs to whoever holds it, signed in or not.
            if path.startswith("/sign-in/") or "replay" in path:
                continue
            # Signing out, asking what the rules say, and one's own password change no record.
            if path in {"/sign-out/", "/api/v1/screen", "/account/password/"}:
                continue
            status = client.generic(method, path, secure=True).status_code
            assert status in {403, 404, 405}, (method, path, status)
    assert [model.objects.count() for model in RECORDS] == before
