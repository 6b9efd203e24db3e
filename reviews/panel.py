"""What the review page offers this person: the side panel, and what a vote would lead to."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from people import access
from reviews import labels, verbs
from reviews.actions import is_current
from reviews.models import Review, Vote
from screening.lifecycle import Status
from screening.models import Deal


@dataclass(frozen=True)
class Panel:
    """``state`` is barred, read, closed, refused, free, held (by somebody else) or mine."""

    state: str
    sentence: str = ""
    holder: str = ""
    until: datetime | None = None
    votes_given: int = 0
    # The reference data changed since the screening: no vote counts before it is screened again.
    is_stale: bool = False

    @property
    def template(self) -> str:
        """Nothing is offered on a deal that is closed or only read."""
        shut = self.state in ("barred", "read", "closed")
        return "reviews/panel_shut.html" if shut else "reviews/panel.html"


def panel(deal: Deal, user: Any) -> Panel:
    """A barred deal has no panel for anybody, and the auditor only reads."""
    if deal.status == Status.BARRED:
        return Panel("barred", "Nobody can approve this deal.")
    if not access.has_role(user, *access.REVIEWERS):
        return Panel("read", "You can read this deal. Reviewers decide.")
    if deal.status != Status.IN_REVIEW:
        return Panel("closed", f"This deal is {deal.get_status_display().lower()}.")
    return _open_panel(deal, user)


def _open_panel(deal: Deal, user: Any) -> Panel:
    review = Review.objects.current_of(deal)
    holder = review.holder() if review else None
    base = Panel(
        "mine",
        holder=labels.person(holder) if holder else "",
        until=review.claimed_until if review and holder else None,
        votes_given=len(review.given()) if review else 0,
        is_stale=deal.screening is not None and not is_current(deal.screening),
    )
    refusal = verbs.CLAIM.why_not(deal, user)
    if refusal:
        return replace(base, state="refused", sentence=refusal)
    if holder is None:
        return replace(base, state="free")
    return base if holder == user else replace(base, state="held")


def consequence(level: str, votes_given: int, verdict: str) -> str:
    """What recording this vote leads to.

    The second voter reads the same sentence whatever the first vote was.
    """
    if votes_given == 1:
        return (
            "Yours is the second vote. Two votes that agree decide the deal, and the conditions "
            "of both apply. Votes that differ go to an executive reviewer."
        )
    if votes_given == 0 and level == "executive":
        return "A second executive reviewer votes next, without seeing your vote."
    if votes_given == 0 and verdict == Vote.Verdict.CONDITIONS:
        return "Conditions need a second vote. Another senior reviewer votes next."
    if verdict == Vote.Verdict.REJECT:
        return "Your vote decides: the deal is rejected for good. Sales may start a changed deal."
    return "Your vote decides: the deal is approved, and sales hears of it now."
