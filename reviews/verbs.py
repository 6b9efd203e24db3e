"""What reviewers do with deals and conditions: who may, when, and what the ledger calls it."""

from typing import Any

from audit.refusals import Conflict, NotAllowed
from people import access
from people.verbs import Verb, Who
from reviews.models import Condition, Review
from screening import verbs as selling
from screening.lifecycle import Status
from screening.models import Deal

ROLE_OF_LEVEL = {"senior": access.SENIOR, "executive": access.EXECUTIVE}
_REVIEWER = Who(access.REVIEWERS, "Only a senior reviewer or executive reviewer does this.")
_TAKES_OVER = Who((access.EXECUTIVE,), "Only an executive reviewer takes over a claim.")
_RETURNS = Who((access.EXECUTIVE,), "Only an executive reviewer returns a deal to review.")
_SETTLES = Who(access.REVIEWERS, "Only reviewers settle conditions.")


def _check_in_review(deal: Deal) -> None:
    if deal.status == Status.BARRED:
        raise Conflict("Nobody can approve this deal: the policy bars it.")
    if deal.status != Status.IN_REVIEW:
        raise Conflict(f"This deal is {deal.get_status_display().lower()}, not in review.")


def _check_no_part(deal: Deal, user: Any) -> None:
    """Wider than compliance's check: who had a say in the facts does not vote on them either."""
    selling.check_no_part(deal, user)
    part = deal.part_of(user)
    if part.set_a_fact:
        raise NotAllowed("You set a fact of this deal. Somebody else must review it.")
    if part.spoke_of_a_party:
        raise NotAllowed(
            "You said something of a party of this deal, or agreed to it. Somebody else must review"
            " the deal."
        )


def may_no_longer_vote(review: Review | None) -> bool:
    """Whether somebody who voted lost the role or the account since, joined those who sell, or had
    a say in what is known of a party.
    """
    if review is None:
        return False
    return any(not _may_still(review, vote.reviewer) for vote in review.given())


def _may_still(review: Review, voter: Any) -> bool:
    """The third vote is an executive's, whatever the level."""
    roles = {ROLE_OF_LEVEL[review.level], access.EXECUTIVE}
    try:
        _check_no_part(review.deal, voter)
    except NotAllowed:
        return False
    return bool(voter.is_active) and access.has_role(voter, *roles)


def _check_claim(deal: Deal, user: Any) -> None:
    """The level of the next vote decides whose role may claim."""
    _check_in_review(deal)
    _check_no_part(deal, user)
    review = Review.objects.current_of(deal)
    level = review.tally().next_voter if review else deal.review_level
    if not access.has_role(user, ROLE_OF_LEVEL[level]):
        raise NotAllowed(
            f"The next vote on this deal is for an {level} reviewer."
            if level == "executive"
            else f"The next vote on this deal is for a {level} reviewer."
        )
    if review and any(vote.reviewer_id == user.pk for vote in review.given()):
        raise NotAllowed("You have voted on this deal. Another person must give the next vote.")


def _check_held(deal: Deal, user: Any) -> Review:
    """The open review, which this person holds, or which nobody holds any more."""
    _check_claim(deal, user)
    review = Review.objects.current_of(deal)
    if review is None:
        raise Conflict("Claim this deal first.")
    holder = review.holder()
    if holder is not None and holder != user:
        raise Conflict(f"{holder.get_full_name() or holder.username} has claimed this deal.")
    return review


def _check_release(deal: Deal, user: Any) -> Review:
    """Only who holds a claim gives it back."""
    review = _check_held(deal, user)
    if review.holder() != user:
        raise Conflict("You do not hold this deal.")
    return review


def _check_pass_up(deal: Deal, user: Any) -> Review:
    review = _check_held(deal, user)
    if review.level == "executive":
        raise Conflict("This deal is already at the executive level.")
    if review.given():
        raise Conflict("A vote was given at this level. Vote, or release the deal.")
    return review


def _check_reopen(deal: Deal, user: Any) -> None:
    if not deal.is_clearance:
        label = deal.get_status_display().lower()
        raise Conflict(f"This deal is {label}. Only a cleared or approved deal is returned.")
    _check_no_part(deal, user)


def _check_settle(condition: Condition, user: Any) -> None:
    if condition.owner_id == user.pk:
        raise NotAllowed("You owe this proof, so someone else must accept it.")
    _check_no_part(condition.decision.deal, user)
    executives_set = condition.decision.review.level == "executive"
    if executives_set and not access.has_role(user, access.EXECUTIVE):
        raise NotAllowed(
            "Executives set this condition, so an executive reviewer accepts its proof."
        )
    if condition.met_at is not None:
        raise Conflict("This condition is already met.")


CLAIM = Verb("claim_deal", _REVIEWER, _check_claim, "review.claimed", "Claim this deal")
TAKE_OVER = Verb("take_over_claim", _TAKES_OVER, _check_claim, "review.taken_over", "Take over")
RELEASE = Verb("release_deal", _REVIEWER, _check_release, "review.released", "Release")
SKIP = Verb("skip_deal", _REVIEWER, _check_claim, "review.skipped", "Skip this deal")
PASS_UP = Verb(
    "pass_up", _REVIEWER, _check_pass_up, "review.passed_up", "Pass up to executive review"
)
ASK = Verb("ask_sales", _REVIEWER, _check_held, "deal.information_needed", "Ask sales")
VOTE = Verb("vote", _REVIEWER, _check_held, "review.voted", "Assess and vote")
SCREEN_AGAIN = Verb("screen_again", _REVIEWER, _check_claim, "deal.screened", "Screen again")
REOPEN = Verb(
    "reopen_deal", _RETURNS, _check_reopen, "deal.reopened_for_review", "Return to review"
)
SETTLE = Verb("settle_condition", _SETTLES, _check_settle, "condition.met", "Accept the proof")
OF_DEAL = (CLAIM, TAKE_OVER, RELEASE, SKIP, PASS_UP, ASK, VOTE, SCREEN_AGAIN, REOPEN)
VERBS = (*OF_DEAL, SETTLE)

#: Each event of a review, with what it recorded in braces.
SENTENCES = {
    CLAIM.event: "Claimed for the {level} review",
    TAKE_OVER.event: "Took over the claim",
    RELEASE.event: "Released the claim",
    SKIP.event: "Skipped the deal",
    PASS_UP.event: "Passed up to executive review",
    VOTE.event: "Voted",
    SETTLE.event: "Accepted the proof of a condition",
    "decisions.export_begun": "Began to export decisions",
    "decisions.exported": "Exported {rows} decisions",
}
