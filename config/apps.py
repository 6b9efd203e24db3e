from django.apps import AppConfig

# Tasks are shared: without this import the web and the commands would have no Celery app.
from config.celery import app as celery_app

__all__ = ("ConfigConfig", "celery_app")


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Registers the check; it needs every app loaded, so it cannot be imported at the top.
        from config import startup  # noqa: F401
