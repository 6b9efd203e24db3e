from pathlib import Path

from django.db import migrations

GUARDS = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0003_guards"),
        ("people", "0002_guards"),
        ("policy", "0009_laws"),
    ]
    operations = [migrations.RunSQL(GUARDS, migrations.RunSQL.noop)]
