"""How two versions of countries, catalogue or registry differ, entry by entry, in words."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from policy.catalogue import CONTROLS, Product
from policy.derive import ReferenceData
from policy.models import Kind
from policy.ratings import TIER_WORDS, TIERS, UNRATED
from policy.registry import OPERATOR, Party

# An unrated place is treated like the gravest, so a first rating may only lower what is asked.
_RISKS = (*TIERS, UNRATED)


@dataclass(frozen=True)
class EntryChange:
    """One kind of change and the entries that it touches. `name` is what one confirms."""

    name: str
    words: str
    entries: list[str]
    looser: bool

    @property
    def plain(self) -> dict[str, Any]:
        return asdict(self)


def differences(kind: str, before: ReferenceData, after: ReferenceData) -> list[EntryChange]:
    """The changes that loosen come first; a rulebook has no entries."""
    compared: Mapping[str, Callable[[ReferenceData, ReferenceData], Iterable[EntryChange]]] = {
        Kind.COUNTRIES: _countries,
        Kind.CATALOGUE: _products,
        Kind.REGISTRY: _parties,
    }
    found = compared[kind](before, after) if kind in compared else ()
    return sorted(found, key=lambda change: not change.looser)


def _grouped(changes: Iterable[tuple[str, str, bool, str]]) -> Iterator[EntryChange]:
    groups: dict[tuple[str, str, bool], list[str]] = {}
    for name, words, looser, entry in changes:
        groups.setdefault((name, words, looser), []).append(entry)
    for (name, words, looser), entries in groups.items():
        yield EntryChange(name, words, sorted(entries), looser)


def _countries(before: ReferenceData, after: ReferenceData) -> Iterator[EntryChange]:
    return _grouped(_tier_changes(before, after))


def _tier_changes(
    before: ReferenceData, after: ReferenceData
) -> Iterator[tuple[str, str, bool, str]]:
    old, new = before.countries.places, after.countries.places
    for code in old.keys() | new.keys():
        was = old[code].tier if code in old else UNRATED
        now = new[code].tier if code in new else UNRATED
        if was == now:
            continue
        looser = _RISKS.index(now) < _RISKS.index(was)
        name = f"country risk {was} to {now}"
        words = f"{TIER_WORDS[was].capitalize()} becomes {TIER_WORDS[now]}"
        yield name, words, looser, (new.get(code) or old[code]).name


def _products(before: ReferenceData, after: ReferenceData) -> Iterator[EntryChange]:
    say = after.rulebook.vocabulary["capabilities"].say
    return _grouped(_product_changes(before.catalogue.by_id, after.catalogue.by_id, say))


def _product_changes(
    old: Mapping[str, Product], new: Mapping[str, Product], say: Callable[[str], str]
) -> Iterator[tuple[str, str, bool, str]]:
    for line in old.keys() | new.keys():
        if line not in new:
            yield "products removed", "Products that can no longer be chosen", False, old[line].name
        elif line not in old:
            yield (
                "products added",
                "Products that can be chosen for the first time",
                True,
                (new[line].name),
            )
        else:
            yield from _changed_product(old[line], new[line], say)


def _changed_product(
    old: Product, new: Product, say: Callable[[str], str]
) -> Iterator[tuple[str, str, bool, str]]:
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
    if {one.id for one in new.removable} - {one.id for one in old.removable}:
        yield "features made removable", "Products with more that can be built out", True, new.name


def _parties(before: ReferenceData, after: ReferenceData) -> Iterator[EntryChange]:
    return _grouped(_party_changes(before, after))


def _party_changes(
    before: ReferenceData, after: ReferenceData
) -> Iterator[tuple[str, str, bool, str]]:
    old = {(party.name, party.country): party for party in before.registry.parties}
    new = {(party.name, party.country): party for party in after.registry.parties}
    for key in old.keys() | new.keys():
        if key not in new:
            looser = old[key].kind != OPERATOR
            yield (
                "parties removed",
                "Parties that are no longer recognised",
                looser,
                _named(old[key]),
            )
        elif key not in old:
            yield (
                "parties added",
                "Parties that are recognised for the first time",
                (new[key].kind == OPERATOR),
                _named(new[key]),
            )
        elif old[key].kind != new[key].kind:
            was, now = _words(old[key].kind), _words(new[key].kind)
            entry = f"{_named(new[key])}: {was} becomes {now}"
            yield "classes changed", "Parties that count as another kind of end user", True, entry
        elif set(old[key].aliases) - set(new[key].aliases):
            entry = _named(new[key])
            yield "names lost", "Parties that are recognised by fewer names", True, entry
        elif old[key] != new[key]:
            yield "parties edited", "Parties with new names or notes", False, _named(new[key])


def _named(party: Party) -> str:
    return f"{party.name} ({party.country or 'international'})"


def _words(value: str) -> str:
    return value.replace("_", " ")
