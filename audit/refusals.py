"""What a domain verb says when it refuses. The sentence is shown to the person who asked."""

from django.core.exceptions import PermissionDenied


class NotAllowed(PermissionDenied):
    """This person may not do this (HTTP 403)."""


class Conflict(Exception):
    """Someone or something else got there first, or the status no longer allows it (HTTP 409)."""
