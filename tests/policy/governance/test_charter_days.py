"""PostgreSQL holds a charter back for as many days as the setting says, once `migrate` told it."""

from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

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


@override_settings(CHARTER_DAYS=3)
def test_who_only_looks_at_the_plan_changes_nothing(capsys: Any) -> None:
    call_command("migrate", plan=True)
    assert "Planned operations" in capsys.readouterr().out
    assert days() == 7
