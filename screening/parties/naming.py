"""Who is named in a deal, and in which country they may be at home. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policy.facts.declared import is_named
from policy.facts.derive import ReferenceData
from policy.reference.destinations import NOWHERE
from screening.linking import key_of_name
from screening.parties.models import DealParty

ROLES = frozenset(DealParty.Role.values)


@dataclass(frozen=True)
class Named:
    """A part in a deal: who takes it, and the countries in which that name is looked for.

    ``home`` is the first of them, empty for none: a party that is new is at home there.
    """

    role: str
    name: str
    key: str
    countries: frozenset[str]
    home: str

    def is_at_home(self, country: str) -> bool:
        return country in self.countries or (not self.countries and not country)


def key_of(name: str) -> str:
    """Only so much of a long name fits, and that finds too many parties, never too few."""
    return key_of_name(name)


def named(declared: Mapping[str, Any], data: ReferenceData) -> list[Named]:
    """Everybody named in a declaration, the customer first."""
    return list(dict.fromkeys(_parts(declared, data)))


def _parts(declared: Mapping[str, Any], data: ReferenceData) -> Iterator[Named]:
    home = _known(declared.get("customer_country"))
    customer, end_user = declared.get("customer_name"), declared.get("end_user_name")
    if is_named(customer):
        yield _named("customer", customer, [home] if home else [])
    if is_named(end_user):
        # The form asks where the customer is at home; who only uses it, uses it somewhere.
        is_customer = end_user == customer and home
        yield _named("end_user", end_user, [home] if is_customer else _places(declared, data))
    for party in declared.get("intermediaries") or ():
        if not isinstance(party, str) and is_named(party["name"]):
            country, role = _known(party.get("country")), party.get("role")
            part = role if role in ROLES else "other"
            yield _named(part, party["name"], [country] if country else [])


def _named(role: str, name: str, countries: list[str]) -> Named:
    home = countries[0] if countries else ""
    return Named(role, name.strip(), key_of(name), frozenset(countries), home)


def _places(declared: Mapping[str, Any], data: ReferenceData) -> list[str]:
    """The countries in which it is used, as they were named."""
    codes: dict[str, None] = {}
    for place in declared.get("destinations") or ():
        if region := place.get("region"):
            known = data.countries.places.get(region)
            codes |= dict.fromkeys(sorted(known.countries) if known else [region.partition("-")[0]])
        elif code := _known(place.get("country")):
            codes[code] = None
    return list(codes)


def _known(code: str | None) -> str:
    return "" if code in (None, NOWHERE) else str(code)
