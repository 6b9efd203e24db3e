from django.db import migrations

# One function serves every table whose rows never change; later migrations attach it.
FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
        USING ERRCODE = '23514';
END $$;
"""

ATTACH = """
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON audit_auditevent
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER refuse_truncate;
"""

# The application's own login; it exists before migrations run (docs/operations.md).
REVOKE = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'proviso_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON audit_auditevent FROM proviso_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION refuse_change()"),
        migrations.RunSQL(ATTACH, migrations.RunSQL.noop),
        migrations.RunSQL(REVOKE, migrations.RunSQL.noop),
    ]
