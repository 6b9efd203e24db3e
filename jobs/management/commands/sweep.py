"""The guarantee that every job is done: listens, looks, and works by itself when Redis is gone."""

import logging
import select
import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from jobs import queue
from jobs.kinds import Lane
from jobs.models import CHANNEL, Heartbeat
from jobs.tasks import BATCH, wake

log = logging.getLogger("proviso.jobs")

# Workers get this long to take a job they were told of before the sweeper does it itself.
PATIENCE = 5.0
# Then it looks again what is due: something may have come that should not wait for the rest.
LONGEST = 5.0
NAMES = {Lane.SHORT: "sweeper", Lane.LONG: "sweeper-long"}


class Sweeper:
    """Looks after one lane. The lanes share no connection and never wait for each other."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.told: dict[int, float] = {}
        self.stopped = threading.Event()
        #: Whether some of what nobody took is left for the next look.
        self.has_more = False

    def sweep_once(self) -> int:
        """Wake the workers for due jobs, and do those that nobody took. Returns how many it did."""
        Heartbeat.beat(NAMES[self.lane])
        due = list(queue.due(self.lane).values_list("pk", flat=True)[:BATCH])
        now = time.monotonic()
        self.told = {pk: at for pk, at in self.told.items() if pk in due}
        fresh = [pk for pk in due if pk not in self.told]
        if fresh and wake(fresh, self.lane):
            self.told.update(dict.fromkeys(fresh, now))
            fresh = []
        forgotten = [pk for pk, at in self.told.items() if now - at > PATIENCE]
        return self.perform_some(fresh + forgotten)

    def sweep_all(self) -> int:
        """The same, until nothing is left that was due."""
        done = self.sweep_once()
        while self.has_more:
            done += self.sweep_once()
        return done

    def perform_some(self, pks: Sequence[int]) -> int:
        """As many as fit into a while; the next look goes on with what is most urgent by then."""
        ends, done = time.monotonic() + LONGEST, 0
        self.has_more = False
        for pk in pks:
            if time.monotonic() > ends:
                self.has_more = True
                break
            done += self.perform(pk)
        return done

    def perform(self, pk: int) -> bool:
        """Do it here. Told to stop, it begins no other job."""
        if self.stopped.is_set():
            return False
        Heartbeat.beat(NAMES[self.lane])
        return queue.perform(pk)

    def listen(self) -> None:
        """From here on nothing that commits is missed."""
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")

    def wait(self, seconds: float) -> None:
        """Until a transaction that wants work commits, or the time is over."""
        link = connection.connection
        until = time.monotonic() + seconds
        with connection.wrap_database_errors:
            link.poll()
            # A second at a time, because a stop must be seen.
            while not self.stopped.is_set() and not link.notifies and time.monotonic() < until:
                select.select([link], [], [], 1)
                link.poll()
        link.notifies.clear()

    def run(self, every: float) -> None:
        try:
            while not self.stopped.is_set():
                self.look(every)
        finally:
            connection.close()

    def look(self, every: float) -> None:
        try:
            close_old_connections()
            self.listen()
            self.sweep_once()
            # Due jobs may already be with a worker: look again soon, not in 15 seconds.
            if not self.has_more:
                self.wait(min(every, PATIENCE) if self.told else every)
        except (OperationalError, InterfaceError):
            log.warning("PostgreSQL does not answer; trying again in 2 seconds")
            connection.close()
            self.stopped.wait(2)


class Command(BaseCommand):
    help = "Hand due jobs to the workers, and do them here when no worker does."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one look, then stop")
        parser.add_argument("--every", type=float, default=15, help="seconds between two looks")

    def handle(self, *args: Any, **options: Any) -> None:
        sweepers = [Sweeper(lane) for lane in Lane]
        if options["once"]:
            done = sum(sweeper.sweep_all() for sweeper in sweepers)
            self.stdout.write(f"{done} jobs done")
            return

        def stop(signum: int, frame: FrameType | None) -> None:
            for sweeper in sweepers:
                sweeper.stopped.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.run_together(sweepers, options["every"])

    def run_together(self, sweepers: list[Sweeper], every: float) -> None:
        """A thread for each lane, until told to stop. When one breaks, the program ends."""
        threads = [
            threading.Thread(target=sweeper.run, args=(every,), name=sweeper.lane)
            for sweeper in sweepers
        ]
        for thread in threads:
            thread.start()
        while all(thread.is_alive() for thread in threads):
            time.sleep(0.5)
        broken = not any(sweeper.stopped.is_set() for sweeper in sweepers)
        for sweeper, thread in zip(sweepers, threads, strict=True):
            sweeper.stopped.set()
            thread.join()
        if broken:
            raise CommandError("A lane stopped by itself; the log says why.")
