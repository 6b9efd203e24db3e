"""For a measurement that is a process of its own: settings and apps, which importing this makes
ready, and a database that nobody else uses.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()

from django.core.management import call_command  # noqa: E402  settings first
from django.db import connection, connections  # noqa: E402

from config.devtools import embedded  # noqa: E402
from config.settings import database  # noqa: E402, TID251  the one parser of addresses


@contextmanager
def own_database() -> Iterator[embedded.Servers]:
    """A migrated database on a server of its own; both are gone afterwards."""
    as_given()
    with embedded.temporary() as servers:
        try:
            sign_in(servers.owner_url)
            call_command("migrate", verbosity=0, interactive=False)
            sign_in(servers.app_url)
            yield servers
        finally:
            connections.close_all()


def as_given() -> None:
    """The servers that whoever started this names, if any."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ[name] = os.environ.get(f"GIVEN_{name}", "")


def sign_in(url: str) -> None:
    """From now on this process is the login of the address."""
    connection.close()
    connection.settings_dict.update(database(url, "DATABASE_URL"))
