"""The row is the job: claimed once, done once, tried again, and never lost with Redis."""

import os
import subprocess
import sys
import threading
from datetime import timedelta
from itertools import pairwise
from time import sleep
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from jobs import queue
from jobs.management.commands.sweep import Sweeper
from jobs.models import MOST_ATTEMPTS, Clock, Heartbeat, Job
from screening.models import Notification
from tests import factories

done: list[int] = []


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    done.clear()

    def works(job: Job) -> None:
        done.append(job.pk)

    def breaks(job: Job) -> None:
        raise ValueError("the mail server said no")

    monkeypatch.setattr(queue, "PERFORMERS", {"works": works, "breaks": breaks})


def enqueue(kind: str = "works", **more: Any) -> Job:
    with transaction.atomic():
        return Job.objects.enqueue(kind, **more)


def test_a_job_is_done_once(db):
    job = enqueue()
    assert queue.perform(job.pk) is True
    assert [queue.perform(job.pk) for _ in range(10)] == [False] * 10
    assert done == [job.pk]
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 1)


def test_a_job_needs_the_transaction_that_wants_it(transactional_db):
    with pytest.raises(RuntimeError, match="transaction"):
        Job.objects.enqueue("works")


def test_a_rolled_back_change_leaves_no_job(transactional_db):
    with transaction.atomic():
        Job.objects.enqueue("works")
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_one_job_for_one_key(db):
    assert enqueue(key="version 7") == enqueue(key="version 7")
    assert enqueue() != enqueue()


def test_a_failure_is_written_down_and_tried_again_later(db):
    job = enqueue("breaks")
    assert queue.perform(job.pk) is False
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("pending", 1)
    assert job.error == "ValueError: the mail server said no"
    assert not Job.objects.due().filter(pk=job.pk).exists()


def test_after_the_last_attempt_it_has_failed_for_good(db):
    job = enqueue("breaks")
    for _ in range(MOST_ATTEMPTS + 2):
        Job.objects.filter(pk=job.pk).update(not_before=Clock() - timedelta(seconds=1))
        queue.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("failed", MOST_ATTEMPTS)
    assert job.finished_at is not None


def test_a_kind_of_a_newer_program_stays_pending(db):
    job = enqueue("unheard of")
    assert queue.perform(job.pk) is False
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("pending", 0)


def test_an_unknown_id_is_left_alone(db):
    assert queue.perform(10**9) is False


def test_a_lease_that_ran_out_goes_to_the_next_worker(db):
    job = enqueue()
    first = Job.objects.claim(job.pk)
    assert first is not None
    assert Job.objects.claim(job.pk) is None
    Job.objects.filter(pk=job.pk).update(lease_until=Clock() - timedelta(seconds=1))
    second = Job.objects.claim(job.pk)
    assert second is not None
    assert first.done() is False, "a late worker must not close the attempt of another"
    assert second.done() is True


def test_a_cancelled_job_is_not_done(db):
    job = enqueue()
    assert job.cancel() is True
    assert queue.perform(job.pk) is False
    assert done == []
    assert job.cancel() is False


def test_many_workers_at_once_do_it_once(transactional_db):
    job = enqueue()
    start = threading.Barrier(8)

    def worker() -> None:
        start.wait()
        queue.perform(job.pk)
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [job.pk]


def test_the_sweeper_works_by_itself_when_redis_is_gone(transactional_db):
    factories.barred_deal()
    mails = Notification.objects.count()
    swept = subprocess.run(
        [sys.executable, "manage.py", "sweep", "--once"],
        env={**os.environ, "REDIS_URL": "redis://127.0.0.1:1/0", "MAIL_URL": "none:"},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert swept.stdout == f"{mails} jobs done\n"
    assert Notification.objects.filter(sent_at__isnull=False).count() == mails > 0
    assert Heartbeat.objects.filter(name="sweeper").exists()


def test_the_sweeper_does_what_no_worker_took(db, servers):
    job = enqueue()
    sweeper = Sweeper()
    assert sweeper.sweep_once() == 0, "the workers are told first"
    sweeper.told = dict.fromkeys(sweeper.told, -100.0)
    assert sweeper.sweep_once() == 1
    assert done == [job.pk]


def test_each_pause_is_longer_than_the_one_before(db):
    job = enqueue("breaks")
    pauses = []
    while job.state == "pending":
        Job.objects.filter(pk=job.pk).update(not_before=Clock() - timedelta(seconds=1))
        began = timezone.now()
        assert queue.perform(job.pk) is False
        job.refresh_from_db()
        pauses.append((job.not_before - began).total_seconds())
    waited = pauses[:-1]
    assert len(waited) >= 3
    assert waited[0] > 1
    assert all(later > 1.5 * earlier for earlier, later in pairwise(waited))


def test_a_long_job_keeps_its_lease(db):
    job = enqueue()
    worker = Job.objects.claim(job.pk, lease=timedelta(milliseconds=1))
    assert worker is not None
    sleep(0.01)
    assert Job.objects.due().filter(pk=job.pk).exists()
    worker.note_progress(1, 10)
    job.refresh_from_db()
    assert (job.progress_done, job.progress_total) == (1, 10)
    assert job.lease_until > timezone.now() + timedelta(seconds=30)
    assert Job.objects.claim(job.pk) is None
    assert worker.done() is True


def test_the_sweeper_forgets_what_is_no_longer_due(db, servers):
    sweeper = Sweeper()
    for _ in range(3):
        job = enqueue()
        sweeper.sweep_once()
        assert set(sweeper.told) == {job.pk}, "only what waits now"
        assert queue.perform(job.pk)
    sweeper.sweep_once()
    assert sweeper.told == {}
