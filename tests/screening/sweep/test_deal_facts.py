"""deal_facts says in columns what facts_text says, row by row, or has no row."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings

from jobs.models import Clock
from policy.engine.language.facts import Choice, Flags, Text, Vocabulary, YesNo, canonical, digest
from policy.engine.readings import sql
from policy.facts import shipped
from screening.management.commands import rebuild_deal_facts
from screening.models import Screening
from screening.sweep import deal_facts
from screening.sweep.deal_facts import DealFacts
from tests import factories
from tests.effort import examples
from tests.policy.engine import strategies

pytestmark = pytest.mark.django_db
VOCABULARY = shipped.vocabulary()

SEVERAL = {
    **factories.CITED,
    "countries": [{"place": code, "site": ""} for code in ("TR", "FI", "BY")],
    "run-from": {"run": "TR", "records": "FI"},
}
DEALS = (
    factories.SENIOR,
    factories.EXECUTIVE,
    factories.CITED,
    factories.BARRED,
    factories.DOUBTFUL,
    SEVERAL,
)


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


def stored_rows(screening: int) -> list[dict[str, Any]]:
    """What PostgreSQL holds, by its own names of columns."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM deal_facts WHERE screening_id = %s ORDER BY variant", [screening]
        )
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert [row.pop("variant") for row in rows] == list(range(len(rows)))
    assert {row.pop("screening_id") for row in rows} <= {screening}
    return rows


def spelt(plain: dict[str, Any]) -> dict[str, Any]:
    """The columns of one variant, read from the text without the engine."""
    row: dict[str, Any] = {}
    for name, fact in VOCABULARY.items():
        value = plain.get(name)
        if isinstance(fact, Flags):
            parts = value if isinstance(value, dict) else {"yes": value or [], "unknown": []}
            for member in fact.members:
                open_ = value is None or member in parts["unknown"]
                row[f"{name}__{member}"] = None if open_ else member in parts["yes"]
        elif not isinstance(fact, Text):
            row[name] = value
    return row


def store(like: Screening, facts: list[dict[str, Any]]) -> Screening:
    """Another screening of the same revision with these facts, and without rows."""
    found = Screening.objects.get(pk=like.pk)
    found.pk, found._state.adding = None, True
    found.facts_text = canonical(facts)
    found.facts_digest = digest(found.facts_text)
    found.created_at = Clock()
    found.save()
    return found


def rebuilt() -> str:
    out = StringIO()
    call_command("rebuild_deal_facts", stdout=out)
    return out.getvalue().strip()


def test_each_screening_has_a_row_for_each_variant():
    for answers in DEALS:
        factories.sent_deal(answers)
    assert Screening.objects.count() == len(DEALS)
    several = 0
    for screening in Screening.objects.all():
        assert stored_rows(screening.pk) == [spelt(plain) for plain in screening.facts]
        several += len(screening.facts) > 1
    assert several, "no deal has several variants"


def test_the_names_are_those_that_expressions_read():
    found = {field.column for field in DealFacts._meta.local_concrete_fields}
    assert found - {"screening_id", "variant"} == set(sql.columns(VOCABULARY))
    assert set(deal_facts.FIELD_OF) == set(sql.columns(VOCABULARY))


@pytest.mark.usefixtures("any_facts")
@given(strategies.deals(VOCABULARY))
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_partly_answered_deal_is_the_same_in_columns(facts):
    with transaction.atomic():
        like = Screening.objects.first() or factories.cleared_deal().screening
        screening = store(like, [facts.plain, {}])
        deal_facts.write(deal_facts.values(screening.pk, [facts, VOCABULARY.parse({})]))
        assert stored_rows(screening.pk) == [spelt(facts.plain), spelt({})]
        transaction.set_rollback(True)


@pytest.mark.usefixtures("any_facts")
def test_rebuilding_fills_what_is_missing_and_nothing_else(monkeypatch):
    monkeypatch.setattr(rebuild_deal_facts, "BATCH", 2)
    like = factories.deal_in_review().screening
    facts = [like.facts, [*like.facts, {}], [{"country_risk": "high"}], [{}], [{}]]
    missing = [store(like, one) for one in facts]
    before = stored_rows(like.pk)
    assert rebuilt() == "5 screenings filled, 0 have no columns"
    for screening in missing:
        assert stored_rows(screening.pk) == [spelt(plain) for plain in screening.facts]
    assert stored_rows(like.pk) == before
    assert rebuilt() == "0 screenings filled, 0 have no columns"


@pytest.mark.usefixtures("any_facts")
def test_what_has_no_column_stays_without_rows_and_is_named():
    like = factories.cleared_deal().screening
    strange = store(like, [{"moon_phase": "full"}])
    fine = store(like, [{}])
    with pytest.raises(CommandError, match=f"screening {strange.pk}: unknown fact .moon_phase"):
        rebuilt()
    assert stored_rows(strange.pk) == []
    assert stored_rows(fine.pk)


def test_facts_of_another_vocabulary_give_all_rows_or_none():
    other = Vocabulary([*VOCABULARY.values(), YesNo("is_night")])
    known = other.parse({"country_risk": "low"})
    screening = factories.cleared_deal().screening
    assert len(deal_facts.values(screening.pk, [known, known])) == 2
    assert deal_facts.values(screening.pk, [known, other.parse({"is_night": True})]) == []


def test_only_the_same_facts_and_values_are_played_in_place():
    assert deal_facts.has_columns_for(VOCABULARY)
    facts = list(VOCABULARY.values())
    assert deal_facts.has_columns_for(Vocabulary(facts[::-1]))
    assert not deal_facts.has_columns_for(Vocabulary([*facts, YesNo("is_night")]))
    assert not deal_facts.has_columns_for(Vocabulary(facts[1:]))
    for at, fact in enumerate(facts):
        if isinstance(fact, Flags):
            other: Any = Flags(fact.name, (*fact.members, "new"))
        elif isinstance(fact, Choice):
            other = Choice(fact.name, (*fact.values, "new"))
        else:
            other = Choice(fact.name, ("new",))
        assert not deal_facts.has_columns_for(Vocabulary([*facts[:at], other, *facts[at + 1 :]]))


def test_rows_are_frozen():
    screening = factories.cleared_deal().screening
    before = json.dumps(stored_rows(screening.pk))
    for attack in (
        "UPDATE deal_facts SET variant = variant",
        "UPDATE deal_facts SET country_risk = 'low'",
        "DELETE FROM deal_facts",
        "TRUNCATE deal_facts",
        "ALTER TABLE deal_facts DISABLE TRIGGER refuse_change",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)
    assert json.dumps(stored_rows(screening.pk)) == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(session_user, 'deal_facts', 'UPDATE, DELETE')")
        assert cursor.fetchone() == (False,)


@pytest.mark.django_db(transaction=True)
def test_the_trigger_refuses_even_the_owner(owner_url):
    import psycopg2  # noqa: TID251  a login of its own, not Django's

    factories.cleared_deal()
    link = psycopg2.connect(owner_url)
    link.autocommit = True
    with link.cursor() as cursor:
        for attack in (
            "UPDATE deal_facts SET variant = 7",
            "DELETE FROM deal_facts",
            "TRUNCATE deal_facts",
        ):
            with pytest.raises(psycopg2.errors.CheckViolation):
                cursor.execute(attack)
    link.close()
