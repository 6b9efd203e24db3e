-- Deals of one end user count in each other: whoever sells one of them judges none of them.

-- Whether a person, or a team of theirs, sells another deal to the end user of this one, or sold it
-- since this one is there.
CREATE FUNCTION sells_to_end_user(deal bigint, person bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM screening_salesteam_members WHERE user_id = person
                   UNION ALL SELECT FROM screening_pastmember WHERE user_id = person)
    AND EXISTS (
        SELECT FROM screening_deal AS judged
        JOIN screening_deal AS other ON other.end_user_key = judged.end_user_key
        WHERE judged.id = deal AND judged.end_user_key <> '' AND other.id <> judged.id
          AND (other.closed_at IS NULL OR other.closed_at > judged.created_at)
          AND (other.team_id IN (SELECT teams_since(person, other.created_at))
               OR EXISTS (SELECT FROM screening_contributor AS seller
                          WHERE seller.deal_id = other.id AND seller.user_id = person
                            AND seller.part <> 'facts')))
$$;

-- As before, and who sells to the end user.
CREATE OR REPLACE FUNCTION had_a_hand(deal bigint, person bigint, but_for text DEFAULT '')
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM screening_contributor AS contributor
                   WHERE contributor.deal_id = deal AND contributor.user_id = person
                   AND contributor.part <> but_for)
        OR (but_for <> 'facts' AND spoke_of_party(deal, person))
        OR sells_to_end_user(deal, person)
$$;
