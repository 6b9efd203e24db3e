"""A rulebook as polars expressions: what-if over a snapshot of many deals. Needs polars.

    deals = frame(vocabulary, facts)                      # or any frame with these columns
    with_outcomes(deals.lazy(), outcome=rulebook).select("id", "outcome").collect()
    changes(deals, before, after)                         # counts per (before, after)

Outcomes are ranks, 0 to 4. The columns are those of `sql.columns`: text for a choice, a whole
number for an amount, a Boolean for yes/no and for each member of a set of flags; null is unknown.
Polars joins Booleans by Kleene's logic. Keep a column that names the row: lazy and streaming
queries may change the order.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import and_, ge, gt, le, lt, or_
from types import MappingProxyType

import polars as pl

from policy.engine.language.condition import (
    OUTCOMES,
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
    atoms,
)
from policy.engine.language.facts import Choice, Fact, Facts, Flags, Text, Vocabulary
from policy.engine.readings.generated import simplified
from policy.engine.readings.ranks import by_rank
from policy.engine.readings.sql import column, row

COMPARE: Mapping[str, Callable[[pl.Expr, int], pl.Expr]] = {
    "above": gt,
    "at_least": ge,
    "below": lt,
    "at_most": le,
}
ASK = RANK["needs_information"]
# Small enough for the parts to stay in the processor's cache, and for memory to stay bounded.
ROWS_AT_ONCE = 1 << 20


def schema(vocabulary: Vocabulary) -> dict[str, pl.DataType]:
    """Every column with its polars type."""
    columns: dict[str, pl.DataType] = {}
    for name, fact in vocabulary.items():
        if isinstance(fact, Text):
            continue
        for member in fact.members if isinstance(fact, Flags) else ("",):
            columns[column(name, member)] = _type(fact)
    return columns


def _type(fact: Fact) -> pl.DataType:
    if isinstance(fact, Choice):
        return pl.Enum(fact.values)
    return pl.Int64() if fact.kind == "amount" else pl.Boolean()


def frame(vocabulary: Vocabulary, deals: Iterable[Facts]) -> pl.DataFrame:
    """The deals as a frame, with their number in the column "id"."""
    rows = [{"id": number, **row(facts)} for number, facts in enumerate(deals)]
    return pl.DataFrame(rows, schema={"id": pl.Int64(), **schema(vocabulary)})


def with_outcomes(deals: pl.LazyFrame, **rulebooks: Rulebook) -> pl.LazyFrame:
    """The deals with one more column for each rulebook: the rank of the outcome."""
    ranks = {name: by_rank(rulebook) for name, rulebook in rulebooks.items()}
    shared = _Shared([condition for each in ranks.values() for condition in each.values()])
    outcomes = [shared.outcome(each).alias(name) for name, each in ranks.items()]
    # The parts that many rules read are columns for a while, so that each is worked out once.
    columns = deals.collect_schema().names()
    staged = deals.with_columns(shared.groups).with_columns(shared.sets)
    return staged.with_columns(shared.conditions).select(*columns, *outcomes)


def changes(deals: pl.DataFrame, before: Rulebook, after: Rulebook) -> pl.DataFrame:
    """How many rows come out how before and after: columns before, after (ranks) and deals."""
    pair = (pl.col("before") * len(OUTCOMES) + pl.col("after")).alias("pair")
    counts = Counter[int]()
    for part in deals.iter_slices(ROWS_AT_ONCE):
        both = with_outcomes(part.lazy(), before=before, after=after).select(pair)
        counts.update(dict(both.collect()["pair"].value_counts().iter_rows()))
    rows = [(*divmod(pair, len(OUTCOMES)), count) for pair, count in sorted(counts.items())]
    types = {"before": pl.Int8, "after": pl.Int8, "deals": pl.Int64}
    return pl.DataFrame(rows, schema=types, orient="row")


class _Shared:
    """What conditions have in common, as columns.

    Members of a set of flags that stand in the same `any`s are one group; each `any` is then a few
    groups instead of dozens of members.
    """

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self.names = {condition: f"·condition{at}" for at, condition in enumerate(set(conditions))}
        anys = [
            atom
            for condition in self.names
            for atom in atoms(condition)
            if isinstance(atom, HasAny)
        ]
        self.anys = {atom: f"·any{at}" for at, atom in enumerate(dict.fromkeys(anys))}
        stand_in: dict[tuple[str, str], list[HasAny]] = {}
        for atom in self.anys:
            for member in atom.members:
                stand_in.setdefault((atom.fact, member), []).append(atom)
        self.members: dict[tuple[HasAny, ...], list[str]] = {}
        for (name, member), owners in stand_in.items():
            self.members.setdefault(tuple(owners), []).append(column(name, member))
        self.group_names = {group: f"·group{at}" for at, group in enumerate(self.members)}

    @property
    def groups(self) -> list[pl.Expr]:
        return [
            _any(map(pl.col, members)).alias(self.group_names[group])
            for group, members in self.members.items()
        ]

    @property
    def sets(self) -> list[pl.Expr]:
        return [
            _any(pl.col(self.group_names[group]) for group in self.members if atom in group).alias(
                name
            )
            for atom, name in self.anys.items()
        ]

    @property
    def conditions(self) -> list[pl.Expr]:
        return [
            expression(condition, self.anys).alias(name) for condition, name in self.names.items()
        ]

    def outcome(self, ranks: Mapping[int, Condition]) -> pl.Expr:
        rank = pl.lit(0, pl.Int8)
        for at in sorted(ranks)[1:]:
            fires = pl.col(self.names[ranks[at]])
            # Open at this rank, with nothing fired at or above it, asks.
            fired = pl.lit(ASK if at == ASK else at, pl.Int8)
            unsure = pl.when(fires.is_null()).then(pl.lit(ASK, pl.Int8)).otherwise(rank)
            rank = pl.when(fires).then(fired).otherwise(unsure)
        return rank


def fires(rulebook: Rulebook, rule_id: str) -> pl.Expr:
    """Whether a rule fires: true, false, or null while it is open; named by the rule."""
    condition = simplified(rulebook.opened(rulebook.by_id[rule_id].when))
    return expression(condition).alias(rule_id)


def expression(condition: Condition, anys: Mapping[HasAny, str] = MappingProxyType({})) -> pl.Expr:
    """A condition, its terms opened, as a nullable Boolean; `anys` names columns that are ready."""
    match condition:
        case All(parts):
            return _every(expression(part, anys) for part in parts)
        case Either(parts):
            return _any(expression(part, anys) for part in parts)
        case Not(part):
            return ~expression(part, anys)
    match atom := as_atom(condition):
        case OneOf(name, values):
            # One comparison each: `is_in` would turn null into false in some versions of polars.
            return _any(pl.col(column(name)) == value for value in values)
        case Is(name, value):
            return pl.col(column(name)) if value else ~pl.col(column(name))
        case HasAny(name, members):
            if atom in anys:
                return pl.col(anys[atom])
            return _any(pl.col(column(name, member)) for member in members)
        case HasEvery(name, members):
            return _every(pl.col(column(name, member)) for member in members)
        case Compare(name, comparison, threshold):
            return COMPARE[comparison](pl.col(column(name)), threshold)


def _any(parts: Iterable[pl.Expr]) -> pl.Expr:
    several = list(parts)
    return reduce(or_, several) if several else pl.lit(False)


def _every(parts: Iterable[pl.Expr]) -> pl.Expr:
    several = list(parts)
    return reduce(and_, several) if several else pl.lit(True)
