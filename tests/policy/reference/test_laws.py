"""The register of laws as people write it: YAML, CSV and workbooks, and what is wrong with them."""

import io
from dataclasses import replace
from datetime import date
from typing import Any

import openpyxl
import pytest

from policy.facts import shipped
from policy.reference import spreadsheets
from policy.reference.laws import (
    CLASSES,
    LONGEST,
    Laws,
    LawsError,
    canonical_text,
    classes_of,
    of_canonical,
    read_laws,
)
from tests.policy.laws import DATA, FINNISH, register

KINDS = ("commercial_operator", "state_operator", "unknown")
COUNTRIES = frozenset(DATA.countries.names)
ENTRY = {
    "id": "fi-1",
    "country": "FI",
    "act": "An act",
    "provision": "section 1",
    "obliges": "[commercial_operator]",
    "classes": "[L]",
    "orders": "a court",
    "oversees": "an ombudsman",
    "link": "https://law.example/1",
    "checked": "2026-11-02",
    "valid_until": "2027-11-02",
    "conflict": "no",
}


def entry(**fields: str) -> str:
    rows = {**ENTRY, **fields}
    lines = [f"    {name}: {value}" for name, value in rows.items() if value != "-"]
    return "  - " + "\n".join(lines).lstrip()


def text(*entries: str) -> str:
    return 'label: "2.0"\nlaws:\n' + "\n".join(entries) + "\n"


def read(written: str) -> Laws:
    return read_laws(written, kinds=KINDS, countries=COUNTRIES)


def problems(written: str) -> list[str]:
    with pytest.raises(LawsError) as refused:
        read(written)
    return list(refused.value.problems)


def test_the_examples_are_read_and_say_that_nobody_checked_them() -> None:
    assert len(DATA.laws.laws) >= 15
    assert "nobody has checked" in DATA.laws.remark
    assert {letter for law in DATA.laws.laws for letter in law.classes} == set(CLASSES)
    assert {law.conflict for law in DATA.laws.laws} == {True, False}


def test_production_ships_none() -> None:
    found = read(shipped.text(shipped.NO_LAWS))
    assert found.laws == ()
    assert '"laws":[]' in canonical_text(found)


def test_every_field_is_kept() -> None:
    [law] = read(text(entry(conflict="yes", why="no court"))).laws
    assert law.plain == {
        **ENTRY,
        "obliges": ["commercial_operator"],
        "classes": ["L"],
        "conflict": True,
        "why": "no court",
    }
    kept = read(text(entry()))
    assert (
        of_canonical(
            {"label": kept.label, "remark": "", "laws": [one.plain for one in kept.laws]},
            kept.digest,
        )
        == kept
    )


def test_the_order_of_entries_decides_nothing() -> None:
    one, other = entry(), entry(id="fi-2", provision="section 2")
    assert read(text(one, other)) == read(text(other, one))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"checked": "02.11.2026"}, 'checked: "02.11.2026" is not a date; write it as 2026-12-31'),
        ({"valid_until": "2026-02-30"}, 'valid_until: "2026-02-30" is not a date'),
        ({"valid_until": "20271102"}, 'expected text, not 20271102; put it in quotes: "20271102"'),
        ({"valid_until": "2026-11-02"}, "valid_until: 2026-11-02 is not after 2026-11-02"),
        ({"conflict": "true"}, "conflict: expected yes or no, not true; did you mean yes?"),
        ({"conflict": "maybe"}, 'conflict: unknown value "maybe"; it is one of no and yes'),
        ({"conflict": "yes"}, "conflict is yes; say why in the field why"),
        ({"why": "no court"}, "why says what conflicts, and conflict is not yes"),
        ({"country": "FN"}, 'country "FN" is not a valid ISO 3166-1 alpha-2 code'),
        ({"country": "no"}, 'country "no" is not a valid ISO 3166-1 alpha-2 code'),
        ({"obliges": "[comercial_operator]"}, "did you mean commercial_operator?"),
        ({"obliges": "[unknown]"}, 'obliges: unknown value "unknown"'),
        ({"obliges": "[]"}, "obliges: the list is empty; name at least one"),
        ({"obliges": "commercial_operator"}, "did you mean [commercial_operator]?"),
        ({"classes": "[A]"}, 'classes: unknown value "A"; it is one of L, T and X'),
        ({"classes": "[L, L]"}, "classes: L is listed twice"),
        ({"link": "law.example"}, 'link: "law.example" is not an address (https://…)'),
        ({"link": "javascript:alert(1)"}, "is not an address (https://…)"),
        ({"orders": '""'}, "orders: is empty"),
        ({"oversees": "-"}, "fi-1: missing oversees"),
        ({"id": "FI 1"}, "an id has up to 60 small letters, digits and hyphens"),
        ({"act": '"An \\u202eact"'}, "act: holds an invisible character (U+202E"),
        ({"act": "x" * (LONGEST["act"] + 1)}, f"act: {LONGEST['act'] + 1} characters; at most"),
        ({"penalty": "none"}, 'unknown key "penalty"'),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(
    fields: dict[str, str], sentence: str
) -> None:
    found = problems(text(entry(**fields)))
    assert any(sentence in one and one.startswith("line ") for one in found), found


def test_doubles_name_both_lines() -> None:
    [found] = problems(text(entry(), entry(provision="section 2")))
    assert found.startswith("line 15, ")
    assert found.endswith("the id fi-1 is already taken (line 3)")
    [found] = problems(
        text(
            entry(), entry(id="fi-2", act="an ACT", obliges="[commercial_operator, state_operator]")
        )
    )
    assert found.startswith("line 15, ")
    assert found.endswith("the same provision for the same kinds and classes as fi-1 (line 3)")


def test_one_provision_may_stand_twice_for_different_classes() -> None:
    assert len(read(text(entry(), entry(id="fi-2", classes="[T]"))).laws) == 2


@pytest.mark.parametrize("written", ["", "[]", "laws: 1", "label: x", "a: &b [1]", "laws: [1]"])
def test_what_is_no_register_is_refused(written: str) -> None:
    assert all(one.startswith("line ") for one in problems(written))


def test_classes_come_from_capabilities_and_from_what_sales_declares() -> None:
    assert classes_of(["li_interface", "ran"]) == {"L"}
    assert classes_of(["data_retention"], ["hands_over_more", "stores_intercepted"]) == {"T", "X"}
    assert classes_of([]) == frozenset()


# --- Spreadsheets --------------------------------------------------------------------------------


def sheet(*rows: Any, columns: Any = spreadsheets.LAW_COLUMNS) -> io.BytesIO:
    book = openpyxl.Workbook()
    for row in (columns, *rows):
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


ROW = (*[value.strip("[]") for value in ENTRY.values()], "")


def test_the_register_survives_a_workbook() -> None:
    out = io.BytesIO(spreadsheets.write_laws(DATA.laws))
    again = shipped.written_laws(
        spreadsheets.read_laws(out, label="1.0").text, DATA.rulebook.vocabulary, DATA.countries
    )
    assert again.laws == DATA.laws.laws


def test_days_and_truth_values_of_a_spreadsheet_program_are_read() -> None:
    row = list(ROW)
    row[9:12] = [date(2026, 11, 2), date(2027, 11, 2), False]
    [law] = read(spreadsheets.read_laws(sheet(row), label="2.0").text).laws
    assert law == replace(read(text(entry())).laws[0])


def test_a_workbook_that_counts_its_days_from_1904() -> None:
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    row = list(ROW)
    row[9:11] = [date(2026, 11, 2), date(2027, 11, 2)]
    for cells in (spreadsheets.LAW_COLUMNS, row):
        book.active.append(list(cells))
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    [law] = read(spreadsheets.read_laws(out, label="2.0").text).laws
    assert (law.checked, law.valid_until) == (date(2026, 11, 2), date(2027, 11, 2))


@pytest.mark.parametrize(
    ("at", "value", "sentence"),
    [
        (2, date(2026, 5, 5), "cell C3: is a date; format the cell as text"),
        (2, True, "cell C3: is TRUE or FALSE of a spreadsheet program; format the cell as text"),
        (2, "=1+1", "cell C3: is a formula; save values, not formulas"),
    ],
)
def test_a_spoilt_cell_is_named(at: int, value: Any, sentence: str) -> None:
    row = list(ROW)
    row[at] = value
    with pytest.raises(spreadsheets.SpreadsheetRefused) as refused:
        spreadsheets.read_laws(sheet(ROW, row), label="2.0")
    assert sentence in str(refused.value)


def test_what_a_row_says_wrongly_is_named_by_its_row() -> None:
    rows = [list(ROW), [""] * len(ROW), list(ROW), list(ROW)]
    rows[2][0], rows[3][0], rows[3][3] = "fi-2", "fi-1", "section 9"
    made = spreadsheets.read_laws(sheet(*rows), label="2.0")
    assert [made.by_row(one) for one in problems(made.text)] == [
        "row 4: fi-2: the same provision for the same kinds and classes as fi-1 (row 2)",
        "row 5: fi-1: the id fi-1 is already taken (row 2)",
    ]


def test_a_table_of_text_is_told_from_yaml() -> None:
    head = ";".join(spreadsheets.LAW_COLUMNS)
    table = f"{head}\n{';'.join(ROW)}\n"
    assert spreadsheets.is_table(io.BytesIO(table.encode()), spreadsheets.LAWS)
    assert not spreadsheets.is_table(io.BytesIO(text(entry()).encode()), spreadsheets.LAWS)
    made = spreadsheets.read_laws(io.BytesIO(table.encode()), label="2.0")
    assert read(made.text) == read(text(entry()))


def test_a_table_without_rows_is_an_empty_register() -> None:
    head = ",".join(spreadsheets.LAW_COLUMNS) + "\n"
    assert read(spreadsheets.read_laws(io.BytesIO(head.encode()), label="2.0").text).laws == ()


def test_columns_are_checked() -> None:
    with pytest.raises(spreadsheets.SpreadsheetRefused) as refused:
        spreadsheets.read_laws(sheet(("x",), columns=("id", "klass")), label="2.0")
    assert "row 1: the column country is missing; add it" in refused.value.problems
    assert any(
        'cell B1: the column "klass" does not belong to' in one for one in refused.value.problems
    )


def test_an_entry_that_is_edited_is_another_one() -> None:
    law = DATA.laws.by_id[FINNISH]
    assert replace(law, link="https://other.example/1").digest != law.digest
    assert register(law).by_id[FINNISH].digest == law.digest
