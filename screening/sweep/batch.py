"""Many deals screened again in one transaction; the meaning is that of `actions.rescreen_deal`.

What is read for all of them at once is here; what is written is in `recording`.
"""

import gc
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from audit.models import SYSTEM
from audit.refusals import Conflict
from policy import active
from policy.facts.bundle import ReferenceData
from policy.reference.names.outlines import are_alike
from screening import deriving, following, lifecycle, recording
from screening.around import UNREAD, Around
from screening.lifecycle import CLOSED
from screening.linking import Other, key_of_name
from screening.models import Deal, DealRevision, Finding, Screening
from screening.parties.models import DealParty
from screening.recording import Plan
from screening.sweep import confirming, holding

#: What two screenings share that differ only in the rulebook that they name.
SAME = tuple(
    field.attname
    for field in Screening._meta.concrete_fields
    if field.name not in ("id", "cause", "rulebook", "rows_text", "created_at")
    and not field.generated
)


class Apart(Exception):
    """This deal is better screened by itself."""


@dataclass
class Result:
    screened: int = 0
    #: Deals that were left out, and why.
    failed: dict[int, str] = field(default_factory=dict)
    #: Deals that are to be screened one by one.
    apart: list[int] = field(default_factory=list)


@contextmanager
def keeping_garbage() -> Iterator[None]:
    """Without a search for what nothing refers to: so many deals leave little of it, and looking
    through all reference data for it costs more than to screen some of them.
    """
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


@keeping_garbage()
@transaction.atomic
def screen(
    pks: Collection[int], due: Any, *, cause: str, because: str, only_changed: bool = False
) -> Result:
    """Screen again those of the deals that, under their locks, are still due.

    ``due`` is the queryset of what is due; with ``only_changed``, those of it whose facts are what
    they were stay as they are. A deal that cannot be screened is left out and named;
    whatever PostgreSQL refuses undoes the whole batch and is raised.
    """
    deals = locked(pks, due)
    result = Result()
    if not deals:
        return result
    planner = _Planner(deals, cause, only_changed=only_changed)
    plans = planner.plans(result)
    recording.write(plans, planner.versions, because=because, actor=SYSTEM)
    confirming.record(planner.versions, planner.standing)
    result.screened = len(plans)
    return result


def locked(pks: Collection[int], due: Any) -> list[Deal]:
    """Lock the deals in the order of their numbers; then those that are due under the locks."""
    locks = Deal.objects.select_for_update(of=("self",)).filter(pk__in=pks).order_by("pk")
    found = list(locks.values_list("pk", flat=True))
    deals = list(due.filter(pk__in=found).select_related("screening").defer(*UNREAD))
    owners = get_user_model().objects.in_bulk({deal.owner_id for deal in deals})
    for deal in deals:
        deal.owner = owners[deal.owner_id]
    return deals


class _Planner:
    """Reads what all the deals need, then derives and assesses each."""

    def __init__(self, deals: Sequence[Deal], cause: str, *, only_changed: bool) -> None:
        self.deals = deals
        self.cause = cause
        self.only_changed = only_changed
        self.versions = active.versions(lock=True)
        self.data: ReferenceData = active.reference_data(self.versions)
        pks = [deal.pk for deal in deals]
        # Whoever looks for changes knows that something changed: nothing holds unseen.
        self.held = frozenset() if only_changed else holding.held(pks, self.versions)
        derived = [deal for deal in deals if deal.pk not in self.held]
        self.revisions = newest_revisions(derived)
        self.around = _Around(derived)
        self.findings = _findings_of(derived)
        #: Screenings that say under these versions, word for word, what they said.
        self.standing: list[int] = []

    def plans(self, result: Result) -> list[Plan]:
        found = []
        for deal in self.deals:
            try:
                plan = self._plan(deal)
                found += [plan] if plan else []
            except Apart:
                result.apart.append(deal.pk)
            except (Conflict, ValueError) as refusal:
                # ValueError: answers or facts that the new version cannot read.
                result.failed[deal.pk] = str(refusal)
        return found

    def _plan(self, deal: Deal) -> Plan | None:
        before = deal.last_screening
        revision, found = self._found(deal, before)
        if self.only_changed and not found.differs_from(before, deal.review_level):
            return None
        plan = recording.plan(deal, revision, found, self.data, self.versions, cause=self.cause)
        if self._stands(plan):
            self.standing.append(before.pk)
            return None
        if plan.course.moves:
            lifecycle.check_move(deal.status, plan.course.status)
        deal.screening = plan.screening
        self.around.follow(deal, plan.course.status)
        return plan

    def _stands(self, plan: Plan) -> bool:
        """Whether another rulebook is all that is new, and it changes nothing about this deal."""
        before, deal = plan.before, plan.deal
        if before is None or deal.pk in self.held:
            return False
        now = plan.screening
        return (
            all(getattr(before, name) == getattr(now, name) for name in SAME)
            and plan.course.status == deal.status
            and plan.course.level == deal.review_level
            and self.findings[before.pk] == following.finding_values(plan.assessment)
        )

    def _found(self, deal: Deal, before: Screening) -> tuple[int, deriving.Found]:
        """The newest revision and its facts."""
        if deal.pk in self.held:
            words = self.data.rulebook.vocabulary
            return before.revision_id, holding.stored(before, deal.end_user_key, words)
        if self.around.comes_from_ours(deal):
            # What becomes of the deals before it decides what it follows.
            raise Apart
        revision = self.revisions[deal.pk]
        revision.deal = deal
        found = deriving.of_revision(revision, self.data, self.around)
        if found.end_user_key != deal.end_user_key:
            # Other deals of a batch look for it under the key that it had.
            raise Apart
        return revision.pk, found


class _Around(Around):
    """The same, kept as the batch goes on changing the deals."""

    def __init__(self, deals: Sequence[Deal]) -> None:
        super().__init__(deals)
        self._closed: set[int] = set()
        self._closed_keys: set[str] = set()
        self._other: dict[int, Other] = {}

    def others(self, deal: Deal, key: str, data: ReferenceData) -> list[Other]:
        if key and key not in self._keys:
            # Other deals of the batch look for it under the key that it had.
            raise Apart
        return super().others(deal, key, data)

    def used_by(
        self, keys: Collection[str], deal: Deal, data: ReferenceData
    ) -> dict[str, list[Other]]:
        return self._open(super().used_by(keys, deal, data))

    def once_used_by(
        self, keys: Collection[str], deal: Deal, data: ReferenceData
    ) -> dict[str, list[Other]]:
        return self._open(super().once_used_by(keys, deal, data))

    def _open(self, used: Mapping[str, Sequence[Other]]) -> dict[str, list[Other]]:
        """Without deals that the batch has closed."""
        return {
            key: [other for other in others if other.deal.pk not in self._closed]
            for key, others in used.items()
        }

    def _as_other(self, deal: Deal, data: ReferenceData) -> Other:
        if deal.pk not in self._other:
            revision = deal.last_screening.revision
            answers, declared = self.answers(revision), self.declared(revision)
            # As the batch goes on, what is ours has a newer screening.
            current = self._ours.get(deal.pk, deal)
            earlier = self.sent_before(deal)
            self._other[deal.pk] = Other.of(
                current, answers, declared, data, on=self.today, earlier=earlier
            )
        return self._other[deal.pk]

    def comes_from_ours(self, deal: Deal) -> bool:
        return any(other.pk in self._ours for other in self.ancestors(deal))

    def stopped(self, names: Collection[str], sent: datetime) -> list[Deal]:
        # Asked before `signed`, of the same names.
        keys = self._bodies({*map(key_of_name, names)})
        is_alike = any(are_alike(closed, name) for closed in self._closed_keys for name in names)
        if is_alike or not self._closed_keys.isdisjoint(keys):
            # Its time is known once it is written.
            raise Apart
        return super().stopped(names, sent)

    def stopped_above(self, keys: Collection[str], sent: datetime) -> list[Deal]:
        if not self._closed_keys.isdisjoint(frozenset().union(*map(self.above, keys))):
            raise Apart
        return super().stopped_above(keys, sent)

    def follow(self, deal: Deal, status: str) -> None:
        if status in CLOSED:
            self._closed.add(deal.pk)
            self._closed_keys |= {*self._principals.get(deal.pk, ()), deal.end_user_key}

    @cached_property
    def _principals(self) -> Mapping[int, list[str]]:
        """By the number of a deal the keys of those who sign it or were to use it."""
        principals: dict[int, list[str]] = defaultdict(list)
        parts = DealParty.objects.principals().filter(deal__in=self._ours)
        for deal, key in parts.values_list("deal", "party__key"):
            principals[deal].append(key)
        return principals


def _findings_of(deals: Collection[Deal]) -> Mapping[int, list[tuple[Any, ...]]]:
    """Of the newest screening of each deal what its findings hold, in their order."""
    screenings = [deal.screening_id for deal in deals]
    stored = Finding.objects.filter(screening__in=screenings).order_by("screening", "position")
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for screening, *values in stored.values_list("screening", *following.FINDING):
        found[screening].append(tuple(values))
    return found


def newest_revisions(deals: Collection[Deal]) -> dict[int, DealRevision]:
    """By the number of the deal what was sent last."""
    revisions = DealRevision.objects.filter(deal__in=deals).order_by("deal", "-number")
    return {one.deal_id: one for one in revisions.distinct("deal")}
