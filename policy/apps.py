from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "policy"

    def ready(self) -> None:
        # Registers the check: whoever works jobs off, worker or sweeper, must know the kind.
        # Celery looks for modules named tasks alone, so the one that waits is named here.
        from policy import tasks  # noqa: F401
        from policy.governance import scheduled  # noqa: F401
