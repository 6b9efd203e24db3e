"""Several bodies in one name: a joint venture, or a body that acts for another one.

Each of the names that are asked about cleared once as an operator in Finland.
"""

from typing import Any

import pytest

from policy.facts import shipped, spots
from screening.lifecycle import Status
from tests.gaming.test_said_elsewhere import conflict_note
from tests.screening.form.answers import ASKED_NOW
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
RADIO: dict[str, Any] = {**ASKED_NOW, "customer-country": "FI"}
ASKED = {
    "Elisa-FSB joint venture": "Federal Security Service",
    "Elisa Oyj & Beltelecom": "Belarus",
    "Elisa on behalf of Beltelecom": "Belarus",
    "Telia Company with Rostelecom": "Russia",
    "JV Elisa + Rostelecom": "Russia",
    "Pohjan Verkko och Beltelecom": "Belarus",
    "Elisa für Beltelecom": "Belarus",
    "Elisa im Auftrag von Beltelecom": "Belarus",
    "Elisa pour le compte de Beltelecom": "Belarus",
    "Elisa per conto di Beltelecom": "Belarus",
    "Elisa por cuenta de Beltelecom": "Belarus",
    "Elisa para Beltelecom": "Belarus",
    "Elisa voor Beltelecom": "Belarus",
    "Elisa dla Beltelecom": "Belarus",
    "Elisa represented by Beltelecom": "Belarus",
    "Elisa acting as Beltelecom": "Belarus",
}


@pytest.mark.parametrize("name", ASKED)
def test_one_body_of_several_is_asked_about(name: str) -> None:
    deal = send({**RADIO, "customer": name})
    assert deal.turn == "compliance"
    assert ASKED[name] in conflict_note(deal)


@pytest.mark.parametrize("name", ["Elisa and Telia Company", "Savon-Radio", "Verkko & Kuitu Oy"])
def test_others_clear(name: str) -> None:
    assert send({**RADIO, "customer": name}).status == Status.CLEARED


def test_no_operator_of_the_registry_is_asked_about_at_home() -> None:
    data = shipped.load()
    asked = [
        party.name
        for party in data.registry.parties
        if party.kind == "operator" and spots.joint({"country": party.country}, [party.name], data)
    ]
    assert asked == []
