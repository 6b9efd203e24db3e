"""Roles, and which of them may open a view.

Every view declares its readers with ``@allow(...)``, ``@signed_in``, ``@public`` or the verbs that
it ``@does(...)``; a view without one keeps the program from starting (config/startup.py). Whether
this person may act on *this* deal is decided afterwards by the verb (people/verbs.py).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase

from audit.refusals import NotAllowed

SALES = "sales"
COMPLIANCE = "compliance"
SENIOR = "senior_reviewer"
EXECUTIVE = "executive_reviewer"
POLICY_OWNER = "policy_owner"
AUDITOR = "auditor"
ADMINISTRATOR = "administrator"

ROLE_NAMES = {
    SALES: "Sales",
    COMPLIANCE: "Compliance",
    SENIOR: "Senior reviewer",
    EXECUTIVE: "Executive reviewer",
    POLICY_OWNER: "Policy owner",
    AUDITOR: "Auditor",
    ADMINISTRATOR: "Administrator",
}
REVIEWERS = (SENIOR, EXECUTIVE)


class SignedIn(HttpRequest):
    """What every view gets that is not public."""

    user: User


View = Callable[..., HttpResponseBase]


def roles_of(user: Any) -> frozenset[str]:
    """The roles that a user holds now, read from the database once per request object."""
    if not user.is_authenticated:
        return frozenset()
    if not hasattr(user, "_proviso_roles"):
        names = user.groups.values_list("name", flat=True)
        user._proviso_roles = frozenset(names) & ROLE_NAMES.keys()
    roles: frozenset[str] = user._proviso_roles
    return roles


def has_role(user: Any, *roles: str) -> bool:
    return not roles_of(user).isdisjoint(roles)


def allow(*roles: str, refusal: str = "") -> Callable[[View], View]:
    """Only these roles may open the view; everybody else signed in gets 403 with a sentence."""
    if not roles or not set(roles) <= ROLE_NAMES.keys():
        raise ValueError(f"allow() takes roles out of {sorted(ROLE_NAMES)}, not {roles}")
    names = " or ".join(ROLE_NAMES[role].lower() for role in roles)
    sentence = refusal or f"This page is for the role {names}."

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not has_role(request.user, *roles):
                raise NotAllowed(sentence)
            return view(request, *args, **kwargs)

        guarded.readers = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return decorate


def signed_in(view: View) -> View:
    """Everybody with an account may open the view."""
    view.readers = frozenset(ROLE_NAMES)  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """Nobody has to sign in: health, sign-in and help pages only."""
    view = login_not_required(view)
    view.readers = frozenset({"nobody", *ROLE_NAMES})  # type: ignore[attr-defined]
    return view
