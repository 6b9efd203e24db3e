"""Many rows of one table in one statement, without an object for each.

For sweeps: what Django builds to insert a row costs more than the row. Defaults that only Django
knows must be among the values.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from django.db import connection, models

#: Arrays by kind of field; text also where a column is shorter, so that PostgreSQL refuses what
#: is too long instead of cutting it.
_ARRAYS: Mapping[str, str] = {
    "CharField": "text[]",
    "TextField": "text[]",
    "BooleanField": "boolean[]",
    "BigAutoField": "bigint[]",
    "ForeignKey": "bigint[]",
    "OneToOneField": "bigint[]",
    "PositiveSmallIntegerField": "smallint[]",
    "BigIntegerField": "bigint[]",
    "JSONField": "jsonb[]",
    "DateField": "date[]",
    "DateTimeField": "timestamptz[]",
}


def numbers(model: type[models.Model], count: int) -> list[int]:
    """So many new primary keys, rising."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(found.sequence) FROM generate_series(1, %s),"
            " (SELECT pg_get_serial_sequence(%s, %s)::regclass AS sequence OFFSET 0) AS found",
            [count, table, column],
        )
        return sorted(number for (number,) in cursor.fetchall())


def _fields(model: type[models.Model], names: Iterable[str]) -> "list[models.Field[Any, Any]]":
    """The fields of these names; each has a column, so none is the far side of a relation."""
    return [cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in names]


def insert(
    model: type[models.Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    or_keep: bool = False,
) -> None:
    """Insert the rows in their order; ``names`` are those of the fields, in the order of a row.

    With ``or_keep`` a row that is there already stays as it is.
    """
    columns = list(zip(*rows, strict=True))
    if not columns:
        return
    fields = _fields(model, names)
    listed = ", ".join(f'"{field.column}"' for field in fields)
    arrays = ", ".join(f"%s::{_ARRAYS[field.get_internal_type()]}" for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({listed})'  # noqa: S608  names of the model
            f" SELECT {listed} FROM unnest({arrays}) WITH ORDINALITY AS new ({listed}, place)"
            f" ORDER BY place{' ON CONFLICT DO NOTHING' if or_keep else ''}",
            [list(column) for column in columns],
        )


def update(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]], *, was: str
) -> int:
    """Write the named fields of rows (primary key, what the field ``was`` holds now, new values).

    A row that does not hold that any more stays as it is. Returns how many were written.
    """
    columns = list(zip(*rows, strict=True))
    if not columns:
        return 0
    fields = _fields(model, names)
    arrays = [
        _ARRAYS[one.get_internal_type()]
        for one in (model._meta.pk, *_fields(model, [was]), *fields)
    ]
    given = ", ".join(f"%s::{array}" for array in arrays)
    written = ", ".join(f'"{field.column}" = new."to_{field.column}"' for field in fields)
    listed = ", ".join(f'"to_{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{model._meta.db_table}" AS old SET {written}'  # noqa: S608  names of the model
            f" FROM unnest({given}) AS new (pk, was, {listed})"
            f' WHERE old."{model._meta.pk.column}" = new.pk AND old."{was}" = new.was',
            [list(column) for column in columns],
        )
        return int(cursor.rowcount)
