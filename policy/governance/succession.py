"""What a new charter makes of the promises of the former one, in the form of a report.

A promise is kept when the new charter implies it. One that is weakened or gone waits for an
executive reviewer, by its name; one that says what a clause of the policy says stands as long as
the clause does, whoever confirms.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from policy.engine.language import phrases
from policy.engine.language.charter import Charter
from policy.engine.language.condition import Exists, Promise, Raising, Rulebook, Surely
from policy.engine.language.facts import Facts, Vocabulary
from policy.engine.language.words import listed
from policy.engine.proof import proof
from policy.engine.proof.promises import meaning, opened, strange, written
from policy.engine.proof.proof import Fate, Succession
from policy.engine.readings.kleene import truth
from policy.facts.derive import ReferenceData
from policy.facts.encoded import Encoded
from policy.governance import labelled, promises, report_data
from policy.governance.easings import Loosening
from policy.governance.past import Premise, past
from policy.governance.promises import KEPT
from policy.wording import clauses


@dataclass(frozen=True)
class Change(promises.Change):
    """A promise of the former charter that is not what it was."""

    #: The sentences that its conditions give.
    in_words: str = ""
    in_words_now: str = ""
    #: The condition changed and the sentence that people read did not.
    is_silent: bool = False


@dataclass(frozen=True)
class Next:
    """A new charter beside the former one."""

    changes: list[Change]
    problems: list[str]
    #: For each of its promises the plainest deal of its premise; empty for none.
    speaks_of: Mapping[str, Mapping[str, Any]]


#: What is remarkable about a deal, on one line, in the words of a text.
InALine = Callable[[Rulebook, Mapping[str, Any]], str]


def compared(
    before: Charter | None, after: Charter, *, in_a_line: InALine = promises.in_a_line
) -> Next:
    """The first charter has nothing before it. Raises proof.NotProved without an answer.

    The promises on answers of two charters are compared alike.
    """
    found = proof.succession(before, after)
    changes = [_change(before, after, fate, in_a_line) for fate in found.fates] if before else []
    told = [change for change in changes if change is not None]
    problems = [*_empty(after, found), *(_fallen(before, found) if before else ())]
    return Next(
        sorted(told, key=lambda change: not change.must_be_confirmed), problems, found.speaks_of
    )


def to_agree(label: str, former: str) -> report_data.Named:
    """What an executive reviewer confirms of every charter, also where each promise is kept."""
    words = (
        f"Charter {label} takes the place of charter {former}."
        if former
        else f"Charter {label} becomes the first charter here."
    )
    return {"name": f"charter {label}", "words": words}


def _change(before: Charter, after: Charter, fate: Fate, in_a_line: InALine) -> Change | None:
    old, new = before.by_id[fate.id], after.by_id.get(fate.now)
    was, now = before.without_rules, after.without_rules
    means_the_same = new is not None and meaning(was, old) == meaning(now, new)
    if new is not None and means_the_same and (old.id, old.says) == (new.id, new.says):
        return None
    says_the_same = new is not None and old.says == new.says
    return Change(
        old.id,
        fate.fate,
        old.says,
        written(was, old),
        new.says if new else "",
        written(now, new) if new else "",
        dict(fate.lost),
        list(fate.strange),
        words=in_a_line(now, fate.lost),
        in_words=phrases.in_words(was, old),
        in_words_now=phrases.in_words(now, new) if new else "",
        is_silent=says_the_same and not means_the_same,
    )


def differences(before: Charter, after: Charter) -> list[dict[str, Any]]:
    """How the texts of two charters differ, promise by promise; nothing is proved here."""
    second = after.on_answers or before.on_answers
    none = replace(second, promises=()) if second else None
    lists = [(before, after), (before.on_answers or none, after.on_answers or none)]
    return [one for old, new in lists if old and new for one in _of_lists(old, new)]


def _of_lists(before: Charter, after: Charter) -> list[dict[str, Any]]:
    was, now = before.without_rules, after.without_rules
    changes = []
    for name in dict.fromkeys((*before.by_id, *after.by_id)):
        old, new = before.by_id.get(name), after.by_id.get(name)
        words = _difference(before, after, name)
        if not words:
            continue
        changes.append(
            {
                "id": name,
                "says": old.says if old else "",
                "says_now": new.says if new else "",
                "sentence": words,
                "condition": written(was, old) if old else "",
                "condition_now": written(now, new) if new else "",
                "in_words": phrases.in_words(was, old) if old else "",
                "in_words_now": phrases.in_words(now, new) if new else "",
                "confirm": new is None or (old is not None and words == OTHER_CONDITION),
            }
        )
    return changes


OTHER_CONDITION = "Its condition is another one. A check says which deals lose its protection."


def _difference(before: Charter, after: Charter, name: str) -> str:
    old, new = before.by_id.get(name), after.by_id.get(name)
    if old is None or new is None:
        return "It is new." if new else "It is gone, unless another promise implies it."
    if meaning(before.without_rules, old) != meaning(after.without_rules, new):
        return OTHER_CONDITION
    if before.grounds[name] != after.grounds[name]:
        return "It rests on other grounds."
    return "It has another sentence." if old.says != new.says else ""


def _empty(after: Charter, found: Succession) -> list[str]:
    """A promise that speaks of no deal, or forbids nothing, is no promise."""
    return [
        *(
            f"Promise {promise.id} “{promise.says}” speaks of no deal, so it promises nothing."
            for promise in after.promises
            if not found.speaks_of[promise.id]
        ),
        *(
            f"Promise {promise.id} “{promise.says}” allows every outcome, so it promises nothing."
            for promise in after.promises
            if promise.id in found.idle
        ),
    ]


def _fallen(before: Charter, found: Succession) -> list[str]:
    """Promises in the words of the policy that are no longer made, while their clause is there."""
    known = clauses.clauses()
    sentences = []
    for promise in before.promises:
        names = [name.strip() for name in before.grounds[promise.id].clause.split(",")]
        standing = [name for name in names if name in known]
        if promise.id in found.fallen and standing:
            sentences.append(
                f"Promise {promise.id} “{promise.says}” says what the policy says in"
                f" {listed(standing)}. While the policy says so, it can be neither removed nor"
                " weakened, and its mark from_policy and its clause stay."
            )
    return sentences


def silent(changes: list[report_data.PromiseChange]) -> list[Loosening]:
    """Conditions that changed under the same sentence, of promises that are kept all the same."""
    return [
        Loosening(
            f"condition of {change['id']}",
            f"{change['id']} “{change['says']}” has another condition under the same sentence."
            f" Before: {change['in_words']} Now: {change['in_words_now']}",
        )
        for change in changes
        if change.get("is_silent") and change["fate"] == KEPT
    ]


# --- Which deals promises speak of ---------------------------------------------------------------


def premise(charter: Charter, promise: Promise) -> Premise | None:
    """The deals that a promise speaks of; None where it is every one."""
    match opened(charter.without_rules, promise):
        case Surely(surely=surely, possibly=possibly):
            return Premise(surely, possibly)
        case Raising(given=given) if given is not None:
            return Premise(given)
        case Exists(exists=exists):
            return Premise(exists)
    return None


def standing(charter: Charter, data: ReferenceData) -> dict[str, report_data.Standing]:
    """What is to be known of each promise besides its proof."""
    premises = {promise.id: premise(charter, promise) for promise in charter.promises}
    spoken = labelled_of(charter, data)
    stored = _stored(charter, {name: one for name, one in premises.items() if one}, data.rulebook)
    return {
        promise.id: {
            "clause": charter.grounds[promise.id].clause,
            "from_policy": charter.grounds[promise.id].from_policy,
            "in_words": phrases.in_words(charter.without_rules, promise),
            "labelled": len(spoken[promise.id]) if premises[promise.id] else None,
            "stored": stored.get(promise.id),
        }
        for promise in charter.promises
    }


def _stored(
    charter: Charter, premises: Mapping[str, Premise], rulebook: Rulebook
) -> dict[str, int]:
    """In how many stored screenings each may hold; none where screenings have other facts."""
    readable = {
        name: one
        for name, one in premises.items()
        if not strange([part for part in (one.surely, one.possibly) if part], rulebook.vocabulary)
    }
    return dict(zip(readable, past().spoken_of(list(readable.values())), strict=True))


def labelled_of(charter: Charter, data: ReferenceData) -> dict[str, set[str]]:
    """The labelled deals that each promise speaks of, by their ids."""
    return _spoken(charter, labelled.facts(data), data.rulebook.vocabulary)


def labelled_by_answers(text: Charter, data: ReferenceData) -> dict[str, set[str]]:
    """The same of promises on answers."""
    return _spoken(text, labelled.answers(data), Encoded(data).words)


def stored_by_answers(text: Charter, data: ReferenceData) -> dict[str, int]:
    """Of how many of the newest stored deals that still count each promise on answers speaks."""
    words = Encoded(data).words
    by_deal = {
        name: [words.parse(one) for one in answers]
        for name, answers in past().answered(data, MOST_STORED).items()
    }
    return {name: len(deals) for name, deals in _spoken(text, by_deal, words).items()}


#: Of so many deals the answers are read again: what they declare stands in no column.
MOST_STORED = 10_000


def _spoken(
    charter: Charter, by_deal: Mapping[str, list[Facts]], words: Vocabulary
) -> dict[str, set[str]]:
    spoken: dict[str, set[str]] = {}
    for promise in charter.promises:
        deals = premise(charter, promise) or Premise()
        parts = [part for part in (deals.surely, deals.possibly) if part]
        readable = not strange(parts, words)
        spoken[promise.id] = {
            name
            for name, variants in by_deal.items()
            if readable and any(_holds(deals, facts) for facts in variants)
        }
    return spoken


def _holds(deals: Premise, facts: Facts) -> bool:
    is_sure = deals.surely is None or truth(deals.surely, facts) is True
    return is_sure and (deals.possibly is None or truth(deals.possibly, facts) is not False)


def out_of_reach(charter: Charter, before: ReferenceData, after: ReferenceData) -> list[Loosening]:
    """Promises that no longer speak of some labelled deal, because its facts came out otherwise."""
    return _fewer(charter, labelled_of(charter, before), labelled_of(charter, after))


def out_of_reach_of_answers(
    text: Charter, before: ReferenceData, after: ReferenceData
) -> list[Loosening]:
    """The same of promises on answers, because lists say something else of a deal."""
    return _fewer(text, labelled_by_answers(text, before), labelled_by_answers(text, after))


def _fewer(
    charter: Charter, was: Mapping[str, set[str]], now: Mapping[str, set[str]]
) -> list[Loosening]:
    lost = {promise.id: sorted(was[promise.id] - now[promise.id]) for promise in charter.promises}
    return [
        Loosening(
            f"{promise.id} speaks of fewer",
            f"{promise.id} “{promise.says}” no longer speaks of: {listed(lost[promise.id])}",
        )
        for promise in charter.promises
        if lost[promise.id] and not isinstance(promise, Exists)
    ]


def beyond(charter: Charter, rulebook: Rulebook) -> list[Loosening]:
    """Values and capabilities that the rulebook knows and the charter has never heard of."""
    strangers = []
    for name, fact in rulebook.vocabulary.items():
        known = charter.vocabulary.get(name)
        words = _named(fact) - _named(known) if known else set()
        strangers += [
            Loosening(
                f"{name} {word} beyond the charter",
                f"{fact.say(word)} ({word}) is a value of {name} of which no promise of the charter"
                " can speak",
            )
            for word in sorted(words)
        ]
    return strangers


def _named(fact: Any) -> set[str]:
    return {*getattr(fact, "values", ()), *getattr(fact, "members", ())}
