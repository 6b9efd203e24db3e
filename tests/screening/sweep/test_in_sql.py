"""PostgreSQL's own reading of a rulebook, with which it judges every screening that is written."""

import json
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings

from policy.engine.language.condition import RANK
from policy.engine.readings.reference import assess
from policy.facts import shipped
from policy.models import Kind, ReferenceVersion
from screening.sweep import deal_facts
from tests import factories
from tests.effort import examples
from tests.policy.engine import strategies

pytestmark = pytest.mark.django_db
VOCABULARY = shipped.vocabulary()
CHOICES = {
    (name, value)
    for name, fact in VOCABULARY.items()
    if fact.kind == "choice"
    for value in fact.values  # type: ignore[attr-defined]
}


def asked(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


@given(strategies.rulebooks(VOCABULARY), strategies.deals(VOCABULARY))
@settings(
    max_examples=examples(80),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_it_reads_every_rulebook_as_the_engine_does(rulebook, facts):
    content = json.loads(rulebook.canonical)
    [(outcome, same)] = asked(
        "SELECT outcome_sql(%s), same_facts_sql(%s)",
        json.dumps(content["rulebook"]),
        json.dumps(content["vocabulary"]),
    )
    [(rank, is_same)] = asked(
        f"SELECT {outcome}, {same} FROM jsonb_populate_record(NULL::deal_facts, %s) AS facts,"
        " (SELECT %s::jsonb AS spelt) AS told",
        json.dumps(deal_facts.columns_of(facts)),
        json.dumps(facts.plain),
    )
    assert (rank, is_same) == (RANK[assess(rulebook, facts).outcome], True)


def test_it_judges_by_every_rulebook_that_reads_what_has_columns():
    factories.reference_data()
    active = ReferenceVersion.objects.active().get(kind=Kind.RULEBOOK)
    assert asked("SELECT version_id FROM rulebook_in_sql") == [(active.pk,)]


def test_it_knows_every_value_that_a_fact_may_take():
    assert set(asked("SELECT fact, value FROM deal_fact_value")) == CHOICES
