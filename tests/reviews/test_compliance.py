"""The desk of compliance: what waits there, and facts that are verified or set."""

import json

import pytest

from audit.models import AuditEvent
from people import access
from reviews import compliance_pages
from screening import actions as selling
from screening import rulings
from screening.lifecycle import Status
from screening.models import Contributor, FactRuling, Notification, Screening
from tests import factories as make

pytestmark = pytest.mark.django_db
GIVEN = {"source": "Electronic Communications Act, article 27", "because": "Read in the gazette"}


@pytest.fixture
def officer(client):
    person = make.compliance_officer("Carla Meyer")
    client.force_login(person)
    return person


def posted(client, deal, fact, value, **more):
    fields = {"screening": deal.screening_id, "value": value, **GIVEN, **more}
    return client.post(f"/compliance/{deal.pk}/{fact}/", fields)


def test_the_desk_names_what_waits(client, officer):
    cited, doubtful = make.deal_for_compliance(), make.sent_deal(make.DOUBTFUL)
    page = client.get("/compliance/")
    lists = {one["title"]: [row.deal for row in one["rows"]] for one in page.context["lists"]}
    assert lists["Legal bases to verify"] == [cited]
    assert lists["Contradictions to settle"] == [doubtful]
    assert page.context["oldest"] == cited.pk
    assert "2 deals wait for compliance" in page.content.decode()


def test_an_empty_desk_says_so(client, officer):
    make.deal_in_review()
    assert "Nothing waits for compliance." in client.get("/compliance/").content.decode()


def test_the_law_stands_beside_the_obligation(client, officer):
    deal = make.deal_for_compliance()
    page = client.get(f"/compliance/{deal.pk}/legal_basis_status/").content.decode()
    for words in ("Electronic Communications Act, 27", "obliged by law", "C2a"):
        assert words.lower() in page.lower()


def test_verifying_a_legal_basis_sends_the_deal_to_review(client, officer):
    deal, reviewer = make.deal_for_compliance(), make.executive()
    answer = posted(client, deal, "legal_basis_status", "verified")
    assert answer.url == f"/compliance/{deal.pk}/"
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW
    ruling = FactRuling.objects.get()
    assert (ruling.fact, ruling.value, ruling.ruled_by) == (
        "legal_basis_status",
        "verified",
        officer,
    )
    assert (ruling.source, ruling.because) == (GIVEN["source"], GIVEN["because"])
    verbs = [verb for verb in deal.audit_verbs() if verb != "deal.answer_changed"]
    assert verbs[-3:] == ["deal.fact_ruled", "deal.screened", "deal.review_needed"]
    event = AuditEvent.objects.get(verb="deal.fact_ruled")
    assert json.loads(event.payload)["source"] == GIVEN["source"]
    assert Notification.objects.filter(to=reviewer, subject__contains="executive review").exists()
    assert "Carla Meyer" in client.get(answer.url).content.decode()


def test_who_set_a_fact_does_not_review_the_deal(client):
    both = make.person(access.COMPLIANCE, access.EXECUTIVE)
    client.force_login(both)
    deal = make.deal_for_compliance()
    posted(client, deal, "legal_basis_status", "verified")
    assert Contributor.objects.filter(deal=deal, user=both, part="facts").exists()
    assert client.get(f"/reviews/{deal.pk}/").status_code == 404
    assert client.post(f"/reviews/{deal.pk}/claim/").status_code == 404


def test_settling_a_contradiction(client, officer):
    deal = make.sent_deal(make.DOUBTFUL)
    posted(client, deal, "fact_conflict", "no")
    deal.refresh_from_db()
    assert FactRuling.objects.get().value is False
    assert deal.status == Status.IN_REVIEW


def test_a_country_risk_is_only_raised(client, officer):
    deal = make.cleared_deal()
    page = client.get(f"/compliance/{deal.pk}/country_risk/")
    offered = [value for value, _ in page.context["form"].fields["value"].choices]
    assert offered == ["low", "medium", "high", "very_high", "unrated"]
    posted(client, deal, "country_risk", "high")
    deal.refresh_from_db()
    assert deal.status == Status.IN_REVIEW
    risky = make.deal_in_review()
    page = client.get(f"/compliance/{risky.pk}/country_risk/")
    assert [value for value, _ in page.context["form"].fields["value"].choices] == [
        "very_high",
        "unrated",
    ]
    answer = posted(client, risky, "country_risk", "low")
    assert answer.status_code == 200
    assert not risky.rulings.exists()


@pytest.mark.parametrize("missing", ["value", "source", "because"])
def test_nothing_is_set_without_source_and_reason(client, officer, missing):
    deal = make.deal_for_compliance()
    fields = {"screening": deal.screening_id, "value": "verified", **GIVEN, missing: ""}
    answer = client.post(f"/compliance/{deal.pk}/legal_basis_status/", fields)
    assert answer.status_code == 200
    assert "There is a problem" in answer.content.decode()
    assert not FactRuling.objects.exists()


def test_every_fact_of_the_desk_may_be_set_and_every_such_fact_is_there():
    assert set(compliance_pages.SETTLED) == set(rulings.RULABLE)


@pytest.mark.parametrize("fact", ["capabilities", "purpose", "nonsense"])
def test_other_facts_have_no_page(client, officer, fact):
    deal = make.deal_for_compliance()
    assert client.get(f"/compliance/{deal.pk}/{fact}/").status_code == 404


def test_a_deal_of_ones_own_team_is_not_ones_to_settle(client, officer):
    deal = make.deal_for_compliance()
    deal.team.members.add(officer)
    answer = posted(client, deal, "legal_basis_status", "verified")
    assert answer.status_code == 403
    assert "your own sales team" in answer.content.decode()
    assert deal.reference not in client.get("/compliance/").content.decode()
    assert not FactRuling.objects.exists()


@pytest.mark.parametrize("role", ["sales_person", "senior", "executive", "auditor"])
@pytest.mark.parametrize("url", ["/compliance/", "/compliance/{}/", "/compliance/{}/law_conflict/"])
def test_only_compliance_works_here(client, role, url):
    deal = make.deal_for_compliance()
    client.force_login(getattr(make, role)())
    assert client.get(url.format(deal.pk)).status_code == 403
    assert client.post(url.format(deal.pk), GIVEN).status_code == 403
    assert not FactRuling.objects.exists()


@pytest.mark.parametrize("state", ["barred_deal", "rejected_deal"])
def test_a_closed_deal_keeps_its_facts(client, officer, state):
    deal = getattr(make, state)()
    status = deal.status
    answer = posted(client, deal, "adverse_info", "none")
    assert answer.status_code == 409
    assert "can no longer be set" in answer.content.decode()
    deal.refresh_from_db()
    assert deal.status == status
    page = client.get(f"/compliance/{deal.pk}/").content.decode()
    assert "can no longer be set" in page


def test_a_deal_that_moved_on_keeps_the_text(client, officer):
    deal = make.deal_for_compliance()
    old = deal.screening_id
    selling.rescreen_deal(deal, cause=Screening.Cause.FACT, because="test")
    answer = posted(client, deal, "legal_basis_status", "verified", screening=old)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "while you were writing" in page
    assert GIVEN["because"] in page
    assert GIVEN["source"] in page
    assert not FactRuling.objects.exists()


def test_a_screening_of_another_deal_is_not_found(client, officer):
    deal, other = make.deal_for_compliance(), make.deal_for_compliance()
    answer = posted(client, deal, "legal_basis_status", "verified", screening=other.screening_id)
    assert answer.status_code == 404


def test_a_draft_is_not_there(client, officer):
    make.reference_data()
    deal = make.draft_deal()
    assert client.get(f"/compliance/{deal.pk}/").status_code == 404
