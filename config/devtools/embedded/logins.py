"""The two logins and the database, on a server of ours or of somebody else's."""

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg2  # noqa: TID251  there is no Django connection before there is a server
from psycopg2 import errors, sql  # noqa: TID251

from config.devtools.embedded.place import ROOT, ServerError

ADMIN, OWNER, APP = "postgres", "proviso_owner", "proviso_app"


@contextmanager
def admin(url: str) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor outside any transaction: databases cannot be made inside one."""
    link = psycopg2.connect(url, connect_timeout=5)
    link.autocommit = True
    try:
        with link.cursor() as cursor:
            yield cursor
    finally:
        link.close()


def fill_in(text: str, values: dict[str, str]) -> sql.Composed:
    """psql's :'name' and :"name", so that the same file serves psql in the image."""
    pieces: list[sql.Composable] = []
    place = 0
    for match in re.finditer(r""":'(\w+)'|:"(\w+)\"""", text):
        pieces.append(sql.SQL(text[place : match.start()]))
        value, name = match.groups()
        pieces.append(sql.Literal(values[value]) if value else sql.Identifier(values[name]))
        place = match.end()
    pieces.append(sql.SQL(text[place:]))
    return sql.Composed(pieces)


def with_database(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{quote(database)}").geturl()


def with_login(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{quote(user)}:{quote(password)}@{place}").geturl()


def bootstrap_roles(admin_url: str, *, database: str, owner: str, app: str) -> None:
    """Make both logins with these passwords, the database, and its rights. Harmless to repeat."""
    try:
        with admin(admin_url) as cursor:
            # Roles belong to the whole server, and PostgreSQL refuses two changes of one at once.
            cursor.execute("SELECT pg_advisory_lock(hashtext('proviso roles'))")
            for role in (OWNER, APP):
                with suppress(errors.DuplicateObject):
                    cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            make = sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0")
            with suppress(errors.DuplicateDatabase):
                cursor.execute(make.format(sql.Identifier(database), sql.Identifier(OWNER)))
            values = {"owner_password": owner, "app_password": app, "database": database}
            rights = fill_in((ROOT / "config/roles.sql").read_text(), values)
            with admin(with_database(admin_url, database)) as inside:
                inside.execute(rights)
    except errors.InsufficientPrivilege as error:
        raise ServerError(
            "DATABASE_URL must sign in as a superuser here, because the demo and the tests make "
            f"the logins {OWNER} and {APP} and a database ({str(error).strip()})."
        ) from error
    except psycopg2.OperationalError as error:
        raise ServerError(
            f"The server of DATABASE_URL does not answer: {str(error).strip()}"
        ) from error


def passwords(folder: Path) -> dict[str, str]:
    """The passwords of this folder's servers, made once and readable by its owner only."""
    path = folder / "passwords.json"
    try:
        kept: dict[str, str] = json.loads(path.read_text())
    except (OSError, ValueError):
        kept = {}
    wanted = ("admin", "owner", "app", "redis", "key")
    if not kept.keys() >= set(wanted):
        kept = {name: secrets.token_urlsafe(48) for name in wanted}
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(kept))
    return kept


def login_passwords(admin_url: str) -> dict[str, str]:
    """On a server of somebody else's, all who know its password make the same two logins."""
    known = (urlsplit(admin_url).password or "").encode()
    return {
        name: hashlib.sha256(b"proviso " + name.encode() + b" " + known).hexdigest()
        for name in ("owner", "app")
    }
