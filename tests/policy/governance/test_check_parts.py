"""A check in parts: any number of workers, each part once, and no pass while one is missing."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from jobs import kinds, queue
from jobs.models import Clock, Job
from people import access
from policy import actions, tasks
from policy.governance import checking, parts
from policy.governance.parts import CHECK, GATHER, PART, CheckPart
from policy.models import CheckReport, ReferenceVersion
from screening.models import DealRevision
from screening.sweep import backtest
from tests import factories
from tests.policy.governance.test_governance import rated

pytestmark = pytest.mark.django_db
State = CheckReport.State


@pytest.fixture(autouse=True)
def _past(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.reference_data()
    monkeypatch.setattr(backtest, "ANEW", 1)
    for answers in (factories.SENIOR, factories.EXECUTIVE, factories.CITED, factories.DOUBTFUL):
        factories.sent_deal(answers)
    factories.cleared_deal()


@pytest.fixture
def anna() -> Any:
    return factories.person(access.POLICY_OWNER)


@pytest.fixture
def version(anna: Any) -> ReferenceVersion:
    return actions.propose_version(rated("TR", "very_high", "low"), actor=anna)


@pytest.fixture
def report(version: ReferenceVersion, anna: Any) -> CheckReport:
    return actions.start_check(version, actor=anna)


def split(report: CheckReport) -> list[CheckPart]:
    """The parts as the check's own job writes them, its own part done, nothing played yet."""
    parts.write(report, checking.spans(report.version))
    rules, *others = report.parts.order_by("number")
    parts.finish(rules, checking.examine(report.version))
    return others


def perform(kind: str, **of: Any) -> None:
    for job in Job.objects.filter(kind=kind, **of).unfinished():
        Job.objects.filter(pk=job.pk).update(not_before=Clock() - timedelta(seconds=1))
        queue.perform(job.pk)


def states(report: CheckReport) -> tuple[str, set[str]]:
    report.refresh_from_db()
    return report.state, set(parts.jobs_of(report).values_list("state", flat=True))


def test_a_check_leaves_parts_to_others_when_its_time_is_over(
    report: CheckReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "HELPS", -1)
    perform(CHECK)
    report.refresh_from_db()
    assert report.state == State.RUNNING
    assert set(parts.jobs_of(report).filter(kind=PART).values_list("state", flat=True)) == {
        "pending"
    }
    perform(PART)
    perform(GATHER)
    assert states(report) == (State.PASSED, {"done"})


def test_one_worker_does_all_of_it(report: CheckReport) -> None:
    perform(CHECK)
    assert states(report) == (State.PASSED, {"done"})
    assert parts.jobs_of(report).filter(kind=PART).count() == 5
    assert report.found["backtest"]["total"] == 5
    own = actions.job_of(report)
    assert (own.progress_done, own.progress_total) == (5, 5)
    assert not report.parts.exists(), "what the report says is not kept twice"


def test_the_parts_give_what_the_whole_gives(
    report: CheckReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    perform(CHECK)
    report.refresh_from_db()
    monkeypatch.setattr(backtest, "ANEW", 1000)
    other = actions.start_check(report.version, actor=report.asked_by)
    perform(CHECK)
    other.refresh_from_db()
    assert parts.jobs_of(other).filter(kind=PART).count() == 1
    assert other.text == report.text
    assert other.found["backtest"]["changed"]


def test_parts_and_jobs_are_written_once(report: CheckReport) -> None:
    split(report)
    before = list(report.parts.values_list("pk", flat=True))
    parts.write(report, checking.spans(report.version))
    assert list(report.parts.values_list("pk", flat=True)) == before
    assert parts.jobs_of(report).filter(kind=PART).count() == len(before) - 1


def test_a_result_is_kept_once(report: CheckReport) -> None:
    part = split(report)[0]
    parts.finish(part, {"first": 1})
    parts.finish(part, {"second": 2})
    part.refresh_from_db()
    assert part.result == {"first": 1}
    for change in ({"result_text": "{}"}, {"finished_at": None, "result_text": ""}):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            CheckPart.objects.filter(pk=part.pk).update(**change)


def test_a_part_stays_what_it_is(report: CheckReport) -> None:
    part = split(report)[0]
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        CheckPart.objects.filter(pk=part.pk).update(last=part.last - 1)
    with pytest.raises(DatabaseError, match="never removed"), transaction.atomic():
        part.delete()
    with pytest.raises(DatabaseError, match="without a result"), transaction.atomic():
        CheckPart.objects.create(
            report=report, number=99, what="deals", result_text="{}", finished_at=Clock()
        )


def test_nothing_passes_while_a_part_is_missing(report: CheckReport) -> None:
    def passes() -> None:
        actions.finish_check(report, state=State.PASSED, text="{}")

    with pytest.raises(DatabaseError, match="while a part of it is missing"), transaction.atomic():
        passes()
    *others, last = split(report)
    for part in others:
        parts.finish(part, checking.play(report.version, part.span, note=lambda _done, _of: None))
    with pytest.raises(ValueError, match="a part of the check is missing"):
        checking.conclude(report)
    with pytest.raises(DatabaseError, match="while a part of it is missing"), transaction.atomic():
        passes()
    assert not parts.jobs_of(report).filter(kind=GATHER).exists()
    parts.finish(last, checking.play(report.version, last.span, note=lambda _done, _of: None))
    perform(GATHER)
    assert states(report)[0] == State.PASSED


def test_a_part_that_fails_for_good_ends_the_report(
    report: CheckReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = checking.play

    def breaks(version: Any, span: Any, **more: Any) -> Any:
        if span.first == DealRevision.objects.latest("pk").pk:
            raise MemoryError
        return whole(version, span, **more)

    monkeypatch.setattr(checking, "play", breaks)
    perform(CHECK)
    state, found = states(report)
    assert state == State.RUNNING
    assert found == {"done", "pending"}
    for _ in range(kinds.ON_ROWS.attempts):
        perform(PART)
    state, found = states(report)
    assert state == State.CRASHED
    assert "pending" not in found, "parts of a report that ended are not played"


def test_a_failure_that_passes_is_no_end(
    report: CheckReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = checking.play, []

    def breaks_once(version: Any, span: Any, **more: Any) -> Any:
        if span not in broken:
            broken.append(span)
            raise OSError("the disk is full")
        return whole(version, span, **more)

    monkeypatch.setattr(checking, "play", breaks_once)
    perform(CHECK)
    assert states(report)[0] == State.RUNNING
    perform(PART)
    perform(GATHER)
    assert states(report) == (State.PASSED, {"done"})


@pytest.mark.parametrize("kind", [PART, GATHER])
def test_a_job_whose_workers_all_died_ends_the_report(report: CheckReport, kind: str) -> None:
    for part in split(report) if kind == GATHER else split(report)[1:]:
        parts.finish(part, checking.play(report.version, part.span, note=lambda _done, _of: None))
    [job] = (
        parts.jobs_of(report)
        .filter(kind=kind)
        .exclude(key__in=[f"{report.pk}:{n}" for n in range(2, 99)])
    )
    for _ in range(kinds.ON_ROWS.attempts):
        assert Job.objects.claim(job.pk)
        Job.objects.filter(pk=job.pk).update(lease_until=Clock() - timedelta(seconds=1))
    assert states(report)[0] == State.RUNNING
    assert not queue.perform(job.pk)
    assert states(report)[0] == State.CRASHED
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.FAILED, queue.DIED)


def test_a_check_runs_while_one_of_its_parts_does(report: CheckReport, anna: Any) -> None:
    split(report)
    job = actions.job_of(report)
    assert Job.objects.claim(job.pk).done()
    assert actions.start_check(report.version, actor=anna) == report
    for one in parts.jobs_of(report):
        one.cancel()
    assert actions.start_check(report.version, actor=anna) != report
    assert states(report)[0] == State.CRASHED


def test_parts_that_saw_another_baseline_do_not_pass(report: CheckReport) -> None:
    first, *others = split(report)
    parts.finish(
        first,
        {
            **checking.play(report.version, first.span, note=lambda _d, _o: None),
            "baseline": "sha256:other",
        },
    )
    for part in others:
        parts.finish(part, checking.play(report.version, part.span, note=lambda _d, _o: None))
    perform(GATHER)
    assert states(report)[0] == State.FAILED
    assert "What is active changed" in report.found["problems"][-1]


# --- Several workers -----------------------------------------------------------------------------

LEASE = 600


class Worker:
    def __init__(self, report: CheckReport, *, hangs: bool = False) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.policy.worker",
                str(report.pk),
                str(LEASE),
                str(int(hangs)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ},
        )

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()


@pytest.fixture
def workers() -> Iterator[Any]:
    """Starts a worker; what is left of them at the end is killed."""
    with ExitStack() as stack:

        def start(report: CheckReport, **more: Any) -> Worker:
            worker = Worker(report, **more)
            stack.enter_context(worker.process)
            stack.callback(worker.process.kill)
            assert worker.says() == "ready"
            return worker

        yield start


@pytest.mark.django_db(transaction=True)
def test_three_workers_one_killed_give_what_one_gives(
    report: CheckReport, anna: Any, workers: Any
) -> None:
    perform(CHECK)
    report.refresh_from_db()
    assert report.found["backtest"]["changed"]
    shared = actions.start_check(report.version, actor=anna)
    lost, *others = [workers(shared, hangs=at == 0) for at in range(3)]
    lost.go()
    assert lost.says() == "holding"
    for worker in others:
        worker.go()
    deadline = time.monotonic() + 120
    while shared.parts.missing().count() > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert states(shared)[0] == State.RUNNING, "one part is still with the first worker"
    lost.process.kill()
    lost.process.wait()
    # Its leases, of a part and maybe of the check, end now: not when a busy machine is late.
    held = Job.objects.filter(state="running")
    assert held.update(lease_until=Clock() - timedelta(seconds=1)) in {1, 2}
    did = [int(worker.says()) for worker in others]
    assert states(shared) == (report.state, {"done"})
    assert shared.text == report.text
    assert all(did), "each of the others had a part"
    attempts = parts.jobs_of(shared).filter(kind=PART).values_list("attempts", flat=True)
    assert sorted(attempts)[-2:] == [1, 2], "only what the dead one held was played again"
    assert sum(did) == len(attempts)
