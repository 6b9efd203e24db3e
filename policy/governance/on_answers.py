"""What is promised of answers and of the catalogue, up to the outcome, in the form of a report.

It is proved with each version of any kind, because a catalogue, a registry or a list of countries
can hollow a policy whose rules nobody touches. A promise that spoke of what the active versions do
not have, or that they do not keep either, says nothing against a new one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, cast

from policy.engine.language.charter import Charter
from policy.engine.language.condition import Promise
from policy.engine.language.facts import Vocabulary
from policy.engine.language.phrases import OUTCOMES, conditions_of, facts_of
from policy.engine.language.words import listed
from policy.engine.proof.answers import prove_answers
from policy.engine.proof.promises import unknown_words
from policy.engine.proof.proof import AGAIN, NO_ANSWER, Verdict
from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.facts.encoded import LISTED_AS, Encoded, lacking, remarkable
from policy.governance import report_data
from policy.governance.proving import BROKEN, OPEN, PROVED

#: Figures of policy.reference.names.measuring that say how surely a listed name is found.
FOUND_BY = ("listed", "decorated", "misspelt")

Figures = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class OnAnswers:
    """One promise: proved, broken by a set of answers, or not proved, which counts as broken."""

    id: str
    says: str
    state: str
    because: str = ""
    #: What is measured and not proved: how surely the registry finds a name.
    bound: str = ""
    #: The plainest answers that break it, in words, and what comes out.
    answers: list[tuple[str, str]] = field(default_factory=list)
    outcome: str = ""
    #: Whether the active versions keep it no better.
    was_so: bool = False

    @property
    def is_against(self) -> bool:
        return self.state != PROVED and not self.was_so

    @property
    def plain(self) -> report_data.OnAnswers:
        return cast("report_data.OnAnswers", asdict(self) | {"against": self.is_against})


def proved(before: ReferenceData, after: ReferenceData, figures: Figures) -> list[OnAnswers]:
    """The promises whose words the active versions have, proved with the new ones."""
    text = _text()
    if lacking(before.rulebook.vocabulary):
        return []
    if lacks := lacking(after.rulebook.vocabulary):
        because = f"the vocabulary lacks {listed(lacks)}"
        return [OnAnswers(one.id, one.says, OPEN, because) for one in text.promises]
    was, now = Encoded(before), Encoded(after)
    words = was.derivation.vocabulary(before.rulebook)
    said = [one for one in text.promises if not unknown_words(text.without_rules, one, words)]
    verdicts = _verdicts(now, text, said)
    open_ = [one for one in said if verdicts[one.id].state != PROVED]
    earlier = _verdicts(was, text, open_) if open_ else {}
    bound = _bound(figures)
    return [
        _told(
            verdicts[one.id],
            bound=bound if LISTED_AS in _reads(text, one) else "",
            was_so=one.id in earlier and _is_no_better(earlier[one.id], verdicts[one.id]),
            words=now.answers,
        )
        for one in said
    ]


@cache
def _text() -> Charter:
    """The promises, in the words of what ships: other versions may lack some of them."""
    data = shipped.load()
    return shipped.answers(Encoded(data).derivation.vocabulary(data.rulebook))


def _is_no_better(was: Verdict, now: Verdict) -> bool:
    """Whether the active versions keep a promise no better.

    A proof that came to no end says nothing of either.
    """
    if was.state == BROKEN:
        return True
    no_end = [one.because.startswith((AGAIN, NO_ANSWER)) for one in (was, now)]
    return was.state == now.state == OPEN and not any(no_end)


def _verdicts(encoded: Encoded, text: Charter, promises: list[Promise]) -> dict[str, Verdict]:
    found = prove_answers(
        encoded.data.rulebook,
        encoded.derivation,
        text.without_rules,
        only=[one.id for one in promises],
        replayed=encoded.replayed,
    )
    return {one.id: one for one in found}


def _reads(text: Charter, promise: Promise) -> set[str]:
    parts = conditions_of(promise)
    return {name for part in parts for name in facts_of(text.without_rules, part)}


def _told(verdict: Verdict, *, bound: str, was_so: bool, words: Vocabulary) -> OnAnswers:
    is_broken = verdict.state == BROKEN
    return OnAnswers(
        verdict.id,
        verdict.says,
        verdict.state,
        verdict.because,
        bound,
        remarkable(words, verdict.deal) if is_broken else [],
        OUTCOMES[verdict.outcome] if is_broken else "",
        was_so,
    )


def _bound(figures: Figures) -> str:
    """How surely names are found, in a sentence; "" where nobody measured."""
    found = [
        f"{figure['words'].lower()}: {figure['share']} of {figure['of']:,}"
        for figure in figures
        if figure["name"] in FOUND_BY
    ]
    return f"Whether a name is found is measured, not proved. {'; '.join(found)}." if found else ""
