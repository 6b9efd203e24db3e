from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register


class PolicyConfig(AppConfig):
    name = "policy"

    def ready(self) -> None:
        # Registers the check: whoever works jobs off, worker or sweeper, must know the kind.
        # Celery looks for modules named tasks alone, so the one that waits is named here.
        from policy import tasks  # noqa: F401
        from policy.governance import scheduled  # noqa: F401

        register(gazetteer_is_ours)


def gazetteer_is_ours(**_options: Any) -> list[CheckMessage]:
    """`manage.py check` and every start by it: a table of places that was cut off is refused."""
    from policy.reference import gazetteer  # apps are loaded before what they import

    try:
        gazetteer.shipped()
    except gazetteer.GazetteerError as error:
        return [Error(str(error), id="policy.E001")]
    return []
