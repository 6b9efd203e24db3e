"""Pages of the register of laws: the list, and one law with its history and its deals."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from people.access import signed_in
from policy import active
from policy.governance.past import past
from policy.models import Kind, ReferenceVersion
from policy.pages.forms import LawFilters
from policy.pages.lists import kinds_of_end_user, workbook
from policy.reference import spreadsheets
from policy.reference.laws import CLASS_WORDS, Law
from policy.reference.registry import fold
from policy.verbs import PROPOSE

PER_PAGE = 50
#: An entry that ends within so many days is told beforehand.
SOON = 60


@signed_in
@require_safe
def laws(request: HttpRequest) -> HttpResponse:
    version = active.version(Kind.LAWS)
    register = active.laws(version)
    names = active.countries(active.version(Kind.COUNTRIES)).names
    kinds, today = kinds_of_end_user(), timezone.localdate()
    form = LawFilters(
        request.GET,
        countries=sorted(
            {(law.country, names.get(law.country, law.country)) for law in register.laws},
            key=lambda pair: pair[1],
        ),
        kinds=[
            (kind, kinds.get(kind, kind))
            for kind in sorted({kind for law in register.laws for kind in law.obliges})
        ],
        letters=list(CLASS_WORDS.items()),
    )
    chosen = form.chosen()
    fitting = [law for law in register.laws if not form.errors and _fits(law, chosen, today)]
    fitting.sort(key=lambda law: (names.get(law.country, law.country), law.id))
    page = Paginator(fitting, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "version": version,
        "remark": register.remark,
        "is_empty": not register.laws,
        "form": form,
        "chosen": chosen,
        "page": page,
        "rows": [row(law, kinds, names, today) for law in page],
        "may_propose": PROPOSE.may(Kind.LAWS, request.user),
    }
    return render(request, "policy/laws.html", context, status=form.status)


def row(
    law: Law, kinds: Mapping[str, str], names: Mapping[str, str], today: date
) -> dict[str, Any]:
    """A law as pages show it."""
    return {
        "law": law,
        "country": names.get(law.country, law.country),
        "obliges": [kinds.get(kind, kind) for kind in law.obliges],
        "classes": [CLASS_WORDS[letter] for letter in law.classes],
        "validity": validity(law, today),
    }


def validity(law: Law, today: date) -> tuple[str, str]:
    """The kind of a badge and its words: whether somebody vouches for it."""
    left = (law.valid_until - today).days
    if left < 0:
        return "late", _("No longer valid")
    if left <= SOON:
        return "soon", _("Valid for %(days)s more days") % {"days": left}
    return "met", _("Valid")


def _fits(law: Law, chosen: Mapping[str, Any], today: date) -> bool:
    wanted, state = fold(chosen.get("words", "")), chosen.get("state")
    return (
        any(wanted in fold(text) for text in (law.id, law.act, law.provision, law.orders))
        and chosen.get("country", law.country) == law.country
        and chosen.get("kind", law.obliges[0]) in law.obliges
        and chosen.get("letter", law.classes[0]) in law.classes
        and (state != "conflict" or law.conflict)
        and (state not in ("valid", "expired") or law.holds_on(today) == (state == "valid"))
    )


@signed_in
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    version = active.version(Kind.LAWS)
    if version is None:
        raise Http404
    content = spreadsheets.write_laws(active.laws(version))
    return workbook(content, f"{version.kind} {version.label}")


@signed_in
@require_safe
def law(request: HttpRequest, law_id: str) -> HttpResponse:
    """One law: as it stands, in every version that was ever active, and the deals that cite it."""
    version = active.version(Kind.LAWS)
    entries = _entries(law_id)
    current = active.laws(version).by_id.get(law_id)
    known = current or next((entry for _version, entry in entries if entry), None)
    if known is None:
        raise Http404
    names = active.countries(active.version(Kind.COUNTRIES)).names
    today = timezone.localdate()
    context = {
        "version": version,
        "row": row(known, kinds_of_end_user(), names, today),
        "remark": active.laws(version).remark,
        "is_current": current is not None,
        "editions": [
            {
                "version": of,
                "checked": entry.checked if entry else None,
                "valid_until": entry.valid_until if entry else None,
                "validity": validity(entry, today) if entry else ("", _("Not in this version")),
            }
            for of, entry in entries
        ],
        "deals": past().deals_under(law_id, request.user),
    }
    return render(request, "policy/law.html", context)


def _entries(law_id: str) -> list[tuple[ReferenceVersion, Law | None]]:
    """What every version that was ever active says of the law, the newest first."""
    stored = ReferenceVersion.objects.of(Kind.LAWS).filter(activated_at__isnull=False)
    return [
        (version, active.laws(version).by_id.get(law_id))
        for version in stored.defer("content", "written").newest_first()
    ]


def of_country(code: str) -> list[dict[str, Any]]:
    """The laws of a country, for its page."""
    register = active.laws(active.version(Kind.LAWS))
    kinds, today = kinds_of_end_user(), timezone.localdate()
    return [row(law, kinds, {}, today) for law in register.laws if law.country == code]
