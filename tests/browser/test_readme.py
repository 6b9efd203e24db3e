"""The README's five-minute table, walked row by row by somebody new: every name is read from it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings as program
from django.core.management import call_command
from playwright.sync_api import Page, expect

from policy import actions as governing
from screening.sweep import rescreen
from tests.browser.test_sales import send_a_deal
from tests.policy.governance.test_governance import work

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.bare]

README = (program.BASE_DIR / "README.md").read_text()
SECTION = README.partition("## Five minutes in the demo")[2].partition("\n## ")[0]
RESULTS = {"clears": "cleared", "senior review": "in review"}


class Row(NamedTuple):
    """Of one row: people and other words in code style, names in italics, the whole text."""

    words: list[str]
    names: list[str]
    text: str


ROWS = [
    Row(re.findall(r"`([^`]+)`", line), re.findall(r"\*([^*]+)\*", line), line)
    for line in SECTION.splitlines()
    if line.startswith("| ") and "`" in line
]
(SWITCH,) = re.findall(r"\*([^*]+)\*, at the top", SECTION)


@pytest.fixture
def page(visitor: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    """The demo as its launcher prepares it, at its first page."""
    settings.DEMO = settings.SIGN_IN_AS = True
    accounts = tmp_path / "accounts.json"
    monkeypatch.setattr("config.management.commands.demo_people.ACCOUNTS", accounts)
    monkeypatch.setattr("config.pages.DEMO_ACCOUNTS", accounts)
    call_command("demo_people", verbosity=0)
    call_command(
        "load_reference", proposer="paula", activator="pedro", example_laws=True, verbosity=0
    )
    call_command("load_demo", verbosity=0)
    opened: Page = visitor().goto("/")
    opened.set_default_timeout(10_000)
    return opened


def become(page: Page, username: str) -> None:
    if page.get_by_role("link", name=SWITCH).is_visible():
        page.get_by_role("link", name=SWITCH).click()
    page.get_by_role("button", name=re.compile(rf"^{username}\b")).click()
    page.get_by_role("heading", level=1).wait_for()


def follow(page: Page, name: str) -> None:
    """The link or button of this name; three dots stand for what the page puts there."""
    # Behind the name of a tab stands a number, and on a card what more it says.
    words = re.compile("^" + re.escape(name).replace("…", ".*") + r"(\s.*)?$")
    page.get_by_role("link", name=words).or_(page.get_by_role("button", name=words)).first.click()
    # What is counted or listed next must not be a page that is only half there.
    page.wait_for_load_state()


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def fill(page: Page) -> None:
    """Choose the first of each set of choices, and write enough into each text."""
    for group in page.locator("main fieldset:has(> .choices)").all():
        group.locator("input").first.check()
    for area in page.locator("main textarea").all():
        area.fill("The end user is known, and nothing in the offer can be used against people.")


def assess_and_vote(page: Page) -> None:
    follow(page, "Assess and vote")
    expect(page.get_by_role("heading", name="Assess the deal")).to_be_visible()
    fill(page)
    follow(page, "Continue to the vote")
    page.locator("input[name=verdict][value=approve]").check()
    page.locator("textarea[name=because]").fill("Nothing here can be used against people.")
    follow(page, "Continue to confirm")
    follow(page, "Record vote")


def walk_sofia(page: Page, row: Row) -> None:
    mine, start, again, tab, barred = row.names
    follow(page, mine)
    follow(page, start)
    send_a_deal(page)
    assert heading(page).startswith("Cleared until")
    follow(page, again)
    follow(page, tab)
    follow(page, barred)
    expect(page.get_by_text("Nobody can approve this deal").first).to_be_visible()
    expect(page.get_by_role("link", name="The policy, clause").first).to_be_visible()


def walk_carla(page: Page, row: Row) -> None:
    desk, deal, parties, record, take_back = row.names
    follow(page, desk)
    follow(page, deal)
    assert heading(page) == deal
    follow(page, "Verify the legal basis")
    expect(page.get_by_role("heading", name="As it stands")).to_be_visible()
    page.locator("input[name=value][value=verified]").check()
    page.get_by_label("Source").fill("Official gazette, read in the original")
    page.get_by_label("Reason").fill("The act obliges this operator, and a judge orders.")
    follow(page, "Set and screen again")
    (result,) = (shown for said, shown in RESULTS.items() if said in row.text)
    expect(page.get_by_role("status")).to_contain_text(f"was screened again: {result}.")
    follow(page, desk)
    expect(page.get_by_role("link", name=deal)).to_have_count(0)
    follow(page, parties)
    page.locator("tbody a").first.click()
    party = heading(page)
    follow(page, record)
    page.get_by_label("Misuse is alleged").check()
    page.get_by_label("Source", exact=True).fill("Press archive")
    page.get_by_label("Reason").fill("Two papers report it.")
    follow(page, "Record and screen again")
    assert heading(page) == party
    follow(page, take_back)
    page.get_by_label("Reason").fill("They mean another firm.")
    follow(page, "Ask a second person")
    become(page, row.words[-1])
    follow(page, desk)
    page.get_by_role("link", name="Take back").click()
    page.get_by_label("Reason").fill("I read them too.")
    follow(page, "Agree")
    expect(page.get_by_text("Nothing is known about this party.")).to_be_visible()


def walk_rosa(page: Page, row: Row) -> None:
    for name in row.names:
        follow(page, name)
    expect(page.locator(".cited blockquote").first).to_be_visible()
    expect(page.locator(".facts").first).to_be_visible()
    expect(page.locator("#precedents")).to_be_visible()
    expect(page.get_by_role("link", name="Ask sales")).to_be_visible()
    assess_and_vote(page)


def walk_erik(page: Page, row: Row) -> None:
    queue, deal = row.names
    follow(page, queue)
    follow(page, deal)
    expect(page.get_by_text("The two votes differ.")).to_be_visible()
    become(page, row.words[1])
    follow(page, queue)
    follow(page, deal)
    follow(page, "Claim this deal")
    assess_and_vote(page)
    expect(page.get_by_text("Approved").first).to_be_visible()


def walk_anna(page: Page, row: Row) -> None:
    (decisions,) = row.names
    follow(page, decisions)
    page.locator("details.filters summary").click()
    page.get_by_label("Clause").select_option("C4")
    follow(page, "Apply filters")
    page.locator("[data-rows] tbody a").first.click()
    expect(page.get_by_role("heading", name="Every event")).to_be_visible()
    follow(page, "Replay")
    expect(page.get_by_role("heading", name="Replay: same")).to_be_visible()
    follow(page, decisions)
    with page.expect_download() as download:
        follow(page, "Export this list as CSV")
    assert download.value.path().read_text().startswith("deal,title,customer")


def walk_paula(page: Page, row: Row) -> None:
    (_, rule, milder, first, _, stricter, too, second, activator, reader) = row.words
    policy, versions, kind, propose, mended, deal = row.names
    follow(page, policy)
    expect(page.get_by_role("link", name=rule).first).to_be_visible()
    follow(page, versions)
    follow(page, kind)
    follow(page, propose)
    proposed(page, first, {rule: milder})
    expect(page.get_by_text("Broken").first).to_be_visible()
    expect(page.get_by_text("The plainest deal that breaks it").first).to_be_visible()
    follow(page, mended)
    proposed(page, second, {rule: stricter, too: stricter})
    become(page, reader)
    assert queue_holds(page, deal)
    become(page, activator)
    follow(page, "See the version")
    follow(page, "Go to activation")
    page.get_by_label("I understand").or_(page.locator("input[name=understood]")).first.check()
    page.get_by_role("button", name=f"Activate version {second}").click()
    work(governing.RESCREEN)
    work(rescreen.RESCREEN_PART)
    become(page, reader)
    assert not queue_holds(page, deal)


def proposed(page: Page, label: str, outcomes: dict[str, str]) -> None:
    """Edit the text as the row says, propose it, and read the report of its check."""
    text = page.get_by_label("Text", exact=True).input_value()
    text = re.sub(r'^label: ".*"', f'label: "{label}"', text, flags=re.MULTILINE)
    for rule, outcome in outcomes.items():
        of_rule = rf"(- id: {rule}\n(?:    .*\n)*?    outcome: )\w+"
        text, changes = re.subn(of_rule, rf"\g<1>{outcome}", text)
        assert changes == 1, rule
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_label("Why this change?").fill("To see what a check says of it, as in the README.")
    follow(page, "Propose this version")
    follow(page, "Run the check")
    work(governing.CHECK)
    # The page looks itself for the end of the check, and shows what came of it.
    expect(page.locator("#progress")).to_have_count(0)
    page.wait_for_load_state()
    if page.get_by_role("link", name="Read the report").count():
        follow(page, "Read the report")
    assert heading(page) == "Check report"


def queue_holds(page: Page, deal: str) -> bool:
    follow(page, "Review queue")
    return page.get_by_role("link", name=deal).count() > 0


WALKS: dict[str, Callable[[Page, Row], None]] = {
    name.removeprefix("walk_"): walk
    for name, walk in list(globals().items())
    if name.startswith("walk_")
}


def test_every_row_has_a_walk() -> None:
    assert [row.words[0] for row in ROWS] == list(WALKS)


def test_the_table_is_true_row_by_row(page: Page) -> None:
    for row in ROWS:
        become(page, row.words[0])
        WALKS[row.words[0]](page, row)
