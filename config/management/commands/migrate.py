"""Django's `migrate`, and then the settings that PostgreSQL holds to, where it reads them."""

from typing import Any

from django.conf import settings
from django.core.management.commands import migrate
from django.db import connection


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options.get("plan") or options.get("check_unapplied"):
            return  # Whoever only looks changes nothing.
        # Migrated back to before charters, there is nothing to write.
        if "charter_wait" in connection.introspection.table_names():
            with connection.cursor() as cursor:
                cursor.execute("UPDATE charter_wait SET days = %s", [settings.CHARTER_DAYS])
