-- Accounts and roles change by the verbs of people/actions.py only, and never without their event.

-- Who is active and holds a role now. Guards of other rooms ask it too.
CREATE FUNCTION holds_role(person bigint, VARIADIC roles text[]) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM auth_user AS account
        JOIN auth_user_groups AS membership ON membership.user_id = account.id
        JOIN auth_group AS held ON held.id = membership.group_id
        WHERE account.id = person AND account.is_active AND held.name = ANY (roles))
$$;

CALL app_may('auth_user', inserts => '*', updates => 'password, last_login, is_active');
CALL app_may('auth_group', inserts => 'name');
CALL app_may('auth_user_groups', inserts => 'user_id, group_id', deletes => true);
-- Of Django, and of no use here: roles are groups, and groups have no permissions.
CALL app_may('auth_permission');
CALL app_may('auth_group_permissions');
CALL app_may('auth_user_user_permissions');
CALL app_may('django_content_type');
CALL app_may('django_migrations');

CALL guard('auth_user', 'nobody_is_superuser', 'INSERT', 'NEW.is_superuser OR NEW.is_staff',
           'the program knows no superusers and no staff');
CALL guard('auth_group', 'groups_are_roles', 'INSERT', 'NEW.name !~ ''^[a-z_]{1,40}$''',
           'a group is a role: small letters without blanks');

-- A role that somebody gets or loses, and an account that is disabled or enabled, is told of.
CREATE FUNCTION membership_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_told('person:' || coalesce(NEW.user_id, OLD.user_id),
                   ARRAY['person.added', 'person.roles_set']) THEN
        RAISE EXCEPTION 'a role is given and taken away with an event that tells of it'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('auth_user_groups', 'membership_guard', 'INSERT OR DELETE');

CREATE FUNCTION account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_told('person:' || NEW.id, ARRAY['person.disabled', 'person.enabled']) THEN
        RAISE EXCEPTION 'an account is disabled and enabled with an event that tells of it'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('auth_user', 'account_guard', 'UPDATE OF is_active',
                  'NEW.is_active <> OLD.is_active');
