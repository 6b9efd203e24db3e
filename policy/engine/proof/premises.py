"""Which deals promises speak of, found by the solver: of none, of fewer than before, of more.

Runs in the child process of policy.engine.proof.prover.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import z3

from policy.engine.language.condition import (
    EveryRule,
    Exists,
    Losing,
    Promise,
    Raising,
    Rulebook,
    Surely,
)
from policy.engine.proof.promises import meaning, opened, pairs, unknown_words
from policy.engine.proof.symbols import Deal, Effort, Reading, plainest

Answer = dict[str, Any]
Plain = Mapping[str, Any]


class Premises:
    """Promises, their terms written out, read on one deal of the newer vocabulary."""

    def __init__(self, after: Rulebook, effort: Effort) -> None:
        self.after = after
        self.deal = Deal(after.vocabulary)
        self.reading = Reading(replace(after, rules=(), promises=()), self.deal)
        self.effort = effort

    def holds(self, promise: Promise) -> Any:
        """That the promise speaks of the deal."""
        true = self.reading.truth
        match promise:
            case Surely(surely=surely, possibly=possibly):
                return z3.And(true(surely).true, z3.Not(true(possibly).false))
            case Raising(given=given):
                return z3.And(*self.deal.answered, true(given).true)
            case Exists(exists=exists):
                return z3.And(*self.deal.answered, true(exists).true)
        return z3.And(self.deal.answered)

    def example(self, *formulas: Any) -> Plain | None:
        """The plainest deal of the formulas; None when there is none. Undecided if unknown."""
        solver = self.effort.solver(*self.deal.rules, *formulas)
        if not self.effort.is_possible(solver):
            return None
        return self.deal.plain(plainest(solver, self.deal, self.after, self.effort))

    def is_some(self, *formulas: Any) -> bool:
        """Whether there is a deal of the formulas, whichever. Undecided if unknown."""
        return self.effort.is_possible(self.effort.solver(*self.deal.rules, *formulas))

    def speaks_of(self, promise: Promise) -> Plain | None:
        """The plainest deal that the promise speaks of; None when it speaks of no deal."""
        return self.example(self.holds(promise))

    def lost(self, old: Promise, new: Promise | None) -> Plain | None:
        """A deal that the old promise covers and the new one does not, or less strictly."""
        match old, new:
            case (Surely(), Surely()):
                if set(new.only) - set(old.only):
                    return self.speaks_of(old)
            case (Raising(), Raising()):
                if set(old.facts) - set(new.facts):
                    return self.speaks_of(old)
            case (Losing(), Losing()):
                return self.speaks_of(old) if set(old.facts) - set(new.facts) else None
            case (EveryRule(), EveryRule()):
                return self.speaks_of(old) if (old.can, new.can) == ("decide", "fire") else None
            case (Exists(), Exists()):
                # It says that some such deal comes out so: with more kinds of deals it says less.
                wider = self.is_some(self.holds(new), z3.Not(self.holds(old)))
                grown = set(new.outcome) - set(old.outcome)
                return self.speaks_of(old) if grown or wider else None
            case _:
                return self.speaks_of(old)
        return self.example(self.holds(old), z3.Not(self.holds(new)))


def compared(before: Rulebook, after: Rulebook, effort: Effort) -> Iterator[Answer]:
    """Each promise of the newer rulebook, then each of the older one, a line for each."""
    premises = Premises(after, effort)
    for promise in after.promises:
        deal = premises.speaks_of(opened(after, promise))
        yield {"version": "after", "id": promise.id, "speaks_of": deal}
    for old, new in pairs(before, after):
        yield {"version": "before", "id": old.id, **_fate(premises, before, old, new)}


def _fate(premises: Premises, before: Rulebook, old: Promise, new: Promise | None) -> Answer:
    after = premises.after
    now = {"now": new.id if new else ""}
    strange = unknown_words(before, old, after.vocabulary)
    if strange:
        return now | {"fate": "changed" if new else "removed", "strange": strange}
    was = opened(before, old)
    if new is None:
        return now | {"fate": "removed", "lost": premises.lost(was, None)}
    if meaning(before, old) == meaning(after, new):
        return now | {"fate": "kept"}
    turned = opened(after, new)
    lost, gained = premises.lost(was, turned), premises.lost(turned, was)
    return now | {"fate": "changed" if lost or gained else "kept", "lost": lost}
