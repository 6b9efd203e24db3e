"""The policy as pages: who may read them, what they say, and what an empty one says."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from people import access
from policy import active
from policy.engine.language import phrases
from policy.engine.language.condition import All, Either, HasAny, Is, Not, OneOf
from policy.models import Kind
from policy.pages import document
from policy.wording import clauses
from tests import factories

pytestmark = pytest.mark.django_db

FOR_ALL = ("policy", "glossary", "countries", "kinds")
RESTRICTED = ("catalogue", "registry")
READERS = (access.COMPLIANCE, *access.REVIEWERS, access.POLICY_OWNER, access.AUDITOR)


def page(client: Client, name: str, *args: str, **query: str) -> Any:
    return client.get(reverse(f"policy:{name}", args=args), query)


def html(client: Client, name: str, *args: str, **query: str) -> str:
    response = page(client, name, *args, **query)
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(factories.person(access.POLICY_OWNER))
    return client


class TestReaders:
    @pytest.mark.parametrize("name", FOR_ALL)
    def test_nobody_reads_without_signing_in(self, client: Client, name: str) -> None:
        assert page(client, name).status_code == 302

    @pytest.mark.parametrize("name", FOR_ALL)
    @pytest.mark.parametrize("role", [access.SALES, access.ADMINISTRATOR])
    def test_everybody_signed_in_reads_the_policy(
        self, client: Client, name: str, role: str
    ) -> None:
        factories.reference_data()
        client.force_login(factories.person(role))
        assert page(client, name).status_code == 200

    @pytest.mark.parametrize("name", RESTRICTED)
    def test_sales_does_not_read_the_lists(self, client: Client, name: str) -> None:
        client.force_login(factories.person(access.SALES))
        assert page(client, name).status_code == 403

    @pytest.mark.parametrize("name", RESTRICTED)
    @pytest.mark.parametrize("role", READERS)
    def test_those_who_judge_deals_read_the_lists(
        self, client: Client, name: str, role: str
    ) -> None:
        factories.reference_data()
        client.force_login(factories.person(role))
        assert page(client, name).status_code == 200


@pytest.mark.bare
class TestWithoutAnyVersion:
    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("policy", "No rulebook is active. Nothing can be sent for screening."),
            ("countries", "No list is active. Every country is unrated, so no deal is cleared"),
            ("catalogue", "No catalogue is active. No product can be chosen."),
            ("registry", "No registry is active."),
        ],
    )
    def test_the_page_says_what_is_missing(self, owner: Client, name: str, sentence: str) -> None:
        assert sentence in html(owner, name)

    def test_a_rule_is_not_found(self, owner: Client) -> None:
        assert page(owner, "rule", "B01").status_code == 404

    def test_every_country_is_unrated(self, owner: Client) -> None:
        assert "no active source rates it" in html(owner, "country", "FI").lower()

    def test_the_history_is_empty(self, owner: Client) -> None:
        for kind in Kind.values:
            assert "No version yet." in html(owner, "versions", kind)


class TestTheDocument:
    def test_every_clause_has_its_anchor(self, owner: Client) -> None:
        factories.reference_data()
        body = html(owner, "policy")
        assert len(clauses.clauses()) > 8
        for name in clauses.clauses():
            assert f'id="{name}"' in body

    def test_every_rule_stands_under_its_first_clause(self) -> None:
        factories.reference_data()
        rulebook = active.rulebook(active.version(Kind.RULEBOOK))  # type: ignore[arg-type]
        shown = {
            card.rule.id: entry.clause.id
            for chapter in document.chapters(rulebook)
            for entry in chapter.entries
            for card in entry.cards
        }
        assert shown == {rule.id: document.cited(rule)[0] for rule in rulebook.rules}

    def test_a_sentence_without_a_rule_is_marked_with_its_reason(self, owner: Client) -> None:
        factories.reference_data()
        body = html(owner, "policy")
        assert "5 sentences have no rule" in body
        assert "No single deal can meet or break it." in body

    def test_a_quotation_names_its_source(self, owner: Client) -> None:
        factories.reference_data()
        assert "Nokia Group Human Rights Policy, October 2016, D526942317" in html(owner, "policy")


class TestTheRule:
    def test_it_counts_what_it_did_in_past_screenings(self, owner: Client) -> None:
        factories.cleared_deal()
        factories.deal_in_review()
        response = page(owner, "rule", "S01")
        coverage = response.context["coverage"]
        assert (coverage.fired, coverage.quiet, coverage.open) == (1, 1, 0)

    def test_an_open_rule_is_counted_as_open(self, owner: Client) -> None:
        answers = {slug: value for slug, value in factories.CITED.items() if slug != "legal-basis"}
        deal = factories.sent_deal({**answers, "obligation": "?"})
        still_open = deal.screening.open_rules[0]
        assert page(owner, "rule", still_open).context["coverage"].open == 1

    def test_it_says_its_condition_sentence_and_promises(self, owner: Client) -> None:
        factories.reference_data()
        body = html(owner, "rule", "B07")
        assert "The customer is obliged by law to provide the function: no" in body
        assert "Text of the provision that obliges the customer" in body
        assert "Interception and retention need an obligation that is cited and verified" in body

    def test_an_unknown_rule_is_not_found(self, owner: Client) -> None:
        factories.reference_data()
        assert page(owner, "rule", "Z99").status_code == 404


class TestConditionsInWords:
    @pytest.fixture
    def rulebook(self) -> Any:
        factories.reference_data()
        return active.rulebook(active.version(Kind.RULEBOOK))  # type: ignore[arg-type]

    def test_not_goes_into_the_parts(self, rulebook: Any) -> None:
        said = phrases.condition(
            rulebook, Not(All((Is("law_conflict", True), OneOf("purpose", ("other",)))))
        )
        assert said.text == "at least one of these holds"
        assert said.parts[0].text.endswith(": no")
        assert " is not " in said.parts[1].text

    def test_not_any_is_none_of(self, rulebook: Any) -> None:
        said = phrases.condition(
            rulebook, Not(Either((HasAny("capabilities", ("ran", "mobile_core")),)))
        )
        assert said.text == "all of these hold"
        assert "include none of: " in said.parts[0].text

    def test_every_rule_and_promise_can_be_said(self, rulebook: Any) -> None:
        promises = document.promises(rulebook)
        assert len(rulebook.rules) > 40
        assert len(promises) == len(rulebook.promises) > 5
        for rule in rulebook.rules:
            assert phrases.condition(rulebook, rule.when).text
        for promise in promises:
            assert promise.means.endswith(".")


class TestCountries:
    def test_the_map_comes_with_its_table(self, owner: Client) -> None:
        factories.reference_data()
        body = html(owner, "countries")
        assert 'role="group"' in body
        assert "Skip the map and read the table" in body
        assert reverse("policy:country", args=["BH"]) in body

    def test_filters_narrow_the_table(self, owner: Client) -> None:
        factories.reference_data()
        rows = page(owner, "countries", words="finl").context["rows"]
        assert [row["place"].code for row in rows] == ["FI"]
        tiers = {row["place"].tier for row in page(owner, "countries", tier="high").context["rows"]}
        assert tiers == {"high"}
        assert "No place matches these filters." in html(owner, "countries", words="nowhere at all")

    @pytest.mark.parametrize(
        ("address", "filters", "said"),
        [
            ("countries", {"tier": "' OR 1=1"}, "“Risk”: choose from the list"),
            ("countries", {"special": "no"}, "“Places”: choose from the list"),
            ("catalogue", {"family": "x"}, "“Family”: choose from the list"),
            ("catalogue", {"capability": "x"}, "“Can do”: choose from the list"),
            ("registry", {"kind": "x"}, "“Class”: choose from the list"),
            ("registry", {"country": "QQ"}, "“Country”: choose from the list"),
            ("registry", {"words": "a\u202eb"}, "Remove an invisible character"),
        ],
    )
    def test_a_filter_that_cannot_be_read_shows_no_rows(
        self, owner: Client, address: str, filters: dict[str, str], said: str
    ) -> None:
        """Left out, it would show every row, as if nothing else were there."""
        factories.reference_data()
        found = owner.get(reverse(f"policy:{address}"), filters)
        assert found.status_code == 422
        assert said in found.content.decode()
        assert found.context["rows"] == []

    def test_a_place_lists_only_deals_that_one_may_see(self, client: Client) -> None:
        deal = factories.deal_in_review()
        for user, seen in ((deal.owner, True), (factories.sales_person(), False)):
            client.force_login(user)
            assert (deal.reference in html(client, "country", "TR")) is seen

    def test_a_reviewer_gets_the_review_page_of_a_deal(self, client: Client) -> None:
        deal = factories.deal_in_review()
        client.force_login(factories.senior())
        assert reverse("reviews:deal", args=[deal.pk]) in html(client, "country", "TR")

    def test_a_place_that_does_not_exist_is_not_found(self, owner: Client) -> None:
        factories.reference_data()
        assert page(owner, "country", "QQ").status_code == 404


class TestLists:
    def test_products_are_found_by_any_name_and_by_what_they_do(self, owner: Client) -> None:
        factories.reference_data()
        assert "5G macro radio" in html(owner, "catalogue", words="5g nr")
        rows = page(owner, "catalogue", capability="monitoring_centre").context["rows"]
        assert rows
        assert all("monitoring_centre" in row["product"].capabilities for row in rows)
        assert "No product matches these filters." in html(owner, "catalogue", words="zzzz")

    def test_parties_come_in_pages(self, owner: Client) -> None:
        factories.reference_data()
        first = page(owner, "registry").context["page"]
        assert len(first) == 50
        assert first.has_next()
        assert page(owner, "registry", page="2").context["page"].number == 2

    def test_parties_are_found_by_an_alias_of_any_script(self, owner: Client) -> None:
        factories.reference_data()
        rows = page(owner, "registry", words="SHISH").context["rows"]
        assert [row["party"].name for row in rows] == ["National Intelligence Service"]


class TestHistory:
    def test_it_says_who_proposed_and_who_activated(self, owner: Client) -> None:
        factories.reference_data()
        rows = page(owner, "versions", "rulebook").context["rows"]
        assert [row["state"] for row in rows] == [("active", "Active")]
        assert rows[0]["version"].proposed_by != rows[0]["version"].activated_by

    def test_an_unknown_kind_is_not_found(self, owner: Client) -> None:
        assert page(owner, "versions", "weather").status_code == 404
