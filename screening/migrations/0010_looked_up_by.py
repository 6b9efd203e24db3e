import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import Func, Value
from django.db.models.functions import Cast


def at(path):
    facts = Cast("facts_text", models.JSONField())
    return Func(
        facts, Value(path), function="jsonb_path_query_array", output_field=models.JSONField()
    )


def said_by_facts(*paths):
    lists = Func(*map(at, paths), template="(%(expressions)s)", arg_joiner=" || ")
    return models.GeneratedField(
        expression=lists if len(paths) > 1 else at(*paths),
        output_field=models.JSONField(),
        db_persist=True,
    )


# Until now pages searched the text of every screening. PostgreSQL fills these for all of them,
# and no screening changes: what a column says is read from its text.
COLUMNS = {
    "country_codes": ("$[*].country",),
    "tiers": ("$[*].country_risk",),
    "end_user_kinds": ("$[*].end_user_type",),
    "capabilities": (
        '$[*].capabilities[*] ? (@.type() == "string")',
        "$[*].capabilities.yes[*]",
    ),
}


class Migration(migrations.Migration):
    dependencies = [("screening", "0009_screen_after_upgrade")]
    operations = [
        *(
            migrations.AddField("screening", name, said_by_facts(*paths))
            for name, paths in COLUMNS.items()
        ),
        migrations.AddIndex(
            "screening",
            django.contrib.postgres.indexes.GinIndex(
                fields=list(COLUMNS), name="screening_looked_up_by"
            ),
        ),
    ]
