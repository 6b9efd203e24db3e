"""How pages and emails name a person."""

from typing import Any


def name_of(person: Any) -> str:
    """The full name, or else the username."""
    return str(person.get_full_name() or person.get_username())
