"""What compliance does with parties: who may, when, and what the ledger calls it.

What makes deals graver needs one person, what makes them milder two.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from audit.refusals import Conflict, NotAllowed
from people import access
from people.verbs import Verb, Who
from screening import verbs as selling
from screening.lifecycle import CLOSED
from screening.parties.models import (
    DealParty,
    Easing,
    Party,
    PartyFinding,
    PartyMerge,
    related_to,
    same_as,
)

_COMPLIANCE = Who((access.COMPLIANCE,), "Only compliance records what is known of a party.")
#: What two people have done, as the sentence of a refusal says it.
_DONE = {
    Easing.Kind.TAKE_BACK: "Two people have already taken this back.",
    Easing.Kind.CLEARED_MATCH: "Two people have already answered this match.",
    Easing.Kind.SPLIT: "Two people have already split these two.",
    Easing.Kind.APART: "Two people have already said that these are not the same.",
}


def _check_raise(_subject: object, _user: Any) -> None:
    """Raising is open to everybody in compliance: it eases nobody's deal."""


def _check_merge(pair: tuple[Party, Party], _user: Any) -> None:
    gone, into = pair
    if into.pk in same_as([gone.pk])[gone.pk]:
        raise Conflict(f"{gone} and {into} are already the same.")


def check_tie_ends(party: Party, others: Iterable[Party]) -> None:
    """What is known of an owner, or of who has the same number, is asked about in deals of the
    party, and so are the deals of that one that were stopped or that people looked at. Nobody ends
    that alone: two people say first that they are not the same.
    """
    own = same_as([party.pk])[party.pk]
    for other in others:
        if other.pk in own:
            continue
        above = related_to([other.pk]).owners[other.pk]
        is_known = PartyFinding.objects.standing().filter(party__in=above).exists()
        looked_at = Q(deal__status__in=CLOSED) | ~Q(deal__review_level="")
        used = DealParty.objects.end_users().filter(looked_at, party__in=above)
        told = Q(party__in=own, other=other) | Q(party=other, other__in=own)
        told_apart = Easing.objects.holding().filter(told, kind=Easing.Kind.APART)
        if (is_known or used.exists()) and not told_apart.exists():
            what = (
                f"Compliance knows more about {other}"
                if is_known
                else f"People looked at deals of {other}, or one was stopped"
            )
            raise Conflict(
                f"{what}, and deals of {party} are asked about it. "
                "Two people have to say first that these are not the same."
            )


def _check_not_asked(waiting: QuerySet[Easing]) -> None:
    if waiting.exists():
        raise Conflict("Somebody asked for this already. A second person can agree to it now.")


def _check_take_back(finding: PartyFinding, user: Any) -> None:
    selling.check_sells_to_none([finding.party], user)
    if not PartyFinding.objects.standing().filter(pk=finding.pk).exists():
        raise Conflict(_DONE[Easing.Kind.TAKE_BACK])
    about = Q(ruling=finding.ruling_id) if finding.ruling_id else Q(finding=finding)
    _check_not_asked(Easing.objects.waiting().filter(about))


def _check_split(merge: PartyMerge, user: Any) -> None:
    selling.check_sells_to_none([merge.gone, merge.into], user)
    if not PartyMerge.objects.standing().filter(pk=merge.pk).exists():
        raise Conflict(_DONE[Easing.Kind.SPLIT])
    _check_not_asked(Easing.objects.waiting().filter(merge=merge))


def _check_apart(pair: tuple[Party, Party], user: Any) -> None:
    party, other = pair
    selling.check_sells_to_none(pair, user)
    if other.pk in same_as([party.pk])[party.pk]:
        raise Conflict(f"{party} and {other} are recorded as the same. Split them first.")
    told = Easing.objects.filter(
        Q(party=party, other=other) | Q(party=other, other=party), kind=Easing.Kind.APART
    )
    if told.holding().exists():
        raise Conflict(_DONE[Easing.Kind.APART])
    _check_not_asked(told.waiting())


def _check_clear(party: Party, user: Any) -> None:
    selling.check_sells_to_none([party], user)
    matches = Easing.objects.filter(kind=Easing.Kind.CLEARED_MATCH, party=party)
    _check_not_asked(matches.waiting())


def _check_end(easing: Easing, _user: Any) -> None:
    """Anybody in compliance refuses what was asked, or ends it, also after it held."""
    if easing.words.filter(agrees=False).exists():
        raise Conflict("Somebody ended this. Ask for it again, with a reason.")


def _check_agree(easing: Easing, user: Any) -> None:
    _check_end(easing, user)
    if easing.words.exists():
        raise Conflict(_DONE[Easing.Kind(easing.kind)])
    selling.check_sells_to_none(easing.about, user)
    if easing.ruling is not None:
        selling.check_no_part(easing.ruling.deal, user)
    if easing.asked_by_id == user.pk:
        raise NotAllowed("You have already asked for this. A second person has to confirm it.")
    _check_asker(easing)


def _check_asker(easing: Easing) -> None:
    """Who asked for it lost the role or the account since, joined a sales team, or sent a deal;
    PostgreSQL looks at the last two, too.
    """
    asker = easing.asked_by
    if not asker.is_active or not access.has_role(asker, *_COMPLIANCE.roles):
        raise Conflict(
            "Whoever asked for this is no longer in compliance. Refuse it, and ask for it again."
        )
    try:
        selling.check_sells_to_none(easing.about, easing.asked_by)
        if easing.ruling is not None:
            selling.check_no_part(easing.ruling.deal, easing.asked_by)
    except NotAllowed as refusal:
        raise Conflict(
            "Whoever asked for this sells to this party, or did. Refuse it, and ask for it again."
        ) from refusal


RAISE = Verb(
    "raise_finding", _COMPLIANCE, _check_raise, "party.finding_raised", "Record what is known"
)
MERGE = Verb("merge", _COMPLIANCE, _check_merge, "party.merged", "They are the same")
ADD_NAME = Verb("add_name", _COMPLIANCE, _check_raise, "party.merged", "Add a name, or merge")
ADD_NUMBER = Verb(
    "add_identifier",
    _COMPLIANCE,
    _check_raise,
    "party.identifier_added",
    "Add a number of a register",
)
REMOVE_NUMBER = Verb(
    "remove_identifier", _COMPLIANCE, _check_raise, "party.identifier_removed", "Remove"
)
SET_PARENT = Verb("set_parent", _COMPLIANCE, _check_raise, "party.parent_set", "Say who owns it")
TAKE_BACK = Verb("ask_take_back", _COMPLIANCE, _check_take_back, "party.easing_asked", "Take back")
SPLIT = Verb("ask_split", _COMPLIANCE, _check_split, "party.easing_asked", "Split")
APART = Verb("ask_apart", _COMPLIANCE, _check_apart, "party.easing_asked", "They are not the same")
CLEAR = Verb(
    "ask_cleared_match", _COMPLIANCE, _check_clear, "party.easing_asked", "Answer a false alarm"
)
AGREE = Verb("agree", _COMPLIANCE, _check_agree, "party.easing_agreed", "Agree")
END = Verb("end", _COMPLIANCE, _check_end, "party.easing_ended", "Refuse, or end it")
OF_PARTY = (RAISE, ADD_NAME, ADD_NUMBER, REMOVE_NUMBER, SET_PARENT)
VERBS = (*OF_PARTY, MERGE, TAKE_BACK, SPLIT, APART, CLEAR, AGREE, END)

#: Each event of a party, with what it recorded in braces.
SENTENCES = {
    RAISE.event: "Recorded: {known}",
    "party.finding_followed": "Known from a deal: {known}",
    MERGE.event: "Recorded as the same as another party",
    ADD_NUMBER.event: "Added the number {value}",
    REMOVE_NUMBER.event: "Removed the number {value}",
    SET_PARENT.event: "Recorded who owns it",
    TAKE_BACK.event: "Asked {what}",
    AGREE.event: "Agreed as the second person {what}",
    END.event: "Refused or ended what was asked {what}",
}
