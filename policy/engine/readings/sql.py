"""A rulebook as one SQL expression: re-screening and back-tests inside PostgreSQL.

SQL's NULL is the same third truth value, so `and`, `or` and `not` mean the same. The expression
reads one nullable column per fact, and for a set of flags one Boolean column per member:

    select id, {outcome(rulebook)} as rank from deal_facts
    select {outcome(rulebook)} as rank, count(*) from deal_facts group by 1

Ranks are the places in `condition.OUTCOMES`. The text holds names and numbers that were checked
when the rulebook was read, needs no parameters and contains no per cent sign.
"""

import hashlib
import re
from collections.abc import Callable, Sequence

from policy.engine.language.condition import (
    RANK,
    All,
    Compare,
    Condition,
    Either,
    HasAny,
    HasEvery,
    Is,
    Not,
    OneOf,
    Rulebook,
    as_atom,
)
from policy.engine.language.facts import Facts, Flags, Text, Vocabulary
from policy.engine.readings.generated import OPERATORS, simplified
from policy.engine.readings.ranks import by_rank

# PostgreSQL cuts longer names off.
LONGEST_NAME = 63
PLAIN = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
TYPES = {"choice": "text", "yesno": "boolean", "amount": "bigint", "flags": "boolean"}
ASK = RANK["needs_information"]


def column(name: str, member: str = "") -> str:
    """The column of a fact, or of one member of a set of flags."""
    whole = f"{name}__{member}" if member else name
    if len(whole) <= LONGEST_NAME:
        return whole
    return f"{whole[:50]}_{hashlib.sha256(whole.encode()).hexdigest()[:12]}"


def columns(vocabulary: Vocabulary) -> dict[str, str]:
    """Every column with its PostgreSQL type; all of them are nullable, and NULL is unknown."""
    types: dict[str, str] = {}
    for name, fact in vocabulary.items():
        if isinstance(fact, Text):
            continue
        for member in fact.members if isinstance(fact, Flags) else ("",):
            if column(name, member) in types:
                raise ValueError(f"two facts have the column {column(name, member)}")
            types[column(name, member)] = TYPES[fact.kind]
    return types


def row(facts: Facts) -> dict[str, str | bool | int | None]:
    """The values of the columns for one deal."""
    cells: dict[str, str | bool | int | None] = {}
    for name, fact in facts.vocabulary.items():
        if isinstance(fact, Flags):
            cells.update((column(name, member), facts.has(name, member)) for member in fact.members)
        elif not isinstance(fact, Text):
            value = facts[name]
            cells[column(name)] = value if isinstance(value, str | int) else None
    return cells


def outcome(rulebook: Rulebook, *, table: str = "") -> str:
    """The rank of the outcome as an expression; `table` is the alias before every column."""
    say = Expressions(rulebook.vocabulary, table).condition
    fires = {rank: say(condition) for rank, condition in by_rank(rulebook).items()}
    text = "0"
    for rank in sorted(fires)[1:]:
        # Open at this rank, with nothing fired at or above it, asks.
        fired = ASK if rank == ASK else rank
        text = f"case {fires[rank]} when true then {fired} when false then {text} else {ASK} end"
    return f"({text})"


def fires(rulebook: Rulebook, rule_id: str, *, table: str = "") -> str:
    """Whether a rule fires: true, false, or NULL while it is open."""
    condition = simplified(rulebook.opened(rulebook.by_id[rule_id].when))
    return Expressions(rulebook.vocabulary, table).condition(condition)


class Expressions:
    """Conditions as SQL; their terms are opened."""

    def __init__(self, vocabulary: Vocabulary, table: str) -> None:
        self.vocabulary = vocabulary
        self.table = f'"{_name(table)}".' if table else ""

    def condition(self, condition: Condition) -> str:
        match condition:
            case All(parts):
                return _joined(" and ", self.condition, parts, "true")
            case Either(parts):
                return _joined(" or ", self.condition, parts, "false")
            case Not(part):
                return f"(not {self.condition(part)})"
        return self._atom(condition)

    def _atom(self, condition: Condition) -> str:
        match atom := as_atom(condition):
            case OneOf(name, values):
                listed = ", ".join(f"'{_name(value)}'" for value in values)
                return f"({self._column(name)} in ({listed}))"
            case Is(name, value):
                return self._column(name) if value else f"(not {self._column(name)})"
            case HasAny(name, members):
                return _joined(" or ", lambda member: self._column(name, member), members, "false")
            case HasEvery(name, members):
                return _joined(" and ", lambda member: self._column(name, member), members, "true")
            case Compare(name, comparison, threshold):
                return f"({self._column(name)} {OPERATORS[comparison]} {threshold})"
        raise TypeError(f"{atom} has no SQL")

    def _column(self, name: str, member: str = "") -> str:
        return f'{self.table}"{_name(column(name, member))}"'


def _name(text: str) -> str:
    """A name that needs no quoting; everything that the reader lets through is one."""
    if not PLAIN.match(text):
        raise ValueError(f"{text!r} is not a plain name")
    return text


def _joined[Part](
    operator: str, say: Callable[[Part], str], parts: Sequence[Part], empty: str
) -> str:
    texts = [say(part) for part in parts]
    return f"({operator.join(texts)})" if len(texts) > 1 else (texts[0] if texts else empty)
