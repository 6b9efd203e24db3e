"""Rating lists: tiers from scores, two editions compared, several sources combined."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.reference.importers.places import LEFT_OUT_NAMES, codes_of_name, places, plain, states
from policy.reference.ratings import (
    TIERS,
    UNRATED,
    Cuts,
    Rating,
    RatingList,
    compare,
    worse,
    worst_of,
)

CUTS = Cuts(Decimal("0.3"), Decimal("0.5"), Decimal("0.75"), Decimal(0), Decimal(1))


def rating_list(source, **tiers):
    ratings = tuple(Rating(code, tiers[code], None, code) for code in sorted(tiers))
    return RatingList(source, "1", 2023, "own", "by hand", ratings)


@pytest.mark.parametrize(
    ("score", "tier"),
    [
        ("0", "very_high"),
        ("0.2999", "very_high"),
        ("0.3", "high"),
        ("0.5", "medium"),
        ("0.7499", "medium"),
        ("0.75", "low"),
        ("1", "low"),
    ],
)
def test_a_cut_belongs_to_the_better_tier(score, tier):
    assert CUTS.tier(Decimal(score)) == tier


def test_a_mean_is_compared_unrounded():
    # 2.2499 / 3 = 0.74997, which three decimals would round up into low.
    assert CUTS.tier(Decimal("2.2499"), 3) == "medium"
    assert CUTS.tier(Decimal("2.25"), 3) == "low"


def test_a_scale_may_run_the_other_way():
    cuts = Cuts(Decimal(75), Decimal(50), Decimal(25), Decimal(0), Decimal(100), rising="riskier")
    tiers = [cuts.tier(Decimal(s)) for s in (10, 25, 26, 51, 75, 76)]
    assert tiers == ["low", "low", "medium", "high", "high", "very_high"]


@pytest.mark.parametrize("ladder", [(5, 3, 7), (3, 3, 7), (0, 3, 7), (3, 5, 10)])
def test_cuts_that_do_not_climb_are_refused(ladder):
    with pytest.raises(ValueError, match="do not climb"):
        Cuts(*map(Decimal, ladder), Decimal(0), Decimal(10))


def test_cuts_refuse_an_unknown_direction():
    with pytest.raises(ValueError, match="must be 'freer' or 'riskier'"):
        Cuts(Decimal(1), Decimal(2), Decimal(3), Decimal(0), Decimal(9), rising="up")


def test_two_editions_compared():
    before = rating_list("X", AT="low", BY="high", FI="low", ML="medium", SD="very_high", TR="high")
    after = rating_list("X", AT="low", BY="very_high", FI=UNRATED, ML="high", TR="medium", ZA="low")
    changes = compare(before, after)
    assert [c.code for c in changes.raised] == ["BY", "ML"]
    assert [c.code for c in changes.lowered] == ["TR"]
    assert [(c.code, c.after) for c in changes.lost] == [("FI", UNRATED), ("SD", UNRATED)]
    assert [(c.code, c.before) for c in changes.gained] == [("ZA", UNRATED)]
    assert changes.marks().keys() == {"BY", "ML", "TR", "FI", "SD", "ZA"}


def test_the_worst_source_decides_and_is_named():
    mild, strict = rating_list("A", BY="high", FI="low"), rating_list("B", BY="very_high", XK="low")
    worst = worst_of([mild, strict])
    assert (worst["BY"].tier, worst["BY"].decided_by, worst["BY"].silent) == (
        "very_high",
        ("B 1",),
        (),
    )
    assert (worst["FI"].tier, worst["FI"].decided_by, worst["FI"].silent) == (
        "low",
        ("A 1",),
        ("B 1",),
    )


def test_sources_that_agree_are_both_named():
    both = worst_of([rating_list("A", BY="high"), rating_list("B", BY="high")])
    assert both["BY"].decided_by == ("A 1", "B 1")


def test_no_rating_anywhere_is_unrated_and_nobody_decided_it():
    worst = worst_of([rating_list("A", AD=UNRATED), rating_list("B", FI="low")])
    assert (worst["AD"].tier, worst["AD"].decided_by) == (UNRATED, ())
    assert worst_of([]) == {}


def test_a_territory_takes_nothing_from_its_parent():
    worst = worst_of([rating_list("A", MA="medium", CN="low", TZ="low")])
    assert "EH" not in worst
    assert rating_list("A", CN="low").tier("HK") == UNRATED


TIER = st.sampled_from((*TIERS, UNRATED))
LISTS = st.lists(
    st.dictionaries(st.sampled_from(["AT", "NA", "XK", "EH"]), TIER).map(
        lambda tiers: rating_list("S", **tiers)
    ),
    max_size=4,
)


@given(LISTS, TIER)
def test_one_more_source_never_improves_a_rated_place(lists, tier):
    before = worst_of(lists)
    after = worst_of([*lists, rating_list("more", AT=tier)])
    for code, effective in before.items():
        assert worse(effective.tier, after[code].tier) == after[code].tier


@given(LISTS)
def test_the_order_of_sources_does_not_matter(lists):
    tiers = {code: effective.tier for code, effective in worst_of(lists).items()}
    assert {c: e.tier for c, e in worst_of(lists[::-1]).items()} == tiers


def test_the_text_of_a_list_keeps_namibia_as_text():
    assert rating_list("A", NA="low").text == "code,name,score,tier\nNA,NA,,low\n"


def test_every_place_has_a_name_and_one_code():
    assert places()["XK"].iso3 == "XKX"
    assert places()["NA"].name == "Namibia"
    assert places()["TW"].name == "Taiwan"
    assert len(states()) == 197
    iso3 = [place.iso3 for place in places().values() if place.iso3]
    assert len(set(iso3)) == len(iso3) == 250


def test_a_name_means_several_codes_only_where_that_is_meant():
    shared = {}
    for place in places().values():
        for name in (place.name, *place.aliases):
            if len(codes_of_name(name)) > 1:
                shared[plain(name)] = codes_of_name(name)
    assert shared.keys() == {"russian occupied territories of ukraine", "eastern donbas"}


def test_names_that_rate_nobody_find_nobody():
    assert [name for name in LEFT_OUT_NAMES if codes_of_name(name)] == []


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("Tibet", ("CN-XZ",)),
        ("Western Sahara", ("EH",)),
        ("West Bank", ("PS",)),
        ("Gaza Strip", ("PS",)),
        ("Northern Cyprus", ("X-NCY",)),
        ("Taiwan (Province of China)", ("TW",)),
        ("Republic of the Congo", ("CG",)),
        ("The  Gambia ", ("GM",)),
        ("Côte d\u2019Ivoire", ("CI",)),
        ("China (part)", ()),
        ("", ()),
    ],
)
def test_names_match_whole(name, codes):
    assert codes_of_name(name) == codes
