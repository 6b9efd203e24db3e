"""Who may change which kind of reference data."""

from typing import Any

from audit import access
from audit.refusals import NotAllowed
from policy.models import Kind

OWNERS = {
    Kind.RULEBOOK: (access.POLICY_OWNER,),
    Kind.COUNTRIES: (access.POLICY_OWNER,),
    Kind.CATALOGUE: (access.POLICY_OWNER, access.COMPLIANCE),
    Kind.REGISTRY: (access.POLICY_OWNER, access.COMPLIANCE),
}


def may_govern(user: Any, kind: str) -> bool:
    return access.has_role(user, *OWNERS[Kind(kind)])


def check_govern(kind: str, user: Any) -> None:
    if not may_govern(user, kind):
        names = " or ".join(access.ROLE_NAMES[role].lower() for role in OWNERS[Kind(kind)])
        raise NotAllowed(f"Versions of this kind are for the role {names}.")
