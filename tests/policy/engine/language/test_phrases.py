"""The sentence made of a promise says what its conditions say, and changes when they change."""

from dataclasses import replace

import pytest

from policy.engine.language.condition import (
    All,
    Compare,
    Either,
    EveryRule,
    Exists,
    HasAny,
    HasEvery,
    Is,
    Losing,
    Not,
    OneOf,
    Promise,
    Raising,
    Rulebook,
    Surely,
    Term,
)
from policy.engine.language.facts import Amount, Choice, Flags, Vocabulary, YesNo
from policy.engine.language.phrases import in_words
from policy.facts import shipped

WORDS = Vocabulary(
    [
        Choice("risk", ("low", "high"), ("low", "high"), label="Country risk"),
        Flags("parts", ("ran", "li"), label="Parts", words={"li": "LI interface"}),
        YesNo("listed", label="Is on a list"),
        Amount("value", label="Value"),
    ]
)
TERMS = {"grave": Either((OneOf("risk", ("high",)), Is("listed", value=True)))}
TEXT = Rulebook("text", "1", "test", WORDS, TERMS, (), ())
LI = HasAny("parts", ("li",))


@pytest.mark.parametrize(
    ("promise", "sentence"),
    [
        (
            Surely("P", "s", ("bar",), LI),
            "Where parts include LI interface, the outcome is barred.",
        ),
        (
            Surely("P", "s", ("senior_review", "executive_review", "needs_information", "bar"), LI),
            "Where parts include LI interface, the outcome is never clear.",
        ),
        (
            Surely("P", "s", ("needs_information", "bar"), possibly=Not(LI)),
            "Where it is so, or not known, that parts include none of: LI interface, the outcome is"
            " needs information or barred.",
        ),
        (
            Surely("P", "s", ("bar",), LI, Term("grave")),
            "Where parts include LI interface and where it is so, or not known, that country risk"
            " is high; or is on a list: yes, the outcome is barred.",
        ),
        (Surely("P", "s", ("bar",)), "For every deal, the outcome is barred."),
        (
            Surely("P", "s", ("bar",), All((LI, Term("grave"), All((Is("listed", value=False),))))),
            "Where parts include LI interface; and (country risk is high; or is on a list: yes);"
            " and is on a list: no, the outcome is barred.",
        ),
        (
            Surely("P", "s", ("bar",), Either((LI, Either((Compare("value", "above", 3), LI))))),
            "Where parts include LI interface; or value is above 3; or parts include LI interface,"
            " the outcome is barred.",
        ),
        (
            Raising("P", "s", ("risk", "listed")),
            "With every question answered, a graver value of “Country risk” or “Is on a list” never"
            " makes the outcome milder.",
        ),
        (
            Raising("P", "s", ("risk",), LI),
            "With every question answered and where parts include LI interface, a graver value of"
            " “Country risk” never makes the outcome milder.",
        ),
        (
            Losing("P", "s", ("risk", "parts")),
            "When the answer on “Country risk” or “Parts” is lost, on one or more of them, the"
            " outcome never gets milder, except from barred to needs information.",
        ),
        (
            Exists("P", "s", HasEvery("parts", ("ran", "li")), ("clear",)),
            "For some deal with every question answered, where parts include all of: ran, LI"
            " interface, the outcome is clear.",
        ),
        (
            EveryRule("P", "s", "fire"),
            "For every rule there is a deal, with every question answered, in which it fires.",
        ),
    ],
)
def test_the_sentence_of_each_kind(promise: Promise, sentence: str) -> None:
    assert in_words(TEXT, promise) == sentence


def test_a_term_that_changes_changes_the_sentence() -> None:
    promise = Surely("P", "Listed bodies are barred", ("bar",), Term("grave"))
    narrowed = replace(TEXT, terms={"grave": OneOf("risk", ("high",))})
    assert in_words(TEXT, promise) != in_words(narrowed, promise)


def test_every_promise_that_ships_has_a_sentence_of_its_own() -> None:
    book = shipped.rulebook()
    sentences = [in_words(book, promise) for promise in book.promises]
    assert len(set(sentences)) == len(sentences)
    assert all(one[0].isupper() and one.endswith(".") for one in sentences)
