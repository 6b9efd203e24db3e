"""The plain form of flags: a list of members, or {"yes": […], "unknown": […]}. Pure."""

from collections.abc import Sequence
from typing import Any


def surely(flags: Any) -> Any:
    """The members that are surely there."""
    return flags.get("yes", ()) if isinstance(flags, dict) else flags


def members(flags: Any) -> list[str]:
    """The members that are there or may be; none where nothing is known."""
    if isinstance(flags, dict):
        return [*flags.get("yes", ()), *flags.get("unknown", ())]
    return list(flags or ())


def possibly(flags: Any, every: Sequence[str]) -> list[str]:
    """The members that are there or may be; `every` one where nothing is known."""
    return list(every) if flags is None else members(flags)


def maybe(flags: Any, member: str) -> Any:
    """The flags, with one more that may be there."""
    if flags is None:
        return None
    plain = flags if isinstance(flags, dict) else {"yes": list(flags)}
    return {**plain, "unknown": list(dict.fromkeys([*plain.get("unknown", ()), member]))}


def union(flags: Any, added: list[str]) -> Any:
    """The flags, with more that are surely there."""
    if isinstance(flags, dict):
        yes = {*flags.get("yes", ()), *added}
        unknown = [member for member in flags.get("unknown", ()) if member not in yes]
        return {"yes": sorted(yes), "unknown": unknown}
    return list(dict.fromkeys([*flags, *added]))
