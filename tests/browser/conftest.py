"""A real Chromium against the real program. What the browser refuses or fetches elsewhere fails."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# Playwright keeps an event loop in this thread; Django only sees that, not that we wait for it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

LISTEN = (
    "document.addEventListener('securitypolicyviolation', "
    "event => console.error('csp: ' + event.violatedDirective + ' ' + event.blockedURI))"
)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    found = next(filter(None, map(shutil.which, CHROMIUM)))
    return {
        "executable_path": found,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
        ],
    }


class Visitor:
    """One person with a browser of their own."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.context = context
        self.troubles: list[str] = []
        context.add_init_script(LISTEN)
        self.page: Page = context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("request", self._asked)

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


@pytest.fixture
def visitor(live_server: Any, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors: ``visitor(user, width=320, dark=True, scripts=False)``."""
    contexts: list[BrowserContext] = []

    def make(
        user: User | None = None, *, width: int = 1280, dark: bool = False, scripts: bool = True
    ) -> Visitor:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
        )
        contexts.append(context)
        one = Visitor(context, live_server.url)
        one.sign_in(user)
        return one

    yield make
    for context in contexts:
        context.close()
