"""The versions that are active now: together as the engine needs them, and one by one for pages.

Where screening needs a kind that has no active version, it refuses; a page is empty then.
Versions never change, so each is read once and kept.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache

from django.db import connection

from audit.refusals import Conflict
from policy.engine.language.condition import Rulebook
from policy.engine.language.facts import Facts
from policy.engine.readings.assessment import Assessment, combine
from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.governance import versions as texts
from policy.models import Kind, ReferenceVersion
from policy.reference.catalogue import Catalogue, read_catalogue
from policy.reference.destinations import Countries
from policy.reference.registry import Registry

ACTIVE = """
SELECT id, kind, label, digest, source, edition FROM policy_referenceversion
WHERE activated_at IS NOT NULL AND retired_at IS NULL"""
# Without one of these nothing can be screened. Without country ratings everything is unrated.
NEEDED = (Kind.RULEBOOK, Kind.CATALOGUE, Kind.REGISTRY)
ACTIVATION_LOCK = 5_206_517
# Pages about old screenings speak with the words of old versions; more than these are rare.
KEPT = 32


def versions(*, lock: bool = False) -> dict[str, ReferenceVersion]:
    """The active version of each kind, without its content.

    With ``lock`` an activation waits until this transaction is over, so a screening names the
    versions that are active when it commits. Raises Conflict, with a sentence, when a kind that
    is needed has no active version.
    """
    if lock:
        _hold("pg_advisory_xact_lock_shared")
    # The content stays behind: it is large, and known by its digest once it was read.
    active = {version.kind: version for version in ReferenceVersion.objects.raw(ACTIVE)}
    for kind in NEEDED:
        if kind not in active:
            raise Conflict(f"No {kind.label.lower()} is active. Nothing can be screened.")
    return active


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
    return _parsed(
        tuple(sorted((kind, version.pk, version.digest) for kind, version in active.items()))
    )


@lru_cache(maxsize=4)
def _parsed(key: tuple[tuple[str, int, str], ...]) -> ReferenceData:
    ids = [pk for _, pk, _ in key]
    contents = ReferenceVersion.objects.filter(pk__in=ids).values_list("kind", "content")
    return texts.read(dict(contents))


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


class _Anything(frozenset[str]):
    """A stored version was judged when it was proposed, by the rulebook of that day; what it
    names is not judged again by another."""

    def __contains__(self, name: object) -> bool:
        return True


# The digest in the key keeps a copy apart from a database that was made anew under the same ids.


@lru_cache(KEPT)
def _rulebook(pk: int, digest: str) -> Rulebook:
    return texts.read_rulebook_text(_content(pk))


@lru_cache(KEPT)
def _countries(pk: int, digest: str) -> Countries:
    return texts.read_countries_text(_content(pk) if pk else None)


@lru_cache(KEPT)
def _catalogue(pk: int, digest: str) -> Catalogue:
    return read_catalogue(json.loads(_content(pk))["catalogue"], capabilities=_Anything())


@lru_cache(maxsize=4)
def _registry(pk: int, digest: str) -> Registry:
    return texts.read_registry_text(_content(pk), shipped.vocabulary(), shipped.countries())
