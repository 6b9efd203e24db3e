"""The honest side: the harmless clears, and every question that stops a deal can be answered."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from policy.facts import shipped
from screening import actions
from screening.lifecycle import Status
from screening.models import Deal
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import SIMPLE
from tests.screening.test_rulings import CORE, complete, fact, send, send_draft

LAW: dict[str, Any] = {slug: factories.CITED[slug] for slug in ("obligation", "legal-basis")}
NOWHERE = {"run": "?", "records": "FI"}


@dataclass
class Stop:
    """Answers with which the rule asks, and who answers it how."""

    answers: dict[str, Any]
    corrected: dict[str, Any] = field(default_factory=dict)
    #: A fact and the value that compliance gives it.
    ruled: tuple[str, Any] | None = None


STOPS = {
    "I01": Stop({**CORE, "obligation": "?"}, LAW),
    "I02": Stop(
        {**SIMPLE, "end-user": {"kind": "?", "is_customer": True}}, {"end-user": SIMPLE["end-user"]}
    ),
    "I03": Stop({**SIMPLE, "run-from": NOWHERE}, {"run-from": SIMPLE["run-from"]}),
    "I04": Stop(
        {**SIMPLE, "products": ["url-filter"], "purposes": ["other"]},
        {"purposes": ["child_protection"]},
    ),
    "I05": Stop({**SIMPLE, "purposes": ["?"]}, {"purposes": SIMPLE["purposes"]}),
    # Until the line is classified another one can be sold; an activation screens it again, too.
    "I06": Stop({**SIMPLE, "products": ["custom-module"]}, {"products": SIMPLE["products"]}),
    "I07": Stop({**SIMPLE, "state-owned": "?"}, ruled=("fact_conflict", False)),
    "I08": Stop(
        {**SIMPLE, "products": ["x-phone-forensics"]}, ruled=("export_control", "licence_granted")
    ),
    "I09": Stop({**CORE, **LAW}, ruled=("legal_basis_status", "verified")),
    "I10": Stop({**SIMPLE, "customer-kind": "?"}, {"customer-kind": SIMPLE["customer-kind"]}),
}


def findings(deal: Deal) -> set[str]:
    assert deal.screening is not None
    return set(deal.screening.findings.values_list("rule", flat=True))


def asking() -> dict[str, str]:
    rules = shipped.rulebook().rules
    return {rule.id: rule.asks for rule in rules if rule.outcome == "needs_information"}


def test_every_rule_that_asks_is_tried_here() -> None:
    assert STOPS.keys() == asking().keys()
    by_compliance = {rule for rule, asks in asking().items() if asks == "compliance"}
    assert {rule for rule, stop in STOPS.items() if stop.ruled} == by_compliance


@pytest.mark.django_db
@pytest.mark.parametrize("rule", STOPS)
def test_whoever_is_asked_can_answer(rule: str) -> None:
    stop = STOPS[rule]
    deal = send(stop.answers)
    assert rule in findings(deal)
    if stop.ruled:
        ruled(deal, *stop.ruled)
        deal.refresh_from_db()
    else:
        for slug, value in stop.corrected.items():
            actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
        complete(deal)
        deal = send_draft(deal)
    assert rule not in findings(deal)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("slug", "value"),
    [
        ("limits-speech", {"answer": "?", "text": ""}),
        ("intelligence-access", "?"),
        ("stores", "?"),
        ("handover", "?"),
    ],
)
def test_an_answer_that_only_opens_rules_asks_sales_and_can_be_given(slug: str, value: Any) -> None:
    deal = send({**CORE, slug: value})
    assert deal.status == Status.NEEDS_INFORMATION
    assert deal.screening is not None
    assert deal.screening.asks_sales
    answer = {**SIMPLE, "stores": "no", "intelligence-access": "no", "handover": "standard"}[slug]
    actions.save_answer(deal, slug=slug, value=answer, actor=deal.owner)
    complete(deal)
    deal = send_draft(deal)
    ruled(deal, "legal_basis_status", "verified")
    deal.refresh_from_db()
    assert deal.status in {Status.IN_REVIEW, Status.CLEARED}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("customer", "country"),
    [("Elisa Oyj", "FI"), ("KPN", "NL"), ("Telia Company AB", "SE"), ("EE", "GB"), ("3", "SE")],
)
def test_radio_for_a_known_operator_in_a_country_of_low_risk_clears(
    customer: str, country: str
) -> None:
    deal = send({**SIMPLE, "customer": customer, **factories.in_country(country)})
    assert deal.status == Status.CLEARED


@pytest.mark.django_db
def test_radio_clears_beside_a_core_of_the_same_operator_under_verified_law() -> None:
    """What P29 promises, over the form and the linked deal."""
    core = send({**CORE, **LAW})
    ruled(core, "legal_basis_status", "verified")
    radio = send({**SIMPLE, "customer": CORE["customer"]})
    assert "li_interface" in fact(radio, "capabilities")
    assert radio.status == Status.CLEARED


@pytest.mark.django_db
def test_a_doubt_that_compliance_settles_ends_with_a_review_and_never_stuck() -> None:
    deal = send({**SIMPLE, "state-owned": "?"})
    ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert (deal.status, deal.turn) == (Status.IN_REVIEW, "reviewers")
    factories.vote_on(deal, actor=factories.senior())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED
