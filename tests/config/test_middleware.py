import json
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

from audit.refusals import Conflict, NotAllowed
from config import urls as real_urls
from people.access import public, signed_in
from tests import factories


@public
def echo(request):
    return HttpResponse(request.POST.get("text", "") + request.GET.get("text", ""))


@public
def conflict(request):
    raise Conflict("A. Keller was faster.")


@public
def refused(request):
    raise NotAllowed("This is your own deal.")


@public
def broken(request):
    raise ValueError("names and facts of a deal")


@signed_in
def inside(request):
    return HttpResponse("inside")


urlpatterns = [
    path("echo/", echo),
    path("api/v1/echo/", echo),
    path("conflict/", conflict),
    path("refused/", refused),
    path("broken/", broken),
    path("inside/", inside),
    *real_urls.urlpatterns,
]
handler403 = real_urls.handler403
handler404 = real_urls.handler404
handler500 = real_urls.handler500

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)


@pytest.fixture
def unraising():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/healthz", 200),
        ("/echo/", 200),
        ("/echo/?text=%00", 400),
        ("/refused/", 403),
        ("/no-such-page", 404),
        ("/conflict/", 409),
        ("/broken/", 500),
        ("/static/proviso/app.css", 200),
    ],
)
def test_every_answer_carries_the_headers(unraising, address, status):
    """HD-1."""
    answer = unraising.get(address)
    assert answer.status_code == status
    assert answer["Content-Security-Policy"] == CSP
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert len(answer["X-Request-Id"]) == 32
    assert not [name for name in answer.headers if name.startswith("Access-Control")]  # HD-3
    if not address.startswith("/static/"):
        assert answer["Cache-Control"] == "no-store"
    answer.close()


@override_settings(SECURE_HSTS_SECONDS=63072000, SECURE_SSL_REDIRECT=True)
def test_strict_transport(client):
    assert client.get("/echo/").status_code == 301
    answer = client.get("/echo/", secure=True)
    assert answer["Strict-Transport-Security"].startswith("max-age=63072000")


@pytest.mark.parametrize("code", [*range(9), 11, 12, *range(14, 32), 127])
def test_control_characters_are_refused(client, code):
    """IN-1: PostgreSQL cannot store NUL, and nothing that people type holds the others."""
    assert client.get(f"/echo/?text=a%{code:02x}b").status_code == 400
    assert client.get(f"/echo/{chr(code)}").status_code in {400, 404}
    assert client.post("/echo/", {"text": f"a{chr(code)}"}).status_code in {200, 400}
    form = f"text=a%{code:02X}b"
    kind = "application/x-www-form-urlencoded"
    assert client.post("/echo/", form, content_type=kind).status_code == 400
    assert client.post("/echo/", f"a%{code:02X}b=1", content_type=kind).status_code == 400


@pytest.mark.parametrize("text", ["a\tb", "a\r\nb", "ü", "中文", "a b", "%"])
def test_text_passes(client, text):
    assert client.get("/echo/", {"text": text}).content.decode() == text


@pytest.mark.parametrize(
    "body",
    [
        '{"a": "\\u0000"}',
        '{"a": "x\\u001b[31m"}',
        '{"a\\u0007": 1}',
        '{"a": "\x01"}',
        "[" * 33 + "]" * 33,
        '{"a":' * 40 + "1" + "}" * 40,
        "[" * 100_000,
    ],
)
def test_json_that_nothing_should_read(client, body):
    answer = client.post("/api/v1/echo/", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["status"] == 400


@pytest.mark.parametrize(
    "body",
    ['{"a": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}', "[" * 32 + "]" * 32, '{"a": "\\\\u0000"}'],
)
def test_json_that_is_fine(client, body):
    client.force_login(factories.person())
    answer = client.post("/api/v1/echo/", body, content_type="application/json")
    assert answer.status_code == 200


def test_large_json_is_refused(client):
    body = '"' + "a" * 300_000 + '"'
    answer = client.post("/api/v1/echo/", body, content_type="application/json")
    assert answer.status_code in {400, 413}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize(
    ("site", "refused"),
    [
        ("cross-site", True),
        ("same-site", True),
        ("odd", True),
        ("same-origin", False),
        ("none", False),
        (None, False),
    ],
)
def test_other_sites_cannot_send_forms(client, method, site, refused):
    """HD-4."""
    headers = {"Sec-Fetch-Site": site} if site else {}
    answer = getattr(client, method)("/echo/", headers=headers)
    assert (answer.status_code == 403) is refused


def test_other_sites_may_link_here(client):
    assert client.get("/echo/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_csrf_token_is_needed_too():
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/echo/", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 403
    assert b"Go back, load it again" in answer.content


def test_conflict_says_who_was_faster(client):
    answer = client.get("/conflict/")
    assert answer.status_code == 409
    assert b"A. Keller was faster." in answer.content


def test_refusal_says_why(client):
    assert b"This is your own deal." in client.get("/refused/").content


def test_error_page_has_a_reference_and_no_trace(unraising):
    """ER-3."""
    answer = unraising.get("/broken/")
    assert answer["X-Request-Id"].encode() in answer.content
    assert b"facts of a deal" not in answer.content
    assert b"Traceback" not in answer.content


def test_request_id_is_never_the_clients(client):
    answer = client.get("/echo/", headers={"X-Request-Id": "mine"})
    assert answer["X-Request-Id"] != "mine"


def test_pages_are_closed_by_default(client):
    answer = client.get("/inside/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


@pytest.fixture
def anna(django_user_model):
    return django_user_model.objects.create_user("anna")


def test_idle_session_ends_after_half_an_hour(client, anna):
    """SE-2."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.force_login(anna)
        assert client.get("/inside/").status_code == 200
        clock.shift(timedelta(minutes=29))
        assert client.get("/inside/").status_code == 200
        clock.shift(timedelta(minutes=29))
        assert client.get("/inside/").status_code == 200
        clock.shift(timedelta(minutes=31))
        assert client.get("/inside/").status_code == 302


def test_a_session_is_written_once_a_minute(client, anna):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.force_login(anna)
        client.get("/inside/")
        clock.shift(timedelta(seconds=59))
        expires = Session.objects.get().expire_date
        client.get("/inside/")
        assert Session.objects.get().expire_date == expires
        clock.shift(timedelta(seconds=2))
        client.get("/inside/")
        assert Session.objects.get().expire_date == expires + timedelta(seconds=61)


def test_active_session_ends_after_eight_hours(client, anna):
    """SE-2."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.force_login(anna)
        for _ in range(19):
            assert client.get("/inside/").status_code == 200
            clock.shift(timedelta(minutes=25))
        clock.shift(timedelta(minutes=6))
        assert client.get("/inside/").status_code == 302
        client.force_login(anna)
        assert client.get("/inside/").status_code == 200


def test_session_lies_in_the_database(client, anna):
    """SE-1."""
    client.force_login(anna)
    cookie = client.get("/inside/").cookies["proviso-session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert Session.objects.get().session_key == cookie.value
