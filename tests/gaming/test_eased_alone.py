"""What one person eases is looked at by somebody else, also where the easing looks like a finding.

Each of these deals was cleared once, or stayed approved.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import SYSTEM
from audit.refusals import Conflict
from people import access
from people import actions as people
from policy import actions as governing
from policy.facts import shipped
from policy.governance import entries
from policy.models import Kind
from screening.lifecycle import AFTER_PARTY, Status
from screening.parties import actions as parties
from screening.sweep import rescreen
from tests import factories
from tests.factories import ruled
from tests.gaming.test_known_kinds import FOR_ANOTHER, RADIO, is_asked_about, known_as
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import fact, send

USED_BY_NOBODY_KNOWN: dict[str, Any] = {
    **FOR_ANOTHER,
    "end-user": {"kind": "?", "is_customer": False},
    "intelligence-access": "no",
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["law_enforcement", "commercial_operator", "municipality"])
def test_a_kind_that_nobody_knew_and_one_person_sets_is_looked_at(kind: str) -> None:
    deal = send(USED_BY_NOBODY_KNOWN)
    assert deal.turn == "sales"
    ruled(deal, "end_user_type", kind)
    assert fact(deal, "end_user_type") == kind
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["municipality", "civil_government", "telecom_regulator"])
def test_a_second_kind_that_one_person_records_excuses_no_public_body(kind: str) -> None:
    finding = known_as(kind)
    deal = send(FOR_ANOTHER)
    assert is_asked_about(deal)
    factories.known_of(finding.party, "end_user_type", "private_enterprise")
    sweeping.work(AFTER_PARTY)
    deal.refresh_from_db()
    assert is_asked_about(deal)


def test_an_operator_that_leaves_the_registry_is_confirmed_by_name() -> None:
    """Its country counted in every deal that names it."""
    data = shipped.load()
    parties = data.registry.parties
    gone = tuple(party for party in parties if not party.name.startswith("Beltelecom"))
    assert len(gone) < len(parties)
    after = replace(data, registry=replace(data.registry, parties=gone))
    (change,) = entries.differences(Kind.REGISTRY, data, after)
    assert (change.name, change.looser) == ("parties removed", True)


@pytest.mark.django_db
def test_a_second_destination_that_becomes_one_of_high_risk_returns_the_deal_to_review() -> None:
    """The same rule had fired for the first one."""
    places = [{"place": "TR", "site": ""}, {"place": "PT", "site": ""}]
    deal = send({**factories.SENIOR, "customer": "Lusitania Movil", "countries": places})
    factories.vote_on(deal, actor=factories.senior())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED
    sweeping.prepare(sweeping.rated({"PT": "low high"}))()
    sweeping.work(governing.RESCREEN)
    sweeping.work(rescreen.RESCREEN_PART)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("law_enforcement", "Police and Army Intelligence Directorate"),
        ("military", "Army and Police Intelligence Directorate"),
    ],
)
def test_a_second_sound_excuses_no_agency(kind: str, name: str) -> None:
    declared = {"kind": kind, "is_customer": True}
    deal = send(
        {
            **RADIO,
            "customer": name,
            "end-user": declared,
            "intelligence-access": "no",
            "purposes": ["public_safety"],
        }
    )
    assert deal.turn == "compliance"
    assert "sounds like an intelligence or security body" in fact(deal, "conflict_note")


def disabled(person: Any) -> None:
    people.disable_person(person, actor=SYSTEM)


def without_the_role(person: Any) -> None:
    people.set_roles(person, frozenset({access.SENIOR}), actor=SYSTEM)


@pytest.mark.django_db
@pytest.mark.parametrize("become", [disabled, without_the_role])
def test_nobody_agrees_to_what_somebody_asked_who_left_compliance(
    become: Callable[[Any], None],
) -> None:
    deal = send({**RADIO, "customer": "Northern Intelligence Directorate"})
    assert deal.turn == "compliance"
    officer, party = factories.compliance_officer(), factories.party_of(deal)
    easing = parties.ask_cleared_match(
        party,
        hits=parties.hits_of(party),
        because="A market researcher.",
        source="Its website",
        source_date=None,
        review_by=timezone.localdate() + timedelta(days=300),
        actor=officer,
    )
    become(officer)
    easing.refresh_from_db()
    with pytest.raises(Conflict, match="no longer in compliance"):
        factories.agreed(easing)
    parties.end(easing, because="He left.", actor=factories.compliance_officer())
