"""docs/operations.md, followed to the letter on a bare Debian, by an operator and by people.

Every command is one that stands in the manual, in its order; only `docker` is another
(engine.py). The image is built as the Dockerfile says, from Debian's packages and the lock.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from config.devtools.embedded import ROOT
from policy.models import Kind
from tests.config import container
from tests.production.engine import NETWORK, Engine
from tests.production.visitor import Visitor, browser

SITE = "https://proviso.example.com"
HOST = urlsplit(SITE).hostname or ""
LINK = re.compile(rf"{SITE}(/sign-in/link/\S+)")
PASSWORD = "a long-winded badger"
MISSING = container.usable() or ", ".join(
    name
    for name, found in {
        "mmdebstrap": shutil.which("mmdebstrap"),
        "iproute2": shutil.which("ip"),
        "redis-server": shutil.which("redis-server"),
        "postgresql": list(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
    }.items()
    if not found
)
pytestmark = [
    # Addresses of containers, in a network that only they and this test can see.
    pytest.mark.allow_hosts([f"{NETWORK}.{number}" for number in range(2, 200)]),
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"THE MANUAL IS NOT TESTED: {MISSING}"),
]


def commands(manual: str, title: str) -> str:
    """The shell of one section, as a person would copy it."""
    section = re.split(r"^##+ ", manual, flags=re.M)
    (text,) = [part for part in section if part.startswith(f"{title}\n")]
    blocks = re.findall(r"^( *)```sh\n(.*?)^ *```", text, re.M | re.S)
    assert blocks, f"{title} has no commands"
    return "\n".join(re.sub(rf"^{indent}", "", block, flags=re.M) for indent, block in blocks)


class Machine:
    """A bare machine with a copy of the project, and the people who use it."""

    def __init__(self, folder: Path, shared: Path, origin: str, commit: str, branch: str) -> None:
        self.home, self.project = folder / "engine", folder / "proviso"
        self.home.mkdir(parents=True)
        # What one machine built the others need not build again.
        (shared / "images").mkdir(exist_ok=True)
        (self.home / "images").symlink_to(shared / "images")
        git("clone", "--quiet", "--branch", branch, origin, str(self.project))
        git("-C", str(self.project), "reset", "--quiet", "--hard", commit)
        programs = folder / "bin"
        programs.mkdir()
        (programs / "docker").write_text(
            f'#!/bin/sh\nexport PYTHONPATH="{ROOT}"\n'
            f'exec "{sys.executable}" -m tests.production.engine "$@"\n'
        )
        (programs / "docker").chmod(0o755)
        self.surroundings = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": os.environ.get("HOME", "/root"),
            "ENGINE_HOME": str(self.home),
        }

    def follow(self, title: str) -> str:
        manual = (self.project / "docs/operations.md").read_text()
        return self.shell(commands(manual, title))

    def shell(self, lines: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines],
            cwd=self.project,
            env=self.surroundings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{lines}\n{done.stdout[-6000:]}"
        return done.stdout

    def server_version(self) -> str:
        return self.shell("docker compose exec -T postgres sh -c 'echo $PG_MAJOR'").strip()

    @property
    def engine(self) -> Engine:
        # Older versions had the address in no file.
        return Engine(self.home, self.project, {"SITE_URL": SITE})

    def everything_is_healthy(self) -> None:
        engine = self.engine
        for name in ("postgres", "redis", "web", "worker", "worker-short", "beat", "sweeper"):
            engine.wait(name)

    def visitor(self, number: int = 0) -> Visitor:
        """Somebody at a browser, served by one of the web containers."""
        address = self.engine.running("web")[number]["address"]
        network = self.engine.network()

        def connect() -> socket.socket:
            with entered(network):
                return socket.create_connection((address, 8000), timeout=60)

        return Visitor(browser(SITE, connect, self.project / "secrets/tls_certificate"))


def git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], check=True, capture_output=True, text=True
    ).stdout.strip()


class entered:
    """This thread's new sockets are of the containers' network, until the end of the block."""

    def __init__(self, network: int) -> None:
        self.network = network

    def __enter__(self) -> None:
        self.own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        with Path(f"/proc/{self.network}/ns/net").open() as there:
            os.setns(there.fileno(), os.CLONE_NEWNET)

    def __exit__(self, *error: object) -> None:
        os.setns(self.own, os.CLONE_NEWNET)
        os.close(self.own)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    given = os.environ.get("PRODUCTION_FOLDER")
    if given:
        yield Path(given)
        return
    with tempfile.TemporaryDirectory(prefix="proviso-manual-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def origin(folder: Path) -> str:
    """A repository whose main is what stands in this folder now."""
    bare = folder / "origin.git"
    shutil.rmtree(bare, ignore_errors=True)
    git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    now = git("-C", str(ROOT), "stash", "create") or git("-C", str(ROOT), "rev-parse", "HEAD")
    git("-C", str(ROOT), "push", "--quiet", str(bare), f"{now}:refs/heads/main")
    return str(bare)


def last_version() -> str:
    """The last tag; before the first one, the last commit without the newest migration."""
    tags = git("-C", str(ROOT), "tag", "--merged", "HEAD", "--sort=-creatordate").split()
    if tags:
        return tags[0]
    added = ("log", "--diff-filter=A", "--format=%H", "-1", "--", "*/migrations/0*.py")
    return git("-C", str(ROOT), "rev-parse", f"{git('-C', str(ROOT), *added)}^")


@pytest.fixture
def machine(folder: Path, origin: str) -> Iterator[Callable[..., Machine]]:
    made: list[Machine] = []

    def make(name: str, commit: str = "HEAD", branch: str = "main") -> Machine:
        shutil.rmtree(folder / name, ignore_errors=True)
        made.append(Machine(folder / name, folder, origin, commit, branch))
        return made[-1]

    yield make
    for one in made:
        one.engine.end()


def first_start(here: Machine) -> dict[str, Visitor]:
    """The manual's first start; everybody then chooses a password behind their link."""
    said = here.follow("First start")
    assert said.count("is active") == len(Kind)
    here.everything_is_healthy()
    links = LINK.findall(said)
    names = re.findall(
        r"person add (\w+)",
        commands((here.project / "docs/operations.md").read_text(), "First start"),
    )
    assert len(links) == len(names)
    count = len(here.engine.running("web"))
    people = {}
    for at, (name, link) in enumerate(zip(names, links, strict=True)):
        people[name] = here.visitor(at % count)
        people[name].choose_password(link, PASSWORD)
        people[name].sign_in(name, PASSWORD)
    return people


def test_from_nothing_to_a_decided_deal_and_back_from_a_backup(
    machine: Callable[..., Machine],
) -> None:
    here = machine("here")
    people = first_start(here)
    assert [len(here.engine.running(name)) for name in ("web", "worker")] == [2, 2]
    number = people["sofia"].send_deal()
    assert "In review" in people["sofia"].open(f"/deals/{number}/")
    people["rosa"].vote_for(number)
    assert "Approved" in people["sofia"].open(f"/deals/{number}/")
    here.engine.execute("web", ["sh", "-c", "echo proof >/evidence/file"])
    here.follow("Back up")

    there = machine("there")
    shutil.move(here.project.parent / "proviso-backup", there.project.parent)
    here.engine.end()
    there.follow("Restore")
    there.everything_is_healthy()
    sofia = there.visitor()
    sofia.sign_in("sofia", PASSWORD)
    assert "Approved" in sofia.open(f"/deals/{number}/")
    assert there.engine.execute("web", ["grep", "-q", "proof", "/evidence/file"]) == 0


def test_an_upgrade_from_the_last_version(machine: Callable[..., Machine]) -> None:
    here = machine("older", last_version())
    before = major(here.project)
    people = first_start(here)
    number = people["sofia"].send_deal()
    new = git("-C", str(here.project), "show", "origin/main:docs/operations.md")
    same = major(here.project, "origin/main") == before
    here.shell(commands(new, "Upgrade" if same else "A newer PostgreSQL"))
    here.everything_is_healthy()
    sofia = here.visitor()
    sofia.sign_in("sofia", PASSWORD)
    assert "In review" in sofia.open(f"/deals/{number}/")


def test_a_newer_postgresql_takes_over_from_an_older_one(
    machine: Callable[..., Machine], origin: str
) -> None:
    """The same program, once with an older server: what an operator meets who upgrades both."""
    here = machine("postgresql", with_older_server(origin), branch="newer")
    assert major(here.project) == OLDER
    people = first_start(here)
    number = people["sofia"].send_deal()
    people["rosa"].vote_for(number)
    older = here.server_version()
    here.follow("A newer PostgreSQL")
    here.everything_is_healthy()
    assert int(here.server_version()) > int(older)
    sofia = here.visitor()
    sofia.sign_in("sofia", PASSWORD)
    assert "Approved" in sofia.open(f"/deals/{number}/")
    # Triggers, logins and the ledger's chain came along.
    assert "In review" in sofia.open(f"/deals/{sofia.send_deal()}/")


OLDER = "17"


def with_older_server(origin: str) -> str:
    """The project as it is with an older PostgreSQL; the branch `newer` follows that commit."""
    compose = git("-C", origin, "show", "main:docker-compose.yml")
    older, replaced = re.subn(r"image: postgres:\S+", f"image: postgres:{OLDER}.6-trixie", compose)
    assert replaced == 1
    index = {**os.environ, "GIT_INDEX_FILE": f"{origin}/older-index"}

    def plumbing(*words: str, given: str = "") -> str:
        done = subprocess.run(
            ["git", "-C", origin, "-c", "user.name=Operator", "-c", "user.email=", *words],
            env=index,
            input=given,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    plumbing("read-tree", "main")
    blob = plumbing("hash-object", "-w", "--stdin", given=older + "\n")
    plumbing("update-index", "--cacheinfo", f"100644,{blob},docker-compose.yml")
    before = plumbing("commit-tree", plumbing("write-tree"), given="Run an older PostgreSQL")
    newer = plumbing("commit-tree", "main^{tree}", "-p", before, given="Run a newer PostgreSQL")
    plumbing("update-ref", "refs/heads/newer", newer)
    return before


def major(project: Path, commit: str = "HEAD") -> str:
    text = git("-C", str(project), "show", f"{commit}:docker-compose.yml")
    return re.findall(r"image: postgres:(\d+)", text)[0]
