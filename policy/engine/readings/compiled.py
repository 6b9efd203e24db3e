"""The rulebook as generated Python: what screens every deal in production.

It means what `reference.py` says, and the tests hold it to that. `outcome` and `verdict` say what
was decided in one or two microseconds, `assess` says why as well. `verdict_of` takes a deal as a
plain dictionary and reads what is fully answered without making Facts of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from policy.engine.language.condition import OUTCOMES, RANK, Outcome, Rulebook, atoms
from policy.engine.language.facts import Cell, Facts
from policy.engine.readings.assessment import Assessment, Finding, review_floor
from policy.engine.readings.generated import screen_source, turning_source
from policy.engine.readings.generated_findings import finding_functions
from policy.engine.readings.generated_reading import MISFITS, plain_source
from policy.engine.readings.undecided import facts_that_could_fire, reads_once

# Deals differ in endless ways, but few sets of rules fire together.
REMEMBERED = 4096
Cells = tuple[Cell, ...]


class Verdict(NamedTuple):
    """What was decided, without the reasons; rules by id, highest outcome first, then by id."""

    outcome: Outcome
    fired: tuple[str, ...]
    open: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that follows from a set of fired rules alone."""

    #: What is said when no rule is open.
    settled: Verdict
    outcome: Outcome
    ids: tuple[str, ...]
    #: Bits of the rules that are higher than every fired one.
    higher: int
    floor: Outcome | None
    findings: tuple[Callable[[Cells, object], Finding], ...]


class _Plans(dict[int, _Plan]):
    """Plans by the bits of the fired rules, made when first needed."""

    def __init__(self, make: Callable[[int], _Plan]) -> None:
        self.make = make

    def __missing__(self, fired: int) -> _Plan:
        if len(self) >= REMEMBERED:
            self.clear()
        plan = self[fired] = self.make(fired)
        return plan


class Compiled:
    """A rulebook that screens facts. Made by `compile_rulebook`.

    Facts of another vocabulary are read again in this one: FactError when they do not fit.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self._vocabulary = rulebook.vocabulary
        self._ranked = rulebook.ranked
        count = len(self._ranked)
        # The highest rule has the highest bit, so that ranks compare like numbers.
        self._bits = {rule.id: 1 << (count - 1 - at) for at, rule in enumerate(self._ranked)}
        self._above = {
            outcome: sum(
                bit
                for rule, bit in zip(self._ranked, self._bits.values(), strict=True)
                if RANK[rule.outcome] > RANK[outcome]
            )
            for outcome in OUTCOMES
        }
        findings, names = finding_functions(rulebook)
        searched = {at: search for at in range(count) if (search := self._searched(at))}
        turning = [turning_source(rulebook, at) for at in range(count) if at not in searched]
        plain, of_plain = plain_source(rulebook, self._bits)
        names |= of_plain
        self.source = "\n\n".join([screen_source(rulebook, self._bits), plain, findings, *turning])
        # The source holds numbers and names made by the generator, no text of the rulebook.
        exec(compile(self.source, f"<rulebook {rulebook.digest}>", "exec"), names)  # noqa: S102
        self._screen: Callable[[Cells, int], tuple[int, int]] = names["screen"]
        self._screen_plain: Callable[[dict[str, object]], int] = names["screen_plain"]
        self._findings = [names[f"finding{at}"] for at in range(count)]
        self._turning = [searched.get(at) or names[f"turning{at}"] for at in range(count)]
        self._plans = _Plans(self._planned)
        self._ids = lru_cache(REMEMBERED)(self._named)
        self._names = lru_cache(REMEMBERED)(self._fact_names)

    def outcome(self, facts: Facts) -> Outcome:
        """The outcome alone."""
        if facts.vocabulary is not self._vocabulary:
            facts = self._vocabulary.adopt(facts)
        fired, open_ = self._screen(facts.cells, facts.known)
        plan = self._plans[fired]
        return "needs_information" if open_ & plan.higher else plan.outcome

    def verdict(self, facts: Facts) -> Verdict:
        """Outcome, fired and open rules."""
        if facts.vocabulary is not self._vocabulary:
            facts = self._vocabulary.adopt(facts)
        fired, open_ = self._screen(facts.cells, facts.known)
        plan = self._plans[fired]
        if not open_:
            return plan.settled
        outcome = "needs_information" if open_ & plan.higher else plan.outcome
        return Verdict(outcome, plan.ids, self._ids(open_))

    def verdict_of(self, plain: Mapping[str, object]) -> Verdict:
        """The verdict on facts in the plain form that `Vocabulary.parse` reads; FactError lists
        every misfit."""
        if type(plain) is dict:
            try:
                fired = self._screen_plain(plain)
            except MISFITS:
                pass
            else:
                return self._plans[fired].settled
        return self.verdict(self._vocabulary.parse(plain))

    def assess(self, facts: Facts) -> Assessment:
        """Everything that `reference.assess` says."""
        if facts.vocabulary is not self._vocabulary:
            facts = self._vocabulary.adopt(facts)
        cells, texts = facts.cells, facts.texts
        fired, open_ = self._screen(cells, facts.known)
        plan = self._plans[fired]
        outcome: Outcome = plan.outcome
        missing: tuple[str, ...] = ()
        if undecided := open_ & plan.higher:
            outcome, missing = "needs_information", self._missing(undecided, facts)
        return Assessment(
            outcome,
            plan.ids,
            self._ids(open_) if open_ else (),
            missing,
            plan.floor,
            tuple([finding(cells, texts) for finding in plan.findings]),
        )

    def _planned(self, fired: int) -> _Plan:
        numbers = self._numbers(fired)
        rules = [self._ranked[number] for number in numbers]
        outcome = rules[0].outcome if rules else OUTCOMES[0]
        ids = tuple([rule.id for rule in rules])
        return _Plan(
            settled=Verdict(outcome, ids, ()),
            outcome=outcome,
            ids=ids,
            higher=self._above[outcome],
            floor=review_floor([rule.outcome for rule in rules]),
            findings=tuple([self._findings[number] for number in numbers]),
        )

    def _numbers(self, bits: int) -> list[int]:
        """Places in `ranked` of the rules that these bits stand for, highest first."""
        last = len(self._ranked) - 1
        numbers = []
        while bits:
            highest = bits.bit_length() - 1
            bits ^= 1 << highest
            numbers.append(last - highest)
        return numbers

    def _named(self, bits: int) -> tuple[str, ...]:
        return tuple(self._ranked[number].id for number in self._numbers(bits))

    def _missing(self, undecided: int, facts: Facts) -> tuple[str, ...]:
        bits = 0
        last = len(self._ranked) - 1
        while undecided:
            highest = undecided.bit_length() - 1
            undecided ^= 1 << highest
            bits |= self._turning[last - highest](facts.cells)
        return self._names(bits)

    def _fact_names(self, bits: int) -> tuple[str, ...]:
        return tuple(name for name, bit in self.rulebook.vocabulary.bits.items() if bits & bit)

    def _searched(self, number: int) -> Callable[[Cells], int] | None:
        """How to find what could still fire a rule that reads some fact twice; else None."""
        vocabulary = self.rulebook.vocabulary
        condition = self.rulebook.opened(self._ranked[number].when)
        read = list(atoms(condition))
        if reads_once(read, Facts(vocabulary, vocabulary.blank, {})):
            return None
        slots = sorted(
            at
            for name in {atom.fact for atom in read}
            for at in range(vocabulary.slots[name], vocabulary.slots[name] + vocabulary[name].width)
        )

        @lru_cache(REMEMBERED)
        def search(own: Cells) -> int:
            cells = list(vocabulary.blank)
            for at, cell in zip(slots, own, strict=True):
                cells[at] = cell
            names = facts_that_could_fire(condition, Facts(vocabulary, tuple(cells), {}))
            return sum(vocabulary.bits[name] for name in names)

        return lambda cells: search(tuple([cells[at] for at in slots]))


def compile_rulebook(rulebook: Rulebook) -> Compiled:
    """The rulebook ready to screen; takes some milliseconds, so keep it by digest."""
    return Compiled(rulebook)
