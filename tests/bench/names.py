"""What the matcher of names finds and leaves alone, and how fast: python -m tests.bench.names

With the argument "write" it also writes the figures that ship beside the registry.
Prints each figure of the shipped registry beside what it must be, then the time that a name takes
in a list of LONG names. Exit status 1 when a gate is missed.

The long list is made of the words of the shipped names, put together at random: as many names as a
company has that loads the sanctions lists of several authorities.
"""

import json
import random
import sys
import time
from collections.abc import Sequence
from statistics import median, quantiles

from policy.engine.language.facts import digest
from policy.facts import shipped
from policy.reference.names.matcher import Listed, Matcher
from policy.reference.names.measuring import Figure, measure, missed
from policy.reference.registry import Registry
from tests.bench.gates import Gate, print_gates, say

MEASURED = shipped.FOLDER / "registry" / "measured.json"
LONG, TYPED = 94_000, 400
#: Milliseconds of one core.
MEDIAN, SLOW = 40, 80


def long_list(registry: Registry, count: int, seed: int = 3) -> list[Listed]:
    """Names of the registry and more that are made of their words."""
    draw = random.Random(seed)
    names = [name for party in registry.parties for name in (party.name, *party.aliases)]
    words = [word for name in names for word in name.split()]
    made = [" ".join(draw.choices(words, k=draw.randint(2, 6))) for _ in range(count - len(names))]
    return [Listed(at, name, "", counts=True) for at, name in enumerate([*names, *made])]


def typed_names(listed: Sequence[Listed], count: int, seed: int = 4) -> list[str]:
    """Half of them misspelt names of the list, half made of words of two of them."""
    draw = random.Random(seed)
    typed = []
    for _ in range(count // 2):
        name = draw.choice(listed).name
        at = draw.randrange(len(name))
        typed.append(f"{name[:at]}{name[at + 1 :]}")
        one, other = draw.choice(listed).name.split(), draw.choice(listed).name.split()
        typed.append(" ".join([*one[: len(one) // 2 + 1], *other[len(other) // 2 :]]))
    return typed


def timed(registry: Registry) -> list[float]:
    """Milliseconds of processor time for each typed name."""
    listed = long_list(registry, LONG)
    started = time.process_time()
    matcher = Matcher(listed)
    say(f"{len(listed):,} names, ready after {time.process_time() - started:.1f} s")
    times = []
    for name in typed_names(listed, TYPED):
        started = time.process_time()
        matcher.heard(name)
        times.append((time.process_time() - started) * 1000)
    return times


def shipped_figures(figures: Sequence[Figure]) -> str:
    """The text of the file that the page of the registry reads for the version that ships."""
    text = shipped.registry_text() + shipped.text(shipped.WORDS)
    content = {"digest": digest(text), "figures": [one.plain for one in figures]}
    return f"{json.dumps(content, indent=1)}\n"


def say_figures(figures: Sequence[Figure]) -> None:
    """A line each: the figure, what it must be, of how many names."""
    say(f"\n      {'':70}{'is':>8}{'must be':>15}{'names':>8}")
    for one in figures:
        state = "pass" if one.is_reached else "FAIL"
        say(f"{state}  {one.words:70}{one.share:8.4f}{one.demanded:>15}{one.of:8,}")


def main(arguments: Sequence[str]) -> int:
    registry = shipped.load().registry
    figures = measure(registry)
    say_figures(figures)
    if arguments == ["write"]:
        MEASURED.write_text(shipped_figures(figures), encoding="utf-8")
    times = timed(registry)
    gates = [
        Gate.at_most("figures missed", len(missed(figures)), 0),
        Gate.at_most(f"ms for a name among {LONG:,}, median", median(times), MEDIAN),
        Gate.at_most("ms, 95 of 100", quantiles(times, n=20)[-1], SLOW),
    ]
    return print_gates(gates)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
