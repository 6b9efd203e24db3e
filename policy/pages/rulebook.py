"""Pages that read the policy: the rulebook, its rules, its words, and the history of versions."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from audit.refusals import Conflict
from people import access
from people.access import signed_in
from policy import active
from policy.engine.language import phrases
from policy.engine.language.words import AND
from policy.governance import labelled
from policy.governance.past import Coverage, past
from policy.models import Kind, ReferenceVersion, Schedule
from policy.pages import charter as charters
from policy.pages import document
from policy.verbs import PROPOSE
from policy.wording import clauses, glossary

PER_PAGE = 50
#: Days as they are written beside the times of events.
DAY = "j M Y"
#: Who reads proposals and their reports; the history of versions is for everybody.
VERSION_READERS = (access.POLICY_OWNER, access.COMPLIANCE, *access.REVIEWERS, access.AUDITOR)


@signed_in
@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    version = active.version(Kind.RULEBOOK)
    if version is None:
        return render(request, "policy/policy.html", {"version": None})
    rulebook = active.rulebook(version)
    held_to = active.charter(active.version(Kind.CHARTER))
    chapters = document.chapters(rulebook)
    context = {
        "version": version,
        "rulebook": rulebook,
        "source": clauses.source(),
        "chapters": chapters,
        "uncovered": [one for part in chapters for one in part.entries if one.is_uncovered],
        "promises": charters.additions(held_to, rulebook),
        **charters.shown(request.user),
        "may_propose": PROPOSE.may(Kind.RULEBOOK, request.user),
    }
    return render(request, "policy/policy.html", context)


@signed_in
@require_safe
def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    version = active.version(Kind.RULEBOOK)
    rulebook = active.rulebook(version) if version else None
    if version is None or rulebook is None or rule_id not in rulebook.by_id:
        raise Http404
    found = rulebook.by_id[rule_id]
    total = past().screenings(version.pk)
    context = {
        "version": version,
        "card": document.card(rulebook, found),
        "cited": clauses.cited(found.clause),
        "sentence": _sentence(rulebook, found.because),
        "evidence": document.evidence_words(found),
        "promises": document.promises_about(
            rulebook, active.charter(active.version(Kind.CHARTER)), rule_id
        ),
        "coverage": past().coverage(version.pk).get(rule_id, Coverage(0, total, 0)),
        "total": total,
        "examples": _examples(rule_id),
        "neighbours": _neighbours(rulebook, rule_id),
    }
    return render(request, "policy/rule.html", context)


def _sentence(rulebook: Any, because: str) -> list[tuple[str, bool]]:
    """The reason with the label of each fact where the deal's own value will stand."""
    words = rulebook.vocabulary
    return [
        (AND.join(words[name].label or name for name in piece.split(AND)), True)
        if is_fact and words.keys() >= set(piece.split(AND))
        else (piece, is_fact)
        for piece, is_fact in document.blanks(because)
    ]


def _examples(rule_id: str) -> list[dict[str, Any]]:
    """The labelled deals that test a rule; none while something that screening needs is missing."""
    try:
        found = labelled.examples(active.reference_data(), rule_id)
    except Conflict:
        return []
    return [{"example": one, "outcome_words": phrases.OUTCOMES[one.outcome]} for one in found]


def _neighbours(rulebook: Any, rule_id: str) -> dict[str, str]:
    ids = [one.id for one in rulebook.rules]
    at = ids.index(rule_id)
    return {"before": ids[at - 1] if at else "", "after": ids[at + 1] if at + 1 < len(ids) else ""}


@signed_in
@require_safe
def words(request: HttpRequest) -> HttpResponse:
    return render(request, "policy/glossary.html", {"words": glossary.words()})


@signed_in
@require_safe
def kinds(request: HttpRequest) -> HttpResponse:
    rows = []
    for kind in Kind:
        of = ReferenceVersion.objects.of(kind)
        proposed = of.not_withdrawn().filter(activated_at__isnull=True).count()
        rows.append(
            {
                "kind": kind.value,
                "label": kind.label,
                "active": active.version(kind),
                "proposed": ngettext("%d proposal", "%d proposals", proposed) % proposed
                if proposed
                else "",
                "may_propose": PROPOSE.may(kind, request.user),
            }
        )
    return render(request, "policy/kinds.html", {"rows": rows})


#: Where what is active of each kind can be read.
LISTS = {
    Kind.CHARTER: "policy:policy",
    Kind.RULEBOOK: "policy:policy",
    Kind.COUNTRIES: "policy:countries",
    Kind.CATALOGUE: "policy:catalogue",
    Kind.REGISTRY: "policy:registry",
    Kind.LAWS: "policy:laws",
}


@signed_in
@require_safe
def versions(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in Kind.values:
        raise Http404
    found = (
        ReferenceVersion.objects.of(kind)
        .withdrawn_last()
        .select_related("proposed_by", "activated_by")
        .defer("content", "written")
    )
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    waiting = {
        one.version_id: one for one in Schedule.objects.waiting().filter(version__in=list(page))
    }
    may_read = not access.roles_of(request.user).isdisjoint(VERSION_READERS)
    context = {
        "kind": Kind(kind),
        "rows": [{"version": one, "state": state_of(one, waiting.get(one.pk))} for one in page],
        "active": active.version(kind),
        "may_read": may_read,
        "page": page,
        "list_url": reverse(LISTS[Kind(kind)]) if may_read else "",
        "may_compare": may_read and page.paginator.count > 1,
        "may_propose": PROPOSE.may(kind, request.user),
        "begins_with_text": kind in {Kind.CHARTER, Kind.RULEBOOK, Kind.CATALOGUE, Kind.LAWS},
    }
    return render(request, "policy/versions.html", context)


def state_of(version: ReferenceVersion, waiting: Schedule | None = None) -> tuple[str, str]:
    """The kind of badge and the word for where a version stands."""
    if version.is_active:
        return "active", _("Active")
    if version.retired_at is not None:
        return "retired", _("Retired")
    if version.withdrawn_at is not None:
        return "withdrawn", _("Withdrawn")
    if waiting is not None:
        return "soon", _("Scheduled for %(day)s") % {"day": date_format(waiting.effective_on, DAY)}
    return "proposed", _("Proposed")
