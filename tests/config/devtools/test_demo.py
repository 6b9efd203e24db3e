"""`./run demo` as a person starts it, in a copy of the project."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from config.devtools import demo, embedded
from config.devtools.embedded import ROOT

NOT_NEEDED = shutil.ignore_patterns(
    ".*", "__pycache__", "secrets", "static-collected", "tests", "var"
)


@pytest.fixture(scope="module")
def project():
    """A copy in a folder with spaces that every account can reach, without a .venv of its own."""
    with tempfile.TemporaryDirectory(prefix="proviso ") as name:
        Path(name).chmod(0o711)
        folder = Path(name) / "a copy of it"
        copy_project(folder)
        yield folder


def copy_project(folder):
    """What the demo needs, also of a copy that git knows nothing of (tests/mutants)."""
    shutil.copytree(ROOT, folder, ignore=NOT_NEEDED)


def clean_environment():
    """This one without what these tests set for Proviso."""
    return {
        name: value
        for name, value in os.environ.items()
        if not re.match("DJANGO_|PROVISO_|DATABASE_|REDIS_|GIVEN_", name)
    }


@contextmanager
def start(folder, *words, **environment):
    """The demo as a process; ended as Ctrl-C does when the test fails before it does so."""
    running = subprocess.Popen(
        [sys.executable, "-m", "config.devtools.demo", *words],
        cwd=folder,
        env=clean_environment() | {"PYTHONPATH": str(folder)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        if running.poll() is None:
            running.terminate()
        running.wait(timeout=60)
        running.stdout.close()


def read_until(process, words):
    """What the program says up to the line that holds these words; fails when it ends before."""
    said = []
    for line in process.stdout:
        said.append(line)
        if words in line:
            return "".join(said)
    raise AssertionError("".join(said))


def programs_of(folder):
    found = []
    for process in psutil.process_iter(["cwd", "cmdline", "status"]):
        if process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        words = [process.info["cwd"] or "", *(process.info["cmdline"] or ())]
        if any(str(folder) in word for word in words):
            found.append(process)
    return found


def listening_addresses(folder):
    found = set()
    for process in programs_of(folder):
        # A short-lived one may end between the two questions.
        with suppress(psutil.NoSuchProcess, FileNotFoundError):
            found |= {
                link.laddr.ip
                for link in process.net_connections("inet")
                if link.status == psutil.CONN_LISTEN
            }
    return found


def address(said):
    return re.search(r"http://127\.0\.0\.1:\d+", said)[0]


def page_answers(url):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
                return json.load(answer) == {"status": "ok"}
        except OSError:
            time.sleep(0.2)
    return False


def test_from_nothing_to_a_page_and_back(project):
    old = project / "var/demo/evidence/old"
    old.parent.mkdir(parents=True)
    old.touch()
    with start(project, "--reset") as running:
        said = read_until(running, "Ctrl-C stops all of it")
        assert not old.exists()
        assert page_answers(address(said))
        # Each of the seven roles is named with somebody who has it.
        rows = json.loads((project / "var/demo-accounts.json").read_text())
        assert len({row["role"] for row in rows}) == 7
        for row in rows:
            assert re.search(rf"{row['role']} .*\b{row['username']}\b", said)
            assert row["password"] in said
        for name in ("passwords.json", "environment.json"):
            assert (project / "var/demo" / name).stat().st_mode & 0o077 == 0
        assert listening_addresses(project) == {"127.0.0.1"}  # CF-12

        with start(project) as second:
            assert "already runs from this folder" in second.communicate(timeout=60)[0]
        assert second.returncode == 1

        # A program that dies is started again.
        list_of = json.loads((project / "var/demo/processes.json").read_text())
        os.kill(int(list_of["web"][0]), signal.SIGKILL)
        read_until(running, "starting it again")
        assert page_answers(address(said))

        running.send_signal(signal.SIGINT)
        rest = running.communicate(timeout=60)[0]
    assert "Stopped." in rest
    assert running.returncode == 0
    assert programs_of(project) == []
    assert not (project / "var/demo/environment.json").exists()


def test_killed_and_started_again(project):
    """kill -9 of the supervisor leaves programs; the next start ends them and keeps the deals."""
    with start(project) as running:
        read_until(running, "Ctrl-C stops all of it")
        running.kill()
    left = {process.pid for process in programs_of(project)}
    assert len(left) > 5
    with start(project) as running:
        read_until(running, "Ctrl-C stops all of it")
        assert not left & {process.pid for process in programs_of(project)}
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=40)
    assert programs_of(project) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "example.com"])
def test_other_addresses_are_refused(project, host):
    """CF-12."""
    with start(project, "--host", host) as refused:
        said = refused.communicate(timeout=20)[0]
    assert refused.returncode == 2
    assert f"answers 127.0.0.1 only, not {host}" in said


def test_taken_port(project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start(project, "--port", str(port)) as refused:
            said = refused.communicate(timeout=20)[0]
        assert refused.returncode == 1
        assert f"Port {port} is taken by another program" in said


def test_next_free_port(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(demo, "FIRST_PORT", port)
        monkeypatch.setattr(demo, "LAST_PORT", port + 50)
        assert port < demo.choose_port(None) <= port + 50
        monkeypatch.setattr(demo, "LAST_PORT", port)
        with pytest.raises(embedded.ServerError, match="are all taken"):
            demo.choose_port(None)


def test_a_step_that_fails_says_why_and_leaves_nothing(project):
    broken = project / "policy/management/commands/load_reference.py"
    kept = broken.read_text()
    broken.write_text("raise ValueError('planted')")
    try:
        with start(project) as running:
            said = running.communicate(timeout=60)[0]
    finally:
        broken.write_text(kept)
    assert running.returncode == 1
    # The step that failed is the last one that is named.
    assert "registry, laws ... stopped" in said
    assert "It failed." in said
    assert "planted" in said
    assert programs_of(project) == []


def test_commands_with_the_demos_servers(project):
    """`./run manage`, while no demo runs."""
    done = subprocess.run(
        [sys.executable, "-m", "config.devtools.launch", "check", "--database", "default"],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project), "DATABASE_URL": "", "REDIS_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    assert programs_of(project) == []
