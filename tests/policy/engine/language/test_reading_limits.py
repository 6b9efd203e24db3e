"""Hostile texts are refused in bounded time and memory, with a problem and never a traceback."""

import json
import re
import time
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.engine.language import marked
from policy.engine.language.marked import MOST_PROBLEMS, Node, Problems, read_marked
from policy.engine.language.reading import (
    ReadingError,
    read_canonical,
    read_rulebook,
    read_vocabulary,
)
from policy.engine.readings.compiled import compile_rulebook
from policy.engine.readings.reference import assess
from policy.facts import shipped
from tests.effort import examples
from tests.policy.engine.language.test_reading import (
    HEAD,
    VOCABULARY,
    refused,
    rule,
    rules,
    vocabulary,
)

# Generous: a loaded machine is slow, an unbounded reading takes minutes.
SECONDS = 30


def first_problem(text: str) -> str:
    started = time.process_time()
    problems = refused(text)
    assert time.process_time() - started < SECONDS
    assert len(problems) <= MOST_PROBLEMS
    return problems[0]


NESTED = "{not: " * 61 + "{obliged: true}" + "}" * 61


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x" * 1_000_001, "r.yaml:1:1: 1000001 bytes; at most 1000000 are read"),
        ("ä" * 500_001, "r.yaml:1:1: 1000002 bytes; at most 1000000 are read"),
        (rule(NESTED), "r.yaml:9:348: nested deeper than 60"),
        ("[" * 400_000, "r.yaml:1:61: nested deeper than 60"),
        ("{a: " * 200_000, "r.yaml:1:238: nested deeper than 60"),
        ("- " * 400_000, "r.yaml:1:121: nested deeper than 60"),
        ("[" + "1," * 400_000 + "]", "r.yaml:1:120000: more than 60000 values"),
        ("a: &x [*x]", "r.yaml:1:4: an anchor (&x); anchors are not allowed"),
        ("a: *x", "r.yaml:1:4: an alias (*x); write the value out"),
        ("a: !!python/object:os.system x", "r.yaml:1:4: a tag"),
        ("a: 1\n---\nb: 2", "r.yaml:2:1: a second document; a file holds one"),
        ("%YAML 1.1\n---\na: no", "r.yaml:2:1: a %-directive; the file is YAML 1.2 and needs none"),
        ("%TAG ! tag:x,2000:\n---\na: 1", "r.yaml:2:1: a %-directive"),
        ("", "r.yaml:1:1: expected lines such as “name: value”, not nothing"),
        ("- a", "r.yaml:1:1: expected lines such as “name: value”, not a list"),
        ("text", 'r.yaml:1:1: expected lines such as “name: value”, not "text"'),
        ("a: [1", "r.yaml:1:6: not YAML: "),
        ("a: 'x", "r.yaml:1:4: a quotation mark without its partner"),
        ("a: b: c", "r.yaml:1:5: a colon with a space after it"),
        ("a:\tb\n\tc: d", "r.yaml:"),
        ("ok: 1\nbad: \x01", "r.yaml:2:6: not YAML: special characters are not allowed"),
        ("a: \ud800", "r.yaml:1:4: not YAML: "),
        ('a: "\\UFFFFFFFF"', "r.yaml:1:"),
        ('a: "\\ud800"', "r.yaml:1:"),
        ("%YAML 9999999999999.1\n---\na: 1", "r.yaml:"),
        ("%TAG\n---\na: 1", "r.yaml:"),
        ("? [a, b]\n: 1", "r.yaml:1:1: rulebook: missing rulebook, label, source and rules"),
        ("&a", "r.yaml:1:1: an anchor (&a); anchors are not allowed"),
    ],
)
def test_texts_that_are_refused_at_once(text: str, what: str) -> None:
    assert first_problem(text).startswith(what)


def test_a_flood_of_problems_is_cut_off() -> None:
    text = rules("- {id: R1, when: {any: [" + "{rsik: [high]}, " * 10_000 + "]}}\n")
    problems = refused(text)
    assert len(problems) == MOST_PROBLEMS
    assert problems[-1].endswith("; further problems are not shown")


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "rules:\n" + "  - {id: R, when: x}\n" * 12_000,
        HEAD + "rules: []\nterms:\n" + "".join(f"  t{at}: t{at + 1}\n" for at in range(20_000)),
        HEAD + "rules: []\n" + "".join(f"k{at}: v\n" for at in range(25_000)),
        HEAD + "rules:\n" + "  - {risk: [" + "x" * 900_000 + "]}\n",
        rule("{risk: [" + ", ".join(["high"] * 50_000) + "]}"),
        rule('{"' + "x" * 900_000 + '": [high]}'),
        rule("{obliged: true}", because='"' + "{x}" * 300_000 + '"'),
        rule("{obliged: true}", because='"' + "{" * 900_000 + '"'),
        rule("{obliged: true}", evidence="[" + "a, " * 50_000 + "]"),
    ],
)
def test_large_texts_are_refused_in_bounded_time(text: str) -> None:
    first_problem(text)


def test_terms_that_explode_when_written_out() -> None:
    doubling = "".join(f"  t{at}: {{all: [t{at + 1}, t{at + 1}]}}\n" for at in range(40))
    text = rule("t0") + f"terms:\n{doubling}  t40: {{obliged: true}}\n"
    assert first_problem(text) == (
        "r.yaml:9:11: rule R1: when: written out, has more than 2000 parts"
    )


def test_terms_that_nest_too_deep_when_written_out() -> None:
    chain = "".join(f"  t{at}: {{not: t{at + 1}}}\n" for at in range(900))
    text = rule("t0") + f"terms:\n{chain}  t900: {{obliged: true}}\n"
    assert first_problem(text).endswith("written out, is nested deeper than 60")


def test_rules_that_are_too_many_when_written_out() -> None:
    wide = "[" + ", ".join(["{obliged: true}"] * 1_990) + "]"
    each = "  - {id: R%d, title: t, clause: c, because: b, outcome: bar, when: wide}\n"
    text = f"{HEAD}terms: {{wide: {{any: {wide}}}}}\nrules:\n" + "".join(
        each % at for at in range(60)
    )
    assert first_problem(text) == ("r.yaml:56:5: rules: written out, have more than 100000 parts")


def test_what_is_just_within_the_limits_is_read_and_screened() -> None:
    deep = "{not: " * 55 + "{obliged: true}" + "}" * 55
    rulebook = read_rulebook(rule(deep), vocabulary, file="r.yaml")
    for plain in ({"obliged": True}, {"obliged": False}, {}):
        facts = vocabulary.parse(plain)
        assert compile_rulebook(rulebook).assess(facts) == assess(rulebook, facts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{}",
        "null",
        '{"vocabulary": 1}',
        '{"vocabulary": [1]}',
        "[" * 100_000,
        '{"vocabulary": [{"name": []}], "rulebook": {}}',
        '{"vocabulary": [{"name": "x", "kind": "choice", "values": 3}], "rulebook": {}}',
        '{"vocabulary": [], "rulebook": {}}',
    ],
)
def test_a_stored_text_that_was_tampered_with_is_refused(text: str) -> None:
    with pytest.raises(ReadingError):
        read_canonical(text)


def deep(depth: int) -> Any:
    return [deep(depth - 1)] if depth else "x"


@pytest.mark.parametrize(
    ("rulebook", "what"),
    [
        (rule("{obliged: true}"), "expected lines such as"),
        ({"rules": deep(60)}, "nested deeper than 60"),
        ({"rules": ["x"] * 60_000}, "more than 60000 values"),
    ],
    ids=["YAML in a text", "deep", "long"],
)
def test_what_stands_for_a_stored_rulebook_is_read_within_the_same_limits(
    rulebook: Any, what: str
) -> None:
    stored = json.loads(read_rulebook(rule("{obliged: true}"), vocabulary, file="").canonical)
    with pytest.raises(ReadingError, match=what):
        read_canonical(json.dumps(stored | {"rulebook": rulebook}))


@pytest.mark.parametrize("written", ['"{}"', "x # {}", "'{}'"])
def test_brackets_that_are_letters_nest_nothing(written: str) -> None:
    because = written.replace("{}", "[" * 61)
    assert read_rulebook(rule("{obliged: true}", because=because), vocabulary, file="r.yaml")


PIECES = [
    "\n",
    "  ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    '"',
    "'",
    "|\n",
    ">",
    "#",
    "&a ",
    "*a",
    "!t ",
    "?",
    "%",
    "---\n",
    "\t",
    "no",
    "true",
    "1.5",
    "0x1f",
    "1e400",
    "-1",
    "~",
    "ä",
    "\x85",
    "\ufeff",
    "\\",
    '"\\x41"',
    "risk",
    "high",
    "caps",
    "any",
    "every",
    "all",
    "not",
    "obliged",
    "rules",
    "id",
    "when",
    "bar",
    "outcome",
    "because",
    "{name}",
    "terms",
    "promises",
    "surely",
    "only",
    "table",
    "grid",
    "down",
    "across",
    "losing",
    "raising",
    "never",
    "milder",
    "R1",
]


TEXTS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=80)


@given(TEXTS)
@settings(max_examples=examples(500), deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    read_or_refused(text)


@pytest.mark.slow
@given(TEXTS)
@settings(max_examples=examples(10_000), deadline=None)
def test_any_of_many_texts_is_read_or_refused(text: str) -> None:
    read_or_refused(text)


def read_or_refused(text: str) -> None:
    for reader in (
        lambda: read_rulebook(text, vocabulary, file="r"),
        lambda: read_rulebook(HEAD + "rules:\n" + text, vocabulary, file="r"),
        lambda: read_vocabulary(text, file="v"),
        lambda: read_canonical(text),
    ):
        try:
            reader()
        except ReadingError:
            continue  # any other exception fails the test


@given(st.data())
@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_valid_text_with_a_piece_changed_is_read_or_refused(data: st.DataObject) -> None:
    changed_is_read_or_refused(data)


@pytest.mark.slow
@given(st.data())
@settings(
    max_examples=examples(10_000), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
def test_a_valid_text_changed_in_many_ways_is_read_or_refused(data: st.DataObject) -> None:
    changed_is_read_or_refused(data)


def changed_is_read_or_refused(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([VOCABULARY, VALID]))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 12)))
    text = whole[:start] + data.draw(st.sampled_from(PIECES) | st.text(max_size=3)) + whole[end:]
    try:
        if whole is VOCABULARY:
            read_vocabulary(text, file="v")
        else:
            read_rulebook(text, vocabulary, file="r")
    except ReadingError:
        pass  # any other exception fails the test


@pytest.mark.parametrize(
    "name", ["rulebook-1.1.yaml", "charter-1.1.yaml", "vocabulary.yaml", "catalogue.yaml"]
)
@given(st.data())
@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_parsers_read_the_same(name: str, data: st.DataObject) -> None:
    """The fast one reads YAML 1.1, and what it reads otherwise it must never be given."""
    lines = shipped.text(name).splitlines(keepends=True)
    first = data.draw(st.integers(0, len(lines) - 1))
    whole = "".join(lines[first : first + 20])
    at = data.draw(st.integers(0, len(whole)))
    pieces = st.sampled_from([*PIECES, "\t", "\x85", "\u2028", "\ufeff", "%", "\n---\n", "? "])
    text = whole[:at] + data.draw(pieces) + whole[at:]
    with mock.patch.object(marked, "_ANOTHER_YAML", re.compile("")):
        slowly = told(text)
    # What the fast one alone makes sense of would still be what it looks like.
    assert slowly in (None, told(text))


def test_only_what_ends_a_line_in_yaml_1_2_ends_one() -> None:
    read = read_marked("- a\u2028- b", Problems("text"), lists=True)
    assert [part.value for part in read] == ["a\u2028- b"]


def told(text: str) -> object:
    """What is read and where; None for a text that is refused."""
    try:
        return plain(read_marked(text, Problems("text"), lists=True))
    except ReadingError:
        return None


def plain(node: Node) -> object:
    parts = [plain(part) for part in node] if node.parts is not None else None
    entries = [(plain(key), plain(value)) for key, value in node.entries or ()]
    where = None if node.is_blank else (node.line, node.column)
    return where, repr(node.value), parts, entries


VALID = (
    rule("{all: [radio, {risk: [high]}, {not: {value: {above: 5}}}]}", because='"{name} {caps}"')
    + "  - {id: T, title: t, clause: c, because: b,\n"
    "     table: {down: country, across: risk, grid: {others: {low: bar, others: clear}}}}\n"
    "terms: {radio: {caps: {any: [ran]}}}\n"
    "promises:\n"
    "  - {id: P1, says: x, surely: radio, only: [bar]}\n"
    "  - {id: P2, says: x, raising: risk, never: milder}\n"
)


def test_the_valid_text_is_valid() -> None:
    assert len(read_rulebook(VALID, vocabulary, file="r").rules) == 4
