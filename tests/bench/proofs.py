"""Proofs over growing rulebooks: python -m tests.bench.proofs [RULES …]

For the rulebook that ships and for it with made rules added (300 and 1,000): all promises, the
counterexample of a promise that is broken, rules without effect, and the difference to a changed
version. Seconds are those of the child process as a whole, with Z3's start and the reading of the
rulebook, and in brackets the processor time that the promises alone took. The gates hold for the
rulebook that ships.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

from policy.engine.language.condition import All, HasAny, OneOf, Rule, Rulebook
from policy.engine.language.facts import Choice
from policy.engine.proof import difference, proof
from policy.facts import shipped
from tests.bench.gates import Gate, print_gates, say

SIZES = (300, 1000)
#: Seconds that the rulebook that ships may take.
PROMISES_GATE, DIFFERENCE_GATE = 2.0, 2.0
#: For a rulebook of any size; a proof that takes longer does not count.
PATIENCE = proof.Limits(effort=300_000_000, effort_in_all=1_000_000_000, seconds=300)
#: What its promises say must still clear or be reviewed only stays untouched.
CAPABILITIES = (
    "location_platform",
    "dpi_traffic_management",
    "video_surveillance",
    "drone_video",
    "anpr",
    "managed_access_system",
    "sms_content_inspection",
    "li_mediation",
    "li_administration",
    "data_retention",
    "lawful_disclosure",
    "remote_biometric_id",
    "device_forensics",
    "keyword_message_filtering",
    "dpi_blocking",
    "url_content_filtering",
    "subscriber_analytics_individual",
    "circumvention_blocking",
    "shutdown_control",
    "social_media_monitoring",
    "li_interface",
    "direct_access_li",
)


def main(sizes: Sequence[int] = SIZES) -> int:
    shipped_book = shipped.rulebook()
    gates = measure(shipped_book)
    for size in sizes:
        measure(grown(shipped_book, size))
    return print_gates(gates)


def measure(rulebook: Rulebook) -> list[Gate]:
    """Print one rulebook's figures; the gates of promises and difference."""
    say(f"{len(rulebook.rules)} rules, {len(rulebook.promises)} promises")
    promises, verdicts = timed(lambda: proof.prove(rulebook, limits=PATIENCE))
    states = [one.state for one in verdicts]
    alone = sum(one.seconds for one in verdicts)
    say(f"  promises         {promises:7.2f} s ({alone:.2f})  {states.count('proved')} proved")
    broken = replace(rulebook, rules=tuple(one for one in rulebook.rules if one.id != "B01"))
    broken = replace(broken, promises=tuple(one for one in rulebook.promises if one.id == "P01"))
    seconds, (example,) = timed(lambda: proof.prove(broken, limits=PATIENCE))
    say(f"  counterexample   {seconds:7.2f} s ({example.seconds:.2f})  {shown(example)}")
    seconds, dead = timed(lambda: proof.dead_rules(rulebook, limits=PATIENCE))
    say(f"  without effect   {seconds:7.2f} s         {len(dead)} rules")
    seconds, kinds = timed(
        lambda: difference.differences(rulebook, changed(rulebook), limits=PATIENCE)
    )
    say(f"  difference       {seconds:7.2f} s         {len(kinds)} kinds of deal, one example each")
    name = f"rulebook {rulebook.label}"
    everything = states.count("proved") == len(states)
    return [
        Gate(f"{name}: every promise proved (1)", float(everything), everything),
        Gate.at_most(f"{name}: seconds for all promises", promises, PROMISES_GATE),
        Gate.at_most(f"{name}: seconds for the difference", seconds, DIFFERENCE_GATE),
    ]


def timed[Answer](work: Callable[[], Answer]) -> tuple[float, Answer]:
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


def shown(example: proof.Verdict) -> str:
    """The deal in a few words: what is not there or usual is left out."""
    deal = {name: value for name, value in example.deal.items() if value not in (False, [], {})}
    return f"{example.state}, {example.outcome}: {deal.get('capabilities')}"


def grown(rulebook: Rulebook, size: int) -> Rulebook:
    """The rulebook with rules of the kind that policies collect: one end user, capability, risk."""
    risk, user = rulebook.vocabulary["country_risk"], rulebook.vocabulary["end_user_type"]
    if not isinstance(risk, Choice) or not isinstance(user, Choice):
        raise TypeError("country_risk and end_user_type are choices")
    # Deals of these two are asked about or barred already, so that no review decides them.
    users = [one for one in user.values if one not in {"unknown", "intelligence_security"}]
    made = [
        Rule(
            id=f"X{at:04}",
            title=f"Made rule {at}",
            clause="C3a",
            outcome="executive_review",
            when=All(
                (
                    OneOf("end_user_type", (one,)),
                    HasAny("capabilities", (capability,)),
                    OneOf("country_risk", risk.rising[start:]),
                )
            ),
            because="{end_user_name} in {country_name}.",
        )
        for at, (capability, one, start) in enumerate(
            product(CAPABILITIES, users, range(1, len(risk.rising)))
        )
    ]
    return replace(rulebook, rules=(*rulebook.rules, *made[: size - len(rulebook.rules)]))


def changed(rulebook: Rulebook) -> Rulebook:
    """One rule barred instead of reviewed, one rule gone: a change of an ordinary size."""
    rules = [
        replace(rule, outcome="bar") if rule.id == "E14" else rule
        for rule in rulebook.rules
        if rule.id != "S07"
    ]
    return replace(rulebook, rules=tuple(rules))


if __name__ == "__main__":
    sys.exit(main([int(one) for one in sys.argv[1:]] or SIZES))
