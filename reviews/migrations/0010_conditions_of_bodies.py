from pathlib import Path

from django.db import migrations

OWED = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0009_conditions_of_others"),
        ("screening", "0031_sellers_to_the_end_user"),
    ]
    operations = [migrations.RunSQL(OWED, migrations.RunSQL.noop)]
