"""Facts that follow from answers, as formulas: the deal of a proof from answers to the outcome.

Runs in the child process of policy.engine.proof.prover.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import z3

from policy.engine.language.condition import (
    All,
    Condition,
    Either,
    HasAny,
    HasEvery,
    Is,
    Not,
    OneOf,
    Rulebook,
)
from policy.engine.language.facts import Choice
from policy.engine.proof.symbols import Deal, Reading

Formula = Any


def linked(rulebook: Rulebook, task: Mapping[str, Any]) -> Reading:
    """The rulebook read on a deal of which every answer is given and the facts follow."""
    deal = Deal(rulebook.vocabulary)
    reading = Reading(rulebook, deal)
    deal.rules += _given(deal, task["asked"])
    free = {name: reading.truth(_condition(plain)).true for name, plain in task["free"].items()}
    for fact, member, surely, surely_not in task["follows"]:
        known = deal.truths[fact, member]
        links = [known.true == reading.truth(_condition(surely)).true]
        if surely_not is not None:
            links.append(known.false == reading.truth(_condition(surely_not)).true)
        deal.rules.append(z3.Or(free[fact], z3.And(links)) if fact in free else z3.And(links))
    return reading


def _given(deal: Deal, names: Sequence[str]) -> Iterator[Formula]:
    """That these are answered."""
    for name in names:
        fact = deal.vocabulary[name]
        if isinstance(fact, Choice):
            yield z3.Or([deal.truths[name, value].true for value in fact.values])
        else:
            for key in deal.symbols([name]):
                yield z3.Or(deal.truths[key].true, deal.truths[key].false)


def _condition(plain: Any) -> Condition:
    """What `plain_condition` writes; empty lists, which no rulebook may have, are read too."""
    ((name, value),) = plain.items()
    match name, value:
        case "all", list():
            return All(tuple(map(_condition, value)))
        case "any", list():
            return Either(tuple(map(_condition, value)))
        case "not", dict():
            return Not(_condition(value))
        case fact, list():
            return OneOf(fact, tuple(value))
        case fact, {"any": members}:
            return HasAny(fact, tuple(members))
        case fact, {"every": members}:
            return HasEvery(fact, tuple(members))
    return Is(name, value)
