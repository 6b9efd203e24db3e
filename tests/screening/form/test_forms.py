"""Each page of the deal form: what it keeps, the words of its errors, what it shows again."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from policy.facts import shipped
from screening.form import deal_form
from screening.form.forms import QuestionForm, question_form
from screening.form.questions import question
from tests.screening.form.answers import SIMPLE


def posted(**values: Any) -> QueryDict:
    found = QueryDict(mutable=True)
    for name, value in values.items():
        found.setlist(name, value if isinstance(value, list) else [value])
    return found


#: The page of territories has a field for each country of the draft that is beside one.
BESIDE = ("UA", "CY")


def form(slug: str, **values: Any) -> QuestionForm:
    return question_form(question(slug), shipped.load(), posted=posted(**values), beside=BESIDE)


def kept(slug: str, **values: Any) -> Any:
    made = form(slug, **values)
    assert made.is_valid(), made.errors
    return made.answer()


def errors(slug: str, **values: Any) -> dict[str, list[str]]:
    made = form(slug, **values)
    assert not made.is_valid()
    return {name: [str(one) for one in found] for name, found in made.errors.items()}


EMPTY_ERRORS = {
    "products": "Select at least one product",
    "deal-kind": "Select what kind of deal this is",
    "services": 'Select at least one, or "Supply only"',
    "other-systems": "Select yes, no or I do not know",
    "value": "Enter the value, like 1 200 000",
    "sign-date": "Enter a date after today",
    "intermediaries": "Say yes or no",
    "customer": "Enter the customer's legal name",
    "customer-kind": "Select what kind of organisation signs",
    "customer-country": "Select a country",
    "end-user": "Select who will use the system",
    "end-user-name": "Enter the end user's name",
    "state-owned": "Select yes, no or I do not know",
    "intelligence-access": "Select yes, no or I do not know",
    "countries": "Add at least one country",
    "other-places": "Select yes, no or I do not know",
    "run-from": "Select a country or I do not know",
    "elsewhere": "Select yes, no or I do not know",
    "territories": "Say where it is, or that you do not know",
    "description": "Enter the purpose",
    "purposes": "Select at least one",
    "handover": "Select one",
    "obligation": "Select yes, no or I do not know",
    "legal-basis": "Select the law, another law, or not known yet",
    "stores": "Select one",
    "analyses": "Select one",
    "restricts": "Select yes, no or I do not know",
    "follows": "Select yes, no or I do not know",
    "limits-speech": "Select what was asked for, or I do not know",
    "law-conflict": "Select yes, no or I do not know",
    "reports": "Select yes, no or I do not know",
    "safeguards": 'Select at least one, or "None"',
    "declaration": "Confirm the declaration to send",
}


def test_every_question_that_needs_an_answer_has_an_error_here() -> None:
    needed = {one.slug for one in deal_form.QUESTIONS if not one.optional}
    assert needed == EMPTY_ERRORS.keys()


@pytest.mark.parametrize("slug", EMPTY_ERRORS)
def test_an_empty_page_says_what_to_do(slug: str) -> None:
    found = errors(slug, rows="1")
    assert EMPTY_ERRORS[slug] in [error for several in found.values() for error in several]


@pytest.mark.parametrize("slug", ["name", "reference"])
def test_an_optional_page_may_stay_empty(slug: str) -> None:
    assert kept(slug) == ""


@pytest.mark.parametrize("slug", SIMPLE)
def test_what_is_kept_is_shown_again_and_kept_again(slug: str) -> None:
    asked, data = question(slug), shipped.load()
    shown = question_form(asked, data, stored=SIMPLE[slug])
    typed = QueryDict(mutable=True)
    typed["rows"] = str(len(getattr(shown, "rows", [])))
    for bound in shown:
        value = bound.value()
        if slug == "sign-date":
            day, month, year = bound.field.widget.decompress(value)
            typed.update({"answer_day": day, "answer_month": month, "answer_year": year})
        elif isinstance(value, list):
            typed.setlist(bound.html_name, value)
        elif value is True:
            typed[bound.html_name] = "on"
        elif value not in (None, False):
            typed[bound.html_name] = str(value)
    again = question_form(asked, data, posted=typed)
    assert again.is_valid(), again.errors
    assert again.answer() == SIMPLE[slug]


def test_a_long_name_is_refused_in_words() -> None:
    assert errors("name", answer="x" * 81) == {"answer": ["Name must be 80 characters or fewer"]}


@pytest.mark.parametrize(
    ("typed", "amount"), [("1 200 000", "1200000"), ("1,200,000", "1200000"), ("07", "7")]
)
def test_amounts_are_read_with_gaps(typed: str, amount: str) -> None:
    assert kept("value", amount=typed, currency="EUR") == {"amount": amount, "currency": "EUR"}


@pytest.mark.parametrize("typed", ["a lot", "-5", "0", "1.5", "9" * 40, "٣", "1e9"])
def test_other_amounts_are_refused(typed: str) -> None:
    assert errors("value", amount=typed, currency="EUR") == {
        "amount": ["Enter the value, like 1 200 000"]
    }


def test_today_is_not_after_today() -> None:
    today = timezone.localdate()
    after = today + timedelta(days=1)
    parts = {"answer_day": today.day, "answer_month": today.month, "answer_year": today.year}
    assert errors("sign-date", **{k: str(v) for k, v in parts.items()}) == {
        "answer": ["Enter a date after today"]
    }
    parts = {"answer_day": after.day, "answer_month": after.month, "answer_year": after.year}
    assert kept("sign-date", **{k: str(v) for k, v in parts.items()}) == str(after)


@pytest.mark.parametrize("day", ["31", "x", ""])
def test_days_that_do_not_exist_are_refused(day: str) -> None:
    found = errors("sign-date", answer_day=day, answer_month="2", answer_year="2199")
    assert found == {"answer": ["Enter a date after today"]}


def test_a_product_that_the_catalogue_lacks_is_refused() -> None:
    assert errors("products", answer=["nr-macro", "no-such"]) == {
        "answer": ["Select at least one product"]
    }


def test_countries_and_areas_share_one_list() -> None:
    assert kept("countries", rows="2", place_0="KZ", site_0="Almaty", place_1="UA-43") == [
        {"place": "KZ", "site": "Almaty"},
        {"place": "UA-43", "site": ""},
    ]


def test_a_site_without_its_country_is_asked_for() -> None:
    assert errors("countries", rows="1", site_0="Almaty")["place_0"]


def test_add_another_shows_one_more_row_and_keeps_what_was_typed() -> None:
    more = form("countries", rows="2", place_0="KZ", add="1")
    assert more.wants_more()
    assert more.is_valid()
    assert len(more.rows) == 3
    assert more["place_0"].value() == "KZ"


@pytest.mark.parametrize("at", ["20", "999999999999"])
@pytest.mark.parametrize(
    ("slug", "typed", "column", "value"),
    [
        ("countries", {"place_0": "FI"}, "place", "BY"),
        ("elsewhere", {"answer": "yes", "place_0": "SE"}, "place", "BY"),
        ("intermediaries", {"answer": "no"}, "name", "NSO Group"),
    ],
)
def test_a_row_that_no_page_has_is_refused_and_not_dropped(
    slug: str, typed: dict[str, str], column: str, value: str, at: str
) -> None:
    found = errors(slug, **typed, rows="1", **{f"{column}_{at}": value})
    says = "A deal takes 20 of these. Send the others in another deal"
    assert found[f"{column}_0"][0] == says


@pytest.mark.parametrize("rows", ["999999999999", "-1", "x", "٣"])
def test_a_strange_number_of_rows_is_bounded(rows: str) -> None:
    assert 1 <= len(form("countries", rows=rows).rows) <= 20


def test_yes_needs_somebody() -> None:
    assert errors("intermediaries", answer="yes", rows="1") == {
        "name_0": ["Name at least one, or say no"]
    }


def test_a_party_needs_all_three() -> None:
    found = errors("intermediaries", answer="yes", rows="1", name_0="Asia Trading")
    assert found == {
        "role_0": ["Select what they do"],
        "country_0": ["Select a country or I do not know"],
    }


@pytest.mark.parametrize("answer", ["refused", "included"])
def test_a_request_to_limit_speech_says_which_and_what(answer: str) -> None:
    assert errors("limits-speech", answer=answer) == {"text": ["Say what you know"]}
    assert kept("limits-speech", answer=answer, text="A filter") == {
        "answer": answer,
        "text": "A filter",
    }
    assert "answer" in errors("limits-speech", answer="yes", text="A filter")
    for answer in ("no", "?"):
        assert kept("limits-speech", answer=answer) == {"answer": answer, "text": ""}


@pytest.mark.parametrize("slug", ["reports", "law-conflict", "follows"])
def test_a_yes_needs_words(slug: str) -> None:
    assert errors(slug, answer="yes") == {"text": ["Say what you know"]}
    assert kept(slug, answer="no") == {"answer": "no", "text": ""}
    assert kept(slug, answer="?") == {"answer": "?", "text": ""}


BESIDE_NO = "You answered no: change that answer, or remove this"


def test_what_is_written_beside_a_no_is_not_lost() -> None:
    """Neither dropped nor kept where nobody looks: whoever sends the page decides."""
    assert errors("reports", answer="no", text="Amnesty wrote of it") == {"text": [BESIDE_NO]}
    assert errors("restricts", answer="no", owner="authorities") == {"owner": [BESIDE_NO]}
    assert errors("elsewhere", answer="no", place_0="BY", rows="2") == {"place_0": [BESIDE_NO]}
    named = {"name_0": "Foo Trading", "role_0": "payer", "country_0": "BY", "rows": "2"}
    assert errors("intermediaries", answer="no", **named) == {"name_0": [BESIDE_NO]}


def test_what_is_written_beside_i_do_not_know_is_kept() -> None:
    assert kept("reports", answer="?", text="A rumour") == {"answer": "?", "text": "A rumour"}
    assert kept("restricts", answer="?", owner="authorities")["owner"] == "authorities"
    assert kept("elsewhere", answer="?", place_0="SE", rows="2") == {
        "answer": "?",
        "places": ["SE"],
    }


def test_who_owns_the_list_is_asked_for_a_yes() -> None:
    assert errors("restricts", answer="yes", text="Malware") == {
        "owner": ["Select who owns the list"]
    }
    assert kept("restricts", answer="yes", text="Malware", owner="subscriber") == {
        "answer": "yes",
        "text": "Malware",
        "owner": "subscriber",
    }


def test_the_law_needs_who_can_order() -> None:
    assert errors("legal-basis", answer="typed", act="Act 917/2014") == {
        "orders": ["Say who can order an interception"]
    }


def test_none_stands_alone() -> None:
    assert errors("safeguards", answer=["none", "audit_right"])["answer"]
    assert kept("safeguards", answer=["none"]) == ["none"]


@pytest.mark.parametrize("slug", [one.slug for one in deal_form.QUESTIONS])
def test_every_page_draws_itself_with_its_title(slug: str) -> None:
    made = question_form(question(slug), shipped.load())
    html = "".join(bound.as_field_group() for bound in made)
    if made.has_heading:
        assert html.count("<h1>") == 1
    assert "style=" not in html
    assert "onclick" not in html


def test_each_territory_of_each_country_is_offered_by_name() -> None:
    made = question_form(question("territories"), shipped.load(), beside=BESIDE)
    assert list(made.fields) == ["in_UA", "in_CY"]
    in_cyprus = str(made["in_CY"].as_field_group())
    assert "<legend>Cyprus</legend>" in in_cyprus
    for offered in ("Northern Cyprus", "None of these", "I do not know"):
        assert offered in in_cyprus
    assert "Crimea" in str(made["in_UA"])


def test_territories_are_kept_by_country() -> None:
    said = kept("territories", in_UA=["UA-43", "UA-14"], in_CY=["none"])
    assert said == {"UA": ["UA-43", "UA-14"], "CY": ["none"]}


@pytest.mark.parametrize("alone", ["none", "?"])
def test_none_and_not_known_stand_alone(alone: str) -> None:
    said = errors("territories", in_UA=["UA-43", alone], in_CY=["none"])
    assert said == {"in_UA": ["Select territories, or one of the last two answers alone"]}


def test_a_territory_of_another_country_is_no_choice() -> None:
    assert "in_CY" in errors("territories", in_UA=["none"], in_CY=["UA-43"])


@pytest.mark.parametrize("slug", [one.slug for one in deal_form.QUESTIONS if one.unknown])
def test_not_knowing_is_offered_where_it_may_be_said(slug: str) -> None:
    made = question_form(question(slug), shipped.load(), beside=BESIDE)
    html = "".join(bound.as_field_group() for bound in made)
    assert 'value="?"' in html
