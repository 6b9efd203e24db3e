"""What lies around the answers of deals when they are derived: other deals, and what people ruled.

Read for many deals at once, and only when it is asked for; one deal is many of one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from policy.facts.bundle import ReferenceData
from policy.facts.declared import DeclaredError
from policy.reference.names.outlines import are_alike, sought
from screening.form.questions import declared_facts, picked_laws
from screening.lifecycle import CLOSED, Status
from screening.linking import Other, key_of_name
from screening.models import (
    COLUMN_OF,
    HALF_A_YEAR,
    TWO_YEARS,
    Deal,
    DealRevision,
    FactRuling,
    StoppedDraft,
)
from screening.parties import known
from screening.parties.known import Book, Known
from screening.parties.models import SAME_AS, TIED, DealParty, Party, PartyFinding, bodies
from screening.parties.naming import Named
from screening.parties.spelling import Drawn, Spellings, alike, alike_in, by_outline

# The deals that a deal was copied from or follows, and those that these come from.
ANCESTORS = """
WITH RECURSIVE origin (deal, id) AS (
    SELECT deal.id, source.id FROM screening_deal AS deal
    CROSS JOIN LATERAL (VALUES (deal.predecessor_id), (deal.copied_from_id)) AS source (id)
    WHERE deal.id = ANY(%s) AND source.id IS NOT NULL
    UNION
    SELECT origin.deal, source.id FROM origin JOIN screening_deal AS deal ON deal.id = origin.id
    CROSS JOIN LATERAL (VALUES (deal.predecessor_id), (deal.copied_from_id)) AS source (id)
    WHERE source.id IS NOT NULL)
SELECT deal, id FROM origin ORDER BY deal, id"""

#: Every name of the bodies that are known under one of these, and the deals of each that were
#: stopped: those that it was to use, at last or at first, and those that it signed or ran. Last,
#: whether any of the bodies belongs to somebody or shares a number with somebody.
MEANT = f"""
{SAME_AS.format(asked="(SELECT id FROM screening_party WHERE key = ANY(%(keys)s))")},
meant (key) AS (
    SELECT party.key FROM same JOIN screening_party AS party ON party.id = same.other
    UNION SELECT unnest(%(keys)s))
SELECT meant.key, stopped.deal, coalesce(stopped.uses, false), (
    SELECT EXISTS (SELECT FROM same JOIN screening_party AS party ON party.id = same.other
                   WHERE {TIED}))
FROM meant LEFT JOIN LATERAL (
    SELECT deal.id AS deal, true AS uses FROM screening_deal AS deal
    WHERE deal.end_user_key = meant.key AND deal.status = ANY(%(closed)s)
    UNION
    SELECT deal.id, part.role = 'end_user' FROM screening_party AS party
    JOIN screening_dealparty AS part ON part.party_id = party.id
        AND part.role IN ('customer', 'operator', 'end_user')
    JOIN screening_deal AS deal ON deal.id = part.deal_id
    WHERE party.key = meant.key AND deal.status = ANY(%(closed)s)) AS stopped ON true"""  # noqa: S608

#: Earlier revisions of deals about which somebody else than sales was asked when they were screened
#: last: nobody had answered when the next one was sent.
UNANSWERED = """
SELECT earlier.deal_id, earlier.number, earlier.created_at FROM screening_dealrevision AS earlier
CROSS JOIN LATERAL (
    SELECT asks_compliance FROM screening_screening WHERE revision_id = earlier.id
    ORDER BY id DESC LIMIT 1) AS last
WHERE earlier.deal_id = ANY(%s) AND last.asks_compliance AND EXISTS (
    SELECT FROM screening_dealrevision AS later
    WHERE later.deal_id = earlier.deal_id AND later.number > earlier.number)
ORDER BY earlier.deal_id, earlier.number"""

#: In which somebody may still have to look at a deal.
UNDECIDED = (Status.NEEDS_INFORMATION, Status.IN_REVIEW, Status.LAPSED)
#: What nobody reads of other deals: answers that may still change, and columns for searching.
UNREAD = ("answers", *(f"screening__{column}" for column in COLUMN_OF.values()))
#: Nobody asks where the facts of another deal come from.
UNREAD_OF_OTHERS = (*UNREAD, "screening__sources_text")


class Around:
    """As the database had it when it was first asked; nothing is read twice."""

    def __init__(self, deals: Sequence[Deal]) -> None:
        self._ours = {deal.pk: deal for deal in deals}
        self._keys = {deal.end_user_key for deal in deals} - {""}
        self._live: dict[str, list[Deal]] = {}
        #: By the name of an end user the deals that named it once, and the last revision that did.
        self._renamed: dict[str, dict[int, int]] = {}
        self._renamed_deals: dict[int, Deal] = {}
        #: All that was sent of these, the oldest first.
        self._renamed_sent: dict[int, list[DealRevision]] = {}
        self._stopped: dict[str, list[Deal]] = {}
        self._signed: dict[str, list[Deal]] = {}
        self._keys_meant: dict[frozenset[str], Collection[str]] = {}
        #: Names of bodies that belong to nobody and share no number.
        self._untied: set[str] = set()
        self._declared: dict[int, Mapping[str, Any] | None] = {}
        self._answers: dict[int, Mapping[str, Any]] = {}
        self._sent: dict[int, list[Mapping[str, Any]]] = {}

    @cached_property
    def today(self) -> date:
        return timezone.localdate()

    def answers(self, revision: DealRevision) -> Mapping[str, Any]:
        """As they were sent; a text is read each time that it is asked for."""
        if revision.pk not in self._answers:
            self._answers[revision.pk] = revision.answers
        return self._answers[revision.pk]

    def declared(self, revision: DealRevision) -> Mapping[str, Any] | None:
        """What was declared in it; None where that cannot be read. What was sent never changes."""
        if revision.pk not in self._declared:
            try:
                self._declared[revision.pk] = declared_facts(self.answers(revision))
            except DeclaredError:
                self._declared[revision.pk] = None
        return self._declared[revision.pk]

    def others(self, deal: Deal, key: str, data: ReferenceData) -> list[Other]:
        """Other live deals of the same end user, under whatever name compliance knows it."""
        return self.used_by([key], deal, data).get(key, []) if key else []

    def ruled_laws(self, deal: Deal, key: str, laws: Collection[str]) -> list[FactRuling]:
        """What compliance ruled for somebody else against one of these laws of the register, the
        oldest first. What was ruled for the same end user is known of it.
        """
        if not laws:
            return []
        ours = set(self._with_ancestors(deal))
        rulings = {ruling.pk: ruling for law in laws for ruling in self._ruled_laws.get(law, ())}
        return [
            rulings[pk]
            for pk in sorted(rulings)
            if rulings[pk].deal_id not in ours and rulings[pk].deal.end_user_key != key
        ]

    def used_by(
        self, keys: Collection[str], deal: Deal, data: ReferenceData
    ) -> dict[str, list[Other]]:
        """By each of these keys the other live deals of which somebody of that name is the end
        user, under whatever name compliance knows them.
        """
        bodies = {key: self._bodies([key]) for key in keys}
        self._read_live(frozenset().union(*bodies.values()))
        used: dict[str, list[Other]] = {}
        for key, names in bodies.items():
            others = {
                other.pk: other
                for name in names
                for other in self._live[name]
                if other.pk != deal.pk and other.screening is not None
            }
            if others:
                used[key] = [self._as_other(others[pk], data) for pk in sorted(others)]
        return used

    def once_used_by(
        self, keys: Collection[str], deal: Deal, data: ReferenceData
    ) -> dict[str, list[Other]]:
        """By each of these keys what was sent for an end user of that name, under whatever name
        compliance knows them, in other live deals that are for somebody else now.
        """
        meant = {key: self._bodies([key]) for key in keys}
        self._read_live(frozenset().union(*meant.values()))
        once: dict[str, list[Other]] = {}
        for key, names in meant.items():
            named = {pk: sent for name in names for pk, sent in self._renamed[name].items()}
            others = [self._renamed_deals[pk] for pk in sorted(named.keys() - {deal.pk})]
            if former := [one for one in others if one.end_user_key not in names]:
                once[key] = [self._as_former(one, named[one.pk], data) for one in former]
        return once

    def waiting_of_customers(self, keys: Collection[str], deal: Deal, uses: str) -> list[Deal]:
        """Deals that somebody with one of these names signed, or runs, for another end user than
        the one of this key, and at which somebody else than sales has to look.
        """
        signed = DealParty.objects.buyers().filter(party__key__in=self._bodies(keys))
        others = Deal.objects.live().filter(pk__in=signed.values("deal"), status__in=UNDECIDED)
        others = others.exclude(pk=deal.pk).exclude(end_user_key=uses)
        others = others.select_related("screening__revision").defer(*UNREAD).order_by("pk")
        return [other for other in others if other.waits_for_somebody_else]

    def is_run_by(self, deal: Deal, keys: Collection[str]) -> bool:
        """Whether somebody with one of these names is to run it, whoever signs."""
        runs = DealParty.objects.filter(deal=deal, role=DealParty.Role.OPERATOR)
        return runs.filter(party__key__in=self._bodies(keys)).exists()

    def signed_as(self, key: str, kinds: Collection[str], deal: Deal) -> list[DealParty]:
        """The parts of somebody of this name in other live deals, who signed these as one of these
        kinds once; each with the revision that says so.
        """
        signed = DealParty.objects.customers().filter(party__key__in=self._bodies([key]))
        said = Q()
        for kind in kinds:
            said |= Q(revision__answers_text__contains=f'"customer-kind":"{kind}"')
        live = Deal.objects.live().exclude(pk=deal.pk)
        parts = signed.filter(said, deal__in=live).select_related("deal", "revision")
        return list(parts.defer("deal__answers").order_by("deal", "-revision").distinct("deal"))

    def alike(self, deal: Deal, name: str, data: ReferenceData) -> list[Other]:
        """Live deals of end users whose name may be another spelling of this one: nobody has said
        whether they are the same body.
        """
        spelt = self._spellings_of_live(name).of([name])
        keys = spelt.difference(self._bodies([key_of_name(name)]))
        used = self.used_by(keys, deal, data) if keys else {}
        others = {other.deal.pk: other for key in sorted(used) for other in used[key]}
        return list(others.values())

    def _spellings_of_live(self, name: str) -> Spellings:
        if len(self._ours) == 1:
            own = key_of_name(name)
            return _of_live(row for row in alike([name]) if row.key != own)
        return self._spellings_of_live_ones

    @cached_property
    def _spellings_of_live_ones(self) -> Spellings:
        """End users of live deals whose names share an outline with another name of our deals."""
        return _of_live(self._shared)

    def ancestors(self, deal: Deal) -> list[Deal]:
        """Deals that it was copied from or follows, and those that these come from."""
        return self._ancestors.get(deal.pk, [])

    def stopped_drafts(self, deal: Deal, names: Collection[str]) -> list[StoppedDraft]:
        """Other drafts for one of these bodies, under whatever name compliance knows it or in
        another spelling, that the policy stopped lately.
        """
        keys = self._bodies({key_of_name(name) for name in names} - {""})
        lately = StoppedDraft.objects.filter(stopped_at__gt=timezone.now() - HALF_A_YEAR)
        # The names of all of them are looked at, and what they say of those who are meant.
        of_whom = set(lately.values_list("end_user_key", flat=True))
        meant = {key for key in of_whom if key in keys or any(are_alike(key, n) for n in names)}
        drafts = lately.filter(end_user_key__in=meant).exclude(draft=deal.pk).order_by("pk")
        return list(drafts) if meant else []

    def unanswered(self, deal: Deal, sent: datetime) -> list[int]:
        """The numbers of its revisions before the one sent then, about which somebody else than
        sales was asked, and never said.
        """
        return [number for number, at in self._unanswered.get(deal.pk, ()) if at < sent]

    def stopped(self, names: Collection[str], sent: datetime) -> list[Deal]:
        """Deals of these bodies that were stopped in the time that counts for one sent then.

        Whoever may have another spelling of a name is taken for the same body.
        """
        keys = self._meant(names)
        self._read_stopped(keys)
        return _in_time((deal for key in keys for deal in self._stopped[key]), sent)

    def signed(self, names: Collection[str], sent: datetime) -> list[Deal]:
        """The same of deals that one of these bodies signed or ran, whoever was to use them."""
        keys = self._meant(names)
        self._read_signed(keys)
        return _in_time((deal for key in keys for deal in self._signed[key]), sent)

    def above(self, key: str) -> frozenset[str]:
        """The names of who owns the body of this name, or has one of its numbers in a register."""
        if key in self._untied:
            return frozenset()
        own = self._bodies([key])
        return self._bodies(frozenset().union(*(self._tied.get(name, ()) for name in own))) - own

    def stopped_above(self, keys: Collection[str], sent: datetime) -> list[Deal]:
        """Deals of who is `above` somebody of these names that were stopped in the time that counts
        for one sent then.
        """
        above = frozenset().union(*map(self.above, keys))
        self._read_stopped(above)
        return _in_time((deal for key in sorted(above) for deal in self._stopped[key]), sent)

    def known_by_name(
        self, keys: Collection[str], sent: datetime
    ) -> tuple[list[PartyFinding], list[Deal]]:
        """What is known of bodies that have one of these names, and their deals that were stopped
        in the time that counts for one sent then, if anybody had to look at them.
        """
        named = set(Party.objects.filter(key__in=keys).values_list("pk", flat=True))
        if not named:
            return [], []
        meant = bodies(named)
        findings = PartyFinding.objects.standing().filter(party__in=meant).oldest_first()
        names = frozenset(Party.objects.filter(pk__in=meant).values_list("key", flat=True))
        stopped = _in_time((deal for _, deal in _closed_of(names)), sent)
        looked_at = [deal for deal in stopped if deal.review_level or deal.status == Status.BARRED]
        return list(findings.select_related("party")), looked_at

    def called(self, references: Collection[str]) -> list[Deal]:
        """The deals with these references."""
        numbers = {int(reference.rpartition("-")[2]) for reference in references}
        deals = Deal.objects.filter(pk__in=numbers).select_related("screening__revision")
        found = deals.defer(*UNREAD_OF_OTHERS).order_by("pk") if numbers else []
        return [deal for deal in found if deal.reference in references]

    def known(self, deal: Deal, named: Sequence[Named]) -> Known:
        """What is known of everybody named in the deal, and in those that it comes from."""
        deals = self._with_ancestors(deal)
        if len(self._ours) == 1:
            return known.of_deal(deals, named)
        if not self._may_be_known(deal, named):
            return known.NOTHING
        covers = self._book.covers({part.key for part in named}, deals)
        return known.of_deal(deals, named, self._outlined, self._book if covers else None)

    def rulings(self, deal: Deal) -> list[FactRuling]:
        """Those on the deal and on its ancestors, the oldest first."""
        rulings = [ruling for pk in self._with_ancestors(deal) for ruling in self._rulings[pk]]
        return sorted(rulings, key=attrgetter("pk"))

    def _read_live(self, keys: Collection[str]) -> None:
        if self._live.keys() >= set(keys):
            return
        missing = {*keys, *self._keys, *self._names_of_ours} - self._live.keys()
        self._live |= {key: [] for key in missing}
        others = Deal.objects.of_end_users(missing).select_related("screening__revision")
        for other in others.defer(*UNREAD_OF_OTHERS).order_by("pk"):
            self._live[other.end_user_key].append(other)
        self._read_renamed(missing)

    def _read_renamed(self, keys: Collection[str]) -> None:
        """Deals that named one of them as the end user in a revision that is not the newest."""
        self._renamed |= {key: {} for key in keys}
        parts = DealParty.objects.end_users().filter(party__key__in=keys).order_by("revision")
        former = parts.exclude(revision=F("deal__screening__revision"))
        rows = list(former.values_list("party__key", "deal", "revision"))
        if not rows:
            return
        live = Deal.objects.live().filter(pk__in={pk for _, pk, _ in rows})
        deals = live.select_related("screening__revision").defer(*UNREAD_OF_OTHERS).in_bulk()
        self._renamed_deals |= deals
        self._renamed_sent |= {pk: [] for pk in deals}
        for sent in DealRevision.objects.filter(deal__in=deals).order_by("pk"):
            self._renamed_sent[sent.deal_id].append(sent)
        for key, pk, revision in rows:
            if pk in deals:
                self._renamed[key][pk] = revision

    def _as_former(self, deal: Deal, revision: int, data: ReferenceData) -> Other:
        """What was sent of a deal while it named the end user, up to this revision."""
        *before, last = (sent for sent in self._renamed_sent[deal.pk] if sent.pk <= revision)
        earlier = [self.answers(one) for one in before]
        answers, declared = self.answers(last), self.declared(last)
        return Other.of(
            deal, answers, declared, data, on=self.today, earlier=earlier, is_former=True
        )

    def _as_other(self, deal: Deal, data: ReferenceData) -> Other:
        revision = deal.last_screening.revision
        answers, declared = self.answers(revision), self.declared(revision)
        earlier = self.sent_before(deal)
        return Other.of(deal, answers, declared, data, on=self.today, earlier=earlier)

    def sent_before(self, deal: Deal) -> Sequence[Mapping[str, Any]]:
        """What was sent of another deal before its newest revision; of a stopped one all of it."""
        if not deal.is_closed and deal.last_screening.revision.number == 1:
            return []  # most deals are sent once
        if deal.pk not in self._sent:
            every = (*self._live.values(), *self._stopped.values(), *self._signed.values(), [deal])
            missing = {one.pk: one for some in every for one in some if one.pk not in self._sent}
            self._sent |= {pk: [] for pk in missing}
            live = [one.screening for one in missing.values() if not one.is_closed]
            revisions = DealRevision.objects.filter(deal__in=missing).order_by("pk")
            newest = [screening.revision_id for screening in live if screening is not None]
            for revision in revisions.exclude(pk__in=newest):
                self._sent[revision.deal_id].append(self.answers(revision))
        return self._sent[deal.pk]

    def _bodies(self, keys: Collection[str]) -> frozenset[str]:
        """With every other name of the bodies that compliance merged under one of these."""
        return frozenset(keys).union(*(self._merged.get(key, ()) for key in keys))

    def _meant(self, names: Collection[str]) -> Collection[str]:
        """The keys of these bodies under all their names, in whatever spelling."""
        asked = frozenset(names)
        if asked not in self._keys_meant:
            keys = {*map(key_of_name, asked), *self._spelt_otherwise(asked)} - {""}
            is_one = len(self._ours) == 1
            self._keys_meant[asked] = self._read_meant(keys) if is_one else self._bodies(keys)
        return self._keys_meant[asked]

    def _read_meant(self, keys: Collection[str]) -> Collection[str]:
        """With every other name of the same bodies; their stopped deals are read along."""
        if not keys:
            return keys
        with connection.cursor() as cursor:
            cursor.execute(MEANT, {"keys": sorted(keys), "closed": list(CLOSED)})
            rows = cursor.fetchall()
        numbers = {deal for _, deal, _, _ in rows if deal is not None}
        deals = Deal.objects.select_related("screening").defer(*UNREAD_OF_OTHERS)
        found = deals.in_bulk(numbers) if numbers else {}
        meant = frozenset(key for key, _, _, _ in rows)
        if not any(is_tied for _, _, _, is_tied in rows):
            self._untied |= meant
        # The names of the end user and of who signs may mean the same body.
        new = meant - self._stopped.keys()
        self._stopped |= {key: [] for key in new}
        self._signed |= {key: [] for key in new}
        for key, deal, uses, _ in rows:
            if key in new and deal is not None:
                (self._stopped if uses else self._signed)[key].append(found[deal])
        return meant

    def _spelt_otherwise(self, names: Collection[str]) -> Collection[str]:
        """The keys of those whom these names may mean besides."""
        if len(self._ours) == 1:
            return Spellings(alike(names)).of(names)
        return self._spellings_of_stopped.of(names)

    @cached_property
    def _spellings_of_stopped(self) -> Spellings:
        """End users and customers of all stopped deals, under each of their names, as far as the
        deals name somebody like them.
        """
        keys = self._users_of_stopped | self._customers_of_stopped
        meant = self._bodies(keys)
        return Spellings(row for row in self._shared if row.key in meant)

    @cached_property
    def _shared(self) -> list[Drawn]:
        return alike_in(self._ours)

    @cached_property
    def _near(self) -> frozenset[str]:
        """The keys of everybody named in our deals or like them, under each of their names."""
        alike_keys = {row.key for row in self._shared}
        return self._bodies(alike_keys | self._names_of_ours | self._keys) - {""}

    @cached_property
    def _users_of_stopped(self) -> frozenset[str]:
        """Of those the end users of stopped deals.

        How long ago a stop may be depends on when each of our deals was sent.
        """
        closed = Deal.objects.filter(status__in=CLOSED, end_user_key__in=self._near).order_by()
        now = closed.values_list("end_user_key", flat=True).distinct()
        named = DealParty.objects.end_users().filter(deal__status__in=CLOSED).order_by()
        once = named.filter(party__key__in=self._near).values_list("party__key", flat=True)
        return frozenset(now.union(once))

    @cached_property
    def _customers_of_stopped(self) -> frozenset[str]:
        signed = DealParty.objects.buyers().filter(deal__status__in=CLOSED).order_by()
        near = signed.filter(party__key__in=self._near)
        return frozenset(near.values_list("party__key", flat=True).distinct())

    def _read_stopped(self, keys: Collection[str]) -> None:
        if not self._stopped.keys() >= set(keys):
            missing = {*keys, *self._keys} - self._stopped.keys()
            self._stopped |= {key: [] for key in missing}
            if len(self._ours) > 1:
                missing -= self._near - self._users_of_stopped
            if not missing:
                return
            for key, deal in _closed_of(missing):
                self._stopped[key].append(deal)

    def _read_signed(self, keys: Collection[str]) -> None:
        if not self._signed.keys() >= set(keys):
            missing = {*keys, *self._names_of_ours} - self._signed.keys()
            self._signed |= {key: [] for key in missing}
            if len(self._ours) > 1:
                missing -= self._near - self._customers_of_stopped
            if not missing:
                return
            parts = DealParty.objects.buyers().filter(
                party__key__in=missing, deal__status__in=CLOSED
            )
            pairs = set(parts.values_list("party__key", "deal"))
            deals = Deal.objects.select_related("screening").defer(*UNREAD_OF_OTHERS)
            found = deals.in_bulk({pk for _, pk in pairs}) if pairs else {}
            for key, pk in sorted(pairs):
                self._signed[key].append(found[pk])

    @cached_property
    def _names_of_ours(self) -> frozenset[str]:
        """The keys of everybody named in the deals, where there are many."""
        if len(self._ours) == 1:
            return frozenset()
        parts = DealParty.objects.filter(deal__in=self._ours).order_by()
        return frozenset(parts.values_list("party__key", flat=True).distinct())

    @cached_property
    def _tied(self) -> dict[str, frozenset[str]]:
        return known.tied_keys()

    @cached_property
    def _merged(self) -> dict[str, frozenset[str]]:
        return known.merged_keys()

    @cached_property
    def _ancestors(self) -> dict[int, list[Deal]]:
        copies = [
            deal.pk
            for deal in self._ours.values()
            if deal.predecessor_id is not None or deal.copied_from_id is not None
        ]
        if not copies:
            return {}
        with connection.cursor() as cursor:
            cursor.execute(ANCESTORS, [copies])
            pairs = cursor.fetchall()
        deals = Deal.objects.defer("answers").in_bulk({ancestor for _, ancestor in pairs})
        ancestors: dict[int, list[Deal]] = defaultdict(list)
        for pk, ancestor in pairs:
            ancestors[pk].append(deals[ancestor])
        return dict(ancestors)

    @cached_property
    def _unanswered(self) -> dict[int, list[tuple[int, datetime]]]:
        with connection.cursor() as cursor:
            cursor.execute(UNANSWERED, [list(self._ours)])
            rows = cursor.fetchall()
        revisions: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
        for pk, number, at in rows:
            revisions[pk].append((number, at))
        return dict(revisions)

    @cached_property
    def _rulings(self) -> dict[int, list[FactRuling]]:
        related = {deal.pk for deals in self._ancestors.values() for deal in deals}
        standing = FactRuling.objects.standing().filter(deal__in={*self._ours, *related})
        rulings: dict[int, list[FactRuling]] = defaultdict(list)
        for ruling in standing.select_related("deal").defer("deal__answers"):
            rulings[ruling.deal_id].append(ruling)
        return rulings

    @cached_property
    def _ruled_laws(self) -> dict[str, list[FactRuling]]:
        """By the law what was ruled against it in some deal that picked it."""
        by_law: dict[str, list[FactRuling]] = defaultdict(list)
        standing = FactRuling.objects.standing().against_laws().select_related("deal", "revision")
        for ruling in standing.defer("deal__answers").order_by("pk"):
            for law in picked_laws(ruling.revision.answers if ruling.revision else {}):
                by_law[law].append(ruling)
        return dict(by_law)

    def _with_ancestors(self, deal: Deal) -> list[int]:
        return list(dict.fromkeys([deal.pk, *(other.pk for other in self.ancestors(deal))]))

    def _may_be_known(self, deal: Deal, named: Sequence[Named]) -> bool:
        """Of most deals nothing is known; those that come from others are asked for in full."""
        is_named = any(
            part.key in self._remarkable
            or (self._outlined and not self._outlined.keys().isdisjoint(sought(part.name)))
            for part in named
        )
        return is_named or deal.pk in self._names_remarkable or bool(self.ancestors(deal))

    @cached_property
    def _remarkable(self) -> frozenset[str]:
        return known.remarkable()

    @cached_property
    def _outlined(self) -> Mapping[str, Sequence[Drawn]]:
        """Those like somebody named in our deals of whom anything holds."""
        of_whom = known.spoken_of()
        return by_outline(row for row in self._shared if row.party in of_whom)

    @cached_property
    def _book(self) -> Book:
        """Of everybody in those of the deals that name somebody of whom anything was known."""
        remarkable = [self._ours[pk] for pk in sorted(self._names_remarkable)]
        deals = {pk for deal in remarkable for pk in self._with_ancestors(deal)}
        named = DealParty.objects.filter(deal__in=deals).values_list("party__key", flat=True)
        spelt = {row.party for rows in self._outlined.values() for row in rows}
        return Book(set(named), spelt, deals)

    @cached_property
    def _names_remarkable(self) -> frozenset[int]:
        """Those of the deals that name somebody of whom anything was ever known."""
        if not self._remarkable:
            return frozenset()
        parts = DealParty.objects.filter(deal__in=self._ours, party__key__in=self._remarkable)
        return frozenset(parts.values_list("deal", flat=True))


def _closed_of(keys: Collection[str]) -> Iterator[tuple[str, Deal]]:
    """Closed deals of these end users, each by the names that it ever had for them."""
    named = DealParty.objects.end_users().filter(party__key__in=keys, deal__status__in=CLOSED)
    once: dict[int, set[str]] = defaultdict(set)
    for key, pk in named.values_list("party__key", "deal"):
        once[pk].add(key)
    # Numbers, not a query within: beside OR, PostgreSQL would read every deal there is.
    of_whom = Q(end_user_key__in=keys) | Q(pk__in=list(once))
    for deal in Deal.objects.filter(of_whom, status__in=CLOSED).defer("answers").order_by("pk"):
        now = {deal.end_user_key}.intersection(keys)
        for key in sorted(now | once[deal.pk]):
            yield key, deal


def _of_live(rows: Iterable[Drawn]) -> Spellings:
    """Those of the parties that are the end user of a deal which may count in others."""
    rows = list(rows)
    deals = Deal.objects.of_end_users({row.key for row in rows}).order_by()
    live = set(deals.values_list("end_user_key", flat=True).distinct()) if rows else set()
    return Spellings(row for row in rows if row.key in live)


def _in_time(stopped: Iterable[Deal], sent: datetime) -> list[Deal]:
    """Those that were stopped in the two years before a deal was sent, or since; each once."""
    found = {
        deal.pk: deal for deal in stopped if deal.closed_at and deal.closed_at > sent - TWO_YEARS
    }
    return sorted(found.values(), key=attrgetter("pk"))
