"""`./run mutants [WORDS]`: seed each fault of the list, and see that the tests notice it.

A fault is seeded into a copy of the project; the folder that one works in is never touched. The
servers and the migrated database are made once. Two faults run at a time, each in its own copy.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from config.devtools import embedded
from tests.mutants.seeded import Fault, chosen, faults

AT_ONCE = 2
#: Seconds for the tests of one fault, and for all of them without one. A fault that makes them
#: hang is noticed by nobody.
PATIENCE = 300
LONG_PATIENCE = 3600
LEFT_OUT = shutil.ignore_patterns(".*", "var")
CAUGHT, SURVIVED, NOT_TRIED = "caught", "SURVIVED", "NOT TRIED"


@dataclass(frozen=True)
class Verdict:
    state: str
    #: The test that noticed, or why nothing was tried.
    what: str = ""


def verdict(code: int, output: str) -> Verdict:
    """What the exit status of pytest says; anything but a failed test proves nothing."""
    if code == 0:
        return Verdict(SURVIVED)
    lines = output.strip().splitlines()
    # Lines of the log begin with ERROR too, and with more blanks.
    failed = [line for line in lines if re.match("(FAILED|ERROR) [^ ]", line)]
    if code == 1 and failed:
        return Verdict(CAUGHT, failed[0].partition(" ")[2].partition(" - ")[0])
    return Verdict(NOT_TRIED, f"pytest ended with {code}: {' '.join(lines[-3:])}")


def run_tests(
    folder: Path, tests: Sequence[str], surroundings: dict[str, str], patience: int = PATIENCE
) -> Verdict:
    """The tests in this copy of the project, up to the first that fails."""
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            env=surroundings | {"PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Verdict(NOT_TRIED, f"the tests did not end within {patience} seconds")
    return verdict(done.returncode, done.stdout + done.stderr)


@contextmanager
def seeded(folder: Path, fault: Fault) -> Iterator[None]:
    """The copy of the project with the fault in it; then it is as before."""
    path = folder / fault.file
    kept = folder.with_name(f"{folder.name}.kept")
    shutil.copy2(path, kept)
    # Python trusts a compiled file by time and size, and a fault may change neither.
    for stale in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        stale.unlink()
    path.write_text(fault.seeded(path.read_text()))
    try:
        yield
    finally:
        shutil.copy2(kept, path)


class Ground:
    """Copies of the project, and the servers and the migrated database that they share."""

    def __init__(self, folder: Path, servers: embedded.Servers) -> None:
        self.folder = folder
        # Given as somebody else's servers, so that all who test here make the same logins.
        self.addresses = {"DATABASE_URL": servers.admin_url, "REDIS_URL": servers.redis_url}
        self.free: SimpleQueue[Path] = SimpleQueue()
        for number in range(AT_ONCE):
            copy = folder / f"copy-{number}"
            shutil.copytree(embedded.ROOT, copy, ignore=LEFT_OUT)
            self.free.put(copy)
        with self.copy() as copy:
            self.migrated = self.migrate(copy, "mutants")

    @contextmanager
    def copy(self) -> Iterator[Path]:
        """A copy that nobody else uses meanwhile."""
        copy = self.free.get()
        try:
            yield copy
        finally:
            self.free.put(copy)

    def migrate(self, copy: Path, name: str) -> str:
        """Make a database by the migrations of this copy; returns its name."""
        os.environ.update(self.addresses)
        servers = embedded.start(self.folder / "logins", lasting=False, database=name)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"],
            cwd=copy,
            env=os.environ
            | servers.environment()
            | {
                "PYTHONPATH": str(copy),
                "PROVISO_MODE": "test",
                "DJANGO_SECRET_KEY": secrets.token_urlsafe(48),
            },
            capture_output=True,
            check=True,
        )
        return name

    def surroundings(self, migrated: str) -> dict[str, str]:
        return (
            os.environ
            | self.addresses
            | {"MIGRATED_DATABASE": migrated, "PYTHONDONTWRITEBYTECODE": "1"}
        )

    def without_a_fault(self, tests: Sequence[str]) -> Verdict:
        """Tests that fail anyway would notice every fault."""
        with self.copy() as copy:
            return run_tests(copy, tests, self.surroundings(self.migrated), LONG_PATIENCE)

    def verdict(self, fault: Fault, number: int) -> Verdict:
        with self.copy() as copy:
            if why := fault.problem(copy):
                return Verdict(NOT_TRIED, why)
            with seeded(copy, fault):
                migrated = self.migrated
                if fault.is_in_the_schema:
                    try:
                        migrated = self.migrate(copy, f"mutants_{number}")
                    except subprocess.CalledProcessError as error:
                        last = error.stderr.decode().strip().splitlines()[-1:]
                        return Verdict(NOT_TRIED, f"it does not migrate: {' '.join(last)}")
                return run_tests(copy, fault.tests, self.surroundings(migrated))


@contextmanager
def prepared() -> Iterator[Ground]:
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.setdefault(name, "")
    with (
        embedded.temporary() as servers,
        tempfile.TemporaryDirectory(prefix="proviso-mutants-") as folder,
    ):
        yield Ground(Path(folder), servers)


def halves(tests: Sequence[str]) -> list[list[str]]:
    """The tests for so many processes, those of one file together."""
    files: dict[str, list[str]] = {}
    for test in sorted(set(tests)):
        files.setdefault(test.partition("::")[0], []).append(test)
    parts: list[list[str]] = [[] for _ in range(AT_ONCE)]
    for number, named in enumerate(files.values()):
        parts[number % AT_ONCE] += named
    return [part for part in parts if part]


def try_all(ground: Ground, wanted: Sequence[Fault]) -> list[Verdict]:
    """Try them two at a time, and print each line when it is known."""
    found: list[Verdict] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = halves([test for fault in wanted for test in fault.tests])
        plain = list(pool.map(ground.without_a_fault, parts))
        if failing := [one.what for one in plain if one.state != SURVIVED]:
            sys.exit(f"These fail without a fault, so they would prove nothing: {failing[0]}")
        tried = {pool.submit(ground.verdict, one, n): one for n, one in enumerate(wanted)}
        for ended in as_completed(tried):
            fault, result = tried[ended], ended.result()
            found.append(result)
            say(f"{result.state:<10} {fault.file:<34} {fault.name}")
            if result.what:
                say(f"{'':<10} {result.what}")
    return found


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(words: Sequence[str]) -> int:
    wanted = chosen(faults(), words)
    if not wanted:
        sys.exit(f"No fault has one of these words in its name or file: {' '.join(words)}")
    began = time.monotonic()
    with prepared() as ground:
        results = try_all(ground, wanted)
    caught = sum(one.state == CAUGHT for one in results)
    say(f"{len(wanted)} faults, {caught} caught, in {time.monotonic() - began:.0f} seconds")
    return 0 if caught == len(wanted) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
