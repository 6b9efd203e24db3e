"""Who may do what on the seller's side. ``check_x`` raises a sentence, ``may_x`` answers.

Views, actions and templates ask the same functions; the sentence is what the page shows.
"""

from typing import Any

from audit.refusals import Conflict, NotAllowed
from people import access
from screening.lifecycle import CLOSED, MOVES, Status
from screening.models import Deal, FactRuling, PastMember


def check_start_deal(user: Any) -> None:
    if not access.has_role(user, access.SALES):
        raise NotAllowed("Only sales starts deals.")
    if not user.sales_teams.exists():
        raise NotAllowed("You are in no sales team yet. Ask an administrator to add you to one.")


def why_not_start_deal(user: Any) -> str:
    """The sentence of the refusal; empty when this person may start a deal."""
    try:
        check_start_deal(user)
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def check_own(deal: Deal, user: Any) -> None:
    if deal.owner_id != user.pk or not access.has_role(user, access.SALES):
        raise NotAllowed("Only the owner of this deal in sales may do this.")


def check_edit(deal: Deal, user: Any) -> None:
    """Answers change in a draft, and where sales is asked for information."""
    check_own(deal, user)
    if deal.status not in {Status.DRAFT, Status.NEEDS_INFORMATION, Status.LAPSED}:
        label = deal.get_status_display().lower()
        raise Conflict(f"This deal is {label}. Its answers can no longer be changed.")


def check_submit(deal: Deal, user: Any) -> None:
    check_edit(deal, user)


def check_withdraw(deal: Deal, user: Any) -> None:
    check_own(deal, user)
    if Status.WITHDRAWN not in MOVES[Status(deal.status)]:
        label = deal.get_status_display().lower()
        raise Conflict(f"This deal is {label}. It can no longer be withdrawn.")


def check_delete_draft(deal: Deal, user: Any) -> None:
    check_own(deal, user)
    if deal.status != Status.DRAFT:
        raise Conflict("Only a draft can be deleted. Withdraw the deal instead.")


def check_copy(deal: Deal, user: Any) -> None:
    check_own(deal, user)


def check_start_changed(deal: Deal, user: Any) -> None:
    check_own(deal, user)
    if deal.status not in CLOSED:
        raise Conflict("Only a closed deal is followed by a changed deal. Edit this one.")


def check_rule_fact(deal: Deal, user: Any) -> None:
    """Compliance sets facts of deals it has no part in; a closed deal keeps its facts."""
    if not access.has_role(user, access.COMPLIANCE):
        raise NotAllowed("Only compliance verifies and sets facts.")
    check_no_part(deal, user)
    if deal.is_closed or deal.status == Status.DRAFT:
        label = deal.get_status_display().lower()
        raise Conflict(f"This deal is {label}. Its facts can no longer be set.")


def check_take_back(ruling: FactRuling, user: Any) -> None:
    """Compliance takes a ruling back, also one on a deal that is closed: it holds in others."""
    if not access.has_role(user, access.COMPLIANCE):
        raise NotAllowed("Only compliance takes a ruling back.")
    check_no_part(ruling.deal, user)
    if not FactRuling.objects.standing().filter(pk=ruling.pk).exists():
        raise Conflict("Two people have already taken this ruling back.")
    if ruling.taken_back.filter(taken_by=user).exists():
        raise NotAllowed("You have already asked for this. A second person has to confirm it.")


def check_no_part(deal: Deal, user: Any) -> None:
    """Owners, editors and submitters, and the team that sells, do not judge."""
    if deal.team.members.filter(pk=user.pk).exists():
        raise NotAllowed("This is a deal of your own sales team. Somebody else must look at it.")
    if PastMember.objects.filter(user=user).of_deals([deal]).exists():
        raise NotAllowed("You were in the sales team of this deal. Somebody else must look at it.")
    parts = deal.contributors.filter(user=user).exclude(part="facts")
    if parts.exists():
        raise NotAllowed("You had a hand in this deal. Somebody else must look at it.")


def may_edit(deal: Deal, user: Any) -> bool:
    return _passes(check_edit, deal, user)


def may_withdraw(deal: Deal, user: Any) -> bool:
    return _passes(check_withdraw, deal, user)


def may_copy(deal: Deal, user: Any) -> bool:
    return _passes(check_copy, deal, user)


def may_start_changed(deal: Deal, user: Any) -> bool:
    return _passes(check_start_changed, deal, user)


def may_rule_fact(deal: Deal, user: Any) -> bool:
    return _passes(check_rule_fact, deal, user)


def may_take_back(ruling: FactRuling, user: Any) -> bool:
    try:
        check_take_back(ruling, user)
    except (NotAllowed, Conflict):
        return False
    return True


def _passes(check: Any, deal: Deal, user: Any) -> bool:
    try:
        check(deal, user)
    except (NotAllowed, Conflict):
        return False
    return True
