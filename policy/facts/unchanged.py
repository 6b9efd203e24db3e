"""Whether what was derived under one set of reference data is the same under another.

A new version of the countries changes a few ratings, and most deals go elsewhere: whoever replays
all of them under both need not derive twice what read none of the rows that differ
(`reading_rows`).
"""

from collections.abc import Mapping

from policy.facts.bundle import ReferenceData
from policy.reference.destinations import Countries


def rows_that_differ(one: ReferenceData, other: ReferenceData) -> frozenset[str] | None:
    """The codes of the rows of the countries in which alone the two differ; None where they differ
    in more, so that nothing is known to be the same.
    """
    if not _differ_in_rows_alone(one, other):
        return None
    here, there = dict(one.countries.places), dict(other.countries.places)
    return frozenset(code for code in here if here[code] != there[code])


def _differ_in_rows_alone(one: ReferenceData, other: ReferenceData) -> bool:
    rest = [{**data.digests, "countries": ""} for data in (one, other)]
    return rest[0] == rest[1] and _named(one.countries) == _named(other.countries)


def _named(countries: Countries) -> tuple[Mapping[str, object], ...]:
    """What is read of countries besides their rows."""
    return (countries.names, countries.also, countries.territories)
