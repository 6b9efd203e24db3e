"""The short form of a body or company of another country, as a whole name: it may be theirs.

Each of the deals that are asked about here was cleared once.
"""

from typing import Any

import pytest

from policy.facts import shipped, spots
from policy.facts.derive import derive
from policy.reference.registry import OPERATOR
from screening.lifecycle import Status
from tests.factories import agreed, party_of, ruled
from tests.gaming.test_homes import in_part
from tests.screening.form.answers import SIMPLE
from tests.screening.test_parties import asked_to_clear
from tests.screening.test_rulings import fact, send

DATA = shipped.load()
ABROAD = ["FSB", "ФСБ", "BND", "FSB Oy", "FSB Finland", "Elisa (FSB)", "MIT"]
#: Companies whose short form says the same in a country that the registry does not have them in.
COMPANIES = {"MTS": "Kazakhstan or Turkmenistan", "MCI": "Iran"}


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["customer", "end user", "intermediary"])
@pytest.mark.parametrize("name", ABROAD)
def test_it_is_asked_about_in_every_part(name: str, part: str) -> None:
    deal = send({**SIMPLE, **in_part(part, name)})
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
    assert f"{name}, " in fact(deal, "conflict_note")
    ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.django_db
def test_two_people_answer_it_once() -> None:
    answers = {**SIMPLE, "customer": "FSB Oy"}
    deal = send(answers)
    assert "bears the name of Federal Security Service (RU)" in fact(deal, "conflict_note")
    agreed(asked_to_clear(party_of(deal)))
    assert send(answers).status == Status.CLEARED


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "where"), COMPANIES.items())
def test_so_is_that_of_a_company_where_it_may_be_of_high_risk(name: str, where: str) -> None:
    deal = send({**SIMPLE, "customer": name})
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
    said = f"{name} is the short name of a company in {where}, and no answer names one of these"
    assert said in fact(deal, "conflict_note")
    ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["DNA Oy", "KPN", "Nokia", "ÖBB", "EE", "3", "Elisa"])
def test_short_names_of_operators_elsewhere_in_mild_countries_clear(name: str) -> None:
    assert send({**SIMPLE, "customer": name}).status == Status.CLEARED


def test_the_command_line_asks_too() -> None:
    said: dict[str, Any] = {"country": "FI", "end_user_name": "BND", "end_user_type": "military"}
    (facts,) = derive({**said, "customer_name": "BND"}, DATA)
    assert (
        "BND, the end user, bears the name of Bundesnachrichtendienst (DE)"
        in (facts["conflict_note"])
    )


def test_no_operator_of_the_registry_is_asked_about_at_home() -> None:
    """Were they on no list, 6 of 2,142 would be: the figures of the registry count them."""
    for party in DATA.registry.parties:
        if party.kind == OPERATOR and party.country:
            hits = DATA.registry.hits(party.name, {party.country})
            assert not any(hit.match.is_acronym and not hit.at_home for hit in hits), party.name
            declared = {"country": party.country}
            assert spots.of_other_countries(declared, [party.name], DATA) == [] or (
                DATA.registry.said(party.name).homes
            ), party.name
