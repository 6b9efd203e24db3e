"""What the application's own login cannot do to parties, whatever code runs as it.

Each of these statements is one that PostgreSQL has to refuse: the pages never make it.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import SYSTEM
from people import actions as people
from screening.parties import actions as parties
from tests import factories
from tests.factories import agreed, known_of, party_of, ruled
from tests.screening.test_parties import ANSWERS, GUARDS, asked_to_clear
from tests.screening.test_rulings import send

pytestmark = pytest.mark.django_db

FINDING = (
    "INSERT INTO screening_partyfinding (party_id, fact, value_text, products_text, because,"
    " source, ruled_by_id{more}) VALUES ({party}, 'adverse_info', '\"alleged\"', '[]', 'x', 'x',"
    " {by}{values})"
)
WORD = (
    "INSERT INTO screening_easingword (easing_id, agrees, because, said_by_id, said_at)"
    " VALUES ({easing}, true, 'x', {by}, {at})"
)
EASING = (
    "INSERT INTO screening_easing (kind, finding_id, hits_text, because, source, asked_by_id,"
    " asked_at) VALUES ('take_back', {finding}, '[]', 'x', '', {by}, {at})"
)
EVENT = (
    "INSERT INTO audit_auditevent (subject, actor, verb, payload) VALUES ('party:{party}',"
    " 'user:{other}', 'party.easing_agreed', '{{\"easing\": {easing}}}');"
)


@dataclass
class Stage:
    """A finding, and an easing that waits for a second person."""

    names: dict[str, Any]

    def run(self, statement: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(**self.names))
            # As a commit looks.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def stage() -> Stage:
    deal = send(ANSWERS)
    finding, asker = known_of(party_of(deal)), factories.compliance_officer()
    easing = parties.ask_take_back(finding, because="Another firm.", actor=asker)
    seller, gone = factories.compliance_officer(), factories.compliance_officer()
    factories.join(deal.team, seller)
    former = factories.compliance_officer()
    people.set_teams(former, join=[deal.team.name], actor=SYSTEM)
    people.set_teams(former, leave=[deal.team.name], actor=SYSTEM)
    people.disable_person(gone, actor=SYSTEM)
    other = send({**ANSWERS, "customer": "Lounais Verkko"})
    merged = parties.merge(
        party_of(other), finding.party, because="Same.", actor=factories.compliance_officer()
    )
    ruling = ruled(other, "adverse_info", "alleged")
    return Stage(
        {
            "party": finding.party_id,
            "finding": finding.pk,
            "easing": easing.pk,
            "merge": merged.pk,
            "asker": asker.pk,
            "other": factories.compliance_officer().pk,
            "seller": seller.pk,
            "former": former.pk,
            "gone": gone.pk,
            "senior": factories.senior().pk,
            "deal": deal.pk,
            "revision": other.screening.revision_id if other.screening else 0,
            "ruling": ruling.pk,
            "ruler": ruling.ruled_by_id,
        }
    )


def word(by: str, at: str = "clock_timestamp()") -> str:
    return WORD.replace("{by}", by).replace("{at}", at)


def easing(by: str, at: str = "clock_timestamp()") -> str:
    return EASING.replace("{by}", by).replace("{at}", at)


def finding(by: str, more: str = "", values: str = "") -> str:
    return FINDING.replace("{by}", by).replace("{more}", more).replace("{values}", values)


HOSTILE = {
    "the asker agrees": word("{asker}"),
    "the asker agrees with an event of somebody else": EVENT + word("{asker}"),
    "a reviewer agrees": word("{senior}"),
    "somebody who left agrees": word("{gone}"),
    "who sells to the party agrees": word("{seller}"),
    "who sold to the party agrees": EVENT.replace("{other}", "{former}") + word("{former}"),
    "a second person agrees without an event": word("{other}"),
    "a second person agreed last year": EVENT + word("{other}", "now() - interval '1 year'"),
    "a second person agrees next year": EVENT + word("{other}", "now() + interval '1 year'"),
    "a reviewer asks": easing("{senior}"),
    "somebody asked last year": easing("{other}", "now() - interval '1 year'"),
    "somebody asks without an event": easing("{other}"),
    "an easing of two things": "INSERT INTO screening_easing (kind, finding_id, merge_id,"
    " hits_text, because, source, asked_by_id) VALUES ('take_back', {finding}, {merge}, '[]', 'x',"
    " '', {other})",
    "an easing of nothing": "INSERT INTO screening_easing (kind, hits_text, because, source,"
    " asked_by_id) VALUES ('split', '[]', 'x', '', {other})",
    "a cleared match that is over": "INSERT INTO screening_easing (kind, party_id, hits_text,"
    " because, source, asked_by_id, review_by, registry_id) SELECT 'cleared_match', {party}, '[]',"
    " 'x', '', {other}, current_date, id FROM policy_referenceversion WHERE kind = 'registry'",
    "the finding is made milder": "UPDATE screening_partyfinding SET value_text = '\"none\"'"
    " WHERE id = {finding}",
    "the finding goes to another party": "UPDATE screening_partyfinding SET party_id = party_id",
    "the finding is deleted": "DELETE FROM screening_partyfinding WHERE id = {finding}",
    "an easing gets another asker": "UPDATE screening_easing SET asked_by_id = {other}",
    "a word is deleted": "DELETE FROM screening_easingword",
    "a merge is deleted": "DELETE FROM screening_partymerge WHERE id = {merge}",
    "a party gets another name": "UPDATE screening_party SET key = 'harmless' WHERE id = {party}",
    "a party gets another country": "UPDATE screening_party SET country = 'SE' WHERE id = {party}",
    "a party is found by no spelling": "DELETE FROM screening_partyoutline",
    "a party is found by another spelling": "UPDATE screening_partyoutline SET outline = 'x'",
    "a party is deleted": "DELETE FROM screening_party WHERE id = {party}",
    "a deal no longer names the party": "DELETE FROM screening_dealparty WHERE party_id = {party}",
    "a deal names somebody else": "UPDATE screening_dealparty SET party_id = party_id",
    "a part in the revision of another deal": "INSERT INTO screening_dealparty (deal_id,"
    " revision_id, party_id, role, name) VALUES ({deal}, {revision}, {party}, 'payer', 'x')",
    "sales raises a finding": finding("{senior}"),
    "a finding without an event": finding("{other}"),
    "a finding of last year": finding("{other}", ", ruled_at", ", now() - interval '1 year'"),
    "a finding that follows a ruling and says something else": finding(
        "{ruler}", ", ruling_id", ", {ruling}"
    ),
    "everything is emptied": "TRUNCATE screening_easing, screening_easingword CASCADE",
    "the guard is switched off": "ALTER TABLE screening_easingword DISABLE TRIGGER ALL",
    "the guard is replaced": "CREATE OR REPLACE FUNCTION easing_word_guard() RETURNS trigger"
    " LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "who is in compliance is said anew": "CREATE OR REPLACE FUNCTION is_in_compliance(person"
    " integer) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$",
}


#: What PostgreSQL says to them; to all others, that a right is missing.
SAYS = {
    "the asker agrees": "nobody agrees with themselves",
    "the asker agrees with an event of somebody else": "nobody agrees with themselves",
    "a reviewer agrees": "compliance agrees to an easing",
    "somebody who left agrees": "compliance agrees to an easing",
    "who sells to the party agrees": "nobody eases a deal that they sell",
    "who sold to the party agrees": "nobody eases a deal that they sold",
    "a second person agrees without an event": "screening_easingword needs its event",
    "a second person agreed last year": "an easing is answered now",
    "a second person agrees next year": "an easing is answered now",
    "a reviewer asks": "compliance asks for an easing",
    "somebody asked last year": "an easing is asked for now",
    "somebody asks without an event": "screening_easing needs its event",
    "an easing of two things": "easing_of_one_thing",
    "an easing of nothing": "easing_of_one_thing",
    "a cleared match that is over": "somebody looks at a cleared match again",
    "a part in the revision of another deal": "a part belongs to a revision of its deal",
    "sales raises a finding": "compliance raises findings",
    "a finding without an event": "screening_partyfinding needs its event",
    "a finding of last year": "a finding is raised now",
    "a finding that follows a ruling and says something else": "follows a ruling says what it says",
    "the guard is switched off": "must be owner of table",
}


def counted() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM screening_partyfinding), (SELECT count(*) FROM"
            " screening_easing), (SELECT count(*) FROM screening_easingword), (SELECT count(*)"
            " FROM screening_partymerge), (SELECT count(*) FROM screening_dealparty)"
        )
        return list(cursor.fetchone())


def test_postgresql_refuses_every_one(stage):
    """One stage for all of them: each is undone by its refusal, which is the one meant for it."""
    before = counted()
    for name, statement in HOSTILE.items():
        with pytest.raises(DatabaseError) as refusal:
            stage.run(statement)
        assert SAYS.get(name, "permission denied") in str(refusal.value), name
    assert counted() == before
    assert len(HOSTILE) >= 20
    assert SAYS.keys() <= HOSTILE.keys()


@pytest.mark.parametrize(
    ("who", "why"), [("seller", "a deal that they sell"), ("former", "a deal that they sold")]
)
def test_who_sells_or_sold_to_a_party_does_not_agree(stage, who, why):
    with pytest.raises(DatabaseError, match=f"nobody eases {why}"):
        stage.run(word(f"{{{who}}}"))


def test_it_accepts_what_two_people_do(stage):
    """The refusals above are about what differs from this."""
    stage.run(EVENT + word("{other}"))
    assert counted()[2] == 1


def test_an_easing_that_was_answered_is_not_answered_again():
    easing = asked_to_clear(party_of(send(GUARDS)))
    agreed(easing)
    parties.end(easing, because="No.", actor=factories.compliance_officer())
    again = Stage({"easing": easing.pk, "party": 0, "other": factories.compliance_officer().pk})
    with pytest.raises(DatabaseError):
        again.run(EVENT + word("{other}"))
