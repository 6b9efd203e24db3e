"""The derivation as conditions says what the derivation does, and a proof reads it so."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from policy.engine.language.condition import All, HasAny, Not, OneOf, Rulebook, Surely
from policy.engine.language.facts import Choice, Facts, Flags, Vocabulary, YesNo
from policy.engine.proof.answers import prove_answers
from policy.engine.proof.proof import Verdict
from policy.engine.readings.kleene import truth
from policy.facts import shipped
from policy.facts.answered import answered
from policy.facts.answers_to_facts import TABLE, UNKNOWN, Sets
from policy.facts.declared import NOT_KNOWN
from policy.facts.derive import ReferenceData, derive
from policy.facts.encoded import NOT_ASKED, RULED, Encoded, answer_of
from policy.reference.capabilities import INTEGRATION, NOT_CLASSIFIED
from policy.reference.registry import NO_KIND, VENDOR

DATA = shipped.load()
ENCODED = Encoded(DATA)
DERIVATION = ENCODED.derivation
WORDS = Vocabulary([*DERIVATION.answers.values(), *DERIVATION.between.values()])
#: Whom the registry knows at home.
BODIES = [
    one
    for one in DATA.registry.parties
    if one.kind not in ("operator", "question") and one.country in DATA.countries.names
]
RULINGS: dict[str, Any] = {
    "country_risk": "very_high",
    "special_territory": "UA-43",
    "export_control": "denied",
    "adverse_info": "confirmed",
    "law_conflict": True,
    "fact_conflict": True,
    "legal_basis_status": "verified",
    "export_reference": "a letter",
    "conflict_note": "a note",
    "follows_stopped_deal": True,
    "eased_by_ruling": True,
    "end_user_type": "military",
    "legal_obligation": True,
}


def drawn(chance: random.Random) -> dict[str, Any]:
    """Random answers: most of them say little, so that what one of them does is seen."""
    answers: dict[str, Any] = {}
    for name, fact in DERIVATION.answers.items():
        match fact:
            case Choice(_, values):
                answers[name] = chance.choice(values)
            case Flags(_, members):
                count = chance.choice([0, 0, 1, 1, 2, 4])
                answers[name] = chance.sample(members, min(count, len(members)))
            case YesNo():
                answers[name] = False
    answers |= {"answer_ruled": [], "end_user_listed_as": []}
    answers["answer_settled"] = chance.random() < 0.3
    if chance.random() < 0.2:
        answers["answer_others_unknown"] = True
    if chance.random() < 0.5:
        answers["answer_destination"] = chance.choice(["kp", "ua_43", "ru", "cn", "not_named"])
    return answers


def named(answers: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The deal, often with an end user of the registry, and what it finds as an answer."""
    if chance.random() < 0.7:
        return ENCODED.declared(answers)
    party = chance.choice(BODIES)
    answers["answer_destination"] = party.country.lower()
    deal = ENCODED.declared(answers) | {"end_user_name": party.name, "customer_name": party.name}
    place = ENCODED.places[party.country.lower()]
    hits = DATA.registry.hits(party.name, place.countries)
    found = {hit.party.kind for hit in hits if hit.is_certain}
    answers["end_user_listed_as"] = sorted(found - {*NO_KIND})
    is_asked = not answers["answer_settled"]
    answers["answer_vendor"] = is_asked and any(hit.party.kind == VENDOR for hit in hits)
    return deal


def said(answers: dict[str, Any]) -> Iterator[tuple[str, str, bool | None]]:
    """Fact, member and whether it is so, as the conditions have it."""
    between: dict[str, list[str]] = {name: [] for name in DERIVATION.between}
    plain = WORDS.parse({**answers, **between})
    for one in DERIVATION.follows:
        if one.fact in between and truth(one.surely, plain):
            between[one.fact].append(one.member)
    facts = WORDS.parse({**answers, **between})
    for one in DERIVATION.follows:
        is_free = one.fact in DERIVATION.free and truth(DERIVATION.free[one.fact], facts)
        if one.fact not in between and not is_free:
            if truth(one.surely, facts):
                yield one.fact, one.member, True
            elif one.surely_not is None or truth(one.surely_not, facts):
                yield one.fact, one.member, False
            else:
                yield one.fact, one.member, None


def really(facts: Facts, name: str, member: str) -> bool | None:
    fact = facts.vocabulary[name]
    if isinstance(fact, Choice):
        return facts[name] == member
    if isinstance(fact, Flags):
        return facts.has(name, member)
    value = facts[name]
    assert value is None or isinstance(value, bool)
    return value


@pytest.mark.parametrize("seed", range(4))
def test_the_conditions_say_what_the_derivation_does(seed: int) -> None:
    chance = random.Random(seed)
    listed = 0
    for _ in range(100):
        answers = drawn(chance)
        deal = named(answers, chance)
        listed += bool(answers["end_user_listed_as"])
        (facts,) = derive(deal, DATA, given=ENCODED.given(answers))
        for name, member, expected in said(answers):
            assert really(facts, name, member) is expected, (name, member, answers, deal)
    assert listed > 10


def test_only_what_is_free_changes_when_people_set_something() -> None:
    chance = random.Random(5)
    assert RULINGS.keys() == set(RULED)
    for name, value in RULINGS.items():
        for _ in range(5):
            answers = drawn(chance) | {"answer_destination": "cn", "answer_ruled": [name]}
            (facts,) = derive(ENCODED.declared(answers), DATA, given={name: value})
            for fact, member, expected in said(answers):
                assert really(facts, fact, member) is expected, (name, fact, member)


def heard(sets: Sets, answer: str | None) -> Any:
    """What an answer says; None of one that says nothing."""
    if answer in (None, NOT_ASKED):
        return None
    return sets.values[UNKNOWN if answer == NOT_KNOWN else answer] or None


def test_a_declared_deal_is_read_back_as_its_answers() -> None:
    chance = random.Random(9)
    for _ in range(100):
        answers = drawn(chance)
        deal = named(answers, chance)
        given = ENCODED.given(answers)
        [read] = answered(deal, given, derive(deal, DATA, given=given), DATA)
        assert ENCODED.words.parse(read)
        for sets in TABLE:
            name = answer_of(sets)
            assert heard(sets, read.get(name)) == heard(sets, answers[name]), (name, deal)
        for name in ("answer_end_user", "answer_customer", "answer_purpose"):
            assert read.get(name, "not_answered") == answers[name]
        assert read["end_user_listed_as"] == answers["end_user_listed_as"]
        assert set(read["answer_beside"]) == set(answers["answer_beside"])
        plain = WORDS.parse({**answers, "catalogue_says": []})
        says = {
            one.member
            for one in DERIVATION.follows
            if one.fact == "catalogue_says" and truth(one.surely, plain)
        }
        # What nobody has classified, and whom a vendor connects, the catalogue does not say.
        assert set(read["catalogue_says"]) - says <= {NOT_CLASSIFIED, INTEGRATION}
        assert says - set(read["catalogue_says"]) <= set(answers["answer_beside"])


# --- proofs --------------------------------------------------------------------------------------


def text_of(*promises: Surely) -> Rulebook:
    return Rulebook("text", "1", "test", DERIVATION.vocabulary(DATA.rulebook), {}, (), promises)


NEVER_SOLD = Surely("X1", "s", ("bar",), HasAny("answer_products", ("x_spyware", "x_bulk_probe")))
EMBARGO = Surely(
    "X2",
    "s",
    ("bar",),
    All((OneOf("answer_destination", ("kp",)), Not(HasAny("answer_ruled", RULED)))),
)
TEXT = shipped.on_answers().without_rules
OWN = replace(TEXT, promises=(*TEXT.promises, NEVER_SOLD, EMBARGO))


def proved(data: ReferenceData, *ids: str) -> dict[str, Verdict]:
    """What becomes of the promises that ship, and of two that name a product and a place."""
    encoded = Encoded(data)
    found = prove_answers(
        data.rulebook, encoded.derivation, OWN, only=ids or None, replayed=encoded.replayed
    )
    return {one.id: one for one in found}


def test_every_promise_on_answers_is_proved() -> None:
    found = proved(DATA)
    assert {name: one.because for name, one in found.items() if one.state != "proved"} == {}
    assert len(found) == 9


def without_rule(*ids: str) -> ReferenceData:
    rules = tuple(rule for rule in DATA.rulebook.rules if rule.id not in ids)
    return replace(DATA, rulebook=replace(DATA.rulebook, rules=rules))


def with_product(id_: str, **changes: Any) -> ReferenceData:
    products = tuple(
        replace(one, **changes) if one.id == id_ else one for one in DATA.catalogue.products
    )
    return replace(DATA, catalogue=replace(DATA.catalogue, products=products))


def unrestricted() -> ReferenceData:
    rows = tuple(row for row in DATA.countries.restricted if row.code != "KP")
    return replace(DATA, countries=replace(DATA.countries, restricted=rows))


@pytest.mark.parametrize(
    ("promise", "changed", "shown"),
    [
        ("A01", lambda: without_rule("B01"), {"answer_analyses": "yes"}),
        ("A02", lambda: without_rule("B01"), {}),
        (
            "X1",
            lambda: with_product("x-spyware", capabilities=("general_compute",)),
            {"answer_products": ["x_spyware"]},
        ),
        ("A03", lambda: without_rule("E04"), {"end_user_listed_as": ["intelligence_security"]}),
        ("A04", lambda: without_rule("E15", "I07"), {"answer_intelligence_access": "yes"}),
        ("A05", lambda: without_rule("B11"), {"answer_limits_speech": "included"}),
        ("A06", lambda: without_rule("B05"), {}),
        ("A07", lambda: without_rule("S10", "E12"), {"answer_reports": "yes"}),
        ("X2", unrestricted, {"answer_destination": "kp"}),
    ],
)
def test_a_weaker_version_shows_the_plainest_answers(
    promise: str, changed: Callable[[], ReferenceData], shown: dict[str, Any]
) -> None:
    found = proved(changed(), promise)[promise]
    assert found.state == "broken", found.because
    assert {name: found.deal[name] for name in shown} == shown
    assert found.deal.keys() <= DERIVATION.answers.keys(), "answers, not the facts that follow"
    said_nothing = [name for name, value in found.deal.items() if value in ("not_asked", [])]
    assert len(said_nothing) >= 10


def test_an_answer_that_no_rule_reads_is_a_doubt() -> None:
    found = proved(without_rule("E15"), "A04")["A04"]
    assert (found.state, found.deal["answer_ruled"]) == ("broken", ["fact_conflict"])


@pytest.mark.parametrize(
    ("promise", "because"),
    [
        (
            Surely("P", "s", ("clear",), HasAny("answer_products", ("nr_macro",))),
            "a graver outcome than one that it allows must be allowed too",
        ),
        (
            Surely("P", "s", ("bar",), HasAny("answer_products", ("gone",))),
            "it speaks of what is not there: gone",
        ),
    ],
)
def test_what_cannot_be_proved_from_answers_says_why(promise: Surely, because: str) -> None:
    (found,) = prove_answers(DATA.rulebook, DERIVATION, text_of(promise), replayed=ENCODED.replayed)
    assert (found.state, found.because) == ("not_proved", because)


def test_a_suspicion_that_the_program_does_not_share_is_no_refutation() -> None:
    promise = Surely("P", "s", ("bar",), HasAny("answer_products", ("nr_macro",)))
    (found,) = prove_answers(
        DATA.rulebook, DERIVATION, text_of(promise), replayed=lambda deal: "bar"
    )
    assert (found.state, found.because) == (
        "not_proved",
        "the answers that were found come out as bar",
    )
