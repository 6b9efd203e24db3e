from django.db import migrations, models

# Until now it stood in a note only. An UPDATE would be refused, since a screening never changes;
# to give the column its type anew fills it without one.
KNOWN = """
ALTER TABLE screening_screening ALTER COLUMN linked TYPE boolean
    USING strpos(sources_text, 'with linked deals and the delivered base') > 0
"""


class Migration(migrations.Migration):
    dependencies = [("screening", "0006_rulings")]
    operations = [
        migrations.AddField(
            "screening", "linked", models.BooleanField(default=False), preserve_default=False
        ),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    ]
