"""The promises of a charter over growing rulebooks: python -m tests.bench.charter [RULES …]

For the rulebook that ships and for it with made rules added: thirty promises, those of the charter
and one more, with what the solver took, in steps of its own and in seconds of processor time.
Steps do not depend on how busy the machine is. Then what a charter that changed implies, and the
promises on answers.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace

from policy.engine.language.condition import Promise, Rulebook, Surely
from policy.engine.proof import proof
from policy.engine.proof.answers import prove_answers
from policy.engine.proof.promises import opened
from policy.facts import shipped
from policy.facts.encoded import Encoded
from tests.bench.gates import Gate, print_gates, say
from tests.bench.proofs import PATIENCE, grown, timed

PROMISES = 30
#: Rules → seconds that the solver may take for all promises.
SIZES = {60: 2.0, 300: 5.0, 1000: 15.0}
#: Of steps, five million take a second of a core that does nothing else.
STEPS_A_SECOND = 5_000_000


def main(sizes: Sequence[int] = tuple(SIZES)) -> int:
    gates = [gate for size in sizes for gate in measure(size)]
    succession()
    answers()
    return print_gates(gates)


def promises() -> tuple[Promise, ...]:
    """Those of the charter, terms written out, and one that joins the first two."""
    charter = shipped.charter()
    own = [opened(charter.without_rules, promise) for promise in charter.promises]
    first, second = (one for one in own[:2])
    assert isinstance(first, Surely)
    assert isinstance(second, Surely)
    joined = replace(first, id="CH00", possibly=second.surely)
    return (joined, *own)[:PROMISES]


def measure(size: int) -> list[Gate]:
    """Print what the promises take with so many rules; its gates."""
    rulebook = replace(grown(shipped.rulebook(), size), promises=promises())
    whole, verdicts = timed(lambda: proof.prove(rulebook, limits=PATIENCE))
    alone, steps = sum(one.seconds for one in verdicts), sum(one.effort for one in verdicts)
    states = [one.state for one in verdicts]
    say(
        f"{len(rulebook.rules):5} rules, {len(verdicts)} promises: {alone:6.2f} s of the solver"
        f" ({whole:.2f} with the child process), {steps:12,} steps; {states.count('proved')} proved"
    )
    limit = SIZES.get(size, max(SIZES.values()))
    answered = states.count("not_proved") == 0
    return [
        Gate(f"{size} rules: every promise answered (1)", float(answered), answered),
        Gate.at_most(f"{size} rules: seconds of the solver", alone, limit),
        Gate.at_most(f"{size} rules: steps of the solver", steps, limit * STEPS_A_SECOND),
    ]


def succession() -> None:
    charter = shipped.charter()
    fewer = replace(charter, promises=charter.promises[1:])
    seconds, found = timed(lambda: proof.succession(charter, fewer, limits=PATIENCE))
    kept = sum(fate.fate == "kept" for fate in found.fates)
    say(f"  without one promise {seconds:6.2f} s; {kept} of {len(found.fates)} still implied")


def answers() -> None:
    data = shipped.load()
    encoded = Encoded(data)
    text: Rulebook = shipped.on_answers().without_rules

    def prove() -> list[proof.Verdict]:
        return prove_answers(
            data.rulebook, encoded.derivation, text, replayed=encoded.replayed, limits=PATIENCE
        )

    seconds, verdicts = timed(prove)
    steps = sum(one.effort for one in verdicts)
    proved = sum(one.state == "proved" for one in verdicts)
    say(f"  from answers        {seconds:6.2f} s, {steps:,} steps; {proved} proved")


if __name__ == "__main__":
    sys.exit(main([int(one) for one in sys.argv[1:]] or tuple(SIZES)))
