"""Each verb of a reviewer through its page: the answer, the rows, the event and the mail."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from reviews.actions import Duty, claim_deal
from reviews.assessment import CRITERIA
from reviews.models import Condition, Decision, Review, Skip, Vote
from screening.lifecycle import Status
from screening.models import Notification, Screening
from tests import factories as make

pytestmark = pytest.mark.django_db
DUE = date.today() + timedelta(days=90)  # noqa: DTZ011  a date after today is all it has to be
DUTY = Duty("Send a usage report each half-year", DUE, "The signed report")

ASSESSED = {
    **{choice.name: next(iter(choice.options)) for one in CRITERIA for choice in one.choices},
    **{one.reason: f"{one.title}: radio only, nothing is read or kept." for one in CRITERIA},
}


def verbs(deal):
    return [verb for verb in deal.audit_verbs() if verb != "deal.answer_changed"]


def mailed(person, word):
    return Notification.objects.filter(to=person, subject__icontains=word).count()


@pytest.fixture
def reviewer(client):
    person = make.senior("Anna Keller")
    client.force_login(person)
    return person


@pytest.fixture
def deal(reviewer):
    return make.deal_in_review()


def vote_fields(deal, **more):
    fields = {"screening": deal.screening_id, "verdict": "approve", "because": make.REASONS}
    return {**ASSESSED, **fields, **more}


def test_claim_holds_the_deal_for_45_minutes(client, deal, reviewer):
    answer = client.post(f"/reviews/{deal.pk}/claim/")
    assert answer.status_code == 302
    review = Review.objects.get()
    assert review.holder() == reviewer
    left = review.claimed_until - timezone.now()
    assert timedelta(minutes=44) < left <= timedelta(minutes=45)
    assert verbs(deal)[-1] == "review.claimed"
    assert "Claimed by you until" in client.get(answer.url).content.decode()


def test_claiming_again_renews_without_another_event(client, deal, reviewer):
    client.post(f"/reviews/{deal.pk}/claim/")
    Review.objects.update(claimed_until=timezone.now() + timedelta(minutes=2))
    client.post(f"/reviews/{deal.pk}/claim/")
    assert Review.objects.get().claimed_until > timezone.now() + timedelta(minutes=40)
    assert verbs(deal).count("review.claimed") == 1


def test_release_gives_it_back(client, deal, reviewer):
    claim_deal(deal, actor=reviewer)
    assert client.post(f"/reviews/{deal.pk}/release/").status_code == 302
    assert Review.objects.get().holder() is None
    assert verbs(deal)[-1] == "review.released"


def test_skip_keeps_the_reason_and_take_next_passes_over_it(client, deal, reviewer):
    other = make.deal_in_review()
    answer = client.post(f"/reviews/{deal.pk}/skip/", {"because": "I know the customer"})
    assert answer.status_code == 302
    assert Skip.objects.get().because == "I know the customer"
    assert verbs(deal)[-1] == "review.skipped"
    assert client.post("/reviews/next/").url == f"/reviews/{other.pk}/"


def test_take_next_takes_the_first_that_is_free(client, deal, reviewer):
    second = make.deal_in_review()
    claim_deal(deal, actor=make.senior())
    answer = client.post("/reviews/next/")
    assert answer.url == f"/reviews/{second.pk}/"
    assert Review.objects.get(deal=second).holder() == reviewer
    answer = client.post("/reviews/next/", follow=True)
    assert "No deal is free for you now." in answer.content.decode()


def test_an_executive_takes_over_with_a_reason(client, reviewer):
    deal = make.deal_in_review(level="executive")
    first, second = make.executive(), make.executive()
    claim_deal(deal, actor=first)
    client.force_login(second)
    answer = client.post(f"/reviews/{deal.pk}/take-over/", {"because": "The first one is ill"})
    assert answer.url == f"/reviews/{deal.pk}/"
    assert Review.objects.get().holder() == second
    assert verbs(deal)[-1] == "review.taken_over"


def test_pass_up_hands_it_to_executives_and_mails_them(client, deal, reviewer):
    chief = make.executive()
    claim_deal(deal, actor=reviewer)
    answer = client.post(f"/reviews/{deal.pk}/pass-up/", {"because": "The army will use it"})
    assert answer.status_code == 302
    deal.refresh_from_db()
    assert deal.review_level == Review.objects.get().level == "executive"
    assert Review.objects.get().holder() is None
    assert verbs(deal)[-1] == "review.passed_up"
    assert mailed(chief, "executive review") == 1


def test_ask_sales_ends_the_round_and_mails_the_questions(client, deal, reviewer):
    claim_deal(deal, actor=reviewer)
    answer = client.post(
        f"/reviews/{deal.pk}/ask/",
        {
            "q1-text": "Who will operate the radio sites?",
            "q1-fact": "end_user_type",
            "q2-text": "In which regions?",
            "q2-fact": "",
            "q3-text": "",
            "q3-fact": "",
        },
    )
    assert answer.status_code == 302
    deal.refresh_from_db()
    assert deal.status == Status.NEEDS_INFORMATION
    assert list(deal.questions.values_list("number", "fact")) == [(1, "end_user_type"), (2, "")]
    assert Review.objects.get().closed_because == "questions asked"
    assert verbs(deal)[-1] == "deal.information_needed"
    mail = Notification.objects.filter(to=deal.owner).latest("pk")
    assert "Who will operate the radio sites?" in mail.body


def test_one_senior_approval_decides(client, deal, reviewer):
    claim_deal(deal, actor=reviewer)
    answer = client.post(f"/reviews/{deal.pk}/confirm/", vote_fields(deal))
    assert answer.status_code == 302
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED
    vote, decision = Vote.objects.get(), Decision.objects.get()
    assert vote.assessment["scale"] == "1"
    assert vote.assessment["severity_because"] == ASSESSED["severity_because"]
    assert (decision.outcome, decision.because) == ("approved", make.REASONS)
    assert verbs(deal)[-2:] == ["review.voted", "deal.approved"]
    assert mailed(deal.owner, "approved") == 1
    assert timedelta(days=180) < deal.valid_until - timezone.now() < timedelta(days=183)


def test_a_rejection_closes_the_deal(client, deal, reviewer):
    claim_deal(deal, actor=reviewer)
    client.post(f"/reviews/{deal.pk}/confirm/", vote_fields(deal, verdict="reject"))
    deal.refresh_from_db()
    assert deal.status == Status.REJECTED
    assert verbs(deal)[-1] == "deal.rejected"
    assert mailed(deal.owner, "rejected") == 1


def test_conditions_need_a_second_person_and_those_of_both_apply(client, deal, reviewer):
    second = make.senior()
    claim_deal(deal, actor=reviewer)
    row = {"rows": "1", "c1-text": DUTY.text, "c1-due_on": DUE, "c1-evidence": DUTY.evidence}
    fields = vote_fields(deal, verdict="approve_with_conditions", **row)
    assert client.post(f"/reviews/{deal.pk}/confirm/", fields).status_code == 302
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW
    assert Review.objects.get().holder() is None
    assert verbs(deal)[-1] == "review.voted"
    assert mailed(second, "another vote") == 1
    assert mailed(reviewer, "another vote") == 0
    other = Duty("Keep the logs for a year", DUE, "An extract")
    make.vote_on(deal, actor=second, verdict="approve_with_conditions", conditions=[other])
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED_WITH_CONDITIONS
    texts = list(Condition.objects.values_list("number", "text", "owner"))
    assert texts == [(1, DUTY.text, deal.owner_id), (2, other.text, deal.owner_id)]
    assert mailed(deal.owner, "approved with conditions") == 1


def test_an_executive_review_takes_two_executives(reviewer):
    deal = make.deal_in_review(level="executive")
    make.vote_on(deal, actor=make.executive())
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW
    make.vote_on(deal, actor=make.executive())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED


def test_when_two_differ_a_third_person_decides(reviewer):
    deal = make.deal_in_review(level="executive")
    make.vote_on(deal, actor=make.executive())
    make.vote_on(deal, actor=make.executive(), verdict="reject")
    assert Review.objects.get().tally().next_voter == "executive"
    make.vote_on(deal, actor=make.executive(), verdict="reject")
    deal.refresh_from_db()
    assert deal.status == Status.REJECTED


def test_settling_a_condition_keeps_the_proof(client, deal, reviewer):
    for person in (make.senior(), make.senior()):
        make.vote_on(deal, actor=person, verdict="approve_with_conditions", conditions=[DUTY])
    condition = Condition.objects.first()
    answer = client.post(f"/conditions/{condition.pk}/settle/", {"because": "Report of 3 March"})
    assert answer.status_code == 302
    condition.refresh_from_db()
    assert (condition.met_by, condition.met_because) == (reviewer, "Report of 3 March")
    assert verbs(deal)[-1] == "condition.met"


def test_an_executive_returns_an_approved_deal_to_review(client, reviewer):
    deal = make.approved_deal()
    client.force_login(make.executive())
    answer = client.post(f"/reviews/{deal.pk}/return/", {"because": "The press reports misuse"})
    assert answer.status_code == 302
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW
    assert Screening.objects.filter(revision__deal=deal).count() == 2
    assert verbs(deal)[-1] == "deal.reopened_for_review"
    assert "The press reports misuse" in client.get(answer.url).content.decode()


def test_three_pages_carry_what_was_typed(client, deal, reviewer):
    claim_deal(deal, actor=reviewer)
    first = {**ASSESSED, "screening": deal.screening_id, "step": "continue"}
    page = client.post(f"/reviews/{deal.pk}/assess/", first).content.decode()
    assert "Continue to confirm" in page
    assert ASSESSED["link_because"] in page
    page = client.post(f"/reviews/{deal.pk}/vote/", vote_fields(deal, step="continue"))
    page = page.content.decode()
    for words in ("Record vote", make.REASONS, "Your vote decides", "C4b", "Very high"):
        assert words in page
    assert not Vote.objects.exists()


def test_another_condition_row_comes_without_script(client, deal, reviewer):
    claim_deal(deal, actor=reviewer)
    fields = vote_fields(deal, step="add", rows="1", **{"c1-text": "Keep the logs"})
    page = client.post(f"/reviews/{deal.pk}/vote/", fields).content.decode()
    assert 'name="c2-text"' in page
    assert "Keep the logs" in page


def test_every_missing_reason_is_named(client, deal, reviewer):
    claim_deal(deal, actor=reviewer)
    fields = {**ASSESSED, "screening": deal.screening_id, "link_because": "short"}
    page = client.post(f"/reviews/{deal.pk}/assess/", fields).content.decode()
    assert "Error:" in page.partition("</title>")[0]
    assert "Give a reason for “Our link”, in 30 characters or more" in page
    assert "short" in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"verdict": "approve_with_conditions"}, "Write at least one condition"),
        ({"because": "fine"}, "Give your reasons, in 30 characters or more"),
        ({"verdict": ""}, "Choose a verdict"),
        ({"c1-text": "Keep the logs"}, "Condition 1: enter the due date"),
        (
            {"c1-text": "a", "c1-due_on": "2020-01-01", "c1-evidence": "b"},
            "Condition 1: enter a date after today",
        ),
        (
            {"c1-text": "a", "c1-due_on": str(DUE), "c1-evidence": "b"},
            "Empty the conditions, or approve with conditions",
        ),
    ],
)
def test_a_vote_that_does_not_fit_says_what_to_repair(client, deal, reviewer, change, sentence):
    claim_deal(deal, actor=reviewer)
    for step in ("vote", "confirm"):
        page = client.post(f"/reviews/{deal.pk}/{step}/", vote_fields(deal, **change))
        assert sentence in page.content.decode()
    assert not Vote.objects.exists()
