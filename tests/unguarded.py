"""Rows as only time, an older program or a slip of somebody mighty could have left them.

The application's login cannot write them, so a login of its owner or of a superuser does, with the
triggers of the tables asleep. They wake as they were.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from config.devtools import embedded

# Those that were switched on for whatever session_replication_role says stay so.
AWAKE = """
SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger
WHERE tgrelid = ANY (%s::regclass[]) AND NOT tgisinternal"""
WORDS = {"A": "ENABLE ALWAYS", "O": "ENABLE", "R": "ENABLE REPLICA", "D": "DISABLE"}
LEND = """
CREATE FUNCTION lent_by_a_superuser(statement text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN EXECUTE statement; END $$"""


@contextmanager
def asleep(cursor: Any, *tables: str) -> Iterator[None]:
    """Without the triggers of these tables, in the transaction of the cursor."""
    cursor.execute(AWAKE, [list(tables)])
    triggers = cursor.fetchall()
    # What waits for the end of the transaction keeps a table from being altered.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    yield
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table, name, mode in triggers:
        cursor.execute(f'ALTER TABLE {table} {WORDS[mode]} TRIGGER "{name}"')
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


class Lent:
    """A cursor on Django's own connection, whose statements are a superuser's."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, statement: str, values: Any = None) -> None:
        text = self._cursor.mogrify(statement, values).decode() if values else statement
        if text.lstrip().startswith("SELECT"):
            self._cursor.execute(text)
        else:
            self._cursor.execute("SELECT lent_by_a_superuser(%s)", [text])

    def fetchall(self) -> Any:
        return self._cursor.fetchall()


@contextmanager
def lent(superuser_url: str) -> Iterator[None]:
    """While this lasts, the transaction of a test can write what its login may not: `write`."""
    with embedded.admin(superuser_url) as cursor:
        cursor.execute(LEND)
        yield
        cursor.execute("DROP FUNCTION lent_by_a_superuser(text)")


def write(table: str, statement: str, values: Any = None) -> None:
    with connection.cursor() as cursor:
        mighty = Lent(cursor)
        with asleep(mighty, table):
            mighty.execute(statement, values)
