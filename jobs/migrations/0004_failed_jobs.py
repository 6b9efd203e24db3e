from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_guards")]
    operations = [
        migrations.AddIndex(
            "job", models.Index(fields=("id",), condition=Q(state="failed"), name="job_failed")
        ),
    ]
