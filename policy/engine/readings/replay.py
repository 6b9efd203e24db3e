"""Replay: the stored facts and the same rulebook give the same outcome, or a named mismatch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import orjson

from policy.engine.language.condition import Rulebook
from policy.engine.language.facts import FactError, Facts, canonical, digest
from policy.engine.language.words import shown
from policy.engine.readings.assessment import Assessment, combine

MismatchKind = Literal["rulebook", "facts", "text", "outcome", "review floor", "rules", "sentences"]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What does not agree: the digest of the rulebook or facts, their text, or what was said."""

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


class Assesses(Protocol):
    """A rulebook that also says why, as `compiled.Compiled` does."""

    @property
    def rulebook(self) -> Rulebook: ...

    def assess(self, facts: Facts) -> Assessment: ...


@dataclass(frozen=True, slots=True)
class Stored:
    """What was kept of an assessment; rules and sentences in the order of its findings."""

    outcome: str
    review_floor: str
    rules: Sequence[str]
    sentences: Sequence[str]


def replay(
    screens: Screens, *, facts_text: str, facts_digest: str = "", rulebook_digest: str, outcome: str
) -> Mismatch | None:
    """None when the stored screening comes out again; otherwise the first thing that differs.

    `facts_text` is `Facts.text` as it was stored. An empty `facts_digest` is not checked.
    """
    if screens.rulebook.digest != rulebook_digest:
        return Mismatch("rulebook", rulebook_digest, screens.rulebook.digest)
    if facts_digest and digest(facts_text) != facts_digest:
        return Mismatch("facts", facts_digest, digest(facts_text))
    facts = _read(facts_text, screens.rulebook.vocabulary.parse)
    if isinstance(facts, Mismatch):
        return facts
    # With a fingerprint the text is known to be what was stored; without, it must at least be
    # canonical, so that no other text passes for it.
    if not facts_digest and (written := canonical(orjson.loads(facts_text))) != facts_text:
        return Mismatch("text", facts_text, written)
    recomputed = screens.outcome(facts)
    return None if recomputed == outcome else Mismatch("outcome", outcome, recomputed)


def replay_variants(
    assesses: Assesses, *, facts_text: str, facts_digest: str, rulebook_digest: str, stored: Stored
) -> tuple[Assessment | None, list[Mismatch]]:
    """What comes out for a deal of one or more variants, and all that differs from `stored`.

    `facts_text` is the JSON list of the variants' facts. No assessment when it cannot be read.
    """
    rulebook = assesses.rulebook
    differs: list[Mismatch] = []
    _compare(differs, "rulebook", rulebook_digest, rulebook.digest)
    _compare(differs, "facts", facts_digest, digest(facts_text))
    variants = _read(
        facts_text, lambda plain: [rulebook.vocabulary.parse(facts) for facts in _listed(plain)]
    )
    if isinstance(variants, Mismatch):
        return None, [*differs, variants]
    assessment = combine(map(assesses.assess, variants))
    rules = [finding.rule for finding in assessment.findings]
    sentences = [finding.because for finding in assessment.findings]
    _compare(differs, "outcome", stored.outcome, assessment.outcome)
    _compare(differs, "review floor", stored.review_floor, assessment.review_floor or "")
    _compare(differs, "rules", ", ".join(stored.rules), ", ".join(rules))
    _compare(differs, "sentences", " ".join(stored.sentences), " ".join(sentences))
    return assessment, differs


def _compare(differs: list[Mismatch], kind: MismatchKind, stored: str, recomputed: str) -> None:
    if stored != recomputed:
        differs.append(Mismatch(kind, stored, recomputed))


def _read[Read](facts_text: str, parse: Callable[[Any], Read]) -> Read | Mismatch:
    """What `parse` makes of the stored JSON, or why it can make nothing of it."""
    try:
        return parse(orjson.loads(facts_text))
    except FactError as error:
        return Mismatch("text", facts_text, "; ".join(error.problems))
    except (ValueError, AttributeError, RecursionError) as error:
        return Mismatch("text", facts_text, f"not the text of facts ({error})")


def _listed(plain: Any) -> list[Any]:
    if not isinstance(plain, list) or not plain:
        raise ValueError("no list of variants")
    return plain


def replay_all(
    screens: Screens, stored: Sequence[tuple[str, str, str]]
) -> list[tuple[int, Mismatch]]:
    """Mismatches with their position over many (facts text, rulebook digest, outcome)."""
    mismatches = []
    for at, (text, rulebook_digest, outcome) in enumerate(stored):
        mismatch = replay(
            screens, facts_text=text, rulebook_digest=rulebook_digest, outcome=outcome
        )
        if mismatch:
            mismatches.append((at, mismatch))
    return mismatches
