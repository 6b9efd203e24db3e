"""PostgreSQL from its wheel, or the one that is installed."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2  # noqa: TID251  there is no Django connection before there is a server

from config.devtools.embedded.logins import ADMIN
from config.devtools.embedded.place import Place, ServerError, version_of
from config.devtools.embedded.processes import free_port, stop_group

# sun_path holds 104 bytes on macOS and 108 on Linux, the file's name and a zero included.
LONGEST_SOCKET = 103
#: Older versions take the order of letters from the system.
FIRST_WITH_LOCALES = 17


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
        words += ["--auth=scram-sha-256", "--encoding=UTF8"]
        if version_of(self.place.binaries) >= FIRST_WITH_LOCALES:
            words += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            words += ["--locale=C.UTF-8"]
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
