from pathlib import Path

from django.db import migrations, models

GUARDS = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("policy", "0010_guards")]
    operations = [
        migrations.AlterField(
            "referenceversion",
            "kind",
            models.CharField(
                choices=[
                    ("charter", "Charter"),
                    ("rulebook", "Rulebook"),
                    ("countries", "Country ratings"),
                    ("catalogue", "Product catalogue"),
                    ("registry", "End-user registry"),
                    ("laws", "Register of laws"),
                ],
                max_length=12,
            ),
        ),
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
    ]
