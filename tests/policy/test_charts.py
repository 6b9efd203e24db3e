"""Bar charts: lengths, words and figures."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.charts import LABEL_LETTERS, bar_chart

SVG = "{http://www.w3.org/2000/svg}"


def chart(bars, **given):
    given = {"title": "Open deals by age", "description": "Open deals.", **given}
    return ET.fromstring(bar_chart(bars, **given))


def widths(svg):
    return [rect.get("width") for rect in svg.iter(f"{SVG}rect") if rect.get("class") == "bar"]


def test_bars_are_as_long_as_their_share_of_the_longest():
    assert widths(chart([("a", 50), ("b", 200), ("c", 0)])) == ["25.00%", "100.00%", "0.00%"]


def test_a_small_count_stays_visible_and_zero_is_not():
    assert widths(chart([("a", 1), ("b", 100_000), ("c", 0)])) == ["0.60%", "100.00%", "0.00%"]


def test_every_figure_is_beside_its_bar_and_in_the_description():
    svg = chart([("C2a", 1234), ("C4b", 7)], unit="deals")
    assert ["".join(text.itertext()) for text in svg.iter(f"{SVG}text")] == ["C2a1,234", "C4b7"]
    assert svg.findtext(f"{SVG}desc") == "Open deals. C2a: 1,234; C4b: 7 deals"
    assert svg.findtext(f"{SVG}title") == "Open deals by age"
    assert (svg.get("role"), svg.get("aria-labelledby")) == ("img", "bars-title bars-desc")


def test_long_labels_break_into_lines_and_take_their_height():
    short, long = chart([("a", 1)]), chart([("word " * 20, 1)])
    lines = [line for line in long.iter(f"{SVG}tspan") if line.get("class") != "value"]
    assert len(lines) > 2
    assert all(len(line.text) <= LABEL_LETTERS for line in lines)
    assert int(long.get("height")) == int(short.get("height")) + 22 * (len(lines) - 1)


def test_no_bars_are_told():
    svg = chart([])
    assert svg.findtext(f"{SVG}desc") == "Open deals. No figures."
    assert widths(chart([("a", 0)])) == ["0.00%"]


def test_a_negative_count_is_an_error():
    with pytest.raises(ValueError, match="'a' is below zero"):
        chart([("b", 1), ("a", -1)])


LABELS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=120)


@given(st.lists(st.tuples(LABELS, st.integers(0, 10**12)), max_size=8))
def test_any_words_make_well_formed_markup_without_style(bars):
    text = bar_chart(bars, title="<&\"'>", description="<&\"'>")
    svg = ET.fromstring(text)
    assert len(widths(svg)) == len(bars)
    assert not re.search(r"<[^>]*\sstyle=|<script|<style", text)
    bottoms = [int(r.get("y")) + int(r.get("height")) for r in svg.iter(f"{SVG}rect")]
    assert not bottoms or max(bottoms) == int(svg.get("height"))
