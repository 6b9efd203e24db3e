"""Pages of the product catalogue and the end-user registry."""

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from people import access
from people.access import allow
from policy import active
from policy.engine.language.facts import Vocabulary
from policy.facts import shipped
from policy.governance import measured
from policy.models import Kind, ReferenceVersion
from policy.pages.forms import CONTROLS, ProductFilters, RegistryFilters
from policy.reference import spreadsheets
from policy.reference.catalogue import Product
from policy.reference.registry import OPERATOR, QUESTION, VENDOR, Party, fold
from policy.verbs import PROPOSE

PER_PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
READERS = (access.COMPLIANCE, *access.REVIEWERS, access.POLICY_OWNER, access.AUDITOR)


@allow(*READERS)
@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    version = active.version(Kind.CATALOGUE)
    if version is None:
        return render(request, "policy/catalogue.html", {"version": None})
    capability = vocabulary()["capabilities"]
    found = active.catalogue(version)
    form = ProductFilters(
        request.GET,
        families=sorted({one.family for one in found.products}),
        capabilities=sorted({name for one in found.products for name in one.capabilities}),
        say=capability.say,
    )
    chosen = form.chosen()
    products = [one for one in found.products if not form.errors and _product_fits(one, chosen)]
    page = Paginator(products, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "version": version,
        "form": form,
        "chosen": chosen,
        "page": page,
        "rows": [
            {
                "product": one,
                "capabilities": [capability.say(name) for name in one.capabilities],
                "control": CONTROLS.get(one.control, one.control),
            }
            for one in page
        ],
        "may_propose": PROPOSE.may(Kind.CATALOGUE, request.user),
    }
    return render(request, "policy/catalogue.html", context, status=form.status)


@allow(*READERS)
@require_safe
def catalogue_export(request: HttpRequest) -> HttpResponse:
    version = _active(Kind.CATALOGUE)
    content = spreadsheets.write_catalogue(active.catalogue(version))
    return workbook(content, f"{version.kind} {version.label}")


@allow(*READERS)
@require_safe
def registry_export(request: HttpRequest) -> HttpResponse:
    version = _active(Kind.REGISTRY)
    content = spreadsheets.write_registry(active.registry(version))
    return workbook(content, f"{version.kind} {version.label}")


def _active(kind: str) -> ReferenceVersion:
    version = active.version(kind)
    if version is None:
        raise Http404
    return version


def workbook(content: bytes, holds: str) -> HttpResponse:
    """A spreadsheet to download, named after what it holds."""
    response = HttpResponse(content, content_type=XLSX)
    response.headers["Content-Disposition"] = f'attachment; filename="{slugify(holds)}.xlsx"'
    return response


def _product_fits(product: Product, chosen: Mapping[str, Any]) -> bool:
    wanted = fold(chosen.get("words", ""))
    return (
        any(wanted in fold(name) for name in (product.id, product.name, *product.also))
        and chosen.get("family", product.family) == product.family
        and (chosen.get("capability") or product.capabilities[0])
        in (product.capabilities if chosen.get("capability") else product.capabilities[:1])
    )


@allow(*READERS)
@require_safe
def registry(request: HttpRequest) -> HttpResponse:
    version = active.version(Kind.REGISTRY)
    if version is None:
        return render(request, "policy/registry.html", {"version": None})
    found = active.registry(version)
    names = active.countries(active.version(Kind.COUNTRIES)).names
    classes = _classes()
    form = RegistryFilters(
        request.GET,
        classes=[
            (name, classes.get(name, name))
            for name in sorted({party.kind for party in found.parties})
        ],
        countries=sorted(
            ((code, names.get(code, code)) for code in {p.country for p in found.parties} if code),
            key=lambda pair: pair[1],
        ),
    )
    chosen = form.chosen()
    parties = [one for one in found.parties if not form.errors and _party_fits(one, chosen)]
    page = Paginator(parties, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "version": version,
        "form": form,
        "chosen": chosen,
        "page": page,
        "rows": [
            {
                "party": one,
                "country": names.get(one.country, one.country) or _("International"),
                "kind": classes.get(one.kind, one.kind),
            }
            for one in page
        ],
        "may_propose": PROPOSE.may(Kind.REGISTRY, request.user),
        "figures": measured.figures(version),
    }
    return render(request, "policy/registry.html", context, status=form.status)


def _classes() -> dict[str, str]:
    """What each class of a party means; the vocabulary's words, and the two of the registry."""
    own = {
        QUESTION: _("Compliance asks what it is"),
        OPERATOR: _("Network operator, ownership not on the list"),
        VENDOR: _("Vendor of surveillance systems"),
    }
    return kinds_of_end_user() | own


def kinds_of_end_user() -> dict[str, str]:
    """The kinds in the vocabulary's words, as the name of a class: "Utility"."""
    fact = vocabulary()["end_user_type"]
    return {value: _capital(_bare(fact.say(value))) for value in getattr(fact, "values", ())}


def vocabulary() -> Vocabulary:
    """The words of the active rulebook; those of the program while none is active."""
    rulebook = active.version(Kind.RULEBOOK)
    return active.rulebook(rulebook).vocabulary if rulebook else shipped.vocabulary()


def _bare(words: str) -> str:
    """ "a utility" as the name of a class: "utility"."""
    article, _blank, rest = words.partition(" ")
    return rest if article in {"a", "an"} else words


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _party_fits(party: Party, chosen: Mapping[str, Any]) -> bool:
    wanted = fold(chosen.get("words", ""))
    return (
        chosen.get("kind", party.kind) == party.kind
        and chosen.get("country", party.country) == party.country
        and any(wanted in fold(name) for name in (party.name, *party.aliases))
    )
