-- The charter: promises apart from what they guard. Who changes it: a policy owner proposes, an
-- executive reviewer confirms, time passes, another policy owner activates.

INSERT INTO policy_governor VALUES ('charter', 'policy_owner');

-- Days between the check of a charter and its activation; `migrate` writes PROVISO_CHARTER_DAYS.
CREATE TABLE charter_wait (days integer NOT NULL CHECK (days BETWEEN 0 AND 90));
INSERT INTO charter_wait VALUES (7);
CREATE UNIQUE INDEX one_charter_wait ON charter_wait ((true));
CALL app_may('charter_wait');

-- As ReferenceVersion.waits_until says it: from the first check that left nothing but a confirmation.
CREATE FUNCTION charter_waits_until(charter policy_referenceversion) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT min(report.finished_at) + make_interval(days => (SELECT days FROM charter_wait))
    FROM policy_checkreport AS report
    WHERE report.version_id = charter.id AND report.digest = charter.digest
      AND report.state = 'promises'
$$;

-- As before; and no rulebook takes the id of one of the charter's promises for its own.
CREATE OR REPLACE FUNCTION proposal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
    IF NEW.kind = 'rulebook' AND EXISTS (
        SELECT FROM policy_referenceversion AS charter,
            jsonb_array_elements(charter.content::jsonb -> 'charter' -> 'promises') AS promise
        WHERE charter.kind = 'charter' AND charter.activated_at IS NOT NULL
          AND charter.retired_at IS NULL
          AND NEW.content::jsonb -> 'rulebook' -> 'promises' @> jsonb_build_array(
              jsonb_build_object('id', promise -> 'id'))) THEN
        RAISE EXCEPTION 'a rulebook never replaces a promise of the charter'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

-- As before; and a charter waits.
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
    -- Only the very first version of a kind has nothing to be compared with; where there is a
    -- rulebook, the first laws are compared with none, and it is held to the first charter.
    IF NOT EXISTS (SELECT FROM policy_referenceversion
                   WHERE kind = NEW.kind AND id <> NEW.id AND activated_at IS NOT NULL)
       AND NOT ((NEW.kind = 'charter'
                 OR NEW.kind = 'laws' AND NEW.content::jsonb -> 'laws' <> '[]')
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
    IF NEW.kind = 'charter' AND NOT coalesce(charter_waits_until(NEW) <= clock_timestamp(), false)
    THEN
        RAISE EXCEPTION 'a charter waits before it becomes active' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

-- As before; and the promises are those of the charter, too.
CREATE OR REPLACE FUNCTION whole_report_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said jsonb;
    rules jsonb;
    promised jsonb;
    checked text;
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
    SELECT kind INTO checked FROM policy_referenceversion WHERE id = NEW.version_id;
    IF NEW.state = 'passed' AND checked = 'charter' THEN
        RAISE EXCEPTION 'a charter is confirmed by an executive reviewer' USING ERRCODE = '23514';
    END IF;
    -- Every promise that guards, each proved: of the charter that is active, or of the one that is
    -- checked, and of a rulebook its own.
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'of', version.kind, 'id', promise -> 'id', 'state', 'proved')), '[]')
        INTO promised
        FROM policy_referenceversion AS version,
            jsonb_array_elements(version.content::jsonb -> version.kind -> 'promises') AS promise
        WHERE version.kind IN ('charter', 'rulebook') AND (
            version.id = NEW.version_id
            OR version.kind = 'charter' AND version.activated_at IS NOT NULL
               AND version.retired_at IS NULL AND checked <> 'charter');
    IF NOT said -> 'promises' @> promised
       OR promised = '[]' AND checked IN ('charter', 'rulebook') THEN
        RAISE EXCEPTION 'a check passes when every promise is proved' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
