"""Many rows in one statement: what is written is what was given, and nothing else is touched."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from screening.lifecycle import Status
from screening.models import Deal, Notification
from screening.sweep import deal_facts, rows
from screening.sweep.deal_facts import DealFacts
from tests import factories
from tests.effort import examples

pytestmark = pytest.mark.django_db
NAMES = ("id", "deal", "to", "subject", "body")
#: What a column of text can hold at all.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=200)
IN_ONE_TRANSACTION = settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def deal() -> Deal:
    return factories.cleared_deal()


def letters(deal: Deal, texts: list[tuple[str, str]]) -> list[tuple[Any, ...]]:
    numbers = rows.numbers(Notification, len(texts))
    return [
        (number, deal.pk, deal.owner_id, *text) for number, text in zip(numbers, texts, strict=True)
    ]


# --- Numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 7])
def test_numbers_rise_and_are_given_once(count: int) -> None:
    first, second = (rows.numbers(Notification, count) for _ in range(2))
    assert len(first) == len(second) == count
    assert first + second == sorted({*first, *second})


# --- Insert --------------------------------------------------------------------------------------


@IN_ONE_TRANSACTION
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
@example([('{a,"b"}', "\\"), ("NULL", ""), ("'", "%s")])
def test_any_text_comes_back_as_it_was_given(deal: Deal, texts: list[tuple[str, str]]) -> None:
    given_rows = letters(deal, texts)
    rows.insert(Notification, NAMES, given_rows)
    numbers = [row[0] for row in given_rows]
    stored = Notification.objects.filter(pk__in=numbers).order_by("pk")
    assert list(stored.values_list("subject", "body")) == texts


def test_nothing_to_insert_is_no_statement(deal: Deal, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        rows.insert(Notification, NAMES, [])
        assert rows.update(Deal, ("due_at",), [], was="status") == 0


def test_what_is_too_long_is_refused_and_never_cut(deal: Deal) -> None:
    before = Notification.objects.count()
    texts = [("fits", ""), ("x" * 201, "")]
    with pytest.raises(DataError), transaction.atomic():
        rows.insert(Notification, NAMES, letters(deal, texts))
    assert Notification.objects.count() == before


def test_rows_of_different_lengths_are_refused(deal: Deal) -> None:
    with pytest.raises(ValueError, match="shorter"):
        rows.insert(Notification, NAMES, [(1, deal.pk, deal.owner_id, "a", "b"), (2, deal.pk)])


def test_a_row_that_is_there_stops_all_unless_it_may_stay() -> None:
    screening = factories.cleared_deal().last_screening
    facts = list(
        DealFacts.objects.filter(screening=screening).values(*deal_facts.FIELD_OF.values())
    )
    values = deal_facts.values_of_text(screening.pk, screening.facts)
    assert len(values) == len(facts) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        deal_facts.write(values)
    other = [(*values[0][:2], *(None for _ in values[0][2:]))]
    deal_facts.write(other, or_keep=True)
    again = DealFacts.objects.filter(screening=screening).values(*deal_facts.FIELD_OF.values())
    assert list(again) == facts


# --- Update --------------------------------------------------------------------------------------


def test_only_rows_that_hold_what_they_held_are_written() -> None:
    """Between the reading and the writing somebody may have moved a deal."""
    stays, moved = factories.deal_in_review(), factories.deal_in_review()
    due = timezone.now() + timedelta(days=3)
    changes = [(stays.pk, Status.IN_REVIEW, due), (moved.pk, Status.CLEARED, due)]
    assert rows.update(Deal, ("due_at",), changes, was="status") == 1
    assert Deal.objects.get(pk=stays.pk).due_at == due
    assert Deal.objects.get(pk=moved.pk).due_at == moved.due_at != due


def test_each_row_gets_its_own_value_and_no_other_row_any() -> None:
    deals = [factories.deal_in_review() for _ in range(3)]
    days = [timezone.now() + timedelta(days=at) for at in (1, 2)]
    changes = [(deal.pk, deal.status, day) for deal, day in zip(deals, days, strict=False)]
    assert rows.update(Deal, ("due_at",), reversed(changes), was="status") == 2
    stored = [Deal.objects.get(pk=deal.pk).due_at for deal in deals]
    assert stored == [*days, deals[2].due_at]
