"""`./run demo`: everything on this machine, from nothing to a page, until Ctrl-C."""

import argparse
import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from config.devtools import embedded
from config.devtools.embedded import ROOT, ServerError
from jobs.kinds import QUEUES, Lane

VAR = ROOT / "var"
FOLDER = VAR / "demo"
ACCOUNTS = VAR / "demo-accounts.json"
ADDRESS = "127.0.0.1"
FIRST_PORT, LAST_PORT = 8000, 8099
# Someone who looks at a page that died wants it back; a program that dies at once never comes back.
MOST_RESTARTS = 5


def say(sentence: str) -> None:
    print(sentence, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """One line for each step, with its time, so that a slow or failed one is seen."""
    print(f"  {what} ...", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print(" stopped", flush=True)
        raise
    print(f" {time.monotonic() - began:.1f} s", flush=True)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the web server will: a connection that just ended must not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
        return True


def choose_port(wanted: int | None) -> int:
    if wanted is not None:
        if not is_free(wanted):
            raise ServerError(f"Port {wanted} is taken by another program. Leave --port out.")
        return wanted
    free = next((port for port in range(FIRST_PORT, LAST_PORT + 1) if is_free(port)), None)
    if free is None:
        raise ServerError(f"Ports {FIRST_PORT} to {LAST_PORT} are all taken. Give one with --port.")
    return free


def environment(servers: embedded.Servers, port: int) -> dict[str, str]:
    """What the programs of the demo are started with, and nothing else of Proviso's names."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DJANGO_", "PROVISO_", "DATABASE_", "REDIS_", "MAIL_"))
    }
    return kept | {
        **servers.environment(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_SECRET_KEY": embedded.passwords(FOLDER)["key"],
        "PROVISO_MODE": "demo",
        "PROVISO_SIGN_IN_AS": "1",
        "SITE_URL": f"http://{ADDRESS}:{port}",
        "MAIL_URL": f"folder:{FOLDER}/mail",
        "EVIDENCE_DIR": str(FOLDER / "evidence"),
        "PYTHONPATH": str(ROOT),
        # Celery warns about it in a machine where root is the only user.
        "C_FORCE_ROOT": "1",
    }


class Programs:
    """The demo's own programs: started in order, watched, ended in the same order."""

    def __init__(self, servers: embedded.Servers, surroundings: dict[str, str]) -> None:
        self.registry = servers.registry
        self.surroundings = surroundings
        self.words: dict[str, list[str]] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.restarts = 0
        self.logs = FOLDER / "logs"
        self.logs.mkdir(exist_ok=True)

    def popen(self, name: str, words: list[str], *, tells: bool = False) -> subprocess.Popen[bytes]:
        """What it prints goes to its log; to the person at the terminal when it ``tells``."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env=self.surroundings,
                stdin=subprocess.DEVNULL,
                stdout=None if tells else log,
                stderr=log,
                # Ctrl-C reaches the supervisor alone, which then ends them in order.
                start_new_session=True,
            )
        self.registry.add(name, process)
        return process

    def run(self, name: str, *words: str) -> None:
        """Run a program that tells its own steps, to its end."""
        process = self.popen(name, list(words), tells=True)
        try:
            code = process.wait()
        except BaseException:
            embedded.stop_group(process.pid, first=signal.SIGTERM, patience=5)
            raise
        finally:
            self.registry.remove(name)
        if code:
            raise ServerError(f"It failed.{self.last_words(name)}")

    def start(self, name: str, *words: str) -> None:
        self.words[name] = list(words)
        self.running[name] = self.popen(name, self.words[name])

    def last_words(self, name: str) -> str:
        log = self.logs / f"{name}.log"
        lines = log.read_text(errors="replace").splitlines()[-8:]
        return "".join(f"\n    {line}" for line in (f" The end of {log}:", *lines))

    def watch(self) -> None:
        """Until interrupted: start again what ends, and give up when that does not help."""
        while True:
            time.sleep(0.5)
            for name, process in list(self.running.items()):
                code = process.poll()
                if code is None:
                    continue
                embedded.stop_group(process.pid, first=signal.SIGTERM, patience=1)
                self.restarts += 1
                if self.restarts > MOST_RESTARTS:
                    raise ServerError(f"{name} keeps ending.{self.last_words(name)}")
                say(f"  {name} ended with code {code}; starting it again")
                self.running[name] = self.popen(name, self.words[name])

    def stop(self) -> None:
        # All are asked at once and then waited for, the web first: no new work comes in.
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for name, process in self.running.items():
            embedded.stop_group(process.pid, first=signal.SIGTERM, patience=8)
            process.wait()
            self.registry.remove(name)
        self.running.clear()


def wait_for_page(url: str, programs: Programs) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):  # noqa: S310  our own http
                return
        except (urllib.error.URLError, OSError) as error:
            ended = programs.running["web"].poll() is not None
            if ended or time.monotonic() > deadline:
                raise ServerError(f"No page was served.{programs.last_words('web')}") from error
            time.sleep(0.1)


def start_web(programs: Programs, port: int) -> None:
    # One process: it starts in half the time of two, and the demo has one visitor.
    address = ("--bind", f"{ADDRESS}:{port}", "--no-control-socket")
    programs.start("web", "-m", "gunicorn", "config.wsgi", *address, "--threads", "8")


def start_others(programs: Programs) -> None:
    celery = ["-m", "celery", "--app", "config.celery"]
    # As in docker-compose.yml, emails have a worker that does nothing long.
    for name, queue, processes in (
        ("worker", QUEUES[Lane.LONG], 2),
        ("mailer", QUEUES[Lane.SHORT], 1),
    ):
        programs.start(
            name,
            *celery,
            "worker",
            "--queues",
            queue,
            "--concurrency",
            str(processes),
            "--loglevel",
            "WARNING",
            "--without-gossip",
            "--without-mingle",
        )
    programs.start("beat", *celery, "beat", "--schedule", str(FOLDER / "beat"))
    programs.start("sweeper", "manage.py", "sweep")


def accounts() -> list[dict[str, str]]:
    try:
        return list(json.loads(ACCOUNTS.read_text()))
    except (OSError, ValueError) as error:
        raise ServerError(
            f"The example accounts are not in {ACCOUNTS} ({error}). Start with --reset."
        ) from error


def welcome(url: str) -> None:
    rows = accounts()
    say(f"\nProviso runs at {url}\n\nThe sign-in page has a button for each of these people:")
    for role in dict.fromkeys(row["role"] for row in rows):
        names = ", ".join(row["username"] for row in rows if row["role"] == role)
        say(f"  {role:<20}{names}")
    say(f"\nTheir password, should you want to type it: {rows[0]['password']}")
    say("\nEverything is an example and answers this machine only. Ctrl-C stops all of it.")


def demo(*, wanted_port: int | None) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        # Passwords lie in files that only root reads; the folder itself must let nobody pass.
        FOLDER.chmod(0o711)
    with ExitStack() as stack:
        with step("PostgreSQL and Valkey"):
            servers = embedded.start(FOLDER, lasting=True)
            stack.callback(servers.stop)
        # Only now: a killed predecessor's web server, ended just above, held a port too.
        port = choose_port(wanted_port)
        url = f"http://{ADDRESS}:{port}"
        surroundings = environment(servers, port)
        keep_private(FOLDER / "environment.json", json.dumps(surroundings))
        stack.callback((FOLDER / "environment.json").unlink, missing_ok=True)
        programs = Programs(servers, surroundings)
        stack.callback(programs.stop)
        # From here on a second Ctrl-C must not leave half of them running.
        stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
        programs.run("prepare", "-m", "config.devtools.prepare")
        with step("Web server"):
            start_web(programs, port)
            wait_for_page(url, programs)
        # Nobody waits for these, who would make the page late.
        start_others(programs)
        welcome(url)
        programs.watch()


def see_shared_memory() -> None:
    """The workers keep their locks there; without it they would end at once, again and again."""
    try:
        multiprocessing.Lock()
    except OSError as error:
        raise ServerError(
            f"The workers need shared memory, and /dev/shm is closed to them ({error.strerror}). "
            "Open it: mount -t tmpfs -o mode=1777 tmpfs /dev/shm"
        ) from error


def keep_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def stop_everything(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument("--reset", action="store_true", help="delete the demo's data first")
    parser.add_argument("--port", type=int, help=f"instead of the first free one from {FIRST_PORT}")
    parser.add_argument("--host", default=ADDRESS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.host not in {ADDRESS, "localhost"}:
        parser.error(
            f"the demo shows its passwords and has no TLS, so it answers {ADDRESS} only, "
            f"not {chosen.host}. docs/operations.md says how to run Proviso for others."
        )
    return chosen


def main() -> None:
    chosen = arguments()
    # Set even where Ctrl-C was ignored by whoever started this, as a shell does in the background.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_everything)
    try:
        see_shared_memory()
        VAR.mkdir(exist_ok=True)
        with embedded.hold(VAR / "demo.lock"):
            if chosen.reset:
                with step("Deleting the demo's data"):
                    embedded.remove(FOLDER)
                    ACCOUNTS.unlink(missing_ok=True)
                    shutil.rmtree(FOLDER, ignore_errors=True)
            demo(wanted_port=chosen.port)
    except embedded.Busy:
        sys.exit(
            "The demo already runs from this folder. Stop it with Ctrl-C where it was started."
        )
    except ServerError as error:
        sys.exit(f"\n{error}")
    except PermissionError as error:
        sys.exit(f"\n{embedded.not_yours(Path(error.filename or VAR))}")
    except KeyboardInterrupt:
        say("\nStopped. ./run demo starts it again with the same deals.")


if __name__ == "__main__":
    main()
