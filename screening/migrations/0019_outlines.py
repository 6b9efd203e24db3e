from pathlib import Path
from typing import Any

import django.db.models.deletion
from django.db import migrations, models

GUARD = Path(__file__).with_suffix(".sql").read_text()


def draw(apps: Any, schema_editor: Any) -> None:
    """The outlines of the parties that are there, and then their deals once more.

    The row is the job; the sweeper finds it. A new installation has no parties.
    """
    if apps.get_model("screening", "Party").objects.exists():
        Job = apps.get_model("jobs", "Job")
        Job.objects.get_or_create(kind="screen_after_upgrade", key="outlines")


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "__first__"),
        ("screening", "0018_former_sellers"),
    ]

    operations = [
        migrations.CreateModel(
            name="PartyOutline",
            fields=[
                ("id", models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    )),
                ("outline", models.TextField()),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outlines",
                        to="screening.party",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("outline", "party"), name="party_outline_once")
                ]
            },
        ),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
        migrations.RunPython(draw, migrations.RunPython.noop),
    ]
