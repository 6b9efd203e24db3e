from pathlib import Path

from django.db import migrations, models
from django.db.models import Q

WAITS = Path(__file__).with_suffix(".sql").read_text()
# Last of all: a table with rows that wait for their checks cannot be altered. The trigger writes
# what this only asks for.
FILLED = "UPDATE screening_deal SET gravity = NULL WHERE screening_id IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = [("screening", "0019_outlines")]
    operations = [
        migrations.AddField("deal", "gravity", models.PositiveSmallIntegerField(null=True)),
        migrations.AddField(
            "deal", "asks_compliance", models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField(
            "deal", "asks_sales", models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField(
            "deal", "votes_given", models.PositiveSmallIntegerField(db_default=0, default=0)
        ),
        migrations.AddIndex(
            "deal",
            models.Index(
                fields=("review_level", "gravity", "due_at", "id"),
                condition=Q(status="in_review"),
                include=("team", "created_at", "sent_at", "screening", "votes_given"),
                name="deal_in_review",
            ),
        ),
        migrations.AddIndex(
            "deal",
            models.Index(
                fields=("screening", "id"),
                condition=Q(status="needs_information", asks_compliance=True),
                include=("team", "created_at", "sent_at"),
                name="deal_for_compliance",
            ),
        ),
        migrations.RunSQL(WAITS, migrations.RunSQL.noop),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
    ]
