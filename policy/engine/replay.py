"""Replay: the stored facts and the same rulebook give the same outcome, or a named mismatch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import orjson

from policy.engine.condition import Rulebook
from policy.engine.facts import FactError, Facts, canonical, digest
from policy.engine.words import shown

MismatchKind = Literal["rulebook", "facts", "text", "outcome"]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What does not agree: the digest of the rulebook or facts, their text, or the outcome."""

    kind: MismatchKind
    stored: str
    found: str

    def __str__(self) -> str:
        return f"{self.kind}: stored {shown(self.stored)}, found {shown(self.found)}"


class Screens(Protocol):
    """A rulebook that screens, as `compiled.Compiled` does."""

    @property
    def rulebook(self) -> Rulebook: ...

    def outcome(self, facts: Facts) -> str: ...


def replay(
    screens: Screens,
    *,
    facts_text: str,
    facts_digest: str = "",
    rulebook_digest: str,
    outcome: str,
) -> Mismatch | None:
    """None when the stored screening comes out again; otherwise the first thing that differs.

    `facts_text` is `Facts.text` as it was stored. An empty `facts_digest` is not checked.
    """
    if screens.rulebook.digest != rulebook_digest:
        return Mismatch("rulebook", rulebook_digest, screens.rulebook.digest)
    if facts_digest and digest(facts_text) != facts_digest:
        return Mismatch("facts", facts_digest, digest(facts_text))
    try:
        plain = orjson.loads(facts_text)
        facts = screens.rulebook.vocabulary.parse(plain)
    except FactError as error:
        return Mismatch("text", facts_text, "; ".join(error.problems))
    except (ValueError, AttributeError, RecursionError) as error:
        return Mismatch("text", facts_text, f"not the text of facts ({error})")
    # With a fingerprint the text is known to be what was stored; without, it must at least be
    # canonical, so that no other text passes for it.
    if not facts_digest and canonical(plain) != facts_text:
        return Mismatch("text", facts_text, canonical(plain))
    found = screens.outcome(facts)
    return None if found == outcome else Mismatch("outcome", outcome, found)


def replay_all(
    screens: Screens, stored: Sequence[tuple[str, str, str]]
) -> list[tuple[int, Mismatch]]:
    """Mismatches with their position over many (facts text, rulebook digest, outcome)."""
    found = []
    for at, (text, rulebook_digest, outcome) in enumerate(stored):
        mismatch = replay(
            screens, facts_text=text, rulebook_digest=rulebook_digest, outcome=outcome
        )
        if mismatch:
            found.append((at, mismatch))
    return found
