from pathlib import Path

from django.db import migrations

GUARDS = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_attempts"), ("audit", "0003_guards")]
    operations = [migrations.RunSQL(GUARDS, migrations.RunSQL.noop)]
