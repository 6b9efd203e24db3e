"""The derivation as conditions over answers: what a proof from answers to the outcome reads.

What is a table becomes conditions: which answer sets which fact, what the catalogue says of each
line, how places are rated and restricted, and what the kinds of the registry make of a declared
one. Everything else may have any value, so a proof holds for more than can happen:

* what people set by hand (`answer_ruled` names the facts);
* which names the registry finds in a name: `end_user_listed_as` is what it found. How often it
  does not find what it should is measured, and stands beside the promise;
* texts and dates: a law that is cited, a contradiction, what is left unanswered.

A place is a country or territory. Where nobody knows in which part of a country it is, the country
itself is screened beside it, so a proof of the country holds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from policy.engine.language.condition import All, Condition, Either, HasAny, Is, Not, OneOf
from policy.engine.language.facts import Choice, Fact, Flags, Vocabulary, YesNo
from policy.engine.language.shapes import NAME
from policy.engine.proof.answers import Derivation, Follows
from policy.engine.readings.assessment import capitalised, combine
from policy.facts import answers_to_facts
from policy.facts.answers_to_facts import MAYBE, TABLE, UNKNOWN, Sets
from policy.facts.bundle import ReferenceData
from policy.facts.declared import ABILITIES, CHOICES, GIVEN, NOT_KNOWN, RESELLER
from policy.facts.derive import UNREAD, derive
from policy.facts.products import CONTROLS
from policy.reference.capabilities import (
    CONTROL_LIST,
    HANDS_OVER,
    INTEGRATION,
    KEPT,
    LAW_SIGNS,
    NOT_CLASSIFIED,
    STORAGE,
)
from policy.reference.destinations import Place
from policy.reference.ratings import TIERS, UNRATED
from policy.reference.registry import INTELLIGENCE, NO_KIND

LISTED_AS = "end_user_listed_as"
OTHERS = "answer_others"
NOT_ASKED, NOT_SAID = "not_asked", "not_answered"
#: A line that the catalogue does not know; a destination that is not named.
OTHER_LINE, NOWHERE = "another_line", "not_named"
_TIERS = (*TIERS, UNRATED)
ALWAYS, NEVER = All(()), Either(())
#: Compliance has said that nothing contradicts; until then what is built out counts as there.
SETTLED = Is("answer_settled", value=True)
#: What the answers are about that are signs and no fact.
_SIGNS: Mapping[str, str] = {
    "conflict_signs": "Answer on a conflict of law",
    "adverse_signs": "Answer on reports of misuse",
}
#: Answers whose values are the products and places of an installation.
ITS_OWN = ("answer_destination", "answer_products", "answer_removed", OTHERS)
#: What people may set beside what `given` of a screening line may hold.
RULED = tuple(sorted({*GIVEN, "end_user_type", "legal_obligation"}))


#: What the derivation fills in, whichever rulebook reads it.
_NEEDED: Mapping[str, tuple[type[Fact], tuple[str, ...]]] = {
    "capabilities": (Flags, ()),
    "end_user_type": (Choice, (INTELLIGENCE,)),
    "purpose": (Choice, ()),
    "country_risk": (Choice, (*_TIERS,)),
    "adverse_info": (Choice, ("none", "alleged")),
}


def lacking(words: Vocabulary) -> list[str]:
    """The facts and values that a vocabulary must have before anything can be encoded."""
    lacks = []
    for name, (kind, values) in _NEEDED.items():
        fact = words.get(name)
        if not isinstance(fact, kind):
            lacks.append(name)
        elif isinstance(fact, Choice):
            lacks += [value for value in values if value not in fact.values]
    return lacks


@dataclass(frozen=True)
class Encoded:
    """Reference data as a derivation from answers."""

    data: ReferenceData

    @cached_property
    def derivation(self) -> Derivation:
        follows = tuple(one for one in self._follows() if self._is_known(one))
        free: dict[str, Condition] = {name: HasAny("answer_ruled", (name,)) for name in RULED}
        # A territory is set by hand as a code, and settles what the place says.
        for name in ("in_special_territory", "country_risk", "export_control"):
            ruled = tuple(one for one in (name, "special_territory") if one in RULED)
            free[name] = HasAny("answer_ruled", ruled)
        free["destination_named"] = HasAny("answer_ruled", ("special_territory",))
        free["end_user_named"] = Not(self._is_listed(*self.listed_kinds))
        free["answers_complete"] = Not(self._is_missing)
        ruled_conflict = HasAny("answer_ruled", ("fact_conflict",))
        free["fact_conflict"] = Either((ruled_conflict, SETTLED, Not(self._is_unread)))
        return Derivation(self.answers, self.between, follows, free)

    # Vocabularies

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return self.data.rulebook.vocabulary

    @cached_property
    def answers(self) -> Vocabulary:
        places = {name: place.name for name, place in self.places.items()}
        kinds = self.vocabulary["end_user_type"].words
        by_id = self.data.catalogue.by_id
        lines = {name: by_id[id_].name for name, id_ in self.lines.items()}
        facts: list[Fact] = [
            Choice(answer_of(sets), _values(sets), label=self._question(sets)) for sets in TABLE
        ]
        facts += [
            Choice(
                "answer_purpose",
                (NOT_SAID, *self._choice("purpose")),
                label="Purpose",
                words=self.vocabulary["purpose"].words,
            ),
            Choice(
                "answer_end_user",
                self._choice("end_user_type"),
                label="Declared end user",
                words=kinds,
            ),
            Choice(
                "answer_customer",
                (NOT_SAID, RESELLER, *self._choice("end_user_type")),
                label="Declared customer",
                words=kinds,
            ),
            Choice("answer_intermediaries", (NOT_SAID, "none", "some"), label="Intermediaries"),
            Choice(
                "answer_destination", (*self.places, NOWHERE), label="Destination", words=places
            ),
            Flags("answer_products", (*self.lines, OTHER_LINE), label="Products", words=lines),
            Flags(
                "answer_beside",
                self.data.capabilities,
                label="Capabilities of linked deals and the base",
            ),
            Flags(
                LISTED_AS,
                self.listed_kinds,
                label="Kinds under which the registry lists the end user",
                words=kinds,
            ),
            Flags(OTHERS, (*self.lines, OTHER_LINE), label="Other makers", words=lines),
            YesNo("answer_others_unknown", label="Nobody knows which other makers"),
            YesNo("answer_settled", label="Compliance says that nothing contradicts"),
            YesNo("answer_vendor", label="A vendor of surveillance systems takes part"),
            YesNo("answer_law_conflicts", label="A law of the register that conflicts is cited"),
            Flags("answer_ruled", RULED, label="Facts set by compliance or reviewers"),
        ]
        if self.removable:
            facts.append(Flags("answer_removed", (*self.removable,), label="Built out with proof"))
        return Vocabulary(facts)

    def _question(self, sets: Sets) -> str:
        """What the answer is about, as the vocabulary calls it."""
        fact = self.vocabulary.get(sets.declares)
        if fact is None:
            return _SIGNS[sets.declares]
        return capitalised(fact.say(sets.member)) if sets.member else fact.label

    @cached_property
    def between(self) -> Vocabulary:
        """What the catalogue says of the lines as they are delivered."""
        words = self.vocabulary["capabilities"].words
        return Vocabulary(
            [
                Flags(
                    "catalogue_says",
                    self.data.capabilities,
                    label="Capabilities by the catalogue",
                    words=words,
                )
            ]
        )

    @cached_property
    def words(self) -> Vocabulary:
        """What promises may speak of, the same whatever an installation sells, and where."""
        both = (*self.answers.values(), *self.between.values())
        return Vocabulary([fact for fact in both if fact.name not in ITS_OWN])

    def _choice(self, name: str) -> tuple[str, ...]:
        fact = self.vocabulary[name]
        assert isinstance(fact, Choice)  # noqa: S101  a rulebook without it is not ours
        return fact.values

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """By name, the mildest first, because an example names the first that will do."""
        places = self.data.countries.places
        codes = sorted(places, key=lambda code: (_TIERS.index(places[code].tier), code))
        return {name: places[code] for code, name in _names(codes).items()}

    @cached_property
    def lines(self) -> Mapping[str, str]:
        """Names of products, each with its id."""
        ids = [product.id for product in self.data.catalogue.products]
        return {name: id_ for id_, name in _names(ids).items()}

    @cached_property
    def removable(self) -> Mapping[str, tuple[str, str]]:
        """Names of features that may be built out, each with the ids of product and feature."""
        pairs = {
            f"{product.id} without {feature.id}": (product.id, feature.id)
            for product in self.data.catalogue.products
            for feature in product.removable
        }
        return {name: pairs[words] for words, name in _names(pairs).items()}

    @cached_property
    def listed_kinds(self) -> tuple[str, ...]:
        """Kinds of end user that a name of the registry may have."""
        return tuple(kind for kind in self._choice("end_user_type") if kind not in NO_KIND)

    # What follows

    def _is_known(self, one: Follows) -> bool:
        """A fact that came later than the rulebook is none of its vocabulary."""
        return one.fact in self.vocabulary or one.fact in self.between

    def _follows(self) -> Iterator[Follows]:
        yield from self._abilities()
        yield from self._said()
        yield from self._signs()
        yield from self._products()
        yield from self._place()
        yield from self._export_control()
        yield from self._end_user()
        yield from self._intermediaries()

    def _abilities(self) -> Iterator[Follows]:
        asked = {sets.member: sets for sets in TABLE if sets.declares == "abilities_declared"}
        is_said = Either(
            tuple(
                Not(_is(sets, (NOT_ASKED,)))
                if member in KEPT
                else _is(sets, (*answering(sets, True), *answering(sets, MAYBE)))  # noqa: FBT003
                for member, sets in asked.items()
            )
        )
        nobody_said = All(
            (Not(is_said), self._contains(sorted(HANDS_OVER)), self._contains(sorted(STORAGE)))
        )
        for member in ABILITIES:
            sets = asked.get(member)
            there = _is(sets, answering(sets, True)) if sets else NEVER  # noqa: FBT003
            may_be = [_is(sets, answering(sets, MAYBE))] if sets else []
            may_be += [nobody_said] if member in KEPT else []
            yield Follows("abilities_declared", member, there, Not(Either((there, *may_be))))

    def _said(self) -> Iterator[Follows]:
        """A choice that is the answer; the word for "not known" is none of its values."""
        for name, values in CHOICES.items():
            (sets,) = (one for one in TABLE if one.declares == name)
            for value in (NOT_ASKED, *values):
                answers = answering(sets, value) if value != NOT_ASKED else (NOT_ASKED,)
                yield Follows(name, value, _is(sets, answers))
        for purpose in self._choice("purpose"):
            yield Follows("purpose", purpose, OneOf("answer_purpose", (purpose,)))
        unsaid = OneOf("answer_purpose", (NOT_SAID,))
        yield Follows("purpose_stated", "", Not(unsaid), unsaid)

    @property
    def _is_unread(self) -> Condition:
        """An answer says something that no rule reads, which is a doubt; see `derive.UNREAD`."""
        heard = [
            sets
            for sets in TABLE
            if sets.declares in UNREAD and sets.declares not in self.data.read
        ]
        grave = (True, MAYBE, NOT_KNOWN, "yes", "refused", "included")
        return Either(
            tuple(
                _is(sets, [_named(answer) for answer, said in sets.values.items() if said in grave])
                for sets in heard
            )
        )

    def _signs(self) -> Iterator[Follows]:
        heard = {
            sets.declares: _is(
                sets, [_named(answer) for answer, sign in sets.values.items() if sign]
            )
            for sets in TABLE
            if sets.is_sign
        }
        conflict = Either(
            (
                heard["conflict_signs"],
                Is("answer_law_conflicts", value=True),
                self._contains(LAW_SIGNS),
            )
        )
        yield Follows("law_conflict", "", conflict, Not(conflict))
        for value in self._choice("adverse_info"):
            when = {"alleged": heard["adverse_signs"], "none": Not(heard["adverse_signs"])}
            yield Follows("adverse_info", value, when.get(value, NEVER))

    def _products(self) -> Iterator[Follows]:
        none_named = Not(HasAny("answer_products", (*self.lines, OTHER_LINE)))
        vendor = Is("answer_vendor", value=True)
        for capability in self.data.capabilities:
            says = self._catalogue_says(capability)
            yield Follows("catalogue_says", capability, says, Not(says))
            there = self._contains([capability])
            open_: list[Condition] = [none_named]
            if capability == NOT_CLASSIFIED:
                strange = [HasAny(name, (OTHER_LINE,)) for name in ("answer_products", OTHERS)]
                there = Either((there, none_named, *strange))
                open_ = []
            if capability == INTEGRATION:
                open_ += [vendor, Is("answer_others_unknown", value=True)]
            yield Follows("capabilities", capability, there, Not(Either((there, *open_))))

    def _catalogue_says(self, capability: str) -> Condition:
        """Some line has it, and it was not built out."""
        by_id = self.data.catalogue.by_id
        parts: list[Condition] = []
        plain = []
        gone = {
            product: tuple(name for name, (one, _) in self.removable.items() if one == product)
            for product in self.data.catalogue.by_id
        }
        for name, id_ in self.lines.items():
            product = self.data.catalogue.by_id[id_]
            removing = {one.id for one in product.removable if one.removes == capability}
            if capability not in product.capabilities:
                continue
            if not removing:
                plain.append(name)
                continue
            removed = tuple(one for one in gone[id_] if self.removable[one][1] in removing)
            line = HasAny("answer_products", (name,))
            gone_for_good = All((HasAny("answer_removed", removed), SETTLED))
            parts.append(All((line, Not(gone_for_good))))
        if plain:
            parts.append(HasAny("answer_products", tuple(plain)))
        # Systems of other makers count as what they can do.
        others = [name for name, id_ in self.lines.items() if capability in by_id[id_].capabilities]
        if others:
            parts.append(HasAny(OTHERS, tuple(others)))
        return Either(tuple(parts))

    def _contains(self, capabilities: Iterable[str]) -> Condition:
        """One of them is surely there."""
        known = tuple(one for one in capabilities if one in self.data.capabilities)
        if not known:
            return NEVER
        return Either((HasAny("catalogue_says", known), HasAny("answer_beside", known)))

    def _place(self) -> Iterator[Follows]:
        named = Not(OneOf("answer_destination", (NOWHERE,)))
        yield Follows("destination_named", "", named, Not(named))
        for tier in self._choice("country_risk"):
            names = [name for name, place in self.places.items() if place.tier == tier]
            names += [NOWHERE] if tier == UNRATED else []
            yield Follows("country_risk", tier, _in(names))
        special = _in(name for name, place in self.places.items() if place.special)
        ordinary = _in(name for name, place in self.places.items() if not place.special)
        yield Follows("in_special_territory", "", special, ordinary)

    def _export_control(self) -> Iterator[Follows]:
        """The gravest of all that speaks; what is only possible does not speak yet."""
        speaks = {control: Either(tuple(self._speaking(control))) for control in CONTROLS}
        for at, control in enumerate(CONTROLS):
            graver = Not(Either(tuple(speaks[one] for one in CONTROLS[at + 1 :])))
            here = ALWAYS if at == 0 else speaks[control]
            yield Follows("export_control", control, All((here, graver)))

    def _speaking(self, control: str) -> Iterator[Condition]:
        there: dict[tuple[str, ...], list[str]] = {}
        for name, place in self.places.items():
            if place.export_control == control:
                there.setdefault((), []).append(name)
            for row in place.restrictions:
                if row.control == control:
                    there.setdefault(row.restricts, []).append(name)
        for restricted, names in there.items():
            what = self._contains(restricted) if restricted else ALWAYS
            yield All((_in(dict.fromkeys(names)), what))
        products = self.data.catalogue.by_id
        if lines := tuple(
            name for name, id_ in self.lines.items() if products[id_].control == control
        ):
            yield HasAny("answer_products", lines)
        if control == "licence_required":
            yield self._contains(CONTROL_LIST)

    def _end_user(self) -> Iterator[Follows]:
        """What the registry lists wins over what is declared; see `parties.end_user`."""
        kinds = self._choice("end_user_type")
        declared = {kind: OneOf("answer_end_user", (kind,)) for kind in kinds}
        is_intelligence = Either((declared[INTELLIGENCE], self._is_listed(INTELLIGENCE)))
        nobody = Not(self._is_listed(*self.listed_kinds))
        agrees = Either(
            tuple(All((declared[kind], self._is_listed(kind))) for kind in self.listed_kinds)
        )
        ordered = sorted(self.listed_kinds)
        for kind in kinds:
            if kind == INTELLIGENCE:
                yield Follows("end_user_type", kind, is_intelligence)
                continue
            before = ordered[: ordered.index(kind)] if kind in ordered else []
            first = All((self._is_listed(kind), Not(self._is_listed(*before)), Not(agrees)))
            own = All((declared[kind], Either((nobody, agrees))))
            yield Follows("end_user_type", kind, All((Not(is_intelligence), Either((own, first)))))
        # Whoever is listed is named; where nobody is, `free` leaves it open.
        yield Follows("end_user_named", "", self._is_listed(*self.listed_kinds), NEVER)

    def _is_listed(self, *kinds: str) -> Condition:
        known = tuple(kind for kind in kinds if kind in self.listed_kinds)
        return HasAny(LISTED_AS, known) if known else NEVER

    def _intermediaries(self) -> Iterator[Follows]:
        some = Either(
            (OneOf("answer_customer", (RESELLER,)), OneOf("answer_intermediaries", ("some",)))
        )
        none = All(
            (
                Not(OneOf("answer_customer", (RESELLER, NOT_SAID))),
                OneOf("answer_intermediaries", ("none",)),
            )
        )
        yield Follows("has_intermediaries", "", some, none)
        # Where nothing of this is so, `free` leaves open what texts, names and services say.
        yield Follows("fact_conflict", "", self._is_unread, NEVER)
        yield Follows("answers_complete", "", NEVER, self._is_missing)

    @property
    def _is_missing(self) -> Condition:
        """Something of it that every deal must say is not said."""
        return Either(
            (
                Not(HasAny("answer_products", (*self.lines, OTHER_LINE))),
                OneOf("answer_customer", (NOT_SAID, NOT_KNOWN)),
                OneOf("answer_intermediaries", (NOT_SAID,)),
            )
        )

    # From answers back to a deal

    def replayed(self, deal: Mapping[str, Any]) -> str:
        """What the program itself makes of a deal that a proof found: the outcome."""
        variants = derive(self.declared(deal), self.data, given=self.given(deal))
        return combine(map(self.data.compiled.assess, variants)).outcome

    def given(self, deal: Mapping[str, Any]) -> dict[str, Any]:
        """What is set by hand in it. No name is listed as every kind, so a listed one is set."""
        ruled = {name for name in deal["answer_ruled"] if name != "special_territory"}
        ruled |= {"end_user_type"} if deal[LISTED_AS] else set()
        given = {name: deal[name] for name in sorted(ruled) if name in deal}
        return given | ({"fact_conflict": False} if deal["answer_settled"] else {})

    def declared(self, deal: Mapping[str, Any]) -> dict[str, Any]:
        """A deal with these answers, as `policy.facts.derive` reads it; names are made up."""
        form = {
            sets.slug: UNKNOWN if deal[answer_of(sets)] == NOT_KNOWN else deal[answer_of(sets)]
            for sets in TABLE
            if deal[answer_of(sets)] != NOT_ASKED
        }
        between = {"none": [], "some": ["Example Trading"]}
        said = {
            "purpose": _unless(NOT_SAID, deal["answer_purpose"]),
            "end_user_type": deal["answer_end_user"],
            "customer_type": _unless(NOT_SAID, deal["answer_customer"]),
            "intermediaries": between.get(deal["answer_intermediaries"]),
            "products": self._declared_lines(deal),
            "linked_capabilities": list(deal["answer_beside"]) or None,
            "end_user_name": "Example Works",
            "customer_name": "Example Works",
            "services": deal.get("services"),
            "legal_obligation": deal.get("legal_obligation"),
        }
        others = [self.lines.get(name, "A system of somebody") for name in deal[OTHERS]]
        if others or deal["answer_others_unknown"]:
            rest = [NOT_KNOWN] if deal["answer_others_unknown"] else []
            said["other_systems"] = [*others, *rest]
        place = self.places.get(deal["answer_destination"])
        where = {} if place is None else _where(place)
        stated = {name: value for name, value in said.items() if value is not None}
        return {**answers_to_facts.declared(form), **stated, **where}

    def _declared_lines(self, deal: Mapping[str, Any]) -> list[Any] | None:
        lines: list[Any] = []
        for name in deal["answer_products"]:
            if name == OTHER_LINE:
                lines.append("Something that no catalogue names")
                continue
            id_ = self.lines[name]
            removed = [
                feature
                for one in deal.get("answer_removed", ())
                for product, feature in [self.removable[one]]
                if product == id_
            ]
            line = {"product": id_, "removed": removed, "proof": "a test report"}
            lines.append(line if removed else id_)
        return lines or None


def remarkable(words: Vocabulary, deal: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The answers that say something, each with its question."""
    said = []
    for name, fact in words.items():
        value = deal.get(name)
        if value in (None, [], False, NOT_ASKED, NOT_SAID):
            continue
        values = value if isinstance(value, list) else [str(value).lower()]
        said.append((fact.label, ", ".join(fact.say(one) for one in values)))
    return said


def _where(place: Place) -> dict[str, str]:
    if place.code == place.country:
        return {"country": place.code}
    return (
        {"country": place.country, "region": place.code}
        if place.country
        else {"region": place.code}
    )


def _unless(word: str, value: str) -> str | None:
    return None if value == word else value


def _names(words: Iterable[str]) -> dict[str, str]:
    """A name of the rule language for each; two that would share one are told apart."""
    names: dict[str, str] = {}
    taken = {OTHER_LINE, NOWHERE}
    for word in words:
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in word)
        name = plain.lower()[:50]
        if not NAME.match(name):
            name = f"n{name}"
        while name in taken:
            name = f"{name}_{len(taken)}"
        taken.add(name)
        names[word] = name
    return names


def answer_of(sets: Sets) -> str:
    return f"answer_{sets.slug.replace('-', '_')}"


def _named(answer: str) -> str:
    return NOT_KNOWN if answer == UNKNOWN else answer


def _values(sets: Sets) -> tuple[str, ...]:
    """What was answered; the first says least, because an example takes the first that will do."""
    return (NOT_ASKED, *dict.fromkeys(map(_named, sets.values)))


def answering(sets: Sets, value: Any) -> list[str]:
    """The answers that declare the value."""
    kind = type(value), value
    return [_named(answer) for answer, said in sets.values.items() if (type(said), said) == kind]


def _is(sets: Sets, answers: Iterable[str]) -> Condition:
    some = tuple(dict.fromkeys(answers))
    return OneOf(answer_of(sets), some) if some else NEVER


def _in(names: Iterable[str]) -> Condition:
    some = tuple(names)
    return OneOf("answer_destination", some) if some else NEVER
