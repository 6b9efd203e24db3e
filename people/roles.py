"""Which roles one person may hold together."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError

from audit.refusals import NotAllowed
from people.access import ADMINISTRATOR, AUDITOR, EXECUTIVE, POLICY_OWNER, ROLE_NAMES, SENIOR

# Who proposes the policy does not apply it, and who checks the records makes none.
EXCLUSIVE = (AUDITOR, ADMINISTRATOR)
APART = ((POLICY_OWNER, SENIOR), (POLICY_OWNER, EXECUTIVE))


def check_role_mix(roles: frozenset[str]) -> None:
    """Raises NotAllowed for roles that one person may not hold together."""
    for role in EXCLUSIVE:
        if role in roles and len(roles) > 1:
            raise NotAllowed(f"{ROLE_NAMES[role]} cannot be combined with another role.")
    for left, right in APART:
        if left in roles and right in roles:
            raise NotAllowed(
                f"{ROLE_NAMES[left]} and {ROLE_NAMES[right]} cannot be the same person."
            )


def named(words: Iterable[str]) -> frozenset[str]:
    """The roles of these names, as they are stored or as pages show them."""
    return frozenset(_named(word) for word in words)


def _named(word: str) -> str:
    role = word.strip().lower().replace(" ", "_").replace("-", "_")
    if role not in ROLE_NAMES:
        raise ValidationError(f"There is no role {word!r}. The roles are {', '.join(ROLE_NAMES)}.")
    return role
