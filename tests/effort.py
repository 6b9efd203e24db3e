"""How hard tests try: a part in every run, everything with ``--slow``."""

from collections.abc import Sequence

#: Set before the first test is read (tests/conftest.py).
tries_everything = False
_PART = 4


def examples(count: int) -> int:
    """How many examples of ``count`` this run tries. Each run draws others."""
    return count if tries_everything else max(count // _PART, 10)


def part_of[Value](values: Sequence[Value], turn: int) -> Sequence[Value]:
    """The values that this run tries in the test of this turn: neighbours try the others."""
    return values if tries_everything else values[turn % _PART :: _PART]
