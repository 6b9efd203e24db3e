"""What deals tell about the policy. This app knows no deals, so the app that does says it.

screening/apps.py gives its answers to ``learn_from`` when the program starts.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, cast

from policy.engine.language.condition import Condition
from policy.facts.derive import ReferenceData
from policy.governance import report_data

#: Answers by the names that promises on answers use.
Answered = Mapping[str, Any]


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


@dataclass(frozen=True)
class ChangedDeal:
    """A deal, or an earlier screening of one, that comes out differently."""

    deal: int
    screening: int
    reference: str
    title: str
    status: str
    before: str
    after: str
    #: The rules that fire in one of the two and not in the other; where they fire alike, those
    #: whose outcome changed.
    rules: Sequence[str] = ()


@dataclass(frozen=True)
class Premise:
    """Deals in which the one condition is surely true and the other one may be.

    Terms are opened; a condition that is None holds in every deal.
    """

    surely: Condition | None = None
    possibly: Condition | None = None


@dataclass(frozen=True)
class Span:
    """A part of a back-test that one worker plays: so many of these between two ids."""

    what: Literal["revisions", "screenings", "deals"]
    first: int
    last: int
    size: int


@dataclass(frozen=True)
class Backtest:
    """A version played over every stored screening, and over the deals that still count."""

    total: int
    #: How many screenings came out as the first and would come out as the second.
    matrix: Mapping[tuple[str, str], int]
    changed: Sequence[ChangedDeal]
    #: Open, cleared and approved deals that the second decides differently than the first, today.
    affected: Sequence[ChangedDeal]
    #: References of deals that could not be screened, each with the reason.
    unread: Sequence[str]
    #: Of the same deals those that already the first decides differently than it was stored: other
    #: deals, other reference data or a newer program are the reason, and not the second.
    otherwise: Sequence[ChangedDeal] = ()

    @property
    def plain(self) -> report_data.Backtest:
        return {
            "total": self.total,
            "matrix": [(before, after, n) for (before, after), n in self.matrix.items()],
            "changed": [_plain(deal) for deal in self.changed],
            "affected": [_plain(deal) for deal in self.affected],
            "otherwise": [_plain(deal) for deal in self.otherwise],
            "unread": list(self.unread),
        }

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> "Backtest":
        """What `plain` gave."""
        return cls(
            total=plain["total"],
            matrix={(before, after): n for before, after, n in plain["matrix"]},
            changed=[ChangedDeal(**deal) for deal in plain["changed"]],
            affected=[ChangedDeal(**deal) for deal in plain["affected"]],
            otherwise=[ChangedDeal(**deal) for deal in plain.get("otherwise", ())],
            unread=plain["unread"],
        )


def gathered(parts: Iterable[Backtest]) -> Backtest:
    """The parts of one back-test as a whole; their order is that of the lists."""
    matrix: Counter[tuple[str, str]] = Counter()
    changed: list[ChangedDeal] = []
    affected: list[ChangedDeal] = []
    otherwise: list[ChangedDeal] = []
    unread: list[str] = []
    for part in parts:
        matrix.update(part.matrix)
        changed += part.changed
        affected += part.affected
        otherwise += part.otherwise
        unread += part.unread
    counted = dict(sorted(matrix.items()))
    return Backtest(matrix.total(), counted, changed, affected, unread, otherwise)


def _plain(deal: ChangedDeal) -> report_data.ChangedDeal:
    return cast("report_data.ChangedDeal", asdict(deal) | {"rules": list(deal.rules)})


class Past(Protocol):
    def coverage(self, rulebook: int) -> Mapping[str, Coverage]:
        """Per rule that was ever fired or open under the version with this id."""

    def screenings(self, rulebook: int) -> int:
        """How many screenings that version made."""

    def backtest(
        self,
        before: ReferenceData,
        after: ReferenceData,
        *,
        rulebook_only: bool,
        note: Callable[[int, int], None],
        newest: int = 0,
    ) -> Backtest:
        """Play two sets of reference data over the past; `note` hears how far it is.

        With ``newest`` only so many of the newest screenings and deals, for a quick look.
        """

    def spans(
        self, before: ReferenceData, after: ReferenceData, *, rulebook_only: bool
    ) -> Sequence[Span]:
        """The whole back-test cut into parts, for any number of workers."""

    def play(
        self,
        before: ReferenceData,
        after: ReferenceData,
        span: Span,
        *,
        rulebook_only: bool,
        note: Callable[[int, int], None],
    ) -> Backtest:
        """One part of it; `gathered` makes the parts one again."""

    def spoken_of(self, premises: Sequence[Premise]) -> list[int]:
        """For each premise in how many stored screenings it may hold."""

    def answered(self, data: ReferenceData, newest: int) -> Mapping[str, Sequence[Answered]]:
        """Of the newest deals that still count, by reference, what they answer: as
        `policy.facts.answered` says it, once for each variant of the facts.
        """

    def deals_in(self, country: str, user: Any) -> Sequence[DealLine]:
        """The newest deals for a country that the user may see."""

    def deals_under(self, law: str, user: Any) -> Sequence[DealLine]:
        """The newest deals that picked this law of the register and that the user may see."""


_known: list[Past] = []


def learn_from(past: Past) -> None:
    _known[:] = [past]


def past() -> Past:
    return _known[0]
