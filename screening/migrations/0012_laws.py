import django.db.models.deletion
from django.db import migrations, models

# As before, with the register of laws among the versions.
GUARD = """
CREATE OR REPLACE FUNCTION confirmation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT rulebook_id, countries_id, catalogue_id, registry_id, laws_id
                     FROM inserted) AS made,
            LATERAL (VALUES ('rulebook', made.rulebook_id), ('countries', made.countries_id),
                            ('catalogue', made.catalogue_id), ('registry', made.registry_id),
                            ('laws', made.laws_id))
                AS named (kind, id)
        WHERE named.id IS NOT NULL AND NOT EXISTS (
            SELECT FROM policy_referenceversion AS version
            WHERE version.id = named.id AND version.kind = named.kind
              AND version.activated_at IS NOT NULL)
    ) THEN
        RAISE EXCEPTION 'a confirmation names a version of another kind, or one never active'
            USING ERRCODE = '23503';
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT event_id FROM inserted) AS made
        WHERE NOT EXISTS (SELECT FROM audit_auditevent AS event
                          WHERE event.id = made.event_id AND event.verb = 'deals.confirmed')
    ) THEN
        RAISE EXCEPTION 'a confirmation names another event, or none' USING ERRCODE = '23503';
    END IF;
    RETURN NULL;
END $$;
"""


def version(**more):
    return models.ForeignKey(
        "policy.referenceversion",
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        **more,
    )


class Migration(migrations.Migration):
    dependencies = [("policy", "0009_laws"), ("screening", "0011_screen_for_sites")]
    operations = [
        migrations.AddField("screening", "laws", version()),
        migrations.AddField("screening", "laws_text", models.TextField(default="{}")),
        migrations.AddField("screening", "laws_until", models.DateField(null=True)),
        migrations.AddField(
            "confirmation", "laws", version(db_index=False, db_constraint=False)
        ),
        migrations.RemoveConstraint("confirmation", "confirmation_once"),
        migrations.AddConstraint(
            "confirmation",
            models.UniqueConstraint(
                fields=("screening", "rulebook", "countries", "catalogue", "registry", "laws"),
                nulls_distinct=False,
                name="confirmation_once",
            ),
        ),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
    ]
