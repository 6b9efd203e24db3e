-- What every other room's guards are made of, and the guards of the events themselves.
--
-- A refusal is a sentence with SQLSTATE 23514 (check violation), so that the program meets it as
-- an IntegrityError. What a missing grant refuses has 42501, and the sentence is PostgreSQL's own.

-- The application's login gets SELECT on a table, INSERT and UPDATE on the columns named here, and
-- DELETE only where rows are no records. '*' stands for every column but the number that
-- PostgreSQL gives. Rights on columns, and none on a whole table, also keep the login from locking
-- a table against everybody else (LOCK TABLE asks for a right on the table).
CREATE PROCEDURE app_may(
    target regclass, inserts text DEFAULT '', updates text DEFAULT '', deletes boolean DEFAULT false
) LANGUAGE plpgsql AS $$
BEGIN
    -- The login exists before migrations run (docs/operations.md); elsewhere there is none.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'proviso_app') THEN
        RETURN;
    END IF;
    EXECUTE format('REVOKE ALL ON %s FROM proviso_app', target);
    EXECUTE format('GRANT SELECT ON %s TO proviso_app', target);
    SELECT replace(inserts, '*', string_agg(quote_ident(attname), ', ')) INTO inserts
    FROM pg_attribute
    WHERE attrelid = target AND attnum > 0 AND NOT attisdropped AND attidentity = '';
    IF inserts <> '' THEN
        EXECUTE format('GRANT INSERT (%s) ON %s TO proviso_app', inserts, target);
    END IF;
    IF updates <> '' THEN
        EXECUTE format('GRANT UPDATE (%s) ON %s TO proviso_app', updates, target);
    END IF;
    IF deletes THEN
        EXECUTE format('GRANT DELETE ON %s TO proviso_app', target);
    END IF;
END $$;

-- For functions that do with the owner's rights what the application may not do by itself.
CREATE PROCEDURE only_app_calls(target regprocedure) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', target);
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'proviso_app') THEN
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO proviso_app', target);
    END IF;
END $$;

-- The body of every guard whose condition stands in the WHEN of its trigger.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = '23514';
END $$;

-- A guard that is on whatever session_replication_role says, with its condition and its sentence:
--   CALL guard('screening_answer', 'own_time', 'INSERT', 'NOT is_now(NEW.answered_at)', '…')
CREATE PROCEDURE guard(target regclass, name text, happens text, condition text, sentence text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER %I BEFORE %s ON %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION refuse(%L)',
        name, happens, target, condition, sentence);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', target, name);
END $$;

-- The same with a function of its own.
CREATE PROCEDURE guard_by(target regclass, judge text, happens text, condition text DEFAULT 'true')
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER %I BEFORE %s ON %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION %I()',
        judge, happens, target, condition, judge);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', target, judge);
END $$;

-- A guard that looks when the transaction ends, once for each row that changed: until then other
-- rows that belong to the change may be missing.
CREATE PROCEDURE guard_at_end(
    target regclass, judge text, happens text, condition text DEFAULT 'true'
) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE CONSTRAINT TRIGGER %I AFTER %s ON %s DEFERRABLE INITIALLY DEFERRED'
        ' FOR EACH ROW WHEN (%s) EXECUTE FUNCTION %I()',
        judge, happens, target, condition, judge);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', target, judge);
END $$;

-- Whether a time was taken in this transaction, by PostgreSQL's clock.
CREATE FUNCTION is_now(moment timestamptz) RETURNS boolean LANGUAGE sql AS $$
    SELECT moment BETWEEN transaction_timestamp() AND clock_timestamp()
$$;

-- Whether an event of this subject, with one of these verbs, was appended in this transaction.
CREATE FUNCTION is_told(about text, verbs text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM audit_auditevent
                   WHERE subject = about AND verb = ANY (verbs) AND at >= transaction_timestamp())
$$;

-- Events: number and time are PostgreSQL's own, and who acted is the program or somebody who can.
CALL app_may('audit_auditevent', inserts => 'subject, actor, verb, payload');

CREATE FUNCTION event_actor_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.actor !~ '^user:[1-9][0-9]{0,17}$' OR NOT EXISTS (
        SELECT FROM auth_user WHERE id = substr(NEW.actor, 6)::bigint AND is_active) THEN
        RAISE EXCEPTION 'an event names the program or an active person, not %', NEW.actor
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('audit_auditevent', 'event_actor_guard', 'INSERT', 'NEW.actor <> ''system''');
