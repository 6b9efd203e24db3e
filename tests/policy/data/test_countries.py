"""Countries, ratings and special territories as they ship."""

import csv
import io

import pytest

from policy.facts import shipped
from policy.reference.destinations import CountriesError, RatingText, read_countries

COUNTRIES = shipped.load().countries
PLACES = COUNTRIES.places


def test_namibia_is_a_country_and_rated():
    assert COUNTRIES.names["NA"] == "Namibia"
    assert PLACES["NA"].tier == "low"


def test_every_iso_code_and_kosovo_has_a_name():
    assert len(COUNTRIES.names) == 250
    assert PLACES["XK"].name == "Kosovo"
    assert PLACES["TW"].name == "Taiwan"


def test_tiers_follow_the_score():
    tiers = [rating.tier for rating in COUNTRIES.lists[0].ratings]
    counts = {tier: tiers.count(tier) for tier in set(tiers)}
    assert counts == {"low": 73, "medium": 38, "high": 32, "very_high": 33, "unrated": 22}
    cuts = [("very_high", 0.30), ("high", 0.50), ("medium", 0.75), ("low", 1.01)]
    for rating in COUNTRIES.lists[0].ratings:
        if (
            rating.score is not None
            and min(abs(float(rating.score) - cut) for _, cut in cuts) > 1e-3
        ):
            by_mean = next(tier for tier, cut in cuts if float(rating.score) < cut)
            assert rating.tier == ("high" if rating.why else by_mean)


def test_one_index_below_030_makes_a_country_at_least_high():
    rows = list(csv.DictReader(io.StringIO(shipped.text("countries/vdem-v14-2023.csv"))))
    raised = set()
    for row in rows:
        indices = [row[name] for name in ("civil_liberties", "free_expression", "rule_of_law")]
        if any(index and float(index) < 0.30 for index in indices):
            assert row["tier"] in ("high", "very_high"), row["code"]
        if row["why"]:
            raised.add(row["code"])
            assert "below 0.30: at least high" in row["why"]
    assert raised == {"GT", "GW", "HK", "LB", "MG", "MR", "NG", "TG"}
    assert PLACES["HK"].tier == "high"


@pytest.mark.parametrize("code", ["LI", "MO", "GL", "AQ", "EH"])
def test_who_is_not_rated_is_unrated(code):
    assert PLACES[code].tier == "unrated"


@pytest.mark.parametrize(
    ("code", "special"),
    [
        ("XK", False),
        ("TW", False),
        ("HK", False),
        ("MO", False),
        ("NA", False),
        ("EH", True),
        ("PS", True),
        ("UA-43", True),
        ("CN-XJ", True),
        ("X-NCY", True),
    ],
)
def test_special_territories(code, special):
    assert PLACES[code].special is special


def test_a_territory_never_inherits_the_rating_of_its_parent():
    for code, territory in COUNTRIES.territories.items():
        if code not in COUNTRIES.effective:
            assert PLACES[code].tier == "unrated", (code, territory.parent)
    assert PLACES["IN-JK"].tier == "unrated"
    assert PLACES["GE-AB"].country == "GE"


def test_occupied_territories_stop_at_the_sanctions_gate():
    assert PLACES["UA-43"].export_control == PLACES["UA-40"].export_control == "prohibited"
    assert PLACES["UA-14"].export_control == "licence_required"


def test_the_worst_source_counts():
    worse = RatingText("code,tier\nFI,high\nSE,low\n", source="other", edition="1")
    own = [RatingText("code,tier\nFI,low\nSE,unrated\n", source="one", edition="1"), worse]
    countries = read_countries(
        names="code,name,also\nFI,Finland,\nSE,Sweden,\nNO,Norway,\n",
        territories="code,parent,name,special,export_control,note\n",
        ratings=own,
    )
    assert {code: place.tier for code, place in countries.places.items()} == {
        "FI": "high",
        "SE": "low",
        "NO": "unrated",
    }
    assert "other 1" in countries.places["FI"].note


@pytest.mark.parametrize(
    ("ratings", "said"),
    [
        ("code,tier\nZZ,low\n", 'test, line 2: "ZZ" is not a known code'),
        ("code,tier\nFI,lowish\n", 'test, line 2: "lowish" is not a valid tier'),
        ("code\nFI\n", "the column tier is missing"),
    ],
)
def test_bad_ratings_are_named(ratings, said):
    with pytest.raises(CountriesError, match=said):
        read_countries(
            names="code,name,also\nFI,Finland,\n",
            territories="code,parent,name,special,export_control,note\n",
            ratings=[RatingText(ratings, source="test", edition="1")],
        )


def test_the_notice_travels_with_the_ratings():
    notice = shipped.text("countries/NOTICE")
    assert "CC BY-SA 4.0" in notice
    assert "https://doi.org/10.23696/mcwt-fr58" in notice
    assert "Changes made" in notice
