"""The map in a real browser, under the policy that every page is served with."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from policy.pages import maps
from policy.reference.importers.places import places
from policy.reference.ratings import TIERS, UNRATED, Rating, RatingList, compare
from tests.conftest import CHROMIUM

pytestmark = pytest.mark.browser

STATIC = Path(maps.__file__).parents[2] / "static" / "proviso"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HOST = "http://proviso.test"


@pytest.fixture(scope="session")
def browser_type_launch_args():
    return {"executable_path": CHROMIUM, "args": ["--no-sandbox"]}


def tiers():
    every = (*TIERS, UNRATED)
    return {code: every[number % 5] for number, code in enumerate(sorted(places()))}


def rating_list(given):
    return RatingList("S", "1", 2025, "", "", tuple(Rating(c, given[c]) for c in sorted(given)))


def document():
    moved = dict(zip(tiers(), list(tiers().values())[3:] + ["low"] * 3, strict=True))
    changes = compare(rating_list(tiers()), rating_list(moved))
    words = {"title": "Countries by tier", "description": "The table below has every figure."}
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Countries</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/app.css"><link rel="stylesheet" href="/map.css"></head>'
        '<body><main class="page"><h1>Countries</h1>'
        f"<figure>{maps.world_map(tiers(), **words)}{maps.map_key()}</figure>"
        f"{maps.world_map(tiers(), **words, name='linked', link='/countries/{}/'.format)}"
        f"{maps.change_map(changes, **words)}{maps.change_key()}</main></body></html>"
    )


@pytest.fixture
def shown(page):
    """Opens the document; collects what the content policy refused and what was asked for."""
    troubles = []

    def answer(route, request):
        name = request.url.removeprefix(f"{HOST}/")
        if not name:
            headers = {"content-security-policy": POLICY, "content-type": "text/html"}
            route.fulfill(body=document(), headers=headers)
        elif name in ("app.css", "map.css"):
            route.fulfill(path=STATIC / name, content_type="text/css")
        else:
            troubles.append(request.url)
            route.fulfill(status=404)

    def open_at(width, scheme):
        page.route("**/*", answer)
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{HOST}/")
        return page

    yield open_at
    assert [trouble for trouble in troubles if "favicon" not in trouble] == []


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_the_page_does_not_scroll_sideways(shown, width, scheme):
    page = shown(width, scheme)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_place_is_painted_from_the_style_sheet(shown):
    page = shown(1280, "light")
    black = page.evaluate(
        """() => [...document.querySelectorAll('.map path, .map circle')]
            .filter(shape => !shape.closest('pattern'))
            .filter(shape => getComputedStyle(shape).fill === 'rgb(0, 0, 0)').length"""
    )
    assert black == 0
    hatched = page.locator("path[fill='url(#map-high)']").first
    assert "map-high" in hatched.evaluate("shape => getComputedStyle(shape).fill")


def test_places_can_be_reached_by_keyboard_when_they_are_links(shown):
    page = shown(1280, "light")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused.startswith("United Arab Emirates: ")
