"""The V-Dem country-year importer."""

import csv
import io
import itertools
import tracemalloc
from decimal import Decimal

import pytest

from policy.reference.importers import vdem
from policy.reference.importers.vdem import read_vdem
from policy.reference.ratings import UNRATED, ListRefused

COLUMNS = ("country_name", "country_text_id", "country_id", "year", "v2cltort", *vdem.INDICES)
FINLAND = ("Finland", "FIN", 163, 2025, "2.1", "0.962", "0.957", "0.992")


def vdem_file(*rows, columns=COLUMNS):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return io.BytesIO(text.getvalue().encode())


def unit(iso3, name="", *, year=2025, values=("0.8", "0.8", "0.8")):
    return (name or iso3, iso3, 1, year, "", *values)


def read(*rows, **given):
    return read_vdem(vdem_file(*rows), edition="v16", **given)


def test_a_country_is_rated_by_the_mean():
    imported = read(FINLAND)
    rating = imported.ratings.by_code["FI"]
    assert (rating.tier, rating.score, rating.where) == ("low", Decimal("0.970"), "line 2")
    assert imported.ratings.year == 2025
    assert imported.ratings.edition == "v16"
    assert "CC BY-SA 4.0" in imported.ratings.licence


def test_only_the_latest_year_counts():
    imported = read(
        unit("FIN", year=2024, values=("0.1", "0.1", "0.1")),
        unit("DDR", "East Germany", year=1990),
        unit("FIN", year=2025),
        unit("SWE", year=2024),
    )
    assert [(r.code, r.tier) for r in imported.ratings.ratings] == [("FI", "low")]
    assert imported.report.left_out == []


def test_an_earlier_year_can_be_chosen():
    imported = read(unit("SWE", year=2024), unit("FIN", year=2025), year=2024)
    assert imported.ratings.by_code.keys() == {"SE"}
    with pytest.raises(ListRefused, match="'2019' no row; years there: 2025 to 2025"):
        read(unit("FIN"), year=2019)


def test_codes_that_are_not_iso():
    imported = read(
        unit("XKX", "Kosovo"),
        unit("SML", "Somaliland", values=("0.4", "0.4", "0.4")),
        unit("ZZB", "Zanzibar"),
        unit("TZA", "Tanzania"),
        unit("NAM", "Namibia"),
        unit("HKG", "Hong Kong"),
        unit("TWN", "Taiwan"),
        unit("VDR", "Republic of Vietnam"),
    )
    tiers = {code: rating.tier for code, rating in imported.ratings.by_code.items()}
    assert tiers.keys() == {"XK", "X-SML", "TZ", "NA", "HK", "TW"}
    assert tiers["X-SML"] == "high"
    assert [str(r) for r in imported.report.left_out] == [
        "line 4: 'ZZB Zanzibar' is part of Tanzania, which has a row of its own",
        "line 9: 'VDR Republic of Vietnam' no longer exists",
    ]


def test_palestine_takes_the_worse_of_its_two_rows_in_any_order():
    west_bank = unit("PSE", "Palestine/West Bank", values=("0.546", "0.501", "0.423"))
    gaza = unit("PSG", "Palestine/Gaza", values=("0.2", "0.2", "0.2"))
    for rows in itertools.permutations((west_bank, gaza)):
        imported = read(*rows)
        assert imported.ratings.tier("PS") == "very_high"
        assert imported.report.repeated == []
        assert any("the worse of" in note for note in imported.report.notes)


def test_one_half_of_palestine_is_told():
    notes = read(unit("PSE", "Palestine/West Bank")).report.notes
    assert notes == ["PS is rated from West Bank alone; a destination there needs its own review"]


@pytest.mark.parametrize("missing", ["", "NA"])
def test_a_missing_value_is_unrated_never_low(missing):
    imported = read(unit("FIN"), unit("AND", values=("0.9", missing, "0.9")))
    assert imported.ratings.tier("AD") == UNRATED
    assert "AD" in imported.report.missing
    assert any("AND" in note for note in imported.report.notes)


def test_small_states_that_are_absent_are_listed():
    missing = read(FINLAND).report.missing
    assert {"AD", "BN", "LI", "SM", "TV", "SD"} <= set(missing)
    assert "FI" not in missing


def test_a_code_that_does_not_exist_is_refused_with_its_line():
    with pytest.raises(ListRefused) as refusal:
        read(FINLAND, unit("QQQ", "Ruritania"))
    assert refusal.value.problems == [
        "line 3: 'QQQ' (Ruritania) is not a code that V-Dem is known to use; "
        "correct it, or leave the row out"
    ]


@pytest.mark.parametrize(
    "value", ["0,9", "1.2", "-0.1", "01-Sep", "1e-1", "n/a", "\u0660.\u0665", "NaN"]
)
def test_a_value_off_the_scale_is_rejected_with_line_and_column(value):
    imported = read(FINLAND, unit("SWE", "Sweden", values=("0.9", value, "0.9")))
    assert "SE" not in imported.ratings.by_code
    (remark,) = imported.report.rejected
    assert remark.where == "line 3, column 'v2x_freexp_altinf'"
    assert remark.found == value
    assert "0 to 1" in remark.why


def test_a_country_date_file_is_refused():
    with pytest.raises(ListRefused, match="line 3: 'FIN' has a row for 2025 already, line 2"):
        read(FINLAND, FINLAND)


def test_a_mistyped_year_does_not_empty_the_list():
    rows = [unit(iso3) for iso3 in ("FIN", "SWE", "NOR", "DNK")]
    with pytest.raises(ListRefused, match="'2052' has 1 rows and 2025 has 4; is a year mistyped"):
        read(*rows, unit("ISL", year=2052))


def test_a_year_that_went_through_a_data_frame_is_read():
    assert read(unit("FIN", year="2025.0")).ratings.year == 2025


@pytest.mark.parametrize("year", ["", "2025.5", "2025.0.0", "May-25", "20255", "\u00b2025"])
def test_a_year_that_is_none_is_refused(year):
    with pytest.raises(ListRefused, match="line 2, column 'year'"):
        read(unit("FIN", year=year))


@pytest.mark.parametrize("index", ["v2cltort", "v2x_civlib_codelow", "v2x_rule_sd", "e_gdp"])
def test_interval_indicators_and_variants_are_not_averaged(index):
    with pytest.raises(ListRefused, match="cannot be averaged"):
        read(FINLAND, indices=[index])


def test_a_missing_column_is_named():
    columns = tuple("v2x_civ_lib" if c == "v2x_civlib" else c for c in COLUMNS)
    with pytest.raises(ListRefused, match=r"no column 'v2x_civlib'.*is it 'v2x_civ_lib'"):
        read_vdem(vdem_file(FINLAND, columns=columns), edition="v16")


def test_a_short_row_is_refused():
    with pytest.raises(ListRefused, match="line 3: has 3 fields, the header 8"):
        read(FINLAND, ("Sweden", "SWE", 5))


def test_a_previous_edition_shows_what_is_lost_and_changed():
    before = read(FINLAND, unit("SDN", "Sudan"), unit("TUR", "Turkey")).ratings
    after = read(FINLAND, unit("TUR", "Turkey", values=("0.2", "0.2", "0.2")), previous=before)
    assert [c.code for c in after.report.changes.lost] == ["SD"]
    assert [(c.code, c.before, c.after) for c in after.report.changes.raised] == [
        ("TR", "low", "very_high")
    ]
    assert "lost: SD Sudan, low → not rated" in after.report.lines()


def test_a_file_without_a_usable_row_is_refused():
    with pytest.raises(ListRefused, match="no rating at all; the first fault: line 2, column"):
        read(unit("FIN", values=("0.9", "x", "0.9")))


class Endless(io.RawIOBase):
    """A V-Dem file of 200 columns that is made while it is read, so that it costs no memory."""

    def __init__(self, rows):
        filler = ",".join(["0.123"] * 200)
        head = ",".join(COLUMNS) + "," + ",".join(f"v2x_{n}" for n in range(200)) + "\n"
        years = ((i % 180, 1900 + i // 180) for i in range(rows))
        body = (
            f"Country {i},{'FIN' if i == 0 else f'Q{i:03d}'},{i},{y},,0.9,0.9,0.9,{filler}\n"
            for i, y in years
            if i == 0 or y < 1900 + (rows - 1) // 180
        )
        self._lines = itertools.chain([head], body)
        self.size = 0

    def readline(self, limit=-1):
        line = next(self._lines, "").encode()
        self.size += len(line)
        return line


def test_a_large_file_is_read_in_constant_memory():
    stream = Endless(180 * 60)
    tracemalloc.start()
    try:
        with pytest.raises(ListRefused, match="mistyped"):
            read_vdem(stream, edition="v16")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stream.size > 12_000_000
    assert peak < 3_000_000
