"""The pages of the register of laws."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from people import access
from policy import actions
from policy.models import Kind, ReferenceVersion
from policy.reference import spreadsheets
from tests import factories
from tests.policy.facts.test_laws import CORE
from tests.policy.laws import DATA, FINNISH, changed, content, register
from tests.policy.pages.test_governance_pages import body, propose, upload, workbook
from tests.policy.reference.test_laws import ROW

pytestmark = [pytest.mark.django_db, pytest.mark.bare]


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(factories.sales_person())
    return client


def laws(client: Client, **query: str) -> Any:
    return client.get(reverse("policy:laws"), query)


def ids(response: Any) -> list[str]:
    return [row["law"].id for row in response.context["rows"]]


class TestTheList:
    def test_by_country_with_what_readers_must_know(self, reader: Client) -> None:
        factories.reference_data(laws=factories.laws_of_the_demo())
        page = laws(reader)
        assert ids(page)[:3] == ["au-tia-interception", "au-tia-retention", "fi-917-2014"]
        assert DATA.laws.remark in body(page)
        assert "In conflict with standards" in body(page)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"country": "DE"}, ["de-tkg-170", "de-tkg-176"]),
            ({"words": "coercive"}, ["fi-917-2014"]),
            ({"letter": "X"}, ["fr-csi", "ru-svyaz-64"]),
            ({"state": "conflict", "letter": "L"}, ["in-telecom-2023", "ru-svyaz-64"]),
            ({"state": "expired"}, []),
            ({"kind": "state_operator", "country": "NO"}, ["no-ekom-2024"]),
        ],
    )
    def test_filters(self, reader: Client, query: dict[str, str], found: list[str]) -> None:
        factories.reference_data(laws=factories.laws_of_the_demo())
        assert ids(laws(reader, **query)) == found if found else not ids(laws(reader, **query))

    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ({"country": "QQ"}, "“Country”: choose from the list"),
            ({"letter": "A"}, "“For what”: choose from the list"),
            ({"state": "old"}, "“State”: choose from the list"),
        ],
    )
    def test_a_filter_that_cannot_be_read(
        self, reader: Client, query: dict[str, str], said: str
    ) -> None:
        factories.reference_data(laws=factories.laws_of_the_demo())
        page = laws(reader, **query)
        assert page.status_code == 422
        assert said in body(page)
        assert ids(page) == []

    def test_many_laws_have_pages(self, reader: Client) -> None:
        law = DATA.laws.by_id[FINNISH]
        many = [replace(law, id=f"fi-{at}", provision=f"section {at}") for at in range(60)]
        factories.reference_data(laws=content(register(*many)))
        assert len(ids(laws(reader))) == 50
        assert len(ids(laws(reader, page="2"))) == 10

    def test_an_empty_register_says_so(self, reader: Client) -> None:
        factories.reference_data()
        assert "The register is empty, and that is valid." in " ".join(body(laws(reader)).split())

    def test_none_at_all_says_so(self, reader: Client) -> None:
        assert "No register of laws is active" in body(laws(reader))
        assert reader.get(reverse("policy:laws-export")).status_code == 404


class TestOneLaw:
    def test_it_says_who_obliges_whom_and_until_when(self, reader: Client) -> None:
        factories.reference_data(laws=factories.laws_of_the_demo())
        said = body(reader.get(reverse("policy:law", args=[FINNISH])))
        for part in (
            "Act on Electronic Communications Services (917/2014)",
            "Commercial operator, State-owned operator",
            "Lawful interception",
            "the Parliamentary Ombudsman".replace("the", "The", 1),
            "2 Nov 2035",
            "https://www.finlex.fi/en/legislation/2014/917",
        ):
            assert part in said
        assert 'href="https://www.finlex.fi' not in said

    def test_an_unknown_one_is_not_found(self, reader: Client) -> None:
        factories.reference_data()
        assert reader.get(reverse("policy:law", args=["fi-1"])).status_code == 404

    @pytest.mark.parametrize(
        ("left", "words"), [(-1, "No longer valid"), (0, "Valid for 0 more days"), (400, "Valid")]
    )
    def test_the_end_of_its_validity_is_shown(self, reader: Client, left: int, words: str) -> None:
        ends = timezone.localdate() + timedelta(days=left)
        factories.reference_data(laws=content(changed(FINNISH, valid_until=ends)))
        page = reader.get(reverse("policy:law", args=[FINNISH]))
        assert page.context["row"]["validity"][1] == words

    def test_the_country_names_its_laws(self, reader: Client) -> None:
        factories.reference_data(laws=factories.laws_of_the_demo())
        said = body(reader.get(reverse("policy:country", args=["FI"])))
        assert reverse("policy:law", args=[FINNISH]) in said
        assert "Laws in the register" not in body(
            reader.get(reverse("policy:country", args=["EE"]))
        )


class TestProposing:
    @pytest.fixture(autouse=True)
    def _versions(self) -> None:
        factories.reference_data(laws=factories.laws_of_the_demo())

    def test_the_text_begins_as_the_active_version(self, site: Client) -> None:
        page = site.get(reverse("policy:propose", args=["laws"]))
        assert page.context["form"]["text"].value() == factories.laws_of_the_demo().written

    def test_what_was_downloaded_is_read_back_the_same(self, site: Client) -> None:
        exported = site.get(reverse("policy:laws-export"))
        assert "laws-10.xlsx" in exported["Content-Disposition"]
        sheet = upload(exported.content, "laws.xlsx")
        assert propose(site, "laws", text="", label="2.0", upload=sheet).status_code == 302
        version = ReferenceVersion.objects.get(kind=Kind.LAWS, label="2.0")
        assert FINNISH in version.written
        page = site.get(reverse("policy:version", args=[version.pk]))
        assert FINNISH in body(page)

    def test_bad_cells_are_named_by_their_rows_and_nothing_is_kept(self, site: Client) -> None:
        wrong = list(ROW)
        wrong[1], wrong[9] = "FN", "2.11.2026"
        sheet = workbook(spreadsheets.LAW_COLUMNS, ROW, wrong)
        page = propose(site, "laws", text="", label="2.0", upload=sheet)
        assert page.status_code == 422
        assert sorted(one["text"] for one in page.context["problems"]) == [
            'row 3: fi-1: checked: "2.11.2026" is not a date; write it as 2026-12-31',
            'row 3: fi-1: country "FN" is not a valid ISO 3166-1 alpha-2 code; write two letters,'
            " such as FI",
            "row 3: fi-1: the id fi-1 is already taken (row 2)",
        ]
        assert ReferenceVersion.objects.of(Kind.LAWS).count() == 1

    def test_two_versions_are_compared_on_a_page(self, site: Client, anna: Any) -> None:
        other = actions.propose_version(content(changed(FINNISH, obliges=("utility",))), actor=anna)
        page = site.get(reverse("policy:difference", args=["laws"]), {"after": str(other.pk)})
        names = [one["name"] for one in page.context["entries"]]
        assert "laws for more kinds of end user" in names

    def test_a_draft_is_tried_on_past_deals(self, site: Client) -> None:
        text = factories.laws_of_the_demo().written
        page = propose(site, "laws", text=text, **{"try": "1"})
        assert page.status_code == 200
        assert page.context["tried"]["sentence"]

    def test_the_history_links_to_what_is_active(self, site: Client) -> None:
        said = body(site.get(reverse("policy:versions", args=["laws"])))
        assert f'href="{reverse("policy:laws")}"' in said
        assert "Propose from version 1.0" in " ".join(said.split())


def test_nobody_reads_it_without_signing_in(client: Client) -> None:
    assert laws(client).status_code == 302


def test_everybody_signed_in_reads_it(client: Client) -> None:
    client.force_login(factories.person(access.ADMINISTRATOR))
    assert laws(client).status_code == 200


class TestTheApi:
    """A program names a law by its id."""

    def screen(self, client: Client, *laws: str) -> Any:
        client.force_login(factories.auditor())
        facts = {**CORE, "laws": list(laws)}
        return client.post("/api/v1/screen", {"facts": facts}, content_type="application/json")

    def test_a_law_that_fits_clears(self, client: Client) -> None:
        factories.reference_data(laws=factories.laws_of_the_demo())
        assert self.screen(client, FINNISH).json()["outcome"] == "clear"
        cited = self.screen(client, "se-lek-9-29").json()
        assert [one["rule"] for one in cited["findings"]] == ["I09"]

    def test_an_unknown_id_is_refused_in_a_sentence(self, client: Client) -> None:
        factories.reference_data(laws=factories.laws_of_the_demo())
        refused = self.screen(client, "fi-917")
        assert refused.status_code == 400
        assert 'laws, 1: unknown law "fi-917"; did you mean fi-917-2014?' in str(refused.json())
