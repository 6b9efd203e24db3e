"""Ordinary deals, derived quickly: most lines of a long file differ in names and little else.

All facts of an ordinary deal but the quoted texts follow from a short key, what the registry says
to its names included, and the key leads to facts that were derived in full before. Where a party
beside end user and customer, or a product, means something to the registry, the deal is derived in
full each time, and what may be wrong is left to `policy.facts.derive`.
"""

import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from policy.engine.language.facts import LONGEST_TEXT, Facts
from policy.engine.language.words import listed
from policy.facts.declared import is_named
from policy.facts.derive import Derivation, ReferenceData
from policy.facts.spots import Spot

#: Keys that are remembered; a file of a million lines has a few thousand.
REMEMBERED = 16_384
#: The texts of a deal's own names, which its key leaves out.
OWN = ("end_user_name", "customer_name", "products", "legal_basis", "intermediaries")
#: Names that sentences quote; longer ones could push the end of a note out of it.
QUOTED, LONGEST_QUOTED = ("end_user_name", "customer_name"), 200
Texts = Mapping[str, str]


class Ordinary[Told]:
    """What deals are told, with one set of reference data; ordinary ones share what they are told.

    `tell` is asked once for each key, with the facts of one such deal and what it declared. In
    these facts every text of the deal's own is left open: the name of the text between two NULs.
    No deal has such texts, because the vocabulary refuses NUL. Which mandatory answers are not
    given is the same for all deals of a key.
    """

    def __init__(
        self, reference: ReferenceData, tell: Callable[[Facts, Mapping[str, Any]], Told]
    ) -> None:
        self.reference = reference
        self.vocabulary = reference.rulebook.vocabulary
        self._tell = tell
        self._told: dict[tuple[Any, ...], Told] = {}

    def told(
        self, declared: Mapping[str, Any], given: Mapping[str, Any]
    ) -> tuple[Told, Texts] | Facts | None:
        """What deals like this are told and this one's own texts; its Facts when it is derived in
        full; None when `derive` must look closer.

        `given` holds names of `policy.facts.declared.GIVEN` only.
        """
        if not self.reference.checks.is_ordinary(declared):
            return None
        try:
            own: dict[str, str] = {}
            key = self._key(declared, given, own)
            form = self._told.get(key) if key else None
            if form is None:
                # Whatever is remembered was looked at when it was met first.
                if not self._has_known_codes(declared, given):
                    return None
                if key is None:
                    return self._in_full(declared, given)
                form = self._first(key, own, declared, given)
            return form, self._checked(own)
        except (ValueError, TypeError, KeyError):
            # Something in it cannot be read; `derive` says what.
            return None

    def _has_known_codes(self, declared: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
        code = given.get("special_territory")
        is_known = code is None or code in self.reference.countries.territories
        return is_known and self.reference.checks.has_known_codes(declared)

    def _checked(self, own: dict[str, str]) -> Texts:
        """The texts as Vocabulary.parse reads them; short ASCII without NUL stays as it is."""
        text = "".join(own.values())
        if text.isascii() and len(text) <= LONGEST_TEXT and "\0" not in text:
            return own
        return self.vocabulary.parse(own).texts

    def _key(
        self, declared: Mapping[str, Any], given: Mapping[str, Any], own: dict[str, str]
    ) -> tuple[Any, ...] | None:
        """What the facts follow from; None when all must be looked at.

        The texts that the facts quote are written into `own`.
        """
        get = declared.get
        capabilities, services = get("capabilities"), get("services")
        if type(capabilities) is not list:
            return None
        if type(services) is not list and services is not None:
            return None
        between, obligation = get("intermediaries"), get("legal_obligation")
        said = self._said(get("end_user_name") or "", get("customer_name") or "", between or ())
        known = self._known(get("products") or (), capabilities)
        if said is None or known is None:
            return None
        is_customer_named, is_cited = self._quote(declared, own)
        return (
            get("country"),
            get("end_user_type"),
            get("customer_type"),
            get("purpose"),
            obligation,
            # 1 and True are one key, but only one of them is an answer.
            type(obligation),
            tuple(own),
            is_customer_named,
            is_cited,
            tuple(capabilities),
            known,
            None if services is None else tuple(services),
            between is None,
            not between or all(map(is_named, between)),
            tuple(given.items()),
            tuple(map(type, given.values())),
            said,
        )

    def _said(self, name: str, customer: str, between: Sequence[str]) -> tuple[Any, ...] | None:
        """What the registry says to end user and customer; None when all must be looked at."""
        said = self.reference.registry.said
        for party in between:
            if said(party).is_more:
                return None
        of_name = said(name) if name else None
        of_customer = said(customer) if customer else None
        if not ((of_name and of_name.is_more) or (of_customer and of_customer.is_more)):
            return ()
        if len(name) > LONGEST_QUOTED or len(customer) > LONGEST_QUOTED:
            return None
        return of_name, of_customer, name.strip() == customer.strip()

    def _known(
        self, products: Sequence[str], capabilities: Sequence[str]
    ) -> tuple[str, ...] | None:
        """The lines that the catalogue knows, as sentences name them: what it says about these adds
        to what is given. None when all must be looked at: sentences quote a line that names a
        vendor, or that is like a product and said to do less.
        """
        registry, catalogue = self.reference.registry, self.reference.catalogue
        known = []
        for line in products:
            if registry.vendor_in(line):
                return None
            product = catalogue.find(line)
            if product:
                known.append(catalogue.named(line))
                continue
            like = catalogue.like(line)
            if like and not self._asked_about[like.id].issubset(capabilities):
                return None
            known.append("")
        return tuple(known)

    @cached_property
    def _asked_about(self) -> Mapping[str, frozenset[str]]:
        """Product → those of its capabilities that a line which is named like it may not lack."""
        related = self.reference.beside.get("abilities_declared", frozenset())
        products = self.reference.catalogue.products
        return {product.id: related.intersection(product.capabilities) for product in products}

    def _quote(self, declared: Mapping[str, Any], own: dict[str, str]) -> tuple[bool, bool]:
        """Writes the texts that the facts quote; whether a customer and a law are named."""
        get = declared.get
        name, customer, basis = get("end_user_name"), get("customer_name"), get("legal_basis")
        if is_named(name):
            own["end_user_name"] = name.strip()
        if customer and (stripped := customer.strip()):
            own["customer_name"] = stripped
        if basis and (stripped := basis.strip()):
            own["legal_basis"] = stripped
        if products := get("products"):
            own["products"] = listed([*map(self.reference.catalogue.named, products)])
        if between := get("intermediaries"):
            own["intermediaries"] = listed(between)
        return is_named(customer), is_named(basis)

    def _in_full(
        self, declared: Mapping[str, Any], given: Mapping[str, Any], written: Texts | None = None
    ) -> Facts:
        derivation = Derivation(declared, self.reference, given, written=written or {})
        plain = derivation.plain(Spot(declared.get("country")), declared.get("purpose"))
        return self.vocabulary.parse(plain)

    def _first(
        self,
        key: tuple[Any, ...],
        own: Texts,
        declared: Mapping[str, Any],
        given: Mapping[str, Any],
    ) -> Told:
        # Sentences about a name leave it open too; nobody can guess the marks.
        marks = {name: secrets.token_hex(16) for name in QUOTED if name in own}
        facts = self._in_full(declared, given, {own[name]: mark for name, mark in marks.items()})
        texts = {name: text for name, text in facts.texts.items() if name not in OWN}
        for name, mark in marks.items():
            texts = {key: text.replace(mark, f"\0{name}\0") for key, text in texts.items()}
        texts |= {name: f"\0{name}\0" for name in own}
        form = self._tell(Facts(self.vocabulary, facts.cells, texts, facts.known), declared)
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told[_lean(key)] = form
        return form


def _lean(part: Any) -> Any:
    """The same key, made of strings that all keys share."""
    if type(part) is str:
        return sys.intern(part)
    return tuple(map(_lean, part)) if type(part) is tuple else part
