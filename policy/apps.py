from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "policy"

    def ready(self) -> None:
        # Registers the check: whoever works jobs off, worker or sweeper, must know the kind.
        from policy import tasks  # noqa: F401
