"""Collects what an importer reads, row by row, and closes it into a list and a report."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from policy.reference.importers.places import places, states
from policy.reference.ratings import (
    UNRATED,
    Imported,
    ListRefused,
    Rating,
    RatingList,
    Remark,
    Report,
    compare,
    worse,
)

# A file with more faults than this is another kind of file; going on would only fill memory.
MOST_REMARKS = 400


class Gathering:
    """The open list.  A place rated twice keeps the worse rating: no duplicate can improve it."""

    def __init__(self) -> None:
        self.ratings: dict[str, Rating] = {}
        self.report = Report()
        self._unknown: list[Remark] = []
        self._remarks = 0

    def rate(self, rating: Rating, *, part_of_place: str = "") -> None:
        """Adds one rating.  `part_of_place` marks rows that are meant to share a code."""
        known = self.ratings.get(rating.code)
        if known is None:
            self.ratings[rating.code] = rating
            return
        kept = self._worse(known, rating)
        self.ratings[rating.code] = kept
        if part_of_place:
            self.report.notes.append(
                f"{rating.code} takes the worse of {known.name} and {rating.name}: {kept.tier}"
            )
            return
        self._remark(
            self.report.repeated,
            rating.where,
            rating.code,
            f"was rated before ({known.where}); the worse rating, {kept.tier}, is kept",
            "one row per place",
        )

    @staticmethod
    def _worse(known: Rating, rating: Rating) -> Rating:
        return rating if worse(known.tier, rating.tier) != known.tier else known

    def reject(self, where: str, text: str, why: str, want: str) -> None:
        self._remark(self.report.rejected, where, text, why, want)

    def unknown(self, where: str, text: str, why: str, near: Iterable[str] = ()) -> None:
        """A rating for a place that does not exist: the file is refused when it was read whole.

        Places that sources are known to have, and that we do not, are left out by name instead.
        """
        names = " or ".join(near)
        want = f"did you mean {names}?" if names else "correct it, or leave the row out"
        self._remark(self._unknown, where, text, why, want)

    def leave_out(self, where: str, text: str, why: str) -> None:
        self._remark(self.report.left_out, where, text, why, "")

    def note(self, sentence: str) -> None:
        self.report.notes.append(sentence)

    def _remark(self, to: list[Remark], where: str, text: str, why: str, want: str) -> None:
        self._remarks += 1
        if self._remarks > MOST_REMARKS:
            raise ListRefused(
                where,
                "",
                f"more than {MOST_REMARKS} rows could not be used, the first: "
                f"{(self._unknown or self.report.rejected or to)[0]}",
                "is this the right file and layout?",
            )
        to.append(Remark(where, text[:80], why, want))

    def close(
        self,
        *,
        source: str,
        edition: str,
        year: int | None,
        licence: str,
        method: str,
        previous: RatingList | None = None,
    ) -> Imported:
        """The finished list; refuses one that rates no place, or one that does not exist."""
        if self._unknown:
            first, *others = self._unknown
            raise ListRefused(first.where, first.found, first.why, first.want, others)
        if all(rating.tier == UNRATED for rating in self.ratings.values()):
            faults = self.report.rejected
            fault = f"the first fault: {faults[0]}" if faults else ""
            raise ListRefused("the file", "", "gives no rating at all", fault)
        ratings = tuple(self.ratings[code] for code in sorted(self.ratings))
        made = RatingList(source, edition, year, licence, method, ratings)
        self.report.missing = tuple(c for c in sorted(states()) if made.tier(c) == UNRATED)
        if previous is not None:
            self.report.changes = compare(previous, made)
        return Imported(made, self.report)


def decimal(text: str, *, comma: str = "") -> Decimal | None:
    """A plain decimal number, None when it is not one.  `comma="decimal"` reads `87,18`.

    Decimal() alone also takes `1_0`, `NaN`, `Infinity` and digits of other scripts.
    """
    spelled = text.strip()
    if comma == "decimal":
        if "." in spelled:
            return None
        spelled = spelled.replace(",", ".", 1)
    if not spelled or len(spelled) > 30 or not set(spelled) <= set("0123456789.-"):
        return None
    try:
        return Decimal(spelled)
    except InvalidOperation:
        return None


_DATE = re.compile(
    r"\d{1,2}[-./ ][^\W\d]{3,9}\.?([-./ ]\d{2,4})?|[^\W\d]{3,9}[-./ ]\d{2,4}"
    r"|\d{1,4}[-/]\d{1,2}[-/]\d{1,4}|\d{1,2}\.\d{1,2}\.\d{2,4}"
)


def spoilt(text: str, kind: str = "text") -> str:
    """Why a cell cannot be what its source wrote: a date, a formula or an error; "" when it can."""
    if kind == "formula" or text[:1] in ("=", "+", "@"):
        return "is a formula; save values, not formulas"
    if kind == "date" or _DATE.fullmatch(text.strip()[:40]):
        return "is a date; a spreadsheet program changed the cell"
    if kind == "error" or text.startswith("#"):
        return "is a spreadsheet error"
    return ""


def check_span(column: str, chosen: int, units: Mapping[int, int], wanted: int | None) -> None:
    """Refuses a year without rows, and a latest year with far fewer rows than the one before."""
    if not units.get(chosen):
        span = f"{min(units)} to {max(units)}" if units else "none"
        raise ListRefused(f"column {column!r}", str(wanted or ""), f"no row; years there: {span}")
    before = max((year for year in units if year < chosen), default=None)
    if wanted is None and before and units[chosen] * 2 < units[before]:
        raise ListRefused(
            f"column {column!r}",
            str(chosen),
            f"has {units[chosen]} rows and {before} has {units[before]}",
            f"is a year mistyped? Choose one, for example {before}",
        )


def near_code(code: str) -> list[str]:
    """Codes close to a wrong one, with their names."""
    shape = code.strip().upper()
    near = [shape] if shape in places() else difflib.get_close_matches(shape, places(), n=2)
    return [f"{candidate} ({places()[candidate].name})" for candidate in near]
