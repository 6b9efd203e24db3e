"""What the text of a site says about where it is, beside the country that was chosen.

A name counts when a place that bears it may lie in the chosen country: there, or in a territory
that belongs to it, borders it, is claimed or run by it. One place in a territory sets it.
Several places ask which one is meant. A large place that is nowhere near contradicts the country,
and so does the name of another country, unless the deal names that one as a destination too.
Where sales says that none of the territories of a country is meant, a text that names no place of
the country itself contradicts that: a misspelt name, coordinates or a street may lie anywhere.
Whatever the text says only adds: no site makes a deal milder.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from policy.engine.language.words import listed
from policy.reference.destinations import Countries, Place
from policy.reference.gazetteer import Named, shipped

#: An answer to "where in this country": in none of its territories.
NONE = "none"
REMEMBERED = 4096
#: Towns of states that hold territories whose names are words of every language, so that they name
#: the town only by themselves, and so do names of three letters: those of airports.
WORDS = frozenset({"acre", "human", "media", "plage", "rich", "safi", "sale", "salt"})
SHORTEST_TOWN = 4
#: Letters of a site that a sentence shows.
LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Sited:
    """What a site adds to the destination beside which it is written."""

    #: Codes of the territories in which it lies.
    territories: tuple[str, ...] = ()
    #: Whether it may lie in a territory and nobody has said so yet.
    is_open: bool = False
    #: What contradicts the chosen country or another answer, or has to be said; sentences.
    doubts: tuple[str, ...] = ()
    #: What it was taken for; sentences.
    notes: tuple[str, ...] = ()


def sited(
    text: str,
    place: Place | None,
    countries: Countries,
    answer: Sequence[str] | None,
    declared: Collection[str] = (),
) -> Sited:
    """What a site says. `answer` is where in the country sales said it is: codes or NONE.

    None: nobody was asked, or nobody knows. `declared` are the countries of all destinations.
    """
    territories: dict[str, None] = {}
    doubts: list[str] = []
    notes: list[str] = []
    is_open = says_where = False
    for named in _named_in(text):
        found = _Found(named, place, countries, declared)
        says_where = says_where or found.says_where
        if found.is_elsewhere:
            doubts.append(found.contradiction(text))
        if (code := found.territory) is not None:
            territories[code] = None
            notes.append(f"{shown_name(text, named)} is in {countries.places[code].name}.")
            if answer is not None and NONE in answer and not found.is_elsewhere:
                doubts.append(found.against_none(text, code))
        elif found.is_ambiguous and not found.is_settled(answer):
            is_open = is_open or found.may_be_special
            doubts.append(found.which(text))
    if place and not doubts and answer is not None and NONE in answer and not says_where:
        doubts += _nowhere(text, place, countries)
    return Sited(
        tuple(territories), is_open, tuple(dict.fromkeys(doubts)), tuple(dict.fromkeys(notes))
    )


def _nowhere(text: str, place: Place, countries: Countries) -> list[str]:
    """Where nothing of the text is known in a country that holds or neighbours territories."""
    is_asked = place.code not in countries.territories and countries.territories_asked(place.code)
    if not text.strip() or not is_asked or shipped().names_region(text, place.countries):
        return []
    return [
        f"Sales says that no territory is meant, and “{' '.join(text.split())[:LONGEST_SHOWN]}”"
        f" names no place in {place.name} for certain."
    ]


def named_after(text: str, place: Place, countries: Countries) -> list[tuple[str, str]]:
    """The territories near a place after which somebody is named: the word for it and the code.

    Somebody may bear the name of a place far away; where a place of the country has it too, the
    name says nothing.
    """
    found = []
    for named in _named_in(text):
        one = _Found(named, place, countries)
        if one.own.isdisjoint(one.here):
            near = [code for code in one.here if code in countries.territories]
            found += [(shown_name(text, named), code) for code in near[:1]]
    return found


@lru_cache(REMEMBERED)
def _named_in(text: str) -> tuple[Named, ...]:
    return tuple(shipped().named_in(text))


def shown_name(text: str, named: Named) -> str:
    """The name as it was written, where it is the whole text; as the table has it otherwise."""
    return text.strip() if named.is_whole and len(text) < LONGEST_SHOWN else named.name.title()


class _Found:
    """One name of the text, and which of its places count beside the chosen one."""

    def __init__(
        self,
        named: Named,
        place: Place | None,
        countries: Countries,
        declared: Collection[str] = (),
    ) -> None:
        self.named = named
        self.declared = declared
        self.place = place
        self.countries = countries
        self.own = place.countries | {place.code} if place else frozenset()
        # A table may be newer than the list of territories: what the list lacks is not known here.
        self.codes = [code for code in named.codes if code in countries.places]
        self.here = [code for code in self.codes if self._is_near(code)]
        self.here += [
            code for code in self.codes if code not in self.here and self._is_beside(code)
        ]

    def _is_near(self, code: str) -> bool:
        if code in self.own:
            return True
        territory = self.countries.territories.get(code)
        return territory is not None and not self.own.isdisjoint(territory.reached_from)

    def _is_beside(self, code: str) -> bool:
        """Whether it lies in another state from which a territory named here is reached."""
        return any(
            code in self.countries.territories[other].reached_from
            for other in self.here
            if other in self.countries.territories
        )

    @property
    def _far(self) -> list[str]:
        """Where large places of that name are, when none is near: a word or two of a text is a
        name only where nothing but territories bears it.
        """
        if self.here or (self.named.is_country and self._is_declared):
            return []
        large = [code for code in self.codes if code in self.named.large]
        special = [code for code in large if self.countries.places[code].special]
        counts = self.named.is_whole or self.named.is_country or large == special
        return large if counts else []

    @property
    def _is_declared(self) -> bool:
        """Whether it names a country of the deal, the state of one, or what belongs to one."""
        states = shipped().countries.states
        here = {*self.own, *self.declared}
        territory = self.countries.territories.get(self.place.code) if self.place else None
        here |= territory.reached_from if territory else frozenset()
        return any(
            code in here or states.get(code) in here or code in map(states.get, here)
            for code in self.codes
        )

    @property
    def is_elsewhere(self) -> bool:
        return self.place is not None and bool(self._far)

    @property
    def says_where(self) -> bool:
        """Whether it names a place of the chosen country itself, and not the country or a street.

        A village bears the name of a person or a thing more often than not, so it counts by itself.
        """
        name = self.named.name
        if self.named.is_of_street or self.own.isdisjoint(self.codes):
            return False
        if self.named.is_whole:
            return shipped().is_town(name, self.own) or name not in shipped().countries.codes
        is_word = name in WORDS or (name.isascii() and len(name) < SHORTEST_TOWN)
        return not is_word and shipped().is_town(name, self.own)

    @property
    def territory(self) -> str | None:
        """The one territory in which it can only be; None when there is none, or several places."""
        codes = self.here or self._far
        if len(codes) != 1 or (self.place is not None and codes[0] == self.place.code):
            return None
        return codes[0] if codes[0] in self.countries.territories else None

    @property
    def is_ambiguous(self) -> bool:
        return len(self.here) > 1 and self.may_be_special

    @property
    def may_be_special(self) -> bool:
        return any(code in self.countries.territories for code in self.here)

    def is_settled(self, answer: Sequence[str] | None) -> bool:
        """Whether sales said which one it is: a territory, or none and there is another place."""
        if self.place is not None and self.place.code in self.countries.territories:
            return self.place.code in self.here
        if answer is None:
            return False
        if NONE in answer:
            # Beside a city in a territory, a village of that name is nobody's first thought.
            here = set(self.here)
            outweighed = bool(self.named.large & here) and self.named.large.isdisjoint(self.own)
            return not self.own.isdisjoint(here) and not outweighed
        return any(code in self.here for code in answer)

    def contradiction(self, text: str) -> str:
        assert self.place is not None  # noqa: S101  asked only of what is elsewhere
        name = shown_name(text, self.named)
        if self.named.is_country:
            where = self._names(shipped().countries.codes[self.named.name], "or")
            return f"{name} names {where}, and the country chosen is {self.place.name}."
        where = self._names(self._far)
        return f"{name} is in {where}, and the country chosen is {self.place.name}."

    def against_none(self, text: str, code: str) -> str:
        name = shown_name(text, self.named)
        territory = self.countries.places[code].name
        return f"Sales says that no territory is meant, and {name} is in {territory}."

    def which(self, text: str) -> str:
        name = shown_name(text, self.named)
        return f"{name} may be in {self._names(self.here, 'or')}: say which is meant."

    def _names(self, codes: Iterable[str], joint: str = "and") -> str:
        names = [self.countries.places[code].name for code in codes]
        return listed(names) if joint == "and" else f" {joint} ".join(names)
