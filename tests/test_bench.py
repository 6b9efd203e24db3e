"""The bench measures what it says: it compares first, and a missed gate fails it."""

import importlib
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.devtools.embedded import ROOT
from policy.engine.language.facts import Choice, Facts, Flags, YesNo
from policy.engine.readings.compiled import compile_rulebook
from policy.engine.readings.reference import assess
from policy.facts import shipped
from tests.bench import __main__ as bench
from tests.bench import by_hand, screening
from tests.bench.gates import Gate, print_gates
from tests.effort import examples

RULEBOOK = shipped.rulebook()
VOCABULARY = RULEBOOK.vocabulary


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The bench of the engine without the other engines, which only `./run bench` installs."""
    alone = ModuleType("tests.bench.peers")
    alone.PEERS = {}
    alone.Given = alone.Screen = Callable
    monkeypatch.setitem(sys.modules, "tests.bench.peers", alone)
    monkeypatch.setattr("tests.bench.peers", alone, raising=False)
    monkeypatch.delitem(sys.modules, "tests.bench.engine", raising=False)
    yield importlib.import_module("tests.bench.engine")
    sys.modules.pop("tests.bench.engine", None)


def answers(fact: Any) -> st.SearchStrategy[Any]:
    match fact:
        case Choice():
            return st.sampled_from(fact.values)
        case YesNo():
            return st.booleans()
        case Flags():
            return st.lists(st.sampled_from(fact.members), max_size=4, unique=True)
    return st.just("some text")


ANSWERED = st.fixed_dictionaries({name: answers(fact) for name, fact in VOCABULARY.items()})


def by_reference(facts: Facts) -> tuple[str, list[str]]:
    said = assess(RULEBOOK, facts)
    return said.outcome, list(said.fired)


@settings(max_examples=examples(500), deadline=None)
@given(ANSWERED)
def test_the_yardstick_says_what_the_rulebook_says(plain):
    """A yardstick that leaves something out would be faster than it may be."""
    outcome, fired = by_hand.screen(by_hand.prepared(plain))
    assert (outcome, sorted(fired)) == (lambda said: (said[0], sorted(said[1])))(
        by_reference(VOCABULARY.parse(plain))
    )


def test_made_and_labelled_deals_agree(engine):
    cases = list(engine.answered_cases(RULEBOOK))
    made = engine.answered_deals(VOCABULARY, random.Random(3), count=60)
    assert len(cases) >= 30
    deals = [*made, *cases]
    runs = engine.readings(RULEBOOK, deals)
    assert engine.HAND in runs
    engine.check_agreement(runs, RULEBOOK, deals)
    assert {assess(RULEBOOK, facts).outcome for facts in deals} >= {"clear", "bar", "senior_review"}


@pytest.mark.parametrize("said", ["clear", "bar", "error"])
def test_a_reading_that_disagrees_ends_the_bench(engine, said):
    deals = list(engine.answered_cases(RULEBOOK))
    runs = engine.readings(RULEBOOK, deals) | {"a peer": engine.Run(lambda _: said, deals)}
    with pytest.raises(SystemExit, match=r"a peer disagrees on \d+ of \d+ answered deals"):
        engine.check_agreement(runs, RULEBOOK, deals)


def test_one_wrong_answer_is_enough(engine):
    deals = list(engine.answered_cases(RULEBOOK))
    compiled = compile_rulebook(RULEBOOK)
    wrong = deals[-1]
    other = "clear" if compiled.outcome(wrong) != "clear" else "bar"
    runs = {
        "a peer": engine.Run(lambda one: other if one is wrong else compiled.outcome(one), deals)
    }
    with pytest.raises(SystemExit, match="a peer disagrees on 1 of"):
        engine.check_agreement(runs, RULEBOOK, deals)


def test_partly_answered_deals_count_who_clears_them(engine, monkeypatch):
    monkeypatch.setattr(engine, "PARTLY", 40)

    def fails(deal):
        raise ValueError(deal)

    found = engine.wrongly_clear(
        RULEBOOK, {"careless": (dict, lambda _: "clear"), "raises": (dict, fails)}
    )
    assert found == {engine.OURS: 0, "careless": 40, "raises": 0}


def test_times_and_gates_of_the_engine(engine, capsys):
    deals = engine.answered_deals(VOCABULARY, random.Random(3), count=20)
    times = {
        name: engine.microseconds(run) for name, run in engine.readings(RULEBOOK, deals).items()
    }
    assert all(0 < taken < 100_000 for taken in times.values())
    engine.print_table(times, {engine.OURS: 0})
    assert f"{times[engine.OURS]:9.2f}{1:8.2f}   0" in capsys.readouterr().out
    slow = {**times, engine.OURS: 2 * engine.BY_HAND_GATE * times[engine.HAND]}
    assert [gate.is_passed for gate in engine.gates(slow, {engine.OURS: 1})][::3] == [False, False]
    even = dict.fromkeys((engine.OURS, engine.EXPLAINED), times[engine.HAND])
    fast = {**times, **even, engine.PLAIN: times[engine.HAND_PLAIN]}
    assert all(gate.is_passed for gate in engine.gates(fast, {engine.OURS: 0}))


@pytest.mark.parametrize(
    ("gate", "is_passed"),
    [
        (Gate.at_most("x", 5, 5), True),
        (Gate.at_most("x", 5.01, 5), False),
        (Gate.at_least("x", 5, 5), True),
        (Gate.at_least("x", 4.99, 5, 7), False),
    ],
)
def test_a_missed_gate_fails(gate, is_passed, capsys):
    good = Gate.at_most("good", 1, 2)
    assert print_gates([good, gate, good]) == (0 if is_passed else 1)
    printed = capsys.readouterr().out
    assert ("FAIL" in printed) != is_passed
    assert printed.count("pass") == 2 + is_passed


@pytest.mark.parametrize(
    ("rate", "growth", "passed"),
    [(30_000, 5.0, [True, True]), (29_999, 5.0, [False, True]), (30_000, 5.1, [True, False])],
)
def test_gates_of_screening(rate, growth, passed):
    assert [gate.is_passed for gate in screening.gates(rate, growth)] == passed


def test_screening_counts_every_line(tmp_path, capsys):
    screening.write(tmp_path / "some", 30)
    written = (tmp_path / "some").read_text().splitlines()
    assert len(set(written)) == 30
    assert [json.loads(line)["id"] for line in written] == [f"D-{at}" for at in range(30)]
    used = screening.run(tmp_path / "some")
    assert 0 < used.seconds < 30
    assert 10 < used.megabytes < 500


def test_a_screening_that_fails_is_no_fast_one(tmp_path):
    (tmp_path / "broken").write_text("nonsense\n")
    with pytest.raises(SystemExit, match="The screening of broken ended with status 1"):
        screening.run(tmp_path / "broken")


def test_an_unknown_bench_is_named():
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "engin"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "There is no bench engin. There are: engine, screen" in done.stderr
    assert done.stdout == ""


def test_one_missed_measurement_fails_the_whole_run(monkeypatch):
    measured = []

    def measure(module, arguments):
        measured.append((module, list(arguments)))
        return module != "screening"

    monkeypatch.setattr(bench, "measure", measure)
    assert bench.main([]) == 1
    assert [module for module, _ in measured][:2] == ["engine", "screening"]
    assert len(measured) > 2, "what comes after a miss is measured all the same"
    assert bench.main(["engine"]) == 0
    assert bench.main(["screen", "100"]) == 1
    assert measured[-1] == ("screening", ["100"])


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    # A bench is a program of its own: importing it chooses settings, here only for this test.
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", os.environ["DJANGO_SETTINGS_MODULE"])
    return importlib.import_module("tests.bench.web")


def test_every_page_is_measured(web):
    """A page whose number nobody tells would be left out, and so would a role."""
    routes = web.get_routes()
    assert {route for route in routes if "<int:pk>" in route} == web.NAMED.keys()
    assert set(routes) >= web.MAIN.keys()
    blanks = {word for route in routes for word in re.findall(r"<[^>]+>", route)}
    assert blanks <= {"<int:pk>", "<int:other>", *web.WORDS}


def test_gates_of_pages(web):
    row = web.Row("audit/", "auditor", "/audit/")

    def measured(milliseconds: float, queries: int = 12) -> Any:
        return web.Measured(row, queries, 200, [milliseconds] * 3, [10.0] * 3, [1.0] * 3)

    good = list(web.gates([measured(50)], [measured(30)]))
    assert all(gate.is_passed for gate in good)
    assert len(good) == 3
    bad = web.gates([measured(61, queries=13)], [measured(30)])
    assert not any(gate.is_passed for gate in bad)
