"""Which layout a file has, and the way from an imported list to stored reference data."""

import io

import pytest
import xlsxwriter

from policy.facts.shipped import FOLDER
from policy.facts.shipped import text as shipped_text
from policy.reference.destinations import RatingText, read_countries
from policy.reference.importers.layouts import LAYOUTS, guess_layout, read_list

VDEM = (
    "country_name,country_text_id,country_id,year,v2x_civlib,v2x_freexp_altinf,v2x_rule\n"
    "Namibia,NAM,1,2025,0.8,0.8,0.8\nSomaliland,SML,2,2025,0.4,0.4,0.4\n"
)
RSF = "ISO;Score 2025;Rank;Country_EN;Score N-1;Score evolution\nNAM;75,35;28;Namibia;74;1,35\n"


def book(sheet):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as made:
        made.add_worksheet("Index")
        made.add_worksheet(sheet)
    return file.getvalue()


@pytest.mark.parametrize(
    ("raw", "layout"),
    [
        (VDEM.encode(), "vdem"),
        (RSF.encode(), "rsf"),
        (b"\xef\xbb\xbf" + RSF.replace(";", ",").encode(), "rsf"),
        (b"Freedom in the World 2013-2025 Raw Data;;;\r\n", "freedom_house"),
        (b"Country/Territory;Region;C/T;Edition\r\n", "freedom_house"),
        (book("FIW13-26"), "freedom_house"),
        (book("Country Ratings, Statuses "), "status_history"),
        (b"PK\x03\x04 and nothing more", "freedom_house"),
        (b"code,tier\nNA,low\n", "table"),
        (b"", "table"),
    ],
)
def test_the_layout_is_guessed_and_the_file_wound_back(raw, layout):
    stream = io.BytesIO(raw)
    assert guess_layout(stream) == layout
    assert stream.tell() == 0


def test_each_layout_says_what_it_needs():
    assert read_list("rsf", io.BytesIO(RSF.encode())).ratings.tier("NA") == "low"
    assert read_list("vdem", io.BytesIO(VDEM.encode()), edition="v16").ratings.tier("NA") == "low"
    with pytest.raises(TypeError, match=r"vdem: missing \['edition'\], not taken \['licence'\]"):
        read_list("vdem", io.BytesIO(VDEM.encode()), licence="mine")
    assert all(layout.label for layout in LAYOUTS.values())


def test_an_imported_list_can_be_stored_and_read_again():
    made = read_list("vdem", io.BytesIO(VDEM.encode()), edition="v16").ratings
    stored = RatingText(made.text, made.source, made.edition, made.year, made.licence, made.method)
    countries = read_countries(
        names=shipped_text("countries/names.csv"),
        territories=shipped_text("countries/special_territories.csv"),
        ratings=[stored],
    )
    (again,) = countries.lists
    assert {r.code: (r.tier, r.score) for r in again.ratings} == {
        r.code: (r.tier, r.score) for r in made.ratings
    }
    assert again.label == made.label


def test_the_shipped_list_is_read_as_a_plain_table():
    raw = (FOLDER / "countries" / "vdem-v14-2023.csv").read_bytes()
    imported = read_list(
        "table", io.BytesIO(raw), source="V-Dem", edition="v14", year=2023, licence="CC BY-SA 4.0"
    )
    assert len(imported.ratings.ratings) == 198
    assert imported.report.rejected == imported.report.repeated == []
    assert {"AD", "TV", "LI"} <= set(imported.report.missing)
    counts = [
        sum(r.tier == tier for r in imported.ratings.ratings)
        for tier in ("low", "medium", "high", "very_high", "unrated")
    ]
    assert counts == [73, 38, 32, 33, 22]
