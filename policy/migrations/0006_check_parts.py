import django.db.models.deletion
from django.db import migrations, models

GUARDS = """
CREATE FUNCTION check_part_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.finished_at IS NOT NULL THEN
            RAISE EXCEPTION 'a part of a check begins without a result' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM policy_checkreport
                   WHERE id = OLD.report_id AND state = 'running') THEN
            RAISE EXCEPTION 'a part of a running check is never removed' USING ERRCODE = '23514';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.finished_at IS NOT NULL THEN
        RAISE EXCEPTION 'the result of a part never changes' USING ERRCODE = '23514';
    END IF;
    IF (NEW.report_id, NEW.number, NEW.what, NEW.first, NEW.last, NEW.size)
       IS DISTINCT FROM
       (OLD.report_id, OLD.number, OLD.what, OLD.first, OLD.last, OLD.size) THEN
        RAISE EXCEPTION 'a part of a check stays what it is' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_part_guard BEFORE INSERT OR UPDATE OR DELETE ON policy_checkpart
    FOR EACH ROW EXECUTE FUNCTION check_part_guard();
ALTER TABLE policy_checkpart ENABLE ALWAYS TRIGGER check_part_guard;
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON policy_checkpart
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE policy_checkpart ENABLE ALWAYS TRIGGER refuse_truncate;

-- Nothing that was left out can pass.
CREATE FUNCTION whole_report_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM policy_checkpart WHERE report_id = NEW.id AND finished_at IS NULL)
       OR NOT EXISTS (SELECT FROM policy_checkpart WHERE report_id = NEW.id) THEN
        RAISE EXCEPTION 'a check does not pass while a part of it is missing'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER whole_report_guard BEFORE UPDATE ON policy_checkreport
    FOR EACH ROW WHEN (NEW.state = 'passed' AND OLD.state <> 'passed')
    EXECUTE FUNCTION whole_report_guard();
ALTER TABLE policy_checkreport ENABLE ALWAYS TRIGGER whole_report_guard;
"""


class Migration(migrations.Migration):
    dependencies = [("policy", "0005_schedule"), ("audit", "0002_append_only")]
    operations = [
        migrations.CreateModel(
            name="CheckPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("rules", "Rules"),
                            ("screenings", "Screenings"),
                            ("deals", "Deals"),
                        ],
                        max_length=10,
                    ),
                ),
                ("first", models.BigIntegerField(default=0)),
                ("last", models.BigIntegerField(default=0)),
                ("size", models.PositiveIntegerField(default=0)),
                ("result_text", models.TextField(blank=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="policy.checkreport",
                    ),
                ),
            ],
            options={
                "constraints": (
                    models.UniqueConstraint(fields=("report", "number"), name="part_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at", None), ("result_text", "")),
                            models.Q(
                                ("finished_at__isnull", False),
                                models.Q(("result_text", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="part_finished_iff_result",
                    ),
                ),
            },
        ),
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
    ]
