"""The charter on the pages: first on The policy, and on every page of its versions."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from policy import actions
from policy.models import Kind, ReferenceVersion
from tests import factories
from tests.policy.governance.chartering import RADIO, WHY, aged, content, examined, unkept
from tests.policy.governance.test_governance import looser

pytestmark = [pytest.mark.django_db, pytest.mark.bare]

NARROWED = RADIO.replace("capabilities: {any: [ran]}", "capabilities: {every: [ran, microwave]}")


def body(response: Any) -> str:
    return " ".join(response.content.decode().split())


def policy(client: Client) -> str:
    return body(client.get(reverse("policy:policy")))


class TestThePolicy:
    def test_it_comes_first_with_clause_proof_and_who_may_change_it(self, site: Client) -> None:
        factories.reference_data()
        page = policy(site)
        assert page.index('id="charter"') < page.index('class="clause"')
        for words in (
            "Active surveillance is barred, whatever else is true",
            "C2b No active surveillance",
            "Proved for every possible deal before this program was released",
            "In the words of the policy: it stands as long as the clause does",
            "an executive reviewer confirms it, 7 days pass after its check, and another policy",
            "It adds none to those of the charter.",
        ):
            assert words in page, words
        assert reverse("policy:propose", args=["charter"]) in page

    def test_others_read_it_and_propose_nothing(self, client: Client) -> None:
        factories.reference_data()
        client.force_login(factories.sales_person())
        page = policy(client)
        assert "What every version must keep: the charter" in page
        assert reverse("policy:propose", args=["charter"]) not in page

    def test_without_one_it_is_offered(self, site: Client) -> None:
        factories.reference_data(charter=False)
        page = policy(site)
        assert "No charter is active yet." in page
        assert f"{reverse('policy:propose', args=['charter'])}?from=shipped" in page
        assert "Promises that these rules keep" in page

    def test_a_rule_names_the_promises_of_the_charter(self, site: Client) -> None:
        factories.reference_data()
        page = body(site.get(reverse("policy:rule", args=["B01"])))
        assert "CH01" in page
        assert "P01" not in page


def test_from_the_proposal_to_the_page_of_the_policy(
    client: Client, site: Client, anna: Any, boris: Any, mighty: Any
) -> None:
    factories.reference_data()
    chief = factories.executive("Clara Holm")
    version, report = examined(anna, (RADIO, NARROWED))
    page = body(site.get(reverse("policy:report", args=[version.pk])))
    assert "What an executive reviewer confirms" in page
    assert "Charter 9.1 takes the place of charter 1.0." in page
    assert "Its sentence is the same as before." in page
    assert "What its conditions say, now" in page
    assert "labelled deals and of 0 stored screenings" in page

    client.force_login(chief)
    assert "Charter 9.1 waits for you to confirm its promises" in body(client.get("/"))
    address = reverse("policy:promises", args=[version.pk])
    page = body(client.get(address))
    assert "The charter guards every version of the policy." in page
    assert "Its sentence is the same as before." in page
    sent = client.post(address, {"report": report.pk, "names": list(unkept(report)), "reason": WHY})
    assert sent.headers["Location"] == reverse("policy:version", args=[version.pk])

    client.force_login(boris)
    page = body(client.get(reverse("policy:version", args=[version.pk])))
    assert "Clara Holm, executive reviewer, confirmed it. From " in page
    refused = client.get(reverse("policy:activate", args=[version.pk]))
    assert (refused.status_code, "A charter waits 7 days" in body(refused)) == (409, True)
    aged(report, mighty)
    page = body(client.get(reverse("policy:activate", args=[version.pk])))
    assert "has another condition under the same sentence" in page
    actions.activate_version(version, report=report, confirmed=looser(report), actor=boris)

    page = policy(client)
    assert "Proved on " in page
    assert "Another condition" in page
    compared = reverse("policy:difference", args=["charter"])
    former = ReferenceVersion.objects.of(Kind.CHARTER).get(label="1.0")
    page = body(client.get(compared, {"before": former.pk, "after": version.pk}))
    assert "Promises that differ" in page
    assert "CH15" in page
    assert "1.0" in body(client.get(reverse("policy:versions", args=["charter"])))


def test_a_mistake_in_a_text_is_shown_with_its_line(site: Client) -> None:
    factories.reference_data()
    address = reverse("policy:propose", args=["charter"])
    text = content().written.replace("only: [bar]\n", "only: [bra]\n", 1)
    answer = site.post(address, {"text": text, "note": WHY})
    assert answer.status_code == 422
    assert "did you mean bar?" in body(answer)
    assert not ReferenceVersion.objects.filter(label="9.1").exists()
