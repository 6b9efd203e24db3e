"""Tries with the steps themselves: old reports, two proposals, two roles, a second proposal."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.refusals import Conflict, NotAllowed
from policy import actions
from policy.governance import proposals
from policy.models import Kind, Schedule
from tests import factories
from tests.policy.governance import hollowed
from tests.policy.governance.test_governance import checked, looser, rated

pytestmark = pytest.mark.django_db
WHY = "The board decided so on 12 November."


@pytest.fixture(autouse=True)
def _versions() -> None:
    factories.reference_data()


def test_of_two_proposals_the_second_is_checked_again(anna: Any, boris: Any) -> None:
    """Each is harmless beside what was active, and nobody looked at both together."""
    first, its_report = checked(rated("FI", "low", "medium"), anna)
    second, old = checked(rated("SE", "low", "medium", label="3.0"), anna)
    actions.activate_version(first, report=its_report, confirmed=looser(its_report), actor=boris)
    with pytest.raises(Conflict, match="What is active has changed"):
        actions.activate_version(second, report=old, confirmed=looser(old), actor=boris)
    with pytest.raises(Conflict, match="What is active has changed"):
        actions.schedule_activation(
            second, report=old, confirmed=looser(old), actor=boris, on=timezone.localdate()
        )


def test_a_schedule_with_an_old_report_ends_as_refused(anna: Any, boris: Any) -> None:
    waits, report = checked(rated("FI", "low", "medium"), anna)
    today = timezone.localdate()
    schedule = actions.schedule_activation(
        waits, report=report, confirmed=looser(report), actor=boris, on=today
    )
    other, its_report = checked(rated("SE", "low", "medium", label="3.0"), anna)
    actions.activate_version(other, report=its_report, confirmed=looser(its_report), actor=boris)
    assert not actions.activate_scheduled(schedule)
    schedule.refresh_from_db()
    assert (schedule.state, "What is active has changed" in schedule.reason) == (
        Schedule.State.REFUSED,
        True,
    )


def test_the_report_of_another_version_opens_nothing(anna: Any, boris: Any) -> None:
    _harmless, report = checked(rated("FI", "low", "medium"), anna)
    milder, _its_own = checked(rated("TR", "very_high", "low", label="3.0"), anna)
    with pytest.raises(Conflict, match="newer check"):
        actions.activate_version(milder, report=report, actor=boris)


def test_a_withdrawn_version_leaves_its_confirmation_behind(anna: Any, boris: Any) -> None:
    """The same text proposed again waits for an executive reviewer again."""
    chief = factories.executive()
    text = hollowed.rulebook(hollowed.LOOSENED)
    version, report = checked(proposals.read(Kind.RULEBOOK, text, proposals.About()), anna)
    names = [one["name"] for one in report.found["unkept"]]
    actions.confirm_promise_changes(report, names=names, reason=WHY, actor=chief)
    actions.withdraw_version(version, reason=WHY, actor=anna)
    with pytest.raises(Conflict, match="withdrawn"):
        actions.activate_version(version, report=report, confirmed=looser(report), actor=boris)
    with pytest.raises(Conflict, match="There is already a version"):
        actions.propose_version(proposals.read(Kind.RULEBOOK, text, proposals.About()), actor=anna)
    again = proposals.read(Kind.RULEBOOK, text.replace('"9.1"', '"9.2"'), proposals.About())
    version, new = checked(again, boris)
    for old in (report, new):
        with pytest.raises(Conflict, match=r"newer check|executive reviewer must confirm"):
            actions.activate_version(version, report=old, confirmed=looser(new), actor=anna)


def test_one_person_with_both_roles_is_one_person(anna: Any, boris: Any, mighty: Any) -> None:
    """PostgreSQL refuses the second role; whoever held both before is one person all the same."""
    chief = factories.executive()
    for role in boris.groups.values_list("pk", flat=True):
        mighty(
            "auth_user_groups",
            "INSERT INTO auth_user_groups (user_id, group_id) VALUES (%s, %s)",
            [chief.pk, role],
        )
    text = hollowed.rulebook(hollowed.LOOSENED)
    version, report = checked(proposals.read(Kind.RULEBOOK, text, proposals.About()), anna)
    names = [one["name"] for one in report.found["unkept"]]
    actions.confirm_promise_changes(report, names=names, reason=WHY, actor=chief)
    confirmed = looser(report)
    with pytest.raises(NotAllowed, match="You confirmed its promises"):
        actions.activate_version(version, report=report, confirmed=confirmed, actor=chief)
    with pytest.raises(NotAllowed, match="You confirmed its promises"):
        actions.schedule_activation(
            version,
            report=report,
            confirmed=confirmed,
            actor=chief,
            on=timezone.localdate() + timedelta(days=1),
        )


@pytest.mark.parametrize("between", [",", ";"])
def test_a_party_of_two_kinds_is_refused_however_fields_are_apart(between: str) -> None:
    rows = ["name,country,class,aliases,note,source", "Foo,FI,military,,,a", "Foo,FI,utility,,,b"]
    text = "\n".join(rows).replace(",", between)
    with pytest.raises(proposals.ProposalRefused, match="one party has one kind"):
        proposals.read(Kind.REGISTRY, text, proposals.About(label="2.0"))
