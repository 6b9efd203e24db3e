"""A country of high risk that only a text names: title, reference, or the customer's words.

Each of the deals that are asked about here was cleared once.
"""

from typing import Any

import pytest
from django.test import Client

from policy.facts import shipped
from screening.form import named_in_text
from screening.lifecycle import Status
from tests.factories import ruled
from tests.screening.form.answers import SIMPLE
from tests.screening.test_rulings import fact, send

DATA = shipped.load()
NAMED = {
    "To be delivered to Iran": "Iran",
    "Delivery to the Islamic Republic of Iran via Dubai": "Iran",
    "Our part of the Syria project": "Syria",
    "Roaming with Belarus": "Belarus",
    "The second site is in Egypt": "Egypt",
    "Shipped from Finland, used in Turkey": "Türkiye",
    "Поставка в Россию": "Russia",
    "设备将运往伊朗境内": "Iran",
    "Made in China and used in China": "China",
    "Radio with 200 sites across Turkmenistan": "Turkmenistan",
    "Equipment from Finland for towers throughout Belarus": "Belarus",
    "Rollout in Minsk": "Belarus",
    "To be delivered to the port of Tehran": "Iran",
    "Coverage of the metro in Moscow": "Russia",
}
HONEST = [
    "Mobile service for subscribers in Finland and Sweden",
    "Roaming with Egypt, India and Pakistan",
    "No equipment from China; radios made in Vietnam are accepted",
    "Coverage of Iran street and of Via Russia",
    "Chad Smith and Jordan Lee sign for the customer",
    "Oman verkon osa",
    "Interconnection to Liechtenstein, Monaco and the Faroe Islands",
    "Link to Korea and Germany",
    "Radios from Hanoi, with software made in Beijing",
    "Coverage of Moscow street and of Minsk avenue",
]


@pytest.mark.django_db
@pytest.mark.parametrize("words", NAMED)
def test_where_only_the_words_lead_compliance_looks_at(client: Client, words: str) -> None:
    deal = send({**SIMPLE, "description": words})
    said = f"names {NAMED[words]}, and no answer names that country."
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
    assert said in fact(deal, "conflict_note")
    client.force_login(deal.owner)
    assert said in client.get(deal.get_absolute_url()).content.decode()
    ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["name", "reference"])
def test_so_do_title_and_reference(slug: str) -> None:
    assert send({**SIMPLE, slug: "Iran 2027"}).status == Status.NEEDS_INFORMATION


@pytest.mark.django_db
@pytest.mark.parametrize("words", HONEST)
def test_ordinary_words_clear(words: str) -> None:
    assert send({**SIMPLE, "description": words, "name": words[:80]}).status == Status.CLEARED


def said(words: str, *codes: str, **answers: Any) -> list[str]:
    return list(named_in_text.sentences({**answers, "description": words}, DATA, codes))


def test_a_country_of_the_deal_or_of_a_party_is_named_by_an_answer() -> None:
    assert said("For Iran", "FI", "IR") == []
    assert said("Telephony for Bank of China", "FI", customer="Bank of China") == []
    assert len(said("Telephony for the Bank of China", "FI", customer="Elisa Oyj")) == 1


def test_beside_a_country_as_grave_only_a_restricted_one_is_asked_about() -> None:
    """Reviewers look at the deal anyway, and read the words."""
    assert said("Link to Egypt", "FI", "TR") == []
    assert len(said("Link to Egypt", "FI", "IN")) == 1
    assert len(said("Link to Iran", "FI", "TR")) == 1
