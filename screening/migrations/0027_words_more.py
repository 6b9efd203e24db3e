from typing import Any

from django.db import migrations


def draw(apps: Any, schema_editor: Any) -> None:
    """The parties that are there are found by some of the words of their names, too, and then their
    deals are screened once more.

    The row is the job; the sweeper finds it. A new installation has no parties.
    """
    if apps.get_model("screening", "Party").objects.exists():
        Job = apps.get_model("jobs", "Job")
        Job.objects.get_or_create(kind="screen_after_upgrade", key="words-more")


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "__first__"),
        ("screening", "0026_screen_for_storage_and_purposes"),
    ]

    operations = [migrations.RunPython(draw, migrations.RunPython.noop)]
