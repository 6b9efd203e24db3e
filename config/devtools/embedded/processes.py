"""Processes that outlive a killed starter, and the lock that keeps two starters apart."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from config.devtools.embedded.place import ROOT, ServerError, not_yours, shelter


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
            return bool(abs(psutil.Process(pid).create_time() - created) < 1)
        except psutil.Error:
            homes = (self.path.parent, ROOT, shelter(self.path.parent))
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


class Busy(ServerError):
    """Another program of this project holds the folder."""


@contextmanager
def hold(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock file until the end; a killed holder lets go by dying. Raises Busy."""
    try:
        lock = path.open("a")
    except PermissionError:
        raise not_yours(path) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Busy(f"{path.parent} is in use by another ./run.") from None
        yield
