"""Private PostgreSQL and Valkey from wheels, for the demo and the tests. Never for production.

Both keep their files in one folder, answer this machine only and want a password. PostgreSQL is
reached by a socket file where its path is short enough, else by a free port on 127.0.0.1.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from config.devtools.embedded.logins import (
    APP,
    OWNER,
    admin,
    bootstrap_roles,
    login_passwords,
    passwords,
    with_database,
    with_login,
)
from config.devtools.embedded.place import (
    ROOT,
    Place,
    ServerError,
    find_place,
    in_memory,
    not_yours,
    shelter,
)
from config.devtools.embedded.postgres import Postgres
from config.devtools.embedded.processes import Busy, Registry, hold, stop_group
from config.devtools.embedded.valkey import Valkey

__all__ = [
    "APP",
    "OWNER",
    "ROOT",
    "Busy",
    "Place",
    "Postgres",
    "Registry",
    "ServerError",
    "Servers",
    "Valkey",
    "admin",
    "bootstrap_roles",
    "find_place",
    "hold",
    "not_yours",
    "passwords",
    "remove",
    "shelter",
    "start",
    "stop_group",
    "temporary",
    "with_database",
    "with_login",
]

DATABASE = "proviso"


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


def remove(folder: Path) -> None:
    """Stop what a killed predecessor left running from the folder, then delete its files."""
    Registry(folder / "processes.json").stop_remains()
    for files in (shelter(folder), in_memory(folder), folder):
        shutil.rmtree(files, ignore_errors=True)


@contextmanager
def temporary(*, quick: bool = False) -> Iterator["Servers"]:
    """Servers of one's own that leave nothing behind; what a killed run left goes first.

    With ``quick`` PostgreSQL keeps its files in memory, where there is room for them.
    """
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
        database = f"{DATABASE}_{folder.name[5:].lower()}"
        servers = start(folder, lasting=False, database=database, quick=quick)
        stack.callback(servers.stop)
        yield servers


def start(folder: Path, *, lasting: bool, database: str = DATABASE, quick: bool = False) -> Servers:
    """Start what the environment does not name, and make the logins. Raises ServerError.

    DATABASE_URL, when set, must be a superuser's: it stands for the server, not for the database.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    registry = Registry(folder / "processes.json")
    registry.stop_remains()
    known = passwords(folder)
    servers = Servers("", "", "", os.environ.get("REDIS_URL", ""), registry)
    address = os.environ.get("DATABASE_URL", "")
    try:
        if not address or not servers.redis_url:
            servers.place = find_place(folder)
        if not servers.redis_url and servers.place:
            servers.valkey = Valkey(
                servers.place, password=known["redis"], log=folder / "valkey.log"
            )
            servers.valkey.start()
            registry.add("valkey", servers.valkey.process)  # type: ignore[arg-type]
            servers.redis_url = servers.valkey.url
        if address:
            known |= login_passwords(address)
            servers.admin_url = address
        elif servers.place:
            place = servers.place.moved_to(in_memory(folder)) if quick else servers.place
            servers.postgres = Postgres(
                place, password=known["admin"], lasting=lasting, log=folder / "postgres.log"
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
