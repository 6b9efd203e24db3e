"""The image and the stack start, step by step as Dockerfile and docker-compose.yml write them."""

import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from config.devtools import embedded
from config.devtools.embedded import ROOT
from config.devtools.embedded.processes import free_port
from policy.models import Kind
from tests.config import container
from tests.config.container import SERVICES, Image, surroundings_of
from tests.production.visitor import Visitor, browser

SITE = {"SITE_URL": "https://proviso.example.com"}
LINK = re.compile(r"https://proviso\.example\.com(/sign-in/link/\S+)")
pytestmark = pytest.mark.skipif(
    bool(container.usable()), reason=f"THE IMAGE IS NOT TESTED: {container.usable()}"
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Open to every account."""
    with tempfile.TemporaryDirectory(prefix="proviso-image-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def servers(folder: Path) -> Iterator[embedded.Servers]:
    home = folder / "servers"
    home.mkdir(mode=0o711)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        patch.delenv("REDIS_URL", raising=False)
        # In the stack PostgreSQL is another host: it answers at a port, not at a socket's file.
        patch.setattr("config.devtools.embedded.postgres.LONGEST_SOCKET", 0)
        servers = embedded.start(home, lasting=False)
    yield servers
    servers.stop()
    embedded.remove(home)


@pytest.fixture(scope="module")
def image(folder: Path, servers: embedded.Servers) -> Image:
    image = Image(folder)
    image.copy()
    image.collect()
    image.secrets(secrets(folder, servers))
    return image


def secrets(folder: Path, servers: embedded.Servers) -> dict[str, str]:
    """What docker/make-secrets wrote, but for the addresses of the servers."""
    home = folder / "made"
    (home / "docker").mkdir(parents=True)
    shutil.copy(ROOT / "docker/make-secrets", home / "docker")
    subprocess.run(
        ["sh", str(home / "docker/make-secrets")],
        env=SITE | {"PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    made = {path.name: path.read_text() for path in (home / "secrets").iterdir()}
    return made | {
        "database_url": plain(servers.app_url),
        "database_owner_url": plain(servers.owner_url),
        "redis_url": servers.redis_url,
    }


def plain(url: str) -> str:
    """The address with host and port where everybody writes them."""
    parts = urlsplit(url)
    options = dict(word.split("=") for word in parts.query.split("&"))
    login = parts.netloc.rpartition("@")[0]
    netloc = f"{login}@{options['host']}:{options['port']}"
    return parts._replace(netloc=netloc, query="").geturl()


class Stack:
    """The services of docker-compose.yml, started and asked as an engine would."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.port = free_port()
        self.exit = ExitStack()

    def words(self, name: str) -> list[str]:
        return [
            word.replace("0.0.0.0:8000", f"127.0.0.1:{self.port}")
            for word in SERVICES[name]["command"]
        ]

    def start(
        self, name: str, words: list[str] | None = None, **more: Any
    ) -> subprocess.Popen[str]:
        surroundings = surroundings_of(SERVICES[name], SITE)
        return self.image.start(words or self.words(name), surroundings, **more)

    def run(self, name: str, words: list[str] | None = None) -> str:
        process = self.start(name, words)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return said

    def keep(self, name: str) -> None:
        log = self.exit.enter_context(self.log(name).open("wb"))
        process = self.start(name, stdout=log, stderr=log)

        def stop() -> None:
            embedded.stop_group(process.pid, first=signal.SIGTERM, patience=5)
            process.wait()

        self.exit.callback(stop)

    def log(self, name: str) -> Path:
        return self.image.volume.with_name(f"{name}.log")

    def check(self, name: str) -> None:
        """The health check of the service; the web's asks at its own port."""
        words = SERVICES[name]["healthcheck"]["test"][1:]
        if name == "web":
            asked = f"import sys; from config import probe; sys.exit(probe.main({self.port}))"
            assert words == ["python", "-m", "config.probe"]
            words = ["python", "-c", asked]
        self.run(name, words)

    def visitor(self) -> Visitor:
        """Somebody at a browser that trusts the certificate of this installation."""

        def connect() -> socket.socket:
            return socket.create_connection(("127.0.0.1", self.port), timeout=60)

        certificate = self.image.root / "run/secrets/tls_certificate"
        return Visitor(browser(SITE["SITE_URL"], connect, certificate))

    def fetch(self, path: str) -> Any:
        trusting = ssl._create_unverified_context()
        address = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}", headers={"Host": "proviso.example.com"}
        )
        return urllib.request.urlopen(address, timeout=10, context=trusting)


@pytest.fixture(scope="module")
def stack(image: Image) -> Iterator[Stack]:
    """What compose does first: the tables, the roles, then all programs."""
    stack = Stack(image)
    stack.run("migrate")
    stack.run("roles")
    with stack.exit:
        for name in ("web", "worker", "worker-short", "beat", "sweeper"):
            stack.keep(name)
        yield stack


def healthy(stack: Stack, name: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    # A check costs a second and a half of what the program needs to begin.
    pause = 0.5
    while True:
        try:
            stack.check(name)
        except AssertionError:
            if time.monotonic() > deadline:
                raise AssertionError(stack.log(name).read_text()[-3000:]) from None
            time.sleep(pause)
            pause *= 2
        else:
            return


def test_static_files_are_open_and_owned_by_root(image: Image) -> None:
    collected = image.root / "app/static-collected"
    files = [path for path in collected.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o644, path
        assert path.stat().st_uid == 0
    assert {path.stat().st_mode & 0o777 for path in collected.rglob("*") if path.is_dir()} == {
        0o755
    }


def test_pages_and_static_files_are_served(stack: Stack) -> None:
    healthy(stack, "web")
    assert stack.fetch("/healthz").read() == b'{"status": "ok"}'
    page = stack.fetch("/sign-in/").read().decode()
    sheets = re.findall(r'href="(/static/[^"]+\.css)"', page)
    scripts = re.findall(r'src="(/static/[^"]+\.js)"', page)
    assert sheets
    assert scripts
    for path in sheets + scripts:
        assert re.search(r"\.[0-9a-f]{12}\.(css|js)$", path), path
        with stack.fetch(path) as answer:
            assert len(answer.read()) > 100
            assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["worker", "worker-short", "beat", "sweeper"])
def test_every_program_becomes_healthy(stack: Stack, name: str) -> None:
    healthy(stack, name)


def test_the_program_writes_nowhere_but_where_it_may(stack: Stack) -> None:
    """CF-11: the account, the root folder, and the two places that are left."""
    said = stack.run(
        "web",
        [
            "sh",
            "-c",
            "id -u; for place in / /app /app/static-collected /venv/bin /evidence /tmp /dev/shm; "
            "do "
            "(: >$place/x) 2>/dev/null && echo $place && rm $place/x; done; true",
        ],
    )
    assert said.split() == [str(container.ACCOUNT), "/evidence", "/tmp", "/dev/shm"]


def test_the_first_start_of_the_manual(stack: Stack) -> None:
    """docs/operations.md, word for word; only the engine is another one. Then a deal is decided."""
    text = (ROOT / "docs/operations.md").read_text()
    section = text.partition("## First start")[2].partition("\n## ")[0]
    commands = re.findall(r"docker compose run --rm(?: -T)? web (python manage\.py .*)", section)
    assert len(commands) >= 4
    said = ""
    for command in commands:
        words, _, _ = command.partition(" <<<")
        said += stack.run("web", ["sh", "-c", f"echo {quote('a-long-winded-badger')} | {words}"])
    assert "is added." in said
    assert said.count("is active") == len(Kind)
    links = dict(zip(re.findall(r"(\w+) is added", said), LINK.findall(said), strict=True))
    sofia, rosa = (stack.visitor() for _ in range(2))
    for name, visitor in (("sofia", sofia), ("rosa", rosa)):
        visitor.choose_password(links[name], "a-long-winded-badger")
        visitor.sign_in(name, "a-long-winded-badger")
    number = sofia.send_deal()
    rosa.vote_for(number)
    assert "Approved" in sofia.open(f"/deals/{number}/")
