"""What every page knows, and the pages that say what went wrong."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def context(request: HttpRequest) -> dict[str, Any]:
    return {"demo": settings.DEMO, "navigation": []}


def problem(
    request: HttpRequest, status: int, *, template: str = "", sentence: str = ""
) -> HttpResponse:
    """A page that says what happened; the reference finds the log lines of this request."""
    words = {"sentence": sentence, "reference": getattr(request, "id", "")}
    return render(request, template or f"{status}.html", words, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(request, 403, sentence=str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    # The same body for a missing deal and for one that this person may not see.
    return problem(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return problem(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return problem(
        request,
        403,
        sentence="This page was open for too long, or was opened from another site. "
        "Go back, load it again and send once more.",
    )
