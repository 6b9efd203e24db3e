"""A rulebook as one condition for each outcome: true when a rule of it fires.

Kleene's `any` keeps what matters: true when one of the rules is surely true, unknown when none is
and one is open. From the four conditions the outcome follows (`sql.py`, `bulk.py`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from policy.engine.language.condition import RANK, All, Condition, Either, Rulebook
from policy.engine.readings.generated import conjuncts, simplified

Conjuncts = tuple[Condition, ...]


def by_rank(rulebook: Rulebook) -> Mapping[int, Condition]:
    """Rank of the outcome → when it fires; a rank without rules has a condition that is false."""
    rules = {
        rank: [
            conjuncts(simplified(rulebook.opened(rule.when)))
            for rule in rulebook.rules
            if RANK[rule.outcome] == rank
        ]
        for rank in RANK.values()
    }
    return {rank: simplified(_factored(several)) for rank, several in rules.items()}


def _factored(rules: Sequence[Conjuncts]) -> Condition:
    """Any of the rules, what several of them need written once.

    `(a and b) or (a and c)` is `a and (b or c)`, and `a or (a and c)` is `a`, unknown or not.
    """
    needed = Counter(part for parts in rules for part in dict.fromkeys(parts))
    shared, count = max(needed.items(), key=lambda pair: pair[1], default=(All(()), 0))
    if count < 2:
        return Either(tuple(All(parts) for parts in rules))
    rest = [tuple(part for part in parts if part != shared) for parts in rules if shared in parts]
    others = [parts for parts in rules if shared not in parts]
    factored = shared if () in rest else All((shared, _factored(rest)))
    return Either((factored, _factored(others))) if others else factored
