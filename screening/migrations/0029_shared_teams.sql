-- Whoever shares any sales team with somebody who sells a deal is their colleague in it: a deal is of
-- one team, and people may be in several.

-- The teams of a person, and those that they left since a moment.
CREATE FUNCTION teams_since(person bigint, moment timestamptz) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
    SELECT salesteam_id FROM screening_salesteam_members WHERE user_id = person
    UNION SELECT team_id FROM screening_pastmember WHERE user_id = person AND left_at > moment
$$;

-- Whether a person sells this deal, or sold it, or is or was in a team with its owner or with
-- somebody who edited or sent it, since the deal is there.
CREATE OR REPLACE FUNCTION is_colleague(deal bigint, person bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM screening_salesteam_members WHERE user_id = person
                   UNION ALL SELECT FROM screening_pastmember WHERE user_id = person)
    AND EXISTS (
        SELECT FROM screening_deal AS sold
        CROSS JOIN LATERAL (
            SELECT sold.team_id
            UNION SELECT teams_since(seller.user_id, sold.created_at)
                FROM screening_contributor AS seller
                WHERE seller.deal_id = sold.id AND seller.part <> 'facts') AS theirs (team)
        WHERE sold.id = deal
          AND theirs.team IN (SELECT teams_since(person, sold.created_at)))
$$;
