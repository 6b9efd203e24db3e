from pathlib import Path

from django.db import migrations

SHARED = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("screening", "0028_said_of_parties")]
    operations = [migrations.RunSQL(SHARED, migrations.RunSQL.noop)]
