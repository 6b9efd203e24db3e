"""Decided deals that are like this one: what is alike and what differs, in words.

A deal is a precedent when it shares a rule that fired, sells something that can do much the same,
and has the same kind of end user. Without one of the three it teaches nothing about this deal, so
none is shown rather than an unlike one.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection

from people import access
from reviews import labels
from reviews.models import Decision
from reviews.paging import in_order_of
from screening import wording
from screening.models import Deal, Screening, holds

# Read per page; those that share most rules are compared part by part, the rest are not read.
COMPARED = 60
#: Of decided deals in which a rule fired, the newest are looked at.
NEWEST = 200
SHOWN = 5
#: Of each rule the newest decided screenings in which it fired.
SHARED = """
SELECT found.screening_id FROM unnest(%s::text[]) AS shared (rule)
CROSS JOIN LATERAL (
    SELECT DISTINCT finding.screening_id FROM screening_finding AS finding
    WHERE finding.rule = shared.rule AND EXISTS (
        SELECT FROM reviews_decision WHERE screening_id = finding.screening_id)
    ORDER BY finding.screening_id DESC LIMIT %s) AS found"""
#: Offers that share less than this of what they can do are not like each other.
LEAST_ALIKE = 0.5


@dataclass(frozen=True)
class Precedent:
    """A decided deal beside this one, with a sentence for each part that is alike or differs."""

    decision: Decision
    alike: list[str]
    different: list[str]


@dataclass(frozen=True)
class Pattern:
    """What is compared of a screening; each part maps what is compared to its words."""

    rules: Mapping[str, str]
    products: Mapping[str, str]
    capabilities: Mapping[str, str]
    end_users: Mapping[str, str]
    tiers: Mapping[str, str]

    @classmethod
    def of(cls, screening: Screening) -> "Pattern":
        own = wording.of(screening)
        lines = screening.revision.answers.get("products") or []
        able = {name for facts in screening.facts for name in _present(facts.get("capabilities"))}
        return cls(
            rules={
                finding.rule: f"{finding.rule} ({finding.title})"
                for finding in screening.findings.all()
            },
            products={line: own.product(line) for line in lines if isinstance(line, str)},
            capabilities={name: own.value("capabilities", [name]) for name in sorted(able)},
            end_users=_named(screening, "end_user_type"),
            tiers=_named(screening, "country_risk"),
        )


def nearest(screening: Screening, user: Any) -> list[Precedent]:
    """Up to five decided deals that this person may read, the most alike first.

    The deal itself is its own history, not a precedent.
    """
    here = Pattern.of(screening)
    if not (here.rules and here.capabilities and here.end_users):
        return []
    compared = [
        (_likeness(here, there), decision.pk, _compare(decision, here, there))
        for decision in _candidates(screening, here, user)
        if _is_alike(here, there := Pattern.of(decision.screening))
    ]
    compared.sort(key=lambda row: row[:2], reverse=True)
    return [precedent for _likeness_of_it, _pk, precedent in compared[:SHOWN]]


def _candidates(screening: Screening, here: Pattern, user: Any) -> list[Decision]:
    """Decided deals with a rule, a kind of end user and a capability in common."""
    shared = _rules_shared(here)
    visible = Deal.objects.visible_to(user)
    if access.has_role(user, *access.REVIEWERS):
        visible = visible.not_of_own(user)
    kinds = (holds("end_user_type", kind, "screening__") for kind in here.end_users)
    able = (holds("capabilities", name, "screening__") for name in here.capabilities)
    decisions = (
        Decision.objects.filter(screening__in=shared)
        .filter(reduce(or_, kinds), reduce(or_, able), deal__in=visible)
        .exclude(deal=screening.revision.deal_id)
        .values_list("screening", "pk")
    )
    best = sorted(decisions, key=lambda pair: (shared[pair[0]], pair[1]), reverse=True)[:COMPARED]
    with_rows = (
        wording.with_versions(Decision.objects.all(), "screening__")
        .select_related("deal", "screening__revision")
        .prefetch_related("screening__findings")
    )
    return in_order_of([pk for _, pk in best], with_rows)


def _rules_shared(here: Pattern) -> Counter[int]:
    """Decided screening → how many rules it shares, of the newest of each rule.

    Each rule is looked up by itself, newest first, so that no page waits for a rule that fired in
    most of all deals ever.
    """
    with connection.cursor() as cursor:
        cursor.execute(SHARED, [list(here.rules), NEWEST])
        return Counter(screening for (screening,) in cursor.fetchall())


def _is_alike(here: Pattern, there: Pattern) -> bool:
    """Whether the other deal has a rule, the end user and the offer in common."""
    offer = here.products.keys() & there.products.keys()
    able = _shared(here.capabilities, there.capabilities) >= LEAST_ALIKE
    return bool(
        here.rules.keys() & there.rules.keys()
        and here.end_users.keys() & there.end_users.keys()
        and (offer or able)
    )


def _likeness(here: Pattern, there: Pattern) -> float:
    """For the order only; no page shows a number that pretends to measure this."""
    offer = _shared(here.products, there.products) + _shared(here.capabilities, there.capabilities)
    return (
        _shared(here.rules, there.rules)
        + offer / 2
        + _shared(here.end_users, there.end_users)
        + _shared(here.tiers, there.tiers)
    )


def _shared(here: Mapping[str, str], there: Mapping[str, str]) -> float:
    either = here.keys() | there.keys()
    return len(here.keys() & there.keys()) / len(either) if either else 0.0


def _compare(decision: Decision, here: Pattern, there: Pattern) -> Precedent:
    alike: list[str] = []
    different: list[str] = []
    for label, ours, theirs in (
        ("Rules", here.rules, there.rules),
        ("Products", here.products, there.products),
        ("What they can do", here.capabilities, there.capabilities),
        ("End user", here.end_users, there.end_users),
        ("Country risk", here.tiers, there.tiers),
    ):
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


def _named(screening: Screening, fact: str) -> dict[str, str]:
    """The known values of a fact over all variants, with their words.

    Two end users that nobody knows are not alike.
    """
    own = wording.of(screening)
    values = labels.over_variants(screening, fact)
    return {value: own.value(fact, value) for value in values if value not in (None, "unknown")}


def _present(flags: Any) -> list[str]:
    sure: list[str] = flags.get("yes", []) if isinstance(flags, Mapping) else flags or []
    return sure
