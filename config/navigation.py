"""What the header offers, by role: nobody sees a page that would refuse them."""

from typing import Any

from django.http import HttpRequest

from people import access

ALL = frozenset(access.ROLE_NAMES)
# Label, path, roles, key of the shortcut "g" + key.
LINKS = (
    ("My deals", "/deals/", {access.SALES}, "d"),
    ("Review queue", "/reviews/", set(access.REVIEWERS), "q"),
    ("Compliance desk", "/compliance/", {access.COMPLIANCE}, "c"),
    ("Conditions", "/conditions/", {access.SALES, *access.REVIEWERS}, ""),
    ("Parties", "/parties/", {access.COMPLIANCE, access.AUDITOR, *access.REVIEWERS}, ""),
    ("Decisions", "/audit/", {access.AUDITOR}, "a"),
    ("Health", "/health/", {access.ADMINISTRATOR, access.AUDITOR}, ""),
    ("Policy", "/policy/", ALL, "p"),
    ("Countries", "/countries/", ALL, ""),
    ("Versions", "/versions/", {access.POLICY_OWNER, access.COMPLIANCE}, "v"),
    ("Emails", "/mail/", ALL, ""),
)


def links_for(request: HttpRequest) -> list[dict[str, Any]]:
    """The links of the header for who is signed in, the current one marked."""
    roles = access.roles_of(request.user)
    return [
        {"label": label, "url": url, "key": key, "current": _current(request.path, url)}
        for label, url, readers, key in LINKS
        if roles & readers
    ]


def _current(path: str, url: str) -> str:
    """As aria-current says it: this page, or one below it."""
    if path == url:
        return "page"
    return "true" if path.startswith(url) else ""
