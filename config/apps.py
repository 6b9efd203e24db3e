from django.apps import AppConfig

# Tasks are shared: without this import the web and the commands would have no Celery app.
from config.celery import app as celery_app

__all__ = ("ConfigConfig", "celery_app")


class ConfigConfig(AppConfig):
    name = "config"
