"""Decided deals that are like this one: what is alike and what differs, in words.

A deal is a precedent when it shares a rule that fired, sells something that can do much the same,
and has the same kind of end user. Without one of the three it teaches nothing about this deal, so
none is shown rather than an unlike one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import itemgetter, or_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Count, OuterRef, Subquery
from django.db.models.expressions import RawSQL
from orjson import loads

from people import access
from policy import active
from reviews import labels
from reviews.models import Decision
from screening import wording
from screening.lifecycle import Status
from screening.models import Deal, Finding, Screening, holds, reference_of

# Read per page; those that share most rules are compared part by part, the rest are not read.
COMPARED = 60
#: Of decided deals in which a rule fired, the newest are looked at.
NEWEST = 200
SHOWN = 5
#: Of each rule the newest decided screenings in which it fired. Each rule is looked up by itself,
#: newest first, so that no page waits for a rule that fired in most of all deals ever. As an array,
#: because PostgreSQL then begins with these.
SHARED = """
reviews_decision.screening_id = ANY(ARRAY(
    SELECT found.screening_id FROM unnest(%s::text[]) AS shared (rule)
    CROSS JOIN LATERAL (
        SELECT DISTINCT finding.screening_id FROM screening_finding AS finding
        WHERE finding.rule = shared.rule AND EXISTS (
            SELECT FROM reviews_decision AS decided
            WHERE decided.screening_id = finding.screening_id)
        ORDER BY finding.screening_id DESC LIMIT %s) AS found))"""
#: Offers that share less than this of what they can do are not like each other.
LEAST_ALIKE = 0.5


@dataclass(frozen=True)
class Decided:
    """The decision of a deal, as far as the page shows it."""

    deal: int
    title: str
    begun_at: datetime
    outcome: str
    decided_at: datetime

    @property
    def reference(self) -> str:
        return reference_of(self.deal, self.begun_at)

    @property
    def outcome_words(self) -> str:
        return str(Status(self.outcome).label)


@dataclass(frozen=True)
class Precedent:
    """A decided deal beside this one, with a sentence for each part that is alike or differs."""

    decision: Decided
    alike: list[str]
    different: list[str]


@dataclass(frozen=True)
class Pattern:
    """What is compared of a screening; ``rules`` map to their titles."""

    rules: Mapping[str, str]
    products: Set[str]
    capabilities: Set[str]
    end_users: Set[str]
    tiers: Set[str]
    own: wording.Wording

    @classmethod
    def of_screening(cls, screening: Screening) -> "Pattern":
        fired = [(finding.rule, finding.title) for finding in screening.findings.all()]
        answers, own = screening.revision.answers, wording.of(screening)
        return cls.of(fired, answers, screening.facts, own)

    @classmethod
    def of(
        cls,
        rules: Iterable[tuple[str, str]],
        answers: Mapping[str, Any],
        variants: Sequence[Mapping[str, Any]],
        own: wording.Wording,
    ) -> "Pattern":
        """Of a screening with these rules and their titles, in the words of its own versions."""
        lines = answers.get("products") or []
        able = {name for facts in variants for name in _present(facts.get("capabilities"))}
        return cls(
            rules=dict(rules),
            products=dict.fromkeys(line for line in lines if isinstance(line, str)).keys(),
            capabilities=dict.fromkeys(sorted(able)).keys(),
            end_users=_named(variants, "end_user_type"),
            tiers=_named(variants, "country_risk"),
            own=own,
        )

    def in_words(self) -> dict[str, dict[str, str]]:
        """Each part by its label: what is compared, and how it is called."""
        own = self.own
        return {
            "Rules": {rule: f"{rule} ({title})" for rule, title in self.rules.items()},
            "Products": {line: own.product(line) for line in self.products},
            "What they can do": {
                name: own.value("capabilities", [name]) for name in self.capabilities
            },
            "End user": {kind: own.value("end_user_type", kind) for kind in self.end_users},
            "Country risk": {tier: own.value("country_risk", tier) for tier in self.tiers},
        }


def nearest(screening: Screening, user: Any) -> list[Precedent]:
    """Up to five decided deals that this person may read, the most alike first.

    The deal itself is its own history, not a precedent.
    """
    here = Pattern.of_screening(screening)
    if not (here.rules and here.capabilities and here.end_users):
        return []
    alike = [
        (_likeness(here, there), number, decided, there)
        for number, decided, there in _candidates(screening, here, user)
        if _is_alike(here, there)
    ]
    alike.sort(key=itemgetter(0, 1), reverse=True)
    return [_compare(decided, here, there) for _, _, decided, there in alike[:SHOWN]]


def _candidates(
    screening: Screening, here: Pattern, user: Any
) -> Iterator[tuple[int, Decided, Pattern]]:
    """Decided deals with a rule, a kind of end user and a capability in common; their number too.

    One statement: objects for all of these would take longer than the rest of the page.
    """
    visible = Deal.objects.visible_to(user)
    if access.has_role(user, *access.REVIEWERS):
        visible = visible.not_of_own(user)
    kinds = (holds("end_user_type", kind, "screening__") for kind in here.end_users)
    able = (holds("capabilities", name, "screening__") for name in here.capabilities)
    rules = list(here.rules)
    findings = Finding.objects.filter(screening=OuterRef("screening")).order_by("position")
    shared = findings.filter(rule__in=rules).order_by().values("screening")
    count = shared.values(n=Count("rule", distinct=True))
    decisions = (
        Decision.objects.filter(RawSQL(SHARED, [rules, NEWEST], BooleanField()))  # noqa: S611
        .filter(reduce(or_, kinds), reduce(or_, able), deal__in=visible)
        .exclude(deal=screening.revision.deal_id)
        .order_by(Subquery(count).desc(), "-pk")
    )
    rows = decisions.values_list(
        "pk",
        "deal",
        "deal__title",
        "deal__created_at",
        "outcome",
        "decided_at",
        ArraySubquery(findings.values("rule")),
        ArraySubquery(findings.values("title")),
        "screening__revision__answers_text",
        "screening__facts_text",
        "screening__rulebook",
        "screening__catalogue",
        "screening__countries",
    )
    best = list(rows[:COMPARED])
    digests = active.digests({version for row in best for version in row[-3:]})
    for number, *row in best:
        decided = Decided(*row[:5])
        fired, titles, answers, facts, *versions = row[5:]
        own = wording.of_digests(*(digests[version] for version in versions))
        rules_there = zip(fired, titles, strict=True)
        yield number, decided, Pattern.of(rules_there, loads(answers), loads(facts), own)


def _is_alike(here: Pattern, there: Pattern) -> bool:
    """Whether the other deal has a rule, the end user and the offer in common."""
    offer = here.products & there.products
    able = _shared(here.capabilities, there.capabilities) >= LEAST_ALIKE
    return bool(
        here.rules.keys() & there.rules.keys()
        and here.end_users & there.end_users
        and (offer or able)
    )


def _likeness(here: Pattern, there: Pattern) -> float:
    """For the order only; no page shows a number that pretends to measure this."""
    offer = _shared(here.products, there.products) + _shared(here.capabilities, there.capabilities)
    return (
        _shared(here.rules.keys(), there.rules.keys())
        + offer / 2
        + _shared(here.end_users, there.end_users)
        + _shared(here.tiers, there.tiers)
    )


def _shared(here: Set[str], there: Set[str]) -> float:
    either = here | there
    return len(here & there) / len(either) if either else 0.0


def _compare(decision: Decided, here: Pattern, there: Pattern) -> Precedent:
    alike: list[str] = []
    different: list[str] = []
    in_words = there.in_words()
    for label, ours in here.in_words().items():
        theirs = in_words[label]
        both = [ours[name] for name in ours if name in theirs]
        if both:
            alike.append(f"{label}: {', '.join(both)}")
        different += _difference(label, ours, theirs)
    return Precedent(decision, alike, different)


def _difference(label: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    only_here = [ours[name] for name in ours if name not in theirs]
    only_there = [theirs[name] for name in theirs if name not in ours]
    sides = [
        f"{side} {', '.join(names)}"
        for side, names in (("only here", only_here), ("only there", only_there))
        if names
    ]
    return [f"{label}: {'; '.join(sides)}"] if sides else []


def deciding_facts(screening: Screening) -> list[str]:
    """The facts that fired the findings of a screening, each once, without quoted texts."""
    named: dict[str, None] = {}
    for finding in screening.findings.all():
        named |= dict.fromkeys(finding.facts)
    return [name for name in named if name not in labels.BESIDE]


def _named(variants: Iterable[Mapping[str, Any]], fact: str) -> Set[str]:
    """The known values of a fact: two end users that nobody knows are not alike."""
    values = dict.fromkeys(facts.get(fact) for facts in variants)
    return dict.fromkeys(value for value in values if value not in (None, "unknown")).keys()


def _present(flags: Any) -> list[str]:
    sure: list[str] = flags.get("yes", []) if isinstance(flags, Mapping) else flags or []
    return sure
