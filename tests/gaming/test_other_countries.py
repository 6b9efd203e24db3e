"""A country of high risk that only a site, a name or the registry knows of.

Each of the deals that are stopped here was cleared once.
"""

from typing import Any

import pytest

from policy.facts import shipped, spots
from policy.facts.derive import derive
from screening.lifecycle import Status
from tests.factories import ruled
from tests.screening.form.answers import ASKED_NOW
from tests.screening.test_rulings import fact, send

pytestmark = pytest.mark.django_db
DATA = shipped.load()
RADIO: dict[str, Any] = {**ASKED_NOW, "customer": "Pohjan Verkko", "customer-country": "FI"}
FOREIGN = [
    "Beltelecom",
    "MTN Irancell Telecommunications Services Company",
    "Ministry of Communications of Belarus",
    "Iran Telecom Finland",
    "Pohjan Verkko (Russia)",
]


def sited(site: str, country: str = "FI") -> dict[str, Any]:
    return {"countries": [{"place": country, "site": site}]}


@pytest.mark.parametrize(
    "site", ["Iran", "Republic of Belarus", "For re-export to Syria", "Russia", "Россия"]
)
def test_a_site_that_names_another_country_contradicts(site: str) -> None:
    deal = send({**RADIO, **sited(site)})
    assert deal.status == Status.NEEDS_INFORMATION
    assert "and the country chosen is Finland" in fact(deal, "conflict_note")


@pytest.mark.parametrize(
    ("country", "site"),
    [
        ("FI", "RF laboratory, Oulu"),
        ("FI", "Helsinki, Finland"),
        ("FI", "Swedish quarter, Turku"),
        ("US", "Lebanon, Pennsylvania"),
        ("SE", "Jordbro"),
    ],
)
def test_other_sites_do_not(country: str, site: str) -> None:
    deal = send({**RADIO, "customer-country": country, **sited(site, country)})
    assert deal.status == Status.CLEARED


def test_the_command_line_reads_sites_too() -> None:
    (facts,) = derive({"destinations": [{"country": "FI", "site": "Iran"}]}, DATA)
    assert "Iran names Iran" in facts["conflict_note"]


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("part", ["customer", "end user", "operator"])
def test_a_party_of_another_country_is_asked_about(name: str, part: str) -> None:
    answers: dict[str, Any] = {
        "customer": {"customer": name},
        "end user": {
            "end-user": {"kind": "commercial_operator", "is_customer": False},
            "customer-kind": "commercial_operator",
            "end-user-name": name,
        },
        "operator": {
            "intermediaries": {
                "answer": "yes",
                "parties": [{"name": name, "role": "operator", "country": "FI"}],
            }
        },
    }[part]
    deal = send({**RADIO, **answers})
    assert deal.status == Status.NEEDS_INFORMATION
    assert "no answer names that country" in fact(deal, "conflict_note")
    ruled(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    ("country", "name"),
    [
        ("BY", "Beltelecom"),
        ("IR", "MTN Irancell Telecommunications Services Company"),
        ("FI", "Elisa Oyj"),
        ("FI", "Telia Company AB"),
        ("FI", "British Council Finland"),
        ("CN", "Bank of China"),
        ("UA-43", "Bank of Ukraine"),
    ],
)
def test_a_party_of_a_country_of_the_deal_is_not(country: str, name: str) -> None:
    place = {"country": country} if len(country) == 2 else {"region": country}
    declared = {"destinations": [place, {"country": "FI"}]}
    assert spots.of_other_countries(declared, [name], DATA) == []


def test_where_no_place_is_named_nothing_is_elsewhere() -> None:
    assert spots.of_other_countries({"destinations": [{"country": "XX"}]}, FOREIGN, DATA) == []
