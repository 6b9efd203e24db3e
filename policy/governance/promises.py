"""What becomes of the promises of the active rulebook in a new one, in the form of a report.

The promises stand in the text that they guard. So a new rulebook is held to those of the active
one as well, in the active one's own terms, and whoever takes one away, narrows it or leaves it
speaking of no deal needs an executive reviewer who confirms that by name.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

from policy.engine.language.charter import Charter
from policy.engine.language.condition import Promise, Rule, Rulebook, Surely
from policy.engine.language.phrases import deal_in_words
from policy.engine.language.words import listed
from policy.engine.proof import proof
from policy.engine.proof.promises import meaning, opened, rule_condition, unknown_words, written
from policy.engine.proof.proof import Fate
from policy.governance import proving, report_data
from policy.governance.easings import Loosening

KEPT, CHANGED, REMOVED, EMPTY = "kept", "changed", "removed", "empty"
_WORDS = {REMOVED: "is removed", CHANGED: "has another condition", EMPTY: "covers no deal at all"}


@dataclass(frozen=True)
class Change:
    """A promise that is not what it was: old beside new, and a deal that lost its protection."""

    id: str
    fate: str
    says: str
    condition: str
    says_now: str = ""
    condition_now: str = ""
    #: The plainest deal that it covered and covers no longer; empty when it covers all of them.
    lost: dict[str, Any] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
    #: Whether the old promise, in its own terms, is true of the new rules, and if not, for which
    #: deal: the same as a proved promise says of itself.
    held: dict[str, Any] = field(default_factory=dict)
    #: The deal in words, as one line.
    words: str = ""

    @property
    def name(self) -> str:
        """What one confirms."""
        return f"promise {self.id} {self.fate}"

    @property
    def must_be_confirmed(self) -> bool:
        return self.fate != KEPT

    @property
    def sentence(self) -> str:
        """What happened to the promise, and to which deal."""
        sentences = [
            f"{self.id} “{self.says or self.says_now}” {_WORDS.get(self.fate, 'is kept')}."
        ]
        if self.strange:
            sentences.append(
                f"It mentions what this version does not know: {listed(self.strange)}."
            )
        if self.words:
            sentences.append(f"A deal that lost its protection: {self.words}.")
        elif self.fate == CHANGED and not self.strange:
            sentences.append("It still covers every deal that it covered.")
        if self.held.get("state") == proving.BROKEN:
            sentences.append("The new rules do not keep it as it was.")
        elif self.held.get("state") == proving.OPEN:
            sentences.append("Whether the new rules keep it as it was could not be proved.")
        return " ".join(sentences)

    @property
    def plain(self) -> report_data.PromiseChange:
        confirm = self.must_be_confirmed
        return cast(
            "report_data.PromiseChange",
            asdict(self) | {"name": self.name, "sentence": self.sentence, "confirm": confirm},
        )


@dataclass(frozen=True)
class Fewer:
    """A rule that is gone or fires for fewer deals, with one in which it fires no longer.

    Another rule may keep the outcome as it was: then a finding is lost, with its questions and its
    evidence, and no difference of outcomes tells of it.
    """

    rule: str
    title: str
    is_gone: bool
    deal: str = ""

    @property
    def plain(self) -> report_data.Named:
        way = "removed" if self.is_gone else "fires less"
        what = "is removed" if self.is_gone else "fires for fewer deals"
        example = f", such as no longer for: {self.deal}" if self.deal else ""
        name = f"rule {self.rule} {way}"
        return {"name": name, "words": f"{self.rule} {self.title} {what}{example}"}


@dataclass(frozen=True)
class Compared:
    """The promises of two rulebooks side by side."""

    changes: list[Change]
    #: For each promise of the newer one the plainest deal that it speaks of; empty for none.
    speaks_of: Mapping[str, Mapping[str, Any]]


def compared(before: Rulebook, after: Rulebook) -> Compared:
    """Raises proof.NotProved when not everything could be found out."""
    comparison = proof.compared(before, after)
    empty = {name for name, deal in comparison.speaks_of.items() if not deal}
    fates = [fate for fate in comparison.fates if _is_told(before, after, fate, empty)]
    held = {verdict.id: asdict(verdict) for verdict in _held(before, after, fates)}
    changes = [_change(before, after, fate, empty, held.get(fate.id, {})) for fate in fates]
    known = {fate.now for fate in fates}
    changes += [
        _new_and_empty(after, promise)
        for promise in after.promises
        if promise.id in empty and promise.id not in known
    ]
    return Compared(
        sorted(changes, key=lambda change: not change.must_be_confirmed), comparison.speaks_of
    )


def beside(charter: Charter | None, before: Rulebook, changes: list[Change]) -> list[Change]:
    """The changes without promises that the rulebook no longer repeats after the charter."""
    gone = {change.id for change in _repeated(charter, before, changes)}
    return [change for change in changes if change.id not in gone]


def unrepeated(charter: Charter | None, before: Rulebook, changes: list[Change]) -> list[Loosening]:
    """Those promises: the charter holds the rules to them still, and readers look there."""
    return [
        Loosening(
            change.name,
            f"{change.id} “{change.says}” is no longer in the rulebook. The charter promises it.",
        )
        for change in _repeated(charter, before, changes)
    ]


def _repeated(charter: Charter | None, before: Rulebook, changes: list[Change]) -> list[Change]:
    if charter is None:
        return []
    guarded = {meaning(charter.without_rules, promise) for promise in charter.promises}
    own = _by_id(before)
    return [
        change
        for change in changes
        if change.fate == REMOVED and meaning(before, own[change.id]) in guarded
    ]


def empty(changes: list[Change]) -> list[str]:
    """Promises of a rulebook that speak of no deal: beside a charter nobody can confirm that."""
    return [
        f"Promise {change.id} “{change.says_now or change.says}” speaks of no deal, so it promises"
        " nothing."
        for change in changes
        if change.fate == EMPTY
    ]


def fewer(before: Rulebook, after: Rulebook) -> list[Fewer]:
    """Raises proof.NotProved when not everything could be found out."""
    gone = [
        Fewer(one.id, one.title, is_gone=True) for one in before.rules if one.id not in after.by_id
    ]
    changed = [
        one
        for one in before.rules
        if one.id in after.by_id
        and rule_condition(before, one) != rule_condition(after, after.by_id[one.id])
    ]
    if not changed:
        return gone
    told = proof.compared(
        replace(before, promises=tuple(map(_fires, changed))),
        replace(after, promises=tuple(_fires(after.by_id[one.id]) for one in changed)),
    )
    return gone + [
        Fewer(one.id, before.by_id[one.id].title, is_gone=False, deal=in_a_line(after, one.lost))
        for one in told.fates
        if one.lost or one.strange
    ]


def _fires(rule: Rule) -> Promise:
    """The condition of a rule as a promise, so that the deals it speaks of can be compared.

    What it demands of them is the same for each and plays no part.
    """
    return Surely(rule.id, rule.title, ("bar",), surely=rule.when)


def _is_told(before: Rulebook, after: Rulebook, fate: Fate, empty: set[str]) -> bool:
    """Whether there is something to say: a promise that is kept in other words counts too."""
    if fate.fate != KEPT or fate.now in empty:
        return True
    old, new = _by_id(before)[fate.id], _by_id(after)[fate.now]
    return (old.id, old.says) != (new.id, new.says) or meaning(before, old) != meaning(after, new)


def _by_id(rulebook: Rulebook) -> Mapping[str, Promise]:
    return {promise.id: promise for promise in rulebook.promises}


def _held(before: Rulebook, after: Rulebook, fates: list[Fate]) -> list[proving.Proved]:
    """The old promises that are no longer there, in their own terms, against the new rules."""
    own = _by_id(before)
    asked = tuple(
        opened(before, own[fate.id])
        for fate in fates
        if fate.fate != KEPT and not unknown_words(before, own[fate.id], after.vocabulary)
    )
    return proving.prove(replace(after, promises=asked)) if asked else []


def _change(
    before: Rulebook, after: Rulebook, fate: Fate, empty: set[str], held: dict[str, Any]
) -> Change:
    old, new = _by_id(before)[fate.id], _by_id(after).get(fate.now)
    word = EMPTY if fate.now in empty else fate.fate
    return Change(
        old.id,
        word,
        old.says,
        written(before, old),
        new.says if new else "",
        written(after, new) if new else "",
        dict(fate.lost),
        list(fate.strange),
        held,
        in_a_line(after, fate.lost),
    )


def _new_and_empty(after: Rulebook, promise: Promise) -> Change:
    return Change(promise.id, EMPTY, "", "", promise.says, written(after, promise))


def in_a_line(rulebook: Rulebook, deal: Mapping[str, Any]) -> str:
    """What is remarkable about a deal, on one line."""
    rows = deal_in_words(rulebook.vocabulary, deal).remarkable
    return "; ".join(f"{label}: {value}" for label, value in rows)
