"""Pages that change the policy: propose, try, check, read the report, activate."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.refusals import Conflict
from people import access
from people.access import allow
from policy import actions, active
from policy.facts import shipped
from policy.governance import checking, proposals, proving, reports
from policy.governance.afterwards import sweep_of
from policy.governance.past import past
from policy.governance.proposals import ProposalRefused
from policy.governance.versions import Content
from policy.models import CheckReport, Kind, ReferenceVersion, Schedule
from policy.pages import comparing
from policy.pages.forms import RESTRICTED, ActivationForm, CancelForm, ProposalForm
from policy.pages.rulebook import DAY, VERSION_READERS, state_of
from policy.permissions import check_govern, may_confirm_promises, may_govern
from policy.reference import spreadsheets

OWNERS = (access.POLICY_OWNER, access.COMPLIANCE)
READ = require_safe
FORM = require_http_methods(["GET", "HEAD", "POST"])


# --- Propose -------------------------------------------------------------------------------------


@allow(*OWNERS)
@FORM
def propose(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in Kind.values:
        raise Http404
    check_govern(kind, request.user)
    is_shipped = _begins_as_shipped(request, kind)
    begun = None if is_shipped else _begun(request, kind)
    label = _shipped_label(kind) if is_shipped else begun.label if begun else ""
    if request.method != "POST":
        text = proposals.written(begun or _active(kind))
        initial = {"text": shipped.text(shipped.RULEBOOK) if is_shipped else text}
        if is_shipped:
            initial["label"] = label
        form = ProposalForm(kind=kind, begun=label, initial=initial)
        return _proposal_page(request, kind, form)
    form = ProposalForm(
        request.POST, request.FILES, kind=kind, begun=label, trying="try" in request.POST
    )
    if not form.is_valid():
        return _proposal_page(request, kind, form)
    try:
        content, remarks = _content(kind, form, begun, is_shipped=is_shipped)
        if form.trying:
            return _proposal_page(request, kind, form, tried=_tried(content))
        version = actions.propose_version(
            content, note=form.cleaned_data["note"], actor=request.user
        )
    except ProposalRefused as refusal:
        return _proposal_page(request, kind, form, problems=refusal.problems)
    except Conflict as refusal:
        return _proposal_page(request, kind, form, problems=[str(refusal)])
    for remark in remarks:
        messages.info(request, remark)
    messages.success(request, _("Proposed. Run the check, then another person can activate it."))
    return redirect("policy:version", version.pk)


#: In the address of the page: begin with what ships with this program.
SHIPPED = "shipped"


def _begins_as_shipped(request: HttpRequest, kind: str) -> bool:
    return kind in (Kind.RULEBOOK, Kind.COUNTRIES) and request.GET.get("from") == SHIPPED


def _shipped_label(kind: str) -> str:
    return shipped.rulebook().label if kind == Kind.RULEBOOK else shipped.COUNTRIES


def _newer_shipped(kind: str) -> str:
    """The label of what ships with this program of a kind, while it is not a version here."""
    if kind == Kind.RULEBOOK:
        own = ReferenceVersion.objects.of(kind).filter(digest=shipped.rulebook().digest)
    elif kind == Kind.COUNTRIES:
        # Beside other sources it has another digest, but nobody gives its label to another list.
        own = ReferenceVersion.objects.of(kind).filter(label=shipped.COUNTRIES)
    else:
        return ""
    return "" if own.exists() else _shipped_label(kind)


def _begun(request: HttpRequest, kind: str) -> ReferenceVersion | None:
    """The version whose content the proposal begins with, when the address names one."""
    asked = request.GET.get("from", "")
    if not asked:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) < MOST_DIGITS):
        raise Http404
    return get_object_or_404(ReferenceVersion.objects.of(kind), pk=int(asked))


def _active(kind: str) -> ReferenceVersion | None:
    found: ReferenceVersion | None = ReferenceVersion.objects.active().of(kind).first()
    return found


def _content(
    kind: str, form: ProposalForm, begun: ReferenceVersion | None, *, is_shipped: bool
) -> tuple[Content, list[str]]:
    """The content of the form, and what an importer noticed on the way."""
    given = form.cleaned_data
    if begun is not None and not given.get("upload") and not given.get("text"):
        return proposals.again(begun, form.about()), []
    if kind == Kind.COUNTRIES and is_shipped and not given.get("upload"):
        return proposals.shipped_countries(form.about()), []
    if kind == Kind.COUNTRIES and _is_restricted(form):
        return proposals.import_restricted(given["upload"].file, form.about()), []
    if kind == Kind.COUNTRIES:
        made = proposals.import_countries(
            given["upload"].file, layout=given["layout"], about=form.about(), year=given["year"]
        )
        return made.content, made.imported.report.lines()
    if given.get("upload"):
        return proposals.of_upload(kind, given["upload"].file, form.about()), []
    return proposals.read(kind, given["text"], form.about()), []


def _is_restricted(form: ProposalForm) -> bool:
    """Whether the file holds restricted destinations, by what was chosen or by its columns."""
    layout = form.cleaned_data["layout"]
    is_guessed = not layout and spreadsheets.is_restricted(form.cleaned_data["upload"].file)
    return is_guessed or layout == RESTRICTED


def _proposal_page(
    request: HttpRequest, kind: str, form: ProposalForm, *, problems: Any = (), tried: Any = None
) -> HttpResponse:
    context = {
        "kind": Kind(kind),
        "form": form,
        "problems": [{"text": one, "href": f"#id_{next(iter(form.fields))}"} for one in problems],
        "has_errors": bool(problems),
        "active": active.version(kind),
        "tried": tried,
        "is_text": "text" in form.fields,
        "shipped": "" if form.begun else _newer_shipped(kind),
    }
    status = 422 if problems or form.errors else 200
    return render(request, "policy/propose.html", context, status=status)


def _tried(content: Content) -> dict[str, Any]:
    """What a draft would have done to past deals; nothing is stored."""
    now = active.versions()
    before = active.reference_data(now)
    after = checking.with_content(now, content.kind, content.text)
    tested = past().backtest(
        before, after, rulebook_only=content.kind == Kind.RULEBOOK, note=_unheard, newest=QUICK_LOOK
    )
    found = {"backtest": tested.plain}
    return {
        "sentence": reports.sentence(found),
        "matrix": reports.matrix(found),
        **_shown("changed", reports.changed(tested.plain["changed"])),
        "unread": tested.unread,
        "newest": QUICK_LOOK,
    }


def _unheard(_done: int, _total: int) -> None:
    """Nobody waits for the progress of a page."""


MOST_SHOWN = 200
MOST_DIGITS = 10
#: A person waits for this page; the check itself plays over everything.
QUICK_LOOK = 1000


# --- One version ---------------------------------------------------------------------------------


def _found(pk: int) -> ReferenceVersion:
    versions = ReferenceVersion.objects.select_related(
        "proposed_by", "activated_by", "withdrawn_by"
    )
    return get_object_or_404(versions, pk=pk)


@allow(*VERSION_READERS)
@READ
def version(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    newest = found.reports.newest_first().first()
    schedule = found.schedules.newest_first().select_related("scheduled_by", "ended_by").first()
    is_waiting = bool(schedule and schedule.is_waiting)
    is_open = found.is_proposed and not is_waiting
    mine = found.proposed_by_id == request.user.pk
    governs = may_govern(request.user, found.kind)
    opens = bool(newest and newest.opens_the_way)
    context = {
        "version": found,
        "kind": Kind(found.kind),
        "state": state_of(found, schedule if is_waiting else None),
        "schedule": schedule,
        "is_waiting": is_waiting,
        "may_cancel": is_waiting and governs,
        "may_withdraw": is_open and governs and not (newest and newest.is_running),
        "report": newest,
        "reports": found.reports.newest_first().select_related("asked_by"),
        "text": found.written or _readable(found),
        "may_check": is_open and governs and not (newest and newest.is_running),
        "may_propose": governs and not found.is_active and not is_waiting,
        "may_activate": is_open and governs and not mine and opens,
        "waits_for_another": is_open and governs and mine and opens,
        "may_confirm": is_open and _may_confirm(found, newest, request.user),
        "is_stale": bool(found.is_proposed and newest and _is_stale(newest)),
        "sweep": sweep_of(found) if found.activated_at else None,
    }
    context["next_step"] = reports.next_step(context)
    return render(request, "policy/version.html", context)


def _may_confirm(version: ReferenceVersion, report: CheckReport | None, user: Any) -> bool:
    """Whether this person is asked about promises that the report says are changed."""
    if report is None:
        return False
    waits = report.has_changed_promises and not report.opens_the_way
    return waits and may_confirm_promises(version, user) and not _is_stale(report)


def _readable(version: ReferenceVersion) -> str:
    """The text of a version that has no other page to read it on."""
    if version.kind == Kind.CATALOGUE:
        return proposals.catalogue_text(version.content)
    return ""


def _is_stale(report: CheckReport) -> bool:
    return not report.is_running and report.baseline_digest != _baseline()


def _baseline() -> str:
    try:
        return checking.baseline_digest(active.versions())
    except Conflict:
        return ""


@allow(*OWNERS)
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    actions.start_check(_found(pk), actor=request.user)
    return redirect("policy:report", pk)


@allow(*VERSION_READERS)
@READ
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest report of a version, in words."""
    found = _found(pk)
    newest = found.reports.newest_first().select_related("asked_by").first()
    if newest is None:
        raise Http404
    if "HX-Request" in request.headers and not newest.is_running:
        # The page asks while the check runs; now all of it is another one.
        return HttpResponse(headers={"HX-Refresh": "true"})
    is_open = found.is_proposed and not found.schedules.waiting().exists()
    governs = may_govern(request.user, found.kind)
    is_stale = found.is_proposed and _is_stale(newest)
    may_act = not newest.is_running and (is_stale or not newest.opens_the_way)
    context: dict[str, Any] = {
        "version": found,
        "kind": Kind(found.kind),
        "report": newest,
        "badge": reports.badge(newest),
        "is_stale": is_stale,
        "may_check": may_act and is_open and governs,
        "may_mend": bool(newest.found) and not newest.opens_the_way and governs,
        "may_activate": is_open
        and newest.opens_the_way
        and found.proposed_by_id != request.user.pk
        and governs,
        "may_confirm": is_open and _may_confirm(found, newest, request.user),
        "progress": reports.progress(actions.job_of(newest)) if newest.is_running else "",
        "found": newest.found,
    }
    if newest.found:
        context |= _told(found, newest)
    if newest.found and found.kind == Kind.COUNTRIES:
        context |= _maps(found, newest)
    context["sections"] = reports.sections(newest, context)
    return render(request, "policy/report.html", context)


def _told(version: ReferenceVersion, newest: CheckReport) -> dict[str, Any]:
    found = newest.found
    vocabulary = proposals.vocabulary()
    titles = _titles(version)
    promises = reports.promises(found, vocabulary, titles)
    return {
        "promises": [one for one in promises if one["state"] != proving.PROVED],
        "proved": [one for one in promises if one["state"] == proving.PROVED],
        **reports.charter(found),
        "reworded": found.get("reworded", []),
        "differences": reports.differences(found, vocabulary, titles),
        "matrix": reports.matrix(found),
        "labelled": reports.labelled(found),
        "sentence": reports.sentence(found),
        **_shown("changed", reports.changed(found["backtest"]["changed"])),
        **_shown("affected", reports.changed(found["backtest"]["affected"])),
        **_shown("otherwise", reports.changed(found["backtest"].get("otherwise", []))),
    }


def _shown(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """As many rows as a page holds, and how many there are when that is more."""
    more = len(rows) if len(rows) > MOST_SHOWN else 0
    return {name: rows[:MOST_SHOWN], f"{name}_in_all": more}


def _titles(version: ReferenceVersion) -> reports.Titles:
    """How rules are called: in this rulebook and, where it lost them, in the active one."""
    versions = [active.version(Kind.RULEBOOK), version if version.kind == Kind.RULEBOOK else None]
    return comparing.titles(*(active.rulebook(one) for one in versions if one))


def _maps(found: ReferenceVersion, newest: CheckReport) -> dict[str, Any]:
    """What changes between the two editions that the report compared, as a map."""
    digest = newest.found["baseline"].get(Kind.COUNTRIES, {}).get("digest", "")
    before = ReferenceVersion.objects.of(Kind.COUNTRIES).filter(digest=digest).first()
    return comparing.change_map(before, found)


# --- Activate ------------------------------------------------------------------------------------


@allow(*OWNERS)
@FORM
def activate(request: HttpRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    check_govern(found.kind, request.user)
    try:
        return _activation_page(request, found)
    except Conflict as refusal:
        context = {"version": found, "kind": Kind(found.kind), "sentence": str(refusal)}
        return render(request, "policy/not_now.html", context, status=409)


def _activation_page(request: HttpRequest, found: ReferenceVersion) -> HttpResponse:
    newest = found.reports.newest_first().first()
    _check_ready(found, newest, request.user)
    assert newest is not None  # noqa: S101  a version without a report is not ready
    form = ActivationForm(
        request.POST if request.method == "POST" else None,
        looser=reports.confirmations(newest, _titles(found)),
        understood=_understood(found, newest),
        initial={"report": newest.pk, "starts_on": timezone.localdate()},
    )
    if request.method == "POST" and form.is_valid():
        messages.success(request, _activated(found, form, actor=request.user))
        return redirect("policy:version", found.pk)
    context = {
        "version": found,
        "kind": Kind(found.kind),
        "report": newest,
        "form": form,
        "sentence": reports.sentence(newest.found),
        "labelled": reports.labelled(newest.found),
        **_shown("affected", reports.changed(newest.found["backtest"]["affected"])),
        "active": active.version(found.kind),
        "proved": sum(one["state"] == "proved" for one in newest.found["promises"]),
    }
    status = 422 if form.errors else 200
    return render(request, "policy/activate.html", context, status=status)


def _activated(found: ReferenceVersion, form: ActivationForm, *, actor: Any) -> str:
    """Activate at once or on the day that was chosen, and say which."""
    given = form.cleaned_data
    read = found.reports.filter(pk=given["report"]).first()
    confirmed, day = given.get("looser", []), given["starts_on"]
    if day == timezone.localdate():
        actions.activate_version(found, report=read, confirmed=confirmed, actor=actor)
        return _("Active. Open, cleared and approved deals are screened again.")
    actions.schedule_activation(found, report=read, confirmed=confirmed, on=day, actor=actor)
    return _("Scheduled for %(day)s. Until then what is active stays active.") % {
        "day": date_format(day, DAY)
    }


def _check_ready(found: ReferenceVersion, newest: CheckReport | None, user: Any) -> None:
    """Raises before anybody reads a form that could not be sent."""
    if found.proposed_by_id == user.pk:
        raise Conflict(_("You proposed this version, so somebody else must activate it."))
    if found.activated_at is not None:
        raise Conflict(_("This version has already been activated. Propose its content again."))
    actions.check_not_withdrawn(found)
    actions.check_unscheduled(found)
    names = [one["name"] for one in newest.found["looser"]] if newest and newest.found else []
    actions.check_report(found, newest, active.versions(), names)


def _understood(found: ReferenceVersion, newest: CheckReport) -> str:
    affected = len(newest.found["backtest"]["affected"])
    deals = ngettext(
        "%(count)s deal that is open, cleared or approved changes",
        "%(count)s deals that are open, cleared or approved change",
        affected,
    ) % {"count": f"{affected:,}"}
    if not affected:
        deals = _("no deal that is open, cleared or approved changes")
    return _(
        "By activating, I understand that %(version)s screens every deal from that day on, and that"
        " %(deals)s."
    ) % {"version": str(found), "deals": deals}


@allow(*OWNERS)
@FORM
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """End a schedule before its day, with a reason."""
    found = _found(pk)
    check_govern(found.kind, request.user)
    schedule: Schedule | None = found.schedules.waiting().first()
    if schedule is None:
        raise Conflict(_("This version is not scheduled. There is nothing to cancel."))
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actions.cancel_schedule(schedule, reason=form.cleaned_data["reason"], actor=request.user)
        messages.success(request, _("Cancelled. The version stays a proposal."))
        return redirect("policy:version", pk)
    context = {"version": found, "kind": Kind(found.kind), "schedule": schedule, "form": form}
    return render(request, "policy/cancel.html", context, status=422 if form.errors else 200)
