from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

COUNTED = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("reviews", "0004_results"), ("screening", "0020_deal_waits")]
    operations = [
        migrations.AddIndex(
            "review",
            models.Index(
                fields=("claimed_until",),
                condition=Q(closed_at=None),
                include=("screening", "claimed_by"),
                name="review_claims",
            ),
        ),
        migrations.RunSQL(COUNTED, migrations.RunSQL.noop),
    ]
