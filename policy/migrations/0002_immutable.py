from django.db import migrations

IMMUTABLE = """
CREATE FUNCTION reference_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a reference version is never deleted' USING ERRCODE = '23514';
    END IF;
    IF (NEW.kind, NEW.label, NEW.content, NEW.written, NEW.digest, NEW.source, NEW.edition, NEW.licence,
        NEW.note, NEW.proposed_by_id, NEW.proposed_at)
       IS DISTINCT FROM
       (OLD.kind, OLD.label, OLD.content, OLD.written, OLD.digest, OLD.source, OLD.edition, OLD.licence,
        OLD.note, OLD.proposed_by_id, OLD.proposed_at) THEN
        RAISE EXCEPTION 'the content of a reference version never changes'
            USING ERRCODE = '23514';
    END IF;
    IF OLD.activated_at IS NOT NULL AND (NEW.activated_at, NEW.activated_by_id)
       IS DISTINCT FROM (OLD.activated_at, OLD.activated_by_id) THEN
        RAISE EXCEPTION 'an activation is final' USING ERRCODE = '23514';
    END IF;
    IF OLD.retired_at IS NOT NULL AND NEW.retired_at IS DISTINCT FROM OLD.retired_at THEN
        RAISE EXCEPTION 'a retired version stays retired; propose its content again'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reference_version_guard BEFORE UPDATE OR DELETE ON policy_referenceversion
    FOR EACH ROW EXECUTE FUNCTION reference_version_guard();
ALTER TABLE policy_referenceversion ENABLE ALWAYS TRIGGER reference_version_guard;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON policy_referenceversion
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE policy_referenceversion ENABLE ALWAYS TRIGGER refuse_truncate;
"""


class Migration(migrations.Migration):
    dependencies = [("policy", "0001_initial"), ("audit", "0002_append_only")]
    operations = [migrations.RunSQL(IMMUTABLE, migrations.RunSQL.noop)]
