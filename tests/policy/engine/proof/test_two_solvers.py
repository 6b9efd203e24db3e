"""A second solver, cvc5, answers each question of a proof as Z3 does.

What Z3 is asked is written as SMT-LIB, with counts of Booleans written out, and read by cvc5, which
shares nothing with Z3 but that language.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import z3

from policy.engine.language.charter import Charter
from policy.engine.language.condition import Promise, Rulebook
from policy.engine.proof import linked, prover
from policy.engine.proof.answers import _task
from policy.engine.proof.charter import Implications
from policy.engine.proof.promises import opened
from policy.engine.proof.symbols import Deal, Effort, Reading
from policy.facts import shipped
from policy.facts.encoded import Encoded
from tests.policy.engine.proof.test_proof import BREAKS

#: Wishes for a plainer example repeat one question many times; so many of each proof are enough.
MOST_ASKED = 12


class Recorded(Effort):
    """Keeps what Z3 is asked, as SMT-LIB, and what it answers."""

    def __init__(self) -> None:
        super().__init__(100_000_000, 1_000_000_000)
        self.asked: list[tuple[str, bool]] = []

    def is_possible(self, solver: z3.Solver, *assumptions: Any) -> bool:
        answer = super().is_possible(solver, *assumptions)
        if len(self.asked) < MOST_ASKED:
            self.asked.append((smt_lib([*solver.assertions(), *assumptions]), answer))
        return answer


def smt_lib(formulas: list[Any]) -> str:
    """The formulas in the language that all solvers read: it knows no "at most one of these"."""
    goal = z3.Goal()
    goal.add(*formulas)
    (plain,) = z3.Tactic("card2bv")(goal)
    solver = z3.SimpleSolver()
    solver.add(plain.as_expr())
    return str(solver.to_smt2())


def by_cvc5(text: str) -> str:
    import cvc5  # only the slow tests need it

    solver = cvc5.Solver(cvc5.TermManager())
    solver.setLogic("ALL")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "proof.smt2")
    answer = ""
    while not (command := parser.nextCommand()).isNull():
        answer += str(command.invoke(solver, parser.getSymbolManager()))
    return answer.strip()


def agree(effort: Recorded) -> None:
    for text, answer in effort.asked:
        assert by_cvc5(text) == ("sat" if answer else "unsat")


def of_rules() -> Iterator[tuple[str, Rulebook, Promise]]:
    """The promises of the rulebook and of the charter, and each of them broken."""
    book = shipped.rulebook()
    charter = shipped.charter()
    for promise in book.promises:
        yield promise.id, book, promise
    for promise in charter.promises:
        yield promise.id, book, opened(charter.without_rules, promise)
    by_id = {promise.id: promise for promise in book.promises}
    for name, broken in BREAKS.items():
        yield f"{name} broken", broken(book), by_id[name]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "book", "promise"), list(of_rules()), ids=lambda one: str(one)[:12]
)
def test_both_answer_alike_for_every_promise(name: str, book: Rulebook, promise: Promise) -> None:
    effort = Recorded()
    answer = prover.prove(Reading(book, Deal(book.vocabulary)), promise, effort)
    assert answer["state"] == ("broken" if name.endswith("broken") else "proved")
    agree(effort)


@pytest.mark.slow
def test_both_answer_alike_from_answers_to_the_outcome() -> None:
    data = shipped.load()
    derivation = Encoded(data).derivation
    words = derivation.vocabulary(data.rulebook)
    text = shipped.on_answers().without_rules
    book = replace(data.rulebook, vocabulary=words, promises=())
    for promise in text.promises:
        effort = Recorded()
        reading = linked.linked(book, _task(book, derivation))
        assert prover.prove(reading, opened(text, promise), effort)["state"] == "proved"
        agree(effort)


@pytest.mark.slow
@pytest.mark.parametrize(
    "charter", [shipped.charter(), shipped.on_answers()], ids=["deals", "answers"]
)
def test_both_answer_alike_about_what_a_charter_implies(charter: Charter) -> None:
    fewer = replace(charter, promises=charter.promises[1:])
    for next_one in (charter, fewer):
        effort = Recorded()
        implications = Implications(next_one, effort)
        for promise in charter.promises:
            implications.implied(opened(charter.without_rules, promise))
        agree(effort)


def test_what_z3_is_asked_can_be_written_down() -> None:
    book = shipped.rulebook()
    effort = Recorded()
    prover.prove(Reading(book, Deal(book.vocabulary)), book.promises[0], effort)
    [(text, answer)] = effort.asked
    assert answer is False
    assert "(check-sat)" in text
    assert "at-most" not in text
