import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

GUARDS = """
CREATE FUNCTION schedule_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    chosen policy_referenceversion;
    read policy_checkreport;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a schedule is never deleted' USING ERRCODE = '23514';
    END IF;
    SELECT * INTO chosen FROM policy_referenceversion WHERE id = NEW.version_id;
    IF TG_OP = 'INSERT' THEN
        SELECT * INTO read FROM policy_checkreport WHERE id = NEW.report_id;
        IF NEW.state <> 'waiting' THEN
            RAISE EXCEPTION 'a schedule begins as waiting' USING ERRCODE = '23514';
        END IF;
        IF NEW.scheduled_by_id = chosen.proposed_by_id THEN
            RAISE EXCEPTION 'the proposer does not choose the day' USING ERRCODE = '23514';
        END IF;
        IF chosen.activated_at IS NOT NULL THEN
            RAISE EXCEPTION 'the version was activated before' USING ERRCODE = '23514';
        END IF;
        IF read.version_id <> NEW.version_id OR read.digest <> chosen.digest
           OR read.state <> 'passed' THEN
            RAISE EXCEPTION 'a day is chosen only with a check of this version that passed'
                USING ERRCODE = '23514';
        END IF;
        IF NEW.effective_on < today OR NEW.effective_on > today + 90 THEN
            RAISE EXCEPTION 'the day is over or more than 90 days away' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'waiting' THEN
        RAISE EXCEPTION 'a schedule that ended never changes' USING ERRCODE = '23514';
    END IF;
    IF (NEW.version_id, NEW.report_id, NEW.confirmed, NEW.effective_on, NEW.scheduled_by_id,
        NEW.scheduled_at)
       IS DISTINCT FROM
       (OLD.version_id, OLD.report_id, OLD.confirmed, OLD.effective_on, OLD.scheduled_by_id,
        OLD.scheduled_at) THEN
        RAISE EXCEPTION 'a schedule is cancelled, never changed' USING ERRCODE = '23514';
    END IF;
    IF NEW.state = 'activated' AND chosen.activated_by_id IS DISTINCT FROM NEW.scheduled_by_id THEN
        RAISE EXCEPTION 'the version was not activated by who chose the day'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER schedule_guard BEFORE INSERT OR UPDATE OR DELETE ON policy_schedule
    FOR EACH ROW EXECUTE FUNCTION schedule_guard();
ALTER TABLE policy_schedule ENABLE ALWAYS TRIGGER schedule_guard;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON policy_schedule
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE policy_schedule ENABLE ALWAYS TRIGGER refuse_truncate;

-- A version that waits for its day is activated by who chose it, and not before.
CREATE FUNCTION day_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM policy_schedule
               WHERE version_id = NEW.id AND state = 'waiting'
               AND (effective_on > (clock_timestamp() AT TIME ZONE 'UTC')::date
                    OR scheduled_by_id IS DISTINCT FROM NEW.activated_by_id)) THEN
        RAISE EXCEPTION 'the version waits for its day' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER day_guard BEFORE UPDATE ON policy_referenceversion
    FOR EACH ROW WHEN (OLD.activated_at IS NULL AND NEW.activated_at IS NOT NULL)
    EXECUTE FUNCTION day_guard();
ALTER TABLE policy_referenceversion ENABLE ALWAYS TRIGGER day_guard;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("policy", "0004_report_guards"),
        ("audit", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Schedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("confirmed", models.JSONField(default=list)),
                ("effective_on", models.DateField()),
                (
                    "scheduled_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Scheduled"),
                            ("activated", "Became active"),
                            ("cancelled", "Cancelled"),
                            ("refused", "Not activated"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="policy.checkreport",
                    ),
                ),
                (
                    "scheduled_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="schedules",
                        to="policy.referenceversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("version",),
                        name="one_waiting_schedule",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at", None), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="schedule_ended_iff_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_by__isnull", False), ("state", "cancelled")),
                            models.Q(
                                models.Q(("state", "cancelled"), _negated=True), ("ended_by", None)
                            ),
                            _connector="OR",
                        ),
                        name="schedule_cancelled_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("waiting", "activated")),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="schedule_ended_with_reason",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
    ]
