"""The row is the job: claimed once, done once, tried again, and never lost with Redis."""

import os
import subprocess
import sys
import threading
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from audit.models import AuditEvent, AuditEventQuerySet
from jobs import kinds, queue
from jobs.kinds import Kind, Lane
from jobs.management.commands.sweep import Sweeper
from jobs.models import LEASE, Clock, Heartbeat, Job
from screening.models import Notification
from tests import factories
from tests.reviews.test_races import at_once

done: list[int] = []
REAL = queue.PERFORMERS


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    done.clear()

    def works(job: Job) -> None:
        done.append(job.pk)

    def breaks(job: Job) -> None:
        raise ValueError("the mail server said no")

    monkeypatch.setattr(queue, "PERFORMERS", {"works": works, "breaks": breaks})


def enqueue(kind: str = "works", **more: Any) -> Job:
    with transaction.atomic():
        return Job.objects.enqueue(kind, **more)


def make_due(job: Job) -> None:
    """As if its pause were over, or its worker had died long ago."""
    long_ago = Clock() - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).unfinished().update(not_before=long_ago)
    Job.objects.filter(pk=job.pk, state="running").update(lease_until=long_ago)


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
    for _ in range(7):
        make_due(job)
        queue.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("failed", 5)
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


@pytest.mark.parametrize("state", ["done", "failed"])
def test_what_has_ended_is_not_cancelled(db, state):
    job = enqueue("works" if state == "done" else "breaks")
    if state == "done":
        assert queue.perform(job.pk)
    else:
        fail(job)
    assert job.cancel() is False
    job.refresh_from_db()
    assert job.state == state
    assert not AuditEvent.objects.filter(verb="job.cancelled").exists()


def test_a_worker_ends_no_job_that_was_cancelled_meanwhile(db):
    job = enqueue()
    taken = Job.objects.claim(job.pk)
    assert job.cancel() is True
    assert taken.done() is False
    job.refresh_from_db()
    assert (job.state, job.finished_at is None) == ("cancelled", False)


def test_a_job_is_cancelled_with_its_event_or_not_at_all(db, monkeypatch):
    job = enqueue()

    def broken(*args, **more):
        raise RuntimeError("The ledger is gone.")

    monkeypatch.setattr(AuditEventQuerySet, "append_all", broken)
    with pytest.raises(RuntimeError, match="The ledger is gone"):
        job.cancel()
    job.refresh_from_db()
    assert job.state == "pending"


def test_of_two_at_once_one_cancels(transactional_db):
    job, said = enqueue(), []

    def cancel():
        said.append(Job.objects.get(pk=job.pk).cancel())

    assert at_once(cancel, cancel) == {"done": 2}
    assert sorted(said) == [False, True]
    assert AuditEvent.objects.filter(verb="job.cancelled").count() == 1


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
    mails, jobs = Notification.objects.count(), Job.objects.count()
    swept = subprocess.run(
        [sys.executable, "manage.py", "sweep", "--once"],
        env={**os.environ, "REDIS_URL": "redis://127.0.0.1:1/0", "MAIL_URL": "none:"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert swept.stdout == f"{jobs} jobs done\n"
    assert Notification.objects.filter(sent_at__isnull=False).count() == mails > 0
    assert Heartbeat.objects.filter(name="sweeper").exists()


def test_the_sweeper_does_what_no_worker_took(db, servers):
    job = enqueue()
    sweeper = Sweeper(Lane.LONG)
    assert sweeper.sweep_once() == 0, "the workers are told first"
    sweeper.told = dict.fromkeys(sweeper.told, -100.0)
    assert sweeper.sweep_once() == 1
    assert done == [job.pk]


def test_a_told_job_is_left_to_the_workers_for_a_while(db, servers):
    job = enqueue()
    sweeper = Sweeper(Lane.LONG)
    sweeper.sweep_once()
    told = dict(sweeper.told)
    assert told.keys() == {job.pk}
    assert sweeper.sweep_once() == 0
    assert sweeper.told == told, "telling again would begin the waiting anew"


def test_the_sweeper_forgets_what_is_no_longer_due(db, servers):
    """A job that failed and is due again is told of again, with a patience of its own."""
    job = enqueue("breaks")
    sweeper = Sweeper(Lane.LONG)
    sweeper.sweep_once()
    sweeper.told[job.pk] = -100.0
    assert queue.perform(job.pk) is False
    sweeper.sweep_once()
    assert sweeper.told == {}
    make_due(job)
    sweeper.sweep_once()
    assert sweeper.told[job.pk] > 0
    assert Job.objects.get(pk=job.pk).attempts == 1


def test_unknown_kinds_hide_no_others(db, servers):
    with transaction.atomic():
        Job.objects.enqueue_all("of a newer program", [{"n": n} for n in range(300)])
    job = enqueue()
    Job.objects.exclude(pk=job.pk).update(not_before=Clock() - timedelta(days=1))
    sweeper = Sweeper(Lane.LONG)
    sweeper.sweep_once()
    assert sweeper.told.keys() == {job.pk}
    assert Job.objects.filter(state="pending").count() == 301


def test_pauses_grow_and_stop_growing():
    minutes = [pause / timedelta(minutes=1) for pause in kinds.ON_ANOTHER_HOST.pauses()]
    assert minutes[:3] == [4 / 60, 8 / 60, 16 / 60]
    assert all(later == min(2 * one, 60) for one, later in pairwise(minutes))
    assert minutes[-1] == 60
    assert 48 * 60 <= sum(minutes) < 49 * 60
    assert len(minutes) + 1 == kinds.ON_ANOTHER_HOST.attempts == 58
    assert [pause.seconds for pause in kinds.ON_ROWS.pauses()] == [4, 8, 16, 32]


def test_each_pause_is_kept(db):
    """Between two attempts nothing takes the job, and the pauses are those of its kind."""
    job = enqueue("breaks")
    seen = []
    for _ in range(4):
        make_due(job)
        queue.perform(job.pk)
        job.refresh_from_db()
        last = job.tries.last()
        assert Job.objects.claim(job.pk) is None
        seen.append(round((job.not_before - last.ended_at).total_seconds()))
    assert seen == [4, 8, 16, 32]


def test_a_mail_server_may_be_down_for_two_days(db, settings):
    """F23: tried for two days by the real mail kind, and sent once when the server is back."""
    queue.PERFORMERS["mail"] = REAL["mail"]
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 1},
        }
    }
    factories.barred_deal()
    job = Job.objects.filter(kind="mail").earliest("pk")
    waited = timedelta()
    for _ in range(56):
        make_due(job)
        assert queue.perform(job.pk) is False
        job.refresh_from_db()
        assert job.state == "pending"
        waited += job.not_before - job.tries.last().ended_at
    assert timedelta(hours=47) < waited < timedelta(hours=48)
    assert "ConnectionRefusedError" in job.error
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    make_due(job)
    assert queue.perform(job.pk) is True
    assert len(mail.outbox) == 1
    make_due(job)
    assert queue.perform(job.pk) is False, "it is done, and nothing is sent twice"
    assert len(mail.outbox) == 1


def test_an_email_to_nobody_is_not_called_sent(db, mighty):
    """It is reported: the job says why, fails in the end, and can be asked for again."""
    queue.PERFORMERS["mail"] = REAL["mail"]
    deal = factories.barred_deal()
    mighty("auth_user", "UPDATE auth_user SET email = '' WHERE id = %s", [deal.owner_id])
    job = Job.objects.filter(kind="mail", args__notification=deal.notifications.latest("pk").pk)[0]
    assert queue.perform(job.pk) is False
    job.refresh_from_db()
    assert job.error == f"NoAddress: {deal.owner.username} has no email address."
    assert deal.notifications.latest("pk").sent_at is None
    assert mail.outbox == []
    mighty(
        "auth_user", "UPDATE auth_user SET email = 'a@example.com' WHERE id = %s", [deal.owner_id]
    )
    make_due(job)
    assert queue.perform(job.pk) is True
    assert [one.to for one in mail.outbox] == [["a@example.com"]]
    assert deal.notifications.latest("pk").sent_at is not None


def test_a_mail_is_given_up_after_two_days(db, monkeypatch):
    monkeypatch.setitem(kinds.KINDS, "breaks", kinds.KINDS["mail"])
    job = enqueue("breaks")
    for _ in range(57):
        make_due(job)
        queue.perform(job.pk)
    job.refresh_from_db()
    assert job.state == "pending"
    make_due(job)
    queue.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("failed", 58)


def test_each_attempt_is_a_row(db):
    job = enqueue("breaks")
    queue.perform(job.pk)
    make_due(job)
    assert Job.objects.claim(job.pk) is not None
    make_due(job)
    queue.PERFORMERS["breaks"] = queue.PERFORMERS["works"]
    queue.perform(job.pk)
    rows = [(one.number, one.error, one.ended_at is not None) for one in job.tries.all()]
    assert rows == [(1, "ValueError: the mail server said no", True), (2, "", False), (3, "", True)]
    assert all(one.began_at is not None for one in job.tries.all())


def test_a_late_worker_ends_no_other_attempt(db):
    job = enqueue()
    first = Job.objects.claim(job.pk)
    make_due(job)
    second = Job.objects.claim(job.pk)
    assert first is not None
    assert first.failed("too late") is False
    assert second is not None
    assert second.done()
    assert [attempt.ended_at is None for attempt in job.tries.all()] == [True, False]


def test_a_lease_is_kept_by_who_reports_progress(db):
    """Without the report the next worker would take a job that is still at work."""
    job = enqueue()
    held = Job.objects.claim(job.pk, lease=timedelta(seconds=1))
    assert held is not None
    held.note_progress(1, 2, lease=timedelta(seconds=60))
    job.refresh_from_db()
    assert job.lease_until is not None
    left = job.lease_until - timezone.now()
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)
    assert (job.progress_done, job.progress_total) == (1, 2)
    assert not queue.due(Lane.LONG).exists()


def test_progress_reported_too_late_takes_no_lease_back(db):
    job = enqueue()
    first = Job.objects.claim(job.pk)
    make_due(job)
    second = Job.objects.claim(job.pk, lease=timedelta(seconds=10))
    assert first is not None
    assert second is not None
    first.note_progress(9, 9, lease=timedelta(hours=1))
    job.refresh_from_db()
    assert job.progress_done == 0
    assert job.lease_until == second.lease_until


def test_the_usual_lease_outlives_the_time_limit_of_workers(settings):
    assert timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT) <= LEASE


@pytest.mark.parametrize("given_up", [True, False])
def test_a_job_whose_worker_dies_each_time_ends_as_failed(db, monkeypatch, given_up):
    heard: list[int] = []
    if given_up:
        monkeypatch.setitem(queue.GIVEN_UP, "works", lambda job: heard.append(job.pk))
    job = enqueue()
    for _ in range(5):
        assert Job.objects.claim(job.pk) is not None
        make_due(job)
    assert queue.perform(job.pk) is False
    job.refresh_from_db()
    assert (job.state, job.error, done) == ("failed", queue.DIED, [])
    assert heard == ([job.pk] if given_up else [])


def test_what_follows_a_failure_waits_for_the_last_attempt(db, monkeypatch):
    heard: list[int] = []
    monkeypatch.setitem(queue.GIVEN_UP, "breaks", lambda job: heard.append(job.pk))
    job = enqueue("breaks")
    for attempt in range(1, 6):
        make_due(job)
        queue.perform(job.pk)
        assert len(heard) == (attempt == 5)


def test_an_error_with_a_nul_is_written_down(db):
    def breaks(job: Job) -> None:
        raise ValueError("a \0 of a mail server")

    queue.PERFORMERS["breaks"] = breaks
    job = enqueue("breaks")
    queue.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == ("pending", "ValueError: a \\0 of a mail server")


def fail(job: Job) -> None:
    for _ in range(5):
        make_due(job)
        queue.perform(job.pk)


def command(*words: str) -> str:
    output = StringIO()
    call_command("jobs", *words, stdout=output)
    return output.getvalue()


def test_failed_jobs_are_listed(db):
    failed, waiting, finished = enqueue("breaks"), enqueue(), enqueue()
    fail(failed)
    queue.perform(finished.pk)
    listed = command("--failed")
    assert f"{failed.pk}  breaks" in listed
    assert "5 attempts" in listed
    assert "ValueError: the mail server said no" in listed
    assert listed.endswith("1 job, of which 1 failed.\n")
    everything = command()
    assert f"{waiting.pk}  works" in everything
    assert f"{finished.pk}  works" not in everything
    assert everything.endswith("2 jobs, of which 1 failed.\n")


def test_a_long_list_is_cut(db):
    with transaction.atomic():
        Job.objects.enqueue_all("works", [{"n": n} for n in range(53)])
    assert "... and 3 more\n53 jobs" in command()


def test_a_failed_job_is_tried_again(db):
    job = enqueue("breaks")
    fail(job)
    assert command("--retry", str(job.pk)) == f"Job {job.pk} (breaks) will be tried again.\n"
    job.refresh_from_db()
    assert (job.state, job.attempts, job.finished_at) == ("pending", 5, None)
    event = AuditEvent.objects.get(subject=f"job:{job.pk}")
    assert (event.verb, event.actor) == ("job.retried", "system")
    queue.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("pending", 6), "it has all its attempts again"
    assert round((job.not_before - job.tries.last().ended_at).total_seconds()) == 4
    queue.PERFORMERS["breaks"] = queue.PERFORMERS["works"]
    make_due(job)
    assert queue.perform(job.pk) is True


@pytest.mark.parametrize("words", [("--retry", "--all"), ("--all",)])
def test_all_failed_jobs_are_tried_again(db, words):
    failed, waiting = [enqueue("breaks") for _ in range(3)], enqueue()
    for job in failed:
        fail(job)
    assert command(*words) == "3 jobs will be tried again.\n"
    assert queue.due(Lane.LONG).count() == 4
    waiting.refresh_from_db()
    assert waiting.written_off == 0
    assert command(*words) == "0 jobs will be tried again.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--retry", "1000000000"), "There is no job 1000000000"),
        (("--retry", "JOB"), "is pending. Only a failed job can be tried again."),
        (("--retry", "JOB", "--all"), "either the number of one failed job or --all"),
        (("--retry",), "either the number of one failed job or --all"),
    ],
)
def test_what_cannot_be_tried_again(db, words, sentence):
    job = enqueue()
    with pytest.raises(CommandError, match=sentence):
        command(*(str(job.pk) if word == "JOB" else word for word in words))
    assert not AuditEvent.objects.filter(verb="job.retried").exists()


def test_a_kind_is_registered_once(monkeypatch):
    monkeypatch.setattr(kinds, "KINDS", {})
    register = queue.performs("new", lane=Lane.SHORT, retries=kinds.ON_ANOTHER_HOST)
    register(lambda job: None)
    assert kinds.of("new") == Kind(Lane.SHORT, kinds.ON_ANOTHER_HOST)
    with pytest.raises(ValueError, match="two functions perform the job kind 'new'"):
        register(lambda job: None)
