"""Deals and everything that a screening saw and said. What was sent or screened never changes."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, Self, cast

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import BooleanField, Count, Exists, F, Func, OuterRef, Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from audit.ledger import CanonicalField
from audit.models import AuditEvent
from jobs.models import Clock
from people import access
from policy.models import ReferenceVersion
from screening.lifecycle import CLEARANCES, CLOSED, OWNER, Status
from screening.parties.models import Easing
from screening.sweep.deal_facts import DealFacts  # noqa: F401  Django looks for models here

USER = settings.AUTH_USER_MODEL
LEVELS = (("senior", "Senior review"), ("executive", "Executive review"))
#: The kinds of reference data that a screening names.
VERSIONS = ("rulebook", "countries", "catalogue", "registry", "laws")
#: Long texts of a screening that no list of deals shows.
NOT_IN_LISTS = ("sources_text", "missing_text", "open_text", "laws_text", "capabilities")
#: A new deal of an end user follows a stopped one for so long.
TWO_YEARS = timedelta(days=731)
#: How long a draft that the policy stopped counts for others.
HALF_A_YEAR = timedelta(days=183)
LEVEL_OF = {"senior_review": "senior", "executive_review": "executive"}


class SalesTeam(models.Model):
    name = models.CharField(max_length=80, unique=True)
    members: "models.ManyToManyField[Any, Any]" = models.ManyToManyField(
        USER, related_name="sales_teams"
    )

    def __str__(self) -> str:
        return self.name


class PastMemberQuerySet(models.QuerySet["PastMember"]):
    def of_deals(self, deals: Iterable["Deal"]) -> Self:
        """Those who were colleagues while one of these deals was there."""
        during = Deal.objects.filter(
            pk__in=[deal.pk for deal in deals],
            team=OuterRef("team"),
            created_at__lt=OuterRef("left_at"),
        )
        return self.filter(Exists(during))


class PastMember(models.Model):
    """Who left a sales team, and when last (trigger). They judge none of its deals until then."""

    team = models.ForeignKey(SalesTeam, on_delete=models.PROTECT, related_name="past_members")
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    left_at = models.DateTimeField()

    objects = PastMemberQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("team", "user"), name="past_member_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} left {self.team_id}"


class DealQuerySet(models.QuerySet["Deal"]):
    def visible_to(self, user: Any) -> Self:
        """Deals whose existence this person may know of; the rest are "not found"."""
        roles = access.roles_of(user)
        seen = Q(pk__in=[])
        if access.SALES in roles:
            seen |= _sold_by(user)
        if roles & {access.COMPLIANCE, access.SENIOR, access.EXECUTIVE, access.AUDITOR}:
            seen |= Q(sent_at__isnull=False)
        return self.filter(seen)

    def sold_by(self, user: Any) -> Self:
        """What sales sees as "my deals": one's own, and those of the team that were sent."""
        return self.filter(_sold_by(user))

    def awaiting_review(self) -> Self:
        return self.filter(status=Status.IN_REVIEW)

    def awaiting_compliance(self) -> Self:
        return self.filter(status=Status.NEEDS_INFORMATION, asks_compliance=True)

    def awaiting_sales(self) -> Self:
        """Those whose owner must answer; what only compliance can settle is not theirs to do."""
        return self.filter(status=Status.NEEDS_INFORMATION).exclude(_only_compliance())

    def in_tab(self, tab: str) -> Self:
        """My deals by who acts next: yours, drafts, others, decided."""
        return self.filter(_tabs()[tab])

    def tab_counts(self) -> dict[str, int]:
        """How many there are in each tab, in one query."""
        counts = {tab: Count("pk", filter=within) for tab, within in _tabs().items()}
        return cast("dict[str, int]", self.order_by().aggregate(**counts))

    def titled(self, words: str) -> Self:
        """Deals whose name, customer or reference has these words; all of them without words."""
        if not words:
            return self
        matches = Q(title__icontains=words) | Q(answers__customer__icontains=words)
        number = words.rpartition("-")[2]
        if number.isascii() and number.isdigit() and len(number) < 10:
            matches |= Q(pk=int(number))
        return self.filter(matches)

    def newest_first(self) -> Self:
        return self.order_by("-pk")

    def longest_waiting_first(self) -> Self:
        """By their newest screening, which is numbered when it is made."""
        return self.order_by("screening_id", "pk")

    def customer_names(self) -> list[str]:
        """Customers that were named before, so that a name is typed once."""
        names = self.order_by().values_list("answers__customer", flat=True).distinct()[:500]
        return sorted({name for name in names if name})

    def of_end_users(self, keys: Iterable[str]) -> Self:
        """Deals of these end users that may still be delivered: all that count, whenever they were
        sent, and those that lapsed although they were sent, or sent again, in the last twelve
        months, or would still be good. `sweep.holding` says the same in SQL.
        """
        return self.live().filter(end_user_key__in=keys)

    def live(self) -> Self:
        """Those of all end users."""
        sent_lately = Q(screening__revision__created_at__gt=Now() - timedelta(days=365))
        counts = ~Q(status=Status.LAPSED) | sent_lately | Q(valid_until__gt=Now())
        return self.filter(counts, screening__isnull=False).exclude(status__in=CLOSED)

    def not_of_own(self, user: Any) -> Self:
        """Without deals that the person had a hand in or that colleagues of theirs sell, and
        without those of end users to whom they sell.
        """
        hand_in = Contributor.objects.filter(user=user).values("deal")
        return self.exclude(pk__in=hand_in).exclude(_sells_beside(user))

    def of_own(self, user: Any) -> Self:
        """The others: those that the person or colleagues of theirs sell or sold, or have a hand
        in, and those of end users to whom they sell.
        """
        # Numbers, not queries within, as in `_sold_by`.
        hand_in = list(Contributor.objects.filter(user=user).values_list("deal", flat=True))
        return self.filter(Q(pk__in=hand_in) | _sells_beside(user))

    def not_spoken_of(self, user: Any) -> Self:
        """Without deals of parties of whom the person had a say in what is known: for reviewers."""
        return self.exclude(_spoken_of(user))

    def not_to_review(self, user: Any) -> Self:
        """Deals that the person does not review: their own, and of parties of whom they spoke."""
        return self.of_own(user) | self.filter(_spoken_of(user))

    def parts_of(self, user: Any) -> "dict[int, Part]":
        """Of each of these deals, by number, the part that the person has in it; in one query."""
        parts = self.order_by().values_list("pk", *_parts(user).values())
        return {pk: Part(*part) for pk, *part in parts}

    def with_part_of(self, user: Any) -> Self:
        """The same beside each deal: for a page that shows one of them (`Deal.know_own_part`)."""
        return self.annotate(**_parts(user))

    def sold_with(self, user: Any) -> Self:
        """Deals that the person worked on for sales, or that colleagues of theirs sell or sold."""
        hand_in = Contributor.objects.filter(user=user).exclude(part=Contributor.Part.FACTS)
        return self.filter(Q(pk__in=hand_in.values("deal")) | _is_colleague(user))


def _spoken_of(user: Any) -> Q:
    return Q(pk__in=RawSQL("SELECT deals_spoken_of(%s)", [user.pk]))


def _parts(user: Any) -> dict[str, Exists | Func]:
    """By the names of `Part`."""
    hand_in = Contributor.objects.filter(user=user, deal=OuterRef("pk"))
    facts = Q(part=Contributor.Part.FACTS)
    return {
        "in_team": Exists(_teams_of(user).filter(pk=OuterRef("team"))),
        "was_in_team": Exists(_left_teams(user)),
        "shares_team": _by_postgresql("is_colleague", user),
        "sells_to_end_user": _by_postgresql("sells_to_end_user", user),
        "had_a_hand": Exists(hand_in.exclude(facts)),
        "set_a_fact": Exists(hand_in.filter(facts)),
        "spoke_of_a_party": _by_postgresql("spoke_of_party", user),
    }


def _by_postgresql(function: str, user: Any) -> Func:
    """What a function of PostgreSQL says of a deal and a person; its guards ask the same."""
    return Func(F("pk"), Value(user.pk), function=function, output_field=BooleanField())


def _teams_of(user: Any) -> models.QuerySet[SalesTeam]:
    """A list of its own for the query, and no join: a deal stands in the result once by itself."""
    return SalesTeam.objects.filter(members=user)


def _is_colleague(user: Any) -> Q:
    """Deals that a team of the person sells or sold, or somebody with whom they share any team, or
    did since the deals are there.
    """
    return _ever_sold(user) & _shares_team(user)


def _shares_team(user: Any) -> Q:
    return Q(_by_postgresql("is_colleague", user))


def _sells_beside(user: Any) -> Q:
    """The same, and deals whose end user buys something else from the person or their team."""
    sells_to_end_user = Q(_by_postgresql("sells_to_end_user", user))
    return _ever_sold(user) & (_shares_team(user) | sells_to_end_user)


def _ever_sold(user: Any) -> Q:
    """Most people who judge are in no team and left none: then no deal is looked at."""
    is_in = Exists(SalesTeam.members.through.objects.filter(user=user))
    was_in = Exists(PastMember.objects.filter(user=user))
    return Q(is_in) | Q(was_in)


def _left_teams(user: Any) -> models.QuerySet[PastMember]:
    return PastMember.objects.filter(
        user=user, team=OuterRef("team"), left_at__gt=OuterRef("created_at")
    )


def _only_compliance() -> Q:
    return Q(asks_compliance=True, asks_sales=False)


def _tabs() -> dict[str, Q]:
    waiting = Q(status=Status.NEEDS_INFORMATION)
    compliance = waiting & _only_compliance()
    yours = (waiting & ~compliance) | Q(status=Status.LAPSED)
    others = compliance | Q(status=Status.IN_REVIEW)
    drafts = Q(status=Status.DRAFT)
    decided = ~Q(status__in=(Status.NEEDS_INFORMATION, *_UNDECIDED))
    return {"yours": yours, "drafts": drafts, "others": others, "decided": decided}


_UNDECIDED = (Status.LAPSED, Status.IN_REVIEW, Status.DRAFT)


def _sold_by(user: Any) -> Q:
    # Numbers, not a query within: beside OR, PostgreSQL would read every deal there is.
    teams = list(_teams_of(user).values_list("pk", flat=True))
    return Q(owner=user) | (Q(team__in=teams) & ~Q(status=Status.DRAFT))


def reference_of(deal: int, begun_at: datetime) -> str:
    return f"HR-{begun_at.year}-{deal:04d}"


class Part(NamedTuple):
    """What somebody has to do with a deal that they did not only read."""

    in_team: bool
    was_in_team: bool
    #: Any, with its owner or with somebody who edited or sent it; now, or since the deal is there.
    shares_team: bool
    #: Another deal of the same end user, themselves or their team; now, or since this one is there.
    sells_to_end_user: bool
    #: As its owner, an editor or a submitter.
    had_a_hand: bool
    set_a_fact: bool
    #: Recorded, merged, cleared or took back what is known of a party, or said a word to it.
    spoke_of_a_party: bool


class Deal(models.Model):
    owner = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="deals")
    team = models.ForeignKey(SalesTeam, on_delete=models.PROTECT, related_name="deals")
    status = models.CharField(max_length=24, choices=Status, default=Status.DRAFT)
    title = models.CharField(max_length=80, blank=True)
    # The draft answers, slug to value. Frozen as text into a DealRevision when sent.
    answers = models.JSONField(default=dict)
    predecessor = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="successors"
    )
    # The deal whose answers this one began with. What is known of that one holds here too.
    copied_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="copies"
    )
    # The newest screening; null for a draft.
    screening = models.ForeignKey(
        "Screening", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # The highest review level that this deal ever needed. It never falls, and a deal that has
    # one is not cleared without a person.
    review_level = models.CharField(max_length=10, choices=LEVELS, blank=True)
    # The end users' folded names, as last screened: how deals of one end user find each other.
    end_user_key = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    # When it was barred, rejected or withdrawn (trigger).
    closed_at = models.DateTimeField(null=True)
    # By what long lists find and order the deals that wait, all of the newest screening (trigger):
    # 0 is the gravest country risk of a destination, 3 the mildest.
    gravity = models.PositiveSmallIntegerField(null=True)
    asks_compliance = models.BooleanField(db_default=False, default=False)
    asks_sales = models.BooleanField(db_default=False, default=False)
    votes_given = models.PositiveSmallIntegerField(db_default=0, default=0)

    objects = DealQuerySet.as_manager()

    #: What a page asked of its deals at once.
    _known_parts: Mapping[int, Part] = MappingProxyType({})

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(status="draft", screening=None)
                | Q(status="withdrawn")
                | Q(screening__isnull=False, sent_at__isnull=False),
                name="only_drafts_are_unscreened",
            ),
        )
        indexes = (
            models.Index(fields=("status", "due_at"), name="deal_status_due"),
            models.Index(fields=("team", "status"), name="deal_team_status"),
            models.Index(fields=("end_user_key", "sent_at"), name="deal_end_user"),
            # The lists of deals that wait, in their order, with what tells whose deal it is: a page
            # reads as many rows as it shows, and a count reads no deal.
            models.Index(
                fields=("review_level", "gravity", "due_at", "id"),
                condition=Q(status=Status.IN_REVIEW),
                include=("team", "created_at", "sent_at", "screening", "votes_given"),
                name="deal_in_review",
            ),
            models.Index(
                fields=("screening", "id"),
                condition=Q(status=Status.NEEDS_INFORMATION, asks_compliance=True),
                include=("team", "created_at", "sent_at"),
                name="deal_for_compliance",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} {self.title}".strip()

    def get_absolute_url(self) -> str:
        return reverse("screening:deal", kwargs={"pk": self.pk})

    @property
    def reference(self) -> str:
        return reference_of(self.pk, self.created_at)

    @property
    def customer(self) -> str:
        """Who signs, as it was screened; of a draft, as its form says."""
        if self.screening is None:
            return str(self.answers.get("customer") or "")
        return str(self.screening.facts[0].get("customer_name") or "")

    @property
    def title_and_customer(self) -> str:
        """By which people know the deal, in one line whatever was typed."""
        names = (" ".join(text.split()) for text in (self.title, self.customer))
        return ", ".join(filter(None, names))

    @property
    def subject(self) -> str:
        return f"deal:{self.pk}"

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED

    @property
    def is_clearance(self) -> bool:
        return self.status in CLEARANCES

    @property
    def waits_for_somebody_else(self) -> bool:
        """Whether reviewers, compliance or product management still look at it, or will have to
        once sales has answered what is open, or has sent again what lapsed.
        """
        if self.status in (Status.NEEDS_INFORMATION, Status.LAPSED):
            return bool(self.review_level) or self.asks_compliance
        return self.status == Status.IN_REVIEW

    @property
    def turn(self) -> str:
        """Who must act next: sales, compliance, reviewers, nobody or closed."""
        if (
            self.status == Status.NEEDS_INFORMATION
            and self.screening is not None
            and self.screening.only_compliance
        ):
            return "compliance"
        return OWNER[Status(self.status)]

    @property
    def last_screening(self) -> "Screening":
        """The newest screening, for code that only screened deals reach. Drafts have none."""
        if self.screening is None:
            raise RuntimeError(f"Deal {self.pk} was never screened.")
        return self.screening

    def part_of(self, user: Any) -> Part:
        """Asked anew, unless a page of many deals asked for all of them (`know_parts`)."""
        known = self._known_parts.get(user.pk)
        return known or Deal.objects.filter(pk=self.pk).parts_of(user)[self.pk]

    @staticmethod
    def know_parts(deals: "Iterable[Deal]", user: Any) -> None:
        """For a page that only shows these: the part of this person in each, in one query."""
        shown = list(deals)
        parts = Deal.objects.filter(pk__in=[deal.pk for deal in shown]).parts_of(user)
        for deal in shown:
            deal._known_parts = {user.pk: parts[deal.pk]}

    def know_own_part(self, user: Any) -> None:
        """For a page that only shows it, of a deal that was read `with_part_of` this person."""
        part = Part(*(getattr(self, name) for name in Part._fields))
        self._known_parts = {user.pk: part}

    def lock(self) -> None:
        """Read again under a row lock, so that what is checked next is what is written on."""
        self._known_parts = {}
        self.refresh_from_db(from_queryset=Deal.objects.select_for_update(of=("self",)))

    def events(self) -> models.QuerySet[AuditEvent]:
        return AuditEvent.objects.about(self.subject).in_order()

    def why(self, *, verb: str) -> str:
        """The reason recorded with the newest event of this verb; empty when there is none."""
        event = self.events().filter(verb=verb).last()
        return str(json.loads(event.payload).get("because", "")) if event else ""

    def audit_verbs(self) -> list[str]:
        return list(self.events().values_list("verb", flat=True))

    def newest_revision(self) -> "DealRevision | None":
        return self.revisions.order_by("-number").first()


class Contributor(models.Model):
    """Who had a hand in a deal. They never vote on it, whatever their role becomes."""

    class Part(models.TextChoices):
        OWNER = "owner"
        EDITOR = "editor"
        SUBMITTER = "submitter"
        FACTS = "facts"

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="contributors")
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=10, choices=Part)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("deal", "user", "part"), name="contributor_once"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.part}"


class StoppedDraft(models.Model):
    """What a draft said when its page told that the policy stops it. Never changes, and stays when
    the draft is deleted (trigger).
    """

    # The number of the deal, which may be gone, and how people call it.
    draft = models.BigIntegerField()
    reference = models.TextField()
    end_user_key = models.CharField(max_length=200)
    # What its products can do.
    capabilities = models.JSONField()
    answers = models.JSONField()
    stopped_at = models.DateTimeField(db_default=Clock())

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("draft", "end_user_key", "capabilities"), name="draft_stopped_once"
            ),
        )
        indexes = (models.Index(fields=("end_user_key", "stopped_at"), name="draft_stopped"),)

    def __str__(self) -> str:
        return self.reference


class DealRevision(models.Model):
    """The answers as sent, frozen (trigger)."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    submitter = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    answers_text = models.TextField()
    answers = CanonicalField[dict[str, Any]]("answers_text")
    # One for each form that was opened: a second click or a repeated post finds the first result.
    send_key = models.UUIDField(unique=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("deal", "number"), name="revision_number_once"),
            # What Vote's composite foreign key points at: a vote names the real submitter.
            models.UniqueConstraint(fields=("id", "submitter"), name="revision_submitter"),
        )

    def __str__(self) -> str:
        return f"revision {self.number}"


def _at(path: str) -> Func:
    facts = Cast("facts_text", models.JSONField())
    return Func(
        facts, Value(path), function="jsonb_path_query_array", output_field=models.JSONField()
    )


class _Generated(models.GeneratedField):
    """One that is checked without a server: Django would ask it whether it has such columns.

    Every PostgreSQL that we support has stored ones.
    """

    def _check_supported(self, databases: Any) -> list[Any]:
        return []

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.GeneratedField", args, kwargs


def _said_by_facts(*paths: str) -> _Generated:
    """A JSON list of what the stored facts hold at these paths, written by PostgreSQL itself."""
    lists = Func(*map(_at, paths), template="(%(expressions)s)", arg_joiner=" || ")
    return _Generated(
        expression=lists if len(paths) > 1 else _at(*paths),
        output_field=models.JSONField(),
        db_persist=True,
    )


#: The fact that each column of a screening lists over all its variants.
COLUMN_OF = {
    "country": "country_codes",
    "country_risk": "tiers",
    "end_user_type": "end_user_kinds",
    "capabilities": "capabilities",
}


def holds(fact: str, value: str, path: str = "") -> Q:
    """Screenings, or rows with one at ``path``, that surely hold the value in some variant."""
    return Q(**{f"{path}{COLUMN_OF[fact]}__contains": [value]})


class ScreeningQuerySet(models.QuerySet["Screening"]):
    def under(self, rulebook: int) -> Self:
        """Screenings by this rulebook version, and those that were confirmed under it."""
        confirmed = Confirmation.objects.filter(rulebook=rulebook).values("screening")
        return self.filter(Q(rulebook=rulebook) | Q(pk__in=confirmed))


class Screening(models.Model):
    """A stored Assessment: which revision, which versions, which facts. Never changes (trigger)."""

    class Cause(models.TextChoices):
        SENT = "sent", "Sent by sales"
        FACT = "fact", "A fact was set"
        VERSION = "version", "Reference data changed"

    revision = models.ForeignKey(DealRevision, on_delete=models.PROTECT, related_name="screenings")
    cause = models.CharField(max_length=8, choices=Cause)
    outcome = models.CharField(max_length=20)
    review_floor = models.CharField(max_length=20, blank=True)
    # The facts of each variant (each destination and purpose).
    facts_text = models.TextField()
    facts_digest = models.CharField(max_length=71)
    # What pages look screenings up by. PostgreSQL reads it from the text above whoever writes the
    # row, so it never says anything else.
    country_codes = _said_by_facts("$[*].country")
    tiers = _said_by_facts("$[*].country_risk")
    end_user_kinds = _said_by_facts("$[*].end_user_type")
    # A list, or of one with open members {"yes": sure, "unknown": open}: those that are sure.
    capabilities = _said_by_facts(
        '$[*].capabilities[*] ? (@.type() == "string")', "$[*].capabilities.yes[*]"
    )
    # fact -> {"source", "note"}.
    sources_text = models.TextField()
    # Other deals of the end user count in the facts, so they change with those.
    linked = models.BooleanField()
    # Facts that could still raise the outcome, and the open rules.
    missing_text = models.TextField()
    missing = CanonicalField[list[str]]("missing_text")
    open_text = models.TextField()
    open_rules = CanonicalField[list[str]]("open_text")
    asks_sales = models.BooleanField()
    asks_compliance = models.BooleanField()
    rulebook = models.ForeignKey(ReferenceVersion, on_delete=models.PROTECT, related_name="+")
    countries = models.ForeignKey(
        ReferenceVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    catalogue = models.ForeignKey(ReferenceVersion, on_delete=models.PROTECT, related_name="+")
    registry = models.ForeignKey(ReferenceVersion, on_delete=models.PROTECT, related_name="+")
    laws = models.ForeignKey(
        ReferenceVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Canonical JSON: of each law of the register that was picked, by id, the digest of its entry
    # and the last day of its validity; "" where it does not count.
    laws_text = models.TextField(default="{}")
    # The first of these days: the facts hold no longer than that. Empty while no law counts.
    laws_until = models.DateField(null=True)
    # The rows of the countries that were read for the facts (screening.rows_read). Empty where an
    # older program noted none.
    rows_text = models.TextField(default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())

    objects = ScreeningQuerySet.as_manager()

    class Meta:
        indexes = (GinIndex(fields=tuple(COLUMN_OF.values()), name="screening_looked_up_by"),)

    def __str__(self) -> str:
        return f"{self.outcome} ({self.pk})"

    # Asked for again and again, so these two are read once.
    @cached_property
    def facts(self) -> list[dict[str, Any]]:
        facts: list[dict[str, Any]] = json.loads(self.facts_text)
        return facts

    @cached_property
    def sources(self) -> dict[str, dict[str, str]]:
        sources: dict[str, dict[str, str]] = json.loads(self.sources_text)
        return sources

    @cached_property
    def laws_picked(self) -> dict[str, dict[str, str]]:
        """Id of each law of the register that was picked → {"entry": digest, "until": day or ""}.

        Those of linked deals that came along are among them.
        """
        picked: dict[str, dict[str, str]] = json.loads(self.laws_text)
        return picked

    @property
    def only_compliance(self) -> bool:
        return self.asks_compliance and not self.asks_sales

    @property
    def level(self) -> str:
        """The review level that the outcome asks for: senior, executive or empty."""
        return LEVEL_OF.get(self.outcome, "")

    @property
    def versions(self) -> list[ReferenceVersion]:
        versions = (self.rulebook, self.countries, self.catalogue, self.registry, self.laws)
        return [version for version in versions if version is not None]

    def is_current(self, versions: Mapping[str, ReferenceVersion]) -> bool:
        """Whether it used these versions, or was confirmed under them, and its laws still count."""
        if self.laws_until is not None and self.laws_until < timezone.localdate():
            return False
        # By id: the content of five versions is megabytes that nobody reads here.
        used = {kind: getattr(self, f"{kind}_id") for kind in VERSIONS}
        wanted = {kind: versions[kind].pk if kind in versions else None for kind in VERSIONS}
        return used == wanted or self.confirmations.under(versions).exists()


class ConfirmationQuerySet(models.QuerySet["Confirmation"]):
    def under(self, versions: Mapping[str, ReferenceVersion]) -> Self:
        """Those under exactly these versions."""
        return self.filter(**{kind: versions.get(kind) for kind in VERSIONS})

    def of(self, deal: Deal) -> Self:
        return self.filter(screening__revision__deal=deal)


def _version(**kwargs: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        ReferenceVersion,
        on_delete=models.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
        **kwargs,
    )


class Confirmation(models.Model):
    """A screening that stands under other versions too: same outcome, same rules, same facts.

    Never changes (trigger). The screening replays with its own versions.
    """

    screening = models.ForeignKey(
        Screening, on_delete=models.PROTECT, db_index=False, related_name="confirmations"
    )
    # Checked once for each statement, kind included (trigger): a check of four keys for each row
    # would take longer than all the rest. Versions are never deleted.
    rulebook = _version()
    countries = _version(null=True)
    catalogue = _version()
    registry = _version()
    laws = _version(null=True)
    # The event that tells of it and of many more. Known before it is written, and checked with
    # the versions.
    event = models.ForeignKey(
        AuditEvent, on_delete=models.PROTECT, db_index=False, db_constraint=False, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = ConfirmationQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("screening", *VERSIONS), nulls_distinct=False, name="confirmation_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.screening_id} under {self.rulebook_id}"


class Finding(models.Model):
    """One rule that fired in a screening. Never changes (trigger)."""

    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="findings")
    position = models.PositiveSmallIntegerField()
    rule = models.CharField(max_length=20)
    clause = models.CharField(max_length=40)
    outcome = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    because = models.TextField()
    facts_text = models.TextField()
    facts = CanonicalField[dict[str, Any]]("facts_text")
    evidence_text = models.TextField()
    evidence = CanonicalField[list[str]]("evidence_text")
    asks = models.CharField(max_length=12)

    class Meta:
        ordering = ("position",)
        indexes = (models.Index(fields=("rule", "screening"), name="finding_rule"),)

    def __str__(self) -> str:
        return f"{self.rule} {self.outcome}"


class FactRulingQuerySet(models.QuerySet["FactRuling"]):
    def standing(self) -> Self:
        """Without those that two people took back."""
        return self.filter(~Exists(Easing.objects.holding().filter(ruling=OuterRef("pk"))))

    def against_laws(self) -> Self:
        """Those that say of a law that it conflicts with standards, or that it does not serve, and
        nobody has verified it for the same deal since.
        """
        refused = Q(fact="legal_basis_status", value_text__in=('"cited"', '"none"'))
        since = FactRuling.objects.filter(
            deal=OuterRef("deal"),
            fact="legal_basis_status",
            value_text='"verified"',
            pk__gt=OuterRef("pk"),
        )
        return self.filter(Q(fact="law_conflict", value_text="true") | (refused & ~Exists(since)))

    def oldest_first(self) -> Self:
        return self.order_by("pk")


class FactRuling(models.Model):
    """A fact set by compliance or a reviewer, with its reason. Never changes (trigger).

    A value that is graver than what is derived holds in the deal and in its copies, and is a
    finding about its end user (`PartyFinding`), which holds wherever they take part. One that is
    milder holds for exactly what was looked at: the whole declaration, and what reference data
    made of the fact (``about``). See `screening.rulings`.
    """

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="rulings")
    fact = models.CharField(max_length=40)
    value_text = models.TextField()
    value = CanonicalField[Any]("value_text")
    # The answers that were looked at, and the digest of those that count; of a ruling made before
    # rulings named them, nothing is known.
    revision = models.ForeignKey(
        DealRevision, on_delete=models.PROTECT, null=True, related_name="rulings"
    )
    declaration = models.CharField(max_length=71, blank=True)
    # Canonical JSON, never cut: the value that was derived in each variant, and what is doubted.
    about = models.TextField(blank=True)
    because = models.TextField()
    source = models.CharField(max_length=200)
    ruled_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    ruled_at = models.DateTimeField(db_default=Clock())

    objects = FactRulingQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.fact} = {self.value_text}"


class Question(models.Model):
    """What a reviewer asks of sales, tied to a fact."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="questions")
    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="questions")
    number = models.PositiveSmallIntegerField()
    fact = models.CharField(max_length=40, blank=True)
    text = models.TextField()
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("deal", "number"), name="question_number_once"),
        )

    def __str__(self) -> str:
        return f"question {self.number}"

    @property
    def is_answered(self) -> bool:
        return hasattr(self, "answer")


class Answer(models.Model):
    question = models.OneToOneField(Question, on_delete=models.PROTECT, related_name="answer")
    text = models.TextField()
    revision = models.ForeignKey(DealRevision, on_delete=models.PROTECT, related_name="+")
    answered_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"answer to {self.question_id}"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def newest_first(self) -> Self:
        return self.order_by("-pk")


class Notification(models.Model):
    """One email to one person. Written with the change it reports; a job delivers it."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="notifications")
    to = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="notifications", db_index=False
    )
    subject = models.CharField(max_length=200)
    body = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=("to", "created_at", "id"), name="notification_newest"),)

    def __str__(self) -> str:
        return self.subject
