"""Screening a stored screening again: the same facts, the same rulebook, the same result."""

from dataclasses import dataclass, field
from functools import lru_cache

from policy import active
from policy.engine.readings.compiled import Compiled, compile_rulebook
from policy.engine.readings.replay import Mismatch, Stored, replay_variants
from policy.governance.versions import read_rulebook_text
from screening.models import Screening


@dataclass(frozen=True)
class Replayed:
    """``problems`` names all that differs: digests, outcome, review floor, rules."""

    outcome: str
    rules: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        return not self.problems


@lru_cache(maxsize=4)
def _compiled(content: str) -> Compiled:
    return compile_rulebook(read_rulebook_text(content))


def compiled_of(screening: Screening) -> Compiled:
    """The rulebook that the screening used, whatever is active now."""
    return active.compiled_with(screening.rulebook.digest)


def fired(screening: Screening) -> list[list[str]]:
    """The rules that fire in each variant of the stored facts, by the screening's own rulebook."""
    compiled = compiled_of(screening)
    vocabulary = compiled.rulebook.vocabulary
    assessed = (compiled.assess(vocabulary.parse(facts)) for facts in screening.facts)
    return [[finding.rule for finding in assessment.findings] for assessment in assessed]


def replay(screening: Screening) -> Replayed:
    """Assess the stored facts with the stored rulebook and compare every part of the result."""
    findings = list(screening.findings.all())
    assessment, differs = replay_variants(
        # Of what is stored now, which is what a replay is for; other pages know it by its digest.
        _compiled(screening.rulebook.content),
        facts_text=screening.facts_text,
        facts_digest=screening.facts_digest,
        rulebook_digest=screening.rulebook.digest,
        stored=Stored(
            screening.outcome,
            screening.review_floor or "",
            [finding.rule for finding in findings],
            [finding.because for finding in findings],
        ),
    )
    problems = [_said(mismatch) for mismatch in differs]
    if assessment is None:
        return Replayed("", (), problems)
    return Replayed(
        assessment.outcome, tuple(finding.rule for finding in assessment.findings), problems
    )


def _said(mismatch: Mismatch) -> str:
    """A mismatch as the auditor reads it."""
    match mismatch.kind:
        case "rulebook" | "facts":
            return (
                f"The digest of the {mismatch.kind} is {mismatch.found}; "
                f"{mismatch.stored} was stored."
            )
        case "text":
            return f"The stored facts cannot be read: {mismatch.found}."
    stored, recomputed = mismatch.stored or "none", mismatch.found or "none"
    return f"The {mismatch.kind}: {stored} was stored, {recomputed} comes out."
