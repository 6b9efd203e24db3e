from pathlib import Path

from django.db import migrations

GUARD = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("reviews", "0007_votes_that_count")]
    operations = [migrations.RunSQL(GUARD, migrations.RunSQL.noop)]
