"""Two people at once on real connections: exactly one of them has their way with a version."""

from functools import partial
from typing import Any

import pytest

from audit.models import AuditEvent
from policy import actions
from policy.models import ReferenceVersion
from tests import factories
from tests.policy.governance.test_governance import checked, rated
from tests.policy.governance.test_schedule import in_days
from tests.reviews.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

WHY = "The source has taken this edition back."


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


def own(version: ReferenceVersion) -> ReferenceVersion:
    """The version as another process would hold it."""
    return ReferenceVersion.objects.get(pk=version.pk)


def verbs(version: ReferenceVersion) -> list[str]:
    events = AuditEvent.objects.filter(subject=version.subject)
    ends = ("version.withdrawn", "version.activated", "version.scheduled")
    return [verb for verb in events.values_list("verb", flat=True) if verb in ends]


@pytest.mark.parametrize("rival", ["withdraw", "activate", "schedule"])
def test_a_withdrawal_beside_another_verb(anna: Any, boris: Any, rival: str) -> None:
    version, report = checked(rated("FI", "low", "high"), anna)
    rivals = {
        "withdraw": partial(actions.withdraw_version, own(version), reason=WHY, actor=boris),
        "activate": partial(actions.activate_version, own(version), report=report, actor=boris),
        "schedule": partial(
            actions.schedule_activation,
            own(version),
            report=report,
            confirmed=[],
            on=in_days(3),
            actor=boris,
        ),
    }
    came = at_once(
        partial(actions.withdraw_version, own(version), reason=WHY, actor=anna), rivals[rival]
    )
    assert came == {"done": 1, "Conflict": 1}
    assert len(verbs(version)) == 1
    version.refresh_from_db()
    waits = version.schedules.waiting().exists()
    assert [version.withdrawn_at is not None, version.is_active, waits].count(True) == 1


def test_one_label_is_proposed_once(anna: Any, boris: Any) -> None:
    content = rated("FI", "low", "high")
    came = at_once(*(partial(actions.propose_version, content, actor=one) for one in (anna, boris)))
    assert came == {"done": 1, "Conflict": 1}
    assert ReferenceVersion.objects.filter(label=content.label, kind=content.kind).count() == 1
