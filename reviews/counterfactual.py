"""What would change the outcome of a screening: asked of the engine, not told in prose.

For reviewers and policy owners only: shown to sales, it would teach how to pass.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from policy.engine.language.condition import OUTCOMES
from policy.engine.readings.assessment import combine
from policy.engine.readings.compiled import Compiled
from policy.wording import outcomes
from reviews.history.replaying import compiled_of
from screening import wording
from screening.models import Screening

MOST = 4
MILDEST = "low"
# A change is a fact, the member that leaves it (or none), and the value that it takes (or None).
Change = tuple[str, str, Any]


@dataclass(frozen=True)
class Way:
    """One smallest set of changes, what the outcome would be, and which clauses still apply."""

    changes: list[str]
    outcome: str
    outcome_words: str
    clauses: list[str]


@dataclass(frozen=True)
class Ways:
    """``country_helps`` says whether a country of low risk alone would lower the outcome."""

    found: list[Way]
    country_helps: bool


def ways(screening: Screening) -> Ways:
    """The smallest sets of changes that lower the outcome: single ones, or else pairs.

    Only what a customer can really change: capabilities and services that leave the offer, and
    parties in between. The destination is asked by itself.
    """
    compiled = compiled_of(screening)
    candidates = list(_candidates(screening))
    ways: list[Way] = []
    for size in (1, 2):
        for changes in combinations(candidates, size):
            way = _try(compiled, screening, changes)
            if way is not None:
                ways.append(way)
        if ways:
            break
    ways.sort(key=lambda way: OUTCOMES.index(way.outcome))
    milder = _try(compiled, screening, [("country_risk", "", MILDEST)])
    return Ways(ways[:MOST], country_helps=milder is not None)


def _candidates(screening: Screening) -> Iterator[Change]:
    for fact in ("capabilities", "services"):
        members = dict.fromkeys(
            member for facts in screening.facts for member in _present(facts.get(fact))
        )
        if fact == "services" and len(members) < 2:
            # An offer without any service is none.
            continue
        for member in members:
            yield fact, member, None
    if any(facts.get("has_intermediaries") for facts in screening.facts):
        yield "has_intermediaries", "", False


def _try(compiled: Compiled, screening: Screening, changes: Any) -> Way | None:
    """The way that these changes are, None when they do not lower the outcome."""
    vocabulary = compiled.rulebook.vocabulary
    variants = [vocabulary.parse(_changed(facts, changes)) for facts in screening.facts]
    outcome = max((compiled.outcome(variant) for variant in variants), key=OUTCOMES.index)
    if OUTCOMES.index(outcome) >= OUTCOMES.index(screening.outcome):
        return None
    left = combine(compiled.assess(variant) for variant in variants)
    clauses = ", ".join(finding.clause for finding in left.findings).split(", ")
    return Way(
        changes=[_in_words(change, wording.of(screening)) for change in changes],
        outcome=outcome,
        outcome_words=outcomes.OUTCOMES[outcome],
        clauses=list(dict.fromkeys(clause for clause in clauses if clause)),
    )


def _changed(facts: Mapping[str, Any], changes: Any) -> dict[str, Any]:
    changed = dict(facts)
    for fact, member, value in changes:
        if member:
            changed[fact] = _without(changed.get(fact), member)
        else:
            changed[fact] = value
    return changed


def _without(flags: Any, member: str) -> Any:
    if isinstance(flags, Mapping):
        return {**flags, "yes": [other for other in flags.get("yes", ()) if other != member]}
    return [other for other in flags or () if other != member]


def _present(flags: Any) -> list[str]:
    members: list[str] = flags.get("yes", []) if isinstance(flags, Mapping) else flags or []
    return members


def _in_words(change: Change, own: wording.Wording) -> str:
    fact, member, value = change
    if member:
        return f"without {own.value(fact, [member])}"
    return f"{own.label(fact)}: {own.value(fact, value)}"
