"""Collects what an importer of a list of names reads, row by row, into parties of the registry.

Only organisations become parties: no party of a deal is a person. Whoever stands on a list of
sanctions is a question to compliance, never a kind of end user by itself.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field

from policy.reference.names.folding import fold
from policy.reference.ratings import ListRefused, Remark
from policy.reference.registry import COLUMNS, ON_A_LIST, QUESTION, Party, rows_of

#: What the sources call an entry that is not an organisation, in words of the report.
PERSON, VESSEL, AIRCRAFT = "people", "vessels", "aircraft"
NAMELESS = "names without a letter or a digit"
#: A file with more faults than this is another kind of file.
MOST_FAULTS = 20
LONGEST_NAME = 500
LONGEST_PROGRAMME = 120


@dataclass(frozen=True)
class NameList:
    """One edition of one list, as parties; `left_out` counts entries by the reason.

    `read` counts the entries of the file, whatever became of them.
    """

    name: str
    edition: str
    licence: str
    parties: tuple[Party, ...]
    read: int
    left_out: dict[str, int]
    notes: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """How its rows are known in the registry, so that the next edition replaces them."""
        return f"{ON_A_LIST}{self.name}"

    def lines(self) -> list[str]:
        """The counts as plain sentences for a page."""
        names = sum(1 + len(party.aliases) for party in self.parties)
        return [
            f"{self.name}, edition {self.edition}: {self.read:,} entries read,"
            f" {len(self.parties):,} become parties with {names:,} names.",
            *(f"Left out: {reason}, {count:,}." for reason, count in sorted(self.left_out.items())),
            *self.notes,
        ]


@dataclass
class Listing:
    """The open list: each entry is counted once and becomes a party, or is left out."""

    name: str
    edition: str
    licence: str
    read: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    parties: dict[Party, None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    faults: list[Remark] = field(default_factory=list)
    _lines: dict[str, int] = field(default_factory=dict)

    def begin(self, line: int, entry: str) -> bool:
        """Counts an entry; False, and a fault, when its id was there before or is missing."""
        self.read += 1
        if not entry:
            self.fault(f"line {line}", "", "has no id", "download the file again")
            return False
        before = self._lines.setdefault(entry, line)
        if before != line:
            again = f"is already the id of line {before}"
            self.fault(f"line {line}", entry, again, "each id once; download the file again")
        return before == line

    def line_of(self, entry: str) -> int | None:
        """The line on which an entry stands."""
        return self._lines.get(entry)

    def fault(self, where: str, text: str, why: str, want: str) -> None:
        self.faults.append(Remark(where, text[:80], why, want))
        if len(self.faults) >= MOST_FAULTS:
            self.refuse()

    def refuse(self) -> None:
        """Raises ListRefused with every fault, when there are any."""
        if self.faults:
            first, *more = self.faults
            raise ListRefused(first.where, first.found, first.why, first.want, more)

    def leave_out(self, reason: str) -> None:
        self.left_out[reason] += 1

    def add(
        self,
        line: int,
        names: Iterable[str],
        *,
        country: str = "",
        entry: str = "",
        programme: str = "",
        kind: str = QUESTION,
    ) -> None:
        """A party by its names, the first of which is the one that is shown."""
        several = list(dict.fromkeys(filter(fold, map(_tidy, names))))
        if not several:
            self.leave_out(NAMELESS)
            return
        if len(longest := max(several, key=len)) > LONGEST_NAME:
            why = f"is a name of more than {LONGEST_NAME} characters"
            self.fault(f"line {line}", longest, why, "is a delimiter or a quotation mark missing?")
            return
        name, *aliases = several
        note = self._note(entry, programme) if kind == QUESTION else ""
        party = Party(name, country, kind, tuple(aliases), note, f"{ON_A_LIST}{self.name}")
        if party in self.parties:
            self.leave_out("rows that say the same as another")
        self.parties[party] = None

    def _note(self, entry: str, programme: str) -> str:
        """What compliance reads: the list, the programme and the edition."""
        if len(programme) > LONGEST_PROGRAMME:
            programme = f"{programme[:LONGEST_PROGRAMME]}…"
        about = [
            f"programme {programme}" if programme else "no programme given",
            *([f"entry {entry}"] if entry else []),
            f"edition {self.edition}",
        ]
        return f"on the list {self.name} ({', '.join(about)}), ask whether it is this party"

    def close(self) -> NameList:
        """The list; raises ListRefused with every fault, and when nothing is left."""
        self.refuse()
        if not self.parties:
            counts = ", ".join(f"{what}: {count:,}" for what, count in self.left_out.items())
            why = f"the file has no organisation ({counts or 'no entry at all'})"
            raise ListRefused("the file", "", why, "is it the whole list?")
        return NameList(
            self.name,
            self.edition,
            self.licence,
            tuple(self.parties),
            self.read,
            dict(self.left_out),
            tuple(self.notes),
        )


def _tidy(name: str) -> str:
    """A name on one line, without the mark that separates aliases in the registry."""
    return " ".join(name.replace("|", " / ").split())


def merged(registry: str, names: NameList) -> tuple[str, int]:
    """The CSV of a registry with this list in place of its earlier edition, and how many rows
    of that are gone.
    """
    every = _rows(registry)
    kept = [row for row in every if row[-1] != names.source]
    return _written([*kept, *map(_row, names.parties)]), len(every) - len(kept)


def joined(registry: str, own: str) -> str:
    """The CSV of a registry with the rows of another one of whose bodies it says nothing.

    A body is a folded name in one country; what ``registry`` says of it counts. A list of sanctions
    speaks for itself: its rows stay.
    """
    rows = _rows(registry)
    known = {(fold(name), country) for name, country, *_rest in rows}
    more = [
        row
        for row in _rows(own)
        if (fold(row[0]), row[1]) not in known
        or (row[-1].startswith(ON_A_LIST) and row not in rows)
    ]
    return _written([*rows, *more])


def _rows(registry: str) -> list[Sequence[str]]:
    rows = rows_of(registry or ",".join(COLUMNS))
    return [[row[column] for column in COLUMNS] for row in rows]


def _written(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return out.getvalue()


def _row(party: Party) -> Sequence[str]:
    name, country, kind, aliases, note, source = astuple(party)
    return (name, country, kind, " | ".join(aliases), note, source)
