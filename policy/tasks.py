"""Jobs of the policy. Each begins with a row and ends in one.

A check is one job that proves and then helps, one for each part of the past, and one that gathers
what all of them found. Any worker takes any of them; one worker alone does all of them.
"""

import logging
import time

from django.db import transaction

from jobs import queue
from jobs.models import Job
from jobs.queue import Work, performs
from policy.actions import finish_check
from policy.governance import checking, parts
from policy.governance.parts import CHECK, GATHER, PART, CheckPart
from policy.models import CheckReport

log = logging.getLogger("proviso.policy")

#: Seconds; a worker ends whoever is busy with one job for a minute (CELERY_TASK_SOFT_TIME_LIMIT).
HELPS = 40


def end_as_crashed(job: Job) -> None:
    """A check of which a job was given up cannot be finished, and says so."""
    _crash(CheckReport.objects.get(pk=job.args["report"]))


@performs(CHECK, given_up=end_as_crashed)
def check_version(job: Job) -> None:
    """Write the parts, find out about the rules, then help with the parts for a while.

    A check that breaks says so and is never a pass.
    """
    until = time.monotonic() + HELPS
    report = CheckReport.objects.select_related("version").get(pk=job.args["report"])
    if not report.is_running:
        return
    try:
        parts.write(report, checking.spans(report.version))
        rules = report.parts.get(number=0)
        if not rules.is_finished:
            parts.finish(rules, checking.examine(report.version))
    except Exception:
        # Whatever went wrong: the report must end, and it must not end as passed.
        log.exception("check crashed", extra={"report": report.pk})
        _crash(report)
        return
    _help(report, job, until)


def _help(report: CheckReport, job: Job, until: float) -> None:
    """Do what no other worker took. Each part is a job of its own, which is done all the same."""
    free = parts.jobs_of(report).due().exclude(pk=job.pk)
    while time.monotonic() < until and (next_job := free.first()) is not None:
        queue.perform(next_job.pk)
        done, total = parts.progress(report)
        if total:
            job.note_progress(done, total)


def while_it_runs(work: Work) -> Work:
    """The parts of a report that has ended, because one of them was given up, are not played."""

    def guarded(job: Job) -> None:
        if CheckReport.objects.get(pk=job.args["report"]).is_running:
            work(job)

    return guarded


@performs(PART, is_part=True, given_up=end_as_crashed)
@while_it_runs
def play_part(job: Job) -> None:
    """Play one span of the past and keep what was found."""
    part = CheckPart.objects.select_related("report__version").get(
        report=job.args["report"], number=job.args["number"]
    )
    if not part.is_finished:
        parts.finish(part, checking.play(part.report.version, part.span, note=job.note_progress))


@performs(GATHER, given_up=end_as_crashed)
@while_it_runs
def gather_check(job: Job) -> None:
    """Make one report of the parts, which are then no longer needed."""
    report = CheckReport.objects.select_related("version").get(pk=job.args["report"])
    checked = checking.conclude(report)
    with transaction.atomic():
        finish_check(report, state=checked.state, text=checked.text)
        report.parts.all().delete()


def _crash(report: CheckReport) -> None:
    finish_check(report, state=CheckReport.State.CRASHED, text="")
