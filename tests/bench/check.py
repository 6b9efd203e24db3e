"""A check over years of work: python -m tests.bench.check [DEALS]

In a copy of the database that `./run bench web --fill` makes of DEALS (100,000) deals, a rulebook
with one stricter rule and a list of countries with two other ratings are proposed and checked by
one worker, as every worker does it; the second reads and derives every deal anew. Meanwhile two
people open the pages that they have open all day. Ends with 1 when a gate is missed: a check takes
two workers at most a minute, its report is shorter than a megabyte, and pages cost at most twice
what they cost while nothing is checked.
"""

import multiprocessing
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.bench.ready import sign_in  # models can be imported from here on

# isort: split

from django.contrib.auth.models import User
from django.db import connections
from django.test import override_settings

from people import access
from policy import actions
from policy.governance import parts
from policy.governance.versions import Content
from policy.models import CheckReport
from screening.models import Deal
from tests.bench import past, web
from tests.bench.gates import Gate, print_gates, say
from tests.bench.sweep import UTILITIES, backend, busy
from tests.screening.sweep import sweeping

#: Of a check, for two workers that share its parts.
MOST_SECONDS, WORKERS = 60.0, 2
#: The report of a check, in bytes.
MOST_BYTES = 1_000_000
#: Pages during a check, in times what they cost before it, at their slowest 5 of 100.
BESIDE = 2.0
QUIET = 10.0
#: What people have open all day, and the role that does.
OPEN = {"": access.SENIOR, "reviews/": access.SENIOR, "deals/": access.SALES}


@dataclass
class Checked:
    """What one check took: of the clock, and of the processor for worker and PostgreSQL."""

    seconds: float
    processor: float
    report: int
    state: str
    #: Milliseconds of each page that was opened meanwhile.
    pages: list[float] = field(default_factory=list)


def main(deals: int = past.DEALS) -> int:
    with past.kept() as bench, override_settings(**web.SETTINGS):
        name = past.name_of(deals)
        if not bench.has(name):
            sys.exit(f"There is no database of {deals:,} deals yet: ./run bench web --fill")
        copy = f"{name}_checked"
        bench.remove(copy)
        bench.copy(name, copy)
        try:
            return print_gates(list(measure(bench, copy)))
        finally:
            bench.remove(copy)


def measure(bench: past.Kept, copy: str) -> Iterator[Gate]:
    url = bench.app_url(copy)
    sign_in(url)
    people = web.first_people()
    say(f"{Deal.objects.count():,} deals")
    proposals = {
        "one stricter rule": sweeping.rulebook(UTILITIES, sweeping.STRICTER),
        "two other ratings": sweeping.rated({"FI": "low medium", "TR": "very_high high"}),
    }
    with web.server(url, bench.servers.redis_url) as port:
        quiet = opened(port, people, seconds=QUIET)
        for words, content in proposals.items():
            found = checked(url, content, people, port)
            pages = web.slow(found.pages) / web.slow(quiet)
            say(
                f"  {words}: {found.seconds:.1f} s for one worker beside the pages,"
                f" {found.processor:.1f} s of processor time; report {found.report:,} bytes,"
                f" {found.state}; pages {web.slow(quiet):.0f} ms before and"
                f" {web.slow(found.pages):.0f} ms meanwhile"
            )
            shared = found.processor / WORKERS
            yield Gate.at_most(f"{words}: seconds for two workers", shared, MOST_SECONDS)
            yield Gate.at_most(f"{words}: bytes of the report", found.report, MOST_BYTES)
            yield Gate.at_most(f"{words}: pages, times quiet", pages, BESIDE)


def checked(url: str, content: Content, people: dict[str, User], port: int) -> Checked:
    """Propose, and have another process check it while pages are opened here."""
    sign_in(url)
    version = actions.propose_version(content, actor=people[access.POLICY_OWNER])
    actions.start_check(version, actor=people[access.POLICY_OWNER])
    connections.close_all()
    forked = multiprocessing.get_context("fork")
    told: multiprocessing.Queue[tuple[float, float]] = forked.Queue()
    worker = forked.Process(target=work_off, args=(url, told))
    worker.start()
    with opening(port, people) as pages:
        seconds, processor = told.get()
        worker.join()
    report = CheckReport.objects.get(version=version)
    return Checked(seconds, processor, len(report.text.encode()), report.state, pages)


def work_off(url: str, told: "multiprocessing.Queue[tuple[float, float]]") -> None:
    """Every job of the check, in turn, as one worker does."""
    sign_in(url)
    server = backend()
    began, own, served = time.monotonic(), time.process_time(), busy(server)
    for kind in (parts.CHECK, parts.PART, parts.GATHER):
        sweeping.work(kind)
    processor = time.process_time() - own + busy(server) - served
    told.put((time.monotonic() - began, processor))


@contextmanager
def opening(port: int, people: dict[str, User]) -> Iterator[list[float]]:
    """Pages are opened one after the other for as long as this lasts."""
    taken: list[float] = []
    over = threading.Event()
    sessions = [(path, web.session_of(people[role])) for path, role in OPEN.items()]

    def open_them() -> None:
        while not over.is_set():
            for path, session in sessions:
                taken.append(web.fetch(port, f"/{path}", session)[0])
                time.sleep(0.05)

    thread = threading.Thread(target=open_them)
    thread.start()
    try:
        yield taken
    finally:
        over.set()
        thread.join()


def opened(port: int, people: dict[str, User], *, seconds: float) -> list[float]:
    with opening(port, people) as taken:
        time.sleep(seconds)
    # Each process of the server reads its templates once, and that is not what counts here.
    return taken[len(taken) // 4 :]


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
