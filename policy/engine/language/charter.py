"""The charter: the promises that guard the policy, apart from every text that they guard.

Its terms are its own. They list values and capabilities of the vocabulary, so neither a rulebook
nor a vocabulary that sorts a capability elsewhere changes what a promise speaks of.

A second list promises something of what sales answers and of what the catalogue says, up to the
outcome. It has the form of a charter, with a vocabulary and terms of its own.
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
    #: The promises on answers; None in a charter of before they were part of it.
    on_answers: "Charter | None" = None

    @cached_property
    def canonical(self) -> str:
        """Canonical JSON of everything; `read_canonical_charter` reads it back."""
        answers = {} if self.on_answers is None else {"answers": _facts(self.on_answers)}
        return canonical({"vocabulary": _facts(self), **answers, "charter": self.plain})

    @property
    def plain(self) -> dict[str, object]:
        """The charter as its YAML would read, without the vocabulary."""
        second = {} if self.on_answers is None else {"on_answers": self.on_answers._plain_list}
        about = {"charter": self.name, "label": self.label, "source": self.source}
        return about | self._plain_list | second

    @property
    def _plain_list(self) -> dict[str, object]:
        return {
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
    def ids(self) -> frozenset[str]:
        """The ids of both lists: no promise of a rulebook has one of them."""
        second = self.on_answers.by_id if self.on_answers else {}
        return frozenset({*self.by_id, *second})

    @cached_property
    def without_rules(self) -> Rulebook:
        """Its terms and promises as a rulebook that has no rule: what reads promises reads that."""
        return Rulebook(
            self.name, self.label, self.source, self.vocabulary, self.terms, (), self.promises
        )


def _facts(of: Charter) -> list[dict[str, object]]:
    return [plain_fact(fact) for fact in of.vocabulary.values()]
