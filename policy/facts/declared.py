"""What sales declares: the names, the types and the values, checked before anything is derived.

    country            ISO 3166-1 alpha-2 or XK; null, "" and XX: not known
    region             ISO 3166-2, or the code of a special territory
    site               the address or name of the site as text; looked up in the gazetteer
    destinations       instead of the three: a list of {"country": …, "region": …, "site": …}, each
                       screened; at most 100
    territories        where in a country that holds or neighbours special territories it is, for
                       every country of the deal: {"UA": "UA-43"}, a list of codes, "none", or null
                       and "unknown" for: asked and not known; a country left out: not asked
    end_user_name, customer_name, legal_basis     one line of text that shows all that it holds
    description        text; `policy.facts.in_text` says whom, what and where it names besides
    end_user_type, customer_type                                  kinds of end user; the customer
                                                                  may be reseller_integrator too
    customer_country   ISO 3166-1 alpha-2 or XK
    products           list of names or ids of the catalogue, or {"product": …, "removed":
                       [features], "proof": text}
    capabilities       what the lines can do, a list: adds to what the catalogue says about the
                       lines that it knows, and is its word where it knows none; left out: the
                       products are looked up; null: not known
    removal_proof      text: what is to prove that every feature that can be was built out of the
                       products; they count as there until compliance has settled it
    other_systems      systems of other makers that the deal connects to or serves: a list of names
                       or ids of the catalogue, and what they can do counts; "unknown", also among
                       the names: asked and not known, or not all of them
    linked_capabilities  what linked deals and the delivered base contain: a list
    services           list; [] means none
    intermediaries     list of names or {"name": …, "role": …, "country": …}; [] means none
    purpose            one purpose; or purposes, a list, each screened
    legal_obligation   true or false
    laws               instead of legal_basis: a list of ids of the register of laws, or {"law":
                       id, "cited": text, "conflict": true or false} for one that may have left it
    conflict_signs     list of sentences: answers that suggest a conflict of law
    adverse_signs      list of sentences: answers that report misuse; it counts as alleged
    differences        list of sentences: where answers and the catalogue differ, for the file
    contradictions     list of sentences: answers that contradict each other
    linked_deals       list of ids, for the file; their capabilities come in linked_capabilities
    abilities_declared what sales says that it can do: a list, or {"yes": […], "unknown": […]};
                       null: asked and not known; left out: nobody was asked
    agency_access      "no" or "yes"; null or "unknown": asked and not known; left out: not asked
    speech_limit_request  "none", "refused" or "included"; null, "unknown" and left out as before
    follows_stopped_deal, eased_by_ruling
                       true, or the sentence that says why; false or left out: no

Anything else is an error, and so is a value of the wrong type. Elsewhere null means: not answered.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, TypeGuard

from policy.engine.language.facts import Choice, Flags, Vocabulary
from policy.engine.language.words import did_you_mean, listed, shown
from policy.reference.destinations import NOWHERE, Countries
from policy.reference.laws import NONE, Laws
from policy.reference.names.placeholders import names_somebody
from policy.reference.names.plain_text import fault

RESELLER = "reseller_integrator"
#: What `derived` of a screening line may hold beside facts: remarks that decide nothing.
REMARKS = frozenset({"country_score", "country_source"})
GIVEN = frozenset(
    {
        "country_risk",
        "special_territory",
        "export_control",
        "adverse_info",
        "law_conflict",
        "fact_conflict",
        "legal_basis_status",
        "export_reference",
        "conflict_note",
        "follows_stopped_deal",
        "eased_by_ruling",
    }
)

SENTENCES = ("conflict_signs", "adverse_signs", "contradictions", "differences", "linked_deals")
TEXTS = ("end_user_name", "customer_name", "legal_basis", "description", "removal_proof")
SEVERAL_LINES = frozenset({"description", "removal_proof"})
#: Two ways to say the same; a declaration takes one of them.
ALTERNATIVES = (("country", "destinations"), ("purpose", "purposes"), ("legal_basis", "laws"))
NAMES = frozenset(
    {
        *TEXTS,
        *SENTENCES,
        "country",
        "region",
        "site",
        "destinations",
        "territories",
        "end_user_type",
        "customer_type",
        "customer_country",
        "products",
        "capabilities",
        "linked_capabilities",
        "other_systems",
        "services",
        "intermediaries",
        "purpose",
        "purposes",
        "legal_obligation",
        "laws",
        "abilities_declared",
        "agency_access",
        "speech_limit_request",
        "follows_stopped_deal",
        "eased_by_ruling",
    }
)

#: What an ordinary deal may declare, and no more.
_ORDINARY = frozenset(
    {
        "end_user_name",
        "customer_name",
        "legal_basis",
        "description",
        "country",
        "end_user_type",
        "customer_type",
        "products",
        "capabilities",
        "services",
        "intermediaries",
        "purpose",
        "legal_obligation",
    }
)

#: Said of a choice that was asked: the answer is not known.
NOT_KNOWN = "unknown"
#: Said of a country in `territories`: in none of them; asked and not known.
NOWHERE_SPECIAL, UNKNOWN_WHERE = "none", "unknown"
#: Rows of one deal; the form has 20 of each.
MOST_ROWS = 100
LONGEST_SITE = 2000
#: Values that every answer of sales may have; those of facts that came later than a rulebook are
#: named here, because its vocabulary does not know them.
CHOICES = {"agency_access": ("no", "yes"), "speech_limit_request": ("none", "refused", "included")}
ABILITIES = (
    "hands_over_more",
    "stores_intercepted",
    "analyses_intercepted",
    "restricts_content",
    "follows_people",
)
#: What derivation is told of other deals and of rulings: yes or no, or why it is so.
NOTED = ("follows_stopped_deal", "eased_by_ruling")
#: What every deal must say and no other rule asks for, and how a sentence names it.
MANDATORY = {
    "products": "what is sold",
    "customer_name": "who signs the contract",
    "customer_type": "what kind of organisation signs",
    "services": "which services are part of it",
    "intermediaries": "whether others sell, install, pay for, receive or run it",
}

Check = Callable[[str, Any], list[str]]


class DeclaredError(ValueError):
    """Declared facts that cannot be read; `problems` names each fact, its value and the remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class Checks:
    """The checks of declared facts against one vocabulary, one set of countries and of laws."""

    def __init__(self, vocabulary: Vocabulary, countries: Countries, laws: Laws = NONE) -> None:
        self.vocabulary = vocabulary
        self.countries = countries
        self.laws = laws
        kinds = vocabulary["end_user_type"]
        assert isinstance(kinds, Choice)  # noqa: S101 - a rulebook without it is not ours
        self.kinds = kinds.values
        by_name: dict[str, Check] = dict.fromkeys(TEXTS, _text)
        by_name |= dict.fromkeys(SENTENCES, _texts)
        by_name |= dict.fromkeys(("country", "customer_country"), self._country)
        by_name |= dict.fromkeys(("capabilities", "linked_capabilities"), self._capabilities)
        by_name |= dict.fromkeys(("end_user_type", "purpose", "services"), self._fact)
        by_name |= dict.fromkeys(CHOICES, _choice) | dict.fromkeys(NOTED, _noted)
        by_name |= {"legal_obligation": self._fact, "abilities_declared": _abilities}
        self._types = frozenset((None, *self.kinds))
        self._customer_types = frozenset((None, *self.kinds, RESELLER))
        self._codes = frozenset((None, "", NOWHERE, *countries.names))
        self.by_name = by_name | {
            "region": self._region,
            "site": _site,
            "destinations": self._destinations,
            "territories": self._territories,
            "customer_type": self._customer_type,
            "products": self._products,
            "other_systems": _other_systems,
            "intermediaries": self._intermediaries,
            "purposes": self._purposes,
            "laws": self._laws,
        }

    def is_ordinary(self, declared: Mapping[str, Any]) -> bool:
        """Whether an ordinary deal holds no more than this, and every text in it can be read.

        False when `problems` or `trace` must look closer. `has_known_codes` looks at the rest;
        what is read as a fact (purpose, services, capabilities, obligation) Vocabulary.parse reads.
        """
        if not declared.keys() <= _ORDINARY:
            return False
        get = declared.get
        products, between = get("products"), get("intermediaries")
        if type(get("capabilities")) not in (list, NoneType):
            return False
        try:
            texts = [text for name in TEXTS if (text := get(name)) is not None]
            for several in (products, between):
                if several is not None:
                    if type(several) is not list or not all(map(str.strip, several)):
                        return False
                    texts += several
            # One look at all of them together, because nearly all are plain.
            together = "".join(texts)
        except TypeError:  # one is no text
            return False
        if together.isascii() and together.isprintable():
            return True
        return (
            _named(products or [])
            and not any(_plain(name, text) for name in TEXTS if (text := get(name)) is not None)
            and _named(between or [])
        )

    def has_known_codes(self, declared: Mapping[str, Any]) -> bool:
        """Whether country and kinds are values that exist; TypeError where one is no text."""
        get = declared.get
        return (
            get("country") in self._codes
            and get("end_user_type") in self._types
            and get("customer_type") in self._customer_types
        )

    def problems(self, declared: Mapping[str, Any]) -> list[str]:
        """One sentence for each fact that cannot be read."""
        problems = []
        for name, value in declared.items():
            if name not in NAMES:
                problems.append(f"unknown fact {shown(name)}{did_you_mean(name, NAMES)}")
            elif value is not None:
                problems.extend(self.by_name[name](name, value))
        for single, many in ALTERNATIVES:
            if declared.get(single) is not None and declared.get(many) is not None:
                problems.append(f"{single} and {many} are both given; one of them is enough")
        if declared.get("site") and declared.get("destinations"):
            problems.append("site and destinations are both given; write the site beside its place")
        if not problems and declared.get("territories"):
            problems.extend(self._strange_countries(declared))
        return problems

    def _strange_countries(self, declared: Mapping[str, Any]) -> Iterator[str]:
        """Territories of a country that the deal has nothing to do with are a slip."""
        rows = declared.get("destinations") or (declared,)
        codes = {row.get("country") for row in rows} | {declared.get("customer_country")}
        codes |= {(row.get("region") or "").partition("-")[0] for row in rows}
        for party in declared.get("intermediaries") or ():
            if isinstance(party, Mapping):
                codes.add(party.get("country"))
        for country in declared["territories"].keys() - codes:
            yield f"territories: {country} is not a country of this deal; leave it out"

    def given_problems(self, given: Mapping[str, Any]) -> list[str]:
        """One sentence for each given value that cannot be read."""
        problems = []
        for name, value in given.items():
            if name == "special_territory":
                known = self.countries.territories
                if value is not None and not (isinstance(value, str) and value in known):
                    hint = did_you_mean(value, known)
                    problems.append(f"special_territory: unknown code {shown(value)}{hint}")
            elif name not in self.vocabulary:
                problems.append(f"unknown fact {shown(name)}{did_you_mean(name, GIVEN)}")
            elif value is not None:
                problems.extend(self._fact(name, value))
        return problems

    def _fact(self, name: str, value: Any) -> list[str]:
        fact = self.vocabulary[name]
        return [] if _fits(self.vocabulary, name, value) else fact.complaints(value)

    def _capabilities(self, name: str, value: Any) -> list[str]:
        return [
            problem.replace("capabilities:", f"{name}:", 1)
            for problem in self._fact("capabilities", value)
        ]

    def _country(self, name: str, value: Any) -> list[str]:
        if not isinstance(value, str):
            return [f"{name}: expected a country code as text, not {shown(value)}"]
        if value in self.countries.names or value in ("", NOWHERE):
            return []
        meant = self.countries.meant(value)
        if meant and meant not in self.countries.names:
            place = self.countries.territories[meant]
            return [
                f"{name}: {shown(value)} is not a country;"
                f" give {place.parent or NOWHERE} as country and {meant} as region"
            ]
        hint = f"; did you mean {meant}?" if meant else ""
        return [f"{name}: {shown(value)} is not a valid ISO 3166-1 alpha-2 code{hint}"]

    def _region(self, name: str, value: Any) -> list[str]:
        if not isinstance(value, str):
            return [f"{name}: expected a region code as text, not {shown(value)}"]
        if not value or value in self.countries.territories:
            return []
        state, _, rest = value.partition("-")
        if state in self.countries.names and 1 <= len(rest) <= 3 and rest.isalnum():
            return []
        hint = did_you_mean(value, self.countries.territories)
        return [
            f"{name}: {shown(value)} is neither a valid ISO 3166-2 code nor a special territory"
            f"{hint}"
        ]

    def _destinations(self, name: str, value: Any) -> list[str]:
        if not isinstance(value, list) or not value:
            return [f"{name}: expected a list of places, not {shown(value)}"]
        if problem := _too_many(name, value):
            return problem
        problems = []
        keys = {"country", "region", "site"}
        for at, place in enumerate(value, start=1):
            if not isinstance(place, Mapping) or not place.keys() <= keys:
                problems.append(f'{name}, {at}: expected the keys "country", "region" and "site"')
                continue
            for key, check in (
                ("country", self._country),
                ("region", self._region),
                ("site", _site),
            ):
                if place.get(key) is not None:
                    problems.extend(check(f"{name}, {at}, {key}", place[key]))
        return problems

    def _territories(self, name: str, value: Any) -> list[str]:
        if not isinstance(value, Mapping):
            return [f'{name}: expected an object like {{"UA": "none"}}, not {shown(value)}']
        problems = []
        territories = self.countries.territories
        special = [code for code, territory in territories.items() if territory.special]
        for country, answer in value.items():
            if country not in self.countries.names:
                # Nowhere may be a destination, and has no territories.
                unnamed = [f"{name}: give the code of a country, not {shown(country)}"]
                problems += self._country(name, country) or unnamed
                continue
            asked = [territory.code for territory in self.countries.territories_asked(country)]
            # An answer that was given when the list had it so is still read.
            problems += _where(f"{name}, {country}", answer, asked, {*asked, *special})
        return problems

    def _customer_type(self, name: str, value: Any) -> list[str]:
        known = (*self.kinds, RESELLER)
        if isinstance(value, str) and value in known:
            return []
        if not isinstance(value, str):
            return [f"{name}: expected one of its values as text, not {shown(value)}"]
        hint = did_you_mean(value, known) or f"; it is one of {listed(known)}"
        return [f"{name}: unknown value {shown(value)}{hint}"]

    def _products(self, name: str, value: Any) -> list[str]:
        if not isinstance(value, list):
            return [f"{name}: expected a list of products, not {shown(value)}"]
        problems = []
        for at, line in enumerate(value, start=1):
            if isinstance(line, Mapping):
                if not line.keys() <= {"product", "removed", "proof"} or not isinstance(
                    line.get("product"), str
                ):
                    problems.append(
                        f'{name}, {at}: expected the keys "product", "removed", "proof"'
                    )
                    continue
                problems.extend(_texts(f"{name}, {at}, removed", line.get("removed") or []))
                problems.extend(_text(f"{name}, {at}, proof", line.get("proof") or ""))
                problems.extend(_plain(f"{name}, {at}, product", line["product"]))
            elif not isinstance(line, str) or not line.strip():
                problems.append(f"{name}, {at}: expected the name of a product, not {shown(line)}")
            else:
                problems.extend(_plain(f"{name}, {at}", line))
        return problems

    def _intermediaries(self, name: str, value: Any) -> list[str]:
        if not isinstance(value, list):
            return [f"{name}: expected a list, [] when there is none, not {shown(value)}"]
        if problem := _too_many(name, value):
            return problem
        problems = []
        for at, party in enumerate(value, start=1):
            if isinstance(party, Mapping):
                if not party.keys() <= {"name", "role", "country"}:
                    problems.append(f'{name}, {at}: expected the keys "name", "role" and "country"')
                    continue
                if not isinstance(party.get("name"), str) or not party["name"].strip():
                    problems.append(f"{name}, {at}: an intermediary needs a name")
                else:
                    problems.extend(_plain(f"{name}, {at}, name", party["name"]))
                problems.extend(_text(f"{name}, {at}, role", party.get("role") or ""))
                problems.extend(self._country(f"{name}, {at}, country", party.get("country") or ""))
            elif not isinstance(party, str) or not party.strip():
                problems.append(f"{name}, {at}: expected a name, not {shown(party)}")
            else:
                problems.extend(_plain(f"{name}, {at}", party))
        return problems

    def _purposes(self, name: str, value: Any) -> list[str]:
        if not isinstance(value, list):
            return [f"{name}: expected a list of purposes, not {shown(value)}"]
        if problem := _too_many(name, value):
            return problem
        return [problem for purpose in value for problem in self._fact("purpose", purpose)]

    def _laws(self, name: str, value: Any) -> list[str]:
        if not isinstance(value, list):
            return [f"{name}: expected a list of ids of the register of laws, not {shown(value)}"]
        return [
            problem
            for at, law in enumerate(value, start=1)
            for problem in self._law(f"{name}, {at}", law)
        ]

    def _law(self, name: str, value: Any) -> list[str]:
        if isinstance(value, str):
            return self._known_law(name, value)
        if not isinstance(value, Mapping) or not value.keys() <= {"law", "cited", "conflict"}:
            return [f'{name}: expected the id of a law, or the keys "law", "cited" and "conflict"']
        if not isinstance(value.get("law"), str) or not value["law"].strip():
            return [f"{name}: a law needs its id"]
        problems = _plain(f"{name}, law", value["law"])
        problems += _text(f"{name}, cited", value.get("cited") or "")
        if not isinstance(value.get("conflict", False), bool):
            problems.append(f"{name}, conflict: expected true or false")
        return problems

    def _known_law(self, name: str, law: str) -> list[str]:
        known = self.laws.by_id
        if law in known:
            return []
        hint = did_you_mean(law, known) if known else "; the register of laws is empty"
        return [f"{name}: unknown law {shown(law)}{hint}"]


def given_faults(declared: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """Why another program may not give these values, a sentence each.

    What a product can do and who uses it is declared; and no law is verified that nobody names.
    """
    faults = []
    if not given.keys() <= GIVEN:
        faults += [
            f"unknown fact {shown(name)}{did_you_mean(name, GIVEN)}"
            for name in sorted(given.keys() - GIVEN)
        ]
    if given.get("legal_basis_status") == "verified" and not _names_a_law(declared):
        faults.append("legal_basis_status: verified, and neither legal_basis nor laws names a law")
    return faults


def _names_a_law(declared: Mapping[str, Any]) -> bool:
    basis = declared.get("legal_basis")
    return bool(declared.get("laws")) or (isinstance(basis, str) and is_named(basis))


def _where(name: str, answer: Any, asked: Sequence[str], known: Collection[str]) -> list[str]:
    """The faults of an answer to "where in this country"."""
    if answer is None:
        return []
    places = [answer] if isinstance(answer, str) else answer
    if not isinstance(places, list) or not places:
        return [f"{name}: expected a code, a list of codes, none or unknown, not {shown(answer)}"]
    words = (NOWHERE_SPECIAL, UNKNOWN_WHERE)
    problems = [
        f"{name}: unknown value {shown(place)}; it is one of {listed((*asked, *words))}"
        for place in places[:MOST_ROWS]
        if not (isinstance(place, str) and (place in known or place in words))
    ]
    if not problems and len(set(places)) > 1:
        problems += [
            f"{name}: {place} stands beside other answers; give it alone"
            for place in (NOWHERE_SPECIAL, UNKNOWN_WHERE)
            if place in places
        ]
    return problems


def _too_many(name: str, rows: Sequence[Any]) -> list[str]:
    if not isinstance(rows, list) or len(rows) <= MOST_ROWS:
        return []
    return [
        f"{name}: {len(rows)} are more than {MOST_ROWS}; send each call-off of a frame agreement"
        " separately"
    ]


def _site(name: str, value: Any) -> list[str]:
    problems = _text(name, value)
    if not problems and len(value) > LONGEST_SITE:
        return [f"{name}: {len(value)} characters are more than {LONGEST_SITE}"]
    return problems


def is_named(text: str | None) -> TypeGuard[str]:
    """Whether a text names something, rather than saying that nobody knows."""
    return text is not None and names_somebody(text)


def unanswered(declared: Mapping[str, Any]) -> list[str]:
    """The mandatory answers that are not given; [] is an answer to services and intermediaries.

    A customer and an intermediary without a name are not given, and neither is a kind of customer
    that nobody knows.
    """
    get = declared.get
    return [
        name
        for name in MANDATORY
        if get(name) is None
        or (name == "customer_type" and get(name) == NOT_KNOWN)
        or (name == "products" and not get(name))
        or (name == "customer_name" and not is_named(get(name)))
        or (name == "intermediaries" and not all(map(is_named, party_names(declared))))
    ]


def party_names(declared: Mapping[str, Any]) -> Iterator[str]:
    """The names of the intermediaries."""
    for party in declared.get("intermediaries") or ():
        yield party if isinstance(party, str) else party["name"]


def _named(names: list[Any]) -> bool:
    try:
        return all(map(str.strip, names)) and not any(map(fault, names))
    except TypeError:
        return False


def _fits(vocabulary: Vocabulary, name: str, value: Any) -> bool:
    try:
        vocabulary.parse({name: value})
    except ValueError:
        return False
    return True


def _text(name: str, value: Any) -> list[str]:
    if not isinstance(value, str):
        return [f"{name}: expected text or null, not {shown(value)}"]
    return _plain(name, value)


def _plain(name: str, value: str) -> list[str]:
    """Text that people read must show all that it holds; few have several lines."""
    wrong = fault(value, lines=name in SEVERAL_LINES)
    return [f"{name}: holds {wrong}; remove it"] if wrong else []


def _texts(name: str, value: Any) -> list[str]:
    if not isinstance(value, list):
        return [f"{name}: expected a list of texts, not {shown(value)}"]
    return [
        problem
        for at, text in enumerate(value, start=1)
        for problem in (
            _plain(f"{name}, {at}", text)
            if isinstance(text, str)
            else [f"{name}, {at}: expected text, not {shown(text)}"]
        )
    ]


def _other_systems(name: str, value: Any) -> list[str]:
    return [] if value == NOT_KNOWN else _too_many(name, value) or _texts(name, value)


def _choice(name: str, value: Any) -> list[str]:
    known = (*CHOICES[name], NOT_KNOWN)
    if isinstance(value, str) and value in known:
        return []
    return [f"{name}: unknown value {shown(value)}; it is one of {listed(known)}"]


def _abilities(name: str, value: Any) -> list[str]:
    return Flags(name, ABILITIES).complaints(value)


def _noted(name: str, value: Any) -> list[str]:
    if isinstance(value, bool | str):
        return []
    return [f"{name}: expected true, false or why it is so, not {shown(value)}"]
