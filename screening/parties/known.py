"""What is known of everybody named in a deal, and what it does to the deal.

Of the end user itself a finding is a fact of the deal. Of others who take part, of namesakes in
another country, of those with another spelling of the name and of those that an earlier form of
the deal named, it is a question that compliance answers: a deal with one never clears.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from policy.reference.names.outlines import sought
from policy.reference.registry import fold
from screening.parties.models import (
    DealParty,
    Easing,
    Party,
    PartyFinding,
    PartyIdentifier,
    PartyMerge,
    are_spoken_of,
    bodies,
    reached_from,
    related_to,
    same_as,
)
from screening.parties.naming import Named
from screening.parties.spelling import Drawn, alike, apart, by_outline

END_USER = DealParty.Role.END_USER.value
CUSTOMER = DealParty.Role.CUSTOMER.value
OPERATOR = DealParty.Role.OPERATOR.value
#: What is true of a body in whatever part it appears.
OF_A_BODY: Mapping[str, tuple[Any, ...]] = {
    "adverse_info": ("alleged", "confirmed"),
    "end_user_type": ("intelligence_security",),
    "agency_access": ("yes",),
}
#: What is asked of who installs, pays for, receives or runs it; who signs has said what it is.
ARMED = ("law_enforcement", "military")
#: Kinds of which a body may be several: none of them is a part of a state.
COMPANIES = frozenset(
    {"commercial_operator", "state_operator", "private_enterprise", "utility", "rail_operator"}
)
#: What says something of whoever it owns.
OF_AN_OWNER: Mapping[str, tuple[Any, ...]] = {
    **OF_A_BODY,
    "end_user_type": (*OF_A_BODY["end_user_type"], *ARMED),
    "state_owned": (True,),
    "export_control": ("denied", "prohibited"),
}
#: Kinds of which a finding is asked about whoever signs, and one that says nothing.
_ASKED_OF_ALL = (*OF_A_BODY["end_user_type"], "unknown")
#: Facts that no ruling lays over a deal: the declaration takes them up.
DECLARED = frozenset({"agency_access", "state_owned"})


@dataclass(frozen=True)
class Known:
    """What is known of the parties of one deal."""

    #: Of the end user, the oldest first.
    findings: Sequence[PartyFinding] = ()
    #: Sentences for compliance.
    doubts: Sequence[str] = ()
    #: Name, as it is written → what two people said that it is not.
    cleared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: Where it is known from that an agency can use it; empty when nothing says so.
    agency: str = ""
    #: What is known of the kind of who signs, where that is not the end user; the oldest first.
    signs: Sequence[PartyFinding] = ()

    def declared(self, declared: Mapping[str, Any]) -> dict[str, Any]:
        """The declaration with what is known: never milder than it was."""
        new = dict(declared)
        doubts = [*self.doubts, *self._signs_as(declared.get("customer_type"))]
        if self.agency:
            new["agency_access"] = "yes"
        if any(finding.fact == "state_owned" for finding in self.findings):
            kind = declared.get("end_user_type")
            if kind == "commercial_operator":
                new["end_user_type"] = "state_operator"
            elif kind == "private_enterprise":
                doubts.append(
                    "The end user is declared a private enterprise, and compliance knows that a "
                    "state owns or controls it."
                )
        if doubts:
            new["contradictions"] = [*(declared.get("contradictions") or ()), *doubts]
        return new

    def _signs_as(self, declared_kind: str | None) -> Iterator[str]:
        """Who signs is known as something else than it is declared. Another kind that is known too
        excuses companies alone: one person records it.
        """
        kinds = {finding.value for finding in self.signs}
        for finding in self.signs:
            is_missed = finding.value not in COMPANIES or declared_kind not in kinds
            if finding.value != declared_kind and is_missed:
                yield (
                    f"{finding.party} signs, and compliance knows it as another kind of"
                    " organisation than is declared."
                )

    def laid(self, products: Iterable[str]) -> list[PartyFinding]:
        """The findings that are laid over the facts of a deal with these products."""
        sold = frozenset(products)
        return [
            finding
            for finding in self.findings
            if finding.fact not in DECLARED
            and not (finding.products and sold and finding.products.isdisjoint(sold))
        ]

    def notes(self) -> dict[str, str]:
        """Fact → where its value comes from, of what the declaration took up."""
        notes = {"agency_access": self.agency} if self.agency else {}
        owned = [finding for finding in self.findings if finding.fact == "state_owned"]
        return notes | ({"end_user_type": noted(owned[0])} if owned else {})


NOTHING = Known()


def noted(finding: PartyFinding) -> str:
    """Where a value comes from, as the page of a deal says it: neither reason nor source."""
    if finding.deal is not None:
        return f"set by hand for {finding.deal.reference}"
    return f"known of {finding.party}"


class Book:
    """What is on record of everybody with these keys, of these parties and of former end users of
    these deals: read once, for one deal or for many.
    """

    def __init__(
        self, keys: Collection[str], parties: Collection[int], deals: Collection[int]
    ) -> None:
        self._keys, self._deals = frozenset(keys), frozenset(deals)
        meant = Q(key__in=self._keys) | Q(pk__in=parties)
        self._parties = {party.pk: party for party in Party.objects.filter(meant)}
        parts = DealParty.objects.filter(deal__in=self._deals, role=END_USER)
        self._former = set(parts.values_list("deal", "party"))
        self.related = related_to(self._parties)
        others = {other for some in self.related for beside in some.values() for other in beside}
        former = {party for _, party in self._former}
        self.same = same_as({*self._parties, *former, *others})
        everybody = {other for same in self.same.values() for other in same}
        findings = PartyFinding.objects.standing().filter(party__in=everybody).oldest_first()
        self.findings: dict[int, list[PartyFinding]] = {}
        for finding in findings.select_related("party", "deal").defer("deal__answers"):
            self.findings.setdefault(finding.party_id, []).append(finding)
        sharers = {pk for some in self.related.sharers.values() for pk in some}
        self.apart = apart([*self._parties, *sharers]) if self.findings else set()

    def covers(self, keys: Collection[str], deals: Collection[int]) -> bool:
        return self._keys >= set(keys) and self._deals >= set(deals)

    def parties(self, keys: Collection[str], spelt: Collection[int]) -> dict[int, Party]:
        return {
            pk: party for pk, party in self._parties.items() if party.key in keys or pk in spelt
        }

    def former(self, deals: Collection[int]) -> set[int]:
        """Whom these deals ever named as their end user."""
        return {party for deal, party in self._former if deal in deals}

    @cached_property
    def cleared(self) -> Mapping[int, Sequence[Easing]]:
        """By party, that it is not what its name resembles, until somebody has to look again."""
        matches = Easing.objects.holding().filter(
            kind=Easing.Kind.CLEARED_MATCH,
            party__in=self._parties,
            review_by__gte=timezone.localdate(),
        )
        of_party: dict[int, list[Easing]] = {}
        for match in matches:
            of_party.setdefault(match.party_id or 0, []).append(match)
        return of_party


def of_deal(
    deals: Collection[int],
    named: Sequence[Named],
    outlined: Mapping[str, Sequence[Drawn]] | None = None,
    book: Book | None = None,
) -> Known:
    """What holds in a deal now: ``deals`` are itself and those that it comes from.

    Where many deals are asked about, ``outlined`` are those whose names are like one of theirs and
    of whom anything holds, by outline; ``book`` is what is on record of all who are named in them.
    """
    if outlined is None and not _may_be_known(deals, named):
        return NOTHING
    spelt = _known_in_another_spelling(named) if outlined is None else _spelt(named, outlined)
    keys = {part.key for part in named}
    book = book or Book(keys, spelt, deals)
    parties = book.parties(keys, spelt)
    former = book.former(deals) - parties.keys()
    reader = _Reader(parties, book, spelt)
    return Known(
        findings=reader.of_end_user(named),
        doubts=list(dict.fromkeys(reader.doubts(named, former))),
        cleared=_cleared(parties.values(), book, named),
        agency=reader.agency(named),
        signs=reader.signs(named),
    )


def _may_be_known(deals: Collection[int], named: Sequence[Named]) -> bool:
    """Asked in one statement: of most deals nothing is known."""
    outlines = {outline for part in named for outline in sought(part.name)}
    return are_spoken_of({part.key for part in named}, outlines, deals)


def _spelt(named: Sequence[Named], outlined: Mapping[str, Sequence[Drawn]]) -> dict[int, set[str]]:
    """Parties whose names may be other spellings of these: what they share with them."""
    keys = {part.key for part in named}
    shared: dict[int, set[str]] = {}
    for outline in {outline for part in named for outline in sought(part.name)}:
        for row in outlined.get(outline, ()):
            if row.key not in keys:
                shared.setdefault(row.party, set()).add(outline)
    return shared


def _known_in_another_spelling(named: Sequence[Named]) -> dict[int, set[str]]:
    """Those of them of which anything holds."""
    shared = _spelt(named, by_outline(alike(part.name for part in named)))
    same = same_as(shared)
    everybody = {other for others in same.values() for other in others}
    of_whom = PartyFinding.objects.standing().filter(party__in=everybody)
    known = set(of_whom.values_list("party", flat=True)) if everybody else set()
    return {pk: shared[pk] for pk, others in same.items() if not known.isdisjoint(others)}


class _Reader:
    """Findings of parties, by who is named."""

    def __init__(
        self, parties: Mapping[int, Party], book: Book, spelt: Mapping[int, Collection[str]]
    ) -> None:
        self._parties, self._spelt = parties, spelt
        self._related, self._same = book.related, book.same
        self._findings, self._apart = book.findings, book.apart

    def of_end_user(self, named: Iterable[Named]) -> list[PartyFinding]:
        by_number = {
            finding.pk: finding
            for part in named
            if part.role == END_USER
            for finding in self._of(self._here(part))
        }
        return [by_number[pk] for pk in sorted(by_number)]

    def agency(self, named: Iterable[Named]) -> str:
        """Who uses or runs the system acts for an agency, or is one."""
        for part in named:
            for finding in self._of(self._here(part)):
                runs = part.role == OPERATOR and finding.value == "intelligence_security"
                uses = part.role in (END_USER, OPERATOR) and finding.fact == "agency_access"
                if runs or uses:
                    return noted(finding)
        return ""

    def signs(self, named: Sequence[Named]) -> list[PartyFinding]:
        """What kind of organisation signs; an end user that signs is asked for that itself."""
        uses = self._uses(named)
        heres = [self._here(part) for part in named if part.role == CUSTOMER]
        return [
            finding
            for here in heres
            if uses.isdisjoint(here)
            for finding in self._of(here)
            if finding.fact == "end_user_type" and finding.value not in _ASKED_OF_ALL
        ]

    def doubts(self, named: Sequence[Named], former: Collection[int]) -> Iterator[str]:
        uses = self._uses(named)
        for part in named:
            here = self._here(part)
            if uses.isdisjoint(here):
                for finding in self._of(here):
                    is_armed = part.role != CUSTOMER and finding.value in ARMED
                    if is_armed or finding.value in OF_A_BODY.get(finding.fact, ()):
                        yield _takes_part(finding)
            for finding in self._of(self._owners(here)):
                if finding.value in OF_AN_OWNER.get(finding.fact, ()):
                    yield (
                        f"{part.name} belongs to {finding.party}, and compliance knows more about"
                        " that one."
                    )
            for finding in self._of(self._open(self._with_number(here), part, here)):
                yield (
                    f"{part.name} has a number of {finding.party} in a register, and compliance"
                    " knows more about that one."
                )
            for finding in self._of(self._spelt_otherwise(part, here)):
                yield (
                    f"{part.name} could be another spelling of {finding.party}, and compliance "
                    "knows more about that one."
                )
            for finding in self._of(self._namesakes(part, here)):
                yield (
                    f"{part.name} could be the same as {finding.party}, and compliance knows more "
                    "about that one."
                )
        now = {pk for part in named for pk in self._here(part)}
        for pk in sorted(former):
            if now.isdisjoint(self._same[pk]):
                for finding in self._of([pk]):
                    # What was ruled in a deal follows it anyway.
                    if finding.ruling_id is None:
                        yield (
                            f"An earlier form of this deal names {finding.party}, and compliance "
                            "knows more about that one."
                        )

    def _uses(self, named: Iterable[Named]) -> set[int]:
        """The end user under each of its names."""
        return self._same_as(
            pk for part in named if part.role == END_USER for pk in self._here(part)
        )

    def _here(self, part: Named) -> list[int]:
        return [
            pk
            for pk, party in self._parties.items()
            if party.key == part.key and part.is_at_home(party.country)
        ]

    def _owners(self, here: Sequence[int]) -> list[int]:
        """Who owns these, and who owns those."""
        own = self._same_as(here)
        above = (pk for mine in here for pk in self._related.owners.get(mine, ()))
        return [pk for pk in dict.fromkeys(above) if pk not in own]

    def _with_number(self, here: Iterable[int]) -> list[int]:
        """Who has one of their numbers in a register."""
        sharers = (pk for mine in here for pk in self._related.sharers.get(mine, ()))
        return list(dict.fromkeys(sharers))

    def _namesakes(self, part: Named, here: Sequence[int]) -> list[int]:
        """Parties of this name elsewhere of which nobody said yet whether they are the same."""
        namesakes = [pk for pk, party in self._parties.items() if party.key == part.key]
        return self._open(namesakes, part, here)

    def _spelt_otherwise(self, part: Named, here: Sequence[int]) -> list[int]:
        """The same of parties with another spelling of the name, wherever they are."""
        own = sought(part.name)
        spelt = [
            pk
            for pk, shared in self._spelt.items()
            if self._parties[pk].key != part.key and not own.isdisjoint(shared)
        ]
        return self._open(spelt, part, here)

    def _open(self, others: Iterable[int], part: Named, here: Sequence[int]) -> list[int]:
        """Those that are not the same as these, and that nobody told apart from all of them.

        In a country where nobody of this name is known, whoever is named may be anybody.
        """
        ours = self._same_as(here)
        is_known_everywhere = part.countries <= {self._parties[pk].country for pk in here}
        return [
            pk
            for pk in others
            if pk not in ours
            and not (
                here and is_known_everywhere and all((mine, pk) in self._apart for mine in here)
            )
        ]

    def _same_as(self, parties: Iterable[int]) -> set[int]:
        return {other for pk in parties for other in self._same[pk]}

    def _of(self, parties: Iterable[int]) -> list[PartyFinding]:
        everybody = dict.fromkeys(other for pk in parties for other in self._same[pk])
        return [finding for pk in everybody for finding in self._findings.get(pk, ())]


def _takes_part(finding: PartyFinding) -> str:
    if finding.deal is not None:
        return (
            f"The end user of {finding.deal.reference} takes part in this deal, and compliance "
            "knows more about it."
        )
    return f"{finding.party} takes part in this deal, and compliance knows more about it."


def _cleared(
    parties: Iterable[Party], book: Book, named: Sequence[Named]
) -> dict[str, frozenset[str]]:
    """Only of a name that can be nobody else's, and only until somebody has to look again.

    A legal form may tell two bodies apart: an answer about one is none about the other.
    """
    sole = {
        party.pk: [
            part.name
            for part in named
            if part.key == party.key and fold(part.name) == fold(party.name)
        ]
        for party in parties
        if all(
            part.countries == ({party.country} - {""}) for part in named if part.key == party.key
        )
    }
    cleared: dict[str, frozenset[str]] = {}
    for pk, names in sole.items():
        for match in book.cleared.get(pk, ()):
            for name in names:
                cleared[name] = cleared.get(name, frozenset()) | match.hits
    return cleared


def keys_of_bodies(keys: Collection[str]) -> frozenset[str]:
    """These names, and those under which the same bodies are known besides."""
    named = Party.objects.filter(key__in=keys).values_list("pk", flat=True)
    also = Party.objects.filter(pk__in=bodies(set(named))).values_list("key", flat=True)
    return frozenset(keys) | frozenset(also)


def keys_below(keys: Collection[str]) -> frozenset[str]:
    """The same, and the names of who belongs to one of them, or has one of their numbers."""
    named = Party.objects.filter(key__in=keys).values_list("pk", flat=True)
    also = Party.objects.filter(pk__in=reached_from(set(named))).values_list("key", flat=True)
    return frozenset(keys) | frozenset(also)


def merged_keys() -> dict[str, frozenset[str]]:
    """Each name of a body that was merged, and all its names; for many deals at once."""
    same = same_as(_merged())
    keys = dict(Party.objects.filter(pk__in=same).values_list("pk", "key")) if same else {}
    named: dict[str, frozenset[str]] = {}
    for pk, others in same.items():
        also = frozenset(keys[other] for other in others)
        named[keys[pk]] = named.get(keys[pk], frozenset()) | also
    return named


def is_above(key: str) -> bool:
    """Whether somebody belongs to the body of this name, or has one of its numbers."""
    own = bodies(set(Party.objects.filter(key=key).values_list("pk", flat=True)))
    return bool(reached_from(own) - own)


def tied_keys() -> dict[str, frozenset[str]]:
    """By each name of a body the names of who owns it, and of who has one of its numbers and was
    not told apart from it; for many deals at once.
    """
    owned = Party.objects.filter(parent__isnull=False).order_by().values_list("pk", flat=True)
    same = PartyIdentifier.objects.filter(scheme=OuterRef("scheme"), value=OuterRef("value"))
    shared = PartyIdentifier.objects.filter(Exists(same.exclude(party=OuterRef("party"))))
    tied = bodies(set(owned.union(shared.order_by().values_list("party", flat=True))))
    if not tied:
        return {}
    related = related_to(tied)
    told_apart = apart([*tied, *(pk for some in related.sharers.values() for pk in some)])
    above = {
        pk: {
            *related.owners.get(pk, ()),
            *(other for other in related.sharers.get(pk, ()) if (pk, other) not in told_apart),
        }
        for pk in tied
    }
    everybody = tied.union(*above.values())
    keys = dict(Party.objects.filter(pk__in=everybody).values_list("pk", "key"))
    named: dict[str, frozenset[str]] = {}
    for pk, others in above.items():
        also = frozenset(keys[other] for other in others) - {keys[pk]}
        named[keys[pk]] = named.get(keys[pk], frozenset()) | also
    return named


def remarkable() -> frozenset[str]:
    """The keys of all parties of whom anything was ever known, of who is or was the same, of who
    belongs to them and of who has one of their numbers.

    More than hold now: a deal that names none of them has nothing to look for.
    """
    known = {*PartyFinding.objects.values_list("party", flat=True)}
    matches = Easing.objects.filter(kind=Easing.Kind.CLEARED_MATCH)
    known |= {pk for pk in matches.values_list("party", flat=True) if pk is not None}
    everybody = reached_from(known | _merged())
    return frozenset(Party.objects.filter(pk__in=everybody).values_list("key", flat=True))


def spoken_of() -> set[int]:
    """All parties of which anything holds now; for many deals at once."""
    return bodies(set(PartyFinding.objects.standing().values_list("party", flat=True)))


def _merged() -> set[int]:
    """Every party that was ever merged with another one."""
    return {pk for pair in PartyMerge.objects.values_list("gone", "into") for pk in pair}
