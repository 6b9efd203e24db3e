"""Names that are not names, and names that are."""

import pytest

from policy.facts.declared import is_named
from policy.facts.derive import derive
from policy.facts.shipped import load
from screening.lifecycle import Status
from tests.screening.form.answers import SIMPLE
from tests.screening.test_rulings import fact, send

NOBODY = (
    "x",
    "A",
    "Ltd",
    "Co. Ltd.",
    "S.A.",
    "Mr",
    "the",
    "John Doe",
    "ACME Corp",
    "Government",
    "Mobile Operator",
    "under NDA",
    "顾客",
    "\u200e",
    "ТВА",
    "T B A",
    "1234",
    "aaa",
    "\U0001f389\U0001f389",
    "\U0001f1eb\U0001f1ee",  # a flag
    "\U0001f170",  # one letter in a box
    *("see attachment", "As per contract", "siehe Anhang", "Под заказ", "General public"),
    *("Subscribers", "Stock order", "Ultimate consignee", "Distributor's customers", "voir annexe"),
)
SOMEBODY = ("EE", "O2", "3", "M1", "X Corp", "AB Volvo", "Government of Kenya", "Ministry of Works")


@pytest.mark.parametrize("name", NOBODY)
def test_nobody(name: str) -> None:
    assert not is_named(name)


@pytest.mark.parametrize("name", SOMEBODY)
def test_somebody(name: str) -> None:
    assert is_named(name)


@pytest.mark.parametrize("name", ["Ltd", "x", "Government"])
@pytest.mark.parametrize("field", ["end_user_name", "customer_name"])
def test_a_deal_with_nobody_is_asked_about(name: str, field: str) -> None:
    deal = {
        "country": "FI",
        "end_user_type": "commercial_operator",
        "end_user_name": "Elisa Oyj",
        "customer_name": "Elisa Oyj",
        "customer_type": "commercial_operator",
        "products": ["nr-macro"],
        "services": ["supply"],
        "intermediaries": [],
        "purpose": "commercial_service",
    }
    data = load()
    assert data.compiled.assess(derive(deal, data)[0]).outcome == "clear"
    (facts,) = derive({**deal, field: name}, data)
    assert data.compiled.assess(facts).outcome == "needs_information"


@pytest.mark.parametrize("proof", ["x", "-", "n/a", " ", "to follow"])
def test_a_removed_feature_without_proof_is_still_there(proof: str) -> None:
    line = {"product": "core-5gsa", "removed": ["li-function"], "proof": proof}
    (facts,) = derive({"products": [line]}, load())
    assert "li_interface" in facts.plain["capabilities"]


@pytest.mark.parametrize("first", ["\U0001f150", "\U0001f170", "\U0001f1e6"])
@pytest.mark.django_db
def test_letters_in_circles_in_boxes_and_of_flags_are_letters(first: str) -> None:
    """They were no letters at all, so nobody was named and nobody was compared."""
    boxed = "".join(chr(ord(first) + ord(letter) - ord("A")) for letter in "MOSSAD")
    deal = send({**SIMPLE, "customer": f"{boxed} Oy"})
    assert deal.status == Status.NEEDS_INFORMATION
    assert "bears the name of Mossad" in fact(deal, "conflict_note")


@pytest.mark.django_db
def test_a_flag_beside_a_name_says_nothing() -> None:
    deal = send({**SIMPLE, "customer": "Elisa Oyj \U0001f1eb\U0001f1ee"})
    assert deal.status == Status.CLEARED
