import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

# The guard of 0002 knows nothing of these columns: they may be filled, and this one says when.
GUARDS = """
CREATE FUNCTION withdrawal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.withdrawn_at IS NOT NULL THEN
            RAISE EXCEPTION 'a version begins as a proposal' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.withdrawn_at, NEW.withdrawn_by_id, NEW.withdrawn_because)
       IS NOT DISTINCT FROM
       (OLD.withdrawn_at, OLD.withdrawn_by_id, OLD.withdrawn_because) THEN
        RETURN NEW;
    END IF;
    IF OLD.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'a withdrawal is final; propose the content again' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT FROM policy_schedule WHERE version_id = NEW.id AND state = 'waiting') THEN
        RAISE EXCEPTION 'a version that waits for its day is not withdrawn'
            USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT FROM policy_checkreport WHERE version_id = NEW.id AND state = 'running') THEN
        RAISE EXCEPTION 'a version is not withdrawn while its check runs' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER withdrawal_guard BEFORE INSERT OR UPDATE ON policy_referenceversion
    FOR EACH ROW EXECUTE FUNCTION withdrawal_guard();
ALTER TABLE policy_referenceversion ENABLE ALWAYS TRIGGER withdrawal_guard;

-- Nothing begins with a version that was withdrawn.
CREATE FUNCTION not_withdrawn_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM policy_referenceversion
               WHERE id = NEW.version_id AND withdrawn_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a version that was withdrawn is neither checked nor scheduled'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER not_withdrawn_guard BEFORE INSERT ON policy_checkreport
    FOR EACH ROW EXECUTE FUNCTION not_withdrawn_guard();
ALTER TABLE policy_checkreport ENABLE ALWAYS TRIGGER not_withdrawn_guard;
CREATE TRIGGER not_withdrawn_guard BEFORE INSERT ON policy_schedule
    FOR EACH ROW EXECUTE FUNCTION not_withdrawn_guard();
ALTER TABLE policy_schedule ENABLE ALWAYS TRIGGER not_withdrawn_guard;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("policy", "0006_check_parts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "referenceversion",
            "withdrawn_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("referenceversion", "withdrawn_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "referenceversion", "withdrawn_because", models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "referenceversion",
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawn_because="")
                | (
                    Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False)
                    & ~Q(withdrawn_because="")
                ),
                name="withdrawn_by_somebody_with_reason",
            ),
        ),
        migrations.AddConstraint(
            "referenceversion",
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(activated_at=None),
                name="withdrawn_versions_are_never_active",
            ),
        ),
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
    ]
