"""Who may raise, merge and lower. ``check_x`` raises a sentence, ``may`` answers."""

from collections.abc import Callable, Iterable
from typing import Any

from audit.refusals import Conflict, NotAllowed
from people import access
from screening import verbs as selling
from screening.models import Deal
from screening.parties.models import Easing, Party, PartyFinding, PartyMerge, bodies

#: What two people have done, as the sentence of a refusal says it.
DONE = {
    Easing.Kind.TAKE_BACK: "Two people have already taken this back.",
    Easing.Kind.CLEARED_MATCH: "Two people have already answered this match.",
    Easing.Kind.SPLIT: "Two people have already split these two.",
    Easing.Kind.APART: "Two people have already said that these are not the same.",
}


def check_compliance(user: Any) -> None:
    if not access.has_role(user, access.COMPLIANCE):
        raise NotAllowed("Only compliance records what is known of a party.")


def check_raise(party: Party, user: Any) -> None:
    """Raising is open to everybody in compliance: it eases nobody's deal."""
    check_compliance(user)


def check_ease(parties: Iterable[Party], user: Any) -> None:
    """Nobody makes milder what is known of a party to whom they sell."""
    check_compliance(user)
    everybody = bodies({party.pk for party in parties})
    sold = Deal.objects.sold_with(user).filter(parts__party__in=everybody).order_by("pk").first()
    if sold is not None:
        raise NotAllowed(
            f"You or your sales team sell to this party ({sold.reference}). "
            "Somebody else must look at it."
        )


def check_take_back(finding: PartyFinding, user: Any) -> None:
    check_ease([finding.party], user)
    if not PartyFinding.objects.standing().filter(pk=finding.pk).exists():
        raise Conflict(DONE[Easing.Kind.TAKE_BACK])
    waits = Easing.objects.waiting()
    about = waits.filter(ruling=finding.ruling_id) if finding.ruling_id else None
    check_not_asked(waits.filter(finding=finding) if about is None else about)


def check_split(merge: PartyMerge, user: Any) -> None:
    check_ease([merge.gone, merge.into], user)
    if not PartyMerge.objects.standing().filter(pk=merge.pk).exists():
        raise Conflict(DONE[Easing.Kind.SPLIT])
    check_not_asked(Easing.objects.waiting().filter(merge=merge))


def check_not_asked(waiting: Any) -> None:
    if waiting.exists():
        raise Conflict("Somebody asked for this already. A second person can agree to it now.")


def check_answer(easing: Easing, user: Any, *, agrees: bool) -> None:
    """Another one agrees; anybody in compliance ends it, also after it held."""
    words = {word.agrees for word in easing.words.all()}
    if False in words:
        raise Conflict("Somebody ended this. Ask for it again, with a reason.")
    if not agrees:
        check_compliance(user)
        return
    if True in words:
        raise Conflict(DONE[Easing.Kind(easing.kind)])
    check_ease(easing.about, user)
    if easing.ruling is not None:
        selling.check_no_part(easing.ruling.deal, user)
    if easing.asked_by_id == user.pk:
        raise NotAllowed("You have already asked for this. A second person has to confirm it.")


def may(check: Callable[..., Any], *subject: Any, **options: Any) -> bool:
    try:
        check(*subject, **options)
    except (NotAllowed, Conflict):
        return False
    return True
