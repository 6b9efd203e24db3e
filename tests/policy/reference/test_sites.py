"""What the text of a site adds to the country beside which it is written."""

from dataclasses import replace

import pytest

from policy.facts import shipped
from policy.reference.sites import NONE, Sited, sited

COUNTRIES = shipped.load().countries
NOTHING = Sited()


def said(text: str, country: str, answer: list[str] | None = None) -> Sited:
    return sited(text, COUNTRIES.places.get(country), COUNTRIES, answer)


@pytest.mark.parametrize(
    ("country", "text", "code"),
    [
        ("UA", "Simferopol", "UA-43"),
        ("RU", "Симферополь", "UA-43"),
        ("UA", "ARC, Yevpatoria district", "UA-43"),
        ("TR", "Girne", "X-NCY"),
        ("CN", "香港", "HK"),
        ("RS", "Pristina", "XK"),
        ("UA", "Tiraspol", "MD-SN"),
        ("PS", "Gaza", "X-GZA"),
    ],
)
def test_a_place_in_a_territory_sets_it(country: str, text: str, code: str) -> None:
    found = said(text, country)
    assert found.territories[:1] == (code,)
    assert (found.doubts, found.is_open) == ((), False)
    assert COUNTRIES.places[code].name in found.notes[0]


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("UA", "Kyiv"),
        ("UA", "Київ, вулиця Хрещатик 1"),
        ("GE", "Tbilisi"),
        ("CY", "Nicosia"),
        ("MA", "Rabat"),
        ("MD", "Chișinău"),
        ("CN", "Beijing"),
        ("FI", "Helsinki"),
        ("FI", "A hamlet that nobody lists"),
        ("UA-43", "Simferopol"),
    ],
)
def test_a_place_of_the_country_says_nothing(country: str, text: str) -> None:
    assert said(text, country) == NOTHING


@pytest.mark.parametrize(
    ("country", "text", "sentence"),
    [
        ("UA", "Donetsk", "Donetsk may be in Donetsk oblast or Russia: say which is meant."),
        ("RU", "Донецк", "Донецк may be in Russia or Donetsk oblast: say which is meant."),
        ("CY", "Lefkoşa", "Lefkoşa may be in Cyprus or Northern Cyprus: say which is meant."),
        ("MA", "Dakhla", "Dakhla may be in Western Sahara or Morocco: say which is meant."),
    ],
)
def test_several_places_ask_which(country: str, text: str, sentence: str) -> None:
    assert said(text, country) == Sited(is_open=True, doubts=(sentence,))


def test_an_answer_says_which_of_several_places_is_meant() -> None:
    assert said("Donetsk", "RU", [NONE]) == NOTHING
    assert said("Donetsk", "RU", ["UA-14"]) == NOTHING
    assert said("Donetsk", "UA", ["UA-14"]) == NOTHING
    assert said("Lefkoşa", "CY", [NONE]) == NOTHING
    still = said("Donetsk", "UA", [NONE])
    assert still.is_open, "no place in Ukraine is left when its territories are none"


@pytest.mark.parametrize(
    ("country", "text", "sentence"),
    [
        ("FI", "Almaty", "Almaty is in Kazakhstan, and the country chosen is Finland."),
        ("GE", "Алматы", "Алматы is in Kazakhstan, and the country chosen is Georgia."),
        ("FI", "Simferopol", "Simferopol is in Crimea, and the country chosen is Finland."),
    ],
)
def test_a_place_in_another_country_contradicts(country: str, text: str, sentence: str) -> None:
    assert said(text, country).doubts == (sentence,)


def test_a_contradiction_needs_a_whole_part_of_the_text() -> None:
    """Words such as Victoria or Georgia stand in many texts; Simferopol means one thing only."""
    assert said("Line to Almaty road", "FI") == NOTHING
    assert said("Support for Simferopol", "FI").territories == ("UA-43",)


def test_none_beside_a_place_in_a_territory_is_a_contradiction() -> None:
    found = said("Simferopol", "UA", [NONE])
    assert found.territories == ("UA-43",)
    assert found.doubts == ("Sales says that no territory is meant, and Simferopol is in Crimea.",)


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("UA", "Simferopl"),
        ("UA", "44.95, 34.10"),
        ("UA", "95000"),
        ("UA", "Hamlet Petrivka"),
        ("UA", "Kyivska street 12"),
        ("UA", "Kyiv street 5"),
        ("UA", "Volyn street 5"),
        ("UA", "Nationwide"),
        ("UA", "Ukraine"),
        ("UA", "human resources site"),
        ("MD", "Tiraspl"),
        ("GE", "Georgia"),
        ("IL", "acre of land"),
        ("CN", "基站"),
    ],
)
def test_none_beside_a_text_that_names_no_place_of_the_country_is_one_too(
    country: str, text: str
) -> None:
    name = COUNTRIES.places[country].name
    assert said(text, country, [NONE]).doubts == (
        f"Sales says that no territory is meant, and “{text}” names no place in {name} for"
        " certain.",
    )
    assert not any("for certain" in doubt for doubt in said(text, country).doubts)


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("UA", "Kyiv data centre"),
        ("UA", "м. Київ, вул. Хрещатик 1"),
        ("UA", "Radio site Lviv-12"),
        ("UA", "Львівська область"),
        ("UA", "Zakarpattia oblast"),
        ("GE", "Batumi port"),
        ("GE", "Kakheti"),
        ("IL", "Acre"),
        ("MA", "Salé"),
        ("DJ", "Djibouti"),
        ("CN", "广东省广州市"),
        ("CN", "Guangdong province"),
        ("UA", " "),
        ("FI", "A hamlet that nobody lists"),
    ],
)
def test_none_beside_a_place_of_the_country_is_believed(country: str, text: str) -> None:
    assert said(text, country, [NONE]) == NOTHING


def test_a_long_text_is_shown_cut() -> None:
    (doubt,) = said("Tower " * 20, "UA", [NONE]).doubts
    assert len(doubt) < 130


def test_without_a_country_only_territories_count() -> None:
    assert said("Simferopol", "XX").territories == ("UA-43",)
    assert said("Almaty", "XX") == NOTHING


def test_a_list_that_does_not_know_a_territory_yet_says_nothing_of_it() -> None:
    older = {code: one for code, one in COUNTRIES.territories.items() if code != "X-NKR"}
    countries = replace(COUNTRIES, territories=older)
    assert sited("Stepanakert", countries.places["AZ"], countries, None) == NOTHING
