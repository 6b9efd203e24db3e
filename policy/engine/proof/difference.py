"""How two rulebooks differ: every kind of deal that comes out differently, one example each.

A kind is (outcome before, outcome after, rules that behave differently). Weakened kinds come first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policy.engine.language.condition import RANK, Rulebook
from policy.engine.proof.proof import LIMITS, Limits, NotProved, ask

#: More kinds than this cannot be read by a person; the list then says that it is cut.
MOST = 200


@dataclass(frozen=True)
class Kind:
    """One kind of deal, with the plainest deal of it, replayed through the plain reading."""

    before: str
    after: str
    rules: tuple[str, ...]
    deal: Mapping[str, Any]


def differences(
    before: Rulebook, after: Rulebook, *, limits: Limits = LIMITS, most: int = MOST
) -> list[Kind]:
    """Weakened kinds first, the largest fall first. Raises NotProved when the list is not whole."""
    task = {
        "do": "difference",
        "rulebook": before.canonical,
        "after": after.canonical,
        "most": most,
    }
    kinds = []
    for answer in ask(task, limits):
        if "problem" in answer:
            raise NotProved(answer["problem"])
        kinds.append(Kind(**{**answer, "rules": tuple(answer["rules"])}))
    return sorted(kinds, key=_order)


def _order(kind: Kind) -> tuple[int, int, tuple[str, ...]]:
    return (RANK[kind.after] - RANK[kind.before], -RANK[kind.before], kind.rules)
