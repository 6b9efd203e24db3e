"""The facts of every stored screening in columns, for back-tests and sweeps inside PostgreSQL.

Derived: `Screening.facts_text` is the signed truth, a row says the same in the columns that
`policy.engine.readings.sql` reads, one row for each variant. NULL is unknown. The columns come from
the shipped vocabulary; when it gains facts, `makemigrations` asks for a migration. Where a change
makes stored rows say something else than their texts, that migration must also empty the table, and
`rebuild_deal_facts` fills it again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef

from policy.engine.language.facts import Choice, FactError, Facts, Flags, Vocabulary
from policy.engine.readings import sql
from policy.facts import shipped
from screening.sweep import rows

TABLE = "deal_facts"


def _fields(vocabulary: Vocabulary) -> "Iterator[tuple[str, models.Field[Any, Any]]]":
    """Name and field of each column; Django allows no double underscore in a name."""
    values = {name: fact.values for name, fact in vocabulary.items() if isinstance(fact, Choice)}
    for column, kind in sql.columns(vocabulary).items():
        more: dict[str, Any] = {"null": True, "db_column": column}
        if kind == "text":
            choices = [(value, value) for value in values[column]]
            yield column, models.TextField(choices=choices, **more)
        elif kind == "boolean":
            yield column.replace("__", "_"), models.BooleanField(**more)
        else:
            yield column, models.BigIntegerField(**more)


class DealFacts(models.Model):
    """One variant of one screening. Never changes (trigger)."""

    pk = models.CompositePrimaryKey("screening_id", "variant")
    screening = models.ForeignKey(
        "screening.Screening", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    # The place in the list that facts_text holds, from zero.
    variant = models.PositiveSmallIntegerField()

    class Meta:
        db_table = TABLE

    def __str__(self) -> str:
        return f"facts of {self.screening_id}, variant {self.variant}"


#: Column → field; more than these no rulebook can be played over in place.
FIELD_OF: dict[str, str] = {}
for _name, _field in _fields(shipped.vocabulary()):
    DealFacts.add_to_class(_name, _field)
    FIELD_OF[str(_field.db_column)] = _name
#: The fields of a row in their order.
NAMES = ("screening", "variant", *FIELD_OF.values())


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary whose columns the table has."""
    return shipped.vocabulary()


def columns_of(facts: Facts) -> dict[str, Any]:
    """The values of one variant by column."""
    return dict(sql.row(vocabulary().adopt(facts)))


def values(screening: int, variants: Sequence[Facts]) -> list[tuple[Any, ...]]:
    """What the rows of a screening hold, in the order of NAMES.

    An empty list when a variant holds a fact or value for which there is no column: a screening
    without rows is told as unread by every back-test, and half of one would pass for another deal.
    """
    try:
        found = [columns_of(facts) for facts in variants]
    except FactError:
        return []
    return [
        (screening, place, *(one[column] for column in FIELD_OF)) for place, one in enumerate(found)
    ]


def values_of_text(screening: int, facts: Sequence[Mapping[str, object]]) -> list[tuple[Any, ...]]:
    """What the rows hold as the stored text says it; FactError when that fits no columns."""
    return values(screening, [vocabulary().parse(plain) for plain in facts])


def write(values: Iterable[Sequence[Any]], *, or_keep: bool = False) -> None:
    """Store rows that `values` or `values_of_text` found, of one screening or of many."""
    rows.insert(DealFacts, NAMES, values, or_keep=or_keep)


def without_rows(screenings: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Those of the screenings that have no row here."""
    return screenings.filter(~Exists(DealFacts.objects.filter(screening=OuterRef("pk"))))


def has_columns_for(other: Vocabulary) -> bool:
    """Whether a rulebook with this vocabulary reads the rows as it would read the texts."""
    return _shape(other) == _shape(vocabulary())


def _shape(words: Vocabulary) -> dict[str, tuple[str, frozenset[str]]]:
    """What `parse` accepts: of each fact its type and its values or members."""
    return {name: (type(fact).__name__, _named(fact)) for name, fact in words.items()}


def _named(fact: object) -> frozenset[str]:
    if isinstance(fact, Choice):
        return frozenset(fact.values)
    return frozenset(fact.members) if isinstance(fact, Flags) else frozenset()
