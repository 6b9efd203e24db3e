"""The guarantee that every job is done: listens, looks, and works by itself when Redis is gone."""

import select
import signal
import time
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections, connection

from jobs import queue
from jobs.models import CHANNEL, Heartbeat, Job
from jobs.tasks import BATCH, wake

# Workers get this long to take a job they were told of before the sweeper does it itself.
PATIENCE = 5.0


class Sweeper:
    def __init__(self) -> None:
        self.told: dict[int, float] = {}
        self.running = True

    def stop(self, signum: int, frame: FrameType | None) -> None:
        self.running = False

    def sweep_once(self) -> int:
        """Wake the workers for due jobs, and do those that nobody took. Returns how many it did."""
        Heartbeat.beat("sweeper")
        due = list(Job.objects.due().values_list("pk", flat=True)[:BATCH])
        now = time.monotonic()
        self.told = {pk: at for pk, at in self.told.items() if pk in due}
        fresh = [pk for pk in due if pk not in self.told]
        if fresh and wake(fresh):
            self.told.update(dict.fromkeys(fresh, now))
            fresh = []
        forgotten = [pk for pk, at in self.told.items() if now - at > PATIENCE]
        return sum(queue.perform(pk) for pk in fresh + forgotten)

    def wait(self, seconds: float) -> None:
        """Until a transaction that wants work commits, or the time is over."""
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        link = connection.connection
        link.poll()
        until = time.monotonic() + seconds
        # A second at a time: Python goes back to waiting after a signal, and a stop must be seen.
        while self.running and not link.notifies and time.monotonic() < until:
            select.select([link], [], [], 1)
            link.poll()
        link.notifies.clear()


class Command(BaseCommand):
    help = "Hand due jobs to the workers, and do them here when no worker does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one look, then stop")
        parser.add_argument("--every", type=float, default=15, help="seconds between two looks")

    def handle(self, *args: Any, **options: Any) -> None:
        sweeper = Sweeper()
        if options["once"]:
            done = sweeper.sweep_once()
            self.stdout.write(f"{done} jobs done")
            return
        signal.signal(signal.SIGTERM, sweeper.stop)
        signal.signal(signal.SIGINT, sweeper.stop)
        while sweeper.running:
            try:
                close_old_connections()
                sweeper.sweep_once()
                # Due jobs may already be with a worker: look again soon, not in 15 seconds.
                sweeper.wait(min(options["every"], PATIENCE) if sweeper.told else options["every"])
            except OperationalError:
                self.stderr.write("PostgreSQL does not answer; trying again in 2 seconds")
                connection.close()
                time.sleep(2)
