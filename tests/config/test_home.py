"""The first page of a policy owner: the newest proposal, where it is this person's turn."""

from typing import Any

import pytest
from django.test import Client

from audit import access
from policy import actions
from tests import factories
from tests.policy.test_governance import WEAKER, changed_rulebook, checked, rated

pytestmark = pytest.mark.django_db


def turns(person: Any) -> list[str]:
    client = Client()
    client.force_login(person)
    return [turn.title for turn in client.get("/").context["turns"]]


def test_each_hears_of_a_proposal_when_it_is_their_turn() -> None:
    factories.reference_data()
    anna, boris = (factories.person(access.POLICY_OWNER) for _ in range(2))
    assert turns(anna) == turns(boris) == []

    version = actions.propose_version(rated("FI", "low", "high"), actor=anna)
    assert turns(anna) == [f"{version} is not checked yet"]
    assert turns(boris) == []

    version, report = checked(rated("SE", "low", "medium", label="3.0"), anna)
    assert turns(anna) == []
    assert turns(boris) == [f"{version} waits for another person than the proposer"]

    actions.activate_version(version, report=report, actor=boris)
    assert turns(anna) == turns(boris) == [], "what was proposed before it is overtaken"


def test_a_failed_check_comes_back_to_the_proposer() -> None:
    factories.reference_data()
    anna, boris = (factories.person(access.POLICY_OWNER) for _ in range(2))
    version, _report = checked(changed_rulebook(WEAKER), anna)
    assert turns(anna) == [f"The check of {version} did not pass"]
    assert turns(boris) == []
