-- What the policy stopped in a draft outlives it: whoever takes it away hides what was tried.
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON screening_stoppeddraft
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON screening_stoppeddraft
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE screening_stoppeddraft ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE screening_stoppeddraft ENABLE ALWAYS TRIGGER refuse_truncate;
CALL guard('screening_stoppeddraft', 'own_time', 'INSERT', 'NOT is_now(NEW.stopped_at)',
           'PostgreSQL says when a draft was stopped');
CALL app_may('screening_stoppeddraft', inserts => '*');
