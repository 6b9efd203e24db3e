"""`manage.py person`: what it does, each refusal with its sentence, and an event for each verb."""

import io
import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from audit.models import SYSTEM, AuditEvent, AuditEventQuerySet
from audit.refusals import Conflict
from people import access, actions
from tests import factories
from tests.reviews.test_races import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.bare]

PASSWORD = "a long-winded badger"
NEW = ("add", "ada", "--email", "ada@example.com")


def person(*words: str) -> str:
    output = io.StringIO()
    call_command("person", *words, stdout=output)
    return output.getvalue()


def link_in(output: str) -> str:
    """The path of the link that the command printed last."""
    link = output.splitlines()[-1]
    assert link.startswith(f"{settings.SITE_URL}/sign-in/link/")
    return link.removeprefix(settings.SITE_URL)


def choose(link: str, password: str = PASSWORD, again: str = "") -> Any:
    """What the page of the link answers to this password."""
    typed = {"new_password1": password, "new_password2": again or password}
    return Client().post(link, typed)


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
    assert said.startswith("ada is added.\nRoles: Sales, Compliance. Sales teams: North.\n")
    assert choose(link_in(said)).status_code == 302
    answer = client.post("/sign-in/", {"username": "ada", "password": PASSWORD})
    assert answer.status_code == 302
    account = client.get("/account/").content.decode()
    for words in ("Ada Berg Lund", "ada@example.com", "Sales", "Compliance", "North"):
        assert words in account
    ada = User.objects.get(username="ada")
    assert (ada.is_staff, ada.is_superuser) == (False, False)
    assert events_of("ada") == [
        ("person.added", {"roles": ["compliance", "sales"], "teams": [ada.sales_teams.get().pk]}),
        ("person.password_chosen", {}),
    ]


def test_events_hold_no_names_addresses_or_passwords() -> None:
    said = person(*NEW, "--full-name", "Ada Berg", "--role", "sales", "--new-team", "North")
    choose(link_in(said))
    text = " ".join(AuditEvent.objects.values_list("payload", flat=True))
    for words in ("ada", "Berg", "example.com", "North", PASSWORD, link_in(said)):
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
        (("--full-name", "x" * 10_000), "first name: Ensure this value has at most 150"),
        (
            ("--full-name", "Ada \u202egreB"),
            "The full name 'Ada .u202egreB' holds a character that",
        ),
        (("--full-name", "Ada\x1b[2J Berg"), "The full name 'Ada.x1b.2J Berg' holds a character"),
        (("--full-name", "Ada \udcff"), "The full name 'Ada .udcff' holds a character that nobody"),
        (("--new-team", "No\u200brth"), "The name of the team 'No.u200brth' holds a character"),
        (("--team", "No\udcffrth"), "The name of the team 'No.udcffrth' holds a character"),
        (("--email", "ada@example.c\udcffom"), "The email address 'ada@example.c.udcffom' holds"),
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
def test_passwords_that_are_refused(password: str) -> None:
    link = link_in(person(*NEW))
    answer = choose(link, password)
    assert answer.status_code == 422
    assert "This field is required" in answer.text or "password is too" in answer.text
    with pytest.raises(ValidationError, match="password is too"):
        actions.choose_password(User.objects.get(), password, token=link.split("/")[-2])
    assert not User.objects.get().has_usable_password()
    assert choose(link).status_code == 302


def test_two_passwords_that_differ_are_refused() -> None:
    link = link_in(person(*NEW))
    answer = choose(link, PASSWORD, "something else entirely")
    assert answer.status_code == 422
    assert "didn’t match" in answer.text
    assert [verb for verb, _ in events_of("ada")] == ["person.added"]


def test_nobody_signs_in_before_a_password_is_chosen() -> None:
    person(*NEW)
    for password in ("", PASSWORD, User.objects.get().password):
        assert not Client().login(username="ada", password=password)


def test_a_link_works_once() -> None:
    link = link_in(person(*NEW))
    page = Client().get(link)
    assert page.status_code == 200
    assert "Your user name is ada." in page.text
    assert choose(link)["Location"] == "/sign-in/"
    for answer in (Client().get(link), choose(link, "another longer badger")):
        assert answer.status_code == 410
        assert "This link no longer works" in answer.text
    assert Client().login(username="ada", password=PASSWORD)
    assert [verb for verb, _ in events_of("ada")] == ["person.added", "person.password_chosen"]


def test_of_two_people_with_the_link_one_chooses() -> None:
    """Both read the page before either sends: the verb looks again, under the lock."""
    link = link_in(person(*NEW))
    token, slow = link.split("/")[-2], User.objects.get()
    choose(link)
    with pytest.raises(Conflict, match="This link no longer works"):
        actions.choose_password(slow, "another longer badger", token=token)
    assert Client().login(username="ada", password=PASSWORD)


@pytest.mark.parametrize(("hours", "status"), [(23, 200), (25, 410)])
def test_a_link_works_for_a_day(hours: int, status: int) -> None:
    link = link_in(person(*NEW))
    with time_machine.travel(timezone.now() + timedelta(hours=hours)):
        assert Client().get(link).status_code == status


def test_only_the_newest_link_works() -> None:
    first = link_in(person(*NEW))
    second = link_in(person("password", "ada"))
    assert Client().get(first).status_code == 410
    assert choose(second).status_code == 302


@pytest.mark.parametrize(
    "link",
    [
        "/sign-in/link/x/y/",
        "/sign-in/link/OTk5/abc-def/",
        "/sign-in/link/%C3%A9/%C3%A9/",
        f"/sign-in/link/{'OTk5' * 10}/abc-def/",
    ],
)
def test_links_that_never_were(link: str) -> None:
    assert Client().get(link).status_code == 410
    assert choose(link).status_code == 410


def test_a_link_is_for_one_person_who_may_still_sign_in() -> None:
    ada = link_in(person(*NEW))
    bo = link_in(person("add", "bo", "--email", "bo@example.com"))
    mixed = "/".join([*ada.split("/")[:4], *bo.split("/")[4:]])
    assert Client().get(mixed).status_code == 410
    person("disable", "ada")
    assert Client().get(ada).status_code == 410


def test_the_command_takes_no_password() -> None:
    with pytest.raises(CommandError, match="unrecognized arguments"):
        person(*NEW, "--password", PASSWORD)
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
    choose(link_in(person(*NEW, "--role", "compliance")))
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
        "person.password_chosen",
        "person.disabled",
        "person.enabled",
    ]


def test_a_password_that_is_ended_ends_the_sessions() -> None:
    choose(link_in(person(*NEW)))
    client = Client()
    assert client.login(username="ada", password=PASSWORD)
    said = person("password", "ada")
    assert said.startswith("The password of ada no longer works.\n")
    assert "/sign-in/" in client.get("/account/")["Location"]
    assert not client.login(username="ada", password=PASSWORD)
    choose(link_in(said), "another longer badger")
    assert client.login(username="ada", password="another longer badger")
    assert [verb for verb, _ in events_of("ada")][2:] == [
        "person.password_ended",
        "person.password_chosen",
    ]


def test_emails_go_to_another_address_and_former_links_end(client: Client) -> None:
    link = link_in(person(*NEW))
    person("add", "bo", "--email", "bo@example.com")
    said = person("email", "ada", "ada.berg@example.org")
    assert said == "Emails to ada go to ada.berg@example.org from now on.\n"
    assert User.objects.get(username="ada").email == "ada.berg@example.org"
    assert client.get(link).status_code == 410, "who reads the former mailbox gets in no more"
    assert [verb for verb, _ in events_of("ada")] == ["person.added", "person.email_set"]
    assert "example" not in str(events_of("ada")), "no address stands in the ledger"
    for address, why in (
        ("ada.berg@example.org", "is already the address of ada"),
        ("BO@example.com", "belongs to another person"),
        ("nowhere", "is not a valid email address"),
        ("a\u202eda@example.org", "a character that nobody sees"),
    ):
        with pytest.raises(CommandError, match=why):
            person("email", "ada", address)
    person("disable", "ada")
    person("email", "ada", "Ada.Berg@example.org")
    assert User.objects.get(username="ada").email == "Ada.Berg@example.org"
    with pytest.raises(CommandError, match="There is no person 'nobody'"):
        person("email", "nobody", "nobody@example.org")


@pytest.mark.parametrize("verb", ["roles", "teams", "disable", "enable", "password"])
@pytest.mark.parametrize("name", ["nobody", "no\udcffbody", "no\u202ebody", "n" * 10_000])
def test_nobody_of_that_name(verb: str, name: str) -> None:
    with pytest.raises(CommandError, match="There is no person 'n"):
        person(verb, name)


def test_a_name_of_any_script_is_a_name() -> None:
    person(*NEW, "--full-name", "علی\u200cرضا Åsa")
    assert User.objects.get().first_name == "علی\u200cرضا"


@pytest.mark.parametrize("verb", ["end", "choose"])
def test_a_password_changes_with_its_event_or_not_at_all(
    verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = link_in(person(*NEW))
    before, events = User.objects.get().password, events_of("ada")

    def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("The ledger is gone.")

    acts = {
        "end": partial(actions.end_password, User.objects.get(), actor=SYSTEM),
        "choose": partial(choose, link),
    }
    monkeypatch.setattr(AuditEventQuerySet, "append_all", broken)
    with pytest.raises(RuntimeError, match="The ledger is gone"):
        acts[verb]()
    assert User.objects.get().password == before
    monkeypatch.undo()
    assert events_of("ada") == events
    assert choose(link).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_two_in_the_same_moment_one_chooses() -> None:
    link = link_in(person(*NEW))
    token, ada = link.split("/")[-2], User.objects.get()
    chosen = ["one long-winded badger", "another longer badger"]
    came = at_once(
        *(
            partial(actions.choose_password, User.objects.get(pk=ada.pk), password, token=token)
            for password in chosen
        )
    )
    assert came == {"done": 1, "Conflict": 1}
    assert [verb for verb, _ in events_of("ada")] == ["person.added", "person.password_chosen"]
    assert sum(Client().login(username="ada", password=password) for password in chosen) == 1


@pytest.mark.django_db(transaction=True)
def test_a_password_that_ends_while_another_is_chosen_leaves_one_that_is_in_the_ledger() -> None:
    link = link_in(person(*NEW))
    token, ada = link.split("/")[-2], User.objects.get()
    at_once(
        partial(actions.choose_password, User.objects.get(pk=ada.pk), PASSWORD, token=token),
        partial(actions.end_password, User.objects.get(pk=ada.pk), actor=SYSTEM),
    )
    last, _ = events_of("ada")[-1]
    assert User.objects.get().has_usable_password() == (last == "person.password_chosen")
    assert Client().login(username="ada", password=PASSWORD) == (last == "person.password_chosen")


@pytest.mark.parametrize("password", ["a\x00" * 9, "a" * 100_000])
def test_hostile_passwords_get_an_answer(password: str) -> None:
    link = link_in(person(*NEW))
    assert choose(link, password).status_code in {302, 400, 422}
    assert User.objects.get().has_usable_password() == ("\0" not in password)


def test_the_verb_itself_refuses_the_mix() -> None:
    """The command refuses it before; others may call the verb."""
    with pytest.raises(access.NotAllowed, match="cannot be combined"):
        actions.add_person(
            "bo", email="bo@example.com", roles={access.AUDITOR, access.SALES}, actor=SYSTEM
        )
    assert not User.objects.exists()
