"""Lines a second of `./run screen` on one core: python -m tests.bench.screening [LINES]

Writes LINES (100,000) different lines made from the labelled deals, screens them in a process of
its own, and prints the rate by processor time, start-up included and left out, and the peak memory
beside that for a tenth of the lines. Exit status 1 when a gate is missed.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.bench.gates import Gate, print_gates, say

CASES = Path(__file__).parents[2] / "policy" / "data" / "cases.jsonl"
COUNTRIES = ["DE", "FI", "NA", "KE", "EG", "BR", "IN", "US"]
MORE = ["ran", "ip_routing", "oss_bss", "microwave", "spare_parts", "location_platform"]
Lines = Callable[[int], Iterator[str]]
#: Gates: lines a second with start-up included, and MB more for ten times the lines.
LEAST, MOST_GROWTH = 30_000, 5
ROUNDS = 5
SERVICES = ["supply", "installation", "integration", "training"]
LETTERS = "aeiouklmnrst"
WORDS = ("network", "of", "customer", "grows", "by", "sites", "in", "north", "agreed", "operator")


def different_lines(count: int, seed: int = 5) -> Iterator[str]:
    """Lines that differ in names and texts, a part of them in country, capability and source."""
    draw = random.Random(seed)
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    for at in range(count):
        yield _line(draw, draw.choice(cases), at)


def new_lines(count: int, seed: int = 5, *, are_names_new: bool = True) -> Iterator[str]:
    """Lines of which nearly every one has facts that none had before: nothing is remembered."""
    draw = random.Random(seed)
    for text in different_lines(count, seed):
        line = json.loads(text)
        facts = line["facts"]
        facts["capabilities"] = sorted({*facts["capabilities"], *draw.sample(MORE, 2)})
        facts["services"] = sorted({*facts["services"], *draw.sample(SERVICES, 2)})
        facts["country"] = draw.choice(COUNTRIES)
        for name in ("end_user_name", "customer_name"):
            if facts[name] and are_names_new:
                facts[name] = " ".join("".join(draw.choices(LETTERS, k=7)) for _ in range(2))
        yield json.dumps(line, ensure_ascii=False)


def write(path: Path, count: int, lines: Lines = different_lines) -> None:
    """Writes the lines one by one: a process inherits the peak memory of the one that starts it."""
    with path.open("w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in lines(count))


def _line(draw: random.Random, case: dict, at: int) -> str:
    facts = dict(case["facts"])
    if facts["end_user_name"]:
        facts["end_user_name"] += f" {at}"
    facts["customer_name"] += f" {7 * at}"
    facts["products"] = [f"{product} r{at % 1000}" for product in facts["products"]]
    facts["description"] = " ".join(draw.choices(WORDS, k=30)) + f", reference {at}."
    if draw.random() < 0.5:
        facts["capabilities"] = [*facts["capabilities"], draw.choice(MORE)]
    if draw.random() < 0.3:
        facts["country"] = draw.choice(COUNTRIES)
    derived = case["derived"] if draw.random() < 0.5 else {}
    return json.dumps({"id": f"D-{at}", "facts": facts, "derived": derived}, ensure_ascii=False)


class Run(NamedTuple):
    """Processor seconds and peak memory (MB) of one process."""

    seconds: float
    megabytes: float


#: Screens and then says what it occupied at most. What `wait4` tells is no smaller than the process
#: that started it, which may be a large one.
SCREENING = """
import sys
from pathlib import Path
from policy.facts import screen
status = screen.main(["-"])
lines = Path("/proc/self/status").read_text().splitlines()
sys.stderr.write(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))
sys.exit(status)
"""


def run(path: Path) -> Run:
    """One screening of the file in a process of its own; SystemExit when it fails."""
    # As an installed program runs: what was compiled once is kept.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with (
        path.open("rb") as source,
        subprocess.Popen(
            [sys.executable, "-c", SCREENING],
            env=kept,
            stdin=source,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        said = process.stderr.read() if process.stderr else ""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"The screening of {path.name} ended with status {process.returncode}.")
    return Run(used.ru_utime + used.ru_stime, int(said.split()[-1]) / 1024)


def measured(count: int) -> tuple[list[float], list[float], float]:
    """Rates with start-up, rates without, and growth of memory in MB from a tenth of the lines."""
    with tempfile.TemporaryDirectory() as folder:
        empty, tenth, full = (Path(folder, name) for name in ("empty", "tenth", "full"))
        for path, lines in ((empty, 0), (tenth, count // 10), (full, count)):
            write(path, lines)
        say(f"{count:,} different lines of {full.stat().st_size / count:.0f} bytes")
        # Taking turns, so that a machine that slows down slows down all of them.
        rounds = [(run(empty), run(tenth), run(full)) for _ in range(ROUNDS)]
    whole = [count / all_.seconds for _, _, all_ in rounds]
    alone = [count / (all_.seconds - none.seconds) for none, _, all_ in rounds]
    few, many = (median(one[at].megabytes for one in rounds) for at in (1, 2))
    started = median(none.seconds for none, _, _ in rounds)
    say(f"peak memory {few:.1f} MB for {count // 10:,} lines, {many:.1f} MB for {count:,}")
    say(f"start-up {started:.2f} s of processor time")
    return whole, alone, many - few


def spread(rates: list[float]) -> str:
    return f"{median(rates):,.0f} lines/s ({min(rates):,.0f} to {max(rates):,.0f})"


def of_new_facts(count: int, *, are_names_new: bool) -> float:
    """Lines a second where nearly every line has facts of its own, and names too if so asked."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "new")
        write(path, count, partial(new_lines, are_names_new=are_names_new))
        return count / run(path).seconds


def gates(rate: float, growth: float) -> list[Gate]:
    return [
        Gate.at_least("lines/s of one core, start-up included", rate, LEAST),
        Gate.at_most("MB more for ten times the lines", growth, MOST_GROWTH),
    ]


def main(count: int) -> int:
    whole, alone, growth = measured(count)
    say(f"{spread(whole)} with start-up, {spread(alone)} without; median of {ROUNDS} runs")
    new = of_new_facts(count // 10, are_names_new=False)
    say(f"{new:,.0f} lines/s of new facts in every line, start-up included")
    new = of_new_facts(count // 10, are_names_new=True)
    say(f"{new:,.0f} lines/s of new facts and names in every line, start-up included")
    return print_gates(gates(median(whole), growth))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
