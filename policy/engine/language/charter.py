"""The charter: the promises that guard the policy, apart from every text that they guard.

Its terms are its own. They list values and capabilities of the vocabulary, so neither a rulebook
nor a vocabulary that sorts a capability elsewhere changes what a promise speaks of.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from policy.engine.language.condition import (
    Condition,
    Promise,
    Rulebook,
    plain_condition,
    plain_fact,
    plain_promise,
)
from policy.engine.language.facts import Vocabulary, canonical, digest


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a promise rests on: clauses of the policy, with commas between several."""

    clause: str
    #: Whether it says what the words of the clause say. Then it stands as long as the clause does.
    from_policy: bool = False


@dataclass(frozen=True)
class Charter:
    """A version of the charter: its vocabulary, its own terms, its promises and their grounds."""

    name: str
    label: str
    source: str
    vocabulary: Vocabulary
    terms: Mapping[str, Condition]
    promises: tuple[Promise, ...]
    #: By the id of the promise.
    grounds: Mapping[str, Grounds]

    @cached_property
    def canonical(self) -> str:
        """Canonical JSON of everything; `read_canonical_charter` reads it back."""
        facts = [plain_fact(fact) for fact in self.vocabulary.values()]
        return canonical({"vocabulary": facts, "charter": self.plain})

    @property
    def plain(self) -> dict[str, object]:
        """The charter as its YAML would read, without the vocabulary."""
        return {
            "charter": self.name,
            "label": self.label,
            "source": self.source,
            "terms": {name: plain_condition(term) for name, term in self.terms.items()},
            "promises": [self._plain_promise(promise) for promise in self.promises],
        }

    def _plain_promise(self, promise: Promise) -> dict[str, object]:
        grounds = self.grounds[promise.id]
        mark = {"from_policy": True} if grounds.from_policy else {}
        return plain_promise(promise) | {"clause": grounds.clause} | mark

    @cached_property
    def digest(self) -> str:
        """The identity of this version: SHA-256 of `canonical`, written "sha256:…"."""
        return digest(self.canonical)

    @cached_property
    def by_id(self) -> Mapping[str, Promise]:
        return {promise.id: promise for promise in self.promises}

    @cached_property
    def without_rules(self) -> Rulebook:
        """Its terms and promises as a rulebook that has no rule: what reads promises reads that."""
        return Rulebook(
            self.name, self.label, self.source, self.vocabulary, self.terms, (), self.promises
        )
