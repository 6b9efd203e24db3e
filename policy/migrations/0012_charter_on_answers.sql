-- The charter has a second list, of promises on answers. It is guarded like the first one.

CREATE FUNCTION promises_on_answers(charter policy_referenceversion) RETURNS SETOF jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_array_elements(
        charter.content::jsonb -> 'charter' -> 'on_answers' -> 'promises')
    WHERE charter.kind = 'charter'
$$;

-- No rulebook takes the id of one of them for a promise of its own.
CREATE FUNCTION proposal_on_answers_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM policy_referenceversion AS charter, promises_on_answers(charter) AS promise
        WHERE charter.kind = 'charter' AND charter.activated_at IS NOT NULL
          AND charter.retired_at IS NULL
          AND NEW.content::jsonb -> 'rulebook' -> 'promises' @> jsonb_build_array(
              jsonb_build_object('id', promise -> 'id'))) THEN
        RAISE EXCEPTION 'a rulebook never replaces a promise of the charter'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('policy_referenceversion', 'proposal_on_answers_guard', 'INSERT',
              'NEW.kind = ''rulebook''');

-- A check that passes says of each that it is proved or, of another kind than the charter, that it
-- says nothing against the version; and no charter leaves the list out once there is one.
-- It comes after whole_report_guard, because triggers fire in the order of their names.
CREATE FUNCTION whole_report_on_answers_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said jsonb;
    checked policy_referenceversion;
    held policy_referenceversion;
BEGIN
    said := coalesce(NEW.text::jsonb -> 'answers', '[]');
    SELECT * INTO checked FROM policy_referenceversion WHERE id = NEW.version_id;
    SELECT * INTO held FROM policy_referenceversion
        WHERE kind = 'charter' AND activated_at IS NOT NULL AND retired_at IS NULL;
    IF checked.kind = 'charter' AND EXISTS (SELECT FROM promises_on_answers(held))
       AND NOT EXISTS (SELECT FROM promises_on_answers(checked)) THEN
        RAISE EXCEPTION 'a charter keeps the list of promises on answers' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT FROM promises_on_answers(checked) AS promise
               WHERE NOT said @> jsonb_build_array(jsonb_build_object(
                   'id', promise -> 'id', 'state', 'proved', 'against', false)))
       OR checked.kind <> 'charter' AND EXISTS (
           SELECT FROM promises_on_answers(held) AS promise
           WHERE NOT said @> jsonb_build_array(jsonb_build_object(
               'id', promise -> 'id', 'against', false))) THEN
        RAISE EXCEPTION 'a check passes when every promise on answers is kept'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('policy_checkreport', 'whole_report_on_answers_guard', 'UPDATE',
              'NEW.state IN (''passed'', ''promises'') AND OLD.state = ''running''');
