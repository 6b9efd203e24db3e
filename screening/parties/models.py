"""Parties, what is known of them, and what two people lowered. Rows are added, never changed.

A party is a folded name in one country. What is the same body under another name, in another
script or in another country is merged with it, and a merge ends as it began: by people, with a
reason. Whatever makes a deal graver needs one person. Whatever makes one milder is an easing: asked
for by one person, and nothing before another one agreed.
"""

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, Self

from django.conf import settings
from django.db import connection, models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from jobs.models import Clock
from policy.models import ReferenceVersion

USER = settings.AUTH_USER_MODEL
LONGEST_KEY = 200
#: What may be known of a party, with the words of its pages. The names are facts of a deal.
FACTS = (
    ("end_user_type", "Kind of body"),
    ("adverse_info", "Misuse"),
    ("agency_access", "Acts for an intelligence agency"),
    ("state_owned", "Owned or controlled by a state"),
    ("country_risk", "Country risk"),
    ("export_control", "Export control"),
    ("legal_basis_status", "Legal basis"),
    ("law_conflict", "Conflict of law"),
    ("fact_conflict", "Contradiction"),
)
#: An easing holds when it was agreed to and nobody ended it since.
HOLDS = """
SELECT easing_id FROM screening_easingword GROUP BY easing_id HAVING bool_and(agrees)"""
MERGED = f"""
WITH RECURSIVE merged (one, other) AS (
    SELECT merge.gone_id, merge.into_id FROM screening_partymerge AS merge
    WHERE NOT EXISTS (SELECT FROM screening_easing AS easing
        WHERE easing.merge_id = merge.id AND easing.id IN ({HOLDS})))"""  # noqa: S608  written above
#: Each party of those that are asked for, with all that are the same body, itself included.
SAME_AS = f"""{MERGED},
same (id, other) AS (
    SELECT id, id FROM {{asked}} AS asked (id)
    UNION
    SELECT same.id, linked.other FROM same JOIN (
        SELECT one, other FROM merged UNION ALL SELECT other, one FROM merged) AS linked
        ON linked.one = same.other)"""  # noqa: S608  written above
SAME = f"""{SAME_AS.format(asked="unnest(%s::bigint[])")}
SELECT id, other FROM same ORDER BY id, other"""  # noqa: S608  written above
_EITHER_WAY = "SELECT one, other FROM merged UNION ALL SELECT other, one FROM merged"
_OWNERS = "SELECT id, parent_id FROM screening_party WHERE parent_id IS NOT NULL"
_NUMBERS = "screening_partyidentifier AS mine JOIN screening_partyidentifier AS theirs"
_SHARERS = f"""SELECT mine.party_id, theirs.party_id FROM {_NUMBERS} USING (scheme, value)
        WHERE theirs.party_id <> mine.party_id"""  # noqa: S608  written above
#: Whether a party belongs to another one, or has a number of another one.
TIED = f"""(party.parent_id IS NOT NULL OR EXISTS (
    SELECT FROM {_NUMBERS} USING (scheme, value)
    WHERE mine.party_id = party.id AND theirs.party_id <> mine.party_id))"""
#: Each party of those that are asked for, with itself and all that own it (first), and with all
#: that have one of its numbers in a register.
RELATED = f"""{SAME_AS.format(asked="unnest(%(parties)s::bigint[])")},
up (one, other) AS ({_EITHER_WAY} UNION ALL {_OWNERS}),
above (id, other) AS (
    SELECT id, id FROM unnest(%(parties)s::bigint[]) AS asked (id)
    UNION SELECT above.id, up.other FROM above JOIN up ON up.one = above.other)
SELECT id, other, true FROM above
UNION SELECT same.id, theirs.party_id, false FROM {_NUMBERS} USING (scheme, value)
    JOIN same ON same.other = mine.party_id WHERE theirs.party_id <> mine.party_id
ORDER BY id, other"""  # noqa: S608  written above
#: These parties, and all of whom something is asked because of them: under another name, owned by
#: one of them, or with one of their numbers.
REACHED = f"""{MERGED},
down (one, other) AS ({_EITHER_WAY}
    UNION ALL SELECT parent_id, id FROM screening_party WHERE parent_id IS NOT NULL
    UNION ALL {_SHARERS}),
reached (id) AS (
    SELECT unnest(%s::bigint[])
    UNION SELECT down.other FROM reached JOIN down ON down.one = reached.id)
SELECT id FROM reached"""  # noqa: S608  written above

#: Whether anything was ever known of one of those that these names and outlines may mean, of an end
#: user that a deal had, or of somebody because of whom these are asked about.
SPOKEN_OF = f"""{MERGED},
up (one, other) AS ({_EITHER_WAY} UNION ALL {_OWNERS} UNION ALL {_SHARERS}),
meant (id) AS (
    SELECT id FROM screening_party WHERE key = ANY(%(keys)s)
    UNION SELECT party_id FROM screening_partyoutline WHERE outline = ANY(%(outlines)s)
    UNION SELECT party_id FROM screening_dealparty
        WHERE deal_id = ANY(%(deals)s) AND role = 'end_user'),
reached (id) AS (
    SELECT id FROM meant
    UNION SELECT up.other FROM reached JOIN up ON up.one = reached.id)
SELECT EXISTS (SELECT FROM reached JOIN screening_partyfinding ON party_id = reached.id)
    OR EXISTS (SELECT FROM reached JOIN screening_easing ON party_id = reached.id
               WHERE kind = 'cleared_match')"""  # noqa: S608  written above


def same_as(parties: Collection[int]) -> dict[int, list[int]]:
    """Of each of these parties all that are the same body, itself included."""
    same: dict[int, list[int]] = {}
    if parties:
        with connection.cursor() as cursor:
            cursor.execute(SAME, [sorted(parties)])
            for party, other in cursor.fetchall():
                same.setdefault(party, []).append(other)
    return same


def bodies(parties: Collection[int]) -> set[int]:
    """These parties, and all that are the same body as one of them."""
    return {other for others in same_as(parties).values() for other in others}


class Related(NamedTuple):
    """By the number of a party who owns it, itself included, and who has one of its numbers."""

    owners: dict[int, list[int]]
    sharers: dict[int, list[int]]


def related_to(parties: Collection[int]) -> Related:
    related = Related({}, {})
    if parties:
        with connection.cursor() as cursor:
            cursor.execute(RELATED, {"parties": sorted(parties)})
            for party, other, owns in cursor.fetchall():
                (related.owners if owns else related.sharers).setdefault(party, []).append(other)
    return related


def reached_from(parties: Collection[int]) -> set[int]:
    """All in whose deals something may be asked because of one of these; themselves included."""
    if not parties:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(REACHED, [sorted(parties)])
        return {party for (party,) in cursor.fetchall()}


def are_spoken_of(keys: Collection[str], outlines: Collection[str], deals: Collection[int]) -> bool:
    """False where nobody whom these may mean has anything that could be known of a deal."""
    with connection.cursor() as cursor:
        cursor.execute(
            SPOKEN_OF, {"keys": list(keys), "outlines": list(outlines), "deals": list(deals)}
        )
        found: bool = cursor.fetchone()[0]
    return found


class PartyQuerySet(models.QuerySet["Party"]):
    def of_deals(self, deals: Iterable[int]) -> Self:
        """Everybody named in any revision of these deals."""
        return self.filter(parts__deal__in=deals).distinct()


class Party(models.Model):
    """Somebody named in a deal: a folded name in one country. Only the parent ever changes."""

    key = models.CharField(max_length=LONGEST_KEY)
    # A code of two letters; empty when no deal said where they are at home.
    country = models.CharField(max_length=10, blank=True)
    # As it was first written.
    name = models.TextField()
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    created_at = models.DateTimeField(db_default=Clock())

    objects = PartyQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("key", "country"), name="party_once"),)

    def __str__(self) -> str:
        return f"{self.name} ({self.country})" if self.country else self.name

    def get_absolute_url(self) -> str:
        return reverse("reviews:party", kwargs={"pk": self.pk})

    @property
    def subject(self) -> str:
        return f"party:{self.pk}"

    def same(self) -> list[int]:
        """The numbers of all parties that are this body."""
        return same_as([self.pk])[self.pk]


class PartyOutline(models.Model):
    """What is left of a spelling of the name that a deal had. By it the party is found in another
    spelling. Never changes (trigger).
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="outlines")
    outline = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("outline", "party"), name="party_outline_once"),
        )

    def __str__(self) -> str:
        return f"{self.party_id}: {self.outline}"


class PartyIdentifier(models.Model):
    """A number by which a register knows a party. Who adds and removes one is in the ledger."""

    class Scheme(models.TextChoices):
        LEI = "lei", "Legal Entity Identifier (LEI)"
        REGISTER = "register", "Number in a register of companies"

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="identifiers")
    scheme = models.CharField(max_length=10, choices=Scheme)
    value = models.CharField(max_length=60)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("party", "scheme", "value"), name="identifier_once"),
        )
        indexes = (models.Index(fields=("scheme", "value"), name="identifier_value"),)

    def __str__(self) -> str:
        return f"{self.get_scheme_display()} {self.value}"


class DealPartyQuerySet(models.QuerySet["DealParty"]):
    def customers(self) -> Self:
        return self.filter(role=DealParty.Role.CUSTOMER)

    def end_users(self) -> Self:
        return self.filter(role=DealParty.Role.END_USER)

    def buyers(self) -> Self:
        """Who signs it, or runs it for whoever is to use it."""
        return self.filter(role__in=(DealParty.Role.CUSTOMER, DealParty.Role.OPERATOR))

    def principals(self) -> Self:
        """A stop is kept for them."""
        return self.buyers() | self.end_users()

    def takes_another_part(self, key: str) -> Self:
        """Of deals in which a party of this name is somebody else than the end user."""
        uses = DealParty.objects.filter(
            deal=OuterRef("deal"), party__key=key, role=DealParty.Role.END_USER
        )
        return self.filter(~Exists(uses), party__key=key)


class DealParty(models.Model):
    """A part that a party takes in a deal, as one revision names it. Never changes (trigger)."""

    class Role(models.TextChoices):
        CUSTOMER = "customer", "Customer"
        END_USER = "end_user", "End user"
        RESELLER = "reseller", "Reseller"
        INTEGRATOR = "integrator", "Integrator"
        PARTNER = "partner", "Partner"
        CONSIGNEE = "consignee", "Consignee"
        PAYER = "payer", "Payer"
        OPERATOR = "operator", "Operator of the system"
        OTHER = "other", "Other part"

    deal = models.ForeignKey("screening.Deal", on_delete=models.PROTECT, related_name="parts")
    revision = models.ForeignKey(
        "screening.DealRevision", on_delete=models.PROTECT, related_name="parts"
    )
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="parts")
    role = models.CharField(max_length=10, choices=Role)
    name = models.TextField()

    objects = DealPartyQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("revision", "party", "role"), name="part_once"),
        )

    def __str__(self) -> str:
        return f"{self.name}: {self.get_role_display()}"


class PartyFindingQuerySet(models.QuerySet["PartyFinding"]):
    def standing(self) -> Self:
        """Without those that two people took back, or whose ruling they took back."""
        back = Easing.objects.holding().filter(kind=Easing.Kind.TAKE_BACK)
        of_ruling = back.filter(ruling=OuterRef("ruling"))
        return self.filter(~Exists(back.filter(finding=OuterRef("pk"))), ~Exists(of_ruling))

    def oldest_first(self) -> Self:
        return self.order_by("pk")


class PartyFinding(models.Model):
    """Something grave that is known of a party. Never changes (trigger); two people take it back.

    It holds in every deal in which the party takes part. With a ``ruling`` it began in a deal, and
    ends with the ruling.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="findings")
    fact = models.CharField(max_length=40, choices=FACTS)
    value_text = models.TextField()
    # Canonical JSON list: export control speaks of these products only; empty for all.
    products_text = models.TextField(default="[]")
    deal = models.ForeignKey(
        "screening.Deal", on_delete=models.PROTECT, null=True, related_name="findings"
    )
    ruling = models.ForeignKey(
        "screening.FactRuling", on_delete=models.PROTECT, null=True, related_name="findings"
    )
    because = models.TextField()
    source = models.CharField(max_length=200)
    source_date = models.DateField(null=True)
    # Somebody looks at it again by then. It holds until two people take it back.
    review_by = models.DateField(null=True)
    ruled_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    ruled_at = models.DateTimeField(db_default=Clock())

    objects = PartyFindingQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("ruling", "party"), condition=~Q(ruling=None), name="ruling_once_per_party"
            ),
        )

    def __str__(self) -> str:
        return f"{self.fact} = {self.value_text}"

    @property
    def value(self) -> Any:
        return json.loads(self.value_text)

    @property
    def products(self) -> frozenset[str]:
        return frozenset(json.loads(self.products_text))


class PartyMergeQuerySet(models.QuerySet["PartyMerge"]):
    def standing(self) -> Self:
        """Without those that two people undid."""
        return self.filter(~Exists(Easing.objects.holding().filter(merge=OuterRef("pk"))))


class PartyMerge(models.Model):
    """One person's word that two parties are the same body. Never changes (trigger)."""

    gone = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="merged_into")
    into = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="merged")
    because = models.TextField()
    merged_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    merged_at = models.DateTimeField(db_default=Clock())

    objects = PartyMergeQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(gone=models.F("into")), name="merge_of_two"),
        )

    def __str__(self) -> str:
        return f"{self.gone_id} is {self.into_id}"


class EasingQuerySet(models.QuerySet["Easing"]):
    def holding(self) -> Self:
        """Those that a second person agreed to, and that nobody ended since."""
        words = EasingWord.objects.filter(easing=OuterRef("pk"))
        return self.filter(Exists(words.filter(agrees=True)), ~Exists(words.filter(agrees=False)))

    def waiting(self) -> Self:
        """Those about which nobody else has said anything yet."""
        return self.filter(~Exists(EasingWord.objects.filter(easing=OuterRef("pk"))))


class Easing(models.Model):
    """What one person asks to make milder. It holds once another one agreed (append-only)."""

    class Kind(models.TextChoices):
        TAKE_BACK = "take_back", "Take back"
        CLEARED_MATCH = "cleared_match", "Cleared match"
        SPLIT = "split", "Split"
        APART = "apart", "Not the same"

    kind = models.CharField(max_length=16, choices=Kind)
    finding = models.ForeignKey(
        PartyFinding, on_delete=models.PROTECT, null=True, related_name="easings"
    )
    ruling = models.ForeignKey(
        "screening.FactRuling", on_delete=models.PROTECT, null=True, related_name="easings"
    )
    merge = models.ForeignKey(
        PartyMerge, on_delete=models.PROTECT, null=True, related_name="easings"
    )
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="easings")
    other = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    # Canonical JSON list: what the name was found to match when it was looked at.
    hits_text = models.TextField(default="[]")
    registry = models.ForeignKey(
        ReferenceVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    because = models.TextField()
    source = models.CharField(max_length=200, blank=True)
    source_date = models.DateField(null=True)
    # A cleared match counts until this day.
    review_by = models.DateField(null=True)
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Clock())

    objects = EasingQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    Q(kind="take_back", merge=None, party=None, other=None)
                    & (
                        Q(finding__isnull=False, ruling=None)
                        | Q(finding=None, ruling__isnull=False)
                    )
                )
                | Q(
                    kind="cleared_match",
                    party__isnull=False,
                    review_by__isnull=False,
                    registry__isnull=False,
                    finding=None,
                    ruling=None,
                    merge=None,
                    other=None,
                )
                | Q(
                    kind="split",
                    merge__isnull=False,
                    finding=None,
                    ruling=None,
                    party=None,
                    other=None,
                )
                | Q(
                    kind="apart",
                    party__isnull=False,
                    other__isnull=False,
                    finding=None,
                    ruling=None,
                    merge=None,
                ),
                name="easing_of_one_thing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def hits(self) -> frozenset[str]:
        return frozenset(json.loads(self.hits_text))

    @property
    def about(self) -> list[Party]:
        """The parties of which it speaks; of a ruling, those of whom something is known by it."""
        if self.finding is not None:
            return [self.finding.party]
        if self.merge is not None:
            return [self.merge.gone, self.merge.into]
        if self.ruling is not None:
            return list(Party.objects.filter(findings__ruling=self.ruling).order_by("pk"))
        return [party for party in (self.party, self.other) if party is not None]


class EasingWord(models.Model):
    """What another person says to an easing: it holds, or it does not, or no more (append-only)."""

    easing = models.ForeignKey(Easing, on_delete=models.PROTECT, related_name="words")
    agrees = models.BooleanField()
    because = models.TextField()
    said_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    said_at = models.DateTimeField(db_default=Clock())

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("easing", "agrees"), name="easing_word_once"),
        )

    def __str__(self) -> str:
        return f"easing {self.easing_id}: {'agreed' if self.agrees else 'ended'}"
