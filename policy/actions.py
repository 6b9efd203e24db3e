"""What the verbs of governed data do; who may do it, and when, is in `verbs`."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.ledger import digest
from audit.models import SYSTEM, Actor, AuditEvent
from audit.refusals import Conflict, NotAllowed
from jobs.models import Clock, Job
from policy import active, verbs
from policy.governance import checking, notices
from policy.governance.parts import CHECK, has_work
from policy.governance.versions import Content
from policy.models import CheckReport, Kind, PromiseConfirmation, ReferenceVersion, Schedule

RESCREEN, RESCREEN_PART = "rescreen", "rescreen_chunk"
#: The constraint in PostgreSQL, as its refusals name it.
LABEL_TAKEN = "version_label_once_per_kind"
#: The database holds the same figure.
FARTHEST = timedelta(days=90)
LEAST_REASON = 20


@transaction.atomic
def propose_version(content: Content, *, note: str = "", actor: User) -> ReferenceVersion:
    """Store a new version; it changes nothing until another person activates it."""
    verbs.PROPOSE.check(content.kind, actor)
    taken = Conflict(f"There is already a version {content.label}. Choose another label.")
    if ReferenceVersion.objects.of(content.kind).filter(label=content.label).exists():
        raise taken
    version = ReferenceVersion(
        kind=content.kind,
        label=content.label,
        content=content.text,
        written=content.written,
        digest=content.digest,
        source=content.source,
        edition=content.edition,
        licence=content.licence,
        note=note,
        proposed_by=actor,
    )
    try:
        with transaction.atomic():
            version.save(force_insert=True)
    except IntegrityError as clash:
        # Somebody proposed the same label in the same moment.
        if LABEL_TAKEN not in str(clash):
            raise
        raise taken from clash
    _record(version, actor, verbs.PROPOSE.event)
    if version.kind == Kind.CHARTER and not _is_first(version):
        notices.tell_of_charter(version)
    return version


@transaction.atomic
def withdraw_version(version: ReferenceVersion, *, reason: str, actor: User) -> None:
    """Take a proposal back for good, with a reason; its content and its checks stay readable.

    Its proposer or anybody else who may propose versions of the kind can do it: nothing that
    screens deals changes, so one person is enough. Raises Conflict for a reason of fewer than
    LEAST_REASON characters.
    """
    version.refresh_from_db(from_queryset=ReferenceVersion.objects.select_for_update())
    verbs.WITHDRAW.check(version, actor)
    if len(reason.strip()) < LEAST_REASON:
        raise Conflict(f"Say why in at least {LEAST_REASON} characters.")
    dead = verbs.running_check(version)
    if dead is not None:
        finish_check(dead, state=CheckReport.State.CRASHED, text="")
    version.withdrawn_by, version.withdrawn_at = actor, Clock()
    version.withdrawn_because = reason.strip()
    version.save(update_fields=["withdrawn_by", "withdrawn_at", "withdrawn_because"])
    _record(version, actor, verbs.WITHDRAW.event, reason=version.withdrawn_because)


@transaction.atomic
def start_check(version: ReferenceVersion, *, actor: User) -> CheckReport:
    """Ask for a report against what is active now; a job writes it.

    A check that still runs is not started twice; one whose jobs ended without a word is closed as
    crashed. Raises Conflict when nothing is active to compare with.
    """
    version.refresh_from_db(from_queryset=ReferenceVersion.objects.select_for_update())
    verbs.START_CHECK.check(version, actor)
    running = verbs.running_check(version)
    if running is not None:
        if has_work(running):
            return running
        finish_check(running, state=CheckReport.State.CRASHED, text="")
    report = CheckReport.objects.create(
        version=version,
        digest=version.digest,
        asked_by=actor,
        baseline_digest=checking.baseline_digest(active.governing()),
    )
    Job.objects.enqueue(CHECK, key=f"report:{report.pk}", report=report.pk)
    _record(version, actor, verbs.START_CHECK.event, report=report.pk)
    return report


def job_of(report: CheckReport) -> Job:
    job: Job = Job.objects.get(kind=CHECK, key=f"report:{report.pk}")
    return job


@transaction.atomic
def finish_check(report: CheckReport, *, state: str, text: str) -> None:
    """Close a running report once; a second end changes nothing."""
    report.refresh_from_db(from_queryset=CheckReport.objects.select_for_update())
    if not report.is_running:
        return
    report.state, report.text, report.finished_at = state, text, Clock()
    report.save(update_fields=["state", "text", "finished_at"])
    _record(
        report.version, SYSTEM, "version.checked", report=report.pk, state=state, found=digest(text)
    )
    if report.has_changed_promises:
        notices.ask_about_promises(report)


@transaction.atomic
def confirm_promise_changes(
    report: CheckReport, *, names: Collection[str], reason: str, actor: User
) -> PromiseConfirmation:
    """Let a version take away, change or empty the promises that its report names.

    For an executive reviewer who neither proposed the version nor will activate it; each change is
    confirmed by its name. Raises Conflict for a reason that is too short.
    """
    version = report.version
    _lock(version)
    _check_newest(report, verbs.CONFIRM.check(version, actor))
    missing = [
        promise["words"] for promise in report.found["unkept"] if promise["name"] not in names
    ]
    if missing:
        raise Conflict(f"Confirm each promise by its name. Missing: {missing[0]}")
    if len(reason.strip()) < LEAST_REASON:
        raise Conflict(f"Say why in at least {LEAST_REASON} characters.")
    asked = sorted(promise["name"] for promise in report.found["unkept"])
    confirmation = PromiseConfirmation.objects.create(
        report=report, names=asked, reason=reason.strip(), confirmed_by=actor
    )
    _record(
        version,
        actor,
        verbs.CONFIRM.event,
        report=report.pk,
        confirmed=asked,
        reason=confirmation.reason,
    )
    notices.tell_of_confirmed_promises(confirmation)
    return confirmation


def _check_newest(read: CheckReport | None, newest: CheckReport) -> None:
    if read != newest:
        raise Conflict("There is a newer check than the one you read. Read that one first.")


@transaction.atomic
def activate_version(
    version: ReferenceVersion,
    *,
    actor: User,
    report: CheckReport | None = None,
    confirmed: Collection[str] = (),
) -> None:
    """Make the version the active one of its kind; the former one retires.

    Needs the newest report on exactly this content against what is active now, passed, and each
    kind of change that got looser ``confirmed`` by its name. Only the very first version of a
    kind goes without: there is nothing to compare it with. An installation that screens deals
    without a register of laws has one to compare with: the empty one. A charter that comes to an
    installation with a rulebook is checked, confirmed and waits like every later one.
    """
    _activate(version, actor=actor, report=report, confirmed=confirmed)


def _activate(
    version: ReferenceVersion,
    *,
    actor: User,
    report: CheckReport | None,
    confirmed: Collection[str],
    schedule: Schedule | None = None,
) -> None:
    now = _lock(version)
    is_first = _is_first(version)
    if is_first:
        verbs.check_activator(version, actor)
    else:
        check = verbs.ACTIVATE.check if schedule is None else verbs.check_ready
        _check_read(report, check(version, actor), confirmed)
    former = now.get(version.kind)
    if former is not None:
        former.retired_at = Clock()
        former.save(update_fields=["retired_at"])
        _record(former, actor, "version.retired")
    version.activated_by, version.activated_at = actor, Clock()
    version.save(update_fields=["activated_by", "activated_at"])
    _record(
        version,
        actor,
        verbs.ACTIVATE.event,
        report=report.pk if report else None,
        confirmed=sorted(confirmed),
        **({"schedule": schedule.pk} if schedule else {}),
    )
    if version.kind == Kind.CHARTER:
        # No deal is screened with it, so none comes out otherwise.
        if not is_first:
            notices.tell_of_charter(version)
    elif not is_first or now.keys() >= set(active.NEEDED):
        # Also the first version of a kind, where deals were screened without one.
        Job.objects.enqueue(RESCREEN, key=f"version:{version.pk}", version=version.pk)


def _is_first(version: ReferenceVersion) -> bool:
    """Whether there is nothing to compare it with; PostgreSQL asks the same."""
    activated = ReferenceVersion.objects.filter(activated_at__isnull=False)
    if activated.of(version.kind).exists():
        return False
    weighs = version.kind == Kind.CHARTER or (
        version.kind == Kind.LAWS and bool(active.laws(version).laws)
    )
    return not weighs or not activated.of(Kind.RULEBOOK).exists()


def _lock(version: ReferenceVersion) -> dict[str, ReferenceVersion]:
    """What is active, and the version, locked; two activations come one after the other."""
    active.hold_activations()
    now = {row.kind: row for row in ReferenceVersion.objects.active()}
    version.refresh_from_db(from_queryset=ReferenceVersion.objects.select_for_update())
    return now


def _check_read(
    read: CheckReport | None, newest: CheckReport, confirmed: Collection[str]
) -> CheckReport:
    """The report, if it is the one that was read and all that it asks to confirm was confirmed."""
    _check_newest(read, newest)
    looser = {loosening["name"] for loosening in newest.found["looser"]}
    missing = sorted(looser - set(confirmed))
    if missing:
        raise Conflict(f"Confirm each kind of change that got looser: {'; '.join(missing)}.")
    return newest


# --- Activation on a later day -------------------------------------------------------------------


@transaction.atomic
def schedule_activation(
    version: ReferenceVersion,
    *,
    actor: User,
    report: CheckReport | None,
    confirmed: Collection[str],
    on: date,
) -> Schedule:
    """Let the version become active on a day (UTC), under the checks that hold then.

    The same is checked now, so a day is chosen only for what could be active at once. The former
    version stays active until then. Raises Conflict for a day that is over or too far away.
    """
    _lock(version)
    newest = verbs.SCHEDULE.check(version, actor)
    check_day(on)
    read = _check_read(report, newest, confirmed)
    schedule = Schedule.objects.create(
        version=version,
        report=read,
        confirmed=sorted(confirmed),
        effective_on=on,
        scheduled_by=actor,
    )
    _record(
        version,
        actor,
        verbs.SCHEDULE.event,
        schedule=schedule.pk,
        on=on.isoformat(),
        confirmed=schedule.confirmed,
    )
    notices.tell_of_schedule(schedule, but=actor)
    return schedule


def check_day(on: date) -> None:
    """Raises Conflict for a day (UTC) that is over or too far away."""
    today = timezone.localdate()
    if on < today:
        raise Conflict("That date has passed. Choose today or a later date.")
    if on > today + FARTHEST:
        raise Conflict(f"That date is more than {FARTHEST.days} days away. Choose an earlier one.")


@transaction.atomic
def cancel_schedule(schedule: Schedule, *, reason: str, actor: User) -> None:
    """End a schedule before its day; the version stays a proposal."""
    schedule.refresh_from_db(from_queryset=Schedule.objects.select_for_update())
    if verbs.CANCEL.check(schedule.version, actor) != schedule:
        raise Conflict("This schedule has ended. There is nothing left to cancel.")
    if len(reason.strip()) < LEAST_REASON:
        raise Conflict(f"Say why in at least {LEAST_REASON} characters.")
    schedule.ended_by = actor
    _end(schedule, Schedule.State.CANCELLED, reason=reason.strip())
    _record(
        schedule.version, actor, verbs.CANCEL.event, schedule=schedule.pk, reason=schedule.reason
    )
    notices.tell_of_schedule(schedule, but=actor)


@transaction.atomic
def activate_scheduled(schedule: Schedule) -> bool:
    """Activate what is due; True when it became active.

    When a check of activate_version refuses, the schedule ends as refused and both people are
    told why. One that ended meanwhile, or whose day did not come, is left as it is.
    """
    schedule.refresh_from_db(from_queryset=Schedule.objects.select_for_update())
    if not schedule.is_waiting or schedule.effective_on > timezone.localdate():
        return False
    try:
        with transaction.atomic():
            _activate_as(schedule)
    except (Conflict, NotAllowed) as refusal:
        _end(schedule, Schedule.State.REFUSED, reason=str(refusal))
        _record(
            schedule.version,
            SYSTEM,
            "version.schedule_refused",
            schedule=schedule.pk,
            reason=schedule.reason,
        )
    else:
        _end(schedule, Schedule.State.ACTIVATED)
    notices.tell_of_schedule(schedule)
    return schedule.state == Schedule.State.ACTIVATED


def _activate_as(schedule: Schedule) -> None:
    if not schedule.scheduled_by.is_active:
        raise NotAllowed("The person who chose the day no longer has an account here.")
    _activate(
        schedule.version,
        actor=schedule.scheduled_by,
        report=schedule.report,
        confirmed=schedule.confirmed,
        schedule=schedule,
    )


def _end(schedule: Schedule, state: str, *, reason: str = "") -> None:
    schedule.state, schedule.reason, schedule.ended_at = state, reason, Clock()
    schedule.save(update_fields=["state", "reason", "ended_at", "ended_by"])


def _record(version: ReferenceVersion, actor: Actor, verb: str, **details: Any) -> None:
    AuditEvent.objects.append(
        subject=version.subject,
        actor=actor,
        verb=verb,
        payload={"kind": version.kind, "label": version.label, "digest": version.digest, **details},
    )
