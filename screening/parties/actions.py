"""The verbs about parties. Each is one transaction: lock, check, write, record.

What makes deals graver needs one person. What makes them milder is asked for by one and agreed to
by another; until then nothing changes, and afterwards one person can end it.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any
from zlib import crc32

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone

from audit.ledger import canonical
from audit.models import SYSTEM, AuditEvent, Line
from audit.refusals import Conflict
from jobs.models import Job
from people import access
from people.verbs import Verb
from policy import active
from policy.engine.language.facts import FactError
from policy.facts.declared import DeclaredError
from policy.facts.derive import matches
from policy.models import Kind
from policy.reference.names.outlines import drawn, outlines
from screening import deriving, linking, mail, rulings
from screening.form import questions
from screening.lifecycle import AFTER_PARTY, AFTER_RULING
from screening.models import Contributor, Deal, DealRevision, FactRuling
from screening.parties import naming, verbs
from screening.parties.models import (
    DealParty,
    Easing,
    EasingWord,
    Party,
    PartyFinding,
    PartyIdentifier,
    PartyMerge,
    PartyOutline,
    reached_from,
)
from screening.parties.naming import Named

#: The first key of the locks on names.
NAME_LOCK = 7_104
PIGEONHOLES = 4_096
#: What is raised on the page of a party, with the values that it may have.
RAISED: dict[str, tuple[Any, ...]] = {
    "adverse_info": ("alleged", "confirmed"),
    "end_user_type": rulings.ORDER["end_user_type"][1:],
    "agency_access": ("yes",),
    "state_owned": (True,),
}


def lock(keys: Collection[str]) -> None:
    """Until this transaction ends, deals that name one of them wait: each sees those before it."""
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, hash) FROM (SELECT DISTINCT hashtext(key) AS hash"
                " FROM unnest(%s::text[]) AS named (key) ORDER BY hash) AS wanted",
                [NAME_LOCK, list(keys)],
            )
            cursor.fetchall()


def lock_names(names: Iterable[str]) -> None:
    """The same for everybody who is known by one of these names, or by another spelling of one.

    Another spelling shares an outline. A long name has a hundred outlines, and PostgreSQL has room
    for a few thousand locks in all, so outlines share theirs: a stranger waits for nothing at
    times, and no deal takes more locks than there are pigeonholes.
    """
    by_name = ({naming.key_of(name), *map(_pigeonhole, outlines(name))} for name in names)
    lock(frozenset[str]().union(*by_name))


def lock_laws(laws: Iterable[str]) -> None:
    """The same for deals under one of these laws of the register."""
    lock({f"law {law}" for law in laws})


def _pigeonhole(outline: str) -> str:
    return f"spelling {crc32(outline.encode()) % PIGEONHOLES}"


# --- Who is named --------------------------------------------------------------------------------


def record(revision: DealRevision, named: Sequence[Named]) -> None:
    """Write down whom a revision names; who is new becomes a party."""
    parties_of = {part: _parties(part) for part in named}
    _draw((party.pk, part.name) for part, parties in parties_of.items() for party in parties)
    parts = {
        (party.pk, part.role): DealParty(
            deal_id=revision.deal_id, revision=revision, party=party, role=part.role, name=part.name
        )
        for part, parties in parties_of.items()
        for party in parties
    }
    DealParty.objects.bulk_create(parts.values(), ignore_conflicts=True)


def _parties(part: Named) -> list[Party]:
    """Those of the name in one of its countries; a new one at home where it is named first."""
    known = [
        party
        for party in Party.objects.filter(key=part.key).order_by("pk")
        if part.is_at_home(party.country)
    ]
    if known:
        return known
    party, _ = Party.objects.get_or_create(
        key=part.key, country=part.home, defaults={"name": part.name}
    )
    return [party]


def _draw(names: Iterable[tuple[int, str]]) -> None:
    """Let each party be found by every spelling that a deal had of its name."""
    wanted = {(pk, outline) for pk, name in names for outline in drawn(name)}
    known = PartyOutline.objects.filter(party__in={pk for pk, _ in wanted})
    new = sorted(wanted.difference(known.values_list("party", "outline"))) if wanted else []
    PartyOutline.objects.bulk_create(
        (PartyOutline(party_id=pk, outline=outline) for pk, outline in new),
        batch_size=1_000,
        ignore_conflicts=True,
    )


def follow(ruling: FactRuling) -> list[PartyFinding]:
    """What was ruled in a deal is known of its end user from now on, wherever they take part.

    Nothing is known by a value that is the mildest, or by a licence: that speaks of one deal.
    """
    order = rulings.ORDER[ruling.fact]
    is_mildest = ruling.value in order and order.index(ruling.value) == 0
    revision = ruling.deal.newest_revision()
    if is_mildest or (ruling.fact, ruling.value) in rulings.OF_ONE_DEAL or revision is None:
        return []
    end_users = Party.objects.filter(
        parts__revision=revision, parts__role=DealParty.Role.END_USER
    ).exclude(findings__ruling=ruling)
    return [_follow(ruling, party, revision) for party in end_users.order_by("pk")]


def follow_all(deal: Deal) -> None:
    """A deal that names another end user takes along what was ruled in it."""
    standing = FactRuling.objects.standing().filter(deal=deal).oldest_first()
    for ruling in standing.select_related("deal"):
        for finding in follow(ruling):
            Job.objects.enqueue(AFTER_PARTY, party=finding.party_id)


def _follow(ruling: FactRuling, party: Party, revision: DealRevision) -> PartyFinding:
    products: list[str] = []
    if ruling.fact == "export_control":
        products = sorted(linking.product_names(questions.declared_facts(revision.answers)))
    finding = PartyFinding.objects.create(
        party=party,
        fact=ruling.fact,
        value_text=ruling.value_text,
        products_text=canonical(products),
        deal=ruling.deal,
        ruling=ruling,
        because=ruling.because,
        source=ruling.source,
        ruled_by_id=ruling.ruled_by_id,
    )
    _record(
        party,
        SYSTEM,
        "party.finding_followed",
        finding=finding.pk,
        fact=finding.fact,
        value=finding.value,
        ruling=ruling.pk,
        deal=ruling.deal_id,
    )
    return finding


# --- Graver: one person --------------------------------------------------------------------------


@transaction.atomic
def raise_finding(
    party: Party,
    *,
    fact: str,
    value: Any,
    because: str,
    source: str,
    source_date: date | None,
    review_by: date | None,
    actor: Any,
) -> PartyFinding:
    """What is known of a party from now on; its deals are screened again.

    Raises Conflict for what cannot be said of a party.
    """
    verbs.RAISE.check(party, actor)
    if value not in RAISED.get(fact, ()):
        raise Conflict(f"{fact} cannot be {value!r}. Choose what is known of the party.")
    _check_words(fact, value)
    lock_body(party)
    finding = PartyFinding.objects.create(
        party=party,
        fact=fact,
        value_text=canonical(value),
        because=because,
        source=source,
        source_date=source_date,
        review_by=review_by,
        ruled_by=actor,
    )
    _record(
        party,
        actor,
        verbs.RAISE.event,
        finding=finding.pk,
        fact=fact,
        value=value,
        because=because,
        source=source,
        review_by=str(review_by or ""),
    )
    _screen_deals_of([party])
    return finding


def _check_words(fact: str, value: Any) -> None:
    vocabulary = active.reference_data().rulebook.vocabulary
    if fact in vocabulary:
        try:
            vocabulary.parse({fact: value})
        except FactError as error:
            raise Conflict("; ".join(error.problems)) from error


@transaction.atomic
def merge(gone: Party, into: Party, *, because: str, actor: Any) -> PartyMerge:
    """Two parties are the same body: what is known of one is known of the other."""
    lock({gone.key, into.key})
    verbs.MERGE.check((gone, into), actor)
    return _merge(gone, into, because=because, actor=actor)


def _merge(gone: Party, into: Party, *, because: str, actor: Any) -> PartyMerge:
    person = None if actor == SYSTEM else actor
    merged = PartyMerge.objects.create(gone=gone, into=into, because=because, merged_by=person)
    for party, other in ((gone, into), (into, gone)):
        _record(party, actor, verbs.MERGE.event, merge=merged.pk, other=other.pk, because=because)
    _screen_deals_of([gone, into])
    return merged


@transaction.atomic
def add_name(party: Party, *, name: str, country: str, because: str, actor: Any) -> PartyMerge:
    """Another name of the party, in whatever script, or the same one in another country."""
    verbs.ADD_NAME.check(party, actor)
    key = naming.key_of(name)
    if not key:
        raise Conflict("Enter a name with at least one letter or digit.")
    other, _ = Party.objects.get_or_create(key=key, country=country, defaults={"name": name})
    if other.pk == party.pk:
        raise Conflict(f"{party} already has this name.")
    _draw([(other.pk, name)])
    return merge(other, party, because=because, actor=actor)


@transaction.atomic
def add_identifier(party: Party, *, scheme: str, value: str, actor: Any) -> PartyIdentifier:
    """A number by which a register knows the party; who shares it could be the same."""
    verbs.ADD_NUMBER.check(party, actor)
    value = value.strip().upper()
    identifier, is_new = party.identifiers.get_or_create(scheme=scheme, value=value)
    if not is_new:
        raise Conflict(f"{party} already has the number {value}.")
    _record(party, actor, verbs.ADD_NUMBER.event, scheme=scheme, value=value)
    _screen_deals_of([party])
    return identifier


@transaction.atomic
def remove_identifier(identifier: PartyIdentifier, *, actor: Any) -> None:
    """A number was wrong. One person is enough, unless something is known of who shares it."""
    verbs.REMOVE_NUMBER.check(identifier, actor)
    lock({identifier.party.key})
    shared = PartyIdentifier.objects.filter(scheme=identifier.scheme, value=identifier.value)
    sharers = Party.objects.filter(identifiers__in=shared).exclude(pk=identifier.party_id)
    verbs.check_tie_ends(identifier.party, sharers)
    removed, _ = PartyIdentifier.objects.filter(pk=identifier.pk).delete()
    if not removed:
        raise Conflict(f"Somebody has already removed the number {identifier.value}.")
    _record(
        identifier.party,
        actor,
        verbs.REMOVE_NUMBER.event,
        scheme=identifier.scheme,
        value=identifier.value,
    )
    _screen_deals_of([identifier.party])


@transaction.atomic
def set_parent(party: Party, parent: Party | None, *, because: str, actor: Any) -> None:
    """Who owns the party: what is known of the owner is asked about in its deals.

    Another one takes the place of the first only where nothing is known of that.
    """
    verbs.SET_PARENT.check(party, actor)
    # Two at once could each close half of a circle.
    lock({"who owns whom"})
    party.refresh_from_db()
    above = Party.objects.get(pk=parent.pk) if parent else None
    seen = {party.pk}
    while above is not None:
        if above.pk in seen:
            raise Conflict(f"{parent} belongs to {party}, so it cannot own it.")
        seen.add(above.pk)
        above = above.parent
    if party.parent is not None and party.parent != parent:
        verbs.check_tie_ends(party, [party.parent])
    party.parent = parent
    party.save(update_fields=["parent"])
    number = parent.pk if parent else None
    _record(party, actor, verbs.SET_PARENT.event, parent=number, because=because)
    _screen_deals_of([party])


# --- Milder: two people --------------------------------------------------------------------------


@transaction.atomic
def ask_take_back(finding: PartyFinding, *, because: str, actor: Any) -> Easing:
    """A finding was wrong. One that began in a deal is taken back with its ruling."""
    if finding.ruling is not None:
        finding.ruling.deal.lock()
    lock_body(finding.party)
    verbs.TAKE_BACK.check(finding, actor)
    about = {"ruling": finding.ruling} if finding.ruling_id else {"finding": finding}
    return _ask(Easing.Kind.TAKE_BACK, because=because, actor=actor, **about)


@transaction.atomic
def ask_take_back_ruling(ruling: FactRuling, *, because: str, actor: Any) -> Easing:
    return _ask(Easing.Kind.TAKE_BACK, because=because, actor=actor, ruling=ruling)


@transaction.atomic
def ask_split(merged: PartyMerge, *, because: str, actor: Any) -> Easing:
    """Two parties are not the same body after all."""
    lock({merged.gone.key, merged.into.key})
    verbs.SPLIT.check(merged, actor)
    return _ask(Easing.Kind.SPLIT, because=because, actor=actor, merge=merged)


@transaction.atomic
def ask_apart(party: Party, other: Party, *, because: str, source: str, actor: Any) -> Easing:
    """Somebody of this name elsewhere is another body."""
    lock({party.key, other.key})
    verbs.APART.check((party, other), actor)
    return _ask(
        Easing.Kind.APART, because=because, source=source, actor=actor, party=party, other=other
    )


@transaction.atomic
def ask_cleared_match(
    party: Party,
    *,
    hits: Sequence[str],
    because: str,
    source: str,
    source_date: date | None,
    review_by: date,
    actor: Any,
) -> Easing:
    """The party is none of those whose name it bears; ``hits`` are the ones that were read.

    Raises Conflict when the registry has another one since.
    """
    lock({party.key})
    verbs.CLEAR.check(party, actor)
    if review_by <= timezone.localdate():
        raise Conflict("Choose a day after today on which somebody looks at the match again.")
    now = hits_of(party)
    if sorted(hits) != now:
        raise Conflict("What this name matches in the registry has changed. Read it again.")
    if not now:
        raise Conflict("This name matches nothing, so there is no match to answer.")
    return _ask(
        Easing.Kind.CLEARED_MATCH,
        because=because,
        source=source,
        source_date=source_date,
        review_by=review_by,
        actor=actor,
        party=party,
        hits_text=canonical(now),
        registry=active.version(Kind.REGISTRY),
    )


def hits_of(party: Party) -> list[str]:
    """What the name matches in its country and in those of its deals, sorted."""
    data = active.reference_data()
    countries = {party.country} - {""}
    for text in DealParty.objects.filter(party=party).values_list(
        "deal__screening__facts_text", flat=True
    ):
        countries |= _countries(text)
    hits: set[str] = set()
    for name in {party.name, *party.parts.values_list("name", flat=True)}:
        hits |= set(matches(name, frozenset(countries), data))
    return sorted(hits)


def _countries(facts_text: str | None) -> set[str]:
    variants = json.loads(facts_text) if facts_text else []
    return {facts["country"].partition("-")[0] for facts in variants if facts.get("country")}


@transaction.atomic
def agree(easing: Easing, *, because: str, actor: Any) -> EasingWord:
    """A second person agrees, and it holds."""
    return _say(easing, verbs.AGREE, agrees=True, because=because, actor=actor)


@transaction.atomic
def end(easing: Easing, *, because: str, actor: Any) -> EasingWord:
    """Anybody refuses what was asked, or ends what held: it does not hold any more."""
    return _say(easing, verbs.END, agrees=False, because=because, actor=actor)


def _say(
    easing: Easing, verb: Verb[Easing, None], *, agrees: bool, because: str, actor: Any
) -> EasingWord:
    if easing.ruling is not None:
        easing.ruling.deal.lock()
    parties = easing.about
    lock({f"easing:{easing.pk}", *(party.key for party in parties)})
    verb.check(easing, actor)
    word = EasingWord.objects.create(easing=easing, agrees=agrees, because=because, said_by=actor)
    _record_all(parties, actor, verb.event, easing=easing.pk, kind=easing.kind, because=because)
    if easing.ruling is not None:
        deal_verb = "deal.ruling_taken_back" if agrees else "deal.ruling_kept"
        _record_of_deal(easing, actor, deal_verb, because=because, holds=not agrees)
        Job.objects.enqueue(AFTER_RULING, ruling=easing.ruling.pk)
    _screen_deals_of(parties)
    return word


def _ask(kind: str, *, because: str, actor: Any, **about: Any) -> Easing:
    easing = Easing.objects.create(kind=kind, because=because, asked_by=actor, **about)
    easing.refresh_from_db()
    _record_all(
        easing.about,
        actor,
        verbs.TAKE_BACK.event,
        easing=easing.pk,
        kind=str(easing.kind),
        because=because,
    )
    if easing.ruling is not None:
        _record_of_deal(easing, actor, "deal.ruling_taken_back", because=because, holds=True)
    _tell_the_second(easing, actor)
    return easing


def _record_of_deal(easing: Easing, actor: Any, verb: str, **payload: Any) -> None:
    """The deal of the ruling tells of it too; who has a say in its facts does not vote on it."""
    ruling = easing.ruling
    assert ruling is not None  # noqa: S101  the caller looked
    Contributor.objects.get_or_create(deal=ruling.deal, user=actor, part=Contributor.Part.FACTS)
    payload |= {"fact": ruling.fact, "value": ruling.value, "ruling": ruling.pk}
    payload["easing"] = easing.pk
    AuditEvent.objects.append(subject=ruling.deal.subject, actor=actor, verb=verb, payload=payload)


def _tell_the_second(easing: Easing, actor: Any) -> None:
    """Everybody else in compliance who may agree."""
    parties = easing.about
    deals = Deal.objects.filter(parts__party__in=parties).order_by("-pk")
    deal = easing.ruling.deal if easing.ruling is not None else deals.first()
    if deal is None:
        return
    names = ", ".join(dict.fromkeys(str(party) for party in parties)) or deal.reference
    what = f"{easing.get_kind_display()}: {names}"
    officers = get_user_model().objects.filter(groups__name=access.COMPLIANCE, is_active=True)
    for person in officers.exclude(pk=actor.pk).order_by("pk"):
        if verbs.AGREE.may(easing, person):
            mail.tell(deal, person, template="second_person", easing=easing, what=what)


# --- Deals that are screened again ---------------------------------------------------------------


def screen_expired() -> int:
    """Look again at the deals of matches whose time is over. Returns how many matches ended."""
    over = Easing.objects.holding().filter(
        kind=Easing.Kind.CLEARED_MATCH, review_by__lt=timezone.localdate()
    )
    wanted = list(over.values_list("pk", "party_id"))
    with transaction.atomic():
        return len(
            Job.objects.enqueue_all(
                AFTER_PARTY,
                [{"party": party or 0} for _, party in wanted],
                keys=[f"{easing}:over" for easing, _ in wanted],
            )
        )


def lock_body(party: Party) -> None:
    """Whoever names the party under any of its names waits, or somebody who belongs to it."""
    lock_names(Party.objects.filter(pk__in=reached_from([party.pk])).values_list("name", flat=True))


def _screen_deals_of(parties: Iterable[Party]) -> None:
    Job.objects.enqueue_all(AFTER_PARTY, [{"party": party.pk} for party in parties])


def _record(party: Party, actor: Any, verb: str, **payload: Any) -> None:
    _record_all([party], actor, verb, **payload)


def _record_all(parties: Iterable[Party], actor: Any, verb: str, **payload: Any) -> None:
    lines = [Line(party.subject, verb, payload) for party in parties]
    AuditEvent.objects.append_all(lines, actor=actor)


@transaction.atomic
def name_parties(revisions: Iterable[DealRevision]) -> int:
    """Write down whom revisions name that an older program stored. Returns how many could be read.

    One that no form of today gives names nobody.
    """
    named = 0
    for revision in revisions:
        try:
            parts = deriving.named_in(deriving.read(revision.answers))
        except DeclaredError:
            continue
        lock({part.key for part in parts})
        record(revision, parts)
        named += 1
    return named


@transaction.atomic
def fold_again() -> int:
    """A newer program may fold names otherwise: what is known of a party is known under both keys.

    It may draw them otherwise, too: each is found by its newer outlines besides. Returns how many
    names have another key now.
    """
    written = set(Party.objects.values_list("pk", "name"))
    written |= set(DealParty.objects.values_list("party", "name").distinct())
    parties = Party.objects.in_bulk()
    _draw(written)
    changed = 0
    for pk, name in sorted(written):
        old, key = parties[pk], naming.key_of(name)
        if not key or key == old.key:
            continue
        new, _ = Party.objects.get_or_create(key=key, country=old.country, defaults={"name": name})
        if new.pk not in old.same():
            because = "This version of the program compares names otherwise."
            _merge(new, old, because=because, actor=SYSTEM)
            changed += 1
    return changed
