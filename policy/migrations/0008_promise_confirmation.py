import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

GUARDS = """
CREATE FUNCTION promise_confirmation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    read policy_checkreport;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'a confirmation of promises never changes' USING ERRCODE = '23514';
    END IF;
    SELECT * INTO read FROM policy_checkreport WHERE id = NEW.report_id;
    IF read.state <> 'promises' THEN
        RAISE EXCEPTION 'no promise of this report is to be confirmed' USING ERRCODE = '23514';
    END IF;
    IF NEW.confirmed_by_id = (SELECT proposed_by_id FROM policy_referenceversion
                              WHERE id = read.version_id) THEN
        RAISE EXCEPTION 'the proposer does not confirm promises' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT FROM jsonb_array_elements(read.text::jsonb -> 'unkept') AS unkept
               WHERE NOT NEW.names ? (unkept ->> 'name')) THEN
        RAISE EXCEPTION 'each promise is confirmed by its name' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER promise_confirmation_guard BEFORE INSERT OR UPDATE OR DELETE
    ON policy_promiseconfirmation FOR EACH ROW EXECUTE FUNCTION promise_confirmation_guard();
ALTER TABLE policy_promiseconfirmation ENABLE ALWAYS TRIGGER promise_confirmation_guard;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON policy_promiseconfirmation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE policy_promiseconfirmation ENABLE ALWAYS TRIGGER refuse_truncate;

-- What needs a confirmation is as whole as what passed.
DROP TRIGGER whole_report_guard ON policy_checkreport;
CREATE TRIGGER whole_report_guard BEFORE UPDATE ON policy_checkreport
    FOR EACH ROW WHEN (NEW.state IN ('passed', 'promises') AND OLD.state = 'running')
    EXECUTE FUNCTION whole_report_guard();
ALTER TABLE policy_checkreport ENABLE ALWAYS TRIGGER whole_report_guard;

-- Whether a report opens the way for this activator: it passed, or a third person confirmed what
-- became of the promises.
CREATE FUNCTION report_opens_the_way(report bigint, activator bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT read.state = 'passed'
                OR (read.state = 'promises'
                    AND EXISTS (SELECT FROM policy_promiseconfirmation AS confirmation
                                WHERE confirmation.report_id = read.id
                                AND confirmation.confirmed_by_id <> activator))
         FROM policy_checkreport AS read WHERE read.id = report), false)
$$;

CREATE OR REPLACE FUNCTION activation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.activated_at IS NULL AND NEW.activated_at IS NOT NULL
       AND EXISTS (SELECT FROM policy_referenceversion
                   WHERE kind = NEW.kind AND id <> NEW.id AND activated_at IS NOT NULL)
       AND NOT report_opens_the_way(
               (SELECT max(id) FROM policy_checkreport
                WHERE version_id = NEW.id AND digest = NEW.digest), NEW.activated_by_id) THEN
        RAISE EXCEPTION 'a version is not activated without a check that passed'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION schedule_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
           OR NOT report_opens_the_way(read.id, NEW.scheduled_by_id) THEN
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
"""


class Migration(migrations.Migration):
    dependencies = [
        ("policy", "0007_withdrawal"),
        ("audit", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            "checkreport",
            "state",
            models.CharField(
                choices=[
                    ("running", "Running"),
                    ("passed", "Passed"),
                    ("promises", "Promises to be confirmed"),
                    ("failed", "Failed"),
                    ("crashed", "Could not be finished"),
                ],
                default="running",
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="PromiseConfirmation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("names", models.JSONField()),
                ("reason", models.TextField()),
                ("confirmed_at", models.DateTimeField(db_default=Now())),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promise_confirmation",
                        to="policy.checkreport",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="promises_confirmed_with_reason",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
    ]
