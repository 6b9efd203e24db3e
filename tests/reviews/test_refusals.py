"""Who may not, and when it is too late: the answer, the sentence, and that nothing changed."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from audit.refusals import Conflict, NotAllowed
from jobs import queue
from jobs.models import Job
from people import access
from policy import actions as governing
from policy.governance.versions import Content
from policy.models import Kind, ReferenceVersion
from reviews import actions
from reviews.actions import Duty
from reviews.models import Condition, Decision, Review, Skip, Vote
from screening import actions as selling
from screening.lifecycle import Status
from screening.models import Contributor, Screening
from tests import factories as make
from tests.reviews.test_verbs import vote_fields

pytestmark = pytest.mark.django_db
DUTY = Duty("Send a usage report", date(2027, 5, 1), "The signed report")
POSTS = ("claim", "release", "skip", "pass-up", "ask", "assess", "vote", "confirm", "screen-again")
REASON = {"because": "A reason", "q1-text": "Who runs it?"}


def nothing_happened(deal, before):
    deal.refresh_from_db()
    return AuditEvent.objects.about(deal.subject).count() == before and not Vote.objects.exists()


def count(deal):
    return AuditEvent.objects.about(deal.subject).count()


# --- Whose deal it is ----------------------------------------------------------------------------


@pytest.mark.parametrize("verb", POSTS)
@pytest.mark.parametrize("how", ["team", "contributor"])
def test_a_deal_of_ones_own_cannot_even_be_found(client, verb, how):
    deal, reviewer = make.deal_in_review(), make.senior()
    if how == "team":
        deal.team.members.add(reviewer)
    else:
        Contributor.objects.create(deal=deal, user=reviewer, part="facts")
    client.force_login(reviewer)
    before = count(deal)
    answer = client.post(f"/reviews/{deal.pk}/{verb}/", {**vote_fields(deal), **REASON})
    assert answer.status_code == 404
    assert nothing_happened(deal, before)
    assert client.get(f"/reviews/{deal.pk}/").status_code == 404
    assert deal.reference not in client.get("/reviews/").content.decode()


def test_the_actions_refuse_it_too():
    deal, reviewer = make.deal_in_review(), make.senior()
    deal.team.members.add(reviewer)
    with pytest.raises(NotAllowed, match="your own sales team"):
        make.vote_on(deal, actor=reviewer)
    deal.team.members.remove(reviewer)
    with pytest.raises(NotAllowed, match="You were in the sales team of this deal"):
        make.vote_on(deal, actor=reviewer)
    other = make.senior()
    Contributor.objects.create(deal=deal, user=other, part="facts")
    with pytest.raises(NotAllowed, match="You set a fact"):
        make.vote_on(deal, actor=other)
    assert not Vote.objects.exists()


def test_who_set_a_fact_does_not_claim():
    deal, person = make.deal_in_review(), make.person(access.COMPLIANCE, access.SENIOR)
    selling.rule_fact(
        deal, fact="adverse_info", value="alleged", because="A report.", source="HRW", actor=person
    )
    before = count(deal)
    with pytest.raises(NotAllowed, match="You set a fact of this deal"):
        actions.claim_deal(deal, actor=person)
    assert nothing_happened(deal, before)
    assert not Review.objects.exists()


def test_nobody_returns_a_deal_of_their_own():
    """Neither who sells it, nor who had a hand in it, nor who set a fact of it."""
    for how, sentence in (
        ("team", "your own sales team"),
        ("editor", "You had a hand in this deal"),
        ("facts", "You set a fact of this deal"),
    ):
        deal, chief = make.approved_deal(), make.executive()
        if how == "team":
            deal.team.members.add(chief)
        else:
            Contributor.objects.create(deal=deal, user=chief, part=how)
        before = count(deal)
        with pytest.raises(NotAllowed, match=sentence):
            actions.reopen_deal(deal, because="I know better", actor=chief)
        deal.refresh_from_db()
        assert deal.status == Status.APPROVED
        assert count(deal) == before


def test_an_owner_who_became_an_executive_does_not_return_the_deal():
    deal = make.cleared_deal()
    deal.owner.groups.add(make.executive().groups.get())
    owner = type(deal.owner).objects.get(pk=deal.owner_id)
    with pytest.raises(NotAllowed, match="your own sales team"):
        actions.reopen_deal(deal, because="A better offer", actor=owner)
    deal.refresh_from_db()
    assert deal.status == Status.CLEARED


@pytest.mark.parametrize(
    ("how", "says"),
    [("owner", "had a hand in"), ("contributor", "had a hand in"), ("team", "own sales team")],
)
def test_postgresql_refuses_the_vote_of_somebody_with_a_part(how, says):
    deal = make.deal_in_review()
    review = actions.claim_deal(deal, actor=make.senior())
    person = deal.owner if how == "owner" else make.senior()
    if how == "contributor":
        Contributor.objects.create(deal=deal, user=person, part="facts")
    if how == "team":
        deal.team.members.add(person)
    with pytest.raises(IntegrityError, match=says), transaction.atomic():
        Vote.objects.create(
            review=review,
            revision=deal.screening.revision,
            submitter=deal.owner,
            reviewer=person,
            verdict="approve",
            because=make.REASONS,
        )


def test_postgresql_refuses_a_false_submitter():
    deal, reviewer = make.deal_in_review(), make.senior()
    review = actions.claim_deal(deal, actor=reviewer)
    false = Vote(
        review=review,
        revision=deal.screening.revision,
        submitter=make.sales_person(),
        reviewer=reviewer,
        verdict="approve",
        because=make.REASONS,
    )
    with pytest.raises(IntegrityError, match="vote_names_the_submitter"), transaction.atomic():
        false.save()


# --- Roles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "role",
    [access.SALES, access.COMPLIANCE, access.POLICY_OWNER, access.AUDITOR, access.ADMINISTRATOR],
)
@pytest.mark.parametrize("verb", POSTS)
def test_only_reviewers_use_the_verbs(client, role, verb):
    deal, person = make.deal_in_review(), make.person(role)
    client.force_login(person)
    before = count(deal)
    answer = client.post(f"/reviews/{deal.pk}/{verb}/", {**vote_fields(deal), **REASON})
    assert answer.status_code == 403
    assert "senior reviewer or executive reviewer" in answer.content.decode()
    assert nothing_happened(deal, before)


@pytest.mark.parametrize("verb", ["take-over", "return"])
def test_a_senior_reviewer_does_not_do_what_executives_do(client, verb):
    deal = make.approved_deal() if verb == "return" else make.deal_in_review()
    client.force_login(make.senior())
    answer = client.post(f"/reviews/{deal.pk}/{verb}/", {"because": "A reason"})
    assert answer.status_code == 403


def test_the_level_decides_whose_vote_it_is(client):
    deal, client_user = make.deal_in_review(level="executive"), make.senior()
    client.force_login(client_user)
    answer = client.post(f"/reviews/{deal.pk}/claim/")
    assert answer.status_code == 403
    assert "for an executive reviewer" in answer.content.decode()
    with pytest.raises(NotAllowed, match="for a senior reviewer"):
        actions.claim_deal(make.deal_in_review(), actor=make.executive())


def test_only_executives_give_the_third_vote():
    deal = make.deal_in_review()
    make.vote_on(deal, actor=make.senior(), verdict="approve_with_conditions", conditions=[DUTY])
    make.vote_on(deal, actor=make.senior(), verdict="reject")
    with pytest.raises(NotAllowed, match="executive reviewer"):
        make.vote_on(deal, actor=make.senior())
    make.vote_on(deal, actor=make.executive())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED_WITH_CONDITIONS


def test_the_verbs_of_executives_refuse_a_senior():
    held, approved = make.deal_in_review(), make.approved_deal()
    holder = make.senior()
    actions.claim_deal(held, actor=holder)
    with pytest.raises(NotAllowed, match="Only an executive reviewer takes over a claim"):
        actions.take_over_claim(held, because="I am faster", actor=make.senior())
    assert Review.objects.get(deal=held).holder() == holder
    with pytest.raises(NotAllowed, match="Only an executive reviewer returns a deal to review"):
        actions.reopen_deal(approved, because="I doubt it", actor=make.senior())
    approved.refresh_from_db()
    assert approved.status == Status.APPROVED


def test_what_is_at_the_executive_level_is_not_passed_up():
    deal, chief = make.deal_in_review(level="executive"), make.executive()
    actions.claim_deal(deal, actor=chief)
    before = count(deal)
    with pytest.raises(Conflict, match="already at the executive level"):
        actions.pass_up(deal, because="Too hot for me", actor=chief)
    assert nothing_happened(deal, before)


def test_after_a_vote_nothing_is_passed_up(client):
    """Who gives the second vote must not be able to take the deal from the first."""
    deal, second = make.deal_in_review(), make.senior()
    make.vote_on(deal, actor=make.senior(), verdict="approve_with_conditions", conditions=[DUTY])
    actions.claim_deal(deal, actor=second)
    before = count(deal)
    with pytest.raises(Conflict, match="A vote was given at this level"):
        actions.pass_up(deal, because="The first one is too mild", actor=second)
    client.force_login(second)
    answer = client.post(f"/reviews/{deal.pk}/pass-up/", {"because": "The first is too mild"})
    assert answer.status_code == 409
    assert "A vote was given at this level" in answer.content.decode()
    deal.refresh_from_db()
    assert deal.review_level == Review.objects.get().level == "senior"
    assert Review.objects.get().holder() == second
    assert count(deal) == before


# --- Status and turn -----------------------------------------------------------------------------


@pytest.mark.parametrize("verb", POSTS)
def test_a_barred_deal_takes_no_verb_of_anybody(client, verb):
    deal = make.barred_deal()
    for person in (make.senior(), make.executive()):
        client.force_login(person)
        before = count(deal)
        answer = client.post(f"/reviews/{deal.pk}/{verb}/", {**vote_fields(deal), **REASON})
        assert answer.status_code == 409
        assert "Nobody can approve this deal" in answer.content.decode()
        assert nothing_happened(deal, before)
        assert deal.status == Status.BARRED


def test_a_barred_deal_has_no_panel(client):
    deal = make.barred_deal()
    for person in (make.senior(), make.executive(), make.auditor()):
        client.force_login(person)
        page = client.get(f"/reviews/{deal.pk}/").content.decode()
        assert "Nobody can approve this deal" in page
        assert "<aside" not in page
        assert "Assess" not in page


def test_nobody_votes_twice():
    deal, first = make.deal_in_review(level="executive"), make.executive()
    make.vote_on(deal, actor=first)
    with pytest.raises(NotAllowed, match="You have voted on this deal"):
        actions.claim_deal(deal, actor=first)
    assert Review.objects.get().holder() is None
    with pytest.raises(NotAllowed, match="You have voted on this deal"):
        make.vote_on(deal, actor=first)
    assert Vote.objects.count() == 1


def test_a_claim_is_respected(client):
    deal, holder = make.deal_in_review(), make.senior("Anna Keller")
    actions.claim_deal(deal, actor=holder)
    client.force_login(make.senior())
    answer = client.post(f"/reviews/{deal.pk}/claim/")
    assert answer.status_code == 409
    words = f"{deal.reference} has just been claimed by Anna Keller. Take the next one?"
    assert words in answer.content.decode()
    answer = client.post(f"/reviews/{deal.pk}/confirm/", vote_fields(deal))
    assert answer.status_code == 409
    assert make.REASONS in answer.content.decode()
    assert client.post(f"/reviews/{deal.pk}/release/").status_code == 409
    assert Review.objects.get().holder() == holder


def test_while_one_holds_a_deal_another_does_nothing_with_it():
    deal, holder, other = make.deal_in_review(), make.senior("Anna Keller"), make.senior()
    actions.claim_deal(deal, actor=holder)
    before = count(deal)
    for verb, words in (
        (actions.vote, {"screening": deal.screening, "verdict": "reject", "because": make.REASONS}),
        (actions.ask_sales, {"questions": [("", "Who runs it?")]}),
        (actions.pass_up, {"because": "The army will use it"}),
        (actions.release_deal, {}),
    ):
        with pytest.raises(Conflict, match="Anna Keller has claimed this deal"):
            verb(deal, actor=other, **words)
        assert nothing_happened(deal, before)
    assert deal.status == Status.IN_REVIEW
    assert Review.objects.get().holder() == holder


def test_a_lease_that_ran_out_is_free_again():
    deal = make.deal_in_review()
    actions.claim_deal(deal, actor=make.senior())
    Review.objects.update(claimed_until="2026-01-01T00:00:00Z")
    other = make.senior()
    assert actions.claim_deal(deal, actor=other).holder() == other


def test_a_vote_needs_a_claim_first():
    deal = make.deal_in_review()
    with pytest.raises(Conflict, match="Claim this deal first"):
        actions.vote(
            deal,
            screening=deal.screening,
            verdict="approve",
            because=make.REASONS,
            actor=make.senior(),
        )


def test_only_a_deal_in_review_is_claimed():
    states = (make.cleared_deal, make.deal_for_compliance, make.draft_deal, make.approved_deal)
    for deal in (state() for state in states):
        before = count(deal)
        with pytest.raises(Conflict, match=r"This deal is .*, not in review"):
            actions.claim_deal(deal, actor=make.senior())
        assert count(deal) == before
    assert not Review.objects.still_open().exists()


def test_a_claim_that_nobody_holds_is_not_given_back():
    deal, reviewer = make.deal_in_review(), make.senior()
    actions.claim_deal(deal, actor=reviewer)
    Review.objects.update(claimed_until="2026-01-01T00:00:00Z")
    before = count(deal)
    with pytest.raises(Conflict, match="You do not hold this deal"):
        actions.release_deal(deal, actor=reviewer)
    assert nothing_happened(deal, before)


def test_postgresql_approves_nothing_without_a_decision():
    deal = make.deal_in_review()
    for status in ("approved", "approved_with_conditions", "rejected"):
        with pytest.raises(IntegrityError, match="no decision of the newest"), transaction.atomic():
            type(deal).objects.filter(pk=deal.pk).update(status=status)
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW


@pytest.mark.parametrize("verb", ["skip", "pass-up", "confirm", "ask"])
def test_a_reason_is_required(client, verb):
    deal, reviewer = make.deal_in_review(), make.senior()
    actions.claim_deal(deal, actor=reviewer)
    client.force_login(reviewer)
    before = count(deal)
    answer = client.post(f"/reviews/{deal.pk}/{verb}/", {"screening": deal.screening_id})
    assert answer.status_code == 200
    assert "There is a problem" in answer.content.decode()
    assert nothing_happened(deal, before)
    assert not Skip.objects.exists()


def test_the_actions_want_the_reason_too():
    deal, reviewer = make.deal_in_review(), make.senior()
    with pytest.raises(Conflict, match="Say why, in 30 characters or more"):
        make.vote_on(deal, actor=reviewer, because="fine")
    for verb in (actions.skip_deal, actions.pass_up):
        with pytest.raises(Conflict, match="Say why"):
            verb(deal, because="  ", actor=reviewer)


def test_conditions_belong_to_one_verdict():
    deal, reviewer = make.deal_in_review(), make.senior()
    with pytest.raises(Conflict, match="only to it"):
        make.vote_on(deal, actor=reviewer, conditions=[DUTY])
    with pytest.raises(Conflict, match="only to it"):
        make.vote_on(deal, actor=reviewer, verdict="approve_with_conditions")


# --- The deal moved on ---------------------------------------------------------------------------


def test_a_deal_that_was_decided_meanwhile_keeps_the_text(client):
    deal, slow = make.deal_in_review(), make.senior()
    fields = vote_fields(deal)
    make.vote_on(deal, actor=make.senior("Bo Ito"))
    client.force_login(slow)
    answer = client.post(f"/reviews/{deal.pk}/confirm/", fields)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Bo Ito decided this deal with a vote at" in page
    assert make.REASONS in page
    assert fields["severity_because"] in page
    assert "Use my text" not in page
    assert Vote.objects.count() == 1


def test_a_deal_that_was_screened_again_takes_the_text_over(client):
    deal, reviewer = make.deal_in_review(), make.senior()
    actions.claim_deal(deal, actor=reviewer)
    fields = vote_fields(deal)
    selling.rescreen_deal(deal, cause=Screening.Cause.FACT, because="test")
    client.force_login(reviewer)
    answer = client.post(f"/reviews/{deal.pk}/confirm/", fields)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "screened again while you were writing" in page
    assert "Use my text on the deal as it is now" in page
    actions.claim_deal(deal, actor=reviewer)
    page = client.post(f"/reviews/{deal.pk}/assess/", {**fields, "step": "again"})
    page = page.content.decode()
    assert f'name="screening" value="{deal.screening_id}"' in page
    assert fields["severity_because"] in page
    assert not Vote.objects.exists()


@pytest.mark.parametrize("number", ["0", "999999", "x", "", "-1", "1" * 40, "٣"])
def test_a_screening_that_is_none_of_this_deal_is_not_found(client, number):
    deal, reviewer = make.deal_in_review(), make.senior()
    other = make.deal_in_review()
    actions.claim_deal(deal, actor=reviewer)
    client.force_login(reviewer)
    for screening in (number, str(other.screening_id)):
        answer = client.post(
            f"/reviews/{deal.pk}/vote/", {**vote_fields(deal), "screening": screening}
        )
        assert answer.status_code == 404
    assert not Vote.objects.exists()


def new_rulebook():
    old = ReferenceVersion.objects.active().get(kind=Kind.RULEBOOK)
    content = Content(Kind.RULEBOOK, "1.2", old.content, "", old.source, "1.2", "")
    proposer, activator = make.person(access.POLICY_OWNER), make.person(access.POLICY_OWNER)
    version = governing.propose_version(content, actor=proposer)
    report = governing.start_check(version, actor=proposer)
    for job in Job.objects.filter(kind=governing.CHECK).unfinished():
        assert queue.perform(job.pk)
    report.refresh_from_db()
    governing.activate_version(version, report=report, actor=activator)
    return version


def test_a_vote_is_for_the_versions_that_are_active(client):
    deal, reviewer = make.deal_in_review(), make.senior()
    actions.claim_deal(deal, actor=reviewer)
    version = new_rulebook()
    client.force_login(reviewer)
    answer = client.post(f"/reviews/{deal.pk}/confirm/", vote_fields(deal))
    assert answer.status_code == 409
    assert "The reference data changed since this screening" in answer.content.decode()
    assert "Screen again" in client.get(f"/reviews/{deal.pk}/").content.decode()
    assert client.post(f"/reviews/{deal.pk}/screen-again/").status_code == 302
    deal.refresh_from_db()
    assert deal.screening.rulebook_id == version.pk
    answer = client.post(f"/reviews/{deal.pk}/screen-again/")
    assert answer.status_code == 409


def test_votes_of_a_former_screening_do_not_count():
    deal, first = make.deal_in_review(level="executive"), make.executive()
    make.vote_on(deal, actor=first)
    selling.rescreen_deal(deal, cause=Screening.Cause.FACT, because="test")
    make.vote_on(deal, actor=make.executive())
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW
    assert not Decision.objects.exists()


# --- Conditions ----------------------------------------------------------------------------------


@pytest.fixture
def condition():
    deal = make.deal_in_review()
    for person in (make.senior(), make.senior()):
        make.vote_on(deal, actor=person, verdict="approve_with_conditions", conditions=[DUTY])
    return Condition.objects.first()


def test_a_condition_is_settled_once(client, condition):
    actions.settle_condition(condition, because="Report of March", actor=make.senior())
    client.force_login(make.senior())
    answer = client.post(f"/conditions/{condition.pk}/settle/", {"because": "Again"})
    assert answer.status_code == 409
    condition.refresh_from_db()
    assert condition.met_because == "Report of March"


def test_who_owes_the_proof_does_not_accept_it(client, condition):
    owner = condition.owner
    client.force_login(owner)
    assert client.post(f"/conditions/{condition.pk}/settle/", {"because": "x"}).status_code == 403
    with pytest.raises(NotAllowed):
        actions.settle_condition(condition, because="Done", actor=owner)
    with pytest.raises(IntegrityError, match="a reviewer who had no hand"), transaction.atomic():
        Condition.objects.filter(pk=condition.pk).update(
            met_at="2027-01-01T00:00:00Z", met_by=owner, met_because="Done"
        )


def unmet(condition):
    condition.refresh_from_db()
    return condition.met_at is None and "condition.met" not in condition.decision.deal.audit_verbs()


def test_an_owner_who_became_a_reviewer_does_not_accept_the_proof(condition):
    condition.owner.groups.add(make.senior().groups.get())
    owner = type(condition.owner).objects.get(pk=condition.owner_id)
    with pytest.raises(NotAllowed, match="You owe this proof, so someone else must accept it"):
        actions.settle_condition(condition, because="Done", actor=owner)
    assert unmet(condition)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [("team", "your own sales team"), ("editor", "had a hand"), ("facts", "set a fact")],
)
def test_nobody_settles_a_condition_of_their_own_deal(condition, how, sentence):
    deal, reviewer = condition.decision.deal, make.senior()
    if how == "team":
        deal.team.members.add(reviewer)
    else:
        Contributor.objects.create(deal=deal, user=reviewer, part=how)
    with pytest.raises(NotAllowed, match=sentence):
        actions.settle_condition(condition, because="It is fine", actor=reviewer)
    assert unmet(condition)


def test_only_reviewers_settle_conditions(condition):
    for person in (make.compliance_officer(), make.auditor(), make.sales_person()):
        with pytest.raises(NotAllowed, match="Only reviewers settle conditions"):
            actions.settle_condition(condition, because="It is fine", actor=person)
    with pytest.raises(Conflict, match="Say why"):
        actions.settle_condition(condition, because="  ", actor=make.senior())
    assert unmet(condition)


def test_sales_sees_its_own_conditions_and_no_others(client, condition):
    client.force_login(condition.owner)
    page = client.get("/conditions/").content.decode()
    assert DUTY.text in page
    assert "Settle" not in page
    client.force_login(make.sales_person())
    assert "No open conditions." in client.get("/conditions/").content.decode()


def test_only_a_clearance_is_returned_to_review(client):
    client.force_login(make.executive())
    for deal in (make.rejected_deal(), make.deal_in_review(), make.deal_for_compliance()):
        answer = client.post(f"/reviews/{deal.pk}/return/", {"because": "A reason"})
        assert answer.status_code == 409
        assert "Only a cleared or approved deal is returned" in answer.content.decode()
