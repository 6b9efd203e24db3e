import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

FROZEN = """
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON screening_confirmation
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON screening_confirmation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE screening_confirmation ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE screening_confirmation ENABLE ALWAYS TRIGGER refuse_truncate;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'proviso_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON screening_confirmation FROM proviso_app;
    END IF;
END $$;
"""


# In place of four foreign keys that are checked for each row.
VERSIONS = """
CREATE FUNCTION confirmation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
    RETURN NULL;
END $$;
CREATE TRIGGER confirmation_guard AFTER INSERT ON screening_confirmation
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION confirmation_guard();
ALTER TABLE screening_confirmation ENABLE ALWAYS TRIGGER confirmation_guard;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('policy', '0001_initial'),
        ('audit', '0002_append_only'),
        ('screening', '0003_deal_facts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Confirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('catalogue', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='policy.referenceversion')),
                ('countries', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='policy.referenceversion')),
                ('registry', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='policy.referenceversion')),
                ('rulebook', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='policy.referenceversion')),
                ('screening', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='confirmations', to='screening.screening')),
            ],
            options={
                'ordering': ('pk',),
                'constraints': [models.UniqueConstraint(fields=('screening', 'rulebook', 'countries', 'catalogue', 'registry'), name='confirmation_once', nulls_distinct=False)],
            },
        ),
        migrations.RunSQL(VERSIONS, migrations.RunSQL.noop),
        migrations.RunSQL(FROZEN, migrations.RunSQL.noop),
    ]
