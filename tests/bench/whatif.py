"""What-if of two rulebooks over made deals: python -m tests.bench.whatif [ROWS …]

For 1,000,000 and 10,000,000 deals, partly answered: the counts per (before, after) in polars and
in PostgreSQL, each in a process of its own, with the memory that it needed beyond its rows. Both
must count alike over the same deals. The gate compares polars with the compiled rulebook, one deal
at a time, on the same machine.
"""

import io
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import psycopg2  # noqa: TID251  a server of its own, without the application

from config.devtools import embedded
from policy.engine.language.condition import Rulebook
from policy.engine.language.facts import Choice, Facts, Flags, Vocabulary, YesNo
from policy.engine.readings import sql
from policy.engine.readings.compiled import compile_rulebook
from policy.facts import shipped
from tests.bench import bulk
from tests.bench.gates import Gate, print_gates, say
from tests.bench.proofs import changed

ROWS = (1_000_000, 10_000_000)
#: Different deals among the rows; they are repeated in an order drawn by lot.
DIFFERENT = 100_000
UNKNOWN = 0.05
GATE = 50.0


def main(sizes: Sequence[int] = ROWS) -> int:
    one = one_at_a_time()
    say(f"compiled, one deal at a time: {one:,.0f} deals/s on one core")
    gates = []
    for rows in sizes:
        in_polars = apart("polars", rows)
        in_postgresql = apart("postgresql", rows)
        for name, found in (("polars", in_polars), ("PostgreSQL", in_postgresql)):
            say(
                f"{rows:>12,} rows, {name:10} {found['seconds']:6.2f} s"
                f" {rows / found['seconds']:>12,.0f} rows/s {found['megabytes']:6.0f} MB more"
            )
        same = in_polars["counts"] == in_postgresql["counts"]
        gates.append(Gate(f"{rows:,} rows: both count alike (1)", float(same), same))
        ratio = rows / in_polars["seconds"] / one
        gates.append(Gate.at_least(f"{rows:,} rows: polars, times compiled", ratio, GATE))
    return print_gates(gates)


def one_at_a_time() -> float:
    """Deals a second of processor time: both rulebooks over the same kind of deals."""
    before, after = rulebooks()
    deals = made_deals(before.vocabulary, 5_000)
    first, second = compile_rulebook(before), compile_rulebook(after)
    began = time.process_time()
    for facts in deals:
        first.outcome(facts), second.outcome(facts)
    return len(deals) / (time.process_time() - began)


def rulebooks() -> tuple[Rulebook, Rulebook]:
    """The rulebook that ships and a change of an ordinary size, of one vocabulary."""
    before = shipped.rulebook()
    return before, changed(before)


def made_deals(vocabulary: Vocabulary, count: int) -> list[Facts]:
    """Deals drawn by lot, one answer in twenty unknown."""
    chance = random.Random(3)
    return [
        vocabulary.parse({name: drawn(fact, chance) for name, fact in vocabulary.items()})
        for _ in range(count)
    ]


def drawn(fact: Any, chance: random.Random) -> Any:
    if chance.random() < UNKNOWN:
        return None
    if isinstance(fact, Choice):
        return chance.choice(fact.values)
    if isinstance(fact, YesNo):
        return chance.random() < 0.5
    if isinstance(fact, Flags):
        return chance.sample(fact.members, chance.randint(1, 4))
    return None


def apart(name: str, rows: int) -> dict[str, Any]:
    """What `name` found, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.whatif", name, str(rows)],
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def polars(rows: int) -> dict[str, Any]:
    before, after = rulebooks()
    few = bulk.frame(before.vocabulary, made_deals(before.vocabulary, DIFFERENT))
    deals = pl.concat([few] * (rows // DIFFERENT), rechunk=True)
    bulk.changes(deals.head(1000), before, after)
    with watched("self") as megabytes:
        began = time.perf_counter()
        found = bulk.changes(deals, before, after)
        seconds = time.perf_counter() - began
    return said(seconds, megabytes[0], [list(row) for row in found.iter_rows()])


def postgresql(rows: int) -> dict[str, Any]:
    before, after = rulebooks()
    with embedded.temporary() as servers:
        connection = psycopg2.connect(servers.owner_url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            fill(cursor, before.vocabulary, rows)
            cursor.execute("select pg_backend_pid()")
            with watched(str(cursor.fetchone()[0])) as megabytes:
                began = time.perf_counter()
                cursor.execute(
                    f"select {sql.outcome(before)} as before, {sql.outcome(after)} as after,"
                    " count(*) from made group by 1, 2 order by 1, 2"
                )
                counts = [list(row) for row in cursor.fetchall()]
                seconds = time.perf_counter() - began
            return said(seconds, megabytes[0], counts)


def fill(cursor: Any, vocabulary: Vocabulary, rows: int) -> None:
    """The different deals by COPY, then as often as rows are wanted."""
    columns = sql.columns(vocabulary)
    typed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    for table in ("few", "made"):
        cursor.execute(f"create unlogged table {table} (id bigint, {typed})")
    lines = io.StringIO()
    for at, facts in enumerate(made_deals(vocabulary, DIFFERENT)):
        values = sql.row(facts)
        cells = ["\\N" if values[name] is None else str(values[name]) for name in columns]
        lines.write("\t".join([str(at), *cells]) + "\n")
    lines.seek(0)
    cursor.copy_expert("copy few from stdin", lines)
    cursor.execute(
        "insert into made select few.* from generate_series(1, %s), few", [rows // DIFFERENT]
    )
    cursor.execute("vacuum (analyze) made")


@contextmanager
def watched(pid: str) -> Iterator[list[float]]:
    """Megabytes of its own that a process occupied beyond those at the start, looked at often."""
    start, most, done = private_of(pid), [0.0], threading.Event()

    def look() -> None:
        while not done.wait(0.005):
            most[0] = max(most[0], private_of(pid) - start)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()


def private_of(pid: str) -> float:
    """Megabytes that a process occupies itself: not those of files or of the shared buffers."""
    for line in Path("/proc", pid, "status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def said(seconds: float, megabytes: float, counts: list[Any]) -> dict[str, Any]:
    return {"seconds": seconds, "megabytes": megabytes, "counts": counts}


if __name__ == "__main__":
    if sys.argv[1:2] in (["polars"], ["postgresql"]):
        work = {"polars": polars, "postgresql": postgresql}[sys.argv[1]]
        json.dump(work(int(sys.argv[2])), sys.stdout)
    else:
        sys.exit(main([int(one) for one in sys.argv[1:]] or ROWS))
