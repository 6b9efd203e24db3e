"""Redis and PostgreSQL of this machine behind TLS: the program trusts whom it is told to, only."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg2  # noqa: TID251  the login of no program of ours
import pytest
from kombu import Connection
from kombu.exceptions import OperationalError

from config.devtools import embedded
from config.devtools.embedded.processes import free_port
from config.settings import broker  # noqa: TID251  the one reader of the address
from tests.production.engine import until

SERVER = shutil.which("redis-server")
#: The wheel of PostgreSQL is built without TLS.
INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture(scope="module")
def keys() -> Iterator[Path]:
    """A certificate for this machine's address, and one of an authority that signed nothing."""
    with tempfile.TemporaryDirectory(prefix="proviso-tls-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for kind in ("server", "other"):
            subprocess.run(
                [
                    *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"),
                    *("-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=localhost"),
                    *("-addext", "subjectAltName=IP:127.0.0.1"),
                    *("-keyout", f"{folder}/{kind}.key", "-out", f"{folder}/{kind}.crt"),
                ],
                check=True,
                capture_output=True,
            )
        yield folder


@pytest.fixture(scope="module")
def redis_port(keys: Path) -> Iterator[int]:
    port = free_port()
    lines = ["port 0", f"tls-port {port}", "bind 127.0.0.1", "requirepass x", 'save ""']
    lines += [f"tls-cert-file {keys}/server.crt", f"tls-key-file {keys}/server.key"]
    lines += ["tls-auth-clients no", f"dir {keys}"]
    settings = keys / "redis.conf"
    settings.write_text("\n".join(lines))
    assert SERVER
    with subprocess.Popen([SERVER, str(settings)], stdout=subprocess.DEVNULL) as running:
        until(lambda: reaches(port, f"ssl_ca_certs={keys}/server.crt"), 30)
        yield port
        running.terminate()


def reaches(port: int, query: str) -> bool:
    url = broker(f"rediss://:x@127.0.0.1:{port}/0?{query}")
    with Connection(url, connect_timeout=2) as link:
        try:
            link.ensure_connection(max_retries=0, timeout=2)
        except OperationalError:
            return False
    return True


@pytest.mark.skipif(SERVER is None, reason="redis-server is not installed")
def test_messages_go_to_the_redis_that_is_trusted(redis_port: int, keys: Path) -> None:
    assert reaches(redis_port, f"ssl_ca_certs={keys}/server.crt")
    assert not reaches(redis_port, f"ssl_ca_certs={keys}/other.crt")
    assert not reaches(redis_port, ""), "no authority of this machine signed it"


@pytest.mark.skipif(not INSTALLED, reason="PostgreSQL is not installed")
def test_rows_go_to_the_postgresql_that_is_trusted(keys: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="proviso-tls-") as name:
        home = Path(name)
        home.chmod(0o711)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("config.devtools.embedded.postgres.LONGEST_SOCKET", 0)
            place = replace(embedded.find_place(home), binaries=INSTALLED[-1])
            server = embedded.Postgres(place, password="x", lasting=False, log=home / "log")
            server.initialise()
            for kind in ("crt", "key"):
                there = server.data / f"server.{kind}"
                shutil.copy(keys / f"server.{kind}", there)
                there.chmod(0o600)
                if os.geteuid() == 0:
                    nobody = pwd.getpwnam("nobody")
                    os.chown(there, nobody.pw_uid, nobody.pw_gid)
            with (server.data / "postgresql.conf").open("a") as settings:
                settings.write("ssl = on\n")
            server.start()
            try:
                trusting = f"{server.admin_url}&sslmode=verify-full&sslrootcert={keys}"
                psycopg2.connect(f"{trusting}/server.crt").close()
                with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
                    psycopg2.connect(f"{trusting}/other.crt")
            finally:
                server.stop()
                embedded.remove(home)
