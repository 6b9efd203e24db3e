from django.db import migrations, models

# As before; and where deals were screened without a register of laws, the first one that holds a
# law is compared with none. `laws` are canonical JSON, so an empty register is always this text.
GUARD = """
CREATE OR REPLACE FUNCTION activation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.activated_at IS NULL AND NEW.activated_at IS NOT NULL
       AND (EXISTS (SELECT FROM policy_referenceversion
                    WHERE kind = NEW.kind AND id <> NEW.id AND activated_at IS NOT NULL)
            OR (NEW.kind = 'laws' AND NEW.content::jsonb -> 'laws' <> '[]'
                AND EXISTS (SELECT FROM policy_referenceversion
                            WHERE kind = 'rulebook' AND activated_at IS NOT NULL)))
       AND NOT report_opens_the_way(
               (SELECT max(id) FROM policy_checkreport
                WHERE version_id = NEW.id AND digest = NEW.digest), NEW.activated_by_id) THEN
        RAISE EXCEPTION 'a version is not activated without a check that passed'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("policy", "0008_promise_confirmation")]
    operations = [
        migrations.AlterField(
            "referenceversion",
            "kind",
            models.CharField(
                choices=[
                    ("rulebook", "Rulebook"),
                    ("countries", "Country ratings"),
                    ("catalogue", "Product catalogue"),
                    ("registry", "End-user registry"),
                    ("laws", "Register of laws"),
                ],
                max_length=12,
            ),
        ),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
    ]
