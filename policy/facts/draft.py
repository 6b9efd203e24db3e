"""One variant of a deal while its facts are derived: what it is derived from, and what comes up.

The modules of the topics (`places`, `parties`, `products`) fill in facts, notes and doubts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from policy.facts.bundle import ReferenceData


@dataclass(slots=True)
class Draft:
    """`declared` and `given` are checked before, or by Vocabulary.parse."""

    declared: Mapping[str, Any]
    reference: ReferenceData
    given: Mapping[str, Any]
    on: date | None = None
    #: Names of the deal with the matches that are known to be false alarms.
    cleared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    #: Laws of the register that were picked, by id, and whether each counts.
    laws: dict[str, bool] = field(default_factory=dict)
    #: What the lines of the deal itself contain, and the systems that it serves.
    own: Any = None
    #: How sentences about a name or a line write it, where not as it is.
    written: Mapping[str, str] = field(default_factory=dict)
    #: Vendors of surveillance systems that take part in the deal or made something in it.
    vendors: list[str] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        """Whether compliance has said that nothing contradicts; then no doubt counts."""
        return self.given.get("fact_conflict") is False

    def quoted(self, name: str) -> str:
        """A name or a line as sentences write it."""
        return self.written.get(name, name)

    def add_note(self, name: str, note: str) -> None:
        """The note stands behind what is noted on the fact already."""
        self.notes[name] = f"{self.notes.get(name, '')}; {note}".removeprefix("; ")
