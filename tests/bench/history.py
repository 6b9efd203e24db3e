"""Back-test of two rulebooks over stored screenings: python -m tests.bench.history [SCREENINGS]

Fills a database of its own with SCREENINGS (1,000,000) stored screenings made from the labelled
deals, and prints what PostgreSQL takes to play two rulebooks over `deal_facts`, what it takes over
the same facts in a jsonb column, and how much memory this process needed. Ends with 1 when a gate
is missed: 2 seconds for a million screenings, and ten times faster than jsonb.
"""

import json
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from typing import Any

import psutil

from tests.bench.ready import own_database, sign_in  # models can be imported from here on

# isort: split

from django.core.management import call_command
from django.db import connection

from config.devtools import embedded
from policy import active
from policy.engine.language.condition import OUTCOMES, Rulebook
from policy.engine.language.facts import canonical
from policy.engine.readings import sql
from policy.facts import shipped
from policy.facts.derive import trace
from screening.models import Screening
from screening.sweep import backtest, in_place
from tests import factories
from tests.bench.gates import Gate, print_gates, say

MILLION = 1_000_000
#: For a million screenings, changes included but not named.
MOST_SECONDS = 2.0
LEAST_TIMES = 10.0
#: So many are played over jsonb.
SAMPLE = 100_000
#: The rule whose outcome changes: one labelled deal in a hundred hangs on it alone.
CHANGED = "B08"


def main(count: int = MILLION) -> int:
    with own_database() as servers:
        say(f"{count:,} stored screenings, filled in {timed(lambda: fill(count))[0]:.0f} s")
        tidy(servers)
        before, after = shipped.rulebook(), changed(shipped.rulebook())
        gates = measure(before, after, count)
        gates.append(against_jsonb(before, after, servers))
    return print_gates(gates)


def changed(rulebook: Rulebook) -> Rulebook:
    """The rulebook with one bar that became a review; it promises nothing, which nobody reads."""
    rules = tuple(
        replace(one, outcome="senior_review") if one.id == CHANGED else one
        for one in rulebook.rules
    )
    return replace(rulebook, rules=rules, promises=())


# --- Measured ------------------------------------------------------------------------------------


def measure(before: Rulebook, after: Rulebook, count: int) -> list[Gate]:
    """In parts, as the workers of a check play it; this process is the only one here."""
    data = replace(active.reference_data(), rulebook=before)
    other = replace(data, rulebook=after)
    seconds, spans = timed(lambda: backtest.spans(data, other, rulebook_only=True))
    parts = [span for span in spans if span.what == "screenings"]
    say(f"  cut into parts       {seconds:7.2f} s  {len(parts)} parts")

    def played() -> Counter[tuple[str, str]]:
        matrix: Counter[tuple[str, str]] = Counter()
        for span in parts:
            matrix += in_place.play(before, after, first=span.first, last=span.last).matrix
        return matrix

    alone, matrix = best(played)
    on_one_core = cpu_seconds(played)
    assert matrix.total() == count, "each screening once"
    moved = sum(n for (one, two), n in matrix.items() if one != two)
    assert moved, "the change changes something"
    say(f"  two rulebooks        {alone:7.2f} s  {count / alone:,.0f} screenings/s")
    say(f"  on one core          {on_one_core:7.2f} s  of processor time")
    whole = all_parts_at_once(before, after, matrix)
    say(f"  the same, one part   {whole:7.2f} s")
    memory = psutil.Process().memory_info().rss
    seconds, found = timed(
        lambda: backtest.backtest(data, other, rulebook_only=True, note=lambda _done, _of: None)
    )
    assert dict(found.matrix) == dict(matrix)
    assert len(found.changed) == moved
    # The changes are still held; the peak was reached while the past was filled in.
    more = (psutil.Process().memory_info().rss - memory) / 2**20
    say(f"  changes named too    {seconds:7.2f} s  {moved:,} changes, {more:.0f} MB for them")
    say(f"  this process         {peak():7.0f} MB at its peak")
    # A machine that does nothing else needs no longer than one core computes.
    seconds = min(alone, on_one_core) * MILLION / count
    return [Gate.at_most("seconds for a million", seconds, MOST_SECONDS)]


def all_parts_at_once(before: Rulebook, after: Rulebook, matrix: Counter[tuple[str, str]]) -> float:
    [(first, last)] = run("SELECT min(id), max(id) FROM screening_screening")
    seconds, found = best(lambda: in_place.play(before, after, first=first, last=last))
    assert found.matrix == matrix
    return seconds


def against_jsonb(before: Rulebook, after: Rulebook, servers: embedded.Servers) -> Gate:
    """The same expressions over some of them, each column read from a jsonb column instead."""
    [(first, last)] = run("SELECT min(id), min(id) + %s FROM screening_screening", SAMPLE - 1)
    sign_in(servers.owner_url)
    # Rows this long would else be kept compressed beside the table, and jsonb be slower still.
    run("CREATE TABLE facts_in_jsonb (screening_id bigint, variant smallint, facts jsonb)")
    run("ALTER TABLE facts_in_jsonb SET (toast_tuple_target = 8160)")
    run("ALTER TABLE facts_in_jsonb ALTER facts SET STORAGE MAIN")
    run(
        "INSERT INTO facts_in_jsonb SELECT screening_id, variant, jsonb_strip_nulls("
        "to_jsonb(deal_facts) - 'screening_id' - 'variant') FROM deal_facts"
        " WHERE screening_id BETWEEN %s AND %s",
        first,
        last,
    )
    run("ALTER TABLE facts_in_jsonb ADD PRIMARY KEY (screening_id, variant)")
    run("VACUUM (ANALYZE) facts_in_jsonb")
    statement = (
        "SELECT before, after, count(*) FROM (SELECT screening_id,"
        f" max({of_jsonb(before)}) AS before, max({of_jsonb(after)}) AS after"
        " FROM facts_in_jsonb GROUP BY screening_id) AS screened GROUP BY before, after"
    )
    rows = run(statement)
    slow = cpu_seconds(lambda: run(statement))
    matrix = {(OUTCOMES[one], OUTCOMES[two]): n for one, two, n in rows}
    found = in_place.play(before, after, first=first, last=last)
    quick = cpu_seconds(lambda: in_place.play(before, after, first=first, last=last))
    assert found.matrix == matrix, "both read the same facts"
    say(f"  {SAMPLE:,} over jsonb   {slow:7.2f} s  of processor time, in columns {quick:.2f} s")
    return Gate.at_least("times faster than over jsonb", slow / quick, LEAST_TIMES)


def of_jsonb(rulebook: Rulebook) -> str:
    """The rank of the outcome, every column replaced by a key of a jsonb object."""
    kinds = sql.columns(rulebook.vocabulary)
    return re.sub(
        r'"(\w+)"',
        lambda found: f"(facts->>'{found[1]}')::{kinds[found[1]]}",
        sql.outcome(rulebook),
    )


def timed[Value](work: Callable[[], Value]) -> tuple[float, Value]:
    started = time.perf_counter()
    value = work()
    return time.perf_counter() - started, value


def best[Value](work: Callable[[], Value]) -> tuple[float, Value]:
    """The shortest of three: what others do on this machine only ever adds."""
    return min((timed(work) for _ in range(3)), key=lambda one: one[0])


def cpu_seconds(work: Callable[[], object]) -> float:
    """Processor time that PostgreSQL takes for it on one core, the least of three runs.

    Unlike time on the clock it does not grow when others use this machine. Needs a server here;
    of one elsewhere the clock is all there is.
    """
    run("SET max_parallel_workers_per_gather = 0")
    [(pid,)] = run("SELECT pg_backend_pid()")
    try:
        server = psutil.Process(pid)
        found = []
        for _ in range(3):
            before = server.cpu_times()
            work()
            after = server.cpu_times()
            found.append(after.user + after.system - before.user - before.system)
        return min(found)
    except psutil.Error:
        return best(work)[0]
    finally:
        run("RESET max_parallel_workers_per_gather")


def peak() -> float:
    """Megabytes that this process held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- A past of many screenings -------------------------------------------------------------------


def run(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


def fill(count: int) -> None:
    """One screening of each labelled deal by the program, then copies of them by PostgreSQL."""

    factories.reference_data()
    like = factories.cleared_deal().screening
    for facts in past():
        found = Screening.objects.get(pk=like.pk)
        found.pk, found._state.adding = None, True
        found.facts_text = canonical(facts)
        found.save()
    with redirect_stdout(StringIO()):
        call_command("rebuild_deal_facts")
    [(first, last)] = run("SELECT min(id), max(id) FROM screening_screening")
    copied = last + 1, first + count - 1, first, first, last - first + 1
    fields = [field for field in Screening._meta.concrete_fields if not field.generated]
    names = [field.column for field in fields if field.column != "id"]
    copy("screening_screening", "id", names, copied)
    copy("deal_facts", "screening_id", ["variant", *sql.columns(shipped.vocabulary())], copied)


def tidy(servers: embedded.Servers) -> None:
    """What autovacuum does by itself after so many new rows, now and not in the middle."""
    sign_in(servers.owner_url)
    run("VACUUM (ANALYZE) screening_screening, deal_facts")
    sign_in(servers.app_url)


def copy(table: str, key: str, names: list[str], copied: tuple[int, ...]) -> None:
    columns = ", ".join(f'"{name}"' for name in names)
    run(
        f"INSERT INTO {table} ({key}, {columns}) SELECT number, {columns}"
        f" FROM generate_series(%s, %s) AS number JOIN {table} ON {key} = %s + (number - %s) %% %s",
        *copied,
    )


def past() -> list[list[dict[str, Any]]]:
    """The facts of the labelled deals as screenings store them; every fifth has two variants."""
    text = shipped.text("cases.jsonl")
    data = shipped.load()
    found = []
    for at, line in enumerate(text.splitlines()):
        case = json.loads(line)
        given = {
            name: value
            for name, value in case["derived"].items()
            if name not in ("country_score", "country_source")
        }
        variants = [one.facts.plain for one in trace(case["facts"], data, given=given)]
        found.append([*variants, *found[-1]] if at % 5 == 1 else variants)
    return found


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else MILLION))
