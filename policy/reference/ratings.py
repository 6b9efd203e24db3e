"""Country ratings: one normalised list per source, how two editions differ, which source decides.

A tier is a reading of a source's score, never a measure of the source itself.  `unrated` means
that no source speaks about a place; the rules treat it like very_high, so nothing here may turn
it, or a missing row, into anything better.  Territories have their own codes and inherit nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from policy.reference.codes import Offer

TIERS = ("low", "medium", "high", "very_high")
UNRATED = "unrated"
TIER_WORDS = {
    "low": "low",
    "medium": "medium",
    "high": "high",
    "very_high": "very high",
    UNRATED: "not rated",
}
_RANK = {tier: rank for rank, tier in enumerate(TIERS)}


def worse(first: str, second: str) -> str:
    """The worse of two tiers of the same place; `unrated` is silence and yields to a rating."""
    if UNRATED in (first, second):
        return second if first == UNRATED else first
    return max(first, second, key=_RANK.__getitem__)


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where a score becomes a tier.

    With `rising="freer"` a score below `very_high` is very_high, below `high` high, below
    `medium` medium, and the rest low.  With `rising="riskier"` a score above `very_high` is
    very_high, and so on downward.  `lowest` and `highest` bound the scale, both included.
    """

    very_high: Decimal
    high: Decimal
    medium: Decimal
    lowest: Decimal
    highest: Decimal
    rising: str = "freer"

    def __post_init__(self) -> None:
        ladder = (self.very_high, self.high, self.medium)
        if self.rising not in ("freer", "riskier"):
            raise ValueError(f"rising is {self.rising!r}, it must be 'freer' or 'riskier'")
        ordered = ladder if self.rising == "freer" else ladder[::-1]
        if not (self.lowest < ordered[0] < ordered[1] < ordered[2] < self.highest):
            raise ValueError(
                f"cuts {', '.join(map(str, ladder))} do not climb inside the scale "
                f"{self.lowest} to {self.highest}, rising = {self.rising}"
            )

    def tier(self, total: Decimal, count: int = 1) -> str:
        """The tier of the mean total ÷ count, compared without rounding."""
        for tier in ("very_high", "high", "medium"):
            cut = getattr(self, tier) * count
            if (total < cut) if self.rising == "freer" else (total > cut):
                return tier
        return "low"

    def holds(self, score: Decimal) -> bool:
        return self.lowest <= score <= self.highest

    def __str__(self) -> str:
        sign = "below" if self.rising == "freer" else "above"
        return (
            f"{sign} {self.very_high} very high, {sign} {self.high} high, "
            f"{sign} {self.medium} medium, otherwise low"
        )


@dataclass(frozen=True, slots=True)
class Rating:
    """One place in one list.  `score` is in the source's own scale, None where it gave none.

    `why` is a sentence where the score alone does not lead to the tier.
    """

    code: str
    tier: str
    score: Decimal | None = None
    name: str = ""
    where: str = ""
    why: str = ""


@dataclass(frozen=True)
class RatingList:
    """One edition of one source.  `year` is the year under review, not the year of the edition."""

    source: str
    edition: str
    year: int | None
    licence: str
    method: str
    ratings: tuple[Rating, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Rating]:
        return {rating.code: rating for rating in self.ratings}

    @property
    def label(self) -> str:
        return f"{self.source} {self.edition}"

    def tier(self, code: str) -> str:
        rating = self.by_code.get(code)
        return rating.tier if rating else UNRATED

    @property
    def text(self) -> str:
        """The list as CSV with LF line ends, sorted by code: code, name, score, tier, and why
        where any rating says it.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        explains = any(rating.why for rating in self.ratings)
        writer.writerow(("code", "name", "score", "tier", *(["why"] if explains else [])))
        for rating in self.ratings:
            score = "" if rating.score is None else str(rating.score)
            why = [rating.why] if explains else []
            writer.writerow((rating.code, rating.name, score, rating.tier, *why))
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing an importer noticed: where it stands, what stands there, why, what to do."""

    where: str
    found: str
    why: str
    want: str = ""

    def __str__(self) -> str:
        text = f"{self.found!r} " if self.found else ""
        want = f"; {self.want}" if self.want else ""
        if self.where.startswith("the "):
            return f"{self.where[:1].upper()}{self.where[1:]} {text}{self.why}{want}."
        return f"{self.where}: {text}{self.why}{want}"


class ListRefused(Exception):
    """A file that gives no list at all; the Remark says where and why, `more` are further ones."""

    def __init__(
        self, where: str, text: str, why: str, want: str = "", others: Sequence[Remark] = ()
    ) -> None:
        self.remark = Remark(where, text[:80], why, want)
        self.more = tuple(others)
        super().__init__(str(self.remark))

    @property
    def problems(self) -> list[str]:
        """One sentence for each place at fault."""
        return [str(remark) for remark in (self.remark, *self.more)]


@dataclass(frozen=True, slots=True)
class Change:
    code: str
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between two editions, each tuple sorted by code.

    `raised` and `lowered` speak of risk.  A rating that becomes `unrated` is lost, not lowered.
    """

    raised: tuple[Change, ...] = ()
    lowered: tuple[Change, ...] = ()
    lost: tuple[Change, ...] = ()
    gained: tuple[Change, ...] = ()

    def marks(self) -> dict[str, Change]:
        return {c.code: c for c in (*self.raised, *self.lowered, *self.lost, *self.gained)}


def compare(before: RatingList, after: RatingList) -> Changes:
    """What changes for each code when `after` replaces `before`."""
    kinds: dict[str, list[Change]] = {"raised": [], "lowered": [], "lost": [], "gained": []}
    for code in sorted(before.by_code.keys() | after.by_code.keys()):
        old, new = before.tier(code), after.tier(code)
        if old != new:
            named = after.by_code.get(code) or before.by_code[code]
            kinds[_kind(old, new)].append(Change(code, named.name, old, new))
    return Changes(**{kind: tuple(changes) for kind, changes in kinds.items()})


def _kind(old: str, new: str) -> str:
    if new == UNRATED:
        return "lost"
    if old == UNRATED:
        return "gained"
    return "raised" if _RANK[new] > _RANK[old] else "lowered"


@dataclass(frozen=True, slots=True)
class Effective:
    """The tier that counts for one code, the lists that say so, and those that are silent."""

    code: str
    tier: str
    decided_by: tuple[str, ...]
    silent: tuple[str, ...]


def worst_of(lists: Iterable[RatingList]) -> dict[str, Effective]:
    """The effective tier of every code that any list names: the worst rating that exists.

    A list without a rating for the code is silent; only when all are silent is it `unrated`.
    A code in no list is absent here and must be read as `unrated` too.
    """
    active = tuple(lists)
    codes = sorted({code for rating_list in active for code in rating_list.by_code})
    return {code: _effective(code, active) for code in codes}


def _effective(code: str, lists: tuple[RatingList, ...]) -> Effective:
    tier = UNRATED
    for rating_list in lists:
        tier = worse(tier, rating_list.tier(code))
    rated = {rating_list.label: rating_list.tier(code) for rating_list in lists}
    decided = tuple(label for label, own in rated.items() if own == tier != UNRATED)
    silent = tuple(label for label, own in rated.items() if own == UNRATED)
    return Effective(code, tier, decided, silent)


#: Codes in one sentence; a list for three countries leaves nearly two hundred without a rating.
MOST_NAMED = 20


@dataclass
class Report:
    """What an importer has to say besides the list.  Each tuple of remarks is in file order."""

    rejected: list[Remark] = field(default_factory=list)
    left_out: list[Remark] = field(default_factory=list)
    repeated: list[Remark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    #: Names that stand for codes.
    offers: list[Offer] = field(default_factory=list)
    missing: tuple[str, ...] = ()
    changes: Changes | None = None

    def lines(self) -> list[str]:
        """The report as plain sentences for a page or a terminal."""
        lines = [
            f"{kind}: {remark}"
            for kind in ("rejected", "left_out", "repeated")
            for remark in getattr(self, kind)
        ]
        lines += [f"note: {note}" for note in self.notes]
        if self.missing:
            some = ", ".join(self.missing[:MOST_NAMED])
            rest = len(self.missing) - MOST_NAMED
            some += f" and {rest} more" if rest > 0 else ""
            lines.append(f"no rating for {len(self.missing)} states: {some}")
        if self.changes:
            for kind in ("raised", "lowered", "lost", "gained"):
                lines += [
                    f"{kind}: {c.code} {c.name}, {TIER_WORDS[c.before]} → {TIER_WORDS[c.after]}"
                    for c in getattr(self.changes, kind)
                ]
        return lines


@dataclass(frozen=True, slots=True)
class Imported:
    ratings: RatingList
    report: Report
