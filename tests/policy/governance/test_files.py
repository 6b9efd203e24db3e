"""Every mistake that people make with files, in a file of every kind: it is read where that is
safe, and otherwise a sentence names the line or the cell and what to do.

``python -m pytest -s -k together`` prints all sentences, to be read as a policy officer would.
"""

import csv
import io
import re
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from policy.governance import proposals
from policy.governance.proposals import About, Base, CodesOffered, ProposalRefused
from policy.models import Kind
from policy.reference.codes import digest_of

GOOD = Path(__file__).parents[1] / "inputs" / "kinds"
ABOUT = About("9.1", "Another expert", "2026", "CC0")
BASE = Base.shipped()

#: The kinds by the form in which they are written.
YAML = {
    "charter": Kind.CHARTER,
    "rulebook": Kind.RULEBOOK,
    "catalogue": Kind.CATALOGUE,
    "laws": Kind.LAWS,
}
TABLES = {
    "catalogue table": Kind.CATALOGUE,
    "laws table": Kind.LAWS,
    "registry": Kind.REGISTRY,
    "ratings": Kind.COUNTRIES,
    "restricted": Kind.COUNTRIES,
}
FORMS = (*YAML, *TABLES)


def good(form: str) -> str:
    name = form.replace(" table", "")
    return (GOOD / f"{name}.{'yaml' if form in YAML else 'csv'}").read_text()


def given(form: str, content: bytes, about: About = ABOUT) -> Any:
    """What becomes of a file, as the page of proposals does it."""
    stream = io.BytesIO(content)
    if form == "restricted":
        return proposals.import_restricted(stream, about, BASE)
    if form == "ratings":
        made = proposals.import_countries(stream, layout="", about=about, year=2025, base=BASE)
        return made.content
    return proposals.of_upload((YAML | TABLES)[form], stream, about, BASE)


def outcome(form: str, content: bytes) -> list[str]:
    """The problems of a file; none when it was read."""
    try:
        given(form, content)
    except ProposalRefused as refusal:
        return refusal.problems
    return []


# --- Files of other programs ---------------------------------------------------------------------


def rows(form: str) -> list[list[str]]:
    return list(csv.reader(good(form).splitlines()))


def workbook(*sheets: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, sheet in enumerate(sheets):
        made = book.create_sheet(f"Sheet {number + 1}")
        for row in sheet:
            made.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def archive(*parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        for part in parts:
            book.writestr(part, "x")
    return out.getvalue()


WORD = archive("[Content_Types].xml", "word/document.xml")
ODS = archive("mimetype", "content.xml")
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)


def line(text: str, number: int, change: Callable[[str], str]) -> bytes:
    """The text with one line changed, counted from 1."""
    lines = text.splitlines(keepends=True)
    lines[number - 1] = change(lines[number - 1])
    return "".join(lines).encode()


def where(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


#: A text in each YAML file, on a line with a name before it.
TITLES = {
    "charter": "Mass interception is barred",
    "rulebook": "Active surveillance is excluded",
    "catalogue": "Radio for mobile networks",
    "laws": "Act on communications",
}
MARKERS = "<<<<<<< HEAD\n{0}=======\n{0}>>>>>>> proposal\n"


def with_title(form: str, change: Callable[[str], str]) -> tuple[bytes, int]:
    """The line of the title changed, and which one it is."""
    text = good(form)
    at = where(text, TITLES[form])
    return line(text, at, change), at


def second_row(form: str, change: Callable[[list[str]], list[Any]]) -> bytes:
    """A workbook whose second row is changed."""
    table: list[list[Any]] = list(rows(form))
    table[1] = change(list(table[1]))
    return workbook(table)


def written(table: Sequence[Sequence[str]], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(table)
    return out.getvalue().encode()


# --- The faults ----------------------------------------------------------------------------------

READ = ""
TITLE = ["Everything as of November 2026"]
#: Fault → what makes it of a form, and the beginning of the sentence; READ where it is read.
Fault = Callable[[str], tuple[bytes, str]]
ANY: dict[str, Fault] = {
    "Word": lambda _form: (WORD, "The file is a Word document; copy"),
    "ODS": lambda _form: (ODS, "The file is an OpenDocument file"),
    "old Excel": lambda _form: (OLD_EXCEL, "The file is an old Excel or Word file"),
    "PDF": lambda _form: (b"%PDF-1.7\n", "The file is a PDF; ask"),
    "ZIP": lambda _form: (archive("list.csv"), "The file is a ZIP archive; unpack it"),
    "web page": lambda _form: (b"<!DOCTYPE html><html>", "The file is a web page; download"),
    "UTF-16": lambda form: (good(form).encode("utf-16"), READ),
    "UTF-16 without its mark": lambda form: (
        good(form).encode("utf-16-be"),
        "line 1: the text is in UTF-16; save it as UTF-8",
    ),
    "UTF-8 with a mark": lambda form: (good(form).encode("utf-8-sig"), READ),
    "Windows line ends": lambda form: (good(form).replace("\n", "\r\n").encode(), READ),
    "merge": lambda form: (line(good(form), 2, MARKERS.format), "line 2"),
}
IN_YAML: dict[str, Fault] = {
    "Latin-1": lambda form: latin_1(form, TITLES[form]),
    "tabs": lambda form: (lambda made: (made[0], f"line {made[1]}, column 1: a tab"))(
        with_title(form, lambda one: "\t" + one.lstrip(" "))
    ),
    "indentation": lambda form: (lambda made: (made[0], f"line {made[1]}"))(
        with_title(form, lambda one: one.replace("    ", "   ", 1))
    ),
    "colon": lambda form: (lambda made: (made[0], f"line {made[1]}, column"))(
        with_title(form, lambda one: one.replace(TITLES[form], f"{TITLES[form]}: all of it"))
    ),
    "unclosed quote": lambda form: (lambda made: (made[0], f"line {made[1]}, column"))(
        with_title(form, lambda one: one.replace(TITLES[form], f'"{TITLES[form]}'))
    ),
    "Title Case": lambda form: (lambda made: (made[0], f"line {made[1]}, column"))(
        with_title(form, lambda one: re.sub(r"\w", lambda x: x[0].upper(), one, count=1))
    ),
    "CSV": lambda _form: (good("ratings").encode(), "line 1: this is a table"),
    "semicolons": lambda _form: (
        good("ratings").replace(",", ";").encode(),
        "line 1: this is a table",
    ),
    "no value": lambda form: (lambda made: (made[0], f"line {made[1]}, column"))(
        with_title(form, lambda one: one.replace(TITLES[form], ""))
    ),
    "nothing": lambda _form: (b"\n", "line 1, column 1:"),
}
IN_TABLES: dict[str, Fault] = {
    "Latin-1": lambda form: latin_1(form, rows(form)[1][1]),
    "tabs": lambda form: (written(rows(form), "\t"), READ),
    "indentation": lambda form: (good(form).replace(",", " , ").encode(), READ),
    "semicolons": lambda form: (written(rows(form), ";"), READ),
    "title rows": lambda form: (written([TITLE, *rows(form)]), READ),
    "title rows in a workbook": lambda form: (workbook([TITLE, [], *rows(form)]), READ),
    "Title Case": lambda form: (
        written([[name.capitalize().replace("_", " ") for name in rows(form)[0]], *rows(form)[1:]]),
        READ,
    ),
    "colon": lambda form: (
        (
            written([rows(form)[0], [*rows(form)[1][:-1], "a: b"], *rows(form)[2:]]),
            {"ratings": "line 2, column 'tier': 'a: b'"}.get(form, READ),
        )
        if form != "laws table"
        else (line(good(form), 2, lambda one: one.replace("section 9", "section: 9")), READ)
    ),
    "unclosed quote": lambda form: (
        line(good(form), 2, lambda one: f'"{one}'),
        "line 2: a quotation mark opens here and is never closed; close it",
    ),
    "unclosed quote before another": lambda form: (
        line(good(form), 2, lambda one: f'"{one}') + b'"A, B",x\n',
        "line 2: a quotation mark opens here and is never closed; close it",
    ),
    "stray quote": lambda form: (
        line(good(form), 2, lambda one: '"a"b' + one[one.index(",") :]),
        "line 2: a quotation mark stands inside a field; take it away",
    ),
    "YAML": lambda form: (
        good("laws").encode(),
        {
            "laws table": READ,
            "catalogue table": "line 1, column 1: catalogue: missing families; add it",
        }.get(form, "line 1: this is a text in YAML"),
    ),
    "extra column": lambda form: (
        written([[*row, "comment"] for row in rows(form)]),
        {"ratings": READ}.get(form, f"line 1, field {len(rows(form)[0]) + 1}: the column"),
    ),
    "missing column": lambda form: (written([row[1:] for row in rows(form)]), "line 1"),
    "too many fields": lambda form: (line(good(form), 3, lambda one: f"x, {one}"), "line 3"),
    "wrong first sheet": lambda form: (workbook([["Read me"], ["Then go on"]], rows(form)), READ),
    "two sheets": lambda form: (
        workbook(rows(form), rows(form)),
        "The workbook has the same columns in the sheets “Sheet 1” and “Sheet 2”; keep",
    ),
    "no table in a workbook": lambda form: (
        workbook([["Read me"]]),
        {"ratings": "The workbook has 0 sheets"}.get(form, "row 1: does not name"),
    ),
    "a date in a cell": lambda form: (
        second_row(form, lambda row: [row[0], datetime(2026, 5, 5), *row[2:]]),  # noqa: DTZ001
        "cell B2",
    ),
    "a truth value in a cell": lambda form: (
        second_row(form, lambda row: [row[0], True, *row[2:]]),
        "cell B2",
    ),
    "a formula in a cell": lambda form: (
        second_row(form, lambda row: [row[0], "=1+1", *row[2:]]),
        "cell B2",
    ),
    "nothing": lambda form: (
        b"\n",
        "line 1, column 1: expected lines such as"
        if form in {"catalogue table", "laws table"}
        else "line 1: does not name the columns",
    ),
}


def latin_1(form: str, words: str) -> tuple[bytes, str]:
    text = good(form)
    at = where(text, words)
    content = text.replace(words, f"{words[:2]}\xe4{words[2:]}", 1).encode("latin-1")
    return content, f"line {at}: after “"


CASES = [
    *((form, name, fault) for form in FORMS for name, fault in ANY.items()),
    *((form, name, fault) for form in YAML for name, fault in IN_YAML.items()),
    *((form, name, fault) for form in TABLES for name, fault in IN_TABLES.items()),
]
PLACE = re.compile(r"(line \d+|row \d+|cell [A-Z]+\d+|The file|The workbook)\b")
TO_DO = re.compile(
    r"\b(save|copy|write|close|remove|add|put|keep|take|unpack|download|ask|name|indent|format"
    r"|paste|one of|such as|did you mean|see that|in Excel)\b"
)
JARGON = re.compile(
    r"scalar|token|parser|mapping|not YAML|expected <|byte|0x|codec|delimiter|truth value"
    r"|Traceback|\\x|Error|None|null\b"
)


@pytest.mark.parametrize(
    ("form", "name", "fault"), CASES, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_file_is_read_or_a_sentence_says_where_and_what_to_do(
    form: str, name: str, fault: Fault
) -> None:
    content, begins = fault(form)
    problems = outcome(form, content)
    if begins == READ:
        assert problems == []
        return
    assert problems
    assert problems[0].startswith(begins), problems
    for problem in problems:
        assert PLACE.match(problem), problem
        assert TO_DO.search(problem), problem
        assert not JARGON.search(problem), problem


def test_all_sentences_together() -> None:
    """Prints them; two files with one mistake are told apart."""
    told: dict[str, list[str]] = {}
    for form, name, fault in CASES:
        for problem in outcome(form, fault(form)[0])[:3] or ["(read)"]:
            told.setdefault(problem, []).append(f"{form}: {name}")
    for problem, cases in told.items():
        sys.stdout.write(f"{problem}\n      {'; '.join(cases)}\n")
    assert len(told) > len(ANY)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_without_a_mistake_is_read(form: str) -> None:
    assert outcome(form, good(form).encode()) == []
    if form in TABLES:
        assert outcome(form, workbook(rows(form))) == []


# --- Names where codes belong --------------------------------------------------------------------

NAMED = {
    "registry": (
        "Example Agency,FI,intelligence_security",
        "Example Agency,Finland,Intelligence agency",
    ),
    "ratings": ("FI,Finland,low", "Finland,Finland,Low"),
    "restricted": ("RU,monitoring_centre,denied", "Russia,Monitoring centre,Denied"),
    "catalogue": (
        "capabilities: [ran]\n        control: not_controlled",
        "capabilities: [Radio access network]\n        control: Not controlled",
    ),
    "catalogue table": ("RAN,ran,,,not_controlled", "RAN,radio access network,,,Not controlled"),
    "laws": ("country: FI", "country: Finland"),
    "laws table": (
        "FI,Act on communications,section 9,commercial_operator,L",
        "Finland,Act on communications,section 9,A commercial operator,Lawful interception",
    ),
    "rulebook": ("end_user_type: [military]", "end_user_type: [a military body]"),
    "charter": ("end_user_type: [military]", "end_user_type: [a military body]"),
}


@pytest.mark.parametrize("form", NAMED)
def test_names_are_offered_as_codes_and_accepted_all_at_once(form: str) -> None:
    code, name = NAMED[form]
    assert code in good(form)
    content = good(form).replace(code, name).encode()
    with pytest.raises(CodesOffered) as offered:
        given(form, content)
    for offer in offered.value.offers:
        assert PLACE.match(offer.where)
        assert offer.written in name
        assert offer.code in code
    accepted = replace(ABOUT, codes=digest_of(offered.value.offers))
    assert given(form, content, accepted).text == given(form, good(form).encode()).text


@pytest.mark.parametrize("form", ["registry", "restricted", "laws", "catalogue table"])
def test_codes_are_accepted_for_exactly_what_was_shown(form: str) -> None:
    code, name = NAMED[form]
    content = good(form).replace(code, name).encode()
    with pytest.raises(CodesOffered):
        given(form, content, replace(ABOUT, codes="sha256:of something else"))


def test_a_name_beside_another_mistake_is_told_with_it() -> None:
    rows = good("registry").replace("FI,", "Finland,").replace("SE,military", "SE,soldiers")
    problems = outcome("registry", rows.encode())
    assert problems[0] == "line 2, column “country”: “Finland” is no code; write FI"
    assert problems[1].startswith('line 3: class "soldiers" is unknown; it is one of')


# --- Doubles -------------------------------------------------------------------------------------

DOUBLED: dict[str, tuple[Callable[[str], str], str]] = {
    "charter": (
        lambda text: text.replace("id: A01", "id: CH01"),
        "line 20, column 11: duplicate id CH01; first on line 7",
    ),
    "rulebook": (
        lambda text: text.replace("id: B02", "id: B01"),
        "line 14, column 9: duplicate id B01; first on line 8",
    ),
    "catalogue": (lambda text: text.replace("id: centre", "id: radio"), "(line 6)"),
    "laws": (lambda text: text + text[text.index("  - id") :], "(line 3)"),
    "catalogue table": (lambda text: text.replace("centre,", "radio,"), "(line 2)"),
    "laws table": (lambda text: text.replace("se-1,", "fi-1,"), "(line 2)"),
    "registry": (lambda text: text + text.splitlines()[1] + "\n", "is already on line 2"),
    "ratings": (lambda text: text + "FI,Finland,high\n", "was rated before (line 2)"),
    "restricted": (lambda text: text + text.splitlines()[1] + "\n", "is there already (line 2)"),
}


@pytest.mark.parametrize("form", DOUBLED)
def test_doubles_are_refused_with_both_lines(form: str) -> None:
    doubled, said = DOUBLED[form]
    assert doubled(good(form)) != good(form)
    problem = outcome(form, doubled(good(form)).encode())[0]
    assert re.match(r"line \d+", problem), problem
    assert said in problem
