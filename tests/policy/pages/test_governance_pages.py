"""A change of the policy from the proposal to the activation, page by page, as people do it."""

import csv
import io
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from jobs import queue
from jobs.models import Job
from policy import actions, active
from policy.facts import shipped
from policy.models import CheckReport, Kind, ReferenceVersion
from policy.pages import versions
from policy.reference import spreadsheets
from policy.reference.registry import COLUMNS
from tests import factories
from tests.policy.governance.test_governance import (
    STRICTER,
    WEAKER,
    changed_rulebook,
    checked,
    rated,
    work,
)

pytestmark = pytest.mark.django_db

INPUTS = Path(__file__).parents[1] / "inputs"
WHY = "A newer edition of the source is out."
RATING = b"code,tier\nFI,high\nSE,low\n"
EXPERT = {"source": "Another expert", "edition": "2026", "year": "2025", "licence": "CC0"}


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


def propose(client: Client, kind: str, **fields: Any) -> Any:
    return client.post(reverse("policy:propose", args=[kind]), {"note": WHY, **fields})


def body(response: Any) -> str:
    return str(response.content.decode())


def upload(content: bytes, name: str = "file.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


class TestProposing:
    def test_the_text_begins_as_the_active_version(self, site: Client) -> None:
        page = site.get(reverse("policy:propose", args=["rulebook"]))
        assert page.context["form"]["text"].value() == shipped.text(shipped.RULEBOOK)

    def test_a_row_that_is_wrong_refuses_the_whole_list(self, site: Client) -> None:
        rows = upload(b"code,tier\nKE,=1+1\nFI,hgh\nSE,low\n")
        response = propose(site, "countries", label="1.2", upload=rows, layout="table", **EXPERT)
        assert response.status_code == 422
        told = [one["text"] for one in response.context["problems"]]
        assert [one.split(":")[0] for one in told] == [
            "line 2, column 'tier'",
            "line 3, column 'tier'",
        ]
        assert ReferenceVersion.objects.count() == len(Kind)

    def test_a_rulebook_is_stored_as_it_was_written(self, site: Client, anna: Any) -> None:
        text = shipped.text(shipped.RULEBOOK).replace('label: "1.1"', 'label: "1.2"')
        response = propose(site, "rulebook", text=text)
        version = ReferenceVersion.objects.get(label="1.2")
        assert response.headers["Location"] == reverse("policy:version", args=[version.pk])
        assert (version.written, version.proposed_by, version.note) == (text, anna, WHY)
        assert not version.is_active

    def test_problems_come_by_line_and_column_and_the_text_stays(self, site: Client) -> None:
        text = shipped.text(shipped.RULEBOOK).replace("country_risk: [low]", "country_risk: [lwo]")
        response = propose(site, "rulebook", text=text)
        assert response.status_code == 422
        first = response.context["problems"][0]["text"]
        assert re.match(r"line \d+, column \d+: ", first)
        assert "did you mean low?" in first
        assert response.context["form"]["text"].value() == text
        assert not ReferenceVersion.objects.filter(note=WHY).exists()

    def test_a_label_is_used_once(self, site: Client) -> None:
        response = propose(site, "rulebook", text=shipped.text(shipped.RULEBOOK))
        assert "There is already a version 1.1. Choose another label." in body(response)

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"\xff\xfe\x00", "The file is in UTF-16 and cut; save it as UTF-8."),
            (b"rulebook: a\x00b", "NUL character"),
            (b"a: &x [1]\nb: *x\n", "line 1, column"),
            (b"[" * 10_000, "line 1, column"),
            (b"# " + b"x" * 10_000_000, "line 1, column"),
        ],
        ids=["not text", "nul", "alias", "deep", "large"],
    )
    def test_hostile_files_are_refused_with_their_place(
        self, site: Client, content: bytes, sentence: str
    ) -> None:
        response = propose(site, "rulebook", text="", upload=upload(content, "rulebook.yaml"))
        assert response.status_code == 422
        assert sentence in body(response)
        assert ReferenceVersion.objects.count() == len(Kind)

    def test_a_reason_is_needed(self, site: Client) -> None:
        response = propose(site, "rulebook", text="rulebook: x", note="short")
        assert "Say why in at least 20 characters" in body(response)

    def test_something_must_be_proposed(self, site: Client) -> None:
        assert "Enter a text or choose a file" in body(propose(site, "rulebook", text=" "))
        assert "Choose a file" in body(propose(site, "registry", label="2.0"))

    def test_a_catalogue_names_the_line_at_fault(self, site: Client) -> None:
        text = shipped.text("catalogue.yaml").replace("capabilities: [ran]", "capabilities: [rna]")
        response = propose(site, "catalogue", text=text)
        assert "unknown capability &quot;rna&quot;; did you mean ran?" in body(response)

    def test_a_registry_names_the_line_at_fault(self, site: Client) -> None:
        rows = b"name,country,class,aliases,note,source\nSomebody,QQ,utility,,,\n"
        response = propose(site, "registry", label="2.0", upload=upload(rows))
        assert "line 2: country &quot;QQ&quot; is not a valid ISO 3166-1 alpha-2 code" in body(
            response
        )

    def test_compliance_proposes_products_parties_and_laws_only(self, client: Client) -> None:
        client.force_login(factories.compliance_officer())
        codes = [
            client.get(reverse("policy:propose", args=[kind])).status_code for kind in Kind.values
        ]
        assert codes == [403, 403, 403, 200, 200, 200]


class TestCountryLists:
    def test_a_second_source_stands_beside_the_first(self, site: Client) -> None:
        response = propose(
            site, "countries", label="1.2", upload=upload(RATING), layout="table", **EXPERT
        )
        assert response.status_code == 302
        version = ReferenceVersion.objects.get(label="1.2", kind=Kind.COUNTRIES)
        assert version.source == "V-Dem, Another expert"

    def test_a_code_that_does_not_exist_is_refused_and_the_active_list_stays(
        self, site: Client
    ) -> None:
        before = active.version(Kind.COUNTRIES)
        answer = propose(
            site,
            "countries",
            label="1.2",
            upload=upload(RATING + b"QQ,low\nZZZ,low\n"),
            layout="table",
            **EXPERT,
        )
        assert answer.status_code == 422
        problems = [one["text"] for one in answer.context["problems"]]
        assert [one.partition(" is ")[0] for one in problems] == [
            "line 4, column 'code': 'QQ'",
            "line 5, column 'code': 'ZZZ'",
        ]
        assert active.version(Kind.COUNTRIES) == before
        assert ReferenceVersion.objects.of(Kind.COUNTRIES).count() == 1

    def test_a_file_that_is_no_list_is_refused(self, site: Client) -> None:
        response = propose(
            site, "countries", label="1.2", upload=upload(b"PK\x03\x04 nothing", "list.xlsx")
        )
        assert response.status_code == 422
        assert ReferenceVersion.objects.of(Kind.COUNTRIES).count() == 1

    def test_what_the_layout_needs_is_asked_for(self, site: Client) -> None:
        response = propose(site, "countries", label="1.2", upload=upload(RATING), layout="table")
        assert "Enter the source of the list." in body(response)


PRODUCT = ("probe", "Probe", "Interception", "", "lawful_disclosure", "", "", "not_controlled", "")


def workbook(columns: Any, *rows: Any) -> SimpleUploadedFile:
    book = openpyxl.Workbook()
    for row in (columns, *rows):
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return upload(out.getvalue(), "entries.xlsx")


class TestSpreadsheets:
    @pytest.mark.parametrize("kind", ["catalogue", "registry"])
    def test_what_was_downloaded_is_read_back_the_same(self, site: Client, kind: str) -> None:
        content = site.get(reverse(f"policy:{kind}-export")).content
        response = propose(site, kind, text="", label="2.0", upload=upload(content, "x.xlsx"))
        assert response.status_code == 302
        version = ReferenceVersion.objects.get(kind=kind, label="2.0")
        former = active.version(kind)
        assert former is not None
        read = {"catalogue": active.catalogue, "registry": active.registry}[kind]
        entries = {"catalogue": "products", "registry": "parties"}[kind]
        assert getattr(read(version), entries) == getattr(read(former), entries)

    def test_a_product_at_fault_is_named_by_its_row(self, site: Client) -> None:
        wrong = (*PRODUCT[:4], "lawful_disclosre", *PRODUCT[5:])
        sheet = workbook(spreadsheets.PRODUCT_COLUMNS, PRODUCT, ("",) * 9, wrong)
        said = body(propose(site, "catalogue", text="", label="2.0", upload=sheet))
        assert "row 4: &quot;probe&quot;: unknown capability &quot;lawful_disclosre&quot;" in said

    def test_a_party_at_fault_is_named_by_its_row(self, site: Client) -> None:
        sheet = workbook(
            COLUMNS, ("A", "FI", "utility", "", "", ""), ("B", "FI", "spy", "", "", "")
        )
        said = body(propose(site, "registry", label="2.0", upload=sheet))
        assert "row 3: class &quot;spy&quot; is unknown" in said

    def test_a_formula_is_refused_with_its_cell(self, site: Client) -> None:
        sheet = workbook(spreadsheets.PRODUCT_COLUMNS, ("=1+1", *PRODUCT[1:]))
        said = body(propose(site, "catalogue", text="", label="2.0", upload=sheet))
        assert "cell A2: is a formula; save values, not formulas" in said

    def test_columns_are_checked(self, site: Client) -> None:
        sheet = workbook(("name", "klass"), ("A", "utility"))
        said = body(propose(site, "registry", label="2.0", upload=sheet))
        assert "row 1: the column class is missing" in said
        assert "cell B1: the column &quot;klass&quot; does not belong to the registry" in said

    def test_a_zip_bomb_is_refused(self, site: Client) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
            bomb.writestr("xl/workbook.xml", b" " * 200_000_000)
        response = propose(
            site, "registry", label="2.0", upload=upload(out.getvalue(), "bomb.xlsx")
        )
        assert response.status_code == 422
        assert ReferenceVersion.objects.of(Kind.REGISTRY).count() == 1

    def test_a_date_in_a_cell_is_refused_with_its_cell(self, site: Client) -> None:
        """A spreadsheet program made a day of a name; the product was called 46147 then."""
        sheet = workbook(spreadsheets.PRODUCT_COLUMNS, ("probe", date(2026, 5, 5), *PRODUCT[2:]))
        said = body(propose(site, "catalogue", text="", label="2.0", upload=sheet))
        assert "cell B2: is a date; format the cell as text" in said

    @pytest.mark.parametrize("kind", ["catalogue", "registry"])
    @pytest.mark.parametrize("external", [False, True], ids=["no sheet", "only an external one"])
    def test_a_workbook_without_a_sheet_is_refused(
        self, site: Client, kind: str, external: bool
    ) -> None:
        sheet = bare_workbook(external=external)
        said = body(propose(site, kind, text="", label="2.0", upload=sheet))
        assert "The workbook has no sheet of its own" in said

    def test_a_style_number_of_other_digits_is_no_date(self, site: Client) -> None:
        styles = b'<styleSheet><cellXfs><xf numFmtId="\xc2\xb2"/></cellXfs></styleSheet>'
        sheet = bare_workbook(styles=styles, cell=b'<c t="inlineStr"><is><t>id</t></is></c>')
        said = body(propose(site, "catalogue", text="", label="2.0", upload=sheet))
        assert "row 1: the column name is missing" in said

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize("pasted", [False, True], ids=["uploaded", "pasted"])
    def test_a_catalogue_saved_as_csv_is_read(
        self, site: Client, delimiter: str, pasted: bool
    ) -> None:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter).writerows([spreadsheets.PRODUCT_COLUMNS, PRODUCT])
        given = (
            {"text": out.getvalue()}
            if pasted
            else {"text": "", "upload": upload(out.getvalue().encode())}
        )
        assert propose(site, "catalogue", label="2.0", **given).status_code == 302
        version = ReferenceVersion.objects.get(kind=Kind.CATALOGUE, label="2.0")
        assert [one.id for one in active.catalogue(version).products] == ["probe"]

    def test_a_row_of_csv_at_fault_is_named(self, site: Client) -> None:
        rows = [",".join(spreadsheets.PRODUCT_COLUMNS), ",".join(PRODUCT), ",".join(PRODUCT)]
        given = upload("\n".join(rows).encode())
        said = body(propose(site, "catalogue", text="", label="2.0", upload=given))
        assert "line 3: probe: &quot;probe&quot; already names probe (line 2)" in said

    def test_csv_needs_a_label(self, site: Client) -> None:
        given = upload(",".join(spreadsheets.PRODUCT_COLUMNS).encode())
        said = body(propose(site, "catalogue", text="", upload=given))
        assert "Enter a label for the version" in said


def bare_workbook(
    *, external: bool = False, styles: bytes = b"<styleSheet/>", cell: bytes = b""
) -> SimpleUploadedFile:
    """A workbook with one sheet that holds one cell, with none, or with one outside of it."""
    mode = ' TargetMode="External"' if external else ""
    sheets = '<sheet name="A" id="r1"/>' if external or cell else ""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("xl/workbook.xml", f"<workbook><sheets>{sheets}</sheets></workbook>")
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships><Relationship Id="r1" Target="sheet1.xml"{mode}/></Relationships>',
        )
        book.writestr("xl/styles.xml", styles)
        row = b'<row r="1">' + cell + b"</row>"
        book.writestr(
            "xl/sheet1.xml", b"<worksheet><sheetData>" + row + b"</sheetData></worksheet>"
        )
    return upload(out.getvalue(), "entries.xlsx")


class TestHostileFiles:
    """Files that were answered with a server error, or with jargon."""

    @pytest.mark.parametrize("kind", ["catalogue", "rulebook"])
    @pytest.mark.parametrize("pasted", [False, True], ids=["uploaded", "pasted"])
    def test_three_thousand_brackets(self, site: Client, kind: str, pasted: bool) -> None:
        deep = "[" * 3000
        given = {"text": deep} if pasted else {"text": "", "upload": upload(deep.encode())}
        response = propose(site, kind, **given)
        assert response.status_code == 422
        assert "line 1, column 61: nested deeper than 60" in body(response)

    def test_an_id_that_is_there_twice_is_refused_with_both_lines(self, site: Client) -> None:
        text = shipped.text("catalogue.yaml").replace('label: "1.0"', 'label: "1.1"')
        text += (
            "\n  - family: More\n    products:\n      - id: x-monitoring-centre\n"
            "        name: Another\n        capabilities: [ran]\n        control: not_controlled\n"
        )
        first = text[: text.index("id: x-monitoring-centre")].count("\n") + 1
        again = text[: text.rindex("id: x-monitoring-centre")].count("\n") + 1
        said = body(propose(site, "catalogue", text=text))
        assert (
            f"line {again}, column 9: x-monitoring-centre: &quot;x monitoring centre&quot; already"
            f" names x-monitoring-centre (line {first})"
        ) in said

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (
                (INPUTS / "registry_header_quote.csv").read_bytes(),
                "line 1: a quotation mark stands inside a field",
            ),
            (b'"name,country', "line 1: a quotation mark opens here and is never closed"),
            (b"name," + b"x" * 200_000, "line 1: a field is longer than 131,072 characters"),
            (b"x" * 2_000_000, "line 1: the line is longer than 1,048,576 bytes"),
            (b"a," * 1_000_000, "line 1: the line is longer than 1,048,576 bytes"),
            (
                ",".join(COLUMNS).encode() + b"\n" + b"x" * 200_000 + b",FI,utility,,,",
                "line 2: a field is longer than 131,072 characters",
            ),
            (b"", "line 1: does not name the columns of the registry"),
        ],
        ids=["quote", "open", "long", "longer", "wide", "long row", "empty"],
    )
    def test_a_registry_that_is_no_table(self, site: Client, content: bytes, said: str) -> None:
        response = propose(site, "registry", label="2.0", upload=upload(content or b"\n"))
        assert response.status_code == 422
        assert said in body(response)

    def test_a_registry_with_semicolons_is_read(self, site: Client) -> None:
        rows = upload((INPUTS / "registry_semicolon.csv").read_bytes())
        assert propose(site, "registry", label="2.0", upload=rows).status_code == 302
        version = ReferenceVersion.objects.get(kind=Kind.REGISTRY, label="2.0")
        assert [one.name for one in active.registry(version).parties] == ["Example Agency"]

    @pytest.mark.parametrize(("typed", "year"), [("2024", 2023), ("", 2024)])
    def test_the_edition_of_freedom_house_is_read_as_it_is_typed(
        self, site: Client, typed: str, year: int
    ) -> None:
        response = propose(site, "countries", label="1.2", edition=typed, upload=two_editions())
        assert response.status_code == 302
        version = ReferenceVersion.objects.get(kind=Kind.COUNTRIES, label="1.2")
        lists = {one.source: one.year for one in active.countries(version).lists}
        assert lists["Freedom House, Freedom in the World"] == year

    @pytest.mark.parametrize("typed", ["v14", "2030", "20 24", "²⁰²⁴", "9" * 80])
    def test_an_edition_that_is_not_there_is_refused(self, site: Client, typed: str) -> None:
        response = propose(site, "countries", label="1.2", edition=typed, upload=two_editions())
        assert response.status_code == 422
        assert ReferenceVersion.objects.of(Kind.COUNTRIES).count() == 1


def two_editions() -> SimpleUploadedFile:
    return upload((INPUTS / "freedom_house_two_editions.csv").read_bytes())


class TestTrying:
    def test_a_quick_look_stops_at_the_newest(
        self, site: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(versions, "QUICK_LOOK", 1)
        factories.cleared_deal()
        factories.deal_in_review()
        text = shipped.text(shipped.RULEBOOK).replace('label: "1.1"', 'label: "1.2"')
        matrix = propose(site, "rulebook", text=text, **{"try": "1"}).context["tried"]["matrix"]
        assert matrix.columns == ["Senior review"]

    def test_a_draft_is_played_over_the_past_and_not_stored(self, site: Client) -> None:
        factories.deal_in_review()
        text = shipped.text(shipped.RULEBOOK).replace('label: "1.1"', 'label: "1.2"')
        response = propose(site, "rulebook", text=text, **{"try": "1"})
        assert "None of 1 past screenings would come out differently." in body(response)
        assert ReferenceVersion.objects.count() == len(Kind)

    def test_neither_a_reason_nor_a_label_is_needed_to_try(self, site: Client) -> None:
        factories.cleared_deal()
        response = propose(
            site,
            "countries",
            upload=upload(RATING),
            layout="table",
            note="",
            **EXPERT,
            **{"try": "1"},
        )
        assert response.status_code == 200
        assert "Of 1 past screenings, 1 would be treated more strictly." in body(response)
        assert "choose the file again" in body(response)
        assert ReferenceVersion.objects.count() == len(Kind)


class TestBeginningWithAVersion:
    def address(self, version: ReferenceVersion) -> str:
        return f"{reverse('policy:propose', args=[version.kind])}?from={version.pk}"

    def test_the_text_begins_as_that_version(self, site: Client, anna: Any) -> None:
        text = shipped.text(shipped.RULEBOOK).replace('label: "1.1"', 'label: "1.2"')
        propose(site, "rulebook", text=text)
        version = ReferenceVersion.objects.get(label="1.2")
        response = site.get(self.address(version))
        assert response.context["form"]["text"].value() == text
        assert "The text below begins as version 1.2." in body(response)

    @pytest.mark.parametrize("kind", [Kind.COUNTRIES, Kind.REGISTRY])
    def test_what_has_no_text_is_proposed_again_as_it_was(self, site: Client, kind: str) -> None:
        former = ReferenceVersion.objects.active().get(kind=kind)
        assert f"the content of version {former.label} is proposed again" in body(
            site.get(self.address(former))
        )
        site.post(self.address(former), {"label": "1.0 again", "note": WHY})
        version = ReferenceVersion.objects.get(kind=kind, label="1.0 again")
        assert (version.digest, version.content) == (former.digest, former.content)
        assert (version.source, version.licence) == (former.source, former.licence)
        assert not version.is_active

    def test_a_label_is_needed(self, site: Client) -> None:
        former = ReferenceVersion.objects.active().get(kind=Kind.COUNTRIES)
        response = site.post(self.address(former), {"note": WHY})
        assert response.status_code == 422
        assert "Enter a label for the version" in body(response)

    @pytest.mark.parametrize("asked", ["0", "x", "9" * 30, "٣"])
    def test_a_version_that_is_not_there(self, site: Client, asked: str) -> None:
        address = reverse("policy:propose", args=["countries"])
        assert site.get(address, {"from": asked}).status_code == 404

    def test_a_version_of_another_kind(self, site: Client) -> None:
        other = ReferenceVersion.objects.active().get(kind=Kind.REGISTRY)
        address = reverse("policy:propose", args=["countries"])
        assert site.get(address, {"from": other.pk}).status_code == 404


class TestTheJourney:
    def test_propose_check_activate_by_two_people(
        self, site: Client, client: Client, boris: Any
    ) -> None:
        deal = factories.cleared_deal()
        propose(site, "countries", label="1.2", upload=upload(RATING), layout="table", **EXPERT)
        version = ReferenceVersion.objects.get(label="1.2", kind=Kind.COUNTRIES)
        assert "The check has not run yet." in body(page(site, "version", version))
        site.post(reverse("policy:check", args=[version.pk]))
        assert "The check is running" in body(page(site, "report", version))
        work(actions.CHECK)
        told = body(page(site, "report", version))
        assert "Of 1 past screenings, 1 would be treated more strictly." in told
        assert "somebody else must activate it" in body(page(site, "version", version))

        client.force_login(boris)
        form = page(client, "activate", version).context["form"]
        answer = client.post(
            reverse("policy:activate", args=[version.pk]),
            {"report": form["report"].value(), "understood": "on"},
        )
        assert answer.status_code == 302
        assert "It is waiting for a worker." in body(page(client, "version", version))
        for job in Job.objects.unfinished().filter(kind=actions.RESCREEN):
            queue.perform(job.pk)
        assert "0 of 1 part is done." in body(page(client, "version", version))
        work(actions.RESCREEN_PART)
        deal.refresh_from_db()
        assert deal.status == "in_review"
        told = body(page(client, "version", version))
        assert "1 of 1 part is done. Each deal that still counted was screened again" in told
        assert "hx-get" not in told

    def test_a_part_of_the_sweep_that_fails_says_why(self, site: Client, boris: Any) -> None:
        version = ReferenceVersion.objects.active().get(kind=Kind.RULEBOOK)
        assert "Deals screened again" not in body(page(site, "version", version))
        with transaction.atomic():
            job = Job.objects.enqueue(
                actions.RESCREEN_PART, key="1", version=version.pk, first=1, last=2
            )
        Job.objects.claim(job.pk).failed("Conflict: deal 7: no such product")
        told = body(page(site, "version", version))
        assert "One part is being tried again: Conflict: deal 7: no such product" in " ".join(
            told.replace("</p>", "").split()
        )

    def test_a_waiting_page_is_told_when_the_check_is_over(self, site: Client, anna: Any) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        actions.start_check(version, actor=anna)
        address = reverse("policy:report", args=[version.pk])
        running = site.get(address, headers={"HX-Request": "true"})
        assert 'id="progress"' in body(running)
        work(actions.CHECK)
        over = site.get(address, headers={"HX-Request": "true"})
        assert over.headers["HX-Refresh"] == "true"

    def test_a_failed_check_leads_to_a_mended_version(self, site: Client, anna: Any) -> None:
        version, _report = checked(changed_rulebook(WEAKER), anna)
        told = body(page(site, "report", version))
        assert "To blame: B01 Active surveillance is excluded." in told
        assert told.index("Active surveillance is barred") < told.index("Over past screenings")
        again = f"{reverse('policy:propose', args=['rulebook'])}?from={version.pk}"
        assert again in told
        assert again in body(page(site, "version", version))

    def test_a_kind_of_deal_counts_the_screenings_it_touches(self, site: Client, anna: Any) -> None:
        factories.deal_in_review(level="executive")
        version, _report = checked(changed_rulebook(STRICTER), anna)
        told = " ".join(body(page(site, "report", version)).split())
        assert "Because of E14 Military in a high-risk country. 1 past screening changes" in told

    def test_the_proposer_gets_no_form(self, site: Client, anna: Any) -> None:
        version, _report = checked(rated("FI", "low", "high"), anna)
        answer = page(site, "activate", version)
        # As the verb answers, which the page only asks.
        assert answer.status_code == 403
        assert "You proposed this version, so somebody else must activate it." in body(answer)

    def test_a_version_without_a_passed_check_has_no_form(
        self, client: Client, anna: Any, boris: Any
    ) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        client.force_login(boris)
        assert page(client, "activate", version).status_code == 409

    def test_each_loosening_is_asked_for_and_the_understanding_too(
        self, client: Client, anna: Any, boris: Any
    ) -> None:
        factories.deal_in_review()
        version, report = checked(rated("TR", "very_high", "low"), anna)
        client.force_login(boris)
        address = reverse("policy:activate", args=[version.pk])
        names = [one["name"] for one in report.found["looser"]]
        refused = client.post(address, {"report": report.pk, "looser": names[:1]})
        assert refused.status_code == 422
        assert "Confirm this change too" in body(refused)
        assert "Confirm that you understand what activation does" in body(refused)
        sent = {"report": report.pk, "looser": names, "understood": "on"}
        assert client.post(address, sent).status_code == 302

    def test_a_crashed_check_says_that_it_is_no_pass(self, site: Client, anna: Any) -> None:
        version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
        report = actions.start_check(version, actor=anna)
        actions.finish_check(report, state=CheckReport.State.CRASHED, text="")
        assert "That is not a pass." in body(page(site, "report", version))

    def test_a_stale_report_says_so(self, site: Client, anna: Any, boris: Any) -> None:
        version, _report = checked(rated("FI", "low", "high"), anna)
        other, of_other = checked(rated("SE", "low", "medium", label="2.1"), anna)
        actions.activate_version(other, report=of_other, actor=boris)
        assert "so it no longer counts" in body(page(site, "report", version))


def page(client: Client, name: str, version: ReferenceVersion) -> Any:
    return client.get(reverse(f"policy:{name}", args=[version.pk]))
