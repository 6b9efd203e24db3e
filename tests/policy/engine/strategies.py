"""Random vocabularies, rulebooks and partly answered deals, for every reading of a rulebook.

They are small on purpose: few values and members, so that two random conditions often speak of
the same thing, and so that all completions of a deal can be tried.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any

from hypothesis import strategies as st

from policy.engine.language.condition import (
    COMPARISONS,
    OUTCOMES,
    All,
    Compare,
    Condition,
    Either,
    HasAny,
    HasEvery,
    Is,
    Not,
    OneOf,
    Rule,
    Rulebook,
    Term,
)
from policy.engine.language.facts import Amount, Choice, Fact, Facts, Flags, Text, Vocabulary, YesNo

AMOUNTS = range(3)


@st.composite
def vocabularies(draw: st.DrawFn) -> Vocabulary:
    facts: list[Fact] = []
    for at in range(draw(st.integers(1, 2))):
        values = ("low", "medium", "high", "unrated")[: draw(st.integers(2, 4))]
        words = {"medium": "Medium risk"} if draw(st.booleans()) else {}
        facts.append(Choice(f"choice{at}", values, values, label=f"Choice {at}", words=words))
    for at in range(draw(st.sampled_from([1, 1, 1, 2, 0]))):
        members = ("ran", "core", "filter", "unclassified")[: draw(st.sampled_from([4, 3, 2, 1]))]
        facts.append(Flags(f"flags{at}", members, label=f"Flags {at}"))
    for at in range(draw(st.integers(0, 2))):
        words = {"true": "obliged"} if at else {}
        facts.append(YesNo(f"yesno{at}", label=f"Yes or no {at}", words=words))
    if draw(st.booleans()):
        facts.append(Amount("amount", "kg", label="Weight"))
    facts.append(Text("text", label="Name", unknown=draw(st.sampled_from(["", "somebody"]))))
    return Vocabulary(draw(st.permutations(facts)))


#: For seeded faults: everything there is, and little of it, so that rules meet.
DENSE = Vocabulary(
    [
        Flags("flags", ("ran", "core", "filter", "unclassified"), label="Flags"),
        Choice("choice", ("low", "medium", "high"), ("low", "medium", "high"), label="Choice"),
        YesNo("first_yesno", label="First"),
        YesNo("second_yesno", label="Second"),
        Amount("amount", label="Amount"),
        Text("text", label="Name"),
    ]
)


def atoms(vocabulary: Vocabulary) -> st.SearchStrategy[Condition]:
    return st.sampled_from(
        [name for name, fact in vocabulary.items() if not isinstance(fact, Text)]
    ).flatmap(lambda name: _atom(vocabulary[name]))


def _some(names: Sequence[str], most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True).map(tuple)


def _atom(fact: Fact) -> st.SearchStrategy[Condition]:
    match fact:
        case Choice(name, values):
            return _some(values, len(values) - 1).map(lambda some: OneOf(name, some))
        case Flags(name, members):
            some = _some(members, len(members))
            return st.one_of(
                some.map(lambda some: HasAny(name, some)),
                some.map(lambda some: HasEvery(name, some)),
            )
        case YesNo(name):
            return st.booleans().map(lambda value: Is(name, value))
    return st.builds(
        Compare, st.just(fact.name), st.sampled_from(COMPARISONS), st.sampled_from(AMOUNTS)
    )


def conditions(vocabulary: Vocabulary, terms: Sequence[str] = ()) -> st.SearchStrategy[Condition]:
    leaves = atoms(vocabulary)
    if terms:
        leaves |= st.sampled_from(terms).map(Term)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts))),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: Either(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=6,
    )


def layered(vocabulary: Vocabulary, terms: Sequence[str]) -> st.SearchStrategy[Condition]:
    """What rules of a policy look like: several parts, each an atom or a few of them, or a term."""
    several = st.lists(atoms(vocabulary), min_size=2, max_size=3).map(tuple)
    parts = st.one_of(atoms(vocabulary), several.map(Either), several.map(All))
    if terms:
        parts |= st.sampled_from(terms).map(Term)
    joined = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(joined.map(All), joined.map(Either))


@st.composite
def rulebooks(
    draw: st.DrawFn, vocabulary: Vocabulary | None = None, least_rules: int = 1, most_rules: int = 9
) -> Rulebook:
    vocabulary = vocabulary or draw(vocabularies())
    terms: dict[str, Condition] = {}
    for name in ("first", "second")[: draw(st.integers(0, 2))]:
        terms[name] = draw(conditions(vocabulary, tuple(terms)))
    flags = [name for name, fact in vocabulary.items() if isinstance(fact, Flags)]
    joined = [f"{{{' and '.join(flags[:2])}}}"] if len(flags) > 1 else []
    placeholders = st.sampled_from([*(f"{{{name}}}" for name in vocabulary), *joined])
    sentences = st.lists(st.sampled_from([" and ", "Because "]) | placeholders, max_size=4)
    rules = [
        Rule(
            id=f"R{at:02}",
            title=f"Rule {at}",
            clause="C1",
            outcome=draw(st.sampled_from(OUTCOMES[1:])),
            when=draw(conditions(vocabulary, tuple(terms)) | layered(vocabulary, tuple(terms))),
            because="".join(draw(sentences)).strip() or "So.",
            evidence=("letter",) if at % 2 else (),
            asks="compliance" if at % 3 else "sales",
        )
        for at in range(draw(st.integers(least_rules, most_rules)))
    ]
    return Rulebook(
        name="random",
        label="1",
        source="hypothesis",
        vocabulary=vocabulary,
        terms=terms,
        rules=tuple(draw(st.permutations(rules))),
    )


def known_values(fact: Fact) -> st.SearchStrategy[Any]:
    """Values of a fact; of a set of flags also those that leave some members open."""
    match fact:
        case Choice(_, values):
            return st.sampled_from(values)
        case YesNo():
            return st.booleans()
        case Amount():
            return st.integers(AMOUNTS.start - 1, AMOUNTS.stop + 1)
        case Text():
            return st.sampled_from(["Ö-Net", "{choice0}", "it's", ""])
    states = st.lists(
        st.sampled_from("yn?"), min_size=len(fact.members), max_size=len(fact.members)
    )
    return states.map(
        lambda drawn: {
            "yes": [name for name, state in zip(fact.members, drawn, strict=True) if state == "y"],
            "unknown": [
                name for name, state in zip(fact.members, drawn, strict=True) if state == "?"
            ],
        }
    )


def plain_values(fact: Fact) -> st.SearchStrategy[Any]:
    return st.none() | known_values(fact)


def deals(vocabulary: Vocabulary) -> st.SearchStrategy[Facts]:
    """Partly answered facts; facts may be left out altogether."""
    entries = {name: plain_values(fact) for name, fact in vocabulary.items()}
    return st.fixed_dictionaries({}, optional=entries).map(vocabulary.parse)


def answered(vocabulary: Vocabulary) -> st.SearchStrategy[Facts]:
    """Facts of which most are answered: where everything is open, a faulty reading hides."""
    entries = {name: known_values(fact) for name, fact in vocabulary.items()}
    return st.tuples(st.fixed_dictionaries(entries), st.sampled_from([*vocabulary])).map(
        lambda drawn: vocabulary.parse({**drawn[0], drawn[1]: None})
    )


@st.composite
def screened(draw: st.DrawFn, most_rules: int = 9) -> tuple[Rulebook, Facts]:
    """A rulebook with a deal."""
    rulebook = draw(rulebooks(most_rules=most_rules))
    return rulebook, draw(deals(rulebook.vocabulary))


@st.composite
def screened_often(
    draw: st.DrawFn, count: int = 6, vocabulary: Vocabulary | None = None, least_rules: int = 1
) -> tuple[Rulebook, list[Facts]]:
    """A rulebook with several deals: compiling costs more than screening."""
    rulebook = draw(rulebooks(vocabulary, least_rules))
    each = st.one_of(deals(rulebook.vocabulary), answered(rulebook.vocabulary))
    return rulebook, draw(st.lists(each, min_size=count, max_size=count))


@st.composite
def plain_often(draw: st.DrawFn) -> tuple[Rulebook, list[dict[str, Any]]]:
    """A rulebook with plain deals: answered ones, each with up to two things that are not so."""
    rulebook = draw(rulebooks())
    vocabulary = rulebook.vocabulary
    answers = st.fixed_dictionaries({name: listed(fact) for name, fact in vocabulary.items()})
    odd = st.sampled_from([None, True, False, 0, 1, 1.0, "", "low", [], ["low"], {"yes": []}])
    spoilt = st.dictionaries(st.sampled_from([*vocabulary, "no_fact"]), odd, max_size=2)
    lost = st.sets(st.sampled_from([*vocabulary]), max_size=1)
    several = draw(st.lists(st.tuples(answers, spoilt | st.just({}), lost), min_size=6, max_size=6))
    return rulebook, [
        {name: value for name, value in (plain | spoils).items() if name not in without}
        for plain, spoils, without in several
    ]


def listed(fact: Fact) -> st.SearchStrategy[Any]:
    """Known values of a fact, sets of flags as lists."""
    if isinstance(fact, Flags):
        return st.lists(st.sampled_from(fact.members), unique=True)
    return known_values(fact)


def possible_answers(fact: Fact, facts: Facts) -> list[Any]:
    """Every plain value that a fact may still turn out to have; partly answered ones too."""
    match fact:
        case Text():
            return [facts[fact.name]]
        case Flags(name, members):
            states = [
                [facts.has(name, member)] if facts.has(name, member) is not None else [True, False]
                for member in members
            ]
            return [
                [member for member, there in zip(members, drawn, strict=True) if there]
                for drawn in product(*states)
            ]
    if facts.is_known(fact.name):
        return [facts[fact.name]]
    match fact:
        case Choice(_, values):
            return list(values)
        case YesNo():
            return [True, False]
    return list(range(AMOUNTS.start - 1, AMOUNTS.stop + 2))


def completions(facts: Facts) -> list[Facts]:
    """Every fully answered deal that these facts may turn out to be."""
    vocabulary = facts.vocabulary
    choices = [possible_answers(fact, facts) for fact in vocabulary.values()]
    return [
        vocabulary.parse(dict(zip(vocabulary, drawn, strict=True))) for drawn in product(*choices)
    ]
