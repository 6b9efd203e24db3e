from django.db import migrations, models

# The application writes it with the rest of a screening, and never again.
MAY = "CALL app_may('screening_screening', inserts => 'id, *');"


class Migration(migrations.Migration):
    dependencies = [("screening", "0034_screen_for_territories_in_words")]
    operations = [
        # Nobody noted what was read so far; where it matters it is read anew.
        migrations.AddField("screening", "rows_text", models.TextField(default="", db_default="")),
        migrations.RunSQL(MAY, migrations.RunSQL.noop),
    ]
