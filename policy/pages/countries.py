"""Pages of countries: the map with its table, and one page for each place."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from people.access import signed_in
from policy import active
from policy.governance.past import past
from policy.models import Kind, ReferenceVersion
from policy.pages import laws, maps
from policy.pages.forms import CONTROLS, CountryFilters
from policy.pages.lists import vocabulary, workbook
from policy.reference import spreadsheets
from policy.reference.destinations import Countries, Place, Restriction
from policy.reference.ratings import TIERS, UNRATED, Changes, Rating, RatingList, compare
from policy.reference.registry import fold
from policy.verbs import PROPOSE
from policy.wording import outcomes


@signed_in
@require_safe
def countries(request: HttpRequest) -> HttpResponse:
    version = active.version(Kind.COUNTRIES)
    found = active.countries(version)
    form = CountryFilters(request.GET)
    chosen = form.chosen()
    shown = [] if form.errors else _places(found, chosen)
    context = {
        "version": version,
        "lists": found.lists,
        "form": form,
        "chosen": chosen,
        "rows": [_place_row(found, place) for place in shown],
        "totals": _totals(found),
        "map": _map(version, found),
        "map_key": drawn(maps.map_key()),
        "borders": maps.BORDERS_NOTE,
        "restricted": _restricted(found),
        "may_propose": PROPOSE.may(Kind.COUNTRIES, request.user),
    }
    return render(request, "policy/countries.html", context, status=form.status)


def _places(found: Countries, chosen: Mapping[str, Any]) -> list[Place]:
    wanted = fold(chosen.get("words", ""))
    return [
        place
        for place in sorted(found.places.values(), key=lambda one: fold(one.name))
        if (not wanted or wanted in fold(place.name) or wanted == place.code.casefold())
        and chosen.get("tier", place.tier) == place.tier
        and (not chosen.get("special") or place.special)
    ]


def _place_row(found: Countries, place: Place) -> dict[str, Any]:
    return {
        "place": place,
        "tier_words": outcomes.TIERS[place.tier],
        "scores": [
            f"{one.source} {rating.score.normalize():f}"
            for one in found.lists
            if (rating := one.by_code.get(place.code)) and rating.score is not None
        ],
    }


def _totals(found: Countries) -> list[tuple[str, str, int]]:
    tiers = [place.tier for place in found.places.values()]
    return [(tier, outcomes.TIERS[tier], tiers.count(tier)) for tier in (*TIERS, UNRATED)]


def _map(version: ReferenceVersion | None, found: Countries) -> SafeString:
    """The map of a version; drawing takes a third of a second, so each is drawn once."""
    return _drawn(
        version.digest if version else "",
        tuple((code, place.tier) for code, place in found.places.items()),
    )


@lru_cache(maxsize=8)
def _drawn(digest: str, tiers: tuple[tuple[str, str], ...]) -> SafeString:
    world = maps.world_map(
        dict(tiers),
        title=_("Human-rights risk by country"),
        description=_("The table below says the same in words."),
        link=lambda code: reverse("policy:country", args=[code]),
    )
    return drawn(world)


def drawn(svg: str) -> SafeString:
    """A drawing of policy.pages.maps or its key: our own markup, in which every word is escaped."""
    return mark_safe(svg)  # noqa: S308


@signed_in
@require_safe
def restricted_export(request: HttpRequest) -> HttpResponse:
    """The restricted destinations as a spreadsheet that can be changed and proposed again."""
    version = active.version(Kind.COUNTRIES)
    if version is None:
        raise Http404
    content = spreadsheets.write_restricted(active.countries(version))
    return workbook(content, f"restricted destinations {version.label}")


def _restricted(found: Countries) -> list[dict[str, Any]]:
    """The restricted destinations in words, by the name of the place."""
    rows = [
        _restriction_row(one, found.places[one.code])
        for one in found.restricted
        if one.code in found.places
    ]
    return sorted(rows, key=lambda row: fold(row["place"].name))


def _restriction_row(one: Restriction, place: Place) -> dict[str, Any]:
    say = vocabulary()["capabilities"].say
    return {
        "place": place,
        "restriction": one,
        "what": [say(name) for name in one.restricts] or [_("everything")],
        "control": CONTROLS.get(one.control, one.control),
    }


@signed_in
@require_safe
def country(request: HttpRequest, code: str) -> HttpResponse:
    version = active.version(Kind.COUNTRIES)
    found = active.countries(version)
    if code not in found.places:
        raise Http404
    place = found.places[code]
    context = {
        "version": version,
        "place": place,
        "tier_words": outcomes.TIERS[place.tier],
        "territory": found.territories.get(code),
        "parent": found.places.get(found.territories[code].parent)
        if code in found.territories
        else None,
        "inside": _inside(found, code),
        "restrictions": [_restriction_row(one, place) for one in place.restrictions],
        "sources": [_source_row(one, code) for one in found.lists],
        "editions": _editions(code),
        "laws": laws.of_country(code),
        "deals": past().deals_in(code, request.user),
    }
    return render(request, "policy/country.html", context)


def _inside(found: Countries, code: str) -> list[dict[str, Any]]:
    """The territories that belong to the state or are reached from it."""
    return [
        {
            "place": found.places[one.code],
            "tier_words": outcomes.TIERS[found.places[one.code].tier],
            "is_asked": one.special,
            "is_neighbour": one.parent != code,
        }
        for one in found.territories.values()
        if code in one.reached_from
    ]


def _source_row(one: Any, code: str) -> dict[str, Any]:
    rating = one.by_code.get(code)
    tier = one.tier(code)
    return {"list": one, "rating": rating, "tier": tier, "tier_words": outcomes.TIERS[tier]}


def _editions(code: str) -> list[dict[str, Any]]:
    """The rating of the place in every version that was ever active, newest first."""
    rows = []
    stored = ReferenceVersion.objects.of(Kind.COUNTRIES).filter(activated_at__isnull=False)
    for version in stored.defer("content", "written").newest_first():
        place = active.countries(version).places.get(code)
        tier = place.tier if place else UNRATED
        rows.append({"version": version, "tier": tier, "tier_words": outcomes.TIERS[tier]})
    return rows


def changes(before: Countries, after: Countries) -> Changes:
    """What changes for each place when one version takes the place of another."""
    return compare(_effective_list(before), _effective_list(after))


def _effective_list(found: Countries) -> RatingList:
    """The tiers that count, as one list."""
    ratings = (Rating(place.code, place.tier, None, place.name) for place in found.places.values())
    return RatingList("", "", None, "", "", tuple(ratings))
