"""A real Chromium against the real program. What the browser refuses or fetches elsewhere fails."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from tests.conftest import CHROMIUM

# Playwright keeps an event loop in this thread; Django only sees that, not that we wait for it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

LISTEN = (
    "document.addEventListener('securitypolicyviolation', "
    "event => console.error('csp: ' + event.violatedDirective + ' ' + event.blockedURI))"
)

# A page that was never opened has no storage to empty, and says so.
FORGET = "() => { try { localStorage.clear(); sessionStorage.clear() } catch { } }"


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {
        "executable_path": CHROMIUM,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            # A page that is used again stays in its process, where its scripts are read already.
            "--renderer-process-limit=1",
            "--disable-site-isolation-trials",
            "--disable-features=IsolateOrigins,site-per-process,SpareRendererForSitePerProcess",
        ],
    }


class Visitor:
    """One person with a browser of their own."""

    def __init__(self, page: Page, address: str) -> None:
        self.address = address
        self.page = page
        self.context: BrowserContext = page.context
        self.troubles: list[str] = []
        self.heard: dict[str, Callable[[Any], None]] = {
            "console": self._heard,
            "pageerror": lambda error: self.troubles.append(f"script: {error}"),
            "request": self._asked,
        }
        for event, listener in self.heard.items():
            page.on(event, listener)  # type: ignore[call-overload]

    def _heard(self, message: Any) -> None:
        # A page with status 4xx is noted on the console too; that is no trouble.
        # Warnings are: Chromium warns of headers, attributes and markup that it does not know.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.troubles.append(f"{message.type}: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "about:")):
            self.troubles.append(f"asked another host: {request.url}")

    def goto(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, user: User | None) -> None:
        self.context.clear_cookies()
        if user is not None:
            client = Client()
            client.force_login(user)
            cookie = client.cookies["proviso-session"].value
            self.context.add_cookies(
                [{"name": "proviso-session", "value": cookie, "url": self.address}]
            )

    def leave(self) -> None:
        """The page is empty and nobody's: the next test finds it like a new one."""
        self.page.evaluate(FORGET)
        self.page.goto("about:blank")
        for event, listener in self.heard.items():
            self.page.remove_listener(event, listener)
        self.context.clear_cookies()


class Pages:
    """Pages for whoever needs one, each with cookies of its own.

    To start one takes Chromium longer than to show most pages, and a page that stays has read the
    scripts already. So they are used again by the next test.
    """

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.free: dict[bool, list[Page]] = {True: [], False: []}

    def take(self, *, scripts: bool) -> Page:
        if self.free[scripts]:
            return self.free[scripts].pop()
        context = self.browser.new_context(java_script_enabled=scripts)
        context.add_init_script(LISTEN)
        return context.new_page()


@pytest.fixture(scope="session")
def pages_of_the_browser(browser: Browser) -> Pages:
    return Pages(browser)


@pytest.fixture
def visitor(live_server: Any, pages_of_the_browser: Pages) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors: ``visitor(user, width=320, dark=True, scripts=False)``."""
    visitors: list[tuple[Visitor, bool]] = []

    def make(
        user: User | None = None, *, width: int = 1280, dark: bool = False, scripts: bool = True
    ) -> Visitor:
        page = pages_of_the_browser.take(scripts=scripts)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if dark else "light")
        one = Visitor(page, live_server.url)
        visitors.append((one, scripts))
        one.sign_in(user)
        return one

    yield make
    for one, scripts in visitors:
        one.leave()
        pages_of_the_browser.free[scripts].append(one.page)
