"""What the application's own login tries and PostgreSQL refuses: attacks.sql, through a real login.

One set of people and deals, made by the real actions, serves all of them. Each attack runs in a
transaction of its own, ends with every guard that waits for the end of it, and is rolled back.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg2  # noqa: TID251  a login of its own, not Django's
import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from tests.security import world


class Attack(NamedTuple):
    name: str
    sqlstate: str
    #: Part of the sentence of the refusal.
    sentence: str
    sql: str


def attacks() -> list[Attack]:
    text = (Path(__file__).parent / "attacks.sql").read_text()
    parts = re.split(r"^-- attack: (.+)\n-- refused: (\S+) (.+)\n", text, flags=re.MULTILINE)[1:]
    return [Attack(*map(str.strip, parts[at : at + 4])) for at in range(0, len(parts), 4)]


ATTACKS = attacks()


@pytest.fixture(scope="module")
def numbers(
    django_db_setup: "object", django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, int]]:
    """The numbers of people, deals and the rest, by the names that attacks.sql gives them."""
    with django_db_blocker.unblock():
        yield world.make()
        connections.close_all()
        django_db_setup.renew()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def login(numbers: dict[str, int]) -> Iterator["psycopg2.extensions.connection"]:
    link = psycopg2.connect(os.environ["DATABASE_URL"])
    yield link
    link.close()


def filled_in(sql: str, numbers: dict[str, int]) -> str:
    """:name becomes a number, and a cast stays what it is."""
    return re.sub(r"(?<![:\w]):([a-z_]+)", lambda match: str(numbers[match[1]]), sql)


def test_every_attack_has_a_name_of_its_own():
    names = [attack.name for attack in ATTACKS]
    assert len(names) == len(set(names)) >= 200


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_postgresql_refuses(attack, login, numbers):
    try:
        with login.cursor() as cursor, pytest.raises(psycopg2.Error) as refusal:
            cursor.execute(filled_in(attack.sql, numbers) + "SET CONSTRAINTS ALL IMMEDIATE")
    finally:
        login.rollback()
    said = refusal.value.diag.message_primary
    assert (refusal.value.pgcode, attack.sentence in said) == (attack.sqlstate, True), said


def test_the_same_login_may_do_what_the_product_does(login, numbers):
    """So that no attack is refused only because nothing at all is possible."""
    try:
        with login.cursor() as cursor:
            cursor.execute(filled_in(ALLOWED, numbers))
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    finally:
        login.rollback()


ALLOWED = """
UPDATE screening_deal SET title = 'Another name' WHERE id = :draft;
INSERT INTO audit_auditevent (subject, actor, verb, payload)
VALUES ('person:' || :sales, 'system', 'person.roles_set', '{}');
DELETE FROM auth_user_groups WHERE user_id = :sales;
"""
