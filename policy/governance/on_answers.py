"""What is promised of answers and of the catalogue, up to the outcome, in the form of a report.

It is proved with each version of any kind, because a catalogue, a registry or a list of countries
can hollow a policy whose rules nobody touches. A promise that spoke of what the active versions do
not have, or that they do not keep either, says nothing against a new one.

The charter has them as a list of its own. Where it was written before that, or there is none, those
that ship hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from policy.engine.language.charter import Charter
from policy.engine.language.condition import Promise, Rulebook
from policy.engine.language.facts import Vocabulary
from policy.engine.language.phrases import OUTCOMES, conditions_of, facts_of, in_words
from policy.engine.language.words import listed
from policy.engine.proof.answers import prove_answers
from policy.engine.proof.promises import unknown_words
from policy.engine.proof.proof import AGAIN, NO_ANSWER, Verdict
from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.facts.encoded import LISTED_AS, Encoded, lacking, remarkable
from policy.governance import report_data, succession
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


def text_of(charter: Charter | None) -> Charter:
    """The promises on answers: those of the charter, or those that ship where it has none."""
    return (charter and charter.on_answers) or shipped.on_answers()


def proved(before: ReferenceData | None, after: ReferenceData, figures: Figures) -> list[OnAnswers]:
    """The promises on answers, proved with the new versions.

    What the active versions, ``before``, do not keep either is excused; nothing excuses a charter,
    which makes the promises.
    """
    text = text_of(after.charter)
    verdicts = _verdicts(after, text, text.promises)
    open_ = [one for one in text.promises if verdicts[one.id].state != PROVED]
    earlier = _verdicts(before, text, open_) if before and open_ else {}
    unsaid = _unsaid(before, text) if before and open_ else set()
    words = text.vocabulary if lacking(after.rulebook.vocabulary) else Encoded(after).answers
    return [
        _told(
            verdicts[one.id],
            bound=bound_of(text, one, figures),
            was_so=one.id in earlier
            and (one.id in unsaid or _is_no_better(earlier[one.id], verdicts[one.id])),
            words=words,
        )
        for one in text.promises
    ]


def _unsaid(data: ReferenceData, text: Charter) -> set[str]:
    """The promises that speak of what these versions do not have."""
    if lacking(data.rulebook.vocabulary):
        return set(text.by_id)
    words = Encoded(data).derivation.vocabulary(data.rulebook)
    return {one.id for one in text.promises if unknown_words(text.without_rules, one, words)}


def _is_no_better(was: Verdict, now: Verdict) -> bool:
    """Whether the active versions keep a promise no better.

    A proof that came to no end says nothing of either.
    """
    if was.state == BROKEN:
        return True
    no_end = [one.because.startswith((AGAIN, NO_ANSWER)) for one in (was, now)]
    return was.state == now.state == OPEN and not any(no_end)


def _verdicts(
    data: ReferenceData, text: Charter, promises: Sequence[Promise]
) -> dict[str, Verdict]:
    if lacks := lacking(data.rulebook.vocabulary):
        why = f"the vocabulary lacks {listed(lacks)}"
        return {one.id: Verdict(one.id, one.says, "not_proved", because=why) for one in promises}
    encoded = Encoded(data)
    found = prove_answers(
        data.rulebook,
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


def bound_of(text: Charter, promise: Promise, figures: Figures) -> str:
    """How surely names are found, in a sentence, of a promise that depends on it; "" of others and
    where nobody measured.
    """
    found = [
        f"{figure['words'].lower()}: {figure['share']} of {figure['of']:,}"
        for figure in figures
        if figure["name"] in FOUND_BY
    ]
    if not found or LISTED_AS not in _reads(text, promise):
        return ""
    return f"Whether a name is found is measured, not proved. {'; '.join(found)}."


# --- A charter beside the former one -------------------------------------------------------------


def compared(before: Charter | None, after: Charter) -> succession.Next:
    """What a charter makes of the promises on answers that held before it.

    A charter without any is no charter to follow one that has them. Where neither has, nothing
    differs. Raises proof.NotProved without an answer.
    """
    if after.on_answers is not None:
        return succession.compared(text_of(before), after.on_answers, in_a_line=_in_a_line)
    problems = []
    if before is not None and before.on_answers is not None:
        problems = [
            f"Charter {before.label} has promises on answers, and this one has none. Keep the list"
            " on_answers."
        ]
    return succession.Next([], problems, {})


def _in_a_line(text: Rulebook, answers: Mapping[str, Any]) -> str:
    return "; ".join(f"{label}: {value}" for label, value in shown(text, answers))


def shown(text: Charter | Rulebook, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The answers that say something, each with its question."""
    return remarkable(text.vocabulary, answers)


def tell(
    rows: list[report_data.OnAnswers],
    compared: succession.Next,
    data: ReferenceData,
    stored: Mapping[str, int],
) -> None:
    """Say of each promise of a new charter what is to be known of it besides its proof.

    ``stored`` says of how many stored deals a promise speaks, where there are any.
    """
    text = data.charter.on_answers if data.charter else None
    if text is None:
        return
    spoken = succession.labelled_by_answers(text, data)
    for row in rows:
        name = row["id"]
        row["speaks_of"] = shown(text, compared.speaks_of.get(name, {}))
        row["standing"] = {
            "clause": text.grounds[name].clause,
            "from_policy": text.grounds[name].from_policy,
            "in_words": in_words(text.without_rules, text.by_id[name]),
            "labelled": len(spoken[name]),
            "stored": stored.get(name),
        }
