"""From the answers of a deal to the facts that are screened.

Answers declare, reference data derives, other deals of the same end user add what they contain
(`linking`), what is known of everybody named counts (`parties`), and what compliance ruled is laid
over it (`rulings`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.utils import timezone

from audit.ledger import canonical
from audit.refusals import Conflict, NotAllowed
from policy import active
from policy.engine.language.condition import OUTCOMES
from policy.engine.language.facts import FactError, Facts
from policy.engine.language.words import listed
from policy.facts import spots
from policy.facts.declared import RESELLER, DeclaredError
from policy.facts.derive import LONGEST_NOTE, Origin, ReferenceData, Variant, contradiction, trace
from policy.facts.likenesses import Likeness, likenesses
from policy.reference.destinations import reading_rows
from screening import linking, rows_read, rulings
from screening.around import Around
from screening.form import named_in_text, questions
from screening.form.deal_form import QUESTIONS, SECURITY
from screening.form.questions import Reading
from screening.lifecycle import Status
from screening.models import Deal, DealRevision, FactRuling, Screening, StoppedDraft
from screening.parties import known, naming
from screening.parties.known import CUSTOMER, END_USER, Known
from screening.parties.models import DealParty, PartyFinding
from screening.parties.naming import Named

FOLLOWS = "follows_stopped_deal"
NOTHING = canonical({})


class Doubt(NamedTuple):
    """A question of the form that still misses its answer."""

    slug: str
    title: str


@dataclass(frozen=True)
class Found:
    """The facts of each variant of a revision, and where each value comes from."""

    variants: Sequence[Facts]
    sources_text: str
    text: str
    end_user_key: str
    #: Whether other deals of the end user count in it.
    linked: bool
    #: The laws of the register that were picked, as `Screening.laws_text` keeps them, and the first
    #: day on which one that counts ends.
    laws_text: str = "{}"
    laws_until: date | None = None
    #: The rows of the countries that were read, as `Screening.rows_text` keeps them.
    rows_text: str = ""
    #: Why people look at it whatever the rulebook says: a ruling eased it, or it follows a
    #: stopped deal. Sentences.
    looks: Sequence[str] = ()
    #: Whether executives had to look at what it follows or says less than.
    for_executives: bool = False

    def differs_from(self, screening: Screening, review_level: str) -> bool:
        """Whether a deal that was screened so has to be screened again.

        Another stopped deal to follow counts, although the fact says only that there is any.
        """
        if self.text != screening.facts_text or (self.looks and not review_level):
            return True
        before, now = screening.sources, json.loads(self.sources_text)
        return bool(before.get(FOLLOWS) != now.get(FOLLOWS))


@dataclass(frozen=True)
class Derived:
    """A declaration as it is derived before rulings: what every ruling on it looks at."""

    declared: Mapping[str, Any]
    key: str
    variants: Sequence[Variant]
    pile: rulings.Pile
    brought: linking.Brought
    follows: str
    known: Known
    named: Sequence[Named]
    #: The day for which it is derived: a law of the register counts until its last one.
    on: date
    #: Whether executives had to look at a stopped deal that it follows and that can do the same, or
    #: would have looked at its own draft.
    for_executives: bool


def of_revision(
    revision: DealRevision,
    data: ReferenceData,
    around: Around | None = None,
    reading: Reading | None = None,
) -> Found:
    """The facts of a sent revision under these versions, rulings and linked deals included.

    ``reading`` is of its answers; under other versions it is read again.
    """
    with reading_rows() as rows:
        if reading is not None:
            rows |= reading.rows
        derived, variants, eased = _whole(revision, data, around, reading)
    return Found(
        variants=[variant.facts for variant in variants],
        sources_text=canonical(_sources(variants)),
        text=canonical([variant.facts.plain for variant in variants]),
        end_user_key=derived.key,
        linked=bool(derived.brought.deals),
        rows_text=rows_read.text_of(rows),
        **_laws(derived, data),
        looks=[sentence for sentence in (derived.follows, eased) if sentence],
        for_executives=derived.for_executives,
    )


def facts_of_revision(revision: DealRevision, data: ReferenceData, around: Around) -> list[Facts]:
    """The same facts and nothing about them, for whoever only assesses them."""
    _, variants, _ = _whole(revision, data, around)
    return [variant.facts for variant in variants]


def _whole(
    revision: DealRevision,
    data: ReferenceData,
    around: Around | None,
    reading: Reading | None = None,
) -> tuple[Derived, Sequence[Variant], str]:
    """What is derived, its variants with everything laid over them, and what was eased."""
    around = around or Around([revision.deal])
    if reading is None or reading.data is not data:
        answers, declared = around.answers(revision), around.declared(revision)
        reading = Reading(answers, data, around.today, declared)
    derived = _derived(revision.deal, reading, around, revision.created_at)
    laid = _laid(derived)
    variants = _traced_all(derived, laid, data)
    eased = _eased(laid, derived, data)
    if eased:
        derived = _derived_again({**derived.declared, "eased_by_ruling": eased}, derived, data)
        variants = _traced_all(derived, laid, data)
    return derived, variants, eased


def twins(deal: Deal, reading: Reading, around: Around) -> list[linking.Other]:
    """The live deals that this one is like, as they are or as they were sent once: their end user
    uses this one, maybe under another spelling, or takes another part in it, they have a country in
    common, and a product can do the same.
    """
    declared, data = reading.declared, reading.data
    here, able = linking.places(declared, data), linking.able_to(declared, data)
    key = linking.end_user_key(declared)
    keys = {part.key for part in naming.named(declared, data)}
    used, once = around.used_by(keys, deal, data), around.once_used_by(keys, deal, data)
    others = [other for of_party in (*used.values(), *once.values()) for other in of_party]
    if key:
        others += around.alike(deal, str(declared["end_user_name"]), data)
    ever = [(other, other.ever(data)) for other in others]
    alike = {
        other.deal.pk: other
        for other, sold in ever
        if linking.has_place_in_common(here, sold.places)
        and linking.in_common(able, sold.capabilities)
    }
    return [alike[pk] for pk in sorted(alike)]


def waiting_beside_surveillance(deal: Deal, reading: Reading, around: Around) -> list[Deal]:
    """The deals at which somebody has to look, whatever they sell, and whose end user uses this one
    or takes another part in it, in the same country; none where this one is no surveillance.
    """
    declared, data = reading.declared, reading.data
    if not linking.relates(linking.able_to(declared, data), data):
        return []
    here, keys = linking.places(declared, data), {part.key for part in named_in(reading)}
    used, once = around.used_by(keys, deal, data), around.once_used_by(keys, deal, data)
    waiting = {
        other.deal.pk: other.deal
        for of_party in (*used.values(), *once.values())
        for other in of_party
        if other.deal.waits_for_somebody_else
        and linking.has_place_in_common(here, other.ever(data).places)
    }
    return [waiting[pk] for pk in sorted(waiting)]


def waiting_for_another(deal: Deal, reading: Reading, around: Around) -> list[Deal]:
    """The deals at which somebody has to look, and that somebody named in this one signed for
    another end user, or is to run, with something that can do the same in the same country. Who
    buys to resell sells to many.
    """
    declared, data = reading.declared, reading.data
    here, able = linking.destinations(declared, data), linking.able_to(declared, data)
    keys, uses = {part.key for part in named_in(reading)}, linking.end_user_key(declared)
    found = []
    for other in around.waiting_of_customers(keys, deal, uses):
        theirs = around.declared(other.last_screening.revision) or {}
        sent = [theirs, *_read_of(around.sent_before(other))]
        sells_to_many = theirs.get("customer_type") == RESELLER
        if (not sells_to_many or around.is_run_by(other, keys)) and any(
            linking.has_place_in_common(here, linking.destinations(one, data))
            and linking.in_common(able, linking.able_to(one, data))
            for one in sent
        ):
            found.append(other)
    return found


def _read_of(sent: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What these answers declare, as far as the form of today can read them."""
    for answers in sent:
        with suppress(DeclaredError):
            yield questions.declared_facts(answers)


def known_in_words(deal: Deal, reading: Reading, around: Around) -> tuple[list[str], list[Deal]]:
    """Sentences on bodies that only the words name: those of which compliance knows something that
    is true in whatever part, and those whose deals were stopped, with a product that can do the
    same; and these deals, those among them that the words name themselves and that wait, too.
    """
    own = {part.key for part in named_in(reading)}
    keys = frozenset(map(linking.key_of_name, named_in_text.phrases(reading.answers))) - own
    findings, stopped = around.known_by_name(keys - {""}, timezone.now())
    sentences = [
        f"names {finding.party} in its words, and compliance knows more about it"
        for finding in findings
        if finding.value in known.OF_A_BODY.get(finding.fact, ())
    ]
    called = [
        other
        for other in around.called(named_in_text.references(reading.answers))
        if (other.is_closed and (other.review_level or other.status == Status.BARRED))
        or other.waits_for_somebody_else
    ]
    sent = around.sent_before
    alike = linking.alike_in_products(
        reading.declared, dict.fromkeys([*stopped, *called]), reading.data, sent
    )
    found = [other for other in alike if other != deal and other not in around.ancestors(deal)]
    sentences += [
        f"names in its words {other.reference} or its end user, and has a product like that of this"
        f" deal, which is {other.status}"
        for other in found
    ]
    return list(dict.fromkeys(sentences)), found


def signs_as_armed(deal: Deal, reading: Reading, around: Around) -> Iterator[str]:
    """Sentences on whoever signs another deal as the police, the army or an agency, and is declared
    otherwise here. As an end user its kind is compared whenever one of the two is screened.
    """
    declared, kinds = reading.declared, reading.data.kind_words
    said = {CUSTOMER: declared.get("customer_type"), END_USER: declared.get("end_user_type")}
    for part in named_in(reading):
        for signed in around.signed_as(part.key, SECURITY, deal):
            theirs = around.declared(signed.revision) or {}
            kind = theirs.get("customer_type")
            if kind in SECURITY - {said.get(part.role)} and (
                not part.countries or theirs.get("customer_country") in part.countries
            ):
                yield f"names {part.name}, which signs {signed.deal.reference} as {kinds[kind]}"


def stopped_drafts(deal: Deal, reading: Reading, around: Around) -> list[StoppedDraft]:
    """What other drafts said when the policy stopped them, where the end user uses this one, maybe
    under another spelling, or takes another part in it, and a product can do the same, or both
    relate to surveillance. Of a draft without products it may have been any, and what it knew of a
    body is known whatever is sold.
    """
    able = linking.able_to(reading.declared, reading.data)
    related = reading.data.beside.get("abilities_declared", frozenset())
    alike = able | related if linking.relates(able, reading.data) else able
    return [
        draft
        for draft in around.stopped_drafts(deal, linking.names(reading.declared))
        if not draft.capabilities
        or not alike.isdisjoint(draft.capabilities)
        or linking.knew_more(draft.answers, reading.answers)
    ]


def may_be_unsaid(deal: Deal, reading: Reading, around: Around) -> bool:
    """Whether deals that were sent before may leave unsaid what this one says of its end user:
    others of it, or those in which it takes another part.
    """
    declared, data = reading.declared, reading.data
    key = linking.end_user_key(declared)
    others = around.others(deal, key, data)
    return any(
        linking.says_more(declared, reading.answers, other, data) for other in others
    ) or bool(
        key
        and (
            DealParty.objects.takes_another_part(key).exclude(deal=deal).exists()
            or (linking.knows_more(reading.answers) and known.is_above(key))
        )
    )


def _laws(derived: Derived, data: ReferenceData) -> dict[str, Any]:
    """What a screening keeps of the laws that were picked, and of those that came along."""
    kept = dict(derived.brought.entries)
    for law in {law: None for variant in derived.variants for law in variant.laws}:
        entry = data.laws.by_id.get(law)
        counts = entry is not None and any(variant.laws[law] for variant in derived.variants)
        kept[law] = {
            "entry": entry.digest if entry else "",
            "until": entry.valid_until.isoformat() if entry and counts else "",
        }
    days = [date.fromisoformat(copy["until"]) for copy in kept.values() if copy["until"]]
    return {"laws_text": canonical(kept), "laws_until": min(days, default=None)}


def _derived(deal: Deal, reading: Reading, around: Around, at: datetime) -> Derived:
    declared, data, on = reading.declared, reading.data, reading.on
    key = linking.end_user_key(declared)
    named = naming.named(declared, data)
    names_of_all = [part.name for part in named]
    after = spots.named_after(declared, names_of_all, data.countries)
    after += spots.of_other_countries(declared, names_of_all, data)
    after += spots.joint(declared, names_of_all, data)
    if after:
        declared = {**declared, "contradictions": [*declared.get("contradictions", ()), *after]}
    of_parties = around.known(deal, named)
    ruled = around.rulings(deal)
    others = around.others(deal, key, data)
    takes_law = not _law_is_refused(deal, ruled)
    brought = linking.brought(declared, others, data, takes_law=takes_law)
    alike = around.alike(deal, str(declared["end_user_name"]), data) if key else []
    if alike:
        with_them = linking.brought(declared, [*others, *alike], data, takes_law=takes_law)
        if _is_graver(with_them, brought, declared, data, on):
            more = linking.ask_about(one for one in with_them.deals if one not in brought.deals)
            declared = {**declared, "contradictions": [*declared.get("contradictions", ()), *more]}
    names = linking.names(declared)
    stopped = around.stopped(names, at)
    sent = around.sent_before
    signed = linking.alike_in_products(declared, around.signed(names, at), data, sent)
    above = around.stopped_above({part.key for part in named}, at)
    above = linking.alike_in_products(declared, above, data, sent)
    before = list(_of_its_own(reading.answers, around.unanswered(deal, at)))
    ancestors = around.ancestors(deal)
    follows = linking.stopped_before(
        deal, key, names, ancestors, stopped, signed, above=above, before=before
    )
    graver = [
        other
        for other in (*ancestors, *stopped, *signed, *above)
        if other.is_closed and other.review_level == "executive" and other.pk != deal.pk
    ]
    for_executives = bool(linking.alike_in_products(declared, graver, data, sent)) or (
        questions.is_from_executives(reading.answers, linking.own_capabilities(declared, data))
    )
    declared = of_parties.declared(brought.declared(declared))
    once = around.once_used_by([key], deal, data).get(key, []) if key else []
    told = linking.said_elsewhere(declared, reading.answers, [*others, *once], data)
    said = [sentence for _, sentence in told]
    said += _said_of_parties(deal, reading, named, around)
    said += dict.fromkeys(_said_above(deal, reading, named, around))
    said += _ruled_on_laws(deal, key, reading, around)
    if not for_executives and linking.relates(linking.able_to(declared, data), data):
        # Seniors look at what follows a stopped deal; of misuse executives would decide here.
        others_stopped = ((other, around.sent_before(other)) for other in stopped if other != deal)
        said += linking.said_before_a_stop(reading.answers, others_stopped)
    executives = [one for one, _ in told if one.deal.review_level == "executive"]
    for_executives |= linking.can_do_as_much(declared, executives, data)
    if said:
        declared["contradictions"] = [*declared.get("contradictions", ()), *said]
    declared |= {"follows_stopped_deal": follows}
    declared = {name: value for name, value in declared.items() if value != ""}
    words = _words(ruled, of_parties.laid(linking.systems(declared, data)))
    pile = rulings.Pile(
        deal.pk,
        [word for word in words if not brought.laws or not _is_of_another_law(word, deal)],
        # On most deals nobody ruled, and nothing is held to it.
        rulings.declaration_digest(reading.answers) if words else "",
        _with_texts(declared.get("contradictions", ()), reading.answers),
    )
    if reading.is_of(declared) and not brought.given and not of_parties.cleared:
        # Nothing that lies around the answers adds to them.
        variants = reading.variants
    else:
        variants = trace(declared, data, given=brought.given, cleared=of_parties.cleared, on=on)
    return Derived(
        declared, key, variants, pile, brought, follows, of_parties, named, on, for_executives
    )


def _with_texts(contradictions: Sequence[str], answers: Mapping[str, Any]) -> list[str]:
    """What contradicts, and the texts in which it stands: another text is another one, although a
    ruling holds whatever else only people read.
    """
    return [*contradictions, *named_in_text.read_for(contradictions, answers)]


def _is_graver(
    linked: linking.Brought,
    brought: linking.Brought,
    declared: Mapping[str, Any],
    data: ReferenceData,
    on: date,
) -> bool:
    """Whether what more deals bring would make this one graver."""
    if linked.adds_nothing_to(brought):
        return False
    with_them, without = (
        active.assess(
            data,
            [
                variant.facts
                for variant in trace(these.declared(declared), data, given=these.given, on=on)
            ],
        )
        for these in (linked, brought)
    )
    floors = [OUTCOMES.index(one.review_floor or OUTCOMES[0]) for one in (with_them, without)]
    outcomes = [OUTCOMES.index(one.outcome) for one in (with_them, without)]
    return outcomes[0] > outcomes[1] or floors[0] > floors[1]


def _said_of_parties(
    deal: Deal, reading: Reading, named: Sequence[Named], around: Around
) -> Iterator[str]:
    """What sales says elsewhere of those who take another part than the end user."""
    uses = {part.key for part in named if part.role == END_USER}
    parts = [part for part in named if part.key not in uses]
    keys = {part.key for part in parts}
    used = around.used_by(keys, deal, reading.data)
    once = around.once_used_by(keys, deal, reading.data)
    for part in parts if used or once else ():
        signs = part.role == CUSTOMER
        yield from linking.said_of_party(
            part.name,
            reading.declared.get("customer_type") if signs else None,
            part.countries,
            reading.answers,
            [*used.get(part.key, ()), *once.get(part.key, ())],
            reading.data,
        )


def _said_above(
    deal: Deal, reading: Reading, named: Sequence[Named], around: Around
) -> Iterator[str]:
    """What sales says in deals of who owns somebody named, or has one of their numbers."""
    data = reading.data
    for part in named:
        if above := around.above(part.key):
            used = (around.used_by(above, deal, data), around.once_used_by(above, deal, data))
            others = [other for some in used for key in sorted(some) for other in some[key]]
            yield from linking.said_above(part.name, reading.answers, others, data)


def _ruled_on_laws(deal: Deal, key: str, reading: Reading, around: Around) -> Iterator[str]:
    """What compliance ruled against a law of the register in a deal of somebody else."""
    laws = questions.picked_laws(reading.answers)
    for ruling in around.ruled_laws(deal, key, laws):
        what = "conflicts with standards" if ruling.fact == "law_conflict" else "does not serve"
        yield (
            f"{ruling.deal.reference} names the same law, and compliance found there that it"
            f" {what}."
        )


def _of_its_own(answers: Mapping[str, Any], unanswered: Iterable[int]) -> Iterator[str]:
    """What stopped earlier forms of a deal, and sales took back alone."""
    for number in unanswered:
        yield (
            f"follows its own revision {number}, about which compliance or product management was"
            " asked and had not answered"
        )
    softened = [questions.BY_SLUG[slug].number for slug in answers.get(questions.SOFTENED, ())]
    if softened:
        yield (
            "follows its own draft, in which an answer was made milder after the page had said what"
            f" it means: {listed(sorted(softened))}"
        )


def _words(ruled: Sequence[FactRuling], findings: Iterable[PartyFinding]) -> list[rulings.Word]:
    """Rulings and findings, the oldest first; a finding that is such a ruling says nothing new."""
    known = {ruling.pk for ruling in ruled}
    new = [finding for finding in findings if finding.ruling_id not in known]
    return sorted([*ruled, *new], key=attrgetter("ruled_at", "pk"))


def _derived_again(declared: Mapping[str, Any], derived: Derived, data: ReferenceData) -> Derived:
    given, cleared = derived.brought.given, derived.known.cleared
    variants = trace(declared, data, given=given, cleared=cleared, on=derived.on)
    return replace(derived, declared=declared, variants=variants)


def _law_is_refused(deal: Deal, known: Iterable[FactRuling]) -> bool:
    return any(
        ruling.deal_id == deal.pk
        and ruling.fact == "legal_basis_status"
        and ruling.value != "verified"
        for ruling in known
    )


def _is_of_another_law(ruling: rulings.Word, deal: Deal) -> bool:
    """What was ruled on the law of a linked deal is in what came along from it."""
    return ruling.fact == "legal_basis_status" and ruling.deal_id != deal.pk


def _laid(derived: Derived) -> list[Sequence[rulings.Laid]]:
    """Everything laid over each variant, and then with one kind of body at a time.

    What is known of a body adds to what it is said to be and takes nothing away: rules do not rank
    the kinds as people do, and the police are refused what an agency is only asked about.
    """
    pile = derived.pile
    kinds = {
        word.value: word for word in pile.on("end_user_type") if isinstance(word, PartyFinding)
    }
    if not kinds:
        return [rulings.laid(pile, derived.variants)]
    rest = [
        word
        for word in pile.rulings
        if not (isinstance(word, PartyFinding) and word.fact == "end_user_type")
    ]
    piles = [pile, *(replace(pile, rulings=[*rest, word]) for word in kinds.values())]
    return [
        rulings.laid(chosen, derived.variants) for chosen in (*piles, replace(pile, rulings=rest))
    ]


def _traced_all(
    derived: Derived, laid: Sequence[Sequence[rulings.Laid]], data: ReferenceData
) -> list[Variant]:
    """With one kind of body at a time each different variant once, the gravest first."""
    variants = [variant for of_variants in laid for variant in _traced(derived, of_variants, data)]
    if len(laid) == 1:
        return variants
    different: dict[str, Variant] = {}
    for variant in variants:
        different.setdefault(canonical(variant.facts.plain), variant)
    return list(different.values())


def _traced(derived: Derived, laid: Sequence[rulings.Laid], data: ReferenceData) -> list[Variant]:
    """Each variant with its own rulings laid over it."""
    variants: dict[str, Sequence[Variant]] = {NOTHING: derived.variants}
    texts = [canonical(over.given) if over.given else NOTHING for over in laid]
    for text, over in zip(texts, laid, strict=True):
        if text not in variants:
            given = derived.brought.given | over.given
            cleared = derived.known.cleared
            variants[text] = trace(
                derived.declared, data, given=given, cleared=cleared, on=derived.on
            )
    return [
        _with_origins(variants[text][at], over, derived)
        for at, (text, over) in enumerate(zip(texts, laid, strict=True))
    ]


def _with_origins(variant: Variant, laid: rulings.Laid, derived: Derived) -> Variant:
    elsewhere = {
        fact: Origin("reviewer", _noted(word))
        for fact, word in laid.by.items()
        if word.deal_id != derived.pile.deal
    }
    notes = derived.known.notes().items()
    of_parties = {fact: Origin("reviewer", note) for fact, note in notes}
    brought = derived.brought.origins(variant.origins)
    return replace(variant, origins={**variant.origins, **of_parties, **brought, **elsewhere})


def _noted(word: rulings.Word) -> str:
    if isinstance(word, PartyFinding):
        return known.noted(word)
    assert word.deal is not None  # noqa: S101  every ruling is on a deal
    return f"set by hand for {word.deal.reference}"


def _eased(laid: Sequence[Sequence[rulings.Laid]], derived: Derived, data: ReferenceData) -> str:
    """What a ruling made milder, in words; of a search for misuse sales learns nothing."""
    words = data.rulebook.vocabulary
    facts = dict.fromkeys(
        fact
        for of_variants in laid
        for fact in rulings.eased(of_variants, _traced(derived, of_variants, data))
    )
    names = [
        "what compliance found" if fact == "adverse_info" else words[fact].label or fact
        for fact in facts
    ]
    return f"A ruling made milder: {listed(names)}" if names else ""


def likenesses_of(revision: DealRevision) -> list[Likeness]:
    """Whom the names in a sent revision mean or resemble, by the registry that is active now."""
    try:
        declared = questions.declared_facts(revision.answers)
        return likenesses(declared, active.reference_data())
    except DeclaredError:
        return []  # sent to an earlier program; what it says now is in the screening


def check_readable(answers: Mapping[str, Any]) -> None:
    """Raises Conflict for an answer that no form gives; pages check before, this is the last."""
    try:
        read(answers).context  # noqa: B018  read here and thrown away
    except DeclaredError as error:
        raise Conflict("; ".join(error.problems)) from error


def missing_questions(reading: Reading) -> list[Doubt]:
    """What sales still has to answer before the deal can be sent."""
    missing = questions.missing_questions(reading.answers, reading.context)
    return [Doubt(question.slug, str(question.title)) for question in missing]


def check_ruling(fact: str, value: Any, deal: Deal, actor: User) -> None:
    """Raises Conflict for a fact that is not set by hand, or a value that it cannot take.

    Raises NotAllowed when the actor would lower alone what they raised.
    """
    if fact not in rulings.RULABLE:
        raise Conflict(f"{fact} is not set by hand. Choose one of: {', '.join(rulings.RULABLE)}.")
    data = active.reference_data()
    try:
        data.rulebook.vocabulary.parse({fact: value})
    except FactError as error:
        raise Conflict("; ".join(error.problems)) from error
    derived = _of_newest(deal, data)
    values = [variant.facts.plain.get(fact) for variant in derived.variants]
    label = data.rulebook.vocabulary[fact].label or fact
    if fact in rulings.ONLY_RAISED:
        standing = [ruling.value for ruling in derived.pile.graver(fact)]
        _check_raise(fact, value, [*values, *standing])
    if fact in ("fact_conflict", "end_user_type") and not _fits_into_note(derived):
        raise Conflict(
            "More contradicts what sales declares than anybody can read here. Nothing of it is"
            " settled together: sales has to change the deal, or to send several."
        )
    if rulings.is_told_apart(fact, value, values):
        raise Conflict(
            f"{label} differs between the destinations or purposes of this deal, so one milder "
            "value cannot be right for all of them. Sales can send a deal for each."
        )
    for ruling in derived.pile.graver(fact):
        graver = rulings.gravity(fact, ruling.value) > rulings.gravity(fact, value)
        if graver and ruling.ruled_by_id == actor.pk:
            where = ruling.deal.reference if ruling.deal else "a party of this deal"
            raise NotAllowed(
                f"You raised this yourself for {where}: {label}. Somebody else has to lower it."
            )


def _fits_into_note(derived: Derived) -> bool:
    """Whether whoever settles what contradicts has all of it before them."""
    texts = (contradiction(derived.declared, variant.doubts) for variant in derived.variants)
    return all(len(text) <= LONGEST_NOTE for text in texts)


def _check_raise(fact: str, value: Any, values: Sequence[Any]) -> None:
    worst = rulings.gravest(fact, values)
    if rulings.gravity(fact, value) < rulings.gravity(fact, worst):
        raise Conflict(f"{rulings.ONLY_RAISED[fact]} may be raised with a reason, never lowered.")


class LookedAt(NamedTuple):
    """What somebody who rules on a fact has before them."""

    revision: DealRevision | None
    declaration: str
    about: str


def looked_at(fact: str, deal: Deal) -> LookedAt:
    derived, newest = _of_newest(deal, active.reference_data()), deal.newest_revision()
    return LookedAt(
        newest,
        rulings.declaration_digest(newest.answers if newest else {}),
        rulings.about(fact, derived.variants, derived.pile.contradictions),
    )


def _of_newest(deal: Deal, data: ReferenceData) -> Derived:
    revision = deal.newest_revision()
    answers, at = (revision.answers, revision.created_at) if revision else ({}, timezone.now())
    return _derived(deal, Reading(answers, data), Around([deal]), at)


class Standing(NamedTuple):
    """A ruling as the pages of compliance show it; ``why`` says why it no longer holds."""

    ruling: FactRuling
    holds: bool
    why: str
    is_taken_back: bool


def standings(deal: Deal) -> list[Standing]:
    """The rulings on the deal and on those it comes from that hold in it; the newest first."""
    derived = _of_newest(deal, active.reference_data())
    holding = _holding(derived)
    standing = {word.pk for word in derived.pile.rulings if isinstance(word, FactRuling)}
    own = FactRuling.objects.filter(deal=deal).select_related("ruled_by", "revision", "deal")
    elsewhere = [word for word in holding if isinstance(word, FactRuling)]
    holds = {ruling.pk for ruling in elsewhere}
    return [
        Standing(
            ruling,
            holds=ruling.pk in holds,
            why="" if ruling.pk in holds else _why_not(ruling, derived, deal, standing),
            is_taken_back=ruling.pk not in standing,
        )
        for ruling in sorted(
            [*own, *(ruling for ruling in elsewhere if ruling.deal_id != deal.pk)],
            key=lambda ruling: ruling.pk,
            reverse=True,
        )
    ]


def _holding(derived: Derived) -> list[rulings.Word]:
    """What the facts of the deal come from, each once."""
    words = {
        (type(word), word.pk): word
        for variant in rulings.laid(derived.pile, derived.variants)
        for word in variant.by.values()
    }
    return list(words.values())


def followed(deal: Deal, revision: DealRevision) -> list[Deal]:
    """The stopped deals that the newest revision of a deal follows, the newest first.

    Only names and products of the declaration are looked at, which nothing around it changes.
    """
    reading, at = read(revision.answers), revision.created_at
    around = Around([deal])
    ancestors = [other for other in around.ancestors(deal) if other.is_closed]
    names = linking.names(reading.declared)
    candidates = around.signed(names, at)
    sent = around.sent_before
    signed = linking.alike_in_products(reading.declared, candidates, reading.data, sent)
    above = around.stopped_above({part.key for part in named_in(reading)}, at)
    above = linking.alike_in_products(reading.declared, above, reading.data, sent)
    follows = (*ancestors, *around.stopped(names, at), *signed, *above)
    stopped = {other.pk: other for other in follows}
    stopped.pop(deal.pk, None)
    return [stopped[pk] for pk in sorted(stopped, reverse=True)]


class OfParties(NamedTuple):
    """What is known of the parties of a deal, as its pages show it."""

    #: Of the end user.
    findings: Sequence[PartyFinding]
    #: What compliance has to answer about others.
    doubts: Sequence[str]
    #: Names whose matches are answered.
    cleared: Sequence[str]


def of_parties(deal: Deal) -> OfParties:
    known_now = _of_newest(deal, active.reference_data()).known
    return OfParties(known_now.findings, known_now.doubts, sorted(known_now.cleared))


def read(answers: Mapping[str, Any]) -> Reading:
    """These answers under the versions that are active now."""
    return Reading(answers, active.reference_data())


def named_in(reading: Reading) -> list[Named]:
    """Everybody whom these answers name; DeclaredError for answers that no form gives."""
    return naming.named(reading.declared, reading.data)


def _why_not(ruling: FactRuling, derived: Derived, deal: Deal, standing: set[int]) -> str:
    if ruling.pk not in standing:
        return "Two people took it back."
    if ruling.revision is None:
        return "It was made before rulings named the answers that they are about."
    if ruling.declaration != derived.pile.declaration:
        return (
            f"These answers have changed since then: {', '.join(_changed(ruling.revision, deal))}."
        )
    if ruling.about != rulings.about(ruling.fact, derived.variants, derived.pile.contradictions):
        return "What its words, the lists or other deals say about it has changed since then."
    return "Another ruling counts instead."


def _changed(revision: DealRevision, deal: Deal) -> list[str]:
    """The questions that were answered otherwise in this revision."""
    newest = deal.newest_revision()
    before = rulings.declaration(revision.answers)
    now = rulings.declaration(newest.answers) if newest else {}
    return [
        str(question.title)
        for question in QUESTIONS
        if before.get(question.slug) != now.get(question.slug)
    ]


def _sources(variants: Sequence[Variant]) -> dict[str, dict[str, str]]:
    """Fact → source and note; where variants differ, the notes stand side by side."""
    sources: dict[str, dict[str, str]] = {}
    for variant in variants:
        for fact, origin in variant.origins.items():
            known = sources.setdefault(fact, {"source": origin.source, "note": origin.note})
            if origin.note and origin.note not in known["note"]:
                known["note"] = f"{known['note']}; {origin.note}".removeprefix("; ")
    return sources
