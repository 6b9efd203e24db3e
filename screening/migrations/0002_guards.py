from django.db import migrations

# The pairs of screening.lifecycle.MOVES as they stood when this was written; a migration never
# imports live code. A test compares them with the table.
LIFECYCLE = """
CREATE FUNCTION deal_status_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            RAISE EXCEPTION 'a deal begins as a draft, not as %', NEW.status
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION 'only a draft may be deleted, this deal is %', OLD.status
                USING ERRCODE = '23514';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.status = OLD.status OR (OLD.status, NEW.status) IN (
        ('draft', 'cleared'),
        ('draft', 'in_review'),
        ('draft', 'needs_information'),
        ('draft', 'barred'),
        ('draft', 'withdrawn'),
        ('needs_information', 'cleared'),
        ('needs_information', 'in_review'),
        ('needs_information', 'barred'),
        ('needs_information', 'withdrawn'),
        ('in_review', 'approved'),
        ('in_review', 'approved_with_conditions'),
        ('in_review', 'rejected'),
        ('in_review', 'needs_information'),
        ('in_review', 'barred'),
        ('in_review', 'withdrawn'),
        ('cleared', 'in_review'),
        ('cleared', 'needs_information'),
        ('cleared', 'barred'),
        ('cleared', 'lapsed'),
        ('approved', 'in_review'),
        ('approved', 'needs_information'),
        ('approved', 'barred'),
        ('approved', 'lapsed'),
        ('approved_with_conditions', 'in_review'),
        ('approved_with_conditions', 'needs_information'),
        ('approved_with_conditions', 'barred'),
        ('approved_with_conditions', 'lapsed'),
        ('lapsed', 'cleared'),
        ('lapsed', 'in_review'),
        ('lapsed', 'needs_information'),
        ('lapsed', 'barred'),
        ('lapsed', 'withdrawn')
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a deal that is % cannot become %', OLD.status, NEW.status
        USING ERRCODE = '23514';
END $$;
CREATE TRIGGER deal_status_guard BEFORE INSERT OR DELETE OR UPDATE OF status ON screening_deal
    FOR EACH ROW EXECUTE FUNCTION deal_status_guard();
ALTER TABLE screening_deal ENABLE ALWAYS TRIGGER deal_status_guard;
"""

FROZEN = ("dealrevision", "screening", "finding", "factruling", "question", "answer")


def frozen(table):
    return f"""
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER refuse_truncate;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'proviso_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM proviso_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("screening", "0001_initial"), ("audit", "0002_append_only")]
    operations = [
        migrations.RunSQL(LIFECYCLE, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(frozen(f"screening_{name}"), migrations.RunSQL.noop)
            for name in FROZEN
        ),
    ]
