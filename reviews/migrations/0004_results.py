from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

RESULTS = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0003_guards"),
        ("screening", "0018_former_sellers"),
        ("audit", "0003_guards"),
    ]
    operations = [
        migrations.CreateModel(
            name="Result",
            fields=[
                (
                    "screening",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="became",
                        serialize=False,
                        to="screening.screening",
                    ),
                ),
                ("result", models.CharField(max_length=24)),
                ("result_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["result_at", "screening"], name="result_newest"),
                    models.Index(fields=["result", "result_at", "screening"], name="result_each"),
                ],
            },
        ),
        migrations.RunSQL(RESULTS, migrations.RunSQL.noop),
    ]
