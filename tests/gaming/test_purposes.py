"""A purpose that nothing in the deal serves: somebody builds it, or calls the product otherwise.

Each of the deals that are stopped here was cleared once.
"""

from typing import Any

import pytest

from policy.facts import shipped
from policy.facts.derive import derive
from screening.lifecycle import Status
from tests.factories import ruled
from tests.screening.form.answers import ASKED_NOW
from tests.screening.test_rulings import fact, send

pytestmark = pytest.mark.django_db
RADIO: dict[str, Any] = {
    **ASKED_NOW,
    "customer": "Pohjan Verkko",
    "customer-country": "FI",
    "handover": "no",
}


@pytest.mark.parametrize("product", ["storage-array", "nr-macro", "dpi-gateway"])
@pytest.mark.parametrize(
    "purpose", ["li_compliance", "data_retention_compliance", "court_ordered_blocking"]
)
def test_a_purpose_without_its_means_is_asked_about(product: str, purpose: str) -> None:
    deal = send({**RADIO, "products": [product], "purposes": ["commercial_service", purpose]})
    assert deal.status == Status.NEEDS_INFORMATION
    notes = [facts.get("conflict_note", "") for facts in deal.last_screening.facts]
    assert any("and nothing in the deal" in note for note in notes)
    ruled(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    ("product", "purpose"),
    [
        ("core-5gsa", "li_compliance"),
        ("retained-records", "data_retention_compliance"),
        ("url-filter", "court_ordered_blocking"),
        ("x-monitoring-centre", "li_compliance"),
    ],
)
def test_where_a_product_serves_it_the_rules_judge(product: str, purpose: str) -> None:
    deal = send({**RADIO, "products": [product], "purposes": [purpose]})
    assert "nothing in the deal" not in (fact(deal, "conflict_note") or "")


def test_the_command_line_asks_too() -> None:
    said = {"products": ["Storage arrays"], "purpose": "data_retention_compliance"}
    (facts,) = derive(said, shipped.load())
    assert "compliance with data-retention duties" in facts["conflict_note"]
