"""The versions that are active now, as the engine needs them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from audit.refusals import Conflict
from policy.derive import ReferenceData
from policy.engine.compiled import Compiled, compile_rulebook
from policy.engine.facts import Facts
from policy.engine.reference import Assessment, combine
from policy.models import Kind, ReferenceVersion

# Without one of these nothing can be screened. Without country ratings everything is unrated.
ACTIVE = """
SELECT id, kind, label, digest, source, edition FROM policy_referenceversion
WHERE activated_at IS NOT NULL AND retired_at IS NULL"""
NEEDED = (Kind.RULEBOOK, Kind.CATALOGUE, Kind.REGISTRY)


def versions(*, lock: bool = False) -> dict[str, ReferenceVersion]:
    """The active version of each kind.

    With ``lock`` the rows are read FOR SHARE: an activation waits until this transaction is over,
    so a screening names the versions that are active when it commits. Raises Conflict, with a
    sentence, when a kind that is needed has no active version.
    """
    # The content stays behind: it is large, and known by its digest once it was read.
    found = ReferenceVersion.objects.raw(ACTIVE + (" FOR SHARE" if lock else ""))
    active = {version.kind: version for version in found}
    for kind in NEEDED:
        if kind not in active:
            raise Conflict(f"No {kind.label.lower()} is active. Nothing can be screened.")
    return active
