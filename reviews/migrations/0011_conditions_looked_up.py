from pathlib import Path

from django.db import migrations

OWED = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("reviews", "0010_conditions_of_bodies")]
    operations = [migrations.RunSQL(OWED, migrations.RunSQL.noop)]
