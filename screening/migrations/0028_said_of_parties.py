from pathlib import Path

from django.db import migrations

SAID = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("screening", "0027_words_more")]
    operations = [migrations.RunSQL(SAID, migrations.RunSQL.noop)]
