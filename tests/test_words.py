"""One wording: every page about a screening speaks with the words of its own versions.

The pages are those of tests/access.csv, so a new one is read here too, as every role that may
open it. Only pages that speak of what is active or not screened yet are listed apart.
"""

import re
from dataclasses import replace
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponseBase
from django.test import Client

from people import access
from policy.governance.versions import shipped_contents
from policy.models import Kind
from reviews import actions as reviewing
from screening.models import Deal
from tests import factories
from tests.screening.sweep.sweeping import prepare
from tests.test_access import COLUMNS, ROWS, address

#: They speak of the active versions, of the next revision that these will screen, or of no deal.
OF_TODAY = (
    "api/v1/rulebook",
    "api/v1/schema",
    "api/v1/screen",
    "policy/",
    "countries/",
    "versions/",
    "catalogue/",
    "registry/",
    "laws/",
    "parties/",
    "deals/<int:pk>/q/",
)
#: Old words, and the new ones that an activated version has instead.
PRODUCTS = {
    "5G macro radio": "Radio of 2028",
    "Interception gateway": "Gateway of 2028",
    "Monitoring centre": "Centre of 2028",
}
PLACES = {"Türkiye": "Anatolian Republic", "Belarus": "White Ruthenia"}
SENTENCES = {
    "every sale there is reviewed": "each contract is looked at",
    "Every sale to a high-risk country": "Each contract with such a country",
    "which is active surveillance": "which watches people",
    "a commercial operator": "a licensed carrier",
    "radio access network": "network in the air",
    "Human-rights risk of the destination": "Peril of the place",
    "cited, not yet verified": "named and not proved",
}
RENAMED = PRODUCTS | PLACES | SENTENCES
FILTERS = re.compile(r'<form[^>]*method="get".*?</form>', re.DOTALL)
#: Reading the pages of a deal in review is not enough: these speak of another state of a deal.
STATES = {
    "deals/<int:pk>/check/": "asked",
    "deals/<int:pk>/questions/<int:number>/": "asked",
    "reviews/<int:pk>/assess/": "claimed",
    "reviews/<int:pk>/ask/": "claimed",
    "reviews/<int:pk>/pass-up/": "claimed",
}


def activate(kind: str, label: str, changes: dict[str, str]) -> None:
    content = next(content for content in shipped_contents() if content.kind == kind)
    text = content.text
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    prepare(replace(content, label=label, text=text))()


def activate_new_names() -> None:
    names = {f"name: {old}": f"name: {new}" for old, new in PRODUCTS.items()}
    activate(Kind.CATALOGUE, "2.0", names | {'label: \\"1.0\\"': 'label: \\"2.0\\"'})
    activate(Kind.COUNTRIES, "2.0", PLACES)


def activate_new_words() -> None:
    activate_new_names()
    activate(Kind.RULEBOOK, "2.0", SENTENCES | {'"label":"1.1"': '"label":"2.0"'})


def deal_in(state: str, people: dict[str, User]) -> Deal:
    deal = factories.deal_in_review(people["sales"])
    reviewing.claim_deal(deal, actor=people["senior_reviewer"])
    if state == "asked":
        question = ("country_risk", "Who runs the network?")
        reviewing.ask_sales(deal, questions=[question], actor=people["senior_reviewer"])
    return deal


def path_of(row: dict[str, str], people: dict[str, User]) -> str:
    route = row["route"]
    if route in STATES:
        deal = deal_in(STATES[route], people)
        return "/" + route.replace("<int:pk>", str(deal.pk)).replace("<int:number>", "1")
    return address(route, people["sales"])


def text_of(answer: HttpResponseBase) -> str:
    """What the page says; its filters speak of all deals at once, in the active words."""
    content = b"".join(answer) if answer.streaming else answer.content
    return unescape(FILTERS.sub("", content.decode()))


def read(row: dict[str, str], path: str, people: dict[str, User]) -> dict[str, str]:
    """Role → what it reads there; without those that are refused."""
    pages = {}
    for column in COLUMNS[1:]:
        client = Client()
        client.force_login(people[column])
        answer = client.generic(row["method"], path, secure=True)
        if answer.status_code == 200:
            pages[column] = text_of(answer)
    return pages


@pytest.fixture
def people(db: None) -> dict[str, User]:
    factories.reference_data()
    sales = {"sales": factories.sales_person(), "other_sales": factories.sales_person()}
    others = [role for role in access.ROLE_NAMES if role != access.SALES]
    return sales | {role: factories.person(role) for role in others}


def test_every_page_about_a_screening_keeps_its_words(people):
    rows = [
        row
        for row in ROWS
        if not row["route"].startswith(OF_TODAY)
        and (row["method"] == "GET" or row["route"].endswith("replay/"))
    ]
    paths = {row["route"]: path_of(row, people) for row in rows}
    paths["deals/<int:pk>/ (stopped)"] = f"/deals/{factories.barred_deal(people['sales']).pk}/"
    rows.append({"route": "deals/<int:pk>/ (stopped)", "method": "GET"})
    compliance = factories.deal_for_compliance(people["sales"])
    paths["deals/<int:pk>/ (cited)"] = f"/deals/{compliance.pk}/sent/"
    rows.append({"route": "deals/<int:pk>/ (cited)", "method": "GET"})
    before = {row["route"]: read(row, paths[row["route"]], people) for row in rows}
    activate_new_words()
    silent = set(RENAMED)
    for row in rows:
        route = row["route"]
        after = read(row, paths[route], people)
        assert after.keys() == before[route].keys(), route
        for role, page in after.items():
            said = {old for old in RENAMED if old in before[route][role]}
            silent -= said
            assert {old for old in said if old not in page} == set(), (route, role)
            assert {new for new in RENAMED.values() if new in page} == set(), (route, role)
    assert silent == set(), "No page said it before, so nothing was proved of it."
    # What is screened from now on is told in the new words.
    deal = factories.deal_in_review(people["sales"])
    page = text_of(_signed_in(people["sales"]).get(f"/deals/{deal.pk}/", secure=True))
    for old in ("5G macro radio", "Türkiye", "every sale there is reviewed"):
        assert RENAMED[old] in page
        assert old not in page


def test_what_is_changed_before_it_is_sent_again_is_in_the_new_words(people):
    """An answer as it was sent keeps its words; a new one will be screened by what is active."""
    deal = deal_in("asked", people)
    activate_new_names()
    client = _signed_in(people["sales"])
    client.post(
        f"/deals/{deal.pk}/q/sold/products/?from=check",
        {"answer": ["nr-macro", "x-monitoring-centre"]},
        secure=True,
    )
    page = text_of(client.get(f"/deals/{deal.pk}/check/", secure=True))
    assert "Radio of 2028" in page
    assert "Centre of 2028" in page
    assert "5G macro radio" not in page
    assert "Türkiye" in page


def _signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client
