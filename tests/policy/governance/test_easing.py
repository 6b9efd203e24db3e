"""No silent easing: what makes a deal milder, or a question disappear, is listed with its cause."""

import json
import random
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.refusals import Conflict
from policy import actions
from policy.facts import shipped
from policy.facts.derive import ReferenceData, trace
from policy.facts.screen import Screener
from policy.governance import entries, labelled, proposals, versions
from policy.models import Kind, ReferenceVersion
from policy.reference import registry
from policy.reference.catalogue import CatalogueError, read_catalogue
from policy.reference.destinations import CountriesError, RatingText, read_countries
from policy.reference.registry import COLUMNS, RegistryError
from tests import factories
from tests.policy.governance.test_governance import checked

INPUTS = Path(__file__).parents[1] / "inputs"
DATA = shipped.load()
NEW_PARTY = (INPUTS / "registry_new_commercial_party_not_flagged.csv").read_text()
DEAL = (INPUTS / "deal_named_like_agency.jsonl").read_bytes()
#: Two products of the catalogue that say the opposite of each other.
SWAPPED = (
    ("        name: 4G macro radio\n", "        name: @\n"),
    ("        name: Monitoring centre\n", "        name: 4G macro radio\n"),
    ("        name: @\n", "        name: Monitoring centre\n"),
)


def outcome(data: ReferenceData, line: bytes) -> str:
    return str(json.loads(Screener(data).result(1, line)[0])["outcome"])


def registry_with(rows: str) -> ReferenceData:
    text = shipped.registry_text() + rows.partition("\n")[2]
    content = json.dumps({"registry": text, "stems": shipped.text("registry/security_words.txt")})
    words = DATA.rulebook.vocabulary
    return replace(DATA, registry=versions.read_registry_text(content, words, DATA.countries))


def catalogue_text(*changes: tuple[str, str]) -> str:
    text = shipped.text("catalogue.yaml")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def catalogue(text: str) -> ReferenceData:
    return replace(DATA, catalogue=read_catalogue(text, capabilities=DATA.capabilities))


def looser(kind: str, after: ReferenceData) -> dict[str, list[str]]:
    return {one.name: one.entries for one in entries.differences(kind, DATA, after) if one.looser}


class TestWhatWasNotSeen:
    def test_a_company_named_like_an_agency_makes_a_question_clear(self) -> None:
        after = registry_with(NEW_PARTY)
        assert outcome(DATA, DEAL) == "needs_information"
        assert outcome(after, DEAL) == "clear"
        told = looser(Kind.REGISTRY, after)
        assert list(told) == ["parties added"]
        assert told["parties added"] == [
            "National Intelligence Directorate (international): commercial operator"
        ]

    def test_names_that_change_from_one_product_to_another(self) -> None:
        told = looser(Kind.CATALOGUE, catalogue(catalogue_text(*SWAPPED)))
        assert len(told["names swapped"]) == 2
        assert any("is now called Monitoring centre" in one for one in told["names swapped"])

    @pytest.mark.parametrize(
        ("change", "name"),
        [
            (("        name: 4G macro radio\n", "        name: 4G radio\n"), "products renamed"),
            (("also: [4G RAN, LTE RAN]", "also: [4G RAN, LTE RAN, Monitor]"), "other names added"),
        ],
    )
    def test_other_names(self, change: tuple[str, str], name: str) -> None:
        assert name in looser(Kind.CATALOGUE, catalogue(catalogue_text(change)))

    def test_a_feature_that_removes_something_else(self) -> None:
        proof = "build sheet without the interception function, signed by product management"
        text = catalogue_text().replace(f'"{proof}"', '"a letter of sales"', 1)
        [entry] = looser(Kind.CATALOGUE, catalogue(text))["features changed"]
        assert entry.endswith("proof: a letter of sales)")

    def test_a_product_that_was_barred_and_is_no_longer_known(self) -> None:
        kept = tuple(one for one in DATA.catalogue.products if one.name != "Monitoring centre")
        after = replace(DATA, catalogue=replace(DATA.catalogue, products=kept))
        assert "products removed" in looser(Kind.CATALOGUE, after)

    def test_a_territory_that_counts_as_its_country(self) -> None:
        left = {code: one for code, one in DATA.countries.territories.items() if code != "UA-43"}
        after = replace(DATA, countries=replace(DATA.countries, territories=left))
        assert "territories removed" in looser(Kind.COUNTRIES, after)

    def test_a_territory_that_is_no_longer_special(self) -> None:
        code, one = next(
            (code, one) for code, one in DATA.countries.territories.items() if one.special
        )
        plain = {**DATA.countries.territories, code: replace(one, special=False)}
        after = replace(DATA, countries=replace(DATA.countries, territories=plain))
        assert looser(Kind.COUNTRIES, after) == {"now ordinary places": [one.name]}

    def test_words_that_no_longer_make_a_name_ask(self) -> None:
        fewer = replace(DATA.registry, stems=DATA.registry.stems[1:])
        assert "words lost" in looser(Kind.REGISTRY, replace(DATA, registry=fewer))

    def test_a_note_and_a_graver_class_are_told_and_lighten_nothing(self) -> None:
        party = DATA.registry.parties[0]
        noted = (replace(party, note="seen"), *DATA.registry.parties[1:])
        after = replace(DATA, registry=replace(DATA.registry, parties=noted))
        [told] = entries.differences(Kind.REGISTRY, DATA, after)
        assert (told.name, told.looser) == ("parties edited", False)


class TestDoubles:
    def test_a_product_id_is_there_once(self) -> None:
        text = catalogue_text() + (
            "\n  - family: More radio\n    products:\n      - id: x-monitoring-centre\n"
            "        name: Monitoring centre\n        capabilities: [ran]\n"
            "        control: not_controlled\n"
        )
        with pytest.raises(
            CatalogueError, match=r"line \d+, column \d+: .* already names .* \(line \d+\)"
        ):
            read_catalogue(text, capabilities=DATA.capabilities)

    def test_a_feature_is_there_once(self) -> None:
        text = catalogue_text()
        at = text.index("          - feature:")
        end = text.index("\n", text.index("proof:", at)) + 1
        with pytest.raises(CatalogueError, match="appears twice"):
            read_catalogue(text[:end] + text[at:end] + text[end:], capabilities=DATA.capabilities)

    def test_a_party_is_of_one_kind(self) -> None:
        head = ",".join(COLUMNS)
        rows = f"{head}\nFoo,FI,military,,,a\nFOO,FI,commercial_operator,,,b\nFoo,FI,military,,,a\n"
        assert registry.doubled(rows) == [
            'line 3: "FOO" is commercial_operator here and military on line 2; one party has one'
            " kind",
            'line 4: "Foo" is already on line 2',
        ]

    def test_the_shipped_registry_has_none(self) -> None:
        assert registry.doubled(shipped.registry_text()) == []

    @pytest.mark.parametrize("what", ["names", "territories", "ratings"])
    def test_a_place_is_there_once(self, what: str) -> None:
        texts: dict[str, Any] = {
            "names": shipped.text("countries/names.csv"),
            "territories": shipped.text("countries/special_territories.csv"),
            "ratings": "code,tier\nFI,low\nSE,low\n",
        }
        last = texts[what].strip().splitlines()[-1]
        texts[what] = f"{texts[what].strip()}\n{last}\n"
        ratings = [RatingText(texts.pop("ratings"), "Expert", "1")]
        with pytest.raises(CountriesError, match=r"line \d+: the code .* is already on line \d+"):
            read_countries(**texts, ratings=ratings)


@pytest.mark.django_db
class TestOnThePages:
    @pytest.fixture(autouse=True)
    def _versions(self) -> None:
        factories.reference_data()

    def test_a_registry_row_is_confirmed_by_name(self, anna: Any, boris: Any) -> None:
        text = shipped.registry_text() + NEW_PARTY.partition("\n")[2]
        content = proposals.read(Kind.REGISTRY, text, proposals.About(label="2.0"))
        version, report = checked(content, anna)
        assert [one["name"] for one in report.found["looser"]] == ["parties added"]
        with pytest.raises(Conflict, match="parties added"):
            actions.activate_version(version, report=report, actor=boris)
        actions.activate_version(version, report=report, confirmed=["parties added"], actor=boris)

    def test_doubles_are_refused_with_both_lines(self, site: Client) -> None:
        text = catalogue_text(('label: "1.0"', 'label: "c-dup"')) + (
            "\n  - family: More radio\n    products:\n      - id: x-monitoring-centre\n"
            "        name: Monitoring centre\n        capabilities: [ran]\n"
            "        control: not_controlled\n"
        )
        page = site.post(
            reverse("policy:propose", args=["catalogue"]),
            {"text": text, "note": "One more family of radio products."},
        )
        assert page.status_code == 422
        assert any("already" in one["text"] for one in page.context["problems"])
        assert ReferenceVersion.objects.of(Kind.CATALOGUE).count() == 1

    def test_a_party_of_two_kinds_is_refused(self) -> None:
        rows = "Foo,FI,military,,,a\nFoo,FI,commercial_operator,,,b\n"
        with pytest.raises(proposals.ProposalRefused, match="one party has one kind"):
            proposals.read(
                Kind.REGISTRY, shipped.registry_text() + rows, proposals.About(label="2.0")
            )


# --- Order ---------------------------------------------------------------------------------------

NAMES = (
    "National Intelligence Directorate",
    "Federal Security Bureau",
    "Aurora Telecom Oy",
    "Telecom Egypt",
    "Rapid Action Battalion",
    "National Security Agency",
    "Army of the north",
)
KINDS = (
    "unknown",
    "commercial_operator",
    "state_operator",
    "law_enforcement",
    "military",
    "intelligence_security",
    "rail_operator",
)


def _population(count: int) -> list[bytes]:
    """Ordinary deals with names, kinds, places and products that the edits touch."""
    chance = random.Random(7)
    products = [one.id for one in DATA.catalogue.products]
    # A territory without a state is named beside the country XX.
    parents = {
        code: one.parent or (code if len(code) == len("FI") else "XX")
        for code, one in DATA.countries.territories.items()
    }
    places = [*parents, "FI", "BH", "EG", "BD", "TR", "US", "UA", "BY", "KP", "RU"]
    sites = (None, None, None, "Simferopol", "Girne", "Donetsk", "Stepanakert")
    lines = []
    for number in range(count):
        place = chance.choice(places)
        facts = {
            "country": parents.get(place, place),
            "region": place if place in parents else None,
            "site": chance.choice(sites),
            "end_user_name": chance.choice(NAMES),
            "end_user_type": chance.choice(KINDS),
            "customer_name": "Example Oy",
            "customer_type": "commercial_operator",
            "products": [chance.choice(products)],
            "services": ["supply"],
            "purpose": "commercial_service",
            "intermediaries": [],
            "legal_obligation": False,
            "legal_basis": None,
        }
        facts = {name: value for name, value in facts.items() if name != "region" or value}
        lines.append(json.dumps({"id": str(number), "facts": facts}).encode())
    return lines


POPULATION = [*(one.line for one in labelled.deals()), *_population(150)]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_decides_nothing(seed: int) -> None:
    chance = random.Random(seed)
    parties, products = list(DATA.registry.parties), list(DATA.catalogue.products)
    places = list(DATA.countries.territories.items())
    for rows in (parties, products, places):
        chance.shuffle(rows)
    shuffled = ReferenceData(
        DATA.rulebook,
        replace(DATA.countries, territories=dict(places)),
        replace(DATA.catalogue, products=tuple(products)),
        replace(DATA.registry, parties=tuple(parties)),
    )
    for line in POPULATION:
        declared = json.loads(line)["facts"]
        was, now = (trace(declared, data) for data in (DATA, shuffled))
        assert [
            (one.facts.plain, {k: astuple(o) for k, o in one.origins.items()}) for one in was
        ] == [(one.facts.plain, {k: astuple(o) for k, o in one.origins.items()}) for one in now]
    for kind in (Kind.REGISTRY, Kind.CATALOGUE, Kind.COUNTRIES):
        assert entries.differences(kind, DATA, shuffled) == []


def test_a_registry_that_cannot_be_read_is_refused_before_doubles_are_looked_for() -> None:
    with pytest.raises(RegistryError):
        registry.read_registry("name,country\nFoo,FI\n", kinds=(), countries=())
