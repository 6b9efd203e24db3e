"""Pages that change the policy: propose, try, check, read the report, activate."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.refusals import Conflict
from people.access import SignedIn, allow
from people.verbs import Offers, does
from policy import actions, active, uploads, verbs
from policy.facts import shipped
from policy.governance import checking, proposals, proving, reports
from policy.governance.afterwards import sweep_of
from policy.governance.past import past
from policy.governance.proposals import CodesOffered, CutsAsked, ImportedCountries, ProposalRefused
from policy.governance.versions import Content
from policy.models import CheckReport, Kind, ReferenceVersion
from policy.pages import comparing
from policy.pages.forms import RESTRICTED, ActivationForm, CancelForm, ProposalForm
from policy.pages.rulebook import DAY, VERSION_READERS, state_of
from policy.reference import spreadsheets
from policy.reference.codes import Offer, digest_of
from policy.reference.ratings import TIER_WORDS, TIERS, Cuts

READ = require_safe
FORM = require_http_methods(["GET", "HEAD", "POST"])


# --- Propose -------------------------------------------------------------------------------------


@does(verbs.PROPOSE)
@FORM
def propose(request: SignedIn, kind: str) -> HttpResponse:
    if kind not in Kind.values:
        raise Http404
    verbs.PROPOSE.check(kind, request.user)
    is_shipped = _begins_as_shipped(request, kind)
    begun = None if is_shipped else _begun(request, kind)
    label = _shipped_label(kind) if is_shipped else begun.label if begun else ""
    if request.method != "POST":
        text = proposals.written(begun or _active(kind))
        initial = {"text": _shipped_text(kind) if is_shipped else text}
        if is_shipped:
            initial["label"] = label
        form = ProposalForm(kind=kind, begun=label, initial=initial)
        return _proposal_page(request, kind, form)
    form = ProposalForm(
        request.POST,
        request.FILES,
        kind=kind,
        begun=label,
        trying="try" in request.POST,
        left_out=uploads.refused(request),
    )
    if not form.is_valid():
        return _proposal_page(request, kind, form)
    try:
        content, remarks = _content(kind, form, begun, is_shipped=is_shipped)
        tried = _tried(content) if form.trying else None
        if tried or _is_uncounted(request, content, remarks):
            counted = {"lines": remarks, "digest": content.digest} if remarks else None
            return _proposal_page(request, kind, form, tried=tried, counted=counted)
        version = actions.propose_version(
            content, note=form.cleaned_data["note"], actor=request.user
        )
    except CutsAsked as asked:
        form.ask_for_cuts()
        return _proposal_page(request, kind, form, scores=asked)
    except CodesOffered as offered:
        return _proposal_page(request, kind, form, offered=_offered(offered.offers))
    except ProposalRefused as refusal:
        return _proposal_page(request, kind, form, problems=refusal.problems)
    except Conflict as refusal:
        return _proposal_page(request, kind, form, problems=[str(refusal)])
    for remark in remarks:
        messages.info(request, remark)
    messages.success(request, _("Proposed. Run the check, then another person can activate it."))
    return redirect("policy:version", version.pk)


def _is_uncounted(request: SignedIn, content: Content, remarks: list[str]) -> bool:
    """Whether nobody has seen yet what becomes of a list: who is left out, or which tier."""
    is_list = content.kind == Kind.REGISTRY or "lowest" in request.POST
    return is_list and bool(remarks) and request.POST.get("seen") != content.digest


def _offered(offers: list[Offer]) -> dict[str, Any]:
    """Each name with its code and the places where it stands, and what accepts all of them."""
    places: dict[tuple[str, str], list[str]] = {}
    for offer in offers:
        places.setdefault((offer.written, offer.code), []).append(offer.where)
    rows = [
        {"written": written, "code": code, "where": some[:PLACES], "more": len(some) - PLACES}
        for (written, code), some in places.items()
    ]
    return {"rows": rows, "digest": digest_of(offers)}


#: Places of one name that the page lists.
PLACES = 3


#: In the address of the page: begin with what ships with this program.
SHIPPED = "shipped"


def _begins_as_shipped(request: SignedIn, kind: str) -> bool:
    return kind in _LABELS and request.GET.get("from") == SHIPPED


def _shipped_text(kind: str) -> str:
    """Of a kind that is written as a text."""
    files = {Kind.CHARTER: shipped.CHARTER, Kind.RULEBOOK: shipped.RULEBOOK}
    return shipped.text(files[Kind(kind)]) if kind in files else ""


def _shipped_label(kind: str) -> str:
    return _LABELS[kind]()


_LABELS: Mapping[str, Callable[[], str]] = {
    Kind.CHARTER: lambda: shipped.charter().label,
    Kind.RULEBOOK: lambda: shipped.rulebook().label,
    Kind.COUNTRIES: lambda: shipped.COUNTRIES,
    Kind.REGISTRY: lambda: shipped.REGISTRY_LABEL,
}


def _newer_shipped(kind: str) -> str:
    """The label of what ships with this program of a kind, while it is not a version here."""
    if kind in {Kind.CHARTER, Kind.RULEBOOK}:
        text = shipped.charter() if kind == Kind.CHARTER else shipped.rulebook()
        own = ReferenceVersion.objects.of(kind).filter(digest=text.digest)
    elif kind in _LABELS:
        # Beside an installation's own rows it has another digest, but nobody gives its label to
        # anything else.
        own = ReferenceVersion.objects.of(kind).filter(label=_shipped_label(kind))
    else:
        return ""
    return "" if own.exists() else _shipped_label(kind)


def _begun(request: SignedIn, kind: str) -> ReferenceVersion | None:
    """The version whose content the proposal begins with, when the address names one."""
    asked = request.GET.get("from", "")
    if not asked:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) < MOST_DIGITS):
        raise Http404
    return get_object_or_404(ReferenceVersion.objects.of(kind), pk=int(asked))


def _active(kind: str) -> ReferenceVersion | None:
    version: ReferenceVersion | None = ReferenceVersion.objects.active().of(kind).first()
    return version


def _content(
    kind: str, form: ProposalForm, begun: ReferenceVersion | None, *, is_shipped: bool
) -> tuple[Content, list[str]]:
    """The content of the form, and what an importer noticed on the way."""
    given = form.cleaned_data
    if begun is not None and not given.get("upload") and not given.get("text"):
        return proposals.again(begun, form.about()), []
    if kind == Kind.COUNTRIES and is_shipped and not given.get("upload"):
        return proposals.shipped_countries(form.about()), []
    if kind == Kind.REGISTRY and is_shipped and not given.get("upload"):
        return proposals.shipped_registry(form.about()), []
    if kind == Kind.COUNTRIES and _is_restricted(form):
        return proposals.import_restricted(given["upload"].file, form.about()), []
    if kind == Kind.COUNTRIES:
        made = proposals.import_countries(
            given["upload"].file,
            layout=given["layout"],
            about=form.about(),
            year=given["year"],
            cuts=given["cuts"],
        )
        return made.content, [*_tiers(made, given["cuts"]), *made.imported.report.lines()]
    if kind == Kind.REGISTRY:
        aliases = given["aliases"].file if given["aliases"] else None
        listed = proposals.import_names(given["upload"].file, form.about(), aliases=aliases)
        if listed is not None:
            return listed.content, listed.lines()
    if given.get("upload"):
        return proposals.of_upload(kind, given["upload"].file, form.about()), []
    return proposals.read(kind, given["text"], form.about()), []


def _tiers(made: ImportedCountries, cuts: Cuts | None) -> list[str]:
    """What becomes of each score, where somebody said where scores become tiers."""
    if cuts is None:
        return []
    places: dict[str, list[str]] = {tier: [] for tier in reversed(TIERS)}
    for rating in made.imported.ratings.ratings:
        if rating.score is not None:
            places[rating.tier].append(f"{rating.name} {rating.score}")
    return [
        f"{TIER_WORDS[tier].capitalize()}: {len(rated)}. {', '.join(rated)}"
        for tier, rated in places.items()
        if rated
    ]


def _is_restricted(form: ProposalForm) -> bool:
    """Whether the file holds restricted destinations, by what was chosen or by its columns."""
    layout = form.cleaned_data["layout"]
    is_guessed = not layout and spreadsheets.is_restricted(form.cleaned_data["upload"].file)
    return is_guessed or layout == RESTRICTED


def _proposal_page(
    request: SignedIn,
    kind: str,
    form: ProposalForm,
    *,
    problems: Any = (),
    tried: Any = None,
    counted: Any = None,
    offered: Any = None,
    scores: CutsAsked | None = None,
) -> HttpResponse:
    context = {
        "kind": Kind(kind),
        "form": form,
        "problems": [{"text": one, "href": f"#id_{next(iter(form.fields))}"} for one in problems],
        "has_errors": bool(problems),
        "active": active.version(kind),
        "tried": tried,
        "counted": counted,
        "offered": offered,
        "scores": scores,
        "is_text": "text" in form.fields,
        "shipped": "" if form.begun else _newer_shipped(kind),
    }
    status = 422 if problems or offered or scores or form.errors else 200
    return render(request, "policy/propose.html", context, status=status)


def _tried(content: Content) -> dict[str, Any]:
    """What a draft would have done to past deals; nothing is stored."""
    now = active.versions()
    before = active.reference_data(now)
    after = checking.with_content(now, content.kind, content.text)
    tested = past().backtest(
        before, after, rulebook_only=content.kind == Kind.RULEBOOK, note=_unheard, newest=QUICK_LOOK
    )
    return {
        "sentence": reports.sentence(tested.plain),
        "matrix": reports.matrix(tested.plain),
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


def _version(pk: int) -> ReferenceVersion:
    versions = ReferenceVersion.objects.select_related(
        "proposed_by", "activated_by", "withdrawn_by"
    )
    return get_object_or_404(versions, pk=pk)


@allow(*VERSION_READERS)
@READ
def version(request: SignedIn, pk: int) -> HttpResponse:
    version = _version(pk)
    newest = version.reports.newest_first().first()
    schedule = version.schedules.newest_first().select_related("scheduled_by", "ended_by").first()
    is_waiting = bool(schedule and schedule.is_waiting)
    may_propose = verbs.PROPOSE.may(version.kind, request.user)
    context = {
        "version": version,
        "kind": Kind(version.kind),
        "state": state_of(version, schedule if is_waiting else None),
        "schedule": schedule,
        "is_waiting": is_waiting,
        "is_own": version.proposed_by_id == request.user.pk,
        "may": Offers(verbs.OF_VERSION, version, request.user),
        "may_propose": may_propose and not version.is_active and not is_waiting,
        "report": newest,
        "reports": version.reports.newest_first().select_related("asked_by"),
        "text": version.written or _readable(version),
        "is_stale": bool(version.is_proposed and newest and _is_stale(newest)),
        "sweep": sweep_of(version) if version.activated_at else None,
    }
    context["next_step"] = reports.next_step(context)
    return render(request, "policy/version.html", context)


def _readable(version: ReferenceVersion) -> str:
    """The text of a version that has no other page to read it on."""
    if version.kind == Kind.CATALOGUE:
        return proposals.catalogue_text(version.content)
    return ""


def _is_stale(report: CheckReport) -> bool:
    return not report.is_running and report.baseline_digest != _baseline()


def _baseline() -> str:
    try:
        return checking.baseline_digest(active.governing())
    except Conflict:
        return ""


@does(verbs.START_CHECK)
@require_POST
def check(request: SignedIn, pk: int) -> HttpResponse:
    actions.start_check(_version(pk), actor=request.user)
    return redirect("policy:report", pk)


@allow(*VERSION_READERS)
@READ
def report(request: SignedIn, pk: int) -> HttpResponse:
    """The newest report of a version, in words."""
    version = _version(pk)
    newest = version.reports.newest_first().select_related("asked_by").first()
    if newest is None:
        raise Http404
    if "HX-Request" in request.headers and not newest.is_running:
        # The page asks while the check runs; now all of it is another one.
        return HttpResponse(headers={"HX-Refresh": "true"})
    is_stale = version.is_proposed and _is_stale(newest)
    may = Offers(verbs.OF_VERSION, version, request.user)
    is_wanted = not newest.is_running and (is_stale or not newest.opens_the_way)
    context: dict[str, Any] = {
        "version": version,
        "kind": Kind(version.kind),
        "report": newest,
        "badge": reports.badge(newest),
        "is_stale": is_stale,
        "may": may,
        "may_check_again": is_wanted and may["start_check"],
        "may_mend": bool(newest.found)
        and not newest.opens_the_way
        and verbs.PROPOSE.may(version.kind, request.user),
        "progress": reports.progress(actions.job_of(newest)) if newest.is_running else "",
        "found": newest.found,
    }
    if newest.found:
        context |= _told(version, newest)
    if newest.found and version.kind == Kind.COUNTRIES:
        context |= _maps(version, newest)
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
        "matrix": reports.matrix(found["backtest"]),
        "labelled": reports.labelled(found),
        "sentence": reports.sentence(found["backtest"]),
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


def _maps(version: ReferenceVersion, newest: CheckReport) -> dict[str, Any]:
    """What changes between the two editions that the report compared, as a map."""
    compared = newest.found["baseline"].get(Kind.COUNTRIES)
    digest = compared["digest"] if compared else ""
    before = ReferenceVersion.objects.of(Kind.COUNTRIES).filter(digest=digest).first()
    return comparing.change_map(before, version)


# --- Activate ------------------------------------------------------------------------------------


@does(verbs.ACTIVATE, verbs.SCHEDULE)
@FORM
def activate(request: SignedIn, pk: int) -> HttpResponse:
    version = _version(pk)
    newest = verbs.ACTIVATE.check(version, request.user)
    form = ActivationForm(
        request.POST if request.method == "POST" else None,
        looser=reports.confirmations(newest, _titles(version)),
        understood=_understood(version, newest),
        initial={"report": newest.pk, "starts_on": timezone.localdate()},
    )
    if request.method == "POST" and form.is_valid():
        messages.success(request, _activated(version, form, actor=request.user))
        return redirect("policy:version", version.pk)
    context = {
        "version": version,
        "kind": Kind(version.kind),
        "report": newest,
        "form": form,
        "sentence": reports.sentence(newest.found["backtest"]),
        "labelled": reports.labelled(newest.found),
        **_shown("affected", reports.changed(newest.found["backtest"]["affected"])),
        "active": active.version(version.kind),
        "proved": sum(one["state"] == "proved" for one in newest.found["promises"]),
    }
    status = 422 if form.errors else 200
    return render(request, "policy/activate.html", context, status=status)


def _activated(version: ReferenceVersion, form: ActivationForm, *, actor: User) -> str:
    """Activate at once or on the day that was chosen, and say which."""
    given = form.cleaned_data
    read = version.reports.filter(pk=given["report"]).first()
    confirmed, day = given.get("looser", []), given["starts_on"]
    if day == timezone.localdate():
        actions.activate_version(version, report=read, confirmed=confirmed, actor=actor)
        if version.kind == Kind.CHARTER:
            return _("Active. Every version of the policy is held to it from now on.")
        return _("Active. Open, cleared and approved deals are screened again.")
    actions.schedule_activation(version, report=read, confirmed=confirmed, on=day, actor=actor)
    return _("Scheduled for %(day)s. Until then what is active stays active.") % {
        "day": date_format(day, DAY)
    }


def _understood(version: ReferenceVersion, newest: CheckReport) -> str:
    if version.kind == Kind.CHARTER:
        return _(
            "By activating, I understand that every version of the policy is held to %(version)s"
            " from that day on."
        ) % {"version": str(version)}
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
    ) % {"version": str(version), "deals": deals}


@does(verbs.CANCEL)
@FORM
def cancel(request: SignedIn, pk: int) -> HttpResponse:
    """End a schedule before its day, with a reason."""
    version = _version(pk)
    schedule = verbs.CANCEL.check(version, request.user)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actions.cancel_schedule(schedule, reason=form.cleaned_data["reason"], actor=request.user)
        messages.success(request, _("Cancelled. The version stays a proposal."))
        return redirect("policy:version", pk)
    context = {"version": version, "kind": Kind(version.kind), "schedule": schedule, "form": form}
    return render(request, "policy/cancel.html", context, status=422 if form.errors else 200)
