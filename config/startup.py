"""The program does not start with a view that says nothing about who may open it."""

import sys
from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.urls import URLPattern, URLResolver, get_resolver


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every URL pattern with its whole route."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, prefix + str(pattern.pattern))
        else:
            yield prefix + str(pattern.pattern), pattern


@register()
def every_view_names_its_readers(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"The view at /{route} does not say who may open it.",
            hint="Decorate it with @allow(…), @signed_in or @public from people.access.",
            id="proviso.E001",
        )
        for route, pattern in patterns(get_resolver())
        if not hasattr(pattern.callback, "readers")
    ]


def refuse_open_views() -> None:
    """Ends the web server with such a view: what serves pages runs none of Django's checks.

    It imports every page on the way, so that the first visitor does not wait for that.
    """
    if faults := every_view_names_its_readers():
        sys.exit(f"Proviso does not start: {' '.join(str(fault.msg) for fault in faults)}")
