"""What deals tell about the policy. This app knows no deals, so the app that does says it.

screening/apps.py gives its answers to ``learn_from`` when the program starts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Coverage:
    """How often a rule fired, stayed quiet or stayed open, over screenings with its rulebook."""

    fired: int
    quiet: int
    open: int

    @property
    def total(self) -> int:
        return self.fired + self.quiet + self.open


@dataclass(frozen=True)
class DealLine:
    """One deal in a list."""

    url: str
    reference: str
    title: str
    status: str
    status_words: str
    sent_at: datetime | None


class Past(Protocol):
    def coverage(self, rulebook: int) -> dict[str, Coverage]:
        """Per rule that was ever fired or open under the version with this id."""

    def screenings(self, rulebook: int) -> int:
        """How many screenings that version made."""

    def deals_in(self, country: str, user: Any) -> Sequence[DealLine]:
        """The newest deals for a country that the user may see."""


_known: list[Past] = []


def learn_from(past: Past) -> None:
    _known[:] = [past]


def past() -> Past:
    return _known[0]
