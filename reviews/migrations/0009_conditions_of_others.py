from pathlib import Path

from django.db import migrations

OWED = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("reviews", "0008_conditions_in_time"), ("screening", "0029_shared_teams")]
    operations = [migrations.RunSQL(OWED, migrations.RunSQL.noop)]
