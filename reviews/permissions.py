"""Who may do what on the reviewer's side. ``check_x`` raises a sentence, ``may_x`` answers."""

from collections.abc import Callable
from typing import Any

from audit.refusals import Conflict, NotAllowed
from people import access
from reviews.models import Condition, Review
from screening import permissions as selling
from screening.lifecycle import Status
from screening.models import Deal

ROLE_OF_LEVEL = {"senior": access.SENIOR, "executive": access.EXECUTIVE}


def check_in_review(deal: Deal) -> None:
    if deal.status == Status.BARRED:
        raise Conflict("Nobody can approve this deal: the policy bars it.")
    if deal.status != Status.IN_REVIEW:
        raise Conflict(f"This deal is {deal.get_status_display().lower()}, not in review.")


def check_no_part(deal: Deal, user: Any) -> None:
    """Wider than compliance's check: who set a fact of the deal does not vote on it either."""
    selling.check_no_part(deal, user)
    if deal.contributors.filter(user=user).exists():
        raise NotAllowed("You set a fact of this deal. Somebody else must review it.")


def check_claim(deal: Deal, user: Any) -> None:
    """The level of the next vote decides whose role may claim."""
    if not access.has_role(user, *access.REVIEWERS):
        raise NotAllowed("Only reviewers claim deals.")
    check_in_review(deal)
    check_no_part(deal, user)
    review = Review.objects.current_of(deal)
    level = review.tally().next_voter if review else deal.review_level
    if not access.has_role(user, ROLE_OF_LEVEL[level]):
        raise NotAllowed(
            f"The next vote on this deal is for an {level} reviewer."
            if level == "executive"
            else f"The next vote on this deal is for a {level} reviewer."
        )
    if review and review.votes.filter(reviewer=user).exists():
        raise NotAllowed("You have voted on this deal. Another person must give the next vote.")


def check_held(deal: Deal, user: Any) -> Review:
    """The open review, which this person holds, or which nobody holds any more."""
    check_claim(deal, user)
    review = Review.objects.current_of(deal)
    if review is None:
        raise Conflict("Claim this deal first.")
    holder = review.holder()
    if holder is not None and holder != user:
        raise Conflict(f"{holder.get_full_name() or holder.username} has claimed this deal.")
    return review


def check_release(deal: Deal, user: Any) -> Review:
    """Only who holds a claim gives it back."""
    review = check_held(deal, user)
    if review.holder() != user:
        raise Conflict("You do not hold this deal.")
    return review


def check_vote(deal: Deal, user: Any) -> Review:
    return check_held(deal, user)


def check_ask(deal: Deal, user: Any) -> Review:
    return check_held(deal, user)


def check_pass_up(deal: Deal, user: Any) -> Review:
    review = check_held(deal, user)
    if review.level == "executive":
        raise Conflict("This deal is already at the executive level.")
    if review.votes.exists():
        raise Conflict("A vote was given at this level. Vote, or release the deal.")
    return review


def check_take_over(deal: Deal, user: Any) -> None:
    if not access.has_role(user, access.EXECUTIVE):
        raise NotAllowed("Only an executive reviewer takes over a claim.")
    check_claim(deal, user)


def check_reopen(deal: Deal, user: Any) -> None:
    if not access.has_role(user, access.EXECUTIVE):
        raise NotAllowed("Only an executive reviewer returns a deal to review.")
    if not deal.is_clearance:
        label = deal.get_status_display().lower()
        raise Conflict(f"This deal is {label}. Only a cleared or approved deal is returned.")
    check_no_part(deal, user)


def check_settle(condition: Condition, user: Any) -> None:
    if not access.has_role(user, *access.REVIEWERS):
        raise NotAllowed("Only reviewers settle conditions.")
    if condition.owner_id == user.pk:
        raise NotAllowed("You owe this proof, so someone else must accept it.")
    check_no_part(condition.decision.deal, user)
    if condition.met_at is not None:
        raise Conflict("This condition is already met.")


def may(check: Callable[..., Any], *subject: Any) -> bool:
    try:
        check(*subject)
    except (NotAllowed, Conflict):
        return False
    return True


def why_not(check: Callable[..., Any], *subject: Any) -> str:
    """The sentence of the refusal, empty when the check passes."""
    try:
        check(*subject)
    except (NotAllowed, Conflict) as refusal:
        return str(refusal)
    return ""
