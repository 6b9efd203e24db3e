"""What people do with deals on the seller's side: who may, when, and what the ledger calls it."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.utils.translation import gettext_noop as _

from audit.refusals import Conflict, NotAllowed
from people import access
from people.verbs import Verb, Who
from screening.lifecycle import CLOSED, MOVES, Status
from screening.models import Deal, FactRuling, reference_of
from screening.parties.models import Easing, Party, bodies

_SALES = Who((access.SALES,), "Only sales starts deals.")
_OWNER = Who((access.SALES,), "Only the owner of this deal in sales may do this.")
_SETTLES = Who((access.COMPLIANCE,), "Only compliance verifies and sets facts.")
_TAKES_BACK = Who((access.COMPLIANCE,), "Only compliance takes a ruling back.")


def _check_start(_nothing_yet: None, user: Any) -> None:
    if not user.sales_teams.exists():
        raise NotAllowed("You are in no sales team yet. Ask an administrator to add you to one.")


def _check_own(deal: Deal, user: Any) -> None:
    if deal.owner_id != user.pk:
        raise NotAllowed(_OWNER.refusal)


def _check_edit(deal: Deal, user: Any) -> None:
    """Answers change in a draft, and where sales is asked for information."""
    _check_own(deal, user)
    if deal.status not in {Status.DRAFT, Status.NEEDS_INFORMATION, Status.LAPSED}:
        label = deal.get_status_display().lower()
        raise Conflict(f"This deal is {label}. Its answers can no longer be changed.")


def _check_withdraw(deal: Deal, user: Any) -> None:
    _check_own(deal, user)
    if Status.WITHDRAWN not in MOVES[Status(deal.status)]:
        label = deal.get_status_display().lower()
        raise Conflict(f"This deal is {label}. It can no longer be withdrawn.")


def _check_delete_draft(deal: Deal, user: Any) -> None:
    _check_own(deal, user)
    if deal.status != Status.DRAFT:
        raise Conflict("Only a draft can be deleted. Withdraw the deal instead.")


def _check_start_changed(deal: Deal, user: Any) -> None:
    _check_own(deal, user)
    if deal.status not in CLOSED:
        raise Conflict("Only a closed deal is followed by a changed deal. Edit this one.")


def _check_rule_fact(deal: Deal, user: Any) -> None:
    """Compliance sets facts of deals it has no part in; a closed deal keeps its facts."""
    check_no_part(deal, user)
    if deal.is_closed or deal.status == Status.DRAFT:
        label = deal.get_status_display().lower()
        raise Conflict(f"This deal is {label}. Its facts can no longer be set.")


def _check_take_back(ruling: FactRuling, user: Any) -> None:
    """Compliance takes a ruling back, also one on a deal that is closed: it holds in others."""
    check_no_part(ruling.deal, user)
    check_sells_to_none(Party.objects.filter(findings__ruling=ruling), user)
    if not FactRuling.objects.standing().filter(pk=ruling.pk).exists():
        raise Conflict("Two people have already taken this ruling back.")
    if Easing.objects.waiting().filter(ruling=ruling, asked_by=user).exists():
        raise NotAllowed("You have already asked for this. A second person has to confirm it.")


def check_no_part(deal: Deal, user: Any) -> None:
    """Owners, editors and submitters, the team that sells, and who sells to the same end user do
    not judge: its deals count in each other.
    """
    part = deal.part_of(user)
    if part.in_team:
        raise NotAllowed("This is a deal of your own sales team. Somebody else must look at it.")
    if part.was_in_team:
        raise NotAllowed("You were in the sales team of this deal. Somebody else must look at it.")
    if part.had_a_hand:
        raise NotAllowed("You had a hand in this deal. Somebody else must look at it.")
    if part.shares_team:
        raise NotAllowed(
            "You share a sales team with somebody who sells this deal, or did. Somebody else must"
            " look at it."
        )
    if part.sells_to_end_user:
        raise NotAllowed(
            "You or your sales team sell to the end user of this deal, or did. Somebody else must"
            " look at it."
        )


def check_sells_to_none(parties: Iterable[Party], user: Any) -> None:
    """Nobody makes milder what is known of a party to whom they sell, or sold."""
    everybody = bodies({party.pk for party in parties})
    sold = Deal.objects.sold_with(user).filter(parts__party__in=everybody).order_by()
    # Asked for one of them, PostgreSQL would read the parties of every deal there is.
    if deals := list(sold.values_list("pk", "created_at")):
        raise NotAllowed(
            f"You or your sales team sell to this party, or did ({reference_of(*min(deals))}). "
            "Somebody else must look at it."
        )


START = Verb("start_deal", _SALES, _check_start, "deal.started", "Start a deal")
SAVE = Verb("save_answer", _OWNER, _check_edit, "deal.answer_changed", "Change answers")
SUBMIT = Verb("submit_deal", _OWNER, _check_edit, "deal.sent", "Answer and send")
WITHDRAW = Verb("withdraw_deal", _OWNER, _check_withdraw, "deal.withdrawn", "Withdraw this deal")
DELETE = Verb(
    "delete_draft", _OWNER, _check_delete_draft, "deal.draft_deleted", "Delete this draft"
)
COPY = Verb("copy_deal", _OWNER, _check_own, "deal.copied", "Copy it to a new deal")
START_CHANGED = Verb(
    "start_changed_deal", _OWNER, _check_start_changed, "deal.started", "Start a changed deal"
)
RULE = Verb("rule_fact", _SETTLES, _check_rule_fact, "deal.fact_ruled", "Verify or set a fact")
TAKE_BACK = Verb(
    "take_back_ruling", _TAKES_BACK, _check_take_back, "deal.ruling_taken_back", "Take it back"
)
OF_SALES = (SAVE, SUBMIT, START_CHANGED, COPY, WITHDRAW, DELETE)
VERBS = (START, *OF_SALES, RULE, TAKE_BACK)


class Sentence(NamedTuple):
    """An event as reviewers and auditors read it, and as sales does: empty where it does not."""

    what: str
    to_sales: str = ""


_CONFIRMED = _("Confirmed under {rulebook}: same outcome, same rules")
#: Each event about a deal, with what it recorded in braces.
SENTENCES = {
    START.event: Sentence("Started the deal", _("Started")),
    SAVE.event: Sentence("Changed the answer {question}"),
    SUBMIT.event: Sentence("Sent revision {number}", _("Sent revision {number}")),
    WITHDRAW.event: Sentence("Withdrew the deal", _("Withdrawn")),
    DELETE.event: Sentence("Deleted the draft"),
    COPY.event: Sentence("Copied from another deal", _("Copied from another deal")),
    RULE.event: Sentence("Set a fact", _("Compliance settled a fact")),
    TAKE_BACK.event: Sentence("Took back a ruling, or asked for it"),
    "deal.ruling_kept": Sentence("Kept a ruling that somebody asked to take back"),
    "deal.question_answered": Sentence("Answered question {question}", _("Answered a question")),
    "deal.screened": Sentence("Screened: {outcome}", _("Screened: {outcome}")),
    "deals.confirmed": Sentence(_CONFIRMED, _CONFIRMED),
    "deal.cleared": Sentence("Cleared", _("Cleared")),
    "deal.information_needed": Sentence(
        "Waits for information", _("More information was asked for")
    ),
    "deal.review_needed": Sentence("Went to review", _("Went to review")),
    "deal.review_raised": Sentence("Rose to {to} review", _("A higher level of review is needed")),
    "deal.approved": Sentence("Approved", _("Approved")),
    "deal.approved_with_conditions": Sentence(
        "Approved with conditions", _("Approved with conditions")
    ),
    "deal.rejected": Sentence("Rejected", _("Not approved")),
    "deal.barred": Sentence("Barred by the policy", _("Stopped by the policy")),
    "deal.barred_afterwards": Sentence(
        "Barred by the policy, after it had passed", _("Stopped by the policy")
    ),
    "deal.reopened_for_review": Sentence("Returned to review", _("Reopened: went to review")),
    "deal.reopened_for_information": Sentence(
        "Returned for information", _("Reopened: more information is needed")
    ),
    "deal.lapsed": Sentence("Lapsed", _("Lapsed")),
}
