"""Whether what was derived under one set of reference data is the same under another.

A new version of the countries changes a few ratings, and most deals go elsewhere: whoever replays
all of them under both need not derive twice what read none of the rows that differ.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from policy.facts.bundle import ReferenceData
from policy.reference.destinations import Countries, Place


class Watched:
    """Reference data, noting whether a row was read that other reference data has otherwise.

    ``data`` is what to derive with. Where the two differ in more than rows of the countries,
    everything counts as read.
    """

    def __init__(self, data: ReferenceData, other: ReferenceData) -> None:
        self.data = data
        self._rows: _Rows | None = None
        if _differ_in_rows_alone(data, other):
            here, there = data.countries.places, other.countries.places
            self._rows = _Rows(here, {code for code in here if here[code] != there[code]})
            countries = replace(data.countries)
            self.data = replace(data, countries=countries)
            # Where cached properties keep their values; the rules are the same.
            vars(countries)["places"] = self._rows
            vars(self.data)["compiled"] = data.compiled

    def forget(self) -> None:
        """Begin anew, for the next deal."""
        if self._rows is not None:
            self._rows.is_read = False

    @property
    def is_same_there(self) -> bool:
        """Whether what was derived since then is the same under the other reference data."""
        return self._rows is not None and not self._rows.is_read


class _Rows(Mapping[str, Place]):
    """The places by code; reading one that differs is noted. Both have the same codes."""

    def __init__(self, places: Mapping[str, Place], differing: Collection[str]) -> None:
        self._places = places
        self._differing = differing
        self.is_read = False

    def __getitem__(self, code: str) -> Place:
        if code in self._differing:
            self.is_read = True
        return self._places[code]

    def __contains__(self, code: object) -> bool:
        return code in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _differ_in_rows_alone(one: ReferenceData, other: ReferenceData) -> bool:
    rest = [{**data.digests, "countries": ""} for data in (one, other)]
    return rest[0] == rest[1] and _named(one.countries) == _named(other.countries)


def _named(countries: Countries) -> tuple[Mapping[str, object], ...]:
    """What is read of countries besides their rows."""
    return (countries.names, countries.also, countries.territories)
