"""Django for a program that has no pages, and perhaps no database."""

import os

SETTINGS = "config.settings"


def has_database() -> bool:
    """Whether the environment names a database, as it does for every other program here."""
    return bool(os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"))


def ready() -> None:
    """Make the models of Django known, where no program has done so already."""
    # Most verbs never need it, and it takes a while to load.
    import django
    from django.apps import apps
    from django.conf import settings

    if apps.ready:
        return
    if has_database():
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    else:
        settings.configure(
            INSTALLED_APPS=[
                "django.contrib.contenttypes",
                "django.contrib.auth",
                "audit",
                "jobs",
                "people",
                "policy",
            ],
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
            TIME_ZONE="UTC",
            USE_TZ=True,
        )
    django.setup()
