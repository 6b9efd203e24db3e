"""Proof of a rulebook's promises. The work is done in a child process with limits.

A promise is proved, broken (with the plainest deal, replayed through the plain reading, and the
rules to blame) or not proved. Nothing else counts as proved: a solver that gives up, a child that
dies, or says something that cannot be read, is "not proved".

The solver's effort is limited in steps of its own, so a verdict never depends on how busy the
machine is. Time and memory of the child are limited too, far beyond what such an effort takes; a
child that runs into these says nothing about the promise, and somebody has to try again.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from policy.engine.language.charter import Charter
from policy.engine.language.condition import Rulebook

State = Literal["proved", "broken", "not_proved"]
ROOT = Path(__file__).resolve().parents[3]
AGAIN = "could not be proved, try again"
#: Of a promise that a child which ended well did not speak of.
NO_ANSWER = "the proof gave no answer"


@dataclass(frozen=True)
class Limits:
    """What a proof may take. Only the effort decides whether there is an answer."""

    #: Steps of the solver, for one question and for all of a task: five million take a second.
    effort: int = 30_000_000
    effort_in_all: int = 100_000_000
    #: Against a child that hangs or fills the machine.
    seconds: float = 60.0
    megabytes: int = 4096

    @property
    def plain(self) -> list[int]:
        return [self.effort, self.effort_in_all]


LIMITS = Limits()


@dataclass(frozen=True)
class Verdict:
    """What became of one promise. ``before`` is the other deal, where two are compared."""

    id: str
    says: str
    state: State
    #: Processor time of the child, and steps of the solver, which are the same each time.
    seconds: float = 0.0
    effort: int = 0
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


@dataclass(frozen=True)
class Succession:
    """What became of each promise of a charter in the next one, and what the newer ones say."""

    fates: tuple[Fate, ...]
    #: Those of the older charter that say what a clause says and are no longer said so.
    fallen: frozenset[str]
    #: For each promise of the newer charter the plainest deal of its premise; empty for none.
    speaks_of: Mapping[str, Mapping[str, Any]]
    #: Newer promises whose conclusion forbids nothing.
    idle: frozenset[str]


class NotProved(Exception):
    """The child gave no complete answer; why is the message."""


def prove(rulebook: Rulebook, *, limits: Limits = LIMITS) -> list[Verdict]:
    """Every promise of the rulebook, in order."""
    answers: dict[str, dict[str, Any]] = {}
    reason = NO_ANSWER
    try:
        for answer in ask({"do": "prove", "rulebook": rulebook.canonical}, limits):
            answers[answer["id"]] = answer
    except NotProved as problem:
        reason = str(problem)
    return [
        _verdict(promise.id, promise.says, answers[promise.id])
        if promise.id in answers
        else Verdict(promise.id, promise.says, "not_proved", because=reason)
        for promise in rulebook.promises
    ]


def dead_rules(rulebook: Rulebook, *, limits: Limits = LIMITS) -> list[Dead]:
    """Rules without effect. Raises NotProved when the child gave no complete answer."""
    task = {"do": "dead", "rulebook": rulebook.canonical}
    return [Dead(**answer) for answer in ask(task, limits)]


def compared(before: Rulebook, after: Rulebook, *, limits: Limits = LIMITS) -> Compared:
    """What became of each promise. Raises NotProved when the child gave no complete answer."""
    task = {"do": "promises", "rulebook": before.canonical, "after": after.canonical}
    fates: list[Fate] = []
    speaks_of: dict[str, Mapping[str, Any]] = {}
    for answer in ask(task, limits):
        if answer.pop("version") == "after":
            speaks_of[answer["id"]] = answer["speaks_of"] or {}
        else:
            fates.append(_fate(answer))
    return Compared(tuple(fates), speaks_of)


def succession(before: Charter | None, after: Charter, *, limits: Limits = LIMITS) -> Succession:
    """What the next charter makes of the former one. Raises NotProved without a complete answer."""
    task = {"do": "charter", "before": before.canonical if before else "", "after": after.canonical}
    fates: list[Fate] = []
    fallen, idle = set(), set()
    speaks_of: dict[str, Mapping[str, Any]] = {}
    for answer in ask(task, limits):
        name = answer["id"]
        if answer.pop("version") == "after":
            speaks_of[name] = answer["speaks_of"] or {}
            idle |= set() if answer["excludes"] else {name}
        else:
            fallen |= set() if answer.pop("stands") else {name}
            fates.append(_fate(answer))
    return Succession(tuple(fates), frozenset(fallen), speaks_of, frozenset(idle))


def _fate(answer: dict[str, Any]) -> Fate:
    lost, strange = answer.pop("lost", None) or {}, tuple(answer.pop("strange", ()))
    return Fate(**answer, lost=lost, strange=strange)


def ask(task: Mapping[str, Any], limits: Limits) -> Iterator[dict[str, Any]]:
    """The answers of the child, read after it ended; NotProved when it did not end well.

    What it said before it died is passed on first: each line stands for itself.
    """
    given = json.dumps({**task, "effort": limits.plain})
    output, problem = _run(given, limits.seconds, limits.megabytes)
    for line in output.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            why = problem or "the child process said something that cannot be read"
            raise NotProved(why) from None
    if problem:
        raise NotProved(problem)


def _run(task: str, seconds: float, megabytes: int) -> tuple[str, str]:
    """What the child printed, and what went wrong ("" when nothing)."""
    with subprocess.Popen(
        [sys.executable, "-m", "policy.engine.proof.prover"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        # The order of sets is part of a question, and may cost steps.
        env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"},
        start_new_session=True,
    ) as child:
        limit = megabytes * 2**20
        resource.prlimit(child.pid, resource.RLIMIT_AS, (limit, limit))
        try:
            output, complaints = child.communicate(task, timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            output, _ = child.communicate()
            return output, f"{AGAIN}: it took longer than {seconds:g} seconds"
    if child.returncode:
        last = complaints.strip().splitlines()[-1:] or ["no message"]
        return output, f"{AGAIN}: the child process ended with {child.returncode}: {last[0]}"
    return output, ""


def _verdict(pid: str, says: str, answer: dict[str, Any]) -> Verdict:
    known = {name: value for name, value in answer.items() if name not in {"id", "rules"}}
    return Verdict(id=pid, says=says, rules=tuple(answer.get("rules", ())), **known)
