"""Ordinary deals, derived quickly: most lines of a long file differ in names and little else.

All facts of an ordinary deal but the quoted texts follow from a short key, what the registry and
the catalogue say to its names and lines included, and the key leads to facts that were derived in
full before. Where a sentence would have to quote a long text the deal is derived in full each time,
and what may be wrong is left to `policy.facts.derive`.
"""

import secrets
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from policy.engine.language.facts import LONGEST_TEXT, Facts
from policy.engine.language.words import listed
from policy.facts import spots
from policy.facts.declared import is_named
from policy.facts.derive import LONGEST_NOTE, Derivation, ReferenceData
from policy.facts.spots import Spot
from policy.reference.destinations import NOWHERE
from policy.reference.names.folding import fold
from policy.reference.registry import Said

#: Keys that are remembered; a file of a million lines has a few thousand.
REMEMBERED = 16_384
#: The texts of a deal's own names, which its key leaves out.
OWN = ("end_user_name", "customer_name", "products", "legal_basis", "intermediaries")
#: Of the texts that sentences quote; longer ones could push the end of a note out of it.
LONGEST_QUOTED = 200
Texts = Mapping[str, str]
#: The digest of what is declared and given, and what the registry says to the names.
Key = tuple[bytes, tuple[Any, ...]]


class Line(NamedTuple):
    """What a line of a deal says; its own number says nothing."""

    #: How sentences name the product of the catalogue that it is; "" for any other line.
    known: str = ""
    #: The product that it is named like, and those of its capabilities that it may not lack.
    like: str = ""
    asked_about: frozenset[str] = frozenset()
    #: The vendor of surveillance systems whose name stands in it.
    vendor: str = ""


class Ordinary[Told]:
    """What deals are told, with one set of reference data; ordinary ones share what they are told.

    `tell` is asked once for each key, with the facts of one such deal, one for each destination,
    and what it declared. In these facts every text of the deal's own is left open: the name of the
    text between two NULs. No deal has such texts, because the vocabulary refuses NUL. Which
    mandatory answers are not given is the same for all deals of a key.
    """

    def __init__(
        self, reference: ReferenceData, tell: Callable[[Sequence[Facts], Mapping[str, Any]], Told]
    ) -> None:
        self.reference = reference
        self.vocabulary = reference.rulebook.vocabulary
        self._tell = tell
        self._told: dict[Key, Told] = {}
        self._line_of = lru_cache(REMEMBERED)(self._find_line)
        self._abroad = lru_cache(REMEMBERED)(self._find_abroad)
        self._says_nothing = lru_cache(REMEMBERED)(self._find_says_nothing)

    def told(
        self, declared: Mapping[str, Any], given: Mapping[str, Any]
    ) -> tuple[Told, Texts] | list[Facts] | None:
        """What deals like this are told and this one's own texts; its Facts when it is derived in
        full; None when `derive` must look closer.

        `given` holds names of `policy.facts.declared.GIVEN` only.
        """
        if not self.reference.checks.is_ordinary(declared):
            return None
        try:
            texts = self._texts(declared)
            quoted: list[str] = []
            heard = self._heard(declared, texts)
            elsewhere = self._elsewhere(declared, given, heard)
            if elsewhere is None:
                return None
            key = self._key(declared, given, texts, quoted, heard, elsewhere)
            form = self._told.get(key) if key else None
            if form is None:
                # Whatever is remembered was looked at when it was met first.
                if not self._has_known_codes(declared, given):
                    return None
                if key:
                    form = self._first(key, texts, quoted, declared, given, elsewhere)
            if form is None:
                return self._in_full(declared, given, elsewhere)
            return form, self._checked(texts)
        except (ValueError, TypeError, KeyError):
            # Something in it cannot be read; `derive` says what.
            return None

    def _has_known_codes(self, declared: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
        code = given.get("special_territory")
        is_known = code is None or code in self.reference.countries.territories
        return is_known and self.reference.checks.has_known_codes(declared)

    def _checked(self, texts: dict[str, str]) -> Texts:
        """The texts as Vocabulary.parse reads them; short ASCII without NUL stays as it is."""
        together = "".join(texts.values())
        if together.isascii() and len(together) <= LONGEST_TEXT and "\0" not in together:
            return texts
        own = {name: text for name, text in texts.items() if name in OWN}
        plain = {name: unicodedata.normalize("NFC", text) for name, text in texts.items()}
        return {**plain, **self.vocabulary.parse(own).texts}

    def _texts(self, declared: Mapping[str, Any]) -> dict[str, str]:
        """The texts of the deal's own that its facts hold."""
        get = declared.get
        name, customer, basis = get("end_user_name"), get("customer_name"), get("legal_basis")
        texts = {}
        if is_named(name):
            texts["end_user_name"] = name.strip()
        if customer and (stripped := customer.strip()):
            texts["customer_name"] = stripped
        if basis and (stripped := basis.strip()):
            texts["legal_basis"] = stripped
        if products := get("products"):
            texts["products"] = listed([*map(self.reference.catalogue.named, products)])
        if between := get("intermediaries"):
            texts["intermediaries"] = listed(between)
        return texts

    def _key(
        self,
        declared: Mapping[str, Any],
        given: Mapping[str, Any],
        texts: dict[str, str],
        quoted: list[str],
        heard: Sequence[Said | None],
        elsewhere: tuple[str, ...],
    ) -> Key | None:
        """What the facts follow from; None when all must be looked at.

        The names of texts that sentences may quote come into `quoted`.
        """
        get = declared.get
        capabilities, services = get("capabilities"), get("services")
        if type(capabilities) is not list:
            return None
        if type(services) is not list and services is not None:
            return None
        between, obligation = get("intermediaries"), get("legal_obligation")
        own = tuple(texts)
        said = self._said(declared, texts, quoted, heard)
        lines = self._lines(get("products") or (), capabilities, texts, quoted)
        alike: tuple[int, ...] = ()
        if quoted:
            quotes = [texts[name] for name in quoted]
            if max(map(len, quotes)) > LONGEST_QUOTED:
                return None
            # Which of them are the same text, for what is said twice stands there once.
            alike = tuple(map(quotes.index, quotes))
        # As JSON, 1 and true differ.
        part = orjson.dumps(
            (
                get("country"),
                elsewhere,
                get("end_user_type"),
                get("customer_type"),
                get("purpose"),
                obligation,
                own,
                is_named(get("customer_name")),
                is_named(get("legal_basis")),
                capabilities,
                services,
                between is None,
                not between or all(map(is_named, between)),
                given,
                lines,
                quoted,
                alike,
            )
        )
        return sha256(part).digest(), said

    def _heard(self, declared: Mapping[str, Any], texts: Texts) -> list[Said | None]:
        """What the registry says to the end user, to the customer and to all between."""
        said = self.reference.registry.said
        name, customer = (declared.get("end_user_name") or "").strip(), texts.get("customer_name")
        heard = [said(name) if name else None, said(customer) if customer else None]
        return heard + [said(party) for party in declared.get("intermediaries") or ()]

    def _said(
        self,
        declared: Mapping[str, Any],
        texts: dict[str, str],
        quoted: list[str],
        heard: Sequence[Said | None],
    ) -> tuple[Any, ...]:
        """What the registry says to the names, where it is more than nobody or an operator."""
        of_name, of_customer, *of_parties = heard
        told: tuple[Any, ...] = ()
        if (of_name and of_name.is_more) or (of_customer and of_customer.is_more):
            name = (declared.get("end_user_name") or "").strip()
            told = of_name, of_customer, name == texts.get("customer_name", "")
            quoted += [one for one in ("end_user_name", "customer_name") if one in texts]
        for at, of_party in enumerate(of_parties):
            if of_party and of_party.is_more:
                told = *told, of_party
                texts[f"party {at}"] = declared["intermediaries"][at]
                quoted.append(f"party {at}")
        return told

    def _elsewhere(
        self, declared: Mapping[str, Any], given: Mapping[str, Any], heard: Sequence[Said | None]
    ) -> tuple[str, ...] | None:
        """The countries that count beside the declared one, see `spots.known_elsewhere`; None
        where something has to be asked.
        """
        country = declared.get("country")
        homes = tuple([homes for said in heard if said for homes in said.homes])
        if not homes or not country or country == NOWHERE or "special_territory" in given:
            return ()
        return self._abroad(country, homes)

    def _find_abroad(
        self, country: str, several: tuple[frozenset[str], ...]
    ) -> tuple[str, ...] | None:
        countries = self.reference.countries
        codes = spots.declared_codes({"country": country}, countries)
        found = [spots.abroad(homes, codes, countries) for homes in several]
        return None if None in found else tuple(dict.fromkeys(code for code in found if code))

    def _lines(
        self,
        products: Sequence[str],
        capabilities: Sequence[str],
        texts: dict[str, str],
        quoted: list[str],
    ) -> tuple[tuple[str, str, str], ...]:
        """What the lines say: the product, the one that a line is named like, the vendor."""
        lines = []
        for at, product in enumerate(products):
            line = self._line(product)
            like = "" if line.asked_about.issubset(capabilities) else line.like
            lines.append((line.known, like, line.vendor))
            if like or line.vendor:
                texts[f"line {at}"] = product
                quoted.append(f"line {at}")
        return tuple(lines)

    def _line(self, line: str) -> Line:
        head, _, number = line.rpartition(" ")
        if head and self._says_nothing(number) and line.isascii():
            return self._line_of(head, is_whole=False)
        return self._line_of(line)

    def _find_says_nothing(self, word: str) -> bool:
        """Whether a word at the end of a line makes it another line, and nothing else of it."""
        catalogue, vendors = self.reference.catalogue, self.reference.registry.vendor_words
        words = fold(word).split()
        return bool(words) and not any(
            catalogue.may_name(word) or word in vendors for word in words
        )

    def _find_line(self, line: str, *, is_whole: bool = True) -> Line:
        catalogue = self.reference.catalogue
        maker = self.reference.registry.vendor_in(line)
        vendor = f"{maker.name}\n{maker.country}" if maker else ""
        if is_whole and catalogue.find(line):
            return Line(known=catalogue.named(line), vendor=vendor)
        like = catalogue.like(line)
        if like is None or not (asked_about := self._related.intersection(like.capabilities)):
            return Line(vendor=vendor)
        return Line(like=like.id, asked_about=asked_about, vendor=vendor)

    @cached_property
    def _related(self) -> frozenset[str]:
        """The capabilities about which a line that is named like a product is asked."""
        return self.reference.beside.get("abilities_declared", frozenset())

    def _in_full(
        self,
        declared: Mapping[str, Any],
        given: Mapping[str, Any],
        elsewhere: tuple[str, ...],
        written: Texts | None = None,
    ) -> list[Facts]:
        variants = []
        for country in (declared.get("country"), *elsewhere):
            derivation = Derivation(declared, self.reference, given, written=written or {})
            plain = derivation.plain(Spot(country), declared.get("purpose"))
            variants.append(self.vocabulary.parse(plain))
        return variants

    def _first(
        self,
        key: Key,
        texts: Texts,
        quoted: Sequence[str],
        declared: Mapping[str, Any],
        given: Mapping[str, Any],
        elsewhere: tuple[str, ...],
    ) -> Told | None:
        """What the first deal of a key is told; None where no other deal may be told the same."""
        # Sentences about a text leave it open too; nobody can guess the marks.
        marks: dict[str, str] = {}
        for name in quoted:
            marks.setdefault(texts[name], name)
        written = {text: f"{self._mark}{name}\n" for text, name in marks.items()}
        forms = []
        for facts in self._in_full(declared, given, elsewhere, written):
            note = facts.texts.get("conflict_note", "")
            if len(note) + LONGEST_QUOTED * note.count(self._mark) > LONGEST_NOTE and marks:
                return None
            left = {name: text for name, text in facts.texts.items() if name not in OWN}
            if marks:
                left = {name: self._opened(text, written, marks) for name, text in left.items()}
            left |= {name: f"\0{name}\0" for name in texts if name in OWN}
            forms.append(Facts(self.vocabulary, facts.cells, left, facts.known))
        form = self._tell(forms, declared)
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told[key] = form
        return form

    @cached_property
    def _mark(self) -> str:
        return secrets.token_hex(16)

    def _opened(self, text: str, written: Texts, marks: Mapping[str, str]) -> str:
        for quote, mark in written.items():
            text = text.replace(mark, f"\0{marks[quote]}\0")
        return text
