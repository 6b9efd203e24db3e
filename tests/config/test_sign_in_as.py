"""In the demo one click makes a newcomer anybody of the example people; nowhere else it does."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from config.devtools import demo
from config.management.commands import demo_people
from tests import factories

pytestmark = pytest.mark.django_db

AS = "/sign-in/as/"
WALKERS = ("sofia", "carla", "rosa", "erik", "elias", "anna", "paula", "pedro")


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Path:
    """The demo's people, and the setting of its launcher."""
    path = tmp_path / "accounts.json"
    monkeypatch.setattr(demo_people, "ACCOUNTS", path)
    monkeypatch.setattr("config.pages.DEMO_ACCOUNTS", path)
    call_command("demo_people", verbosity=0)
    settings.SIGN_IN_AS = True
    return path


@pytest.mark.parametrize("name", WALKERS)
def test_a_button_for_each_of_them_signs_in(accounts: Path, client: Client, name: str) -> None:
    assert f'name="username" value="{name}"' in client.get("/sign-in/").content.decode()
    assert client.post(AS, {"username": name})["Location"] == "/"
    assert client.get("/").context["user"].username == name


def test_switching_ends_the_session_of_the_former_person(accounts: Path, client: Client) -> None:
    client.post(AS, {"username": "sofia"})
    former = client.cookies["proviso-session"].value
    client.post(AS, {"username": "rosa"})
    assert client.get("/").context["user"].username == "rosa"
    client.cookies["proviso-session"] = former
    assert client.get("/").status_code == 302


def test_no_password_is_in_the_source_of_the_page(accounts: Path, client: Client) -> None:
    (password,) = {row["password"] for row in json.loads(accounts.read_text())}
    assert password not in client.get("/sign-in/").content.decode()


def test_only_a_post_of_this_site_signs_in(accounts: Path) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(AS, {"username": "sofia"}).status_code == 405
    assert strict.post(AS, {"username": "sofia"}).status_code == 403
    assert strict.get("/").status_code == 302


@pytest.mark.parametrize("name", ["", "nobody", "Sofia", "real"])
def test_only_as_one_of_them(accounts: Path, client: Client, name: str) -> None:
    factories.User.objects.create_user("real", password=factories.PASSWORD)
    assert client.post(AS, {"username": name}).status_code == 404
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    ("wanted", "target"),
    [("/reviews/", "/reviews/"), ("https://example.com/", "/"), ("//example.com", "/"), ("", "/")],
)
def test_it_leads_on_to_pages_of_this_site_only(
    accounts: Path, client: Client, wanted: str, target: str
) -> None:
    assert client.post(AS, {"username": "rosa", "next": wanted})["Location"] == target


def test_before_there_are_people_there_is_no_button(accounts: Path, client: Client) -> None:
    accounts.unlink()
    assert AS not in client.get("/sign-in/").content.decode()
    assert client.post(AS, {"username": "sofia"}).status_code == 404


@pytest.mark.parametrize("is_demo", [True, False])
def test_without_the_setting_there_is_no_such_page(
    accounts: Path, client: Client, settings: Any, is_demo: bool
) -> None:
    """Also where the accounts of a demo lie beside the program."""
    settings.SIGN_IN_AS = False
    settings.DEMO = is_demo
    assert AS not in client.get("/sign-in/").content.decode()
    assert client.post(AS, {"username": "sofia"}).status_code == 404
    assert client.get("/").status_code == 302


def test_the_ribbon_leads_to_the_buttons(accounts: Path, client: Client, settings: Any) -> None:
    settings.DEMO = True
    client.post(AS, {"username": "sofia"})
    home = client.get("/").content.decode()
    assert f'<a href="{reverse("login")}">Sign in as somebody else</a>' in home


def test_the_launcher_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Servers:
        def environment(self) -> dict[str, str]:
            return {}

    monkeypatch.setattr(demo.embedded, "passwords", lambda folder: {"key": "k"})
    found = demo.environment(Servers(), 8000)  # type: ignore[arg-type]
    assert (found["PROVISO_MODE"], found["PROVISO_SIGN_IN_AS"]) == ("demo", "1")
