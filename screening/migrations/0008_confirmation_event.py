import django.db.models.deletion
from django.db import migrations, models

# Until now the event was found by reading its list of screenings, such as "3-7, 9". A screening
# is confirmed once under one rulebook.
KNOWN = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE screening_confirmation DISABLE TRIGGER refuse_change;
UPDATE screening_confirmation AS confirmation SET event_id = told.event
FROM (SELECT event.id AS event, event.subject,
             split_part(part, '-', 1)::bigint AS first, split_part(part, '-', -1)::bigint AS last
      FROM audit_auditevent AS event,
          regexp_split_to_table(event.payload::jsonb ->> 'screenings', ', ') AS part
      WHERE event.verb = 'deals.confirmed') AS told,
     policy_referenceversion AS version
WHERE version.id = confirmation.rulebook_id AND told.subject = 'version:' || version.id
  AND confirmation.screening_id BETWEEN told.first AND told.last;
ALTER TABLE screening_confirmation ENABLE ALWAYS TRIGGER refuse_change;
"""

# As before, and the event is checked with the versions.
GUARD = """
CREATE OR REPLACE FUNCTION confirmation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT rulebook_id, countries_id, catalogue_id, registry_id
                     FROM inserted) AS made,
            LATERAL (VALUES ('rulebook', made.rulebook_id), ('countries', made.countries_id),
                            ('catalogue', made.catalogue_id), ('registry', made.registry_id))
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


def event(**more):
    return models.ForeignKey(
        "audit.auditevent",
        on_delete=django.db.models.deletion.PROTECT,
        db_index=False,
        db_constraint=False,
        related_name="+",
        **more,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_append_only"),
        ("policy", "0001_initial"),
        ("screening", "0007_linked"),
    ]
    operations = [
        migrations.AddField("confirmation", "event", event(null=True)),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
        migrations.AlterField("confirmation", "event", event()),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
    ]
