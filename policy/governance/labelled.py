"""The labelled deals: what the policy demands of each, and what two versions make of it.

They come with the program (policy/data/CASES.md says what they are). A version that changes one
of them is not wrong for that, but nobody should activate it without having seen which.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, cast

from policy.engine.language.condition import RANK
from policy.engine.language.facts import Facts
from policy.facts import shipped
from policy.facts.answered import answered
from policy.facts.derive import ReferenceData
from policy.facts.encoded import Encoded
from policy.facts.screen import LineError, Screener, parts
from policy.governance import report_data

FILES = ("cases.jsonl", "cases-2.jsonl", "cases-3.jsonl")
#: The key of a deal that needs what the program cannot do yet; it says what, and a test waits too.
WAITS = "waits_for"


@dataclass(frozen=True)
class Labelled:
    """One labelled deal and the line that says it."""

    id: str
    title: str
    outcome: str
    line: bytes


@dataclass(frozen=True)
class ChangedLabel:
    """A labelled deal that comes out differently from before, or from its label."""

    id: str
    title: str
    #: The outcome that the policy demands.
    label: str
    before: str
    after: str
    #: The rules that fire in one of the two and not in the other, or with another outcome.
    rules: list[str]

    @property
    def is_changed(self) -> bool:
        return self.before != self.after

    @property
    def is_looser(self) -> bool:
        """Changed, and now milder than the policy demands."""
        return self.is_changed and RANK[self.after] < RANK[self.label]

    @property
    def plain(self) -> report_data.LabelledDeal:
        return cast(
            "report_data.LabelledDeal",
            asdict(self) | {"looser": self.is_looser, "changed": self.is_changed},
        )


@cache
def deals() -> tuple[Labelled, ...]:
    lines = [line for name in FILES for line in shipped.text(name).splitlines()]
    return tuple(_deal(line) for line in lines if WAITS not in json.loads(line))


def _deal(line: str) -> Labelled:
    record = json.loads(line)
    return Labelled(record["id"], record["title"], record["expected"]["outcome"], line.encode())


#: What is active, and what is compared with it.
MOST_KEPT = 2
type Kept[T] = dict[tuple[str, ...], T]
_results_by_data: Kept[Sequence[dict[str, Any]]] = {}
_facts_by_data: Kept[Mapping[str, list[Facts]]] = {}
_answers_by_data: Kept[Mapping[str, list[Facts]]] = {}


def _kept[T](kept: Kept[T], data: ReferenceData, made: Callable[[ReferenceData], T]) -> T:
    """What is made of this reference data, once for as long as it is among the last that asked."""
    key = tuple(data.digests.values())
    kept[key] = kept.pop(key) if key in kept else made(data)
    while len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]
    return kept[key]


@dataclass(frozen=True)
class Played:
    """What two versions make of the labelled deals."""

    total: int
    changed: list[ChangedLabel]
    #: Deals that could not be screened with the newer version, each with the reason.
    unread: list[str]

    @property
    def plain(self) -> report_data.Labelled:
        changed = [example.plain for example in self.changed]
        return {"total": self.total, "changed": changed, "unread": self.unread}


def play(before: ReferenceData, after: ReferenceData) -> Played:
    """Screen every labelled deal twice; those that are milder than their label come first."""
    examples, unread = [], []
    for deal, was, now in _screened(before, after):
        if "error" in now or "error" in was:
            unread.append(f"{deal.id}: {now.get('error') or was['error']}")
            continue
        example = ChangedLabel(
            deal.id,
            deal.title,
            deal.outcome,
            was["outcome"],
            now["outcome"],
            sorted({rule for rule, _ in _fired(was) ^ _fired(now)}),
        )
        if example.is_changed or example.after != example.label:
            examples.append(example)
    examples.sort(key=lambda example: (not example.is_looser, not example.is_changed))
    return Played(len(deals()), examples, unread)


def _screened(
    before: ReferenceData, after: ReferenceData
) -> Iterator[tuple[Labelled, dict[str, Any], dict[str, Any]]]:
    yield from zip(deals(), _results(before), _results(after), strict=True)


def _results(data: ReferenceData) -> Sequence[dict[str, Any]]:
    """What `./run screen` answers to each labelled deal."""
    return _kept(_results_by_data, data, _answered_by_screen)


def _answered_by_screen(data: ReferenceData) -> Sequence[dict[str, Any]]:
    screener = Screener(data)
    return [
        json.loads(screener.result(number, deal.line)[0])
        for number, deal in enumerate(deals(), start=1)
    ]


def _fired(result: dict[str, Any]) -> set[tuple[str, str]]:
    return {(finding["rule"], finding["outcome"]) for finding in result["findings"]}


def facts(data: ReferenceData) -> Mapping[str, list[Facts]]:
    """The facts of each labelled deal that can be read, in all their variants, by its id."""
    return _kept(_facts_by_data, data, lambda data: dict(_derived(Screener(data))))


def _derived(screener: Screener) -> Iterator[tuple[str, list[Facts]]]:
    for number, deal in enumerate(deals(), start=1):
        try:
            yield deal.id, screener.facts(number, deal.line)
        except LineError:
            # The play over the labelled deals says which cannot be read.
            continue


def answers(data: ReferenceData) -> Mapping[str, list[Facts]]:
    """The answers of each labelled deal that promises speak of, likewise."""
    return _kept(_answers_by_data, data, lambda data: dict(_answered(data)))


def _answered(data: ReferenceData) -> Iterator[tuple[str, list[Facts]]]:
    words, variants = Encoded(data).words, facts(data)
    for deal in deals():
        if deal.id in variants:
            read = answered(*parts(deal.line), variants[deal.id], data)
            yield deal.id, [words.parse(one) for one in read]


@dataclass(frozen=True)
class Example:
    """A labelled deal in which a rule fires."""

    deal: Labelled
    outcome: str
    #: The outcome of the rule is that of the deal.
    decides: bool


def examples(data: ReferenceData, rule: str) -> list[Example]:
    """The labelled deals in which the rule fires, those that it decides first."""
    decided = [
        Example(deal, outcome, outcome == fired[rule])
        for deal, outcome, fired in _assessed(data)
        if rule in fired
    ]
    return sorted(decided, key=lambda example: not example.decides)


def _assessed(data: ReferenceData) -> Iterator[tuple[Labelled, str, dict[str, str]]]:
    """Each labelled deal with its outcome and the rules that fire."""
    for deal, result in zip(deals(), _results(data), strict=True):
        if "error" not in result:
            fired = {finding["rule"]: finding["outcome"] for finding in result["findings"]}
            yield deal, result["outcome"], fired
