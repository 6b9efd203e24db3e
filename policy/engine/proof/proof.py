"""Proof of a rulebook's promises. The work is done in a child process with limits.

A promise is proved, broken (with the plainest deal, replayed through the plain reading, and the
rules to blame) or not proved. Nothing else counts as proved: a solver that gives up, a child that
dies, runs out of time or memory, or says something that cannot be read, is "not proved".
"""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from policy.engine.language.condition import Rulebook

State = Literal["proved", "broken", "not_proved"]
ROOT = Path(__file__).resolve().parents[3]
#: For one question to the solver, in steps that take about so long (symbols.STEPS), so that a busy
#: machine gives the same answer; and what the child may occupy.
SECONDS = 10.0
#: By the clock: not a limit of what can be proved, but the end of a child that hangs.
SECONDS_IN_ALL = 900.0
MEGABYTES = 4096


@dataclass(frozen=True)
class Verdict:
    """What became of one promise. ``before`` is the other deal, where two are compared."""

    id: str
    says: str
    state: State
    seconds: float = 0.0
    rules: tuple[str, ...] = ()
    deal: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    outcome_before: str = ""
    because: str = ""


@dataclass(frozen=True)
class Dead:
    """A rule that can never ``fire``, or never ``decide`` (a higher one always fires beside it)."""

    id: str
    never: Literal["fire", "decide"]


@dataclass(frozen=True)
class Fate:
    """What became of a promise of an older rulebook in a newer one.

    ``kept`` when it covers the same deals as strictly, else ``changed`` or ``removed``. ``lost``
    is the plainest deal that it covered and covers no longer, empty when there is none.
    """

    id: str
    fate: Literal["kept", "changed", "removed"]
    #: The id of what took its place.
    now: str = ""
    lost: Mapping[str, Any] = field(default_factory=dict)
    #: Words of the older vocabulary that the newer one lacks.
    strange: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compared:
    """Promises of two rulebooks: what became of the older ones, and what the newer ones cover."""

    fates: tuple[Fate, ...]
    #: For each promise of the newer rulebook the plainest deal it speaks of; empty for none.
    speaks_of: Mapping[str, Mapping[str, Any]]


class NotProved(Exception):
    """The child gave no complete answer; why is the message."""


def prove(
    rulebook: Rulebook,
    *,
    seconds: float = SECONDS,
    in_all: float = SECONDS_IN_ALL,
    megabytes: int = MEGABYTES,
) -> list[Verdict]:
    """Every promise of the rulebook, in order."""
    answers: dict[str, dict[str, Any]] = {}
    reason = "the proof gave no answer"
    try:
        for answer in ask(
            {"do": "prove", "rulebook": rulebook.canonical, "seconds": seconds},
            in_all=in_all,
            megabytes=megabytes,
        ):
            answers[answer["id"]] = answer
    except NotProved as problem:
        reason = str(problem)
    return [
        _verdict(promise.id, promise.says, answers[promise.id])
        if promise.id in answers
        else Verdict(promise.id, promise.says, "not_proved", because=reason)
        for promise in rulebook.promises
    ]


def dead_rules(
    rulebook: Rulebook,
    *,
    seconds: float = SECONDS,
    in_all: float = SECONDS_IN_ALL,
    megabytes: int = MEGABYTES,
) -> list[Dead]:
    """Rules without effect. Raises NotProved when the child gave no complete answer."""
    task = {"do": "dead", "rulebook": rulebook.canonical, "seconds": seconds}
    return [Dead(**answer) for answer in ask(task, in_all=in_all, megabytes=megabytes)]


def compared(
    before: Rulebook,
    after: Rulebook,
    *,
    seconds: float = SECONDS,
    in_all: float = SECONDS_IN_ALL,
    megabytes: int = MEGABYTES,
) -> Compared:
    """What became of each promise. Raises NotProved when the child gave no complete answer."""
    task = {
        "do": "promises",
        "rulebook": before.canonical,
        "after": after.canonical,
        "seconds": seconds,
    }
    fates: list[Fate] = []
    speaks_of: dict[str, Mapping[str, Any]] = {}
    for answer in ask(task, in_all=in_all, megabytes=megabytes):
        if answer.pop("version") == "after":
            speaks_of[answer["id"]] = answer["speaks_of"] or {}
        else:
            lost, strange = answer.pop("lost", None) or {}, tuple(answer.pop("strange", ()))
            fates.append(Fate(**answer, lost=lost, strange=strange))
    return Compared(tuple(fates), speaks_of)


def ask(task: Mapping[str, Any], *, in_all: float, megabytes: int) -> Iterator[dict[str, Any]]:
    """The answers of the child, read after it ended; NotProved when it did not end well.

    What it said before it died is passed on first: each line stands for itself.
    """
    output, problem = _run(json.dumps(task), in_all, megabytes)
    for line in output.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            why = problem or "the child process said something that cannot be read"
            raise NotProved(why) from None
    if problem:
        raise NotProved(problem)


def _run(task: str, in_all: float, megabytes: int) -> tuple[str, str]:
    """What the child printed, and what went wrong ("" when nothing)."""
    with subprocess.Popen(
        [sys.executable, "-m", "policy.engine.proof.prover"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        start_new_session=True,
    ) as child:
        limit = megabytes * 2**20
        resource.prlimit(child.pid, resource.RLIMIT_AS, (limit, limit))
        try:
            output, complaints = child.communicate(task, timeout=in_all)
        except subprocess.TimeoutExpired:
            child.kill()
            output, _ = child.communicate()
            return output, f"the proof took longer than {in_all:g} seconds"
    if child.returncode:
        last = complaints.strip().splitlines()[-1:] or ["no message"]
        return output, f"the child process ended with {child.returncode}: {last[0]}"
    return output, ""


def _verdict(pid: str, says: str, answer: dict[str, Any]) -> Verdict:
    known = {name: value for name, value in answer.items() if name not in {"id", "rules"}}
    return Verdict(id=pid, says=says, rules=tuple(answer.get("rules", ())), **known)
