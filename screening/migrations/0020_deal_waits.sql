-- By what long lists find and order the deals that wait. PostgreSQL reads it from the newest
-- screening, whoever writes the row, so it never says anything else.
CALL app_may('screening_deal', inserts => '*',
             updates => 'status, title, answers, copied_from_id, screening_id, review_level, '
                        'end_user_key, sent_at, due_at, valid_until');

-- The worst destination; a country that nobody rates stands beside the worst.
CREATE FUNCTION gravity_of(tiers jsonb) RETURNS smallint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN tiers @> '["very_high"]' OR tiers @> '["unrated"]' THEN 0
        WHEN tiers @> '["high"]' THEN 1
        WHEN tiers @> '["medium"]' THEN 2
        ELSE 3 END
$$;

CREATE FUNCTION deal_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT gravity_of(tiers), asks_compliance, asks_sales
    INTO NEW.gravity, NEW.asks_compliance, NEW.asks_sales
    FROM screening_screening WHERE id = NEW.screening_id;
    NEW.asks_compliance := coalesce(NEW.asks_compliance, false);
    NEW.asks_sales := coalesce(NEW.asks_sales, false);
    -- Votes are on one screening; who counts them (reviews/migrations) is asked when one is given.
    IF TG_OP = 'INSERT' OR NEW.screening_id IS DISTINCT FROM OLD.screening_id THEN
        NEW.votes_given := 0;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER waits BEFORE INSERT OR UPDATE OF screening_id, gravity, asks_compliance, asks_sales
    ON screening_deal FOR EACH ROW EXECUTE FUNCTION deal_waits();
ALTER TABLE screening_deal ENABLE ALWAYS TRIGGER waits;
