from django.db import migrations

# The address decides who gets the link to a new password.
ADDRESS = """
CALL app_may('auth_user', inserts => '*', updates => 'password, last_login, is_active, email');

CREATE FUNCTION address_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_told('person:' || NEW.id, ARRAY['person.email_set']) THEN
        RAISE EXCEPTION 'an address changes with an event that tells of it'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('auth_user', 'address_guard', 'UPDATE OF email', 'NEW.email <> OLD.email');
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0002_guards")]
    operations = [migrations.RunSQL(ADDRESS, migrations.RunSQL.noop)]
