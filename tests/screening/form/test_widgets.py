"""Widgets and single answers of the form: edge values, and that what is drawn is what is read."""

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from django import forms
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from policy.facts import shipped
from screening.form import deal_form, widgets
from screening.form.forms import FORMS, WithdrawForm, question_form
from screening.form.question_forms import CURRENCIES, LARGEST_VALUE
from screening.form.questions import question
from screening.form.widgets import ThreeBoxDate
from tests.screening.form.test_forms import errors, form, kept

DATA = shipped.load()


def typed(day: date) -> dict[str, str]:
    return {
        "answer_day": str(day.day),
        "answer_month": str(day.month),
        "answer_year": str(day.year),
    }


# --- Three boxes for a date ----------------------------------------------------------------------


@given(st.dates())
def test_a_date_in_three_boxes_is_read_as_it_is_drawn(day: date) -> None:
    field = ThreeBoxDate()
    boxes = [str(box) for box in field.widget.decompress(day)]
    assert field.to_python(boxes) == day


@given(st.lists(st.text(max_size=8), min_size=3, max_size=3))
def test_whatever_is_typed_into_the_boxes_is_a_date_or_refused(boxes: list[str]) -> None:
    with suppress(forms.ValidationError):
        day = ThreeBoxDate().to_python(boxes)
        assert day is None or isinstance(day, date)
        assert (day is None) == (not any(boxes))


@pytest.mark.parametrize("boxes", [["31", "12"], ["1", "2", "3", "4"], ["1", "1", "99999"]])
def test_too_few_too_many_and_too_late_are_refused(boxes: list[str]) -> None:
    with pytest.raises(forms.ValidationError):
        ThreeBoxDate().to_python(boxes)


def test_a_leap_day_exists_only_in_leap_years() -> None:
    assert kept("sign-date", **typed(date(2096, 2, 29))) == "2096-02-29"
    said = errors("sign-date", answer_day="29", answer_month="2", answer_year="2097")
    assert said == {"answer": ["Enter a date after today"]}


def test_yesterday_is_refused_and_shown_again() -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    made = form("sign-date", **typed(yesterday))
    assert not made.is_valid()
    html = str(made["answer"])
    assert f'value="{yesterday.year}"' in html
    assert [label in html for label in ("Day", "Month", "Year")] == [True] * 3


# --- Choices -------------------------------------------------------------------------------------


def options(slug: str) -> list[dict[str, Any]]:
    made = question_form(question(slug), DATA)
    widget = made.fields["answer"].widget
    groups = widget.get_context("answer", None, {})["widget"]["optgroups"]
    return [option for _name, group, _at in groups for option in group]


WITH_CHOICES = [one.slug for one in deal_form.QUESTIONS if one.kind == deal_form.Kind.CHOICE]


@pytest.mark.parametrize("slug", WITH_CHOICES)
def test_only_i_do_not_know_is_set_apart_and_last(slug: str) -> None:
    drawn = options(slug)
    apart = [option["value"] for option in drawn if option["apart"]]
    assert apart == (["?"] if question(slug).unknown else [])
    assert drawn[-1]["apart"] == question(slug).unknown


@pytest.mark.parametrize("slug", WITH_CHOICES)
def test_a_value_that_is_not_offered_is_refused_in_the_words_of_the_question(slug: str) -> None:
    assert errors(slug, answer="no-such-value") == {"answer": [str(question(slug).error)]}


@pytest.mark.parametrize("slug", WITH_CHOICES)
def test_each_value_that_is_offered_is_kept(slug: str) -> None:
    for option in options(slug):
        assert kept(slug, answer=str(option["value"])) == option["value"]


def test_each_kind_of_question_has_its_form() -> None:
    assert {one.kind for one in deal_form.QUESTIONS} - {deal_form.Kind.TERRITORIES} <= set(FORMS)


# --- Places --------------------------------------------------------------------------------------


@pytest.mark.parametrize("unknown", [True, False])
def test_places_are_offered_by_name_each_once(unknown: bool) -> None:
    choices = widgets.place_choices(DATA, unknown=unknown, first="Select")
    assert choices[0] == ("", "Select")
    assert ("?" in [value for value, _ in choices]) is unknown
    (_, countries), (_, areas) = choices[-2:]
    names = [name for _code, name in countries]
    assert names == sorted(names)
    codes = [code for code, _name in [*countries, *areas]]
    assert len(codes) == len(set(codes))
    assert {"FI", "XK", "UA-43"} <= set(codes)
    assert "XX" not in codes


def test_not_known_is_refused_where_it_is_not_offered() -> None:
    asked = question("customer-country")
    offered = [value for value, _ in question_form(asked, DATA).fields["answer"].choices]
    assert ("?" in offered) is asked.unknown


def test_run_from_needs_both_places() -> None:
    assert list(errors("run-from", run="FI")) == ["records"]
    assert list(errors("run-from", records="FI")) == ["run"]
    assert kept("run-from", run="?", records="UA-43") == {"run": "?", "records": "UA-43"}


# --- Amounts and names ---------------------------------------------------------------------------


@given(st.integers(min_value=1, max_value=LARGEST_VALUE))
def test_an_amount_is_shown_in_groups_and_read_again(amount: int) -> None:
    asked, stored = question("value"), {"amount": str(amount), "currency": "EUR"}
    shown = question_form(asked, DATA, stored=stored).initial["amount"]
    assert kept("value", amount=shown, currency="EUR") == stored


@pytest.mark.parametrize(
    ("amount", "is_kept"), [(LARGEST_VALUE, True), (LARGEST_VALUE + 1, False), (10**19, False)]
)
def test_the_largest_amount_is_the_last_that_is_kept(amount: int, is_kept: bool) -> None:
    assert form("value", amount=str(amount), currency="EUR").is_valid() is is_kept


@pytest.mark.parametrize("currency", ["", "XXX", "eur", "BTC"])
def test_a_currency_that_is_not_offered_is_refused(currency: str) -> None:
    assert list(errors("value", amount="5", currency=currency)) == ["currency"]
    assert currency not in CURRENCIES


@pytest.mark.parametrize("name", ["n/a", "unknown", "TBD", "---"])
def test_a_placeholder_is_no_customer(name: str) -> None:
    assert errors("customer", answer=name) == {"answer": ["Enter the customer's legal name"]}


def test_an_end_user_may_be_a_placeholder_because_a_rule_asks_again() -> None:
    assert kept("end-user-name", answer="unknown") == "unknown"


@pytest.mark.parametrize("slug", ["customer", "end-user-name", "name"])
@pytest.mark.parametrize("mark", ["\u202e", "\u200b", "\0"])
def test_a_name_holds_nothing_that_nobody_sees(slug: str, mark: str) -> None:
    assert list(errors(slug, answer=f"Elisa{mark} Oyj")) == ["answer"]


@pytest.mark.parametrize(("mark", "is_kept"), [("\u200b", True), ("\u202e", False), ("\0", False)])
def test_several_lines_may_hold_marks_of_a_document_that_reorder_nothing(
    mark: str, is_kept: bool
) -> None:
    assert form("description", answer=f"Mobile{mark} service").is_valid() is is_kept


@pytest.mark.parametrize("because", ["", "   ", "x" * 1001])
def test_a_withdrawal_needs_a_reason_of_bearable_length(because: str) -> None:
    assert list(WithdrawForm({"because": because}).errors) == ["because"]


def test_a_withdrawal_with_a_reason_is_read() -> None:
    made = WithdrawForm({"because": "x" * 1000})
    assert made.is_valid()
