"""The versions that are active now, as the engine needs them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from audit.refusals import Conflict
from policy.engine.language.condition import Rulebook
from policy.engine.language.facts import Facts
from policy.engine.readings.assessment import Assessment, combine
from policy.facts.derive import ReferenceData
from policy.governance import versions as texts
from policy.models import Kind, ReferenceVersion

ACTIVE = """
SELECT id, kind, label, digest, source, edition FROM policy_referenceversion
WHERE activated_at IS NOT NULL AND retired_at IS NULL"""
# Without one of these nothing can be screened. Without country ratings everything is unrated.
NEEDED = (Kind.RULEBOOK, Kind.CATALOGUE, Kind.REGISTRY)


def versions(*, lock: bool = False) -> dict[str, ReferenceVersion]:
    """The active version of each kind, without its content.

    With ``lock`` the rows are read FOR SHARE: an activation waits until this transaction is over,
    so a screening names the versions that are active when it commits. Raises Conflict, with a
    sentence, when a kind that is needed has no active version.
    """
    # The content stays behind: it is large, and known by its digest once it was read.
    rows = ReferenceVersion.objects.raw(ACTIVE + (" FOR SHARE" if lock else ""))
    active = {version.kind: version for version in rows}
    for kind in NEEDED:
        if kind not in active:
            raise Conflict(f"No {kind.label.lower()} is active. Nothing can be screened.")
    return active


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
