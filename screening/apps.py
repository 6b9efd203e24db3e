from django.apps import AppConfig


class ScreeningConfig(AppConfig):
    name = "screening"

    def ready(self) -> None:
        # Registers the mail job: whoever works jobs off, worker or sweeper, must know the kind.
        from screening import mail  # noqa: F401, PLC0415
