from django.db import migrations

# PostgreSQL refuses what the pages refuse, whatever login, shell or task says it: who is not in
# compliance, who agrees with themselves, who sells to the party, and any time but now.
GUARDS = """
CREATE FUNCTION is_in_compliance(person integer) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM auth_user AS account
        JOIN auth_user_groups AS member ON member.user_id = account.id
        JOIN auth_group AS role ON role.id = member.group_id
        WHERE account.id = person AND account.is_active AND role.name = 'compliance')
$$;

CREATE FUNCTION party_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.key, NEW.country, NEW.name, NEW.created_at)
       IS DISTINCT FROM (OLD.id, OLD.key, OLD.country, OLD.name, OLD.created_at) THEN
        RAISE EXCEPTION 'of a party only its parent changes' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER party_guard BEFORE UPDATE ON screening_party
    FOR EACH ROW EXECUTE FUNCTION party_guard();

CREATE FUNCTION deal_party_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM screening_dealrevision
                   WHERE id = NEW.revision_id AND deal_id = NEW.deal_id) THEN
        RAISE EXCEPTION 'a part belongs to a revision of its deal' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deal_party_guard BEFORE INSERT ON screening_dealparty
    FOR EACH ROW EXECUTE FUNCTION deal_party_guard();

CREATE FUNCTION party_finding_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_now(NEW.ruled_at) THEN
        RAISE EXCEPTION 'a finding is raised now, not at %', NEW.ruled_at USING ERRCODE = '23514';
    END IF;
    IF NEW.ruling_id IS NULL THEN
        IF NEW.deal_id IS NOT NULL OR NOT is_in_compliance(NEW.ruled_by_id) THEN
            RAISE EXCEPTION 'compliance raises findings' USING ERRCODE = '23514';
        END IF;
    ELSIF NOT EXISTS (
        SELECT FROM screening_factruling WHERE id = NEW.ruling_id
        AND (fact, value_text, deal_id, ruled_by_id, because, source)
            = (NEW.fact, NEW.value_text, NEW.deal_id, NEW.ruled_by_id, NEW.because, NEW.source)
    ) THEN
        RAISE EXCEPTION 'a finding that follows a ruling says what it says' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER party_finding_guard BEFORE INSERT ON screening_partyfinding
    FOR EACH ROW EXECUTE FUNCTION party_finding_guard();

CREATE FUNCTION party_merge_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The program itself merges what it folded otherwise before: one name in one country.
    IF NOT (CASE WHEN NEW.merged_by_id IS NOT NULL THEN is_in_compliance(NEW.merged_by_id)
        ELSE (SELECT count(DISTINCT country) = 1 FROM screening_party
              WHERE id IN (NEW.gone_id, NEW.into_id)) END) THEN
        RAISE EXCEPTION 'compliance merges parties' USING ERRCODE = '23514';
    END IF;
    IF NOT is_now(NEW.merged_at) THEN
        RAISE EXCEPTION 'parties are merged now, not at %', NEW.merged_at USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER party_merge_guard BEFORE INSERT ON screening_partymerge
    FOR EACH ROW EXECUTE FUNCTION party_merge_guard();

CREATE FUNCTION easing_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_in_compliance(NEW.asked_by_id) THEN
        RAISE EXCEPTION 'compliance asks for an easing' USING ERRCODE = '23514';
    END IF;
    IF NOT is_now(NEW.asked_at) THEN
        RAISE EXCEPTION 'an easing is asked for now, not at %', NEW.asked_at
            USING ERRCODE = '23514';
    END IF;
    IF NEW.kind = 'cleared_match' AND NEW.review_by <= current_date THEN
        RAISE EXCEPTION 'somebody looks at a cleared match again' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER easing_guard BEFORE INSERT ON screening_easing
    FOR EACH ROW EXECUTE FUNCTION easing_guard();

CREATE FUNCTION easing_word_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    easing screening_easing%ROWTYPE;
    parties bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock(7104, hashtext('easing:' || NEW.easing_id));
    SELECT * INTO easing FROM screening_easing WHERE id = NEW.easing_id;
    IF NOT is_in_compliance(NEW.said_by_id) THEN
        RAISE EXCEPTION 'compliance agrees to an easing, or ends it' USING ERRCODE = '23514';
    END IF;
    IF NOT is_now(NEW.said_at) OR NEW.said_at < easing.asked_at THEN
        RAISE EXCEPTION 'an easing is answered now, not at %', NEW.said_at
            USING ERRCODE = '23514';
    END IF;
    IF NOT NEW.agrees THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM screening_easingword WHERE easing_id = NEW.easing_id) THEN
        RAISE EXCEPTION 'this easing was answered' USING ERRCODE = '23514';
    END IF;
    IF NEW.said_by_id = easing.asked_by_id THEN
        RAISE EXCEPTION 'nobody agrees with themselves' USING ERRCODE = '23514';
    END IF;
    parties := ARRAY(
        SELECT easing.party_id UNION SELECT easing.other_id
        UNION SELECT party_id FROM screening_partyfinding
            WHERE id = easing.finding_id OR ruling_id = easing.ruling_id
        UNION SELECT unnest(ARRAY[gone_id, into_id]) FROM screening_partymerge
            WHERE id = easing.merge_id);
    IF EXISTS (
        SELECT FROM screening_deal AS deal WHERE (
            deal.id IN (SELECT deal_id FROM screening_dealparty WHERE party_id = ANY(parties))
            OR deal.id = (SELECT deal_id FROM screening_factruling WHERE id = easing.ruling_id))
        AND (EXISTS (SELECT FROM screening_contributor AS part WHERE part.deal_id = deal.id
                AND part.user_id IN (NEW.said_by_id, easing.asked_by_id) AND part.part <> 'facts')
            OR EXISTS (SELECT FROM screening_salesteam_members AS member
                WHERE member.salesteam_id = deal.team_id
                AND member.user_id IN (NEW.said_by_id, easing.asked_by_id)))
    ) THEN
        RAISE EXCEPTION 'nobody eases a deal that they sell' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER easing_word_guard BEFORE INSERT ON screening_easingword
    FOR EACH ROW EXECUTE FUNCTION easing_word_guard();
"""

# No row without its event, by whom the row names; looked at when the transaction ends.
EVENTS = """
CREATE FUNCTION party_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fields jsonb := to_jsonb(NEW);
    number text := NEW.id::text;
    who text := coalesce('user:' || (fields ->> TG_ARGV[2]), 'system');
    verbs text[] := string_to_array(TG_ARGV[0], ' ');
BEGIN
    IF TG_TABLE_NAME = 'screening_partyfinding' AND fields ->> 'ruling_id' IS NOT NULL THEN
        who := 'system';
        verbs := ARRAY['party.finding_followed'];
    END IF;
    IF TG_TABLE_NAME = 'screening_easingword' THEN
        number := fields ->> 'easing_id';
        verbs := CASE WHEN (fields ->> 'agrees')::boolean
            THEN ARRAY['party.easing_agreed', 'deal.ruling_taken_back']
            ELSE ARRAY['party.easing_ended', 'deal.ruling_kept'] END;
    END IF;
    IF NOT EXISTS (SELECT FROM audit_auditevent AS event
        WHERE event.verb = ANY(verbs) AND event.actor = who
        AND event.payload::jsonb ->> TG_ARGV[1] = number) THEN
        RAISE EXCEPTION 'a row of % needs its event', TG_TABLE_NAME USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER party_event AFTER INSERT ON screening_partyfinding
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION party_event_guard('party.finding_raised', 'finding', 'ruled_by_id');
CREATE CONSTRAINT TRIGGER party_event AFTER INSERT ON screening_partymerge
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION party_event_guard('party.merged', 'merge', 'merged_by_id');
CREATE CONSTRAINT TRIGGER party_event AFTER INSERT ON screening_easing
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION party_event_guard(
        'party.easing_asked deal.ruling_taken_back', 'easing', 'asked_by_id');
CREATE CONSTRAINT TRIGGER party_event AFTER INSERT ON screening_easingword
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    EXECUTE FUNCTION party_event_guard('', 'easing', 'said_by_id');
"""

#: Table → the triggers that stand although somebody replays rows (session_replication_role).
ALWAYS = {
    "party": ("party_guard",),
    "dealparty": ("deal_party_guard",),
    "partyfinding": ("party_finding_guard", "party_event"),
    "partymerge": ("party_merge_guard", "party_event"),
    "easing": ("easing_guard", "party_event"),
    "easingword": ("easing_word_guard", "party_event"),
}
FROZEN = ("dealparty", "partyfinding", "partymerge", "easing", "easingword")


def always(table: str, triggers: tuple[str, ...]) -> str:
    return "".join(
        f"ALTER TABLE screening_{table} ENABLE ALWAYS TRIGGER {trigger};\n" for trigger in triggers
    )


def frozen(table: str) -> str:
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


PARTY = """
CREATE TRIGGER refuse_delete BEFORE DELETE ON screening_party
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE screening_party ENABLE ALWAYS TRIGGER refuse_delete;
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'proviso_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON screening_party FROM proviso_app;
        GRANT UPDATE (parent_id) ON screening_party TO proviso_app;
        REVOKE UPDATE, TRUNCATE ON screening_partyidentifier FROM proviso_app;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("audit", "0003_guards"),
        ("screening", "0014_known_of_parties"),
    ]

    operations = [
        migrations.RunSQL(GUARDS, migrations.RunSQL.noop),
        migrations.RunSQL(EVENTS, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(always(table, triggers), migrations.RunSQL.noop)
            for table, triggers in ALWAYS.items()
        ),
        *(
            migrations.RunSQL(frozen(f"screening_{table}"), migrations.RunSQL.noop)
            for table in FROZEN
        ),
        migrations.RunSQL(PARTY, migrations.RunSQL.noop),
    ]
