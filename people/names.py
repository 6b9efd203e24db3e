"""How pages and emails name a person, and where emails reach them."""

from collections.abc import Mapping
from typing import Any

from django.db.models.functions import JSONObject


def name_of(person: Any) -> str:
    """The full name, or else the username."""
    return str(person.get_full_name() or person.get_username())


def named(path: str = "") -> JSONObject:
    """For a query: what `name_in` names the person at this path by."""
    return JSONObject(**{name: f"{path}{name}" for name in ("first_name", "last_name", "username")})


def name_in(person: Mapping[str, str]) -> str:
    """The same name as `name_of`, of what a query read."""
    return f"{person['first_name']} {person['last_name']}".strip() or person["username"]


class NoAddress(Exception):
    """There is nobody to send the email to; its job says so until it has failed for good."""


def address_of(person: Any) -> str:
    """Raises NoAddress, because an email that nobody can get was not sent."""
    if not person.email:
        raise NoAddress(f"{person.get_username()} has no email address.")
    return str(person.email)
