"""What must hold before a rulebook may become active: promises, rules that can fire, differences.

The engine proves; this module puts its answers into the plain form that a report keeps.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from policy.engine.condition import Rulebook

PROVED, BROKEN, OPEN = "proved", "broken", "not_proved"


@dataclass(frozen=True)
class Proved:
    """One promise: proved, broken by a deal, or not proved, which counts as broken."""

    id: str
    says: str
    state: str
    milliseconds: int = 0
    #: Broken: the rules to blame, the plainest deal, what comes out, and the sentence about it.
    rules: list[str] = field(default_factory=list)
    deal: dict[str, Any] = field(default_factory=dict)
    outcome: str = ""
    because: str = ""

    @property
    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Different:
    """One kind of deal that comes out differently, with the plainest example."""

    before: str
    after: str
    rules: list[str]
    deal: dict[str, Any]

    @property
    def plain(self) -> dict[str, Any]:
        return asdict(self)


def prove(rulebook: Rulebook) -> list[Proved]:
    """Every promise of the rulebook. Without an answer a promise is not proved."""
    return [Proved(one.id, one.says, OPEN) for one in rulebook.promises]


def dead_rules(rulebook: Rulebook) -> list[dict[str, str]]:
    """Rules that can never fire, or never decide."""
    return []


def differences(before: Rulebook, after: Rulebook) -> list[Different]:
    """Every kind of deal whose outcome differs between two rulebooks."""
    return []
