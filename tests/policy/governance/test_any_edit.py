"""No silent easing: whatever is edited, what gets milder or is no longer asked is named.

One property for every kind of reference data. `./run test` tries two hundred edits, the slow run
twenty thousand.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from policy.engine.language.condition import RANK
from policy.engine.proof import proof, prover
from policy.engine.proof.symbols import Effort
from policy.facts.derive import ReferenceData
from policy.facts.screen import Screener
from policy.governance import easings, entries, labelled, promises, proving, sentences
from policy.models import Kind
from tests.policy.governance import edits
from tests.policy.governance.edits import Edit

LABELLED = [one.line for one in labelled.deals()]
POPULATION = [*LABELLED[::4], *edits.population(110, LABELLED)]
#: Edits of each kind; those of a rulebook are proved, which takes longer.
EVERY_RUN = {Kind.RULEBOOK: 12}
USUAL, SLOW = 47, 4_000

Result = dict[str, Any]


def results(data: ReferenceData) -> list[Result]:
    screener = Screener(data)
    return [json.loads(screener.result(at, line)[0]) for at, line in enumerate(POPULATION)]


BEFORE = {kind: results(edits.before(kind)) for kind in (Kind.CATALOGUE, Kind.RULEBOOK)}


def results_before(kind: str) -> list[Result]:
    return BEFORE[Kind.RULEBOOK if kind == Kind.RULEBOOK else Kind.CATALOGUE]


def questions(result: Result) -> set[str]:
    """What somebody is asked: answers that are missing, and rules that ask."""
    asking = {one["rule"] for one in result["findings"] if one["outcome"] == "needs_information"}
    return asking | {f"? {name}" for name in result["missing"]}


def is_eased(was: Result, now: Result) -> bool:
    """Milder, or as grave with a question less. A bar is final, so nobody waits for an answer."""
    if "error" in was or "error" in now:
        return False
    if RANK[now["outcome"]] != RANK[was["outcome"]]:
        return RANK[now["outcome"]] < RANK[was["outcome"]]
    return was["outcome"] != "bar" and bool(questions(was) - questions(now))


def told(edit: Edit) -> tuple[list[str], list[str]]:
    """What the report says that must be confirmed, and everything that it says differs."""
    before = edit.before
    if edit.kind == Kind.RULEBOOK:
        return _told_of_rules(before, edit.after)
    changes = entries.differences(edit.kind, before, edit.after)
    looser = [f"{one.name}: {entry}" for one in changes if one.looser for entry in one.entries]
    return looser, [entry for one in changes for entry in one.entries]


def _told_of_rules(before: ReferenceData, after: ReferenceData) -> tuple[list[str], list[str]]:
    old, new = before.rulebook, after.rulebook
    compared = promises.compared(old, new)
    found: Any = {
        "differences": [one.plain for one in proving.differences(old, new)],
        "fewer": [one.plain for one in promises.fewer(old, new)],
        "charter": [one.plain for one in compared.changes],
        "reworded": [one.plain for one in sentences.reworded(old, new)],
    }
    looser = [f"{one.name}: {one.words}" for one in easings.of_rulebook(found)]
    looser += [one.sentence for one in compared.changes if one.must_be_confirmed]
    graver = [str(one["rules"]) for one in found["differences"]]
    silent = [f"{one['rule']} {one['what']}" for one in found["reworded"]]
    return looser, [*looser, *graver, *silent]


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child process for each proof would take longer than all proofs together."""

    def ask(task: Any, limits: proof.Limits) -> Iterator[Any]:
        yield from prover.answers(task, Effort(*limits.plain))

    monkeypatch.setattr(proof, "ask", ask)
    monkeypatch.setattr("policy.engine.proof.difference.ask", ask)


def check(edit: Edit) -> None:
    try:
        looser, changes = told(edit)
    except proof.NotProved:
        return  # A check that could not compare everything has not passed.
    if edit.is_order:
        assert not looser, (edit.what, looser)
        return
    eased = [
        (line, was, now)
        for line, was, now in zip(
            POPULATION, results_before(edit.kind), results(edit.after), strict=True
        )
        if is_eased(was, now)
    ]
    if eased:
        line, was, now = eased[0]
        assert looser, (edit.what, edit.touched, line, was, now)
        assert any(name in one for one in looser for name in edit.touched), (
            edit.what,
            edit.touched,
            looser,
            line,
        )
    if edit.is_change:
        assert changes, (edit.what, edit.touched)


KINDS = list(edits.EDITS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_edit_eases_is_named_with_its_cause(kind: str) -> None:
    for seed in range(EVERY_RUN.get(Kind(kind), USUAL)):
        check(edits.any_edit(random.Random(f"{kind} {seed}"), kind))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
@pytest.mark.parametrize("kind", KINDS)
def test_what_any_of_many_edits_eases_is_named_with_its_cause(kind: str, part: int) -> None:
    for seed in range(part * SLOW // 20, (part + 1) * SLOW // 20):
        check(edits.any_edit(random.Random(f"slow {kind} {seed}"), kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_edits_ease_something(kind: str) -> None:
    """Otherwise the property says nothing of the kind."""
    for seed in range(60):
        edit = edits.any_edit(random.Random(f"{kind} {seed}"), kind)
        if any(map(is_eased, results_before(kind), results(edit.after))):
            return
    raise AssertionError(kind)


def test_the_population_has_every_outcome() -> None:
    assert {one.get("outcome") for one in results_before(Kind.CATALOGUE)} >= set(RANK)
