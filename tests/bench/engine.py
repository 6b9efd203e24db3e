"""`./run bench engine`: screening one deal, beside hand-written Python and other engines.

All must first agree on answered deals. CPU time of this process, median of several rounds that take
turns, so that a change of the machine's speed meets everybody. Partly answered deals then show how
many each engine clears although a fact is missing that could stop the deal.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from policy import shipped
from policy.engine.compiled import compile_rulebook
from policy.engine.facts import Choice, Facts, Flags, YesNo
from policy.engine.reference import assess
from policy.engine.replay import replay
from tests.bench import by_hand, peers

DEALS, PARTLY, ROUNDS = 600, 600, 7
CASES = Path(__file__).parents[1] / "data" / "cases.jsonl"
#: Ours against hand-written Python, with explanation against without: (gate, goal).
BY_HAND, EXPLAINED = (1.6, 1.3), (5.0, 4.0)


def main() -> int:
    rulebook = shipped.rulebook()
    compiled = compile_rulebook(rulebook)
    answered = answered_deals(rulebook.vocabulary, random.Random(7))
    plain = [facts.plain for facts in answered]
    truth = [assess(rulebook, facts).outcome for facts in answered]
    hand = [deal | {"capabilities": frozenset(deal["capabilities"])} for deal in plain]
    stored = [
        (facts.text, facts.digest, rulebook.digest, outcome)
        for facts, outcome in zip(answered, truth, strict=True)
    ]
    runs: dict[str, tuple[Callable[[Any], Any], Sequence[Any]]] = {
        "ours: outcome, fired, open": (compiled.verdict, answered),
        "ours, with explanation": (compiled.assess, answered),
        "ours, replay of stored text": (
            lambda one: replay(
                compiled,
                facts_text=one[0],
                facts_digest=one[1],
                rulebook_digest=one[2],
                outcome=one[3],
            ),
            stored,
        ),
        "hand-written Python": (by_hand.screen, hand),
    }
    engines = {name: translate(rulebook) for name, translate, _, _ in peers.PEERS}
    for name, (given, screen) in engines.items():
        runs[name] = (screen, [given(deal) for deal in plain])
    check_agreement(runs, truth, answered)
    times = measure(runs)
    return report(times, wrongly_clear(rulebook, compiled, engines))


def answered_deals(vocabulary: Any, chance: random.Random) -> list[Facts]:
    """Deals with every fact answered: half mostly ordinary, half anything."""
    return [
        vocabulary.parse({name: answer(fact, chance, ordinary=bool(number % 2))
                          for name, fact in vocabulary.items()})
        for number in range(DEALS)
    ]  # fmt: skip


def answer(fact: Any, chance: random.Random, *, ordinary: bool) -> Any:
    if isinstance(fact, Choice):
        mild = fact.rising or fact.values
        return mild[0] if ordinary and chance.random() < 0.7 else chance.choice(fact.values)
    if isinstance(fact, YesNo):
        usual = fact.name.endswith(("_named", "_stated", "_complete", "obligation"))
        return usual if ordinary or chance.random() < 0.5 else chance.random() < 0.5
    if isinstance(fact, Flags):
        members = (
            ["ran", "ip_routing", "mobile_core"] if fact.name == "capabilities" else ["supply"]
        )
        pool = members if ordinary else fact.members
        return chance.sample(list(pool), chance.randint(1, min(3, len(pool))))
    return f"some {fact.name}"


def check_agreement(runs: Any, truth: Sequence[str], answered: Sequence[Facts]) -> None:
    for name, (screen, deals) in runs.items():
        if "replay" in name:
            wrong = sum(screen(deal) is not None for deal in deals)
        else:
            said = [screen(deal) for deal in deals]
            said = [one[0] if isinstance(one, tuple) else one for one in said]
            wrong = sum(one != true for one, true in zip(said, truth, strict=True))
        if wrong:
            sys.exit(f"{name} disagrees on {wrong} of {len(answered)} answered deals.")
    counts = {outcome: truth.count(outcome) for outcome in dict.fromkeys(truth)}
    print(f"All agree on {len(answered)} answered deals: {counts}")  # noqa: T201


def measure(runs: Any) -> dict[str, float]:
    """Microseconds of CPU per deal: the median of rounds in which everybody has a turn."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, (screen, deals) in runs.items():
            repeats = 20 if name.startswith(("ours", "hand")) else 2
            began = time.process_time()
            for _ in range(repeats):
                for deal in deals:
                    screen(deal)
            taken[name].append((time.process_time() - began) / repeats / len(deals) * 1e6)
    return {name: statistics.median(times) for name, times in taken.items()}


def wrongly_clear(rulebook: Any, compiled: Any, engines: Any) -> dict[str, int]:
    """Of partly answered deals that the plain reading does not clear, how many each clears."""
    chance = random.Random(11)
    names = {rule for looks in rulebook.looks.values() for rule in looks}
    sources = [json.loads(line)["facts"] for line in CASES.read_text().splitlines()]
    counts = dict.fromkeys(["ours", *engines], 0)
    looked = 0
    pool = [facts.plain for facts in answered_deals(rulebook.vocabulary, chance)]
    while looked < PARTLY:
        full = dict(chance.choice(pool))
        if sources:
            known = sources[looked % len(sources)]
            full |= {"end_user_type": known["end_user_type"], "capabilities": known["capabilities"]}
        lost = chance.sample(sorted(names), chance.randint(1, 4))
        plain = {name: value for name, value in full.items() if name not in lost}
        facts = rulebook.vocabulary.parse(plain)
        if assess(rulebook, facts).outcome == "clear":
            continue
        looked += 1
        counts["ours"] += compiled.outcome(facts) == "clear"
        for name, (given, screen) in engines.items():
            counts[name] += _said(screen, given(plain)) == "clear"
    return counts


def _said(screen: Callable[[Any], str], deal: Any) -> str:
    try:
        return screen(deal)
    except Exception:
        return "error"


def report(times: dict[str, float], clear: dict[str, int]) -> int:
    own = times["ours: outcome, fired, open"]
    print(f"\n{'':34}{'µs':>9}{'ratio':>8}   wrongly clear of {PARTLY}")  # noqa: T201
    for name, taken in times.items():
        wrong = clear["ours"] if name == "ours: outcome, fired, open" else clear.get(name, "")
        print(f"{name:34}{taken:9.2f}{taken / own:8.2f}   {wrong}")  # noqa: T201
    gates = [
        ("at most 1.6 × hand-written Python", own / times["hand-written Python"], BY_HAND[0]),
        ("explanation at most 5 × without", times["ours, with explanation"] / own, EXPLAINED[0]),
    ]
    good = [(words, value, value <= limit, limit) for words, value, limit in gates]
    for name, _, gate, goal in peers.PEERS:
        ratio = times[name] / own
        good.append((f"{name}: at least {gate} × (goal {goal})", ratio, ratio >= gate, gate))
    good.append(("wrongly clear: 0", clear["ours"], clear["ours"] == 0, 0))
    print()  # noqa: T201
    for words, value, passed, _ in good:
        print(f"{'pass' if passed else 'FAIL'}  {words:58}{value:8.2f}")  # noqa: T201
    return 0 if all(passed for _, _, passed, _ in good) else 1


if __name__ == "__main__":
    sys.exit(main())
