"""A body hidden beside something harmless: an operator, a phrase, a blank, a digit."""

import pytest

from policy.facts.derive import derive
from policy.facts.shipped import load

DATA = load()
DEAL = {
    "country": "FI",
    "end_user_type": "commercial_operator",
    "customer_type": "commercial_operator",
    "products": ["nr-macro"],
    "services": ["supply"],
    "intermediaries": [],
    "purpose": "commercial_service",
}
HIDDEN = [
    # Beside the very name of an operator.
    ("Elisa / Military Intelligence Directorate", "FI"),
    ("Elisa, Military Intelligence Directorate", "FI"),
    ("Elisa – police department", "FI"),
    ("DNA, Wiretapping Unit", "FI"),
    # One word beside a harmless phrase.
    ("Interiors Mossad", "FI"),
    ("Securitas Mossad", "FI"),
    ("Bureau Veritas Mossad", "FI"),
    ("Securitas Supo", "FI"),
    ("Securities FSB Russia", "FI"),
    # A harmless phrase that only shares a word with a grave one.
    ("State Security Systems Directorate", "FI"),
    ("National Security Systems Agency", "FI"),
    ("National Security Printing Office", "FI"),
    ("Public Security Systems Bureau", "FI"),
    # An acronym in the middle.
    ("Delivery to FSB of Russia radio", "FI"),
    ("Firma BND Pullach GmbH", "DE"),
    ("Radio an BND in Pullach", "DE"),
    # Blanks and digits inside a word.
    ("Verfassungs schutz Koeln", "DE"),
    ("I n t e l l i g e n c e Agency", "FI"),
    ("Mi1itary Command", "FI"),
    ("P0lice of Finland", "FI"),
]
HONEST = [
    ("Elisa / Telia", "FI"),
    ("Elisa Oyj (Finland)", "FI"),
    ("Elisa, Helsinki", "FI"),
    ("Telia Company AB", "SE"),
    ("Bosch Security Systems", "DE"),
    ("Nomura Securities Co., Ltd.", "JP"),
    ("Police Museum Vienna", "AT"),
    ("Salvation Army Finland", "FI"),
    ("H3G S.p.A.", "IT"),
    ("Tele2 Sverige AB", "SE"),
    ("1und1 Telecom", "DE"),
]


def outcomes(name: str, country: str) -> set[str]:
    deal = {**DEAL, "country": country, "end_user_name": name, "customer_name": name}
    return {DATA.compiled.assess(facts).outcome for facts in derive(deal, DATA)}


@pytest.mark.parametrize(("name", "country"), HIDDEN)
def test_a_body_beside_something_harmless_is_asked_about(name: str, country: str) -> None:
    assert outcomes(name, country) == {"needs_information"}


@pytest.mark.parametrize(("name", "country"), HONEST)
def test_something_harmless_by_itself_clears(name: str, country: str) -> None:
    assert outcomes(name, country) == {"clear"}
