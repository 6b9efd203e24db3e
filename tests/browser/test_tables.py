"""Tables between the width of a telephone and a wide window: badges stay in one line."""

from typing import Any

import pytest

from people import access
from tests import factories
from tests.browser.test_every_page import too_wide
from tests.browser.test_versions import pages

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BROKEN = (
    "[...document.querySelectorAll('.table .badge')]"
    ".filter(e => e.clientHeight > 1.5 * parseFloat(getComputedStyle(e).lineHeight))"
    ".map(e => e.textContent)"
)


def test_no_badge_breaks_and_nothing_scrolls_sideways(visitor: Any) -> None:
    factories.reference_data()
    anna = factories.person(access.POLICY_OWNER, name="Anna Berg")
    boris = factories.person(access.POLICY_OWNER, name="Boris Lund")
    addresses = pages(anna, boris)
    asked = [addresses[name] for name in ("report", "activate", "rule", "versions")]
    guest = visitor(boris)
    for address in (*asked, "/registry/"):
        page = guest.goto(address)
        assert page.locator(".table").count() > 0, address
        for width in (320, 640, 767, 768, 1024, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(BROKEN) == [], (address, width)
            assert too_wide(page) == [], (address, width)
