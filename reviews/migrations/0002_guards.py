from django.db import migrations

# A vote names the real submitter of the revision, and nobody with a hand in the deal, or of the
# team that sells it, votes. PostgreSQL refuses it whatever the page, the shell or a task says.
VOTES = """
ALTER TABLE reviews_vote ADD CONSTRAINT vote_names_the_submitter
    FOREIGN KEY (revision_id, submitter_id) REFERENCES screening_dealrevision (id, submitter_id);

CREATE FUNCTION vote_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deal screening_deal%ROWTYPE;
    review reviews_review%ROWTYPE;
BEGIN
    SELECT * INTO review FROM reviews_review WHERE id = NEW.review_id;
    SELECT * INTO deal FROM screening_deal WHERE id = review.deal_id;
    IF deal.status <> 'in_review' OR review.closed_at IS NOT NULL
       OR review.screening_id IS DISTINCT FROM deal.screening_id THEN
        RAISE EXCEPTION 'votes are for the open review of the newest screening'
            USING ERRCODE = '23514';
    END IF;
    IF NEW.revision_id <> (SELECT revision_id FROM screening_screening
                           WHERE id = review.screening_id) THEN
        RAISE EXCEPTION 'a vote names the revision that was screened' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT FROM screening_contributor
               WHERE deal_id = deal.id AND user_id = NEW.reviewer_id) THEN
        RAISE EXCEPTION 'nobody votes on a deal that they had a hand in'
            USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT FROM screening_salesteam_members
               WHERE salesteam_id = deal.team_id AND user_id = NEW.reviewer_id) THEN
        RAISE EXCEPTION 'nobody votes on a deal of their own sales team' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER vote_guard BEFORE INSERT ON reviews_vote
    FOR EACH ROW EXECUTE FUNCTION vote_guard();
ALTER TABLE reviews_vote ENABLE ALWAYS TRIGGER vote_guard;
"""

# A decision needs its votes: one, or two of different people with conditions or at the executive
# level, and a third person where two differ. reviews.tally says the same in Python.
DECISIONS = """
CREATE FUNCTION decision_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    review reviews_review%ROWTYPE;
    verdicts text[];
    needed int;
    result text;
BEGIN
    SELECT * INTO review FROM reviews_review WHERE id = NEW.review_id;
    IF (NEW.deal_id, NEW.screening_id) <> (review.deal_id, review.screening_id) THEN
        RAISE EXCEPTION 'a decision belongs to its review' USING ERRCODE = '23514';
    END IF;
    SELECT coalesce(array_agg(verdict ORDER BY id), '{}') INTO verdicts
        FROM reviews_vote WHERE review_id = NEW.review_id;
    needed := 1;
    IF review.level = 'executive' OR verdicts[1] = 'approve_with_conditions' THEN
        needed := 2;
    END IF;
    IF needed = 2 AND (verdicts[1] = 'reject') <> (verdicts[2] = 'reject') THEN
        needed := 3;
    END IF;
    IF cardinality(verdicts) <> needed THEN
        RAISE EXCEPTION 'this decision needs % votes and has %', needed, cardinality(verdicts)
            USING ERRCODE = '23514';
    END IF;
    IF verdicts[needed] = 'reject' THEN
        result := 'rejected';
    ELSIF 'approve_with_conditions' = ANY (verdicts) THEN
        result := 'approved_with_conditions';
    ELSE
        result := 'approved';
    END IF;
    IF NEW.outcome <> result THEN
        RAISE EXCEPTION 'the votes say %, not %', result, NEW.outcome USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decision_guard BEFORE INSERT ON reviews_decision
    FOR EACH ROW EXECUTE FUNCTION decision_guard();
ALTER TABLE reviews_decision ENABLE ALWAYS TRIGGER decision_guard;
"""

# Approval is a status that only a decision gives.
APPROVALS = """
CREATE FUNCTION approval_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status IN ('approved', 'approved_with_conditions', 'rejected')
       AND NOT EXISTS (SELECT FROM reviews_decision
                       WHERE deal_id = NEW.id AND screening_id = NEW.screening_id
                       AND outcome = NEW.status) THEN
        RAISE EXCEPTION 'no decision of the newest screening makes this deal %', NEW.status
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_guard BEFORE UPDATE OF status ON screening_deal
    FOR EACH ROW WHEN (NEW.status IS DISTINCT FROM OLD.status)
    EXECUTE FUNCTION approval_guard();
ALTER TABLE screening_deal ENABLE ALWAYS TRIGGER approval_guard;
"""

FROZEN = ("vote", "decision", "skip")


def frozen(table):
    return f"""
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER refuse_truncate;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'proviso_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM proviso_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial"), ("screening", "0002_guards")]
    operations = [
        migrations.RunSQL(VOTES, migrations.RunSQL.noop),
        migrations.RunSQL(DECISIONS, migrations.RunSQL.noop),
        migrations.RunSQL(APPROVALS, migrations.RunSQL.noop),
        *(migrations.RunSQL(frozen(f"reviews_{name}"), migrations.RunSQL.noop) for name in FROZEN),
    ]
