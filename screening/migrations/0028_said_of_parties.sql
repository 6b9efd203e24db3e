-- Whoever had a say in what is known of a party has one in the facts of its deals, as with rulings:
-- they look at none of them.

-- Of whom a person set, merged, cleared or took back something, or said a word to what another one
-- asked for; under every name of those bodies. However it ended, and graver or milder alike.
CREATE FUNCTION parties_spoken_of(person bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    WITH RECURSIVE easing AS (
        SELECT asked.* FROM screening_easing AS asked WHERE asked.asked_by_id = person
        UNION SELECT asked.* FROM screening_easingword AS word
        JOIN screening_easing AS asked ON asked.id = word.easing_id WHERE word.said_by_id = person),
    said (id) AS (
        SELECT party_id FROM screening_partyfinding WHERE ruled_by_id = person
        UNION SELECT unnest(ARRAY[gone_id, into_id]) FROM screening_partymerge
            WHERE merged_by_id = person OR id IN (SELECT merge_id FROM easing)
        UNION SELECT unnest(ARRAY[party_id, other_id]) FROM easing
        UNION SELECT finding.party_id FROM screening_partyfinding AS finding
            WHERE finding.id IN (SELECT finding_id FROM easing)
               OR finding.ruling_id IN (SELECT ruling_id FROM easing)),
    merged (one, other) AS (
        SELECT merge.gone_id, merge.into_id FROM screening_partymerge AS merge
        WHERE NOT EXISTS (
            SELECT FROM screening_easing AS split
            WHERE split.merge_id = merge.id
              AND EXISTS (SELECT FROM screening_easingword
                          WHERE easing_id = split.id AND agrees)
              AND NOT EXISTS (SELECT FROM screening_easingword
                              WHERE easing_id = split.id AND NOT agrees))),
    same (id) AS (
        SELECT id FROM said WHERE id IS NOT NULL
        UNION SELECT linked.other FROM same JOIN (
            SELECT one, other FROM merged UNION ALL SELECT other, one FROM merged) AS linked
            ON linked.one = same.id)
    SELECT id FROM same
$$;

-- The deals that name one of them in any revision.
CREATE FUNCTION deals_spoken_of(person bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT DISTINCT deal_id FROM screening_dealparty
    WHERE party_id IN (SELECT parties_spoken_of(person))
$$;

CREATE FUNCTION spoke_of_party(deal bigint, person bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM screening_dealparty AS part WHERE part.deal_id = deal
                   AND part.party_id IN (SELECT parties_spoken_of(person)))
$$;

-- As before, and who said something of a party. Compliance goes on to set facts.
CREATE OR REPLACE FUNCTION had_a_hand(deal bigint, person bigint, but_for text DEFAULT '')
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM screening_contributor AS contributor
                   WHERE contributor.deal_id = deal AND contributor.user_id = person
                   AND contributor.part <> but_for)
        OR (but_for <> 'facts' AND spoke_of_party(deal, person))
$$;
