"""Who may change which kind of reference data."""

from typing import Any

from audit.refusals import NotAllowed
from people import access
from policy.models import Kind, ReferenceVersion

OWNERS = {
    Kind.RULEBOOK: (access.POLICY_OWNER,),
    Kind.COUNTRIES: (access.POLICY_OWNER,),
    Kind.CATALOGUE: (access.POLICY_OWNER, access.COMPLIANCE),
    Kind.REGISTRY: (access.POLICY_OWNER, access.COMPLIANCE),
    Kind.LAWS: (access.POLICY_OWNER, access.COMPLIANCE),
}


def may_govern(user: Any, kind: str) -> bool:
    return access.has_role(user, *OWNERS[Kind(kind)])


def check_govern(kind: str, user: Any) -> None:
    if not may_govern(user, kind):
        names = " or ".join(access.ROLE_NAMES[role].lower() for role in OWNERS[Kind(kind)])
        raise NotAllowed(f"Versions of this kind are for the role {names}.")


def check_confirm_promises(version: ReferenceVersion, user: Any) -> None:
    """Raises NotAllowed for anybody but an executive reviewer who did not propose the version."""
    if not access.has_role(user, access.EXECUTIVE):
        raise NotAllowed("Changed promises are confirmed by an executive reviewer.")
    if version.proposed_by_id == user.pk:
        raise NotAllowed("You proposed this version, so somebody else must confirm its promises.")


def may_confirm_promises(version: ReferenceVersion, user: Any) -> bool:
    return access.has_role(user, access.EXECUTIVE) and version.proposed_by_id != user.pk
