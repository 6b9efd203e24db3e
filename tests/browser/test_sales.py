"""The seller in a real browser: with and without scripts, narrow, light and dark."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [{"width": 1280, "dark": False}, {"width": 320, "dark": True}]
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def alice() -> Any:
    factories.reference_data()
    return factories.sales_person(name="Alice Sato")


def violations(page: Page) -> list[str]:
    """What axe finds on this page."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:150]}" for one in found for node in one["nodes"]]


def addresses(alice: Any) -> list[str]:
    draft = factories.draft_deal(alice, {**factories.SIMPLE, "customer-country": "UA"})
    unknown = factories.draft_deal(alice, {**factories.SIMPLE, "state-owned": "?", "reports": ""})
    in_review, barred = factories.deal_in_review(alice), factories.barred_deal(alice)
    questions = [
        ("sold", "name"),
        ("sold", "products"),
        ("sold", "intermediaries"),
        ("parties", "end-user"),
        ("places", "countries"),
        ("places", "run-from"),
        ("places", "other-places"),
        ("places", "territories"),
        ("purpose", "purposes"),
        ("purpose", "legal-basis"),
        ("purpose", "restricts"),
        ("concerns", "value"),
        ("concerns", "sign-date"),
    ]
    return [
        reverse("screening:deals"),
        reverse("screening:new"),
        *(f"/deals/{draft.pk}/q/{section}/{slug}/" for section, slug in questions),
        f"/deals/{draft.pk}/",
        f"/deals/{draft.pk}/delete/",
        f"/deals/{unknown.pk}/check/",
        f"/deals/{in_review.pk}/",
        f"/deals/{in_review.pk}/withdraw/",
        f"/deals/{in_review.pk}/copy/",
        f"/deals/{barred.pk}/",
        f"/deals/{barred.pk}/sent/",
        f"/deals/{barred.pk}/changed/",
        "/deals/987654/",
    ]


@pytest.mark.parametrize("look", LOOKS, ids=["wide-light", "narrow-dark"])
def test_every_page_is_accessible_and_fits(visitor: Any, alice: Any, look: dict[str, Any]) -> None:
    seller = visitor(alice, **look)
    found = {}
    for address in addresses(alice):
        page = seller.goto(address)
        problems = violations(page)
        if wide := page.evaluate(WIDER):
            problems.append(f"{wide} pixels too wide")
        if problems:
            found[address] = problems
    assert found == {}
    assert seller.troubles == []


def test_an_error_takes_the_focus_and_leads_to_its_field(visitor: Any, alice: Any) -> None:
    seller = visitor(alice)
    deal = factories.draft_deal(alice, {})
    page = seller.goto(f"/deals/{deal.pk}/q/purpose/description/")
    page.get_by_role("button", name="Save and continue").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name="Enter the purpose").click()
    expect(page.locator("#id_answer")).to_be_focused()
    assert violations(page) == []
    assert seller.troubles == []


def test_the_meaning_of_an_answer_appears_while_answering(visitor: Any, alice: Any) -> None:
    seller = visitor(alice)
    deal = factories.draft_deal(alice)
    page = seller.goto(f"/deals/{deal.pk}/q/purpose/purposes/")
    page.get_by_label("Control of political content").check()
    page.get_by_text("Nobody can approve a deal like this.").wait_for()
    deal.refresh_from_db()
    assert deal.answers["purposes"] == ["commercial_service"]


def test_the_list_of_products_can_be_searched(visitor: Any, alice: Any) -> None:
    seller = visitor(alice)
    deal = factories.draft_deal(alice, {})
    page = seller.goto(f"/deals/{deal.pk}/q/sold/products/")
    page.get_by_label("Search the list").fill("microwave")
    expect(page.get_by_label("5G macro radio")).to_be_hidden()


def test_keys_walk_the_list_and_open_a_deal(visitor: Any, alice: Any) -> None:
    seller = visitor(alice)
    older, newer = factories.draft_deal(alice), factories.draft_deal(alice)
    page = seller.goto("/deals/?tab=drafts")
    page.keyboard.press("j")
    expect(page.locator(f"a[href='/deals/{newer.pk}/']")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/deals/{older.pk}/")
    page.go_back()
    page.get_by_role("button", name="Turn shortcuts off").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def send_a_deal(page: Page) -> None:
    """From the page that starts a deal, through every section, to its result."""
    page.get_by_role("button", name="Start now").click()
    page.get_by_role("link", name="Say what is being sold").click()
    save = page.get_by_role("button", name="Save and continue")
    page.get_by_label("5G macro radio").check()
    save.click()
    page.get_by_label("Supply only").check()
    save.click()
    page.get_by_label("No", exact=True).check()
    save.click()
    page.get_by_role("link", name="Name the customer and end user").click()
    page.get_by_label("Who signs the contract?").fill("Elisa Oyj")
    save.click()
    page.get_by_label("Commercial operator").check()
    page.get_by_label("The organisation that signs is the end user").check()
    save.click()
    page.get_by_label("No", exact=True).check()
    save.click()
    page.get_by_role("link", name="Say where it will be used").click()
    page.get_by_label("Country or area").first.select_option("FI")
    page.get_by_role("button", name="Add another").click()
    expect(page.get_by_label("Country or area")).to_have_count(3)
    save.click()
    page.get_by_label("No", exact=True).check()
    save.click()
    page.get_by_role("link", name="Say what it will be used for").click()
    page.get_by_label("What is the purpose").fill("Mobile service for subscribers")
    save.click()
    page.get_by_label("Commercial service for subscribers").check()
    save.click()
    page.get_by_label("No", exact=True).check()
    save.click()
    page.get_by_role("link", name="Name known concerns, and what reviewers need").click()
    page.get_by_label("No", exact=True).check()
    save.click()
    page.get_by_role("link", name="Check your answers and send").click()
    page.get_by_label("I have told you what I know.").check()
    page.get_by_role("button", name="Send for screening").click()


def test_a_deal_is_sent_without_any_script(visitor: Any, alice: Any) -> None:
    seller = visitor(alice, scripts=False)
    page = seller.goto("/deals/new/")
    send_a_deal(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Cleared until"))
    assert alice.deals.get().status == "cleared"


def test_where_in_a_country_is_answered_by_keyboard_and_without_a_script(
    visitor: Any, alice: Any
) -> None:
    seller = visitor(alice, scripts=False, width=320)
    deal = factories.draft_deal(alice, {**factories.SIMPLE, "customer-country": "CY"})
    page = seller.goto(f"/deals/{deal.pk}/q/places/territories/")
    page.get_by_role("group", name="Cyprus").get_by_label("Northern Cyprus").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/deals/{deal.pk}/")
    deal.refresh_from_db()
    assert deal.answers["territories"] == {"CY": ["X-NCY"]}
    assert seller.troubles == []
