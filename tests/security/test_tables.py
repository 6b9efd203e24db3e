"""What the guards compare with stands in tables of the owner, and says what Python says."""

from typing import Any

from django.db import connection

from policy.verbs import OWNERS
from reviews.verbs import ROLE_OF_LEVEL


def rows(sql: str) -> set[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return set(cursor.fetchall())


def test_who_governs_which_kind(db):
    said = {(kind.value, role) for kind, roles in OWNERS.items() for role in roles}
    assert rows("SELECT kind, role FROM policy_governor") == said


def test_whose_vote_a_level_takes(db):
    assert rows("SELECT level, role FROM review_role") == set(ROLE_OF_LEVEL.items())
