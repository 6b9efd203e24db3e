"""Which deals a person may know of: the rest look as if they did not exist."""

from typing import Any

import pytest
from django.test import Client

from people import access
from screening import actions
from screening.models import Deal
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Any:
    factories.reference_data()
    return factories.sales_person()


@pytest.fixture
def deals(owner: Any) -> dict[str, Deal]:
    withdrawn = factories.draft_deal(owner)
    actions.withdraw_deal(withdrawn, because="Never sent.", actor=owner)
    return {
        "draft": factories.draft_deal(owner),
        "withdrawn draft": withdrawn,
        "cleared": factories.cleared_deal(owner),
        "in review": factories.deal_in_review(owner),
        "barred": factories.barred_deal(owner),
    }


def seen(person: Any, deals: dict[str, Deal]) -> set[str]:
    pks = set(Deal.objects.visible_to(person).values_list("pk", flat=True))
    return {name for name, deal in deals.items() if deal.pk in pks}


SENT = {"cleared", "in review", "barred"}


def test_sales_sees_its_own_and_what_its_team_sent(owner: Any, deals: dict[str, Deal]) -> None:
    colleague = factories.sales_person(team=owner.sales_teams.get())
    assert seen(owner, deals) == set(deals)
    assert seen(colleague, deals) == set(deals) - {"draft"}


def test_sales_of_another_team_sees_nothing(
    client: Client, owner: Any, deals: dict[str, Deal]
) -> None:
    stranger = factories.sales_person()
    assert seen(stranger, deals) == set()
    client.force_login(stranger)
    for deal in deals.values():
        assert client.get(deal.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    "role", [access.COMPLIANCE, access.SENIOR, access.EXECUTIVE, access.AUDITOR]
)
def test_who_judges_or_audits_sees_what_was_sent(deals: dict[str, Deal], role: str) -> None:
    assert seen(factories.person(role), deals) == SENT


@pytest.mark.parametrize("role", [access.POLICY_OWNER, access.ADMINISTRATOR])
def test_others_see_no_deal(deals: dict[str, Deal], role: str) -> None:
    assert seen(factories.person(role), deals) == set()
    assert seen(factories.person(), deals) == set()


def test_a_member_of_the_team_without_the_role_sees_nothing(
    owner: Any, deals: dict[str, Deal]
) -> None:
    guest = factories.person()
    owner.sales_teams.get().members.add(guest)
    assert seen(guest, deals) == set()
