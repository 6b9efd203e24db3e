"""The page that compares any two versions of one kind, in words."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from threading import Lock
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from people.access import allow
from policy import active
from policy.engine.language.condition import Rulebook
from policy.engine.proof.proof import Limits, NotProved
from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.governance import entries, proving, reports, succession
from policy.models import Kind, ReferenceVersion
from policy.pages import countries, maps
from policy.pages.forms import DifferenceForm
from policy.pages.rulebook import VERSION_READERS, state_of

#: A person waits for this page. The check, which is a job, takes its time.
LIMITS = Limits(effort=15_000_000, effort_in_all=30_000_000, seconds=20.0, megabytes=1500)
#: Versions that make a choice.
LEAST = 2
#: How long one reader waits until the comparison of another is over.
PATIENCE = 10.0


@allow(*VERSION_READERS)
@require_safe
def difference(request: HttpRequest, kind: str) -> HttpResponse:
    """Two versions of a kind, chosen in the address, and how they differ."""
    if kind not in Kind.values:
        raise Http404
    stored = {str(one.pk): one for one in _stored(kind)}
    form = DifferenceForm(
        _chosen(request, stored), versions=_options(stored), initial=_first_choice(stored)
    )
    context: dict[str, Any] = {"kind": Kind(kind), "form": form, "versions": len(stored)}
    if form.is_bound and form.is_valid():
        before, after = (stored[form.cleaned_data[name]] for name in ("before", "after"))
        context |= {"before": before, "after": after} | _compared(before, after)
    status = 422 if form.errors else 200
    return render(request, "policy/difference.html", context, status=status)


def _stored(kind: str) -> list[ReferenceVersion]:
    return list(ReferenceVersion.objects.of(kind).newest_first().defer("content", "written"))


def _options(stored: Mapping[str, ReferenceVersion]) -> list[tuple[str, str]]:
    return [(pk, f"{one.label} ({state_of(one)[1].lower()})") for pk, one in stored.items()]


def _chosen(request: HttpRequest, stored: Mapping[str, ReferenceVersion]) -> dict[str, str] | None:
    """What the address asks for; it may leave out one of the two."""
    asked = request.GET
    if len(stored) < LEAST or not asked.keys() & {"before", "after"}:
        return None
    after = asked.get("after") or _other(stored, than=asked.get("before", ""))
    return {"before": asked.get("before") or _other(stored, than=after), "after": after}


def _first_choice(stored: Mapping[str, ReferenceVersion]) -> dict[str, str]:
    """What is active, and the newest of the others."""
    before = _other(stored, than="")
    return {"before": before, "after": next((pk for pk in stored if pk != before), "")}


def _other(stored: Mapping[str, ReferenceVersion], *, than: str) -> str:
    """The active version, or else the newest, that is not the one given."""
    others = [pk for pk in stored if pk != than]
    return next((pk for pk in others if stored[pk].is_active), next(iter(others), ""))


# --- How two versions differ ---------------------------------------------------------------------


def _compared(before: ReferenceVersion, after: ReferenceVersion) -> dict[str, Any]:
    if after.kind == Kind.RULEBOOK:
        return _rulebooks(before, after)
    if after.kind == Kind.CHARTER:
        old, new = active.charter(before), active.charter(after)
        return {"changes": succession.differences(old, new) if old and new else []}
    found = entries.differences(after.kind, _with(before), _with(after))
    compared: dict[str, Any] = {"entries": [one.plain for one in found]}
    if after.kind == Kind.COUNTRIES and found:
        compared |= change_map(before, after)
    return compared


def _rulebooks(before: ReferenceVersion, after: ReferenceVersion) -> dict[str, Any]:
    try:
        kinds = [one.plain for one in kinds_of_deals(before.digest, after.digest)]
    except NotProved as reason:
        return {"incomplete": str(reason)}
    old, new = active.rulebook(before), active.rulebook(after)
    named = {rule for kind in kinds for rule in kind["rules"]}
    return {
        "differences": reports.kinds(kinds, new.vocabulary, titles=titles(old, new)),
        "rewritten": [one for one in rewritten(old, new) if one not in named],
    }


def titles(*rulebooks: Rulebook) -> dict[str, str]:
    """The title of each rule; the last rulebook that has it says it."""
    return {rule.id: rule.title for rulebook in rulebooks for rule in rulebook.rules}


_proofs = Lock()


def kinds_of_deals(before: str, after: str) -> tuple[proving.Different, ...]:
    """Kinds of deals on which the rulebooks with these digests differ, within a page's limits.

    One proof at a time in each process; the answer is kept. Raises NotProved.
    """
    if not _proofs.acquire(timeout=PATIENCE):
        raise NotProved(_("another comparison is running"))
    try:
        return _found(before, after)
    finally:
        _proofs.release()


@lru_cache(maxsize=64)
def _found(before: str, after: str) -> tuple[proving.Different, ...]:
    stored = ReferenceVersion.objects.of(Kind.RULEBOOK).defer("content", "written")
    old, new = (
        active.rulebook(stored.filter(digest=one).newest_first()[0]) for one in (before, after)
    )
    return tuple(proving.differences(old, new, limits=LIMITS))


def rewritten(before: Rulebook, after: Rulebook) -> list[str]:
    """Rules that were added, taken away or written differently, in the order of the newer."""
    old, new = before.by_id, after.by_id
    return [one for one in dict.fromkeys((*new, *old)) if old.get(one) != new.get(one)]


def _with(version: ReferenceVersion) -> ReferenceData:
    """This version among shipped ones, which are not compared; words are the active rulebook's."""
    read = {
        Kind.COUNTRIES: active.countries,
        Kind.CATALOGUE: active.catalogue,
        Kind.REGISTRY: active.registry,
        Kind.LAWS: active.laws,
    }[Kind(version.kind)]
    changed: Any = {version.kind: read(version)}
    spoken = active.version(Kind.RULEBOOK)
    if spoken is not None:
        changed["rulebook"] = active.rulebook(spoken)
    return replace(shipped.load(), **changed)


def change_map(before: ReferenceVersion | None, after: ReferenceVersion) -> dict[str, Any]:
    """What changes between two editions, as a map with its key."""
    changes = countries.changes(active.countries(before), active.countries(after))
    drawn = maps.change_map(
        changes,
        title=_("What changes between the two editions"),
        description=_("The list below says the same in words."),
    )
    return {
        "map": countries.drawn(drawn),
        "map_key": countries.drawn(maps.change_key()),
        "borders": maps.BORDERS_NOTE,
    }
