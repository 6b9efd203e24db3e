-- A vote is of somebody who holds the role, at the level that the deal needs by what was screened;
-- a decision is what such votes say; an approval is what the decision says.

CALL app_may('reviews_review', inserts => '*',
             updates => 'level, closed_at, closed_because, claimed_by_id, claimed_until');
CALL app_may('reviews_vote', inserts => '*');
CALL app_may('reviews_decision', inserts => '*');
CALL app_may('reviews_condition', inserts => '*', updates => 'met_at, met_by_id, met_because');
CALL app_may('reviews_skip', inserts => '*');

CALL guard('reviews_review', 'own_time', 'INSERT', 'NOT is_now(NEW.opened_at)',
           'a review is opened now');
CALL guard('reviews_vote', 'own_time', 'INSERT', 'NOT is_now(NEW.voted_at)', 'a vote is given now');
CALL guard('reviews_decision', 'own_time', 'INSERT', 'NOT is_now(NEW.decided_at)',
           'a decision is made now');
CALL guard('reviews_skip', 'own_time', 'INSERT', 'NOT is_now(NEW.skipped_at)',
           'a deal is left to others now');

-- Whose vote a level takes.
CREATE TABLE review_role (level text PRIMARY KEY, role text NOT NULL);
INSERT INTO review_role VALUES ('senior', 'senior_reviewer'), ('executive', 'executive_reviewer');
CALL app_may('review_role');

-- The highest level that the deal ever needed: by its screenings, and by people who raised it.
CREATE FUNCTION needed_level(deal bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT level FROM (
        SELECT meaning.level FROM screening_dealrevision AS revision
        JOIN screening_screening AS screening ON screening.revision_id = revision.id
        JOIN deal_outcome AS meaning
            ON meaning.outcome IN (screening.outcome, screening.review_floor)
        WHERE revision.deal_id = deal
        UNION SELECT review_level FROM screening_deal WHERE id = deal
        UNION SELECT review.level FROM reviews_review AS review WHERE review.deal_id = deal
    ) AS asked
    ORDER BY level_rank(level) DESC LIMIT 1
$$;

-- Who may give the next vote in a review: two votes that differ go to an executive.
CREATE FUNCTION next_voters(review reviews_review) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT role FROM review_role WHERE level = CASE
        WHEN (SELECT count(*) FROM reviews_vote WHERE review_id = review.id) >= 2 THEN 'executive'
        ELSE needed_level(review.deal_id) END
$$;

-- Nobody who had a hand in a deal, or sells or sold it, looks at it.
CREATE FUNCTION is_apart(deal bigint, person bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT had_a_hand(deal, person) AND NOT is_colleague(deal, person)
$$;

-- -------------------------------------------------------------------------------------- Reviews

CREATE FUNCTION review_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deal screening_deal;
BEGIN
    SELECT * INTO deal FROM screening_deal WHERE id = NEW.deal_id;
    IF TG_OP = 'INSERT' THEN
        IF deal.status <> 'in_review' OR NEW.screening_id IS DISTINCT FROM deal.screening_id
           OR NEW.closed_at IS NOT NULL THEN
            RAISE EXCEPTION 'a review begins open, for the newest screening of a deal in review'
                USING ERRCODE = '23514';
        END IF;
        IF NEW.level <> needed_level(deal.id) THEN
            RAISE EXCEPTION 'a review begins at the level that the deal needs'
                USING ERRCODE = '23514';
        END IF;
    ELSE
        IF OLD.closed_at IS NOT NULL THEN
            RAISE EXCEPTION 'a closed review stays as it ended' USING ERRCODE = '23514';
        END IF;
        IF level_rank(NEW.level) < level_rank(OLD.level) OR NEW.level <> OLD.level AND EXISTS (
            SELECT FROM reviews_vote WHERE review_id = NEW.id) THEN
            RAISE EXCEPTION 'the level of a review rises before the first vote, and never falls'
                USING ERRCODE = '23514';
        END IF;
        IF NEW.closed_at IS NOT NULL AND NOT is_now(NEW.closed_at) THEN
            RAISE EXCEPTION 'a review is closed now' USING ERRCODE = '23514';
        END IF;
        -- Decided, with questions to sales, or overtaken by a newer screening.
        IF NEW.closed_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM reviews_decision WHERE review_id = NEW.id)
           AND NOT EXISTS (SELECT FROM screening_question WHERE screening_id = NEW.screening_id)
           AND deal.screening_id = NEW.screening_id THEN
            RAISE EXCEPTION 'a review is closed by a decision, by questions or by a new screening'
                USING ERRCODE = '23514';
        END IF;
    END IF;
    IF NEW.claimed_until > clock_timestamp() + interval '45 minutes' THEN
        RAISE EXCEPTION 'a claim lasts 45 minutes at most' USING ERRCODE = '23514';
    END IF;
    IF NEW.claimed_by_id IS NOT NULL AND NEW.closed_at IS NULL
       AND (TG_OP = 'INSERT' OR NEW.claimed_by_id IS DISTINCT FROM OLD.claimed_by_id)
       AND NOT (holds_role(NEW.claimed_by_id, next_voters(NEW))
                AND is_apart(NEW.deal_id, NEW.claimed_by_id)) THEN
        RAISE EXCEPTION 'a deal is claimed by somebody who may give its next vote'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('reviews_review', 'review_guard', 'INSERT OR UPDATE');

-- ---------------------------------------------------------------------------------------- Votes

CREATE OR REPLACE FUNCTION vote_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deal screening_deal;
    review reviews_review;
BEGIN
    SELECT * INTO review FROM reviews_review WHERE id = NEW.review_id;
    SELECT * INTO deal FROM screening_deal WHERE id = review.deal_id;
    IF deal.status <> 'in_review' OR review.closed_at IS NOT NULL
       OR review.screening_id IS DISTINCT FROM deal.screening_id THEN
        RAISE EXCEPTION 'votes are for the open review of the newest screening'
            USING ERRCODE = '23514';
    END IF;
    IF NEW.revision_id <> (SELECT revision_id FROM screening_screening
                           WHERE id = review.screening_id) THEN
        RAISE EXCEPTION 'a vote names the revision that was screened' USING ERRCODE = '23514';
    END IF;
    IF had_a_hand(deal.id, NEW.reviewer_id) THEN
        RAISE EXCEPTION 'nobody votes on a deal that they had a hand in'
            USING ERRCODE = '23514';
    END IF;
    IF is_colleague(deal.id, NEW.reviewer_id) THEN
        RAISE EXCEPTION 'nobody votes on a deal of their own sales team' USING ERRCODE = '23514';
    END IF;
    IF NOT holds_role(NEW.reviewer_id, next_voters(review)) THEN
        RAISE EXCEPTION 'the next vote on this deal takes the role %', next_voters(review)
            USING ERRCODE = '23514';
    END IF;
    IF review.claimed_by_id <> NEW.reviewer_id AND review.claimed_until > clock_timestamp() THEN
        RAISE EXCEPTION 'somebody else has claimed this deal' USING ERRCODE = '23514';
    END IF;
    IF (NEW.verdict = 'approve_with_conditions') <> (NEW.conditions_text::jsonb <> '[]') THEN
        RAISE EXCEPTION 'conditions belong to a vote that sets them' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION vote_told_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_told('deal:' || (SELECT deal_id FROM reviews_review WHERE id = NEW.review_id),
                   ARRAY['review.voted']) THEN
        RAISE EXCEPTION 'a vote is given with an event that tells of it' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('reviews_vote', 'vote_told_guard', 'INSERT');

-- ------------------------------------------------------------------------------------ Decisions

-- As before, at the level that the deal needs and never at one that somebody wrote down, and by
-- people who may decide at that level today.
CREATE OR REPLACE FUNCTION decision_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    review reviews_review;
    deal screening_deal;
    verdicts text[];
    needed int;
    result text;
BEGIN
    SELECT * INTO review FROM reviews_review WHERE id = NEW.review_id;
    SELECT * INTO deal FROM screening_deal WHERE id = review.deal_id;
    IF (NEW.deal_id, NEW.screening_id) <> (review.deal_id, review.screening_id) THEN
        RAISE EXCEPTION 'a decision belongs to its review' USING ERRCODE = '23514';
    END IF;
    IF deal.status <> 'in_review' OR review.closed_at IS NOT NULL
       OR review.screening_id IS DISTINCT FROM deal.screening_id THEN
        RAISE EXCEPTION 'a decision ends the open review of the newest screening'
            USING ERRCODE = '23514';
    END IF;
    SELECT coalesce(array_agg(verdict ORDER BY id), '{}') INTO verdicts
        FROM reviews_vote WHERE review_id = NEW.review_id;
    needed := 1;
    IF needed_level(deal.id) = 'executive' OR verdicts[1] = 'approve_with_conditions' THEN
        needed := 2;
    END IF;
    IF needed = 2 AND (verdicts[1] = 'reject') <> (verdicts[2] = 'reject') THEN
        needed := 3;
    END IF;
    IF cardinality(verdicts) <> needed THEN
        RAISE EXCEPTION 'this decision needs % votes and has %', needed, cardinality(verdicts)
            USING ERRCODE = '23514';
    END IF;
    IF verdicts[needed] = 'reject' THEN
        result := 'rejected';
    ELSIF 'approve_with_conditions' = ANY (verdicts) THEN
        result := 'approved_with_conditions';
    ELSE
        result := 'approved';
    END IF;
    IF NEW.outcome <> result THEN
        RAISE EXCEPTION 'the votes say %, not %', result, NEW.outcome USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

-- A deal that was decided keeps its status through later screenings only while new versions ask for
-- no more than the screening before (screening.following.target).
CREATE FUNCTION approval_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deal screening_deal;
    decision reviews_decision;
    asked bigint;
    set_down bigint;
BEGIN
    SELECT * INTO deal FROM screening_deal WHERE id = NEW.id;
    IF NOT FOUND OR (deal.status, deal.screening_id)
       IS DISTINCT FROM (NEW.status, NEW.screening_id) THEN
        RETURN NULL;
    END IF;
    SELECT * INTO decision FROM reviews_decision WHERE deal_id = deal.id ORDER BY id DESC LIMIT 1;
    IF decision.outcome IS DISTINCT FROM deal.status THEN
        RAISE EXCEPTION 'no decision makes this deal %', deal.status USING ERRCODE = '23514';
    END IF;
    IF EXISTS (
        SELECT FROM (
            SELECT screening.id, screening.cause, meaning.rank,
                   lag(meaning.rank) OVER (ORDER BY screening.id) AS before
            FROM screening_screening AS screening
            JOIN screening_dealrevision AS revision ON revision.id = screening.revision_id
            JOIN deal_outcome AS meaning ON meaning.outcome = screening.outcome
            WHERE revision.deal_id = deal.id AND screening.id >= decision.screening_id) AS later
        WHERE later.id > decision.screening_id
          AND (later.cause <> 'version' OR later.rank > later.before)) THEN
        RAISE EXCEPTION 'no decision of the newest screening makes this deal %', deal.status
            USING ERRCODE = '23514';
    END IF;
    SELECT coalesce(sum(jsonb_array_length(vote.conditions_text::jsonb)), 0) INTO asked
        FROM reviews_vote AS vote
        WHERE vote.review_id = decision.review_id AND vote.verdict = 'approve_with_conditions'
          AND decision.outcome = 'approved_with_conditions';
    SELECT count(*) INTO set_down FROM reviews_condition WHERE decision_id = decision.id;
    IF asked <> set_down THEN
        RAISE EXCEPTION 'the conditions of an approval are those that its votes set'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('screening_deal', 'approval_stands', 'UPDATE OF status, screening_id',
                  'NEW.status IN (''approved'', ''approved_with_conditions'', ''rejected'')');

-- ----------------------------------------------------------------------------------- Conditions

CREATE FUNCTION condition_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision reviews_decision;
    deal screening_deal;
BEGIN
    SELECT * INTO decision FROM reviews_decision WHERE id = NEW.decision_id;
    SELECT * INTO deal FROM screening_deal WHERE id = decision.deal_id;
    IF TG_OP = 'INSERT' THEN
        IF decision.outcome <> 'approved_with_conditions' OR deal.status <> 'in_review'
           OR NEW.met_at IS NOT NULL OR NEW.owner_id <> deal.owner_id THEN
            RAISE EXCEPTION 'conditions are set with their decision, for the owner of the deal'
                USING ERRCODE = '23514';
        END IF;
        IF NOT EXISTS (
            SELECT FROM reviews_vote AS vote,
                jsonb_array_elements(vote.conditions_text::jsonb) AS duty
            WHERE vote.review_id = decision.review_id AND duty ->> 'text' = NEW.text
              AND duty ->> 'evidence' = NEW.evidence
              AND (duty ->> 'due_on')::date = NEW.due_on) THEN
            RAISE EXCEPTION 'a condition is one that a vote set' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.met_at IS NOT NULL THEN
        RAISE EXCEPTION 'a condition is met once' USING ERRCODE = '23514';
    END IF;
    IF NOT is_now(NEW.met_at)
       OR NOT holds_role(NEW.met_by_id, 'senior_reviewer', 'executive_reviewer')
       OR NOT is_apart(deal.id, NEW.met_by_id) THEN
        RAISE EXCEPTION 'the proof of a condition is accepted now, by a reviewer who had no hand in'
            ' the deal' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('reviews_condition', 'condition_guard', 'INSERT OR UPDATE');

CREATE FUNCTION condition_told_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_told('deal:' || (SELECT deal_id FROM reviews_decision WHERE id = NEW.decision_id),
                   ARRAY['condition.met']) THEN
        RAISE EXCEPTION 'a condition is met with an event that tells of it'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CALL guard_at_end('reviews_condition', 'condition_told_guard', 'UPDATE');

CREATE FUNCTION skip_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT holds_role(NEW.reviewer_id, 'senior_reviewer', 'executive_reviewer')
       OR NOT EXISTS (SELECT FROM screening_deal WHERE id = NEW.deal_id
                      AND status = 'in_review' AND screening_id = NEW.screening_id) THEN
        RAISE EXCEPTION 'a reviewer leaves a deal in review to others' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('reviews_skip', 'skip_guard', 'INSERT');
