-- Statements of somebody who holds the application's own login and nothing else. PostgreSQL
-- refuses each of them, at once or when the transaction would end. `:name` is the number of
-- something that tests/security/world.py made. SQLSTATE 23514 is a guard of the program with its
-- own sentence, 42501 a right that was never granted.

-- ------------------------------------------------------------------------------------ Events

-- attack: an event with a chosen number
-- refused: 42501 permission denied for table audit_auditevent
INSERT INTO audit_auditevent (id, subject, actor, verb, payload)
VALUES (1, 'deal:1', 'system', 'deal.cleared', '{}');

-- attack: an event with a chosen time
-- refused: 42501 permission denied for table audit_auditevent
INSERT INTO audit_auditevent (at, subject, actor, verb, payload)
VALUES ('2020-01-01', 'deal:1', 'system', 'deal.cleared', '{}');

-- attack: an event in the name of nobody
-- refused: 23514 an event names the program or an active person
INSERT INTO audit_auditevent (subject, actor, verb, payload)
VALUES ('deal:1', 'user:999999', 'deal.cleared', '{}');

-- attack: an event in the name of somebody disabled
-- refused: 23514 an event names the program or an active person
INSERT INTO audit_auditevent (subject, actor, verb, payload)
VALUES ('deal:1', 'user:' || :disabled, 'deal.cleared', '{}');

-- attack: an event in words of one's own
-- refused: 23514 an event names the program or an active person
INSERT INTO audit_auditevent (subject, actor, verb, payload)
VALUES ('deal:1', 'The board', 'deal.cleared', '{}');

-- attack: an event is rewritten
-- refused: 42501 permission denied for table audit_auditevent
UPDATE audit_auditevent SET payload = '{}';

-- ---------------------------------------------------------------------- Accounts, roles, teams

-- attack: a role without an event
-- refused: 23514 a role is given and taken away with an event
INSERT INTO auth_user_groups (user_id, group_id)
SELECT :auditor, id FROM auth_group WHERE name = 'executive_reviewer';

-- attack: a role is taken away without an event
-- refused: 23514 a role is given and taken away with an event
DELETE FROM auth_user_groups WHERE user_id = :senior;

-- attack: the roles of everybody are taken away
-- refused: 23514 a role is given and taken away with an event
DELETE FROM auth_user_groups;

-- attack: a role moves to somebody else
-- refused: 42501 permission denied for table auth_user_groups
UPDATE auth_user_groups SET user_id = :auditor WHERE user_id = :executive;

-- attack: a role is renamed
-- refused: 42501 permission denied for table auth_group
UPDATE auth_group SET name = 'executive_reviewer' WHERE name = 'auditor';

-- attack: a role is removed
-- refused: 42501 permission denied for table auth_group
DELETE FROM auth_group WHERE name = 'auditor';

-- attack: a group that is no role
-- refused: 23514 a group is a role
INSERT INTO auth_group (name) VALUES ('Executive reviewer');

-- attack: a superuser
-- refused: 42501 permission denied for table auth_user
UPDATE auth_user SET is_superuser = true WHERE id = :sales;

-- attack: a new superuser
-- refused: 23514 the program knows no superusers
INSERT INTO auth_user (username, password, email, first_name, last_name, is_superuser, is_staff,
                       is_active, date_joined)
VALUES ('root', 'x', '', '', '', true, true, true, now());

-- attack: an account changes its name
-- refused: 42501 permission denied for table auth_user
UPDATE auth_user SET username = 'somebody' WHERE id = :senior;

-- attack: an account moves to another number
-- refused: 42501 permission denied for table auth_user
UPDATE auth_user SET id = 999999 WHERE id = :senior;

-- attack: an account is enabled without an event
-- refused: 23514 an account is disabled and enabled with an event
UPDATE auth_user SET is_active = true WHERE id = :disabled;

-- attack: a reviewer is disabled without an event
-- refused: 23514 an account is disabled and enabled with an event
UPDATE auth_user SET is_active = false WHERE id = :senior;

-- attack: the emails of a person go elsewhere
-- refused: 23514 an address changes with an event that tells of it
UPDATE auth_user SET email = 'somebody@example.com' WHERE id = :senior;

-- attack: a person is removed
-- refused: 42501 permission denied for table auth_user
DELETE FROM auth_user WHERE id = :auditor;

-- attack: permissions of Django
-- refused: 42501 permission denied for table auth_permission
INSERT INTO auth_permission (name, content_type_id, codename) VALUES ('x', 1, 'x');

-- attack: a kind of content
-- refused: 42501 permission denied for table django_content_type
INSERT INTO django_content_type (app_label, model) VALUES ('a', 'b');

-- attack: the list of migrations is emptied
-- refused: 42501 permission denied for table django_migrations
DELETE FROM django_migrations;

-- attack: a migration is said to be applied
-- refused: 42501 permission denied for table django_migrations
INSERT INTO django_migrations (app, name, applied) VALUES ('audit', '9999', now());

-- ----------------------------------------------------------------------------------------- Jobs

-- attack: a job changes what it is about
-- refused: 42501 permission denied for table jobs_job
UPDATE jobs_job SET args = '{}';

-- attack: a job changes its kind
-- refused: 42501 permission denied for table jobs_job
UPDATE jobs_job SET kind = 'nothing';

-- attack: a job is done that nobody did
-- refused: 23514 a job that is pending does not become done
UPDATE jobs_job SET state = 'done', finished_at = now() WHERE id = :job;

-- attack: a job is given up that nobody tried
-- refused: 23514 a job that is pending does not become failed
UPDATE jobs_job SET state = 'failed', finished_at = now() WHERE id = :job;

-- attack: a job is done again
-- refused: 23514 a job that is done does not become pending
UPDATE jobs_job SET state = 'pending', finished_at = NULL WHERE id = :done_job;

-- attack: the end of a job is rewritten
-- refused: 23514 a job that ended stays as it ended
UPDATE jobs_job SET error = 'Nobody did it.' WHERE id = :done_job;

-- attack: a job is taken without an attempt
-- refused: 23514 who takes a job counts the attempt
UPDATE jobs_job SET state = 'running' WHERE id = :job;

-- attack: attempts are used up
-- refused: 23514 attempts are counted one by one
UPDATE jobs_job SET attempts = 99 WHERE id = :job;

-- attack: a job waits for years
-- refused: 23514 a job waits for a day at most
UPDATE jobs_job SET not_before = clock_timestamp() + interval '9 years' WHERE id = :job;

-- attack: a job is held for years
-- refused: 23514 a job waits for a day at most, and is held for an hour
UPDATE jobs_job SET state = 'running', attempts = attempts + 1,
    lease_until = clock_timestamp() + interval '9 years' WHERE id = :job;

-- attack: a job is cancelled without an event
-- refused: 23514 a job begins anew or is cancelled with an event that tells of it
UPDATE jobs_job SET state = 'cancelled', finished_at = clock_timestamp() WHERE id = :job;

-- attack: jobs are removed
-- refused: 42501 permission denied for table jobs_job
DELETE FROM jobs_job;

-- attack: a job that was done before it began
-- refused: 23514 a job begins as pending
INSERT INTO jobs_job (kind, key, args, state, attempts, progress_done, progress_total, error,
                      finished_at)
VALUES ('rescreen', 'version:9', '{}', 'done', 1, 0, 0, '', now());

-- attack: attempts are removed
-- refused: 42501 permission denied for table jobs_attempt
DELETE FROM jobs_attempt;

-- attack: an attempt at another time
-- refused: 23514 an attempt begins now
INSERT INTO jobs_attempt (job_id, number, began_at, error) VALUES (:job, 9, '2020-01-01', '');

-- ------------------------------------------------------------------- The status of a deal

-- attack: a barred deal becomes cleared
-- refused: 23514 a deal that is barred cannot become cleared
UPDATE screening_deal SET status = 'cleared' WHERE id = :barred;

-- attack: a barred deal becomes a draft
-- refused: 23514 a deal that is barred cannot become draft
UPDATE screening_deal SET status = 'draft' WHERE id = :barred;

-- attack: a barred deal gets another title
-- refused: 23514 the answers of a deal change only while it is with sales
UPDATE screening_deal SET title = 'An innocent deal' WHERE id = :barred;

-- attack: a barred deal gets other answers
-- refused: 23514 the answers of a deal change only while it is with sales
UPDATE screening_deal SET answers = '{}' WHERE id = :barred;

-- attack: an approved deal gets other answers
-- refused: 23514 the answers of a deal change only while it is with sales
UPDATE screening_deal SET answers = '{}' WHERE id = :approved;

-- attack: a deal gets another owner
-- refused: 42501 permission denied for table screening_deal
UPDATE screening_deal SET owner_id = :other_sales WHERE id = :barred;

-- attack: a deal gets another team
-- refused: 42501 permission denied for table screening_deal
UPDATE screening_deal SET team_id = team_id WHERE id = :barred;

-- attack: a deal gets another number
-- refused: 42501 permission denied for table screening_deal
UPDATE screening_deal SET id = 999999 WHERE id = :draft;

-- attack: a deal began at another time
-- refused: 42501 permission denied for table screening_deal
UPDATE screening_deal SET created_at = '2020-01-01' WHERE id = :cleared;

-- attack: a deal was closed at another time
-- refused: 42501 permission denied for table screening_deal
UPDATE screening_deal SET closed_at = '2020-01-01' WHERE id = :barred;

-- attack: a deal waits at the end of the queue
-- refused: 42501 permission denied for table screening_deal
UPDATE screening_deal SET gravity = 3 WHERE id = :barred;

-- attack: a deal is hidden from compliance
-- refused: 42501 permission denied for table screening_deal
UPDATE screening_deal SET asks_compliance = false WHERE id = :barred;

-- attack: a vote is told that was never given
-- refused: 42501 permission denied for table screening_deal
UPDATE screening_deal SET votes_given = 2 WHERE id = :barred;

-- attack: a deal was sent at another time
-- refused: 23514 a deal is first sent once
UPDATE screening_deal SET sent_at = '2020-01-01' WHERE id = :cleared;

-- attack: a draft is said to be sent
-- refused: 23514 what is sent is no draft
UPDATE screening_deal SET sent_at = clock_timestamp() WHERE id = :draft;

-- attack: a barred deal hides from the deals of its end user
-- refused: 23514 the end user of a deal changes with a new screening only
UPDATE screening_deal SET end_user_key = 'somebody else' WHERE id = :barred;

-- attack: a barred deal points at the screening of a cleared one
-- refused: 23514 a deal never goes back to an earlier screening
UPDATE screening_deal SET screening_id = :cleared_screening WHERE id = :barred;

-- attack: a cleared deal points at the screening of another one
-- refused: 23514 a deal names the newest screening of its own newest revision
UPDATE screening_deal SET screening_id = :lapsed_screening WHERE id = :cleared;

-- attack: an approved deal points at the screening of another one
-- refused: 23514 a deal names the newest screening of its own newest revision
UPDATE screening_deal SET screening_id = :lapsed_screening WHERE id = :approved;

-- attack: a deal forgets its screening
-- refused: 23514 a deal never goes back to an earlier screening
UPDATE screening_deal SET screening_id = NULL WHERE id = :reviewed;

-- attack: a draft is cleared by the screening of another deal
-- refused: 23514 a deal moves with an event that tells of it
UPDATE screening_deal
SET status = 'cleared', screening_id = :cleared_screening, sent_at = clock_timestamp(),
    valid_until = clock_timestamp() + interval '100 days' WHERE id = :draft;

-- attack: a draft is cleared by the screening of another deal, with an event
-- refused: 23514 a deal names the newest screening of its own newest revision
UPDATE screening_deal
SET status = 'cleared', screening_id = :cleared_screening, sent_at = clock_timestamp(),
    valid_until = clock_timestamp() + interval '100 days' WHERE id = :draft;
INSERT INTO audit_auditevent (subject, actor, verb, payload)
VALUES ('deal:' || :draft, 'system', 'deal.cleared', '{}');

-- attack: a lapsed deal is cleared again
-- refused: 23514 a deal becomes cleared by a new screening only
UPDATE screening_deal SET status = 'cleared' WHERE id = :lapsed;

-- attack: a deal that waits for answers is cleared
-- refused: 23514 a deal becomes cleared by a new screening only
UPDATE screening_deal SET status = 'cleared' WHERE id = :asked;

-- attack: a deal in review waits for answers that nobody asked for
-- refused: 23514 a deal waits for information when its screening or a reviewer asks for it
UPDATE screening_deal SET status = 'needs_information' WHERE id = :reviewed;
INSERT INTO audit_auditevent (subject, actor, verb, payload)
VALUES ('deal:' || :reviewed, 'system', 'deal.information_needed', '{}');

-- attack: a deal in review is cleared in two steps
-- refused: 23514 a deal becomes cleared by a new screening only
UPDATE screening_deal SET status = 'needs_information' WHERE id = :reviewed;
UPDATE screening_deal SET status = 'cleared' WHERE id = :reviewed;

-- attack: a deal whose questions are open goes back to review unanswered
-- refused: 23514 a deal becomes in_review by a new screening only
UPDATE screening_deal SET status = 'in_review' WHERE id = :questioned;

-- attack: a deal is withdrawn without an event
-- refused: 23514 a deal moves with an event that tells of it
UPDATE screening_deal SET status = 'withdrawn' WHERE id = :reviewed;

-- attack: a clearance ends without an event
-- refused: 23514 a deal moves with an event that tells of it
UPDATE screening_deal SET status = 'lapsed' WHERE id = :approved;

-- attack: a move is told by the event of another deal
-- refused: 23514 a deal moves with an event that tells of it
UPDATE screening_deal SET status = 'lapsed' WHERE id = :approved;
INSERT INTO audit_auditevent (subject, actor, verb, payload)
VALUES ('deal:' || :cleared, 'system', 'deal.lapsed', '{}');

-- attack: a deal in review is approved
-- refused: 23514 no decision of the newest screening makes this deal approved
UPDATE screening_deal SET status = 'approved' WHERE id = :reviewed;

-- attack: a deal in review is rejected without a vote
-- refused: 23514 no decision of the newest screening makes this deal rejected
UPDATE screening_deal SET status = 'rejected' WHERE id = :reviewed;

-- attack: the level of review falls
-- refused: 23514 the level of review never falls
UPDATE screening_deal SET review_level = 'senior' WHERE id = :executive_deal;

-- attack: nobody has to look at it any more
-- refused: 23514 the level of review never falls
UPDATE screening_deal SET review_level = '' WHERE id = :reviewed;

-- attack: an approval holds ten years longer
-- refused: 23514 a clearance holds for a year at most
UPDATE screening_deal SET valid_until = valid_until + interval '10 years' WHERE id = :approved;

-- attack: an approval holds a week longer
-- refused: 23514 a clearance holds for a year at most, and is never extended
UPDATE screening_deal SET valid_until = valid_until + interval '7 days' WHERE id = :approved;

-- attack: a clearance never ends
-- refused: 23514 a clearance holds for a year at most
UPDATE screening_deal SET valid_until = NULL WHERE id = :cleared;

-- attack: a review is due in a year
-- refused: 23514 a review is due within 14 days
UPDATE screening_deal SET due_at = due_at + interval '1 year' WHERE id = :reviewed;

-- attack: a deal forgets what it was copied from
-- refused: 23514 what a deal was copied from stays written down
UPDATE screening_deal SET copied_from_id = :cleared WHERE id = :reviewed;

-- attack: a deal that begins cleared
-- refused: 23514 a deal begins as a draft
INSERT INTO screening_deal (owner_id, team_id, status, title, answers, review_level, end_user_key)
VALUES (:sales, :team, 'cleared', 'x', '{}', '', '');

-- attack: a draft that begins with a screening
-- refused: 23514 a deal begins with nothing but its owner
INSERT INTO screening_deal (owner_id, team_id, status, title, answers, review_level, end_user_key,
                            sent_at, screening_id)
VALUES (:sales, :team, 'draft', 'x', '{}', '', '', clock_timestamp(), :cleared_screening);

-- attack: a draft of somebody who is not in sales
-- refused: 23514 a deal is begun by sales
INSERT INTO screening_deal (owner_id, team_id, status, title, answers, review_level, end_user_key)
VALUES (:auditor, :team, 'draft', 'x', '{}', '', '');

-- attack: a draft for a team of others
-- refused: 23514 a deal is begun by sales
INSERT INTO screening_deal (owner_id, team_id, status, title, answers, review_level, end_user_key)
VALUES (:other_sales, :team, 'draft', 'x', '{}', '', '');

-- attack: a deal from the past
-- refused: 23514 a deal begins now
INSERT INTO screening_deal (owner_id, team_id, status, title, answers, review_level, end_user_key,
                            created_at)
VALUES (:sales, :team, 'draft', 'x', '{}', '', '', '2020-01-01');

-- attack: a deal with a chosen number
-- refused: 42501 permission denied for table screening_deal
INSERT INTO screening_deal (id, owner_id, team_id, status, title, answers, review_level,
                            end_user_key)
VALUES (999999, :sales, :team, 'draft', 'x', '{}', '', '');

-- attack: a sent deal is deleted
-- refused: 42501 permission denied for table screening_deal
DELETE FROM screening_deal WHERE id = :withdrawn;

-- attack: a sent deal is deleted as if it were a draft
-- refused: 23514 only a draft may be deleted
INSERT INTO audit_auditevent (subject, actor, verb, payload)
VALUES ('deal:' || :withdrawn, 'system', 'deal.draft_deleted', '{}');
SELECT delete_draft(:withdrawn);

-- attack: a draft is deleted without an event
-- refused: 23514 a draft is deleted with an event that tells of it
SELECT delete_draft(:draft);

-- attack: an allowed move is added
-- refused: 42501 permission denied for table deal_move
INSERT INTO deal_move VALUES ('barred', 'cleared', 'deal.cleared');

-- attack: a bar clears
-- refused: 42501 permission denied for table deal_outcome
UPDATE deal_outcome SET status = 'cleared' WHERE outcome = 'bar';

-- ------------------------------------------------------- Revisions, screenings and findings

-- attack: a revision of a deal in review
-- refused: 23514 a deal that is in_review is not sent
INSERT INTO screening_dealrevision (deal_id, number, submitter_id, answers_text, send_key)
VALUES (:reviewed, 2, :sales, '{}', gen_random_uuid());

-- attack: a revision that a colleague sends
-- refused: 23514 a deal is sent by its owner in sales
INSERT INTO screening_dealrevision (deal_id, number, submitter_id, answers_text, send_key)
SELECT :draft, 1, :colleague, answers::text, gen_random_uuid()
FROM screening_deal WHERE id = :draft;

-- attack: a revision with other answers
-- refused: 23514 a revision has the answers of its deal
INSERT INTO screening_dealrevision (deal_id, number, submitter_id, answers_text, send_key)
VALUES (:draft, 1, :sales, '{}', gen_random_uuid());

-- attack: a revision that is counted twice
-- refused: 23514 revisions are counted one by one
INSERT INTO screening_dealrevision (deal_id, number, submitter_id, answers_text, send_key)
SELECT :draft, 7, :sales, answers::text, gen_random_uuid() FROM screening_deal WHERE id = :draft;

-- attack: a revision that nothing screens
-- refused: 23514 what is sent is screened at once
INSERT INTO screening_dealrevision (deal_id, number, submitter_id, answers_text, send_key)
SELECT :draft, 1, :sales, answers::text, gen_random_uuid() FROM screening_deal WHERE id = :draft;

-- attack: a screening with a chosen number
-- refused: 23514 the number of a screening comes from its sequence
INSERT INTO screening_screening (id, revision_id, cause, outcome, review_floor, facts_text,
    facts_digest, sources_text, linked, missing_text, open_text, asks_sales, asks_compliance,
    rulebook_id, countries_id, catalogue_id, registry_id, laws_id,
    laws_text)
SELECT 999999, revision_id, 'version', 'clear', '', facts_text, facts_digest, sources_text, linked,
    missing_text, open_text, false, false, rulebook_id, countries_id, catalogue_id, registry_id,
    laws_id, laws_text
FROM screening_screening WHERE id = :cleared_screening;

-- attack: a screening that no deal names
-- refused: 23514 a new screening becomes the one of its deal
INSERT INTO screening_screening (revision_id, cause, outcome, review_floor, facts_text,
    facts_digest, sources_text, linked, missing_text, open_text, asks_sales, asks_compliance,
    rulebook_id, countries_id, catalogue_id, registry_id, laws_id,
    laws_text)
SELECT revision_id, 'version', 'clear', '', facts_text, facts_digest, sources_text, linked,
    missing_text, open_text, false, false, rulebook_id, countries_id, catalogue_id, registry_id,
    laws_id, laws_text
FROM screening_screening WHERE id = :reviewed_screening;

-- attack: a screening of a barred deal
-- refused: 23514 a screening is of the newest revision of a deal that is not closed
INSERT INTO screening_screening (revision_id, cause, outcome, review_floor, facts_text,
    facts_digest, sources_text, linked, missing_text, open_text, asks_sales, asks_compliance,
    rulebook_id, countries_id, catalogue_id, registry_id, laws_id,
    laws_text)
SELECT revision_id, 'version', 'clear', '', facts_text, facts_digest, sources_text, linked,
    missing_text, open_text, false, false, rulebook_id, countries_id, catalogue_id, registry_id,
    laws_id, laws_text
FROM screening_screening WHERE id = :barred_screening;

-- attack: a screening whose facts were changed
-- refused: 23514 the digest of a screening is that of its facts
INSERT INTO screening_screening (revision_id, cause, outcome, review_floor, facts_text,
    facts_digest, sources_text, linked, missing_text, open_text, asks_sales, asks_compliance,
    rulebook_id, countries_id, catalogue_id, registry_id, laws_id,
    laws_text)
SELECT revision_id, 'version', 'clear', '', '[{"country_risk":"low"}]', facts_digest, sources_text,
    linked, missing_text, open_text, false, false, rulebook_id, countries_id, catalogue_id,
    registry_id, laws_id, laws_text
FROM screening_screening WHERE id = :reviewed_screening;

-- attack: a screening without country ratings
-- refused: 23514 a screening uses the versions that are active
INSERT INTO screening_screening (revision_id, cause, outcome, review_floor, facts_text,
    facts_digest, sources_text, linked, missing_text, open_text, asks_sales, asks_compliance,
    rulebook_id, countries_id, catalogue_id, registry_id, laws_id,
    laws_text)
SELECT revision_id, 'version', 'clear', '', facts_text, facts_digest, sources_text, linked,
    missing_text, open_text, false, false, rulebook_id, NULL, catalogue_id, registry_id, laws_id, laws_text
FROM screening_screening WHERE id = :reviewed_screening;

-- attack: a deal in review is cleared by a forged screening
-- refused: 23514 a deal is cleared by a clear screening, and only when nobody has to look at it
INSERT INTO screening_screening (revision_id, cause, outcome, review_floor, facts_text,
    facts_digest, sources_text, linked, missing_text, open_text, asks_sales, asks_compliance,
    rulebook_id, countries_id, catalogue_id, registry_id, laws_id,
    laws_text)
SELECT :questioned_revision, 'version', 'clear', '', facts_text, facts_digest, sources_text,
    linked, missing_text, open_text, false, false, rulebook_id, countries_id, catalogue_id,
    registry_id, laws_id, laws_text
FROM screening_screening WHERE id = :cleared_screening;
INSERT INTO deal_facts
SELECT (jsonb_populate_record(facts, jsonb_build_object('screening_id', lastval()))).*
FROM deal_facts AS facts WHERE screening_id = :cleared_screening;
UPDATE screening_deal SET screening_id = lastval(), status = 'cleared',
    valid_until = clock_timestamp() + interval '9 days'
WHERE id = :questioned;
INSERT INTO audit_auditevent (subject, actor, verb, payload)
VALUES ('deal:' || :questioned, 'system', 'deal.cleared', '{}');

-- attack: a review that a forged screening does not ask for
-- refused: 23514 the outcome of a screening is that of its findings
INSERT INTO screening_screening (revision_id, cause, outcome, review_floor, facts_text,
    facts_digest, sources_text, linked, missing_text, open_text, asks_sales, asks_compliance,
    rulebook_id, countries_id, catalogue_id, registry_id, laws_id,
    laws_text)
SELECT revision_id, 'version', 'senior_review', 'senior_review', facts_text, facts_digest,
    sources_text, linked, missing_text, open_text, false, false, rulebook_id, countries_id,
    catalogue_id, registry_id, laws_id, laws_text
FROM screening_screening WHERE id = :reviewed_screening;
INSERT INTO deal_facts
SELECT (jsonb_populate_record(facts, jsonb_build_object('screening_id', lastval()))).*
FROM deal_facts AS facts WHERE screening_id = :reviewed_screening;
UPDATE screening_deal SET screening_id = lastval() WHERE id = :reviewed;

-- attack: a screening whose facts lead elsewhere
-- refused: 23514 the facts of a screening lead to its outcome
INSERT INTO screening_screening (revision_id, cause, outcome, review_floor, facts_text,
    facts_digest, sources_text, linked, missing_text, open_text, asks_sales, asks_compliance,
    rulebook_id, countries_id, catalogue_id, registry_id, laws_id,
    laws_text)
SELECT revision_id, 'version', 'clear', '', facts_text, facts_digest, sources_text, linked,
    missing_text, open_text, false, false, rulebook_id, countries_id, catalogue_id, registry_id,
    laws_id, laws_text
FROM screening_screening WHERE id = :reviewed_screening;
INSERT INTO deal_facts
SELECT (jsonb_populate_record(facts, jsonb_build_object('screening_id', lastval()))).*
FROM deal_facts AS facts WHERE screening_id = :reviewed_screening;

-- attack: a screening whose columns say something else
-- refused: 23514 the facts of a screening lead to its outcome
INSERT INTO screening_screening (revision_id, cause, outcome, review_floor, facts_text,
    facts_digest, sources_text, linked, missing_text, open_text, asks_sales, asks_compliance,
    rulebook_id, countries_id, catalogue_id, registry_id, laws_id,
    laws_text)
SELECT revision_id, 'version', 'clear', '', facts_text, facts_digest, sources_text, linked,
    missing_text, open_text, false, false, rulebook_id, countries_id, catalogue_id, registry_id,
    laws_id, laws_text
FROM screening_screening WHERE id = :reviewed_screening;
INSERT INTO deal_facts
SELECT (jsonb_populate_record(facts, jsonb_build_object('screening_id', lastval()))).*
FROM deal_facts AS facts WHERE screening_id = :cleared_screening;

-- attack: a draft is cleared by a forged screening
-- refused: 23514 the facts of a screening lead to its outcome
INSERT INTO screening_dealrevision (deal_id, number, submitter_id, answers_text, send_key)
SELECT id, 1, owner_id, answers::text, gen_random_uuid() FROM screening_deal WHERE id = :draft;
INSERT INTO screening_screening (revision_id, cause, outcome, review_floor, facts_text,
    facts_digest, sources_text, linked, missing_text, open_text, asks_sales, asks_compliance,
    rulebook_id, countries_id, catalogue_id, registry_id, laws_id,
    laws_text)
SELECT lastval(), 'sent', 'clear', '', '[{"country_risk":"low"}]',
    'sha256:' || encode(sha256('[{"country_risk":"low"}]'), 'hex'), '{}', false, '[]', '[]',
    false, false, rulebook_id, countries_id, catalogue_id, registry_id, laws_id, laws_text
FROM screening_screening WHERE id = :cleared_screening;
INSERT INTO deal_facts (screening_id, variant, country_risk) VALUES (lastval(), 0, 'low');

-- attack: a draft is cleared by a screening without facts
-- refused: 23514 a deal is screened with the facts of at least one variant
INSERT INTO screening_dealrevision (deal_id, number, submitter_id, answers_text, send_key)
SELECT id, 1, owner_id, answers::text, gen_random_uuid() FROM screening_deal WHERE id = :draft;
INSERT INTO screening_screening (revision_id, cause, outcome, review_floor, facts_text,
    facts_digest, sources_text, linked, missing_text, open_text, asks_sales, asks_compliance,
    rulebook_id, countries_id, catalogue_id, registry_id, laws_id,
    laws_text)
SELECT lastval(), 'sent', 'clear', '', '[]', 'sha256:' || encode(sha256('[]'), 'hex'), '{}',
    false, '[]', '[]', false, false, rulebook_id, countries_id, catalogue_id, registry_id, laws_id, laws_text
FROM screening_screening WHERE id = :cleared_screening;

-- attack: a finding with the clause of another rule
-- refused: 23514 a finding names a rule of its rulebook
INSERT INTO screening_screening (revision_id, cause, outcome, review_floor, facts_text,
    facts_digest, sources_text, linked, missing_text, open_text, asks_sales, asks_compliance,
    rulebook_id, countries_id, catalogue_id, registry_id, laws_id,
    laws_text)
SELECT revision_id, 'version', 'clear', '', facts_text, facts_digest, sources_text, linked,
    missing_text, open_text, false, false, rulebook_id, countries_id, catalogue_id, registry_id,
    laws_id, laws_text
FROM screening_screening WHERE id = :reviewed_screening;
INSERT INTO screening_finding (screening_id, position, rule, clause, outcome, title, because,
                               facts_text, evidence_text, asks)
VALUES (currval('screening_screening_id_seq'), 0, 'B01', 'C9', 'clear', 'x', 'x', '{}', '[]',
        '');

-- attack: a finding is added to an old screening
-- refused: 23514 findings are written with their screening and never added
INSERT INTO screening_finding (screening_id, position, rule, clause, outcome, title, because,
                               facts_text, evidence_text, asks)
VALUES (:cleared_screening, 0, 'B01', 'C2b', 'bar', 'x', 'x', '{}', '[]', '');

-- attack: a finding is removed
-- refused: 42501 permission denied for table screening_finding
DELETE FROM screening_finding WHERE screening_id = :barred_screening;

-- attack: a variant is added to the facts of an old screening
-- refused: 23514 the facts of a screening are written once
INSERT INTO deal_facts (screening_id, variant, country_risk) VALUES (:cleared_screening, 9, 'low');

-- attack: the facts of a screening are rewritten
-- refused: 42501 permission denied for table deal_facts
UPDATE deal_facts SET country_risk = 'low';

-- attack: a barred screening is confirmed
-- refused: 23514 only the newest screening of a deal that still counts is confirmed
INSERT INTO audit_auditevent (subject, actor, verb, payload)
VALUES ('version:1', 'system', 'deals.confirmed', '{}');
INSERT INTO screening_confirmation (screening_id, rulebook_id, countries_id, catalogue_id,
                                    registry_id, event_id)
SELECT id, rulebook_id, countries_id, catalogue_id, registry_id, lastval()
FROM screening_screening WHERE id = :barred_screening;

-- attack: a draft was stopped long ago
-- refused: 23514 PostgreSQL says when a draft was stopped
INSERT INTO screening_stoppeddraft (draft, reference, end_user_key, capabilities, answers, stopped_at)
VALUES (:draft, 'HR-2026-0001', 'elisa', '["ran"]', '{}', now() - interval '1 year');

-- ----------------------------------------------- Rulings, questions, contributors, emails

-- attack: a fact is set by sales
-- refused: 23514 only compliance verifies and sets facts
INSERT INTO screening_factruling (deal_id, fact, value_text, revision_id, declaration, about,
                                  because, source, ruled_by_id)
VALUES (:asked, 'legal_basis_status', '"verified"', :asked_revision, '', '', 'x', 'x', :sales);

-- attack: a fact is set by an auditor
-- refused: 23514 only compliance verifies and sets facts
INSERT INTO screening_factruling (deal_id, fact, value_text, revision_id, declaration, about,
                                  because, source, ruled_by_id)
VALUES (:asked, 'legal_basis_status', '"verified"', :asked_revision, '', '', 'x', 'x',
        :auditor);

-- attack: a fact of a barred deal is set
-- refused: 23514 the facts of a deal that is barred are not set
INSERT INTO screening_factruling (deal_id, fact, value_text, revision_id, declaration, about,
                                  because, source, ruled_by_id)
VALUES (:barred, 'legal_basis_status', '"verified"', :barred_revision, '', '', 'x', 'x',
        :compliance);

-- attack: a fact was set last year
-- refused: 23514 a fact is ruled on now
INSERT INTO screening_factruling (deal_id, fact, value_text, revision_id, declaration, about,
                                  because, source, ruled_by_id, ruled_at)
VALUES (:asked, 'legal_basis_status', '"verified"', :asked_revision, '', '', 'x', 'x',
        :compliance, '2025-01-01');

-- attack: a ruling is taken back by sales
-- refused: 23514 compliance asks for an easing
INSERT INTO screening_easing (kind, ruling_id, because, source, hits_text, asked_by_id)
VALUES ('take_back', :ruling, 'x', '', '[]', :sales);

-- attack: a ruling is removed
-- refused: 42501 permission denied for table screening_factruling
DELETE FROM screening_factruling;

-- attack: a question of somebody who reviews nothing
-- refused: 23514 questions are asked by reviewers
INSERT INTO screening_question (deal_id, screening_id, number, fact, text, asked_by_id)
VALUES (:reviewed, :reviewed_screening, 1, '', 'x', :auditor);

-- attack: a question about a deal that is not in review
-- refused: 23514 questions are asked in the review of the newest screening
INSERT INTO screening_question (deal_id, screening_id, number, fact, text, asked_by_id)
VALUES (:cleared, :cleared_screening, 1, '', 'x', :senior);

-- attack: a question is answered with an old revision
-- refused: 23514 a question is answered by the owner with a revision sent since
INSERT INTO screening_answer (question_id, text, revision_id, answered_by_id)
VALUES (:question, 'Nobody.', :questioned_revision, :sales);

-- attack: somebody else had a hand in it
-- refused: 42501 permission denied for table screening_contributor
UPDATE screening_contributor SET user_id = :auditor;

-- attack: nobody had a hand in it
-- refused: 42501 permission denied for table screening_contributor
DELETE FROM screening_contributor;

-- attack: emails are removed
-- refused: 42501 permission denied for table screening_notification
DELETE FROM screening_notification;

-- attack: an email says something else
-- refused: 42501 permission denied for table screening_notification
UPDATE screening_notification SET body = 'Your deal was cleared.';

-- attack: an email was delivered last year
-- refused: 23514 an email is delivered once, and now
UPDATE screening_notification SET sent_at = '2025-01-01' WHERE id = :mail;

-- attack: a team is renamed
-- refused: 42501 permission denied for table screening_salesteam
UPDATE screening_salesteam SET name = 'Nobody';

-- attack: a team loses its members without an event
-- refused: 23514 a sales team is joined and left with an event that tells of it
DELETE FROM screening_salesteam_members WHERE salesteam_id = :team;

-- attack: a member moves to another team
-- refused: 42501 permission denied for table screening_salesteam_members
UPDATE screening_salesteam_members SET salesteam_id = :team;

-- attack: who left a team was never there
-- refused: 42501 permission denied for table screening_pastmember
DELETE FROM screening_pastmember;

-- ------------------------------------------------------------- Reviews, votes and decisions

-- attack: an executive review is opened at the senior level
-- refused: 23514 a review begins at the level that the deal needs
INSERT INTO reviews_review (deal_id, screening_id, level, closed_because)
VALUES (:executive_deal, :executive_deal_screening, 'senior', '');

-- attack: the level of a review falls
-- refused: 23514 the level of a review rises before the first vote, and never falls
UPDATE reviews_review SET level = 'senior' WHERE id = :executive_open_review;

-- attack: a review moves to another deal
-- refused: 42501 permission denied for table reviews_review
UPDATE reviews_review SET deal_id = :barred, screening_id = :barred_screening
WHERE id = :approved_review;

-- attack: a closed review is opened again
-- refused: 23514 a closed review stays as it ended
UPDATE reviews_review SET closed_at = NULL, closed_because = '' WHERE id = :approved_review;

-- attack: a review is closed without a decision
-- refused: 23514 a review is closed by a decision
UPDATE reviews_review SET closed_at = clock_timestamp(), closed_because = 'x',
    claimed_by_id = NULL, claimed_until = NULL WHERE id = :claimed_review;

-- attack: a deal is claimed for a year
-- refused: 23514 a claim lasts 45 minutes at most
UPDATE reviews_review SET claimed_until = clock_timestamp() + interval '1 year'
WHERE id = :claimed_review;

-- attack: a deal is claimed by an auditor
-- refused: 23514 a deal is claimed by somebody who may give its next vote
UPDATE reviews_review SET claimed_by_id = :auditor WHERE id = :claimed_review;

-- attack: a vote by an auditor
-- refused: 23514 the next vote on this deal takes the role senior_reviewer
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text)
VALUES (:claimed_review, :claimed_revision, :sales, :auditor, 'approve', 'x', '{}', '[]');

-- attack: a vote by a policy owner
-- refused: 23514 the next vote on this deal takes the role senior_reviewer
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text)
VALUES (:claimed_review, :claimed_revision, :sales, :owner, 'approve', 'x', '{}', '[]');

-- attack: a vote by other sales
-- refused: 23514 the next vote on this deal takes the role senior_reviewer
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text)
VALUES (:claimed_review, :claimed_revision, :sales, :other_sales, 'approve', 'x', '{}', '[]');

-- attack: a vote by the owner
-- refused: 23514 nobody votes on a deal that they had a hand in
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text)
VALUES (:claimed_review, :claimed_revision, :sales, :sales, 'approve', 'x', '{}', '[]');

-- attack: a vote by a colleague
-- refused: 23514 nobody votes on a deal of their own sales team
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text)
VALUES (:claimed_review, :claimed_revision, :sales, :colleague, 'approve', 'x', '{}', '[]');

-- attack: a vote by a reviewer who left the team
-- refused: 23514 nobody votes on a deal of their own sales team
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text)
VALUES (:claimed_review, :claimed_revision, :sales, :left, 'approve', 'x', '{}', '[]');

-- attack: a vote by a reviewer who was disabled
-- refused: 23514 the next vote on this deal takes the role senior_reviewer
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text)
VALUES (:claimed_review, :claimed_revision, :sales, :disabled, 'approve', 'x', '{}', '[]');

-- attack: a vote by somebody else than who claimed the deal
-- refused: 23514 somebody else has claimed this deal
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text)
VALUES (:claimed_review, :claimed_revision, :sales, :other_senior, 'approve', 'x', '{}', '[]');

-- attack: a senior's vote in an executive review
-- refused: 23514 the next vote on this deal takes the role executive_reviewer
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text)
VALUES (:executive_open_review, :executive_open_revision, :sales, :senior, 'approve', 'x', '{}',
        '[]');

-- attack: one executive approves what needs two
-- refused: 23514 this decision needs 2 votes and has 1
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text)
VALUES (:executive_open_review, :executive_open_revision, :sales, :executive, 'approve', 'x', '{}',
        '[]');
INSERT INTO reviews_decision (review_id, deal_id, screening_id, outcome, because)
VALUES (:executive_open_review, :executive_open, :executive_open_screening, 'approved', 'x');

-- attack: a vote without an event
-- refused: 23514 a vote is given with an event that tells of it
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text)
VALUES (:claimed_review, :claimed_revision, :sales, :senior, 'approve', 'x', '{}', '[]');

-- attack: a vote from last year
-- refused: 23514 a vote is given now
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text, voted_at)
VALUES (:claimed_review, :claimed_revision, :sales, :senior, 'approve', 'x', '{}', '[]',
        '2025-01-01');

-- attack: another vote in a review that ended
-- refused: 23514 votes are for the open review of the newest screening
INSERT INTO reviews_vote (review_id, revision_id, submitter_id, reviewer_id, verdict, because,
                          assessment_text, conditions_text)
VALUES (:approved_review, :approved_revision, :sales, :executive, 'reject', 'x', '{}', '[]');

-- attack: a decision without votes
-- refused: 23514 this decision needs 1 votes and has 0
INSERT INTO reviews_decision (review_id, deal_id, screening_id, outcome, because)
VALUES (:claimed_review, :claimed, :claimed_screening, 'approved', 'x');

-- attack: a decision is rewritten
-- refused: 42501 permission denied for table reviews_decision
UPDATE reviews_decision SET outcome = 'approved';

-- attack: a condition is due nine years later
-- refused: 42501 permission denied for table reviews_condition
UPDATE reviews_condition SET due_on = due_on + 3285;

-- attack: a condition says something else
-- refused: 42501 permission denied for table reviews_condition
UPDATE reviews_condition SET text = 'Nothing';

-- attack: a condition is met by an auditor's word
-- refused: 23514 the proof of a condition is accepted now, by a reviewer
UPDATE reviews_condition SET met_by_id = :auditor, met_at = clock_timestamp(), met_because = 'x'
WHERE id = :condition;

-- attack: a condition is met by the word of a reviewer who left the team
-- refused: 23514 the proof of a condition is accepted now, by a reviewer
UPDATE reviews_condition SET met_by_id = :left, met_at = clock_timestamp(), met_because = 'x'
WHERE id = :condition;

-- attack: a condition is met without an event
-- refused: 23514 a condition is met with an event that tells of it
UPDATE reviews_condition SET met_by_id = :senior, met_at = clock_timestamp(), met_because = 'x'
WHERE id = :condition;

-- attack: conditions are removed
-- refused: 42501 permission denied for table reviews_condition
DELETE FROM reviews_condition;

-- attack: a condition is added to a decision that was made
-- refused: 23514 conditions are set with their decision
INSERT INTO reviews_condition (decision_id, number, text, due_on, evidence, owner_id, met_because)
VALUES (:approved_decision, 1, 'x', '2030-01-01', 'x', :sales, '');

-- attack: a condition is set once more, after the approval
-- refused: 23514 conditions are set with their decision
INSERT INTO reviews_condition (decision_id, number, text, due_on, evidence, owner_id, met_because)
SELECT decision_id, 9, text, due_on, evidence, owner_id, '' FROM reviews_condition
WHERE decision_id = :conditioned_decision;

-- attack: an auditor leaves a deal to others
-- refused: 23514 a reviewer leaves a deal in review to others
INSERT INTO reviews_skip (deal_id, screening_id, reviewer_id, because)
VALUES (:reviewed, :reviewed_screening, :auditor, 'x');

-- attack: the history says that a deal in review was cleared
-- refused: 42501 permission denied for table reviews_result
UPDATE reviews_result SET result = 'cleared' WHERE screening_id = :reviewed_screening;

-- attack: a result is made up
-- refused: 42501 permission denied for table reviews_result
INSERT INTO reviews_result (screening_id, result, result_at)
VALUES (:reviewed_screening, 'approved', now());

-- ------------------------------------------------------------- Versions, checks, schedules

-- attack: a version that begins active
-- refused: 23514 a version begins as a proposal
INSERT INTO policy_referenceversion (kind, label, content, digest, written, source, edition,
    licence, note, withdrawn_because, proposed_by_id, activated_by_id, activated_at)
VALUES ('laws', '9.9', '{}', 'x', '', '', '', '', '', '', :owner, :other_owner, clock_timestamp());

-- attack: a version whose digest is of something else
-- refused: 23514 the digest of a version is that of its content
INSERT INTO policy_referenceversion (kind, label, content, digest, written, source, edition,
    licence, note, withdrawn_because, proposed_by_id)
SELECT kind, '9.9', '{}', digest, '', '', '', '', '', '', :owner
FROM policy_referenceversion WHERE id = :active_rulebook;

-- attack: a version that sales proposes
-- refused: 23514 this person does not propose versions of this kind
INSERT INTO policy_referenceversion (kind, label, content, digest, written, source, edition,
    licence, note, withdrawn_because, proposed_by_id)
SELECT kind, '9.9', content, digest, '', '', '', '', '', '', :sales
FROM policy_referenceversion WHERE id = :active_rulebook;

-- attack: a rulebook that compliance proposes
-- refused: 23514 this person does not propose versions of this kind
INSERT INTO policy_referenceversion (kind, label, content, digest, written, source, edition,
    licence, note, withdrawn_because, proposed_by_id)
SELECT kind, '9.9', content, digest, '', '', '', '', '', '', :compliance
FROM policy_referenceversion WHERE id = :active_rulebook;

-- attack: the content of a version changes
-- refused: 42501 permission denied for table policy_referenceversion
UPDATE policy_referenceversion SET content = '{}' WHERE id = :active_rulebook;

-- attack: the active ratings retire, and nothing takes their place
-- refused: 23514 a version retires when another one becomes active
UPDATE policy_referenceversion SET retired_at = clock_timestamp() WHERE id = :active_countries;
INSERT INTO audit_auditevent (subject, actor, verb, payload)
VALUES ('version:' || :active_countries, 'system', 'version.retired', '{}');

-- attack: a version is activated by sales
-- refused: 23514 this person does not activate versions of this kind
UPDATE policy_referenceversion SET retired_at = clock_timestamp() WHERE id = :active_countries;
UPDATE policy_referenceversion SET activated_by_id = :sales, activated_at = clock_timestamp()
WHERE id = :proposed;

-- attack: a version is activated by who proposed it
-- refused: 23514 activator_is_not_proposer
UPDATE policy_referenceversion SET retired_at = clock_timestamp() WHERE id = :active_countries;
UPDATE policy_referenceversion SET activated_by_id = :proposed_by, activated_at = clock_timestamp()
WHERE id = :proposed;

-- attack: a version was activated last year
-- refused: 23514 a version is activated, retired and withdrawn now
UPDATE policy_referenceversion SET activated_by_id = :other_owner, activated_at = '2025-01-01'
WHERE id = :proposed;

-- attack: a version is activated without an event
-- refused: 23514 what becomes of a version is told by an event
UPDATE policy_referenceversion SET retired_at = clock_timestamp() WHERE id = :active_countries;
UPDATE policy_referenceversion SET activated_by_id = :other_owner, activated_at = clock_timestamp()
WHERE id = :proposed;

-- attack: a version is activated before its day
-- refused: 23514 the version waits for its day
UPDATE policy_referenceversion SET retired_at = clock_timestamp() WHERE id = :active_countries;
UPDATE policy_referenceversion SET activated_by_id = :owner, activated_at = clock_timestamp()
WHERE id = :waiting;

-- attack: a charter that compliance proposes
-- refused: 23514 this person does not propose versions of this kind
INSERT INTO policy_referenceversion (kind, label, content, digest, written, source, edition,
    licence, note, withdrawn_because, proposed_by_id)
SELECT kind, '9.9', content, digest, '', '', '', '', '', '', :compliance
FROM policy_referenceversion WHERE id = :active_charter;

-- attack: a charter is activated before its days are over
-- refused: 23514 a charter waits before it becomes active
UPDATE policy_referenceversion SET retired_at = clock_timestamp() WHERE id = :active_charter;
UPDATE policy_referenceversion SET activated_by_id = :other_owner, activated_at = clock_timestamp()
WHERE id = :agreed_charter;

-- attack: a charter is activated without an executive reviewer
-- refused: 23514 a version is not activated without a check that passed
UPDATE policy_referenceversion SET retired_at = clock_timestamp() WHERE id = :active_charter;
UPDATE policy_referenceversion SET activated_by_id = :other_owner, activated_at = clock_timestamp()
WHERE id = :proposed_charter;

-- attack: a charter is activated by the executive reviewer who confirmed it
-- refused: 23514 this person does not activate versions of this kind
UPDATE policy_referenceversion SET retired_at = clock_timestamp() WHERE id = :active_charter;
UPDATE policy_referenceversion SET activated_by_id = :executive, activated_at = clock_timestamp()
WHERE id = :agreed_charter;

-- attack: a charter retires, and nothing takes its place
-- refused: 23514 a version retires when another one becomes active
UPDATE policy_referenceversion SET retired_at = clock_timestamp() WHERE id = :active_charter;
INSERT INTO audit_auditevent (subject, actor, verb, payload)
VALUES ('version:' || :active_charter, 'system', 'version.retired', '{}');

-- attack: charters wait no longer
-- refused: 42501 permission denied for table charter_wait
UPDATE charter_wait SET days = 0;

-- attack: the check of a charter was over long ago
-- refused: 42501 permission denied for table policy_checkreport
UPDATE policy_checkreport SET asked_at = '2025-01-01', finished_at = '2025-01-01'
WHERE version_id = :agreed_charter;

-- attack: a rulebook takes the id of a promise of the charter
-- refused: 23514 a rulebook never replaces a promise of the charter
INSERT INTO policy_referenceversion (kind, label, content, digest, written, source, edition,
    licence, note, withdrawn_because, proposed_by_id)
SELECT kind, '9.9', taken.content, text_digest(taken.content), '', '', '', '', '', '', :owner
FROM policy_referenceversion,
    LATERAL (SELECT replace(content, '"id":"P02"', '"id":"CH02"') AS content) AS taken
WHERE id = :active_rulebook;

-- attack: a rulebook takes the id of a promise on answers
-- refused: 23514 a rulebook never replaces a promise of the charter
INSERT INTO policy_referenceversion (kind, label, content, digest, written, source, edition,
    licence, note, withdrawn_because, proposed_by_id)
SELECT kind, '9.9', taken.content, text_digest(taken.content), '', '', '', '', '', '', :owner
FROM policy_referenceversion,
    LATERAL (SELECT replace(content, '"id":"P02"', '"id":"A02"') AS content) AS taken
WHERE id = :active_rulebook;

-- attack: a version is activated while its check runs
-- refused: 23514 a version is not activated without a check that passed
UPDATE policy_referenceversion SET retired_at = clock_timestamp() WHERE id = :active_countries;
UPDATE policy_referenceversion SET activated_by_id = :other_owner, activated_at = clock_timestamp()
WHERE id = :checked;

-- attack: a running check passes
-- refused: 23514 a check does not pass while a part of it is missing
UPDATE policy_checkreport SET state = 'passed', finished_at = clock_timestamp(), text = '{}'
WHERE id = :running_report;

-- attack: a running check passes with a part that nobody worked on
-- refused: 23514 a part of a check is finished by the job that works on it
INSERT INTO policy_checkpart (report_id, number, what, first, last, size, result_text)
VALUES (:running_report, 1, 'deals', 0, 0, 0, '');
UPDATE policy_checkpart SET result_text = '{}', finished_at = clock_timestamp()
WHERE report_id = :running_report;

-- attack: a running check passes with an empty result
-- refused: 23514 a check does not pass when what is active changed
INSERT INTO policy_checkpart (report_id, number, what, first, last, size, result_text)
VALUES (:running_report, 0, 'rules', 0, 0, 0, '');
UPDATE policy_checkpart SET result_text = '{}', finished_at = clock_timestamp()
WHERE report_id = :running_report;
UPDATE policy_checkreport SET state = 'passed', finished_at = clock_timestamp(), text = '{}'
WHERE id = :running_report;

-- attack: a running check passes with a text of one's own
-- refused: 23514 a check that passed says all that its parts found
INSERT INTO policy_checkpart (report_id, number, what, first, last, size, result_text)
VALUES (:running_report, 0, 'rules', 0, 0, 0, '');
UPDATE policy_checkpart SET finished_at = clock_timestamp(), result_text = (
    SELECT json_build_object('baseline', baseline_digest)::text FROM policy_checkreport
    WHERE id = :running_report) WHERE report_id = :running_report;
UPDATE policy_checkreport SET state = 'passed', finished_at = clock_timestamp(), text = '{}'
WHERE id = :running_report;

-- attack: a running check passes without a promise of the charter
-- refused: 23514 a check passes when every promise is proved
INSERT INTO policy_checkpart (report_id, number, what, first, last, size, result_text)
VALUES (:running_report, 0, 'rules', 0, 0, 0, '');
UPDATE policy_checkpart SET finished_at = clock_timestamp(), result_text = (
    SELECT json_build_object('baseline', baseline_digest, 'found', '{}'::json)::text
    FROM policy_checkreport WHERE id = :running_report) WHERE report_id = :running_report;
UPDATE policy_checkreport SET state = 'passed', finished_at = clock_timestamp(),
    text = json_build_object('version', json_build_object('digest', digest), 'problems', '[]'::json,
        'unkept', '[]'::json, 'promises', '[]'::json)::text
WHERE id = :running_report;

-- attack: a running check passes without a promise on answers
-- refused: 23514 a check passes when every promise on answers is kept
INSERT INTO policy_checkpart (report_id, number, what, first, last, size, result_text)
VALUES (:running_report, 0, 'rules', 0, 0, 0, '');
UPDATE policy_checkpart SET finished_at = clock_timestamp(), result_text = (
    SELECT json_build_object('baseline', baseline_digest, 'found', '{}'::json)::text
    FROM policy_checkreport WHERE id = :running_report) WHERE report_id = :running_report;
UPDATE policy_checkreport SET state = 'passed', finished_at = clock_timestamp(),
    text = json_build_object('version', json_build_object('digest', digest), 'problems', '[]'::json,
        'unkept', '[]'::json, 'answers', '[]'::json, 'promises', (
        SELECT json_agg(json_build_object('id', promise ->> 'id', 'of', 'charter',
                                          'state', 'proved'))
        FROM policy_referenceversion,
            jsonb_array_elements(content::jsonb -> 'charter' -> 'promises') AS promise
        WHERE id = :active_charter))::text
WHERE id = :running_report;

-- attack: a charter passes its check, and no executive reviewer is asked
-- refused: 23514 a charter is confirmed by an executive reviewer
INSERT INTO policy_checkpart (report_id, number, what, first, last, size, result_text)
VALUES (:running_charter, 0, 'rules', 0, 0, 0, '');
UPDATE policy_checkpart SET finished_at = clock_timestamp(), result_text = (
    SELECT json_build_object('baseline', baseline_digest, 'found', '{}'::json)::text
    FROM policy_checkreport WHERE id = :running_charter) WHERE report_id = :running_charter;
UPDATE policy_checkreport SET state = 'passed', finished_at = clock_timestamp(),
    text = json_build_object('version', json_build_object('digest', digest), 'problems', '[]'::json,
        'unkept', '[]'::json, 'promises', '[]'::json)::text
WHERE id = :running_charter;

-- attack: a report that begins as passed
-- refused: 23514 a check begins as running
INSERT INTO policy_checkreport (version_id, digest, baseline_digest, state, text, asked_by_id,
                                finished_at)
SELECT version_id, digest, baseline_digest, 'passed', text, asked_by_id, clock_timestamp()
FROM policy_checkreport WHERE id = :proposed_report;

-- attack: a check against something else
-- refused: 23514 a check compares with what is active now
INSERT INTO policy_checkreport (version_id, digest, baseline_digest, state, text, asked_by_id)
SELECT version_id, digest, 'sha256:0', 'running', '', asked_by_id
FROM policy_checkreport WHERE id = :proposed_report;

-- attack: a check that sales asks for
-- refused: 23514 a check is asked for now, by somebody who may propose
INSERT INTO policy_checkreport (version_id, digest, baseline_digest, state, text, asked_by_id)
SELECT version_id, digest, baseline_digest, 'running', '', :sales
FROM policy_checkreport WHERE id = :proposed_report;

-- attack: a report says something else
-- refused: 23514 a finished report never changes
UPDATE policy_checkreport SET text = '{}' WHERE id = :proposed_report;

-- attack: a report is about something else
-- refused: 42501 permission denied for table policy_checkreport
UPDATE policy_checkreport SET version_id = :checked WHERE id = :proposed_report;

-- attack: the day of an activation changes
-- refused: 42501 permission denied for table policy_schedule
UPDATE policy_schedule SET effective_on = effective_on + 1;

-- attack: a schedule is cancelled by sales
-- refused: 23514 this person does not cancel schedules of this kind
UPDATE policy_schedule SET state = 'cancelled', ended_at = clock_timestamp(), ended_by_id = :sales,
    reason = 'x' WHERE id = :schedule;

-- attack: a schedule is cancelled without an event
-- refused: 23514 what becomes of a schedule is told by an event
UPDATE policy_schedule SET state = 'cancelled', ended_at = clock_timestamp(), ended_by_id = :owner,
    reason = 'x' WHERE id = :schedule;

-- attack: a schedule is refused before its day
-- refused: 23514 a schedule is refused when its day has come
UPDATE policy_schedule SET state = 'refused', ended_at = clock_timestamp(), reason = 'x'
WHERE id = :schedule;

-- attack: a schedule is said to be done
-- refused: 23514 the version was not activated by who chose the day
UPDATE policy_schedule SET state = 'activated', ended_at = clock_timestamp() WHERE id = :schedule;

-- attack: schedules are removed
-- refused: 42501 permission denied for table policy_schedule
DELETE FROM policy_schedule;

-- attack: sales chooses the day of an activation
-- refused: 23514 a day is chosen now, by somebody who may activate
INSERT INTO policy_schedule (version_id, report_id, confirmed, effective_on, scheduled_by_id, state,
                             reason)
VALUES (:proposed, :proposed_report, '[]', current_date + 3, :sales, 'waiting', '');

-- attack: a proposal is withdrawn by sales
-- refused: 23514 this person does not withdraw versions of this kind
UPDATE policy_referenceversion SET withdrawn_at = clock_timestamp(), withdrawn_by_id = :sales,
    withdrawn_because = 'x' WHERE id = :proposed;

-- attack: a rule of a rulebook is added
-- refused: 42501 permission denied for table rulebook_rule
INSERT INTO rulebook_rule VALUES (:active_rulebook, 'X01', 'C1', 'clear');

-- attack: sales becomes a governor
-- refused: 42501 permission denied for table policy_governor
INSERT INTO policy_governor VALUES ('rulebook', 'sales');

-- ------------------------------------------------------------------------------ The login itself

-- attack: a table is locked against everybody
-- refused: 42501 permission denied for table screening_deal
LOCK TABLE screening_deal IN ACCESS EXCLUSIVE MODE;

-- attack: the history is locked against everybody
-- refused: 42501 permission denied for table audit_auditevent
LOCK TABLE audit_auditevent IN SHARE MODE;

-- attack: jobs are locked against everybody
-- refused: 42501 permission denied for table jobs_job
LOCK TABLE jobs_job IN ACCESS EXCLUSIVE MODE;

-- attack: other connections of the application are ended
-- refused: 42501 permission denied for function pg_terminate_backend
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid();

-- attack: statements of other connections are cancelled
-- refused: 42501 permission denied for function pg_cancel_backend
SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid();

-- attack: a sequence is set back
-- refused: 42501 permission denied for sequence screening_screening_id_seq
SELECT setval('screening_screening_id_seq', 1);

-- attack: triggers sleep
-- refused: 42501 permission denied to set parameter "session_replication_role"
SET session_replication_role = replica;

-- attack: the owner's role
-- refused: 42501 permission denied to set role "proviso_owner"
SET ROLE proviso_owner;

-- attack: a file of the server is read
-- refused: 42501 COPY to a file
COPY audit_auditevent TO '/tmp/stolen';

-- attack: a program of the server is run
-- refused: 42501 COPY to or from an external program
COPY audit_auditevent (payload) FROM PROGRAM 'echo 1';

-- attack: a table of a colleague's login
-- refused: 42501 permission denied for schema public
CREATE TABLE public.deal_move (start text);

-- attack: a table that hides another
-- refused: 42501 permission denied to create temporary tables
CREATE TEMPORARY TABLE deal_move (start text);
