from pathlib import Path

from django.db import migrations

SELLERS = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("screening", "0030_screen_for_what_is_said_abroad")]
    operations = [migrations.RunSQL(SELLERS, migrations.RunSQL.noop)]
