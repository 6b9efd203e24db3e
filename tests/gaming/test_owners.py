"""Who owns a party, and who has the same number in a register: facts that compliance enters.

Each of the deals that are asked about here was cleared once, although compliance had recorded that
the body belongs to an intelligence agency, or is known under another name by its number.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from audit.refusals import Conflict
from screening import actions
from screening.lifecycle import AFTER_PARTY, AFTER_SAID, AFTER_STOP, Status
from screening.models import Deal
from screening.parties import actions as parties
from screening.parties.models import Party, PartyFinding, PartyIdentifier
from screening.sweep import batch
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import ASKED_NOW
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db
BODY, ABOVE = "Hietalan Tehdas", "Pakkalan Laitos"
RADIO: dict[str, Any] = {**ASKED_NOW, "customer": BODY, "customer-country": "FI"}
ANOTHER = {**RADIO, "customer": "Lakeuden Kaapeli"}
LEI = "5299000J2N45DDNE4Y28"
WHY = "The register says so."


def owned(below: Party, above: Party) -> None:
    parties.set_parent(below, above, because=WHY, actor=factories.compliance_officer())


def numbered(below: Party, above: Party) -> None:
    for party in (below, above):
        officer = factories.compliance_officer()
        parties.add_identifier(party, scheme="lei", value=LEI, actor=officer)


TIES = pytest.mark.parametrize("tie", [owned, numbered])
Tie = Callable[[Party, Party], None]


def both() -> tuple[Party, Party]:
    return tuple(factories.party_of(send({**RADIO, "customer": name})) for name in (BODY, ABOVE))


def known(party: Party, fact: str = "end_user_type", value: Any = "") -> PartyFinding:
    finding = factories.known_of(party, fact, value or "intelligence_security")
    sweeping.work(AFTER_PARTY)
    return finding


def is_asked_about(deal: Deal) -> bool:
    note = str(deal.last_screening.facts[0].get("conflict_note", ""))
    return deal.turn == "compliance" and ABOVE in note and BODY in note


@TIES
def test_what_is_known_above_is_asked_about(tie: Tie) -> None:
    below, above = both()
    tie(below, above)
    known(above)
    deal = send(RADIO)
    assert is_asked_about(deal)
    ruled(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize("role", ["operator", "reseller"])
def test_it_counts_in_whatever_part(role: str) -> None:
    below, above = both()
    owned(below, above)
    known(above)
    party = {"name": BODY, "role": role, "country": "FI"}
    named = {"intermediaries": {"answer": "yes", "parties": [party]}}
    assert is_asked_about(send({**ANOTHER, **named}))


def test_so_does_an_owner_of_the_owner_under_another_name() -> None:
    below, above = both()
    middle, same = (
        factories.party_of(send({**RADIO, "customer": name}))
        for name in ("Kainuun Kuitu", "Lakeuden Kaapeli")
    )
    owned(below, middle)
    owned(same, above)
    parties.merge(same, middle, because=WHY, actor=factories.compliance_officer())
    known(above)
    assert is_asked_about(send(RADIO))


@TIES
@pytest.mark.parametrize("is_known_first", [True, False])
def test_deals_that_were_sent_before_are_asked_about(tie: Tie, *, is_known_first: bool) -> None:
    below, above = both()
    if is_known_first:
        known(above)
    tie(below, above)
    if not is_known_first:
        factories.known_of(above, "end_user_type", "intelligence_security")
    sweeping.work(AFTER_PARTY)
    assert is_asked_about(Deal.objects.get(parts__party=below, parts__role="end_user"))


@pytest.mark.parametrize(("fact", "value"), [("end_user_type", "municipality")])
def test_a_city_that_owns_a_company_holds_up_nothing(fact: str, value: str) -> None:
    below, above = both()
    owned(below, above)
    known(above, fact, value)
    assert send(RADIO).status == Status.CLEARED


def test_who_belongs_to_nobody_of_whom_anything_is_known_clears() -> None:
    below, above = both()
    owned(below, above)
    known(below, "state_owned", value=True)
    assert send({**RADIO, "customer": ABOVE}).status == Status.CLEARED


SURVEILS: dict[str, Any] = {
    "products": ["location-server"],
    "intelligence-access": "no",
    "customer": ABOVE,
}
STOPPED: dict[str, Any] = {**RADIO, **SURVEILS, "purposes": ["protest_monitoring"]}
BELOW: dict[str, Any] = {**RADIO, **SURVEILS, "customer": BODY}
REPORTED = {"reports": {"answer": "yes", "text": "Two papers"}}
ARMY = {"end-user": {"kind": "military", "is_customer": True}}


@TIES
@pytest.mark.parametrize("is_first", [True, False])
def test_a_deal_of_one_above_that_was_stopped_is_followed(tie: Tie, *, is_first: bool) -> None:
    tie(*both())
    if not is_first:
        deal = send(BELOW)
        assert deal.status == Status.CLEARED
    stopped = send(STOPPED)
    assert stopped.status == Status.BARRED
    sweeping.work(AFTER_STOP)
    if is_first:
        deal = send(BELOW)
    deal.refresh_from_db()
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "senior")
    note = deal.last_screening.sources["follows_stopped_deal"]["note"]
    assert f"of a body that belongs to the end user of {stopped.reference}" in note
    # The one above had bought radio before.
    assert send({**RADIO, "products": ["xgs-pon"]}).status == Status.CLEARED


def test_the_level_of_that_deal_is_kept() -> None:
    owned(*both())
    deal = send({**STOPPED, "purposes": ["national_security_monitoring"]})
    actions.withdraw_deal(deal, because="Lost the tender.", actor=deal.owner)
    deal = send(BELOW)
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "executive")


def test_what_the_one_below_had_stopped_holds_up_nobody_above() -> None:
    owned(*both())
    send({**STOPPED, "customer": BODY})
    assert send({**BELOW, "customer": ABOVE}).status == Status.CLEARED


@TIES
@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("said", [REPORTED, ARMY], ids=["misuse", "army"])
def test_what_sales_says_of_the_one_above_is_asked_about(
    said: dict[str, Any], tie: Tie, *, is_first: bool
) -> None:
    tie(*both())
    if not is_first:
        deal = send(BELOW)
        assert deal.status == Status.CLEARED
    says = send({**RADIO, **SURVEILS, **said})
    sweeping.work(AFTER_SAID)
    if is_first:
        deal = send(BELOW)
    deal.refresh_from_db()
    assert deal.turn == "compliance"
    note = str(deal.last_screening.facts[0]["conflict_note"])
    assert f"{BODY} belongs to the end user of {says.reference}" in note


def test_who_owns_is_looked_up_among_many_too() -> None:
    owned(*both())
    deal = send(BELOW)
    send(STOPPED)
    result = batch.screen(
        Deal.objects.exclude(status=Status.BARRED).values_list("pk", flat=True),
        Deal.objects.all(),
        cause="fact",
        because="All.",
        only_changed=True,
    )
    assert result.failed == {}
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


def test_nobody_takes_an_owner_away_alone_whose_deal_was_stopped() -> None:
    below, above = both()
    owned(below, above)
    numbered(below, above)
    stopped = send(STOPPED)
    officer = factories.compliance_officer()
    with pytest.raises(Conflict, match=f"People looked at deals of {ABOVE}"):
        parties.set_parent(below, None, because=WHY, actor=officer)
    with pytest.raises(Conflict, match="Two people have to say first"):
        parties.remove_identifier(below.identifiers.get(), actor=officer)
    factories.agreed(parties.ask_apart(below, above, because=WHY, source="", actor=officer))
    assert stopped.status == Status.BARRED
    parties.set_parent(below, None, because=WHY, actor=officer)
    # The number is theirs alone now, as two people said.
    assert send(BELOW).status == Status.CLEARED


def test_nobody_takes_an_owner_away_alone() -> None:
    below, above = both()
    owned(below, above)
    known(above)
    officer = factories.compliance_officer()
    with pytest.raises(Conflict, match="Two people have to say first"):
        parties.set_parent(below, None, because=WHY, actor=officer)
    with pytest.raises(IntegrityError, match="because of an owner"), transaction.atomic():
        Party.objects.filter(pk=below.pk).update(parent=None)
    apart = parties.ask_apart(below, above, because=WHY, source="", actor=officer)
    factories.agreed(apart)
    parties.set_parent(below, None, because=WHY, actor=officer)
    assert send(RADIO).status == Status.CLEARED


def test_nobody_takes_a_number_away_alone() -> None:
    below, above = both()
    numbered(below, above)
    known(above)
    officer = factories.compliance_officer()
    number = below.identifiers.get()
    with pytest.raises(Conflict, match="Two people have to say first"):
        parties.remove_identifier(number, actor=officer)
    with pytest.raises(IntegrityError, match="because of a number"), transaction.atomic():
        PartyIdentifier.objects.filter(pk=number.pk).delete()
    factories.agreed(parties.ask_apart(below, above, because=WHY, source="", actor=officer))
    parties.remove_identifier(number, actor=officer)
    assert send(RADIO).status == Status.CLEARED


def test_what_nobody_knows_anything_of_one_person_corrects() -> None:
    below, above = both()
    owned(below, above)
    numbered(below, above)
    officer = factories.compliance_officer()
    parties.set_parent(below, None, because=WHY, actor=officer)
    parties.remove_identifier(below.identifiers.get(), actor=officer)
    below.refresh_from_db()
    assert below.parent is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT is_known_above(%s)", [above.pk])
        assert cursor.fetchone() == (False,)
