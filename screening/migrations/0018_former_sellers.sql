-- Whoever sold to a party does not make milder what is known of it, as they do not judge its deals
-- (screening/verbs.py). Who sells to it now is refused by easing_word_guard.
CREATE FUNCTION former_seller_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM screening_easing AS easing
        CROSS JOIN unnest(ARRAY[easing.asked_by_id, NEW.said_by_id]) AS person
        JOIN screening_deal AS deal ON is_colleague(deal.id, person)
        WHERE easing.id = NEW.easing_id AND (
            deal.id = (SELECT deal_id FROM screening_factruling WHERE id = easing.ruling_id)
            OR deal.id IN (SELECT deal_id FROM screening_dealparty WHERE party_id IN (
                SELECT unnest(ARRAY[easing.party_id, easing.other_id])
                UNION SELECT party_id FROM screening_partyfinding
                    WHERE id = easing.finding_id OR ruling_id = easing.ruling_id
                UNION SELECT unnest(ARRAY[gone_id, into_id]) FROM screening_partymerge
                    WHERE id = easing.merge_id)))) THEN
        RAISE EXCEPTION 'nobody eases a deal that they sold' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CALL guard_by('screening_easingword', 'former_seller_guard', 'INSERT', 'NEW.agrees');
