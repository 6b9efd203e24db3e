from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("policy", "0012_charter_on_answers")]
    operations = [
        migrations.AlterField(
            model_name="checkpart",
            name="what",
            field=models.CharField(
                choices=[
                    ("rules", "Rules"),
                    ("revisions", "Revisions"),
                    ("screenings", "Screenings"),
                    ("deals", "Deals"),
                ],
                max_length=10,
            ),
        )
    ]
