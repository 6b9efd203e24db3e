from pathlib import Path

from django.db import migrations, models

import jobs.models

GUARD = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("screening", "0024_screen_for_names_and_places")]

    operations = [
        migrations.CreateModel(
            name="StoppedDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("draft", models.BigIntegerField()),
                ("reference", models.TextField()),
                ("end_user_key", models.CharField(max_length=200)),
                ("capabilities", models.JSONField()),
                ("answers", models.JSONField()),
                ("stopped_at", models.DateTimeField(db_default=jobs.models.Clock())),
            ],
            options={
                "indexes": [
                    models.Index(fields=["end_user_key", "stopped_at"], name="draft_stopped")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("draft", "end_user_key", "capabilities"), name="draft_stopped_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
    ]
