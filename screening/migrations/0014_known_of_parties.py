from typing import Any

from django.db import migrations

# Until now what was ruled on an end user followed a folded name. From now on it is known of a
# party: that name in one country. What was folded then is stored, so no name is folded here. The
# job below names everybody else in every revision, as the program does it now.
PARTIES = """
CREATE TEMPORARY TABLE known_end_user ON COMMIT DROP AS
SELECT DISTINCT ruling.id AS ruling, named.key, where_used.country,
    coalesce(nullif(answers.text ->> CASE WHEN answers.text -> 'end-user' ->> 'is_customer' = 'true'
        THEN 'customer' ELSE 'end-user-name' END, ''), named.key) AS name,
    coalesce(answers.text -> 'products', '[]') AS products
FROM screening_factruling AS ruling
JOIN screening_deal AS deal ON deal.id = ruling.deal_id
CROSS JOIN LATERAL (VALUES (ruling.end_user_key, ruling.revision_id),
    (deal.end_user_key, (SELECT max(id) FROM screening_dealrevision WHERE deal_id = deal.id)))
    AS named (key, revision)
JOIN LATERAL (SELECT answers_text::jsonb AS text FROM screening_dealrevision AS revision
    WHERE revision.id = coalesce(named.revision,
        (SELECT max(id) FROM screening_dealrevision WHERE deal_id = deal.id))) AS answers ON true
CROSS JOIN LATERAL (SELECT CASE
    WHEN answers.text -> 'end-user' ->> 'is_customer' = 'true'
        AND answers.text ->> 'customer-country' ~ '^[A-Z]{2}$'
    THEN answers.text ->> 'customer-country'
    WHEN answers.text -> 'countries' -> 0 ->> 'place' ~ '^[A-Z]{2}$'
    THEN answers.text -> 'countries' -> 0 ->> 'place' ELSE '' END AS country) AS where_used
WHERE named.key <> '';
INSERT INTO screening_party (key, country, name)
SELECT DISTINCT ON (key, country) key, country, name FROM known_end_user
ORDER BY key, country, ruling;
INSERT INTO screening_partyfinding (party_id, fact, value_text, products_text, deal_id, ruling_id,
    because, source, ruled_by_id, ruled_at)
SELECT DISTINCT ON (ruling.id, party.id) party.id, ruling.fact, ruling.value_text,
    CASE ruling.fact WHEN 'export_control' THEN known.products::text ELSE '[]' END,
    ruling.deal_id, ruling.id, ruling.because, ruling.source, ruling.ruled_by_id, ruling.ruled_at
FROM known_end_user AS known
JOIN screening_factruling AS ruling ON ruling.id = known.ruling
JOIN screening_party AS party ON (party.key, party.country) = (known.key, known.country)
WHERE (ruling.fact, ruling.value_text) NOT IN (
    ('country_risk', '"low"'), ('legal_basis_status', '"verified"'), ('adverse_info', '"none"'),
    ('export_control', '"not_controlled"'), ('export_control', '"licence_granted"'),
    ('law_conflict', 'false'), ('fact_conflict', 'false'),
    ('end_user_type', '"commercial_operator"'))
ORDER BY ruling.id, party.id;
"""

# Two people took a ruling back: the first one asked, the second one agreed.
TAKEN_BACK = """
INSERT INTO screening_easing (kind, ruling_id, hits_text, because, source, asked_by_id, asked_at)
SELECT DISTINCT ON (ruling_id) 'take_back', ruling_id, '[]', because, '', taken_by_id, taken_at
FROM screening_takenback ORDER BY ruling_id, id;
INSERT INTO screening_easingword (easing_id, agrees, because, said_by_id, said_at)
SELECT DISTINCT ON (easing.id) easing.id, true, taken.because, taken.taken_by_id, taken.taken_at
FROM screening_easing AS easing
JOIN screening_takenback AS taken ON taken.ruling_id = easing.ruling_id
    AND taken.taken_by_id <> easing.asked_by_id
ORDER BY easing.id, taken.id;
SET CONSTRAINTS ALL IMMEDIATE;
"""


def name_everybody(apps: Any, schema_editor: Any) -> None:
    """The row is the job; the sweeper finds it. A new installation has no deals."""
    Job = apps.get_model("jobs", "Job")
    if apps.get_model("screening", "DealRevision").objects.exists():
        Job.objects.get_or_create(kind="name_parties", key="0014")


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "__first__"),
        ("screening", "0013_parties"),
    ]

    operations = [
        migrations.RunSQL(PARTIES, migrations.RunSQL.noop),
        migrations.RunSQL(TAKEN_BACK, migrations.RunSQL.noop),
        migrations.RunPython(name_everybody, migrations.RunPython.noop),
        migrations.RemoveIndex("factruling", "ruling_end_user"),
        migrations.RemoveField("factruling", "end_user_key"),
        migrations.DeleteModel("TakenBack"),
    ]
