"""The country map as SVG text, drawn on the server; no script and no inline style.

Shapes come ready from data/map/world.json.  Colours and hatching are classes of map.css; the hatch
is a pattern, so that a tier is never told by colour alone and survives black-and-white print.  The
result is plain markup: every name and word that reaches it is escaped here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import NamedTuple, TypedDict

from policy.reference.importers.places import places
from policy.reference.ratings import TIER_WORDS, TIERS, UNRATED, Change, Changes

BORDERS_NOTE = (
    "Borders come from Natural Earth and are shown for reading only. "
    "They do not express a view on any territory."
)
_FILE = Path(__file__).parents[1] / "data" / "map" / "world.json"
_ALL_TIERS = (*TIERS, UNRATED)
MARK_WORDS = {
    "raised": "risk raised",
    "lowered": "risk lowered",
    "lost": "rating lost",
    "gained": "rated for the first time",
}


class Shape(TypedDict, total=False):
    """`d` is the outline as a path, `at` its middle, `dot` the centre of a circle; in map units."""

    d: str
    at: tuple[int, int]
    dot: tuple[int, int]


class World(TypedDict):
    width: int
    height: int
    outline: str
    neutral: str
    places: dict[str, Shape]


@cache
def world() -> World:
    made: World = json.loads(_FILE.read_text(encoding="utf-8"))
    return made


class _Hatch(NamedTuple):
    """A pattern: the length of its side, its turn in degrees and its lines or dots."""

    side: int
    turn: int
    marks: str


_HATCHES = {
    "medium": _Hatch(84, 45, '<circle class="map-ink" cx="42" cy="42" r="9"/>'),
    "high": _Hatch(64, 45, '<path class="map-stroke" d="M0 0V64"/>'),
    "very_high": _Hatch(64, 45, '<path class="map-stroke" d="M0 0V64M0 0H64"/>'),
    UNRATED: _Hatch(90, -45, '<path class="map-stroke" d="M0 0V90"/>'),
}


def world_map(
    tiers: Mapping[str, str],
    *,
    title: str,
    description: str,
    name: str = "map",
    link: Callable[[str], str] | None = None,
) -> str:
    """The world with every place in the colour of its tier; a place not in `tiers` is unrated.

    `name` begins every id, so two maps can share a page.  `link` gives the address of a place; the
    map is then a group of links, because nothing inside an image can be reached.
    """
    drawn = [_place(code, tiers, name, link) for code in _drawn(tiers)]
    return _svg(name, title, description, drawn, links=bool(link))


def _drawn(tiers: Mapping[str, str]) -> list[str]:
    """Codes in drawing order: outlines first, then bare circles, so that none is covered."""
    shapes = world()["places"]
    outlines = [code for code in shapes if "d" in shapes[code]]
    circles = [code for code in shapes if "d" not in shapes[code] and _has_circle(code, tiers)]
    return outlines + circles


def _has_circle(code: str, tiers: Mapping[str, str]) -> bool:
    """Small states always; territories and dependencies only when the list speaks of them."""
    return "dot" in world()["places"][code] and (code in tiers or places()[code].kind == "state")


def _place(
    code: str, tiers: Mapping[str, str], name: str, link: Callable[[str], str] | None
) -> str:
    tier = tiers.get(code, UNRATED)
    label = f"{places()[code].name}: {TIER_WORDS[tier]}"
    mark = _marks(code, tier, name, label, circle=_has_circle(code, tiers))
    if link is None:
        return mark
    return f'<a href="{escape(link(code))}" aria-label="{escape(label)}">{mark}</a>'


def _marks(code: str, tier: str, name: str, label: str, *, circle: bool) -> str:
    shape = world()["places"][code]
    fill = f' fill="url(#{name}-{tier})"' if tier in _HATCHES else ""
    titled = f"<title>{escape(label)}</title>"
    css = f"map-{tier.replace('_', '-')}"
    marks = ""
    if "d" in shape:
        marks += f'<path class="{css}"{fill} d="{shape["d"]}">{titled}</path>'
    if circle:
        x, y = shape["dot"]
        marks += f'<circle class="map-dot {css}"{fill} cx="{x}" cy="{y}" r="28">{titled}</circle>'
    return marks


def _svg(
    name: str, title: str, description: str, drawn: Iterable[str], *, links: bool = False
) -> str:
    earth = world()
    role = "group" if links else "img"
    return (
        f'<svg class="map" viewBox="0 0 {earth["width"]} {earth["height"]}" role="{role}" '
        f'aria-labelledby="{name}-title {name}-desc" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>'
        f"<defs>{''.join(_pattern(tier, name) for tier in _HATCHES)}</defs>"
        f'<path class="map-sea" d="{earth["outline"]}"/>'
        f'<path class="map-land" d="{earth["neutral"]}"/>'
        f"{''.join(drawn)}</svg>"
    )


def _pattern(tier: str, name: str) -> str:
    side, turn, marks = _HATCHES[tier]
    css = f"map-{tier.replace('_', '-')}"
    return (
        f'<pattern id="{name}-{tier}" class="{css}" width="{side}" height="{side}" '
        f'patternUnits="userSpaceOnUse" patternTransform="rotate({turn})">'
        f'<rect class="map-ground" width="{side}" height="{side}"/>{marks}</pattern>'
    )


def map_key(*, name: str = "map") -> str:
    """The key of `world_map` as a list; its swatches use the patterns of the map of that name."""
    entries = (
        f"<li>{_swatch(tier, name)}<span>{escape(TIER_WORDS[tier].capitalize())}</span></li>"
        for tier in _ALL_TIERS
    )
    return f'<ul class="map-key">{"".join(entries)}</ul>'


def _swatch(tier: str, name: str) -> str:
    fill = f' fill="url(#{name}-{tier})"' if tier in _HATCHES else ""
    css = f"map-{tier.replace('_', '-')}"
    return (
        '<svg class="map-swatch" viewBox="0 0 300 200" aria-hidden="true" focusable="false">'
        f'<rect class="{css}"{fill} width="300" height="200"/></svg>'
    )


# ---- what changes between two editions ----


_MARKS = {
    "raised": "M0-62 58 44H-58z",
    "lowered": "M0 62 58-44H-58z",
    "lost": "M-52-30-30-52 0-22 30-52 52-30 22 0 52 30 30 52 0 22-30 52-52 30-22 0z",
    "gained": "M-18-56H18V-18H56V18H18V56H-18V18H-56V-18H-18z",
}


def change_map(changes: Changes, *, title: str, description: str, name: str = "changes") -> str:
    """The world with a mark on each place whose tier changes between two editions."""
    kind_of = {change.code: (kind, change) for kind in _MARKS for change in getattr(changes, kind)}
    shapes = world()["places"]
    outlines = [
        f'<path class="map-{kind_of[code][0] if code in kind_of else "same"}" d="{shape["d"]}">'
        f"<title>{escape(_change_words(code, kind_of.get(code)))}</title></path>"
        for code, shape in shapes.items()
        if "d" in shape
    ]
    marks = [
        _mark(kind, shapes[code], _change_words(code, (kind, change)))
        for code, (kind, change) in sorted(kind_of.items())
        if code in shapes
    ]
    return _svg(name, title, description, outlines + marks)


def _change_words(code: str, changed: tuple[str, Change] | None) -> str:
    if changed is None:
        return f"{places()[code].name}: no change"
    kind, change = changed
    before, after = TIER_WORDS[change.before], TIER_WORDS[change.after]
    return f"{places()[code].name}: {before} → {after} ({MARK_WORDS[kind]})"


def _mark(kind: str, shape: Shape, words: str) -> str:
    x, y = shape["dot"] if "dot" in shape else shape["at"]
    return (
        f'<g transform="translate({x} {y})"><path class="map-mark map-mark-{kind}" '
        f'd="{_MARKS[kind]}"><title>{escape(words)}</title></path></g>'
    )


def change_key() -> str:
    """The key of `change_map` as a list."""
    entries = (
        '<li><svg class="map-swatch map-swatch-mark" viewBox="-80 -80 160 160" '
        f'aria-hidden="true" focusable="false"><path class="map-mark map-mark-{kind}" '
        f'd="{path}"/></svg><span>{MARK_WORDS[kind].capitalize()}</span></li>'
        for kind, path in _MARKS.items()
    )
    return f'<ul class="map-key">{"".join(entries)}</ul>'
