"""How the API reads what it is sent."""

import json
from collections.abc import Mapping, Sequence
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.utils.json import strict_constant


class OneValueParser(JSONParser):
    """JSON in which a key stands once: which of two values was meant nobody can tell."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            text = stream.read().decode()
            return json.loads(text, parse_constant=strict_constant, object_pairs_hook=_once)
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key, value in pairs:
        if key in read:
            raise ValueError(f'the key "{key}" appears twice')
        read[key] = value
    return read
