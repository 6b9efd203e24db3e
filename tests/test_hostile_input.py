"""What nobody types by accident, in every filter and every form: an answer, never a server error.

The test client raises what a server would answer with 500. Each page is given a part of it, and
other pages the rest; all of them are given everything with ``--slow``.
"""

import csv
import io
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from screening.form import deal_form
from tests import effort, factories
from tests.test_access import address, people  # noqa: F401  a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.example_laws]

TABLE = csv.DictReader(io.StringIO((Path(__file__).with_name("access.csv")).read_text()))
ROWS = list(TABLE)
HOSTILE = [
    "2026-02-30",
    "9999-12-31",
    "0001-01-01",
    "abc",
    "-1",
    "9" * 30,
    "9" * 5000,
    "1e400",
    "٣",
    "²",
    "'\"<",
    "\u202e\u200b",
    "🚆",
    "[" * 3000,
    "a\nb",
    "cD1hYmM=",
    "../..",
    "%s{0}",
]
#: What only a multipart body can carry past the edge.
CONTROLS = ["a\x00b", "\x1b[2J"]
#: Raw bytes of a query: half a surrogate pair, and no UTF-8 at all.
RAW = [b"\xed\xa0\x80", b"\xff\xfe"]
#: Parameters that pages read beside their form.
BESIDE = (
    "page",
    "view",
    "tab",
    "words",
    "from",
    "next",
    "before",
    "after",
    "cursor",
    "page_size",
    "format",
    "lang",
    "version",
)
QUIET = {200, 302, 400, 403, 404, 405, 406, 409, 422}


def reader(row: dict[str, str], people: dict[str, User]) -> Client:  # noqa: F811
    """A client of the first role that may read this page."""
    client = Client()
    able = [role for role in people if row[role] in {"200", "409", "302"}]
    if able:
        client.force_login(people[able[0]])
    return client


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row["method"] == "GET"], ids=lambda row: row["route"] or "home"
)
def test_every_get_parameter(row: dict[str, str], people: dict[str, User]) -> None:  # noqa: F811
    client, path = reader(row, people), address(row["route"], people["sales"])
    page = client.get(path, secure=True)
    form = page.context.get("form") if page.context else None
    own = [name for name in getattr(form, "fields", ()) if name not in BESIDE]
    turn = ROWS.index(row)
    values = effort.part_of(HOSTILE, turn)
    for at, value in enumerate(values):
        alone = own[at :: len(values)]
        # What pages read beside their form is read by the same few lines on each of them.
        together = BESIDE if (at + turn) % 2 else own
        for names in (together, *([name] for name in alone)):
            if not names:
                continue
            query = dict.fromkeys(names, value)
            status = client.get(path, query, secure=True).status_code
            assert status in QUIET, (query, status)
    for raw in RAW:
        query = "&".join(f"{name}={quote_from_bytes(raw)}" for name in (*BESIDE, *own))
        status = client.get(f"{path}?{query}", secure=True).status_code
        assert status in QUIET, (raw, status)


@pytest.mark.parametrize("number", ["9" * 10, "9" * 19, "9" * 40])
@pytest.mark.parametrize("role", ["sales", "senior_reviewer", "auditor", "policy_owner"])
def test_numbers_of_things_that_cannot_be(
    number: str,
    role: str,
    people: dict[str, User],  # noqa: F811
) -> None:
    client = Client()
    client.force_login(people[role])
    for row in ROWS:
        if "<int:" not in row["route"]:
            continue
        route = row["route"].replace("<int:pk>", number).replace("<int:number>", number)
        path = address(route, people["sales"])
        assert client.generic(row["method"], path, secure=True).status_code in {302, 403, 404, 409}


@pytest.mark.parametrize("slug", [one.slug for one in deal_form.QUESTIONS if one.section < 6])
def test_every_question(slug: str, people: dict[str, User]) -> None:  # noqa: F811
    client, deal = Client(), factories.draft_deal(people["sales"])
    client.force_login(people["sales"])
    asked = next(one for one in deal_form.QUESTIONS if one.slug == slug)
    where = {"pk": deal.pk, "section": deal_form.SECTIONS[asked.section - 1].slug, "slug": slug}
    page = client.get(reverse("screening:question", kwargs=where), secure=True)
    fields = list(page.context["form"].fields)
    names = [*fields, "rows", *(f"answer_{part}" for part in ("day", "month", "year"))]
    turn = deal_form.QUESTIONS.index(asked)
    for at, value in enumerate(effort.part_of([*HOSTILE, *CONTROLS], turn)):
        # Both read the answer with the same form.
        name = ("question", "meaning")[(at + turn) % 2]
        body = dict.fromkeys(names, value)
        status = client.post(
            reverse(f"screening:{name}", kwargs=where), body, secure=True
        ).status_code
        assert status in QUIET, (name, value, status)


#: Questions of the form, the API and signing in have tests of their own.
ACTING = sorted(
    route
    for route in {row["route"] for row in ROWS}
    if "/q/" not in route and not route.startswith(("api/", "sign-"))
)


@pytest.mark.parametrize("route", ACTING)
def test_every_form_that_acts(route: str, people: dict[str, User]) -> None:  # noqa: F811
    """All fields at once, in a multipart body, as whoever may open the form."""
    row = next(row for row in reversed(ROWS) if row["route"] == route)
    client, path = reader(row, people), address(route, people["sales"])
    page = client.get(path, secure=True)
    form = page.context.get("form") if page.context else None
    fields = getattr(form, "fields", ())
    names = [*fields, "send_key", "rows", "step", "try", "reply_1", "q1-text"]
    for value in effort.part_of([*HOSTILE, *CONTROLS], ACTING.index(route)):
        # Each finds everything as it was.
        place = transaction.savepoint_create()
        status = client.post(path, dict.fromkeys(names, value), secure=True).status_code
        transaction.savepoint_rollback(place)
        assert status in QUIET, (value, status)


SCREEN = "/api/v1/screen"


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "*/*",
        "application/*",
        "text/plain",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "application/vnd.api+json",
        "",
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"facts": {"end_user_name": "\\ud800"}}',
        b'{"facts": {"end_user_name": "\\udc00\\ud800"}}',
        b'{"facts": {"\\ud800": 1}}',
        b'{"facts": {"end_user_name": "\xed\xa0\x80"}}',
        b'{"facts": ' + b"9" * 5000 + b"}",
        b"\xff\xfe",
        b"",
        b"[]",
        b'"x"',
        b"null",
        b'{"facts": []}',
        b'{"facts": {"country": {}}}',
        b'{"facts": {"country": NaN}}',
        b'{"facts": {"country": 1e999}}',
        b'{"facts": {"end_user_name": "A\\u202eB"}}',
        b'{"facts": {"end_user_name": "A\\nB"}}',
    ],
    ids=range(18),
)
def test_every_body_of_the_api(kind: str, body: bytes) -> None:
    factories.reference_data()
    client = Client()
    client.force_login(factories.compliance_officer())
    answer = client.generic("POST", SCREEN, body, content_type=kind, secure=True)
    assert answer.status_code in {400, 415}
    assert answer["Content-Type"] == "application/problem+json"


def test_the_api_still_reads_whole_characters() -> None:
    factories.reference_data()
    client = Client()
    client.force_login(factories.compliance_officer())
    body = b'{"facts": {"end_user_name": "\\ud83d\\ude86 Bahn \\\\ud800"}}'
    answer = client.post(SCREEN, body, content_type="application/json", secure=True)
    assert answer.status_code == 200
