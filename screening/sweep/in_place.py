"""Rulebooks played over stored screenings inside PostgreSQL, on the rows of deal_facts.

What comes back is small: a matrix, and the ids of what changed. Whoever calls has made sure that
the table has a column for everything the rulebooks read (`deal_facts.has_columns_for`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from policy.engine.language.condition import OUTCOMES, Rulebook
from policy.engine.readings import sql
from policy.models import ReferenceVersion
from screening.sweep import holding

# A screening comes out as its gravest variant. One pass gives matrix, changes and the counter
# check: how many screenings there are in the same moment, with rows or without. OFFSET keeps
# PostgreSQL from sorting whole rows for the groups before it has made two numbers of each.
PLAYED = """
SELECT before, after, count(*),
       array_agg(screening_id) FILTER (WHERE before <> after),
       (SELECT count(*) FROM screening_screening WHERE id BETWEEN %(first)s AND %(last)s)
FROM (SELECT screening_id, max(before) AS before, max(coalesce(after, before)) AS after
      FROM (SELECT screening_id, {before} AS before, {after} AS after FROM deal_facts
            WHERE screening_id BETWEEN %(first)s AND %(last)s OFFSET 0) AS variants
      GROUP BY screening_id) AS screened
GROUP BY before, after"""

#: With more rules changed than these, asking each of them first costs more than it saves.
MOST_CHANGED = 12

WITHOUT_ROWS = """
SELECT s.id FROM screening_screening s LEFT JOIN deal_facts f ON f.screening_id = s.id
WHERE s.id BETWEEN %s AND %s AND f.screening_id IS NULL ORDER BY s.id"""

FIRED = """
SELECT screening_id, ARRAY[{differs}]::boolean[] FROM deal_facts
WHERE screening_id = ANY(%s) GROUP BY screening_id"""

# Deals whose facts hold and which come out as they did.
SETTLED = f"""
SELECT deal.id
FROM (SELECT * FROM screening_deal WHERE id BETWEEN %(first)s AND %(last)s OFFSET 0) AS deal
JOIN screening_screening AS screening ON screening.id = deal.screening_id
JOIN LATERAL (SELECT max({{after}}) AS rank FROM deal_facts
              WHERE screening_id = screening.id) AS played ON true
WHERE screening.outcome = (%(outcomes)s::text[])[played.rank + 1] AND {holding.HOLDS}"""  # noqa: S608


@dataclass
class Played:
    """What two rulebooks said of a range of screenings."""

    matrix: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Screening → outcome before and after, of those where the two differ.
    changed: dict[int, tuple[str, str]] = field(default_factory=dict)
    #: Screenings without a row; nothing is known of them.
    unread: list[int] = field(default_factory=list)


def play(before: Rulebook, after: Rulebook, *, first: int, last: int) -> Played:
    """Both over every stored screening from one id to another, in one statement."""
    found = Played()
    statement = PLAYED.format(before=sql.outcome(before), after=_where_it_differs(before, after))
    rows = _rows(statement, {"first": first, "last": last})
    for one, other, count, changed, _ in rows:
        outcomes = OUTCOMES[one], OUTCOMES[other]
        found.matrix[outcomes] = count
        found.changed |= dict.fromkeys(changed or (), outcomes)
    if not rows or rows[0][-1] != found.matrix.total():
        found.unread = [pk for (pk,) in _rows(WITHOUT_ROWS, [first, last])]
    found.changed = dict(sorted(found.changed.items()))
    return found


def rules_that_differ(
    before: Rulebook, after: Rulebook, screenings: Sequence[int]
) -> dict[int, list[str]]:
    """Of each screening the rules that fire under one of the two and not under the other."""
    differs = {
        rule: f"{_fires(before, rule)} <> {_fires(after, rule)}"
        for rule in sorted(before.by_id.keys() | after.by_id.keys())
        if _condition(before, rule) != _condition(after, rule)
    }
    if not differs or not screenings:
        return {}
    statement = FIRED.format(differs=", ".join(differs.values()))
    return {
        screening: [rule for rule, is_other in zip(differs, found, strict=True) if is_other]
        for screening, found in _rows(statement, [list(screenings)])
    }


def settled(
    after: Rulebook, versions: dict[str, ReferenceVersion], *, first: int, last: int
) -> set[int]:
    """Deals of a range that come out as they were screened, the facts being what they were."""
    found = _rows(
        SETTLED.format(after=sql.outcome(after)),
        {**holding.names(versions), "first": first, "last": last, "outcomes": list(OUTCOMES)},
    )
    return {pk for (pk,) in found}


def _where_it_differs(before: Rulebook, after: Rulebook) -> str:
    """The rank under the second rulebook, or NULL where it must be that of the first.

    Rules that are quiet say nothing. So where every rule that is not the same in both is quiet in
    both, the others decide, and these are the same.
    """
    differs = [
        rule
        for rule in sorted(before.by_id.keys() | after.by_id.keys())
        if _behaviour(before, rule) != _behaviour(after, rule)
    ]
    if not differs:
        return "null::integer"
    if len(differs) > MOST_CHANGED:
        return sql.outcome(after)
    says_something = " or ".join(
        f"coalesce({sql.fires(book, rule)}, true)"
        for rule in differs
        for book in (before, after)
        if rule in book.by_id
    )
    return f"case when {says_something} then {sql.outcome(after)} end"


def _behaviour(rulebook: Rulebook, rule: str) -> Any:
    """What of a rule decides an outcome; None where the rulebook has no such rule."""
    found = rulebook.by_id.get(rule)
    return (found.outcome, rulebook.opened(found.when)) if found else None


def _condition(rulebook: Rulebook, rule: str) -> Any:
    """The condition with its terms opened; None where the rulebook has no such rule."""
    found = rulebook.by_id.get(rule)
    return rulebook.opened(found.when) if found else None


def _fires(rulebook: Rulebook, rule: str) -> str:
    """Whether any variant of a screening fires the rule; open is not fired."""
    if rule not in rulebook.by_id:
        return "false"
    return f"coalesce(bool_or({sql.fires(rulebook, rule)}), false)"


def _rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
