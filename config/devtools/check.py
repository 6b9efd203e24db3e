"""`./run check`: every gate that needs no database. All run, all failures are shown, one is enough.

Each prints what it looked at, because a gate that looked at nothing is green too.
"""

import difflib
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config.devtools.embedded import ROOT

PYTHON = sys.executable
PACKAGES = ("audit", "jobs", "people", "policy", "screening", "reviews", "config")

# Documents that a command prints: file, command. Change the code, then write the file again.
GENERATED = {
    "docs/api/openapi.yaml": ["spectacular", "--validate", "--fail-on-warn"],
    "docs/state-diagram.md": ["statemachine"],
    "docs/verbs.md": ["verbs"],
}


@dataclass(frozen=True)
class Result:
    problem: str
    looked_at: str = ""


@dataclass(frozen=True)
class Gate:
    name: str
    run: Callable[[], Result]


def surroundings(**variables: str) -> dict[str, str]:
    """An environment in which settings load; no server runs behind the addresses."""
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "PROVISO_MODE": "test",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(64),
        "DATABASE_URL": "postgresql://proviso_app@127.0.0.1:1/proviso",
        "DATABASE_OWNER_URL": "postgresql://proviso_owner@127.0.0.1:1/proviso",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        **variables,
    }


PRODUCTION = {
    "PROVISO_MODE": "production",
    "SITE_URL": "https://proviso.example.com",
    "MAIL_URL": "smtp://mail.example.com",
    "DATABASE_URL": "postgresql://proviso_app:secret@db.example.com/proviso",
}


def execute(words: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYTHON, *words],
        cwd=ROOT,
        env=surroundings(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


def program(*words: str, counted: str = "", **variables: str) -> Callable[[], Result]:
    """A gate that is a program: its exit code decides, `counted` finds what it looked at."""

    def run() -> Result:
        done = execute(list(words), **variables)
        output = (done.stdout + done.stderr).strip()
        match = re.search(counted, output) if counted else None
        if counted and not done.returncode and not match:
            return Result(f"It does not say what it looked at:\n{output}")
        return Result(output if done.returncode else "", match[0] if match else "")

    return run


def files(pattern: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def linted() -> Result:
    """ruff does not say how many files it judged, so the same words list them first."""
    listed = execute(["-m", "ruff", "check", "--show-files"])
    if listed.returncode:
        return Result(f"ruff could not list the files:\n{listed.stdout}{listed.stderr}")
    judged = [name for name in listed.stdout.split("\n") if name.endswith(".py")]
    if not judged:
        return Result("There are no files to judge.")
    problem = program("-m", "ruff", "check", "--output-format=concise")().problem
    return Result(problem, f"{len(judged)} files")


def templates() -> Result:
    names = files("*.html")
    if not names:
        return Result("There are no templates.")
    # A program, not a module: it lies beside the Python that runs this.
    done = subprocess.run(
        [Path(PYTHON).with_name("djade"), "--check", *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return Result((done.stdout + done.stderr) if done.returncode else "", f"{len(names)} files")


def generated() -> Result:
    problems = []
    for name, command in GENERATED.items():
        done = execute(["manage.py", *command])
        path = ROOT / name
        written = path.read_text() if path.exists() else ""
        if done.returncode or not done.stdout.strip():
            problems.append(f"manage.py {' '.join(command)} failed:\n{done.stderr}")
        elif written != done.stdout:
            lines = difflib.unified_diff(
                written.splitlines(), done.stdout.splitlines(), name, "now", lineterm="", n=1
            )
            problems.append(
                f"{name} is not what the program prints. Write it again:\n"
                f"  ./run manage {' '.join(command)} > {name}\n" + "\n".join(list(lines)[:40])
            )
    return Result("\n".join(problems), f"{len(GENERATED)} files")


GATES = (
    Gate("ruff check", linted),
    Gate(
        "ruff format",
        program("-m", "ruff", "format", "--check", "--output-format=concise", counted=r"\d+ files"),
    ),
    Gate("types", program("-m", "mypy", *PACKAGES, counted=r"\d+ source files")),
    Gate(
        "import rules",
        program(
            "-c", "from importlinter.cli import lint_imports_command as c; c()", counted=r"\d+ kept"
        ),
    ),
    Gate("templates", templates),
    Gate(
        "migrations",
        program(
            "-W",
            "ignore",
            "manage.py",
            "makemigrations",
            "--check",
            "--dry-run",
            counted="No changes detected",
        ),
    ),
    Gate(
        "production settings",
        program(
            "manage.py",
            "check",
            "--deploy",
            "--fail-level",
            "WARNING",
            counted=r"identified no issues \(\d+ silenced\)",
            **PRODUCTION,
        ),
    ),
    Gate("generated documents", generated),
)


def main() -> int:
    wanted = sys.argv[1:]
    if unknown := set(wanted) - {gate.name for gate in GATES}:
        sys.exit(
            f"No gate is called {', '.join(sorted(unknown))}. There are: "
            f"{', '.join(gate.name for gate in GATES)}."
        )
    failed = []
    for gate in GATES:
        if wanted and gate.name not in wanted:
            continue
        began = time.monotonic()
        result = gate.run()
        state = "FAILED" if result.problem else f"ok {result.looked_at}".strip()
        print(f"{gate.name:<20} {time.monotonic() - began:5.1f} s  {state}", flush=True)
        if result.problem:
            failed.append(gate.name)
            print("\n".join(f"    {line}" for line in result.problem.splitlines()), flush=True)
    if failed:
        print(f"\n{len(failed)} of {len(GATES)} failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
