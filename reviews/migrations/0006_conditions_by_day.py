from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0005_votes_given")]
    operations = [
        migrations.AddIndex(
            "condition",
            models.Index(fields=("due_on", "id"), include=("met_at",), name="condition_due"),
        ),
    ]
