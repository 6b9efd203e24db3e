-- A deal is what its newest screening, and people who may say so, made of it. What the program
-- knows in screening/lifecycle.py and screening/following.py stands here as rows; tests compare.

-- ------------------------------------------------------------------------- What the words mean

CREATE TABLE deal_status (
    status text PRIMARY KEY,
    is_editable boolean NOT NULL,
    is_clearance boolean NOT NULL,
    is_closed boolean NOT NULL
);
INSERT INTO deal_status VALUES
    ('draft', true, false, false),
    ('needs_information', true, false, false),
    ('in_review', false, false, false),
    ('cleared', false, true, false),
    ('approved', false, true, false),
    ('approved_with_conditions', false, true, false),
    ('lapsed', true, false, false),
    ('rejected', false, false, true),
    ('barred', false, false, true),
    ('withdrawn', false, false, true);

-- Which status leads to which, and the verb of the event that tells of it.
CREATE TABLE deal_move (start text, target text, verb text NOT NULL, PRIMARY KEY (start, target));
INSERT INTO deal_move VALUES
    ('draft', 'cleared', 'deal.cleared'),
    ('draft', 'in_review', 'deal.review_needed'),
    ('draft', 'needs_information', 'deal.information_needed'),
    ('draft', 'barred', 'deal.barred'),
    ('draft', 'withdrawn', 'deal.withdrawn'),
    ('needs_information', 'cleared', 'deal.cleared'),
    ('needs_information', 'in_review', 'deal.review_needed'),
    ('needs_information', 'barred', 'deal.barred'),
    ('needs_information', 'withdrawn', 'deal.withdrawn'),
    ('in_review', 'approved', 'deal.approved'),
    ('in_review', 'approved_with_conditions', 'deal.approved_with_conditions'),
    ('in_review', 'rejected', 'deal.rejected'),
    ('in_review', 'needs_information', 'deal.information_needed'),
    ('in_review', 'barred', 'deal.barred'),
    ('in_review', 'withdrawn', 'deal.withdrawn'),
    ('cleared', 'in_review', 'deal.reopened_for_review'),
    ('cleared', 'needs_information', 'deal.reopened_for_information'),
    ('cleared', 'barred', 'deal.barred_afterwards'),
    ('cleared', 'lapsed', 'deal.lapsed'),
    ('approved', 'in_review', 'deal.reopened_for_review'),
    ('approved', 'needs_information', 'deal.reopened_for_information'),
    ('approved', 'barred', 'deal.barred_afterwards'),
    ('approved', 'lapsed', 'deal.lapsed'),
    ('approved_with_conditions', 'in_review', 'deal.reopened_for_review'),
    ('approved_with_conditions', 'needs_information', 'deal.reopened_for_information'),
    ('approved_with_conditions', 'barred', 'deal.barred_afterwards'),
    ('approved_with_conditions', 'lapsed', 'deal.lapsed'),
    ('lapsed', 'cleared', 'deal.cleared'),
    ('lapsed', 'in_review', 'deal.review_needed'),
    ('lapsed', 'needs_information', 'deal.information_needed'),
    ('lapsed', 'barred', 'deal.barred'),
    ('lapsed', 'withdrawn', 'deal.withdrawn');

-- The outcomes of a screening from mild to grave: the status and the level that each asks for.
CREATE TABLE deal_outcome (
    outcome text PRIMARY KEY,
    rank int NOT NULL,
    status text NOT NULL,
    level text NOT NULL
);
INSERT INTO deal_outcome VALUES
    ('clear', 0, 'cleared', ''),
    ('senior_review', 1, 'in_review', 'senior'),
    ('executive_review', 2, 'in_review', 'executive'),
    ('needs_information', 3, 'needs_information', ''),
    ('bar', 4, 'barred', '');

CALL app_may('deal_status');
CALL app_may('deal_move');
CALL app_may('deal_outcome');

CREATE FUNCTION is_clearance(word text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT is_clearance FROM deal_status WHERE status = word
$$;
CREATE FUNCTION is_closed(word text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT is_closed FROM deal_status WHERE status = word
$$;
CREATE FUNCTION is_editable(word text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT is_editable FROM deal_status WHERE status = word
$$;
CREATE FUNCTION level_rank(level text) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE level WHEN 'executive' THEN 2 WHEN 'senior' THEN 1 ELSE 0 END
$$;

-- ------------------------------------------------------------------------------------- Rights

CALL app_may('screening_salesteam', inserts => 'name');
CALL app_may('screening_salesteam_members', inserts => 'salesteam_id, user_id', deletes => true);
-- Written by a trigger.
CALL app_may('screening_pastmember');
CALL app_may('screening_deal', inserts => '*',
             updates => 'status, title, answers, copied_from_id, screening_id, review_level, '
                        'end_user_key, sent_at, due_at, valid_until');
CALL app_may('screening_contributor', inserts => '*');
CALL app_may('screening_dealrevision', inserts => '*');
-- The program draws the numbers of these two before it writes them; see own_number below.
CALL app_may('screening_screening', inserts => 'id, *');
CALL app_may('screening_notification', inserts => 'id, *', updates => 'sent_at');
CALL app_may('screening_finding', inserts => '*');
CALL app_may('deal_facts', inserts => '*');
CALL app_may('screening_confirmation', inserts => '*');
CALL app_may('screening_factruling', inserts => '*');
CALL app_may('screening_party', inserts => '*', updates => 'parent_id');
CALL app_may('screening_partyidentifier', inserts => '*', deletes => true);
CALL app_may('screening_dealparty', inserts => '*');
CALL app_may('screening_partyfinding', inserts => '*');
CALL app_may('screening_partymerge', inserts => '*');
CALL app_may('screening_easing', inserts => '*');
CALL app_may('screening_easingword', inserts => '*');
CALL app_may('screening_question', inserts => '*');
CALL app_may('screening_answer', inserts => '*');

-- Numbers come from their sequence, and times from the clock.
CALL guard('screening_screening', 'own_number', 'INSERT',
           'NEW.id > coalesce(pg_sequence_last_value(''screening_screening_id_seq''), 0)',
           'the number of a screening comes from its sequence');
CALL guard('screening_notification', 'own_number', 'INSERT',
           'NEW.id > coalesce(pg_sequence_last_value(''screening_notification_id_seq''), 0)',
           'the number of an email comes from its sequence');
CALL guard('screening_deal', 'own_time', 'INSERT', 'NOT is_now(NEW.created_at)',
           'a deal begins now');
CALL guard('screening_dealrevision', 'own_time', 'INSERT', 'NOT is_now(NEW.created_at)',
           'a revision is sent now');
CALL guard('screening_factruling', 'own_time', 'INSERT', 'NOT is_now(NEW.ruled_at)',
           'a fact is ruled on now');
CALL guard('screening_question', 'own_time', 'INSERT', 'NOT is_now(NEW.asked_at)',
           'a question is asked now');
CALL guard('screening_answer', 'own_time', 'INSERT', 'NOT is_now(NEW.answered_at)',
           'a question is answered now');
CALL guard('screening_screening', 'own_time', 'INSERT', 'NOT is_now(NEW.created_at)',
           'a deal is screened now');
CALL guard('screening_confirmation', 'own_time', 'INSERT', 'NOT is_now(NEW.created_at)',
           'a screening is confirmed now');
CALL guard('screening_notification', 'own_time', 'INSERT',
           'NEW.sent_at IS NOT NULL OR NOT is_now(NEW.created_at)', 'an email is written now');
CALL guard('screening_notification', 'delivered_once', 'UPDATE',
           'OLD.sent_at IS NOT NULL OR NEW.sent_at IS NULL OR NOT is_now(NEW.sent_at)',
           'an email is delivered once, and now');

-- -------------------------------------------------------------------- Teams, and who left them

-- Who left a team stays a colleague in the deals that it had until then.
CREATE FUNCTION member_left() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO screening_pastmember (team_id, user_id, left_at)
    VALUES (OLD.salesteam_id, OLD.user_id, clock_timestamp())
    ON CONFLICT (team_id, user_id) DO UPDATE SET left_at = EXCLUDED.left_at;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION member_left() FROM PUBLIC;
CREATE TRIGGER member_left AFTER DELETE ON screening_salesteam_members
    FOR EACH ROW EXECUTE FUNCTION member_left();
ALTER TABLE screening_salesteam_members ENABLE ALWAYS TRIGGER member_left;

CREATE FUNCTION team_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_told('person:' || coalesce(NEW.user_id, OLD.user_id),
                   ARRAY['person.added', 'person.teams_set']) THEN
        RAISE EXCEPTION 'a sales team is joined and left with an event that tells of it'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('screening_salesteam_members', 'team_guard', 'INSERT OR DELETE');

-- Whether a person sells this deal, or sold it when they were in its team.
CREATE FUNCTION is_colleague(deal bigint, person bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM screening_deal AS sold WHERE sold.id = deal AND (
            EXISTS (SELECT FROM screening_salesteam_members AS member
                    WHERE member.salesteam_id = sold.team_id AND member.user_id = person)
            OR EXISTS (SELECT FROM screening_pastmember AS past
                       WHERE past.team_id = sold.team_id AND past.user_id = person
                       AND past.left_at > sold.created_at)))
$$;
CREATE FUNCTION had_a_hand(deal bigint, person bigint, but_for text DEFAULT '')
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM screening_contributor AS contributor
                   WHERE contributor.deal_id = deal AND contributor.user_id = person
                   AND contributor.part <> but_for)
$$;

-- Who owned, sent or ruled is written down by PostgreSQL, whatever the program forgets.
CREATE FUNCTION contributes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    deal bigint;
    person bigint;
BEGIN
    IF TG_ARGV[0] = 'owner' THEN
        deal := NEW.id;
        person := NEW.owner_id;
    ELSIF TG_ARGV[0] = 'submitter' THEN
        deal := NEW.deal_id;
        person := NEW.submitter_id;
    ELSE
        deal := NEW.deal_id;
        person := NEW.ruled_by_id;
    END IF;
    INSERT INTO screening_contributor (deal_id, user_id, part)
    VALUES (deal, person, TG_ARGV[0]) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION contributes() FROM PUBLIC;
CREATE TRIGGER contributes AFTER INSERT ON screening_deal
    FOR EACH ROW EXECUTE FUNCTION contributes('owner');
CREATE TRIGGER contributes AFTER INSERT ON screening_dealrevision
    FOR EACH ROW EXECUTE FUNCTION contributes('submitter');
CREATE TRIGGER contributes AFTER INSERT ON screening_factruling
    FOR EACH ROW EXECUTE FUNCTION contributes('facts');
ALTER TABLE screening_deal ENABLE ALWAYS TRIGGER contributes;
ALTER TABLE screening_dealrevision ENABLE ALWAYS TRIGGER contributes;
ALTER TABLE screening_factruling ENABLE ALWAYS TRIGGER contributes;

-- --------------------------------------------------------------------- A deal, row by row

CREATE OR REPLACE FUNCTION deal_status_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            RAISE EXCEPTION 'a deal begins as a draft, not as %', NEW.status
                USING ERRCODE = '23514';
        END IF;
        IF NEW.sent_at IS NOT NULL OR NEW.screening_id IS NOT NULL OR NEW.review_level <> ''
           OR NEW.end_user_key <> '' OR NEW.due_at IS NOT NULL OR NEW.valid_until IS NOT NULL
           OR NEW.closed_at IS NOT NULL OR NEW.copied_from_id IS NOT NULL THEN
            RAISE EXCEPTION 'a deal begins with nothing but its owner, team and answers'
                USING ERRCODE = '23514';
        END IF;
        IF NOT holds_role(NEW.owner_id, 'sales') OR NOT EXISTS (
            SELECT FROM screening_salesteam_members
            WHERE salesteam_id = NEW.team_id AND user_id = NEW.owner_id) THEN
            RAISE EXCEPTION 'a deal is begun by sales, for a team of their own'
                USING ERRCODE = '23514';
        END IF;
        IF NOT (SELECT is_closed(status) FROM screening_deal WHERE id = NEW.predecessor_id) THEN
            RAISE EXCEPTION 'only a closed deal is followed by a changed deal'
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION 'only a draft may be deleted, this deal is %', OLD.status
                USING ERRCODE = '23514';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT FROM deal_move WHERE start = OLD.status AND target = NEW.status) THEN
        RAISE EXCEPTION 'a deal that is % cannot become %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    -- A reviewer's questions are the one way to a status of a screening without a new one.
    IF NEW.screening_id IS NOT DISTINCT FROM OLD.screening_id
       AND EXISTS (SELECT FROM deal_outcome WHERE status = NEW.status)
       AND NOT (OLD.status = 'in_review' AND NEW.status = 'needs_information') THEN
        RAISE EXCEPTION 'a deal becomes % by a new screening only', NEW.status
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CALL guard('screening_deal', 'answers_are_sent', 'UPDATE OF title, answers',
           '(NEW.title, NEW.answers) IS DISTINCT FROM (OLD.title, OLD.answers)'
           ' AND NOT is_editable(OLD.status)',
           'the answers of a deal change only while it is with sales');
CALL guard('screening_deal', 'sent_once', 'UPDATE OF sent_at',
           'NEW.sent_at IS DISTINCT FROM OLD.sent_at'
           ' AND (OLD.sent_at IS NOT NULL OR NOT is_now(NEW.sent_at))',
           'a deal is first sent once, and now');
CALL guard('screening_deal', 'key_of_a_screening', 'UPDATE OF end_user_key',
           'NEW.end_user_key <> OLD.end_user_key'
           ' AND NEW.screening_id IS NOT DISTINCT FROM OLD.screening_id',
           'the end user of a deal changes with a new screening only');
CALL guard('screening_deal', 'level_never_falls', 'UPDATE OF review_level',
           'level_rank(NEW.review_level) < level_rank(OLD.review_level)',
           'the level of review never falls');
CALL guard('screening_deal', 'due_soon', 'UPDATE OF due_at',
           'NEW.due_at IS DISTINCT FROM OLD.due_at'
           ' AND (NEW.due_at IS NULL OR NEW.due_at > clock_timestamp() + interval ''14 days'')',
           'a review is due within 14 days');
CALL guard('screening_deal', 'validity_never_grows', 'UPDATE OF valid_until',
           'NEW.valid_until IS DISTINCT FROM OLD.valid_until'
           ' AND (NEW.valid_until IS NULL'
           ' OR NEW.valid_until > clock_timestamp() + interval ''365 days'''
           ' OR NEW.valid_until > OLD.valid_until AND is_clearance(OLD.status))',
           'a clearance holds for a year at most, and is never extended');
CALL guard('screening_deal', 'never_back', 'UPDATE OF screening_id',
           'OLD.screening_id IS NOT NULL AND NEW.screening_id IS NULL'
           ' OR NEW.screening_id < OLD.screening_id',
           'a deal never goes back to an earlier screening');

-- A copy names its source once; when that draft is deleted, what that one came from.
CREATE FUNCTION copied_from_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.copied_from_id IS NULL AND OLD.status = 'draft' OR EXISTS (
        SELECT FROM screening_deal AS source
        WHERE source.id = OLD.copied_from_id AND source.status = 'draft'
        AND NEW.copied_from_id
            IS NOT DISTINCT FROM coalesce(source.copied_from_id, source.predecessor_id)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what a deal was copied from stays written down' USING ERRCODE = '23514';
END $$;
CALL guard_by('screening_deal', 'copied_from_guard', 'UPDATE OF copied_from_id',
              'NEW.copied_from_id IS DISTINCT FROM OLD.copied_from_id');

-- The one way to delete a deal: a draft, with an event that tells of it. The application may not
-- delete rows of these tables, so it cannot lock them against everybody else either.
CREATE FUNCTION delete_draft(draft bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT is_told('deal:' || draft, ARRAY['deal.draft_deleted']) THEN
        RAISE EXCEPTION 'a draft is deleted with an event that tells of it'
            USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT FROM screening_deal WHERE id = draft AND status <> 'draft') THEN
        RAISE EXCEPTION 'only a draft may be deleted' USING ERRCODE = '23514';
    END IF;
    DELETE FROM screening_contributor WHERE deal_id = draft;
    DELETE FROM screening_notification WHERE deal_id = draft;
    DELETE FROM screening_deal WHERE id = draft;
END $$;
CALL only_app_calls('delete_draft(bigint)');

-- ------------------------------------------------------------ A deal, when a transaction ends

-- How long a clearance by this screening may hold: half as long unless every place is rated low or
-- medium (screening.following.validity).
CREATE FUNCTION longest_validity(screening bigint) RETURNS interval LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN bool_and(coalesce(variant ->> 'country_risk' IN ('low', 'medium'), false))
                THEN interval '365 days' ELSE interval '182 days' END
    FROM screening_screening AS stored, jsonb_array_elements(stored.facts_text::jsonb) AS variant
    WHERE stored.id = screening
$$;

-- What is wrong with a deal as it stands; NULL when it is what its newest screening says.
CREATE FUNCTION fault_of(deal screening_deal) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    said record;
    -- The gravest of the findings, and the gravest review among them.
    fired int;
    reviewed int;
BEGIN
    SELECT screening.id, screening.rulebook_id, meaning.rank, meaning.status,
           greatest(level_rank(meaning.level), level_rank(coalesce(floor.level, ''))) AS level,
           coalesce(floor.rank, 0) AS floor,
           -- The answers that were sent last.
           revision.deal_id = deal.id AND revision.number = (
               SELECT max(number) FROM screening_dealrevision WHERE deal_id = deal.id) AS is_newest
    INTO said
    FROM screening_screening AS screening
    JOIN screening_dealrevision AS revision ON revision.id = screening.revision_id
    JOIN deal_outcome AS meaning ON meaning.outcome = screening.outcome
    LEFT JOIN deal_outcome AS floor ON floor.outcome = screening.review_floor
    WHERE screening.id = deal.screening_id;
    IF NOT FOUND THEN
        RETURN 'a deal names a screening';
    END IF;
    IF NOT said.is_newest OR EXISTS (
        SELECT FROM screening_screening AS later
        JOIN screening_dealrevision AS revision ON revision.id = later.revision_id
        WHERE revision.deal_id = deal.id AND later.id > said.id) THEN
        RETURN 'a deal names the newest screening of its own newest revision';
    END IF;
    IF EXISTS (SELECT FROM rulebook_in_sql WHERE version_id = said.rulebook_id)
       AND NOT EXISTS (SELECT FROM deal_facts WHERE screening_id = said.id) THEN
        RETURN 'the facts of a screening stand in columns too';
    END IF;
    SELECT coalesce(max(meaning.rank), 0),
           coalesce(max(meaning.rank) FILTER (WHERE meaning.level <> ''), 0)
    INTO fired, reviewed
    FROM screening_finding AS finding JOIN deal_outcome AS meaning USING (outcome)
    WHERE finding.screening_id = said.id;
    -- An open rule asks for information where less than that fired.
    IF said.rank < fired OR said.floor <> reviewed
       OR said.rank > fired AND said.status <> 'needs_information' THEN
        RETURN 'the outcome of a screening is that of its findings';
    END IF;
    IF level_rank(deal.review_level) < said.level THEN
        RETURN 'the level of review is at least the one that the screening asks for';
    END IF;
    IF (said.status = 'barred') <> (deal.status = 'barred') THEN
        RETURN 'a deal is barred when its newest screening bars it, and only then';
    END IF;
    IF deal.status = 'cleared' AND (said.status <> 'cleared' OR deal.review_level <> '') THEN
        RETURN 'a deal is cleared by a clear screening, and only when nobody has to look at it';
    END IF;
    IF deal.status = 'needs_information' AND said.status <> 'needs_information'
       AND NOT EXISTS (SELECT FROM screening_question AS question
                       LEFT JOIN screening_answer AS answer ON answer.question_id = question.id
                       WHERE question.deal_id = deal.id AND answer.id IS NULL) THEN
        RETURN 'a deal waits for information when its screening or a reviewer asks for it';
    END IF;
    IF deal.status = 'in_review' AND said.status <> 'in_review'
       AND NOT (said.status = 'cleared' AND deal.review_level <> '') THEN
        RETURN 'a deal is in review when its screening or its level asks for it';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION deal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deal screening_deal;
    fault text;
BEGIN
    IF NEW.status <> OLD.status AND NOT EXISTS (
        SELECT FROM audit_auditevent AS event
        JOIN deal_move AS move ON move.verb = event.verb
        WHERE move.start = OLD.status AND move.target = NEW.status
          AND event.subject = 'deal:' || NEW.id AND event.at >= transaction_timestamp()) THEN
        RAISE EXCEPTION 'a deal moves with an event that tells of it' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND is_clearance(NEW.status) AND NOT coalesce(
        NEW.valid_until <= clock_timestamp() + longest_validity(NEW.screening_id), false) THEN
        RAISE EXCEPTION 'a clearance holds as long as the places of the deal allow'
            USING ERRCODE = '23514';
    END IF;
    SELECT * INTO deal FROM screening_deal WHERE id = NEW.id;
    -- A deal that changed once more is judged with its last change; a deleted draft is not.
    IF NOT FOUND OR (deal.status, deal.screening_id, deal.review_level, deal.valid_until)
       IS DISTINCT FROM (NEW.status, NEW.screening_id, NEW.review_level, NEW.valid_until) THEN
        RETURN NULL;
    END IF;
    IF deal.status = 'draft' AND deal.sent_at IS NOT NULL THEN
        RAISE EXCEPTION 'what is sent is no draft' USING ERRCODE = '23514';
    END IF;
    -- Neither was ever screened.
    IF deal.status = 'draft' OR deal.status = 'withdrawn' AND deal.screening_id IS NULL THEN
        RETURN NULL;
    END IF;
    fault := fault_of(deal);
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION '%', fault USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('screening_deal', 'deal_guard',
                  'UPDATE OF status, screening_id, review_level, sent_at, valid_until');

-- ------------------------------------------------- What a rulebook makes of the columns of facts

-- The values of facts for which there are columns and words (policy/data/vocabulary.yaml). A
-- rulebook that knows others is played by the program only.
CREATE TABLE deal_fact_value (fact text, value text, PRIMARY KEY (fact, value));
INSERT INTO deal_fact_value VALUES
    ('country_risk', 'low'), ('country_risk', 'medium'), ('country_risk', 'high'),
    ('country_risk', 'very_high'), ('country_risk', 'unrated'),
    ('end_user_type', 'commercial_operator'), ('end_user_type', 'state_operator'),
    ('end_user_type', 'private_enterprise'), ('end_user_type', 'utility'),
    ('end_user_type', 'rail_operator'), ('end_user_type', 'municipality'),
    ('end_user_type', 'civil_government'), ('end_user_type', 'telecom_regulator'),
    ('end_user_type', 'emergency_services'), ('end_user_type', 'law_enforcement'),
    ('end_user_type', 'military'), ('end_user_type', 'intelligence_security'),
    ('end_user_type', 'unknown'),
    ('purpose', 'commercial_service'), ('purpose', 'enterprise_internal'),
    ('purpose', 'public_safety'), ('purpose', 'railway_operations'), ('purpose', 'smart_city'),
    ('purpose', 'utility_operations'), ('purpose', 'emergency_alerting'),
    ('purpose', 'li_compliance'), ('purpose', 'data_retention_compliance'),
    ('purpose', 'traffic_management'), ('purpose', 'network_security'),
    ('purpose', 'child_protection'), ('purpose', 'court_ordered_blocking'),
    ('purpose', 'content_blocking_state_list'), ('purpose', 'crime_investigation'),
    ('purpose', 'national_security_monitoring'), ('purpose', 'political_content_control'),
    ('purpose', 'population_monitoring'), ('purpose', 'group_profiling'),
    ('purpose', 'protest_monitoring'), ('purpose', 'defence_communications'),
    ('purpose', 'border_control'), ('purpose', 'health_emergency'),
    ('purpose', 'research_test'), ('purpose', 'other'),
    ('legal_basis_status', 'none'), ('legal_basis_status', 'cited'),
    ('legal_basis_status', 'verified'),
    ('adverse_info', 'none'), ('adverse_info', 'alleged'), ('adverse_info', 'confirmed'),
    ('export_control', 'not_controlled'), ('export_control', 'licence_granted'),
    ('export_control', 'licence_required'), ('export_control', 'prohibited'),
    ('export_control', 'denied'),
    ('agency_access', 'not_asked'), ('agency_access', 'no'), ('agency_access', 'yes'),
    ('speech_limit_request', 'not_asked'), ('speech_limit_request', 'none'),
    ('speech_limit_request', 'refused'), ('speech_limit_request', 'included');
CALL app_may('deal_fact_value');

-- As policy.engine.readings.sql.column: PostgreSQL cuts longer names off.
CREATE FUNCTION fact_column(fact text, member text DEFAULT '') RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    whole text := fact || CASE member WHEN '' THEN '' ELSE '__' || member END;
BEGIN
    IF length(whole) > 63 THEN
        whole := left(whole, 50) || '_'
            || left(encode(sha256(convert_to(whole, 'UTF8')), 'hex'), 12);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'deal_facts'::regclass
                   AND attname = whole AND attnum > 2 AND NOT attisdropped) THEN
        RAISE EXCEPTION 'deal_facts has no column %', whole USING ERRCODE = '42703';
    END IF;
    RETURN format('facts.%I', whole);
END $$;

-- A condition of a rulebook as SQL: NULL is "not known yet", as in policy.engine.readings.sql.
CREATE FUNCTION condition_sql(condition jsonb, terms jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    head text;
    rest jsonb;
    told text;
BEGIN
    IF jsonb_typeof(condition) = 'string' THEN
        RETURN condition_sql(terms -> (condition #>> '{}'), terms);
    END IF;
    SELECT entry.key, entry.value INTO STRICT head, rest FROM jsonb_each(condition) AS entry;
    IF head IN ('all', 'any') THEN
        SELECT string_agg(condition_sql(part, terms),
                          CASE head WHEN 'all' THEN ' AND ' ELSE ' OR ' END)
        INTO told FROM jsonb_array_elements(rest) AS part;
        RETURN coalesce('(' || told || ')', CASE head WHEN 'all' THEN 'true' ELSE 'false' END);
    ELSIF head = 'not' THEN
        RETURN '(NOT ' || condition_sql(rest, terms) || ')';
    ELSIF jsonb_typeof(rest) = 'boolean' THEN
        RETURN CASE WHEN rest::boolean THEN '' ELSE 'NOT ' END || fact_column(head);
    ELSIF jsonb_typeof(rest) = 'array' THEN
        SELECT string_agg(quote_literal(one), ', ') INTO told
        FROM jsonb_array_elements_text(rest) AS one;
        RETURN format('(%s IN (%s))', fact_column(head), told);
    ELSIF rest ?| ARRAY['any', 'every'] THEN
        SELECT string_agg(fact_column(head, member),
                          CASE WHEN rest ? 'any' THEN ' OR ' ELSE ' AND ' END)
        INTO told
        FROM jsonb_array_elements_text(coalesce(rest -> 'any', rest -> 'every')) AS member;
        RETURN '(' || told || ')';
    END IF;
    SELECT format('(%s %s %s)', fact_column(head),
                  CASE entry.key WHEN 'above' THEN '>' WHEN 'at_least' THEN '>='
                                 WHEN 'below' THEN '<' WHEN 'at_most' THEN '<=' END,
                  entry.value::bigint)
    INTO STRICT told FROM jsonb_each_text(rest) AS entry;
    RETURN told;
END $$;

-- The rank of the outcome: the highest rule that fires, or a question where one above it is open.
CREATE FUNCTION outcome_sql(rulebook jsonb) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    asks int := (SELECT rank FROM deal_outcome WHERE outcome = 'needs_information');
    rank_sql text := '0';
    level record;
BEGIN
    FOR level IN
        SELECT meaning.rank, string_agg(condition_sql(rule -> 'when', rulebook -> 'terms'), ' OR ')
            AS fires
        FROM jsonb_array_elements(rulebook -> 'rules') AS rule
        JOIN deal_outcome AS meaning ON meaning.outcome = rule ->> 'outcome'
        WHERE meaning.rank > 0 GROUP BY 1 ORDER BY 1
    LOOP
        rank_sql := format('CASE (%s) WHEN true THEN %s WHEN false THEN %s ELSE %s END',
                       level.fires, level.rank, rank_sql, asks);
    END LOOP;
    RETURN rank_sql;
END $$;

-- One member of a set of flags, as the text of facts has it: a list, or what is and is not known.
CREATE FUNCTION flag_of(flags jsonb, member text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE jsonb_typeof(flags)
        WHEN 'array' THEN flags ? member
        WHEN 'object' THEN
            CASE WHEN NOT flags -> 'unknown' ? member THEN flags -> 'yes' ? member END
    END
$$;

-- Whether the columns of a variant say what its text says, NULL where the text leaves it open.
CREATE FUNCTION same_facts_sql(vocabulary jsonb) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT string_agg(
        CASE fact ->> 'kind'
            WHEN 'flags' THEN (
                SELECT string_agg(format(
                    '%s IS NOT DISTINCT FROM flag_of(spelt -> %L, %L)',
                    fact_column(fact ->> 'name', member ->> 0), fact ->> 'name', member ->> 0),
                    ' AND ')
                FROM jsonb_array_elements(fact -> 'members') AS member)
            WHEN 'choice' THEN format('%s IS NOT DISTINCT FROM spelt ->> %L',
                                      fact_column(fact ->> 'name'), fact ->> 'name')
            WHEN 'yesno' THEN format('%s IS NOT DISTINCT FROM (spelt ->> %L)::boolean',
                                     fact_column(fact ->> 'name'), fact ->> 'name')
            WHEN 'amount' THEN format('%s IS NOT DISTINCT FROM (spelt ->> %L)::bigint',
                                      fact_column(fact ->> 'name'), fact ->> 'name')
        END, E'\n AND ')
    FROM jsonb_array_elements(vocabulary) AS fact WHERE fact ->> 'kind' <> 'text'
$$;

CREATE TABLE rulebook_in_sql (
    version_id bigint PRIMARY KEY REFERENCES policy_referenceversion,
    outcome text NOT NULL,
    same_facts text NOT NULL
);
CALL app_may('rulebook_in_sql');

-- A rulebook that reads other facts than there are columns for has no row: nobody fills columns for
-- its screenings either (screening.sweep.deal_facts.values), and PostgreSQL does not judge them.
CREATE FUNCTION write_in_sql(version bigint, content jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM jsonb_array_elements(content -> 'vocabulary') AS listed,
            jsonb_array_elements(listed -> 'values') AS choice
        WHERE listed ->> 'kind' = 'choice' AND NOT EXISTS (
            SELECT FROM deal_fact_value
            WHERE fact = listed ->> 'name' AND value = choice ->> 0)) THEN
        RETURN;
    END IF;
    INSERT INTO rulebook_in_sql
    VALUES (version, outcome_sql(content -> 'rulebook'), same_facts_sql(content -> 'vocabulary'));
EXCEPTION WHEN undefined_column THEN
    RETURN;
END $$;
REVOKE ALL ON FUNCTION write_in_sql(bigint, jsonb) FROM PUBLIC;
CREATE FUNCTION rulebook_is_written() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    PERFORM write_in_sql(NEW.id, NEW.content::jsonb);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION rulebook_is_written() FROM PUBLIC;
CREATE TRIGGER rulebook_is_written AFTER INSERT ON policy_referenceversion
    FOR EACH ROW WHEN (NEW.kind = 'rulebook') EXECUTE FUNCTION rulebook_is_written();
ALTER TABLE policy_referenceversion ENABLE ALWAYS TRIGGER rulebook_is_written;
SELECT write_in_sql(id, content::jsonb) FROM policy_referenceversion WHERE kind = 'rulebook';

-- ---------------------------------------------------------------- Screenings, statement-wise

CREATE FUNCTION screening_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM inserted JOIN screening_dealrevision AS revision
            ON revision.id = inserted.revision_id
        JOIN screening_deal AS deal ON deal.id = revision.deal_id
        JOIN deal_status AS known ON known.status = deal.status
        WHERE known.is_closed OR inserted.id <= deal.screening_id
            OR deal.status IN ('draft', 'lapsed') AND inserted.cause <> 'sent'
            OR revision.number < (SELECT max(number) FROM screening_dealrevision
                                  WHERE deal_id = deal.id)) THEN
        RAISE EXCEPTION 'a screening is of the newest revision of a deal that is not closed'
            USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT FROM inserted WHERE left(facts_text, 2) <> '[{') THEN
        RAISE EXCEPTION 'a deal is screened with the facts of at least one variant'
            USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT FROM inserted
               WHERE facts_digest <> 'sha256:' || encode(
                   sha256(convert_to(facts_text, 'UTF8')), 'hex')) THEN
        RAISE EXCEPTION 'the digest of a screening is that of its facts' USING ERRCODE = '23514';
    END IF;
    -- Every kind that is active now, and no other version.
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT rulebook_id, countries_id, catalogue_id, registry_id, laws_id
                     FROM inserted) AS used,
            LATERAL (VALUES ('rulebook', used.rulebook_id), ('countries', used.countries_id),
                            ('catalogue', used.catalogue_id), ('registry', used.registry_id),
                            ('laws', used.laws_id))
                AS named (kind, id)
        WHERE named.id IS DISTINCT FROM (
            SELECT version.id FROM policy_referenceversion AS version
            WHERE version.kind = named.kind AND version.activated_at IS NOT NULL
              AND version.retired_at IS NULL)) THEN
        RAISE EXCEPTION 'a screening uses the versions that are active' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER screening_guard AFTER INSERT ON screening_screening
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION screening_guard();
ALTER TABLE screening_screening ENABLE ALWAYS TRIGGER screening_guard;

-- A screening that nobody's deal names is no record of anything.
CREATE FUNCTION screening_is_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM screening_dealrevision AS revision
                   JOIN screening_deal AS deal ON deal.id = revision.deal_id
                   WHERE revision.id = NEW.revision_id AND deal.screening_id >= NEW.id) THEN
        RAISE EXCEPTION 'a new screening becomes the one of its deal' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('screening_screening', 'screening_is_named', 'INSERT');

-- Findings and columns of facts belong to a screening that its deal does not name yet.
CREATE FUNCTION finding_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT screening_id FROM inserted) AS told
        JOIN screening_screening AS screening ON screening.id = told.screening_id
        JOIN screening_dealrevision AS revision ON revision.id = screening.revision_id
        JOIN screening_deal AS deal ON deal.id = revision.deal_id
        WHERE deal.screening_id >= screening.id) THEN
        RAISE EXCEPTION 'findings are written with their screening and never added'
            USING ERRCODE = '23514';
    END IF;
    IF EXISTS (
        SELECT FROM inserted JOIN screening_screening AS screening
            ON screening.id = inserted.screening_id
        LEFT JOIN rulebook_rule AS known ON known.version_id = screening.rulebook_id
            AND known.rule = inserted.rule AND known.outcome = inserted.outcome
            AND known.clause = inserted.clause
        WHERE known.rule IS NULL) THEN
        RAISE EXCEPTION 'a finding names a rule of its rulebook, with its clause and outcome'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER finding_guard AFTER INSERT ON screening_finding
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION finding_guard();
ALTER TABLE screening_finding ENABLE ALWAYS TRIGGER finding_guard;

-- rebuild_deal_facts fills what an older program left out: all variants of a screening, or none.
CREATE FUNCTION deal_facts_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rulebook rulebook_in_sql;
    wrong bigint;
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT screening_id, count(*) AS variants, max(variant) AS last
                     FROM inserted GROUP BY 1) AS told
        JOIN screening_screening AS screening ON screening.id = told.screening_id
        JOIN screening_dealrevision AS revision ON revision.id = screening.revision_id
        JOIN screening_deal AS deal ON deal.id = revision.deal_id
        WHERE told.last <> told.variants - 1
            OR deal.screening_id >= screening.id AND (
                told.variants <> jsonb_array_length(screening.facts_text::jsonb)
                OR told.variants <> (SELECT count(*) FROM deal_facts
                                     WHERE deal_facts.screening_id = screening.id))) THEN
        RAISE EXCEPTION 'the facts of a screening are written once, every variant of it'
            USING ERRCODE = '23514';
    END IF;
    -- What its rulebook makes of them is what the screening says.
    FOR rulebook IN
        SELECT * FROM rulebook_in_sql WHERE version_id IN (
            SELECT screening.rulebook_id FROM inserted
            JOIN screening_screening AS screening ON screening.id = inserted.screening_id)
    LOOP
        EXECUTE format($sql$
            SELECT min(id) FROM (
                SELECT screening.id FROM inserted AS facts
                JOIN screening_screening AS screening ON screening.id = facts.screening_id
                JOIN deal_outcome AS said ON said.outcome = screening.outcome
                CROSS JOIN LATERAL (
                    SELECT screening.facts_text::jsonb -> facts.variant AS spelt OFFSET 0) AS told
                WHERE screening.rulebook_id = %s
                GROUP BY screening.id, said.rank
                HAVING max(%s) <> said.rank OR NOT bool_and(%s)) AS wrong
            $sql$, rulebook.version_id, rulebook.outcome, rulebook.same_facts) INTO wrong;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'the facts of a screening lead to its outcome' USING ERRCODE = '23514';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER deal_facts_guard AFTER INSERT ON deal_facts
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION deal_facts_guard();
ALTER TABLE deal_facts ENABLE ALWAYS TRIGGER deal_facts_guard;

-- As before; and what is confirmed is the newest screening of a deal that still counts.
CREATE OR REPLACE FUNCTION confirmation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT rulebook_id, countries_id, catalogue_id, registry_id, laws_id
                     FROM inserted) AS made,
            LATERAL (VALUES ('rulebook', made.rulebook_id), ('countries', made.countries_id),
                            ('catalogue', made.catalogue_id), ('registry', made.registry_id),
                            ('laws', made.laws_id))
                AS named (kind, id)
        WHERE named.id IS NOT NULL AND NOT EXISTS (
            SELECT FROM policy_referenceversion AS version
            WHERE version.id = named.id AND version.kind = named.kind
              AND version.activated_at IS NOT NULL)
    ) THEN
        RAISE EXCEPTION 'a confirmation names a version of another kind, or one never active'
            USING ERRCODE = '23503';
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT event_id FROM inserted) AS made
        WHERE NOT EXISTS (SELECT FROM audit_auditevent AS event
                          WHERE event.id = made.event_id AND event.verb = 'deals.confirmed')
    ) THEN
        RAISE EXCEPTION 'a confirmation names another event, or none' USING ERRCODE = '23503';
    END IF;
    IF EXISTS (
        SELECT FROM inserted LEFT JOIN screening_deal AS deal
            ON deal.screening_id = inserted.screening_id
        LEFT JOIN deal_status AS known ON known.status = deal.status
        WHERE known.status IS NULL OR known.is_closed OR known.status IN ('draft', 'lapsed')) THEN
        RAISE EXCEPTION 'only the newest screening of a deal that still counts is confirmed'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;

-- ----------------------------------------------------- What sales sends and what people rule

CREATE FUNCTION revision_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deal screening_deal;
BEGIN
    SELECT * INTO deal FROM screening_deal WHERE id = NEW.deal_id;
    IF NOT is_editable(deal.status) THEN
        RAISE EXCEPTION 'a deal that is % is not sent', deal.status USING ERRCODE = '23514';
    END IF;
    IF NEW.submitter_id <> deal.owner_id OR NOT holds_role(NEW.submitter_id, 'sales') THEN
        RAISE EXCEPTION 'a deal is sent by its owner in sales' USING ERRCODE = '23514';
    END IF;
    IF NEW.number <> 1 + coalesce((SELECT max(number) FROM screening_dealrevision
                                   WHERE deal_id = deal.id), 0) THEN
        RAISE EXCEPTION 'revisions are counted one by one' USING ERRCODE = '23514';
    END IF;
    IF NEW.answers_text::jsonb <> normalize(deal.answers::text, NFC)::jsonb THEN
        RAISE EXCEPTION 'a revision has the answers of its deal' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('screening_dealrevision', 'revision_guard', 'INSERT');

-- What is sent is screened in the same transaction.
CREATE FUNCTION revision_is_screened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM screening_screening WHERE revision_id = NEW.id) THEN
        RAISE EXCEPTION 'what is sent is screened at once' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('screening_dealrevision', 'revision_is_screened', 'INSERT');

CREATE FUNCTION ruling_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deal screening_deal;
BEGIN
    SELECT * INTO deal FROM screening_deal WHERE id = NEW.deal_id;
    IF NOT holds_role(NEW.ruled_by_id, 'compliance') THEN
        RAISE EXCEPTION 'only compliance verifies and sets facts' USING ERRCODE = '23514';
    END IF;
    IF is_colleague(deal.id, NEW.ruled_by_id) OR had_a_hand(deal.id, NEW.ruled_by_id, 'facts') THEN
        RAISE EXCEPTION 'nobody sets facts of a deal that they had a hand in'
            USING ERRCODE = '23514';
    END IF;
    IF deal.status = 'draft' OR is_closed(deal.status) THEN
        RAISE EXCEPTION 'the facts of a deal that is % are not set', deal.status
            USING ERRCODE = '23514';
    END IF;
    -- One that names no answers eases nothing (screening/rulings.py).
    IF NEW.because = '' OR NEW.revision_id <> (
        SELECT id FROM screening_dealrevision WHERE deal_id = deal.id
        ORDER BY number DESC LIMIT 1)
       OR NEW.revision_id IS NULL AND NEW.declaration <> '' THEN
        RAISE EXCEPTION 'a ruling says why, and speaks of the newest revision'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('screening_factruling', 'ruling_guard', 'INSERT');

CREATE FUNCTION question_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deal screening_deal;
BEGIN
    SELECT * INTO deal FROM screening_deal WHERE id = NEW.deal_id;
    IF deal.status <> 'in_review' OR NEW.screening_id <> deal.screening_id THEN
        RAISE EXCEPTION 'questions are asked in the review of the newest screening'
            USING ERRCODE = '23514';
    END IF;
    IF NOT holds_role(NEW.asked_by_id, 'senior_reviewer', 'executive_reviewer') THEN
        RAISE EXCEPTION 'questions are asked by reviewers' USING ERRCODE = '23514';
    END IF;
    IF is_colleague(deal.id, NEW.asked_by_id) OR had_a_hand(deal.id, NEW.asked_by_id) THEN
        RAISE EXCEPTION 'nobody reviews a deal that they had a hand in' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('screening_question', 'question_guard', 'INSERT');

CREATE FUNCTION answer_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM screening_question AS question
        JOIN screening_dealrevision AS revision ON revision.deal_id = question.deal_id
        JOIN screening_deal AS deal ON deal.id = question.deal_id
        WHERE question.id = NEW.question_id AND revision.id = NEW.revision_id
          AND revision.submitter_id = NEW.answered_by_id
          AND is_editable(deal.status) AND revision.created_at >= question.asked_at) THEN
        RAISE EXCEPTION 'a question is answered by the owner with a revision sent since'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('screening_answer', 'answer_guard', 'INSERT');
