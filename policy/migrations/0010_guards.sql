-- A version is proposed, checked and activated by people who may, each time with its event; what a
-- check needs to pass is looked at by PostgreSQL too. It cannot prove a promise itself: whoever
-- holds the application's login could write results of a check that nobody ran, but not leave a
-- part, a promise or the baseline out.

CALL app_may('policy_referenceversion', inserts => '*',
             updates => 'activated_by_id, activated_at, retired_at, withdrawn_by_id, '
                        'withdrawn_at, withdrawn_because');
CALL app_may('policy_checkreport', inserts => '*', updates => 'state, text, finished_at');
CALL app_may('policy_checkpart', inserts => '*', updates => 'result_text, finished_at',
             deletes => true);
CALL app_may('policy_schedule', inserts => '*',
             updates => 'state, ended_at, ended_by_id, reason');
CALL app_may('policy_promiseconfirmation', inserts => '*');

-- Who may change which kind (policy/verbs.py); one that is not listed is for policy owners.
CREATE TABLE policy_governor (kind text, role text, PRIMARY KEY (kind, role));
INSERT INTO policy_governor VALUES
    ('rulebook', 'policy_owner'), ('countries', 'policy_owner'),
    ('catalogue', 'policy_owner'), ('catalogue', 'compliance'),
    ('registry', 'policy_owner'), ('registry', 'compliance'),
    ('laws', 'policy_owner'), ('laws', 'compliance');
CALL app_may('policy_governor');

CREATE FUNCTION governs(person bigint, what text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT holds_role(person, 'policy_owner') OR EXISTS (
        SELECT FROM policy_governor WHERE kind = what AND holds_role(person, role))
$$;

CREATE FUNCTION text_digest(content text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'sha256:' || encode(sha256(convert_to(content, 'UTF8')), 'hex')
$$;

-- What is active now, as policy.governance.checking.baseline_digest says it; while a version
-- becomes active, its predecessor has just been retired and counts still.
CREATE FUNCTION baseline_digest(activating policy_referenceversion DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT text_digest('{' || string_agg(format('"%s":"%s"', kind, digest), ','
                                         ORDER BY kind COLLATE "C") || '}')
    FROM (SELECT DISTINCT ON (kind) kind, digest FROM policy_referenceversion
          WHERE activated_at IS NOT NULL AND id IS DISTINCT FROM activating.id
            AND (retired_at IS NULL
                 OR kind = activating.kind AND retired_at >= transaction_timestamp())
          ORDER BY kind, activated_at DESC, id DESC) AS active
$$;

-- ------------------------------------------------------------------------------------ Versions

CREATE FUNCTION proposal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.activated_at IS NOT NULL OR NEW.activated_by_id IS NOT NULL
       OR NEW.retired_at IS NOT NULL THEN
        RAISE EXCEPTION 'a version begins as a proposal' USING ERRCODE = '23514';
    END IF;
    IF NEW.digest <> text_digest(NEW.content) THEN
        RAISE EXCEPTION 'the digest of a version is that of its content' USING ERRCODE = '23514';
    END IF;
    IF NOT is_now(NEW.proposed_at) THEN
        RAISE EXCEPTION 'a version is proposed now' USING ERRCODE = '23514';
    END IF;
    IF NOT governs(NEW.proposed_by_id, NEW.kind) THEN
        RAISE EXCEPTION 'this person does not propose versions of this kind'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('policy_referenceversion', 'proposal_guard', 'INSERT');

-- As before, and the activator has the role, acts now, and the report is about what is active.
CREATE OR REPLACE FUNCTION activation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    read policy_checkreport;
BEGIN
    IF NEW.retired_at IS DISTINCT FROM OLD.retired_at AND NOT is_now(NEW.retired_at)
       OR NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at AND NOT is_now(NEW.withdrawn_at)
       OR NEW.activated_at IS DISTINCT FROM OLD.activated_at AND NOT is_now(NEW.activated_at) THEN
        RAISE EXCEPTION 'a version is activated, retired and withdrawn now'
            USING ERRCODE = '23514';
    END IF;
    IF NEW.withdrawn_by_id IS NOT NULL AND NEW.withdrawn_by_id IS DISTINCT FROM OLD.withdrawn_by_id
       AND NOT governs(NEW.withdrawn_by_id, NEW.kind) THEN
        RAISE EXCEPTION 'this person does not withdraw versions of this kind'
            USING ERRCODE = '23514';
    END IF;
    IF OLD.activated_at IS NOT NULL OR NEW.activated_at IS NULL THEN
        RETURN NEW;
    END IF;
    IF NOT governs(NEW.activated_by_id, NEW.kind) THEN
        RAISE EXCEPTION 'this person does not activate versions of this kind'
            USING ERRCODE = '23514';
    END IF;
    -- Only the very first version of a kind has nothing to be compared with; the first laws are
    -- compared with none.
    IF NOT EXISTS (SELECT FROM policy_referenceversion
                   WHERE kind = NEW.kind AND id <> NEW.id AND activated_at IS NOT NULL)
       AND NOT (NEW.kind = 'laws' AND NEW.content::jsonb -> 'laws' <> '[]'
                AND EXISTS (SELECT FROM policy_referenceversion
                            WHERE kind = 'rulebook' AND activated_at IS NOT NULL)) THEN
        RETURN NEW;
    END IF;
    SELECT * INTO read FROM policy_checkreport
        WHERE version_id = NEW.id AND digest = NEW.digest ORDER BY id DESC LIMIT 1;
    IF NOT FOUND OR NOT report_opens_the_way(read.id, NEW.activated_by_id) THEN
        RAISE EXCEPTION 'a version is not activated without a check that passed'
            USING ERRCODE = '23514';
    END IF;
    IF read.baseline_digest IS DISTINCT FROM baseline_digest(OLD) THEN
        RAISE EXCEPTION 'what is active has changed since the check' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    verb text := CASE
        WHEN TG_OP = 'INSERT' THEN 'version.proposed'
        WHEN NEW.activated_at IS DISTINCT FROM OLD.activated_at THEN 'version.activated'
        WHEN NEW.retired_at IS DISTINCT FROM OLD.retired_at THEN 'version.retired'
        WHEN NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at THEN 'version.withdrawn'
    END;
BEGIN
    IF verb IS NOT NULL AND NOT is_told('version:' || NEW.id, ARRAY[verb]) THEN
        RAISE EXCEPTION 'what becomes of a version is told by an event' USING ERRCODE = '23514';
    END IF;
    IF NEW.retired_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM policy_referenceversion
        WHERE kind = NEW.kind AND activated_at IS NOT NULL AND retired_at IS NULL) THEN
        RAISE EXCEPTION 'a version retires when another one becomes active'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('policy_referenceversion', 'version_guard', 'INSERT OR UPDATE');

-- Rules of every rulebook with their clause and outcome, written when a version is proposed.
CREATE TABLE rulebook_rule (
    version_id bigint REFERENCES policy_referenceversion,
    rule text,
    clause text NOT NULL,
    outcome text NOT NULL,
    PRIMARY KEY (version_id, rule)
);
CALL app_may('rulebook_rule');
CREATE FUNCTION rules_of(content text)
RETURNS TABLE (rule text, clause text, outcome text) LANGUAGE sql IMMUTABLE AS $$
    SELECT listed ->> 'id', listed ->> 'clause', listed ->> 'outcome'
    FROM jsonb_array_elements(content::jsonb -> 'rulebook' -> 'rules') AS listed
$$;
CREATE FUNCTION list_rules() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO rulebook_rule SELECT NEW.id, listed.* FROM rules_of(NEW.content) AS listed;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION list_rules() FROM PUBLIC;
CREATE TRIGGER list_rules AFTER INSERT ON policy_referenceversion
    FOR EACH ROW WHEN (NEW.kind = 'rulebook') EXECUTE FUNCTION list_rules();
ALTER TABLE policy_referenceversion ENABLE ALWAYS TRIGGER list_rules;
INSERT INTO rulebook_rule
SELECT version.id, listed.*
FROM policy_referenceversion AS version, rules_of(version.content) AS listed
WHERE version.kind = 'rulebook';

-- -------------------------------------------------------------------------------------- Checks

CREATE FUNCTION report_begins_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.baseline_digest <> baseline_digest() THEN
        RAISE EXCEPTION 'a check compares with what is active now' USING ERRCODE = '23514';
    END IF;
    IF NOT is_now(NEW.asked_at) OR NOT governs(NEW.asked_by_id, (
        SELECT kind FROM policy_referenceversion WHERE id = NEW.version_id)) THEN
        RAISE EXCEPTION 'a check is asked for now, by somebody who may propose such versions'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('policy_checkreport', 'report_begins_guard', 'INSERT');

-- Nothing that was left out can pass: no part, no promise, nothing that a part found, and no change
-- of what is active meanwhile.
CREATE OR REPLACE FUNCTION whole_report_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said jsonb;
    rules jsonb;
    content jsonb;
BEGIN
    IF EXISTS (SELECT FROM policy_checkpart WHERE report_id = NEW.id AND finished_at IS NULL)
       OR NOT EXISTS (SELECT FROM policy_checkpart WHERE report_id = NEW.id) THEN
        RAISE EXCEPTION 'a check does not pass while a part of it is missing'
            USING ERRCODE = '23514';
    END IF;
    IF NEW.baseline_digest <> baseline_digest() OR EXISTS (
        SELECT FROM policy_checkpart
        WHERE report_id = NEW.id
          AND result_text::jsonb ->> 'baseline' IS DISTINCT FROM NEW.baseline_digest) THEN
        RAISE EXCEPTION 'a check does not pass when what is active changed' USING ERRCODE = '23514';
    END IF;
    said := NEW.text::jsonb;
    SELECT result_text::jsonb -> 'found' INTO rules FROM policy_checkpart
        WHERE report_id = NEW.id AND number = 0 AND what = 'rules';
    IF rules IS NULL OR NOT said @> rules
       OR said -> 'version' ->> 'digest' IS DISTINCT FROM NEW.digest
       OR said -> 'problems' IS DISTINCT FROM '[]'::jsonb
       OR (NEW.state = 'passed') <> (said -> 'unkept' IS NOT DISTINCT FROM '[]'::jsonb) THEN
        RAISE EXCEPTION 'a check that passed says all that its parts found, and no problem'
            USING ERRCODE = '23514';
    END IF;
    SELECT version.content::jsonb INTO content FROM policy_referenceversion AS version
        WHERE version.id = NEW.version_id AND version.kind = 'rulebook';
    IF content IS NOT NULL AND (
        jsonb_array_length(content -> 'rulebook' -> 'promises') = 0 OR EXISTS (
            SELECT FROM jsonb_array_elements(content -> 'rulebook' -> 'promises') AS promise
            WHERE NOT said -> 'promises' @> jsonb_build_array(
                jsonb_build_object('id', promise -> 'id', 'state', 'proved')))) THEN
        RAISE EXCEPTION 'a check passes when every promise of the rulebook is proved'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION check_ends_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_told('version:' || NEW.version_id, ARRAY['version.checked']) THEN
        RAISE EXCEPTION 'the end of a check is told by an event' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('policy_checkreport', 'check_ends_guard', 'UPDATE OF state',
                  'NEW.state <> OLD.state');
CALL guard('policy_checkreport', 'ends_now', 'UPDATE', 'NOT is_now(NEW.finished_at)',
           'a check ends now');

-- A part is worked on by the job that was written with it, and that has not ended.
CREATE FUNCTION part_is_worked_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_now(NEW.finished_at) OR NOT EXISTS (
        SELECT FROM jobs_job AS job WHERE job.finished_at IS NULL AND (
            NEW.number = 0 AND job.kind = 'check_version' AND job.key = 'report:' || NEW.report_id
            OR job.kind = 'check_part' AND job.key = NEW.report_id || ':' || NEW.number)) THEN
        RAISE EXCEPTION 'a part of a check is finished by the job that works on it'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('policy_checkpart', 'part_is_worked_on', 'UPDATE');
CREATE FUNCTION part_of_running() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM policy_checkreport
                   WHERE id = NEW.report_id AND state = 'running') THEN
        RAISE EXCEPTION 'parts are written while their check runs' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('policy_checkpart', 'part_of_running', 'INSERT');

-- ----------------------------------------------------------------------- Schedules and promises

CREATE FUNCTION schedule_people_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    chosen policy_referenceversion;
BEGIN
    SELECT * INTO chosen FROM policy_referenceversion WHERE id = NEW.version_id;
    IF TG_OP = 'INSERT' THEN
        IF NOT is_now(NEW.scheduled_at) OR NOT governs(NEW.scheduled_by_id, chosen.kind) THEN
            RAISE EXCEPTION 'a day is chosen now, by somebody who may activate such versions'
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND NOT is_now(NEW.ended_at) THEN
        RAISE EXCEPTION 'a schedule ends now' USING ERRCODE = '23514';
    END IF;
    IF NEW.state = 'cancelled' AND NEW.ended_by_id IS NOT NULL
       AND NOT governs(NEW.ended_by_id, chosen.kind) THEN
        RAISE EXCEPTION 'this person does not cancel schedules of this kind'
            USING ERRCODE = '23514';
    END IF;
    IF NEW.state = 'refused' AND NEW.effective_on > (clock_timestamp() AT TIME ZONE 'UTC')::date
    THEN
        RAISE EXCEPTION 'a schedule is refused when its day has come' USING ERRCODE = '23514';
    END IF;
    IF NEW.state = 'activated' AND (chosen.activated_at IS NULL
                                    OR chosen.activated_by_id <> NEW.scheduled_by_id) THEN
        RAISE EXCEPTION 'the version was not activated by who chose the day'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('policy_schedule', 'schedule_people_guard', 'INSERT OR UPDATE');

CREATE FUNCTION schedule_told_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_told('version:' || NEW.version_id, ARRAY[
        CASE NEW.state WHEN 'waiting' THEN 'version.scheduled'
                       WHEN 'activated' THEN 'version.activated'
                       WHEN 'cancelled' THEN 'version.schedule_cancelled'
                       ELSE 'version.schedule_refused' END]) THEN
        RAISE EXCEPTION 'what becomes of a schedule is told by an event' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('policy_schedule', 'schedule_told_guard', 'INSERT OR UPDATE');

CREATE FUNCTION promise_people_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_now(NEW.confirmed_at) OR NOT holds_role(NEW.confirmed_by_id, 'executive_reviewer')
    THEN
        RAISE EXCEPTION 'changed promises are confirmed now, by an executive reviewer'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('policy_promiseconfirmation', 'promise_people_guard', 'INSERT');
