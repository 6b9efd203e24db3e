import json
import logging
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from config import logs, ops
from config.devtools import embedded
from config.devtools.embedded import ROOT
from config.management.commands.alive import NAMES
from jobs import kinds
from jobs.models import Clock, Heartbeat, Job
from people import access
from tests import factories


@pytest.mark.django_db
def test_healthy(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_no_database_is_not_healthy(client, monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "no database"})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("signed_in", [True, False])
def test_no_database_says_that_nothing_was_saved(monkeypatch, django_user_model, signed_in):
    """F4: also when the page would have to look up who is signed in."""
    client = Client(raise_request_exception=False)
    if signed_in:
        client.force_login(django_user_model.objects.create_user("anna"))
    else:
        client.cookies["proviso-session"] = "x" * 32
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    answer = client.get("/account/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert b"Nothing was saved" in answer.content
    assert answer["X-Request-Id"].encode() in answer.content
    answer = client.get("/api/v1/deals")
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_alive(name, capsys):
    with pytest.raises(CommandError, match=f"{name} was not heard within 60 seconds"):
        call_command("alive", name)
    Heartbeat.beat(name)
    call_command("alive", name)
    assert f"{name} is alive" in capsys.readouterr().out
    Heartbeat.objects.filter(name=name).update(seen_at=Clock() - timedelta(seconds=90))
    with pytest.raises(CommandError):
        call_command("alive", name)
    call_command("alive", name, within=120)


def start_web(**changes):
    """What gunicorn does first, in production, with the given addresses."""
    from config.devtools.check import PRODUCTION, surroundings

    return subprocess.run(
        [sys.executable, "-c", "import config.wsgi"],
        cwd=ROOT,
        env=surroundings(**PRODUCTION | changes),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.django_db
def test_web_starts_with_the_applications_login(servers, django_db_setup):
    url = embedded.with_database(servers.app_url, django_db_setup.name)
    done = start_web(DATABASE_URL=url)
    assert done.returncode == 0, done.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("login", ["owner", "superuser"])
def test_web_refuses_a_mighty_login(login, owner_url, superuser_url):
    """CF-1."""
    done = start_web(DATABASE_URL=owner_url if login == "owner" else superuser_url)
    assert done.returncode != 0
    assert "a login that is too powerful" in done.stderr
    assert "proviso_app" in done.stderr


@pytest.mark.django_db(transaction=True)
def test_one_table_that_may_be_emptied_is_enough(owner_url):
    with embedded.admin(owner_url) as cursor:
        cursor.execute("GRANT TRUNCATE ON django_session TO proviso_app")
    with connection.cursor() as cursor:
        assert ops.faults_of_login(cursor) == ["it may empty tables"]


def line_of(**changes):
    entry = logging.makeLogRecord(
        {"name": "proviso.test", "levelname": "INFO", "msg": "sent", "created": 0.5} | changes
    )
    text = logs.JsonLines().format(entry)
    assert "\n" not in text
    return json.loads(text), text


def test_log_line():
    line, _ = line_of(deal=7, kind="mail")
    assert line == {
        "time": "1970-01-01T00:00:00.500+00:00",
        "level": "INFO",
        "logger": "proviso.test",
        "message": "sent",
        "deal": 7,
        "kind": "mail",
    }


def test_log_line_names_the_request():
    token = logs.request_id.set("abc")
    try:
        assert line_of()[0]["request"] == "abc"
    finally:
        logs.request_id.reset(token)


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "\x1b[31m", "\u2028", "\x85"])
def test_log_line_cannot_be_forged(text):
    """LG-2."""
    line, raw = line_of(msg=text, place=text)
    assert line["message"] == line["place"] == text
    assert raw.isascii()
    assert raw.isprintable()


def test_log_line_has_no_words_of_an_exception():
    """LG-1: PostgreSQL quotes the refused row in its message, and rows hold deals."""
    try:
        raise ValueError("Failing row contains (Canary Telecom)")
    except ValueError:
        line, raw = line_of(exc_info=sys.exc_info(), msg="failed")
    assert line["error"] == "ValueError"
    assert line["trace"][0].endswith("test_log_line_has_no_words_of_an_exception")
    assert "Canary" not in raw


def test_log_line_has_no_payloads():
    _, raw = line_of(request="Canary", data={"a": "Canary"}, kwargs="Canary", sql="Canary")
    assert "Canary" not in raw


@pytest.mark.django_db
def test_query_strings_stay_out_of_the_log(client, caplog, settings):
    client.get("/no-such-page?name=Canary")
    assert caplog.records
    formatter = logs.JsonLines()
    assert not [entry for entry in caplog.records if "Canary" in formatter.format(entry)]


@pytest.mark.django_db
def test_the_health_page_counts_and_tells_nothing_of_deals(client):
    """Administrators see numbers, never what a deal or a person is called."""
    with transaction.atomic():
        jobs = [Job.objects.enqueue("mail", notification=1) for _ in range(3)]
    for _ in range(kinds.of("mail").retries.attempts):
        Job.objects.filter(pk=jobs[0].pk).update(not_before=Clock())
        failed = Job.objects.claim(jobs[0].pk)
        failed.failed("SMTPRecipientsRefused: canary@example.com, about Canary Telecom")
    assert Job.objects.get(pk=jobs[0].pk).is_finished
    Heartbeat.beat("sweeper")
    client.force_login(factories.person(access.ADMINISTRATOR))
    page = client.get("/health/").content.decode()
    assert "Failed jobs: 1." in page
    assert f'<th scope="row">{failed.pk}</th>' in page
    assert "SMTPRecipientsRefused" in page
    assert "anary" not in page
    assert '<td data-label="Jobs">2</td>' in page
    assert "<dt>sweeper</dt>" in page


@pytest.mark.django_db
def test_the_health_page_of_an_idle_program(client):
    client.force_login(factories.auditor())
    page = client.get("/health/").content.decode()
    for sentence in ("No job has failed.", "No job waits.", "Failed jobs: 0."):
        assert sentence in page
