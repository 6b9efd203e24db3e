"""Every page in Chromium: wide and light, narrow and dark; axe, content policy, hosts, width."""

from collections.abc import Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests import factories
from tests.test_access import COLUMNS, ROWS, address

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.example_laws,
]

axe = Axe()
WIDTHS = (320, 480, 640, 768, 925, 1024, 1280)
NOT_PAGES = ("healthz", "api/", "export.", ".xlsx", "meaning/")


def readers(row: dict[str, str]) -> list[str]:
    return [column for column in COLUMNS if row[column] == "200"]


def pages() -> dict[str, list[str]]:
    """Each page with the first role that may read it; the home page with every role."""
    found: dict[str, list[str]] = {}
    for row in ROWS:
        if row["method"] != "GET" or any(part in row["route"] for part in NOT_PAGES):
            continue
        who = readers(row)
        for column in who if not row["route"] else who[:1]:
            found.setdefault(column, []).append(row["route"])
    return found


def faults_of(page: Any) -> list[str]:
    found = axe.run(page).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for fault in found
        for node in fault["nodes"]
    ]


def too_wide(page: Any) -> list[str]:
    """What sticks out of the window; an empty list when nothing scrolls sideways."""
    if page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        return []
    return page.evaluate(
        "[...document.querySelectorAll('body *')]"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".slice(0, 5).map(e => e.outerHTML.slice(0, 120))"
    )


def too_wide_at(page: Any, widths: Sequence[int]) -> dict[int, list[str]]:
    """What sticks out by the width of the window, on one page that is resized."""
    found = {}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        if wide := too_wide(page):
            found[width] = wide
    return found


@pytest.mark.parametrize("column", pages())
def test_pages(column: str, visitor: Any) -> None:
    """All pages of a role in one test: they change nothing, and to make a database for each takes
    longer than to look at it.
    """
    factories.reference_data(laws=factories.laws_of_the_demo())
    owner = factories.sales_person()
    role = {"other_sales": "sales"}.get(column, column)
    user = {"nobody": None, "sales": owner}.get(column) or (
        None if column == "nobody" else factories.person(role)
    )
    paths = {route: address(route, owner) for route in pages()[column]}
    found: dict[tuple[str, int], Any] = {}
    for width, dark in ((1280, False), (320, True)):
        guest = visitor(user, width=width, dark=dark)
        for route, path in paths.items():
            page = guest.goto(path)
            faults = [*faults_of(page), *guest.troubles]
            if page.locator("h1").count() != 1:
                faults.append("there is not one heading")
            # Colours take no room: the dark page is only looked at as it is.
            if faults or (wide := too_wide_at(page, (width,) if dark else WIDTHS)):
                found[route, width] = faults or wide
            guest.troubles.clear()
            page.set_viewport_size({"width": width, "height": 900})
    assert found == {}


#: One word as long as the form takes it, and a customer of as many letters as a tender can hold.
LONG = {"name": "W" * 80, "customer": "Fernmeldeinfrastruktur" * 9}


def long_deals(owner: Any) -> list[Any]:
    """Deals with such names on every list; those that were sent and wait, or are barred."""
    kinds = (factories.SENIOR, factories.CITED, factories.BARRED)
    # Before the others: a cited law of the same end user would stop it.
    approved = factories.sent_deal({**factories.SENIOR, **LONG}, owner)
    duty = factories.duty("Fernmeldeinfrastruktur" * 9)
    for _ in range(2):
        factories.vote_on(
            approved, actor=factories.senior(), verdict="approve_with_conditions", conditions=[duty]
        )
    waiting = [factories.sent_deal({**answers, **LONG}, owner) for answers in kinds]
    factories.draft_deal(owner, {**factories.SIMPLE, **LONG})
    return [*waiting, approved]


#: Lists and pages by role; {n} stands for each of the deals.
LISTS = (
    ("sales", ("/", "/deals/", "/deals/?tab=drafts", "/conditions/", "/mail/", "/deals/{n}/")),
    ("compliance", ("/", "/compliance/", "/mail/", "/compliance/{n}/")),
    ("senior_reviewer", ("/", "/reviews/", "/conditions/", "/mail/", "/reviews/{n}/")),
    ("auditor", ("/", "/audit/?result=any", "/audit/deals/{n}/")),
)


def test_long_names_break_inside_the_page(visitor: Any) -> None:
    factories.reference_data()
    owner = factories.sales_person()
    people = {role: owner if role == "sales" else factories.person(role) for role, _ in LISTS}
    deals = long_deals(owner)
    found = {}
    for role, paths in LISTS:
        guest = visitor(people[role])
        for path in dict.fromkeys(path.format(n=deal.pk) for path in paths for deal in deals):
            page = guest.goto(path)
            assert LONG["name"] in page.content(), path
            if wide := too_wide_at(page, WIDTHS):
                found[role, path] = wide
    assert found == {}


def test_the_ribbon_of_the_demo_lies_in_a_landmark(visitor: Any, settings: Any) -> None:
    settings.DEMO = settings.SIGN_IN_AS = True
    for width, dark in ((1280, False), (320, True)):
        page = visitor(factories.sales_person(), width=width, dark=dark).goto("/")
        expect(page.get_by_role("complementary", name="About this demo")).to_be_visible()
        assert faults_of(page) == []
        assert too_wide_at(page, WIDTHS) == {}


def test_a_warning_of_the_browser_is_trouble(visitor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise no page above would notice a header that Chromium does not know."""
    monkeypatch.setattr("config.middleware.PERMISSIONS_POLICY", "no-such-feature=()")
    guest = visitor(None)
    guest.goto("/")
    assert ["no-such-feature" in trouble for trouble in guest.troubles] == [True]
