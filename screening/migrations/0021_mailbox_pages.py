import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("screening", "0020_deal_waits")]
    operations = [
        migrations.AddIndex(
            "notification",
            models.Index(fields=("to", "created_at", "id"), name="notification_newest"),
        ),
        migrations.AlterField(
            "notification",
            "to",
            models.ForeignKey(
                settings.AUTH_USER_MODEL,
                django.db.models.deletion.PROTECT,
                related_name="notifications",
                db_index=False,
            ),
        ),
    ]
