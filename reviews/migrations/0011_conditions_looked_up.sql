-- Conditions bind whoever a deal was for in any form of it, and not only at last.
--
-- Otherwise the same answer, with the rounds of each deal looked up by themselves: PostgreSQL expected
-- a deal to come from two hundred others, and read every round there is. And from a plan that a
-- connection keeps: a function in SQL is planned each time that it is asked.
CREATE OR REPLACE FUNCTION is_owed(review reviews_review) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        WITH RECURSIVE origin (id) AS (
            SELECT review.deal_id
            UNION
            SELECT source.id FROM origin JOIN screening_deal AS deal ON deal.id = origin.id
            CROSS JOIN LATERAL (VALUES (deal.predecessor_id), (deal.copied_from_id)) AS source (id)
            WHERE source.id IS NOT NULL),
        merged (one, other) AS (
            SELECT merge.gone_id, merge.into_id FROM screening_partymerge AS merge
            WHERE NOT EXISTS (
                SELECT FROM screening_easing AS split
                WHERE split.merge_id = merge.id
                  AND EXISTS (SELECT FROM screening_easingword
                              WHERE easing_id = split.id AND agrees)
                  AND NOT EXISTS (SELECT FROM screening_easingword
                                  WHERE easing_id = split.id AND NOT agrees))),
        named (id) AS (
            SELECT party_id FROM screening_dealparty WHERE deal_id = review.deal_id
            UNION SELECT same.other FROM named JOIN (
                SELECT one, other FROM merged UNION ALL SELECT other, one FROM merged) AS same
                ON same.one = named.id),
        beside (id) AS (
            SELECT part.deal_id FROM named JOIN screening_party AS party ON party.id = named.id
            JOIN screening_party AS namesake ON namesake.key = party.key
            JOIN screening_dealparty AS part
                ON part.party_id = namesake.id AND part.role = 'end_user'
            UNION SELECT id FROM origin)
        SELECT EXISTS (
            SELECT FROM beside
            CROSS JOIN LATERAL (
                SELECT id, deal_id FROM reviews_review WHERE deal_id = beside.id OFFSET 0) AS earlier
            JOIN reviews_vote AS vote ON vote.review_id = earlier.id
            LEFT JOIN reviews_decision AS decision ON decision.review_id = earlier.id
            LEFT JOIN reviews_condition AS condition ON condition.decision_id = decision.id
            WHERE earlier.id <> review.id AND vote.verdict = 'approve_with_conditions'
              AND condition.met_at IS NULL
              AND (earlier.deal_id = review.deal_id
                   OR vote.voted_at > clock_timestamp() - interval '2 years')));
END
$$;
