"""Deals and rulebooks as formulas. The only module that imports Z3; it runs in a child process.

A fact that may be unknown needs more than one Boolean: a choice has one for each value ("known to
be this one", at most one of them), a yes/no fact and each member of a flag set has two ("surely
there", "surely not", never both). A condition is then a pair of formulas, surely true and surely
false, joined as Kleene's logic says. The meaning is that of policy.engine.readings.reference;
tests hold the two together, and every deal found here is replayed there before anybody sees it.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import z3

from policy.engine.language.condition import (
    OUTCOMES,
    RANK,
    All,
    Compare,
    Condition,
    Either,
    HasAny,
    HasEvery,
    Is,
    Not,
    OneOf,
    Rulebook,
    Term,
    atoms,
)
from policy.engine.language.facts import Amount, Choice, Fact, Flags, Vocabulary, YesNo
from policy.engine.proof.witness import remarked

# Z3 would look up the kind of each part of a formula again, a quarter of the time of a proof. The
# solver itself still refuses what is no Boolean.
z3.z3.Z3_DEBUG = False

Formula = Any
BAR, ASK, EXECUTIVE, SENIOR = 4, 3, 2, 1


@dataclass(frozen=True)
class Truth:
    """A condition as formulas: surely true, surely false; neither means open."""

    true: Formula
    false: Formula

    @property
    def open(self) -> Formula:
        return z3.Not(z3.Or(self.true, self.false))

    def __invert__(self) -> "Truth":
        return Truth(self.false, self.true)


class Deal:
    """One deal with a symbol for every fact."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.prefix = ""
        self.truths: dict[tuple[str, str], Truth] = {}
        self.amounts: dict[str, Formula] = {}
        self.rules: list[Formula] = []
        self.answered: list[Formula] = []
        for fact in vocabulary.values():
            self._symbols(fact)

    def twin(self, names: Sequence[str]) -> "Deal":
        """The same deal with symbols of its own for these facts: all others are answered alike.

        Its ``rules`` and ``answered`` are those of the new symbols alone.
        """
        other = copy(self)
        other.prefix = f"{self.prefix}other."
        other.truths, other.amounts = dict(self.truths), dict(self.amounts)
        other.rules, other.answered = [], []
        for name in names:
            other._symbols(self.vocabulary[name])
        return other

    def _symbols(self, fact: Fact) -> None:
        if isinstance(fact, Choice):
            self._choice(fact)
        elif isinstance(fact, YesNo):
            self._two(fact.name, "")
        elif isinstance(fact, Flags):
            for member in fact.members:
                self._two(fact.name, member)
        elif isinstance(fact, Amount):
            self.amounts[fact.name] = z3.Int(f"{self.prefix}{fact.name}")
            known = z3.Bool(f"{self.prefix}{fact.name}?")
            self.truths[fact.name, ""] = Truth(known, z3.Not(known))
            self.answered.append(known)

    def _choice(self, fact: Choice) -> None:
        known = [z3.Bool(f"{self.prefix}{fact.name}={value}") for value in fact.values]
        answered = z3.Or(known)
        for value, symbol in zip(fact.values, known, strict=True):
            # At most one is known, so an answer that is not this one is another one.
            self.truths[fact.name, value] = Truth(symbol, z3.And(answered, z3.Not(symbol)))
        self.rules.append(z3.AtMost(*known, 1))
        self.answered.append(answered)

    def _two(self, name: str, member: str) -> None:
        there = z3.Bool(f"{self.prefix}{name}+{member}")
        absent = z3.Bool(f"{self.prefix}{name}-{member}")
        self.truths[name, member] = Truth(there, absent)
        self.rules.append(z3.Not(z3.And(there, absent)))
        self.answered.append(z3.Or(there, absent))

    def symbols(self, names: Sequence[str] | None = None) -> Iterator[tuple[str, str]]:
        """Every fact and member, of these facts or of all."""
        return (key for key in self.truths if names is None or key[0] in names)

    def plain(self, model: z3.ModelRef) -> dict[str, Any]:
        """The deal of a model, as Vocabulary.parse takes it; what is unknown is left out."""
        facts: dict[str, Any] = {}
        for name, fact in self.vocabulary.items():
            if isinstance(fact, Choice):
                values = [value for value in fact.values if self._holds(model, name, value)]
                facts |= {name: values[0]} if values else {}
            elif isinstance(fact, YesNo):
                facts |= self._yes_no(model, name)
            elif isinstance(fact, Flags):
                facts[name] = self._flags(model, fact)
            elif isinstance(fact, Amount) and self._holds(model, name, ""):
                facts[name] = model.eval(self.amounts[name], model_completion=True).as_long()
        return facts

    def _holds(self, model: z3.ModelRef, name: str, member: str) -> bool:
        return bool(z3.is_true(model.eval(self.truths[name, member].true, model_completion=True)))

    def _lacks(self, model: z3.ModelRef, name: str, member: str) -> bool:
        return bool(z3.is_true(model.eval(self.truths[name, member].false, model_completion=True)))

    def _yes_no(self, model: z3.ModelRef, name: str) -> dict[str, bool]:
        if self._holds(model, name, ""):
            return {name: True}
        return {name: False} if self._lacks(model, name, "") else {}

    def _flags(self, model: z3.ModelRef, fact: Flags) -> Any:
        there = [member for member in fact.members if self._holds(model, fact.name, member)]
        unknown = [
            member
            for member in fact.members
            if member not in there and not self._lacks(model, fact.name, member)
        ]
        return {"yes": there, "unknown": unknown} if unknown else there


NOTHING: Mapping[Condition, Truth] = MappingProxyType({})


class Reading:
    """A rulebook read on one deal: which rules fire or are open, and the outcome."""

    def __init__(
        self, rulebook: Rulebook, deal: Deal, known: Mapping[Condition, Truth] = NOTHING
    ) -> None:
        self.rulebook = rulebook
        self.deal = deal
        # Rules have many parts in common, and making a formula is what takes the time.
        self._known = dict(known)
        self.rules = {rule.id: self.truth(rule.when) for rule in rulebook.rules}
        self.outcome = self._outcomes()

    def twin(self, names: Sequence[str]) -> "Reading":
        """The rulebook read on a twin of the deal; what does not read these facts is shared."""
        changed = set(names)
        kept = {
            condition: truth
            for condition, truth in self._known.items()
            if changed.isdisjoint(atom.fact for atom in atoms(self.rulebook.opened(condition)))
        }
        return Reading(self.rulebook, self.deal.twin(names), kept)

    def truth(self, condition: Condition | None) -> Truth:
        if condition is None:
            return Truth(z3.BoolVal(True), z3.BoolVal(False))  # noqa: FBT003
        if condition not in self._known:
            self._known[condition] = self._read(condition)
        return self._known[condition]

    def _read(self, condition: Condition) -> Truth:
        match condition:
            case All(parts):
                truths = [self.truth(part) for part in parts]
                return Truth(z3.And([p.true for p in truths]), z3.Or([p.false for p in truths]))
            case Either(parts):
                truths = [self.truth(part) for part in parts]
                return Truth(z3.Or([p.true for p in truths]), z3.And([p.false for p in truths]))
            case Not(part):
                return ~self.truth(part)
            case Term(name):
                return self.truth(self.rulebook.terms[name])
        return self._atom(condition)

    def _atom(self, atom: Any) -> Truth:
        known = self.deal.truths
        match atom:
            case OneOf(fact, values):
                choice = self.deal.vocabulary[fact]
                assert isinstance(choice, Choice)  # noqa: S101  checked when it was read
                rest = [value for value in choice.values if value not in values]
                return Truth(
                    z3.Or([known[fact, option].true for option in values]),
                    z3.Or([known[fact, option].true for option in rest]),
                )
            case HasAny(fact, members):
                truths = [known[fact, member] for member in members]
                return Truth(z3.Or([m.true for m in truths]), z3.And([m.false for m in truths]))
            case HasEvery(fact, members):
                truths = [known[fact, member] for member in members]
                return Truth(z3.And([m.true for m in truths]), z3.Or([m.false for m in truths]))
            case Is(fact, value):
                return known[fact, ""] if value else ~known[fact, ""]
            case Compare(fact, comparison, threshold):
                holds = COMPARED[comparison](self.deal.amounts[fact], threshold)
                there = known[fact, ""].true
                return Truth(z3.And(there, holds), z3.And(there, z3.Not(holds)))
        raise TypeError(f"{atom!r} is not a condition")

    def _ranked(self, rank: int) -> list[Truth]:
        return [self.rules[rule.id] for rule in self.rulebook.rules if RANK[rule.outcome] == rank]

    def _outcomes(self) -> Mapping[int, Formula]:
        """For each rank, when it is the outcome (engine meaning: an open rule above asks)."""
        fired = {rank: z3.Or([rule.true for rule in self._ranked(rank)]) for rank in range(5)}
        opened = {rank: z3.Or([rule.open for rule in self._ranked(rank)]) for rank in range(5)}
        asks = z3.Or(
            fired[ASK],
            opened[BAR],
            opened[ASK],
            z3.And(z3.Not(fired[EXECUTIVE]), opened[EXECUTIVE]),
            z3.And(z3.Not(fired[EXECUTIVE]), z3.Not(fired[SENIOR]), opened[SENIOR]),
        )
        below = z3.And(z3.Not(fired[BAR]), z3.Not(asks))
        return {
            BAR: fired[BAR],
            ASK: z3.And(z3.Not(fired[BAR]), asks),
            EXECUTIVE: z3.And(below, fired[EXECUTIVE]),
            SENIOR: z3.And(below, z3.Not(fired[EXECUTIVE]), fired[SENIOR]),
            0: z3.And(below, z3.Not(fired[EXECUTIVE]), z3.Not(fired[SENIOR])),
        }

    def one_of(self, outcomes: Sequence[str]) -> Formula:
        return z3.Or([self.outcome[RANK[outcome]] for outcome in outcomes])

    def milder_than(self, other: "Reading", *, at_most: int = BAR) -> Formula:
        """That this outcome lies below the other one, and below ``at_most``."""
        return z3.Or(
            [
                z3.And(self.outcome[low], other.outcome[high])
                for high in range(len(OUTCOMES))
                for low in range(min(high, at_most))
            ]
        )


COMPARED = {
    "above": lambda amount, threshold: amount > threshold,
    "at_least": lambda amount, threshold: amount >= threshold,
    "below": lambda amount, threshold: amount < threshold,
    "at_most": lambda amount, threshold: amount <= threshold,
}


class Undecided(Exception):
    """The solver gave up: its effort is used up, or it cannot decide. That is not a proof."""


class Effort:
    """What the solver may do for one question, and for all questions that are asked of it.

    It is counted in the solver's own steps (Z3's rlimit), which follow from the questions alone: a
    busy machine takes longer and comes to the same answer.
    """

    def __init__(self, question: int, in_all: int) -> None:
        self.question = question
        self.left = in_all
        self._counted = _steps(z3.SimpleSolver())

    def solver(self, *formulas: Formula, finite: bool = False) -> z3.Solver:
        """A solver for many questions about the same formulas.

        ``finite``: nothing in them is a number, and the solver for finite domains is much faster.
        The others have no tactics, because some of these look at the clock.
        """
        solver = z3.SolverFor("QF_FD") if finite else z3.SimpleSolver()
        solver.add(*formulas)
        return solver

    def is_possible(self, solver: z3.Solver, *assumptions: Formula) -> bool:
        """Whether some deal satisfies the solver's formulas. Raises Undecided when nobody knows."""
        most = min(self.question, self.left)
        if most <= 0:
            raise Undecided(USED_UP)
        solver.set("rlimit", most)
        answer = solver.check(*assumptions)
        before, self._counted = self._counted, _steps(solver)
        steps = self._counted - before
        self.left -= steps
        if answer == z3.unknown:
            raise Undecided(USED_UP if steps >= most else solver.reason_unknown())
        return bool(answer == z3.sat)


USED_UP = "the solver's effort is used up"


def _steps(solver: z3.Solver) -> int:
    """How many steps all solvers of this process have made; 0 before the first question."""
    statistics = solver.statistics()
    counted = "rlimit count"
    return int(statistics.get_key_value(counted)) if counted in statistics.keys() else 0  # noqa: SIM118


def plainest(solver: z3.Solver, deal: Deal, rulebook: Rulebook, effort: Effort) -> z3.ModelRef:
    """A model with as little in it as possible: the deal that a person reads.

    Everything answered, then no flag, then the answers that no rule looks for, then the mildest
    values, as far as each can be had together with what was had before.
    """
    remarks = remarked(rulebook)
    wishes = [*deal.answered]
    for name, fact in deal.vocabulary.items():
        if isinstance(fact, Flags):
            wishes += [deal.truths[name, member].false for member in fact.members]
        elif isinstance(fact, YesNo):
            known = deal.truths[name, ""]
            wishes.append(known.true if remarks[name, True] < 0 else known.false)
        elif isinstance(fact, Choice):
            order = fact.rising or fact.values
            wishes += [z3.Not(deal.truths[name, value].true) for value in reversed(order[1:])]
    return _granted(solver, wishes, effort)


def _granted(solver: z3.Solver, wishes: Sequence[Formula], effort: Effort) -> z3.ModelRef:
    """A model with each wish that can be had together with those granted before it.

    Wishes are tried many at a time, and in halves where not all of them can be had: the result is
    that of trying them one by one, with far fewer questions.
    """
    model = solver.model()
    waiting = [wishes]
    solver.push()
    while waiting:
        some = waiting.pop()
        holds = all(z3.is_true(model.eval(wish, model_completion=True)) for wish in some)
        if holds or effort.is_possible(solver, *some):
            model = model if holds else solver.model()
            solver.add(*some)
        elif len(some) > 1:
            half = len(some) // 2
            waiting += [some[half:], some[:half]]
    solver.pop()
    return model
