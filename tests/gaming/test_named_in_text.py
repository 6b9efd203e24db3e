"""An agency, or a vendor of surveillance systems, that only a text names: title, reference, site,
or the customer's words.

Each of the deals that are stopped here was cleared once.
"""

from typing import Any

import pytest

from policy.facts import shipped
from policy.governance import labelled
from policy.reference.names.matcher import Match
from policy.reference.names.readings import lines
from screening.form import named_in_text
from screening.lifecycle import Status
from tests.factories import ruled
from tests.screening.form.answers import SIMPLE
from tests.screening.test_rulings import fact, send

pytestmark = pytest.mark.django_db
DATA = shipped.load()
NAMED = [
    "Radio for the Finnish Security and Intelligence Service, bought through Elisa",
    "The system will be run by Suojelupoliisi",
    "Bought for the Bundesnachrichtendienst",
    "Coverage of the north. Mossad pays half of it",
    "Project SUPO",
    "Location of subscribers for the secret service",
    "Delivered to the domestic intelligence agency",
    "Integration with the NSO Group Pegasus platform",
    "Verint monitoring will be connected",
    "Radio for the FSB",
    "RADIO FOR THE FSB",
    "Coverage for the F.S.B. of the north",
    "Радио для ФСБ",
    "Bought for BND and paid by a foundation",
    "MI6 pays half",
    "The CIA triad is met, and the CIA runs it",
]
HONEST = [
    "Mobile service for subscribers of Elisa Oyj",
    "The customer wants 5G coverage along the motorway E18 between Turku and Helsinki.",
    "Priority access for police, fire brigade and ambulance",
    "Cyber security of the mobile network and artificial intelligence for planning",
    "Business intelligence reports for the sales department",
    "Coverage at military training areas and in national parks",
    "CIA triad: confidentiality, integrity, availability. NSA mode of 5G radio",
    "Upgrade of the SMSC and the HSS/UDM, CSCF and MGCF in the PLMN of the MNO",
    "Railway radio according to EIRENE for the national infrastructure manager",
    "DAS with SNR above 20 dB, GIS data of all sites and OTA updates of NSD and NSI",
    "IMS, NSS and MSS, with DSS and DRS in NSA and SA mode; SRI and SMS over the DSC",
    "According to ISO 27001 and the NIS directive, for the CIO; MIT licence of the software",
    "DAS",
    "UPGRADE OF THE MSS AND SSD ON SITE SIDE A, AS IS",
]


@pytest.mark.parametrize("words", NAMED)
def test_whom_only_the_words_name_compliance_looks_at(words: str) -> None:
    deal = send({**SIMPLE, "description": words})
    assert deal.status == Status.NEEDS_INFORMATION
    assert "and no answer names it" in fact(deal, "conflict_note")
    ruled(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize(
    "answers",
    [
        {"name": "Project for Suojelupoliisi"},
        {"reference": "SUPO-17"},
        {"countries": [{"place": "FI", "site": "Suojelupoliisi, Helsinki"}]},
    ],
    ids=["title", "reference", "site"],
)
def test_so_do_the_other_texts(answers: dict[str, Any]) -> None:
    assert send({**SIMPLE, **answers}).status == Status.NEEDS_INFORMATION


@pytest.mark.parametrize("words", HONEST)
def test_ordinary_words_clear(words: str) -> None:
    assert send({**SIMPLE, "description": words, "name": words[:80]}).status == Status.CLEARED


def test_what_a_short_form_means_besides_was_written_down_by_a_person() -> None:
    """Each form is that of an agency, and stands there once."""
    forms = [line.partition(" = ") for line in lines("ordinary_short_forms.txt")]
    assert len({form for form, _is, _meaning in forms}) == len(forms)
    assert all(meaning for _form, _is, meaning in forms)
    assert not [form for form, _is, _meaning in forms if not matches_of(form.split()[0])]


def matches_of(form: str) -> list[Match]:
    return [one for one in DATA.registry.said(form).heard.matches if one.is_acronym]


def test_hardly_a_product_or_a_labelled_deal_names_an_agency() -> None:
    """One title does: that of a deal with the agency of Kazakhstan."""
    titles = [deal.title for deal in labelled.deals()]
    products = [name for one in DATA.catalogue.products for name in (one.name, *one.also)]
    named = [text for text in (*titles, *products) if DATA.registry.agency_in(text)]
    assert named == [title for title in titles if "(KNB)" in title]


def test_the_names_of_the_parties_are_judged_by_themselves() -> None:
    """A guarding company whose match two people answered is not asked about for its own name."""
    answers = {"customer": "Secret Service Oy", "description": "Telephony of Secret Service Oy"}
    assert list(named_in_text.sentences(answers, DATA, ["FI"])) == []
    answers["customer"] = "Elisa Oyj"
    assert len(list(named_in_text.sentences(answers, DATA, ["FI"]))) == 1
    answers |= {"customer": "Suo", "description": "For Suojelupoliisi"}
    assert len(list(named_in_text.sentences(answers, DATA, ["FI"]))) == 1
