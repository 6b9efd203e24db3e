"""The RSF importer: Windows-1252, decimal comma, codes of its own, a broken copy."""

import io
from decimal import Decimal

import pytest

from policy.reference.importers.rsf import MOST_BYTES, read_rsf
from policy.reference.ratings import ListRefused

COLUMNS = [
    *("ISO", "Score 2025", "Rank", "Political Context", "Rank_Pol", "Economic Context"),
    *("Rank_Eco", "Legal Context", "Rank_Leg", "Social Context", "Rank_Soc", "Safety"),
    *("Rank_Saf", "Zone", "Country_FR", "Country_EN", "Country_ES", "Country_PT"),
    *("Country_AR", "Country_FA", "Year (N)", "Rank N-1", "Rank evolution", "Score N-1"),
    "Score evolution",
]


def row(iso3, score, name="Land", **changed):
    fields = dict.fromkeys(COLUMNS, "7,46") | {"ISO": iso3, "Score 2025": score}
    fields |= {"Country_EN": name, "Country_FR": "Côte d\u2019Ivoire", "Score evolution": "-7,46"}
    return list((fields | changed).values())


def rsf_file(*rows, columns=COLUMNS, encoding="cp1252"):
    return io.BytesIO("".join(";".join(r) + "\n" for r in (columns, *rows)).encode(encoding))


def read(*rows, **given):
    return read_rsf(rsf_file(*rows), **given)


def test_scores_have_a_decimal_comma_and_the_title_names_the_edition():
    made = read(row("FIN", "87,18", "Finland"), row("NOR", "92"), row("BLR", "25,73")).ratings
    assert (made.edition, made.year) == ("2025", 2024)
    assert {code: (r.tier, r.score) for code, r in made.by_code.items()} == {
        "FI": ("low", Decimal("87.18")),
        "NO": ("low", Decimal(92)),
        "BY": ("very_high", Decimal("25.73")),
    }


@pytest.mark.parametrize(
    ("score", "tier"),
    [("39,99", "very_high"), ("40", "high"), ("55", "medium"), ("69,99", "medium"), ("70", "low")],
)
def test_tiers_follow_the_classes_of_the_source(score, tier):
    assert read(row("FIN", score)).ratings.tier("FI") == tier


@pytest.mark.parametrize("kosovo", ["XKX", "XKO"])
def test_codes_of_its_own(kosovo):
    imported = read(
        row(kosovo, "60", "Kosovo"),
        row("CTU", "57,5", "Cyprus North"),
        row("CSS", "70,1", "OECS"),
        row("NAM", "75,35", "Namibia"),
        row("MAR", "48,04", "Morocco / Western Sahara "),
        row("PSE", "27,41", "Palestine"),
    )
    made = imported.ratings
    assert made.by_code.keys() == {"XK", "X-NCY", "NA", "MA", "PS"}
    assert made.by_code["MA"].name == "Morocco / Western Sahara"
    assert [str(r) for r in imported.report.left_out] == [
        "line 4: 'CSS OECS' is one row for several states (OECS) and rates none of them"
    ]
    assert {"LC", "VC", "GD", "CY"} <= set(imported.report.missing)


def test_the_broken_copy_is_read_again():
    wrapped = [",".join(COLUMNS)]
    for fields in (row("FIN", "87,18", "Finland"), row("BLR", "25,73", "Belarus")):
        inner = ",".join(f'"{f}"' if "," in f else f for f in fields)
        wrapped.append('"' + inner.replace('"', '""') + '"')
    imported = read_rsf(io.BytesIO("\r\n".join(wrapped).encode()))
    assert [(r.code, r.tier, r.where) for r in imported.ratings.ratings] == [
        ("BY", "very_high", "line 3"),
        ("FI", "low", "line 2"),
    ]
    assert imported.report.notes == [
        "broken copy: each row is quoted into one cell; the cells were read again"
    ]


def test_a_copy_whose_decimal_commas_became_columns_is_not_guessed_at():
    columns = ",".join(COLUMNS)
    line = ",".join(row("FIN", "87,18"))
    with pytest.raises(ListRefused, match="line 2: 'FIN' has 47 fields and the header 25"):
        read_rsf(io.BytesIO(f"{columns}\n{line}\n".encode()))


@pytest.mark.parametrize("score", ["87.18", "101", "-1", "8.718,5", "", "?", "18-Jul", "=A1"])
def test_a_score_that_is_none_is_rejected_with_line_and_column(score):
    imported = read(row("NOR", "92"), row("FIN", score))
    (remark,) = imported.report.rejected
    assert (remark.where, remark.found) == ("line 3, column 'Score 2025'", score)
    assert remark.want == "a decimal comma, as in 87,18"
    assert "FI" not in imported.ratings.by_code


def test_a_code_that_does_not_exist_is_refused_with_its_line():
    with pytest.raises(ListRefused) as refusal:
        read(row("NOR", "92"), row("ZZZ", "50", "Atlantis"), row("QQQ", "50"))
    assert [one.partition(":")[0] for one in refusal.value.problems] == ["line 3", "line 4"]


def test_a_repeated_country_keeps_the_worse_rating():
    imported = read(row("TUR", "20"), row("TUR", "90"))
    assert imported.ratings.tier("TR") == "very_high"
    assert imported.report.repeated[0].where == "line 3"


def test_before_2022_the_scale_ran_the_other_way():
    columns = ["Score 2021" if c == "Score 2025" else c for c in COLUMNS]
    with pytest.raises(ListRefused, match="before 2022, when a high score meant less freedom"):
        read_rsf(rsf_file(row("FIN", "7"), columns=columns))


@pytest.mark.parametrize("title", ["Score", "Points 2025", "Score  2025"])
def test_a_score_column_that_names_no_year_is_refused(title):
    columns = [title if c == "Score 2025" else c for c in COLUMNS]
    with pytest.raises(ListRefused, match="line 1"):
        read_rsf(rsf_file(row("FIN", "87"), columns=columns))


def test_a_byte_that_windows_1252_does_not_have():
    raw = rsf_file(row("FIN", "87")).getvalue() + b"\x81;\n"
    with pytest.raises(ListRefused, match="line 3: the first letter is not saved as"):
        read_rsf(io.BytesIO(raw))


def test_a_file_too_large_is_refused_before_it_is_read():
    with pytest.raises(ListRefused, match="larger than 5,242,880 bytes"):
        read_rsf(io.BytesIO(b"x" * (MOST_BYTES + 1)))
