"""The country map: every place is drawn, borders hold together, nothing is told by colour alone."""

import csv
import itertools
import math
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from policy.data.map import convert
from policy.pages import maps
from policy.reference.importers.places import places
from policy.reference.ratings import TIERS, UNRATED, Rating, RatingList, compare

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(maps.__file__).parents[2]
COUNTRIES = ROOT / "policy" / "data" / "countries"
CSS = (ROOT / "static" / "proviso" / "map.css").read_text(encoding="utf-8")
# Not on the map: nobody lives there, and deals for them are reviewed by hand.
NOT_DRAWN = {"AQ", "X-ANT"}


def codes_in(file):
    with (COUNTRIES / file).open(encoding="utf-8", newline="") as rows:
        return {row["code"] for row in csv.DictReader(rows)}


def drawn(tiers=(), **given):
    given = {"title": "Country risk", "description": "The world by tier.", **given}
    return ET.fromstring(maps.world_map(dict(tiers), **given))


def titles(svg):
    return [title.text for title in svg.iter(f"{SVG}title")][1:]


# ---- every place ----


def test_every_code_of_the_rating_list_has_a_shape_or_a_circle():
    codes = codes_in("vdem-v14-2023.csv")
    assert len(codes) == 198
    tiers = dict.fromkeys(codes, "low")
    said = set(titles(drawn(tiers)))
    assert [code for code in sorted(codes) if f"{places()[code].name}: low" not in said] == []


def test_every_code_that_can_be_rated_has_a_shape_or_a_circle():
    assert {code for code in places() if code not in maps.world()["places"]} == NOT_DRAWN
    # Too small beside their neighbours, or without a place on this map; the table has them.
    without = {"X-ANT", "X-EJR", "X-GOL", "X-GZA", "X-NKR", "X-WBK", "X-WBS"}
    assert codes_in("special_territories.csv") - maps.world()["places"].keys() == without
    said = set(titles(drawn(dict.fromkeys(places(), "high"))))
    assert said == {f"{p.name}: high" for code, p in places().items() if code not in NOT_DRAWN}


@pytest.mark.parametrize("code", ["BH", "SG", "HK", "MO", "MV", "MT", "KM", "AD", "TV", "VA"])
def test_small_places_have_a_circle(code):
    svg = drawn({code: "very_high"})
    (circle,) = [
        c
        for c in svg.iter(f"{SVG}circle")
        if c.findtext(f"{SVG}title") == f"{places()[code].name}: very high"
    ]
    assert circle.get("fill") == "url(#map-very_high)"


@pytest.mark.parametrize("code", ["XK", "X-NCY", "X-SML", "TW", "EH", "PS", "GL", "GF", "SJ"])
def test_places_that_lists_lump_together_have_an_outline_of_their_own(code):
    assert "d" in maps.world()["places"][code]


def test_a_place_without_a_rating_is_not_rated_never_low():
    svg = drawn({"FR": "low", "CN": "low", "SO": "low"})
    for name in ("French Guiana", "Greenland", "Hong Kong", "Taiwan", "Somaliland"):
        if name == "Hong Kong":  # a dependency: its circle waits until a list speaks of it
            assert not [t for t in titles(svg) if t.startswith(name)]
        else:
            assert f"{name}: not rated" in titles(svg)


def test_territories_appear_when_the_list_speaks_of_them():
    assert "Crimea: very high" in titles(drawn({"UA-43": "very_high"}))
    assert not [t for t in titles(drawn()) if t.startswith("Crimea")]


# ---- geometry ----


def rings(path):
    """The rings of a path of `M x y l dx dy …z` pieces, as points."""
    for start, steps in re.findall(r"M([\d -]+)l([\d -]+)z", path):
        x, y = map(int, start.split())
        ring = [(x, y)]
        numbers = [int(n) for n in re.findall(r"-?\d+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((x, y))
        yield ring


def all_rings():
    for code, shape in maps.world()["places"].items():
        for ring in rings(shape.get("d", "")):
            yield code, ring


def test_paths_are_read_whole():
    shapes = [shape.get("d", "") for shape in maps.world()["places"].values()]
    assert sum(map(bool, shapes)) > 150
    for path in shapes:
        assert len(list(rings(path))) == path.count("z") == path.count("M")


def test_no_border_runs_across_the_map():
    # Unsplit, a ring that crosses the edge has a step of nearly the whole width.
    longest = max(
        (math.dist(a, b), code)
        for code, ring in all_rings()
        for a, b in itertools.pairwise([*ring, ring[0]])
    )
    assert longest[0] < maps.world()["width"] / 12, longest


def test_russia_fiji_and_alaska_lie_on_one_side():
    width = maps.world()["width"]
    for code, west, east in (("RU", 0.5, 1), ("FJ", 0.9, 1), ("NZ", 0.8, 1)):
        xs = [x for other, ring in all_rings() if other == code for x, _ in ring]
        assert west * width <= min(xs) <= max(xs) <= east * width, code


def test_everything_lies_inside_the_edge():
    world = maps.world()
    edge = next(rings(world["outline"]))
    half = len(edge) // 2
    for code, ring in all_rings():
        for x, y in ring:
            assert 0 <= x <= world["width"], code
            assert -40 <= y <= world["height"] + 40, code
    west_edge = {y: x for x, y in edge[:half]}
    assert min(west_edge.values()) == 0


def test_no_circle_hides_another():
    states = [
        shape["dot"]
        for code, shape in maps.world()["places"].items()
        if "dot" in shape and places()[code].kind == "state"
    ]
    assert len(states) > 25
    closest = min(math.dist(a, b) for a, b in itertools.combinations(states, 2))
    assert closest > 56


@pytest.mark.parametrize(
    ("code", "longitude", "latitude"),
    [("DE", 10.4, 51.1), ("BR", -53, -11), ("AU", 134, -25), ("IN", 79, 22.5), ("TW", 121, 23.7)],
)
def test_places_are_where_they_are(code, longitude, latitude):
    at = maps.world()["places"][code]["at"]
    assert math.dist(at, convert.place_point(longitude - convert.CENTRE, latitude)) < 70


def test_the_projection_keeps_areas():
    def box(latitude):
        corners = [(0, latitude), (1, latitude), (1, latitude + 1), (0, latitude + 1)]
        return convert.area([convert.place_point(*corner) for corner in corners])

    for latitude in (-50, 0, 30, 60, 80):
        middle = math.cos(math.radians(latitude + 0.5))
        assert box(latitude) / middle == pytest.approx(box(0), rel=0.01)


def test_a_ring_over_the_edge_is_split_into_two_halves():
    pieces = convert.split([(170, 60), (190, 60), (190, 70), (170, 70)])
    assert sorted(sorted(piece) for piece in pieces) == [
        [(-180, 60), (-180, 70), (-170, 60), (-170, 70)],
        [(170, 60), (170, 70), (180, 60), (180, 70)],
    ]


def test_a_ring_that_was_unwrapped_the_other_way_round_is_moved_home():
    (piece,) = convert.split([(-350, 1), (-340, 1), (-340, 2)])
    assert sorted(piece) == [(10, 1), (20, 1), (20, 2)]


def test_arcs_are_unwrapped_so_that_no_step_is_longer_than_half_the_globe():
    assert convert.unwrapped([(179, 0), (-179, 0), (178, 0)]) == [(179, 0), (181, 0), (178, 0)]


def test_simplifying_keeps_the_ends_and_what_sticks_out():
    arc = [(0, 0), (1, 0.001), (2, 0), (3, 4), (4, 0), (5, 0)]
    assert convert.simplified(arc) == [(0, 0), (2, 0), (3, 4), (4, 0), (5, 0)]


# ---- markup ----


def test_the_map_is_an_image_with_a_name_and_a_description():
    svg = drawn(name="one")
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "one-title one-desc"
    assert svg.find(f"{SVG}title").get("id") == "one-title"
    assert svg.find(f"{SVG}desc").text == "The world by tier."


def test_there_is_no_style_no_script_and_no_foreign_address():
    link = "/countries/{}/".format
    changes = compare(rating_list(BY="low"), rating_list(BY="high"))
    for text in (
        maps.world_map({"BY": "high"}, title="t", description="d", link=link),
        maps.change_map(changes, title="t", description="d"),
        maps.map_key(),
        maps.change_key(),
    ):
        assert not re.search(r"<style|style=|<script|\son\w+=|javascript:|data:", text)
        assert set(re.findall(r"https?://[^\"' ]+", text)) <= {"http://www.w3.org/2000/svg"}


def test_words_are_escaped():
    hostile = """<script>"&'"""
    svg = drawn(title=hostile, description=hostile)
    assert svg.find(f"{SVG}title").text == svg.find(f"{SVG}desc").text == hostile
    linked = drawn({"BY": "high"}, link=lambda code: f'/x/"{hostile}{code}')
    assert linked.find(f"{SVG}a").get("href").startswith('/x/"<script>')


def test_ids_are_unique_over_two_maps_and_patterns_are_their_own():
    text = maps.world_map({"BY": "high"}, title="a", description="b", name="one")
    text += maps.world_map({"BY": "high"}, title="a", description="b", name="two")
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids)) == 12
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(ids)


def test_links_make_a_group_because_an_image_hides_them():
    svg = drawn({"BY": "very_high"}, link="/countries/{}/".format)
    assert svg.get("role") == "group"
    links = {a.get("href"): a.get("aria-label") for a in svg.iter(f"{SVG}a")}
    assert links["/countries/BY/"] == "Belarus: very high"
    assert len(links) == len(drawn().findall(f"{SVG}path")) - 2 + sum(
        1
        for code, shape in maps.world()["places"].items()
        if "d" not in shape and places()[code].kind == "state"
    )


def test_the_drawing_is_the_same_whatever_the_order_of_the_list():
    codes = sorted(maps.world()["places"])
    tiers = dict(zip(codes, itertools.cycle((*TIERS, UNRATED)), strict=False))
    backwards = dict(reversed(tiers.items()))
    given = {"title": "t", "description": "d"}
    assert maps.world_map(tiers, **given) == maps.world_map(backwards, **given)


def test_a_whole_map_is_light():
    text = maps.world_map(dict.fromkeys(places(), "high"), title="t", description="d")
    assert len(text) < 115_000


@pytest.mark.parametrize("tier", ["lowest", "", "LOW"])
def test_an_unknown_tier_is_an_error(tier):
    with pytest.raises(KeyError):
        drawn({"BY": tier})


# ---- told by more than colour ----


@pytest.mark.parametrize("tier", ["medium", "high", "very_high", UNRATED])
def test_every_tier_but_low_is_hatched(tier):
    svg = drawn({"BY": tier})
    (shape,) = [p for p in svg.iter(f"{SVG}path") if "Belarus" in (p.findtext(f"{SVG}title") or "")]
    assert shape.get("fill") == f"url(#map-{tier})"
    (pattern,) = [p for p in svg.iter(f"{SVG}pattern") if p.get("id") == f"map-{tier}"]
    assert len(pattern) == 2
    # A rule that set `fill` on the shape would win over the pattern.
    assert not re.search(rf"(?<!pattern)\.{shape.get('class')} *{{[^}}]*fill", CSS)


def test_hatches_differ_from_each_other():
    assert len({(hatch.turn, hatch.marks) for hatch in maps._HATCHES.values()}) == 4


def test_the_key_names_every_tier_beside_its_swatch():
    key = ET.fromstring(maps.map_key(name="m"))
    assert ["".join(entry.itertext()) for entry in key] == [
        "Low",
        "Medium",
        "High",
        "Very high",
        "Not rated",
    ]
    assert all(entry[0].get("aria-hidden") == "true" for entry in key)


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrasts_hold_in_both_themes(theme):
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    tokens = dict(re.findall(r"--([\w-]+): (#\w{6});", blocks[theme == "dark"]))
    sea, line = tokens["map-sea"], tokens["map-line"]
    for tier in ("medium", "high", "very-high", "unrated"):
        assert contrast(tokens[f"tier-{tier}"], tokens[f"tier-{tier}-ink"]) >= 3, tier
        cues = tokens[f"tier-{tier}"], tokens[f"tier-{tier}-ink"], line
        assert max(contrast(cue, sea) for cue in cues) >= 3, tier
    assert contrast(tokens["tier-low"], line) >= 3
    assert max(contrast(tokens["tier-low"], sea), contrast(line, sea)) >= 3
    assert contrast(tokens["map-dot-line"], sea) >= 3


# ---- changes ----


def rating_list(**tiers):
    ratings = tuple(Rating(code, tiers[code]) for code in sorted(tiers))
    return RatingList("S", "1", 2025, "", "", ratings)


def test_changes_are_marked_by_shape_and_words():
    before = rating_list(
        BY="high", TR="high", SD="high", FI="low", BH="medium", **{"UA-43": "high"}
    )
    after = rating_list(BY="very_high", TR="low", AD="low", FI="low", BH="high", **{"UA-43": "low"})
    svg = ET.fromstring(maps.change_map(compare(before, after), title="t", description="d"))
    marks = {
        mark.findtext(f"{SVG}title"): mark.get("class").split("-")[-1]
        for mark in svg.iter(f"{SVG}path")
        if "map-mark" in mark.get("class", "")
    }
    assert marks == {
        "Andorra: not rated → low (rated for the first time)": "gained",
        "Bahrain: medium → high (risk raised)": "raised",
        "Belarus: high → very high (risk raised)": "raised",
        "Crimea: high → low (risk lowered)": "lowered",
        "Sudan: high → not rated (rating lost)": "lost",
        "Türkiye: high → low (risk lowered)": "lowered",
    }
    assert "Finland: no change" in titles(svg)


def test_the_marks_have_shapes_of_their_own_and_a_key():
    assert len(set(maps._MARKS.values())) == 4
    key = ET.fromstring(maps.change_key())
    assert ["".join(entry.itertext()) for entry in key] == [
        "Risk raised",
        "Risk lowered",
        "Rating lost",
        "Rated for the first time",
    ]


def test_a_change_of_a_place_off_the_map_is_no_fault():
    changes = compare(rating_list(BY="low"), rating_list(BY="low", **{"X-ANT": "high"}))
    assert "map-mark" not in maps.change_map(changes, title="t", description="d")


def test_classes_of_the_drawing_are_in_the_style_sheet():
    changes = compare(rating_list(BY="low", SD="low"), rating_list(BY="high", FI="low", SD="low"))
    text = maps.world_map(dict.fromkeys(places(), "high"), title="t", description="d")
    text += maps.change_map(changes, title="t", description="d") + maps.map_key()
    used = {name for group in re.findall(r'class="([^"]+)"', text) for name in group.split()}
    missing = {name for name in used if not re.search(rf"\.{name}\b", CSS)}
    # These shapes take their fill from the pattern that carries the class.
    assert missing == set()
