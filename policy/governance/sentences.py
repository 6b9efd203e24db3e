"""What people read of a rulebook, old beside new: sentences, clauses, evidence, who is asked.

A condition under other words, and other words under the same condition, mislead alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from policy.engine.language.condition import Rule, Rulebook
from policy.engine.proof.promises import rule_condition

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
    """One text of one rule, old beside new; or its condition, which the texts say nothing of."""

    rule: str
    title: str
    what: str
    before: str
    after: str
    #: The condition changed and no word of the rule did.
    is_silent: bool = False

    @property
    def plain(self) -> dict[str, Any]:
        return asdict(self)


def reworded(before: Rulebook, after: Rulebook) -> list[Reworded]:
    """Rules of both whose words changed, or whose condition changed under the same words."""
    old, new = before.by_id, after.by_id
    return [
        change
        for name in new
        if name in old
        for change in _of_rule(before, after, old[name], new[name])
    ]


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


def confirmed_as(rows: list[Mapping[str, Any]]) -> dict[str, str]:
    """For each rule whose words changed the name that one confirms, and what changed."""
    words: dict[str, str] = {}
    for row in rows:
        if not row["is_silent"]:
            change = f"{row['what']} “{row['before']}” becomes “{row['after']}”"
            name = f"words of {row['rule']}"
            words[name] = (
                f"{words[name]}; {change}" if name in words else f"{row['rule']}: {change}"
            )
    return words
