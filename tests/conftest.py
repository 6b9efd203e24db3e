"""Real PostgreSQL and Valkey for every test that asks for the database, as production has them.

The schema is made by its owner; tests then sign in as the application, which may not change it.
"""

import contextlib
import gc
import hashlib
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import TransactionTestCase, override_settings
from pytest_django import DjangoDbBlocker

from config.celery import app as celery_app
from config.devtools import embedded
from config.settings import database  # noqa: TID251  the one parser of addresses
from policy.engine.proof import proof
from policy.governance import two_engines
from tests import effort, factories, proving, unguarded

#: The one without windows draws the same pages with less work.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)

PROCESSOR = "processor seconds"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run tests that take minutes")


def pytest_configure(config: pytest.Config) -> None:
    effort.tries_everything = config.getoption("--slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("slow") and not config.getoption("--slow"):
            item.add_marker(pytest.mark.skip(reason="slow: runs with --slow"))
        if item.get_closest_marker("browser") and not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


def pytest_collection_finish() -> None:
    """What is loaded now stays to the end; to look through it again and again takes a tenth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def processor_seconds() -> float:
    """Of this process and of the programs that it started and that have ended."""
    return sum(os.times()[:4])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    item.user_properties.append(("began", processor_seconds()))
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # Not the end: the last test would have to answer for the browser and the servers of all.
    if call.when == "call":
        began = dict(item.user_properties)["began"]
        report.user_properties.append((PROCESSOR, processor_seconds() - began))  # type: ignore[operator]
    return report


def write_processor_time(terminalreporter: pytest.TerminalReporter) -> None:
    """The wall clock tells how busy the machine is; this tells what the tests cost."""
    spent = [
        (seconds, report.nodeid)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, seconds in getattr(report, "user_properties", ())
        if name == PROCESSOR
    ]
    terminalreporter.section(f"processor time: {processor_seconds():.0f} seconds in all")
    for seconds, test in sorted(spent, reverse=True)[:10]:
        terminalreporter.write_line(f"{seconds:6.1f} s  {test}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    write_processor_time(terminalreporter)
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if "Chromium is not installed" in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.section("BROWSER TESTS DID NOT RUN", sep="!", red=True)
        terminalreporter.write_line(
            f"{len(skipped)} tests need Chromium, and none was found on PATH. Pages are NOT tested "
            "in a browser. Debian: apt-get install chromium."
        )


@pytest.fixture(scope="session")
def servers() -> Iterator[embedded.Servers]:
    """This run's own PostgreSQL and Valkey (or those that DATABASE_URL and REDIS_URL named)."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "REDIS_URL"):
            patch.setenv(name, os.environ[f"GIVEN_{name}"])
        with embedded.temporary(quick=True) as servers:
            for name, value in servers.environment().items():
                patch.setenv(name, value)
            patch.setattr(settings, "REDIS_URL", servers.redis_url)
            patch.setattr(settings, "CELERY_BROKER_URL", servers.redis_url)
            celery_app.conf.broker_url = servers.redis_url
            yield servers


@pytest.fixture(autouse=True)
def one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job of a check plays all of its parts, however slow this machine is: nobody else does."""
    monkeypatch.setattr("policy.tasks.HELPS", 3600)


#: What an installation is like: only migrated, with the shipped reference data in force, and with
#: the example laws in its register besides.
BARE, READY, LAWS = "bare", "ready", "example_laws"
LOADED = {READY: lambda: None, LAWS: factories.laws_of_the_demo}


class Databases:
    """The databases that tests use, each a copy of one that nobody touches.

    A test that is not marked ``bare`` or ``example_laws`` finds the shipped reference data: to load
    it for each test would cost more than most tests do.
    """

    def __init__(self, servers: embedded.Servers, blocker: DjangoDbBlocker) -> None:
        self.servers = servers
        self.blocker = blocker
        self.own = urlsplit(servers.app_url).path.strip("/")
        # Of another program on the same server, which migrated it for many runs (tests/mutants).
        self.migrated = os.environ.get("MIGRATED_DATABASE") or self.own
        self.untouched = {BARE: self.migrated} | {state: f"{self.own}_{state}" for state in LOADED}
        self.used = {state: f"{self.own}_{state}_tests" for state in self.untouched}
        self.made: set[str] = set()
        self.state = ""

    @property
    def name(self) -> str:
        return self.used[self.state]

    def migrate(self) -> None:
        if self.migrated == self.own:
            self.sign_in(self.servers.owner_url)
            call_command("migrate", verbosity=0, interactive=False)

    def make(self, state: str) -> None:
        if state in LOADED:
            self.copy(self.migrated, self.untouched[state])
            self.sign_in(embedded.with_database(self.servers.app_url, self.untouched[state]))
            with transaction.atomic():
                factories.reference_data(laws=LOADED[state]())
        self.renew(state)
        self.made.add(state)

    def use(self, state: str) -> None:
        """Point Django's one connection, and those of later threads, to this database."""
        with self.blocker.unblock():
            if state not in self.made:
                self.make(state)
        self.state = state
        app_url = embedded.with_database(self.servers.app_url, self.name)
        self.sign_in(app_url)
        os.environ["DATABASE_URL"] = app_url
        os.environ["DATABASE_OWNER_URL"] = embedded.with_database(self.servers.owner_url, self.name)

    def sign_in(self, url: str) -> None:
        connection.close()
        connection.settings_dict.update(database(url, "DATABASE_URL"))

    def renew(self, state: str = "") -> None:
        """The tests' database as it was before them, triggers and sequences included."""
        state = state or self.state
        self.copy(self.untouched[state], self.used[state])

    def copy(self, source: str, target: str) -> None:
        connections.close_all()
        with embedded.admin(self.servers.admin_url) as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
            cursor.execute(
                f'CREATE DATABASE "{target}" TEMPLATE "{source}" OWNER {embedded.OWNER} '
                "STRATEGY FILE_COPY"
            )
            # Rights on the database itself are not copied with it.
            cursor.execute(f'REVOKE ALL ON DATABASE "{target}" FROM PUBLIC')
            cursor.execute(f'GRANT CONNECT ON DATABASE "{target}" TO {embedded.APP}')

    def drop(self) -> None:
        connections.close_all()
        with embedded.admin(self.servers.admin_url) as cursor:
            loaded = [self.untouched[state] for state in LOADED]
            for name in (*self.used.values(), *loaded, self.own):
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


STATE = pytest.StashKey[str]()
DATABASES = pytest.StashKey[Databases]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    marked = [state for state in (BARE, LAWS) if item.get_closest_marker(state)]
    state = item.config.stash[STATE] = (*marked, READY)[0]
    databases = item.config.stash.get(DATABASES, None)
    if databases and databases.state != state:
        databases.use(state)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    servers: embedded.Servers,
) -> Iterator[Databases]:
    databases = Databases(servers, django_db_blocker)
    with django_db_blocker.unblock():
        databases.migrate()
    databases.use(request.config.stash[STATE])
    request.config.stash[DATABASES] = databases
    # Django would empty the tables, which the application may not; and records refuse it anyway.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: databases.renew())
        yield databases
    with django_db_blocker.unblock():
        databases.drop()


@pytest.fixture
def owner_url(django_db_setup: Databases) -> str:
    """The address of the tests' database for the login that owns the schema."""
    return embedded.with_database(django_db_setup.servers.owner_url, django_db_setup.name)


@pytest.fixture
def superuser_url(django_db_setup: Databases) -> str:
    """The same for a superuser, who may do what no login of the program may."""
    return embedded.with_database(django_db_setup.servers.admin_url, django_db_setup.name)


@pytest.fixture
def mighty(db: None, superuser_url: str) -> Iterator[Callable[..., None]]:
    """Writes a row as only time would leave it: ``mighty(table, statement, values)``."""
    with unguarded.lent(superuser_url):
        yield unguarded.write


@pytest.fixture
def nothing_remains(db: None) -> Iterator[None]:
    """What the test writes is undone before the guards look that look at the end of a transaction.

    For a state that no verb leaves behind, such as a kind without an active version.
    """
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def any_facts(mighty: Callable[..., None]) -> Iterator[None]:
    """Rows of facts that no screening has: PostgreSQL asks that they lead to its outcome."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            unguarded.Lent(cursor).execute("ALTER TABLE deal_facts DISABLE TRIGGER USER")
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True, scope="session")
def _fast_passwords() -> Iterator[None]:
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def _two_engines_on_fewer_deals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every check compares two engines; all of the deals are tried where that is the question."""
    monkeypatch.setattr(two_engines, "RANDOM", 300)


@pytest.fixture(autouse=True, scope="session")
def _each_proof_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What one task proved in this run is not proved again, by whichever worker.

    The answer depends on the task and the limits only, and the files end with the run. A child
    that died is tried again: that depends on how busy the machine is.
    """
    base = tmp_path_factory.getbasetemp()
    kept = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "proofs"
    kept.mkdir(exist_ok=True)
    run = proof._run

    def quickly(task: str, seconds: float, megabytes: int) -> tuple[str, str] | None:
        if (seconds, megabytes) != (proof.LIMITS.seconds, proof.LIMITS.megabytes):
            return None
        if not forking:
            forking.append(stack.enter_context(proving.provers()))
        output = forking[0].proved(task, seconds, megabytes)
        return None if output is None else (output, "")

    def once(task: str, seconds: float, megabytes: int) -> tuple[str, str]:
        known = kept / hashlib.sha256(f"{seconds} {megabytes} {task}".encode()).hexdigest()
        if known.exists():
            return known.read_text(), ""
        output, problem = quickly(task, seconds, megabytes) or run(task, seconds, megabytes)
        if not problem:
            unfinished = Path(f"{known}.{os.getpid()}")
            unfinished.write_text(output)
            unfinished.rename(known)
        return output, problem

    forking: list[proving.Provers] = []
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack:
        patch.setattr(proof, "_run", once)
        yield
