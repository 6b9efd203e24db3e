"""What pages call things: the one place where facts, values, products and places get their words.

Whatever is active now, a page about a screening speaks with that screening's own catalogue,
countries and rulebook, to every role. Only what was not screened yet is in the words of the active
versions. Versions never change, so each is read once and kept by ``policy.active``.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from django.db.models import QuerySet

from policy import active
from policy.engine.language.facts import Vocabulary
from policy.facts.bundle import ReferenceData
from policy.reference.catalogue import Catalogue
from policy.reference.destinations import Countries
from screening.models import Deal, Screening

UNKNOWN = "not known"
NAMING = ("rulebook", "catalogue", "countries", "laws")


def with_versions[Rows: QuerySet[Any]](rows: Rows, path: str = "") -> Rows:
    """Screenings, or rows with one at ``path``, with the versions that name things.

    Without the content of those: it is large, and known by its digest once it was read.
    """
    kinds = [f"{path}{kind}" for kind in NAMING]
    large = [f"{kind}__{field}" for kind in kinds for field in ("content", "written")]
    return rows.select_related(*kinds).defer(*large)


class Names(Protocol):
    """Where words come from."""

    @property
    def vocabulary(self) -> Vocabulary: ...

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def countries(self) -> Countries: ...


class _Used:
    """The versions that one screening used; each kind is read when it is needed."""

    def __init__(self, screening: Screening) -> None:
        self._screening = screening

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return active.rulebook(self._screening.rulebook).vocabulary

    @cached_property
    def catalogue(self) -> Catalogue:
        return active.catalogue(self._screening.catalogue)

    @cached_property
    def countries(self) -> Countries:
        return active.countries(self._screening.countries)


class _Active:
    def __init__(self, data: ReferenceData) -> None:
        self.vocabulary = data.rulebook.vocabulary
        self.catalogue, self.countries = data.catalogue, data.countries


class Wording:
    """The words of one version of each kind that names things."""

    def __init__(self, names: Names) -> None:
        self._names = names

    @property
    def vocabulary(self) -> Vocabulary:
        return self._names.vocabulary

    def label(self, name: str) -> str:
        fact = self.vocabulary.get(name)
        return fact.label if fact is not None and fact.label else _plainly(name).capitalize()

    def value(self, name: str, value: Any) -> str:
        """A plain fact value; a set of flags is a list, or one of sure and open members."""
        if value is None:
            return UNKNOWN
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Mapping):
            sure = self.value(name, value.get("yes", []))
            unknown = value.get("unknown", [])
            return f"{sure}; {len(unknown)} not known" if unknown else sure
        if isinstance(value, list):
            return ", ".join(self._one(name, part) for part in value) or "none"
        return self._one(name, str(value))

    def _one(self, name: str, value: str) -> str:
        fact = self.vocabulary.get(name)
        words = fact.words if fact is not None else {}
        return words.get(value) or (value if fact is None or not words else _plainly(value))

    def product(self, line: str) -> str:
        """A line of a deal by the name of the catalogue; other words as they are."""
        product = self._names.catalogue.find(line)
        return product.name if product else line

    def place(self, code: str) -> str:
        """A country or special territory by its name; another code as it is."""
        place = self._names.countries.places.get(code)
        return place.name if place else code


def _plainly(name: str) -> str:
    return name.replace("_", " ")


def of(screening: Screening) -> Wording:
    """Its words; an export of many gives those that it keeps for each set of versions."""
    kept: Wording | None = getattr(screening, "kept_wording", None)
    return kept or Wording(_Used(screening))


def of_data(data: ReferenceData) -> Wording:
    """For what was not screened yet: the words of the versions that will screen it."""
    return Wording(_Active(data))


def after(deal: Deal, moment: datetime) -> Wording:
    """The words of the screening that something at this moment led to, or of the newest.

    Who sets a fact screens the deal again in the same transaction.
    """
    screenings = with_versions(Screening.objects.filter(revision__deal=deal)).order_by("pk")
    return of(screenings.filter(created_at__gte=moment).first() or deal.last_screening)
