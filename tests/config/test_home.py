"""The first page of who governs: the newest proposal, where it is this person's turn."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from people import access
from policy import actions
from policy.governance import proposals
from policy.governance.versions import Content
from policy.models import Kind
from tests import factories
from tests.policy.governance.hollowed import LOOSENED, rulebook
from tests.policy.governance.test_governance import (
    WEAKER,
    changed_rulebook,
    checked,
    rated,
    shipped,
)

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
    assert turns(anna) == [f"{version} has not been checked yet"]
    assert turns(boris) == []

    version, report = checked(rated("SE", "low", "medium", label="3.0"), anna)
    assert turns(anna) == []
    assert turns(boris) == [f"{version} waits for someone other than the proposer"]

    actions.activate_version(version, report=report, actor=boris)
    assert turns(anna) == turns(boris) == [], "what was proposed before it is overtaken"


def test_a_failed_check_comes_back_to_the_proposer() -> None:
    factories.reference_data()
    anna, boris = (factories.person(access.POLICY_OWNER) for _ in range(2))
    version, _report = checked(changed_rulebook(WEAKER), anna)
    assert turns(anna) == [f"The check of {version} did not pass"]
    assert turns(boris) == []


def test_a_newer_proposal_hides_none_that_waits_for_activation() -> None:
    factories.reference_data()
    anna, boris = (factories.person(access.POLICY_OWNER) for _ in range(2))
    ready, _report = checked(rated("FI", "low", "high"), anna)
    newer = actions.propose_version(rated("SE", "low", "medium", label="3.0"), actor=anna)
    assert turns(boris) == [f"{ready} waits for someone other than the proposer"]
    assert turns(anna) == [f"{newer} has not been checked yet"]


def relabelled(kind: str) -> Content:
    return replace(shipped(kind), label="2.0")


@pytest.mark.parametrize("kind", [Kind.CATALOGUE, Kind.REGISTRY, Kind.LAWS])
def test_compliance_hears_of_what_it_may_govern(kind: str) -> None:
    factories.reference_data()
    officer, owner = factories.compliance_officer(), factories.person(access.POLICY_OWNER)
    version, report = checked(relabelled(kind), owner)
    waits = f"{version} waits for someone other than the proposer"
    assert turns(officer) == [waits]
    assert turns(owner) == turns(factories.senior()) == turns(factories.sales_person()) == []
    assert turns(factories.person(access.POLICY_OWNER)) == [waits]

    client = Client()
    client.force_login(officer)
    (turn,) = client.get("/").context["turns"]
    assert turn.url in client.get("/").content.decode()
    assert client.get(turn.url).status_code == 200
    actions.activate_version(version, report=report, actor=officer)
    assert turns(officer) == []


def test_compliance_goes_on_with_its_own_proposal() -> None:
    factories.reference_data()
    officer, owner = factories.compliance_officer(), factories.person(access.POLICY_OWNER)
    version = actions.propose_version(relabelled(Kind.REGISTRY), actor=officer)
    assert turns(officer) == [f"{version} has not been checked yet"]
    assert turns(owner) == []


def test_compliance_hears_nothing_of_the_policy_itself() -> None:
    factories.reference_data()
    officer, owner = factories.compliance_officer(), factories.person(access.POLICY_OWNER)
    for content in (rated("FI", "low", "high"), changed_rulebook()):
        _version, report = checked(content, owner)
        assert report.has_passed
    assert turns(officer) == []
    assert len(turns(factories.person(access.POLICY_OWNER))) == 2


def test_both_roles_hear_it_once() -> None:
    factories.reference_data()
    both = factories.person(access.POLICY_OWNER, access.COMPLIANCE)
    version, _report = checked(relabelled(Kind.CATALOGUE), factories.compliance_officer())
    assert turns(both) == [f"{version} waits for someone other than the proposer"]


class TestPromises:
    @pytest.fixture
    def hollowed(self, anna: Any) -> tuple[Any, Any]:
        factories.reference_data()
        content = proposals.read(Kind.RULEBOOK, rulebook(LOOSENED), proposals.About())
        return checked(content, anna)

    @pytest.fixture
    def anna(self) -> Any:
        return factories.person(access.POLICY_OWNER)

    def test_executive_reviewers_hear_of_promises_that_wait_for_them(
        self, hollowed: tuple[Any, Any], anna: Any
    ) -> None:
        version, report = hollowed
        chief, boris = factories.executive(), factories.person(access.POLICY_OWNER)
        assert turns(chief) == [f"{version} waits for you to confirm its promises"]
        assert turns(anna) == [f"{version} waits for an executive reviewer"]
        assert turns(boris) == []
        client = Client()
        client.force_login(chief)
        [turn] = client.get("/").context["turns"]
        assert client.get(turn.url).status_code == 200

        names = [one["name"] for one in report.found["unkept"]]
        why = "The board decided so on 12 November."
        actions.confirm_promise_changes(report, names=names, reason=why, actor=chief)
        assert turns(chief) == turns(anna) == []
        assert turns(boris) == [f"{version} waits for someone other than the proposer"]

    def test_nobody_hears_of_a_check_that_is_overtaken(
        self, hollowed: tuple[Any, Any], anna: Any
    ) -> None:
        version, _report = hollowed
        chief = factories.executive()
        actions.start_check(version, actor=anna)
        assert turns(chief) == []
