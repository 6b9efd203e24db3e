"""Random edits of every kind of reference data, each with the names of what it touched.

The base is what ships, smaller where size teaches nothing and richer where it leaves something out:
a registry of two hundred rows with lists of sanctions, the laws of the demo, a second expert.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from policy.engine.language.condition import (
    OUTCOMES,
    All,
    Condition,
    Either,
    HasAny,
    Is,
    Not,
    OneOf,
    Rulebook,
    Term,
)
from policy.engine.language.facts import Choice, Flags, Vocabulary
from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.models import Kind
from policy.reference.catalogue import CONTROLS, Catalogue, Feature, Product
from policy.reference.destinations import RESTRICTIONS, Territory
from policy.reference.laws import Law, Laws
from policy.reference.ratings import TIERS, RatingList
from policy.reference.registry import (
    INTELLIGENCE,
    OPERATOR,
    QUESTION,
    VENDOR,
    Party,
    Registry,
    fold,
)

Chance = random.Random
#: Deals of the population name these, besides the rows of the registry.
NAMES = (
    "National Intelligence Directorate",
    "Federal Security Bureau",
    "Aurora Telecom Oy",
    "Telecom Egypt",
    "Rapid Action Battalion",
    "National Security Agency",
    "Army of the north",
    "Ministry of Interior",
    "Elisa",
)
CLASSES = (
    "commercial_operator",
    "state_operator",
    "military",
    "law_enforcement",
    "utility",
    INTELLIGENCE,
    QUESTION,
    OPERATOR,
    VENDOR,
)
COUNTRIES = ("", "FI", "BH", "EG", "BD", "TR", "US", "UA", "BY", "RU", "KP", "CN", "SE")


@dataclass(frozen=True)
class Edit:
    """The data after an edit; every name, id or word that a report may call the touched by."""

    kind: str
    what: str
    before: ReferenceData
    after: ReferenceData
    touched: frozenset[str]
    #: Whether only an order changed, which decides nothing.
    is_order: bool = False

    @property
    def is_change(self) -> bool:
        """Whether anything but an order is another one."""
        return _content(self.before) != _content(self.after)


def _content(data: ReferenceData) -> Any:
    """All that can be said of it, without order and without rows that say the same twice."""
    countries, book = data.countries, data.rulebook
    return (
        # The rows of one party count together.
        frozenset(
            (fold(one.name), one.country, one.kind, name)
            for one in data.registry.parties
            for name in (one.name, *one.aliases)
        ),
        frozenset(
            (fold(one.name), one.country, one.note, one.source) for one in data.registry.parties
        ),
        frozenset(data.registry.stems),
        frozenset(data.catalogue.products),
        data.laws.laws,
        data.laws.remark,
        (countries.names, countries.also, countries.territories, frozenset(countries.restricted)),
        frozenset(
            replace(one, ratings=tuple(sorted(one.ratings, key=lambda row: row.code)))
            for one in countries.lists
        ),
        sorted(book.canonical),
        frozenset(rule.id for rule in book.rules),
    )


@cache
def base() -> ReferenceData:
    data = shipped.load()
    [vdem] = data.countries.lists
    second = replace(
        vdem,
        source="Second expert",
        ratings=tuple(one for one in vdem.ratings if one.code in {*COUNTRIES, "AF", "PK"}),
    )
    laws = shipped.laws(data.rulebook.vocabulary, data.countries, name=shipped.EXAMPLE_LAWS)
    return replace(
        data,
        countries=replace(data.countries, lists=(vdem, second)),
        registry=Registry(_parties(data), "base", data.registry.stems),
        laws=laws,
    )


#: Enough to decide every outcome, and few enough to be compared in a moment.
RULES = ("B01", "B02", "B10", "E02", "E09", "I07", "I09", "S01", "S04", "S18")
PROMISES = ("P01", "P02", "P04")


@cache
def few_rules() -> ReferenceData:
    book = base().rulebook
    return replace(
        base(),
        rulebook=replace(
            book,
            rules=tuple(rule for rule in book.rules if rule.id in RULES),
            promises=tuple(one for one in book.promises if one.id in PROMISES),
        ),
    )


def before(kind: str) -> ReferenceData:
    """What is edited."""
    return few_rules() if kind == Kind.RULEBOOK else base()


def _parties(data: ReferenceData) -> tuple[Party, ...]:
    chance = Chance(7)
    by_kind: dict[str, list[Party]] = {}
    for party in data.registry.parties:
        by_kind.setdefault(party.kind, []).append(party)
    some = [
        one
        for kind in sorted(by_kind)
        for one in chance.sample(by_kind[kind], min(14, len(by_kind[kind])))
    ]
    known = [one for one in data.registry.parties if one.name in NAMES]
    listed = [
        Party("Northern Trading House", "", QUESTION, ("NTH Holding",), "entry 7", "list:OFAC SDN"),
        Party("Telecom Egypt", "EG", QUESTION, (), "entry 9", "list:OFAC SDN"),
    ]
    return tuple(dict.fromkeys([*some, *known, *listed]))


# --- Edits ---------------------------------------------------------------------------------------


def any_edit(chance: Chance, kind: str | None = None) -> Edit:
    """One edit, or several at once of the same kind."""
    chosen = kind or chance.choice(list(EDITS))
    count = chance.choice((1, 1, 1, 2, 4))
    data, touched, what, is_order = before(chosen), set[str](), [], True
    while not what or len(what) < count:
        made = EDITS[chosen](chance, data)
        if made is None:
            continue
        data, names, name = made
        touched |= names
        what.append(name)
        is_order = is_order and name == ORDER
    # Compiling the rules anew for each edit would take most of the time.
    if data.rulebook is base().rulebook:
        data.__dict__["compiled"] = base().compiled
    names = frozenset(filter(None, touched))
    return Edit(chosen, " + ".join(what), before(chosen), data, names, is_order)


ORDER = "order"
Made = tuple[ReferenceData, set[str], str] | None


def _shuffled[T](chance: Chance, rows: Sequence[T]) -> tuple[T, ...]:
    return tuple(chance.sample(list(rows), len(rows)))


def _registry(chance: Chance, data: ReferenceData) -> Made:
    parties = list(data.registry.parties)
    at, other = chance.sample(range(len(parties)), 2)
    one, two = parties[at], parties[other]
    touched = {one.name, *one.aliases}
    names = (*NAMES, *(party.name for party in parties))
    what = chance.choice(
        (
            ORDER,
            "remove",
            "double",
            "class",
            "country",
            "name",
            "spelling",
            "alias added",
            "alias lost",
            "alias moved",
            "names swapped",
            "countries swapped",
            "classes swapped",
            "note",
            "source",
            "listed",
            "add",
            "word lost",
            "word added",
            "harmless word",
        )
    )
    match what:
        case "order":
            return _with(data, _shuffled(chance, parties)), set(), what
        case "remove":
            del parties[at]
        case "double":
            parties.append(replace(one, kind=chance.choice(CLASSES)))
        case "class":
            parties[at] = replace(one, kind=chance.choice(CLASSES))
        case "country":
            parties[at] = replace(one, country=chance.choice(COUNTRIES))
        case "name":
            parties[at] = replace(one, name=chance.choice(names))
            touched.add(parties[at].name)
        case "spelling":
            parties[at] = replace(one, name=_misspelt(chance, one.name))
            touched.add(parties[at].name)
        case "alias added":
            alias = chance.choice(names)
            parties[at] = replace(one, aliases=(*one.aliases, alias))
            touched.add(alias)
        case "alias lost":
            if not one.aliases:
                return None
            parties[at] = replace(one, aliases=one.aliases[1:])
        case "alias moved":
            if not one.aliases:
                return None
            parties[at] = replace(one, aliases=one.aliases[1:])
            parties[other] = replace(two, aliases=(*two.aliases, one.aliases[0]))
            touched.add(two.name)
        case "names swapped":
            parties[at], parties[other] = replace(one, name=two.name), replace(two, name=one.name)
            touched.add(two.name)
        case "countries swapped":
            parties[at] = replace(one, country=two.country)
            parties[other] = replace(two, country=one.country)
            touched.add(two.name)
        case "classes swapped":
            parties[at], parties[other] = replace(one, kind=two.kind), replace(two, kind=one.kind)
            touched.add(two.name)
        case "note":
            parties[at] = replace(one, note=chance.choice(("seen", "", "list:OFAC SDN")))
        case "source":
            parties[at] = replace(one, source=chance.choice(("own", "list:EU", "list:OFAC SDN")))
        case "listed":
            listed = [n for n, party in enumerate(parties) if party.is_on_a_list]
            if not listed:
                return None
            at = chance.choice(listed)
            touched = {parties[at].name, *parties[at].aliases}
            parties[at] = replace(parties[at], source=chance.choice(("own", "list:EU")))
        case "add":
            name = chance.choice((*names, "Something New Ltd"))
            parties.append(Party(name, chance.choice(COUNTRIES), chance.choice(CLASSES)))
            touched = {name}
        case _:
            return _with_word(chance, data, what)
    return _with(data, parties), touched, what


def _with(data: ReferenceData, parties: Sequence[Party]) -> ReferenceData:
    return replace(data, registry=Registry(tuple(parties), "edited", data.registry.stems))


def _with_word(chance: Chance, data: ReferenceData, what: str) -> Made:
    stems = list(data.registry.stems)
    if what == "word lost":
        word = stems.pop(chance.randrange(len(stems)))
    else:
        word = chance.choice(("intelligence", "battalion", "telecom", "bureau of security"))
        word = f"harmless: {word}" if what == "harmless word" else word
        if word in stems:
            return None
        stems.append(word)
    registry = Registry(data.registry.parties, "edited", tuple(stems))
    return replace(data, registry=registry), {word.partition(":")[2].strip() or word.strip()}, what


def _misspelt(chance: Chance, name: str) -> str:
    at = chance.randrange(len(name))
    return name[:at] + name[at + 1 :] or "x"


def _catalogue(chance: Chance, data: ReferenceData) -> Made:
    products = list(data.catalogue.products)
    at, other = chance.sample(range(len(products)), 2)
    one, two = products[at], products[other]
    touched = {one.name, one.id}
    abilities = data.capabilities
    what = chance.choice(
        (
            ORDER,
            "remove",
            "add",
            "id",
            "name",
            "family",
            "ids swapped",
            "names swapped",
            "capabilities swapped",
            "controls swapped",
            "capability lost",
            "capability added",
            "unclassified",
            "control",
            "control list",
            "includes",
            "also added",
            "also lost",
            "also moved",
            "feature added",
            "feature lost",
            "feature changed",
        )
    )
    match what:
        case "order":
            catalogue = replace(data.catalogue, products=_shuffled(chance, products))
            return replace(data, catalogue=catalogue), set(), what
        case "remove":
            del products[at]
        case "add":
            products.append(replace(one, id=f"{one.id}-2", name=f"{one.name} 2", also=()))
            touched = {f"{one.name} 2"}
        case "id":
            products[at] = replace(one, id=f"{one.id}-x")
        case "name":
            products[at] = replace(one, name=f"{one.name} X")
        case "family":
            products[at] = replace(one, family="Other things")
        case "ids swapped":
            products[at], products[other] = replace(one, id=two.id), replace(two, id=one.id)
            touched |= {two.name, two.id}
        case "names swapped":
            products[at], products[other] = replace(one, name=two.name), replace(two, name=one.name)
            touched |= {two.name, two.id}
        case "capabilities swapped":
            products[at] = replace(one, capabilities=two.capabilities, removable=())
            products[other] = replace(two, capabilities=one.capabilities, removable=())
            touched |= {two.name, two.id}
        case "controls swapped":
            products[at] = replace(one, control=two.control)
            products[other] = replace(two, control=one.control)
            touched |= {two.name, two.id}
        case "capability lost":
            kept = one.capabilities[1:] or ("ran",)
            products[at] = replace(one, capabilities=kept, removable=())
        case "capability added":
            more = chance.choice(abilities)
            if more in one.capabilities:
                return None
            products[at] = replace(one, capabilities=(*one.capabilities, more))
        case "unclassified":
            products[at] = replace(one, capabilities=("unclassified",), removable=())
        case "control":
            products[at] = replace(one, control=chance.choice(CONTROLS))
        case "control list":
            products[at] = replace(one, control_list="5A001.z")
        case "includes":
            products[at] = replace(one, includes=("something harmless",))
        case "also added":
            alias = f"{chance.choice(('New', 'Old'))} {one.id}"
            products[at] = replace(one, also=(*one.also, alias))
        case "also lost":
            if not one.also:
                return None
            products[at] = replace(one, also=one.also[1:])
        case "also moved":
            if not one.also:
                return None
            products[at] = replace(one, also=one.also[1:])
            products[other] = replace(two, also=(*two.also, one.also[0]))
            touched |= {two.name, two.id}
        case _:
            features = _features(chance, one, what)
            if features is None:
                return None
            products[at] = replace(one, removable=features)
    if not _is_readable(products):
        return None
    catalogue = replace(data.catalogue, products=tuple(products))
    return replace(data, catalogue=catalogue), touched, what


def _features(chance: Chance, one: Product, what: str) -> tuple[Feature, ...] | None:
    features = list(one.removable)
    if what == "feature added":
        if any(feature.id == "all" for feature in features):
            return None
        return (*features, Feature("all", "All of it", one.capabilities[0], "a letter"))
    if not features:
        return None
    if what == "feature lost":
        return tuple(features[1:])
    first = features[0]
    features[0] = chance.choice(
        (
            replace(first, proof="a letter of sales"),
            replace(first, removes=chance.choice(one.capabilities)),
            replace(first, name="Something"),
        )
    )
    return tuple(features)


def _is_readable(products: Sequence[Product]) -> bool:
    """Two products with a name in common are refused with both lines, so nothing is compared."""
    names: list[str] = []
    for one in products:
        names += {fold(name) for name in (one.id, one.name, *one.also)}
    return len(names) == len(set(names))


def _countries(chance: Chance, data: ReferenceData) -> Made:
    countries = data.countries
    what = chance.choice(
        (
            ORDER,
            "tier",
            "rating lost",
            "rating added",
            "source lost",
            "source added",
            "edition",
            "name",
            "names swapped",
            "another name",
            "territory lost",
            "special",
            "territory's parent",
            "territory's control",
            "territory's name",
            "territory's note",
            "neighbours",
            "territories swapped",
            "row lost",
            "row added",
            "row's code",
            "row's control",
            "row's reach",
            "row's words",
            "rows doubled",
        )
    )
    if what in {"tier", "rating lost", "rating added"}:
        return _rated(chance, data, what)
    if "row" in what:
        return _restricted(chance, data, what)
    if "territor" in what or what in {"special", "neighbours"}:
        return _territories(chance, data, what)
    names, also = dict(countries.names), dict(countries.also)
    one, two = chance.sample(sorted(set(COUNTRIES) - {""}), 2)
    touched = {names[one], one}
    match what:
        case "order":
            shuffled = replace(
                countries,
                names=dict(_shuffled(chance, list(names.items()))),
                territories=dict(_shuffled(chance, list(countries.territories.items()))),
                lists=tuple(
                    replace(one, ratings=_shuffled(chance, one.ratings))
                    for one in _shuffled(chance, countries.lists)
                ),
                restricted=_shuffled(chance, countries.restricted),
            )
            return replace(data, countries=shuffled), set(), what
        case "source lost":
            if len(countries.lists) < 2:
                return None
            gone, *kept = _shuffled(chance, countries.lists)
            touched = {gone.source, *(names.get(one.code, one.code) for one in gone.ratings)}
            return _relisted(data, kept), touched, what
        case "source added":
            new = replace(countries.lists[0], source=f"Expert {chance.randrange(10**6)}")
            rows = tuple(replace(one, tier=chance.choice(TIERS)) for one in new.ratings[:30])
            new = replace(new, ratings=rows)
            touched = {new.source, *(names.get(one.code, one.code) for one in rows)}
            return _relisted(data, [*countries.lists, new]), touched, what
        case "edition":
            first, *rest = countries.lists
            return _relisted(data, [replace(first, edition="v99"), *rest]), {first.source}, what
        case "name":
            names[one] = f"{names[one]} X"
        case "names swapped":
            names[one], names[two] = names[two], names[one]
            touched.add(names[one])
        case "another name":
            also[f"{names[one]} land"] = two
            touched.add(f"{names[one]} land")
    return replace(data, countries=replace(countries, names=names, also=also)), touched, what


def _relisted(data: ReferenceData, lists: Sequence[RatingList]) -> ReferenceData:
    return replace(data, countries=replace(data.countries, lists=tuple(lists)))


def _rated(chance: Chance, data: ReferenceData, what: str) -> Made:
    lists = list(data.countries.lists)
    at = chance.randrange(len(lists))
    rows = list(lists[at].ratings)
    row = chance.randrange(len(rows))
    code = rows[row].code
    if what == "tier":
        rows[row] = replace(rows[row], tier=chance.choice(TIERS))
    elif what == "rating lost":
        del rows[row]
    else:
        missing = sorted(set(data.countries.places) - {one.code for one in rows})
        if not missing:
            return None
        code = chance.choice(missing)
        rows.append(replace(rows[row], code=code, tier=chance.choice(TIERS)))
    lists[at] = replace(lists[at], ratings=tuple(rows))
    return _relisted(data, lists), {data.countries.places[code].name}, what


def _territories(chance: Chance, data: ReferenceData, what: str) -> Made:
    places = dict(data.countries.territories)
    code, other = chance.sample(sorted(places), 2)
    one, two = places[code], places[other]
    touched = {one.name}
    changed: Mapping[str, Callable[[], Territory]] = {
        "special": lambda: replace(one, special=not one.special),
        "territory's parent": lambda: replace(one, parent=chance.choice(("FI", "TR", "RU"))),
        "territory's control": lambda: replace(
            one, export_control=chance.choice(("", "licence_required", "prohibited"))
        ),
        "territory's name": lambda: replace(one, name=f"{one.name} X"),
        "territory's note": lambda: replace(one, note="as it was"),
        "neighbours": lambda: replace(one, neighbours=one.neighbours[1:]),
    }
    if what == "territory lost":
        spoken_of = {row.code for row in data.countries.restricted}
        spoken_of |= {one.code for ratings in data.countries.lists for one in ratings.ratings}
        if code in spoken_of - data.countries.names.keys():
            return None  # The reader refuses rows about a place that is not there.
        del places[code]
    elif what == "territories swapped":
        places[code] = replace(two, code=code)
        places[other] = replace(one, code=other)
        touched.add(two.name)
    else:
        places[code] = changed[what]()
    return replace(data, countries=replace(data.countries, territories=places)), touched, what


def _restricted(chance: Chance, data: ReferenceData, what: str) -> Made:
    rows = list(data.countries.restricted)
    if not rows:
        return None
    at = chance.randrange(len(rows))
    one, named = rows[at], data.countries.places[rows[at].code].name
    touched = {named}
    match what:
        case "row lost":
            del rows[at]
        case "row added":
            rows.append(replace(one, code="FI", basis="Regulation 99"))
            touched = {"Finland"}
        case "row's code":
            rows[at] = replace(one, code="FI")
            touched.add("Finland")
        case "row's control":
            rows[at] = replace(one, control=chance.choice(RESTRICTIONS))
        case "row's reach":
            some = tuple(chance.sample(data.capabilities, 2))
            rows[at] = replace(one, restricts=chance.choice(((), some, one.restricts[1:] or some)))
        case "row's words":
            rows[at] = replace(
                one, note="another", dated=one.dated + timedelta(1), source="Somebody else"
            )
        case "rows doubled":
            rows.append(replace(one, basis=f"{one.basis} again", control="licence_required"))
    if len({(row.code, row.basis) for row in rows}) < len(rows):
        return None
    return replace(data, countries=replace(data.countries, restricted=tuple(rows))), touched, what


def _laws(chance: Chance, data: ReferenceData) -> Made:
    laws = list(data.laws.laws)
    if len(laws) < 2:
        return None
    at, other = chance.sample(range(len(laws)), 2)
    one, two = laws[at], laws[other]
    touched = {one.id}
    changed: Mapping[str, Callable[[], Law]] = {
        "country": lambda: replace(one, country=chance.choice(COUNTRIES[1:])),
        "act": lambda: replace(one, act="Another act"),
        "provision": lambda: replace(one, provision="section 99"),
        "obliges": lambda: replace(one, obliges=_some(chance, data.kind_words)),
        "classes": lambda: replace(one, classes=_some(chance, "LXT")),
        "orders": lambda: replace(one, orders="nobody"),
        "oversees": lambda: replace(one, oversees="nobody"),
        "link": lambda: replace(one, link="https://other.example/1"),
        "checked": lambda: replace(one, checked=one.checked - timedelta(7)),
        "valid until": lambda: replace(
            one, valid_until=chance.choice((date(2026, 12, 1), date(2040, 1, 1)))
        ),
        "conflict": lambda: replace(
            one, conflict=not one.conflict, why="" if one.conflict else "it is too wide"
        ),
        "why": lambda: replace(one, why="another reason") if one.conflict else one,
    }
    what = chance.choice((ORDER, "remove", "add", "ids swapped", "remark", *changed))
    remark = data.laws.remark
    match what:
        case "order":
            pass
        case "remove":
            del laws[at]
        case "add":
            laws.append(replace(one, id=f"{one.id}-2", country=chance.choice(COUNTRIES[1:])))
            touched = {f"{one.id}-2"}
        case "ids swapped":
            laws[at], laws[other] = replace(one, id=two.id), replace(two, id=one.id)
            touched.add(two.id)
        case "remark":
            remark, touched = f"{remark} Checked.", {remark}
        case _:
            laws[at] = changed[what]()
    if len({law.id for law in laws}) < len(laws):
        return None
    # The reader sorts them, so their order never decides.
    register = Laws(tuple(sorted(laws, key=lambda law: law.id)), "edited", "", remark)
    return replace(data, laws=register), set() if what == ORDER else touched, what


def _some(chance: Chance, members: Any) -> tuple[str, ...]:
    known = sorted(one for one in members if one != "unknown")
    return tuple(sorted(chance.sample(known, chance.randint(1, min(3, len(known))))))


# --- Rulebooks -----------------------------------------------------------------------------------


def _rulebook(chance: Chance, data: ReferenceData) -> Made:
    book = data.rulebook
    rules = list(book.rules)
    at, other = chance.sample(range(len(rules)), 2)
    one, two = rules[at], rules[other]
    touched = {one.id}
    what = chance.choice(
        (
            ORDER,
            "remove",
            "outcome",
            "condition",
            "condition",
            "condition",
            "term",
            "term",
            "ids swapped",
            "id",
            "conditions swapped",
            "outcomes swapped",
            "title",
            "reason",
            "clause",
            "evidence",
            "asks",
            "vocabulary words",
            "vocabulary order",
            "source",
        )
    )
    match what:
        case "order":
            rules = list(_shuffled(chance, rules))
            touched = set()
        case "remove":
            del rules[at]
        case "outcome":
            rules[at] = replace(one, outcome=chance.choice(OUTCOMES[1:]), asks="")
        case "condition":
            rules[at] = replace(one, when=_changed(chance, one.when))
        case "term":
            if not book.terms:
                return None
            name = chance.choice(sorted(book.terms))
            terms = {**book.terms, name: _changed(chance, book.terms[name])}
            touched = {rule.id for rule in rules if name in _terms_of(book, rule.when)}
            if not touched:
                return None
            return replace(data, rulebook=replace(book, terms=terms)), touched, what
        case "ids swapped":
            rules[at], rules[other] = replace(one, id=two.id), replace(two, id=one.id)
            touched.add(two.id)
        case "id":
            rules[at] = replace(one, id=f"{one.id}x")
            touched.add(f"{one.id}x")
        case "conditions swapped":
            rules[at], rules[other] = replace(one, when=two.when), replace(two, when=one.when)
            touched.add(two.id)
        case "outcomes swapped":
            rules[at] = replace(one, outcome=two.outcome, asks=two.asks)
            rules[other] = replace(two, outcome=one.outcome, asks=one.asks)
            touched.add(two.id)
        case "title":
            rules[at] = replace(one, title="Nothing to see here")
        case "reason":
            rules[at] = replace(one, because="This is fine.")
        case "clause":
            rules[at] = replace(one, clause="B1")
        case "evidence":
            rules[at] = replace(one, evidence=one.evidence[1:] or ("purpose_statement",))
        case "asks":
            rules[at] = replace(one, asks="" if one.asks else "sales")
        case "source":
            return replace(data, rulebook=replace(book, source="A memo")), {"the rulebook"}, what
        case _:
            return _reworded(chance, data, what)
    if rules == list(book.rules):
        return None
    return replace(data, rulebook=replace(book, rules=tuple(rules))), touched, what


def _reworded(chance: Chance, data: ReferenceData, what: str) -> Made:
    """Other words or another order of values of a fact; what rules mean stays."""
    words = data.rulebook.vocabulary
    names = [
        name for name, fact in words.items() if isinstance(fact, Choice | Flags) and fact.words
    ]
    name = chance.choice(names)
    fact: Any = words[name]
    if what == "vocabulary words":
        value = chance.choice(sorted(fact.words))
        changed = replace(fact, words={**fact.words, value: "something harmless"})
    else:
        if not getattr(fact, "rising", ()):
            return None
        changed = replace(fact, rising=tuple(reversed(fact.rising)))
    vocabulary = Vocabulary([changed if fact.name == name else fact for fact in words.values()])
    return replace(data, rulebook=replace(data.rulebook, vocabulary=vocabulary)), {name}, what


def _changed(chance: Chance, when: Condition) -> Condition:
    """The condition with one part of it narrower, wider, turned round or gone."""
    match when:
        case All(parts) | Either(parts):
            at = chance.randrange(len(parts))
            if len(parts) > 1 and chance.random() < 0.4:
                return type(when)(parts[:at] + parts[at + 1 :])
            kept = list(parts)
            kept[at] = _changed(chance, parts[at])
            return type(when)(tuple(kept))
        case Not(part):
            return chance.choice((part, Not(_changed(chance, part))))
        case OneOf(fact, values) if len(values) > 1:
            return OneOf(fact, values[1:] if chance.random() < 0.5 else values[:-1])
        case HasAny(fact, members) if len(members) > 1:
            return HasAny(fact, members[1:] if chance.random() < 0.5 else members[:-1])
        case Is(fact, truth):
            return Is(fact, not truth)
        case Term():
            return chance.choice((Not(when), All((when, Is("end_user_named", value=True)))))
    return Not(when)


def _terms_of(book: Rulebook, when: Condition) -> set[str]:
    """Every term that a condition uses, by itself or through others."""
    used: set[str] = set()
    waiting = [when]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Term) and part.name not in used:
            used.add(part.name)
            waiting.append(book.terms[part.name])
        waiting += _parts(part)
    return used


def _parts(condition: Condition) -> Iterator[Condition]:
    match condition:
        case All(parts) | Either(parts):
            yield from parts
        case Not(part):
            yield part


EDITS: Mapping[str, Callable[[Chance, ReferenceData], Made]] = {
    Kind.REGISTRY: _registry,
    Kind.CATALOGUE: _catalogue,
    Kind.COUNTRIES: _countries,
    Kind.LAWS: _laws,
    Kind.RULEBOOK: _rulebook,
}


# --- Deals ---------------------------------------------------------------------------------------


def population(count: int, templates: Sequence[bytes]) -> list[bytes]:
    """Deals that name what the edits touch: ordinary ones, and labelled ones with other answers."""
    chance = Chance(11)
    data = base()
    return [
        json.dumps({"id": str(number), "facts": _facts(chance, data, templates)}).encode()
        for number in range(count)
    ]


def _facts(chance: Chance, data: ReferenceData, templates: Sequence[bytes]) -> dict[str, Any]:
    # A territory without a state is named beside the country XX.
    parents = {
        code: one.parent or (code if len(code) == len("FI") else "XX")
        for code, one in data.countries.territories.items()
    }
    country = chance.choice([*COUNTRIES[1:], *(law.country for law in data.laws.laws), *parents])
    parties = data.registry.parties
    party = chance.choice(parties)
    name = chance.choice(
        (party.name, *party.aliases, _misspelt(chance, party.name), *chance.sample(NAMES, 3))
    )
    kinds = [kind for kind in data.kind_words if kind != "unknown"]
    facts: dict[str, Any] = {
        "country": parents.get(country, country),
        "site": chance.choice((None, None, "Simferopol", "Girne", "Donetsk")),
        "end_user_name": name,
        "end_user_type": chance.choice([*kinds, "unknown", *("commercial_operator",) * 6]),
        "customer_name": chance.choice(("Example Oy", chance.choice(parties).name)),
        "customer_type": "commercial_operator",
        "products": [_product(chance, data.catalogue) for _ in range(chance.randint(1, 2))],
        "services": ["supply"],
        "purpose": chance.choice(("commercial_service", "commercial_service", "li_compliance")),
        "intermediaries": [],
        "legal_obligation": chance.choice((True, False, None)),
    }
    if country in parents:
        facts["region"] = country
    fitting = [law.id for law in data.laws.laws if law.country == facts["country"]]
    if fitting and chance.random() < 0.7:
        kind = chance.choice(("commercial_operator", facts["end_user_type"]))
        facts |= {
            "laws": chance.sample(fitting, chance.randint(1, len(fitting))),
            "legal_obligation": True,
            "purpose": "li_compliance",
            "products": [chance.choice(_intercepting(data.catalogue))],
            "end_user_name": chance.choice(("Example Networks", "Example Networks", name)),
            "customer_name": "Example Networks",
            "end_user_type": kind,
            "customer_type": kind,
            "territories": {facts["country"]: "none"},
            "site": None,
        }
    else:
        facts["legal_basis"] = None
    if "laws" not in facts and chance.random() < 0.3:
        template = json.loads(chance.choice(templates))["facts"]
        facts |= {
            name: template[name]
            for name in ("purpose", "services", "intermediaries")
            if name in template
        }
        facts |= {"products": template["products"]} if "products" in template else {}
        facts |= {key: template[key] for key in ("capabilities",) if key in template}
    return facts


def _intercepting(catalogue: Catalogue) -> list[str]:
    return [one.id for one in catalogue.products if "li_interface" in one.capabilities]


def _product(chance: Chance, catalogue: Catalogue) -> Any:
    one = chance.choice(catalogue.products)
    called = chance.choice((one.id, one.id, one.name, *one.also))
    if one.removable and chance.random() < 0.5:
        return {"product": called, "removed": [one.removable[0].id], "proof": "build sheet"}
    return called
