"""What the verbs of a review do. Each is one transaction: lock, check (`verbs`), write, record."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.formats import date_format

from audit.ledger import canonical
from audit.models import Actor, AuditEvent
from audit.refusals import Conflict
from jobs.models import Clock
from policy import active
from reviews import verbs
from reviews.models import Condition, Decision, Review, Skip, Vote
from screening import actions as selling
from screening import following, mail
from screening.lifecycle import Status, move
from screening.models import Deal, FactRuling, Question, Screening
from screening.parties.models import Easing

LEASE = timedelta(minutes=45)
# Auditors read the reasons of a vote: one word is none.
LEAST_REASONS = 30
NO_LONGER = "who voted on it may no longer do so"


@dataclass(frozen=True)
class Duty:
    """A condition as a vote sets it."""

    text: str
    due_on: date
    evidence: str


@transaction.atomic
def claim_deal(deal: Deal, *, actor: User) -> Review:
    """Take the deal for 45 minutes; a second call by the same person renews the lease.

    Raises Conflict when somebody else holds it, NotAllowed when this person may not review it.
    """
    deal.lock()
    _begin_again(deal)
    verbs.CLAIM.check(deal, actor)
    review = Review.objects.current_of(deal) or _open_review(deal)
    holder = review.holder()
    if holder is not None and holder != actor:
        name = holder.get_full_name() or holder.username
        raise Conflict(f"{deal.reference} has just been claimed by {name}. Take the next one?")
    _hold(review, actor)
    if holder is None:
        _record(deal, actor, verbs.CLAIM.event, review=review.pk, level=review.level)
    return review


@transaction.atomic
def take_over_claim(deal: Deal, *, because: str, actor: User) -> Review:
    """An executive takes a deal from whoever holds it, and says why."""
    because = _said(because)
    deal.lock()
    _begin_again(deal)
    verbs.TAKE_OVER.check(deal, actor)
    review = Review.objects.current_of(deal) or _open_review(deal)
    former = review.holder()
    _hold(review, actor)
    _record(
        deal, actor, verbs.TAKE_OVER.event, because=because, former=former.pk if former else None
    )
    return review


@transaction.atomic
def release_deal(deal: Deal, *, actor: User) -> None:
    """Give the claim back; nothing that was typed is kept."""
    deal.lock()
    review = verbs.RELEASE.check(deal, actor)
    _free(review)
    _record(deal, actor, verbs.RELEASE.event, review=review.pk)


@transaction.atomic
def skip_deal(deal: Deal, *, because: str, actor: User) -> None:
    """Leave this screening to others; "take the next" does not offer it again."""
    because = _said(because)
    deal.lock()
    verbs.SKIP.check(deal, actor)
    Skip.objects.get_or_create(
        screening=deal.last_screening, reviewer=actor, defaults={"deal": deal, "because": because}
    )
    review = Review.objects.current_of(deal)
    if review is not None and review.holder() == actor:
        _free(review)
    _record(deal, actor, verbs.SKIP.event, because=because)


@transaction.atomic
def pass_up(deal: Deal, *, because: str, actor: User) -> None:
    """Send a senior review to the executive level. There is no way down."""
    because = _said(because)
    deal.lock()
    review = verbs.PASS_UP.check(deal, actor)
    review.level = "executive"
    review.claimed_by = review.claimed_until = None
    review.save(update_fields=["level", "claimed_by", "claimed_until"])
    deal.review_level = "executive"
    deal.save(update_fields=["review_level"])
    _record(deal, actor, verbs.PASS_UP.event, because=because)
    mail.tell_all([(deal, person, "review_needed") for person in mail.reviewers_for(deal)])


@transaction.atomic
def ask_sales(deal: Deal, *, questions: Sequence[tuple[str, str]], actor: User) -> list[Question]:
    """Ask sales, each question tied to a fact (or to none); the deal waits for the answers.

    The round of review ends: the answers make a new revision, which is screened and reviewed.
    """
    deal.lock()
    review = verbs.ASK.check(deal, actor)
    if not questions:
        raise Conflict("Write at least one question.")
    asked = deal.questions.count()
    rows = [
        Question.objects.create(
            deal=deal,
            screening=deal.last_screening,
            number=asked + place,
            fact=fact,
            text=text,
            asked_by=actor,
        )
        for place, (fact, text) in enumerate(questions, start=1)
    ]
    _close(review, "questions asked")
    move(
        deal,
        Status.NEEDS_INFORMATION,
        actor=actor,
        because="A reviewer asked.",
        payload={"questions": [row.number for row in rows]},
    )
    mail.tell(deal, deal.owner, template="questions", questions=rows)
    return rows


@transaction.atomic
def vote(
    deal: Deal,
    *,
    screening: Screening,
    verdict: str,
    because: str,
    assessment: dict[str, Any] | None = None,
    conditions: Sequence[Duty] = (),
    actor: User,
) -> Vote:
    """Give one vote on the screening that the reviewer read; the last needed vote decides.

    Raises Conflict when the deal moved on meanwhile: decided, screened again, or the reference
    data changed; NotAllowed when this person may not vote on it.
    """
    because = _said(because, least=LEAST_REASONS)
    deal.lock()
    check_not_overtaken(deal, screening)
    review = verbs.VOTE.check(deal, actor)
    review.lock()
    if verbs.may_no_longer_vote(review):
        raise Conflict(f"Somebody {NO_LONGER}. Claim this deal again: a new round begins.")
    _check_current(screening)
    if (verdict == Vote.Verdict.CONDITIONS) != bool(conditions):
        raise Conflict("Conditions belong to “approve with conditions”, and only to it.")
    last = following.last_day(screening)
    if any(duty.due_on > last for duty in conditions):
        ends = date_format(last, "j M Y")
        raise Conflict(f"The approval ends on {ends}. No condition is due after that.")
    revision = screening.revision
    row = Vote.objects.create(
        review=review,
        revision=revision,
        submitter_id=revision.submitter_id,
        reviewer=actor,
        verdict=verdict,
        because=because,
        assessment_text=canonical(assessment or {}),
        conditions_text=canonical(
            [{**asdict(duty), "due_on": duty.due_on.isoformat()} for duty in conditions]
        ),
    )
    _record(
        deal,
        actor,
        verbs.VOTE.event,
        review=review.pk,
        vote=row.pk,
        verdict=verdict,
        screening=screening.pk,
    )
    tally = review.tally()
    if tally.decided:
        _decide(deal, review, tally.decided, because=because, actor=actor)
    else:
        _free(review)
        _tell_next(deal, review, tally.next_voter)
    return row


@transaction.atomic
def screen_again(deal: Deal, *, actor: User) -> Screening:
    """Screen a deal in review with the versions that are active now, when they are newer."""
    deal.lock()
    verbs.SCREEN_AGAIN.check(deal, actor)
    if is_current(deal.last_screening, lock=True):
        raise Conflict("This deal was screened with the versions that are active now.")
    return selling.rescreen_deal(
        deal, cause=Screening.Cause.VERSION, because="Reference data changed.", actor=actor
    )


@transaction.atomic
def reopen_deal(deal: Deal, *, because: str, actor: User) -> None:
    """Return a cleared or approved deal to review: its facts are screened again first."""
    because = _said(because)
    deal.lock()
    verbs.REOPEN.check(deal, actor)
    deal.review_level = deal.review_level or "senior"
    deal.save(update_fields=["review_level"])
    selling.rescreen_deal(deal, cause=Screening.Cause.FACT, because=because, actor=actor)


@transaction.atomic
def rule_fact(
    deal: Deal,
    *,
    screening: Screening,
    fact: str,
    value: Any,
    because: str,
    source: str,
    actor: User,
) -> FactRuling:
    """Set a fact as compliance read it.

    Raises Conflict when sales sent another revision, or another fact was set, meanwhile.
    """
    because = _said(because)
    deal.lock()
    if deal.screening_id != screening.pk:
        revision = deal.newest_revision()
        if revision is not None and revision.pk != screening.revision_id:
            raise Conflict(f"Sales sent revision {revision.number} while you were writing.")
        raise Conflict("A fact of this deal was set while you were writing. Read it again.")
    return selling.rule_fact(
        deal, fact=fact, value=value, because=because, source=source, actor=actor
    )


@transaction.atomic
def take_back_ruling(ruling: FactRuling, *, because: str, actor: User) -> Easing:
    """Say that a ruling was wrong; the second person who says so ends it."""
    return selling.take_back_ruling(ruling, because=_said(because), actor=actor)


@transaction.atomic
def settle_condition(condition: Condition, *, because: str, actor: User) -> None:
    """Accept the proof of a condition."""
    because = _said(because)
    condition.refresh_from_db(from_queryset=Condition.objects.select_for_update())
    verbs.SETTLE.check(condition, actor)
    condition.met_at, condition.met_by, condition.met_because = Clock(), actor, because
    condition.save(update_fields=["met_at", "met_by", "met_because"])
    _record(
        condition.decision.deal, actor, verbs.SETTLE.event, condition=condition.pk, because=because
    )


def _said(because: str, *, least: int = 1) -> str:
    """The reason without blanks around it. Raises Conflict when it is too short to be one."""
    because = because.strip()
    if len(because) < least:
        raise Conflict("Say why." if least == 1 else f"Say why, in {least} characters or more.")
    return because


def check_not_overtaken(deal: Deal, screening: Screening) -> None:
    """Raises Conflict when the deal is no longer where the reviewer read it."""
    decision = Decision.objects.filter(screening=screening).first()
    if decision is not None:
        last = decision.review.votes.select_related("reviewer").latest("pk")
        name = last.reviewer.get_full_name() or last.reviewer.username
        raise Conflict(
            f"{name} decided this deal with a vote at {decision.decided_at:%H:%M} UTC, "
            "while you were writing."
        )
    if deal.screening_id != screening.pk:
        raise Conflict("The deal was screened again while you were writing. Read it again.")


def is_current(screening: Screening, *, lock: bool = False) -> bool:
    """Whether a screening used the versions that are active now, or was confirmed under them."""
    return screening.is_current(active.versions(lock=lock))


def _check_current(screening: Screening) -> None:
    if not is_current(screening, lock=True):
        raise Conflict("The reference data changed since this screening. Screen again first.")


def _decide(deal: Deal, review: Review, outcome: str, *, because: str, actor: User) -> Decision:
    decision = Decision.objects.create(
        review=review, deal=deal, screening=review.screening, outcome=outcome, because=because
    )
    if outcome != Status.REJECTED:
        deal.valid_until = Clock() + following.validity(review.screening)
        deal.save(update_fields=["valid_until"])
    if outcome == Status.APPROVED_WITH_CONDITIONS:
        # PostgreSQL holds their days against the last one of the approval.
        _set_conditions(decision)
    _close(review, "decided")
    move(
        deal,
        Status(outcome),
        actor=actor,
        because=because,
        payload={"decision": decision.pk, "screening": review.screening_id},
    )
    mail.tell_of_status(deal)
    return decision


def _set_conditions(decision: Decision) -> None:
    """The conditions of everybody who approved apply together."""
    number = 0
    for vote in decision.review.votes.exclude(verdict=Vote.Verdict.REJECT).order_by("pk"):
        for duty in vote.conditions:
            number += 1
            Condition.objects.create(
                decision=decision,
                number=number,
                owner=decision.deal.owner,
                text=duty["text"],
                due_on=date.fromisoformat(duty["due_on"]),
                evidence=duty["evidence"],
            )


def _begin_again(deal: Deal) -> None:
    """A vote of somebody who may no longer vote decides nothing: a new screening ends its round."""
    if verbs.may_no_longer_vote(Review.objects.current_of(deal)):
        because = f"Somebody {NO_LONGER}."
        selling.rescreen_deal(deal, cause=Screening.Cause.FACT, because=because)


def _open_review(deal: Deal) -> Review:
    """Start the round for the newest screening; rounds of older screenings end here."""
    for stale in Review.objects.still_open().filter(deal=deal):
        _close(stale, "screened again")
    return Review.objects.create(deal=deal, screening=deal.last_screening, level=deal.review_level)


def _hold(review: Review, person: Any) -> None:
    review.claimed_by = person
    review.claimed_until = Clock() + LEASE
    review.save(update_fields=["claimed_by", "claimed_until"])


def _free(review: Review) -> None:
    review.claimed_by = review.claimed_until = None
    review.save(update_fields=["claimed_by", "claimed_until"])


def _close(review: Review, because: str) -> None:
    review.closed_at = Clock()
    review.closed_because = because
    review.claimed_by = review.claimed_until = None
    review.save(update_fields=["closed_at", "closed_because", "claimed_by", "claimed_until"])


def _tell_next(deal: Deal, review: Review, level: str) -> None:
    voted = set(review.votes.values_list("reviewer", flat=True))
    holders = mail.holders_of(verbs.ROLE_OF_LEVEL[level], deal)
    mail.tell_all([(deal, one, "vote_needed") for one in holders if one.pk not in voted])


def _record(deal: Deal, actor: Actor, verb: str, **payload: Any) -> None:
    AuditEvent.objects.append(subject=deal.subject, actor=actor, verb=verb, payload=payload)
