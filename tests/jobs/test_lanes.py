"""Emails wait behind no check: real workers and a real sweeper, busy with long work."""

import pytest
import redis
from django.db import connection, transaction

from config.devtools import demo
from jobs import kinds, queue
from jobs.kinds import QUEUES, Lane
from jobs.management.commands import sweep
from jobs.models import Heartbeat, Job
from jobs.tasks import wake
from policy.governance.parts import CHECK, GATHER, PART
from screening import mail
from screening.models import Notification
from tests import factories
from tests.jobs.programs import SERVICES, running, sweeper, wait_for, worker

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The jobs that were done, in their order: a kind of parts, and one of what is whole."""
    found: list[int] = []
    for name, is_part in (("test_part", True), ("test_whole", False)):
        monkeypatch.setitem(queue.PERFORMERS, name, lambda job: found.append(job.pk))
        monkeypatch.setitem(kinds.KINDS, name, kinds.Kind(is_part=is_part))
    return found


def enqueue(kind: str, times: int = 1) -> list[int]:
    with transaction.atomic():
        return [Job.objects.enqueue(kind).pk for _ in range(times)]


def running_of(kind: str) -> int:
    return Job.objects.filter(kind=kind, state=Job.State.RUNNING).count()


def all_mails_sent() -> bool:
    return not Notification.objects.filter(sent_at=None).exists()


def test_emails_and_checks_have_lanes_of_their_own():
    short = {kind for kind in queue.PERFORMERS if kinds.of(kind).lane == Lane.SHORT}
    assert {"mail", "password_mail", "version_mail"} == {
        kind for kind in short if not kind.startswith("test_")
    }
    assert {kinds.of(kind).lane for kind in (CHECK, PART, GATHER, "heard of by nobody")} == {
        Lane.LONG
    }


def test_every_lane_has_workers_that_serve_no_other():
    queues = {
        name: [word.removeprefix("--queues=") for word in service["command"] if "queues" in word]
        for name, service in SERVICES.items()
        if "worker" in service.get("command", [])
    }
    assert sorted(queues.values()) == sorted([queue] for queue in QUEUES.values())


@pytest.mark.django_db(transaction=True)
def test_an_email_passes_checks_that_keep_every_long_worker_busy(servers, tmp_path):
    redis.Redis.from_url(servers.redis_url).flushdb()
    checks = enqueue("test_long", 4)
    surroundings = {"MAIL_URL": f"folder:{tmp_path}"}
    with running(worker("worker"), **surroundings), running(worker("worker-short"), **surroundings):
        assert wake(checks, Lane.LONG)
        wait_for(lambda: running_of("test_long") == 2)
        factories.barred_deal()
        mails = list(Job.objects.filter(kind=mail.KIND).values_list("pk", flat=True))
        assert mails
        assert wake(mails, Lane.SHORT)
        wait_for(all_mails_sent, 20)
        assert running_of("test_long") == 2, "the checks still run"
    assert len(list(tmp_path.iterdir())) >= 1


@pytest.mark.django_db(transaction=True)
def test_an_email_passes_a_check_in_the_sweeper_too(tmp_path):
    """Without Redis the sweeper does all the work, and does the short one meanwhile."""
    enqueue("test_long", 2)
    with running(sweeper(), REDIS_URL=NOWHERE, MAIL_URL=f"folder:{tmp_path}"):
        wait_for(lambda: running_of("test_long") == 1)
        factories.barred_deal()
        wait_for(all_mails_sent, 20)
        assert running_of("test_long") == 1
        assert Heartbeat.objects.filter(name="sweeper-long").exists()


@pytest.mark.django_db(transaction=True)
def test_a_sweeper_outlives_a_restart_of_the_database(superuser_url):
    from config.devtools import embedded

    done = enqueue("test_short")
    with running(sweeper("--every", "1"), REDIS_URL=NOWHERE) as program:
        wait_for(lambda: Job.objects.get(pk=done[0]).state == Job.State.DONE)
        connection.close()
        with embedded.admin(superuser_url) as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'proviso_app' AND datname = current_database()"
            )
            assert len(cursor.fetchall()) == 2, "each lane has its own connection"
        later = enqueue("test_short")
        wait_for(lambda: Job.objects.get(pk=later[0]).state == Job.State.DONE)
        assert program.poll() is None


@pytest.mark.django_db(transaction=True)
def test_a_sweeper_stops_when_asked(tmp_path):
    import signal

    with running(sweeper(), REDIS_URL=NOWHERE) as program:
        wait_for(lambda: Heartbeat.objects.filter(name="sweeper").exists())
        program.send_signal(signal.SIGTERM)
        assert program.wait(15) == 0


@pytest.mark.django_db(transaction=True)
def test_a_job_that_kills_its_worker_each_time_ends_as_failed(servers):
    """Through real workers; only the waiting for leases is cut short."""
    redis.Redis.from_url(servers.redis_url).flushdb()
    [pk] = enqueue("test_deadly")
    with running(worker("worker")):
        for attempt in range(1, kinds.ON_ROWS.attempts + 1):
            assert wake([pk], Lane.LONG)
            wait_for(lambda number=attempt: Job.objects.get(pk=pk).attempts == number)
            # The child is dead when a new one has taken its place; the row still says running.
            Job.objects.filter(pk=pk).update(lease_until=factories.timezone.now())
        assert wake([pk], Lane.LONG)
        wait_for(lambda: Job.objects.get(pk=pk).state == Job.State.FAILED)
    job = Job.objects.get(pk=pk)
    assert job.error == queue.DIED
    assert [attempt.ended_at is None for attempt in job.tries.all()] == [True] * 5 + [False]


def test_the_demo_has_a_worker_for_each_lane(monkeypatch):
    started = {}

    class Programs:
        def start(self, name, *words):
            started[name] = words

    demo.start_web(Programs(), 8000)
    demo.start_others(Programs())
    workers = [words for words in started.values() if "worker" in words]
    served = [words[words.index("--queues") + 1] for words in workers]
    assert sorted(served) == sorted(QUEUES.values())


def parts_and_a_whole() -> tuple[list[int], int]:
    parts = enqueue("test_part", 2)
    return parts, enqueue("test_whole")[0]


def test_what_is_whole_waits_for_no_part(db, performed):
    parts, whole = parts_and_a_whole()
    assert list(queue.due(Lane.LONG).values_list("pk", flat=True)) == [whole, *parts]
    assert queue.perform_next(parts[0], Lane.LONG), "a message for a part may come too early"
    assert performed == [whole]


def test_no_message_is_lost_when_another_did_its_job(db, performed):
    parts, whole = parts_and_a_whole()
    for pk in (parts[0], parts[1], whole):
        assert queue.perform_next(pk, Lane.LONG)
    assert sorted(performed) == sorted([*parts, whole])
    assert not queue.perform_next(whole, Lane.LONG)


def test_the_sweeper_looks_again_before_it_did_everything(db, performed, monkeypatch):
    parts, _ = parts_and_a_whole()
    monkeypatch.setattr(sweep, "wake", lambda pks, lane: False)
    monkeypatch.setattr(sweep, "LONGEST", -1)
    own = sweep.Sweeper(Lane.LONG)
    assert own.sweep_once() == 0
    assert own.has_more
    monkeypatch.setattr(sweep, "LONGEST", 5)
    assert own.sweep_all() == 3
    assert performed[1:] == parts
