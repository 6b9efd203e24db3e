"""The charter in Chromium: on The policy, in the report of a proposal, and at its confirmation."""

from typing import Any

import pytest
from django.urls import reverse

from people import access
from tests import factories
from tests.browser.test_every_page import faults_of, too_wide
from tests.policy.governance.chartering import RADIO, examined

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROWED = RADIO.replace("capabilities: {any: [ran]}", "capabilities: {every: [ran, microwave]}")


def test_it_is_readable_everywhere(visitor: Any) -> None:
    factories.reference_data()
    anna = factories.person(access.POLICY_OWNER, name="Anna Berg")
    chief = factories.executive("Clara Holm")
    version, _report = examined(anna, (RADIO, NARROWED))
    for width, dark in ((1280, False), (320, True)):
        guest = visitor(chief, width=width, dark=dark)
        page = guest.goto(reverse("policy:policy"))
        for summary in page.locator("#CH01 summary, #CH15 summary, #CH18 summary").all():
            summary.click()
        assert faults_of(page) == []
        assert too_wide(page) == []
        for name in ("version", "report", "promises"):
            page = guest.goto(reverse(f"policy:{name}", args=[version.pk]))
            for details in page.locator("details > summary").all():
                details.click()
            assert faults_of(page) == [], name
            assert too_wide(page) == [], name
        assert guest.troubles == []
