"""The real programs of docker-compose.yml beside a test, with the kinds of tests.jobs.kinds."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from signal import SIGTERM
from typing import Any

from ruamel.yaml import YAML

from config.devtools import embedded
from config.devtools.embedded import ROOT

SERVICES = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())["services"]
SWEEP = """
import django, sys
django.setup()
import tests.jobs.kinds
from django.core.management import call_command
call_command("sweep", *sys.argv[1:])
"""


@contextmanager
def running(words: list[str], **surroundings: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "C_FORCE_ROOT": "1"} | surroundings,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        embedded.stop_group(process.pid, first=SIGTERM, patience=2)
        process.wait()


def worker(name: str) -> list[str]:
    """The command of a worker of the stack, which must be one of Celery."""
    words = SERVICES[name]["command"]
    assert words[0] == "celery"
    return ["-m", *words, "--include", "tests.jobs.kinds", "--loglevel", "WARNING"]


def sweeper(*words: str) -> list[str]:
    return ["-c", SWEEP, *words]


def wait_for(what: Callable[[], Any], seconds: float = 40) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found, f"not within {seconds} seconds"
    return found
