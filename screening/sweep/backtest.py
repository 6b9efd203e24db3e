"""What stored screenings tell about the policy (see policy.governance.past)."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import batched
from typing import Any, Literal

from django.db import connection
from django.db.models import Count, Q
from django.urls import reverse

from audit.refusals import Conflict
from people import access
from policy import active
from policy.engine.language.condition import redecided
from policy.engine.language.facts import FactError
from policy.engine.readings import sql
from policy.engine.readings.assessment import Assessment
from policy.facts.answered import answered as answers_of
from policy.facts.declared import DeclaredError
from policy.facts.derive import ReferenceData
from policy.facts.unchanged import rows_that_differ
from policy.governance.past import (
    Answered,
    Backtest,
    ChangedDeal,
    Coverage,
    DealLine,
    Premise,
    Span,
    gathered,
)
from policy.reference.destinations import reading_rows
from screening import deriving
from screening.around import UNREAD, Around
from screening.form.questions import declared_facts
from screening.lifecycle import Status
from screening.models import Confirmation, Deal, DealRevision, Finding, Screening, holds
from screening.sweep import deal_facts, holding, in_place
from screening.sweep.batch import keeping_garbage, newest_revisions
from screening.sweep.holding import Held

MOST_DEALS = 20
#: Read at a time: whole screenings or deals, and names of them only.
BATCH, NAMED = 200, 2_000
#: How many screenings or deals one part holds: played by PostgreSQL, or read one by one.
IN_PLACE, ANEW = 50_000, 2_000
UNREADABLE = (FactError, DeclaredError, Conflict)
#: The origin of a fact that compliance or a reviewer set.
BY_HAND = "reviewer"
NO_ROW = "screening {} has no row in deal_facts; ./run manage rebuild_deal_facts fills it"
CUT = """
SELECT min(id), max(id), count(*) FROM (
    SELECT id, (row_number() OVER (ORDER BY id DESC) - 1) / %s AS part
    FROM ({ids} ORDER BY id DESC LIMIT %s) AS newest) AS cut
GROUP BY part ORDER BY 1"""
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
WHERE rulebook_id = %s OR id IN (SELECT screening_id FROM screening_confirmation
                                 WHERE rulebook_id = %s) GROUP BY rule"""
#: What a replay does not read of the deals: long texts, and columns for searching.
UNASKED = (
    *(f"deal__{name}" for name in UNREAD),
    *(f"deal__screening__{name}" for name in ("facts_text", "sources_text")),
)
Note = Callable[[int, int], None]


def backtest(
    before: ReferenceData, after: ReferenceData, *, rulebook_only: bool, note: Note, newest: int = 0
) -> Backtest:
    """Both over every stored screening, then the new one over the deals that still count.

    With ``newest`` only so many of each, the newest first. All of it in this process; a check
    shares the spans among workers instead.
    """
    parts = spans(before, after, rulebook_only=rulebook_only, newest=newest)
    total, done = sum(span.size for span in parts), 0
    found = []
    for span in parts:
        ahead = partial(_further, note, done, total)
        found.append(play(before, after, span, rulebook_only=rulebook_only, note=ahead))
        done += span.size
    note(total, total)
    return gathered(reversed(found) if newest else found)


def _further(note: Note, before: int, total: int, done: int, _of_the_part: int) -> None:
    note(before + done, total)


def spans(
    before: ReferenceData, after: ReferenceData, *, rulebook_only: bool, newest: int = 0
) -> list[Span]:
    """What was sent, or screenings and then live deals, cut by their ids; with ``newest`` only so
    many of each.
    """
    if not (rulebook_only and _speak_alike(before, after)):
        return _cut("revisions", "SELECT id FROM screening_dealrevision", [], ANEW, newest)
    size = IN_PLACE if _is_in_place(before, after, rulebook_only=rulebook_only) else ANEW
    return [
        *_cut("screenings", "SELECT id FROM screening_screening", [], size, newest),
        *_cut(
            "deals",
            "SELECT id FROM screening_deal WHERE status = ANY(%s)",
            [list(LIVE)],
            ANEW,
            newest,
        ),
    ]


def _cut(
    what: Literal["revisions", "screenings", "deals"],
    ids: str,
    values: list[Any],
    size: int,
    newest: int,
) -> list[Span]:
    with connection.cursor() as cursor:
        cursor.execute(CUT.format(ids=ids), [size, *values, newest or None])
        return [Span(what, *row) for row in cursor.fetchall()]


@keeping_garbage()
def play(
    before: ReferenceData, after: ReferenceData, span: Span, *, rulebook_only: bool, note: Note
) -> Backtest:
    """One part of a back-test.

    A rulebook is played over the facts as they were stored: in PostgreSQL, where `deal_facts` has
    the columns that it reads, else over the texts. The other kinds, and a rulebook that reads
    other facts than the one before, change the facts themselves, so these are worked out again
    from the answers that were sent, once for every screening of them.
    """
    run = _Run(before, after, note=note, total=span.size)
    if span.what == "revisions":
        run.read_anew(span)
    elif span.what == "deals":
        run.ask_again(span)
    elif _is_in_place(before, after, rulebook_only=rulebook_only):
        run.play_in_place(span)
    else:
        run.replay(span)
    note(span.size, span.size)
    return Backtest(
        run.matrix.total(), dict(run.matrix), run.changed, run.affected, run.unread, run.otherwise
    )


def _is_in_place(before: ReferenceData, after: ReferenceData, *, rulebook_only: bool) -> bool:
    return rulebook_only and all(
        deal_facts.has_columns_for(one.rulebook.vocabulary) for one in (before, after)
    )


def _speak_alike(before: ReferenceData, after: ReferenceData) -> bool:
    """Whether what was stored for the one answers all that the other reads."""
    return before.rulebook.vocabulary.keys() == after.rulebook.vocabulary.keys()


class _Run:
    """One part of a back-test: what it counted so far."""

    def __init__(
        self, before: ReferenceData, after: ReferenceData, *, note: Note, total: int
    ) -> None:
        self.before, self.after = before, after
        self.differing = rows_that_differ(before, after)
        self.note = note
        self.total, self.done = total, 0
        self.matrix: Counter[tuple[str, str]] = Counter()
        self.changed: list[ChangedDeal] = []
        self.affected: list[ChangedDeal] = []
        self.otherwise: list[ChangedDeal] = []
        self.unread: list[str] = []
        self.redecided = redecided(before.rulebook, after.rulebook)

    # --- Stored screenings ---

    def play_in_place(self, span: Span) -> None:
        before, after = self.before.rulebook, self.after.rulebook
        played = in_place.play(before, after, first=span.first, last=span.last)
        self.matrix = played.matrix
        for screening in _named(played.unread):
            self._unread(screening.revision.deal, NO_ROW.format(screening.pk))
        for some in batched(played.changed, NAMED):
            rules = in_place.rules_that_differ(before, after, some)
            for screening in _named(some):
                was, now = played.changed[screening.pk]
                found = rules.get(screening.pk, ())
                self._changed(screening.revision.deal, screening.pk, was, now, found)

    def replay(self, span: Span) -> None:
        stored = Screening.objects.filter(pk__range=(span.first, span.last)).order_by("pk")
        for screening in stored.select_related("revision__deal").iterator(chunk_size=BATCH):
            self._replay(screening)

    def _replay(self, screening: Screening) -> None:
        deal = screening.revision.deal
        try:
            was, now = (self._assessed(one, screening.facts) for one in (self.before, self.after))
        except UNREADABLE as error:
            self._unread(deal, error)
            return
        finally:
            self._tick()
        self.matrix[was.outcome, now.outcome] += 1
        if was.outcome != now.outcome:
            self._changed(deal, screening.pk, was.outcome, now.outcome, _rules(was, now))

    def _assessed(self, reference: ReferenceData, facts: Sequence[Mapping[str, Any]]) -> Assessment:
        vocabulary = reference.rulebook.vocabulary
        variants = [vocabulary.parse(plain) for plain in facts]
        return active.assess(reference, variants)

    def _changed(
        self, deal: Deal, screening: int, before: str, after: str, rules: Sequence[str]
    ) -> None:
        told = rules or self.redecided
        self.changed.append(_changed(deal, screening, before, after, told))

    # --- What was sent, read anew ---

    def read_anew(self, span: Span) -> None:
        """Each revision once, for all that screened it, and for its deal if that still counts."""
        sent = DealRevision.objects.filter(pk__range=(span.first, span.last)).order_by("pk")
        revisions = list(sent.select_related("deal__screening").defer(*UNASKED))
        deals = {one.deal_id: one.deal for one in revisions}
        held, screened = self._held(revisions), _screenings_of(revisions)
        settled = {pk for pk, one in held.items() if one.is_same_there}
        # What lies around the deals is read once for all of them, whichever version asks.
        asked = {one.deal_id for one in revisions if one.pk not in settled}
        around = Around([deals[pk] for pk in sorted(asked)])
        for revision in revisions:
            revision.deal = deals[revision.deal_id]
            self._read_anew(revision, screened[revision.pk], around, held.get(revision.pk))

    def _held(self, revisions: Sequence[DealRevision]) -> Mapping[int, Held]:
        """The revisions whose facts are what the version before makes of them today."""
        versions = active.versions()
        is_active = active.reference_data(versions).digests == self.before.digests
        return holding.facts_of(revisions, versions, self.differing) if is_active else {}

    def _read_anew(
        self, revision: DealRevision, screened: Sequence[int], around: Around, held: Held | None
    ) -> None:
        deal = revision.deal
        try:
            was, now = self._both(revision, around, held)
        except UNREADABLE as error:
            self._unread(deal, error)
            return
        finally:
            self._tick()
        for screening in screened:
            self.matrix[was.outcome, now.outcome] += 1
            if was.outcome != now.outcome:
                self._changed(deal, screening, was.outcome, now.outcome, _rules(was, now))
        if deal.status in LIVE and deal.last_screening.revision_id == revision.pk:
            self._of_today(deal, was, now)

    def _both(
        self, revision: DealRevision, around: Around, held: Held | None = None
    ) -> tuple[Assessment, Assessment]:
        if held is not None:
            was, is_same = self._assessed(self.before, held.facts), held.is_same_there
        else:
            with reading_rows() as read:
                was = _derived_anew(revision, self.before, around)
            is_same = self.differing is not None and self.differing.isdisjoint(read)
        return was, was if is_same else _derived_anew(revision, self.after, around)

    # --- Deals that still count ---

    def ask_again(self, span: Span) -> None:
        live = Deal.objects.filter(status__in=LIVE, pk__range=(span.first, span.last))
        settled = self._settled(span)
        self.done = len(settled)
        live = live.exclude(pk__in=settled).select_related("screening").order_by("pk")
        for some in batched(live.iterator(chunk_size=BATCH), BATCH):
            # What lies around the deals is read once for all of them, whichever rulebook asks.
            around, revisions = Around(some), newest_revisions(some)
            for deal in some:
                revision = revisions[deal.pk]
                revision.deal = deal
                self._ask_again(deal, revision, around)

    def _settled(self, span: Span) -> set[int]:
        """Deals that need no second look: the same facts, and both give the stored outcome."""
        versions = active.versions()
        now = active.reference_data(versions)
        others = {**now.digests, "rulebook": ""}
        known = others == {**self.after.digests, "rulebook": ""} and _speak_alike(now, self.after)
        if not known or not deal_facts.has_columns_for(self.after.rulebook.vocabulary):
            return set()
        books = {one.rulebook.digest: one.rulebook for one in (self.before, self.after)}
        return set.intersection(
            *(
                in_place.settled(book, versions, first=span.first, last=span.last)
                for book in books.values()
            )
        )

    def _ask_again(self, deal: Deal, revision: DealRevision, around: Around) -> None:
        try:
            was, now = self._both(revision, around)
        except UNREADABLE as error:
            self._unread(deal, error)
            return
        finally:
            self._tick()
        self._of_today(deal, was, now)

    def _of_today(self, deal: Deal, was: Assessment, now: Assessment) -> None:
        stored = deal.last_screening
        if now.outcome != was.outcome:
            rules = _rules(was, now) or self.redecided
            self.affected.append(_changed(deal, stored.pk, was.outcome, now.outcome, rules))
        if was.outcome != stored.outcome:
            fired = {finding.rule for finding in stored.findings.all()}
            rules = sorted(fired ^ set(was.fired))
            self.otherwise.append(_changed(deal, stored.pk, stored.outcome, was.outcome, rules))

    def _unread(self, deal: Deal, reason: Exception | str) -> None:
        self.unread.append(f"{deal.reference}: {reason}")

    def _tick(self) -> None:
        self.done += 1
        if self.done % BATCH == 0:
            self.note(min(self.done, self.total), self.total)


def _named(screenings: Sequence[int]) -> Iterator[Screening]:
    """The screenings with their deals, without the long texts of either."""
    names = ("title", "status", "created_at")
    for some in batched(screenings, NAMED):
        yield from (
            Screening.objects.filter(pk__in=some)
            .select_related("revision__deal")
            .only("revision_id", "revision__deal_id", *(f"revision__deal__{n}" for n in names))
            .order_by("pk")
        )


def _derived_anew(revision: DealRevision, reference: ReferenceData, around: Around) -> Assessment:
    return active.assess(reference, deriving.facts_of_revision(revision, reference, around))


def _screenings_of(revisions: Sequence[DealRevision]) -> Mapping[int, list[int]]:
    """By the number of each revision those of its screenings."""
    found: dict[int, list[int]] = {revision.pk: [] for revision in revisions}
    stored = Screening.objects.filter(revision__in=found).order_by("pk")
    for revision, screening in stored.values_list("revision", "pk"):
        found[revision].append(screening)
    return found


def _rules(was: Assessment, now: Assessment) -> list[str]:
    """Those that fire in one of the two alone."""
    return sorted(set(was.fired) ^ set(now.fired))


def _changed(
    deal: Deal, screening: int, before: str, after: str, rules: Sequence[str]
) -> ChangedDeal:
    return ChangedDeal(
        deal.pk, screening, deal.reference, deal.title, deal.status, before, after, rules
    )


def coverage(rulebook: int) -> Mapping[str, Coverage]:
    """Per rule: in how many screenings of this rulebook version it fired, stayed open or quiet.

    A screening that was confirmed under it counts: the rules say the same of it. What is screened
    never changes, so as long as none is new nothing is counted again.
    """
    return _coverage(rulebook, _newest())


def _newest() -> tuple[Any, ...]:
    """The newest screening and the newest confirmation, and when they were made."""
    return tuple(
        rows.order_by("-pk").values_list("pk", "created_at").first()
        for rows in (Screening.objects.all(), Confirmation.objects.all())
    )


@lru_cache(maxsize=8)
def _coverage(rulebook: int, newest: tuple[Any, ...]) -> Mapping[str, Coverage]:
    total = _screenings(rulebook, newest)
    fired = dict(
        Finding.objects.filter(screening__in=Screening.objects.under(rulebook))
        .order_by()
        .values_list("rule")
        .annotate(Count("screening", distinct=True))
    )
    with connection.cursor() as cursor:
        cursor.execute(STILL_OPEN, [rulebook, rulebook])
        still_open = dict(cursor.fetchall())
    found = {}
    for rule in fired.keys() | still_open.keys():
        # Several variants of one deal may leave a rule fired in one and open in another.
        open_ = min(still_open.get(rule, 0), total - fired.get(rule, 0))
        found[rule] = Coverage(fired.get(rule, 0), total - fired.get(rule, 0) - open_, open_)
    return found


def screenings(rulebook: int) -> int:
    return _screenings(rulebook, _newest())


@lru_cache(maxsize=8)
def _screenings(rulebook: int, newest: tuple[Any, ...]) -> int:
    return Screening.objects.under(rulebook).count()


def _page(deal: Deal, roles: frozenset[str], own: Collection[int]) -> str:
    """The page of the deal for this person; each role has its own."""
    pages = (
        ({access.SENIOR, access.EXECUTIVE}, "reviews:deal"),
        ({access.COMPLIANCE}, "reviews:compliance-deal"),
        ({access.AUDITOR}, "reviews:record"),
    )
    found = [page for readers, page in pages if roles & readers]
    is_own = deal.pk in own or not found
    return reverse("screening:deal" if is_own else found[0], kwargs={"pk": deal.pk})


def spoken_of(premises: Sequence[Premise]) -> list[int]:
    """For each premise in how many stored screenings it may hold, in some variant."""
    if not premises:
        return []
    say = sql.Expressions(deal_facts.vocabulary(), "").condition
    counted = ", ".join(
        "count(DISTINCT screening_id) FILTER (WHERE"
        f" {say(one.surely) if one.surely else 'true'} IS TRUE"
        f" AND {say(one.possibly) if one.possibly else 'true'} IS NOT FALSE)"
        for one in premises
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counted} FROM {deal_facts.TABLE}")  # noqa: S608  names that were read
        return list(cursor.fetchone())


def answered(data: ReferenceData, newest: int) -> Mapping[str, Sequence[Answered]]:
    """What the newest deals that still count answer; one that cannot be read is left out."""
    live = Deal.objects.filter(status__in=LIVE, screening__isnull=False).newest_first()
    found: dict[str, Sequence[Answered]] = {}
    for deal in live.select_related("screening__revision")[:newest].iterator(BATCH):
        screening = deal.last_screening
        by_hand = (one for one, origin in screening.sources.items() if origin["source"] == BY_HAND)
        try:
            declared = declared_facts(screening.revision.answers)
            variants = [data.rulebook.vocabulary.parse(plain) for plain in screening.facts]
            found[deal.reference] = answers_of(
                declared, dict.fromkeys(by_hand, True), variants, data
            )
        except UNREADABLE:
            continue
    return found


def deals_in(country: str, user: Any) -> Sequence[DealLine]:
    return _lines(holds("country", country, "screening__"), user)


def deals_under(law: str, user: Any) -> Sequence[DealLine]:
    # As canonical JSON has it: an id holds nothing that would be quoted otherwise.
    return _lines(Q(screening__laws_text__contains=f'"{law}":'), user)


def _lines(wanted: Q, user: Any) -> list[DealLine]:
    roles = access.roles_of(user)
    deals = list(Deal.objects.visible_to(user).filter(wanted).newest_first()[:MOST_DEALS])
    own: set[int] = set()
    if access.SALES in roles:
        sold = Deal.objects.sold_by(user).filter(pk__in=[deal.pk for deal in deals])
        own = set(sold.values_list("pk", flat=True))
    return [
        DealLine(
            _page(deal, roles, own),
            deal.reference,
            deal.title,
            deal.status,
            deal.get_status_display(),
            deal.sent_at,
        )
        for deal in deals
    ]
