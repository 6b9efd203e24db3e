"""The pages with rows: how many are shown, what each needs, and that none is lost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.facts import shipped
from screening.form.forms import question_form
from screening.form.questions import question
from screening.form.row_forms import FIRST_ROWS, MOST_ROWS, RowsForm
from tests.screening.form.test_forms import errors, form, kept

DATA = shipped.load()
PARTY = {"name": "Asia Trading", "role": "payer", "country": "SG"}


def drawn(slug: str, stored: Any = None) -> RowsForm:
    made = question_form(question(slug), DATA, stored=stored)
    assert isinstance(made, RowsForm)
    return made


def rows_of(**values: Any) -> RowsForm:
    made = form("countries", **values)
    assert isinstance(made, RowsForm)
    return made


def party(at: int, **changes: str) -> dict[str, str]:
    return {f"{part}_{at}": value for part, value in {**PARTY, **changes}.items()}


# --- How many ------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", range(MOST_ROWS + 1))
def test_what_is_stored_is_shown_with_a_row_to_spare(count: int) -> None:
    stored = [{"place": "FI", "site": f"Site {at}"} for at in range(count)]
    made = drawn("countries", stored)
    assert made.count == min(max(FIRST_ROWS, count + 1), MOST_ROWS)
    assert [made[f"site_{at}"].value() for at in range(count)] == [row["site"] for row in stored]
    assert made.may_add == (made.count < MOST_ROWS)


@given(st.text(max_size=6))
def test_whatever_is_typed_as_the_number_of_rows_is_bounded(typed: str) -> None:
    """A browser sends what it likes; a page of a million rows is none."""
    for added in ({}, {"add": "1"}):
        made = rows_of(rows=typed, **added)
        assert 1 <= made.count <= MOST_ROWS


def test_no_more_than_twenty_are_ever_added() -> None:
    made = rows_of(rows=str(MOST_ROWS), add="1")
    assert made.count == MOST_ROWS
    assert not made.may_add


def test_adding_a_row_is_no_error_where_nothing_is_typed_yet() -> None:
    made = rows_of(rows="1", add="1")
    assert made.wants_more()
    assert made.is_valid()
    assert form("intermediaries", answer="yes", rows="1", add="1").is_valid()


def test_without_the_button_nothing_is_added() -> None:
    made = rows_of(rows="1", place_0="FI")
    assert not made.wants_more()
    assert made.count == 1
    assert not drawn("countries").wants_more()


# --- What a row needs ----------------------------------------------------------------------------


def test_empty_rows_between_are_left_out() -> None:
    places = kept("countries", rows="3", place_0="FI", place_2="SE", site_2="Kiruna")
    assert places == [{"place": "FI", "site": ""}, {"place": "SE", "site": "Kiruna"}]


def test_a_site_of_more_than_its_length_is_refused() -> None:
    assert "site_0" in errors("countries", rows="1", place_0="FI", site_0="x" * 121)


@pytest.mark.parametrize("place", ["QQ", "fi", "?", "Finland"])
def test_a_place_that_the_list_lacks_is_refused(place: str) -> None:
    assert "place_0" in errors("countries", rows="1", place_0=place)


def test_each_row_of_a_party_has_its_own_errors() -> None:
    said = errors(
        "intermediaries", answer="yes", rows="2", **party(0), **party(1, role="", country="")
    )
    assert said == {
        "role_1": ["Select what they do"],
        "country_1": ["Select a country or I do not know"],
    }


@pytest.mark.parametrize("missing", PARTY)
def test_a_party_is_asked_for_exactly_what_it_lacks(missing: str) -> None:
    said = errors("intermediaries", answer="yes", rows="1", **party(0, **{missing: ""}))
    assert list(said) == [f"{missing}_0"]


@pytest.mark.parametrize("name", ["n/a", "unknown", "tbd", "-", "...."])
def test_a_placeholder_is_no_name_of_a_party(name: str) -> None:
    said = errors("intermediaries", answer="yes", rows="1", **party(0, name=name))
    assert said == {"name_0": ["Enter the name of the organisation"]}


def test_a_country_of_a_party_may_be_not_known() -> None:
    made = kept("intermediaries", answer="yes", rows="1", **party(0, country="?"))
    assert made["parties"] == [{**PARTY, "country": "?"}]


def test_a_territory_is_no_country_of_a_party() -> None:
    said = errors("intermediaries", answer="yes", rows="1", **party(0, country="UA-43"))
    assert list(said) == ["country_0"]


def test_what_is_wrong_in_rows_that_a_no_makes_void_is_no_error() -> None:
    made = kept("intermediaries", answer="no", rows="1", name_0="n/a")
    assert made == {"answer": "no", "parties": []}


def test_parties_are_shown_again_as_they_were_kept() -> None:
    made = drawn("intermediaries", {"answer": "yes", "parties": [PARTY]})
    assert made["answer"].value() == "yes"
    assert {part: made[f"{part}_0"].value() for part in PARTY} == PARTY
    assert made["name_1"].value() is None


# --- Elsewhere -----------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["yes", "?"])
def test_places_elsewhere_stay_also_beside_not_known(answer: str) -> None:
    """A place that was named counts, whatever was ticked beside it."""
    said = kept("elsewhere", answer=answer, rows="2", place_0="KZ", place_1="UA-43")
    assert said == {"answer": answer, "places": ["KZ", "UA-43"]}


def test_a_no_forgets_no_place_elsewhere() -> None:
    said = errors("elsewhere", answer="no", rows="1", place_0="KZ")
    assert list(said) == ["place_0"]
    assert kept("elsewhere", answer="no", rows="1") == {"answer": "no", "places": []}


def test_elsewhere_may_be_somewhere_that_nobody_knows() -> None:
    assert kept("elsewhere", answer="yes", rows="2") == {"answer": "yes", "places": []}


def test_places_elsewhere_are_shown_again() -> None:
    made = drawn("elsewhere", {"answer": "yes", "places": ["KZ", "TR"]})
    assert [made[f"place_{at}"].value() for at in range(2)] == ["KZ", "TR"]


@pytest.mark.parametrize("rows", ["1", "0", "", "x"])
def test_a_page_that_says_less_rows_than_it_sends_loses_none(rows: str) -> None:
    """Sent by a page of before, or by no page at all: what was written in a row is kept."""
    named = {"name_2": "NSO Group", "role_2": "partner", "country_2": "IL"}
    kept = form("intermediaries", answer="yes", rows=rows, **named)
    assert kept.is_valid()
    party = {"name": "NSO Group", "role": "partner", "country": "IL"}
    assert kept.answer() == {"answer": "yes", "parties": [party]}
    assert "name_2" in form("intermediaries", answer="no", rows=rows, **named).errors
    places = form("countries", rows=rows, place_0="FI", place_5="BY")
    assert places.is_valid()
    assert [row["place"] for row in places.answer()] == ["FI", "BY"]
