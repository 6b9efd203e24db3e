"""Restricted destinations: read with row numbers, compared in every field, proposed and kept."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from policy import actions, active
from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.governance import entries, versions
from policy.models import Kind, ReferenceVersion
from policy.reference import spreadsheets
from policy.reference.destinations import (
    RESTRICTED_COLUMNS,
    CountriesError,
    Restriction,
    Territory,
    read_countries,
    read_restricted,
)
from tests import factories

DATA = shipped.load()
KOREA = next(row for row in DATA.countries.restricted if row.code == "KP")
BELARUS = next(row for row in DATA.countries.restricted if row.code == "BY")
WHY = "A newer edition of the source is out."
HEAD = ",".join(RESTRICTED_COLUMNS)
GOOD = "KP,everything,prohibited,An act,https://example.org,2026-11-28,"


# --- Compared -------------------------------------------------------------------------------------


def restricting(*rows: Restriction) -> ReferenceData:
    return replace(DATA, countries=replace(DATA.countries, restricted=rows))


Rows = list[Restriction]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([KOREA], [KOREA], []),
        ([KOREA, BELARUS], [KOREA], [("restrictions removed", True)]),
        ([KOREA], [KOREA, BELARUS], [("restrictions added", False)]),
        ([BELARUS], [replace(BELARUS, control="prohibited")], [("restrictions raised", False)]),
        ([replace(BELARUS, control="prohibited")], [BELARUS], [("restrictions lowered", True)]),
        (
            [BELARUS],
            [replace(BELARUS, restricts=BELARUS.restricts[1:])],
            [("destinations restrict less", True)],
        ),
        (
            [BELARUS],
            [replace(BELARUS, restricts=(*BELARUS.restricts, "ran"))],
            [("destinations restrict more", False)],
        ),
        (
            [BELARUS],
            [replace(BELARUS, restricts=(*BELARUS.restricts[1:], "ran"))],
            [("destinations restrict less", True)],
        ),
        (
            [BELARUS],
            [replace(BELARUS, basis="Another act")],
            [("restrictions removed", True), ("restrictions added", False)],
        ),
        *(
            ([BELARUS], [replace(BELARUS, **changed)], [("restrictions described otherwise", True)])
            for changed in ({"source": "x"}, {"dated": date(2020, 1, 1)}, {"note": "x"})
        ),
    ],
)
def test_each_change_of_a_row_is_named(
    before: Rows, after: Rows, expected: list[tuple[str, bool]]
) -> None:
    found = entries.differences(Kind.COUNTRIES, restricting(*before), restricting(*after))
    assert [(one.name, one.looser) for one in found] == expected


def test_a_restriction_of_everything_that_narrows_is_an_easing() -> None:
    narrower = replace(KOREA, restricts=("ran",))
    found = entries.differences(Kind.COUNTRIES, restricting(KOREA), restricting(narrower))
    assert [(one.name, one.looser) for one in found] == [
        ("place export control", True),
        ("destinations restrict less", True),
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda one: replace(one, neighbours=()), [("territories asked less", True)]),
        (lambda one: replace(one, neighbours=("RU", "PL")), [("territories asked more", False)]),
        (lambda one: replace(one, note="x"), [("notes of territories", True)]),
    ],
)
def test_from_where_a_territory_is_asked_about_is_compared(
    change: Callable[[Territory], Territory], expected: list[tuple[str, bool]]
) -> None:
    territories = {**DATA.countries.territories}
    territories["UA-43"] = change(territories["UA-43"])
    after = replace(DATA, countries=replace(DATA.countries, territories=territories))
    found = entries.differences(Kind.COUNTRIES, DATA, after)
    assert [(one.name, one.looser) for one in found] == expected


# --- Read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            GOOD.replace("KP,", "QQ,"),
            'line 2 of the restricted destinations: "QQ" is not a known code',
        ),
        (
            GOOD.replace("prohibited", "forbidden"),
            '"forbidden" is not a control; it must be one of',
        ),
        (GOOD.replace("An act", " "), "destinations: the basis is missing"),
        (GOOD.replace("https://example.org", ""), "destinations: the source is missing"),
        (GOOD.replace("2026-11-28", "28.11.2026"), '"28.11.2026" is not a day such as 2026-11-28'),
        (GOOD.replace("everything", ""), "what is restricted is everything, or capabilities"),
        (GOOD.replace("everything", "everything|ran"), "what is restricted is everything, or"),
        (GOOD.replace("everything", "rna"), '"rna" is not a capability; did you mean ran?'),
        (f"{GOOD}\n{GOOD}", "KP under An act is there already (line 2)"),
        ("KP,everything", "destinations: a row has the cells code, restricts"),
        (f"{GOOD},more", "destinations: a row has the cells code, restricts"),
    ],
)
def test_a_row_that_does_not_fit_is_named(row: str, sentence: str) -> None:
    with pytest.raises(CountriesError) as refused:
        read_restricted(f"{HEAD}\n{row}\n", DATA.countries.places, DATA.capabilities)
    assert sentence in str(refused.value)


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(CountriesError, match="the column basis is missing"):
        read_restricted("code,restricts,control\n", {})


def test_a_neighbour_must_be_a_country() -> None:
    text = shipped.text("countries/special_territories.csv").replace(",RU\n", ",QQ\n", 1)
    with pytest.raises(CountriesError, match='UA-43: the neighbour "QQ" is not a known country'):
        read_countries(names=shipped.text("countries/names.csv"), territories=text, ratings=[])


def test_a_version_of_before_reads_as_it_did() -> None:
    """Without restricted destinations and neighbours, and with the control beside the territory."""
    content = json.loads(versions.shipped_countries().text)
    del content["restricted"]
    content["territories"] = (
        "code,parent,name,special,export_control,note\nUA-43,UA,Crimea,yes,prohibited,Occupied\n"
    )
    before = versions.read_countries_text(json.dumps(content))
    assert before.restricted == ()
    assert before.places["UA-43"].export_control == "prohibited"
    assert [one.code for one in before.territories_asked("UA")] == ["UA-43"]
    data = replace(DATA, countries=before)
    lost = entries.differences(Kind.COUNTRIES, DATA, data)
    assert "restrictions removed" in {one.name for one in lost if one.looser}


def test_a_spreadsheet_reads_back_as_it_was_written() -> None:
    book = io.BytesIO(spreadsheets.write_restricted(DATA.countries))
    assert spreadsheets.is_restricted(book)
    text = spreadsheets.read_restricted(book).text
    again = read_restricted(text, DATA.countries.places, DATA.capabilities)
    assert again == DATA.countries.restricted


# --- Proposed -------------------------------------------------------------------------------------


@pytest.fixture
def shipped_here(db: None) -> None:
    factories.reference_data()


def propose(site: Client, content: bytes, name: str = "list.csv", **fields: Any) -> Any:
    posted = {"label": "2.0", "note": WHY, "upload": SimpleUploadedFile(name, content), **fields}
    return site.post(reverse("policy:propose", args=["countries"]), posted)


@pytest.mark.usefixtures("shipped_here")
def test_the_export_can_be_changed_and_proposed_again(site: Client) -> None:
    exported = site.get(reverse("policy:restricted-export"))
    assert "restricted-destinations-11.xlsx" in exported["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(exported.content))
    book["entries"].append(["CU", "ran | mobile_core", "denied", "An act", "A page", "2026-11-28"])
    out = io.BytesIO()
    book.save(out)
    assert propose(site, out.getvalue(), "list.xlsx").status_code == 302
    made = ReferenceVersion.objects.get(kind=Kind.COUNTRIES, label="2.0")
    countries = versions.read_countries_text(made.content)
    assert countries.restricted[:-1] == DATA.countries.restricted
    assert countries.restricted[-1].restricts == ("ran", "mobile_core")
    assert countries.lists == DATA.countries.lists
    assert countries.territories == DATA.countries.territories


@pytest.mark.usefixtures("shipped_here")
@pytest.mark.parametrize(
    ("content", "layout", "problem"),
    [
        (
            f"{HEAD}\n{GOOD}\n{GOOD.replace('KP,', 'QQ,')}\n",
            "",
            'line 3 of the restricted destinations: "QQ" is not a known code',
        ),
        (f"{HEAD}\n{GOOD}\n".replace(",", ";"), "", ""),
        ("code,tier\nFI,low\n", "restricted", "line 1: the column restricts is missing"),
        (
            f"{HEAD},own\n{GOOD}\n",
            "",
            'line 1, field 8: the column "own" does not belong to the restricted',
        ),
        ("\0", "restricted", "line 1: holds a NUL character"),
    ],
)
def test_a_file_is_read_or_every_row_at_fault_is_named(
    site: Client, content: str, layout: str, problem: str
) -> None:
    response = propose(site, content.encode(), layout=layout)
    if not problem:
        assert response.status_code == 302
        return
    assert response.status_code == 422
    assert problem in " ".join(one["text"] for one in response.context["problems"])
    assert not ReferenceVersion.objects.filter(label="2.0").exists()


@pytest.mark.django_db
@pytest.mark.bare
def test_an_installation_of_before_begins_with_what_ships_beside_its_own_sources(
    site: Client, anna: Any, boris: Any
) -> None:
    old = json.loads(versions.shipped_countries().text)
    del old["restricted"]
    mine = {"text": "code,tier\nFI,high\n", "source": "Own", "edition": "1", "year": 2025}
    old["ratings"].append({**mine, "licence": "", "method": ""})
    countries = replace(versions.shipped_countries(), label="1.0", text=json.dumps(old))
    for content in versions.shipped_contents():
        first = countries if content.kind == Kind.COUNTRIES else content
        version = actions.propose_version(first, actor=anna)
        actions.activate_version(version, actor=boris)
    page = reverse("policy:propose", args=["countries"])
    begun = site.get(page, {"from": "shipped"})
    assert begun.context["form"]["label"].value() == "1.1"
    posted = {"label": "1.1 here", "note": WHY}
    assert site.post(f"{page}?from=shipped", posted).status_code == 302
    made = ReferenceVersion.objects.get(kind=Kind.COUNTRIES, label="1.1 here")
    countries_now = versions.read_countries_text(made.content)
    assert countries_now.restricted == DATA.countries.restricted
    assert [one.source for one in countries_now.lists] == ["V-Dem", "Own"]


@pytest.mark.usefixtures("shipped_here")
def test_the_page_of_what_ships_is_offered_only_while_it_is_no_version(site: Client) -> None:
    page = reverse("policy:propose", args=["countries"])
    assert "?from=shipped" not in site.get(page).content.decode()


# --- Shown ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("shipped_here")
@pytest.mark.parametrize(
    ("code", "sentences"),
    [
        ("BY", ["Regulation (EU) 2021/1030", "Trade compliance must check", "28 Nov 2026"]),
        ("KP", ["Everything", "Prohibited", "Regulation (EU) 2017/1509"]),
        ("UA", ["Crimea", "Transnistria", "Not part of this state.", "is asked about it"]),
        ("HK", ["Free expression 0.213 below 0.30: at least high", "would be medium"]),
        ("UA-43", ["Regulation (EU) No 692/2014"]),
    ],
)
def test_the_page_of_a_place_says_it(site: Client, code: str, sentences: list[str]) -> None:
    html = site.get(reverse("policy:country", args=[code])).content.decode()
    for sentence in sentences:
        assert sentence in html


@pytest.mark.usefixtures("shipped_here")
def test_all_of_them_stand_on_the_page_of_the_countries(site: Client) -> None:
    html = site.get(reverse("policy:countries")).content.decode()
    assert html.count('<td data-label="As of">') == len(DATA.countries.restricted)
    assert active.version(Kind.COUNTRIES).label == "1.1"  # type: ignore[union-attr]
