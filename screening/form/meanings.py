"""What one answer means for a draft: the rules that fire because of it, by the engine itself.

The words come from the rulebook, so a page never says more than a clause does. It speaks only from
what was asked: until then a fact is unknown here, although screening takes it for the gravest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from policy import active
from policy.engine.language.condition import OUTCOMES
from policy.engine.language.facts import Facts
from policy.engine.readings.assessment import Finding
from policy.facts.declared import DeclaredError
from policy.facts.derive import ReferenceData, derive, trace
from screening import sales_words, wording
from screening.form import questions
from screening.form.deal_form import QUESTIONS, Answers, Context
from screening.form.named_in_text import SITE
from screening.sales_words import Card

#: The outcome of a question that somebody has to answer.
ASKS = "needs_information"
#: What a rule reads that asks about contradictions.
CONFLICT = "fact_conflict"


@dataclass(frozen=True)
class Meaning:
    """The findings that an answer adds, strictest first, and those that it takes away."""

    cards: list[Card]
    gone: list[Card]
    stops: bool

    @cached_property
    def as_text(self) -> str:
        """What it adds and takes away in sentences; "" when it does neither."""
        parts = []
        if self.cards:
            parts += [_("What your answer means:"), *map(_sentence, self.cards)]
        if self.gone:
            parts += [_("No longer the case:"), *map(_sentence, self.gone)]
        return " ".join(parts)


def _sentence(card: Card) -> str:
    return f"{card.because} ({card.clauses[0].id})"


def of_answer(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    data: ReferenceData,
    *,
    stored: Mapping[str, Any] | None = None,
) -> Meaning:
    """What the answers after say that the answers before did not, and the other way round.

    What is taken away is compared with the ``stored`` answers where ``before`` leaves one out.
    """
    old, new = _findings(before, data), _findings(after, data)
    kept = old if stored is None else _findings(stored, data)
    added = _not_in(old, new)
    # Nothing of it was screened yet.
    own = wording.of_data(data)
    return Meaning(
        cards=[sales_words.card(finding, {}, own) for finding in added],
        gone=[sales_words.card(finding, {}, own) for finding in _not_in(new, kept)],
        stops=any(finding.outcome == "bar" for finding in added),
    )


def softened(
    before: Mapping[str, Any], after: Mapping[str, Any], data: ReferenceData
) -> list[Finding]:
    """What is `taken_away`. Nothing, when the answers after bring up something that is at least as
    strict. A question that they bring up is no stop and no review: the next answer settles it, and
    then neither is left.
    """
    gone, added = _compared(before, after, data)
    decided = [finding for finding in gone if finding.outcome != ASKS]
    if decided:
        added = [finding for finding in added if finding.outcome != ASKS]
    return [] if _strictest(added) >= _strictest(decided or gone) else gone


def taken_away(
    before: Mapping[str, Any], after: Mapping[str, Any], data: ReferenceData
) -> list[Finding]:
    """What surely fired with the answers before and no longer does, the strictest first, whatever
    fires instead: in a draft the next answer may take that away. Where the facts contradict each
    other with both, it is gone as far as one of the contradictions is.

    Nothing, when the versions of today cannot read one of the two.
    """
    return _compared(before, after, data)[0]


def leaves_doubts_out(
    before: Mapping[str, Any], after: Mapping[str, Any], data: ReferenceData
) -> bool:
    """Whether something contradicts with the answers before, and not with those after."""
    try:
        return not _said(before, data).doubts <= _said(after, data).doubts
    except DeclaredError:
        return False


def words_of_sites_gone(
    before: Mapping[str, Any], after: Mapping[str, Any], data: ReferenceData
) -> bool:
    """Whether the words of a site named or said something that compliance would have read, and no
    longer do. Where it is, a site may say otherwise.
    """
    try:
        gone = _said(before, data).doubts - _said(after, data).doubts
    except DeclaredError:
        return False
    return any(doubt.startswith(f"The {SITE} ") for doubt in gone)


def _compared(
    before: Mapping[str, Any], after: Mapping[str, Any], data: ReferenceData
) -> tuple[list[Finding], list[Finding]]:
    """What is gone, the strictest first, and what the answers after bring up."""
    try:
        was, now = _said(before, data), _said(after, data)
    except DeclaredError:
        return [], []
    old, new = was.findings, now.findings
    gone = _not_in(new, old)
    if not was.doubts <= now.doubts:
        gone += [finding for finding in old if CONFLICT in finding.facts and finding not in gone]
    return sorted(gone, key=_strictness, reverse=True), _not_in(old, new)


def stops(answers: Mapping[str, Any], data: ReferenceData) -> bool:
    """Whether the page says that the policy stops what these answers say."""
    try:
        return any(finding.outcome == "bar" for finding in _findings(answers, data))
    except DeclaredError:
        return False


def _strictest(findings: list[Finding]) -> int:
    return max(map(_strictness, findings), default=-1)


def _strictness(finding: Finding) -> int:
    return OUTCOMES.index(finding.outcome)


def _not_in(known: list[Finding], findings: list[Finding]) -> list[Finding]:
    rules = {finding.rule for finding in known}
    return [finding for finding in findings if finding.rule not in rules]


class Said(NamedTuple):
    """What surely fires, whatever the answers that are still to come, and what contradicts."""

    findings: list[Finding]
    doubts: frozenset[str]


def _findings(answers: Mapping[str, Any], data: ReferenceData) -> list[Finding]:
    return _said(answers, data).findings


def _said(answers: Mapping[str, Any], data: ReferenceData) -> Said:
    context = questions.context_of(answers, data)
    asked = questions.shown_answers(answers, context)
    # Without products there is nothing with which an answer could be compared.
    declared = questions.declared_facts(asked, context if "products" in asked else None)
    if not declared:
        return Said([], frozenset())
    pending = _pending(asked, context)
    variants = trace(declared, data, on=timezone.localdate())
    facts = [_without(pending, variant.facts, data) for variant in variants]
    findings = [
        finding
        for finding in active.assess(data, facts).findings
        if not questions.only_misses_an_answer(finding)
    ]
    doubts = frozenset(doubt for variant in variants for doubt in variant.doubts)
    return Said(findings, doubts.union(declared.get("contradictions", ())))


def _pending(answers: Answers, context: Context) -> frozenset[str]:
    """The numbers of questions that are not answered, or that an answer may still bring up."""
    pending: list[str] = []
    for question in QUESTIONS:
        if not question.fact or questions.is_answered(question, answers, context):
            continue
        # What is not shown is settled by the answers before it, once they are all there.
        if pending or question.is_asked(answers, context):
            pending.append(question.number)
    return frozenset(pending)


def _without(pending: frozenset[str], facts: Facts, data: ReferenceData) -> Facts:
    """The facts without those that nobody was asked: what stands there stands for silence."""
    silence = derive({}, data)[0].plain
    vocabulary = data.rulebook.vocabulary
    return vocabulary.parse(
        {
            name: value
            for name, value in facts.plain.items()
            if vocabulary[name].ask not in pending or value != silence.get(name)
        }
    )
