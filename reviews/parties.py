"""Parties as pages show them: who they are, what is known, what waits, their deals."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils import timezone

from people import access
from policy import active
from policy.models import Kind
from policy.reference.registry import fold
from reviews import labels
from reviews.models import Condition
from screening import wording
from screening.lifecycle import CLOSED
from screening.models import Deal
from screening.parties import actions, spelling, verbs
from screening.parties.models import (
    FACTS,
    SAME,
    DealParty,
    Easing,
    Party,
    PartyFinding,
    PartyIdentifier,
    PartyMerge,
    bodies,
    related_to,
    same_as,
)

LABELS = dict(FACTS)
OF_RULINGS = (
    "country_risk",
    "export_control",
    "legal_basis_status",
    "law_conflict",
    "fact_conflict",
)
WORDS = {
    ("adverse_info", "alleged"): "Misuse is alleged",
    ("adverse_info", "confirmed"): "Misuse is confirmed",
    ("agency_access", "yes"): "Acts for an intelligence agency",
    ("state_owned", True): "Owned or controlled by a state",
    ("law_conflict", True): "Conflict of law",
    ("fact_conflict", True): "What was declared is contradicted",
}


def in_words(fact: str, value: Any) -> str:
    """What is known, in a few words of the active rulebook."""
    fixed = WORDS.get((fact, value))
    if fixed:
        return fixed
    vocabulary = active.reference_data().rulebook.vocabulary
    words = vocabulary[fact].words.get(str(value)) if fact in vocabulary else None
    return f"{LABELS[fact]}: {words or str(value).replace('_', ' ')}"


def country_names() -> Mapping[str, str]:
    return active.countries(active.version(Kind.COUNTRIES)).names


def country(code: str, names: Mapping[str, str]) -> str:
    return names.get(code, code) if code else "Country not known"


# --- The list -------------------------------------------------------------------------------------


def heads() -> QuerySet[Party]:
    """One party for each body: those that were merged into another one are left out."""
    merged = PartyMerge.objects.standing().filter(gone=OuterRef("pk"))
    return Party.objects.filter(~Exists(merged))


def filtered(parties: QuerySet[Party], chosen: Mapping[str, Any]) -> QuerySet[Party]:
    """By the names of a body, its country and what is known of it."""
    if chosen.get("text"):
        words = chosen["text"]
        matching = Q(name__icontains=words) | Q(parts__name__icontains=words)
        if key := fold(words):
            matching |= Q(key__contains=key)
        matching |= Q(identifiers__value__iexact=words.strip())
        parties = parties.filter(pk__in=_bodies(Party.objects.filter(matching)))
    if chosen.get("country"):
        parties = parties.filter(pk__in=_bodies(Party.objects.filter(country=chosen["country"])))
    if chosen.get("known"):
        parties = parties.filter(pk__in=_bodies(_known(chosen["known"])))
    return parties


def _bodies(parties: QuerySet[Party]) -> set[int]:
    return bodies(set(parties.values_list("pk", flat=True)))


def _known(what: str) -> QuerySet[Party]:
    findings = PartyFinding.objects.standing()
    matches = Easing.objects.holding().filter(kind=Easing.Kind.CLEARED_MATCH)
    today = timezone.localdate()
    if what == "cleared":
        return Party.objects.filter(easings__in=matches)
    if what == "waiting":
        about = {party.pk for easing in waiting() for party in easing.about}
        return Party.objects.filter(pk__in=about)
    if what == "due":
        found = findings.filter(review_by__lte=today).values_list("party")
        cleared = matches.filter(review_by__lte=today).values_list("party")
        return Party.objects.filter(pk__in=found.union(cleared))
    if what == "ruled":
        findings = findings.filter(fact__in=OF_RULINGS)
    elif what != "any":
        findings = findings.filter(fact=what)
    return Party.objects.filter(findings__in=findings)


@dataclass(frozen=True)
class Row:
    """One body of the list."""

    party: Party
    country: str
    also: list[str]
    deals: int
    known: list[str]
    waits: bool


def rows(parties: Iterable[Party], user: Any) -> list[Row]:
    """What the list shows of these, in a number of queries that does not grow with them."""
    shown = list(parties)
    same = same_as([party.pk for party in shown])
    everybody = Party.objects.in_bulk({other for others in same.values() for other in others})
    body_of = {other: pk for pk, others in same.items() for other in others}
    known_of: dict[int, dict[str, None]] = {party.pk: {} for party in shown}
    for finding in PartyFinding.objects.standing().filter(party__in=everybody).oldest_first():
        known_of[body_of[finding.party_id]][in_words(finding.fact, finding.value)] = None
    matches = Easing.objects.holding().filter(kind=Easing.Kind.CLEARED_MATCH, party__in=everybody)
    for match in matches:
        known_of[body_of[match.party_id or 0]]["Cleared match"] = None
    deals: dict[int, set[int]] = {party.pk: set() for party in shown}
    visible = Deal.objects.visible_to(user).values("pk")
    parts = DealParty.objects.filter(party__in=everybody, deal__in=visible)
    for party, deal in parts.values_list("party", "deal").distinct():
        deals[body_of[party]].add(deal)
    waits = {body_of.get(party.pk) for easing in waiting() for party in easing.about}
    names = country_names()
    return [
        Row(
            party,
            country(party.country, names),
            [str(everybody[pk]) for pk in same[party.pk] if pk != party.pk],
            len(deals[party.pk]),
            list(known_of[party.pk]),
            party.pk in waits,
        )
        for party in shown
    ]


# --- One party ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """One thing that is known of a party."""

    finding: PartyFinding
    what: str
    of: str
    who: str
    deal_url: str
    is_due: bool
    asked: Easing | None
    may_take_back: bool


def findings(body: Iterable[int], user: Any) -> list[Known]:
    """What holds of a body, the newest first."""
    standing = PartyFinding.objects.standing().filter(party__in=body).order_by("-pk")
    return [
        Known(
            finding,
            in_words(finding.fact, finding.value),
            str(finding.party),
            labels.person(finding.ruled_by),
            deal_url(finding.deal, user) if finding.deal else "",
            is_due(finding.review_by),
            _asked(finding),
            verbs.TAKE_BACK.may(finding, user),
        )
        for finding in standing.select_related("party", "deal", "ruling", "ruled_by")
    ]


def _asked(finding: PartyFinding) -> Easing | None:
    about = Q(finding=finding)
    if finding.ruling_id:
        about |= Q(ruling=finding.ruling_id)
    return Easing.objects.waiting().filter(about).first()


def is_due(day: date | None) -> bool:
    return day is not None and day <= timezone.localdate()


@dataclass(frozen=True)
class Asked:
    """An easing in words."""

    easing: Easing
    what: str
    who: str
    parties: list[Party]
    may_agree: bool
    why_not: str


def waiting() -> list[Easing]:
    """What waits for a second person, the oldest first."""
    easings = Easing.objects.waiting().select_related(*ABOUT).order_by("pk")
    return list(easings)


ABOUT = (
    "finding__party",
    "ruling__deal__screening",
    "merge__gone",
    "merge__into",
    "party",
    "other",
    "asked_by",
)


def asked(easing: Easing, user: Any) -> Asked:
    why_not = verbs.AGREE.why_not(easing, user)
    return Asked(
        easing, what(easing), labels.person(easing.asked_by), easing.about, not why_not, why_not
    )


def what(easing: Easing) -> str:
    """What would no longer be, or be milder."""
    if easing.finding is not None:
        finding = easing.finding
        return f"Take back “{in_words(finding.fact, finding.value)}” about {finding.party}"
    if easing.ruling is not None:
        ruling = easing.ruling
        own = wording.after(ruling.deal, ruling.ruled_at)
        ruled = f"{own.label(ruling.fact)}: {own.value(ruling.fact, ruling.value)}"
        return f"Take back “{ruled}”, set for {ruling.deal.reference}"
    if easing.merge is not None:
        return f"Split {easing.merge.gone} from {easing.merge.into}"
    if easing.kind == Easing.Kind.APART:
        return f"{easing.party} is not {easing.other}"
    return f"Clear the match of {easing.party}: {', '.join(sorted(easing.hits))}"


@dataclass(frozen=True)
class Match:
    """What the name of one party matches, and whether two people answered it."""

    party: Party
    hits: list[str]
    new: list[str]
    cleared: Easing | None
    asked: Easing | None
    may_ask: bool


def matches(parties: Iterable[Party], user: Any) -> list[Match]:
    """Of each name of a body that matches anything."""
    shown = []
    for party in parties:
        hits = actions.hits_of(party)
        own = Easing.objects.filter(kind=Easing.Kind.CLEARED_MATCH, party=party).order_by("-pk")
        answer = own.holding().filter(review_by__gte=timezone.localdate()).first()
        asked_for = own.waiting().first()
        if hits or answer:
            new = [hit for hit in hits if answer is None or hit not in answer.hits]
            may = bool(new) and verbs.CLEAR.may(party, user)
            shown.append(Match(party, hits, new, answer, asked_for, may))
    return shown


@dataclass(frozen=True)
class Namesake:
    """A party that could be the same: why, and what may be said of it."""

    party: Party
    why: str
    known: list[str]
    asked: Easing | None
    may_say: bool


def namesakes(party: Party, body: Iterable[int], user: Any) -> list[Namesake]:
    """Parties of one of the names elsewhere, or with one of the numbers, that nobody told apart.

    Those of another spelling too, if anything is known of them or a deal of theirs was stopped, and
    an owner of whom anything is known: until it is told apart, nobody takes it away.
    """
    own = set(body)
    keys = set(Party.objects.filter(pk__in=own).values_list("key", flat=True))
    spelt = _remarkable_in_another_spelling(own, keys)
    numbers = PartyIdentifier.objects.filter(party__in=own).values_list("scheme", "value")
    shares = Q(pk__in=[])
    for scheme, value in numbers:
        shares |= Q(identifiers__scheme=scheme, identifiers__value=value)
    owners = _remarkable_owners(own)
    others = (
        Party.objects.filter(Q(key__in=keys) | Q(pk__in=spelt) | Q(pk__in=owners) | shares)
        .exclude(pk__in=own)
        .distinct()
    )
    apart = spelling.apart([*own, *others.values_list("pk", flat=True)])
    may = verbs.RAISE.may(party, user)
    return [
        Namesake(
            other,
            "Owner" if other.pk in owners else _why_the_same(other, keys, spelt),
            [
                in_words(finding.fact, finding.value)
                for finding in PartyFinding.objects.standing().filter(party__in=other.same())
            ],
            Easing.objects.waiting()
            .filter(kind=Easing.Kind.APART)
            .filter(Q(party__in=own, other=other) | Q(party=other, other__in=own))
            .first(),
            may,
        )
        for other in others.order_by("name", "country")
        if not any((mine, other.pk) in apart for mine in own)
    ]


def _remarkable_owners(own: Collection[int]) -> set[int]:
    """The owners of whom, or of whose owners, something is known."""
    owners = Party.objects.filter(children__in=own).values_list("pk", flat=True)
    above = related_to(set(owners)).owners
    everybody = {pk for others in above.values() for pk in others}
    findings = PartyFinding.objects.standing().filter(party__in=everybody)
    known = set(findings.values_list("party", flat=True))
    return {pk for pk, others in above.items() if not known.isdisjoint(others)}


def _remarkable_in_another_spelling(own: Collection[int], keys: Collection[str]) -> set[int]:
    """Those of whom something is known, or whose deal was stopped."""
    spelt = Party.objects.filter(key__in=spelling.keys_alike(own)).exclude(key__in=keys)
    same = same_as(set(spelt.values_list("pk", flat=True)))
    everybody = {other for others in same.values() for other in others}
    findings = PartyFinding.objects.standing().filter(party__in=everybody)
    known_of = set(findings.values_list("party", flat=True))
    closed = Deal.objects.filter(status__in=CLOSED, end_user_key__in=spelt.values("key"))
    stopped = spelt.filter(key__in=closed.values("end_user_key"))
    known = {pk for pk, others in same.items() if not known_of.isdisjoint(others)}
    return known | set(stopped.values_list("pk", flat=True))


def _why_the_same(other: Party, keys: Collection[str], spelt: Collection[int]) -> str:
    if other.key in keys:
        return "Same name"
    return "Another spelling of the name" if other.pk in spelt else "Same number in a register"


def deals(body: Iterable[int], user: Any) -> QuerySet[Deal]:
    """The deals in which the body takes or took part, as far as this person may know of them."""
    named = DealParty.objects.filter(party__in=list(body)).values("deal")
    visible = Deal.objects.visible_to(user).filter(pk__in=named)
    return visible.select_related("screening").newest_first()


def parts(deals_shown: Iterable[Deal], body: Iterable[int]) -> dict[int, str]:
    """Of each deal the parts that the body takes or took in it."""
    taken: dict[int, dict[str, None]] = {}
    for part in DealParty.objects.filter(deal__in=list(deals_shown), party__in=list(body)):
        taken.setdefault(part.deal_id, {})[part.get_role_display()] = None
    return {deal: ", ".join(roles) for deal, roles in taken.items()}


def conditions(body: Iterable[int], user: Any) -> QuerySet[Condition]:
    """Conditions of the approvals of its deals."""
    return (
        Condition.objects.filter(decision__deal__in=deals(body, user).values("pk"))
        .select_related("decision__deal")
        .order_by("due_on")
    )


def deal_url(deal: Deal, user: Any) -> str:
    """The page on which this person reads deals."""
    if access.has_role(user, access.COMPLIANCE):
        return reverse("reviews:compliance-deal", kwargs={"pk": deal.pk})
    page = "deal" if access.has_role(user, *access.REVIEWERS) else "record"
    return reverse(f"reviews:{page}", kwargs={"pk": deal.pk})


# --- On the page of a deal ------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """Somebody named in the newest revision of a deal."""

    party: Party
    name: str
    role: str
    country: str
    known: list[str]


def _country_of(party: Party, words: wording.Wording | None) -> str:
    """Its country as the deal was screened with, or as it is called today."""
    names = {party.country: words.place(party.country)} if words else country_names()
    return country(party.country, names)


def of_deal(deal: Deal) -> list[Part]:
    words = wording.of(deal.last_screening) if deal.screening_id else None
    revision = deal.last_screening.revision if deal.screening_id else deal.newest_revision()
    named = DealParty.objects.filter(revision=revision).select_related("party").order_by("pk")
    known_of = _known_of({part.party_id for part in named})
    return [
        Part(
            part.party,
            part.name,
            part.get_role_display(),
            _country_of(part.party, words),
            known_of.get(part.party_id, []),
        )
        for part in named
    ]


def _known_of(parties: Collection[int]) -> dict[int, list[str]]:
    """Of each of these parties what is known of its body, in words, each once."""
    same = RawSQL(f"SELECT other FROM ({SAME}) AS same", [sorted(parties)])  # noqa: S611, S608
    standing = PartyFinding.objects.standing().filter(party__in=same).oldest_first()
    findings = list(standing) if parties else []
    # Of most parties nothing is known.
    bodies_of = same_as(parties) if findings else {}
    return {
        party: list(
            dict.fromkeys(
                in_words(finding.fact, finding.value)
                for other in others
                for finding in findings
                if finding.party_id == other
            )
        )
        for party, others in bodies_of.items()
    }
