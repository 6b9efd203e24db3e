"""Every page in Chromium: wide and light, narrow and dark; axe, content policy, hosts, width."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests import factories
from tests.test_access import COLUMNS, ROWS, address

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

axe = Axe()
NOT_PAGES = ("healthz", "api/", "export.", "meaning/")


def readers(row: dict[str, str]) -> list[str]:
    return [column for column in COLUMNS if row[column] == "200"]


def pages() -> list[tuple[str, str]]:
    """Each page for the first role that may read it; the home page for every role."""
    found = []
    for row in ROWS:
        if row["method"] != "GET" or any(part in row["route"] for part in NOT_PAGES):
            continue
        who = readers(row)
        found += [(row["route"], column) for column in (who if not row["route"] else who[:1])]
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


@pytest.mark.parametrize(("route", "column"), pages(), ids=lambda word: word or "home")
def test_page(route: str, column: str, visitor: Any) -> None:
    factories.reference_data()
    owner = factories.sales_person()
    role = {"other_sales": "sales"}.get(column, column)
    user = {"nobody": None, "sales": owner}.get(column) or (
        None if column == "nobody" else factories.person(role)
    )
    path = address(route, owner)
    for width, dark in ((1280, False), (320, True)):
        guest = visitor(user, width=width, dark=dark)
        page = guest.goto(path)
        assert page.locator("h1").count() == 1
        assert faults_of(page) == []
        assert too_wide(page) == []
        assert guest.troubles == []


def test_a_warning_of_the_browser_is_trouble(visitor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise no page above would notice a header that Chromium does not know."""
    monkeypatch.setattr("config.middleware.PERMISSIONS_POLICY", "no-such-feature=()")
    guest = visitor(None)
    guest.goto("/")
    assert ["no-such-feature" in trouble for trouble in guest.troubles] == [True]
