"""Deals that show that a rule can fire, or decide: most rules need no solver.

Each rule gets a few deals aimed at it: all answered, as ordinary as can be, and with what its
condition asks for. What comes out is evidence and no proof; a rule without a witness is not dead,
it is a question for the solver.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from policy.engine.language.condition import (
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
    as_atom,
)
from policy.engine.language.facts import Amount, Choice, Facts, Flags, YesNo
from policy.engine.readings.compiled import Compiled, Verdict, compile_rulebook

#: How often a deal is aimed at a rule, and how often it is mended when a higher rule fires too.
TRIES, MENDED = 3, 6


def witnessed(rulebook: Rulebook) -> tuple[set[str], set[str]]:
    """Rules that fire for some answered deal, and rules that decide one."""
    compiled = compile_rulebook(rulebook)
    usual = _usual(rulebook)
    chance = random.Random(1)  # noqa: S311  nothing secret; the same deals every time
    fire: set[str] = set()
    decide: set[str] = set()
    for rule in rulebook.rules:
        for _ in range(TRIES):
            if rule.id in decide:
                break
            for verdict in _aimed(_Deal(rulebook, usual, chance), rule, compiled):
                fire.update(verdict.fired)
                decide.update(
                    rule_id
                    for rule_id in verdict.fired
                    if rulebook.by_id[rule_id].outcome == verdict.outcome
                )
    return fire, decide


def _aimed(deal: "_Deal", rule: Rule, compiled: Compiled) -> Iterator[Verdict]:
    """What comes out for the deal, made to suit the rule and then not to suit what is higher."""
    for _ in range(MENDED):
        deal.suit(rule, wanted=True)
        verdict = compiled.verdict(deal.facts)
        yield verdict
        if rule.id not in verdict.fired or rule.outcome == verdict.outcome:
            return
        deal.suit(deal.rulebook.by_id[verdict.fired[0]], wanted=False)


def remarked(rulebook: Rulebook) -> Counter[tuple[str, str | bool]]:
    """How often rules look for a value or member; below zero: how often they look for its lack."""
    weights: Counter[tuple[str, str | bool]] = Counter()

    def look(condition: Condition, weight: int) -> None:
        match condition:
            case All(parts) | Either(parts):
                for part in parts:
                    look(part, weight)
            case Not(part):
                look(part, -weight)
            case Is(name, value):
                weights[name, value] += weight
                weights[name, not value] -= weight
            case OneOf(name, values):
                weights.update({(name, option): weight for option in values})
            case HasAny(name, members) | HasEvery(name, members):
                weights.update({(name, member): weight for member in members})

    for rule in rulebook.rules:
        look(rulebook.opened(rule.when), 1)
    return weights


def _usual(rulebook: Rulebook) -> dict[str, Any]:
    """An answer to each fact that rules remark upon least; the mildest, where there is an order."""
    remarks = remarked(rulebook)
    usual: dict[str, Any] = {}
    for name, fact in rulebook.vocabulary.items():
        match fact:
            case Choice():
                usual[name] = min(fact.rising[:1] or fact.values, key=lambda v: remarks[name, v])
            case YesNo():
                usual[name] = remarks[name, True] < 0
            case Flags():
                usual[name] = {min(fact.members, key=lambda v: remarks[name, v])}
            case Amount():
                usual[name] = 0
    return usual


class _Deal:
    """A deal that is changed until it suits a condition, as far as that goes."""

    def __init__(self, rulebook: Rulebook, usual: Mapping[str, Any], chance: random.Random) -> None:
        self.rulebook = rulebook
        self.vocabulary = rulebook.vocabulary
        self.values = dict(usual)
        self.chance = chance

    @property
    def facts(self) -> Facts:
        plain = {
            name: sorted(value) if isinstance(value, set) else value
            for name, value in self.values.items()
        }
        return self.vocabulary.parse(plain)

    def suit(self, rule: Rule, *, wanted: bool) -> None:
        self._suit(self.rulebook.opened(rule.when), wanted=wanted)

    def _suit(self, condition: Condition, *, wanted: bool) -> None:
        match condition:
            case All(parts) | Either(parts):
                every = isinstance(condition, All) is wanted
                for part in parts if every else [self.chance.choice(parts)]:
                    self._suit(part, wanted=wanted)
            case Not(part):
                self._suit(part, wanted=not wanted)
            case _:
                self._atom(condition, wanted=wanted)

    def _atom(self, condition: Condition, *, wanted: bool) -> None:
        match as_atom(condition):
            case OneOf(name, values):
                choice = self.vocabulary[name]
                assert isinstance(choice, Choice)  # noqa: S101  checked when it was read
                others = [option for option in choice.values if option not in values]
                self.values[name] = self.chance.choice(values if wanted else others)
            case Is(name, value):
                self.values[name] = value is wanted
            case HasAny(name, members):
                some = {self.chance.choice(members)}
                self._flags(name, some if wanted else set(), set() if wanted else set(members))
            case HasEvery(name, members):
                missing = {self.chance.choice(members)}
                self._flags(name, set(members) if wanted else set(), set() if wanted else missing)
            case Compare(name, comparison, threshold):
                above = (comparison in {"above", "at_least"}) is wanted
                self.values[name] = threshold + (1 if above else -1)

    def _flags(self, name: str, there: set[str], absent: set[str]) -> None:
        self.values[name] = (self.values[name] | there) - absent
