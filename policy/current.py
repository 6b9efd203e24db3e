"""The active versions one by one, for pages: a missing kind is an empty page, not an error."""

import json
from functools import lru_cache

from policy.engine.language.condition import Rulebook
from policy.facts import shipped
from policy.governance import versions
from policy.models import ReferenceVersion
from policy.reference.catalogue import Catalogue, read_catalogue
from policy.reference.destinations import Countries
from policy.reference.registry import Registry


def version(kind: str) -> ReferenceVersion | None:
    """The active version of the kind without its content, which is large."""
    version: ReferenceVersion | None = (
        ReferenceVersion.objects.active()
        .of(kind)
        .select_related("proposed_by", "activated_by")
        .defer("content", "written")
        .first()
    )
    return version


def rulebook(of: ReferenceVersion) -> Rulebook:
    return _rulebook(of.pk, of.digest)


def countries(of: ReferenceVersion | None) -> Countries:
    """The countries of a version; without one, names that have no rating."""
    return _countries(of.pk if of else 0, of.digest if of else "")


def catalogue(of: ReferenceVersion) -> Catalogue:
    return _catalogue(of.pk, of.digest)


def registry(of: ReferenceVersion) -> Registry:
    return _registry(of.pk, of.digest)


def _content(pk: int) -> str:
    return str(ReferenceVersion.objects.values_list("content", flat=True).get(pk=pk))


# The digest in the key keeps a copy apart from a database that was made again under the same ids.


# Pages about old screenings speak with the words of old versions; more than these are rare.
KEPT = 32


class _Anything:
    """A stored version was judged when it was proposed, by the rulebook of that day; what it
    names is not judged again by another."""

    def __contains__(self, name: object) -> bool:
        return True


@lru_cache(KEPT)
def _rulebook(pk: int, digest: str) -> Rulebook:
    return versions.read_rulebook_text(_content(pk))


@lru_cache(KEPT)
def _countries(pk: int, digest: str) -> Countries:
    return versions.read_countries_text(_content(pk) if pk else None)


@lru_cache(KEPT)
def _catalogue(pk: int, digest: str) -> Catalogue:
    return read_catalogue(json.loads(_content(pk))["catalogue"], capabilities=_Anything())


@lru_cache(maxsize=4)
def _registry(pk: int, digest: str) -> Registry:
    return versions.read_registry_text(_content(pk), shipped.vocabulary(), shipped.countries())
