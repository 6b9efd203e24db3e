-- A party keeps the outlines by which it is found: whoever takes one away hides what is known of it.
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON screening_partyoutline
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON screening_partyoutline
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE screening_partyoutline ENABLE ALWAYS TRIGGER refuse_change;
ALTER TABLE screening_partyoutline ENABLE ALWAYS TRIGGER refuse_truncate;
CALL app_may('screening_partyoutline', inserts => '*');
