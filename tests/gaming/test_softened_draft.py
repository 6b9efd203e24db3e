"""A draft in which the page said that the policy stops the deal, or in which sales said what it
knew, and the answer was made milder before anybody saw it.

Each of the deals that are looked at here was cleared once.
"""

from typing import Any

import pytest
from django.test import Client

from screening import actions
from screening.form import questions
from screening.lifecycle import Status
from screening.models import Deal
from tests import factories
from tests.screening.form.answers import ASKED_NOW
from tests.screening.test_rulings import complete, send_draft

pytestmark = pytest.mark.django_db
RADIO: dict[str, Any] = {**ASKED_NOW, "customer": "Pohjan Verkko", "customer-country": "FI"}
NO = {"answer": "no", "text": ""}
POLICE = {"kind": "law_enforcement", "is_customer": True}
OPERATOR = {"kind": "commercial_operator", "is_customer": True}
LOCATION: dict[str, Any] = {"products": ["location-server"], "intelligence-access": "no"}
FILTERS = {"answer": "yes", "text": "Sites on a list", "owner": "none"}
FOR_AN_OPERATOR: dict[str, Any] = {
    "end-user": {"kind": "commercial_operator", "is_customer": False},
    "end-user-name": "Kainuun Kuitu",
}
STATE = {"end-user": {"kind": "state_operator", "is_customer": True}}


def serves(system: str) -> dict[str, str]:
    return {"answer": "yes", "text": system}


def at(site: str) -> list[dict[str, str]]:
    return [{"place": "FI", "site": site}]


def draft(**answers: Any) -> Deal:
    factories.reference_data()
    said = {slug.replace("_", "-"): value for slug, value in answers.items()}
    deal = factories.draft_deal(answers={**RADIO, **said})
    complete(deal)
    return deal


def changed(deal: Deal, slug: str, value: Any) -> Deal:
    actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    complete(deal)
    return send_draft(deal)


@pytest.mark.parametrize(
    ("answers", "slug", "first", "then"),
    [
        ({}, "products", ["x-monitoring-centre"], ["nr-macro"]),
        ({}, "purposes", ["protest_monitoring"], ["commercial_service"]),
        ({}, "reports", {"answer": "yes", "text": "The press says so"}, NO),
        ({}, "limits-speech", {"answer": "refused", "text": "A filter"}, NO),
        (STATE, "intelligence-access", "yes", "no"),
        ({}, "purposes", ["national_security_monitoring"], ["commercial_service"]),
        (
            {"intelligence-access": "no"},
            "end-user",
            {"kind": "intelligence_security", "is_customer": True},
            {"kind": "commercial_operator", "is_customer": True},
        ),
        ({}, "customer", "Suojelupoliisi", "Pohjan Verkko"),
        ({}, "description", "Intercept calls of subscribers", "Mobile service"),
        ({}, "name", "Project for Suojelupoliisi", "Project North"),
        ({"services": ["custom_development"], "handover": "more"}, "handover", "more", "no"),
        ({"services": ["custom_development"], "handover": "standard"}, "stores", "later", "no"),
        # Seniors would look at these.
        (LOCATION, "purposes", ["crime_investigation"], ["commercial_service"]),
        (LOCATION, "end-user", POLICE, OPERATOR),
        ({"services": ["custom_development"]}, "restricts", FILTERS, {**NO, "owner": ""}),
        # Nobody would: radio for the police clears.
        ({"intelligence-access": "no"}, "end-user", POLICE, OPERATOR),
        (FOR_AN_OPERATOR, "customer-kind", "military", "private_enterprise"),
        (
            {**LOCATION, **FOR_AN_OPERATOR},
            "customer-kind",
            "civil_government",
            "commercial_operator",
        ),
        ({}, "countries", at("FSB office, Helsinki"), at("Helsinki")),
        ({"services": ["integration"]}, "other-systems", serves("UFED"), NO),
        ({"services": ["integration"]}, "other-systems", serves("NSO Group Pegasus"), NO),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_was_said_is_looked_at(
    answers: dict[str, Any], slug: str, first: Any, then: Any
) -> None:
    deal = changed(draft(**{**answers, slug: first}), slug, then)
    assert deal.status in {Status.IN_REVIEW, Status.NEEDS_INFORMATION}
    assert "S15" in deal.last_screening.findings.values_list("rule", flat=True)
    note = deal.last_screening.sources["follows_stopped_deal"]["note"]
    assert "follows its own draft, in which an answer was made milder" in note
    assert questions.BY_SLUG[slug].number in note


@pytest.mark.parametrize("first", ["national_security_monitoring", "political_content_control"])
def test_a_question_on_the_way_hides_nothing(first: str) -> None:
    """Interception over radio is a contradiction, which the next answer takes away again."""
    deal = draft(purposes=[first], handover="no")
    actions.save_answer(deal, slug="purposes", value=["li_compliance"], actor=deal.owner)
    deal = changed(deal, "purposes", ["commercial_service"])
    assert deal.status == Status.IN_REVIEW
    assert "S15" in deal.last_screening.findings.values_list("rule", flat=True)


@pytest.mark.parametrize(
    ("slug", "first", "then"),
    [
        ("reports", {"answer": "?", "text": ""}, NO),
        ("limits-speech", {"answer": "?", "text": ""}, NO),
        ("countries", [{"place": "TR", "site": ""}], [{"place": "FI", "site": ""}]),
        ("products", ["url-filter"], ["nr-macro"]),
        ("purposes", ["?"], ["commercial_service"]),
        ("description", "Mobile service for subscribers", "Mobile service"),
        ("customer", "State Security Service", "Pohjan Verkko"),
        ("end-user", {"kind": "municipality", "is_customer": True}, OPERATOR),
        ("customer-country", "TR", "FI"),
        ("countries", at("Stockholm"), at("Helsinki")),
        ("services", ["supply", "custom_development"], ["supply"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_finding_out_and_choosing_something_else_is_no_easing(
    slug: str, first: Any, then: Any
) -> None:
    """Nothing of it stops a deal, and who did not know has found out."""
    deal = draft(**{slug: first})
    if "territories" in deal.answers:
        actions.save_answer(deal, slug="law-conflict", value=NO, actor=deal.owner)
    assert changed(deal, slug, then).status == Status.CLEARED


@pytest.mark.parametrize(
    ("slug", "answers"),
    [
        ("reports", ({"answer": "yes", "text": "The press"}, {"answer": "?", "text": ""}, NO)),
        ("law-conflict", ({"answer": "yes", "text": "Secret"}, {"answer": "?", "text": ""}, NO)),
    ],
)
def test_what_was_known_is_not_unlearned_step_by_step(slug: str, answers: tuple[Any, ...]) -> None:
    deal = draft(products=["dpi-gateway"], **{slug: answers[0]})
    for answer in answers[1:]:
        actions.save_answer(deal, slug=slug, value=answer, actor=deal.owner)
    complete(deal)
    assert send_draft(deal).status == Status.IN_REVIEW


def test_a_core_that_became_radio_is_answered_again_and_clears() -> None:
    deal = draft(products=["core-5gsa"], handover="standard", obligation="yes")
    actions.save_answer(deal, slug="products", value=["nr-macro"], actor=deal.owner)
    assert changed(deal, "handover", "no").status == Status.CLEARED


def test_a_copy_of_a_draft_takes_the_mark_along() -> None:
    deal = draft(products=["x-monitoring-centre"])
    actions.save_answer(deal, slug="products", value=["nr-macro"], actor=deal.owner)
    copy = actions.copy_deal(deal, actor=deal.owner)
    complete(copy)
    assert send_draft(copy).status == Status.IN_REVIEW


@pytest.mark.parametrize("slug", ["reports", "limits-speech"])
def test_what_a_copy_is_asked_again_is_not_forgotten(slug: str) -> None:
    """A copy of a draft says no where the draft, which nobody has seen, said more."""
    answer = "yes" if slug == "reports" else "refused"
    deal = draft(**{slug: {"answer": answer, "text": "The press says so"}})
    copy = actions.copy_deal(deal, actor=deal.owner)
    assert slug not in copy.answers
    assert changed(copy, slug, NO).status == Status.IN_REVIEW


def test_the_page_says_so_at_once(client: Client) -> None:
    deal = draft(reports={"answer": "yes", "text": "The press says so"})
    client.force_login(deal.owner)
    page = client.post(
        f"/deals/{deal.pk}/q/concerns/reports/?from=check", {"answer": "no"}, follow=True
    )
    assert "A reviewer will look at this deal" in page.content.decode()
    deal.refresh_from_db()
    assert deal.answers[questions.SOFTENED] == ["reports"]


def test_nobody_takes_the_mark_away() -> None:
    """Neither by answering gravely again nor by a milder answer once more."""
    deal = draft(products=["x-monitoring-centre"])
    for products in (["nr-macro"], ["x-monitoring-centre"], ["lte-macro"]):
        actions.save_answer(deal, slug="products", value=products, actor=deal.owner)
    assert deal.answers[questions.SOFTENED] == ["products"]
    assert send_draft(deal).status == Status.IN_REVIEW
