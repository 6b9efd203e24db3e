-- How many votes the newest screening of a deal has: the queue asks it of every deal that waits.
-- Only this function writes it, from the votes themselves.
CREATE FUNCTION votes_are_counted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE screening_deal AS deal SET votes_given = (
        SELECT count(*) FROM reviews_vote WHERE review_id = review.id)
    FROM reviews_review AS review
    WHERE review.id = NEW.review_id AND review.screening_id = deal.screening_id;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION votes_are_counted() FROM PUBLIC;
CREATE TRIGGER votes_given AFTER INSERT ON reviews_vote
    FOR EACH ROW EXECUTE FUNCTION votes_are_counted();
ALTER TABLE reviews_vote ENABLE ALWAYS TRIGGER votes_given;

UPDATE screening_deal AS deal SET votes_given = counted.votes
FROM (SELECT review.screening_id, count(*) AS votes FROM reviews_vote AS vote
      JOIN reviews_review AS review ON review.id = vote.review_id
      GROUP BY review.screening_id) AS counted
WHERE counted.screening_id = deal.screening_id;
