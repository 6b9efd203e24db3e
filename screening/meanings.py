"""What one answer means for a draft: the rules that fire because of it, by the engine itself.

The words come from the rulebook, so a page never says more than a clause does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from policy import active
from policy.derive import ReferenceData, derive
from policy.engine.assessment import Finding
from screening import questions, reading
from screening.reading import Card


@dataclass(frozen=True)
class Meaning:
    """The findings that an answer adds, strictest first, and those that it takes away."""

    cards: list[Card]
    stops: bool

    @cached_property
    def as_text(self) -> str:
        lead = _("What your answer means:")
        return " ".join([lead, *(f"{card.because} ({card.clauses[0].id})" for card in self.cards)])


def of_answer(before: Mapping[str, Any], after: Mapping[str, Any], data: ReferenceData) -> Meaning:
    """What the answers after say that the answers before did not."""
    known = {finding.rule for finding in _findings(before, data)}
    new = [finding for finding in _findings(after, data) if finding.rule not in known]
    return Meaning(
        cards=[reading.card(finding, {}, data) for finding in new],
        stops=any(finding.outcome == "bar" for finding in new),
    )


def _findings(answers: Mapping[str, Any], data: ReferenceData) -> list[Finding]:
    """What fires for the answers so far; what is only not answered yet is left out."""
    declared = questions.declared_facts(answers, questions.context_of(answers, data))
    if not declared:
        return []
    found = active.assess(data, derive(declared, data)).findings
    return [one for one in found if not questions.only_misses_an_answer(one)]
