from django.db import migrations

GUARDS = """
CREATE FUNCTION check_report_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'running' OR NEW.text <> '' THEN
            RAISE EXCEPTION 'a check begins as running' USING ERRCODE = '23514';
        END IF;
        IF NEW.digest <> (SELECT digest FROM policy_referenceversion WHERE id = NEW.version_id) THEN
            RAISE EXCEPTION 'a report belongs to the digest of its version' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a report is never deleted' USING ERRCODE = '23514';
    END IF;
    IF OLD.state <> 'running' THEN
        RAISE EXCEPTION 'a finished report never changes' USING ERRCODE = '23514';
    END IF;
    IF (NEW.version_id, NEW.digest, NEW.baseline_digest, NEW.asked_by_id, NEW.asked_at)
       IS DISTINCT FROM
       (OLD.version_id, OLD.digest, OLD.baseline_digest, OLD.asked_by_id, OLD.asked_at) THEN
        RAISE EXCEPTION 'a report belongs to one version and one baseline' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_report_guard BEFORE INSERT OR UPDATE OR DELETE ON policy_checkreport
    FOR EACH ROW EXECUTE FUNCTION check_report_guard();
ALTER TABLE policy_checkreport ENABLE ALWAYS TRIGGER check_report_guard;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON policy_checkreport
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE policy_checkreport ENABLE ALWAYS TRIGGER refuse_truncate;

-- Only the very first version of a kind has nothing to be compared with.
CREATE FUNCTION activation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.activated_at IS NULL AND NEW.activated_at IS NOT NULL
       AND EXISTS (SELECT FROM policy_referenceversion
                   WHERE kind = NEW.kind AND id <> NEW.id AND activated_at IS NOT NULL)
       AND NOT EXISTS (SELECT FROM policy_checkreport
                       WHERE version_id = NEW.id AND digest = NEW.digest AND state = 'passed') THEN
        RAISE EXCEPTION 'a version is not activated without a check that passed'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER activation_guard BEFORE UPDATE ON policy_referenceversion
    FOR EACH ROW EXECUTE FUNCTION activation_guard();
ALTER TABLE policy_referenceversion ENABLE ALWAYS TRIGGER activation_guard;
"""


class Migration(migrations.Migration):
    dependencies = [("policy", "0003_check_report"), ("audit", "0002_append_only")]
    operations = [migrations.RunSQL(GUARDS, migrations.RunSQL.noop)]
