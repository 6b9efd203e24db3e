"""Two engines on the same deals: the compiled rulebook, which screens, and the second one.

A fault of the compiler, or of the reader of rulebooks, would change what a version means, and no
proof of its text would notice. So before a version becomes active both engines screen the labelled
deals and ten thousand random ones, the same for the same rulebook.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from policy.engine.language.phrases import OUTCOMES, deal_in_words
from policy.engine.language.words import listed
from policy.engine.readings import second
from policy.facts.derive import ReferenceData
from policy.governance import labelled, report_data

RANDOM = 10_000


class Says(Protocol):
    def said(self, deal: Mapping[str, Any], /) -> second.Said: ...


@dataclass(frozen=True)
class Compared:
    """On how many deals both engines agree, or the first on which they do not."""

    deals: int
    #: Why not, in a sentence; "" when they agree.
    problem: str = ""
    #: The deal on which they do not agree.
    deal: Mapping[str, Any] | None = None
    #: The same in words.
    shown: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        return self.problem or f"Two engines agree on {self.deals:,} deals."

    @property
    def plain(self) -> report_data.Engines:
        return cast(
            "report_data.Engines",
            {
                "deals": self.deals,
                "problem": self.problem,
                "deal": dict(self.deal or {}),
                "shown": [list(row) for row in self.shown],
                "sentence": self.sentence,
            },
        )


def compared(content: str, written: str, data: ReferenceData) -> Compared:
    """A rulebook as it is stored and as a person wrote it ("" where that is not kept), and the
    data that was read from it, on the same deals."""
    stored = json.loads(content)
    known = [facts.plain for several in labelled.facts(data).values() for facts in several]
    try:
        # What a person wrote tries the reader of rulebooks, too.
        book = second.parsed(written) if written else stored["rulebook"]
        engine = second.SecondEngine(stored["vocabulary"], book)
    except (second.Unreadable, LookupError, TypeError, AttributeError, ValueError) as error:
        return Compared(0, f"The second engine cannot read the rulebook: {error}.")
    made = second.random_deals(engine, known, seed=data.rulebook.digest, count=RANDOM)
    count = 0
    for count, deal in enumerate([*known, *made], start=1):
        differs = difference(engine, data, deal)
        if differs:
            words = deal_in_words(data.rulebook.vocabulary, deal).remarkable
            return Compared(count, differs, deal, tuple(words))
    return Compared(count)


def difference(engine: Says, data: ReferenceData, deal: Mapping[str, Any]) -> str:
    """How the two differ on a deal, in a sentence; "" when they agree."""
    compiled = data.compiled.verdict_of(deal)
    outcome, fired, open_ = engine.said(deal)
    if compiled.outcome != outcome:
        return (
            f"Two engines do not agree on a deal: {OUTCOMES[compiled.outcome].lower()} says the one"
            f" that screens, {OUTCOMES[outcome].lower()} the other."
        )
    for one, other, what in ((compiled.fired, fired, "fire"), (compiled.open, open_, "are open")):
        if rules := sorted({*one} ^ other):
            return f"Two engines do not agree on a deal: which rules {what} ({listed(rules)})."
    return ""
