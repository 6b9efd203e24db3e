-- Conditions that bind a deal bind those that come from it, and other deals of its end user: a copy
-- drops none.

CREATE OR REPLACE FUNCTION is_owed(review reviews_review) RETURNS boolean LANGUAGE sql STABLE AS $$
    WITH RECURSIVE origin (id) AS (
        SELECT review.deal_id
        UNION
        SELECT source.id FROM origin JOIN screening_deal AS deal ON deal.id = origin.id
        CROSS JOIN LATERAL (VALUES (deal.predecessor_id), (deal.copied_from_id)) AS source (id)
        WHERE source.id IS NOT NULL),
    beside (id) AS (
        SELECT other.id FROM screening_deal AS deal
        JOIN screening_deal AS other ON other.end_user_key = deal.end_user_key
        WHERE deal.id = review.deal_id AND deal.end_user_key <> ''
        UNION SELECT id FROM origin)
    SELECT EXISTS (
        SELECT FROM beside
        JOIN reviews_review AS earlier ON earlier.deal_id = beside.id
        JOIN reviews_vote AS vote ON vote.review_id = earlier.id
        LEFT JOIN reviews_decision AS decision ON decision.review_id = earlier.id
        LEFT JOIN reviews_condition AS condition ON condition.decision_id = decision.id
        WHERE earlier.id <> review.id AND vote.verdict = 'approve_with_conditions'
          AND condition.met_at IS NULL
          AND (earlier.deal_id = review.deal_id
               OR vote.voted_at > clock_timestamp() - interval '2 years'))
$$;
