"""After an activation every deal that still counts is screened again, each exactly once.

A screening names the versions that it used. So a deal is due while its newest screening names
another version than the active one, and no longer due in the moment its new screening commits:
whatever dies in between, a second run finds exactly what is left.
"""

import json
from collections.abc import Collection, Sequence
from itertools import batched

from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from audit.refusals import Conflict
from jobs.models import Job
from jobs.queue import performs
from policy import active
from policy.actions import RESCREEN, RESCREEN_PART
from policy.governance.expiry import EXPIRED
from policy.models import ReferenceVersion
from screening import deriving
from screening.actions import lapse_unscreened, rescreen_deal
from screening.form import questions
from screening.lifecycle import AFTER_PARTY, AFTER_RULING, AFTER_SAID, AFTER_STOP, CLEARANCES
from screening.models import Confirmation, Deal, DealRevision, FactRuling, Screening
from screening.parties import actions as parties
from screening.parties import known
from screening.parties.models import DealParty, Party, reached_from
from screening.parties.spelling import keys_alike
from screening.sweep import batch, confirming
from screening.sweep.backtest import LIVE

#: Jobs after an upgrade of the program: the second one screens a part of the deals.
UPGRADED, UPGRADED_PART = "screen_after_upgrade", "screen_part_after_upgrade"
#: The job that writes down who is named in older revisions.
NAME_PARTIES = "name_parties"
#: What follows when one of the jobs here has failed for good.
UNSCREENED = "lapse_unscreened"
CHUNK_SIZE = 5_000
#: What a deal is refused with. ValueError: answers or facts that a new version cannot read.
REFUSALS = (Conflict, ValueError, DataError, IntegrityError)
LATE = "The job that should have screened it again had failed."
DIED = "The program stopped each time it tried."
NEWER = "A newer version of the program reads the answers, rulings and other deals again."
#: Deals, and all that began with one of them.
DESCENDANTS = """
WITH RECURSIVE later (id) AS (
    SELECT unnest(%s::bigint[])
    UNION SELECT deal.id FROM later JOIN screening_deal AS deal
        ON later.id IN (deal.predecessor_id, deal.copied_from_id))
SELECT id FROM later"""
#: Deals of one transaction: who wants one of them meanwhile waits a quarter of a second.
BATCH = 500
CONFIRMED = 2_500


def due() -> QuerySet[Deal]:
    """Deals that still count and were last screened with something that is not active now."""
    versions = active.versions()
    stale = Q()
    for kind, version in versions.items():
        stale |= ~Q(**{f"screening__{kind}": version.pk}) | Q(**{f"screening__{kind}": None})
    # Looked up for each deal. Joined, PostgreSQL would read all confirmations for each: it takes
    # versions that always go together for a rare coincidence, and expects a single one.
    under = Confirmation.objects.under(versions).filter(screening=OuterRef("screening")).order_by()
    deals = Deal.objects.alias(confirmed=Subquery(under.values("pk")[:1]))
    return deals.filter(stale, confirmed=None, status__in=LIVE).order_by("pk")


def give_up(job: Job) -> None:
    """What this job did not screen again may no longer count as cleared or approved."""
    Job.objects.enqueue(UNSCREENED, key=f"{job.pk}:{job.attempts}", job=job.pk)


@performs(RESCREEN, given_up=give_up)
def split(job: Job) -> None:
    """Cut what is due into chunks, so that any number of workers share it."""
    deals = list(due().values_list("pk", flat=True))
    version = job.args["version"]
    chunks = [
        {"version": version, "first": part[0], "last": part[-1]}
        for part in batched(deals, CHUNK_SIZE)
    ]
    keys = [f"{version}:{chunk['first']}" for chunk in chunks]
    with transaction.atomic():
        Job.objects.enqueue_all(RESCREEN_PART, chunks, keys=keys)


@performs(RESCREEN_PART, is_part=True, given_up=give_up)
def sweep_chunk(job: Job) -> None:
    """Confirm or screen what is due between two deals.

    A deal that cannot be screened stops no other.
    """
    label = str(ReferenceVersion.objects.get(pk=job.args["version"]))
    wanted = due().filter(pk__gte=job.args["first"], pk__lte=job.args["last"])
    left: list[int] = []
    for part in batched(wanted.values_list("pk", flat=True), CONFIRMED):
        confirmed = confirming.confirm(part)
        left += [pk for pk in part if pk not in confirmed]
    failed = screen_again(left, label, job)
    if failed:
        # The job is tried again, and finds only these.
        raise Conflict(f"Not screened again: {'; '.join(failed)}")


def screen_again(pks: Sequence[int], label: str, job: Job) -> list[str]:
    """Batch after batch. Returns a sentence for each deal that could not be screened."""
    failed: dict[int, str] = {}
    because = f"{label} became active."
    for at in range(0, len(pks), BATCH):
        part = pks[at : at + BATCH]
        failed |= screen_part(part, because=because)
        job.note_progress(at + len(part), len(pks))
    return [f"deal {pk}: {why}" for pk, why in failed.items()]


def screen_part(pks: Sequence[int], *, because: str) -> dict[int, str]:
    """Many deals in one transaction, and those that need it alone. Returns why some were not."""
    try:
        result = batch.screen(pks, due(), cause=Screening.Cause.VERSION, because=because)
    except REFUSALS:
        # One deal of the batch is refused; the others must not wait for it.
        result = batch.Result(apart=list(pks))
    for pk in result.apart:
        try:
            screen_one(pk, because=because)
        except REFUSALS as refusal:
            result.failed[pk] = str(refusal)
    return result.failed


@performs(AFTER_RULING, given_up=give_up)
def screen_after_ruling(job: Job) -> None:
    """Deals for which a ruling speaks too: of its end user, copies and changed deals, and those
    under the same law of the register.
    """
    ruling = FactRuling.objects.select_related("deal", "revision").get(pk=job.args["ruling"])
    with transaction.atomic():
        # Who sends a deal under the same law right now did not see the ruling, and is seen here.
        parties.lock_laws(laws_of(ruling))
        pks = list(spoken_of(ruling).values_list("pk", flat=True))
    screen_changed(pks, because=ruling.because, job=job)


def spoken_of(ruling: FactRuling) -> QuerySet[Deal]:
    """The deals that still count and may have other facts since.

    The own one among them: a ruling that is taken back ends there too.
    """
    own = Deal.objects.filter(pk=ruling.deal_id, status__in=LIVE)
    linked = related(ruling.deal, {ruling.deal.end_user_key})
    known = Party.objects.filter(findings__ruling=ruling)
    under = Q(pk__in=[])
    for law in laws_of(ruling):
        under |= Q(screening__laws_text__contains=f"{json.dumps(law)}:")
    same_law = Deal.objects.filter(under, status__in=LIVE)
    pks = same_law.order_by().values_list("pk", flat=True)
    of_law = Deal.objects.filter(pk__in=list(pks))
    return (own | linked | of_parties(known) | of_law).order_by("pk")


def laws_of(ruling: FactRuling) -> list[str]:
    """The laws of the register that a ruling speaks of."""
    if ruling.revision is None or ruling.fact not in ("law_conflict", "legal_basis_status"):
        return []
    return questions.picked_laws(ruling.revision.answers)


@performs(AFTER_PARTY, given_up=give_up)
def screen_after_party(job: Job) -> None:
    """Every deal that names the party under any of its names, and what began with one of them."""
    party = Party.objects.get(pk=job.args["party"])
    with transaction.atomic():
        # Who sends a deal that names it right now did not see what is known, and is seen here.
        parties.lock_body(party)
        pks = list(of_parties(Party.objects.filter(pk=party.pk)).values_list("pk", flat=True))
    screen_changed(pks, because=f"What is known of {party} changed.", job=job)


def of_parties(wanted: QuerySet[Party]) -> QuerySet[Deal]:
    """Deals that still count: these parties, somebody who belongs to them, or somebody of their
    names in whatever spelling, were named once in them or in one that they come from.
    """
    keys = keys_alike(reached_from(set(wanted.values_list("pk", flat=True))))
    named = DealParty.objects.filter(party__key__in=keys).order_by().values("deal").distinct()
    with connection.cursor() as cursor:
        cursor.execute(DESCENDANTS, [list(named.values_list("deal", flat=True))])
        pks = [pk for (pk,) in cursor.fetchall()]
    return Deal.objects.filter(pk__in=pks, status__in=LIVE).order_by("pk")


@performs(EXPIRED, given_up=give_up)
def screen_after_expiry(job: Job) -> None:
    """Deals that counted on a law of the register whose last day is over."""
    pks = list(counted_on(job.args["law"]).values_list("pk", flat=True))
    screen_changed(pks, because=job.args["because"], job=job, cause=Screening.Cause.VERSION)


def counted_on(law: str) -> QuerySet[Deal]:
    """The deals that still count and were screened with this law before its last day was over."""
    over = Deal.objects.filter(status__in=LIVE, screening__laws_until__lt=timezone.localdate())
    return over.filter(screening__laws_text__contains=f'"{law}":').order_by("pk")


@performs(AFTER_SAID, given_up=give_up)
def screen_after_said(job: Job) -> None:
    """Deals that name the end user of a later one, which says more of it than they do."""
    sent = Deal.objects.get(pk=job.args["deal"])
    pks = list(that_name_end_user_of(sent).values_list("pk", flat=True))
    screen_changed(pks, because=f"{sent.reference} says more of the end user.", job=job)


def that_name_end_user_of(deal: Deal) -> QuerySet[Deal]:
    """Other deals that still count, and name an end user that this one had, under one of its
    names, or somebody who belongs to it.
    """
    users = DealParty.objects.end_users().filter(deal=deal).values_list("party__key", flat=True)
    keys = known.keys_below({deal.end_user_key, *users} - {""})
    named = DealParty.objects.filter(party__key__in=keys).values("deal")
    others = Deal.objects.filter(pk__in=named, status__in=LIVE).exclude(pk=deal.pk)
    return others.order_by("pk")


@performs(AFTER_STOP, given_up=give_up)
def screen_after_stop(job: Job) -> None:
    """Deals that were sent before another one was barred, rejected or withdrawn follow it too."""
    stopped = Deal.objects.get(pk=job.args["deal"])
    with transaction.atomic():
        # Who sends a deal of this end user right now did not see the stop, and is seen here. The
        # names as they were written have outlines that their keys have not.
        written = stopped.parts.values_list("name", flat=True)
        parties.lock_names({*_bodies_of(stopped), *written})
        pks = list(follow(stopped).values_list("pk", flat=True))
    label = stopped.get_status_display().lower()
    screen_changed(pks, because=f"{stopped.reference} was {label}.", job=job)


def _bodies_of(stopped: Deal) -> frozenset[str]:
    """Whoever signed, ran or was to use a stopped deal, under each of their names."""
    principals = DealParty.objects.principals().filter(deal=stopped)
    keys = {stopped.end_user_key, *principals.values_list("party__key", flat=True)}
    return known.keys_of_bodies(keys - {""})


def follow(stopped: Deal) -> QuerySet[Deal]:
    """The deals that still count and may follow a stopped one: whoever signed, ran or was to use it
    takes part in them, or somebody who belongs to one of those.
    """
    keys = known.keys_below(_bodies_of(stopped))
    whoever = Party.objects.filter(key__in=keys).values_list("pk", flat=True)
    takes_part = DealParty.objects.filter(party__key__in=keys | keys_alike(whoever)).values("deal")
    others = Deal.objects.filter(pk__in=takes_part, status__in=LIVE).exclude(pk=stopped.pk)
    return (related(stopped, keys) | others).order_by("pk")


@performs(NAME_PARTIES)
def name_parties(job: Job) -> None:
    """Everybody named in revisions that were sent before the program kept parties."""
    unnamed = DealRevision.objects.filter(parts=None).select_related("deal").order_by("pk")
    pks = list(unnamed.values_list("pk", flat=True))
    for at in range(0, len(pks), BATCH):
        parties.name_parties(unnamed.filter(pk__in=pks[at : at + BATCH]))
        job.note_progress(at + BATCH, len(pks))


@performs(UPGRADED, given_up=give_up)
def split_after_upgrade(job: Job) -> None:
    """A newer program may read answers, rulings and other deals in a stricter way.

    The versions are the same, so no activation asks for it. It may fold names otherwise, too.
    """
    parties.fold_again()
    live = Deal.objects.filter(status__in=LIVE).order_by("pk")
    pks = list(live.values_list("pk", flat=True))
    parts = [pks[at : at + BATCH] for at in range(0, len(pks), BATCH)]
    wanted = [{"first": part[0], "last": part[-1]} for part in parts]
    with transaction.atomic():
        Job.objects.enqueue_all(UPGRADED_PART, wanted)


@performs(UPGRADED_PART, is_part=True, given_up=give_up)
def screen_part_after_upgrade(job: Job) -> None:
    """A deal that cannot be screened stops no other, and the job names it."""
    between = Deal.objects.filter(pk__gte=job.args["first"], pk__lte=job.args["last"])
    pks = list(between.filter(status__in=LIVE).order_by("pk").values_list("pk", flat=True))
    screen_changed(pks, because=NEWER, job=job, cause=Screening.Cause.VERSION)


@performs(UNSCREENED)
def lapse_what_was_not_screened(job: Job) -> None:
    """Clearances of a job that has failed for good: each is tried once more, or it lapses.

    The last time that this job itself is tried, its workers may be dying of a deal: none is tried.
    """
    failed = Job.objects.get(pk=job.args["job"])
    clearances = _about(failed).filter(status__in=CLEARANCES)
    pks = list(clearances.order_by("pk").values_list("pk", flat=True))
    for done, pk in enumerate(pks, start=1):
        why = _why_not(pk, failed) if job.pause else DIED
        if why:
            lapse_unscreened(Deal.objects.get(pk=pk), why=why, job=failed.pk)
        job.note_progress(done, len(pks))


def _about(job: Job) -> QuerySet[Deal]:
    """The deals that a job of this module screens again."""
    if job.kind == AFTER_RULING:
        rulings = FactRuling.objects.select_related("deal", "revision")
        return spoken_of(rulings.get(pk=job.args["ruling"]))
    if job.kind == AFTER_SAID:
        return that_name_end_user_of(Deal.objects.get(pk=job.args["deal"]))
    if job.kind == AFTER_STOP:
        return follow(Deal.objects.get(pk=job.args["deal"]))
    if job.kind == AFTER_PARTY:
        return of_parties(Party.objects.filter(pk=job.args["party"]))
    if job.kind == EXPIRED:
        return counted_on(job.args["law"])
    deals = _due_as_far_as_known() if job.kind in (RESCREEN, RESCREEN_PART) else Deal.objects.all()
    if "first" in job.args:
        return deals.filter(pk__gte=job.args["first"], pk__lte=job.args["last"])
    return deals


def _due_as_far_as_known() -> QuerySet[Deal]:
    try:
        return due()
    except Conflict:
        # Where nothing is active, no clearance is known to be up to date.
        return Deal.objects.all()


def _why_not(pk: int, failed: Job) -> str:
    """Screen the deal as the job would have; the sentence of what refuses it, or nothing."""
    by_version = failed.kind in (UPGRADED, UPGRADED_PART, EXPIRED)
    cause = Screening.Cause.VERSION if by_version else Screening.Cause.FACT
    try:
        if failed.kind in (RESCREEN, RESCREEN_PART):
            screen_one(pk, because=LATE)
        else:
            screen_if_changed(pk, because=LATE, cause=cause)
    except REFUSALS as refusal:
        return str(refusal).partition("\n")[0]
    return ""


def related(deal: Deal, keys: Collection[str]) -> QuerySet[Deal]:
    """Other deals that still count: of these end users, and all that began with this one."""
    with connection.cursor() as cursor:
        cursor.execute(DESCENDANTS, [[deal.pk]])
        descendants = [pk for (pk,) in cursor.fetchall()]
    also = Q(end_user_key__in=set(keys) - {""}) | Q(pk__in=descendants)
    return Deal.objects.filter(also, status__in=LIVE).exclude(pk=deal.pk).order_by("pk")


def screen_changed(
    pks: Sequence[int], *, because: str, job: Job, cause: str = Screening.Cause.FACT
) -> None:
    """Screen again, many in one transaction, those of the deals whose facts are other ones now.

    What one of them says of its end user counts in others: where any was screened, all are looked
    at once more. A deal that cannot be screened stops no other, and the job is tried again.
    """
    if _look_through(pks, because=because, job=job, cause=cause):
        _look_through(pks, because=because, job=job, cause=cause)


def _look_through(pks: Sequence[int], *, because: str, job: Job, cause: str) -> bool:
    """Whether any was screened."""
    screened, failed = 0, dict[int, str]()
    for at in range(0, len(pks), BATCH):
        part = pks[at : at + BATCH]
        result = _screen_changed_part(part, because=because, cause=cause)
        screened += result.screened
        failed |= result.failed
        job.note_progress(at + len(part), len(pks))
    if failed:
        told = "; ".join(f"deal {pk}: {why}" for pk, why in failed.items())
        raise Conflict(f"Not screened again: {told}")
    return screened > 0


def _screen_changed_part(pks: Sequence[int], *, because: str, cause: str) -> batch.Result:
    live = Deal.objects.filter(status__in=LIVE).order_by("pk")
    try:
        result = batch.screen(pks, live, cause=cause, because=because, only_changed=True)
    except REFUSALS:
        # One deal of the batch is refused; the others must not wait for it.
        result = batch.Result(apart=list(pks))
    for pk in result.apart:
        try:
            result.screened += screen_if_changed(pk, because=because, cause=cause)
        except REFUSALS as refusal:
            result.failed[pk] = str(refusal)
    return result


@transaction.atomic
def screen_if_changed(pk: int, *, because: str, cause: str = Screening.Cause.FACT) -> bool:
    """Screen the deal again when its facts are other ones now; True when they were."""
    deal = Deal.objects.select_for_update(of=("self",)).filter(pk=pk, status__in=LIVE).first()
    revision = deal.newest_revision() if deal else None
    if deal is None or revision is None or deal.screening is None:
        return False
    found = deriving.of_revision(revision, active.reference_data())
    if not found.differs_from(deal.screening, deal.review_level):
        return False
    rescreen_deal(deal, cause=cause, because=because)
    return True


@transaction.atomic
def screen_one(pk: int, *, because: str) -> bool:
    """Screen the deal again if, under its lock, it is still due; True when it was."""
    if not Deal.objects.select_for_update(of=("self",)).filter(pk=pk).exists():
        return False
    deal = due().filter(pk=pk).first()
    if deal is None:
        return False
    rescreen_deal(deal, cause=Screening.Cause.VERSION, because=because)
    return True
