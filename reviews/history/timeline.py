"""The events of a deal in words, newest first."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import BigIntegerField, Case, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Cast, Substr

from audit.models import SYSTEM_NAME, AuditEvent
from people.names import name_in, named
from policy.wording import outcomes
from reviews import parties, verbs
from reviews.models import Vote
from screening import verbs as selling
from screening import wording
from screening.models import Confirmation, Deal
from screening.parties import verbs as of_parties

# Every keystroke of a draft is on record; reviewers read the answers as they were sent.
NOISE = ("deal.answer_changed",)
Payload = Mapping[str, Any]
#: Moment → the words of the screening that something at this moment led to.
type Words = Callable[[datetime], wording.Wording]


@dataclass(frozen=True)
class Entry:
    """One event as a page shows it. ``details`` holds what was recorded, as label and text."""

    pk: int
    verb: str
    what: str
    at: datetime
    who: str
    note: str
    details: list[tuple[str, str]]


def of_deal(deal: Deal, events: Iterable[AuditEvent] = ()) -> list[Entry]:
    """For reviewers: without the drafting, and without what a vote said.

    ``events`` are those that a page has read already (`without_noise`).
    """
    told = [event for event in events or without_noise(deal) if event.verb not in NOISE]
    return _with_confirmations(deal, _entries(deal, told, tell_votes=False), details=False)


def without_noise(deal: Deal) -> list[AuditEvent]:
    """All that is recorded of a deal, but of answers only those that became milder."""
    milder = Q(payload__contains='"milder"')
    return list(_named(deal.events().filter(~Q(verb__in=NOISE) | milder)))


def _named(events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
    """With who acted, as far as it was a person."""
    number = Cast(Substr("actor", len("user:") + 1), BigIntegerField())
    person = get_user_model().objects.filter(pk=OuterRef("number"))
    return events.annotate(
        number=Case(When(actor__startswith="user:", then=number)),
        person=Subquery(person.values(name=named())),
    )


def of_subjects(subjects: Iterable[str]) -> list[Entry]:
    """Of parties: what was recorded of them, each event of several of them once."""
    events = _named(AuditEvent.objects.filter(subject__in=list(subjects)).in_order())
    recorded = {_once(event): event for event in events}
    return _entries(None, recorded.values(), tell_votes=False)


def _once(event: AuditEvent) -> tuple[str, str, str]:
    """What concerns two parties is recorded for each, with the other one."""
    payload = json.loads(event.payload)
    payload.pop("other", None)
    return event.actor, event.verb, json.dumps(payload)


def of_record(deal: Deal) -> list[Entry]:
    """For the auditor: every event with all that was recorded."""
    entries = _entries(deal, _named(deal.events()), tell_votes=True)
    return _with_confirmations(deal, entries, details=True)


def _with_confirmations(deal: Deal, entries: list[Entry], *, details: bool) -> list[Entry]:
    """Confirmations have one event for many deals, so each is told from its own row."""
    if getattr(deal, "is_confirmed", True):
        confirmed = Confirmation.objects.of(deal).select_related("rulebook", "event")
        confirmed = confirmed.defer("rulebook__content", "rulebook__written")
    else:
        confirmed = Confirmation.objects.none()
    combined = entries + [_confirmed(confirmation, details=details) for confirmation in confirmed]
    return sorted(combined, key=lambda entry: entry.at, reverse=True)


def _confirmed(confirmation: Confirmation, *, details: bool) -> Entry:
    what = selling.SENTENCES["deals.confirmed"].what.format(rulebook=confirmation.rulebook)
    # Its event tells of many screenings: of them only how many, and this one.
    event = confirmation.event
    recorded = {**json.loads(event.payload), "screenings": str(confirmation.screening_id)}
    shown = [(key.replace("_", " "), _shown(value)) for key, value in recorded.items()]
    return Entry(event.pk, event.verb, what, event.at, "Proviso", "", shown if details else [])


def folded(entries: list[Entry]) -> list[list[Entry]]:
    """Runs of answers that were changed one after the other stand together; all else is alone."""
    runs: list[list[Entry]] = []
    for is_noise, run in groupby(entries, key=lambda entry: entry.verb in NOISE):
        members = list(run)
        runs += [members] if is_noise else [[entry] for entry in members]
    return runs


def _entries(deal: Deal | None, events: Iterable[AuditEvent], *, tell_votes: bool) -> list[Entry]:
    recorded = list(events)
    tells_facts = any(event.verb in OF_FACTS for event in recorded)
    words = wording.afterwards(deal) if tells_facts and deal is not None else None
    return [_entry(event, words, tell_votes=tell_votes) for event in reversed(recorded)]


def _entry(event: Any, words: Words | None, *, tell_votes: bool) -> Entry:
    payload = json.loads(event.payload)
    if event.verb in OF_FACTS and words is not None:
        what = OF_FACTS[event.verb](payload, words(event.at))
    else:
        what = _sentence(event.verb, payload)
    note = str(payload.get("because", ""))
    if event.verb == "review.voted" and tell_votes:
        what = f"{what}: {str(Vote.Verdict(payload['verdict']).label).lower()}"
    if event.verb in DECISIONS and not tell_votes:
        # The reasons of a decision are those of a vote; the page shows them where both are in.
        note = ""
    details = [(key.replace("_", " "), _shown(value)) for key, value in payload.items()]
    return Entry(
        pk=event.pk,
        verb=event.verb,
        what=what,
        at=event.at,
        who=_who(event),
        note=note,
        details=details if tell_votes else [],
    )


def _who(event: Any) -> str:
    """How the actor of an event is called."""
    if event.actor == SYSTEM_NAME:
        return "Proviso"
    return name_in(event.person) if event.person else str(event.actor)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _sentence(verb: str, payload: Payload) -> str:
    if verb in AT_LENGTH:
        return AT_LENGTH[verb](payload)
    if verb in verbs.SENTENCES:
        return verbs.SENTENCES[verb].format(**payload)
    if verb in of_parties.SENTENCES:
        return of_parties.SENTENCES[verb].format(**payload)
    if verb in selling.SENTENCES:
        return selling.SENTENCES[verb].what.format(**payload)
    # A verb without a sentence is shown as it is; nothing on record stays hidden.
    return verb.replace(".", ": ").replace("_", " ").capitalize()


def _screened(payload: Payload) -> str:
    outcome = outcomes.OUTCOMES.get(payload["outcome"], str(payload["outcome"])).lower()
    # A rule that fires for several destinations is recorded for each.
    rules = ", ".join(dict.fromkeys(payload.get("rules", ()))) or "no rule"
    looks = "; ".join(payload.get("looked_at_because", ()))
    return f"Screened: {outcome} ({rules})" + (f". People look at it: {looks}" if looks else "")


def _changed(payload: Payload) -> str:
    milder = " and made it milder" if payload.get("milder") else ""
    return f"Changed the answer {payload['question']}{milder}"


def _asked(payload: Payload) -> str:
    count = len(payload.get("questions", ()))
    if not count:
        return selling.SENTENCES["deal.information_needed"].what
    return "Asked sales a question" if count == 1 else f"Asked sales {count} questions"


def _ruled(payload: Payload, own: wording.Wording) -> str:
    fact = payload["fact"]
    return f"Set “{own.label(fact)}” to {own.value(fact, payload['value'])}"


def _taken_back(payload: Payload, own: wording.Wording) -> str:
    fact = payload["fact"]
    what = f"“{own.label(fact)}: {own.value(fact, payload['value'])}”"
    if payload["holds"]:
        return f"Asked to take back {what}; a second person must confirm"
    return f"Took back {what} as the second person"


def _kept(payload: Payload, own: wording.Wording) -> str:
    fact = payload["fact"]
    return f"Kept “{own.label(fact)}: {own.value(fact, payload['value'])}”"


def _of_party(event: str) -> Callable[[Payload], str]:
    """What is known, in the words of its pages."""
    sentence = of_parties.SENTENCES[event]
    return lambda payload: sentence.format(
        known=parties.in_words(payload["fact"], payload["value"])
    )


#: Easing → how its history calls it.
EASINGS = {
    "take_back": "to take back what is known",
    "cleared_match": "to clear a match",
    "split": "to split two parties",
    "apart": "to tell two parties apart",
}


def _easing(event: str) -> Callable[[Payload], str]:
    sentence = of_parties.SENTENCES[event]
    return lambda payload: sentence.format(what=EASINGS.get(payload["kind"], payload["kind"]))


DECISIONS = ("deal.approved", "deal.approved_with_conditions", "deal.rejected")
#: What speaks of facts and values, in the words of the screening that it led to.
OF_FACTS: dict[str, Callable[[Payload, wording.Wording], str]] = {
    "deal.fact_ruled": _ruled,
    "deal.ruling_taken_back": _taken_back,
    "deal.ruling_kept": _kept,
}
#: What says more than its sentence in the table.
AT_LENGTH: dict[str, Callable[[Payload], str]] = {
    "deal.answer_changed": _changed,
    "deal.screened": _screened,
    "deal.information_needed": _asked,
    **{event: _of_party(event) for event in ("party.finding_raised", "party.finding_followed")},
    **{
        verb.event: _easing(verb.event)
        for verb in (of_parties.CLEAR, of_parties.AGREE, of_parties.END)
    },
}
