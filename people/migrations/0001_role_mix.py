from django.db import migrations

# What people.roles.check_role_mix says, as PostgreSQL judges it: at the end of a transaction, so
# that roles may be exchanged, and whoever writes the rows. Writing the person's row first makes
# two transactions that each give one role wait for each other: the second one sees both.
MIX = """
CREATE FUNCTION role_mix_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held text[];
    alone text;
BEGIN
    UPDATE auth_user SET is_active = is_active WHERE id = NEW.user_id;
    SELECT array_agg(given.name::text) INTO held
    FROM auth_user_groups AS membership JOIN auth_group AS given ON given.id = membership.group_id
    WHERE membership.user_id = NEW.user_id AND given.name IN ('sales', 'compliance',
        'senior_reviewer', 'executive_reviewer', 'policy_owner', 'auditor', 'administrator');
    FOREACH alone IN ARRAY ARRAY['auditor', 'administrator'] LOOP
        IF alone = ANY (held) AND cardinality(held) > 1 THEN
            RAISE EXCEPTION 'the role % cannot be combined with another role', alone
                USING ERRCODE = '23514';
        END IF;
    END LOOP;
    IF 'policy_owner' = ANY (held)
        AND held && ARRAY['senior_reviewer', 'executive_reviewer'] THEN
        RAISE EXCEPTION 'a policy owner cannot be a reviewer' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER role_mix_guard AFTER INSERT OR UPDATE ON auth_user_groups
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION role_mix_guard();
ALTER TABLE auth_user_groups ENABLE ALWAYS TRIGGER role_mix_guard;
"""

# Another name for a group would be another role for all who are in it.
NAMES = """
CREATE FUNCTION role_name_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.name IS DISTINCT FROM NEW.name OR OLD.id IS DISTINCT FROM NEW.id THEN
        RAISE EXCEPTION 'a role keeps its name' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER role_name_guard BEFORE UPDATE ON auth_group
    FOR EACH ROW EXECUTE FUNCTION role_name_guard();
ALTER TABLE auth_group ENABLE ALWAYS TRIGGER role_name_guard;
"""


class Migration(migrations.Migration):
    dependencies = [("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        migrations.RunSQL(
            MIX,
            "DROP TRIGGER role_mix_guard ON auth_user_groups; DROP FUNCTION role_mix_guard()",
        ),
        migrations.RunSQL(
            NAMES, "DROP TRIGGER role_name_guard ON auth_group; DROP FUNCTION role_name_guard()"
        ),
    ]
