"""No silent easing: whatever is edited, what gets milder or is no longer asked is named.

One property for every kind of reference data, over labelled deals, a population of random ones and
stored deals. `./run test` tries two hundred edits, the slow run twenty thousand in chunks of two
hundred: `./run test --slow -k any_of_many -v` names each chunk that passed, and one that is stopped
goes on with the others, such as `-k "any_of_many and (rulebook-18 or rulebook-19)"`.
"""

import json
import random
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest

from policy.engine.language.condition import RANK
from policy.engine.proof import proof, prover
from policy.engine.proof.symbols import Effort
from policy.facts.derive import ReferenceData
from policy.facts.screen import Screener
from policy.governance import easings, entries, labelled, promises, proving, sentences
from policy.governance.past import ChangedDeal, gathered, past
from policy.models import Kind
from screening.form.questions import BY_SLUG, context_of
from screening.sweep import backtest
from tests import factories
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


#: Each rulebook is read for every question about it, and the one before is always the same.
READ_ONCE = lru_cache(maxsize=16)(prover.read_canonical)


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child process for each proof would take longer than all proofs together."""

    def ask(task: Any, limits: proof.Limits) -> Iterator[Any]:
        yield from prover.answers(task, Effort(*limits.plain))

    monkeypatch.setattr(proof, "ask", ask)
    monkeypatch.setattr(prover, "read_canonical", READ_ONCE)
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
        is_named(edit, looser, eased[0])
    if edit.is_change:
        assert changes, (edit.what, edit.touched)


def is_named(edit: Edit, looser: list[str], eased: Any) -> None:
    """Something that must be confirmed names what the edit touched."""
    assert looser, (edit.what, edit.touched, eased)
    assert any(name in one for one in looser for name in edit.touched), (
        edit.what,
        edit.touched,
        looser,
        eased,
    )


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


# --- Stored deals --------------------------------------------------------------------------------

#: Edits of each kind over stored deals; only of those that ease one the report is written.
OVER_STORED, SLOW_OVER_STORED = 10, 500
#: One edit of so many is played over all that was screened, too: that reads each deal anew.
EACH_SCREENING = 50


def store_deals() -> None:
    """Deals as they are sent: with parties, products, countries and laws that the edits touch."""
    factories.reference_data(laws=factories.laws_of_the_demo())
    chance, owner, data = random.Random(3), factories.sales_person(), edits.base()
    abroad = ("TR", "EG", "BD", "CN", "BH", "RU")
    at_home = [one for one in data.registry.parties if one.country in {*abroad, "FI", "SE", "US"}]
    sold = [
        *((one.name, one.country, "nr-macro", None) for one in chance.sample(at_home, 20)),
        *(("Example Networks", "FI", one.id, None) for one in data.catalogue.products[::5]),
        *(("Example Telecom", code, "nr-macro", None) for code in abroad),
        *(("Example Mobile", one.country, "li-gateway", one) for one in data.laws.laws),
    ]
    for number, (name, country, product, law) in enumerate(sold):
        customer = name if name in {one.name for one in at_home} else f"{name} {number}"
        answers = {**factories.CITED, **factories.in_country(country), "customer": customer}
        answers["other-systems"] = {"answer": "no", "text": ""}
        if law is not None:
            picked = {"law": law.id, "cited": law.citation, "conflict": law.conflict}
            answers["legal-basis"] = {"laws": [picked]}
        answers["products"] = [product]
        context = context_of(answers, data)
        asked = {one.slug for one in BY_SLUG.values() if one.shown(answers, context)}
        only = {slug: answer for slug, answer in answers.items() if slug in asked}
        factories.sent_deal(only, owner, alone=False)


@pytest.fixture
def _known_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the data before the edit makes of a deal is worked out once for all edits."""
    known: dict[tuple[int, str], Any] = {}
    work_out = backtest._derived_anew

    def once(revision: Any, reference: ReferenceData, around: Any) -> Any:
        for kind in (Kind.CATALOGUE, Kind.RULEBOOK):
            if reference is edits.before(kind):
                key = (revision.pk, kind)
                if key not in known:
                    known[key] = work_out(revision, reference, around)
                return known[key]
        return work_out(revision, reference, around)

    monkeypatch.setattr(backtest, "_derived_anew", once)


def eased_of_the_past(edit: Edit, *played: str) -> list[ChangedDeal]:
    """The live deals, or all that was screened, that come out milder, as a check plays them.

    Where answers are read anew, both are played at once.
    """
    both, only = (edit.before, edit.after), edit.kind == Kind.RULEBOOK
    wanted = (*played, "revisions")
    spans = [one for one in past().spans(*both, rulebook_only=only) if one.what in wanted]
    tested = gathered(
        past().play(*both, one, rulebook_only=only, note=lambda _done, _total: None)
        for one in spans
    )
    changed = (*tested.changed, *tested.affected)
    return [one for one in changed if easings.is_looser(one.before, one.after)]


def check_over_stored(kind: str, seeds: range) -> int:
    """How many of the edits made a stored deal milder; each of them is named."""
    eased = 0
    for seed in seeds:
        edit = edits.any_edit(random.Random(f"stored {kind} {seed}"), kind)
        played = ("deals", "screenings") if (seed + 1) % EACH_SCREENING == 0 else ("deals",)
        if milder := eased_of_the_past(edit, *played):
            eased += 1
            is_named(edit, told(edit)[0], milder[0])
    return eased


@pytest.mark.bare
@pytest.mark.django_db
@pytest.mark.usefixtures("_known_before")
def test_what_an_edit_eases_of_stored_deals_is_named() -> None:
    store_deals()
    eased = {kind: check_over_stored(kind, range(OVER_STORED)) for kind in KINDS}
    assert sum(eased.values()) > 2, eased


@pytest.mark.slow
@pytest.mark.bare
@pytest.mark.django_db
@pytest.mark.usefixtures("_known_before")
@pytest.mark.parametrize("kind", KINDS)
def test_what_any_of_many_edits_eases_of_stored_deals_is_named(kind: str) -> None:
    store_deals()
    assert check_over_stored(kind, range(OVER_STORED, OVER_STORED + SLOW_OVER_STORED))


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
