"""`./run bench engine`: screening one deal, beside hand-written Python and other engines.

All must first agree on answered deals. Times are CPU time of this process, the median of several
rounds that take turns, so that a change of the machine's speed meets everybody. Partly answered
deals then show how many each engine clears although something is missing that could stop the deal.
"""

import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from policy.engine.language.condition import Rulebook
from policy.engine.language.facts import Choice, Fact, Facts, Flags, Vocabulary, YesNo
from policy.engine.readings.compiled import Compiled, compile_rulebook
from policy.engine.readings.reference import assess
from policy.engine.readings.replay import replay
from policy.facts import shipped
from policy.facts.derive import trace
from tests.bench import by_hand, peers
from tests.bench.gates import Gate, print_gates, say

CASES = Path(__file__).parents[2] / "policy" / "data" / "cases.jsonl"
DEALS, NEW_DEALS, PARTLY, ROUNDS = 600, 6000, 600, 9
OURS, EXPLAINED, REPLAYED = "ours: outcome, fired, open", "ours, with explanation", "ours, replay"
PLAIN, NEW = "ours, from a dictionary", "ours, every deal new, caches empty"
HAND = "hand-written Python"
HAND_PLAIN = "hand-written, from a dictionary"
#: Ours against hand-written Python, and with explanation against without: at most.
BY_HAND_GATE, EXPLAINED_GATE = 1.6, 5.0
#: Both from plain dictionaries. Ours looks at every value and refuses one that no fact can take.
PLAIN_GATE = 1.5


class Run(NamedTuple):
    """How a reading screens, and the deals in the form that it takes."""

    screen: Callable[[Any], Any]
    deals: Sequence[Any]
    repeats: int = 20


def main() -> int:
    rulebook = shipped.rulebook()
    answered = answered_deals(rulebook.vocabulary, random.Random(7), count=DEALS)
    cases = list(answered_cases(rulebook))
    runs = readings(rulebook, answered)
    everything = [*answered, *cases]
    check_agreement(readings(rulebook, everything), rulebook, everything)
    say(f"All agree on {len(answered)} made deals and {len(cases)} answered labelled ones.")
    times = measure(runs, rulebook)
    clear = wrongly_clear(rulebook, translated(rulebook))
    print_table(times, clear)
    return print_gates(gates(times, clear))


# --- the deals -----------------------------------------------------------------------------------


#: What an ordinary deal has of each set.
ORDINARY = {
    "capabilities": ("ran", "ip_routing", "mobile_core"),
    "services": ("supply",),
    "abilities_declared": (),
}


def answered_deals(vocabulary: Vocabulary, chance: random.Random, *, count: int) -> list[Facts]:
    """Deals with every fact answered: half mostly ordinary, half anything."""
    return [
        vocabulary.parse(
            {
                name: answer(fact, chance, ordinary=bool(number % 2))
                for name, fact in vocabulary.items()
            }
        )
        for number in range(count)
    ]


def answer(fact: Fact, chance: random.Random, *, ordinary: bool) -> Any:
    if isinstance(fact, Choice):
        mild = fact.rising or fact.values
        return mild[0] if ordinary and chance.random() < 0.7 else chance.choice(fact.values)
    if isinstance(fact, YesNo):
        usual = fact.name.endswith(("_named", "_stated", "_complete", "obligation"))
        return usual if ordinary or chance.random() < 0.5 else chance.random() < 0.5
    if isinstance(fact, Flags):
        pool = ORDINARY[fact.name] if ordinary else fact.members
        return chance.sample(list(pool), min(len(pool), chance.randint(1, 3)))
    return f"some {fact.name}"


def answered_cases(rulebook: Rulebook) -> Iterator[Facts]:
    """The labelled deals of which every fact that a rule reads is known."""
    reference = shipped.load()
    read = sum(rulebook.vocabulary.bits[name] for name in facts_read(rulebook))
    for case in labelled():
        derived = {k: v for k, v in case["derived"].items() if not k.startswith("country_")}
        given = derived | {"country_risk": case["derived"]["country_risk"]}
        for variant in trace(case["facts"], reference, given=given):
            facts = rulebook.vocabulary.adopt(variant.facts)
            if facts.known & read == read:
                yield facts


def labelled() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CASES.read_text("utf-8").splitlines()]


def facts_read(rulebook: Rulebook) -> set[str]:
    """Facts that decide; texts stand in sentences only."""
    named = {name for looks in rulebook.looks.values() for name in looks}
    return {name for name in named if rulebook.vocabulary[name].width}


def new_deals(rulebook: Rulebook) -> list[Facts]:
    return answered_deals(rulebook.vocabulary, random.Random(13), count=NEW_DEALS)


def partly_answered(rulebook: Rulebook, chance: random.Random) -> Iterator[tuple[Facts, dict]]:
    """Facts with one to four of them lost or a member in doubt, and what peers can be told of them.

    A peer knows no member that may be there: it gets those that surely are.
    """
    vocabulary, names = rulebook.vocabulary, sorted(facts_read(rulebook))
    pool = [facts.plain for facts in answered_deals(vocabulary, chance, count=DEALS)]
    known = [case["facts"] for case in labelled()]
    for number in range(sys.maxsize):
        real = known[number % len(known)]
        full = chance.choice(pool) | {
            name: real[name] for name in ("end_user_type", "capabilities") if real[name] is not None
        }
        lost = set(chance.sample(names, chance.randint(1, 4)))
        told = {name: value for name, value in full.items() if name not in lost}
        doubted = dict(told)
        if number % 3 == 0 and told.get("capabilities"):
            *sure, unsure = told["capabilities"]
            told["capabilities"] = sure
            doubted["capabilities"] = {"yes": sure, "unknown": [unsure]}
        yield vocabulary.parse(doubted), told


# --- the readings --------------------------------------------------------------------------------


def translated(rulebook: Rulebook) -> dict[str, tuple[peers.Given, peers.Screen]]:
    return {name: peer.translate(rulebook) for name, peer in peers.PEERS.items()}


def readings(rulebook: Rulebook, answered: Sequence[Facts]) -> dict[str, Run]:
    compiled = compile_rulebook(rulebook)
    plain = [facts.plain for facts in answered]
    stored = [
        (facts.text, facts.digest, rulebook.digest, assess(rulebook, facts).outcome)
        for facts in answered
    ]
    runs = {
        OURS: Run(compiled.verdict, answered),
        PLAIN: Run(compiled.verdict_of, plain),
        EXPLAINED: Run(compiled.assess, answered),
        REPLAYED: Run(lambda one: replayed(compiled, *one), stored),
        HAND_PLAIN: Run(lambda deal: by_hand.screen(by_hand.prepared(deal)), plain),
        HAND: Run(by_hand.screen, [by_hand.prepared(deal) for deal in plain]),
    }
    for name, (given, screen) in translated(rulebook).items():
        runs[name] = Run(screen, [given(deal) for deal in plain], repeats=2)
    return runs


def replayed(compiled: Compiled, text: str, digest: str, rulebook: str, outcome: str) -> str:
    mismatch = replay(
        compiled, facts_text=text, facts_digest=digest, rulebook_digest=rulebook, outcome=outcome
    )
    return outcome if mismatch is None else str(mismatch)


def check_agreement(runs: Mapping[str, Run], rulebook: Rulebook, answered: Sequence[Facts]) -> None:
    """Ends the program when a reading says something else than the plain one."""
    truth = [assess(rulebook, facts).outcome for facts in answered]
    for name, run in runs.items():
        said = [outcome_of(run.screen(deal)) for deal in run.deals]
        wrong = sum(one != true for one, true in zip(said, truth, strict=True))
        if wrong:
            sys.exit(f"{name} disagrees on {wrong} of {len(answered)} answered deals.")


def outcome_of(said: Any) -> str:
    return str(said[0] if isinstance(said, tuple) else said)


def wrongly_clear(
    rulebook: Rulebook, engines: Mapping[str, tuple[peers.Given, peers.Screen]]
) -> dict[str, int]:
    """Of partly answered deals that the plain reading does not clear, how many each clears."""
    compiled = compile_rulebook(rulebook)
    counts = dict.fromkeys([OURS, *engines], 0)
    looked = 0
    for facts, told in partly_answered(rulebook, random.Random(11)):
        if looked == PARTLY:
            break
        if assess(rulebook, facts).outcome == "clear":
            continue
        looked += 1
        counts[OURS] += compiled.outcome(facts) == "clear"
        for name, (given, screen) in engines.items():
            counts[name] += _said(screen, given(told)) == "clear"
    return counts


def _said(screen: peers.Screen, deal: Any) -> str:
    try:
        return screen(deal)
    except Exception:
        # A peer that raises has not cleared the deal.
        return "error"


# --- the clock -----------------------------------------------------------------------------------


def measure(runs: Mapping[str, Run], rulebook: Rulebook) -> dict[str, float]:
    """Microseconds of CPU per deal: the median of rounds in which everybody has a turn."""
    taken: dict[str, list[float]] = {name: [] for name in [*runs, NEW]}
    new = new_deals(rulebook)
    for _ in range(ROUNDS):
        for name, run in runs.items():
            taken[name].append(microseconds(run))
        # A fresh one has seen nothing: each set of fired rules is planned for the first time.
        taken[NEW].append(microseconds(Run(compile_rulebook(rulebook).verdict, new, repeats=1)))
    return {name: statistics.median(times) for name, times in taken.items()}


def microseconds(run: Run) -> float:
    screen, deals = run.screen, run.deals
    gc.collect()  # what others left behind is not this reading's time
    began = time.process_time()
    for _ in range(run.repeats):
        for deal in deals:
            screen(deal)
    return (time.process_time() - began) / run.repeats / len(deals) * 1e6


def gates(times: Mapping[str, float], clear: Mapping[str, int]) -> list[Gate]:
    own = times[OURS]
    found = [
        Gate.at_most("times of hand-written Python", own / times[HAND], BY_HAND_GATE),
        Gate.at_most(
            "times of it, both from dictionaries", times[PLAIN] / times[HAND_PLAIN], PLAIN_GATE
        ),
        Gate.at_most("times with explanation of without", times[EXPLAINED] / own, EXPLAINED_GATE),
    ]
    for name, peer in peers.PEERS.items():
        if peer.gate:
            ratio = times[name] / (own if peer.is_prepared else times[PLAIN])
            found.append(Gate.at_least(f"times of ours, {name}", ratio, peer.gate, peer.goal))
    found.append(Gate.at_most("wrongly clear", clear[OURS], 0))
    return found


def print_table(times: Mapping[str, float], clear: Mapping[str, int]) -> None:
    say(f"\n{'':36}{'µs':>9}{'ratio':>8}   wrongly clear of {PARTLY}")
    for name, taken in times.items():
        say(f"{name:36}{taken:9.2f}{taken / times[OURS]:8.2f}   {clear.get(name, '')}")
    say("")


if __name__ == "__main__":
    sys.exit(main())
