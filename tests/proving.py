"""Proofs of tests begin in a program that has read the solver already.

A check proves five times or so, each in a child process that begins anew: to read Python, Z3 and
our own modules takes it a third of the time of a proof. Here they are read once for each worker of
the tests, and each proof is a fork of that program, which limits memory and time as `proof` does.
Whatever does not end well is tried again by `proof` itself, which says why. Its own tests, with
limits of their own, never come here.

    python -m tests.proving: a line of JSON for each task, [task, seconds, megabytes], and a line
    for each answer, what the child printed or null.
"""

import functools
import io
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock

from policy.engine.proof import proof, prover

#: How many rulebooks are remembered: most tasks of a check are about the same one.
REMEMBERED = 8


class Provers:
    """The program that proves, as the tests speak to it."""

    def __init__(self, program: "subprocess.Popen[str]") -> None:
        self._program = program
        self._one_at_a_time = Lock()

    def proved(self, task: str, seconds: float, megabytes: int) -> str | None:
        """What the child printed; None where it did not end well."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        # Where this program itself has died, `proof` begins a child as it always does.
        with self._one_at_a_time, suppress(BrokenPipeError):
            self._program.stdin.write(json.dumps([task, seconds, megabytes]) + "\n")
            self._program.stdin.flush()
            answer: str | None = json.loads(self._program.stdout.readline() or "null")
            return answer
        return None


@contextmanager
def provers() -> Iterator[Provers]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.proving"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=proof.ROOT,
        # As a child of `proof` has it.
        env={"PYTHONPATH": str(proof.ROOT), "PYTHONHASHSEED": "0"},
        start_new_session=True,
    ) as program:
        yield Provers(program)


def main() -> None:
    prover.read_canonical = functools.lru_cache(REMEMBERED)(prover.read_canonical)
    for line in sys.stdin:
        task, seconds, megabytes = json.loads(line)
        for name in ("rulebook", "after"):
            # One that cannot be read is the child's to complain of; a charter is read there too.
            with suppress(Exception):
                prover.read_canonical(json.loads(task)[name])
        sys.stdout.write(json.dumps(_forked(task, seconds, megabytes)) + "\n")
        sys.stdout.flush()


def _forked(task: str, seconds: float, megabytes: int) -> str | None:
    here, there = os.pipe()
    child = os.fork()
    if not child:
        os.close(here)
        _prove(task, seconds, megabytes, there)
    os.close(there)
    with os.fdopen(here, encoding="utf-8") as said:
        answer = said.read()
    _, status = os.waitpid(child, 0)
    return answer if status == 0 else None


def _prove(task: str, seconds: float, megabytes: int, answers: int) -> None:
    """In the child, which never returns."""
    code = 1
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20,) * 2)
        sys.stdin = io.StringIO(task)
        with os.fdopen(answers, "w", encoding="utf-8") as sys.stdout:
            prover.main()
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
