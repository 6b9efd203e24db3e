import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

FROZEN = """
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON screening_takenback
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON screening_takenback
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE screening_takenback ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE screening_takenback ENABLE ALWAYS TRIGGER refuse_truncate;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'proviso_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON screening_takenback FROM proviso_app;
    END IF;
END $$;
"""

# Whichever statement closes a deal, the time is kept with it.
CLOSED_AT = """
CREATE FUNCTION deal_closed_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND NEW.status IN ('rejected', 'barred', 'withdrawn') THEN
        NEW.closed_at = clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deal_closed_at BEFORE UPDATE OF status ON screening_deal
    FOR EACH ROW EXECUTE FUNCTION deal_closed_at();
ALTER TABLE screening_deal ENABLE ALWAYS TRIGGER deal_closed_at;
"""

# What was known before from events only. Last of all: a table with rows that wait for their
# foreign keys cannot be altered.
KNOWN = """
UPDATE screening_deal AS deal SET closed_at = event.at
FROM (SELECT subject, max(at) AS at FROM audit_auditevent
      WHERE verb IN ('deal.rejected', 'deal.barred', 'deal.barred_afterwards', 'deal.withdrawn')
      GROUP BY subject) AS event
WHERE event.subject = 'deal:' || deal.id
  AND deal.status IN ('rejected', 'barred', 'withdrawn');
UPDATE screening_deal AS deal SET copied_from_id = source.id
FROM audit_auditevent AS event, screening_deal AS source
WHERE event.verb = 'deal.copied' AND event.subject = 'deal:' || deal.id
  AND source.id = (event.payload::jsonb ->> 'source')::bigint;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0002_append_only'),
        ('screening', '0005_deal_facts_of_answers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='TakenBack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('because', models.TextField()),
                ('taken_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ruling', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='taken_back', to='screening.factruling')),
                ('taken_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('pk',),
                'constraints': (models.UniqueConstraint(fields=('ruling', 'taken_by'), name='taken_back_once'),),
            },
        ),
        migrations.AddField(
            model_name='deal',
            name='closed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='deal',
            name='copied_from',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='copies', to='screening.deal'),
        ),
        migrations.AddField(
            model_name='factruling',
            name='declaration',
            field=models.CharField(blank=True, max_length=71),
        ),
        migrations.AddField(
            model_name='factruling',
            name='end_user_key',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name='factruling',
            name='revision',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rulings', to='screening.dealrevision'),
        ),
        migrations.AddIndex(
            model_name='factruling',
            index=models.Index(fields=['end_user_key'], name='ruling_end_user'),
        ),
        migrations.RunSQL(FROZEN, migrations.RunSQL.noop),
        migrations.RunSQL(CLOSED_AT, migrations.RunSQL.noop),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    ]
