"""What must hold before a rulebook may become active: promises, rules that can fire, differences.

The engine proves; this module puts its answers into the plain form that a report keeps.
"""

from dataclasses import asdict, dataclass, field
from typing import Any, cast

from policy.engine.language.condition import Rulebook
from policy.engine.proof import difference, proof
from policy.governance import report_data

EFFECTS = {
    "fire": "it can never fire",
    "decide": "it never decides, because a higher rule always fires beside it",
}
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
    #: Where two deals are compared: the other one, and what comes out for it.
    other: dict[str, Any] = field(default_factory=dict)
    other_outcome: str = ""

    @property
    def plain(self) -> report_data.Promise:
        return cast("report_data.Promise", asdict(self))


@dataclass(frozen=True)
class Different:
    """One kind of deal that comes out differently, with the plainest example."""

    before: str
    after: str
    rules: list[str]
    deal: dict[str, Any]

    @property
    def plain(self) -> report_data.Different:
        return cast("report_data.Different", asdict(self))


def prove(rulebook: Rulebook) -> list[Proved]:
    """Every promise of the rulebook. Without an answer a promise is not proved."""
    return [
        Proved(
            verdict.id,
            verdict.says,
            verdict.state,
            round(1000 * verdict.seconds),
            list(verdict.rules),
            dict(verdict.deal),
            verdict.outcome,
            verdict.because,
            dict(verdict.before),
            verdict.outcome_before,
        )
        for verdict in proof.prove(rulebook)
    ]


def dead_rules(rulebook: Rulebook) -> list[dict[str, str]]:
    """Rules that can never fire, or never decide. Raises proof.NotProved without an answer."""
    titles = {rule.id: rule.title for rule in rulebook.rules}
    return [
        {"rule": rule.id, "title": titles[rule.id], "what": EFFECTS[rule.never]}
        for rule in proof.dead_rules(rulebook)
    ]


def differences(
    before: Rulebook, after: Rulebook, *, limits: proof.Limits = proof.LIMITS
) -> list[Different]:
    """Every kind of deal that comes out differently, weakened first; proof.NotProved if not all."""
    return [
        Different(kind.before, kind.after, list(kind.rules), dict(kind.deal))
        for kind in difference.differences(before, after, limits=limits)
    ]
