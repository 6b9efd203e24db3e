"""PostgreSQL refuses roles that one person may not hold together, whoever writes the rows."""

import threading
from itertools import combinations

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.models import SYSTEM, AuditEvent
from audit.refusals import NotAllowed
from people import access, actions
from people.roles import check_role_mix
from tests import factories

JOIN = """
INSERT INTO auth_user_groups (user_id, group_id)
SELECT %s, id FROM auth_group WHERE name = ANY(%s)"""


@pytest.fixture(autouse=True)
def _groups(db: None) -> None:
    for role in access.ROLE_NAMES:
        Group.objects.get_or_create(name=role)


def tell(person: User) -> None:
    """With the event that every change of roles has: the mix alone is what is refused."""
    AuditEvent.objects.append(
        subject=f"person:{person.pk}", actor=SYSTEM, verb="person.roles_set", payload={}
    )


def give(person: User, *roles: str) -> None:
    """As a shell of the application's own login would, up to the end of the transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(JOIN, [person.pk, list(roles)])
        tell(person)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def is_allowed(*roles: str) -> bool:
    try:
        check_role_mix(frozenset(roles))
    except NotAllowed:
        return False
    return True


def test_the_application_asks_as_itself() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)


@pytest.mark.parametrize("count", [1, 2, 3, len(access.ROLE_NAMES)])
def test_postgresql_refuses_what_the_verbs_refuse(count: int) -> None:
    seen = set()
    for roles in combinations(access.ROLE_NAMES, count):
        person = factories.person()
        allowed = is_allowed(*roles)
        seen.add(allowed)
        if allowed:
            give(person, *roles)
        else:
            with pytest.raises(IntegrityError, match="cannot be"):
                give(person, *roles)
        assert access.roles_of(person) == (set(roles) if allowed else set())
    assert seen == ({True} if count == 1 else {False} if count > 3 else {True, False})


def test_one_after_the_other_is_refused_too() -> None:
    person = factories.senior()
    with pytest.raises(IntegrityError, match="a policy owner cannot be a reviewer"):
        give(person, access.POLICY_OWNER)
    assert access.roles_of(person) == {access.SENIOR}


def test_a_membership_is_not_turned_into_another() -> None:
    person = factories.person(access.SALES, access.COMPLIANCE)
    with connection.cursor() as cursor:
        tell(person)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match=r"the role auditor cannot|permission deni"):
            cursor.execute(
                "UPDATE auth_user_groups SET group_id = (SELECT id FROM auth_group WHERE name = %s)"
                " WHERE user_id = %s AND group_id = (SELECT id FROM auth_group WHERE name = %s)",
                [access.AUDITOR, person.pk, access.SALES],
            )


def test_roles_may_be_exchanged_in_one_transaction() -> None:
    """The new one may come before the old one is gone: the end of the transaction counts."""
    person = factories.auditor()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(JOIN, [person.pk, [access.SALES]])
        cursor.execute(
            "DELETE FROM auth_user_groups WHERE user_id = %s AND group_id ="
            " (SELECT id FROM auth_group WHERE name = %s)",
            [person.pk, access.AUDITOR],
        )
        tell(person)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    assert access.roles_of(person) == {access.SALES}


def test_groups_that_are_no_roles_do_not_count() -> None:
    Group.objects.create(name="superheroes")
    give(factories.auditor(), "superheroes")


@pytest.mark.parametrize("change", ["name = 'sales'", "id = id + 1000000"])
def test_a_role_keeps_its_name(change: str) -> None:
    """Otherwise the members of a harmless group would hold the role at once."""
    Group.objects.create(name="harmless")
    for name in ("harmless", access.AUDITOR):
        with (
            pytest.raises(DatabaseError, match=r"a role keeps its name|permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"UPDATE auth_group SET {change} WHERE name = %s", [name])


def test_the_verb_and_the_command_refuse_it_before(db: None) -> None:
    auditor = factories.auditor()
    with pytest.raises(NotAllowed, match="Auditor cannot be combined"):
        actions.set_roles(auditor, frozenset({access.AUDITOR, access.SALES}), actor=SYSTEM)
    with pytest.raises(CommandError, match="Auditor cannot be combined"):
        call_command("person", "roles", auditor.username, "--add", "sales")
    assert access.roles_of(auditor) == {access.AUDITOR}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_of_two_transactions_at_the_same_time_one_is_refused(isolation: str) -> None:
    """Neither sees what the other gives until both are about to end."""
    person = factories.person()
    both_gave = threading.Barrier(2, timeout=20)
    refused: list[str] = []

    def give_one(role: str) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
                cursor.execute(JOIN, [person.pk, [role]])
                both_gave.wait()
                tell(person)
        except DatabaseError as refusal:
            refused.append(str(refusal))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=give_one, args=[role]) for role in (access.AUDITOR, access.SALES)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(refused) == 1, refused
    assert len(access.roles_of(person)) == 1
