"""What is particular to a kind of job: how long it is tried, and beside which work it waits.

An app says it where it registers the kind (`jobs.queue.performs`); docs/operations.md has the
table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Lane(StrEnum):
    """Work that waits in one line. Short work never waits behind long work."""

    SHORT = "short"
    LONG = "long"


#: Lane → the queue in Redis that its workers listen to.
QUEUES = {Lane.SHORT: "proviso-short", Lane.LONG: "proviso"}
#: Seconds between two looks of beat. What it sent is worth nothing after the next one.
BEAT = 15


@dataclass(frozen=True)
class Retries:
    """Pauses between two attempts: each twice as long as the last, up to `longest`, for `total`."""

    first: timedelta
    longest: timedelta
    total: timedelta

    def pauses(self) -> Iterator[timedelta]:
        pause, waited = self.first, timedelta()
        while waited < self.total:
            yield pause
            waited += pause
            pause = min(2 * pause, self.longest)

    @property
    def attempts(self) -> int:
        return 1 + sum(1 for _ in self.pauses())

    def pause_after(self, attempt: int) -> timedelta | None:
        """How long to wait after this attempt, the first being 1; None after the last."""
        return dict(enumerate(self.pauses(), start=1)).get(attempt)


#: Work on our own rows: when it fails five times within a minute, waiting longer helps nobody.
ON_ROWS = Retries(timedelta(seconds=4), timedelta(minutes=1), timedelta(minutes=1))
#: What another host must take, which may be down for a day.
ON_ANOTHER_HOST = Retries(timedelta(seconds=4), timedelta(hours=1), timedelta(days=2))


@dataclass(frozen=True)
class Kind:
    lane: Lane = Lane.LONG
    retries: Retries = ON_ROWS
    #: One of many that make up a piece of work. It waits behind whatever is whole.
    is_part: bool = False


#: Filled by `jobs.queue.performs`. A kind that says nothing holds up no email.
KINDS: dict[str, Kind] = {}


def parts() -> list[str]:
    return [name for name, kind in KINDS.items() if kind.is_part]


def of(name: str) -> Kind:
    return KINDS.get(name, Kind())
