"""Somebody at a browser without a script: opens pages, fills in their forms and sends them."""

import http.client
import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

#: Method, path and fields in; status, the path that one ends at, and the page out.
Ask = Callable[[str, str, Sequence[tuple[str, str]]], tuple[int, str, str]]
Values = Mapping[str, str | Sequence[str]]

#: Radio for an operator in a country of high risk: the answers by the name of the question.
ANSWERS: dict[str, Values] = {
    "products": {"answer": "nr-macro"},
    "services": {"answer": ["supply", "installation"]},
    "value": {"amount": "1200000", "currency": "EUR"},
    "sign-date": {"answer_day": "31", "answer_month": "3", "answer_year": "2027"},
    "intermediaries": {"answer": "no"},
    "customer": {"answer": "Lagos Mobile"},
    "customer-country": {"answer": "NG"},
    "end-user": {"answer": "commercial_operator", "is_customer": "on"},
    "state-owned": {"answer": "no"},
    "countries": {"place_0": "NG", "site_0": "Lagos"},
    "other-places": {"answer": "no"},
    "description": {"answer": "Mobile service for subscribers"},
    "purposes": {"answer": "commercial_service"},
    "limits-speech": {"answer": "no"},
    "law-conflict": {"answer": "no"},
    "safeguards": {"answer": "contract_clause"},
    "reports": {"answer": "no"},
}


REASON = "Mobile service for subscribers, as the file of the deal says."
LINK = re.compile(r'href="(/deals/\d+/q/[^"]+)"')


@dataclass
class Form:
    """A form as it stands on the page, and the choices of its radio buttons."""

    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)

    def filled(self, given: Values) -> list[tuple[str, str]]:
        words = {
            name: [given] if isinstance(given, str) else given for name, given in given.items()
        }
        return [(name, word) for name, all in (self.values | words).items() for word in all]


class Forms(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.inside: Form | None = None
        self.named = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = Form(has.get("action", ""))
            self.forms.append(self.inside)
        elif self.inside is not None and tag in {"input", "select", "textarea", "option"}:
            self._field(self.inside, tag, has)

    def _field(self, form: Form, tag: str, has: dict[str, str]) -> None:
        name, value = has.get("name", ""), has.get("value", "")
        if tag == "option":
            if "selected" in has:
                form.values[self.named] = [value]
        elif tag != "input":
            self.named = name
            form.values.setdefault(name, [""])
        elif has.get("type") in {"radio", "checkbox"}:
            form.choices.setdefault(name, []).append(value)
            if "checked" in has:
                form.values.setdefault(name, []).append(value or "on")
        elif name:
            form.values[name] = [value]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = None


def text_of(page: str) -> str:
    """What the page says, and the names that its fields have."""
    main = page.partition("<main")[2] or page
    fields = re.findall(r'name="(?!csrf)([^"]+)"(?: value="([^"]*)")?', main)
    return f"{' '.join(re.sub('<[^>]*>', ' ', main).split())[:2000]}\n{fields}"


class Visitor:
    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.path, self.page = "/", ""

    def open(self, path: str) -> str:
        self._went("GET", path, ())
        return self.page

    def _went(self, method: str, path: str, values: Sequence[tuple[str, str]]) -> None:
        status, self.path, self.page = self.ask(method, path, values)
        assert status == 200, f"{method} {path} answered {status}:\n{text_of(self.page)}"

    def form(self, action: str = "") -> Form:
        """The form that leads there; without an action the last one of the page's own."""
        forms = [form for form in Forms(self.page).forms if form.action.endswith(action)]
        own = [form for form in forms if "sign-out" not in form.action]
        assert own, f"{self.path} has no form for {action!r}"
        return own[-1]

    def send(self, given: Values, *, action: str = "") -> str:
        form = self.form(action)
        self._went("POST", form.action or self.path, form.filled(given))
        return self.page

    def choose_password(self, link: str, password: str) -> None:
        self.open(link)
        self.send({"new_password1": password, "new_password2": password})
        assert "Your password is set" in self.page

    def sign_in(self, name: str, password: str) -> None:
        self.open("/sign-in/")
        self.send({"username": name, "password": password})
        assert self.path == "/", text_of(self.page)

    def send_deal(self) -> str:
        """Answer every question that is asked, send, and return the number of the deal."""
        self.open("/deals/new/")
        self.send({})
        number = self.path.split("/")[2]
        sections = []
        while links := [
            link for link in LINK.findall(self.page) if link.split("/")[4] not in sections
        ]:
            sections.append(links[0].split("/")[4])
            self.open(links[0])
            while "/q/" in self.path:
                asked = self.path
                # What is not named there may be left empty.
                self.send(ANSWERS.get(asked.split("/")[5], {}))
                assert self.path != asked, f"{asked} is asked again"
        self.open(f"/deals/{number}/check/")
        self.send({"answer": "on"})
        return number

    def vote_for(self, number: str) -> None:
        """Take the deal, assess it by the first word of each question, and approve."""
        self.open(f"/reviews/{number}/")
        self.send({}, action="/claim/")
        self.open(f"/reviews/{number}/assess/")
        form = self.form()
        weighed = {name: words[0] for name, words in form.choices.items()}
        weighed |= {name: REASON for name in form.values if name.endswith("_because")}
        self.send(weighed | {"step": "continue"}, action="/assess/")
        self.send({"verdict": "approve", "because": REASON, "step": "continue"}, action="/vote/")
        self.send({}, action="/confirm/")


def browser(site: str, connect: Callable[[], socket.socket], certificate: Path) -> Ask:
    """Speaks HTTPS to whom ``connect`` reaches, and trusts this certificate only."""
    trusted = ssl.create_default_context(cafile=certificate)
    host = urlsplit(site).hostname or ""
    cookies: dict[str, str] = {}

    def once(
        method: str, path: str, values: Sequence[tuple[str, str]]
    ) -> tuple[int, http.client.HTTPMessage, str]:
        link = http.client.HTTPSConnection(host, context=trusted, timeout=60)
        link.sock = trusted.wrap_socket(connect(), server_hostname=host)
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "Referer": f"{site}{path}",
            "Origin": site,
        }
        body = None
        if method == "POST":
            body = urlencode(values)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        link.request(method, path, body, headers)
        answer = link.getresponse()
        page = answer.read().decode()
        link.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                cookies[name] = morsel.value
        return answer.status, answer.headers, page

    def ask(method: str, path: str, values: Sequence[tuple[str, str]]) -> tuple[int, str, str]:
        for _ in range(10):
            status, headers, page = once(method, path, values)
            if status not in {301, 302, 303}:
                return status, path, page
            path = urlsplit(urljoin(f"{site}{path}", headers["Location"])).path
            method, values = "GET", ()
        raise AssertionError(f"{path} leads nowhere")

    return ask
