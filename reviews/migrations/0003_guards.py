from pathlib import Path

from django.db import migrations

GUARDS = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_guards"), ("screening", "0016_guards")]
    operations = [migrations.RunSQL(GUARDS, migrations.RunSQL.noop)]
