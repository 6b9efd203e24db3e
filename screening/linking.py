"""Other deals of the same end user: what they add to a deal, and which of them it follows.

Linked are live deals of the same name that have a country in common with this one. Splitting a sale
hides nothing: what they contain, and what is done for it, counts as if it were sold here, whichever
was sent first. A law that was verified for what they contain comes along; where there is none,
somebody looks, and sales is not asked about a system that is not in this deal. What sales says of
the end user in one of them is not left unsaid in another, and so it is with whatever was sent of a
deal before: with a product, a place or an end user that was replaced. A deal that follows a stopped
one goes by the name alone.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, Self

from policy.engine.language.words import listed
from policy.facts.declared import (
    ABILITIES,
    NOT_KNOWN,
    RESELLER,
    DeclaredError,
    is_named,
    party_names,
)
from policy.facts.derive import WITH_LINKED, Origin, ReferenceData, trace
from policy.facts.parties import NO_AUTHORITIES
from policy.facts.products import FINDS_PEOPLE, LOOKS_AT_PEOPLE, OF_AUTHORITIES
from policy.reference.capabilities import NOT_CLASSIFIED
from policy.reference.destinations import NOWHERE
from policy.reference.names.outlines import are_alike
from policy.reference.names.readings import without_form
from policy.reference.registry import fold
from screening.form import questions
from screening.form.deal_form import FOR_OTHERS, SECURITY, end_user_kind
from screening.lifecycle import Status
from screening.models import Deal

LONGEST_KEY = 200
#: What lines surely contain, by themselves and the digests of the reference data.
_contained: dict[tuple[str, ...], frozenset[str]] = {}
REMEMBERED = 4096
#: Of those who stand between in linked deals; a fact holds only so much text.
MOST_NAMED = 20
BETWEEN = ("has_intermediaries", "intermediaries")
#: Purposes that never clear by themselves, whatever is sold for them.
GRAVE_PURPOSES = frozenset(
    {
        "national_security_monitoring",
        "crime_investigation",
        "content_blocking_state_list",
        "defence_communications",
        "border_control",
    }
)
LAW = ("legal_obligation", "legal_obligation_stated", "legal_basis", "legal_basis_status")


def end_user_key(declared: Mapping[str, Any]) -> str:
    """The folded name by which deals of one end user find each other; empty when nobody is named.

    Only so much of a long name fits, and that finds too many deals, never too few.
    """
    name = declared.get("end_user_name")
    return key_of_name(str(name)) if is_named(name) else ""


def key_of_name(name: str) -> str:
    """A name as deals and parties are found by it: folded, and without a legal form at its ends."""
    return without_form(fold(name))[:LONGEST_KEY]


def names(declared: Mapping[str, Any]) -> frozenset[str]:
    """Who uses, signs, sells, installs, pays for, receives or runs it."""
    parts = [*map(declared.get, ("end_user_name", "customer_name")), *party_names(declared)]
    return frozenset(str(name) for name in parts if is_named(name))


def key_of(answers: Mapping[str, Any]) -> str:
    return end_user_key(questions.declared_facts(answers))


class Sold(NamedTuple):
    """What is sold or served, as `systems` names it, what that can do by the catalogue or by the
    word of sales, and where it goes.
    """

    products: frozenset[str]
    capabilities: frozenset[str]
    places: frozenset[str]

    @classmethod
    def together(cls, several: Iterable["Sold"]) -> "Sold":
        return cls(*(frozenset[str]().union(*parts) for parts in zip(*several, strict=True)))


def sold_in(sent: Iterable[Mapping[str, Any]], data: ReferenceData) -> Iterator[Sold]:
    """Of each of these answers, as far as these versions can read them."""
    for answers in sent:
        with suppress(DeclaredError):
            declared = questions.declared_facts(answers)
            able = able_to(declared, data)
            # A place that nobody knew then is not where it was to go.
            yield Sold(systems(declared, data), able, places(declared, data) - {NOWHERE})


@dataclass(frozen=True)
class Other:
    """A live deal of the same end user: what it contains by itself, and where."""

    deal: Deal
    #: As `systems` names them.
    products: frozenset[str]
    capabilities: frozenset[str]
    #: What sales says that it can do besides.
    abilities: frozenset[str]
    services: frozenset[str]
    places: frozenset[str]
    #: Who stands between us and the end user; the customer where it buys to resell.
    between: tuple[str, ...]
    #: What sales says that its end user is; empty where nobody knows.
    declared_kind: str
    #: As they were sent.
    answers: Mapping[str, Any]
    #: The laws of the register that counted when it was screened are as they were, and valid.
    laws_stand: bool
    #: What was sent of it before.
    earlier: Sequence[Mapping[str, Any]] = ()
    #: It named this end user once, and is for somebody else now.
    is_former: bool = False

    @classmethod
    def of(
        cls,
        deal: Deal,
        answers: Mapping[str, Any],
        declared: Mapping[str, Any] | None,
        data: ReferenceData,
        *,
        on: date,
        earlier: Sequence[Mapping[str, Any]] = (),
        is_former: bool = False,
    ) -> Self:
        """``declared`` is None where nobody can read its answers any more."""
        stand = all(_stands(law, kept, data, on) for law, kept in _counting(deal).items())
        if declared is not None:
            with suppress(DeclaredError):
                contained = own_capabilities(declared, data)
                products = systems(declared, data)
                services = frozenset(declared.get("services") or ())
                here, between = places(declared, data), tuple(_between(declared))
                kind = str(declared.get("end_user_type") or "")
                said = abilities(declared)
                of_deal = (products, contained, said, services, here, between, kind)
                return cls(deal, *of_deal, answers, stand, earlier, is_former)
        # These versions cannot read it: what was screened last counts, wherever it is.
        nothing: frozenset[str] = frozenset()
        services = _screened(deal, "services")
        able, said = _screened(deal), _screened(deal, "abilities_declared")
        of_deal = (nothing, able, said, services, nothing, (), "")
        return cls(deal, *of_deal, answers, stand, earlier, is_former)

    @property
    def called(self) -> str:
        """How a sentence names it."""
        if self.is_former:
            return f"{self.deal.reference} (for this end user at first)"
        return f"{self.deal.reference} of the same end user"

    def ever(self, data: ReferenceData) -> "Sold":
        """What it was about in whatever was sent of it: a product or a place that was replaced
        since had its purpose, and people may still look at the deal because of it.
        """
        now = Sold(self.products, self.capabilities | self.abilities, self.places)
        ever = Sold.together([now, *sold_in(self.earlier, data)])
        # One of which nobody can read where it goes may be anywhere.
        return ever if self.places else ever._replace(places=self.places)

    @property
    def _variants(self) -> Sequence[Mapping[str, Any]]:
        """As they were screened last."""
        return self.deal.screening.facts if self.deal.screening is not None else []

    @property
    def is_eased_alone(self) -> bool:
        """Whether one person made a fact of it milder, and nobody else has looked yet."""
        is_looked_at = self.deal.is_clearance or self.deal.status == Status.LAPSED
        return not is_looked_at and any(facts.get("eased_by_ruling") for facts in self._variants)

    @property
    def kinds(self) -> frozenset[str]:
        """What its end user is, as it was screened last; empty where nobody knows."""
        screened = (facts.get("end_user_type") for facts in self._variants)
        is_declared = self.is_former or self.is_eased_alone
        kinds = [self.declared_kind] if is_declared and self.declared_kind else screened
        return frozenset(kind for kind in kinds if kind not in (None, "unknown"))

    @property
    def once(self) -> frozenset[str]:
        """What sales ever knew of its end user: what it took back since is marked."""
        return questions.known_once((self.answers,))

    @property
    def former_kinds(self) -> frozenset[str]:
        """Security bodies of which its end user was one in what was sent before."""
        return SECURITY & frozenset(map(end_user_kind, self.earlier))

    @property
    def purposes(self) -> frozenset[str]:
        """Whatever it was said to be for."""
        return frozenset[str]().union(*map(questions.purposes, (self.answers, *self.earlier)))

    @property
    def law(self) -> str:
        """The law that was verified for it; empty when there is none."""
        variants = self._variants if self.laws_stand else []
        verified = variants and all(
            facts.get("legal_obligation") is True and facts.get("legal_basis_status") == "verified"
            for facts in variants
        )
        return str(variants[0].get("legal_basis") or "") if verified else ""


@dataclass(frozen=True)
class Brought:
    """What linked deals bring to a deal."""

    deals: list[Deal] = field(default_factory=list)
    capabilities: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    #: Who stands between us and the end user in them, where together they relate to surveillance
    #: and nobody does in this deal.
    between: list[str] = field(default_factory=list)
    #: Laws that were verified for linked deals, each with the deal.
    laws: list[str] = field(default_factory=list)
    #: Those of the register among them, as the screening of the deal keeps them.
    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Sentences for compliance.
    doubts: list[str] = field(default_factory=list)

    def adds_nothing_to(self, other: "Brought") -> bool:
        """Whether it brings no more than the other one."""
        return (
            self.capabilities <= other.capabilities
            and self.services <= other.services
            and set(self.between) <= set(other.between)
            and set(self.doubts) <= set(other.doubts)
        )

    def declared(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        """The declaration with what was brought."""
        new: dict[str, Any] = {
            "linked_deals": [str(deal.pk) for deal in self.deals],
            "linked_capabilities": sorted(self.capabilities),
            "contradictions": [*(declared.get("contradictions") or ()), *self.doubts],
        }
        own = declared.get("services")
        if own is not None:
            new["services"] = [*own, *sorted(self.services.difference(own))]
        if self.laws:
            new |= {"legal_obligation": True, "legal_basis": "; ".join(self.laws)}
        return {**declared, **{name: value for name, value in new.items() if value}}

    @property
    def given(self) -> dict[str, Any]:
        given: dict[str, Any] = {"legal_basis_status": "verified"} if self.laws else {}
        if self.between:
            given |= {
                "has_intermediaries": True,
                "intermediaries": listed(self.between[:MOST_NAMED]),
            }
        return given

    def origins(self, derived: Mapping[str, Origin]) -> dict[str, Origin]:
        """Where capabilities and law of this deal come from."""
        if not self.deals:
            return {}
        own, _, _ = derived["capabilities"].note.partition(WITH_LINKED)
        names = ", ".join(deal.reference for deal in self.deals)
        note = f"{own.rstrip('; ')}; {WITH_LINKED}: {names}".removeprefix("; ")
        laws = Origin("derived", f"for what linked deals contain: {'; '.join(self.laws)}")
        added = Origin("derived", f"with those of linked deals: {names}")
        return {
            "capabilities": Origin("derived", note),
            **({"services": added} if self.services else {}),
            **(dict.fromkeys(BETWEEN, added) if self.between else {}),
            **(dict.fromkeys(LAW, laws) if self.laws else {}),
        }


def brought(
    declared: Mapping[str, Any],
    others: Sequence[Other],
    data: ReferenceData,
    *,
    takes_law: bool = True,
) -> Brought:
    """What the linked ones among other deals of the same end user bring to this one.

    With ``takes_law`` false somebody ruled that no law of another deal serves here.
    """
    in_all = Brought()
    # What only a customer with a legal obligation may have.
    lawful = data.beside.get("legal_obligation", frozenset())
    linked = linked_with(declared, others, data)
    # A deal that picked laws of the register itself is judged by those.
    has_law = bool(declared.get("laws"))
    needs_no_law = linked and not has_law and not own_capabilities(declared, data) & lawful
    serves = not FOR_OTHERS.isdisjoint(declared.get("services") or ())
    for other in linked:
        capabilities = other.capabilities - {NOT_CLASSIFIED}
        if needs_no_law and capabilities & lawful:
            if other.law and takes_law and not (serves and other.is_eased_alone):
                in_all.laws.append(f"{other.law} (verified for {other.deal.reference})")
                in_all.entries.update(_counting(other.deal))
            else:
                capabilities -= lawful
                missing = (
                    "one person verified its law, and nobody has looked at it since"
                    if other.law and takes_law
                    else "no law is verified for it yet"
                )
                in_all.doubts.append(
                    f"{other.deal.reference} of the same end user contains an interception or "
                    f"retention function, and {missing}."
                )
        in_all.deals.append(other.deal)
        in_all.capabilities.update(capabilities)
        in_all.services.update(other.services)
    contained = able_to(declared, data).union(
        in_all.capabilities, *(other.abilities for other in linked)
    )
    if relates(contained, data) and not any(_between(declared)):
        # Who installs the one may install the other, too.
        in_all.between.extend(dict.fromkeys(name for other in linked for name in other.between))
    return in_all


def ask_about(deals: Iterable[Deal]) -> list[str]:
    """A sentence for each deal whose end user may be this one in another spelling: what it contains
    is not added silently, for a likeness of names is a guess.
    """
    return [
        f"The end user has a name like that of {deal.reference}; with what that deal contains, more"
        " would be asked of this one. Say whether they are the same body."
        for deal in deals
    ]


def _between(declared: Mapping[str, Any]) -> Iterator[str]:
    """Who sells, installs, pays for, receives or runs it, and a customer that buys to resell."""
    if declared.get("customer_type") == RESELLER and is_named(declared.get("customer_name")):
        yield str(declared["customer_name"])
    yield from party_names(declared)


def linked_with(
    declared: Mapping[str, Any], others: Iterable[Other], data: ReferenceData
) -> list[Other]:
    """Those that have a country in common with this declaration."""
    here = places(declared, data)
    return [other for other in others if has_place_in_common(here, other.places)]


def said_elsewhere(
    declared: Mapping[str, Any],
    answers: Mapping[str, Any],
    others: Iterable[Other],
    data: ReferenceData,
) -> list[tuple[Other, str]]:
    """Sentences on what other deals say of the end user, in whatever country, and linked ones of
    the same products, and this one leaves unsaid; each with the deal that says it.

    A body is of one kind, and what sales knows of it in one deal it knows in the other one too.
    """
    kind, here = declared.get("end_user_type"), places(declared, data)
    sentences: list[tuple[Other, str]] = []
    for other in others:
        ever = other.ever(data)
        is_linked = has_place_in_common(here, ever.places)
        if is_linked and is_of_another_kind(kind, other):
            named = listed([data.kind_words.get(one, one) for one in sorted(other.kinds)])
            declared_kind = data.kind_words.get(str(kind), kind)
            unlike = f"declared {declared_kind} here, and {other.called} is for {named}."
            sentences.append((other, f"The end user is {unlike}"))
        if is_linked and kind and (former := other.former_kinds - {kind} - other.kinds):
            named = listed([data.kind_words.get(one, one) for one in sorted(former)])
            changed = f"{other.called} was for {named} before its answers changed."
            sentences.append((other, changed))
        abilities = _in_common(ever, declared, data) if is_linked else frozenset[str]()
        if unsaid := questions.unsaid(other.answers, answers, abilities, other.once):
            more = f"{other.called} says more than this deal in answer to {listed(unsaid)}."
            sentences.append((other, more))
        if is_linked and (
            purposes := _unsaid_purposes(
                other.purposes, questions.purposes(answers), ever, declared, data
            )
        ):
            words = data.rulebook.vocabulary["purpose"]
            named = listed([words.say(purpose) for purpose in purposes])
            sentences.append(
                (other, f"{other.called}, with a product that can do the same, is for {named}.")
            )
    return sentences


def can_do_as_much(
    declared: Mapping[str, Any], others: Iterable[Other], data: ReferenceData
) -> bool:
    """Whether what this deal sells can do something of what one of the others ever sold."""
    able = able_to(declared, data)
    return any(in_common(able, other.ever(data).capabilities) for other in others)


def said_before_a_stop(
    answers: Mapping[str, Any], stopped: Iterable[tuple[Deal, Sequence[Mapping[str, Any]]]]
) -> Iterator[str]:
    """The same of what sales knew of somebody when it sent deals that were stopped."""
    for deal, sent in stopped:
        if unsaid := questions.unsaid({}, answers, (), questions.known_once(sent)):
            yield (
                f"{deal.reference}, which was {deal.status}, says more than this deal in answer to"
                f" {listed(unsaid)}."
            )


def knows_more(answers: Mapping[str, Any]) -> bool:
    """Whether sales says something of the end user that counts for others too."""
    return end_user_kind(answers) in SECURITY or bool(questions.known_once([answers]))


def knew_more(draft: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    """Whether a draft said more of its end user than these answers: a security body, or what sales
    knows of it.
    """
    kind = end_user_kind(draft)
    is_unlike = kind in SECURITY and kind != end_user_kind(answers)
    return is_unlike or bool(questions.unsaid({}, answers, (), questions.known_once([draft])))


def _unsaid_purposes(
    elsewhere: frozenset[str],
    here: frozenset[str],
    sold: Sold,
    declared: Mapping[str, Any],
    data: ReferenceData,
) -> list[str]:
    """The purposes at which people look, and that are left out, where products of both deals relate
    to surveillance and can do the same. Where they look at single people for a company, a
    task of authorities is one of them.
    """
    able = in_common(sold.capabilities, able_to(declared, data))
    if not relates(able, data):
        return []
    looks_at_people = (
        not able.isdisjoint(LOOKS_AT_PEOPLE) and declared.get("end_user_type") in NO_AUTHORITIES
    )
    asked_about = GRAVE_PURPOSES | OF_AUTHORITIES if looks_at_people else GRAVE_PURPOSES
    return sorted(asked_about & elsewhere - here)


def said_of_party(
    name: str,
    kind: str | None,
    countries: frozenset[str],
    answers: Mapping[str, Any],
    others: Iterable[Other],
    data: ReferenceData,
) -> Iterator[str]:
    """Sentences on what deals of which somebody else named in this one is the end user say of them,
    and this deal leaves unsaid.

    ``kind`` is what they are declared as, None where nobody was asked. Of those, and of who buys to
    resell and may use something of its own elsewhere, only a security body is a surprise, and only
    in one of their ``countries``. What sales knows of a body it knows of the name.
    """
    for other in others:
        uses = "was" if other.is_former else "is"
        about = f"{name} takes part, and {other.deal.reference}, of which it {uses} the end user,"
        unlike = other.kinds - {kind}
        if kind in (None, "unknown", RESELLER):
            unlike &= SECURITY
        if not has_place_in_common(countries, other.ever(data).places):
            unlike = frozenset()
        if unlike and (kind not in other.kinds or unlike & SECURITY):
            words = [data.kind_words.get(one, one) for one in sorted(unlike)]
            yield f"{about} is for {listed(words)}."
        if unsaid := questions.unsaid(other.answers, answers, frozenset(), other.once):
            yield f"{about} says more of it in answer to {listed(unsaid)}."


def said_above(
    name: str, answers: Mapping[str, Any], others: Iterable[Other], data: ReferenceData
) -> Iterator[str]:
    """Sentences on what deals of who owns somebody say of that end user, and this one leaves
    unsaid. What a company owns may be of any kind; what a security body owns is asked about.
    """
    for other in others:
        about = f"{name} belongs to the end user of {other.deal.reference}, or has its number, and"
        for kind in sorted((other.kinds | other.former_kinds) & SECURITY):
            yield f"{about} that one is {data.kind_words.get(kind, kind)}."
        if unsaid := questions.unsaid(other.answers, answers, frozenset(), other.once):
            yield f"{about} that deal says more of it in answer to {listed(unsaid)}."


def says_more(
    declared: Mapping[str, Any], answers: Mapping[str, Any], other: Other, data: ReferenceData
) -> bool:
    """Whether a deal says what another one of the end user leaves unsaid."""
    once, ever = questions.known_once([answers]), other.ever(data)
    if not has_place_in_common(places(declared, data), ever.places):
        return bool(questions.unsaid(answers, other.answers, frozenset(), once))
    return bool(
        questions.unsaid(answers, other.answers, _in_common(ever, declared, data), once)
        or _unsaid_purposes(
            questions.purposes(answers), questions.purposes(other.answers), ever, declared, data
        )
        or is_of_another_kind(declared.get("end_user_type"), other)
    )


def _in_common(sold: Sold, declared: Mapping[str, Any], data: ReferenceData) -> frozenset[str]:
    """What the products of a linked deal would be able to do here as well, where some are sold or
    served in both, and the catalogue does not say it anyway.
    """
    if sold.products.isdisjoint(systems(declared, data)):
        return frozenset()
    able = own_capabilities(declared, data)
    return frozenset(ability for ability, alike in data.alike.items() if alike.isdisjoint(able))


def is_of_another_kind(kind: str | None, other: Other) -> bool:
    """Whether the end user of a linked deal is said to be something else there."""
    return kind not in (None, "unknown") and bool(other.kinds) and kind not in other.kinds


def has_place_in_common(here: frozenset[str], there: frozenset[str]) -> bool:
    """A place that is not known may be any."""
    return not here or not there or NOWHERE in here | there or not here.isdisjoint(there)


def places(declared: Mapping[str, Any], data: ReferenceData) -> frozenset[str]:
    """The countries of the customer and of the destinations."""
    home = declared.get("customer_country")
    return destinations(declared, data) | ({home} if home else frozenset())


def destinations(declared: Mapping[str, Any], data: ReferenceData) -> frozenset[str]:
    codes = set[str]()
    for place in declared.get("destinations") or ():
        region = place.get("region")
        codes |= _countries(region, data) if region else {place.get("country") or NOWHERE}
    return frozenset(codes)


def _countries(region: str, data: ReferenceData) -> frozenset[str]:
    known = data.countries.places.get(region)
    return known.countries if known else frozenset({region.partition("-")[0]})


def own_capabilities(declared: Mapping[str, Any], data: ReferenceData) -> frozenset[str]:
    """What the products of a deal, and the systems that it serves, surely contain, other deals
    apart.
    """
    lines = {name: declared[name] for name in ("products", "other_systems") if declared.get(name)}
    if not lines:
        return frozenset()
    # Many deals are of the same lines.
    key = (json.dumps(lines, sort_keys=True), *data.digests.values())
    contained = _contained.get(key)
    if contained is None:
        facts = trace(lines, data)[0].facts
        contained = frozenset(present(facts["capabilities"]))
        if len(_contained) >= REMEMBERED:
            _contained.clear()
        _contained[key] = contained
    return contained


def abilities(declared: Mapping[str, Any]) -> frozenset[str]:
    """What sales surely says that it can do, whatever the catalogue says of the products."""
    return frozenset(present(declared.get("abilities_declared")))


def able_to(declared: Mapping[str, Any], data: ReferenceData) -> frozenset[str]:
    """What can be done with what is sold or served, by the catalogue or by the word of sales."""
    return own_capabilities(declared, data) | abilities(declared)


def relates(able: frozenset[str], data: ReferenceData) -> bool:
    """Whether anything of it relates to surveillance: whatever sales says itself does."""
    related = data.beside.get("abilities_declared", frozenset())
    return not able.isdisjoint(related.union(ABILITIES))


def in_common(these: frozenset[str], those: frozenset[str]) -> frozenset[str]:
    """What can be done with either: whatever finds or profiles single people does the same."""
    both = these & those
    if these.isdisjoint(FINDS_PEOPLE) or those.isdisjoint(FINDS_PEOPLE):
        return both
    return both | (FINDS_PEOPLE & (these | those))


def product_names(declared: Mapping[str, Any]) -> list[str]:
    """What is sold, line by line."""
    lines = declared.get("products") or ()
    return [line if isinstance(line, str) else line["product"] for line in lines]


def systems(declared: Mapping[str, Any], data: ReferenceData) -> frozenset[str]:
    """What is sold, and what it connects to or serves: those of the catalogue by their ids."""
    served = declared.get("other_systems") or ()
    names = {*product_names(declared), *([] if isinstance(served, str) else served)} - {NOT_KNOWN}
    known = {name: data.catalogue.find(name) for name in names}
    return frozenset(product.id if product else name for name, product in known.items())


def _counting(deal: Deal) -> dict[str, dict[str, str]]:
    """The laws of the register on which its last screening counted."""
    picked = deal.screening.laws_picked if deal.screening is not None else {}
    return {law: kept for law, kept in picked.items() if kept["until"]}


def _stands(law: str, kept: Mapping[str, str], data: ReferenceData, on: date) -> bool:
    entry = data.laws.by_id.get(law)
    return entry is not None and entry.digest == kept["entry"] and entry.holds_on(on)


def _screened(deal: Deal, fact: str = "capabilities") -> frozenset[str]:
    variants = deal.screening.facts if deal.screening is not None else []
    return frozenset(name for facts in variants for name in present(facts.get(fact)))


def present(flags: Any) -> list[str]:
    members: list[str] = flags.get("yes", []) if isinstance(flags, Mapping) else flags or []
    return members


def stopped_before(
    deal: Deal,
    key: str,
    names: Collection[str],
    ancestors: Iterable[Deal],
    stopped: Iterable[Deal],
    signed: Iterable[Deal],
    *,
    above: Iterable[Deal] = (),
    before: Iterable[str] = (),
) -> str:
    """The sentence that names the stopped deals which this one follows; empty for none.

    ``before`` says what stopped earlier forms of the deal itself.

    ``stopped`` are closed deals in the time that counts, whose end user is the one of this deal
    (``key``) or takes another part in it (``names``), maybe under another spelling. ``signed`` are
    those whose customer or operator takes part in it, for whatever end user, and ``above`` those of
    who owns somebody in it, or has the same number.
    """
    sentences = {}
    for other in ancestors:
        if other.is_closed:
            kind = "copied from" if other.pk == deal.copied_from_id else "follows"
            sentences[other.pk] = f"{kind} {other.reference}, which was {other.status}"
    for other in stopped:
        if other.pk != deal.pk:
            same = _how(other.end_user_key, key, names)
            sentences.setdefault(other.pk, f"{same} {other.reference}, which was {other.status}")
    for other in signed:
        if other.pk != deal.pk:
            sentence = f"with the customer or the operator of {other.reference}, which was"
            sentence += f" {other.status}"
            sentences.setdefault(other.pk, f"{sentence}, and with a product like its")
    for other in above:
        if other.pk != deal.pk:
            sentence = f"of a body that belongs to the end user of {other.reference}, or has its"
            sentence += f" number, which was {other.status}, and with a product like its"
            sentences.setdefault(other.pk, sentence)
    return "; ".join([*(sentences[pk] for pk in sorted(sentences)), *before])


def alike_in_products(
    declared: Mapping[str, Any],
    stopped: Iterable[Deal],
    data: ReferenceData,
    sent: Callable[[Deal], Sequence[Mapping[str, Any]]],
) -> list[Deal]:
    """Those of the deals that can do something of what this one can, with whatever was ``sent`` of
    them: a product that was replaced before the stop may be why people looked.

    A customer who buys for many is not held up for each of them by one that was stopped.
    """
    stopped = list(stopped)
    able = able_to(declared, data) if stopped else frozenset()
    return [
        deal
        for deal in stopped
        if not able
        or in_common(able, _screened(deal))
        or any(in_common(able, sold.capabilities) for sold in sold_in(sent(deal), data))
    ]


def _how(stopped: str, key: str, names: Collection[str]) -> str:
    """How the end user of a stopped deal is in this one."""
    if stopped == key:
        return "same end user as"
    if stopped not in map(key_of_name, names) and any(are_alike(stopped, name) for name in names):
        return "with a name like the end user of"
    return "with the end user of"
