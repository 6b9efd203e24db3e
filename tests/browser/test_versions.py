"""Pages of a change of the policy with something on them, in Chromium: wide and narrow."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from people import access
from policy import actions
from policy.governance import proposals
from policy.models import Kind, ReferenceVersion
from tests import factories
from tests.browser.test_every_page import faults_of, too_wide
from tests.policy.governance import hollowed
from tests.policy.governance.test_governance import changed_rulebook, checked, looser, rated
from tests.policy.governance.test_labelled import MILDER

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


TITLE = ("title: Military in a high-risk country", "title: Armies in such a country")


def pages(anna: Any, boris: Any) -> dict[str, str]:
    """The address of each page by what is to be seen on it."""
    factories.deal_in_review(level="executive")
    active = {one.kind: one.pk for one in ReferenceVersion.objects.active()}
    rulebook, _report = checked(changed_rulebook(MILDER), anna)
    text = changed_rulebook(TITLE).written.replace('label: "1.2"', 'label: "1.3"')
    retitled = actions.propose_version(
        proposals.read(Kind.RULEBOOK, text, proposals.About()), actor=anna
    )
    countries, report = checked(rated("TR", "very_high", "low"), anna)
    actions.schedule_activation(
        countries,
        report=report,
        confirmed=looser(report),
        actor=boris,
        on=timezone.localdate() + timedelta(days=5),
    )
    text = text.replace('label: "1.3"', 'label: "1.4"')
    withdrawn = actions.propose_version(
        proposals.read(Kind.RULEBOOK, text, proposals.About()), actor=anna
    )
    actions.withdraw_version(withdrawn, reason="The same as version 1.3, sent twice.", actor=boris)
    difference = reverse("policy:difference", args=["rulebook"])
    of_countries = reverse("policy:difference", args=["countries"])
    return {
        "choice": difference,
        "kinds of deals": f"{difference}?before={active[Kind.RULEBOOK]}&after={rulebook.pk}",
        "nothing differs": f"{difference}?before={active[Kind.RULEBOOK]}&after={retitled.pk}",
        "refused choice": f"{difference}?before={rulebook.pk}&after={rulebook.pk}",
        "map": f"{of_countries}?before={active[Kind.COUNTRIES]}&after={countries.pk}",
        "versions": reverse("policy:versions", args=["countries"]),
        "scheduled": reverse("policy:version", args=[countries.pk]),
        "cancel": reverse("policy:cancel", args=[countries.pk]),
        "withdraw": reverse("policy:withdraw", args=[rulebook.pk]),
        "withdrawn": reverse("policy:version", args=[withdrawn.pk]),
        "versions with a withdrawn one": reverse("policy:versions", args=["rulebook"]),
        "report": reverse("policy:report", args=[rulebook.pk]),
        "activate": reverse("policy:activate", args=[rulebook.pk]),
        "rule": reverse("policy:rule", args=["E02"]),
    }


def test_each_page_is_readable_everywhere(visitor: Any) -> None:
    factories.reference_data()
    anna = factories.person(access.POLICY_OWNER, name="Anna Berg")
    boris = factories.person(access.POLICY_OWNER, name="Boris Lund")
    addresses = pages(anna, boris)
    for width, dark in ((1280, False), (320, True)):
        guest = visitor(boris, width=width, dark=dark)
        for name, address in addresses.items():
            page = guest.goto(address)
            assert page.locator("h1").count() == 1, name
            assert faults_of(page) == [], name
            assert too_wide(page) == [], name
        assert guest.troubles == []


def test_without_script_two_versions_are_compared(visitor: Any) -> None:
    factories.reference_data()
    anna = factories.person(access.POLICY_OWNER, name="Anna Berg")
    actions.propose_version(changed_rulebook(MILDER), actor=anna)
    page = visitor(anna, scripts=False).goto(reverse("policy:versions", args=["rulebook"]))
    page.get_by_role("link", name="Compare 1.2 with…").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("From version 1.1 to 1.2")
    page.reload()
    assert page.get_by_label("To version").input_value() != ""
    page.get_by_role("link", name="The other way round").click()
    expect(heading).to_have_text("From version 1.2 to 1.1")


def test_changed_promises_are_readable_and_confirmed_everywhere(visitor: Any) -> None:
    factories.reference_data()
    anna = factories.person(access.POLICY_OWNER, name="Anna Berg")
    chief = factories.executive("Clara Holm")
    text = hollowed.rulebook(hollowed.LOOSENED)
    version, _report = checked(proposals.read(Kind.RULEBOOK, text, proposals.About()), anna)
    for width, dark in ((1280, False), (320, True)):
        guest = visitor(chief, width=width, dark=dark)
        for name in ("version", "report", "promises"):
            page = guest.goto(reverse(f"policy:{name}", args=[version.pk]))
            assert page.locator("h1").count() == 1, name
            assert faults_of(page) == [], name
            assert too_wide(page) == [], name
        assert guest.troubles == []
    page = visitor(chief, scripts=False).goto(reverse("policy:report", args=[version.pk]))
    page.get_by_role("link", name="Confirm or leave these promises").click()
    boxes = page.get_by_role("checkbox")
    expect(boxes).to_have_count(1)
    for box in boxes.all():
        box.check()
    page.get_by_label("Why is this right?").fill("The board decided so on 12 November.")
    page.get_by_role("button", name="Confirm these promises").click()
    expect(page.get_by_text("Clara Holm, executive reviewer, confirmed")).to_be_visible()


def test_a_list_of_names_is_counted_and_then_proposed(visitor: Any) -> None:
    factories.reference_data()
    anna = factories.person(access.POLICY_OWNER, name="Anna Berg")
    lists = Path(__file__).parents[1] / "policy" / "inputs" / "lists"
    page = visitor(anna, width=320, dark=True).goto(reverse("policy:propose", args=["registry"]))
    page.get_by_label("Label of the version").fill("2.0")
    page.get_by_label("Edition").fill("2026-11-20")
    page.get_by_label("Why this change?").fill("A newer edition of the source is out.")
    for _press in range(2):
        page.get_by_label("File", exact=True).set_input_files(lists / "sdn.csv")
        page.get_by_label("ALT.CSV").set_input_files(lists / "alt.csv")
        page.get_by_role("button", name="Propose this version").click()
        page.wait_for_load_state()
        if page.get_by_role("heading", name="What was read").count():
            assert faults_of(page) == []
            assert too_wide(page) == []
    assert ReferenceVersion.objects.filter(kind=Kind.REGISTRY, label="2.0").exists()
