"""What a container of the image has, without an engine: its own root folder, which is read-only,
the files that the Dockerfile copies, the environment of docker-compose.yml, another account.

Linux gives root a view of the files of its own (`unshare --mount`); nothing outside changes, and
all of it ends with the program. Python and its packages are those of the tests.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from config.devtools.embedded import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
SERVICES = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())["services"]
ACCOUNT = 10001

ENTER = """
set -eu
root=$1 account=$2; shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
for path in /usr /etc /lib /lib64 /bin "$PYTHON"; do
    [ -L "$root$path" ] || [ ! -d "$root$path" ] || mount --bind "$path" "$root$path"
done
mount --bind "$PACKAGES" "$root/packages"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
if [ "$account" != 0 ]; then
    mount -t tmpfs -o size=64m,mode=1777 tmpfs "$root/tmp"
    mount --bind "$VOLUME" "$root/evidence"
    mount -o remount,bind,ro "$root"
fi
unset PYTHON PACKAGES VOLUME
exec /usr/sbin/chroot --userspec="$account:$account" "$root" /usr/bin/env -C /app "$@"
"""


def usable() -> str:
    """Why no container can be imitated here; empty when one can."""
    if os.geteuid() != 0:
        return "only root can start programs as another account"
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else f"unshare --mount is refused: {tried.stderr.decode()}"


def environment() -> dict[str, str]:
    """The ENV lines of the last stage and of what it stands on."""
    lines = re.findall(r"^ENV (.*)$", DOCKERFILE, re.M)
    words = [word.partition("=") for line in lines for word in line.split()]
    values = {name: value for name, _, value in words}
    return values | {"PATH": values["PATH"].replace("$PATH", "/usr/local/bin:/usr/bin:/bin")}


class Image:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.volume = folder / "evidence"
        #: Python itself, at the address that it has on this machine.
        self.python = str(Path(sys.base_prefix).resolve())
        for name in (
            "app",
            "proc",
            "dev",
            "tmp",
            "evidence",
            "run/secrets",
            "usr",
            "etc",
            "packages",
            self.python.lstrip("/"),
        ):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        for name in ("bin", "lib", "lib64"):
            self._like_here(name)
        self._make_venv()
        self.volume.mkdir()
        os.chown(self.volume, ACCOUNT, ACCOUNT)

    def _like_here(self, name: str) -> None:
        here = Path("/") / name
        if here.is_symlink():
            (self.root / name).symlink_to(here.readlink())
        elif here.exists():
            (self.root / name).mkdir()

    def _make_venv(self) -> None:
        """At the address that it has in the image; only what it holds lies elsewhere."""
        here, there = Path(sys.prefix), self.root / "venv"
        (there / "bin").mkdir(parents=True)
        shutil.copy(here / "pyvenv.cfg", there)
        (there / "lib").symlink_to("/packages/lib")
        (there / "bin/python").symlink_to((here / "bin/python").resolve())
        for name in ("gunicorn", "celery"):
            _, _, program = (here / "bin" / name).read_text().partition("\n")
            (there / "bin" / name).write_text(f"#!/venv/bin/python\n{program}")
            (there / "bin" / name).chmod(0o755)

    def copy(self) -> None:
        """The COPY lines, as root with a closed umask left the files on the machine that builds."""
        ignored = (ROOT / ".dockerignore").read_text().split()
        for source, target in re.findall(r"^COPY (?!--from)(\S+) (\S+)$", DOCKERFILE, re.M):
            if target.startswith("/"):
                continue
            assert f"!{source}" in ignored, f"{source} is not sent to the build"
            self._copy(ROOT / source, self.root / "app" / target)
        for path in (self.root / "app").rglob("*"):
            path.chmod(0o700 if path.is_dir() else 0o600)

    def _copy(self, source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / source.name if target.is_dir() else target)

    def collect(self) -> None:
        """The last RUN line, which root does."""
        [*_, last] = re.findall(r"^RUN (.*)$", DOCKERFILE, re.M)
        done = self.start(last.split(), {}, account=0, umask=0o077)
        said, _ = done.communicate(timeout=120)
        assert done.returncode == 0, said

    def secrets(self, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            path = self.root / "run/secrets" / name
            path.write_text(value)
            path.chmod(0o444)

    def start(
        self,
        words: Sequence[str],
        surroundings: Mapping[str, str],
        *,
        account: int = ACCOUNT,
        **more: Any,
    ) -> subprocess.Popen[str]:
        own = {"PYTHON": self.python, "PACKAGES": sys.prefix, "VOLUME": str(self.volume)}
        chosen = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True} | more
        return subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", ENTER, "sh", str(self.root), str(account), *words],
            env=environment() | surroundings | own,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **chosen,
        )


def surroundings_of(service: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """The environment of the service, with its ${NAME:-default} filled in."""

    def fill(found: re.Match[str]) -> str:
        return given.get(found[1], "")

    return {
        name: re.sub(r"\$\{(\w+)[^}]*\}", fill, value)
        for name, value in service["environment"].items()
    }
