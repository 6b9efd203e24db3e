"""The decision history behind its page: days to the second, cells, what a row counts as."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import DateTimeField, Value
from hypothesis import example, given
from hypothesis import strategies as st

from audit.models import AuditEvent
from reviews.history import decisions
from reviews.history.decisions import BEGINS, COLUMNS, FINAL, REPLACED, RESULTS
from screening import actions
from screening.lifecycle import Status
from screening.models import Screening
from tests import factories as make

DAY = date(2026, 3, 1)


def results(**chosen: Any) -> list[str]:
    rows = decisions.newest_first(decisions.filtered(decisions.screenings(), chosen))
    return [screening.result for screening in rows]


def rows_of_export() -> list[dict[str, str]]:
    text = "".join(decisions.csv_lines(decisions.screenings()))
    return list(csv.DictReader(io.StringIO(text, newline="")))


# --- Cells of the export -------------------------------------------------------------------------


@given(st.text())
@example("\0=1")
@example("＝SUM(A1)")
@example(" =1")
def test_no_cell_begins_like_a_formula_and_none_loses_a_letter(text: str) -> None:
    cell = decisions._cell(text)
    assert isinstance(cell, str)
    assert cell[:1] not in BEGINS
    assert cell.removeprefix("'") == text.removeprefix("'")
    assert (cell != text) == (text[:1] in BEGINS)


@given(st.integers())
def test_a_number_stays_a_number(number: int) -> None:
    assert decisions._cell(number) is number


def test_a_moment_is_written_in_utc_to_the_second() -> None:
    moment = datetime(2026, 3, 1, 23, 59, 59, 999999, tzinfo=UTC)
    assert decisions._utc(moment) == "2026-03-01T23:59:59Z"
    assert decisions._utc(None) == ""


def test_the_columns_differ_and_say_their_time_zone() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert all(name.endswith("_utc") for name in COLUMNS if "_at" in name)


# --- Days ----------------------------------------------------------------------------------------

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
LAST = datetime(2026, 3, 1, 23, 59, 59, 999999, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("at", "is_in"),
    [(FIRST - MOMENT, False), (FIRST, True), (LAST, True), (LAST + MOMENT, False)],
    ids=["just before", "its first moment", "its last moment", "just after"],
)
def test_a_day_lasts_from_midnight_to_midnight_in_utc(at: datetime, is_in: bool) -> None:
    make.cleared_deal()
    rows = Screening.objects.annotate(result_at=Value(at, output_field=DateTimeField()))
    assert decisions._dated(rows, DAY, DAY).exists() is is_in
    assert decisions._dated(rows, DAY, None).exists() is (at >= FIRST)
    assert decisions._dated(rows, None, DAY).exists() is (at <= LAST)
    assert decisions._dated(rows, None, None).exists()


@pytest.mark.django_db
def test_a_day_after_its_end_holds_nothing() -> None:
    make.cleared_deal()
    rows = Screening.objects.annotate(result_at=Value(FIRST, output_field=DateTimeField()))
    assert not decisions._dated(rows, DAY, DAY - timedelta(days=1)).exists()


# --- What a screening led to ---------------------------------------------------------------------


def test_every_status_that_ends_a_deal_is_a_final_result() -> None:
    assert {status.value for status in FINAL} <= set(RESULTS)
    assert {Status.IN_REVIEW, Status.NEEDS_INFORMATION, Status.DRAFT}.isdisjoint(FINAL)
    assert REPLACED not in {status.value for status in FINAL}


@pytest.mark.django_db
def test_each_screening_counts_once_whatever_it_led_to() -> None:
    deal = make.deal_in_review()
    actions.rescreen_deal(deal, cause="fact", because="test")
    make.cleared_deal()
    every = results(result="any")
    assert sorted(every) == ["cleared", "in_review", "replaced"]
    assert sum(len(results(result=result)) for result in RESULTS) == len(every)
    totals = decisions.totals(decisions.screenings())
    assert {result: count for result, _words, count in totals} == dict.fromkeys(every, 1)
    assert {result: words for result, words, _ in totals}["replaced"] == RESULTS[REPLACED]


@pytest.mark.django_db
def test_a_decision_stays_with_the_screening_that_people_looked_at() -> None:
    """Screened again afterwards, the earlier row still says approved and who approved it."""
    deal = make.approved_deal()
    before = deal.screening_id
    actions.rescreen_deal(deal, cause="version", because="test")
    rows = {row.pk: row for row in decisions.with_rows(decisions.screenings())}
    assert rows[before].result == "approved"
    assert decisions.voters(rows[before])
    assert rows[before].result_at == rows[before].decision.decided_at
    deal.refresh_from_db()
    assert deal.screening_id != before
    assert decisions.voters(rows[deal.screening_id]) == []


@pytest.mark.django_db
def test_a_withdrawal_counts_from_its_own_moment() -> None:
    deal = make.deal_in_review()
    actions.withdraw_deal(deal, because="The customer left", actor=deal.owner)
    (row,) = decisions.screenings()
    assert row.result == "withdrawn"
    assert row.result_at == AuditEvent.objects.get(verb="deal.withdrawn").at
    assert row.result_at > row.created_at


@pytest.mark.django_db
def test_the_withdrawal_of_another_deal_is_not_taken_for_it() -> None:
    """deal:1 and deal:11 are two subjects."""
    withdrawn, cleared = make.deal_in_review(), make.cleared_deal()
    actions.withdraw_deal(withdrawn, because="The customer left", actor=withdrawn.owner)
    row = decisions.screenings().get(pk=cleared.screening_id)
    assert (row.result, row.result_at) == ("cleared", row.created_at)


# --- Filters -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_text_finds_title_customer_and_reference_and_nothing_in_between() -> None:
    deal = make.cleared_deal()
    for text in (deal.title.upper(), deal.title[1:4], f" {deal.reference} ", "elisa"):
        assert results(text=text) == ["cleared"], text
    for text in (deal.reference + "0", deal.reference[:-1] + "%", "%", "_"):
        assert results(text=text) == [], text


@pytest.mark.django_db
def test_a_person_is_found_by_each_of_their_names_in_any_case() -> None:
    owner = make.sales_person(name="Minna Salo")
    make.cleared_deal(owner)
    make.cleared_deal(make.sales_person(name="Juha Niemi"))
    for text in ("minna", "SALO", owner.username):
        assert results(person=text) == ["cleared"], text
    assert results(person="nobody of this name") == []


@pytest.mark.django_db
def test_filters_narrow_together() -> None:
    make.cleared_deal()
    make.barred_deal()
    assert results(outcome="bar", country="BY") == ["barred"]
    assert results(outcome="bar", country="FI") == []
    assert results(rule="b01", clause="C2b") == ["barred"]
    assert results(rule="B0") == []


@pytest.mark.django_db
def test_without_a_result_only_what_is_final_is_listed() -> None:
    make.deal_in_review()
    make.cleared_deal()
    assert results() == ["cleared"]
    assert results(result="in_review") == ["in_review"]
    assert sorted(results(result="any")) == ["cleared", "in_review"]


# --- The export ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_export_of_nothing_is_its_head() -> None:
    assert list(decisions.csv_lines(decisions.screenings())) == [",".join(COLUMNS) + "\r\n"]


@pytest.mark.django_db
def test_a_row_says_what_the_screening_found_and_who_sent_it() -> None:
    deal = make.barred_deal(make.sales_person(name="Minna Salo"))
    (row,) = rows_of_export()
    findings = list(deal.screening.findings.all())
    assert row["rules"].split(", ")[0] == findings[0].rule == "B01"
    assert row["clauses"].startswith("C2b")
    assert (row["outcome"], row["result"]) == ("bar", "barred")
    assert (row["voted_by"], row["because"]) == ("", "")
    assert row["sent_by"] == "Minna Salo"
    assert row["facts_digest"] == deal.screening.facts_digest


@pytest.mark.django_db
def test_a_rule_that_fires_for_several_destinations_is_listed_once() -> None:
    places = [{"place": code, "site": ""} for code in ("TR", "BY")]
    make.sent_deal({**make.SENIOR, "countries": places, "territories": {"TR": ["none"]}})
    (row,) = rows_of_export()
    rules = row["rules"].split(", ")
    assert len(rules) == len(set(rules))
    assert "Belarus" in row["countries"]
    assert "Türkiye" in row["countries"] or "Turkey" in row["countries"]
