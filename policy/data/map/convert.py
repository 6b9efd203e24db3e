"""Makes world.json, the shapes of the country map, from world-atlas.  Run once, by hand:

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python -m policy.data.map.convert package/countries-50m.json

The borders of world-atlas are shared arcs, so they are simplified before polygons are made and
neighbours stay joined.  Coordinates are integers in the Equal Earth projection (Šavrič, Patterson
and Jenny, 2018: equal area, so no country looks larger than it is), y pointing down.  The map is
centred on 11° east: its edge then runs through the Bering Strait and cuts hardly any land.
"""

from __future__ import annotations

import heapq
import json
import math
import sys
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from policy.reference.importers.places import places

type Point = tuple[float, float]

HERE = Path(__file__).parent
CENTRE = 11.0
WIDTH = 10_000
NORTH, SOUTH = 83.7, -56.5  # Antarctica has no deals; a map without it shows the rest larger
# Square units of WIDTH; one unit is about 3.6 km at the equator.
LEAST_BEND = 24  # a bend in a border that encloses less is straightened
LEAST_ISLAND = 150  # smaller rings are left out, unless they are all there is
DOT_BELOW = 700  # smaller places get a circle, or nobody would find them
DOT_GAP = 62  # circles are pushed apart to this distance
KEPT_OUT = {"Antarctica"}

# Natural Earth gives these no ISO number, so they are known by name.
NAMED = {"Kosovo": "XK", "N. Cyprus": "X-NCY", "Somaliland": "X-SML"}
# No shapes of their own in the source: a point (longitude, latitude) inside the territory.
POINTS = {
    "UA-43": (34.3, 45.3),
    "UA-40": (33.6, 44.6),
    "UA-14": (37.9, 47.9),
    "UA-09": (39.0, 48.9),
    "UA-65": (33.9, 46.6),
    "UA-23": (35.8, 47.2),
    "CN-XJ": (85.5, 41.5),
    "CN-XZ": (88.5, 31.5),
    "IN-JK": (75.2, 33.6),
    "PK-JK": (73.8, 33.9),
    "GE-AB": (41.0, 43.0),
    "X-SOS": (44.0, 42.3),
    "MD-SN": (29.4, 46.9),
    "GI": (-5.35, 36.14),
    "TV": (179.2, -8.5),
    "TK": (-171.8, -9.2),
    "CX": (105.7, -10.5),
    "CC": (96.8, -12.2),
    "BV": (3.4, -54.4),
    "UM": (166.6, 19.3),
}
# Drawn with another country, but with a code, and so a rating, of their own:
# country, west, east, south, north.
PARTS = {
    "GF": ("FR", -55, -51, 1, 7),
    "GP": ("FR", -62, -60.9, 15.7, 16.7),
    "MQ": ("FR", -61.4, -60.6, 14.2, 15),
    "RE": ("FR", 54, 57, -22, -20),
    "YT": ("FR", 44, 46, -14, -12),
    "BQ": ("NL", -70, -62, 11, 18),
    "SJ": ("NO", 8, 40, 74, 82),
}
_A = (1.340264, -0.081106, 0.000893, 0.003796)


def project(longitude: float, latitude: float) -> Point:
    """Degrees east of CENTRE (-180 to 180) and north → units of the Equal Earth plane."""
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    t2 = theta * theta
    t6 = t2**3
    slope = _A[0] + 3 * _A[1] * t2 + t6 * (7 * _A[2] + 9 * _A[3] * t2)
    x = 2 * math.sqrt(3) / 3 * math.radians(longitude) * math.cos(theta) / slope
    y = theta * (_A[0] + _A[1] * t2 + t6 * (_A[2] + _A[3] * t2))
    return x, y


HALF = project(180, 0)[0]
SCALE = WIDTH / (2 * HALF)
TOP = project(0, NORTH)[1]
HEIGHT = round((TOP - project(0, SOUTH)[1]) * SCALE)


def place_point(longitude: float, latitude: float) -> Point:
    """Degrees east of CENTRE and north → map units."""
    x, y = project(longitude, latitude)
    return (x + HALF) * SCALE, (TOP - y) * SCALE


def area(ring: Sequence[Point]) -> float:
    closed = [*ring, ring[0]]
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(closed))) / 2


def centroid(ring: Sequence[Point]) -> Point:
    closed = [*ring, ring[0]]
    crosses = [ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(closed)]
    whole = sum(crosses) * 3
    if abs(whole) < 1e-9:
        return ring[0]
    x = sum((a[0] + b[0]) * c for (a, b), c in zip(pairwise(closed), crosses, strict=True))
    y = sum((a[1] + b[1]) * c for (a, b), c in zip(pairwise(closed), crosses, strict=True))
    return x / whole, y / whole


def decoded_arcs(topology: dict[str, Any]) -> list[list[Point]]:
    """Arcs as degrees east of CENTRE, unwrapped so that no step is longer than half the globe."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points: list[Point] = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx - CENTRE, y * sy + ty))
        arcs.append(unwrapped(points))
    return arcs


def unwrapped(points: Iterable[Point]) -> list[Point]:
    made: list[Point] = []
    for longitude, latitude in points:
        if made:
            longitude += 360 * round((made[-1][0] - longitude) / 360)
        made.append((longitude, latitude))
    return made


def simplified(arc: list[Point]) -> list[Point]:
    """Visvalingam and Whyatt (1993): drops the point with the smallest triangle, repeatedly."""
    flat = [
        (SCALE * math.radians(x) * math.cos(math.radians(y)), SCALE * math.radians(y))
        for x, y in arc
    ]
    before = list(range(-1, len(arc) - 1))
    after = list(range(1, len(arc) + 1))

    def triangle(i: int) -> float:
        (ax, ay), (bx, by), (cx, cy) = flat[before[i]], flat[i], flat[after[i]]
        return abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2

    queue = [(triangle(i), i) for i in range(1, len(arc) - 1)]
    heapq.heapify(queue)
    current = {i: size for size, i in queue}
    while queue:
        size, i = heapq.heappop(queue)
        if current.get(i) != size:
            continue
        if size > LEAST_BEND:
            break
        del current[i]
        left, right = before[i], after[i]
        after[left], before[right] = right, left
        for near in (left, right):
            if near in current:
                current[near] = max(size, triangle(near))
                heapq.heappush(queue, (current[near], near))
    kept = {0, len(arc) - 1, *current}
    return [point for i, point in enumerate(arc) if i in kept]


def ring_of(indices: Iterable[int], arcs: list[list[Point]]) -> list[Point]:
    points: list[Point] = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc[1:] if points else arc
    return unwrapped(points)[:-1]


def clipped(ring: list[Point], edge: float, *, keep: int) -> list[Point]:
    """The part of a ring on one side of a meridian (Sutherland and Hodgman); keep is +1 east."""
    made: list[Point] = []
    for (ax, ay), (bx, by) in pairwise([*ring, ring[0]]):
        a_in, b_in = (ax - edge) * keep >= 0, (bx - edge) * keep >= 0
        if a_in:
            made.append((ax, ay))
        if a_in != b_in:
            share = (edge - ax) / (bx - ax)
            made.append((edge, ay + share * (by - ay)))
    return made


def split(ring: list[Point]) -> list[list[Point]]:
    """A ring cut at the edge of the map, each piece moved into -180 to 180."""
    shift = 360 * round(-sum(x for x, _ in ring) / len(ring) / 360)
    ring = [(x + shift, y) for x, y in ring]
    pieces = []
    for turn in (-1, 0, 1):
        piece = clipped(ring, 360 * turn - 180, keep=1) if ring else []
        piece = clipped(piece, 360 * turn + 180, keep=-1) if piece else []
        if len(piece) > 2:
            pieces.append([(x - 360 * turn, y) for x, y in piece])
    return pieces


def polygons(geometry: dict[str, Any]) -> list[list[list[int]]]:
    arcs: list[Any] = geometry["arcs"]
    return arcs if geometry["type"] == "MultiPolygon" else [arcs]


def own_code(code: str, ring: Sequence[Point]) -> str:
    """The code of a ring: that of its country, unless it is a part with a code of its own."""
    longitude = (sum(x for x, _ in ring) / len(ring) + CENTRE + 180) % 360 - 180
    latitude = sum(y for _, y in ring) / len(ring)
    for part, (country, west, east, south, north) in PARTS.items():
        if country == code and west < longitude < east and south < latitude < north:
            return part
    return code


def rings_by_code(
    topology: dict[str, Any], arcs: list[list[Point]]
) -> dict[str, list[list[Point]]]:
    """All rings in map units, largest first, by code; "" for land that has none."""
    by_number = {place.numeric: place.code for place in places().values() if place.numeric}
    by_code: dict[str, list[list[Point]]] = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        name = geometry["properties"]["name"]
        if name in KEPT_OUT:
            continue
        code = NAMED.get(name) or by_number.get(geometry.get("id", ""), "")
        for ring in (ring_of(ring, arcs) for part in polygons(geometry) for ring in part):
            for piece in split(ring):
                projected = [place_point(*point) for point in piece]
                by_code.setdefault(own_code(code, piece), []).append(projected)
    return {code: sorted(rings, key=area, reverse=True) for code, rings in by_code.items()}


def path(rings: Iterable[list[Point]]) -> str:
    """Rings as relative SVG path text of integers."""
    text = ""
    for ring in rings:
        points = [(round(x), round(y)) for x, y in ring]
        points = [p for p, q in pairwise([*points, points[0]]) if p != q]
        if len(points) < 3:
            continue
        steps = [(bx - ax, by - ay) for (ax, ay), (bx, by) in pairwise(points)]
        text += f"M{points[0][0]} {points[0][1]}l"
        text += " ".join(f"{dx} {dy}" for dx, dy in steps).replace(" -", "-") + "z"
    return text


def outline() -> str:
    """The edge of the map: two meridians and the parallels at which it is cut."""
    steps = [SOUTH + (NORTH - SOUTH) * i / 40 for i in range(41)]
    ring = [place_point(-180, y) for y in steps] + [place_point(180, y) for y in steps[::-1]]
    return path([ring])


def spread(dots: dict[str, Point], fixed: dict[str, Point]) -> dict[str, Point]:
    """Pushes circles apart until none hides another or a fixed one; the same in, the same out."""
    at = {**fixed, **dict(sorted(dots.items()))}
    for _ in range(400):
        moved = False
        for first, other in combinations(at, 2):
            (ax, ay), (bx, by) = at[first], at[other]
            far = math.dist((ax, ay), (bx, by))
            if far >= DOT_GAP or other in fixed:
                continue
            east, south = ((bx - ax) / far, (by - ay) / far) if far > 1 else (1.0, 0.0)
            push = DOT_GAP - far + 1
            back = 0.0 if first in fixed else push / 2
            at[first] = (ax - east * back, ay - south * back)
            at[other] = (bx + east * (push - back), by + south * (push - back))
            moved = True
        if not moved:
            break
    return at


def world(topology: dict[str, Any]) -> dict[str, Any]:
    arcs = decoded_arcs(topology)
    fine = rings_by_code(topology, arcs)
    coarse = rings_by_code(topology, [simplified(arc) for arc in arcs])
    neutral = [ring for ring in fine.pop("", []) if area(ring) > LEAST_ISLAND]
    shapes: dict[str, dict[str, Any]] = {code: {} for code in (*fine, *POINTS)}
    dots = {code: place_point((x - CENTRE + 180) % 360 - 180, y) for code, (x, y) in POINTS.items()}
    for code, rings in fine.items():
        whole = sum(map(area, rings))
        if whole < DOT_BELOW:
            dots[code] = centroid(rings[0])
        kept = [ring for ring in coarse.get(code, []) if area(ring) > LEAST_ISLAND]
        if drawn := path(kept or (coarse.get(code, [])[:2] if whole > DOT_BELOW else [])):
            x, y = centroid((kept or rings)[0])
            shapes[code] = {"at": (round(x), round(y)), "d": drawn}
    # States first: their circles are always drawn, the others only when a list speaks of them.
    ours = spread({code: at for code, at in dots.items() if places()[code].kind == "state"}, {})
    for code, (x, y) in spread({c: at for c, at in dots.items() if c not in ours}, ours).items():
        shapes[code]["dot"] = (round(x), round(y))
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "outline": outline(),
        "neutral": path(neutral),
        "places": dict(sorted(shapes.items())),
    }


def main() -> None:
    topology = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    made = world(topology)
    lines = ",\n".join(
        f"{json.dumps(code)}:{json.dumps(shape, separators=(',', ':'))}"
        for code, shape in made.pop("places").items()
    )
    head = json.dumps(made, separators=(",", ":"))[:-1]
    (HERE / "world.json").write_text(f'{head},"places":{{\n{lines}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
