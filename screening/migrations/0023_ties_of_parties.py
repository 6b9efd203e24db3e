from typing import Any

from django.db import migrations

LIVE = ("needs_information", "in_review", "cleared", "approved", "approved_with_conditions")

# What is known of an owner, or of who has the same number in a register, is asked about in deals of
# a party. PostgreSQL refuses who ends that alone, as the pages do.
GUARDS = """
CREATE FUNCTION is_known_above(asked bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    WITH RECURSIVE held (easing_id) AS (
        SELECT easing_id FROM screening_easingword GROUP BY easing_id HAVING bool_and(agrees)),
    merged (one, other) AS (
        SELECT merge.gone_id, merge.into_id FROM screening_partymerge AS merge
        WHERE NOT EXISTS (SELECT FROM screening_easing AS easing
            JOIN held ON held.easing_id = easing.id
            WHERE easing.merge_id = merge.id)),
    up (one, other) AS (
        SELECT one, other FROM merged UNION ALL SELECT other, one FROM merged
        UNION ALL SELECT id, parent_id FROM screening_party WHERE parent_id IS NOT NULL),
    above (id) AS (
        SELECT asked UNION SELECT up.other FROM above JOIN up ON up.one = above.id)
    SELECT EXISTS (SELECT FROM screening_partyfinding AS finding
        JOIN above ON above.id = finding.party_id
        WHERE NOT EXISTS (SELECT FROM screening_easing AS easing
            JOIN held ON held.easing_id = easing.id
            WHERE easing.kind = 'take_back' AND (easing.finding_id = finding.id
                OR easing.ruling_id = finding.ruling_id)))
$$;

-- Whether two people said that a party is not the same as another one, or both are one body anyway.
CREATE FUNCTION is_told_apart(one bigint, other bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    WITH RECURSIVE held (easing_id) AS (
        SELECT easing_id FROM screening_easingword GROUP BY easing_id HAVING bool_and(agrees)),
    merged (one, other) AS (
        SELECT merge.gone_id, merge.into_id FROM screening_partymerge AS merge
        WHERE NOT EXISTS (SELECT FROM screening_easing AS easing
            JOIN held ON held.easing_id = easing.id
            WHERE easing.merge_id = merge.id)),
    linked (one, other) AS (
        SELECT one, other FROM merged UNION ALL SELECT other, one FROM merged),
    body (id) AS (
        SELECT is_told_apart.one
        UNION SELECT linked.other FROM body JOIN linked ON linked.one = body.id)
    SELECT EXISTS (SELECT FROM body WHERE id = is_told_apart.other)
        OR EXISTS (SELECT FROM screening_easing AS easing JOIN held ON held.easing_id = easing.id
            JOIN body ON body.id IN (easing.party_id, easing.other_id)
            WHERE easing.kind = 'apart'
            AND is_told_apart.other IN (easing.party_id, easing.other_id))
$$;

CREATE FUNCTION party_owner_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.parent_id IS NOT NULL AND NEW.parent_id IS DISTINCT FROM OLD.parent_id
       AND is_known_above(OLD.parent_id) AND NOT is_told_apart(OLD.id, OLD.parent_id) THEN
        RAISE EXCEPTION 'nobody ends alone what is asked because of an owner'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER party_owner_guard BEFORE UPDATE ON screening_party
    FOR EACH ROW EXECUTE FUNCTION party_owner_guard();
ALTER TABLE screening_party ENABLE ALWAYS TRIGGER party_owner_guard;

CREATE FUNCTION party_number_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM screening_partyidentifier AS theirs
        WHERE (theirs.scheme, theirs.value) = (OLD.scheme, OLD.value)
        AND theirs.party_id <> OLD.party_id AND is_known_above(theirs.party_id)
        AND NOT is_told_apart(OLD.party_id, theirs.party_id)) THEN
        RAISE EXCEPTION 'nobody ends alone what is asked because of a number'
            USING ERRCODE = '23514';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER party_number_guard BEFORE DELETE ON screening_partyidentifier
    FOR EACH ROW EXECUTE FUNCTION party_number_guard();
ALTER TABLE screening_partyidentifier ENABLE ALWAYS TRIGGER party_number_guard;
"""
GONE = """
DROP TRIGGER party_owner_guard ON screening_party;
DROP TRIGGER party_number_guard ON screening_partyidentifier;
DROP FUNCTION party_owner_guard(), party_number_guard(), is_known_above(bigint),
    is_told_apart(bigint, bigint);
"""


def screen_again(apps: Any, schema_editor: Any) -> None:
    """What sales says of an end user elsewhere, what is known of who signs and of owners, who stands
    between in linked deals: what was cleared without them is screened again.

    The row is the job; the sweeper finds it. A new installation has no deals.
    """
    if apps.get_model("screening", "Deal").objects.filter(status__in=LIVE).exists():
        Job = apps.get_model("jobs", "Job")
        Job.objects.get_or_create(kind="screen_after_upgrade", key="said-and-known-elsewhere")


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "__first__"),
        ("screening", "0022_screen_for_what_was_said"),
    ]

    operations = [
        migrations.RunSQL(GUARDS, GONE),
        migrations.RunPython(screen_again, migrations.RunPython.noop),
    ]
