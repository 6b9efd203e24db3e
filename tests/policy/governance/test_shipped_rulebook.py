"""An installation that began with rulebook 1.0 proposes and activates the one that ships."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.refusals import Conflict
from people import access
from policy import actions
from policy.facts import shipped
from policy.governance.versions import Content, shipped_contents
from policy.models import CheckReport, Kind, ReferenceVersion
from reviews.history.replaying import replay
from screening.models import Screening
from screening.sweep import rescreen
from tests import factories
from tests.policy.governance.test_governance import looser, work
from tests.screening.form.answers import SIMPLE

pytestmark = pytest.mark.django_db
ADDRESS = "policy:propose"
WHY = "The rulebook of the newer program."


@pytest.fixture
def _former(monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 1.0 is active, as it was when the installation began."""
    rulebook = shipped.former_rulebook()
    former = Content(
        Kind.RULEBOOK,
        rulebook.label,
        rulebook.canonical,
        shipped.text(shipped.FORMER),
        rulebook.source,
        rulebook.label,
        "",
    )
    # That was before charters.
    others = [one for one in shipped_contents() if one.kind not in {Kind.RULEBOOK, Kind.CHARTER}]
    monkeypatch.setattr(factories, "_contents", lambda: [former, *others])
    factories.reference_data()


def test_a_new_installation_has_it_and_offers_no_other(client: Client) -> None:
    factories.reference_data()
    assert ReferenceVersion.objects.active().get(kind=Kind.RULEBOOK).label == "1.1"
    client.force_login(factories.person(access.POLICY_OWNER))
    page = client.get(reverse(ADDRESS, args=["rulebook"])).content.decode()
    assert "which ships with this program" not in page


@pytest.mark.usefixtures("_former")
@pytest.mark.bare
def test_it_is_offered_proposed_checked_and_activated(client: Client) -> None:
    anna, boris = (factories.person(access.POLICY_OWNER) for _ in range(2))
    cleared, barred = factories.sent_deal(SIMPLE), factories.sent_deal(factories.BARRED)
    client.force_login(anna)
    address = reverse(ADDRESS, args=["rulebook"])
    page = client.get(address).content.decode()
    assert "Begin with version 1.1, which ships with this program" in page
    text = client.get(f"{address}?from=shipped").context["form"]["text"].value()
    assert text == shipped.text(shipped.RULEBOOK)
    client.post(f"{address}?from=shipped", {"text": text, "note": WHY})
    version = ReferenceVersion.objects.get(kind=Kind.RULEBOOK, label="1.1")
    assert version.digest == shipped.rulebook().digest

    report = actions.start_check(version, actor=anna)
    work(actions.CHECK)
    report.refresh_from_db()
    # 1.1 widens terms that promises of 1.0 speak with, so an executive reviewer confirms these.
    assert report.state == CheckReport.State.PROMISES, report.found["problems"]
    with pytest.raises(Conflict):
        actions.activate_version(version, report=report, confirmed=looser(report), actor=boris)
    names = [change["name"] for change in report.found["unkept"]]
    actions.confirm_promise_changes(report, names=names, reason=WHY, actor=factories.executive())
    assert report.found["backtest"]["matrix"] == [["bar", "bar", 1], ["clear", "clear", 1]]
    actions.activate_version(version, report=report, confirmed=looser(report), actor=boris)
    work(actions.RESCREEN)
    work(rescreen.RESCREEN_PART)
    for deal, status in ((cleared, "cleared"), (barred, "barred")):
        deal.refresh_from_db()
        assert deal.status == status
    assert cleared.screening.rulebook_id == version.pk
    # What was screened under the former version, before there were the new facts, still replays.
    for screening in Screening.objects.all():
        assert replay(screening).problems == []
    assert Screening.objects.exclude(rulebook=version.pk).count() == 2


@pytest.mark.usefixtures("_former")
@pytest.mark.bare
def test_under_the_former_rulebook_an_answer_without_a_fact_is_a_contradiction() -> None:
    """It has no rule that reads such an answer, so the answer stops the deal as it always did."""
    deal = factories.sent_deal(factories.CITED | {"stores": "yes", "intelligence-access": "yes"})
    assert deal.screening.outcome == "needs_information"
    (facts,) = deal.screening.facts
    assert facts["fact_conflict"] is True
    assert "storage" in facts["conflict_note"] or "stores" in facts["conflict_note"]
    assert "intelligence agency" in facts["conflict_note"]
    assert "agency_access" not in facts


def test_other_kinds_have_no_such_beginning(client: Client) -> None:
    factories.reference_data()
    client.force_login(factories.compliance_officer())
    address: Any = reverse(ADDRESS, args=["catalogue"])
    assert client.get(address, {"from": "shipped"}).status_code == 404
