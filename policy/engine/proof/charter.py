"""What becomes of the promises of one charter in another, found by the solver.

A promise of the older charter is kept when the newer one implies it: every deal that was protected
still is, whichever promises protect it now. Runs in the child process of
policy.engine.proof.prover.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import z3

from policy.engine.language.charter import Charter
from policy.engine.language.condition import (
    OUTCOMES,
    EveryRule,
    Exists,
    Losing,
    Promise,
    Raising,
    Surely,
)
from policy.engine.proof.premises import Premises
from policy.engine.proof.promises import meaning, opened, turned, unknown_words
from policy.engine.proof.symbols import Effort

Answer = dict[str, Any]
Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Implied:
    """Whether a promise is implied, and otherwise the plainest deal that loses its protection."""

    holds: bool
    deal: Plain | None = None


class Implications:
    """The promises of a charter, against which promises of another one are held.

    Raises Undecided where the solver gives up.
    """

    def __init__(self, charter: Charter, effort: Effort) -> None:
        self.charter = charter
        self.premises = Premises(charter.without_rules, effort)
        self.promises = [opened(charter.without_rules, one) for one in charter.promises]

    def speaks_of(self, promise: Promise) -> Plain | None:
        """The plainest deal of its premise; None when there is none."""
        return self.premises.speaks_of(promise)

    def implied(self, promise: Promise, among: list[Promise] | None = None) -> Implied:
        """Whether its promises imply it, or only those ``among``; its terms are opened."""
        promises = self.promises if among is None else among
        match promise:
            case Surely():
                return self._surely(promise, promises)
            case Raising():
                return self._raising(promise, promises)
            case Losing():
                # What is lost together can be lost one after the other.
                lost = {name for one in promises if isinstance(one, Losing) for name in one.facts}
                return self._all_or_none(promise, holds=set(promise.facts) <= lost)
            case Exists():
                return self._all_or_none(promise, holds=self._exists(promise, promises))
            case EveryRule(can=can):
                found = [one.can for one in promises if isinstance(one, EveryRule)]
                holds = "decide" in found or can in found
                return self._all_or_none(promise, holds=holds)
        raise TypeError(f"{promise!r} is not a promise")

    def _surely(self, promise: Surely, promises: list[Promise]) -> Implied:
        """The mildest outcome that it forbids and no newer promise forbids for some deal."""
        for outcome in OUTCOMES:
            if outcome in promise.only:
                continue
            forbidding = [
                one for one in promises if isinstance(one, Surely) and outcome not in one.only
            ]
            deal = self._beyond(promise, forbidding)
            if deal is not None:
                return Implied(holds=False, deal=deal)
        return Implied(holds=True)

    def _raising(self, promise: Raising, promises: list[Promise]) -> Implied:
        for name in promise.facts:
            alike = [one for one in promises if isinstance(one, Raising) and name in one.facts]
            deal = self._beyond(promise, alike)
            if deal is not None:
                return Implied(holds=False, deal=deal)
        return Implied(holds=True)

    def _beyond(self, promise: Promise, others: Sequence[Promise]) -> Plain | None:
        return self.premises.example(*self._of_it_alone(promise, others))

    def _of_it_alone(self, promise: Promise, others: Sequence[Promise]) -> Iterator[Any]:
        holds = self.premises.holds
        yield holds(promise)
        yield from (z3.Not(holds(one)) for one in others)

    def _exists(self, promise: Exists, promises: list[Promise]) -> bool:
        """Some newer promise finds such a deal, with such an outcome, among fewer deals."""
        narrower = [
            one
            for one in promises
            if isinstance(one, Exists) and set(one.outcome) <= set(promise.outcome)
        ]
        is_some = self.premises.is_some
        # One that speaks of no deal finds none.
        return any(
            is_some(*self._of_it_alone(one, ())) and not is_some(*self._of_it_alone(one, [promise]))
            for one in narrower
        )

    def _all_or_none(self, promise: Promise, *, holds: bool) -> Implied:
        return Implied(holds) if holds else Implied(holds, self.speaks_of(promise))


def excludes(promise: Promise) -> bool:
    """Whether its conclusion forbids any outcome."""
    match promise:
        case Surely(only=allowed) | Exists(outcome=allowed):
            return set(allowed) != set(OUTCOMES)
        case Raising(facts=names) | Losing(facts=names):
            return bool(names)
    return True


def compared(before: Charter | None, after: Charter, effort: Effort) -> Iterator[Answer]:
    """Each promise of the newer charter, then each of the older one, a line for each."""
    newer = Implications(after, effort)
    for promise in newer.promises:
        deal = newer.speaks_of(promise)
        yield {
            "version": "after",
            "id": promise.id,
            "speaks_of": deal,
            "excludes": excludes(promise),
        }
    if before is not None:
        for promise in before.promises:
            yield {"version": "before", "id": promise.id, **_fate(newer, before, promise)}


def _fate(newer: Implications, before: Charter, old: Promise) -> Answer:
    after, book = newer.charter, before.without_rules
    was = meaning(book, old)
    alike = (one for one in newer.promises if replace(one, id="", says="") == was)
    new = after.by_id.get(old.id) or next(alike, None)
    now = {"now": new.id if new else ""}
    strange = [
        *unknown_words(book, old, after.vocabulary),
        *turned(old, before.vocabulary, after.vocabulary),
    ]
    weaker = "changed" if new else "removed"
    is_free = not before.grounds[old.id].from_policy
    if strange:
        return now | {"fate": weaker, "strange": strange, "stands": is_free}
    found = newer.implied(opened(book, old))
    if not found.holds:
        return now | {"fate": weaker, "lost": found.deal, "stands": is_free}
    return now | {"fate": "kept", "stands": is_free or _stands(newer, before, old)}


def _stands(newer: Implications, before: Charter, old: Promise) -> bool:
    """Whether what it says in the words of the policy is still said so: marked, of that clause."""
    grounds = before.grounds[old.id]
    marked = [one for one in newer.promises if newer.charter.grounds[one.id] == grounds]
    return newer.implied(opened(before.without_rules, old), marked).holds
