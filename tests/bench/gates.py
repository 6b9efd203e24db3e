"""What every measurement prints at its end: figures that must be reached."""

import sys
from collections.abc import Sequence
from typing import NamedTuple, Self


class Gate(NamedTuple):
    words: str
    value: float
    is_passed: bool

    @classmethod
    def at_most(cls, words: str, value: float, limit: float) -> Self:
        return cls(f"{words}: at most {limit:,g}", value, value <= limit)

    @classmethod
    def at_least(cls, words: str, value: float, limit: float, goal: float = 0) -> Self:
        hope = f" (goal {goal:,g})" if goal else ""
        return cls(f"{words}: at least {limit:,g}{hope}", value, value >= limit)


def print_gates(found: Sequence[Gate]) -> int:
    """One line each; the exit status, 1 when a gate was missed."""
    say("")
    for gate in found:
        say(f"{'pass' if gate.is_passed else 'FAIL'}  {gate.words:68}{gate.value:14,.2f}")
    return 0 if all(gate.is_passed for gate in found) else 1


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
