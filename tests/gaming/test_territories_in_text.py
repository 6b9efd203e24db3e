"""A special territory that only a text or the name of a party says, in a deal of any country.

Each of the deals that are asked about here was cleared once: as the site of one of them Crimea
stops it.
"""

from typing import Any

import pytest

from policy.facts import shipped
from policy.facts.in_text import traced
from screening.form import named_in_text
from screening.lifecycle import Status
from tests.factories import in_country, ruled
from tests.screening.form.answers import ASKED_NOW, SIMPLE
from tests.screening.test_rulings import fact, send

DATA = shipped.load()
NAMED = {
    "Rollout in Crimea": "Crimea",
    "Spares for our sites in Simferopol": "Crimea",
    "Оборудование для Крыма": "Crimea",
    "Delivered from Finland to Northern Cyprus": "Northern Cyprus",
    "Coverage of Western Sahara": "Western Sahara",
    "For settlements in the West Bank": "West Bank",
    "Police of Xinjiang": "Xinjiang",
    "用于新疆的基站": "Xinjiang",
    "Leverans till Krim": "Crimea",
    "Radioverkko, Länsi-Sahara": "Western Sahara",
}
HONEST = [
    "Subscribers who moved here from Tibet",
    "Roaming with Northern Cyprus",
    "Radio for PMR users and LPR cameras",
    "Coverage of Golan street and of the Samaria quarter",
    "Spares made in Xinjiang",
    "Krim Radio Oy",
]


@pytest.mark.django_db
@pytest.mark.parametrize("words", NAMED)
@pytest.mark.parametrize("slug", ["description", "name"])
def test_where_only_the_words_lead_compliance_looks_at(slug: str, words: str) -> None:
    deal = send({**SIMPLE, slug: words})
    assert deal.turn == "compliance"
    said = f"names {NAMED[words]}, and no answer names that territory."
    assert said in fact(deal, "conflict_note")
    ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.django_db
def test_so_it_is_where_sales_says_that_none_is_meant() -> None:
    at_home: dict[str, Any] = {**ASKED_NOW, **in_country("CY"), "customer": "Mesaoria Mobile"}
    assert send(at_home).status == Status.CLEARED
    assert send({**at_home, "description": "For Northern Cyprus"}).turn == "compliance"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Ministry of Communications of Crimea", "Sukhumi Mobile"])
def test_a_party_named_after_one_far_away_is_asked_about(name: str) -> None:
    deal = send({**SIMPLE, "customer": name})
    assert deal.turn == "compliance"
    assert "and no answer names that territory" in fact(deal, "conflict_note")


def test_a_city_of_the_country_may_bear_the_name() -> None:
    said = {"description": "Coverage of Donetsk"}
    assert list(named_in_text.sentences(said, DATA, ["RU"])) == []
    assert len(list(named_in_text.sentences(said, DATA, ["FI"]))) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("words", HONEST)
def test_ordinary_words_clear(words: str) -> None:
    assert send({**SIMPLE, "description": words}).status == Status.CLEARED


@pytest.mark.parametrize(
    "answers",
    [
        {"countries": [{"place": "UA-43", "site": ""}]},
        {"other-places": {"answer": "yes", "places": ["UA-43"]}},
        {"territories": {"UA": ["UA-43"]}},
    ],
    ids=lambda answers: next(iter(answers)),
)
def test_one_that_an_answer_names_is_no_news(answers: dict[str, Any]) -> None:
    answers = {**answers, "description": "Rollout in Crimea"}
    assert list(named_in_text.sentences(answers, DATA, ["UA"])) == []


@pytest.mark.parametrize(("where", "is_asked"), [("none", True), (["UA-43"], False)])
def test_a_file_of_deals_is_read_so_too(where: Any, *, is_asked: bool) -> None:
    declared = {"country": "UA", "territories": {"UA": where}, "description": "For Crimea"}
    notes = [one.facts.plain.get("conflict_note", "") for one in traced(declared, DATA, given={})]
    assert any("names Crimea" in note for note in notes) is is_asked
