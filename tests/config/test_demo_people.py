import json

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from config.management.commands import demo_people
from people.access import ROLE_NAMES

pytestmark = [pytest.mark.django_db, pytest.mark.bare]


@pytest.fixture
def accounts(tmp_path, monkeypatch):
    path = tmp_path / "var" / "accounts.json"
    monkeypatch.setattr(demo_people, "ACCOUNTS", path)
    return path


def test_everybody_signs_in(accounts, client):
    call_command("demo_people")
    rows = json.loads(accounts.read_text())
    assert {row["role"] for row in rows} == set(ROLE_NAMES.values())
    assert accounts.stat().st_mode & 0o777 == 0o600
    for row in rows:
        assert client.login(username=row["username"], password=row["password"])
        assert len(row["password"]) >= 12


def test_again_it_changes_nothing(accounts):
    call_command("demo_people")
    before = accounts.read_text(), sorted(User.objects.values_list("username", "password"))
    call_command("demo_people")
    after = accounts.read_text(), sorted(User.objects.values_list("username", "password"))
    assert after == before


@pytest.mark.parametrize("damage", ["{", "[]", '[{"a": 1}]', None])
def test_lost_password_is_replaced(accounts, client, damage):
    call_command("demo_people")
    accounts.unlink()
    if damage:
        accounts.write_text(damage)
    call_command("demo_people")
    row = json.loads(accounts.read_text())[0]
    assert client.login(username=row["username"], password=row["password"])


def test_each_installation_has_its_own(accounts):
    call_command("demo_people")
    first = json.loads(accounts.read_text())[0]["password"]
    accounts.unlink()
    call_command("demo_people")
    assert json.loads(accounts.read_text())[0]["password"] != first


def test_not_in_production(accounts, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="In production, invite real ones"):
        call_command("demo_people")
    assert not User.objects.exists()
