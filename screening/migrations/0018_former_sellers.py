from pathlib import Path

from django.db import migrations

GUARD = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("screening", "0017_legal_forms")]
    operations = [migrations.RunSQL(GUARD, migrations.RunSQL.noop)]
