from pathlib import Path

from django.db import migrations

GUARDS = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("policy", "0011_charter")]
    operations = [migrations.RunSQL(GUARDS, migrations.RunSQL.noop)]
