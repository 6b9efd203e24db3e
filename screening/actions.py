"""What the seller's verbs do. Each is one transaction: lock, check (`verbs`), write, record."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction

from audit.ledger import canonical, digest
from audit.models import SYSTEM, Actor, AuditEvent
from audit.refusals import Conflict
from jobs.models import Clock, Job
from policy import active
from policy.facts.bundle import ReferenceData
from screening import deriving, following, linking, mail, recording, verbs
from screening.around import Around
from screening.form import meanings, questions
from screening.form.questions import Reading
from screening.lifecycle import AFTER_RULING, AFTER_SAID, Status, move
from screening.linking import Other
from screening.models import (
    Answer,
    Contributor,
    Deal,
    DealRevision,
    FactRuling,
    SalesTeam,
    Screening,
    StoppedDraft,
)
from screening.parties import actions as parties
from screening.parties.models import Easing

#: The question that the registry may answer.
COUNTRY = "customer-country"
#: The one with words of sites in it.
PLACES = "countries"


@transaction.atomic
def start_deal(*, actor: User, predecessor: Deal | None = None) -> Deal:
    """Begin an empty draft in the actor's first sales team."""
    verbs.START.check(None, actor)
    team = SalesTeam.objects.filter(members=actor).earliest("pk")
    deal = Deal.objects.create(owner=actor, team=team, predecessor=predecessor)
    _record(deal, actor, verbs.START.event, predecessor=predecessor.pk if predecessor else None)
    return deal


@transaction.atomic
def save_answer(deal: Deal, *, slug: str, value: Any, actor: User) -> None:
    """Keep one answer of the draft; every change of an answer is an event."""
    deal.lock()
    verbs.SAVE.check(deal, actor)
    if slug not in questions.BY_SLUG:
        raise Conflict(f"The form has no question “{slug}”.")
    known = slug in deal.answers and not questions.copied_from(deal.answers, slug)
    if known and deal.answers[slug] == value:
        return
    before, data = dict(deal.answers), active.reference_data()
    deal.answers[slug] = value
    questions.confirm(deal.answers, slug)
    if slug == "customer":
        _take_country(deal, before, data)
    deriving.check_readable(deal.answers)
    deal.title = questions.title_of(deal.answers, data)
    milder = _milder(before, deal.answers) if before.get(slug) is not None else {}
    gone = [finding["outcome"] for finding in milder.get("milder", ())]
    able = _able(deal, data) if gone else frozenset()
    reworded = slug == PLACES and meanings.words_of_sites_gone(before, deal.answers, data)
    questions.soften(deal.answers, slug, before.get(slug), gone, able, is_reworded=reworded)
    deal.save(update_fields=["answers", "title"])
    _keep_stopped(deal, data)
    # Who owns, sends or rules is written down by PostgreSQL.
    Contributor.objects.get_or_create(deal=deal, user=actor, part=Contributor.Part.EDITOR)
    said = {"before": before.get(slug), "after": value}
    _record(deal, actor, verbs.SAVE.event, question=slug, **said, **milder)
    if deal.answers.get(COUNTRY) != before.get(COUNTRY) and slug != COUNTRY:
        said = {"before": before.get(COUNTRY), "after": deal.answers.get(COUNTRY)}
        _record(deal, actor, verbs.SAVE.event, question=COUNTRY, **said)


@transaction.atomic
def submit_deal(
    deal: Deal, *, send_key: UUID, actor: User, replies: Mapping[int, str] | None = None
) -> DealRevision:
    """Freeze the answers, screen them and move the deal: all of it or nothing.

    The same ``send_key`` again returns the first result. ``replies`` maps numbers of open
    questions to the answers of sales. Raises Conflict when answers or replies are missing.
    """
    deal.lock()
    sent = deal.revisions.filter(send_key=send_key).first()
    if sent is not None:
        return sent
    verbs.SUBMIT.check(deal, actor)
    if DealRevision.objects.filter(send_key=send_key).exists():
        raise Conflict("Another deal was sent from this page. Open “Check your answers” again.")
    text = canonical(deal.answers)
    # Read as they are sent, and once: checked, looked through for names and screened.
    reading = deriving.read(json.loads(text))
    _check_complete(reading)
    revision = _freeze(deal, text, send_key, actor)
    _name_parties(deal, revision, reading)
    _answer_questions(deal, revision, replies or {}, actor)
    _screen(
        deal,
        revision,
        cause=Screening.Cause.SENT,
        because="Sent by sales.",
        actor=actor,
        reading=reading,
    )
    return revision


@transaction.atomic
def rule_fact(
    deal: Deal, *, fact: str, value: Any, because: str, source: str, actor: User
) -> FactRuling:
    """Compliance verifies or sets a fact, with a reason and a source; the deal is screened again.

    Raises Conflict for a fact that compliance does not set, or a value that it cannot take.
    """
    deal.lock()
    verbs.RULE.check(deal, actor)
    newest = deal.newest_revision()
    if newest is not None:
        _lock_parties(deriving.read(newest.answers))
    deriving.check_ruling(fact, value, deal, actor)
    ruling = FactRuling.objects.create(
        deal=deal,
        fact=fact,
        value_text=canonical(value),
        because=because,
        source=source,
        ruled_by=actor,
        **deriving.looked_at(fact, deal)._asdict(),
    )
    _record(
        deal,
        actor,
        verbs.RULE.event,
        fact=fact,
        value=value,
        because=because,
        source=source,
        ruling=ruling.pk,
    )
    parties.follow(ruling)
    rescreen_deal(deal, cause=Screening.Cause.FACT, because=because, actor=actor)
    _screen_others(ruling)
    return ruling


@transaction.atomic
def take_back_ruling(ruling: FactRuling, *, because: str, actor: User) -> Easing:
    """One of the two people that it takes; with the second the ruling no longer holds anywhere.

    What is known of its end user by it ends with it. The deals that it spoke of are screened again
    then, the closed ones excepted.
    """
    ruling.deal.lock()
    verbs.TAKE_BACK.check(ruling, actor)
    waiting = Easing.objects.waiting().filter(ruling=ruling).first()
    if waiting is None:
        return parties.ask_take_back_ruling(ruling, because=because, actor=actor)
    parties.agree(waiting, because=because, actor=actor)
    return waiting


@transaction.atomic
def rescreen_deal(deal: Deal, *, cause: str, because: str, actor: Actor = SYSTEM) -> Screening:
    """Screen the newest revision again with the versions that are active now.

    Only deals that are open, cleared or approved; a closed deal keeps its last screening.
    """
    deal.lock()
    revision = deal.newest_revision()
    if revision is None or deal.is_closed or deal.status == Status.LAPSED:
        label = deal.get_status_display().lower()
        raise Conflict(f"A deal that is {label} is not screened again.")
    return _screen(deal, revision, cause=cause, because=because, actor=actor)


@transaction.atomic
def withdraw_deal(deal: Deal, *, because: str, actor: User) -> None:
    deal.lock()
    verbs.WITHDRAW.check(deal, actor)
    move(deal, Status.WITHDRAWN, actor=actor, because=because)
    mail.tell_of_status(deal)


@transaction.atomic
def delete_draft(deal: Deal, *, actor: User) -> None:
    """Remove a draft; its events stay."""
    deal.lock()
    verbs.DELETE.check(deal, actor)
    # What the draft came from is what its copies came from.
    deal.copies.update(copied_from=deal.copied_from_id or deal.predecessor_id)
    _record(deal, actor, verbs.DELETE.event)
    with connection.cursor() as cursor:
        # The application's login deletes no deal by itself.
        cursor.execute("SELECT delete_draft(%s)", [deal.pk])


@transaction.atomic
def copy_deal(deal: Deal, *, actor: User) -> Deal:
    """A new draft with the facts of this deal, each to be confirmed; no declaration is copied."""
    verbs.COPY.check(deal, actor)
    copy = start_deal(actor=actor)
    copy.copied_from = deal
    copy.save(update_fields=["copied_from"])
    _take_answers(copy, deal)
    _record(copy, actor, verbs.COPY.event, source=deal.pk)
    return copy


@transaction.atomic
def start_changed_deal(deal: Deal, *, actor: User) -> Deal:
    """After a closed deal only a new one that names it can go on."""
    verbs.START_CHANGED.check(deal, actor)
    changed = start_deal(actor=actor, predecessor=deal)
    _take_answers(changed, deal)
    return changed


@transaction.atomic
def lapse_deal(deal: Deal, *, because: str, actor: Actor = SYSTEM) -> None:
    """End a clearance whose time is over or whose condition was not met."""
    deal.lock()
    move(deal, Status.LAPSED, actor=actor, because=because)
    mail.tell_of_status(deal)


def _take_country(deal: Deal, before: Mapping[str, Any], data: ReferenceData) -> None:
    """Where the registry has the operator that signs; with another customer it is asked again."""
    country = questions.country_of(deal.answers["customer"], before, data)
    if country is None:
        return
    questions.confirm(deal.answers, COUNTRY)
    if country:
        deal.answers[COUNTRY] = country
    else:
        deal.answers.pop(COUNTRY, None)


def _keep_stopped(deal: Deal, data: ReferenceData) -> None:
    """What the policy stops before it is sent is kept, for another deal that says less is looked
    at. What was sent so far does not count for it.
    """
    declared = questions.declared_facts(deal.answers)
    key, able = linking.end_user_key(declared), linking.own_capabilities(declared, data)
    if key and meanings.stops(deal.answers, data):
        StoppedDraft.objects.get_or_create(
            draft=deal.pk,
            end_user_key=key,
            capabilities=sorted(able),
            defaults={"reference": deal.reference, "answers": deal.answers},
        )


def _milder(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What the page had said of an answer that became milder, for those who review the deal."""
    gone = meanings.taken_away(before, after, active.reference_data())
    told = [{"rule": f.rule, "outcome": f.outcome, "because": f.because} for f in gone]
    return {"milder": told} if told else {}


@transaction.atomic
def lapse_unscreened(deal: Deal, *, why: str, job: int) -> None:
    """End a clearance that could not be compared with what holds now; nothing without one.

    ``why`` is what refused to screen it, ``job`` the one that has failed for good.
    """
    deal.lock()
    if not deal.is_clearance:
        return
    because = f"It could not be screened again: {why}"
    move(deal, Status.LAPSED, actor=SYSTEM, because=because, payload={"job": job})
    mail.tell_of_failure(deal, because)


def _able(deal: Deal, data: ReferenceData) -> frozenset[str]:
    """What can be done with what a draft sells, and with what it sold before: a product may be
    there again once an answer is milder.
    """
    able = linking.own_capabilities(questions.declared_facts(deal.answers), data)
    if not able:
        return able
    saved = deal.events().filter(verb=verbs.SAVE.event).values_list("payload", flat=True)
    for said in map(json.loads, saved):
        if said["question"] in questions.CONTAINS:
            sold = {said["question"]: said["before"]} if said["before"] else {}
            able |= linking.own_capabilities(questions.declared_facts(sold), data)
    return able


def _take_answers(new: Deal, old: Deal) -> None:
    newest, data = old.newest_revision(), active.reference_data()
    new.answers = questions.copied(old.answers, source=old.reference)
    for slug in questions.unseen(old.answers, newest.answers if newest else {}):
        # It is asked again: whoever would have looked at the answer looks at the copy.
        without = {other: value for other, value in old.answers.items() if other != slug}
        gone = [finding.outcome for finding in meanings.taken_away(old.answers, without, data)]
        questions.soften(new.answers, slug, old.answers[slug], gone, _able(old, data))
    new.title = questions.title_of(new.answers, data)
    new.save(update_fields=["answers", "title"])


def _check_complete(reading: Reading) -> None:
    missing = deriving.missing_questions(reading)
    if missing:
        count = "1 answer is" if len(missing) == 1 else f"{len(missing)} answers are"
        titles = " ".join(one.title for one in missing)
        raise Conflict(f"You cannot send yet: {count} missing. {titles}")


def _freeze(deal: Deal, text: str, send_key: UUID, actor: User) -> DealRevision:
    newest = deal.newest_revision()
    revision = DealRevision.objects.create(
        deal=deal,
        number=(newest.number if newest else 0) + 1,
        submitter=actor,
        answers_text=text,
        send_key=send_key,
        created_at=Clock(),
    )
    revision.refresh_from_db(fields=["created_at"])
    if deal.sent_at is None:
        deal.sent_at = Clock()
        deal.save(update_fields=["sent_at"])
    _record(
        deal,
        actor,
        verbs.SUBMIT.event,
        revision=revision.pk,
        number=revision.number,
        answers=digest(text),
    )
    return revision


def _answer_questions(
    deal: Deal, revision: DealRevision, replies: Mapping[int, str], actor: User
) -> None:
    unanswered = {q.number: q for q in deal.questions.filter(answer=None)}
    left = [number for number in unanswered if not replies.get(number, "").strip()]
    if left:
        raise Conflict(f"Answer question {left[0]} before you send.")
    for number, question in unanswered.items():
        answer = Answer.objects.create(
            question=question, text=replies[number].strip(), revision=revision, answered_by=actor
        )
        _record(deal, actor, "deal.question_answered", question=number, answer=answer.pk)


def _screen(
    deal: Deal,
    revision: DealRevision,
    *,
    cause: str,
    because: str,
    actor: Actor,
    reading: Reading | None = None,
) -> Screening:
    """Derive, assess, store and move; the caller holds the deal's lock.

    Whoever has read the answers already brings the reading, and holds the locks of its names.
    """
    if reading is None:
        reading = deriving.read(revision.answers)
        _lock_parties(reading)
    versions = active.versions(lock=True)
    data = active.reference_data(versions)
    around = Around([deal])
    found = deriving.of_revision(revision, data, around, reading)
    if cause == Screening.Cause.SENT:
        # Once somebody has to look, a person ends it, whatever becomes of the other deal.
        looks, for_executives = _looks_beside(deal, found.end_user_key, reading, around)
        found = replace(
            found,
            looks=[*found.looks, *looks],
            for_executives=found.for_executives or for_executives,
        )
        if deriving.may_be_unsaid(deal, reading, around):
            Job.objects.enqueue(AFTER_SAID, deal=deal.pk)
    plan = recording.plan(deal, revision.pk, found, data, versions, cause=cause)
    recording.write([plan], versions, because=because, actor=actor)
    # As it was written, times of PostgreSQL included.
    deal.lock()
    return deal.last_screening


def _looks_beside(deal: Deal, key: str, reading: Reading, around: Around) -> tuple[list[str], bool]:
    """Why people look at a deal for other ones and drafts beside it, and whether executives do."""
    twins = deriving.twins(deal, reading, around)
    waiting = [twin.deal for twin in twins if twin.deal.waits_for_somebody_else]
    milder, raised = _says_less_than(waiting, reading, around), _raised(twins)
    others = deriving.waiting_for_another(deal, reading, around)
    of_customer = _says_less_than(others, reading, around)
    doubtful = [
        other
        for other in deriving.waiting_beside_surveillance(deal, reading, around)
        if other not in milder and _leaves_doubts_out(other, reading, around)
    ]
    stopped = deriving.stopped_drafts(deal, reading, around)
    in_words, of_named = deriving.known_in_words(deal, reading, around)
    looks = [
        *_milder_than(milder, key),
        *_milder_for_another(of_customer),
        *_without_doubts_of(doubtful, key),
        *_like(raised, key),
        *_milder_than_drafts(stopped, reading, key),
        *dict.fromkeys(deriving.signs_as_armed(deal, reading, around)),
        *in_words,
    ]
    beside = (*milder, *of_customer, *doubtful, *raised, *of_named)
    return looks, any(one.review_level == "executive" for one in beside)


def _says_less_than(waiting: Iterable[Deal], reading: Reading, around: Around) -> list[Deal]:
    """Those of the deals that somebody has to look at, for what these answers do not say, and
    whatever was sent of them did.
    """
    return [
        other
        for other in waiting
        if any(
            meanings.softened(answers, reading.answers, reading.data)
            for answers in _ever_sent(other, around)
        )
    ]


def _leaves_doubts_out(other: Deal, reading: Reading, around: Around) -> bool:
    """Whether something contradicts in what was sent of another deal, and nothing of it here: words
    or names by which more is known of the end user than of what was sold.
    """
    return any(
        meanings.leaves_doubts_out(answers, reading.answers, reading.data)
        for answers in _ever_sent(other, around)
    )


def _ever_sent(other: Deal, around: Around) -> Sequence[Mapping[str, Any]]:
    return (other.last_screening.revision.answers, *around.sent_before(other))


def _milder_than(waiting: Iterable[Deal], key: str) -> list[str]:
    """A sentence on each of them."""
    return [
        f"says less than {other.reference} of {_whom(other, key)}, which somebody has to look at"
        for other in waiting
    ]


def _milder_for_another(waiting: Iterable[Deal]) -> list[str]:
    """The same of deals that somebody named here signs or runs for another end user."""
    return [
        f"says less than {other.reference}, which its customer signed, or its operator runs, for"
        " another end user, and which somebody has to look at"
        for other in waiting
    ]


def _without_doubts_of(waiting: Iterable[Deal], key: str) -> list[str]:
    """The same of those in which something contradicts that is not in this one."""
    return [
        f"leaves out what contradicts in {other.reference} of {_whom(other, key)}, which somebody"
        " has to look at"
        for other in waiting
    ]


def _whom(other: Deal | StoppedDraft, key: str) -> str:
    if other.end_user_key == key:
        return "the same end user"
    return "an end user with a name like it, or that takes part here"


def _raised(twins: Iterable[Other]) -> list[Deal]:
    """Those of the deals that people look at, or executives have approved, for what their answers
    do not say: somebody returned or passed them up, or they said more before.
    """
    return [
        twin.deal
        for twin in twins
        if (twin.deal.waits_for_somebody_else or twin.deal.review_level == "executive")
        and twin.deal.review_level != _level_of_answers(twin.deal)
    ]


def _level_of_answers(deal: Deal) -> str:
    """The highest level that the newest answers of a deal ever had by themselves."""
    level = ""
    for screening in Screening.objects.filter(revision=deal.last_screening.revision_id):
        level = following.higher(level, following.level_of(screening))
    return level


def _like(raised: Iterable[Deal], key: str) -> list[str]:
    """A sentence on each of them."""
    return [
        f"is like {other.reference} of {_whom(other, key)}, at which people look for more than its"
        " answers say"
        for other in raised
    ]


def _milder_than_drafts(stopped: Iterable[StoppedDraft], reading: Reading, key: str) -> list[str]:
    """The same of drafts that the policy stopped before anybody else had seen them."""
    said = {
        draft.reference: f"says less than the draft {draft.reference} for {_whom(draft, key)},"
        " which the policy stopped"
        for draft in stopped
        if meanings.softened(draft.answers, reading.answers, reading.data)
    }
    return list(said.values())


def _lock_parties(reading: Reading) -> None:
    """Until this transaction ends, deals that name one of them wait: each sees those before it."""
    parties.lock_names(part.name for part in deriving.named_in(reading))
    parties.lock_laws(questions.picked_laws(reading.answers))


def _name_parties(deal: Deal, revision: DealRevision, reading: Reading) -> None:
    """Write down whom it names; what was ruled in the deal is known of a new end user, too."""
    named = deriving.named_in(reading)
    parties.lock_names(part.name for part in named)
    parties.lock_laws(questions.picked_laws(reading.answers))
    parties.record(revision, named)
    parties.follow_all(deal)


def _screen_others(ruling: FactRuling) -> None:
    """What holds for an end user holds for their other deals too, from the next moment on."""
    Job.objects.enqueue(AFTER_RULING, ruling=ruling.pk)


def _record(deal: Deal, actor: Actor, verb: str, **payload: Any) -> None:
    AuditEvent.objects.append(subject=deal.subject, actor=actor, verb=verb, payload=payload)
