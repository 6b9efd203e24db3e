"""`manage.py person`: what it does, each refusal with its sentence, and an event for each verb."""

import io
import json
import sys
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from audit.models import AuditEvent
from people import access, actions
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "a long-winded badger"
NEW = ("add", "ada", "--email", "ada@example.com")


@pytest.fixture(autouse=True)
def _typed(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, PASSWORD)


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{text}\n"))


def person(*words: str) -> str:
    output = io.StringIO()
    call_command("person", *words, stdout=output)
    return output.getvalue()


def events_of(name: str) -> list[tuple[str, Any]]:
    subject = f"person:{User.objects.get(username=name).pk}"
    return [
        (event.verb, json.loads(event.payload))
        for event in AuditEvent.objects.about(subject).in_order()
    ]


def test_an_added_person_signs_in_with_roles_and_team(client: Client) -> None:
    said = person(
        *NEW,
        "--full-name",
        "Ada Berg Lund",
        "--role",
        "sales",
        "--role",
        "Compliance",
        "--new-team",
        "North",
    )
    assert said == "ada is added.\nRoles: Sales, Compliance. Sales teams: North.\n"
    answer = client.post("/sign-in/", {"username": "ada", "password": PASSWORD})
    assert answer.status_code == 302
    account = client.get("/account/").content.decode()
    for words in ("Ada Berg Lund", "ada@example.com", "Sales", "Compliance", "North"):
        assert words in account
    ada = User.objects.get(username="ada")
    assert (ada.is_staff, ada.is_superuser) == (False, False)
    [(verb, payload)] = events_of("ada")
    assert verb == "person.added"
    assert payload == {"roles": ["compliance", "sales"], "teams": [ada.sales_teams.get().pk]}


def test_events_hold_no_names_addresses_or_passwords() -> None:
    person(*NEW, "--full-name", "Ada Berg", "--role", "sales", "--new-team", "North")
    text = " ".join(AuditEvent.objects.values_list("payload", flat=True))
    for words in ("ada", "Berg", "example.com", "North", PASSWORD):
        assert words not in text


def test_sales_without_a_team_is_told() -> None:
    assert "ada needs a sales team to start deals" in person(*NEW, "--role", "sales")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--role", "boss"), "There is no role 'boss'. The roles are sales, compliance,"),
        (("--role", "auditor", "--role", "sales"), "Auditor cannot be combined with another role."),
        (
            ("--role", "executive-reviewer", "--role", "policy-owner"),
            "Policy owner and Executive reviewer cannot be the same person.",
        ),
        (("--email", "ada"), "'ada' is not a valid email address."),
        (("--email", "SOFIA@example.com"), "The address SOFIA@example.com belongs to another"),
        (("--team", "Nroth"), "There is no sales team 'Nroth' here. There are: North."),
        (("--new-team", "north"), "There is already a sales team 'north'. Join it instead."),
        (("--new-team", ""), "name: This field cannot be blank."),
        (("--new-team", "x" * 81), "name: Ensure this value has at most 80 characters"),
        (("--full-name", "x" * 200), "first name: Ensure this value has at most 150"),
    ],
)
def test_who_is_not_added(mighty: Any, words: tuple[str, ...], sentence: str) -> None:
    sofia = factories.sales_person(team=factories.sales_team("North"))
    mighty(
        "auth_user", "UPDATE auth_user SET email = 'sofia@example.com' WHERE id = %s", [sofia.pk]
    )
    before = AuditEvent.objects.count()
    with pytest.raises(CommandError, match=sentence):
        person(*NEW, *words)
    assert not User.objects.filter(username="ada").exists()
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("ADA", "There is already a person 'ADA'."), ("a b", "Enter a valid username.")],
)
def test_names_are_valid_and_taken_once(name: str, sentence: str) -> None:
    person(*NEW)
    with pytest.raises(CommandError, match=sentence):
        person("add", name, "--email", "other@example.com")
    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["", "short", "password1234", "ada@example.com"])
def test_passwords_that_are_refused(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    typed(monkeypatch, password)
    with pytest.raises(CommandError, match="password is too"):
        person(*NEW)
    assert not User.objects.exists()


def test_roles_are_shown_set_added_and_removed() -> None:
    person(*NEW, "--role", "compliance")
    assert person("roles", "ada").startswith("Roles: Compliance.")
    assert person("roles", "ada", "--add", "senior_reviewer").startswith(
        "Roles: Compliance, Senior reviewer."
    )
    assert person("roles", "ada", "--remove", "compliance").startswith("Roles: Senior reviewer.")
    assert person("roles", "ada", "--set", "policy_owner").startswith("Roles: Policy owner.")
    assert events_of("ada")[1:] == [
        (
            "person.roles_set",
            {"before": ["compliance"], "after": ["compliance", "senior_reviewer"]},
        ),
        (
            "person.roles_set",
            {"before": ["compliance", "senior_reviewer"], "after": ["senior_reviewer"]},
        ),
        ("person.roles_set", {"before": ["senior_reviewer"], "after": ["policy_owner"]}),
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--add", "policy_owner"), "Policy owner and Senior reviewer cannot be the same person."),
        (("--add", "senior_reviewer"), "ada already has exactly these roles."),
        (("--remove", "sailor"), "There is no role 'sailor'."),
    ],
)
def test_roles_that_are_not_given(words: tuple[str, ...], sentence: str) -> None:
    person(*NEW, "--role", "senior_reviewer")
    with pytest.raises(CommandError, match=sentence):
        person("roles", "ada", *words)
    assert access.roles_of(User.objects.get()) == {access.SENIOR}
    assert len(events_of("ada")) == 1


def test_a_role_that_is_taken_away_ends_at_the_next_request() -> None:
    """SE-3."""
    person(*NEW, "--role", "senior_reviewer")
    client = Client()
    client.force_login(User.objects.get())
    assert client.get("/reviews/").status_code == 200
    person("roles", "ada", "--set", "compliance")
    assert client.get("/reviews/").status_code == 403


def test_teams_are_joined_and_left() -> None:
    factories.sales_team("North")
    person(*NEW, "--role", "sales")
    assert person("teams", "ada", "--join", "north", "--new", "South").endswith("North, South.\n")
    assert person("teams", "ada", "--leave", "North").endswith("Sales teams: South.\n")
    with pytest.raises(CommandError, match="There is no sales team 'North' here"):
        person("teams", "ada", "--leave", "North")
    assert [verb for verb, _ in events_of("ada")] == ["person.added", *["person.teams_set"] * 2]


def test_who_is_disabled_is_out_at_once_and_may_come_back() -> None:
    person(*NEW, "--role", "compliance")
    client = Client()
    client.force_login(User.objects.get())
    assert person("disable", "ada") == "ada is disabled.\n"
    assert "/sign-in/" in client.get("/account/")["Location"]
    sign_in = {"username": "ada", "password": PASSWORD}
    assert client.post("/sign-in/", sign_in).status_code == 200
    with pytest.raises(CommandError, match="ada is already disabled"):
        person("disable", "ada")
    assert person("enable", "ada") == "ada is enabled.\n"
    assert client.post("/sign-in/", sign_in).status_code == 302
    with pytest.raises(CommandError, match="ada is already enabled"):
        person("enable", "ada")
    assert [verb for verb, _ in events_of("ada")] == [
        "person.added",
        "person.disabled",
        "person.enabled",
    ]


def test_another_password_ends_the_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    person(*NEW)
    client = Client()
    assert client.login(username="ada", password=PASSWORD)
    typed(monkeypatch, "another longer badger")
    assert person("password", "ada") == "ada has a new password.\n"
    assert "/sign-in/" in client.get("/account/")["Location"]
    assert not client.login(username="ada", password=PASSWORD)
    assert client.login(username="ada", password="another longer badger")
    assert events_of("ada")[-1] == ("person.password_set", {})
    typed(monkeypatch, "short")
    with pytest.raises(CommandError, match="too short"):
        person("password", "ada")
    assert client.login(username="ada", password="another longer badger")


def test_a_password_is_typed_twice_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([PASSWORD, "something else entirely", PASSWORD, PASSWORD])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with pytest.raises(CommandError, match="The two passwords differ"):
        person(*NEW)
    assert person(*NEW).startswith("ada is added.")


@pytest.mark.parametrize("verb", ["roles", "teams", "disable", "enable", "password"])
def test_nobody_of_that_name(verb: str) -> None:
    with pytest.raises(CommandError, match="There is no person 'nobody'"):
        person(verb, "nobody")


def test_the_verb_itself_refuses_the_mix() -> None:
    """The command refuses it before it asks for a password; others may call the verb."""
    with pytest.raises(access.NotAllowed, match="cannot be combined"):
        actions.add_person(
            "bo",
            email="bo@example.com",
            roles={access.AUDITOR, access.SALES},
            password=PASSWORD,
            actor="system",
        )
    assert not User.objects.exists()
