"""Screening a stored screening again: the same facts, the same rulebook, the same result."""

import json
from dataclasses import dataclass, field
from functools import lru_cache

from audit.ledger import digest
from policy.engine.assessment import combine
from policy.engine.compiled import Compiled, compile_rulebook
from policy.engine.facts import FactError
from policy.versions import read_rulebook_text
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
    return _compiled(screening.rulebook.content)


def replay(screening: Screening) -> Replayed:
    """Assess the stored facts with the stored rulebook and compare every part of the result."""
    problems = []
    if digest(screening.facts_text) != screening.facts_digest:
        problems.append(
            f"The facts have the digest {digest(screening.facts_text)}; "
            f"{screening.facts_digest} was stored."
        )
    compiled = compiled_of(screening)
    if compiled.rulebook.digest != screening.rulebook.digest:
        problems.append(
            f"The rulebook has the digest {compiled.rulebook.digest}; "
            f"{screening.rulebook.digest} was stored."
        )
    try:
        variants = [
            compiled.rulebook.vocabulary.parse(plain) for plain in json.loads(screening.facts_text)
        ]
    except FactError as error:
        return Replayed("", (), [*problems, *error.problems])
    found = combine(compiled.assess(variant) for variant in variants)
    rules = tuple(finding.rule for finding in found.findings)
    stored = tuple(finding.rule for finding in screening.findings.all())
    for what, before, after in (
        ("outcome", screening.outcome, found.outcome),
        ("review floor", screening.review_floor or "none", found.review_floor or "none"),
        ("rules", ", ".join(stored) or "none", ", ".join(rules) or "none"),
        (
            "sentences",
            [finding.because for finding in screening.findings.all()],
            [finding.because for finding in found.findings],
        ),
    ):
        if before != after:
            problems.append(f"The {what}: {before} was stored, {after} comes out.")
    return Replayed(found.outcome, rules, problems)
