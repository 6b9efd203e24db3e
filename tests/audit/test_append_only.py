"""What the application's own login cannot do to what was recorded, through a real login."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.models import SYSTEM, AuditEvent, Line
from screening import actions
from tests import factories

FROZEN = (
    "audit_auditevent",
    "screening_dealrevision",
    "screening_screening",
    "screening_finding",
    "screening_factruling",
    "screening_dealparty",
    "screening_partyfinding",
    "screening_partymerge",
    "screening_easing",
    "screening_easingword",
    "screening_question",
    "screening_answer",
    "reviews_vote",
    "reviews_decision",
    "reviews_skip",
)
ATTACKS = (
    "UPDATE {table} SET id = id",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "TRUNCATE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} DISABLE TRIGGER refuse_change",
    "DROP TABLE {table} CASCADE",
    "CREATE RULE away AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "GRANT ALL ON {table} TO proviso_app",
    "ALTER TABLE {table} OWNER TO proviso_app",
)
ANYWHERE = (
    "SET session_replication_role = replica",
    "SET ROLE proviso_owner",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RETURN NEW; END $$",
    "DROP FUNCTION refuse_change() CASCADE",
    "DROP FUNCTION deal_status_guard() CASCADE",
    "TRUNCATE screening_deal CASCADE",
)


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def granted(table: str) -> list[str]:
    """What the application may do to rows that are there: to whole ones, or to a column of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_any_column_privilege(session_user, %(table)s, 'UPDATE'),"
            " has_table_privilege(session_user, %(table)s, 'DELETE'),"
            " has_table_privilege(session_user, %(table)s, 'TRUNCATE')",
            {"table": table},
        )
        rights = zip(("UPDATE", "DELETE", "TRUNCATE"), cursor.fetchone(), strict=True)
        return [right for right, is_granted in rights if is_granted]


def test_the_tests_sign_in_as_the_application(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user, current_setting('is_superuser')")
        assert cursor.fetchone() == ("proviso_app", "off")


@pytest.mark.parametrize("table", FROZEN)
def test_a_frozen_table_refuses(db, table):
    factories.approved_deal()
    before = AuditEvent.objects.count()
    for attack in ATTACKS:
        # GRANT by somebody without the right only warns: the privileges are looked at afterwards.
        if attack.startswith("GRANT"):
            run(attack.format(table=table))
        else:
            with pytest.raises(DatabaseError):
                run(attack.format(table=table))
    assert granted(table) == []
    assert AuditEvent.objects.count() == before > 0


@pytest.mark.parametrize("attack", ANYWHERE)
def test_the_application_is_no_owner(db, attack):
    with pytest.raises(DatabaseError):
        run(attack)


@pytest.mark.django_db(transaction=True)
def test_triggers_refuse_even_the_owner(owner_url):
    """Missing grants stop the application; the trigger stops a slip of whoever migrates."""
    import psycopg2  # noqa: TID251  a login of its own, not Django's

    factories.approved_deal()
    link = psycopg2.connect(owner_url)
    link.autocommit = True
    tried = 0
    with link.cursor() as cursor:
        for table in FROZEN:
            cursor.execute(f"SELECT count(*) FROM {table}")
            attacks = [f"TRUNCATE {table} CASCADE"]
            if cursor.fetchone()[0]:
                attacks += [f"UPDATE {table} SET id = id", f"DELETE FROM {table}"]
            for attack in attacks:
                with pytest.raises(psycopg2.errors.CheckViolation):
                    cursor.execute(attack)
                tried += 1
    link.close()
    assert tried >= 20


@pytest.mark.bare
def test_an_event_needs_the_transaction_of_its_change(transactional_db):
    with pytest.raises(RuntimeError, match="transaction"):
        AuditEvent.objects.append(subject="deal:1", actor=SYSTEM, verb="deal.sent")
    assert not AuditEvent.objects.exists()


@pytest.mark.bare
def test_many_events_need_it_too(transactional_db):
    with pytest.raises(RuntimeError, match="transaction"):
        AuditEvent.objects.append_all([Line("deal:1", "deal.sent", {})], actor=SYSTEM)
    assert not AuditEvent.objects.exists()


def test_an_event_names_who_acted(db):
    deal = factories.deal_in_review()
    assert {event.actor for event in deal.events()} == {f"user:{deal.owner_id}"}
    actions.rescreen_deal(deal, cause="version", because="Another version.")
    assert deal.events().last().actor == "system"
    with transaction.atomic():
        AuditEvent.objects.append_all([Line("deal:1", "deal.sent", {})], actor=deal.owner)
    assert AuditEvent.objects.get(subject="deal:1").actor == f"user:{deal.owner_id}"


def test_a_draft_goes_and_its_events_stay(db):
    deal = factories.draft_deal(answers={})
    subject, pk = deal.subject, deal.pk
    actions.delete_draft(deal, actor=deal.owner)
    verbs = list(AuditEvent.objects.about(subject).in_order().values_list("verb", flat=True))
    assert verbs == ["deal.started", "deal.draft_deleted"]
    assert not type(deal).objects.filter(pk=pk).exists()


def test_activator_is_not_proposer_by_sql(db):
    factories.reference_data()
    with pytest.raises(IntegrityError, match=r"activator_is_not_proposer|final"):
        run("UPDATE policy_referenceversion SET activated_by_id = proposed_by_id")
