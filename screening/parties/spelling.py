"""Who may be meant by another spelling of a name, or by a word more or less.

The outlines of every party are rows with an index, so nobody reads all names to find one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cached_property
from itertools import starmap
from typing import NamedTuple

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery

from policy.reference.names.outlines import PART, WHOLE, opposite, sought
from screening.linking import key_of_name
from screening.parties.models import Easing, Party, PartyOutline

# The outlines that somebody named in one of these deals shares with another party. All words of a
# name are shared with some of another one, its own words among them.
# Each is looked up by its index: PostgreSQL takes a new table for small, and of a large one expects
# more of an outline than there is, and would read all of it for every thousand deals.
SHARED = f"""
WITH named AS MATERIALIZED (
    SELECT DISTINCT party_id FROM screening_dealparty WHERE deal_id = ANY(%s)),
ours AS MATERIALIZED (
    SELECT DISTINCT translate(left(outline, 1), '{WHOLE}{PART}', '{PART}{WHOLE}')
        || substr(outline, 2) AS outline
    FROM named CROSS JOIN LATERAL (
        SELECT outline FROM screening_partyoutline
        WHERE party_id = named.party_id OFFSET 0) AS own),
shared AS MATERIALIZED (
    SELECT outline, array_agg(party_id) AS parties
    FROM ours CROSS JOIN LATERAL (
        SELECT party_id FROM screening_partyoutline
        WHERE outline = ours.outline OFFSET 0) AS has
    GROUP BY outline HAVING count(*) > 1 OR left(outline, 1) IN ('{WHOLE}', '{PART}'))
SELECT shared.outline, party.id, party.key
FROM shared CROSS JOIN LATERAL unnest(parties) AS of_party (id)
JOIN screening_party AS party USING (id)"""  # noqa: S608  written above


class Drawn(NamedTuple):
    """One outline of a party."""

    outline: str
    party: int
    key: str


#: The key of a row's party, looked up row by row: PostgreSQL expects an outline of far more parties
#: than have it, and would read all of these to join them.
KEY = Subquery(Party.objects.filter(pk=OuterRef("party")).values("key")[:1])


def drawn(rows: QuerySet[PartyOutline]) -> list[Drawn]:
    return [Drawn(*row) for row in rows.values_list("outline", "party", KEY)]


def by_outline(rows: Iterable[Drawn]) -> dict[str, list[Drawn]]:
    found: dict[str, list[Drawn]] = defaultdict(list)
    for row in rows:
        found[row.outline].append(row)
    return dict(found)


def alike(names: Iterable[str]) -> list[Drawn]:
    """The outlines that parties share with these names, those of the same name included."""
    wanted = {outline for name in names for outline in sought(name)}
    return drawn(PartyOutline.objects.filter(outline__in=wanted))


def alike_in(deals: Collection[int]) -> list[Drawn]:
    """The outlines that parties share with others who are named in the deals."""
    with connection.cursor() as cursor:
        cursor.execute(SHARED, [list(deals)])
        return list(starmap(Drawn, cursor.fetchall()))


def keys_alike(parties: Iterable[int]) -> frozenset[str]:
    """The keys of these parties, and of all whose names may be other spellings of theirs."""
    named = Party.objects.filter(pk__in=list(parties))
    own = PartyOutline.objects.filter(party__in=named).values_list("outline", flat=True)
    wanted = set(map(opposite, own))
    others = PartyOutline.objects.filter(outline__in=wanted).values_list(KEY, flat=True)
    return frozenset(named.values_list("key", flat=True)).union(others)


def apart(parties: Collection[int]) -> set[tuple[int, int]]:
    """Pairs of which two people said that they are not the same, both ways round."""
    if len(set(parties)) == 1:
        return set()
    easings = Easing.objects.holding().filter(kind=Easing.Kind.APART, party__in=parties)
    pairs = set(easings.filter(other__in=parties).values_list("party_id", "other_id"))
    return pairs | {(other, party) for party, other in pairs}


class Spellings:
    """Parties, to be found by names that may be other spellings of theirs."""

    def __init__(self, rows: Iterable[Drawn]) -> None:
        self._by_outline = by_outline(rows)

    def of(self, names: Iterable[str]) -> frozenset[str]:
        """The keys of those that these names may mean, and that nobody told apart from them."""
        return frozenset(
            key
            for name in names
            for party, key in self._spelt(name)
            if not self._is_another(party, key_of_name(name))
        )

    def _spelt(self, name: str) -> set[tuple[int, str]]:
        own = key_of_name(name)
        return {
            (row.party, row.key)
            for outline in sought(name)
            for row in self._by_outline.get(outline, ())
            if row.key != own
        }

    def _is_another(self, party: int, key: str) -> bool:
        """Whether two people told it apart from everybody of this name."""
        told = self._told.get(party)
        # Whoever bears a name of which nobody was told apart is not in it.
        return told is not None and key in self._bearers and self._bearers[key] <= told

    @cached_property
    def _told(self) -> dict[int, set[int]]:
        """Of each of the parties those of whom two people said that they are another body."""
        ours = {row.party for rows in self._by_outline.values() for row in rows}
        easings = Easing.objects.holding().filter(kind=Easing.Kind.APART)
        about = easings.filter(Q(party__in=ours) | Q(other__in=ours))
        told: dict[int, set[int]] = defaultdict(set)
        for one, other in about.values_list("party_id", "other_id"):
            told[one].add(other)
            told[other].add(one)
        return told

    @cached_property
    def _bearers(self) -> dict[str, set[int]]:
        """Of each name that somebody bears who was told apart all who bear it."""
        apart = {party for others in self._told.values() for party in others}
        keys = Party.objects.filter(pk__in=apart).values("key")
        bearers: dict[str, set[int]] = defaultdict(set)
        for key, party in Party.objects.filter(key__in=keys).values_list("key", "pk"):
            bearers[key].add(party)
        return bearers
