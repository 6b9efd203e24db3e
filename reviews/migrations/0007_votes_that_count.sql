-- Conditions of an earlier round are not dropped by one person, and a vote counts only while whoever
-- gave it may still give one.

CREATE FUNCTION is_owed(review reviews_review) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM reviews_vote AS vote
        JOIN reviews_review AS earlier ON earlier.id = vote.review_id
        LEFT JOIN reviews_decision AS decision ON decision.review_id = earlier.id
        LEFT JOIN reviews_condition AS condition ON condition.decision_id = decision.id
        WHERE earlier.deal_id = review.deal_id AND earlier.id <> review.id
          AND vote.verdict = 'approve_with_conditions' AND condition.met_at IS NULL)
$$;

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
    IF EXISTS (SELECT FROM reviews_vote WHERE review_id = review.id
               AND NOT (is_apart(deal.id, reviewer_id)
                        AND (holds_role(reviewer_id, 'executive_reviewer')
                             OR needed_level(deal.id) = 'senior'
                             AND holds_role(reviewer_id, 'senior_reviewer')))) THEN
        RAISE EXCEPTION 'somebody who voted may no longer do so' USING ERRCODE = '23514';
    END IF;
    SELECT coalesce(array_agg(verdict ORDER BY id), '{}') INTO verdicts
        FROM reviews_vote WHERE review_id = NEW.review_id;
    needed := 1;
    IF needed_level(deal.id) = 'executive' OR verdicts[1] = 'approve_with_conditions'
       OR is_owed(review) THEN
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
