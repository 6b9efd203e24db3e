"""How two versions of countries, catalogue, registry or laws differ, entry by entry, in words."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import cast

from policy.facts.derive import ReferenceData
from policy.governance import report_data
from policy.models import Kind
from policy.reference.catalogue import CONTROLS, Catalogue, Feature, Product
from policy.reference.destinations import Countries, Place, Restriction, Territory
from policy.reference.laws import CLASS_WORDS, Law, Laws, day_words
from policy.reference.names.lexicon import HARMLESS
from policy.reference.ratings import TIER_WORDS, TIERS, UNRATED, Rating, RatingList
from policy.reference.registry import INTELLIGENCE, QUESTION, VENDOR, Party, Registry, fold

# An unrated place is treated like the gravest, so a first rating may only lower what is asked.
_RISKS = (*TIERS, UNRATED)


#: What export control says about a place, from mild to grave.
_GRAVE = ("not_controlled", "licence_granted", "licence_required", "denied", "prohibited")


@dataclass(frozen=True)
class EntryChange:
    """One kind of change and the entries that it touches. `name` is what one confirms."""

    name: str
    words: str
    entries: list[str]
    looser: bool

    @property
    def plain(self) -> report_data.Entries:
        return cast("report_data.Entries", asdict(self))


def differences(kind: str, before: ReferenceData, after: ReferenceData) -> list[EntryChange]:
    """The changes that loosen come first; a rulebook has no entries."""
    compared: Mapping[str, Callable[[ReferenceData, ReferenceData], Iterable[EntryChange]]] = {
        Kind.COUNTRIES: _countries,
        Kind.CATALOGUE: _products,
        Kind.REGISTRY: _parties,
        Kind.LAWS: _laws,
    }
    changes = compared[kind](before, after) if kind in compared else ()
    return sorted(changes, key=lambda change: not change.looser)


def _grouped(changes: Iterable[tuple[str, str, bool, str]]) -> Iterator[EntryChange]:
    groups: dict[tuple[str, str, bool], list[str]] = {}
    for name, words, looser, entry in changes:
        groups.setdefault((name, words, looser), []).append(entry)
    for (name, words, looser), entries in groups.items():
        yield EntryChange(name, words, sorted(entries), looser)


Row = tuple[str, str, bool, str]


def _countries(before: ReferenceData, after: ReferenceData) -> Iterator[EntryChange]:
    old, new = before.countries, after.countries
    say = after.rulebook.vocabulary["capabilities"].say
    return _grouped(
        [
            *_place_changes(old, new),
            *_source_changes(old, new),
            *_other_place_names(old, new),
            *_territory_changes(old, new),
            *_restriction_changes(old, new, say),
        ]
    )


def _territory_changes(old: Countries, new: Countries) -> Iterator[Row]:
    """From which states a territory is asked about, and what people read about it."""
    for code in sorted(old.territories.keys() ^ new.territories.keys()):
        # Where the place is a country too, it stays, and only what the row said is gone.
        if code in old.places and code in new.places:
            is_gone = code in old.territories
            name = "removed" if is_gone else "added"
            row = (old if is_gone else new).territories[code]
            words = f"Countries whose row among the territories is {name}"
            yield f"rows of territories {name}", words, is_gone, f"{row.name} ({_row(row)})"
    for code in sorted(old.territories.keys() & new.territories.keys()):
        was, now = old.territories[code], new.territories[code]
        lost = was.reached_from - now.reached_from
        gained = now.reached_from - was.reached_from
        if lost and was.special:
            entry = f"{now.name} ({', '.join(sorted(lost))})"
            words = "Territories that are no longer asked about in deals of these countries"
            yield "territories asked less", words, True, entry
        if gained and now.special:
            entry = f"{now.name} ({', '.join(sorted(gained))})"
            words = "Territories that are asked about in deals of these countries from now on"
            yield "territories asked more", words, False, entry
        yield from _hidden_control(was, now, old, new)
        if was.note != now.note:
            entry = f"{now.name}: {was.note or 'nothing'} becomes {now.note or 'nothing'}"
            yield "notes of territories", "Territories with another note", True, entry


def _row(row: Territory) -> str:
    reached = ", ".join(sorted(row.reached_from)) or "no country"
    return "; ".join(filter(None, (f"asked about from {reached}", row.export_control, row.note)))


def _hidden_control(
    was: Territory, now: Territory, old: Countries, new: Countries
) -> Iterator[Row]:
    """What a territory says of itself, where a restricted destination says something graver."""
    if was.export_control == now.export_control:
        return
    if old.places[was.code].export_control != new.places[now.code].export_control:
        return
    lowered = _control(now.export_control) < _control(was.export_control)
    entry = f"{now.name} ({_words(was.export_control or 'nothing')} to"
    entry += f" {_words(now.export_control or 'nothing')})"
    words = "Territories whose own export control changes behind a graver restriction"
    yield "own export control of territories", words, lowered, entry


def _control(own: str) -> int:
    return _gravity(own or "not_controlled")


def _restriction_changes(
    old: Countries, new: Countries, say: Callable[[str], str]
) -> Iterator[Row]:
    """Restricted destinations, row by row: a row is known by its place and its basis."""
    was, now = ({(row.code, row.basis): row for row in all_.restricted} for all_ in (old, new))
    for key in sorted(was.keys() - now.keys()):
        entry = _restriction(was[key], old, say)
        words = "Restricted destinations that are no longer known"
        yield "restrictions removed", words, True, entry
    for key in sorted(now.keys() - was.keys()):
        entry = _restriction(now[key], new, say)
        words = "Restricted destinations that are known from now on"
        yield "restrictions added", words, False, entry
    for key in sorted(was.keys() & now.keys()):
        yield from _changed_restriction(was[key], now[key], new, say)


def _changed_restriction(
    old: Restriction, new: Restriction, countries: Countries, say: Callable[[str], str]
) -> Iterator[Row]:
    name = _restricted_name(new, countries)
    if old.control != new.control:
        looser = _gravity(new.control) < _gravity(old.control)
        way = "lowered" if looser else "raised"
        entry = f"{name} ({_words(old.control)} to {_words(new.control)})"
        yield f"restrictions {way}", f"Restricted destinations that are {way}", looser, entry
    if old.restricts != new.restricts:
        narrower = not new.is_total and (
            old.is_total or bool(set(old.restricts) - set(new.restricts))
        )
        way = "restrict less" if narrower else "restrict more"
        entry = f"{name}: {_restricted(old, say)} becomes {_restricted(new, say)}"
        yield f"destinations {way}", f"Restricted destinations that {way}", narrower, entry
    texts = [(one.source, str(one.dated), one.note) for one in (old, new)]
    if texts[0] != texts[1]:
        was, now = (", ".join(filter(None, some)) for some in texts)
        words = "Restricted destinations with another source, day or note"
        yield "restrictions described otherwise", words, True, f"{name}: {was} becomes {now}"


def _restricted_name(row: Restriction, countries: Countries) -> str:
    place = countries.places.get(row.code)
    return f"{place.name if place else row.code} under {row.basis}"


def _restriction(row: Restriction, countries: Countries, say: Callable[[str], str]) -> str:
    name = _restricted_name(row, countries)
    return f"{name}: {_words(row.control)} for {_restricted(row, say)}"


def _restricted(row: Restriction, say: Callable[[str], str]) -> str:
    return ", ".join(map(say, row.restricts)) or "everything"


def _source_changes(old: Countries, new: Countries) -> Iterator[Row]:
    """Sources that are gone or other ones, and what a graver source hides for now.

    The worst source counts, so a milder rating behind it shows in no place until that one goes.
    """
    was, now = ({one.source: one for one in countries.lists} for countries in (old, new))
    for source in sorted(was.keys() - now.keys()):
        yield "sources removed", "Sources that no longer rate any country", True, source
    for source in sorted(now.keys() - was.keys()):
        yield "sources added", "Sources that rate countries from now on", False, source
    for source in sorted(was.keys() & now.keys()):
        one, other = (f"{x.edition}, {x.method}" for x in (was[source], now[source]))
        if one != other:
            entry = f"{source}: {one} becomes {other}"
            yield "sources in another edition", "Sources with another edition", False, entry
        yield from _hidden_ratings(was[source], now[source], old, new)


def _hidden_ratings(
    was: RatingList, now: RatingList, old: Countries, new: Countries
) -> Iterator[Row]:
    """Ratings that change behind a graver source, and scores that lead to the same tier."""
    before, after = ({one.code: one for one in some.ratings} for some in (was, now))
    for code in sorted(before.keys() | after.keys()):
        place, placed = old.places.get(code), new.places.get(code)
        if place is None or placed is None or place.tier != placed.tier:
            continue
        one, other = (some.get(code, Rating(code, UNRATED)) for some in (before, after))
        if one.tier != other.tier:
            yield _hidden_rating(one.tier, other.tier, f"{placed.name} by {was.source}")
        elif (one.score, one.why) != (other.score, other.why):
            words = "Ratings with another score or reason that stay in their tier"
            entry = f"{placed.name} by {was.source} ({_score(one)} to {_score(other)})"
            yield "scores changed", words, False, entry
        elif (code in before) != (code in after):
            words = "Places that a source lists without a rating, or no longer lists"
            listed = "no longer listed" if code in before else "listed from now on"
            yield "unrated places", words, False, f"{placed.name} by {was.source} ({listed})"


def _hidden_rating(was: str, now: str, place: str) -> Row:
    entry = f"{place} ({TIER_WORDS[was]} to {TIER_WORDS[now]})"
    # Silence beside other sources says nothing, whatever was said before.
    if now == UNRATED or (was != UNRATED and _milder(was, now)):
        return "ratings lowered", "Ratings that become milder behind a graver source", True, entry
    return "ratings raised", "Ratings that become graver behind a graver source", False, entry


def _score(rating: Rating) -> str:
    score = "no score" if rating.score is None else str(rating.score)
    return " ".join(filter(None, (score, rating.why)))


def _milder(was: str, now: str) -> bool:
    return _RISKS.index(now) < _RISKS.index(was)


def _other_place_names(old: Countries, new: Countries) -> Iterator[Row]:
    for name in sorted(old.also.keys() | new.also.keys()):
        was, now = old.also.get(name, "no place"), new.also.get(name, "no place")
        if was != now:
            words = "Other names of places that mean another place"
            yield "other names of places", words, True, f"{name} ({was} becomes {now})"


def _place_changes(before: Countries, after: Countries) -> Iterator[Row]:
    for code in before.places.keys() | after.places.keys():
        was, now = _at(before, code), _at(after, code)
        name = now.name if now else code
        if was is None or now is None:
            yield (
                ("places added", "Places that can be named for the first time", True, name)
                if was is None
                else ("places removed", "Places that can no longer be named", True, was.name)
            )
        if was and now and code in before.places and code not in after.places:
            entry = f"{was.name} ({now.name} counts instead)"
            yield "territories removed", "Places that are no longer told apart", True, entry
        yield from _changed_place(was, now, name)


def _at(countries: Countries, code: str) -> Place | None:
    """What a deal at this code is taken for: a territory that is not listed is its country."""
    return countries.places.get(code) or countries.places.get(code.partition("-")[0])


def _changed_place(old: Place | None, new: Place | None, name: str) -> Iterator[Row]:
    was, now = old.tier if old else UNRATED, new.tier if new else UNRATED
    if was != now:
        looser = _milder(was, now)
        words = f"{TIER_WORDS[was].capitalize()} becomes {TIER_WORDS[now]}"
        yield f"country risk {was} to {now}", words, looser, name
    if old is None or new is None:
        return
    if old.special != new.special:
        way = "special territories" if new.special else "ordinary places"
        yield f"now {way}", f"Places that count as {way} from now on", not new.special, name
    if old.export_control != new.export_control:
        was, now = old.export_control or "not_controlled", new.export_control or "not_controlled"
        looser = _gravity(now) < _gravity(was)
        entry = f"{name} ({_words(was)} to {_words(now)})"
        yield "place export control", "Places whose export control changes", looser, entry
    if old.countries != new.countries:
        yield "states of places", "Places that belong to other states", True, name
    if old.name != new.name and old.code == new.code:
        yield "place names", "Places with another name", True, f"{old.name} becomes {new.name}"


def _gravity(control: str) -> int:
    """How grave it is; a word that nobody knows is the gravest."""
    return _GRAVE.index(control) if control in _GRAVE else len(_GRAVE)


def _products(before: ReferenceData, after: ReferenceData) -> Iterator[EntryChange]:
    words = after.rulebook.vocabulary["capabilities"].say
    read = {
        member
        for looks in before.rulebook.looks.values()
        for member in looks.get("capabilities", ())
    }
    old, new = before.catalogue, after.catalogue
    return _grouped([*_lines(old.by_id, new.by_id, words, read), *_renamed(old, new)])


def _lines(
    old: Mapping[str, Product],
    new: Mapping[str, Product],
    say: Callable[[str], str],
    read: set[str],
) -> Iterator[Row]:
    for line in old.keys() | new.keys():
        if line not in new:
            # Nobody knows any more what it can do, so a bar becomes a question.
            looser = not read.isdisjoint(old[line].capabilities)
            yield (
                "products removed",
                "Products that can no longer be chosen",
                looser,
                old[line].name,
            )
        elif line not in old:
            words = "Products that can be chosen for the first time"
            yield "products added", words, True, new[line].name
        else:
            yield from _changed_product(old[line], new[line], say)


def _renamed(old: Catalogue, new: Catalogue) -> Iterator[Row]:
    """Names that mean another product, or a product for the first time; swaps are told as such."""
    gone, come = (
        {replace(one, id=""): one.id for one in some.products if one.id not in other.by_id}
        for some, other in ((old, new), (new, old))
    )
    for product in gone.keys() & come.keys():
        entry = f"{product.name} ({gone[product]} becomes {come[product]})"
        yield "products under another id", "Products that have another id", True, entry
    for line in sorted(old.by_id.keys() & new.by_id.keys()):
        was, now = old.by_id[line], new.by_id[line]
        if was.name != now.name:
            other = old.find(now.name)
            if other is not None and other.id != line:
                entry = f"{was.name} ({line}) is now called {now.name}, as {other.id} was"
                yield "names swapped", "Names that change from one product to another", True, entry
            else:
                entry = f"{was.name} ({line}) is now called {now.name}"
                yield "products renamed", "Products with another name", True, entry
        gained = set(now.also) - set(was.also)
        if gained:
            entry = f"{now.name}: {', '.join(sorted(gained))}"
            yield "other names added", "Products that are found by more names", True, entry
        if set(was.also) - set(now.also):
            # A deal that names it so asks what it is, also where the product was barred.
            entry = f"{now.name}: {', '.join(sorted(set(was.also) - set(now.also)))}"
            yield "other names lost", "Products that are found by fewer names", True, entry
        if (was.family, was.includes, was.control_list) != (
            now.family,
            now.includes,
            now.control_list,
        ):
            words = (
                "Products with other words for their family, content or entry of the control list"
            )
            yield "products described otherwise", words, True, _described(was, now)


def _described(old: Product, new: Product) -> str:
    was, now = (
        ", ".join([one.family, *one.includes, one.control_list]).removesuffix(", ")
        for one in (old, new)
    )
    return f"{new.name}: {was} becomes {now}"


def _changed_product(old: Product, new: Product, say: Callable[[str], str]) -> Iterator[Row]:
    lost = set(old.capabilities) - set(new.capabilities)
    gained = set(new.capabilities) - set(old.capabilities)
    if lost:
        entry = f"{new.name} ({', '.join(map(say, sorted(lost)))})"
        yield "capabilities lost", "Products that count as able to do less", True, entry
    if gained:
        entry = f"{new.name} ({', '.join(map(say, sorted(gained)))})"
        yield "capabilities gained", "Products that count as able to do more", False, entry
    if old.control != new.control:
        looser = CONTROLS.index(new.control) < CONTROLS.index(old.control)
        entry = f"{new.name} ({_words(old.control)} to {_words(new.control)})"
        way = "lowered" if looser else "raised"
        yield f"export control {way}", f"Products whose export control is {way}", looser, entry
    was, now = ({feature.id: feature for feature in product.removable} for product in (old, new))
    if now.keys() - was.keys():
        yield "features made removable", "Products with more that can be built out", True, new.name
    if was.keys() - now.keys():
        yield "features fixed", "Products with less that can be built out", False, new.name
    for name in sorted(was.keys() & now.keys()):
        if was[name] != now[name]:
            entry = f"{new.name}: {_feature(was[name], say)} becomes {_feature(now[name], say)}"
            yield "features changed", "Features that remove or need something else", True, entry


def _feature(feature: Feature, say: Callable[[str], str]) -> str:
    return f"{feature.name} (removes {say(feature.removes)}, proof: {feature.proof})"


def _parties(before: ReferenceData, after: ReferenceData) -> Iterator[EntryChange]:
    old, new = before.registry, after.registry
    return _grouped(
        [
            *_party_names(old, new),
            *_party_changes(_known(old), _known(new)),
            *_stem_changes(old, new),
        ]
    )


def _party_names(old: Registry, new: Registry) -> Iterator[Row]:
    """Rows of which only the name is another one; two that change names are told as such."""
    was, now = _by_rest(old), _by_rest(new)
    renamed = {was[rest]: now[rest] for rest in was.keys() & now.keys() if was[rest] != now[rest]}
    for before, after in sorted(renamed.items()):
        if renamed.get(after) == before:
            entry = f"{before} is now called {after}, and {after} is called {before}"
            yield "names of parties swapped", "Parties that change their names", True, entry
        else:
            words = "Parties with another name"
            yield "parties renamed", words, True, f"{before} is now called {after}"


def _by_rest(registry: Registry) -> Mapping[Party, str]:
    """The name of each row that nothing but its name tells from itself."""
    rows: dict[Party, list[str]] = {}
    for party in registry.parties:
        rows.setdefault(replace(party, name=""), []).append(party.name)
    return {rest: names[0] for rest, names in rows.items() if len(names) == 1}


@dataclass(frozen=True)
class _Known:
    """All rows of one party together: their order and number decide nothing."""

    name: str
    kinds: frozenset[str]
    #: Each name with each kind that it leads to.
    names: frozenset[tuple[str, str]]
    texts: frozenset[tuple[str, str]]
    #: The lists of sanctions that name it.
    lists: frozenset[str]


def _known(registry: Registry) -> Mapping[tuple[str, str], _Known]:
    rows: dict[tuple[str, str], list[Party]] = {}
    for party in registry.parties:
        rows.setdefault((fold(party.name), party.country), []).append(party)
    return {
        key: _Known(
            min(map(_named, parties)),
            frozenset(entry.kind for entry in parties),
            frozenset(
                (name, entry.kind) for entry in parties for name in (entry.name, *entry.aliases)
            ),
            frozenset((entry.note, entry.source) for entry in parties),
            frozenset(entry.source for entry in parties if entry.is_on_a_list),
        )
        for key, parties in rows.items()
    }


def _party_changes(
    old: Mapping[tuple[str, str], _Known], new: Mapping[tuple[str, str], _Known]
) -> Iterator[Row]:
    for key in old.keys() | new.keys():
        if key not in new:
            # Of an operator the country counts in a deal, wherever it says that it is.
            yield "parties removed", "Parties that are no longer recognised", True, old[key].name
        elif key not in old:
            yield _added(new[key])
        else:
            yield from _changed_party(old[key], new[key])


def _added(party: _Known) -> Row:
    """A party that is recognised answers a question that was asked before about its name."""
    entry = f"{party.name}: {_kinds(party)}"
    if party.kinds <= {INTELLIGENCE, QUESTION, VENDOR}:
        if INTELLIGENCE in party.kinds:
            words = (
                "Intelligence bodies that are recognised for the first time. A deal that did not"
                " know the kind of body is no longer asked"
            )
            return "intelligence bodies added", words, True, entry
        return "questions added", "Names that are asked about from now on", False, entry
    words = (
        "Parties that are recognised for the first time. A deal that asked about the name is no"
        " longer asked"
    )
    return "parties added", words, True, entry


def _changed_party(old: _Known, new: _Known) -> Iterator[Row]:
    if old.kinds != new.kinds:
        entry = f"{new.name}: {_kinds(old)} becomes {_kinds(new)}"
        yield "classes changed", "Parties that count as another kind of end user", True, entry
        return
    lost, gained = old.names - new.names, new.names - old.names
    if lost:
        yield "names lost", "Parties that are recognised by fewer names", True, _by(new, lost)
    if gained:
        yield "names gained", "Parties that are recognised by more names", True, _by(new, gained)
    if old.texts != new.texts:
        entry = f"{new.name}: {_texts(old)} becomes {_texts(new)}"
        yield "parties edited", "Parties with new notes or sources", False, entry
    if old.lists - new.lists:
        entry = f"{new.name} ({', '.join(sorted(old.lists - new.lists))})"
        yield "no longer on a list", "Parties that no list names any more", True, entry


def _by(party: _Known, names: Iterable[tuple[str, str]]) -> str:
    return f"{party.name} ({', '.join(sorted({name for name, _ in names}))})"


def _texts(party: _Known) -> str:
    return "; ".join(", ".join(filter(None, text)) for text in sorted(party.texts)) or "nothing"


def _kinds(party: _Known) -> str:
    return " and ".join(map(_words, sorted(party.kinds)))


def _stem_changes(old: Registry, new: Registry) -> Iterator[Row]:
    """Words that make a name a question; those that make it harmless do the opposite."""
    for stem in sorted(set(old.stems) ^ set(new.stems)):
        heading, colon, word = stem.partition(":")
        entry = f"{word.strip()} ({heading})" if colon else stem.strip()
        is_gained = stem in new.stems
        if heading == HARMLESS and colon:
            name = "harmless names gained" if is_gained else "harmless names lost"
            when = "from now on" if is_gained else "no longer"
            yield name, f"Phrases in names that count as harmless {when}", is_gained, entry
        elif is_gained:
            yield "words gained", "Words that make a name a question from now on", False, entry
        else:
            yield "words lost", "Words that no longer make a name a question", True, entry


def _named(party: Party) -> str:
    return f"{party.name} ({party.country or 'international'})"


def _words(value: str) -> str:
    return value.replace("_", " ")


def _laws(before: ReferenceData, after: ReferenceData) -> Iterator[EntryChange]:
    old, new = before.laws, after.laws
    kinds = after.kind_words
    rows = [*_law_ids(old, new)] + [
        row
        for name in sorted(old.by_id.keys() | new.by_id.keys())
        for row in _law_changes(old.by_id.get(name), new.by_id.get(name), kinds)
    ]
    if old.remark != new.remark:
        entry = f"{old.remark or 'nothing'} becomes {new.remark or 'nothing'}"
        words = "What readers are told about all laws of the register"
        rows.append(("remark changed", words, True, entry))
    return _grouped(rows)


def _law_ids(old: Laws, new: Laws) -> Iterator[Row]:
    """Laws that have the id of another one, or a new id; the deals that picked it keep the old."""
    ids = {replace(law, id=""): law.id for law in old.laws}
    for law in new.laws:
        was = ids.get(replace(law, id=""), law.id)
        if was != law.id:
            entry = f"{law.citation} ({law.country}): {was} becomes {law.id}"
            yield "laws under another id", "Laws that have another id", True, entry


def _law_changes(old: Law | None, new: Law | None, kinds: Mapping[str, str]) -> Iterator[Row]:
    if old is None and new is not None:
        words = "Laws that can be picked for the first time. A deal that picks one needs no ruling"
        yield "laws added", words, True, f"{_law(new)}: {_reach(new, kinds)}"
    elif new is None and old is not None:
        # Deals go back to compliance; a conflict that nobody sees any more does not come back.
        words = "Laws that no longer count. Deals that picked one go back to compliance"
        yield "laws removed", words, False, _law(old)
        if old.conflict:
            words = "Conflicts with standards that go with a law that is removed"
            yield "conflicts removed", words, True, f"{_law(old)}: {old.why}"
    elif old is not None and new is not None:
        yield from _reach_changes(old, new, kinds)
        yield from _conflict_changes(old, new)
        yield from _law_words(old, new)


def _law(law: Law) -> str:
    return f"{law.id} ({law.country}, {law.citation})"


def _reach(law: Law, kinds: Mapping[str, str]) -> str:
    """Which deals it fits, and until when."""
    obliges = ", ".join(kinds.get(kind, _words(kind)) for kind in law.obliges)
    classes = ", ".join(CLASS_WORDS[letter] for letter in law.classes)
    conflict = "; conflicts with standards" if law.conflict else ""
    return f"{obliges}; {classes}; until {day_words(law.valid_until)}{conflict}"


def _reach_changes(old: Law, new: Law, kinds: Mapping[str, str]) -> Iterator[Row]:
    if old.country != new.country:
        entry = f"{_law(new)}: {old.country} becomes {new.country}"
        yield "laws of another country", "Laws that count for another country", True, entry
    for name, what, words in (
        ("obliges", "kinds of end user", kinds),
        ("classes", "classes of products", CLASS_WORDS),
    ):
        was, now = set(getattr(old, name)), set(getattr(new, name))
        for looser, way, members in ((True, "more", now - was), (False, "fewer", was - now)):
            if members:
                entry = f"{_law(new)}: {', '.join(words.get(one, one) for one in sorted(members))}"
                yield f"laws for {way} {what}", f"Laws that fit {way} {what}", looser, entry
    if old.valid_until != new.valid_until:
        looser = new.valid_until > old.valid_until
        name, way = ("extended", "longer") if looser else ("shortened", "less long")
        entry = (
            f"{_law(new)}: until {day_words(old.valid_until)} becomes until"
            f" {day_words(new.valid_until)}, checked {day_words(new.checked)}"
        )
        yield f"laws {name}", f"Laws that count {way} than before", looser, entry


def _conflict_changes(old: Law, new: Law) -> Iterator[Row]:
    if old.conflict and not new.conflict:
        words = "Laws that no longer conflict with standards"
        yield "conflicts withdrawn", words, True, f"{_law(new)}: {old.why}"
    elif new.conflict and not old.conflict:
        words = "Laws that conflict with standards from now on"
        yield "conflicts found", words, False, f"{_law(new)}: {new.why}"
    elif old.why != new.why:
        words = "Conflicts with standards that have another reason"
        yield "conflicts reworded", words, True, f"{_law(new)}: {old.why} becomes {new.why}"


def _law_words(old: Law, new: Law) -> Iterator[Row]:
    if old.citation != new.citation:
        words = "Laws that cite another text"
        yield "laws cite another text", words, True, f"{old.citation} becomes {new.citation}"
    for name, what in (("orders", "orders"), ("oversees", "oversees")):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            words = f"Laws that say something else about who {what}"
            yield f"who {what}", words, True, f"{_law(new)}: {was} becomes {now}"
    sources = [f"{law.link}, checked {day_words(law.checked)}" for law in (old, new)]
    if sources[0] != sources[1]:
        words = "Laws with another link or day of the check"
        yield "laws with other sources", words, False, f"{_law(new)}: {' becomes '.join(sources)}"
