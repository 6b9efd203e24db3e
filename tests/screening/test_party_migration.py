"""An installation that kept rulings by a folded name: the migration makes findings of them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2  # noqa: TID251  a database of its own, before this program's tables
import pytest
from django.db import connections

from config.devtools import embedded
from tests.screening.form.answers import SIMPLE

ROOT = Path(__file__).parents[2]
NAME = "before_parties"

ROWS = """
INSERT INTO auth_user (id, username, password, first_name, last_name, email, is_superuser, is_staff,
    is_active, date_joined) SELECT at, 'officer' || at, '', '', '', '', false, false, true, now()
    FROM generate_series(1, 3) AS at;
INSERT INTO screening_salesteam (id, name) VALUES (1, 'North');
INSERT INTO screening_deal (id, owner_id, team_id, status, title, answers, review_level,
    end_user_key) VALUES (1, 1, 1, 'draft', '', '{{}}', '', 'new name');
INSERT INTO screening_dealrevision (id, deal_id, number, submitter_id, answers_text, send_key)
    VALUES (1, 1, 1, 1, '{old}', gen_random_uuid()), (2, 1, 2, 1, '{new}', gen_random_uuid());
INSERT INTO screening_factruling (id, deal_id, fact, value_text, revision_id, declaration, about,
    end_user_key, because, source, ruled_by_id) VALUES
    (1, 1, 'adverse_info', '"confirmed"', 1, '', '', 'pohjola verkko', 'Read', 'Press', 2),
    (2, 1, 'export_control', '"denied"', 2, '', '', 'new name', 'Read', 'Decision', 2),
    (3, 1, 'legal_basis_status', '"verified"', 2, '', '', 'new name', 'Read', 'Gazette', 2),
    (4, 1, 'law_conflict', 'true', NULL, '', '', '', 'Read', 'Report', 2);
INSERT INTO screening_takenback (ruling_id, because, taken_by_id) VALUES
    (1, 'Wrong', 2), (1, 'Indeed', 3), (2, 'Wrong', 3);
"""


@pytest.fixture
def older(servers: embedded.Servers) -> Iterator[dict[str, str]]:
    """A database as the program before left it, and the surroundings in which to migrate it."""
    with embedded.admin(servers.admin_url) as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{NAME}" OWNER {embedded.OWNER}')
    surroundings = dict(os.environ) | {
        "DATABASE_URL": embedded.with_database(servers.app_url, NAME),
        "DATABASE_OWNER_URL": embedded.with_database(servers.owner_url, NAME),
    }
    yield surroundings
    connections.close_all()
    with embedded.admin(servers.admin_url) as cursor:
        cursor.execute(f'DROP DATABASE "{NAME}" WITH (FORCE)')


def migrate(surroundings: dict[str, str], *words: str) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0", *words]
    subprocess.run(command, cwd=ROOT, env=surroundings, check=True, timeout=120)


def rows(cursor: Any, statement: str) -> list[tuple[Any, ...]]:
    cursor.execute(statement)
    return list(cursor.fetchall())


def test_rulings_of_an_older_program_are_known_of_their_end_users(older):
    migrate(older, "auth")
    migrate(older, "screening", "0009")
    old = json.dumps({**SIMPLE, "customer": "Pohjola Verkko"})
    new = json.dumps({**SIMPLE, "customer": "New Name", "customer-country": "SE"})
    link = psycopg2.connect(older["DATABASE_OWNER_URL"])
    with link, link.cursor() as cursor:
        cursor.execute(ROWS.format(old=old, new=new))
    migrate(older)
    with link, link.cursor() as cursor:
        found = rows(
            cursor,
            "SELECT party.name, party.country, finding.fact, finding.value_text, products_text,"
            " ruling_id FROM screening_partyfinding AS finding JOIN screening_party AS party"
            " ON party.id = party_id ORDER BY ruling_id, party.name",
        )
        easings = rows(cursor, "SELECT id, ruling_id, asked_by_id FROM screening_easing ORDER BY 2")
        words = rows(cursor, "SELECT easing_id, agrees, said_by_id FROM screening_easingword")
        jobs = rows(cursor, "SELECT kind FROM jobs_job")
    link.close()
    products = json.dumps(SIMPLE["products"])
    assert found == [
        ("New Name", "SE", "adverse_info", '"confirmed"', "[]", 1),
        ("Pohjola Verkko", "FI", "adverse_info", '"confirmed"', "[]", 1),
        ("New Name", "SE", "export_control", '"denied"', products, 2),
        ("New Name", "SE", "law_conflict", "true", "[]", 4),
    ]
    assert [easing[1:] for easing in easings] == [(1, 2), (2, 3)]
    assert words == [(easings[0][0], True, 3)]
    assert ("name_parties",) in jobs
