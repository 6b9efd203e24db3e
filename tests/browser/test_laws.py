"""Laws of the register in the deal form and on the pages of compliance, in a real browser."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.browser.test_every_page import WIDTHS, faults_of, too_wide_at
from tests.policy.laws import FINNISH
from tests.screening.test_rulings import CORE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.example_laws,
]
LOOKS = ({"width": 1280}, {"width": 320, "dark": True})


@pytest.fixture
def seller() -> Any:
    factories.reference_data(laws=factories.laws_of_the_demo())
    return factories.sales_person()


def draft(owner: Any) -> Any:
    answers = {slug: value for slug, value in CORE.items() if slug != "legal-basis"}
    return factories.draft_deal(owner, answers)


@pytest.mark.parametrize("look", LOOKS, ids=["wide-light", "narrow-dark"])
def test_the_form_offers_laws_and_fits(visitor: Any, seller: Any, look: dict[str, Any]) -> None:
    guest = visitor(seller, **look)
    page = guest.goto(f"/deals/{draft(seller).pk}/q/purpose/legal-basis/")
    assert faults_of(page) == []
    assert too_wide_at(page, WIDTHS) == {}
    page.get_by_role("button", name="Save and continue").click()
    expect(page).to_have_title(re.compile("^Error: "))
    page.wait_for_load_state()
    assert faults_of(page) == []
    assert guest.troubles == []


def test_a_law_is_picked_without_any_script(visitor: Any, seller: Any) -> None:
    deal = draft(seller)
    page = visitor(seller, scripts=False).goto(f"/deals/{deal.pk}/q/purpose/legal-basis/")
    page.get_by_label("A law of the register", exact=True).check()
    page.get_by_label("FI: Act on Electronic Communications Services").check()
    page.get_by_role("button", name="Save and continue").click()
    page.wait_for_url(lambda url: "legal-basis" not in url)
    deal.refresh_from_db()
    assert [one["law"] for one in deal.answers["legal-basis"]["laws"]] == [FINNISH]


def test_a_law_is_picked_with_the_keyboard_alone(visitor: Any, seller: Any) -> None:
    deal = draft(seller)
    guest = visitor(seller)
    page = guest.goto(f"/deals/{deal.pk}/q/purpose/legal-basis/")
    page.get_by_label("A law of the register", exact=True).focus()
    for key in ("Space", "Tab", "Space", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(lambda url: "legal-basis" not in url)
    deal.refresh_from_db()
    assert [one["law"] for one in deal.answers["legal-basis"]["laws"]] == [FINNISH]
    assert guest.troubles == []


@pytest.mark.parametrize("look", LOOKS, ids=["wide-light", "narrow-dark"])
def test_compliance_and_reviewers_read_who_obliges_whom(
    visitor: Any, seller: Any, look: dict[str, Any]
) -> None:
    picked = {"laws": [{"law": FINNISH, "cited": "An act", "conflict": False}]}
    more = {"purposes": ["crime_investigation"], "legal-basis": picked}
    deal = factories.sent_deal({**CORE, **more}, seller)
    for role, path in (
        ("compliance", f"/compliance/{deal.pk}/"),
        ("senior_reviewer", f"/reviews/{deal.pk}/"),
    ):
        guest = visitor(factories.person(role), **look)
        page = guest.goto(path)
        cited = page.locator("[aria-labelledby=laws]")
        expect(cited.get_by_text("Counts for this deal")).to_be_visible()
        expect(cited.get_by_text("Parliamentary Ombudsman")).to_be_visible()
        assert faults_of(page) == []
        assert too_wide_at(page, WIDTHS) == {}
        assert guest.troubles == []
