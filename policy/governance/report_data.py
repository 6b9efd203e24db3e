"""The report of a check as its text holds it: JSON objects, and what stands in each.

A report never changes. What programs of other days wrote may lack what is asked here.
"""

from typing import Any, NotRequired, TypedDict

#: The facts of a deal, by their names.
Deal = dict[str, Any]


class Version(TypedDict):
    label: str
    digest: str


class Named(TypedDict):
    """What one confirms, and what it means."""

    name: str
    words: str


class Promise(TypedDict):
    """As `proving.Proved`, and the plainest deal that it speaks of."""

    id: str
    says: str
    state: str
    milliseconds: int
    rules: list[str]
    deal: Deal
    outcome: str
    because: str
    other: Deal
    other_outcome: str
    #: Whose it is: "charter" or "rulebook". Reports of before charters do not say.
    of: NotRequired[str]
    speaks_of: Deal
    #: What the check of a charter says of it besides, as `succession.Standing`.
    standing: NotRequired["Standing"]


class Standing(TypedDict):
    """As `succession.Standing`."""

    clause: str
    from_policy: bool
    in_words: str
    #: How many labelled deals and stored screenings it speaks of; None where it is all of them.
    labelled: int | None
    stored: int | None


class PromiseChange(TypedDict):
    """As `promises.Change`, and of a charter `succession.Change`."""

    id: str
    fate: str
    says: str
    condition: str
    says_now: str
    condition_now: str
    lost: Deal
    strange: list[str]
    held: dict[str, Any]
    words: str
    name: str
    sentence: str
    #: Whether an executive reviewer has to confirm it by its name.
    confirm: bool
    #: Of a charter: the sentences that its conditions give, and whether the condition changed
    #: under the words that stood there before.
    in_words: NotRequired[str]
    in_words_now: NotRequired[str]
    is_silent: NotRequired[bool]


class Reworded(TypedDict):
    """As `sentences.Reworded`."""

    rule: str
    title: str
    what: str
    before: str
    after: str
    is_silent: bool


class Different(TypedDict):
    """As `proving.Different`."""

    before: str
    after: str
    rules: list[str]
    deal: Deal


class Entries(TypedDict):
    """As `entries.EntryChange`."""

    name: str
    words: str
    entries: list[str]
    looser: bool


class LabelledDeal(TypedDict):
    """As `labelled.ChangedLabel`."""

    id: str
    title: str
    label: str
    before: str
    after: str
    rules: list[str]
    looser: bool
    changed: bool


class Labelled(TypedDict):
    total: int
    changed: list[LabelledDeal]
    unread: list[str]


class ChangedDeal(TypedDict):
    """As `past.ChangedDeal`."""

    deal: int
    screening: int
    reference: str
    title: str
    status: str
    before: str
    after: str
    rules: list[str]


class Backtest(TypedDict):
    """As `past.Backtest`; the matrix holds the outcomes before and after, and how many."""

    total: int
    matrix: list[tuple[str, str, int]]
    changed: list[ChangedDeal]
    affected: list[ChangedDeal]
    otherwise: list[ChangedDeal]
    unread: list[str]


class OnAnswers(TypedDict):
    """As `on_answers.OnAnswers`."""

    id: str
    says: str
    state: str
    because: str
    bound: str
    answers: list[tuple[str, str]]
    outcome: str
    was_so: bool
    #: Whether it speaks against the version.
    against: bool
    #: What the check of a charter says besides: the plainest answers of its premise, in words.
    speaks_of: NotRequired[list[tuple[str, str]]]
    standing: NotRequired[Standing]


class Engines(TypedDict):
    """As `two_engines.Compared`, and the sentence about it."""

    deals: int
    problem: str
    deal: Deal
    shown: list[tuple[str, str]]
    sentence: str


class Proofs(TypedDict):
    """What is found out about rules, for every possible deal."""

    promises: list[Promise]
    #: Rules that can never decide, each with its title and why.
    dead: list[dict[str, str]]
    differences: list[Different]
    unfinished: list[str]
    charter: list[PromiseChange]
    fewer: list[Named]
    reworded: list[Reworded]
    #: What no confirmation helps against, such as a promise that speaks of no deal.
    flaws: list[str]
    #: What the charter says of the change: to be confirmed by whoever activates.
    guard: list[Named]
    #: What an executive reviewer confirms besides promises: a charter itself.
    agreed: list[Named]


class Report(Proofs, total=False):
    kind: str
    version: Version
    baseline: dict[str, Version]
    entries: list[Entries]
    labelled: Labelled
    #: How well names are matched, of a registry: figures of policy.reference.names.measuring.
    names: list[dict[str, Any]]
    #: What is promised of answers, up to the outcome.
    answers: list[OnAnswers]
    #: What two engines say of the same deals.
    engines: Engines
    backtest: Backtest
    looser: list[Named]
    problems: list[str]
    #: Promises that are not kept as they were.
    unkept: list[Named]
