"""When a review is decided, and how. Pure: votes in, verdict out.

A senior review takes one senior reviewer, and a second one as soon as a vote sets conditions, or
while some of an earlier round, or of another deal of the end user, are not met. An executive review
takes two executives. Votes that differ on approve or reject go to a third person, an executive who
has not voted; that vote decides (policy, C4b; the split is ours).
"""

from collections.abc import Sequence
from typing import NamedTuple

SENIOR, EXECUTIVE = "senior", "executive"
APPROVE, CONDITIONS, REJECT = "approve", "approve_with_conditions", "reject"
VERDICTS = (APPROVE, CONDITIONS, REJECT)


class Tally(NamedTuple):
    """`decided` is approved, approved_with_conditions, rejected or empty while votes are due.

    `next_voter` is the level of the reviewer whose vote is due, empty when decided.
    """

    decided: str
    next_voter: str


def tally(level: str, verdicts: Sequence[str], *, is_owed: bool = False) -> Tally:
    """The state of a review at this level after these verdicts, in the order they were given.

    A verdict after the deciding one changes nothing. ``is_owed`` says that somebody set conditions
    in an earlier round or deal, and they are not met: nobody drops them alone.
    """
    unknown = set(verdicts) - set(VERDICTS)
    if level not in {SENIOR, EXECUTIVE} or unknown:
        raise ValueError(f"no such level or verdict: {level!r}, {sorted(unknown)}")
    if not verdicts:
        return Tally("", level)
    if level == SENIOR and verdicts[0] != CONDITIONS and not is_owed:
        return Tally(_settled(verdicts[:1]), "")
    if len(verdicts) == 1:
        return Tally("", level)
    if len({verdict == REJECT for verdict in verdicts[:2]}) == 1:
        return Tally(_settled(verdicts[:2]), "")
    if len(verdicts) == 2:
        return Tally("", EXECUTIVE)
    # The third vote decides; the conditions of everybody who approved then apply.
    if verdicts[2] == REJECT:
        return Tally("rejected", "")
    return Tally(_settled([verdict for verdict in verdicts[:3] if verdict != REJECT]), "")


def _settled(verdicts: Sequence[str]) -> str:
    if REJECT in verdicts:
        return "rejected"
    return "approved_with_conditions" if CONDITIONS in verdicts else "approved"
