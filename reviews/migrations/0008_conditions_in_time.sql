-- A condition is due while its approval holds, and its proof is accepted at the level that set it.

CREATE OR REPLACE FUNCTION condition_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    decision reviews_decision;
    deal screening_deal;
BEGIN
    SELECT * INTO decision FROM reviews_decision WHERE id = NEW.decision_id;
    SELECT * INTO deal FROM screening_deal WHERE id = decision.deal_id;
    IF TG_OP = 'INSERT' THEN
        IF decision.outcome <> 'approved_with_conditions' OR deal.status <> 'in_review'
           OR NEW.met_at IS NOT NULL OR NEW.owner_id <> deal.owner_id THEN
            RAISE EXCEPTION 'conditions are set with their decision, for the owner of the deal'
                USING ERRCODE = '23514';
        END IF;
        IF NOT EXISTS (
            SELECT FROM reviews_vote AS vote,
                jsonb_array_elements(vote.conditions_text::jsonb) AS duty
            WHERE vote.review_id = decision.review_id AND duty ->> 'text' = NEW.text
              AND duty ->> 'evidence' = NEW.evidence
              AND (duty ->> 'due_on')::date = NEW.due_on) THEN
            RAISE EXCEPTION 'a condition is one that a vote set' USING ERRCODE = '23514';
        END IF;
        IF deal.valid_until IS NULL
           OR NEW.due_on > (deal.valid_until AT TIME ZONE 'UTC')::date THEN
            RAISE EXCEPTION 'no condition is due after its approval has ended'
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.met_at IS NOT NULL THEN
        RAISE EXCEPTION 'a condition is met once' USING ERRCODE = '23514';
    END IF;
    IF NOT is_now(NEW.met_at)
       OR NOT holds_role(NEW.met_by_id, 'senior_reviewer', 'executive_reviewer')
       OR NOT is_apart(deal.id, NEW.met_by_id) THEN
        RAISE EXCEPTION 'the proof of a condition is accepted now, by a reviewer who had no hand in'
            ' the deal' USING ERRCODE = '23514';
    END IF;
    IF (SELECT level FROM reviews_review WHERE id = decision.review_id) = 'executive'
       AND NOT holds_role(NEW.met_by_id, 'executive_reviewer') THEN
        RAISE EXCEPTION 'the proof of a condition that executives set is accepted by one of them'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
