"""The nearest decided deals: those that share most findings, then most of the deciding facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from audit import access
from reviews import words
from reviews.models import Decision
from screening.models import Deal, Screening

# Read per page; the nearest by findings are compared fact by fact, the rest are not read.
COMPARED = 40
SHOWN = 5


@dataclass(frozen=True)
class Precedent:
    """A decided deal beside this one. ``same`` and ``different`` are labels of facts."""

    decision: Decision
    shared_rules: list[str]
    same: list[str]
    different: list[str]


def nearest(screening: Screening, user: Any) -> list[Precedent]:
    """Up to five decided deals that this person may read, nearest first.

    Only deals that share a finding count; the deal itself is its own history, not a precedent.
    """
    rules = {finding.rule for finding in screening.findings.all()}
    if not rules:
        return []
    visible = Deal.objects.visible_to(user)
    if access.has_role(user, *access.REVIEWERS):
        visible = visible.not_of_own(user)
    shared = Count("screening__findings", filter=Q(screening__findings__rule__in=rules))
    candidates = (
        Decision.objects.filter(deal__in=visible.values("pk"))
        .exclude(deal=screening.revision.deal_id)
        .annotate(shared=shared)
        .filter(shared__gt=0)
        .select_related("deal", "screening")
        .prefetch_related("screening__findings")
        .order_by("-shared", "-pk")[:COMPARED]
    )
    deciding = deciding_facts(screening)
    found = [_compare(decision, screening, rules, deciding) for decision in candidates]
    found.sort(key=lambda one: (len(one.shared_rules), len(one.same)), reverse=True)
    return found[:SHOWN]


def deciding_facts(screening: Screening) -> list[str]:
    """The facts that fired the findings of a screening, each once, without quoted texts."""
    named: dict[str, None] = {}
    for finding in screening.findings.all():
        named |= dict.fromkeys(finding.facts)
    return [name for name in named if name not in words.BESIDE]


def _compare(
    decision: Decision, screening: Screening, rules: set[str], deciding: Iterable[str]
) -> Precedent:
    other = decision.screening
    same: list[str] = []
    different: list[str] = []
    for name in deciding:
        equal = _values(other, name) == _values(screening, name)
        (same if equal else different).append(words.label(name))
    shared = [finding.rule for finding in other.findings.all() if finding.rule in rules]
    return Precedent(decision, shared, same, different)


def _values(screening: Screening, name: str) -> set[str]:
    return {str(value) for value in words.over_variants(screening, name)}
