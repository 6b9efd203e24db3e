"""Lines a second of `./run screen` on one core: python -m tests.bench.screening [LINES]

Writes LINES (100,000) different lines made from the labelled deals, screens them in a process of
its own, and prints the rate by processor time, start-up included and left out.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

CASES = Path(__file__).parent.parent / "data" / "cases.jsonl"
COUNTRIES = ["DE", "FI", "NA", "KE", "EG", "BR", "IN", "US"]
MORE = ["ran", "ip_routing", "oss_bss", "microwave", "spare_parts", "location_platform"]
WORDS = ("network", "of", "customer", "grows", "by", "sites", "in", "north", "agreed", "operator")


def different_lines(count: int, seed: int = 5) -> list[str]:
    """Lines that differ in names and texts, a part of them in country, capability and source."""
    draw = random.Random(seed)
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    return [_line(draw, draw.choice(cases), at) for at in range(count)]


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


def seconds(path: Path) -> float:
    """Processor time of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with path.open("rb") as source:
        subprocess.run(
            [sys.executable, "-m", "policy.screen", "-"],
            stdin=source, stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        empty, full = Path(folder, "empty"), Path(folder, "full")
        empty.touch()
        lines = different_lines(count)
        full.write_text("\n".join(lines) + "\n", encoding="utf-8")
        size = full.stat().st_size / count
        say(f"{len(set(lines)):,} different lines of {size:.0f} bytes")
        for _ in range(3):
            started, whole = seconds(empty), seconds(full)
            say(
                f"{count / whole:,.0f} lines/s with start-up ({started:.2f} s),"
                f" {count / (whole - started):,.0f} lines/s without"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
