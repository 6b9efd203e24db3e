"""Every error of the API as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from audit.refusals import Conflict


def as_api_error(error: Exception) -> exceptions.APIException | None:
    """The framework's error for one of ours; None for what nobody foresaw."""
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(str(error) or None)
    if isinstance(error, Conflict):
        conflict = exceptions.APIException(str(error), code="conflict")
        conflict.status_code = HTTPStatus.CONFLICT
        return conflict
    return None


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: title, status, detail and, for bad fields, errors by field."""
    problem = as_api_error(error)
    if problem is None:
        return None
    set_rollback()
    details = problem.get_full_details()
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status_code).phrase,
        "status": problem.status_code,
        "instance": context["request"].path,
    }
    if isinstance(problem, exceptions.ValidationError):
        body["detail"] = "Some values cannot be used. Nothing was saved."
        body["errors"] = details
    else:
        body["detail"] = str(problem.detail)
    headers = {}
    if challenge := getattr(problem, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if seconds := getattr(problem, "wait", None):
        headers["Retry-After"] = str(int(seconds) + 1)
    return Response(
        body, problem.status_code, headers=headers, content_type="application/problem+json"
    )
