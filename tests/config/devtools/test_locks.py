"""What the demo and the image import is in their locks, and nothing else is needed to run them."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from config.devtools.embedded import ROOT
from tests.config.devtools.test_demo import (
    address,
    clean_environment,
    copy_project,
    page_answers,
    programs_of,
    read_until,
)

#: The programs of a deployment, and what Celery, gunicorn and Django import by name only.
PROGRAMS = [
    "celery.__main__",
    "celery.bin.worker",
    "celery.bin.beat",
    "celery.beat",
    "celery.concurrency.prefork",
    "kombu.transport.redis",
    "celery.backends.redis",
    "gunicorn.app.wsgiapp",
    "gunicorn.workers.gthread",
    "psycopg2",
    "whitenoise.middleware",
    "whitenoise.storage",
    "django.contrib.auth.hashers",
    "argon2",
]
#: A lock → the packages of ours that run from it, and modules that do not.
RUNS = {
    "demo": (["audit", "jobs", "policy", "screening", "reviews", "config"], []),
    "image": (
        ["audit", "jobs", "policy", "screening", "reviews", "config"],
        [
            "config.devtools.embedded",
            "config.devtools.demo",
            "config.devtools.launch",
            "config.devtools.prepare",
            "config.devtools.check",
            "config.devtools.bootstrap",
        ],
    ),
}
#: A release of Debian → one more than the minor version of its C library.
GLIBC = {"bookworm": 37, "trixie": 42}
#: Imports names as an installation with these distributions only would.
IMPORTING = """
import importlib, json, pkgutil, re, sys
from importlib import metadata

names, packages, left_out, listed = json.load(sys.stdin)

def plain(name):
    return re.sub("[-_.]+", "-", name).lower()

owners = metadata.packages_distributions()

class Refused:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in owners and not {plain(owner) for owner in owners[top]} & set(listed):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refused())
import django
django.setup()
for package in packages:
    where = importlib.import_module(package).__path__
    for found in pkgutil.walk_packages(where, f"{package}."):
        if "migrations" not in found.name and not found.name.endswith("__main__"):
            names.append(found.name)
for name in names:
    if name not in left_out:
        importlib.import_module(name)
import config.urls
"""


def plain(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def listed(lock: str) -> set[str]:
    """The distributions of a lock file, by their normalised names."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return {plain(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}


def imported(lock: str, without: str = "") -> subprocess.CompletedProcess[str]:
    packages, left_out = RUNS[lock]
    names = listed(lock) - {without}
    # The image builds the driver that the demo takes as a wheel.
    names |= {"psycopg2-binary"} if "psycopg2" in names else set()
    return subprocess.run(
        [sys.executable, "-c", IMPORTING],
        cwd=ROOT,
        input=json.dumps([PROGRAMS, packages, left_out, sorted(names)]),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("lock", RUNS)
def test_everything_that_is_imported_is_locked(lock):
    done = imported(lock)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("missing", ["packaging", "orjson", "argon2-cffi"])
def test_what_is_not_locked_is_not_found(missing):
    """The test above is worth nothing when an import of something else goes through."""
    done = imported("demo", without=missing)
    assert done.returncode
    assert "ModuleNotFoundError" in done.stderr


def test_no_dependency_waits_to_be_used():
    """What only a later version needs is locked then; README says what each one is for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split("[~=<>]", line)[0] for line in project["dependencies"]}
    owners = metadata.packages_distributions()
    readme = (ROOT / "README.md").read_text().lower().replace(".", "-")
    sources = "\n".join(
        path.read_text() for package in RUNS["demo"][0] for path in (ROOT / package).rglob("*.py")
    )
    # Celery and Django load these themselves, by a URL and by the name of an algorithm.
    for name in names - {"packaging", "argon2-cffi"}:
        tops = [top for top, dists in owners.items() if name in {plain(one) for one in dists}]
        assert tops, name
        assert any(re.search(rf"\b{re.escape(top)}\b", sources) for top in tops), name
    assert not [name for name in names if name not in readme]


@pytest.mark.slow
def test_the_demo_runs_from_its_lock_alone():
    """As from a fresh clone: an installation of its own, then web, worker, scheduler, sweeper."""
    with tempfile.TemporaryDirectory(prefix="proviso ") as name:
        Path(name).chmod(0o711)
        folder = Path(name) / "fresh"
        copy_project(folder)
        running = subprocess.Popen(
            [str(folder / "run"), "demo"],
            env=clean_environment() | {"PROVISO_PYTHON": sys._base_executable},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said = read_until(running, "Ctrl-C stops all of it")
            assert page_answers(address(said))
            assert not (folder / ".venv/bin/pytest").exists()
            # Long enough for a program that ends at once to be seen and started again.
            time.sleep(20)
            words = [" ".join(one.cmdline()) for one in programs_of(folder)]
            for program in ("config.celery worker", "config.celery beat", "manage.py sweep"):
                assert any(program in line for line in words), words
            for log in (folder / "var/demo/logs").iterdir():
                assert "Traceback" not in log.read_text(), log.read_text()
        finally:
            running.terminate()
            rest = running.communicate(timeout=60)[0]
        assert "starting it again" not in rest
        shutil.rmtree(folder / ".venv")


def test_nothing_that_only_tests_need_is_in_the_image():
    """polars alone is 150 MB; bulk readings are for tests and `./run bench`."""
    for lock in RUNS:
        assert listed(lock).isdisjoint({"polars", "pyarrow", "numpy", "schemathesis", "hypothesis"})


@pytest.mark.slow
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_image_can_be_built_for(machine, tmp_path):
    """Every package has a wheel for the C library of the base image; psycopg2 is built there."""
    base = re.findall(r"FROM python:(\d+\.\d+)\S*-slim-(\w+)", (ROOT / "Dockerfile").read_text())
    ((version, release),) = base
    pieces = re.split(r"\n(?=\S)", (ROOT / "requirements/image.txt").read_text())
    wanted = [piece for piece in pieces if not piece.startswith("psycopg2==")]
    assert len(wanted) == len(pieces) - 1
    (tmp_path / "image.txt").write_text("\n".join(wanted))
    platforms = [
        f"--platform=manylinux_2_{number}_{machine}" for number in range(5, GLIBC[release])
    ]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"),
            *("--no-deps", "--require-hashes", "--only-binary=:all:", "--no-input"),
            *(f"--target={tmp_path}/there", f"--python-version={version}", *platforms),
            f"--platform=manylinux2014_{machine}",
            f"--requirement={tmp_path}/image.txt",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
