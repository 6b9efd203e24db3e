"""Whatever a rule asks of sales or compliance, an answer of the form or a ruling can settle it."""

from itertools import product
from typing import Any
from uuid import uuid4

import pytest
import z3

from policy import active
from policy.engine.language.condition import Rule, Rulebook
from policy.engine.language.facts import Choice, YesNo
from policy.engine.proof.symbols import Deal as SymbolicDeal
from policy.engine.proof.symbols import Reading
from policy.facts import shipped
from policy.facts.derive import derive
from screening import actions, rulings
from screening.form.deal_form import QUESTIONS
from screening.lifecycle import Status
from screening.models import Deal
from tests import factories as make

ASKED = {question.number for question in QUESTIONS}
#: What follows from all answers together, and what is always known.
OF_ALL_ANSWERS = {"answers_complete"}
#: Sales answers with the next revision; product management with a version of the catalogue.
WHO = ("sales", "compliance")


def book() -> Rulebook:
    """The rulebook that is active in a new installation."""
    return shipped.load().rulebook


def asking(who: str) -> list[Rule]:
    """The rules that ask this role; what asks nobody by name asks sales."""
    return [
        rule
        for rule in book().rules
        if rule.outcome == "needs_information" and (rule.asks or "sales") == who
    ]


def settled_by(who: str, fact: str) -> bool:
    """Whether this role can give the fact a value."""
    if who == "compliance":
        return fact in rulings.RULABLE
    return fact in OF_ALL_ANSWERS or book().vocabulary[fact].ask in ASKED


def values_of(fact: str) -> list[tuple[str, bool]]:
    """What the fact can be set to, as symbols: a value or member, and whether it is there."""
    known = book().vocabulary[fact]
    if isinstance(known, Choice):
        return [(value, True) for value in known.values]
    if isinstance(known, YesNo):
        return [("", True), ("", False)]
    return []


def is_answered_by(reading: Reading, rule: Rule, values: dict[str, tuple[str, bool]]) -> bool:
    """Whether with these values the rule neither fires nor stays open, whatever else is true."""
    solver = z3.Solver()
    solver.add(*reading.deal.rules, z3.Not(reading.rules[rule.id].false))
    for fact, (member, there) in values.items():
        truth = reading.deal.truths[fact, member]
        solver.add(truth.true if there else truth.false)
    return bool(solver.check() == z3.unsat)


@pytest.mark.parametrize("who", WHO)
def test_each_rule_that_asks_somebody_can_be_answered_by_them(who: str) -> None:
    reading = Reading(book(), SymbolicDeal(book().vocabulary))
    rules = asking(who)
    assert rules
    for rule in rules:
        looked_at = [fact for fact in book().looks[rule.id] if settled_by(who, fact)]
        choices = {fact: values for fact in looked_at if (values := values_of(fact))}
        ways = [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]
        assert any(is_answered_by(reading, rule, way) for way in ways if way), rule.id


def test_each_fact_that_may_be_unknown_can_be_found_out() -> None:
    """A rule that is open asks too. What nobody can set is never unknown."""
    reference = shipped.load()
    silent = derive({}, reference)[0].plain
    for fact in sorted(reference.read):
        if not settled_by("sales", fact) and not settled_by("compliance", fact):
            assert fact in silent, fact


# --- With deals ----------------------------------------------------------------------------------

_NOT_KNOWN_LAW = {**make.CITED, "obligation": "?", "legal-basis": None}
_FILTER = {
    **make.SENIOR,
    "products": ["url-filter"],
    "handover": "no",
    "stores": "no",
    "analyses": "no",
    "restricts": {"answer": "no", "text": "", "owner": ""},
    "follows": {"answer": "no", "text": ""},
    "purposes": ["other"],
    "intelligence-access": "no",
}
#: Rule → answers that make it ask sales, and other answers to the same questions.
BY_SALES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "I01": (_NOT_KNOWN_LAW, {"obligation": "yes", "legal-basis": make.CITED["legal-basis"]}),
    "I02": (
        {
            **make.SENIOR,
            "end-user": {"kind": "?", "is_customer": True},
            "customer-kind": "?",
            "intelligence-access": "no",
        },
        {
            "end-user": {"kind": "commercial_operator", "is_customer": True},
            "customer-kind": "commercial_operator",
        },
    ),
    "I03": (
        {**make.SENIOR, "run-from": {"run": "?", "records": "TR"}},
        {"run-from": {"run": "TR", "records": "TR"}},
    ),
    "I04": (_FILTER, {"purposes": ["child_protection"]}),
    "I05": ({**make.SENIOR, "purposes": ["?"]}, {"purposes": ["commercial_service"]}),
}


def rules_of(deal: Deal) -> set[str]:
    assert deal.screening is not None
    return {finding.rule for finding in deal.screening.findings.all()}


@pytest.mark.django_db
@pytest.mark.parametrize("rule", BY_SALES)
def test_other_answers_settle_what_sales_is_asked(rule: str) -> None:
    before, after = BY_SALES[rule]
    deal = make.sent_deal({slug: value for slug, value in before.items() if value is not None})
    assert rule in rules_of(deal)
    assert deal.status == Status.NEEDS_INFORMATION
    for slug, value in after.items():
        actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    actions.submit_deal(deal, send_key=uuid4(), actor=deal.owner)
    assert rule not in rules_of(deal)


#: Rule → answers that make it ask compliance, and the ruling that settles it.
BY_COMPLIANCE = {
    "I07": (make.DOUBTFUL, "fact_conflict", False),
    "I08": ({**make.CITED, "products": ["li-gateway"]}, "export_control", "licence_granted"),
    "I09": (make.CITED, "legal_basis_status", "verified"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("rule", BY_COMPLIANCE)
def test_a_ruling_settles_what_compliance_is_asked(rule: str) -> None:
    assert BY_COMPLIANCE.keys() == {rule.id for rule in asking("compliance")}
    answers, fact, value = BY_COMPLIANCE[rule]
    deal = make.sent_deal(answers)
    if rule == "I08":
        make.ruled(deal, "export_control", "licence_required", actor=make.compliance_officer())
    assert rule in rules_of(deal)
    make.ruled(deal, fact, value)
    assert rule not in rules_of(deal)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("obligation", "value", "status", "rule"),
    [
        # Sales does not know: with a law it goes on, without one the policy stops it.
        ("?", True, Status.NEEDS_INFORMATION, "I01"),
        ("?", False, Status.BARRED, "B07"),
        # Sales cites one, and nothing in it obliges this customer.
        ("yes", False, Status.BARRED, "B07"),
    ],
)
def test_compliance_says_whether_a_law_obliges(
    obligation: str, value: bool, status: str, rule: str
) -> None:
    answers = {**make.CITED, "obligation": obligation}
    if obligation == "?":
        del answers["legal-basis"]
    deal = make.sent_deal(answers)
    make.ruled(deal, "legal_obligation", value)
    assert deal.status == status
    assert rule in rules_of(deal)
    assert deal.last_screening.facts[0]["legal_obligation"] is value
    assert deal.last_screening.facts[0]["legal_obligation_stated"] is True


@pytest.mark.django_db
def test_a_law_that_compliance_found_itself_takes_the_deal_to_review() -> None:
    """Nobody eases a deal alone, so the milder ruling asks for a reviewer."""
    deal = make.sent_deal(_without_law())
    make.ruled(deal, "legal_obligation", True)
    make.ruled(deal, "legal_basis_status", "verified")
    assert deal.status == Status.IN_REVIEW
    assert "S16" in rules_of(deal)


@pytest.mark.django_db
def test_that_no_law_obliges_holds_in_the_next_deal_of_the_end_user() -> None:
    """Where sales does not know it, and where it says otherwise, until two people take it back."""
    first = make.sent_deal({**make.CITED, "customer": "Anadolu Telekom"}, alone=False)
    make.ruled(first, "legal_obligation", False)
    for answers in (make.CITED, _without_law()):
        deal = make.sent_deal({**answers, "customer": "Anadolu Telekom"}, alone=False)
        assert deal.last_screening.facts[0]["legal_obligation"] is False
        assert deal.status == Status.BARRED


def _without_law() -> dict[str, Any]:
    return {slug: value for slug, value in _NOT_KNOWN_LAW.items() if value is not None}


@pytest.mark.django_db
def test_what_is_asked_is_what_is_active() -> None:
    make.reference_data()
    assert active.reference_data().rulebook.digest == book().digest
