from pathlib import Path

from django.db import migrations

COUNTS = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("reviews", "0006_conditions_by_day"), ("people", "0002_guards")]
    operations = [migrations.RunSQL(COUNTS, migrations.RunSQL.noop)]
