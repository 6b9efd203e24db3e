"""What is known of a party holds wherever it takes part, and a false alarm is answered once."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from audit.refusals import Conflict, NotAllowed
from jobs.models import Job
from policy import active
from policy.engine.language.condition import OUTCOMES
from policy.facts import shipped
from policy.facts.derive import derive, matches
from policy.governance import proposals
from policy.models import Kind
from screening import actions, deriving, rulings
from screening.around import Around
from screening.lifecycle import AFTER_PARTY, Status
from screening.models import Deal, DealRevision, Notification
from screening.parties import actions as parties
from screening.parties import known, naming
from screening.parties.models import DealParty, Easing, Party, PartyFinding, PartyMerge
from screening.sweep import rescreen
from tests import factories
from tests.effort import examples
from tests.factories import agreed, known_of, party_of, ruled
from tests.gaming.test_parties import PAPER
from tests.gaming.test_parties import party as taking_part
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import copied, fact, send, sent_again

pytestmark = pytest.mark.django_db
NAME = "Pohjola Verkko"
ANSWERS = {**SIMPLE, "customer": NAME}
#: A rail operator whose name sounds like a security body.
GUARDS = {**SIMPLE, "customer": "State Security Police Radio"}
HEARD = {"sounds like a police body", "sounds like an intelligence or security body"}
ABROAD = factories.in_country("SE")


def tomorrow(days: int = 1) -> Any:
    return timezone.localdate() + timedelta(days=days)


def again(deal: Deal) -> Deal:
    sweeping.work(AFTER_PARTY)
    deal.refresh_from_db()
    return deal


def asked_to_clear(party: Party, *, actor: Any = None, days: int = 90) -> Easing:
    return parties.ask_cleared_match(
        party,
        hits=parties.hits_of(party),
        because="It sells radios to guards.",
        source="Company register",
        source_date=None,
        review_by=tomorrow(days),
        actor=actor or factories.compliance_officer(),
    )


# --- Who is named ---------------------------------------------------------------------------------


def test_everybody_in_a_deal_is_a_party_with_a_part():
    deal = send({**ANSWERS, **PAPER, **taking_part("Nordic Freight", "consignee", "SE")})
    named = DealParty.objects.filter(deal=deal).order_by("pk")
    assert [(str(one.party), one.role) for one in named] == [
        ("Pohjola Verkko (FI)", "customer"),
        ("Harmless Retail (FI)", "end_user"),
        ("Nordic Freight (SE)", "consignee"),
    ]


def test_a_party_is_found_again_by_name_and_country_and_not_by_the_name_alone():
    one, same = send(ANSWERS), send({**SIMPLE, "customer": "POHJOLA  VERKKO"})
    other = send({**ANSWERS, **ABROAD})
    assert party_of(one) == party_of(same) != party_of(other)


def test_who_only_uses_it_is_at_home_where_it_is_used():
    deal = send({**ANSWERS, **PAPER, "countries": [{"place": "SE", "site": ""}]})
    assert str(party_of(deal)) == "Harmless Retail (SE)"


def test_a_country_that_nobody_knows_is_none():
    deal = send({**ANSWERS, **taking_part("Nordic Freight", "consignee", "?")})
    assert party_of(deal, "consignee").country == ""


def test_each_revision_names_its_own_and_a_rescreening_names_nobody_new():
    deal = send(ANSWERS)
    ruled(deal, "adverse_info", "alleged")
    deal = sent_again(deal, customer="Uusi Nimi")
    assert DealParty.objects.filter(deal=deal, role="end_user").count() == 2
    before = DealParty.objects.count()
    actions.rescreen_deal(deal, cause="fact", because="Test.")
    assert DealParty.objects.count() == before


def test_revisions_of_an_older_program_name_their_parties_by_a_job(mighty):
    """As after the migration: revisions without a row."""
    newest = send(ANSWERS).newest_revision()
    mighty("screening_dealparty", "DELETE FROM screening_dealparty")
    with_job = Job.objects.enqueue(rescreen.NAME_PARTIES)
    sweeping.work(rescreen.NAME_PARTIES)
    assert DealParty.objects.filter(revision=newest).count() == 2
    with_job.refresh_from_db()
    assert with_job.state == "done"


def test_a_newer_way_of_folding_loses_nothing(monkeypatch):
    deal = send(ANSWERS)
    known_of(party_of(deal))
    monkeypatch.setattr(naming, "key_of", lambda name: name.casefold().replace(" ", ""))
    assert parties.fold_again() == 1
    assert parties.fold_again() == 0
    assert fact(again(deal), "adverse_info") == "confirmed"
    actions.rescreen_deal(deal, cause="fact", because="Test.")
    deal.refresh_from_db()
    assert fact(deal, "adverse_info") == "confirmed"


# --- What is known --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "reads", "now"),
    [
        ("adverse_info", "alleged", "adverse_info", "alleged"),
        ("adverse_info", "confirmed", "adverse_info", "confirmed"),
        ("end_user_type", "intelligence_security", "end_user_type", "intelligence_security"),
        ("end_user_type", "military", "end_user_type", "military"),
        ("agency_access", "yes", "agency_access", "yes"),
        ("state_owned", True, "end_user_type", "state_operator"),
    ],
)
def test_a_finding_is_a_fact_of_every_deal(name, value, reads, now):
    answers = {
        **ANSWERS,
        "customer-kind": "commercial_operator",
        "end-user": {"kind": "commercial_operator", "is_customer": True},
        "state-owned": "no",
    }
    before = send(answers)
    party = party_of(before)
    finding = known_of(party, name, value)
    assert fact(again(before), reads) == now
    after = send(answers)
    assert fact(after, reads) == now
    assert str(party) in after.screening.sources[reads]["note"]
    event = AuditEvent.objects.about(party.subject).last()
    assert event is not None
    assert (event.verb, json.loads(event.payload)["finding"]) == (
        "party.finding_raised",
        finding.pk,
    )


def test_a_cleared_and_an_approved_deal_are_screened_again_and_another_one_is_not():
    cleared, stranger = send(ANSWERS), send({**SIMPLE, "customer": "Lounais Verkko"})
    approved = send({**factories.SENIOR, "customer": NAME, "customer-country": "FI"})
    factories.vote_on(approved, actor=factories.senior())
    assert cleared.status == Status.CLEARED
    known_of(party_of(cleared))
    for deal in (cleared, approved):
        again(deal)
        assert deal.status == Status.IN_REVIEW
    stranger.refresh_from_db()
    assert stranger.audit_verbs().count("deal.screened") == 1
    owner_mail = Notification.objects.filter(deal=cleared, to=cleared.owner).last()
    assert owner_mail is not None


def test_a_copy_for_somebody_else_is_asked_about():
    source = send(ANSWERS)
    copy = copied(source)
    assert copy.status == Status.CLEARED
    known_of(party_of(source))
    assert again(copy).turn == "compliance"
    assert NAME in fact(copy, "conflict_note")


@pytest.mark.parametrize("role", ["operator", "reseller", "payer"])
def test_who_takes_another_part_is_asked_about(role):
    party = party_of(send(ANSWERS))
    known_of(party)
    deal = send({**SIMPLE, **taking_part(NAME, role, "FI")})
    assert deal.turn == "compliance"
    assert NAME in fact(deal, "conflict_note")


def test_an_agency_that_runs_it_can_use_it():
    known_of(party_of(send(ANSWERS)), "end_user_type", "intelligence_security")
    deal = send({**SIMPLE, **taking_part(NAME, "operator", "FI")})
    assert fact(deal, "agency_access") == "yes"


def test_a_private_enterprise_that_a_state_owns_is_a_contradiction():
    deal = send({**ANSWERS, **PAPER})
    known_of(party_of(deal), "state_owned", value=True)
    assert again(deal).turn == "compliance"


def test_a_denied_export_stays_with_the_product():
    deal = send(ANSWERS)
    ruled(deal, "export_control", "denied")
    assert send(ANSWERS).status == Status.BARRED
    other = send({**ANSWERS, "products": ["ip-edge-router"]})
    assert fact(other, "export_control") != "denied"


@pytest.mark.parametrize("value", ["none", "harmless", None])
def test_nothing_mild_is_a_finding(value):
    party = party_of(send(ANSWERS))
    with pytest.raises(Conflict, match="Choose what is known"):
        known_of(party, "adverse_info", value)
    assert not PartyFinding.objects.exists()


@pytest.mark.parametrize("who", ["senior", "owner"])
def test_only_compliance_records(who):
    deal = send(ANSWERS)
    actor = deal.owner if who == "owner" else factories.senior()
    with pytest.raises(NotAllowed, match="Only compliance"):
        known_of(party_of(deal), actor=actor)


# --- Namesakes ------------------------------------------------------------------------------------


def test_a_namesake_in_another_country_is_asked_about_and_told_apart_by_two():
    here = party_of(send(ANSWERS))
    known_of(here)
    deal = send({**ANSWERS, **ABROAD})
    assert deal.turn == "compliance"
    assert fact(deal, "adverse_info") == "none"
    easing = parties.ask_apart(
        party_of(deal), here, because="Two firms.", source="", actor=factories.compliance_officer()
    )
    assert again(deal).turn == "compliance"
    agreed(easing)
    assert again(deal).status == Status.CLEARED, "what two people lowered is no easing"
    parties.end(easing, because="One group.", actor=factories.compliance_officer())
    assert again(deal).turn == "compliance"


def test_merged_parties_share_what_is_known_until_two_people_split_them():
    here, deal = party_of(send(ANSWERS)), send({**SIMPLE, "customer": "Полярная Сеть"})
    known_of(here)
    merged = parties.merge(
        party_of(deal), here, because="Its name.", actor=factories.compliance_officer()
    )
    assert fact(again(deal), "adverse_info") == "confirmed"
    easing = parties.ask_split(merged, because="No.", actor=factories.compliance_officer())
    assert fact(again(deal), "adverse_info") == "confirmed"
    agreed(easing)
    assert deal.end_user_key in known.remarkable(), "a sweep derives it again"
    assert fact(again(deal), "adverse_info") == "none"
    verbs = AuditEvent.objects.about(here.subject).in_order().values_list("verb", flat=True)
    assert [verb for verb in verbs if "finding" not in verb] == [
        "party.merged",
        "party.easing_asked",
        "party.easing_agreed",
    ]
    parties.end(easing, because="Yes.", actor=factories.compliance_officer())
    assert fact(again(deal), "adverse_info") == "confirmed", "the split is undone by one person"


def test_a_name_in_another_script_is_the_party():
    here = party_of(send(ANSWERS))
    known_of(here)
    parties.add_name(
        here,
        name="Полярная Сеть",
        country="FI",
        because="Its own web site.",
        actor=factories.compliance_officer(),
    )
    assert fact(send({**SIMPLE, "customer": "ПОЛЯРНАЯ СЕТЬ"}), "adverse_info") == "confirmed"


def test_the_same_is_not_merged_twice_and_nobody_owns_themselves():
    one, other = party_of(send(ANSWERS)), party_of(send({**SIMPLE, "customer": "Other Oy"}))
    officer = factories.compliance_officer()
    parties.merge(one, other, because="Same.", actor=officer)
    with pytest.raises(Conflict, match="already the same"):
        parties.merge(other, one, because="Same.", actor=officer)
    parties.set_parent(one, other, because="Register.", actor=officer)
    with pytest.raises(Conflict, match="cannot own it"):
        parties.set_parent(other, one, because="Register.", actor=officer)
    assert PartyMerge.objects.count() == 1


# --- Lowered by two -------------------------------------------------------------------------------


def test_a_finding_ends_when_a_second_person_agrees_and_the_deal_may_clear():
    deal, officer = send(ANSWERS), factories.compliance_officer()
    finding = known_of(party_of(deal), actor=officer)
    again(deal)
    easing = parties.ask_take_back(finding, because="Another firm.", actor=officer)
    with pytest.raises(NotAllowed, match="second person"):
        agreed(easing, actor=officer)
    with pytest.raises(Conflict, match="asked for this already"):
        parties.ask_take_back(finding, because="Again.", actor=factories.compliance_officer())
    agreed(easing)
    with pytest.raises(Conflict, match="already taken"):
        agreed(easing)
    new = send(ANSWERS)
    assert (fact(new, "adverse_info"), new.status) == ("none", Status.CLEARED)
    assert not fact(new, "eased_by_ruling")


def test_the_second_person_hears_by_email():
    deal = send(ANSWERS)
    finding, colleague = known_of(party_of(deal)), factories.compliance_officer()
    seller = factories.compliance_officer()
    deal.team.members.add(seller)
    easing = parties.ask_take_back(
        finding, because="Another firm.", actor=factories.compliance_officer()
    )
    mails = Notification.objects.filter(subject__contains="A second person is needed")
    assert colleague.pk in mails.values_list("to", flat=True)
    assert not mails.filter(to__in=[seller, easing.asked_by]).exists()
    body = mails.get(to=colleague).body
    assert f"/parties/easings/{easing.pk}/" in body
    assert str(finding.party) in body


def test_who_sells_to_a_party_eases_nothing():
    deal = send(ANSWERS)
    finding, seller = known_of(party_of(deal)), factories.compliance_officer()
    deal.team.members.add(seller)
    with pytest.raises(NotAllowed, match="sell to this party"):
        parties.ask_take_back(finding, because="Harmless.", actor=seller)
    easing = parties.ask_take_back(
        finding, because="Harmless.", actor=factories.compliance_officer()
    )
    with pytest.raises(NotAllowed, match="sell to this party"):
        agreed(easing, actor=seller)


def test_who_left_the_team_that_sells_to_a_party_eases_nothing_either():
    deal = send(ANSWERS)
    finding, left = known_of(party_of(deal)), factories.compliance_officer()
    deal.team.members.add(left)
    deal.team.members.remove(left)
    with pytest.raises(NotAllowed, match="sell to this party"):
        parties.ask_take_back(finding, because="Harmless.", actor=left)


def test_what_was_refused_is_asked_for_again():
    finding = known_of(party_of(send(ANSWERS)))
    officer = factories.compliance_officer()
    easing = parties.ask_take_back(finding, because="No.", actor=officer)
    parties.end(easing, because="Yes.", actor=factories.compliance_officer())
    with pytest.raises(Conflict, match="Ask for it again"):
        agreed(easing)
    agreed(parties.ask_take_back(finding, because="Look here.", actor=officer))
    assert not PartyFinding.objects.standing().exists()


# --- A false alarm is answered once ---------------------------------------------------------------


def test_a_cleared_match_holds_in_every_deal_of_the_party_and_in_no_other():
    deal = send(GUARDS)
    assert deal.turn == "compliance"
    easing = asked_to_clear(party_of(deal))
    assert easing.hits == HEARD
    assert again(deal).turn == "compliance", "one person clears nothing"
    agreed(easing)
    assert again(deal).status == Status.CLEARED
    assert send(GUARDS).status == Status.CLEARED
    assert send({**GUARDS, **ABROAD}).turn == "compliance"
    assert deal.screening is not None
    assert not fact(deal, "eased_by_ruling")


def test_it_ends_with_its_day():
    deal = send(GUARDS)
    agreed(asked_to_clear(party_of(deal), days=2))
    assert again(deal).status == Status.CLEARED
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=True):
        assert parties.screen_expired() == 1
        assert parties.screen_expired() == 0
        assert again(deal).turn == "compliance"


def test_it_ends_with_a_new_entry_of_the_registry():
    deal = send(GUARDS)
    party = party_of(deal)
    agreed(asked_to_clear(party))
    again(deal)
    row = f"{party.name},FI,intelligence_security,,,Gazette\n"
    about = proposals.About(label="2.0")
    newer = proposals.read(Kind.REGISTRY, shipped.registry_text() + row, about)
    sweeping.prepare(newer)()
    sweeping.work(rescreen.RESCREEN)
    sweeping.work(rescreen.RESCREEN_PART)
    deal.refresh_from_db()
    assert fact(deal, "end_user_type") == "intelligence_security"
    assert deal.status != Status.CLEARED


def test_one_person_ends_it():
    deal = send(GUARDS)
    easing = asked_to_clear(party_of(deal))
    agreed(easing)
    again(deal)
    parties.end(easing, because="It guards.", actor=factories.compliance_officer())
    assert again(deal).turn == "compliance"


@pytest.mark.parametrize(
    ("change", "says"), [({"review_by": -1}, "after today"), ({"hits": ["Other"]}, "Read it again")]
)
def test_a_match_is_answered_as_it_is_now(change, says):
    party = party_of(send(GUARDS))
    words: dict[str, Any] = {"hits": parties.hits_of(party), "review_by": tomorrow(90)}
    words |= {"review_by": tomorrow(-1)} if "review_by" in change else change
    with pytest.raises(Conflict, match=says):
        parties.ask_cleared_match(
            party,
            because="No.",
            source="Register",
            source_date=None,
            actor=factories.compliance_officer(),
            **words,
        )


def test_a_name_that_matches_nothing_has_no_match_to_answer():
    with pytest.raises(Conflict, match="matches nothing"):
        asked_to_clear(party_of(send(ANSWERS)))


# --- A finding never makes a deal milder ----------------------------------------------------------

FINDINGS = [(name, value) for name, values in parties.RAISED.items() for value in values] + [
    ("export_control", "denied"),
    ("country_risk", "very_high"),
    ("law_conflict", True),
    ("fact_conflict", True),
    ("legal_basis_status", "none"),
]
KINDS = [*rulings.ORDER["end_user_type"]]


@pytest.fixture
def answers_of_deals() -> list[dict[str, Any]]:
    factories.reference_data()
    return [
        SIMPLE,
        factories.SENIOR,
        factories.EXECUTIVE,
        factories.CITED,
        factories.BARRED,
        factories.DOUBTFUL,
        GUARDS,
        {**SIMPLE, **PAPER},
    ]


@settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_a_finding_never_makes_any_deal_milder(answers_of_deals, data):
    """Through answers, derivation and rules: whatever is known already, and whoever is known."""
    answers = dict(data.draw(st.sampled_from(answers_of_deals)))
    if data.draw(st.booleans()):
        kind = data.draw(st.sampled_from(KINDS))
        answers |= {"end-user": {**answers["end-user"], "kind": kind}}
    drawn = data.draw(st.lists(st.sampled_from(FINDINGS), max_size=3))
    one_more = data.draw(st.sampled_from(FINDINGS))
    before, after = (_outcome(answers, found) for found in (drawn, [*drawn, one_more]))
    assert OUTCOMES.index(after) >= OUTCOMES.index(before), (before, after)


@pytest.mark.parametrize(
    ("of_deal", "declared", "known"),
    [
        # Passive interception equipment under a cited law, as sales sells to operators.
        (3, "civil_government", "unknown"),
        (3, "emergency_services", "unknown"),
        # A name that sounds like guards, of whom nobody knew what they are.
        (7, "unknown", "law_enforcement"),
        (7, "unknown", "military"),
        (7, "unknown", "intelligence_security"),
    ],
)
def test_a_kind_that_is_known_is_never_taken_for_the_declared_one(
    answers_of_deals, of_deal, declared, known
):
    answers = answers_of_deals[of_deal]
    answers = answers | {"end-user": {**answers["end-user"], "kind": declared}}
    before, after = _outcome(answers, []), _outcome(answers, [("end_user_type", known)])
    assert OUTCOMES.index(after) >= OUTCOMES.index(before)


class Alone(Around):
    """A deal alone in the world, with what is known of its end user."""

    def __init__(self, deal: Deal, findings: list[tuple[str, Any]]) -> None:
        super().__init__([deal])
        self._findings = findings

    def others(self, deal: Any, key: str, data: Any) -> list[Any]:
        return []

    def stopped(self, keys: Any, sent: Any) -> list[Any]:
        return []

    def rulings(self, deal: Any) -> list[Any]:
        return []

    def known(self, deal: Any, named: Any) -> known.Known:
        party = Party(pk=1, key="x", name="X", country="FI")
        findings = [
            PartyFinding(
                pk=at,
                party=party,
                fact=name,
                value_text=json.dumps(value),
                ruled_by_id=1,
                ruled_at=timezone.now(),
                source="Press",
                because="Seen",
            )
            for at, (name, value) in enumerate(self._findings, start=1)
        ]
        agency = any(finding.fact == "agency_access" for finding in findings)
        return known.Known(findings=findings, agency="known of X" if agency else "")


def _outcome(answers: dict[str, Any], found: list[tuple[str, Any]]) -> str:
    revision = DealRevision(
        deal=Deal(pk=0, created_at=timezone.now()),
        answers_text=json.dumps(answers),
        created_at=timezone.now(),
    )
    data = active.reference_data()
    around = Alone(revision.deal, found)
    return active.assess(data, deriving.of_revision(revision, data, around).variants).outcome


def test_a_match_is_remembered_by_the_entry():
    factories.reference_data()
    data = active.reference_data()
    name = GUARDS["customer"]
    assert set(matches(name, frozenset({"FI"}), data)) == HEARD
    declared = {"end_user_name": name, "end_user_type": "rail_operator", "country": "FI"}
    assert derive(declared, data)[0].plain["fact_conflict"] is True
