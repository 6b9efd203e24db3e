"""What people do with versions of reference data: who may, when, and what the ledger calls it.

Two people activate; a third one, an executive reviewer, confirms what becomes of promises. A
charter needs all three, and time in which everybody can object.
"""

from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from audit.refusals import Conflict, NotAllowed
from people import access
from people.verbs import Verb, Who
from policy import active
from policy.governance.checking import baseline_digest
from policy.governance.parts import has_work
from policy.models import CheckReport, Kind, PromiseConfirmation, ReferenceVersion, Schedule

OWNERS = {
    Kind.CHARTER: (access.POLICY_OWNER,),
    Kind.RULEBOOK: (access.POLICY_OWNER,),
    Kind.COUNTRIES: (access.POLICY_OWNER,),
    Kind.CATALOGUE: (access.POLICY_OWNER, access.COMPLIANCE),
    Kind.REGISTRY: (access.POLICY_OWNER, access.COMPLIANCE),
    Kind.LAWS: (access.POLICY_OWNER, access.COMPLIANCE),
}
_OWNER = Who(
    (access.POLICY_OWNER, access.COMPLIANCE),
    "Versions are for the role policy owner or compliance.",
)
_EXECUTIVE = Who((access.EXECUTIVE,), "Changed promises are confirmed by an executive reviewer.")


def _check_kind(kind: str, user: Any) -> None:
    roles = OWNERS[Kind(kind)]
    if not access.has_role(user, *roles):
        names = " or ".join(access.ROLE_NAMES[role].lower() for role in roles)
        raise NotAllowed(f"Versions of this kind are for the role {names}.")


def _check_proposed(version: ReferenceVersion, *, otherwise: str) -> None:
    if version.activated_at is not None:
        raise Conflict(f"This version has already been activated. {otherwise}")
    if version.withdrawn_at is not None:
        raise Conflict("This version was withdrawn. Propose its content again.")


def _check_unscheduled(version: ReferenceVersion) -> None:
    waiting = version.schedules.waiting().first()
    if waiting is not None:
        raise Conflict(
            f"This version is scheduled for {waiting.effective_on:%-d %B %Y}. Cancel that first."
        )


def running_check(version: ReferenceVersion) -> CheckReport | None:
    """The check without an end; has_work tells whether it will ever have one."""
    report: CheckReport | None = version.reports.filter(state=CheckReport.State.RUNNING).first()
    return report


def _check_start(version: ReferenceVersion, user: Any) -> None:
    _check_kind(version.kind, user)
    _check_proposed(version, otherwise="There is nothing left to check.")
    _check_unscheduled(version)


def _check_withdraw(version: ReferenceVersion, user: Any) -> None:
    _check_kind(version.kind, user)
    _check_proposed(version, otherwise="Only a proposal can be withdrawn.")
    _check_unscheduled(version)
    running = running_check(version)
    if running is not None and has_work(running):
        raise Conflict("The check is still running. Wait for its report, then withdraw.")


def _newest_report(version: ReferenceVersion) -> CheckReport:
    # The text is large, and most who ask do not read it.
    report = version.reports.defer("text").newest_first().first()
    if report is None:
        raise Conflict("This version was never checked. Run the check first.")
    return report


def _check_current(report: CheckReport) -> None:
    if report.baseline_digest != baseline_digest(active.governing()):
        raise Conflict("What is active has changed since the check. Run the check again.")


def _check_confirm(version: ReferenceVersion, user: Any) -> CheckReport:
    """The report that waits for an executive reviewer."""
    if version.proposed_by_id == user.pk:
        raise NotAllowed("You proposed this version, so somebody else must confirm its promises.")
    _check_proposed(version, otherwise="There is nothing left to confirm.")
    report = _newest_report(version)
    if not report.has_changed_promises:
        raise Conflict("This check does not ask for promises to be confirmed.")
    _check_current(report)
    if report.confirmation is not None:
        raise Conflict("The promises of this check have already been confirmed.")
    return report


def check_activator(version: ReferenceVersion, user: Any) -> None:
    """All that the very first version of a kind needs: there is nothing to compare it with."""
    _check_kind(version.kind, user)
    if version.proposed_by_id == user.pk:
        raise NotAllowed("You proposed this version, so somebody else must activate it.")
    _check_proposed(version, otherwise="Propose its content again.")


def check_ready(version: ReferenceVersion, user: Any) -> CheckReport:
    """The newest report, if it lets the version become active; its own day may have come."""
    check_activator(version, user)
    report = _newest_report(version)
    if report.is_running:
        raise Conflict("The check is still running. Wait for its report.")
    if report.has_changed_promises:
        _check_promises_confirmed(report)
    elif not report.has_passed:
        raise Conflict("The check did not pass. Only a version whose check passed can be active.")
    if report.digest != version.digest:
        raise Conflict("The report is about different content. Run the check again.")
    _check_current(report)
    if PromiseConfirmation.objects.filter(report=report, confirmed_by=user).exists():
        raise NotAllowed("You confirmed its promises, so somebody else must activate it.")
    if version.kind == Kind.CHARTER:
        _check_waited(version)
    return report


def _check_waited(version: ReferenceVersion) -> None:
    until = version.waits_until
    if until is None or until > timezone.now():
        when = date_format(timezone.localtime(until), "j F Y, H:i") if until else "its check"
        raise Conflict(
            f"A charter waits {settings.CHARTER_DAYS} days after its check, so that everybody can"
            f" read it. It can become active after {when} (UTC)."
        )


def _check_promises_confirmed(report: CheckReport) -> None:
    if report.confirmation is None:
        sentences = " ".join(promise["words"] for promise in report.found["unkept"])
        raise Conflict(f"An executive reviewer must confirm these promises first. {sentences}")


def _check_activate(version: ReferenceVersion, user: Any) -> CheckReport:
    _check_unscheduled(version)
    return check_ready(version, user)


def _check_cancel(version: ReferenceVersion, user: Any) -> Schedule:
    """The schedule that waits for its day."""
    _check_kind(version.kind, user)
    schedule: Schedule | None = version.schedules.waiting().first()
    if schedule is None:
        raise Conflict("This version is not scheduled. There is nothing to cancel.")
    return schedule


PROPOSE = Verb("propose_version", _OWNER, _check_kind, "version.proposed", "Propose a version")
START_CHECK = Verb("start_check", _OWNER, _check_start, "version.check_started", "Run the check")
WITHDRAW = Verb("withdraw_version", _OWNER, _check_withdraw, "version.withdrawn", "Withdraw it")
CONFIRM = Verb(
    "confirm_promise_changes",
    _EXECUTIVE,
    _check_confirm,
    "version.promises_confirmed",
    "Confirm or leave these promises",
)
ACTIVATE = Verb(
    "activate_version", _OWNER, _check_activate, "version.activated", "Go to activation"
)
SCHEDULE = Verb(
    "schedule_activation", _OWNER, _check_activate, "version.scheduled", "Go to activation"
)
CANCEL = Verb(
    "cancel_schedule", _OWNER, _check_cancel, "version.schedule_cancelled", "Cancel this activation"
)
VERBS = (PROPOSE, START_CHECK, WITHDRAW, CONFIRM, ACTIVATE, SCHEDULE, CANCEL)
OF_VERSION = VERBS[1:]

#: Each event about a version, as a sentence says it.
SENTENCES = {
    PROPOSE.event: "Proposed the version",
    START_CHECK.event: "Started the check",
    "version.checked": "The check ended: {state}",
    WITHDRAW.event: "Withdrew the proposal",
    CONFIRM.event: "Confirmed what becomes of promises",
    SCHEDULE.event: "Chose the day of its activation: {on}",
    CANCEL.event: "Cancelled the activation",
    "version.schedule_refused": "It did not become active on its day",
    ACTIVATE.event: "Activated the version",
    "version.law_expired": "The last day of a law was over: {law}",
    "version.retired": "Retired, because another version became active",
}
