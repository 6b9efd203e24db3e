"""How pages and emails name a person, and where emails reach them."""

from typing import Any


def name_of(person: Any) -> str:
    """The full name, or else the username."""
    return str(person.get_full_name() or person.get_username())


class NoAddress(Exception):
    """There is nobody to send the email to; its job says so until it has failed for good."""


def address_of(person: Any) -> str:
    """Raises NoAddress, because an email that nobody can get was not sent."""
    if not person.email:
        raise NoAddress(f"{person.get_username()} has no email address.")
    return str(person.email)
