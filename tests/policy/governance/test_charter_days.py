"""PostgreSQL holds a charter back for as many days as the setting says, once `migrate` told it."""

import pytest
from django.conf import settings
from django.db import connection

from config.management.commands import migrate

pytestmark = pytest.mark.django_db


def days() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT days FROM charter_wait")
        [row] = cursor.fetchall()
    return int(row[0])


def test_migrating_writes_the_setting() -> None:
    assert days() == settings.CHARTER_DAYS == 7


def test_a_schema_of_before_charters_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not there is not written, when somebody migrates back."""
    monkeypatch.setattr(migrate.migrate.Command, "handle", lambda *_args, **_options: None)
    monkeypatch.setattr(connection.introspection, "table_names", lambda *_: [])
    migrate.Command().handle()
    assert days() == 7
