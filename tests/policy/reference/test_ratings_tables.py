"""Plain tables of other experts."""

import contextlib
import io
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policy.reference.importers.table import read_table
from policy.reference.ratings import UNRATED, Cuts, ListRefused, Rating, RatingList

CUTS = Cuts(Decimal(75), Decimal(50), Decimal(25), Decimal(0), Decimal(100), rising="riskier")


def read(text, *, cuts=None, previous=None):
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    return read_table(
        file,
        source="Expert",
        edition="2026-1",
        year=2025,
        licence="under contract",
        cuts=cuts,
        previous=previous,
    )


def tiers(imported):
    return {code: rating.tier for code, rating in imported.ratings.by_code.items()}


@pytest.mark.parametrize("column", ["code", "iso2", "ISO3", "iso", "Country"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_codes_of_two_and_three_letters_and_of_territories(column, delimiter):
    text = f"{column},tier\nNA,low\nFIN,low\nXKX,medium\nUA-43,very_high\nX-NCY,high\nAD,unrated\n"
    assert tiers(read(text.replace(",", delimiter))) == {
        "NA": "low",
        "FI": "low",
        "XK": "medium",
        "UA-43": "very_high",
        "X-NCY": "high",
        "AD": UNRATED,
    }


def test_scores_become_tiers_by_the_declared_cuts():
    assert tiers(read("code,score\nFI,3.5\nBY,90\nAD,\n", cuts=CUTS)) == {
        "FI": "low",
        "BY": "very_high",
        "AD": UNRATED,
    }
    assert "above 75 very high" in read("code,score\nFI,3.5\n", cuts=CUTS).ratings.method


def test_scores_without_cuts_are_refused():
    with pytest.raises(ListRefused, match="has scores only; say where they become tiers"):
        read("code,score\nFI,3.5\n")


def test_a_tier_that_does_not_fit_its_score_is_rejected():
    imported = read("code,score,tier\nFI,3.5,low\nBY,90,low\n", cuts=CUTS)
    assert tiers(imported) == {"FI": "low"}
    assert str(imported.report.rejected[0]) == (
        "line 3, column 'tier': 'low' does not fit the score 90; very_high"
    )


def test_a_decimal_comma_is_fine_where_commas_do_not_delimit():
    assert tiers(read("code;score\nFI;3,5\nBY;90,5\n", cuts=CUTS)) == {
        "FI": "low",
        "BY": "very_high",
    }


def test_two_decimal_marks_in_one_file_are_rejected():
    imported = read("code;score\nFI;3,5\nBY;90.5\n", cuts=CUTS)
    assert imported.report.rejected[0].why == "has '.' as decimal mark, rows before it have ','"


def test_a_decimal_comma_in_a_comma_file_is_rejected():
    imported = read('code,score\nFI,3.5\nBY,"90,5"\n', cuts=CUTS)
    assert imported.report.rejected[0].why == "has a decimal comma in a comma-separated file"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("fi", "is not a known code; did you mean FI (Finland)?"),
        ("FIX", "is not a known code"),
        ("01-Mar", "is a date; a spreadsheet program changed the cell"),
        ("Mar-01", "is a date"),
        ("2025-03-01", "is a date"),
        ("=A1", "is a formula"),
        ("+FI", "is a formula"),
        ("#REF!", "is a spreadsheet error"),
    ],
)
def test_a_code_that_is_none_is_told_with_its_line(code, said):
    table = f"code,tier\nSE,low\n{code},low\n"
    if "not a known code" in said:
        with pytest.raises(ListRefused) as refusal:
            read(table)
        (problem,) = refusal.value.problems
    else:
        (problem,) = map(str, read(table).report.rejected)
    assert problem.startswith(f"line 3, column 'code': {code!r} {said}")


def test_every_place_that_does_not_exist_is_named():
    with pytest.raises(ListRefused) as refusal:
        read("code,tier\nSE,low\nQQ,low\nFI,low\nXYZ,high\n")
    assert [one.partition(" is ")[0] for one in refusal.value.problems] == [
        "line 3, column 'code': 'QQ'",
        "line 5, column 'code': 'XYZ'",
    ]


def test_kosovo_is_no_such_place():
    imported = read("code,tier\nXK,medium\nSE,low\n")
    assert imported.ratings.tier("XK") == "medium"
    for iso3 in ("XKX", "XKO"):
        assert read(f"code,tier\n{iso3},high\nSE,low\n").ratings.tier("XK") == "high"


def test_an_empty_code_may_be_namibia():
    imported = read("code,name,tier\nSE,Sweden,low\n,Namibia,low\n")
    assert str(imported.report.rejected[0]) == (
        "line 3, column 'code': 'the code' is empty; some programs read Namibia's code NA as a "
        "missing value; NA (Namibia)"
    )


def test_a_code_and_a_name_that_disagree_are_rejected():
    imported = read("code,name,tier\nAT,Australia,low\nCN,Taiwan,low\nSE,Schweden,low\n")
    assert tiers(imported) == {"SE": "low"}
    assert [str(remark) for remark in imported.report.rejected] == [
        "line 2, column 'code': 'AT' is Austria, the row says Australia; AU?",
        "line 3, column 'code': 'CN' is China, the row says Taiwan; TW?",
    ]


@pytest.mark.parametrize("word", ["Low", "very high", "VERY_HIGH", "not rated"])
def test_tiers_may_be_spelled_for_people(word):
    assert len(read(f"code,tier\nSE,low\nFI,{word}\n").ratings.ratings) == 2


@pytest.mark.parametrize("word", ["lowest", "1", "none", "=low", "critical"])
def test_a_tier_that_is_none_is_rejected(word):
    imported = read(f"code,tier\nSE,low\nFI,{word}\n")
    assert imported.report.rejected[0].where == "line 3, column 'tier'"
    assert "FI" not in imported.ratings.by_code


def test_an_empty_tier_is_unrated():
    assert tiers(read("code,tier\nSE,low\nFI,\n"))["FI"] == UNRATED


def test_rows_of_another_length_are_rejected():
    imported = read("code,name,tier\nSE,Sweden,low\nCD,Congo, The Democratic Republic,high\n")
    assert str(imported.report.rejected[0]) == (
        "line 3: 'CD' has 4 fields and the header 3; put a field that holds a comma or a semicolon"
        " in quotation marks"
    )


def test_a_place_named_twice_keeps_the_worse_tier():
    for text in ("code,tier\nMLI,high\nML,low\n", "code,tier\nML,low\nMLI,high\n"):
        imported = read(text)
        assert tiers(imported) == {"ML": "high"}
        assert imported.report.repeated[0].where == "line 3"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("place,tier\nFI,low\n", "no column of codes"),
        ("code,rating\nFI,low\n", "no column 'tier' and no column 'score'"),
        ("code,tier,tier\nFI,low,high\n", "'tier' names two columns"),
        ("code,tier\n", "gives no rating at all"),
        ("code,tier\nFI,unrated\n", "gives no rating at all"),
        ("", "the file is empty"),
        ("\n\n", "does not name the columns of the list of ratings"),
    ],
)
def test_a_file_that_gives_no_list_is_refused(text, said):
    with pytest.raises(ListRefused, match=said):
        read(text)


def test_a_previous_list_shows_what_changes():
    before = RatingList(
        "Expert", "2025-1", 2024, "", "", (Rating("SD", "high"), Rating("FI", "low"))
    )
    changes = read("code,tier\nFI,medium\n", previous=before).report.changes
    assert [c.code for c in changes.lost] == ["SD"]
    assert [c.code for c in changes.raised] == ["FI"]


@given(st.binary(max_size=200))
@example(b"\r ")
def test_any_bytes_give_a_list_or_a_refusal(noise):
    for head in (b"", b"code,tier\n", b"code;score\nFI;1\n"):
        with contextlib.suppress(ListRefused):  # any other exception is the fault looked for
            assert read(head + noise, cuts=CUTS).ratings.ratings


def test_a_name_in_place_of_a_code_is_offered_as_the_code():
    imported = read("code,tier\nSE,low\nFinland,low\n")
    assert [str(offer) for offer in imported.report.offers] == [
        "line 3, column 'code': “Finland” is no code; write FI"
    ]
    assert imported.ratings.tier("FI") == "low"


def test_a_misspelt_column_is_not_left_out_in_silence():
    with pytest.raises(ListRefused, match="line 1: 'teir' is not read; did you mean tier"):
        read("code,score,teir\nSE,90,low\n", cuts=CUTS)
