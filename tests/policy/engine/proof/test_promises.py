"""Promises of two rulebooks side by side: by what they cover, over vocabularies that grow."""

from dataclasses import replace

import pytest

from policy.engine.language.condition import (
    All,
    EveryRule,
    Exists,
    HasAny,
    Is,
    Losing,
    OneOf,
    Promise,
    Raising,
    Rulebook,
    Surely,
)
from policy.engine.language.reading import read_rulebook, read_vocabulary
from policy.engine.proof import difference, proof
from policy.facts import shipped

MORE = "\nhappened_before:\n  kind: yesno\n  label: It happened before\n  source: derived\n"
LOW, HIGH = OneOf("country_risk", ("low",)), OneOf("country_risk", ("high",))
RADIO = HasAny("capabilities", ("ran",))


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return shipped.rulebook()


@pytest.fixture(scope="module")
def grown() -> Rulebook:
    """The same rules over a vocabulary with one more fact, and a promise that speaks of it."""
    words = read_vocabulary(shipped.text("vocabulary.yaml") + MORE, file="v")
    text = shipped.text(shipped.RULEBOOK)
    more = (
        "  - id: P99\n    says: What happened before\n"
        "    surely: {all: [active_surveillance, {happened_before: true}]}\n    only: [bar]\n"
    )
    return read_rulebook(text.rstrip("\n") + "\n" + more, words, file="r")


def fate(old: Promise, new: Promise) -> proof.Fate:
    book = shipped.rulebook()
    [told] = proof.compared(replace(book, promises=(old,)), replace(book, promises=(new,))).fates
    return told


def test_a_vocabulary_that_grew_still_says_the_older_promises(
    book: Rulebook, grown: Rulebook
) -> None:
    told = proof.compared(book, grown)
    assert {one.fate for one in told.fates} == {"kept"}
    assert told.speaks_of["P99"]["happened_before"] is True
    assert difference.differences(book, grown) == []


def test_a_promise_in_words_that_are_gone_cannot_be_kept(book: Rulebook, grown: Rulebook) -> None:
    told = {one.id: one for one in proof.compared(grown, book).fates}
    assert (told["P99"].fate, told["P99"].strange) == ("removed", ("happened_before",))


@pytest.mark.parametrize(
    ("old", "new", "loses"),
    [
        (Surely("P", "x", ("bar",), LOW), Surely("P", "x", ("bar",), All((LOW, RADIO))), True),
        (Surely("P", "x", ("bar",), All((LOW, RADIO))), Surely("P", "x", ("bar",), LOW), False),
        (Surely("P", "x", ("bar",), possibly=LOW), Surely("P", "x", ("bar",), LOW), True),
        (
            Surely("P", "x", ("bar",), LOW),
            Surely("P", "x", ("needs_information", "bar"), LOW),
            True,
        ),
        (Raising("P", "x", ("country_risk",)), Raising("P", "x", ("adverse_info",)), True),
        (Raising("P", "x", ("country_risk",)), Raising("P", "x", ("country_risk",), RADIO), True),
        (Losing("P", "x", ("purpose", "services")), Losing("P", "x", ("purpose",)), True),
        (Losing("P", "x", ("purpose",)), Losing("P", "x", ("purpose", "services")), False),
        (Exists("P", "x", All((LOW, RADIO)), ("clear",)), Exists("P", "x", LOW, ("clear",)), True),
        (EveryRule("P", "x", "decide"), EveryRule("P", "x", "fire"), True),
        (Surely("P", "x", ("bar",), LOW), Raising("P", "x", ("country_risk",)), True),
    ],
)
def test_a_promise_that_covers_less_shows_a_deal(old: Promise, new: Promise, loses: bool) -> None:
    told = fate(old, new)
    assert (told.fate, bool(told.lost)) == ("changed", loses)


def test_the_same_promise_in_another_order_is_kept() -> None:
    assert (
        fate(
            Surely("P", "x", ("bar",), All((LOW, RADIO))),
            Surely("Q", "x", ("bar",), All((RADIO, LOW))),
        ).fate
        == "removed"
    )
    assert (
        fate(
            Surely("P", "x", ("bar",), All((LOW, RADIO))),
            Surely("P", "y", ("bar",), All((RADIO, LOW))),
        ).fate
        == "kept"
    )


@pytest.mark.parametrize(
    "empty",
    [
        Surely("P", "x", ("bar",), All((LOW, HIGH))),
        Raising(
            "P",
            "x",
            ("services",),
            All((Is("law_conflict", value=True), Is("law_conflict", value=False))),
        ),
    ],
)
def test_a_promise_without_any_deal_says_so(book: Rulebook, empty: Promise) -> None:
    told = proof.compared(book, replace(book, promises=(empty,)))
    assert told.speaks_of == {"P": {}}
