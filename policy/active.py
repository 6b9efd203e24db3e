"""The versions that are active now: together as the engine needs them, and one by one for pages.

Where screening needs a kind that has no active version, it refuses; a page is empty then.
Versions never change, so each text is read once and kept under its digest, whatever row holds it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import lru_cache
from threading import Lock

from django.db import connection

from audit.refusals import Conflict
from policy.engine.language.charter import Charter
from policy.engine.language.condition import Rulebook
from policy.engine.language.facts import Facts
from policy.engine.language.reading_charter import read_canonical_charter
from policy.engine.readings.assessment import Assessment, combine
from policy.engine.readings.compiled import Compiled, compile_rulebook
from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.governance import versions as texts
from policy.models import Kind, ReferenceVersion
from policy.reference.catalogue import Catalogue, read_catalogue
from policy.reference.destinations import Countries
from policy.reference.laws import NONE, Laws
from policy.reference.registry import Registry

ACTIVE = """
SELECT id, kind, label, digest, source, edition FROM policy_referenceversion
WHERE activated_at IS NOT NULL AND retired_at IS NULL"""
# Without one of these nothing can be screened. Without country ratings everything is unrated,
# without laws each citation is verified by hand, and no deal is screened with the charter.
NEEDED = (Kind.RULEBOOK, Kind.CATALOGUE, Kind.REGISTRY)
ACTIVATION_LOCK = 5_206_517
_seen: ContextVar[dict[str, ReferenceVersion] | None] = ContextVar("_seen", default=None)
# Pages about old screenings speak with the words of old versions; more than these are rare.
KEPT = 32


def versions(*, lock: bool = False) -> dict[str, ReferenceVersion]:
    """The active version of each kind that deals are screened with, without its content.

    With ``lock`` an activation waits until this transaction is over, so a screening names the
    versions that are active when it commits. Raises Conflict, with a sentence, when a kind that
    is needed has no active version.
    """
    if lock:
        _hold("pg_advisory_xact_lock_shared")
        _seen.set(None)
    return {kind: one for kind, one in governing().items() if kind != Kind.CHARTER}


def governing() -> dict[str, ReferenceVersion]:
    """The same, and the charter, to which every version is held. Raises Conflict likewise."""
    active = _governing()
    for kind in NEEDED:
        if kind not in active:
            raise Conflict(f"No {kind.label.lower()} is active. Nothing can be screened.")
    return active


def by_number(numbers: Iterable[int | None]) -> dict[int | None, ReferenceVersion]:
    """These versions, without their content; most are active, and nothing is asked for those."""
    known: dict[int | None, ReferenceVersion] = {
        version.pk: version for version in _governing().values()
    }
    if others := set(numbers) - known.keys() - {None}:
        known |= ReferenceVersion.objects.defer("content", "written").in_bulk(others)
    return known


def digests(numbers: Iterable[int | None]) -> dict[int | None, str]:
    """The digests of these versions."""
    return {None: "", **{pk: version.digest for pk, version in by_number(numbers).items()}}


def _governing() -> dict[str, ReferenceVersion]:
    seen = _seen.get()
    if seen:
        return seen
    # The content stays behind: it is large, and known by its digest once it was read.
    active = {version.kind: version for version in ReferenceVersion.objects.raw(ACTIVE)}
    if seen is not None:
        seen.update(active)
    return active


@contextmanager
def at_one_moment() -> Iterator[None]:
    """Within, which versions are active is asked once: for pages that only show.

    An action asks anew, with the lock.
    """
    token = _seen.set({})
    try:
        yield
    finally:
        _seen.reset(token)


def hold_activations() -> None:
    """Until this transaction ends, nothing else is activated, and screenings wait or are over.

    A lock of its own, not one on the rows: whoever waited for a row would find it retired and
    the version after it not yet in sight, and say that nothing is active.
    """
    _hold("pg_advisory_xact_lock")


def _hold(lock: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(%s)", [ACTIVATION_LOCK])


def reference_data(active: Mapping[str, ReferenceVersion] | None = None) -> ReferenceData:
    """The active versions, parsed; parsing happens once for each combination."""
    active = versions() if active is None else active
    return parsed({kind: version.digest for kind, version in active.items()})


def parsed(digests: Mapping[str, str]) -> ReferenceData:
    """The versions with these digests, by kind, read together."""
    held_to = digests.get(Kind.CHARTER, "")
    return _held_to(held_to, frozenset(pair for pair in digests.items() if pair[0] != Kind.CHARTER))


def read_ahead() -> None:
    """All that is active, with what a search for names is made of: before the first page of a
    process, so that nobody waits for it there. Raises Conflict where nothing can be screened.
    """
    active = versions()
    data = reference_data(active)
    data.registry.hits("Ministry of the Interior", ())
    data.registry.vendor_in("Surveillance system")
    data.compiled  # noqa: B018  kept with the data
    # What pages name things by.
    catalogue(active[Kind.CATALOGUE])
    countries(active.get(Kind.COUNTRIES))
    compiled_with(active[Kind.RULEBOOK].digest)


class _Once:
    """Versions that are read together once: who asks meanwhile waits, and does not read them too.

    Each thread of a web process would else read them all when the first pages come at once.
    """

    def __init__(self, digests: frozenset[tuple[str, str]]) -> None:
        self._digests, self._lock = digests, Lock()
        self._data: ReferenceData | None = None

    def get(self) -> ReferenceData:
        with self._lock:
            if self._data is None:
                contents = {kind: _content(kind, digest) for kind, digest in self._digests}
                self._data = texts.read(contents)
            return self._data


_together = lru_cache(maxsize=4)(_Once)


@lru_cache(maxsize=4)
def _held_to(charter: str, screening: frozenset[tuple[str, str]]) -> ReferenceData:
    """Kept, because its rules are compiled with it: a check asks for it again in each part."""
    data = _together(screening).get()
    return replace(data, charter=_charter(charter)) if charter else data


def assess(data: ReferenceData, variants: Sequence[Facts]) -> Assessment:
    """The assessment of a deal in all its variants: the highest outcome counts."""
    return combine(data.compiled.assess(facts) for facts in variants)


def asked_of(assessment: Assessment, rulebook: Rulebook) -> set[str]:
    """Whom the assessment waits for: sales, compliance, product; nobody when it is decided.

    A rule that is open misses an answer, whatever it would say; sales gives answers, except
    where the open rule itself asks somebody else.
    """
    if assessment.outcome != "needs_information":
        return set()
    asked = {f.asks for f in assessment.findings if f.outcome == "needs_information"}
    asks = {rule.id: rule.asks for rule in rulebook.rules}
    return asked | {asks[rule] or "sales" for rule in assessment.open}


# --- One by one ---


def version(kind: str) -> ReferenceVersion | None:
    """The active version of the kind without its content, which is large."""
    found: ReferenceVersion | None = (
        ReferenceVersion.objects.active()
        .of(kind)
        .select_related("proposed_by", "activated_by")
        .defer("content", "written")
        .first()
    )
    return found


def charter(of: ReferenceVersion | None) -> Charter | None:
    """The charter of a version; an installation of before charters has none."""
    return _charter(of.digest) if of else None


def rulebook(of: ReferenceVersion) -> Rulebook:
    return rulebook_with(of.digest)


def countries(of: ReferenceVersion | None) -> Countries:
    """The countries of a version; without one, names that have no rating."""
    return countries_with(of.digest if of else "")


def catalogue(of: ReferenceVersion) -> Catalogue:
    return catalogue_with(of.digest)


def registry(of: ReferenceVersion) -> Registry:
    return _registry(of.digest)


def laws(of: ReferenceVersion | None) -> Laws:
    """The laws of a version; none without one."""
    return _laws(of.digest) if of else NONE


def _content(kind: str, digest: str) -> str:
    """Two versions of a kind may have the same text; which of them is read does not matter."""
    stored = ReferenceVersion.objects.of(kind).filter(digest=digest)
    return str(stored.values_list("content", flat=True)[0])


class _Anything(frozenset[str]):
    """A stored version was judged when it was proposed, by the rulebook of that day; what it
    names is not judged again by another."""

    def __contains__(self, name: object) -> bool:
        return True


@lru_cache(KEPT)
def _charter(digest: str) -> Charter:
    return read_canonical_charter(_content(Kind.CHARTER, digest))


@lru_cache(KEPT)
def rulebook_with(digest: str) -> Rulebook:
    return texts.read_rulebook_text(_content(Kind.RULEBOOK, digest))


@lru_cache(KEPT)
def compiled_with(digest: str) -> Compiled:
    return compile_rulebook(rulebook_with(digest))


@lru_cache(KEPT)
def countries_with(digest: str) -> Countries:
    return texts.read_countries_text(_content(Kind.COUNTRIES, digest) if digest else None)


@lru_cache(KEPT)
def catalogue_with(digest: str) -> Catalogue:
    content = json.loads(_content(Kind.CATALOGUE, digest))
    return read_catalogue(content["catalogue"], capabilities=_Anything())


@lru_cache(maxsize=4)
def _registry(digest: str) -> Registry:
    content = _content(Kind.REGISTRY, digest)
    return texts.read_registry_text(content, shipped.vocabulary(), shipped.countries())


@lru_cache(KEPT)
def _laws(digest: str) -> Laws:
    return texts.read_laws_text(_content(Kind.LAWS, digest))
