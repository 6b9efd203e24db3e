import pytest
from django.db import DatabaseError, connection, transaction

from config import ops
from config.devtools import embedded


@pytest.mark.django_db
def test_driver_is_psycopg2():
    assert connection.Database.__name__ == "psycopg2"


@pytest.mark.django_db
def test_tests_sign_in_as_the_application():
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user, current_user")
        assert cursor.fetchone() == ("proviso_app", "proviso_app")
        assert ops.faults_of_login(cursor) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "TRUNCATE django_session",
        "ALTER TABLE django_session ADD COLUMN mine int",
        "DROP TABLE django_session",
        "CREATE ROLE mine",
        "SET ROLE proviso_owner",
        "SET SESSION AUTHORIZATION postgres",
        "SET session_replication_role = replica",
        "ALTER TABLE django_session DISABLE TRIGGER ALL",
    ],
)
def test_application_may_not_change_the_schema(statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_application_changes_rows():
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_session VALUES ('a', 'b', now())")
        cursor.execute("UPDATE django_session SET session_data = 'c' WHERE session_key = 'a'")
        cursor.execute("DELETE FROM django_session WHERE session_key = 'a'")
        assert cursor.rowcount == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("login", "fault"), [("owner", "it owns tables"), ("admin", "it is a superuser")]
)
def test_too_powerful_logins_are_named(login, fault, owner_url, superuser_url):
    """CF-1: the program asks PostgreSQL what its login may do."""
    with embedded.admin(owner_url if login == "owner" else superuser_url) as cursor:
        assert any(fault in sentence for sentence in ops.faults_of_login(cursor))


@pytest.mark.django_db(transaction=True)
@pytest.mark.bare
@pytest.mark.parametrize("turn", [1, 2])
def test_a_transactional_test_finds_the_database_as_migrated(turn, django_user_model):
    assert not django_user_model.objects.exists()
    django_user_model.objects.create_user("anna")
