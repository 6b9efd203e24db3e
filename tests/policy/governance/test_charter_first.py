"""An installation of before there was a charter proposes the one that ships."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from audit.refusals import Conflict
from policy import actions, active
from policy.facts import shipped
from policy.governance import proposals
from policy.governance.proposals import ProposalRefused
from policy.models import CheckReport, Kind, ReferenceVersion
from tests import factories
from tests.policy.governance.chartering import WHY, aged, confirmed, unkept
from tests.policy.governance.test_governance import checked, work

pytestmark = [pytest.mark.django_db, pytest.mark.bare]


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data(charter=False)


def test_it_goes_the_way_of_every_charter(site: Client, anna: Any, boris: Any, mighty: Any) -> None:
    deal = factories.cleared_deal()
    address = reverse("policy:propose", args=["charter"])
    assert "Begin with version 1.0, which ships with this program" in (
        site.get(address).content.decode()
    )
    text = site.get(f"{address}?from=shipped").context["form"]["text"].value()
    site.post(f"{address}?from=shipped", {"text": text, "note": WHY})
    version = ReferenceVersion.objects.get(kind=Kind.CHARTER)
    assert version.digest == shipped.charter().digest
    with pytest.raises(Conflict, match="never checked"):
        actions.activate_version(version, actor=boris)

    report = actions.start_check(version, actor=anna)
    work(actions.CHECK)
    report.refresh_from_db()
    assert report.state == CheckReport.State.PROMISES, report.found["problems"]
    assert list(unkept(report)) == ["charter 1.0"]
    confirmed(report, factories.executive())
    with pytest.raises(Conflict, match="waits 7 days"):
        actions.activate_version(version, report=report, actor=boris)
    aged(report, mighty)
    actions.activate_version(version, report=report, actor=boris)
    assert active.version(Kind.CHARTER) == version
    deal.refresh_from_db()
    assert deal.status == "cleared"


@pytest.mark.usefixtures("nothing_remains")
def test_postgresql_lets_no_first_charter_in_beside_a_rulebook(anna: Any, boris: Any) -> None:
    content = next(one for one in factories._contents() if one.kind == Kind.CHARTER)
    version = actions.propose_version(content, actor=anna)
    update = (
        "UPDATE policy_referenceversion SET activated_at = clock_timestamp(), activated_by_id = %s"
        " WHERE id = %s"
    )
    refused = pytest.raises(DatabaseError, match="without a check that passed")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(update, [boris.pk, version.pk])


def test_loading_the_reference_data_again_leaves_it_to_people(anna: Any, boris: Any) -> None:
    said = StringIO()
    call_command("load_reference", proposer=anna.username, activator=boris.username, stdout=said)
    assert "Propose the shipped one on its page" in said.getvalue()
    assert not ReferenceVersion.objects.of(Kind.CHARTER).exists()


def test_no_rulebook_of_before_comes_back_with_an_id_of_the_charter(
    site: Client, anna: Any, boris: Any, mighty: Any
) -> None:
    text = shipped.text(shipped.RULEBOOK).replace("- id: P02", "- id: CH02")
    text = text.replace('label: "1.1"', 'label: "0.9"')
    old = actions.propose_version(
        proposals.read(Kind.RULEBOOK, text, proposals.About()), actor=anna
    )
    content = next(one for one in factories._contents() if one.kind == Kind.CHARTER)
    version, report = checked(content, anna)
    confirmed(report, factories.executive())
    aged(report, mighty)
    actions.activate_version(version, report=report, actor=boris)
    address = reverse("policy:propose", args=["rulebook"])
    begun = site.get(f"{address}?from={old.pk}").context["form"]["text"].value()
    answer = site.post(
        f"{address}?from={old.pk}", {"text": begun.replace('"0.9"', '"0.10"'), "note": WHY}
    )
    assert answer.status_code == 422
    assert "CH02" in answer.content.decode()
    with pytest.raises(ProposalRefused) as refused:
        proposals.again(old, proposals.About(label="0.10"))
    assert refused.value.problems == ["The charter has a promise CH02, too."]
    assert not ReferenceVersion.objects.filter(label="0.10").exists()
