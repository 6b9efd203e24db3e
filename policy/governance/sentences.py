"""What people read of a rulebook, old beside new: sentences, clauses, evidence, facts, source.

A condition under other words, and other words under the same condition, mislead alike.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import cast

from policy.engine.language.condition import Rule, Rulebook, plain_fact
from policy.engine.language.facts import Fact
from policy.engine.proof.promises import on_one_line, rule_condition
from policy.governance import report_data

#: What a person reads of a rule, with the words for it.
_READ = {
    "title": "title",
    "clause": "clause",
    "because": "reason",
    "evidence": "evidence asked for",
    "asks": "who is asked",
}


@dataclass(frozen=True)
class Reworded:
    """One text of one rule or fact, old beside new.

    Or the condition of a rule, which the texts say nothing of.
    """

    #: Or the fact, or "the rulebook".
    rule: str
    title: str
    what: str
    before: str
    after: str
    #: The condition changed and no word of the rule did.
    is_silent: bool = False

    @property
    def plain(self) -> report_data.Reworded:
        return cast("report_data.Reworded", asdict(self))


def reworded(before: Rulebook, after: Rulebook) -> list[Reworded]:
    """Rules of both whose words changed, or whose condition changed under the same words; facts
    that are gone or are described otherwise; and another source.
    """
    old, new = before.by_id, after.by_id
    rules = [
        change
        for name in new
        if name in old
        for change in _of_rule(before, after, old[name], new[name])
    ]
    return [*_of_source(before, after), *rules, *_of_vocabulary(before, after)]


def _of_source(before: Rulebook, after: Rulebook) -> Iterator[Reworded]:
    was, now = (f"{one.name}, {one.source}" for one in (before, after))
    if was != now:
        yield Reworded("the rulebook", "", "name and source", was, now)


def _of_vocabulary(before: Rulebook, after: Rulebook) -> Iterator[Reworded]:
    """No rule of the older rulebook reads a new fact, so its words have not changed."""
    for name, fact in before.vocabulary.items():
        was, now = _described(fact), _described(after.vocabulary.get(name))
        if was != now:
            what = "values and words" if now else "the whole fact"
            yield Reworded(name, fact.label, what, was, now or "nothing")


def _described(fact: Fact | None) -> str:
    """Everything about a fact on one line, the order of its values included."""
    return on_one_line(plain_fact(fact)) if fact else ""


def _of_rule(before: Rulebook, after: Rulebook, old: Rule, new: Rule) -> Iterator[Reworded]:
    changed = {
        name: (_text(old, name), _text(new, name))
        for name in _READ
        if getattr(old, name) != getattr(new, name)
    }
    for name, (was, now) in changed.items():
        yield Reworded(new.id, old.title, _READ[name], was, now)
    was, now = rule_condition(before, old), rule_condition(after, new)
    if was != now and not changed.keys() & {"title", "because"}:
        yield Reworded(new.id, old.title, "condition", was, now, is_silent=True)


def _text(rule: Rule, name: str) -> str:
    value = getattr(rule, name)
    return ", ".join(value) if isinstance(value, tuple) else str(value)
