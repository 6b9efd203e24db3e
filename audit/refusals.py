"""What a domain verb says when it refuses. The sentence is shown to the person who asked."""

from django.core.exceptions import PermissionDenied


class NotAllowed(PermissionDenied):
    """This person may not do this (HTTP 403)."""


class Conflict(Exception):
    """Somebody or something was faster, or the status does not allow it any more (HTTP 409)."""
