"""A worker process of its own, for tests: python -m tests.policy.worker REPORT SECONDS HANG

Waits for a line on standard input, then claims what is due until the report has ended, with parts
of very few deals and leases of SECONDS. Says "holding" and goes no further when HANG is 1 and it
has the first part of the past. Its last line is the number of parts that it finished.
"""

import os
import sys
import time
from datetime import timedelta
from typing import Any

import django


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(report: int, seconds: float, *, hangs: bool) -> None:
    from jobs import queue
    from jobs.models import Job, JobQuerySet
    from policy.governance import checking, two_engines
    from policy.models import CheckReport
    from screening.sweep import backtest

    backtest.IN_PLACE = backtest.ANEW = 1
    # As in the process that compares the reports (tests/conftest.py).
    two_engines.RANDOM = 300
    for holds in (JobQuerySet.claim, Job.note_progress):
        holds.__kwdefaults__["lease"] = timedelta(seconds=seconds)
    finished = []
    play = checking.play

    def slowly(version: Any, span: Any, **more: Any) -> Any:
        if hangs:
            say("holding")
            time.sleep(600)
        # Long enough that nobody does everything before the others look.
        time.sleep(0.1)
        found = play(version, span, **more)
        finished.append(span)
        return found

    checking.play = slowly
    say("ready")
    sys.stdin.readline()
    while CheckReport.objects.get(pk=report).is_running:
        for job in Job.objects.due()[:1]:
            queue.perform(job.pk)
        time.sleep(0.05)
    say(str(len(finished)))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    main(int(sys.argv[1]), float(sys.argv[2]), hangs=sys.argv[3] == "1")
