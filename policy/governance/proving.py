"""What must hold before a rulebook may become active: promises, rules that can fire, differences.

The engine proves; this module puts its answers into the plain form that a report keeps.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

from policy.engine.language.charter import Charter
from policy.engine.language.condition import Promise, Rulebook
from policy.engine.language.words import listed
from policy.engine.proof import difference, proof
from policy.engine.proof.promises import meaning, turned, unknown_words
from policy.engine.proof.proof import Verdict
from policy.governance import report_data

EFFECTS = {
    "fire": "it can never fire",
    "decide": "it never decides, because a higher rule always fires beside it",
}
PROVED, BROKEN, OPEN = "proved", "broken", "not_proved"
#: Whose a promise is.
CHARTER, RULEBOOK = "charter", "rulebook"


@dataclass(frozen=True)
class Proved:
    """One promise: proved, broken by a deal, or not proved, which counts as broken."""

    id: str
    says: str
    state: str
    milliseconds: int = 0
    #: Broken: the rules to blame, the plainest deal, what comes out, and the sentence about it.
    rules: list[str] = field(default_factory=list)
    deal: dict[str, Any] = field(default_factory=dict)
    outcome: str = ""
    because: str = ""
    #: Where two deals are compared: the other one, and what comes out for it.
    other: dict[str, Any] = field(default_factory=dict)
    other_outcome: str = ""
    of: str = RULEBOOK

    @property
    def plain(self) -> report_data.Promise:
        return cast("report_data.Promise", asdict(self))


@dataclass(frozen=True)
class Different:
    """One kind of deal that comes out differently, with the plainest example."""

    before: str
    after: str
    rules: list[str]
    deal: dict[str, Any]

    @property
    def plain(self) -> report_data.Different:
        return cast("report_data.Different", asdict(self))


def prove(rulebook: Rulebook, charter: Charter | None = None) -> list[Proved]:
    """Every promise of the charter, then every one of the rulebook, of the rulebook's deals.

    Without an answer a promise is not proved.
    """
    if charter is None:
        return [_proved(promise, RULEBOOK) for promise in proof.prove(rulebook)]
    return list(_both(rulebook, charter))


def _both(rulebook: Rulebook, charter: Charter) -> Iterator[Proved]:
    """Promises that mean the same are proved once, whatever both texts call them."""
    guards = charter.without_rules
    missing = {
        promise.id: words_missing(charter, promise, rulebook) for promise in charter.promises
    }
    whole: list[tuple[str, Promise, Promise]] = [
        *(
            (CHARTER, promise, meaning(guards, promise))
            for promise in charter.promises
            if not missing[promise.id]
        ),
        *((RULEBOOK, promise, meaning(rulebook, promise)) for promise in rulebook.promises),
    ]
    names = {means: f"Q{n}" for n, means in enumerate(dict.fromkeys(one[2] for one in whole))}
    asked = tuple(replace(means, id=name, says=name) for means, name in names.items())
    verdicts = {one.id: one for one in proof.prove(replace(rulebook, promises=asked))}
    for promise in charter.promises:
        if words := missing[promise.id]:
            because = f"It speaks of what this vocabulary does not know: {listed(words)}."
            yield Proved(promise.id, promise.says, OPEN, because=because, of=CHARTER)
    for of, promise, means in whole:
        verdict = replace(verdicts[names[means]], id=promise.id, says=promise.says)
        yield _proved(verdict, of)


def words_missing(charter: Charter, promise: Promise, rulebook: Rulebook) -> list[str]:
    """What the promise speaks of and the vocabulary of the rulebook lacks or orders otherwise."""
    return [
        *unknown_words(charter.without_rules, promise, rulebook.vocabulary),
        *turned(promise, charter.vocabulary, rulebook.vocabulary),
    ]


def _proved(verdict: Verdict, of: str) -> Proved:
    return Proved(
        verdict.id,
        verdict.says,
        verdict.state,
        round(1000 * verdict.seconds),
        list(verdict.rules),
        dict(verdict.deal),
        verdict.outcome,
        verdict.because,
        dict(verdict.before),
        verdict.outcome_before,
        of,
    )


def dead_rules(rulebook: Rulebook) -> list[dict[str, str]]:
    """Rules that can never fire, or never decide. Raises proof.NotProved without an answer."""
    titles = {rule.id: rule.title for rule in rulebook.rules}
    return [
        {"rule": rule.id, "title": titles[rule.id], "what": EFFECTS[rule.never]}
        for rule in proof.dead_rules(rulebook)
    ]


def differences(
    before: Rulebook, after: Rulebook, *, limits: proof.Limits = proof.LIMITS
) -> list[Different]:
    """Every kind of deal that comes out differently, weakened first; proof.NotProved if not all."""
    return [
        Different(kind.before, kind.after, list(kind.rules), dict(kind.deal))
        for kind in difference.differences(before, after, limits=limits)
    ]
