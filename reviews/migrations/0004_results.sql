-- What every screening led to, and when: the decision history is long, and is sorted by it. Only
-- these functions write it, from the rows that it follows from.
CALL app_may('reviews_result');

CREATE FUNCTION note_results(screenings bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    INSERT INTO reviews_result AS kept (screening_id, result, result_at)
    SELECT screening.id, now.result, CASE
        WHEN now.result IN ('withdrawn', 'lapsed') THEN coalesce((
            SELECT at FROM audit_auditevent
            WHERE subject = 'deal:' || deal.id AND verb IN ('deal.withdrawn', 'deal.lapsed')
            ORDER BY id DESC LIMIT 1), clock_timestamp())
        ELSE coalesce(decision.decided_at, screening.created_at) END
    FROM screening_screening AS screening
    JOIN screening_dealrevision AS revision ON revision.id = screening.revision_id
    JOIN screening_deal AS deal ON deal.id = revision.deal_id
    LEFT JOIN reviews_decision AS decision ON decision.screening_id = screening.id,
    LATERAL (SELECT CASE
        WHEN deal.screening_id = screening.id THEN deal.status
        WHEN decision.id IS NOT NULL THEN decision.outcome
        WHEN screening.outcome = 'bar' THEN 'barred'
        ELSE 'replaced' END AS result) AS now
    WHERE screening.id = ANY (screenings)
    ON CONFLICT (screening_id) DO UPDATE
        SET result = excluded.result, result_at = excluded.result_at
        WHERE (kept.result, kept.result_at) IS DISTINCT FROM (excluded.result, excluded.result_at)
$$;
CALL only_app_calls('note_results(bigint[])');

CREATE FUNCTION screenings_have_results() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_results(array_agg(id)) FROM new_rows;
    RETURN NULL;
END $$;
CREATE TRIGGER results AFTER INSERT ON screening_screening
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION screenings_have_results();

CREATE FUNCTION deals_give_results() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_results(array_agg(screening)) FROM (
        SELECT unnest(ARRAY[before.screening_id, after.screening_id]) AS screening
        FROM old_rows AS before JOIN new_rows AS after USING (id)
        WHERE (before.status, before.screening_id)
            IS DISTINCT FROM (after.status, after.screening_id)) AS changed
    HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER results AFTER UPDATE ON screening_deal
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION deals_give_results();

CREATE FUNCTION decisions_give_results() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_results(array_agg(screening_id)) FROM new_rows;
    RETURN NULL;
END $$;
CREATE TRIGGER results AFTER INSERT ON reviews_decision
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION decisions_give_results();

-- The event of an end is written after the status: its time is the one that people see.
CREATE FUNCTION ends_give_results() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM note_results(ARRAY[deal.screening_id]) FROM screening_deal AS deal
    WHERE deal.id = substr(NEW.subject, 6)::bigint AND deal.screening_id IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER results AFTER INSERT ON audit_auditevent
    FOR EACH ROW WHEN (NEW.verb IN ('deal.withdrawn', 'deal.lapsed'))
    EXECUTE FUNCTION ends_give_results();

-- Whatever session_replication_role says.
ALTER TABLE screening_screening ENABLE ALWAYS TRIGGER results;
ALTER TABLE screening_deal ENABLE ALWAYS TRIGGER results;
ALTER TABLE reviews_decision ENABLE ALWAYS TRIGGER results;
ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER results;

SELECT note_results(array_agg(id)) FROM screening_screening;
