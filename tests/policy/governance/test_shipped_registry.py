"""The registry that ships with a new program, proposed where an older one is active."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from policy import actions
from policy.facts import shipped
from policy.governance import versions
from policy.models import Kind, ReferenceVersion
from policy.reference.importers.listing import joined

pytestmark = [pytest.mark.django_db, pytest.mark.bare]

HEAD = "name,country,class,aliases,note,source"
OWN = "Harbour Watch,FI,law_enforcement,,,own file"
AS_SHIPPED = "Suojelupoliisi,FI,commercial_operator,,,own file"
WHY = "What ships with the new program knows more bodies."


@pytest.fixture
def of_before(anna: Any, boris: Any) -> None:
    """An installation whose registry has a body of its own, and one word against what ships."""
    for content in versions.shipped_contents():
        if content.kind == Kind.REGISTRY:
            stems = json.loads(content.text)["stems"]
            text = json.dumps({"registry": f"{HEAD}\n{OWN}\n", "stems": stems})
            content = replace(content, label="1.0", text=text)
        version = actions.propose_version(content, actor=anna)
        actions.activate_version(version, actor=boris)


@pytest.mark.usefixtures("of_before")
def test_it_is_offered_and_keeps_what_only_this_installation_knows(
    client: Client, anna: Any
) -> None:
    client.force_login(anna)
    page = reverse("policy:propose", args=["registry"])
    assert "?from=shipped" in client.get(page).content.decode()
    begun = client.get(page, {"from": "shipped"})
    assert begun.context["form"]["label"].value() == shipped.REGISTRY_LABEL
    answer = client.post(f"{page}?from=shipped", {"label": "1.1 here", "note": WHY})
    assert answer.status_code == 302, answer.content.decode()
    made = ReferenceVersion.objects.get(kind=Kind.REGISTRY, label="1.1 here")
    data = shipped.load()
    registry = versions.read_registry_text(made.content, data.rulebook.vocabulary, data.countries)
    assert set(data.registry.parties) <= set(registry.parties)
    (own,) = set(registry.parties) - set(data.registry.parties)
    assert (own.name, own.country) == ("Harbour Watch", "FI")


def test_it_is_not_offered_where_it_is_a_version(client: Client, anna: Any, boris: Any) -> None:
    for content in versions.shipped_contents():
        actions.activate_version(actions.propose_version(content, actor=anna), actor=boris)
    client.force_login(anna)
    page = reverse("policy:propose", args=["registry"])
    assert "?from=shipped" not in client.get(page).content.decode()


def test_of_a_body_in_both_what_ships_counts() -> None:
    ships = f"{HEAD}\nSuojelupoliisi,FI,intelligence_security,,,list\n"
    text = joined(ships, f"{HEAD}\n{AS_SHIPPED}\nSUOJELUPOLIISI,SE,question,,,own file\n")
    assert text.splitlines()[1:] == [
        "Suojelupoliisi,FI,intelligence_security,,,list",
        "SUOJELUPOLIISI,SE,question,,,own file",
    ]
    assert joined(ships, "") == ships


def test_a_list_of_sanctions_keeps_its_word_of_a_body_that_ships() -> None:
    ships = f"{HEAD}\n1NCE GmbH,DE,operator,,,list\n"
    listed = "1NCE GmbH,DE,question,,,list:EU sanctions 2026"
    assert joined(ships, f"{HEAD}\n{listed}\n").splitlines()[2:] == [listed]
    assert joined(f"{ships}{listed}\n", f"{HEAD}\n{listed}\n") == f"{ships}{listed}\n"
