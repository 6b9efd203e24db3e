"""Ordinary deals, derived quickly: most lines of a long file differ in names and little else.

A deal is ordinary when no name in it means anything to the registry. All its facts but the quoted
texts then follow from a short key, and the key leads to facts that were derived in full before.
Other deals are derived in full each time, and what may be wrong is left to `policy.derive`.
"""

from collections.abc import Mapping
from typing import Any

from policy.declared import is_named
from policy.derive import SECURITY, Derivation, ReferenceData
from policy.engine.facts import Cell, Facts
from policy.engine.words import listed

#: Keys that are remembered; a file of a million lines has a few thousand.
REMEMBERED = 16_384
#: The texts of a deal's own names, which its key leaves out.
OWN = ("end_user_name", "customer_name", "products", "legal_basis", "intermediaries")
Frame = tuple[tuple[Cell, ...], int, dict[str, str]]


class Ordinary:
    """Facts of ordinary deals, with one set of reference data."""

    def __init__(self, reference: ReferenceData) -> None:
        self.reference = reference
        self.vocabulary = reference.rulebook.vocabulary
        self._frames: dict[tuple[Any, ...], Frame] = {}

    def facts(self, declared: Mapping[str, Any], given: Mapping[str, Any]) -> Facts | None:
        """The facts that `derive` gives, or None when it must look closer.

        `given` holds names of `policy.declared.GIVEN` only, and no territory.
        """
        if not self.reference.checks.is_sound(declared):
            return None
        try:
            if self._is_remarkable(declared, given):
                return self._in_full(declared, given)
            key = self._key(declared, given)
            frame = self._frames.get(key) or self._derived(key, declared, given)
            own = self.vocabulary.parse(_own_texts(declared)).texts
        except (ValueError, TypeError, KeyError):
            # Something in it cannot be read; `derive` says what.
            return None
        cells, known, texts = frame
        return Facts(self.vocabulary, cells, {**texts, **own}, known)

    def _is_remarkable(self, declared: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
        """Whether a name in the deal is more than a name, or the catalogue must be asked."""
        services = declared.get("services")
        if type(declared.get("capabilities")) is not list:
            return True
        if type(services) is not list and services is not None:
            return True
        registry = self.reference.registry
        name = declared.get("end_user_name")
        if name and registry.remarks_on(name):
            return True
        customer = declared.get("customer_name")
        if customer and customer != name and registry.remarks_on(customer):
            return True
        for between in declared.get("intermediaries") or ():
            if registry.remarks_on(between):
                return True
        return bool(
            name
            and declared.get("end_user_type") not in SECURITY
            and given.get("fact_conflict") is not False
            and not registry.is_operator(name)
            and registry.sounds_like_security(name)
        )

    def _key(self, declared: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Any, ...]:
        get = declared.get
        services, between, basis = get("services"), get("intermediaries"), get("legal_basis")
        obligation = get("legal_obligation")
        return (
            get("country"),
            get("end_user_type"),
            get("customer_type"),
            get("purpose"),
            obligation,
            # 1 and True are one key, but only one of them is an answer.
            type(obligation),
            is_named(get("end_user_name")),
            is_named(get("customer_name")),
            is_named(basis),
            tuple(get("capabilities")),  # type: ignore[arg-type]
            None if services is None else tuple(services),
            bool(get("products")),
            None if between is None else bool(between),
            *given.items(),
            *map(type, given.values()),
        )

    def _in_full(self, declared: Mapping[str, Any], given: Mapping[str, Any]) -> Facts:
        one = Derivation(declared, self.reference, given)
        plain = one.plain(declared.get("country"), None, declared.get("purpose"))
        return self.vocabulary.parse(plain)

    def _derived(
        self, key: tuple[Any, ...], declared: Mapping[str, Any], given: Mapping[str, Any]
    ) -> Frame:
        facts = self._in_full(declared, given)
        texts = {name: text for name, text in facts.texts.items() if name not in OWN}
        if len(self._frames) >= REMEMBERED:
            self._frames.clear()
        self._frames[key] = frame = (facts.cells, facts.known, texts)
        return frame


def _own_texts(declared: Mapping[str, Any]) -> dict[str, str]:
    get = declared.get
    texts = {}
    name, customer, basis = get("end_user_name"), get("customer_name"), get("legal_basis")
    if is_named(name):
        texts["end_user_name"] = name.strip()
    if customer and (customer := customer.strip()):
        texts["customer_name"] = customer
    if basis and (basis := basis.strip()):
        texts["legal_basis"] = basis
    if products := get("products"):
        texts["products"] = listed(products)
    if between := get("intermediaries"):
        texts["intermediaries"] = listed(between)
    return texts
