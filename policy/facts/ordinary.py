"""Ordinary deals, derived quickly: most lines of a long file differ in names and little else.

All facts of an ordinary deal but the quoted texts follow from a short key, what the registry says
to its names included, and the key leads to facts that were derived in full before. Where a party
beside end user and customer, or a product, means something to the registry, the deal is derived in
full each time, and what may be wrong is left to `policy.facts.derive`.
"""

import secrets
import sys
from collections.abc import Callable, Mapping
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
        if not self.reference.checks.is_sound(declared):
            return None
        try:
            code = given.get("special_territory")
            if code is not None and code not in self.reference.countries.territories:
                return None
            said = self._said(declared)
            if said is None:
                return self._in_full(declared, given)
            key, own = self._key(declared, given)
            key = (*key, *said)
            form = self._told.get(key) or self._first(key, own, declared, given)
            return form, self._checked(own)
        except (ValueError, TypeError, KeyError):
            # Something in it cannot be read; `derive` says what.
            return None

    def _checked(self, own: dict[str, str]) -> Texts:
        """The texts as Vocabulary.parse reads them; short ASCII without NUL stays as it is."""
        text = "".join(own.values())
        if text.isascii() and len(text) <= LONGEST_TEXT and "\0" not in text:
            return own
        return self.vocabulary.parse(own).texts

    def _said(self, declared: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """What the registry says to end user and customer; None when all must be looked at."""
        get = declared.get
        services = get("services")
        if type(get("capabilities")) is not list:
            return None
        if type(services) is not list and services is not None:
            return None
        registry = self.reference.registry
        for between in get("intermediaries") or ():
            if registry.said(between).is_more:
                return None
        for product in get("products") or ():
            if registry.vendor_in(product):
                return None
        name, customer = get("end_user_name") or "", get("customer_name") or ""
        of_names = [registry.said(text) if text else None for text in (name, customer)]
        if not any(of_name and of_name.is_more for of_name in of_names):
            return ()
        if len(name) > LONGEST_QUOTED or len(customer) > LONGEST_QUOTED:
            return None
        return (*of_names, name.strip() == customer.strip())

    def _key(
        self, declared: Mapping[str, Any], given: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, str]]:
        """What the facts follow from, and the texts that they quote."""
        get = declared.get
        own = {}
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
        services, obligation = get("services"), get("legal_obligation")
        key = (
            get("country"),
            get("end_user_type"),
            get("customer_type"),
            get("purpose"),
            obligation,
            # 1 and True are one key, but only one of them is an answer.
            type(obligation),
            tuple(own),
            is_named(customer),
            is_named(basis),
            tuple(declared["capabilities"]),
            self._known(products),
            None if services is None else tuple(services),
            between is None,
            all(map(is_named, between or ())),
            tuple(given),
            *given.values(),
            *map(type, given.values()),
        )
        return key, own

    def _known(self, products: Any) -> tuple[str, ...]:
        """Which lines the catalogue knows: what it says about these adds to what is given."""
        known = map(self.reference.catalogue.find, products or ())
        return tuple(product.id if product else "" for product in known)

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
