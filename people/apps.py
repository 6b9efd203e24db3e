from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "people"

    def ready(self) -> None:
        # Its job is registered where it is defined.
        from people import mail  # noqa: F401
