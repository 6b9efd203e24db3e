"""The child process that proves: reads one task as JSON on standard input, answers line by line.

    {"do": "prove" | "dead" | "difference" | "promises", "rulebook": canonical,
     "after": canonical, "effort": [for a question, in all], "most": 200}
    {"do": "answers", "rulebook": canonical, "asked": […], "follows": […], "free": {…}, "effort": …}
    {"do": "charter", "before": canonical or "", "after": canonical, "effort": …}

It never decides what an answer means: a line that does not come is "not proved" for the parent.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import z3

from policy.engine.language.condition import (
    OUTCOMES,
    RANK,
    EveryRule,
    Exists,
    Losing,
    Promise,
    Raising,
    Rulebook,
    Surely,
    redecided,
)
from policy.engine.language.facts import Amount, Choice, Flags, Vocabulary
from policy.engine.language.reading import read_canonical
from policy.engine.language.reading_charter import read_canonical_charter
from policy.engine.proof import charter
from policy.engine.proof.linked import linked
from policy.engine.proof.premises import compared
from policy.engine.proof.promises import in_words_of
from policy.engine.proof.symbols import ASK, Deal, Effort, Reading, Undecided, plainest
from policy.engine.proof.witness import witnessed
from policy.engine.readings.reference import assess

Answer = dict[str, Any]
#: With more rules changed than these, what gets graver is told by outcomes only.
MOST_TOLD = 8


def main() -> None:
    task = json.loads(sys.stdin.read())
    for answer in answers(task, Effort(*task["effort"])):
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def answers(task: Mapping[str, Any], effort: Effort) -> Iterator[Answer]:
    """The answers to one task, in their order."""
    if task["do"] == "charter":
        before = read_canonical_charter(task["before"]) if task["before"] else None
        return charter.compared(before, read_canonical_charter(task["after"]), effort)
    rulebook = read_canonical(task["rulebook"])
    if task["do"] == "prove":
        reading = Reading(rulebook, Deal(rulebook.vocabulary))
        return (prove(reading, promise, effort) for promise in rulebook.promises)
    if task["do"] == "answers":
        reading = linked(rulebook, task)
        return (prove(reading, promise, effort) for promise in rulebook.promises)
    if task["do"] == "dead":
        return dead_rules(Reading(rulebook, Deal(rulebook.vocabulary)), effort)
    after = read_canonical(task["after"])
    if task["do"] == "promises":
        return compared(rulebook, after, effort)
    return difference(rulebook, after, effort, most=task["most"])


def prove(reading: Reading, promise: Promise, effort: Effort) -> Answer:
    """What becomes of one promise; the reading is made once for all of them."""
    began, before = time.process_time(), effort.left
    try:
        answer = _examine(reading, promise, effort)
    except Undecided as reason:
        answer = {"state": "not_proved", "because": str(reason)}
    taken = {"seconds": time.process_time() - began, "effort": before - effort.left}
    return {"id": promise.id, **taken, **answer}


def _is_possible(deal: Deal, effort: Effort, *formulas: Any) -> bool:
    """One question. Raises Undecided when nobody knows."""
    return effort.is_possible(effort.solver(*deal.rules, *formulas, finite=not deal.amounts))


def _plainest(deal: Deal, rulebook: Rulebook, effort: Effort, *formulas: Any) -> z3.ModelRef:
    """The plainest deal of formulas that are possible."""
    solver = effort.solver(*deal.rules, *formulas)
    if not effort.is_possible(solver):
        raise Undecided("two solvers contradict each other")
    return plainest(solver, deal, rulebook, effort)


def _examine(reading: Reading, promise: Promise, effort: Effort) -> Answer:
    match promise:
        case Surely():
            return _surely(reading, promise, effort)
        case Raising():
            return _raising(reading, promise, effort)
        case Losing():
            return _losing(reading, promise, effort)
        case Exists():
            return _exists(reading, promise, effort)
        case EveryRule():
            dead = [
                rule
                for rule in dead_rules(reading, effort)
                if rule["never"] == "fire" or promise.can == "decide"
            ]
            return {"state": "broken", "rules": [rule["id"] for rule in dead]} if dead else PROVED
    raise TypeError(f"{promise!r} is not a promise")


PROVED: Answer = {"state": "proved"}


def _surely(reading: Reading, promise: Surely, effort: Effort) -> Answer:
    deal, rulebook = reading.deal, reading.rulebook
    wrong = (
        reading.truth(promise.surely).true,
        z3.Not(reading.truth(promise.possibly).false),
        z3.Not(reading.one_of(promise.only)),
    )
    if not _is_possible(deal, effort, *wrong):
        return PROVED
    plain = deal.plain(_plainest(deal, rulebook, effort, *wrong))
    assessment = assess(rulebook, rulebook.vocabulary.parse(plain))
    if assessment.outcome in promise.only:
        raise Undecided(f"the deal that was found comes out as {assessment.outcome} when replayed")
    return _broken(rulebook, plain, assessment.outcome, assessment.fired)


def _raising(before: Reading, promise: Raising, effort: Effort) -> Answer:
    """The graver deal is the example; ``before`` is the same deal with the milder value."""
    for name in promise.facts:
        after = before.twin([name])
        mild, grave = before.deal, after.deal
        wrong = (
            *grave.rules,
            *mild.answered,
            *grave.answered,
            before.truth(promise.given).true,
            _graver(mild.vocabulary, name, mild, grave),
            after.milder_than(before),
        )
        answer = _compared(before.rulebook, mild, grave, ASK + 1, effort, wrong)
        if answer != PROVED:
            return answer
    return PROVED


def _graver(vocabulary: Vocabulary, name: str, mild: Deal, grave: Deal) -> Any:
    fact = vocabulary[name]
    if isinstance(fact, Choice):
        order = fact.rising or fact.values
        return z3.Or(
            [
                z3.And(mild.truths[name, low].true, grave.truths[name, high].true)
                for low, high in pairwise(order)
            ]
        )
    if isinstance(fact, Flags):
        graver = [
            z3.And(mild.truths[name, member].false, grave.truths[name, member].true)
            for member in fact.members
        ]
        kept = [
            z3.Implies(mild.truths[name, member].true, grave.truths[name, member].true)
            for member in fact.members
        ]
        return z3.And(*kept, z3.PbEq([(formula, 1) for formula in graver], 1))
    if isinstance(fact, Amount):
        return grave.amounts[name] > mild.amounts[name]
    return z3.And(mild.truths[name, ""].false, grave.truths[name, ""].true)


def _losing(before: Reading, promise: Losing, effort: Effort) -> Answer:
    """The deal with the lost answer is the example; ``before`` is the deal that had it."""
    after = before.twin(promise.facts)
    earlier, lost = before.deal, after.deal
    fewer = [
        formula
        for key in lost.symbols(promise.facts)
        for formula in (
            z3.Implies(lost.truths[key].true, earlier.truths[key].true),
            # An amount or a choice is known as a whole, so its "false" follows from the rest.
            z3.Implies(lost.truths[key].false, earlier.truths[key].false)
            if key[0] not in lost.amounts
            else z3.BoolVal(True),  # noqa: FBT003
        )
    ]
    fewer += [lost.amounts[n] == earlier.amounts[n] for n in promise.facts if n in lost.amounts]
    wrong = (*lost.rules, *fewer, after.milder_than(before, at_most=ASK))
    return _compared(before.rulebook, earlier, lost, ASK, effort, wrong)


def _compared(
    rulebook: Rulebook,
    first: Deal,
    second: Deal,
    at_most: int,
    effort: Effort,
    wrong: Sequence[Any],
) -> Answer:
    if not _is_possible(first, effort, *wrong):
        return PROVED
    model = _plainest(first, rulebook, effort, *wrong)
    plain, milder = first.plain(model), second.plain(model)
    was = assess(rulebook, rulebook.vocabulary.parse(plain))
    now = assess(rulebook, rulebook.vocabulary.parse(milder))
    if RANK[now.outcome] >= min(at_most, RANK[was.outcome]):
        raise Undecided("the two deals that were found come out differently when replayed")
    blamed = [rule for rule in was.fired if rule not in now.fired]
    return _broken(rulebook, milder, now.outcome, blamed) | {
        "before": plain,
        "outcome_before": was.outcome,
    }


def _exists(reading: Reading, promise: Exists, effort: Effort) -> Answer:
    deal, rulebook = reading.deal, reading.rulebook
    wanted = [*deal.answered, reading.truth(promise.exists).true]
    solver = effort.solver(*deal.rules, *wanted, reading.one_of(promise.outcome))
    if effort.is_possible(solver):
        plain = deal.plain(solver.model())
        assessment = assess(rulebook, rulebook.vocabulary.parse(plain))
        if assessment.outcome not in promise.outcome:
            raise Undecided("the deal that was found comes out differently when replayed")
        return PROVED
    if not _is_possible(deal, effort, *wanted):
        return {"state": "broken", "because": "No deal at all fits the condition."}
    plain = deal.plain(_plainest(deal, rulebook, effort, *wanted))
    assessment = assess(rulebook, rulebook.vocabulary.parse(plain))
    return _broken(rulebook, plain, assessment.outcome, assessment.fired)


def _broken(
    rulebook: Rulebook, plain: Mapping[str, Any], outcome: str, fired: Sequence[str]
) -> Answer:
    """What went wrong, with the rules that decide the deal (none: no rule stops it)."""
    rank = {rule.id: RANK[rule.outcome] for rule in rulebook.rules}
    highest = max((rank[rule] for rule in fired), default=0)
    return {
        "state": "broken",
        "deal": plain,
        "outcome": outcome,
        "rules": [rule for rule in fired if rank[rule] == highest],
    }


def dead_rules(reading: Reading, effort: Effort) -> Iterator[Answer]:
    """Rules that fire for no answered deal, and those that fire only beside a higher one."""
    fire, decide = witnessed(reading.rulebook)
    solver = effort.solver(*reading.deal.rules, *reading.deal.answered)
    for rule in reading.rulebook.rules:
        if rule.id in decide:
            continue
        fires = reading.rules[rule.id].true
        if rule.id not in fire and not effort.is_possible(solver, fires):
            yield {"id": rule.id, "never": "fire"}
        elif not effort.is_possible(solver, fires, reading.outcome[RANK[rule.outcome]]):
            yield {"id": rule.id, "never": "decide"}


def difference(before: Rulebook, after: Rulebook, effort: Effort, *, most: int) -> Iterator[Answer]:
    """Each kind of deal that comes out differently: (from, to, rules that behave differently).

    Answered deals first; partly answered ones only where no answered deal shows the difference.
    Where so many rules differ that nobody could read every combination, deals that get graver, or
    that go to a reviewer instead of being asked about, are told by their outcomes only, one example
    each; everything else that gets milder is always told in full.
    """
    # A vocabulary that has grown still says all that the older rules say.
    older = in_words_of(before, after.vocabulary)
    if older is None:
        yield {"problem": "The two rulebooks use different facts or values."}
        return
    deal = Deal(after.vocabulary)
    old, new = Reading(older, deal), Reading(after, deal)
    changes = _changed(old, new)
    same = z3.Or([z3.And(old.outcome[rank], new.outcome[rank]) for rank in range(len(OUTCOMES))])
    solver = effort.solver(*deal.rules, z3.Not(same))
    milder = z3.Or(
        [
            z3.And(old.outcome[was], new.outcome[now])
            for was in range(len(OUTCOMES))
            for now in range(was)
            if was != ASK or now == 0
        ]
    )
    shown: Mapping[str, tuple[Any, Any]] = changes if len(changes) <= MOST_TOLD else {}
    for part, by_rule in ((milder, changes), (z3.Not(milder), shown)):
        for answered in ([part, *deal.answered], [part]):
            while effort.is_possible(solver, *answered):
                if most == 0:
                    yield {"problem": "There are more kinds than are listed here."}
                    return
                most -= 1
                answer, kind = _kind(solver, deal, old, new, changes, by_rule, answered, effort)
                solver.add(z3.Not(kind))
                yield answer


def _changed(old: Reading, new: Reading) -> dict[str, tuple[Any, Any]]:
    """Rules that are not the same on both sides, each with when it fires before and after."""
    never = z3.BoolVal(False)  # noqa: FBT003
    both = {
        rule: (
            old.rules[rule].true if rule in old.rules else never,
            new.rules[rule].true if rule in new.rules else never,
        )
        for rule in dict.fromkeys((*old.rules, *new.rules))
    }
    return {rule: (was, now) for rule, (was, now) in both.items() if not was.eq(now)}


def _kind(
    solver: z3.Solver,
    deal: Deal,
    old: Reading,
    new: Reading,
    changes: Mapping[str, tuple[Any, Any]],
    by_rule: Mapping[str, tuple[Any, Any]],
    answered: Sequence[Any],
    effort: Effort,
) -> tuple[Answer, Any]:
    """The kind of the deal that the solver found, with its plainest example."""
    model = solver.model()

    def holds(formula: Any) -> bool:
        return bool(z3.is_true(model.eval(formula, model_completion=True)))

    start = next(rank for rank in old.outcome if holds(old.outcome[rank]))
    end = next(rank for rank in new.outcome if holds(new.outcome[rank]))
    differ = {rule: (was, now) for rule, (was, now) in changes.items() if holds(was != now)}
    # Behaving the same is part of the kind, so that each kind is listed once.
    kind = z3.And(
        old.outcome[start],
        new.outcome[end],
        *(was != now if rule in differ else was == now for rule, (was, now) in by_rule.items()),
    )
    solver.push()
    solver.add(kind, *answered)
    effort.is_possible(solver)
    plain = deal.plain(plainest(solver, deal, new.rulebook, effort))
    solver.pop()
    facts = deal.vocabulary.parse(plain)
    first, second = assess(old.rulebook, facts), assess(new.rulebook, facts)
    outcomes = first.outcome, second.outcome
    if outcomes != (OUTCOMES[start], OUTCOMES[end]):
        raise Undecided("a deal that was found comes out differently when replayed")
    moved = list(differ)
    if not by_rule:
        moved = sorted({*first.fired} ^ {*second.fired})
    rules = moved or redecided(old.rulebook, new.rulebook)
    return {"before": outcomes[0], "after": outcomes[1], "rules": rules, "deal": plain}, kind


if __name__ == "__main__":
    main()
