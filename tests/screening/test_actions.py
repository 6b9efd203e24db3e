"""The seller's verbs: each refusal, each effect with its row, event and mail, and races."""

import json
import threading
import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from audit.ledger import canonical, digest
from audit.models import AuditEvent
from audit.refusals import Conflict, NotAllowed
from jobs.models import Clock, Job
from people import access
from policy import active
from policy.engine.readings.replay import replay
from policy.facts import derive
from policy.governance.versions import read_countries_text
from policy.models import ReferenceVersion
from reviews import actions as reviewing
from screening import actions, deriving, linking
from screening.form import questions
from screening.form.questions import Reading
from screening.lifecycle import Status
from screening.models import Answer, Contributor, Deal, DealRevision, Finding, Screening
from tests import factories
from tests.waiting import until_somebody_waits


@pytest.fixture(autouse=True)
def _reference(request: pytest.FixtureRequest) -> None:
    name = "transactional_db" if "transactional_db" in request.fixturenames else "db"
    request.getfixturevalue(name)
    factories.reference_data()


def send(deal: Deal, *, key: uuid.UUID | None = None, **more: Any) -> DealRevision:
    return actions.submit_deal(deal, send_key=key or uuid.uuid4(), actor=deal.owner, **more)


# --- sending -------------------------------------------------------------------------------------


def test_sending_freezes_screens_moves_records_and_tells():
    deal = factories.draft_deal(answers=factories.SENIOR)
    reviewer = factories.senior()
    revision = send(deal)
    deal.refresh_from_db()
    screening = Screening.objects.get(revision=revision)
    assert deal.status == Status.IN_REVIEW
    assert (deal.screening, deal.review_level) == (screening, "senior")
    assert screening.outcome == "senior_review"
    assert list(screening.findings.values_list("rule", "clause")) == [("S01", "C4b")]
    assert deal.audit_verbs()[-3:] == ["deal.sent", "deal.screened", "deal.review_needed"]
    told = set(deal.notifications.values_list("to", flat=True))
    assert told == {deal.owner_id, reviewer.pk}
    assert Job.objects.filter(kind="mail").count() == 2


def test_a_send_derives_once(monkeypatch):
    deal = factories.draft_deal()
    derived = []

    def trace(*given: Any, **more: Any) -> Any:
        derived.append(given)
        return derive.trace(*given, **more)

    for module in (deriving, linking, questions):
        monkeypatch.setattr(module, "trace", trace)
    send(deal)
    assert len(derived) == 1
    deal.refresh_from_db()
    assert deal.screening.facts_text == stored_again(deal)


def stored_again(deal: Deal) -> str:
    """Facts as they are derived anew from what was sent."""
    return deriving.of_revision(deal.newest_revision(), active.reference_data()).text


def test_answers_that_were_read_under_other_versions_are_read_again():
    deal = factories.draft_deal(answers=factories.SENIOR)
    revision, data = send(deal), active.reference_data()
    reading = Reading(revision.answers, replace(data, countries=read_countries_text(None)))
    assert reading.variants[0].facts.plain["country_risk"] == "unrated"
    found = deriving.of_revision(revision, data, None, reading)
    assert found.text == deriving.of_revision(revision, data).text
    assert found.variants[0].plain["country_risk"] != "unrated"


def test_the_form_of_another_deal_sends_nothing():
    first, other = factories.draft_deal(), factories.draft_deal()
    key = uuid.uuid4()
    send(first, key=key)
    with pytest.raises(Conflict, match="Another deal was sent from this page"):
        send(other, key=key)
    assert not other.revisions.exists()
    assert "deal.sent" not in other.audit_verbs()


def test_the_same_form_again_returns_the_first_result():
    deal = factories.draft_deal()
    key = uuid.uuid4()
    assert send(deal, key=key) == send(deal, key=key)
    assert Screening.objects.count() == 1


def test_a_draft_with_missing_answers_is_not_sent():
    deal = factories.draft_deal(answers={"name": "Half a deal"})
    with pytest.raises(Conflict, match=r"answers are missing. What are you selling\?"):
        send(deal)
    assert not DealRevision.objects.exists()
    assert Deal.objects.get(pk=deal.pk).status == Status.DRAFT


def test_a_draft_has_no_last_screening():
    deal = factories.draft_deal()
    with pytest.raises(RuntimeError, match=f"Deal {deal.pk} was never screened"):
        deal.last_screening  # noqa: B018


def test_only_the_owner_sends():
    deal = factories.draft_deal()
    with pytest.raises(NotAllowed, match="Only the owner"):
        actions.submit_deal(deal, send_key=uuid.uuid4(), actor=factories.sales_person())


def test_a_sent_deal_is_not_sent_again():
    deal = factories.cleared_deal()
    with pytest.raises(Conflict, match="can no longer be changed"):
        send(deal)


def test_an_owner_who_left_sales_does_nothing():
    deal = factories.draft_deal()
    deal.owner.groups.clear()
    factories.give(deal.owner, access.AUDITOR)
    former = type(deal.owner).objects.get(pk=deal.owner_id)
    with pytest.raises(NotAllowed, match="Only the owner of this deal in sales"):
        actions.submit_deal(deal, send_key=uuid.uuid4(), actor=former)
    assert Deal.objects.get(pk=deal.pk).status == Status.DRAFT
    assert not DealRevision.objects.exists()


def test_answers_of_a_deal_in_review_stay():
    deal = factories.deal_in_review()
    before = deal.events().count()
    with pytest.raises(Conflict, match=r"in review\. Its answers can no longer be changed"):
        actions.save_answer(deal, slug="customer", value="Another", actor=deal.owner)
    with pytest.raises(Conflict, match="can no longer be changed"):
        send(deal)
    deal.refresh_from_db()
    assert deal.answers["customer"] != "Another"
    assert deal.events().count() == before


def test_every_question_of_a_reviewer_is_answered_before_sending():
    deal, reviewer = factories.deal_in_review(), factories.senior()
    reviewing.claim_deal(deal, actor=reviewer)
    asked = [("", "Who runs it?"), ("", "Where is it kept?")]
    reviewing.ask_sales(deal, questions=asked, actor=reviewer)
    for replies in ({}, {1: "We do."}, {1: "We do.", 2: "   "}):
        with pytest.raises(Conflict, match=r"Answer question [12] before you send"):
            send(deal, replies=replies)
    deal.refresh_from_db()
    assert deal.status == Status.NEEDS_INFORMATION
    assert deal.revisions.count() == 1
    assert not Answer.objects.exists()


@pytest.mark.usefixtures("nothing_remains")
@pytest.mark.parametrize("kind", ["rulebook", "catalogue", "registry"])
def test_without_active_reference_data_nothing_is_screened(kind):
    deal = factories.draft_deal()
    ReferenceVersion.objects.filter(kind=kind).update(retired_at=Clock())
    with pytest.raises(Conflict, match="Nothing can be screened"):
        send(deal)
    assert not Screening.objects.exists()


@pytest.mark.usefixtures("nothing_remains")
def test_without_country_ratings_nothing_clears():
    deal = factories.draft_deal(answers=factories.SENIOR)
    ReferenceVersion.objects.filter(kind="countries").update(retired_at=Clock())
    send(deal)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW
    assert deal.screening.facts[0]["country_risk"] == "unrated"
    assert deal.screening.countries is None


@pytest.mark.parametrize(
    "place",
    [
        "audit.models.AuditEventQuerySet.append_all",
        "screening.mail.tell_all",
        "policy.active.assess",
    ],
)
def test_a_fault_at_any_step_leaves_the_deal_as_it_was(place, monkeypatch):
    factories.senior()
    deal = factories.draft_deal(answers=factories.SENIOR)
    events = AuditEvent.objects.count()

    def broken(*args: object, **kwargs: object) -> None:
        raise OSError("planted")

    monkeypatch.setattr(place, broken)
    with pytest.raises(OSError, match="planted"), transaction.atomic():
        send(deal)
    assert Deal.objects.get(pk=deal.pk).status == Status.DRAFT
    assert not DealRevision.objects.exists()
    assert not Finding.objects.exists()
    assert AuditEvent.objects.count() == events


def in_threads(count: int, work: Any) -> list[Any]:
    start, results = threading.Barrier(count), []

    def run() -> None:
        start.wait()
        try:
            results.append(work())
        except (Conflict, NotAllowed) as refusal:
            results.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_many_sends_of_one_form_at_once_are_one(transactional_db):
    deal = factories.draft_deal()
    key, owner = uuid.uuid4(), deal.owner
    results = in_threads(
        20, lambda: actions.submit_deal(Deal.objects.get(pk=deal.pk), send_key=key, actor=owner).pk
    )
    assert len(results) == 20
    assert len(set(results)) == 1
    assert Screening.objects.filter(revision__deal=deal).count() == 1


def test_two_tabs_at_once_make_one_revision(transactional_db):
    deal = factories.draft_deal()
    owner = deal.owner
    results = in_threads(
        8,
        lambda: (
            actions.submit_deal(Deal.objects.get(pk=deal.pk), send_key=uuid.uuid4(), actor=owner).pk
        ),
    )
    assert sum(isinstance(one, Conflict) for one in results) == 7
    assert DealRevision.objects.filter(deal=deal).count() == 1


# --- rulings of compliance ------------------------------------------------------------------------


def rule(deal: Deal, fact: str, value: Any, *, actor: Any = None) -> None:
    actions.rule_fact(
        deal,
        fact=fact,
        value=value,
        because="The register shows it.",
        source="Official gazette",
        actor=actor or factories.compliance_officer(),
    )
    deal.refresh_from_db()


def test_a_cited_law_waits_for_compliance_and_then_goes_on():
    deal = factories.deal_for_compliance()
    assert (deal.status, deal.turn) == (Status.NEEDS_INFORMATION, "compliance")
    rule(deal, "legal_basis_status", "verified")
    assert deal.status == Status.IN_REVIEW
    assert deal.screening.facts[0]["legal_basis_status"] == "verified"
    assert "deal.fact_ruled" in deal.audit_verbs()


def test_a_verification_ends_when_sales_cites_another_law():
    deal = factories.deal_for_compliance()
    rule(deal, "legal_basis_status", "verified")
    review = factories.senior()
    if deal.review_level == "executive":
        review = factories.executive()
    reviewing.claim_deal(deal, actor=review)
    reviewing.ask_sales(deal, questions=[("legal_basis", "Which article?")], actor=review)
    changed = deal.answers["legal-basis"] | {"article": "99"}
    actions.save_answer(deal, slug="legal-basis", value=changed, actor=deal.owner)
    send(deal, replies={1: "Article 99."})
    deal.refresh_from_db()
    assert deal.screening.facts[0]["legal_basis_status"] == "cited"
    assert deal.turn == "compliance"


def test_a_graver_ruling_holds_whatever_sales_changes():
    deal = factories.deal_in_review()
    rule(deal, "adverse_info", "alleged")
    assert {"S10"} <= set(deal.screening.findings.values_list("rule", flat=True))
    reviewer = factories.senior()
    reviewing.claim_deal(deal, actor=reviewer)
    reviewing.ask_sales(deal, questions=[("", "Who is it?")], actor=reviewer)
    actions.save_answer(deal, slug="customer", value="Another Name AS", actor=deal.owner)
    send(deal, replies={1: "The same company, renamed."})
    deal.refresh_from_db()
    assert deal.screening.facts[0]["adverse_info"] == "alleged"


def test_a_country_rating_is_raised_and_never_lowered():
    deal = factories.deal_in_review()
    rule(deal, "country_risk", "very_high")
    assert deal.screening.facts[0]["country_risk"] == "very_high"
    with pytest.raises(Conflict, match="never lowered"):
        rule(deal, "country_risk", "low")


def test_a_raised_country_is_not_lowered_by_a_second_ruling():
    deal = factories.cleared_deal()
    rule(deal, "country_risk", "high")
    assert deal.status == Status.IN_REVIEW
    for milder in ("low", "medium"):
        with pytest.raises(Conflict, match="A country rating may be raised with a reason, never"):
            rule(deal, "country_risk", milder)
    deal.refresh_from_db()
    assert deal.screening.facts[0]["country_risk"] != "unrated"
    assert deal.rulings.count() == 1
    rule(deal, "country_risk", "very_high")
    assert deal.screening.facts[0]["country_risk"] == "very_high"


def test_a_conflict_of_law_is_not_taken_back_by_a_second_ruling():
    deal = factories.deal_in_review()
    rule(deal, "law_conflict", value=True)
    assert deal.review_level == "executive"
    with pytest.raises(Conflict, match="A conflict of law may be raised with a reason, never"):
        rule(deal, "law_conflict", value=False)
    assert deal.rulings.count() == 1


def test_a_settled_conflict_goes_on_to_review():
    deal = factories.sent_deal(factories.DOUBTFUL)
    assert deal.status == Status.NEEDS_INFORMATION
    rule(deal, "fact_conflict", value=False)
    assert deal.status == Status.IN_REVIEW


def test_export_control_bars_at_once():
    deal = factories.deal_in_review()
    rule(deal, "export_control", "prohibited")
    assert deal.status == Status.BARRED
    with pytest.raises(Conflict, match="can no longer be set"):
        rule(deal, "export_control", "not_controlled")


@pytest.mark.parametrize(
    ("fact", "value", "sentence"),
    [
        ("purpose", "research_test", "not set by hand"),
        ("adverse_info", "rumoured", "adverse_info"),
        ("law_conflict", "yes", "law_conflict"),
    ],
)
def test_what_compliance_cannot_set(fact, value, sentence):
    deal = factories.deal_in_review()
    with pytest.raises(Conflict, match=sentence):
        rule(deal, fact, value)


def test_who_does_not_rule():
    deal = factories.deal_in_review()
    for actor in (deal.owner, factories.senior(), factories.auditor()):
        with pytest.raises(NotAllowed, match="Only compliance"):
            rule(deal, "adverse_info", "alleged", actor=actor)
    insider = factories.compliance_officer()
    deal.team.members.add(insider)
    with pytest.raises(NotAllowed, match="own sales team"):
        rule(deal, "adverse_info", "alleged", actor=insider)


def test_facts_of_a_draft_or_a_closed_deal_are_not_set():
    factories.reference_data()
    for deal in (factories.draft_deal(), factories.barred_deal(), factories.rejected_deal()):
        before = deal.events().count()
        with pytest.raises(Conflict, match="Its facts can no longer be set"):
            rule(deal, "adverse_info", "confirmed")
        assert not deal.rulings.exists()
        assert deal.events().count() == before


def test_who_had_a_hand_in_the_deal_does_not_rule():
    deal = factories.deal_in_review()
    for part in ("editor", "submitter"):
        insider = factories.compliance_officer()
        Contributor.objects.create(deal=deal, user=insider, part=part)
        with pytest.raises(NotAllowed, match="You had a hand in this deal"):
            rule(deal, "adverse_info", "none", actor=insider)
    assert not deal.rulings.exists()
    assert deal.audit_verbs()[-1] == "deal.review_needed"


def test_whoever_set_a_fact_may_set_another():
    deal, officer = factories.deal_in_review(), factories.compliance_officer()
    for fact in ("adverse_info", "country_risk"):
        worst = {"adverse_info": "confirmed", "country_risk": "very_high"}[fact]
        rule(deal, fact, worst, actor=officer)
    assert deal.rulings.count() == 2


# --- linked deals and screening again -------------------------------------------------------------


def test_deals_of_one_end_user_are_screened_together():
    answers = factories.SENIOR | {"customer": "One Operator Ltd", "products": ["ip-core-router"]}
    factories.sent_deal(answers, alone=False)
    radio = factories.sent_deal(factories.SENIOR | {"customer": "ONE operator, Ltd."}, alone=False)
    assert {"ran", "ip_routing"} <= set(radio.screening.facts[0]["capabilities"])
    assert "linked deals" in radio.screening.sources["capabilities"]["note"]


def test_what_a_stopped_deal_contained_does_not_count():
    answers = [
        one | factories.in_country("FI") | {"customer": "One Operator Ltd"}
        for one in (factories.BARRED, factories.SIMPLE)
    ]
    factories.sent_deal(answers[0], alone=False)
    radio = factories.sent_deal(answers[1], alone=False)
    assert radio.screening.facts[0]["capabilities"] == ["ran"]
    # It follows a stopped deal, so people look at it.
    assert radio.status == Status.IN_REVIEW


@pytest.mark.parametrize("make", [factories.barred_deal, factories.rejected_deal])
def test_a_closed_deal_is_not_screened_again(make):
    deal = make()
    with pytest.raises(Conflict, match="not screened again"):
        actions.rescreen_deal(deal, cause="version", because="New version.")


def test_an_approved_deal_stays_when_a_version_asks_for_no_more():
    deal = factories.approved_deal()
    actions.rescreen_deal(deal, cause="version", because="New version.")
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED
    assert deal.audit_verbs()[-1] == "deal.screened"


def test_an_approval_ends_when_a_fact_changes():
    deal = factories.approved_deal()
    rule(deal, "adverse_info", "alleged")
    assert deal.status == Status.IN_REVIEW
    assert deal.audit_verbs()[-1] == "deal.reopened_for_review"


def test_a_review_that_rises_tells_the_people_of_the_higher_level():
    deal = factories.deal_in_review()
    senior, executive = factories.senior(), factories.executive()
    rule(deal, "end_user_type", "military")
    assert (deal.status, deal.review_level) == (Status.IN_REVIEW, "executive")
    event = deal.events().last()
    assert event.verb == "deal.review_raised"
    said = json.loads(event.payload)
    assert (said["from"], said["to"]) == ("senior", "executive")
    assert said["screening"] == deal.screening_id
    told = {note.to_id: note for note in deal.notifications.all()}
    assert executive.pk in told
    assert senior.pk not in told
    assert "executive review" in told[executive.pk].subject
    assert Job.objects.filter(kind="mail", args={"notification": told[executive.pk].pk}).exists()
    count = deal.notifications.count()
    rule(deal, "adverse_info", "alleged")
    assert deal.audit_verbs()[-1] == "deal.screened"
    assert deal.notifications.count() == count


def test_a_deal_that_people_looked_at_is_never_cleared_by_the_program():
    deal = factories.deal_in_review()
    reviewer = factories.senior()
    reviewing.claim_deal(deal, actor=reviewer)
    reviewing.ask_sales(deal, questions=[("country", "Is it really there?")], actor=reviewer)
    for slug, value in factories.in_country("FI").items():
        actions.save_answer(deal, slug=slug, value=value, actor=deal.owner)
    send(deal, replies={1: "No, in Finland."})
    deal.refresh_from_db()
    assert deal.screening.outcome == "clear"
    assert deal.status == Status.IN_REVIEW


def test_every_screening_replays_bit_for_bit():
    for make in (factories.cleared_deal, factories.deal_in_review, factories.barred_deal):
        screening = make().screening
        data = active.reference_data()
        assert digest(screening.facts_text) == screening.facts_digest
        assert canonical(screening.facts) == screening.facts_text
        for facts in screening.facts:
            same = replay(
                data.compiled,
                facts_text=canonical(facts),
                rulebook_digest=screening.rulebook.digest,
                outcome=screening.outcome,
            )
            assert same is None
            changed = canonical(facts | {"end_user_type": "intelligence_security"})
            assert (
                replay(
                    data.compiled,
                    facts_text=changed,
                    rulebook_digest=screening.rulebook.digest,
                    outcome="clear",
                )
                is not None
            )


# --- the rest -------------------------------------------------------------------------------------


def test_withdrawing_ends_a_deal_and_says_why():
    deal = factories.deal_in_review()
    actions.withdraw_deal(deal, because="The customer chose another.", actor=deal.owner)
    assert deal.status == Status.WITHDRAWN
    event = deal.events().last()
    assert event.verb == "deal.withdrawn"
    assert "another" in event.payload
    with pytest.raises(Conflict, match="can no longer be withdrawn"):
        actions.withdraw_deal(deal, because="Again.", actor=deal.owner)


@pytest.mark.parametrize("verb", ["withdraw_deal", "delete_draft", "copy_deal"])
def test_a_colleague_does_not_act_for_the_owner(verb):
    deal = factories.draft_deal()
    colleague = factories.sales_person(team=deal.team)
    words = {"because": "x"} if verb == "withdraw_deal" else {}
    with pytest.raises(NotAllowed, match="Only the owner"):
        getattr(actions, verb)(deal, actor=colleague, **words)


def test_a_changed_deal_names_the_closed_one():
    deal = factories.barred_deal()
    changed = actions.start_changed_deal(deal, actor=deal.owner)
    assert changed.predecessor == deal
    assert changed.status == Status.DRAFT
    assert "declaration" not in changed.answers
    with pytest.raises(Conflict, match="Only a closed deal"):
        actions.start_changed_deal(changed, actor=deal.owner)


def test_only_a_closed_deal_is_followed_by_a_changed_one():
    count = 0
    for make in (factories.cleared_deal, factories.deal_in_review, factories.deal_for_compliance):
        deal = make()
        count += 1
        with pytest.raises(Conflict, match="Only a closed deal is followed by a changed deal"):
            actions.start_changed_deal(deal, actor=deal.owner)
    assert Deal.objects.count() == count


def test_an_answer_that_no_form_gives_is_refused():
    deal = factories.draft_deal(answers={})
    with pytest.raises(Conflict, match="no question"):
        actions.save_answer(deal, slug="price", value=1, actor=deal.owner)
    with pytest.raises(Conflict, match="services"):
        actions.save_answer(deal, slug="services", value=["spying"], actor=deal.owner)


def test_each_change_of_an_answer_is_kept():
    deal = factories.draft_deal(answers={})
    for value in ("yes", "no", "no"):
        actions.save_answer(deal, slug="intelligence-access", value=value, actor=deal.owner)
    trail = deal.events().filter(verb="deal.answer_changed")
    assert trail.count() == 2
    assert '"before":"yes"' in trail.last().payload


def test_nobody_without_the_role_or_a_team_starts_a_deal():
    with pytest.raises(NotAllowed, match="Only sales"):
        actions.start_deal(actor=factories.senior())
    with pytest.raises(NotAllowed, match="no sales team"):
        actions.start_deal(actor=factories.person("sales"))


def test_a_send_in_flight_holds_back_an_activation(transactional_db):
    """The versions that a screening names are those active at its commit."""
    order: list[str] = []
    old = ReferenceVersion.objects.active().get(kind="catalogue")

    def activate() -> None:
        try:
            with transaction.atomic():
                # As every activation begins.
                active.hold_activations()
                ReferenceVersion.objects.filter(pk=old.pk).update(retired_at=Now())
                order.append("activated")
                # Nothing takes its place, and PostgreSQL would refuse that.
                transaction.set_rollback(True)
        finally:
            connection.close()

    deal = factories.draft_deal()
    with transaction.atomic():
        send(deal)
        thread = threading.Thread(target=activate)
        thread.start()
        until_somebody_waits()
        assert thread.is_alive()
        order.append("sent")
    thread.join()
    assert order == ["sent", "activated"]


def gateway(**answers):
    """An interception gateway in a low-risk country, sent, the law verified."""
    deal = factories.sent_deal(
        factories.CITED | factories.in_country("FI") | {"customer": "Elisa Oyj"} | answers
    )
    if deal.status == Status.NEEDS_INFORMATION:
        rule(deal, "legal_basis_status", value="verified")
    return deal


@pytest.mark.parametrize(
    ("answers", "status", "outcome"),
    [
        ({"stores": "yes"}, Status.BARRED, "bar"),
        ({"analyses": "later"}, Status.BARRED, "bar"),
        ({"intelligence-access": "yes"}, Status.IN_REVIEW, "executive_review"),
        (
            {"limits-speech": {"answer": "refused", "text": "In May"}},
            Status.IN_REVIEW,
            "executive_review",
        ),
        ({"limits-speech": {"answer": "included", "text": "In May"}}, Status.BARRED, "bar"),
        ({"reports": {"answer": "yes", "text": "A court"}}, Status.IN_REVIEW, "executive_review"),
        (
            {
                "products": ["li-gateway", "url-filter"],
                "restricts": {"answer": "yes", "text": "Sites", "owner": "authorities"},
            },
            Status.IN_REVIEW,
            "executive_review",
        ),
        ({"purposes": ["national_security_monitoring"]}, Status.IN_REVIEW, "executive_review"),
        ({"purposes": ["crime_investigation"]}, Status.IN_REVIEW, "senior_review"),
    ],
)
def test_nothing_that_compliance_settles_takes_an_answer_away(answers, status, outcome):
    deal = gateway(**answers)
    if status != Status.BARRED:
        rule(deal, "fact_conflict", value=False)
    deal.refresh_from_db()
    assert (deal.status, deal.screening.outcome) == (status, outcome)


def test_an_answer_of_an_older_form_is_read_and_asked_again():
    deal = gateway(**{"limits-speech": {"answer": "yes", "text": "In May"}})
    deal.refresh_from_db()
    assert deal.status == Status.NEEDS_INFORMATION
    assert deal.screening.facts[0].get("speech_limit_request") is None
