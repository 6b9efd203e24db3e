"""The command line and the API say of the same facts the same, and take neither tricks."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from policy.facts import in_text
from policy.facts.screen import Screener
from policy.facts.shipped import load
from tests import factories

FACTS: dict[str, Any] = {
    "country": "BY",
    "end_user_name": "Elisa",
    "end_user_type": "commercial_operator",
    "customer_name": "Elisa",
    "customer_type": "commercial_operator",
    "products": ["Monitoring centre"],
    "services": ["supply"],
    "purpose": "commercial_service",
    "intermediaries": [],
}
UNVERIFIABLE = {
    **FACTS,
    "country": "FI",
    "products": ["core-epc"],
    "legal_obligation": True,
    "legal_basis": "to be confirmed",
}
REFUSED = {
    "what a product can do": (FACTS, {"capabilities": ["ran"]}, "unknown fact"),
    "who uses it": (FACTS, {"end_user_type": "commercial_operator"}, "unknown fact"),
    "a law that nobody names": (UNVERIFIABLE, {"legal_basis_status": "verified"}, "names a law"),
}
TWICE = '{"facts": {"country": "BY", "country": "FI"}}'


@pytest.fixture
def post(client: Client, db: None) -> Callable[[str], Any]:
    factories.reference_data()
    client.force_login(factories.auditor())

    def send_text(text: str) -> Any:
        return client.post("/api/v1/screen", text, content_type="application/json", secure=True)

    return send_text


@pytest.mark.parametrize(("facts", "derived", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_nobody_gives_from_outside_what_makes_a_deal_harmless(
    post: Callable[[str], Any], facts: dict[str, Any], derived: dict[str, Any], why: str
) -> None:
    body = {"facts": facts, "derived": derived}
    answer = post(json.dumps(body))
    assert (answer.status_code, why in answer.content.decode()) == (400, True)
    said, could_read = Screener(load()).result(1, json.dumps({"id": "1", **body}).encode())
    assert not could_read
    assert why in json.loads(said)["error"]


def test_a_key_that_stands_twice_is_refused(post: Callable[[str], Any]) -> None:
    """Which of two values was meant nobody can tell, and programs differ in which they take."""
    answer = post(TWICE)
    assert answer.status_code == 400
    assert 'the key "country" appears twice' in answer.json()["detail"]


def test_a_body_that_is_too_large_is_a_problem_like_others(post: Callable[[str], Any]) -> None:
    answer = post(json.dumps({"facts": {"end_user_name": "A" * 3_000_000}}))
    assert (answer.status_code, answer["Content-Type"]) == (413, "application/problem+json")


DESCRIBED = {
    "Intercept calls of subscribers": 'says "intercept", and no product of the deal',
    "Radio for the FSB": "names Federal Security Service",
    "To be delivered to Iran": "names Iran, and no answer names that country",
    "Verint monitoring will be connected": "names Verint",
}
RADIO = {**FACTS, "country": "FI", "products": ["nr-macro"], "capabilities": ["ran"]}


@pytest.mark.parametrize("description", DESCRIBED)
def test_a_description_is_read_as_in_the_form(post: Callable[[str], Any], description: str) -> None:
    """It decided nothing here. Lines around it are told what they are told alone."""
    body = {"facts": {**RADIO, "description": description}}
    answer = post(json.dumps(body)).json()
    assert answer["outcome"] == "needs_information"
    assert DESCRIBED[description] in answer["findings"][0]["because"]
    screener = Screener(load())
    lines = [{"facts": RADIO}, body, {"facts": {**RADIO, "description": "Mobile service"}}, body]
    told = [
        json.loads(screener.result(number, json.dumps({"id": number, **line}).encode())[0])
        for number, line in enumerate(lines)
    ]
    outcomes = [one["outcome"] for one in told]
    assert outcomes == ["clear", "needs_information", "clear", "needs_information"]
    assert DESCRIBED[description] in told[1]["findings"][0]["because"]


@pytest.mark.parametrize(
    ("facts", "asks"),
    [
        ({"description": "Telephony of Elisa and its partner Verint"}, True),
        ({"description": "Telephony of Verint", "intermediaries": ["Verint"]}, False),
        ({"description": "For Iran", "destinations": [{"country": "IR"}], "country": None}, False),
        ({"description": "Lawful interception", "capabilities": ["li_interface"]}, False),
        ({"description": "For the FSB", "end_user_type": "intelligence_security"}, False),
    ],
)
def test_what_a_fact_says_already_is_no_contradiction(facts: dict[str, Any], asks: bool) -> None:
    declared = {name: value for name, value in {**RADIO, **facts}.items() if value is not None}
    (variant, *_) = in_text.traced(declared, load(), given={})
    note = variant.facts.plain.get("conflict_note", "")
    assert ("customer's words" in note) == asks
