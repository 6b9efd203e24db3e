"""The Freedom House importers; the workbooks are made here, cell by cell."""

import io
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font

from policy.reference.importers.freedom_house import read_freedom_house, read_status_history
from policy.reference.importers.workbook import Workbook, column_name
from policy.reference.ratings import ListRefused
from tests.effort import examples

COLUMNS = [
    *("Country/Territory", "Region", "C/T", "Edition", "Status", "PR rating", "CL rating"),
    *("A1", "A2", "A3", "A", "B1", "B2", "B3", "B4", "B", "C1", "C2", "C3", "C"),
    *("Add Q", "Add A", "PR", "D1", "D2", "D3", "D4", "D", "E1", "E2", "E3", "E"),
    *("F1", "F2", "F3", "F4", "F", "G1", "G2", "G3", "G4", "G", "CL", "Total"),
]
TITLE = "Freedom in the World 2013-2025 Raw Data"


def entry(name, status="F", *, kind="c", edition=2025, question=4, less=0, **changed):
    """A row whose sums hold: every question has the same points."""
    row = dict.fromkeys(COLUMNS, question)
    row |= {"Country/Territory": name, "Region": "Somewhere", "C/T": kind, "Edition": edition}
    row |= {"Status": status, "PR rating": 1, "CL rating": 1, "Add Q": less, "Add A": "N/A"}
    row |= {"A": 3 * question, "B": 4 * question, "C": 3 * question}
    row |= {"D": 4 * question, "E": 3 * question, "F": 4 * question, "G": 4 * question}
    row |= {"PR": 10 * question - less, "CL": 15 * question, "Total": 25 * question - less}
    return list((row | changed).values())


def workbook(*rows, sheet="FIW13-25", columns=COLUMNS, title=TITLE):
    book = openpyxl.Workbook()
    book.active.title = "Index"
    book.active.append(["Notes", "F = Free"])
    data = book.create_sheet(sheet)
    data.append([title])
    data.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(columns))
    data.append(columns)
    for row in rows:
        data.append(row)
    return saved(book)


def saved(book):
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def as_csv(*rows):
    lines = [[TITLE, *[""] * 43], COLUMNS, *rows]
    text = "\r\n".join(";".join(map(str, line)) for line in lines) + "\r\n"
    return io.BytesIO(text.encode("ascii"))


@pytest.mark.parametrize("make", [workbook, as_csv])
def test_the_latest_edition_is_read_and_reviews_the_year_before(make):
    imported = read_freedom_house(
        make(
            entry("Finland"),
            entry("Mali", "NF", question=1),
            entry("Mali", "PF", edition=2024, question=2),
            entry("Belarus", "NF", question=0),
            entry("Kenya", "PF", question=2),
        )
    )
    made = imported.ratings
    assert (made.edition, made.year) == ("2025", 2024)
    assert {code: (r.tier, r.score) for code, r in made.by_code.items()} == {
        "FI": ("low", 100),
        "ML": ("high", 25),
        "BY": ("very_high", 0),
        "KE": ("medium", 50),
    }
    assert imported.report.rejected == []


@pytest.mark.parametrize("sheet", ["FIW13-25", "FIW13-26", "fiw 2013-2031 "])
def test_the_name_of_the_sheet_changes_every_year(sheet):
    assert read_freedom_house(workbook(entry("Finland"), sheet=sheet)).ratings.tier("FI") == "low"


def test_a_workbook_without_such_a_sheet_names_those_it_has():
    with pytest.raises(ListRefused, match=r"0 sheets whose name starts with FIW.*'Index', 'Data'"):
        read_freedom_house(workbook(entry("Finland"), sheet="Data"))


def test_an_earlier_edition_can_be_chosen():
    rows = entry("Mali", "NF", question=1), entry("Mali", "PF", edition=2024, question=2)
    imported = read_freedom_house(workbook(*rows), edition=2024)
    assert (imported.ratings.tier("ML"), imported.ratings.year) == ("medium", 2023)
    with pytest.raises(ListRefused, match="'2011' no row; years there: 2024 to 2025"):
        read_freedom_house(workbook(*rows), edition=2011)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Brunei", "BN"),
        ("Congo (Brazzaville)", "CG"),
        ("Congo (Kinshasa)", "CD"),
        ("Cote d'Ivoire", "CI"),
        ("Kosovo", "XK"),
        ("Micronesia", "FM"),
        ("Russia", "RU"),
        ("St. Kitts and Nevis", "KN"),
        ("St. Lucia", "LC"),
        ("St. Vincent and the Grenadines", "VC"),
        ("The Gambia", "GM"),
        ("Turkey", "TR"),
        ("Taiwan", "TW"),
        ("Namibia", "NA"),
        (" Finland ", "FI"),
    ],
)
def test_names_that_an_iso_list_does_not_know(name, code):
    assert read_freedom_house(as_csv(entry(name))).ratings.by_code.keys() == {code}


def test_territories_never_rate_their_parent():
    names = {
        "Abkhazia": ["GE-AB"],
        "Gaza Strip": ["PS"],
        "Hong Kong": ["HK"],
        "Indian Kashmir": ["IN-JK"],
        "Northern Cyprus": ["X-NCY"],
        "Pakistani Kashmir": ["PK-JK"],
        "Russian-Occupied Territories of Ukraine": [
            "UA-09",
            "UA-14",
            "UA-23",
            "UA-40",
            "UA-43",
            "UA-65",
        ],
        "Somaliland": ["X-SML"],
        "South Ossetia": ["X-SOS"],
        "Tibet": ["CN-XZ"],
        "Transnistria": ["MD-SN"],
        "West Bank": ["PS"],
        "Western Sahara": ["EH"],
    }
    imported = read_freedom_house(workbook(*[entry(n, "NF", kind="t", question=1) for n in names]))
    assert imported.ratings.by_code.keys() == {code for codes in names.values() for code in codes}
    assert imported.report.repeated == []
    assert {"GE", "IN", "CY", "PK", "UA", "SO", "CN", "MD", "MA"} <= set(imported.report.missing)


@pytest.mark.parametrize("turn", [1, -1])
def test_palestine_takes_the_worse_of_west_bank_and_gaza(turn):
    rows = [entry("West Bank", "PF", question=2), entry("Gaza Strip", "NF", question=0)][::turn]
    assert read_freedom_house(as_csv(*rows)).ratings.tier("PS") == "very_high"


def test_a_total_can_be_negative():
    imported = read_freedom_house(workbook(entry("Syria", "NF", question=0, less=3)))
    assert imported.ratings.by_code["SY"].score == -3


@pytest.mark.parametrize(
    ("column", "value", "due"),
    [("PR", 39, "40"), ("CL", 61, "60"), ("Total", 55, "100"), ("Add Q", 1, "39")],
)
def test_sums_that_do_not_hold_reject_the_row_with_its_cell(column, value, due):
    rows = [entry("Sweden"), entry("Finland", **{column: value})]
    named = {"Add Q": "PR"}.get(column, column)
    for make, where in (
        (workbook, f"sheet 'FIW13-25', cell {column_name(COLUMNS.index(named))}4 ({named})"),
        (as_csv, f"line 4, column {named!r}"),
    ):
        imported = read_freedom_house(make(*rows))
        assert imported.ratings.by_code.keys() == {"SE"}
        (remark,) = imported.report.rejected
        assert remark.where == where
        assert remark.want == f"{due} by the other cells"


def test_not_available_stands_only_in_add_a():
    imported = read_freedom_house(workbook(entry("Sweden"), entry("Finland", Total="N/A")))
    (remark,) = imported.report.rejected
    assert (remark.found, remark.where) == ("N/A", "sheet 'FIW13-25', cell AR4 (Total)")
    older = entry("Finland", edition=2017, **{"Add A": 2, "PR": 42, "Total": 102})
    imported = read_freedom_house(workbook(entry("Sweden", edition=2017), older))
    assert imported.report.rejected[0].want == "a whole number from -4 to 100"


@pytest.mark.parametrize(
    ("changed", "cell", "word"),
    [
        ({"C/T": "x"}, "C4", "neither c nor t"),
        ({"Status": "Free"}, "E4", "not a valid status"),
        ({"Status": ""}, "E4", "not a valid status"),
        ({"PR rating": 0}, "F4", "whole number"),
        ({"CL rating": 8}, "G4", "whole number"),
        ({"Total": 99.5}, "AR4", "whole number"),
        ({"Country/Territory": " "}, "A4", "is empty"),
        ({"Total": "=W4+AQ4"}, "AR4", "formula"),
        ({"Status": "=E3"}, "E4", "formula"),
    ],
)
def test_a_spoilt_cell_rejects_its_row(changed, cell, word):
    imported = read_freedom_house(workbook(entry("Sweden"), entry("Finland", **changed)))
    (remark,) = imported.report.rejected
    assert f"cell {cell} " in remark.where
    assert word in remark.why
    assert "FI" not in imported.ratings.by_code


@pytest.mark.parametrize("column", ["Status", "Total", "Country/Territory"])
def test_a_formula_is_not_read_even_with_its_stored_value(column):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet("FIW13-25")
        for number, row in enumerate([[TITLE], COLUMNS, entry("Sweden"), entry("Finland")]):
            sheet.write_row(number, 0, row)
        index = COLUMNS.index(column)
        sheet.write_formula(3, index, "=A1", value=entry("Finland")[index])
    file.seek(0)
    imported = read_freedom_house(file)
    assert imported.ratings.by_code.keys() == {"SE"}
    assert "formula" in imported.report.rejected[0].why


def test_a_cell_that_became_a_date_is_told():
    book = openpyxl.load_workbook(workbook(entry("Sweden"), entry("Finland")))
    cell = book["FIW13-25"]["G4"]
    cell.value, cell.number_format = 45658, "DD/MM/YYYY"
    (remark,) = read_freedom_house(saved(book)).report.rejected
    assert remark.why == "is a date; a spreadsheet program changed the cell"


def test_a_country_that_went_missing_is_told():
    before = read_freedom_house(as_csv(entry("Finland"), entry("Sudan", "NF", question=0)))
    after = read_freedom_house(as_csv(entry("Finland")), previous=before.ratings)
    assert "SD" in after.report.missing
    assert [c.code for c in after.report.changes.lost] == ["SD"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("USSR", "no longer exists"),
        ("Chechnya", "must not rate Russia"),
        ("Northern Ireland", "must not rate the United Kingdom"),
        ("Nagorno-Karabakh", "must not rate Azerbaijan"),
        ("Cyprus (Turkey)", "replaced by another entry"),
        ("Ceuta & Melilla", "must not rate Spain"),
    ],
)
def test_places_that_the_source_is_known_to_have_are_left_out_by_name(name, reason):
    report = read_freedom_house(as_csv(entry("Finland"), entry(name))).report
    (remark,) = report.left_out
    assert remark.found == name
    assert reason in remark.why


def test_a_name_nobody_knows_is_refused_with_a_guess():
    with pytest.raises(ListRefused) as refusal:
        read_freedom_house(as_csv(entry("Finland"), entry("Swedn")))
    assert refusal.value.problems == [
        "line 4, column 'Country/Territory': 'Swedn' is not a place known here; "
        "did you mean Sweden or Sudan?"
    ]


def test_a_repeated_country_keeps_the_worse_rating():
    rows = [entry("Mali", "NF", question=1), entry("Mali", "F")]
    for turn in (rows, rows[::-1]):
        imported = read_freedom_house(as_csv(*turn))
        assert imported.ratings.tier("ML") == "high"
        assert len(imported.report.repeated) == 1


@pytest.mark.parametrize("edition", ["", "Jan-25", "25", 2025.5])
def test_an_edition_that_is_no_year_is_refused(edition):
    with pytest.raises(ListRefused, match="is not the year of an edition"):
        read_freedom_house(as_csv(entry("Finland", edition=edition)))


def test_a_file_without_the_header_is_refused():
    with pytest.raises(ListRefused, match="no header row that names 'Country/Territory'"):
        read_freedom_house(io.BytesIO(b"a;b\r\n1;2\r\n"))


def test_columns_that_are_missing_are_named():
    columns = ["Total score" if c == "Total" else c for c in COLUMNS]
    with pytest.raises(ListRefused, match=r"no column 'Total'.*is it 'Total score'"):
        read_freedom_house(workbook(entry("Finland"), columns=columns))


# ---- status history ----


def history(countries, territories=(), *, sheet="Country Ratings, Statuses "):
    book = openpyxl.Workbook()
    book.active.title = "INDEX"
    for name, rows in ((sheet, countries), ("Territory Ratings, Statuses", territories)):
        page = book.create_sheet(name)
        page.append(["Survey Edition", "Jan.-Feb. 1973", None, None, 2025, None, None])
        page.append(["Year(s) Under Review", 1972, None, None, 2024, None, None])
        page.append([None, "PR", "CL ", "Status", "PR", "CL", "Status"])
        for row in rows:
            page.append(row)
        page.merge_cells("B1:D1")
        page.merge_cells("E1:G1")
        page.cell(row=326, column=1).font = Font(bold=True)
    book.create_sheet("Historical distribution").append(["=1/0"])
    return saved(book)


HISTORY = [
    ["Finland", 2, 2, "F", 1, 1, "F"],
    ["Germany, E. ", 7, 7, "NF", "-", "-", "-"],
    ["South Africa", "2(5)", "3(6)", "F (NF)", 2, 2, "F"],
    ["Turkmenistan", "-", "-", "-", 7, 7, "NF"],
    ["Algeria", 6, 6, "NF", 6, 5, "NF"],
]


def test_the_history_gives_its_last_edition():
    imported = read_status_history(history(HISTORY, [["Hong Kong", 3, 2, "PF", 6, 4, "PF"]]))
    made = imported.ratings
    assert (made.edition, made.year) == ("2025", 2024)
    assert {code: r.tier for code, r in made.by_code.items()} == {
        "FI": "low",
        "ZA": "low",
        "TM": "very_high",
        "DZ": "high",
        "HK": "medium",
    }
    assert made.by_code["DZ"].score == Decimal("5.5")
    assert [r.found for r in imported.report.left_out] == ["Germany, E."]


def test_the_history_gives_an_early_edition_and_rejects_its_odd_cells():
    imported = read_status_history(history(HISTORY), edition="Jan.-Feb. 1973")
    assert imported.ratings.year == 1972
    assert "ZA" not in imported.ratings.by_code
    assert "DE" not in imported.ratings.by_code
    (remark,) = imported.report.rejected
    assert (remark.found, remark.where) == (
        "2(5)",
        "sheet 'Country Ratings, Statuses ', cell B6 (PR)",
    )
    assert [(r.found, r.why) for r in imported.report.left_out] == [
        ("Germany, E.", "no longer exists"),
        ("Turkmenistan", "has no rating in this edition"),
    ]


def test_the_history_names_what_it_lacks():
    with pytest.raises(ListRefused, match=r"no sheet 'Country Ratings, Statuses'"):
        read_status_history(history(HISTORY, sheet="Countries"))
    with pytest.raises(ListRefused, match=r"'1984'.*the editions there.*2025"):
        read_status_history(history(HISTORY), edition="1984")


# ---- the reader beneath, held against an independent one ----

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
CELLS = st.one_of(
    st.none(),
    st.integers(-(10**9), 10**9),
    TEXTS.filter(lambda text: text.strip() and text[0] != "="),
)


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=6))
def test_the_reader_sees_what_independent_writers_wrote(rows):
    written = {
        (number, column): str(value)
        for number, row in enumerate(rows, 1)
        for column, value in enumerate(row)
        if value is not None
    }
    for write in (with_openpyxl, with_xlsxwriter):
        assert written == {
            (number, column): cell.text
            for number, cells in Workbook(write(rows)).rows("Sheet")
            for column, cell in enumerate(cells)
            if cell.kind != "empty"
        }


def with_openpyxl(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book)


def with_xlsxwriter(rows):
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet("Sheet")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    file.seek(0)
    return file
