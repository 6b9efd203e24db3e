"""`docker compose` for a machine without Docker: enough of it to follow docs/operations.md.

It does what Dockerfile and docker-compose.yml say with what every Debian has: a folder with Debian
in it is the base image, `unshare` gives each container files and a network of its own, `chroot` and
`setpriv` its root folder and its account. PostgreSQL is what the tests run on where that is
the version of the image, else Debian's, as Redis is. What it does not know it refuses, so that a
line that is new in either file is not taken for tested.

Only root can do this, and nothing outside its folder changes.
"""

import hashlib
import json
import os
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from config.devtools.embedded.place import WHEEL, copy_program, find_binaries, version_of

#: Where this machine's own programs are, for the images of the servers.
OF_THIS_MACHINE = ("usr", "etc", "bin", "sbin", "lib", "lib64")
NETWORK = "10.213.0"
#: The release of Debian whose own Python is of this version.
DEBIAN = {"3.11": "bookworm", "3.13": "trixie"}
#: Only PostgreSQL 17 and newer have a locale provider of their own.
FIRST_WITH_LOCALES = 17
LOCALE_PROVIDER = re.compile(r"--(locale-provider|builtin-locale)=\S+")

#: What the image of PostgreSQL does before it starts the server: a new cluster, once.
ENTRYPOINT = """
set -eu
if [ -s /var/lib/postgresql/PG_VERSION ]; then
    echo "There is data of an older PostgreSQL." >&2
    exit 1
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    chmod 700 "$PGDATA"
    initdb --pgdata "$PGDATA" --username postgres --pwfile "$POSTGRES_PASSWORD_FILE" \
        $POSTGRES_INITDB_ARGS >&2
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    export PGPASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")"
    pg_ctl --pgdata "$PGDATA" --wait --options "-c listen_addresses=''" start >&2
    createdb --username postgres --no-password "$POSTGRES_DB"
    for script in /docker-entrypoint-initdb.d/*.sh; do sh "$script" >&2; done
    pg_ctl --pgdata "$PGDATA" --mode fast --wait stop >&2
fi
exec "$@" -c listen_addresses='*'
"""


class Refused(Exception):
    """What a person at a terminal is told."""


def fill(text: str, given: Mapping[str, str]) -> str:
    """${NAME}, ${NAME:-default} and ${NAME:?sentence}, as compose fills them in."""

    def value(found: re.Match[str]) -> str:
        name, sign, more = found[1], found[2], found[3] or ""
        if sign == ":?" and not given.get(name):
            raise Refused(more)
        return given.get(name) or more

    return re.sub(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}", value, text)


def from_file(path: Path) -> dict[str, str]:
    """What stands in .env; what is given besides goes before it."""
    lines = path.read_text().split() if path.exists() else []
    return dict(line.split("=", 1) for line in lines)


@dataclass(frozen=True)
class Layer:
    """A root folder, and what the image says about the programs in it."""

    root: Path
    key: str
    env: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"


class Builder:
    """The stages of a Dockerfile, instruction by instruction; what is there already is kept."""

    def __init__(self, project: Path, home: Path) -> None:
        self.project = project
        self.images = home / "images"
        self.images.mkdir(parents=True, exist_ok=True)
        self.stages: dict[str, Layer] = {}

    def instructions(self) -> Iterator[tuple[str, str]]:
        text = (self.project / "Dockerfile").read_text().replace("\\\n", " ")
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                word, _, rest = line.strip().partition(" ")
                yield word, rest.strip()

    def build(self) -> Layer:
        layer, copies, name = Layer(Path("/"), ""), [], ""
        for word, rest in self.instructions():
            if word != "COPY" and copies:
                layer, copies = self.copied(layer, copies), []
            if word == "FROM":
                image, _, name = rest.partition(" AS ")
                layer = self.stages.get(image) or self.debian(image)
            elif word == "COPY":
                copies.append(rest)
            elif word == "RUN":
                layer = self.ran(layer, rest)
            elif word == "ENV":
                layer = self.with_env(layer, rest)
            elif word == "WORKDIR":
                layer = Layer(layer.root, layer.key, layer.env, rest)
            elif word not in {"USER", "EXPOSE", "CMD"}:
                raise Refused(f"Dockerfile: nobody here knows {word}")
            self.stages[name or "last"] = layer
        return layer

    def with_env(self, layer: Layer, line: str) -> Layer:
        known = dict(layer.env)
        for pair in shlex.split(line):
            name, _, value = pair.partition("=")
            known[name] = value.replace("$PATH", known.get("PATH", ""))
        return Layer(layer.root, layer.key, known, layer.workdir)

    def debian(self, image: str) -> Layer:
        """python:3.13.15-slim-trixie is Debian's trixie, whose own Python has the same number."""
        found = re.fullmatch(r"python:(\d+\.\d+)\.\d+-slim-\w+(?:@sha256:\w+)?", image)
        version = found[1] if found else ""
        suite = DEBIAN[version]
        root = self.images / suite
        if not root.exists():
            making = root.with_suffix(".new")
            # The image of Python brings its headers, so that packages can be built.
            packages = "ca-certificates,python3,python3-venv,python3-dev"
            run(
                "mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", suite, making
            )
            (making / "usr/local/bin/python").symlink_to("/usr/bin/python3")
            making.rename(root)
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        layer = Layer(root, image, env)
        said = self.inside(layer, "python --version")
        if not said.startswith(f"Python {version}."):
            raise Refused(f"{image} has Python {version}, Debian's {suite} has {said}")
        return layer

    def copied(self, layer: Layer, lines: Sequence[str]) -> Layer:
        digest = hashlib.sha256(layer.key.encode())
        sources = [self.source(line) for line in lines]
        for line, (source, _) in zip(lines, sources, strict=True):
            digest.update(line.encode())
            for path in sorted([source, *source.rglob("*")]):
                if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts:
                    digest.update(str(path.relative_to(source)).encode() + path.read_bytes())

        def apply(root: Path) -> None:
            for source, target in sources:
                place = root / str(Path(layer.workdir, target)).lstrip("/")
                if source.is_dir():
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(
                        source, place, symlinks=True, ignore=ignored, dirs_exist_ok=True
                    )
                else:
                    place = place / source.name if target.endswith("/") else place
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source, place)

        return self.snapshot(layer, digest.hexdigest()[:16], apply)

    def source(self, line: str) -> tuple[Path, str]:
        *options, source, target = line.split()
        if options:
            stage = options[0].removeprefix("--from=")
            return self.stages[stage].root / source.lstrip("/"), target
        sent = (self.project / ".dockerignore").read_text().split()
        if f"!{source.rstrip('/')}" not in sent:
            raise Refused(f"{source} is not sent to the build: .dockerignore")
        return self.project / source, target

    def ran(self, layer: Layer, command: str) -> Layer:
        key = hashlib.sha256(f"{layer.key} {layer.env} {command}".encode()).hexdigest()[:16]

        def apply(root: Path) -> None:
            self.inside(Layer(root, key, layer.env, layer.workdir), command)

        return self.snapshot(layer, key, apply)

    def snapshot(self, layer: Layer, key: str, apply: Any) -> Layer:
        root = self.images / key
        if not root.exists():
            making = root.with_suffix(".new")
            shutil.rmtree(making, ignore_errors=True)
            run("cp", "--archive", "--reflink=auto", str(layer.root), str(making))
            apply(making)
            making.rename(root)
        return Layer(root, key, layer.env, layer.workdir)

    def inside(self, layer: Layer, command: str) -> str:
        """A RUN line, by root, with this machine's network and its package index."""
        root = shlex.quote(str(layer.root))
        mine = {
            name: value
            for name, value in os.environ.items()
            if name in {"PIP_INDEX_URL", "PIP_CERT"}
        }
        words = [
            "env",
            "-i",
            "-C",
            layer.workdir,
            *pairs({**layer.env, **mine}),
            "sh",
            "-c",
            command,
        ]
        return run(
            "unshare",
            "--mount",
            "sh",
            "-ec",
            f"""
            mkdir -p {root}{layer.workdir}
            mount --make-rprivate /
            mount --bind {root} {root}
            mount --rbind /proc {root}/proc
            mount --rbind /dev {root}/dev
            mount -t tmpfs tmpfs {root}/tmp
            touch {root}/etc/resolv.conf
            mount --bind /etc/resolv.conf {root}/etc/resolv.conf
            mount --bind /etc/ssl/certs {root}/etc/ssl/certs
            exec chroot {root} {shlex.join(words)}
            """,
        )


def pairs(env: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in env.items()]


def run(*words: str, **more: Any) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise Refused(f"{shlex.join(words)[:2000]}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


class Engine:
    """The containers of one project; what runs is kept in a file between two commands."""

    def __init__(self, home: Path, project: Path, given: Mapping[str, str]) -> None:
        self.home, self.project = home, project
        self.given = {**from_file(project / ".env"), **given}
        for name in ("volumes", "logs", "servers"):
            (home / name).mkdir(parents=True, exist_ok=True)
        self.kept = home / "state.json"
        self.state: dict[str, Any] = {"containers": {}, "addresses": 1, "network": 0}
        if self.kept.exists():
            self.state = json.loads(self.kept.read_text())
        stack = YAML(typ="safe").load((project / "docker-compose.yml").read_text())
        self.services: dict[str, Any] = stack["services"]
        self.secrets: dict[str, Any] = stack["secrets"]
        self._image: Layer | None = None

    def keep(self) -> None:
        self.kept.write_text(json.dumps(self.state, indent=1))

    # --- Images ----------------------------------------------------------------------------------

    def image(self, name: str) -> Layer:
        if "build" in self.services[name]:
            self._image = self._image or Builder(self.project, self.home).build()
            return self._image
        return self.server(self.services[name]["image"])

    def server(self, image: str) -> Layer:
        """PostgreSQL or Redis, as this machine has them."""
        kind, _, tag = image.rpartition("/")[2].partition(":")
        root = self.home / "servers" / kind
        for name in (*OF_THIS_MACHINE, "proc", "dev", "tmp", "run", "var/run", "var/lib", "data"):
            if not os.path.lexists(root / name):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                here = Path("/") / name
                if name in OF_THIS_MACHINE and here.is_symlink():
                    (root / name).symlink_to(here.readlink())
                else:
                    (root / name).mkdir()
        shims = root / "shims"
        shims.mkdir(exist_ok=True)
        for word in ("server", "cli"):
            if not os.path.lexists(shims / f"valkey-{word}") and not shutil.which(f"valkey-{word}"):
                (shims / f"valkey-{word}").symlink_to(f"/usr/bin/redis-{word}")
        env = {"PATH": "/usr/bin:/bin:/shims"}
        if kind == "postgres":
            major = int(tag.split(".")[0])
            env["PGDATA"] = f"/var/lib/postgresql/{f'{major}/docker' if major >= 18 else 'data'}"
            env["PG_MAJOR"], programs = self.postgresql(root, major)
            env["PATH"] = f"{programs}:{env['PATH']}"
        return Layer(root, image, env)

    def postgresql(self, root: Path, major: int) -> tuple[str, str]:
        """Which version stands for this one, and where its programs are: the very one where the
        tests run on it, else Debian's.
        """
        own = find_binaries()
        if version_of(own) == major:
            if not (root / "opt/postgresql").exists():
                copy_program(root / "opt/postgresql")
                # Whoever calls may keep new folders to themselves, as docker/back-up does.
                (root / "opt").chmod(0o755)
            return str(major), f"/opt/postgresql/{WHEEL}/pginstall/bin"
        versions = Path("/usr/lib/postgresql").iterdir()
        newest = max(versions, key=lambda path: int(path.name))
        return newest.name, str(newest / "bin")

    # --- Containers ------------------------------------------------------------------------------

    def account(self, name: str) -> tuple[int, int]:
        user = str(self.services[name]["user"])
        if user.isdigit():
            return int(user), int(user)
        # The image of Valkey has its own account; this machine has that of Redis.
        found = pwd.getpwnam("redis" if user == "valkey" else user)
        return found.pw_uid, found.pw_gid

    def environment(self, name: str, layer: Layer) -> dict[str, str]:
        told = self.services[name].get("environment", {})
        env = {**layer.env, **{key: fill(str(value), self.given) for key, value in told.items()}}
        args = env.get("POSTGRES_INITDB_ARGS")
        if args and int(env["PG_MAJOR"]) < FIRST_WITH_LOCALES:
            env["POSTGRES_INITDB_ARGS"] = LOCALE_PROVIDER.sub("", args)
        return env

    def volume(self, name: str, source: str, target: str, layer: Layer) -> Path:
        if source.startswith("./"):
            return self.project / source
        path = self.home / "volumes" / source
        if not path.exists():
            path.mkdir()
            inside = layer.root / target.lstrip("/")
            if "build" in self.services[name]:
                shutil.copystat(inside, path)
                os.chown(path, inside.stat().st_uid, inside.stat().st_gid)
            else:
                os.chown(path, *self.account(name))
        return path

    def mounts(self, name: str, layer: Layer) -> Iterator[str]:
        """The lines of a shell that lay out the files of a container."""
        service, root = self.services[name], str(layer.root)
        if layer.root.parent.name == "servers":
            for part in OF_THIS_MACHINE:
                if Path("/", part).is_dir() and not Path("/", part).is_symlink():
                    yield f"mount --rbind /{part} {root}/{part}"
        yield f"mount --rbind /proc {root}/proc"
        yield f"mount --rbind /dev {root}/dev"
        yield f"mount -t tmpfs -o mode=755 tmpfs {root}/run"
        for line in service.get("tmpfs", ()):
            path, _, options = line.partition(":")
            yield f"mkdir -p {root}{path} && mount -t tmpfs -o {options} tmpfs {root}{path}"
        yield f"mkdir -p {root}/run/secrets"
        for secret in service.get("secrets", ()):
            there = self.project / self.secrets[secret]["file"]
            yield f"touch {root}/run/secrets/{secret}"
            yield f"mount --bind {there} {root}/run/secrets/{secret}"
        for line in service.get("volumes", ()):
            source, target, *_ = line.split(":")
            here = self.volume(name, source, target, layer)
            make = "mkdir -p" if here.is_dir() else "mkdir -p $(dirname {0}) && touch"
            yield f"{make.format(root + target)} {root}{target}"
            yield f"mount --bind {here} {root}{target}"
        yield f"mount --bind {self.home}/hosts {root}/etc/hosts"
        if service.get("read_only"):
            yield f"mount -o remount,bind,ro {root}"

    def words(self, name: str, command: Sequence[str], layer: Layer) -> list[str]:
        """The command as the account of the service, with nothing that root may."""
        user, group = self.account(name)
        env = pairs(self.environment(name, layer))
        return [
            "setpriv",
            f"--reuid={user}",
            f"--regid={group}",
            "--clear-groups",
            "--no-new-privs",
            "--bounding-set=-all",
            "--inh-caps=-all",
            *("env", "-i", "-C", layer.workdir, *env),
            *command,
        ]

    def start(
        self, name: str, command: Sequence[str] = (), **streams: Any
    ) -> subprocess.Popen[bytes]:
        layer = self.image(name)
        command = list(command or self.services[name]["command"])
        if layer.key.startswith("postgres:"):
            command = ["sh", "-c", ENTRYPOINT, "sh", *command]
        self.state["addresses"] += 1
        address = f"{NETWORK}.{self.state['addresses']}"
        network = self.network()
        (self.home / "hosts").touch()
        lines = "\n".join(self.mounts(name, layer))
        script = f"""
        echo ready >&3
        exec 3>&-
        mount --make-rprivate /
        mount --bind {layer.root} {layer.root}
        {lines}
        ip link set lo up
        until ip link show eth0 >/dev/null 2>&1; do sleep 0.02; done
        ip address add {address}/24 dev eth0
        ip link set eth0 up
        exec chroot {layer.root} {shlex.join(self.words(name, command, layer))}
        """
        reading, writing = os.pipe()
        process = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-ec", f"exec 3>&{writing}\n{script}"],
            pass_fds=[writing],
            start_new_session=True,
            **streams,
        )
        os.close(writing)
        os.read(reading, 1)
        os.close(reading)
        link = f"c{self.state['addresses']}"
        run(
            *("nsenter", f"--net=/proc/{network}/ns/net", "sh", "-ec"),
            f"ip link add {link} type veth peer name eth0 netns {process.pid}\n"
            f"ip link set {link} master bridge up",
        )
        self.state["containers"].setdefault(name, []).append(
            {
                "pid": process.pid,
                "address": address,
                "is": self.identity(name),
                "env": dict(layer.env),
            }
        )
        self.name_all()
        return process

    def identity(self, name: str) -> str:
        layer = self.image(name)
        told = json.dumps(
            [self.services[name], layer.key, self.environment(name, layer)], sort_keys=True
        )
        return hashlib.sha256(told.encode()).hexdigest()

    def network(self) -> int:
        """The process that holds the bridge of all containers open."""
        if not lives(self.state["network"]):
            script = (
                f"ip link set lo up; ip link add bridge type bridge; "
                f"ip address add {NETWORK}.1/24 dev bridge; ip link set bridge up; exec sleep 7200"
            )
            holder = subprocess.Popen(
                ["unshare", "--net", "sh", "-ec", script],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self.state["network"] = holder.pid
            self.keep()
            until(lambda: Path(f"/proc/{holder.pid}/cmdline").read_bytes().startswith(b"sleep"), 10)
        return int(self.state["network"])

    def running(self, name: str) -> list[dict[str, Any]]:
        mine = self.state["containers"].get(name, [])
        self.state["containers"][name] = [one for one in mine if lives(one["pid"])]
        return list(self.state["containers"][name])

    def name_all(self) -> None:
        lines = ["127.0.0.1 localhost"]
        for name in self.services:
            lines += [f"{one['address']} {name}" for one in self.running(name)]
        (self.home / "hosts").write_text("\n".join(lines) + "\n")
        self.keep()

    # --- Commands --------------------------------------------------------------------------------

    def up(self, names: Sequence[str], counts: Mapping[str, int]) -> None:
        # Programs that end are started again by every `up`.
        self.state["done"] = {}
        for name in names or self.services:
            self.bring_up(name, counts)

    def bring_up(self, name: str, counts: Mapping[str, int]) -> None:
        service = self.services[name]
        for other, how in service.get("depends_on", {}).items():
            if not self.is_one_shot(other) or not self.is_done(other):
                self.bring_up(other, counts)
            if how["condition"] == "service_healthy":
                self.wait(other)
        if self.is_one_shot(name):
            if not self.is_done(name):
                self.once(name, ())
                self.state.setdefault("done", {})[name] = self.identity(name)
                self.keep()
            return
        if any(one["is"] != self.identity(name) for one in self.running(name)):
            self.stop([name])
        while len(self.running(name)) < counts.get(name, 1):
            with (self.home / "logs" / f"{name}.log").open("ab") as log:
                self.start(name, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def is_one_shot(self, name: str) -> bool:
        return bool(self.services[name]["restart"] == "no")

    def is_done(self, name: str) -> bool:
        """A program that ended well, as the files say that it is today."""
        return bool(self.state.get("done", {}).get(name) == self.identity(name))

    def wait(self, name: str) -> None:
        until(lambda: self.is_healthy(name), 120, lambda: self.log(name))

    def once(self, name: str, command: Sequence[str], **streams: Any) -> None:
        quiet = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
        }
        process = self.start(name, command, **(streams or quiet))
        said = process.communicate()[0] or b""
        self.name_all()
        if process.returncode:
            raise Refused(f"{name} ended with {process.returncode}\n{said.decode()[-3000:]}")

    def execute(self, name: str, command: Sequence[str], **streams: Any) -> int:
        (one, *_) = self.running(name) or [None]
        if one is None:
            raise Refused(f'service "{name}" is not running')
        # With what its image said when it started; the file may name another one by now.
        layer = replace(self.image(name), env=one["env"])
        entering = ["nsenter", f"--target={one['pid']}", "--mount", "--net", "--root", "--wd"]
        return subprocess.run(
            [*entering, *self.words(name, command, layer)], check=False, **streams
        ).returncode

    def is_healthy(self, name: str) -> bool:
        if not self.running(name):
            return False
        kind, *words = self.services[name]["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            words = ["sh", "-c", *words]
        quiet = subprocess.DEVNULL
        return self.execute(name, words, stdin=quiet, stdout=quiet, stderr=quiet) == 0

    def log(self, name: str) -> str:
        path = self.home / "logs" / f"{name}.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def stop(self, names: Sequence[str]) -> None:
        for name in names or self.services:
            for one in self.running(name):
                asked = self.services[name].get("stop_signal", "SIGTERM")
                os.kill(one["pid"], signal.Signals[asked])
                try:
                    until(lambda one=one: not lives(one["pid"]), 30)  # type: ignore[misc]
                finally:
                    for member in psutil.process_iter(["pid"]):
                        if lives(member.pid) and os.getpgid(member.pid) == one["pid"]:
                            member.kill()
        self.name_all()

    def remove_volume(self, name: str) -> None:
        if any(self.running(service) for service in self.services):
            raise Refused(f"volume {name} is in use")
        shutil.rmtree(self.home / "volumes" / name)

    def end(self) -> None:
        self.stop(())
        if lives(self.state["network"]):
            os.kill(self.state["network"], signal.SIGKILL)


def lives(pid: int) -> bool:
    try:
        return bool(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def until(true: Any, seconds: float, why: Any = str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise Refused(f"Waited {seconds} seconds in vain. {why()}")
        time.sleep(0.2)


def main(words: list[str]) -> int:
    engine = Engine(Path(os.environ["ENGINE_HOME"]), Path.cwd(), os.environ)
    if words[:2] == ["volume", "rm"]:
        engine.remove_volume(words[2].removeprefix("proviso_"))
        return 0
    if words[:1] != ["compose"]:
        raise Refused(f"docker {words[0]}: nobody here knows it")
    verb, *rest = words[1:]
    if verb == "up":
        counts = {}
        names = []
        while rest:
            word = rest.pop(0)
            if word == "--scale":
                name, _, count = rest.pop(0).partition("=")
                counts[name] = int(count)
            elif word.startswith("--"):
                if word not in {"--build", "--detach", "--wait"}:
                    raise Refused(f"docker compose up {word}: nobody here knows it")
            else:
                names.append(word)
        engine.up(names, counts)
        if "--wait" in words:
            for name in names:
                engine.wait(name)
    elif verb in {"run", "exec"}:
        while rest and rest[0] in {"--rm", "-T", "--no-deps"}:
            rest.pop(0)
        if verb == "run":
            for other in engine.services[rest[0]].get("depends_on", {}):
                engine.bring_up(other, {})
            engine.once(rest[0], rest[1:], stdin=None)
        else:
            return engine.execute(rest[0], rest[1:])
    elif verb in {"stop", "down"}:
        engine.stop(rest)
    elif verb == "ps":
        for name in engine.services:
            for one in engine.running(name):
                state = "healthy" if engine.is_healthy(name) else "not healthy"
                sys.stdout.write(f"{name} {one['address']} {state}\n")
    else:
        raise Refused(f"docker compose {verb}: nobody here knows it")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Refused as refusal:
        sys.exit(str(refusal))
