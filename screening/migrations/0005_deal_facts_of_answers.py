from django.db import migrations, models

# Five facts more, as the vocabulary has them now. NULL is "not known", and that is what a rulebook
# with these facts reads in the texts of screenings that were made before there were any: the rows
# of those say what their texts say, so none is written anew.
FACTS = {
    "agency_access": ("not_asked", "no", "yes"),
    "abilities_declared": [
        "hands_over_more", "stores_intercepted", "analyses_intercepted", "restricts_content",
        "follows_people",
    ],
    "speech_limit_request": ("not_asked", "none", "refused", "included"),
    "follows_stopped_deal": None,
    "eased_by_ruling": None,
}


def columns():
    for fact, values in FACTS.items():
        if isinstance(values, tuple):
            choices = [(value, value) for value in values]
            yield fact, models.TextField(choices=choices, null=True, db_column=fact)
        else:
            for member in values or ("",):
                column = f"{fact}__{member}" if member else fact
                name = column.replace("__", "_")
                yield name, models.BooleanField(null=True, db_column=column)


class Migration(migrations.Migration):
    dependencies = [("screening", "0004_confirmation")]
    operations = [
        migrations.AddField("dealfacts", name, field) for name, field in columns()
    ]
