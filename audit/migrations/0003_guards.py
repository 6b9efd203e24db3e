from pathlib import Path

from django.conf import settings
from django.db import migrations

GUARDS = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [migrations.RunSQL(GUARDS, migrations.RunSQL.noop)]
