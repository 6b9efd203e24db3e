"""Canonical text of what is recorded. Pure: no Django, no database.

The text is stored and shown exactly as written. JSON columns would rewrite numbers and drop
duplicate keys, and a digest taken before would no longer match what comes back.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Self, overload

BIGGEST = 2**53
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)


def canonical(value: Any) -> str:
    """Canonical JSON (RFC 8785 for the values allowed here): sorted keys, no blanks, NFC strings.

    Allowed are strings, booleans, None, integers below 2**53, lists and objects with ASCII keys.
    Raises TypeError for anything else, floats included, and ValueError for an integer too big.
    """
    return _ENCODER.encode(_checked(value))


class CanonicalField[Value]:
    """The value of a column of canonical JSON: ``facts = CanonicalField[Facts]("facts_text")``."""

    def __init__(self, column: str) -> None:
        self._column = column

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: object, owner: type) -> Value: ...
    def __get__(self, row: object | None, owner: type) -> Self | Value:
        if row is None:
            return self
        value: Value = json.loads(getattr(row, self._column))
        return value


def digest(text: str) -> str:
    """``sha256:`` and the hexadecimal SHA-256 of the UTF-8 text."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _checked(value: Any) -> Any:
    # What nearly all of it is, without the slower questions below.
    kind = type(value)
    if kind is str:
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if kind is dict:
        return {_key(key): _checked(part) for key, part in value.items()}
    if kind is list or kind is tuple:
        return [_checked(part) for part in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, int):
        if abs(value) >= BIGGEST:
            raise ValueError(f"{value} does not fit into 53 bits; write it as text")
        return value
    if isinstance(value, Mapping):
        return {_key(key): _checked(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return [_checked(part) for part in value]
    raise TypeError(f"{type(value).__name__} cannot be recorded; write it as text")


def _key(key: Any) -> str:
    if not isinstance(key, str) or not key.isascii():
        raise TypeError(f"the key {key!r} is not ASCII text")
    return key
