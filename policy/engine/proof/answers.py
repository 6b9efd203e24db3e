"""Proof from answers to the outcome: of what is answered, not only of the facts that follow.

A derivation that is data (tables, the catalogue, ratings) is given as conditions over answers, in
the language of rules. What it does not settle may have any value, so what is proved holds for more
than can happen. The plainest answers that break a promise are therefore only a suspicion: whoever
asks derives them with the program itself and says what became of them (`replayed`).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policy.engine.language.condition import (
    OUTCOMES,
    Condition,
    Promise,
    Rulebook,
    Surely,
    plain_condition,
)
from policy.engine.language.facts import Vocabulary
from policy.engine.proof.promises import unknown_words
from policy.engine.proof.proof import LIMITS, NO_ANSWER, Limits, NotProved, Verdict, ask

#: What the program itself makes of a deal: the outcome.
Replayed = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Follows:
    """When a fact has a value or a member, as conditions over answers; neither: nobody knows."""

    fact: str
    #: The value of a choice, the member of a set of flags, "" of yes or no.
    member: str
    surely: Condition
    #: Left out for a choice: another value says it.
    surely_not: Condition | None = None


@dataclass(frozen=True)
class Derivation:
    """What follows from answers. A fact of which nothing is said may have any value."""

    #: Each of them is given; "not asked" is one of the values.
    answers: Vocabulary
    #: What follows too and no rule reads: only promises speak of it.
    between: Vocabulary
    follows: tuple[Follows, ...]
    #: Fact → when it may have any value all the same.
    free: Mapping[str, Condition] = field(default_factory=dict)

    def vocabulary(self, rulebook: Rulebook) -> Vocabulary:
        """Answers, what is between, and the facts of the rulebook; promises may speak of all."""
        parts = (self.answers, self.between, rulebook.vocabulary)
        return Vocabulary([fact for part in parts for fact in part.values()])


def prove_answers(
    rulebook: Rulebook,
    derivation: Derivation,
    promises: Rulebook,
    *,
    replayed: Replayed,
    only: Collection[str] | None = None,
    limits: Limits = LIMITS,
) -> list[Verdict]:
    """The promises of a text, in order (``only`` these ids); terms and words are the text's own.

    A deal is screened once for each destination and purpose, and the highest outcome counts. Each
    is proved by itself, so a promise has to allow every outcome above one that it allows.
    """
    chosen = [one for one in promises.promises if only is None or one.id in only]
    whole = replace(rulebook, vocabulary=derivation.vocabulary(rulebook), promises=())
    verdicts: dict[str, Verdict] = {}
    asked = []
    for promise in chosen:
        why = _why_not(promises, promise, whole.vocabulary)
        if why:
            verdicts[promise.id] = _unproved(promise, why)
        else:
            asked.append(_opened(promises, promise))
    reason = NO_ANSWER
    try:
        for answer in ask(_task(replace(whole, promises=tuple(asked)), derivation), limits):
            verdicts[answer["id"]] = _verdict(answer, promises, derivation, replayed)
    except NotProved as problem:
        reason = str(problem)
    return [verdicts.get(promise.id) or _unproved(promise, reason) for promise in chosen]


def _task(rulebook: Rulebook, derivation: Derivation) -> dict[str, Any]:
    return {
        "do": "answers",
        "rulebook": rulebook.canonical,
        "asked": list(derivation.answers),
        "follows": [
            [one.fact, one.member, _plain(one.surely), _plain(one.surely_not)]
            for one in derivation.follows
        ],
        "free": {name: _plain(condition) for name, condition in derivation.free.items()},
    }


def _plain(condition: Condition | None) -> object:
    return None if condition is None else plain_condition(condition)


def _why_not(text: Rulebook, promise: Promise, vocabulary: Vocabulary) -> str:
    """Why the promise cannot be proved from answers; "" when it can."""
    if not isinstance(promise, Surely):
        return "from answers only what surely comes out can be proved"
    lowest = min(map(OUTCOMES.index, promise.only))
    if set(OUTCOMES[lowest:]) - set(promise.only):
        return "a graver outcome than one that it allows must be allowed too"
    strange = unknown_words(text, promise, vocabulary)
    return f"it speaks of what is not there: {', '.join(strange)}" if strange else ""


def _opened(text: Rulebook, promise: Promise) -> Promise:
    assert isinstance(promise, Surely)  # noqa: S101  the others were sorted out
    surely, possibly = promise.surely, promise.possibly
    return replace(
        promise,
        surely=None if surely is None else text.opened(surely),
        possibly=None if possibly is None else text.opened(possibly),
    )


def _verdict(
    answer: dict[str, Any], text: Rulebook, derivation: Derivation, replayed: Replayed
) -> Verdict:
    promise = next(one for one in text.promises if one.id == answer["id"])
    assert isinstance(promise, Surely)  # noqa: S101  the others were sorted out
    known = {name: value for name, value in answer.items() if name not in {"id", "rules"}}
    verdict = Verdict(promise.id, promise.says, rules=tuple(answer.get("rules", ())), **known)
    if verdict.state != "broken":
        return verdict
    given = {name: verdict.deal[name] for name in derivation.answers if name in verdict.deal}
    outcome = replayed(verdict.deal)
    if outcome in promise.only:
        because = f"the answers that were found come out as {outcome.replace('_', ' ')}"
        return replace(verdict, state="not_proved", deal=given, because=because)
    return replace(verdict, deal=given, outcome=outcome)


def _unproved(promise: Promise, because: str) -> Verdict:
    return Verdict(promise.id, promise.says, "not_proved", because=because)
