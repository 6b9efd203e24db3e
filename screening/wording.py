"""What pages call things: the one place where facts, values, products and places get their words.

Whatever is active now, a page about a screening speaks with that screening's own catalogue,
countries and rulebook, to every role. Only what was not screened yet is in the words of the active
versions. Versions never change, so each is read once and kept by ``policy.active``.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Protocol

from django.db.models import F, QuerySet

from policy import active
from policy.engine.language.facts import Vocabulary
from policy.facts.bundle import ReferenceData
from policy.reference.catalogue import Catalogue
from policy.reference.destinations import Countries
from screening.models import Deal, Screening

UNKNOWN = "not known"
NAMING = ("rulebook", "catalogue", "countries")


def with_versions[Rows: QuerySet[Any]](rows: Rows, path: str = "") -> Rows:
    """Screenings, or rows with one at ``path``, with the versions that name things.

    Without the content of those: it is large, and known by its digest once it was read.
    """
    kinds = [f"{path}{kind}" for kind in (*NAMING, "laws")]
    large = [f"{kind}__{field}" for kind in kinds for field in ("content", "written")]
    return rows.select_related(*kinds).defer(*large)


def know_versions(screening: Screening) -> None:
    """The same for one screening that was read without them. Most were made with what is active,
    which a page asks for anyway, and joining them takes PostgreSQL longer than reading the deal.
    """
    named_by = (screening.rulebook_id, screening.catalogue_id, screening.countries_id)
    versions = active.by_number((*named_by, screening.laws_id))
    screening.rulebook = versions[screening.rulebook_id]
    screening.catalogue = versions[screening.catalogue_id]
    screening.countries = versions.get(screening.countries_id)
    screening.laws = versions.get(screening.laws_id)


def with_digests[Rows: QuerySet[Any]](rows: Rows, path: str = "") -> Rows:
    """The same for long lists of screenings, or of rows with one at ``path`` (`lend`): an object
    for each version would cost more than all that a row shows.
    """
    return rows.annotate(**{f"{kind}_digest": F(f"{path}{kind}__digest") for kind in NAMING})


def lend(deals: Iterable[Deal]) -> None:
    """Of deals that were read `with_digests` of their screenings: the words of these."""
    for deal in deals:
        deal.last_screening.kept_wording = _by_digests(deal)  # type: ignore[attr-defined]


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


class _Stored:
    """The versions with these digests; each kind is read when it is needed."""

    def __init__(self, rulebook: str, catalogue: str, countries: str) -> None:
        self._rulebook, self._catalogue, self._countries = rulebook, catalogue, countries

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return active.rulebook_with(self._rulebook).vocabulary

    @cached_property
    def catalogue(self) -> Catalogue:
        return active.catalogue_with(self._catalogue)

    @cached_property
    def countries(self) -> Countries:
        return active.countries_with(self._countries)


class _Active:
    def __init__(self, data: ReferenceData) -> None:
        self.vocabulary = data.rulebook.vocabulary
        self.catalogue, self.countries = data.catalogue, data.countries


class Wording:
    """The words of one version of each kind that names things."""

    def __init__(self, names: Names) -> None:
        self._names = names
        #: Fact → its words; None for one that the vocabulary does not have.
        self._words: dict[str, Mapping[str, str] | None] = {}

    @property
    def vocabulary(self) -> Vocabulary:
        return self._names.vocabulary

    def label(self, name: str) -> str:
        fact = self.vocabulary.get(name)
        return fact.label if fact is not None and fact.label else _plainly(name).capitalize()

    def value(self, name: str, value: Any) -> str:
        """A plain fact value; a set of flags is a list, or one of sure and open members."""
        if isinstance(value, str):
            return self._one(name, value)
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
        if name not in self._words:
            fact = self.vocabulary.get(name)
            self._words[name] = None if fact is None else fact.words
        words = self._words[name]
        return words.get(value) or _plainly(value) if words else value

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
    if kept is None and hasattr(screening, "rulebook_digest"):
        return _by_digests(screening)
    return kept or Wording(_Used(screening))


def _by_digests(row: Any) -> Wording:
    return of_digests(*(getattr(row, f"{kind}_digest") or "" for kind in NAMING))


@lru_cache(active.KEPT)
def of_digests(rulebook: str, catalogue: str, countries: str) -> Wording:
    """Of a screening that used the versions with these digests; of countries there may be none."""
    return Wording(_Stored(rulebook, catalogue, countries))


def of_data(data: ReferenceData) -> Wording:
    """For what was not screened yet: the words of the versions that will screen it."""
    return Wording(_Active(data))


def after(deal: Deal, moment: datetime) -> Wording:
    """The words of the screening that something at this moment led to, or of the newest.

    Who sets a fact screens the deal again in the same transaction.
    """
    return afterwards(deal)(moment)


def afterwards(deal: Deal) -> Callable[[datetime], Wording]:
    """The same for whatever happened to a deal, whose screenings are read once."""
    digests = [f"{kind}__digest" for kind in NAMING]
    screenings = Screening.objects.filter(revision__deal=deal).order_by("pk")
    kept = list(screenings.values_list("created_at", *digests))

    def words(moment: datetime) -> Wording:
        for at, rulebook, catalogue, countries in kept:
            if at >= moment:
                return of_digests(rulebook, catalogue, countries or "")
        return of(deal.last_screening)

    return words
