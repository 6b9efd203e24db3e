"""What screening says about a deal: the pure result, before anybody stores it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from policy.engine.language.condition import OUTCOMES, RANK, REVIEWS, Outcome
from policy.engine.language.facts import Fact, Facts, Flags, Plain, Text
from policy.engine.language.words import AND, PLACEHOLDER, listed


class Finding(NamedTuple):
    """One rule that fired, with its reason in the deal's own words.

    `facts` are the plain values that fired it; of flags, the members that the rule looks at and
    that are there (an empty list: none of them is).
    """

    rule: str
    clause: str
    outcome: Outcome
    because: str
    facts: Mapping[str, Plain]
    evidence: tuple[str, ...]
    title: str
    asks: str


class Assessment(NamedTuple):
    """Outcome and reasons. Rules are named by id, highest outcome first, then by id.

    `missing` names the facts that could still raise the outcome, in the vocabulary's order; it is
    empty unless an open rule stands above the fired ones. `review_floor` is the highest review
    that fired, whatever stands above it.
    """

    outcome: Outcome
    fired: tuple[str, ...]
    open: tuple[str, ...]
    missing: tuple[str, ...]
    review_floor: Outcome | None
    findings: tuple[Finding, ...]


def combine(assessments: Iterable[Assessment]) -> Assessment:
    """One assessment of a deal that was screened in several variants (countries, purposes).

    The highest outcome decides. Findings are united: the same rule with the same sentence is told
    once. `missing` is what any variant misses, and nothing once a variant is barred: a bar is
    final. Raises ValueError when there is no variant, because nothing screened is not clear.
    """
    several = list(assessments)
    if not several:
        raise ValueError("no assessment to combine; a deal has at least one variant")
    if len(several) == 1:
        return several[0]
    outcome = highest(assessment.outcome for assessment in several)
    findings: dict[tuple[str, str], Finding] = {}
    for assessment in several:
        for finding in assessment.findings:
            findings.setdefault((finding.rule, finding.because), finding)
    ordered = sorted(findings.values(), key=lambda item: (-RANK[item.outcome], item.rule))
    fired = tuple(dict.fromkeys(finding.rule for finding in ordered))
    open_ = dict.fromkeys(
        rule for assessment in several for rule in assessment.open if rule not in fired
    )
    missing = dict.fromkeys(name for assessment in several for name in assessment.missing)
    floors = [assessment.review_floor for assessment in several if assessment.review_floor]
    return Assessment(
        outcome=outcome,
        fired=fired,
        open=tuple(open_),
        missing=() if outcome == "bar" else tuple(missing),
        review_floor=highest(floors) if floors else None,
        findings=tuple(ordered),
    )


def review_floor(outcomes: Iterable[Outcome]) -> Outcome | None:
    """The highest review among the outcomes of the fired rules."""
    reviews = [outcome for outcome in outcomes if outcome in REVIEWS]
    return highest(reviews) if reviews else None


def decided(fired: Outcome, highest_open: Outcome) -> Outcome:
    """The outcome, from the highest fired and the highest open rule (clear when there is none)."""
    return "needs_information" if RANK[highest_open] > RANK[fired] else fired


def sentence(because: str, facts: Facts, looks: Mapping[str, frozenset[str]]) -> str:
    """The reason with every {fact} filled in; `looks` as in `Rulebook.looks`.

    Words of the vocabulary are capitalised where they begin the sentence, names never.
    """
    pieces = PLACEHOLDER.split(because)
    vocabulary = facts.vocabulary
    for at in range(1, len(pieces), 2):
        name, *others = pieces[at].split(AND)
        if others:
            words = joined_words([vocabulary[fact] for fact in (name, *others)], facts, looks)
        else:
            words = value_words(vocabulary[name], facts, looks.get(name, frozenset()))
        quoted = isinstance(vocabulary[name], Text) and facts.texts.get(name)
        pieces[at] = words if quoted or at > 1 or pieces[0] else capitalised(words)
    return "".join(pieces)


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def value_words(fact: Fact, facts: Facts, members: frozenset[str]) -> str:
    """A fact of this deal in human words; of flags only `members`, when the rule looks at some."""
    if isinstance(fact, Text):
        return facts.texts.get(fact.name) or fact.unknown_words
    if isinstance(fact, Flags):
        return flag_words(fact, members_there(fact, facts, members or frozenset(fact.members)))
    value = facts[fact.name]
    if value is None:
        return fact.unknown_words
    return fact.say(str(value).lower() if isinstance(value, bool) else str(value))


def joined_words(several: Sequence[Fact], facts: Facts, looks: Mapping[str, frozenset[str]]) -> str:
    """What is there of several sets of flags, as one list."""
    words = [
        fact.say(member)
        for fact in several
        if isinstance(fact, Flags)
        for member in members_there(fact, facts, looks.get(fact.name) or frozenset(fact.members))
    ]
    return listed(words) or several[0].unknown_words


def flag_words(fact: Flags, members: Sequence[str]) -> str:
    return listed([fact.say(member) for member in members]) or fact.unknown_words


def members_there(fact: Flags, facts: Facts, members: frozenset[str]) -> list[str]:
    """Those of the members that are surely there, in the vocabulary's order."""
    return [
        member
        for member in fact.members
        if member in members and facts.has(fact.name, member) is True
    ]


def highest(outcomes: Iterable[Outcome]) -> Outcome:
    """The highest outcome; clear when there is none."""
    return max(outcomes, key=RANK.__getitem__, default=OUTCOMES[0])
