"""What stored screenings tell about the policy (see policy.past)."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Count
from django.urls import reverse

from audit import access
from audit.refusals import Conflict
from policy import active
from policy.declared import DeclaredError
from policy.derive import ReferenceData
from policy.engine.assessment import Assessment
from policy.engine.facts import FactError
from policy.past import Backtest, ChangedDeal, Coverage, DealLine
from screening import facts
from screening.lifecycle import Status
from screening.models import Deal, DealRevision, Finding, Screening

MOST_DEALS = 20
BATCH = 200
#: Statuses that a new version of the reference data can still change.
LIVE = (
    Status.NEEDS_INFORMATION,
    Status.IN_REVIEW,
    Status.CLEARED,
    Status.APPROVED,
    Status.APPROVED_WITH_CONDITIONS,
)
STILL_OPEN = """
SELECT rule, count(*) FROM screening_screening, jsonb_array_elements_text(open_text::jsonb) AS rule
WHERE rulebook_id = %s GROUP BY rule"""
Note = Callable[[int, int], None]


def backtest(
    before: ReferenceData,
    after: ReferenceData,
    *,
    rulebook_only: bool,
    note: Note,
    newest: int = 0,
) -> Backtest:
    """Both over every stored screening, then the new one over the deals that still count.

    With ``newest`` only so many of each, the newest first.

    A rulebook is played over the facts as they were stored. The other kinds change the facts
    themselves, so these are worked out again from the answers that were sent.
    """
    run = _Run(before, after, rulebook_only=rulebook_only, note=note)
    stored = Screening.objects.select_related("revision__deal").order_by("pk")
    live = Deal.objects.filter(status__in=LIVE).select_related("screening").order_by("pk")
    if newest:
        stored, live = stored.order_by("-pk")[:newest], live.order_by("-pk")[:newest]
    run.total = stored.count() + live.count()
    for screening in stored.iterator(chunk_size=BATCH):
        run.replay(screening)
    for deal in live.iterator(chunk_size=BATCH):
        run.ask_again(deal)
    note(run.total, run.total)
    return Backtest(
        sum(run.matrix.values()), dict(run.matrix), run.changed, run.affected, run.unread
    )


class _Run:
    """One back-test: what it counted so far."""

    def __init__(
        self, before: ReferenceData, after: ReferenceData, *, rulebook_only: bool, note: Note
    ) -> None:
        self.before, self.after = before, after
        self.rulebook_only = rulebook_only
        self.note = note
        self.total = self.done = 0
        self.matrix: Counter[tuple[str, str]] = Counter()
        self.changed: list[ChangedDeal] = []
        self.affected: list[ChangedDeal] = []
        self.unread: list[str] = []

    def replay(self, screening: Screening) -> None:
        deal = screening.revision.deal
        try:
            was = self._assessed(self.before, screening)
            now = self._assessed(self.after, screening)
        except (FactError, DeclaredError, Conflict) as error:
            self._unread(deal, error)
            return
        finally:
            self._tick()
        self.matrix[was.outcome, now.outcome] += 1
        if was.outcome != now.outcome:
            rules = sorted(set(was.fired) ^ set(now.fired))
            self.changed.append(_changed(deal, screening.pk, was.outcome, now.outcome, rules))

    def ask_again(self, deal: Deal) -> None:
        revision = deal.newest_revision()
        assert revision is not None  # noqa: S101  it was sent
        assert deal.screening is not None  # noqa: S101  and screened
        try:
            now = _rederived(revision, self.after)
        except (FactError, DeclaredError, Conflict) as error:
            self._unread(deal, error)
            return
        finally:
            self._tick()
        was = deal.screening
        if now.outcome != was.outcome:
            fired = {finding.rule for finding in was.findings.all()}
            rules = sorted(fired ^ set(now.fired))
            self.affected.append(_changed(deal, was.pk, was.outcome, now.outcome, rules))

    def _assessed(self, reference: ReferenceData, screening: Screening) -> Assessment:
        if not self.rulebook_only:
            return _rederived(screening.revision, reference)
        vocabulary = reference.rulebook.vocabulary
        variants = [vocabulary.parse(plain) for plain in screening.facts]
        return active.assess(reference, variants)

    def _unread(self, deal: Deal, error: Exception) -> None:
        self.unread.append(f"{deal.reference}: {error}")

    def _tick(self) -> None:
        self.done += 1
        if self.done % BATCH == 0:
            self.note(self.done, self.total)


def _rederived(revision: DealRevision, reference: ReferenceData) -> Assessment:
    return active.assess(reference, facts.of_revision(revision, reference).variants)


def _changed(
    deal: Deal, screening: int, before: str, after: str, rules: Sequence[str]
) -> ChangedDeal:
    return ChangedDeal(
        deal.pk, screening, deal.reference, deal.title, deal.status, before, after, rules
    )


def coverage(rulebook: int) -> dict[str, Coverage]:
    """Per rule: in how many screenings of this rulebook version it fired, stayed open or quiet."""
    total = screenings(rulebook)
    fired = dict(
        Finding.objects.filter(screening__rulebook=rulebook)
        .order_by().values_list("rule").annotate(Count("screening", distinct=True))
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(STILL_OPEN, [rulebook])
        still_open = dict(cursor.fetchall())
    found = {}
    for rule in fired.keys() | still_open.keys():
        # Several variants of one deal may leave a rule fired in one and open in another.
        open_ = min(still_open.get(rule, 0), total - fired.get(rule, 0))
        found[rule] = Coverage(fired.get(rule, 0), total - fired.get(rule, 0) - open_, open_)
    return found


def screenings(rulebook: int) -> int:
    return Screening.objects.filter(rulebook=rulebook).count()


def _page(deal: Deal, roles: frozenset[str], user: Any) -> str:
    """The page of the deal for this person; each role has its own."""
    pages = (
        ({access.SENIOR, access.EXECUTIVE}, "reviews:deal"),
        ({access.COMPLIANCE}, "reviews:compliance-deal"),
        ({access.AUDITOR}, "reviews:record"),
    )
    found = [page for readers, page in pages if roles & readers]
    own = access.SALES in roles and Deal.objects.sold_by(user).filter(pk=deal.pk).exists()
    return reverse("screening:deal" if own or not found else found[0], kwargs={"pk": deal.pk})


def deals_in(country: str, user: Any) -> Sequence[DealLine]:
    roles = access.roles_of(user)
    named = f'"country":"{country}"'
    deals = Deal.objects.visible_to(user).filter(screening__facts_text__contains=named)
    return [
        DealLine(
            _page(deal, roles, user), deal.reference, deal.title, deal.status,
            deal.get_status_display(), deal.sent_at,
        )
        for deal in deals.newest_first()[:MOST_DEALS]
    ]  # fmt: skip
