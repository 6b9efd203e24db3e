import os
import signal
import subprocess
import sys
import time

import pytest
import redis
from django.db import transaction

from config.celery import app
from config.devtools import embedded
from config.devtools.embedded import ROOT
from jobs.kinds import QUEUES, Lane
from jobs.models import Heartbeat, Job
from jobs.tasks import sweep, wake, work


def test_beat_wakes_the_workers():
    for lane, queue in QUEUES.items():
        entry = app.conf.beat_schedule[f"sweep-{lane}"]
        assert (entry["task"], entry["args"]) == (sweep.name, (lane.value,))
        assert entry["options"]["queue"] == queue
        assert entry["schedule"] <= 15


def test_the_app_of_shared_tasks_is_ours():
    assert work.app is app


@pytest.mark.django_db(transaction=True)
def test_a_worker_of_its_own_process_takes_ids(servers):
    """From here over Valkey to a real worker and back through PostgreSQL."""
    redis.Redis.from_url(servers.redis_url).flushdb()
    worker = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "celery",
            "--app",
            "config.celery",
            "worker",
            "--pool",
            "solo",
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "WARNING",
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "C_FORCE_ROOT": "1"},
        start_new_session=True,
    )
    try:
        with transaction.atomic():
            job = Job.objects.enqueue("unknown-kind")
        assert wake([job.pk], Lane.LONG)
        deadline = time.monotonic() + 30
        while not Heartbeat.objects.filter(name="worker-long") and time.monotonic() < deadline:
            time.sleep(0.1)
        assert Heartbeat.objects.filter(name="worker-long").exists()
        # F22: a kind that this program does not know waits for one that does.
        job.refresh_from_db()
        assert job.state == Job.State.PENDING
    finally:
        embedded.stop_group(worker.pid, first=signal.SIGTERM, patience=10)
        worker.wait()


def valkey(tmp_path):
    place = embedded.Place(tmp_path, None, tmp_path)
    server = embedded.Valkey(place, password="secret", log=tmp_path / "log")
    server.start()
    return server


@pytest.mark.parametrize("fault", ["dead", "frozen"])
def test_a_dead_or_frozen_redis_is_given_up_soon(tmp_path, fault):
    """F3: the sweeper asks, and works by itself within seconds when nobody answers."""
    server = valkey(tmp_path)
    program = """
import django, time
django.setup()
from jobs.kinds import Lane
from jobs.tasks import wake
assert wake([1], Lane.SHORT)
print("sent", flush=True)
input()
began = time.monotonic()
assert not wake([1, 2, 3], Lane.SHORT)
print(time.monotonic() - began)
"""
    asker = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"REDIS_URL": server.url, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with asker:
            assert asker.stdout.readline() == "sent\n"
            if fault == "dead":
                server.stop()
            else:
                server.process.send_signal(signal.SIGSTOP)
            answer, _ = asker.communicate("\n", timeout=40)
        assert float(answer) < 8
    finally:
        if server.process:
            server.process.send_signal(signal.SIGCONT)
        server.stop()
