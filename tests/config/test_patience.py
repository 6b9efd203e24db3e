"""What the program does while PostgreSQL is frozen, busy or in somebody's way."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from config.ops import limit_pages
from config.postgresql.base import TAKEN_AS_FROZEN
from config.urls import urlpatterns as real_patterns
from jobs.models import Heartbeat
from people import access
from people.access import public
from policy import actions as governing
from screening import actions as selling
from screening.models import Deal
from tests import factories
from tests.policy.governance.test_governance import checked, rated

pytestmark = pytest.mark.django_db(transaction=True)


class Freezer:
    """Stands between the program and PostgreSQL, and stops passing anything on when told."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port_of_server = host, port
        self.thaw = threading.Event()
        self.thaw.set()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.lines: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                server = self._connect()
                self.lines += [client, server]
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _connect(self) -> socket.socket:
        if not self.host.startswith("/"):
            return socket.create_connection((self.host, self.port_of_server))
        line = socket.socket(socket.AF_UNIX)
        line.connect(f"{self.host}/.s.PGSQL.{self.port_of_server}")
        return line

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.thaw.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.thaw.set()
        # A thread that waits in accept() or recv() wakes by this, and not by close() alone.
        for line in (self.listening, *self.lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()


@pytest.fixture
def freezer() -> Iterator[Freezer]:
    """The connection of this test, through a line that can freeze."""
    wanted = connection.settings_dict
    kept = {name: wanted[name] for name in ("HOST", "PORT")}
    connection.close()
    between = Freezer(kept["HOST"], int(kept["PORT"]))
    wanted |= {"HOST": "127.0.0.1", "PORT": str(between.port)}
    try:
        yield between
    finally:
        wanted |= kept
        between.close()
        connection.close()


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("address", ["/healthz", "/account/"])
def test_a_frozen_server_is_told_within_seconds(
    freezer: Freezer, address: str, is_kept: bool
) -> None:
    """It hung for as long as the freeze lasted, the page and the health check alike."""
    client = Client(raise_request_exception=False)
    if is_kept:
        assert client.get("/healthz").status_code == 200
        # Django closes the connection after each request of a test; a program keeps it.
        connection.ensure_connection()
        connection.health_check_enabled = True
        connection.health_check_done = False
    freezer.thaw.clear()
    began = time.monotonic()
    client.cookies["proviso-session"] = "x" * 32
    answer = client.get(address)
    # Far from the 20 seconds that it took, on the busiest machine; 3 on a quiet one.
    assert time.monotonic() - began < 15
    assert answer.status_code == 503
    freezer.thaw.set()
    time.sleep(TAKEN_AS_FROZEN)
    assert client.get("/healthz").status_code == 200


def test_a_connection_that_answers_is_kept() -> None:
    connection.ensure_connection()
    line = connection.connection
    assert connection.is_usable()
    assert connection.is_usable()
    assert connection.connection is line


def test_a_lock_is_not_waited_for_for_ever() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("20s",)
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("5min",)


def test_a_page_has_a_limit_for_each_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    options = connections.settings["default"]["OPTIONS"]
    monkeypatch.setitem(options, "options", options["options"])
    limit_pages()
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("30s",)
        cursor.execute("SET statement_timeout = 1")
        with pytest.raises(DatabaseError, match="statement timeout"):
            cursor.execute("SELECT pg_sleep(5)")
    connection.close()


# --- two that lock each other out ---

FIRST, SECOND = 1, 2


class Meeting:
    """Where the page and another transaction hold a lock each before they want the other's."""

    together = threading.Barrier(2)
    tries = 0


def lock(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(0, %s)", [number])


@public
def count_a_beat(request: HttpRequest) -> HttpResponse:
    """Writes a row, and takes two locks in an order that another does not keep to."""
    Meeting.tries += 1
    with transaction.atomic():
        Heartbeat.objects.create(name=f"beat {request.POST['name']}")
        lock(FIRST)
        if Meeting.tries == 1:
            Meeting.together.wait(10)
        lock(SECOND)
    return HttpResponse("counted")


urlpatterns = [path("count", count_a_beat), *real_patterns]


def lock_the_other_way_round() -> bool:
    """Whether it got both locks, because PostgreSQL ended the page's transaction and not this."""
    try:
        with transaction.atomic():
            lock(SECOND)
            Meeting.together.wait(10)
            # Whoever waits first finds out first, and is the one to end.
            wait_until_somebody_waits(1)
            lock(FIRST)
    except OperationalError:
        return False
    finally:
        connection.close()
    return True


@pytest.mark.urls("tests.config.test_patience")
def test_two_that_lock_each_other_out_are_both_served() -> None:
    """PostgreSQL ends one of them; what the page did is undone and done again, once."""
    has_other_won = False
    for name in "abcde":
        Meeting.tries = 0
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(lock_the_other_way_round)
            answer = Client().post("/count", {"name": name})
            has_other_won = other.result(30)
        assert (answer.status_code, answer.content) == (200, b"counted")
        assert Heartbeat.objects.filter(name=f"beat {name}").count() == 1
        if has_other_won:
            break
    assert has_other_won
    assert Meeting.tries == 2


def test_whoever_sends_during_an_activation_waits_for_it() -> None:
    """It was refused: the version before was retired, and the one after not yet in sight."""
    factories.reference_data()
    owners = [factories.person(access.POLICY_OWNER) for _ in range(2)]
    version, report = checked(rated("SE", "low", "medium"), owners[0])
    deals = [factories.draft_deal() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        with transaction.atomic():
            governing.activate_version(version, report=report, actor=owners[1])
            sends = [pool.submit(send, deal) for deal in deals]
            wait_until_somebody_waits(3)
            assert not any(each.done() for each in sends)
        assert [each.result(30) for each in sends] == ["cleared"] * 3
    used = Deal.objects.values_list("screening__countries", flat=True)
    assert list(used) == [version.pk] * 3


def send(deal: Deal) -> str:
    try:
        selling.submit_deal(deal, send_key=uuid4(), actor=deal.owner)
        return str(deal.status)
    finally:
        connection.close()


def wait_until_somebody_waits(count: int) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0] >= count:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")
