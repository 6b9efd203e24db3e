from pathlib import Path

from django.db import migrations

OWED = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("reviews", "0007_votes_that_count"), ("screening", "0001_initial")]
    operations = [migrations.RunSQL(OWED, migrations.RunSQL.noop)]
