"""Makes .venv from the hash-locked requirements and starts one verb in it.

Standard library only: the Python that runs this file has nothing else. Everything it says goes to
standard error, because the output of `./run screen` is read by programs.
"""

import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"

# Each set contains the ones before it, so the last one installed answers for all of them.
SETS = ("demo", "test", "check", "bench")
CONTAINS = {
    "demo": {"demo"},
    "test": {"demo", "test"},
    "check": {"demo", "test", "check"},
    "bench": {"demo", "test", "bench"},
}

# verb: (requirements, arguments for Python, usage, what it does)
VERBS = {
    "demo": (
        "demo",
        ["-m", "config.devtools.demo"],
        "demo [--reset] [--port N]",
        "start everything on this machine and print where to sign in",
    ),
    # Three for two cores: a test that waits for a server or a browser leaves one idle.
    "test": (
        "test",
        ["-m", "pytest", "--numprocesses=3", "--dist=worksteal"],
        "test [--slow] [ARGS]",
        "run the tests, ARGS go to pytest",
    ),
    "check": (
        "check",
        ["-m", "config.devtools.check"],
        "check",
        "linters, types, import rules, migrations, generated documents",
    ),
    "screen": (
        "demo",
        ["-m", "policy.facts.screen"],
        "screen [--explain] [--laws FILE] FILE | -",
        "screen deals, one per line; needs no database",
    ),
    "policy": (
        "demo",
        ["-m", "policy.governance.command"],
        "policy ...",
        "prove, compare and print policy versions",
    ),
    "bench": ("bench", ["-m", "tests.bench"], "bench [NAME]", "measure, beside other engines"),
    "mutants": (
        "test",
        ["-m", "tests.mutants"],
        "mutants [WORDS]",
        "seed faults into a copy and see that the tests notice each",
    ),
    "manage": (
        "demo",
        ["-m", "config.devtools.launch"],
        "manage COMMAND",
        "a manage.py command with the demo's servers",
    ),
}


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def usage() -> str:
    lines = [f"  ./run {words:<26} {what}" for _, _, words, what in VERBS.values()]
    return "\n".join(["Usage:", *lines])


def wanted(requirements: str) -> dict[str, str]:
    """What the stamp must say for these requirements to count as installed here."""
    locked = (ROOT / "requirements" / f"{requirements}.txt").read_bytes()
    return {"lock": hashlib.sha256(locked).hexdigest(), "venv": str(VENV)}


def stamps() -> dict[str, dict[str, str]]:
    try:
        kept: dict[str, dict[str, str]] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return kept


def installed(requirements: str) -> bool:
    # A venv whose Python has vanished leaves a dangling link: exists() follows it.
    if not PYTHON.exists():
        return False
    stamped = stamps()
    holders = [name for name in SETS if requirements in CONTAINS[name]]
    return any(stamped.get(name) == wanted(name) for name in holders)


def usable() -> bool:
    """True when .venv belongs to this folder and its Python starts."""
    check = [str(PYTHON), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 12))"]
    try:
        if json.loads((VENV / "made.json").read_text()) != str(VENV):
            return False
        return subprocess.run(check, capture_output=True, check=False).returncode == 0
    except (OSError, ValueError):
        return False


def make_venv() -> None:
    if not (VENV / "made.json").exists():
        say("Making .venv ...")
    elif usable():
        return
    else:
        say("The folder .venv was made elsewhere or no longer works; making it again.")
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    shutil.rmtree(VENV, ignore_errors=True)
    # The real interpreter, not a shim that may choose another one tomorrow.
    venv.EnvBuilder(with_pip=True, symlinks=True).create(VENV)
    (VENV / "made.json").write_text(json.dumps(str(VENV)))


def tell(lines: Iterable[str], number: int) -> str:
    """Say how far pip is, and return its complaints: the first error and all that follows.

    It fetches packages one by one and then unpacks all of them. Its warnings are about settings
    of this machine and come once for each package, so they stay unsaid.
    """
    fetched = 0
    said: list[str] = []
    for line in lines:
        said.append(line)
        # What lies on this machine is "processed".
        if line.startswith(("Collecting ", "Processing ")):
            fetched += 1
            if fetched % 10 == 0:
                say(f"  {fetched} of {number} packages fetched")
        elif line.startswith("Installing collected packages"):
            say("  Unpacking them ...")
    errors = [place for place, line in enumerate(said) if line.startswith("ERROR")]
    return "".join(said[errors[0] :] if errors else said[-20:])


def install(requirements: str) -> None:
    make_venv()
    stamped = stamps()
    # An interrupted installation must not look finished.
    STAMP.unlink(missing_ok=True)
    say(f"Installing packages for ./run {requirements} from requirements/{requirements}.txt ...")
    locked = ROOT / "requirements" / f"{requirements}.txt"
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--no-input"]
    # Compiled when they are first used: most modules of most packages never are.
    pip += ["--no-compile", "--progress-bar=off", "--require-hashes", "--no-deps"]
    pip += ["--only-binary=:all:", "--requirement", str(locked)]
    number = len(re.findall(r"^[\w.-]+==", locked.read_text(), re.MULTILINE))
    with subprocess.Popen(
        pip, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        complaints = tell(running.stdout or (), number)
    if running.returncode:
        sys.exit(
            f"{complaints}\nThe packages could not be installed; pip says why above. Check that "
            "this machine reaches a package index, then run the same command again."
        )
    kept = {name: stamp for name, stamp in stamped.items() if stamp == wanted(name)}
    STAMP.write_text(json.dumps(kept | {requirements: wanted(requirements)}, indent=1))


@contextmanager
def alone() -> Iterator[None]:
    """One installation at a time; the second waits for the first and then finds it done."""
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another ./run is installing packages; waiting for it ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare(requirements: str) -> None:
    if installed(requirements):
        return
    with alone():
        if not installed(requirements):
            install(requirements)


def main(arguments: list[str]) -> None:
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(usage())
        return
    verb, *rest = arguments
    if verb not in VERBS:
        say(f"There is no ./run {verb}.")
        sys.exit(f"{usage()}")
    requirements, module, _, _ = VERBS[verb]
    try:
        prepare(requirements)
    except PermissionError as error:
        sys.exit(
            f"{error.filename} cannot be written: {ROOT} belongs to {ROOT.owner()}. Work in a copy "
            f"of your own: git clone {shlex.quote(str(ROOT))} proviso"
        )
    except KeyboardInterrupt:
        sys.exit("Stopped before the packages were installed; the next start goes on.")
    os.environ.pop("PYTHONHOME", None)
    # Nothing was compiled when it was installed: each program would compile again what it imports.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # The caller's folder stays the current one, so that file names given to a verb mean what they
    # say; the project is found by PYTHONPATH instead.
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["PYTHONSAFEPATH"] = "1"
    if verb in {"test", "bench", "check", "mutants"}:
        os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), *module, *rest])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
