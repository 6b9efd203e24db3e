"""A deal that was first sent more than a year ago still adds to others, as long as it counts."""

from collections.abc import Callable
from typing import Any

import pytest

from screening import actions
from screening.lifecycle import Status
from screening.models import Deal
from screening.sweep import rescreen
from tests import factories
from tests.factories import ruled
from tests.screening.form.answers import SIMPLE
from tests.screening.sweep import sweeping
from tests.screening.test_rulings import CORE, complete, fact, send, send_draft

pytestmark = pytest.mark.django_db
RADIO = {**SIMPLE, "customer": CORE["customer"]}
Mighty = Callable[..., None]


def approved(deal: Deal) -> Deal:
    """Compliance has verified the law, and a reviewer agrees."""
    if fact(deal, "legal_basis_status") != "verified":
        ruled(deal, "legal_basis_status", "verified")
    deal.refresh_from_db()
    factories.vote_on(deal, actor=factories.senior())
    deal.refresh_from_db()
    assert deal.status == Status.APPROVED
    return deal


def sent_long_ago(deal: Deal, mighty: Mighty, months: int = 13) -> Deal:
    """As the rows are when that time has passed."""
    past = f"- interval '{months} months'"
    for table, statement in (
        (
            "screening_deal",
            f"UPDATE screening_deal SET sent_at = sent_at {past},"
            f" valid_until = valid_until {past} WHERE id = %s",
        ),
        (
            "screening_dealrevision",
            f"UPDATE screening_dealrevision SET created_at = created_at {past} WHERE deal_id = %s",
        ),
    ):
        mighty(table, statement, [deal.pk])
    deal.refresh_from_db()
    return deal


def lapsed(deal: Deal) -> Deal:
    actions.lapse_deal(deal, because="A year is over.")
    deal.refresh_from_db()
    return deal


def sent_again(deal: Deal) -> Deal:
    complete(deal)
    return send_draft(deal)


def renewed(mighty: Mighty, **answers: Any) -> Deal:
    """Approved once; lapsed, and sent again."""
    return sent_again(lapsed(sent_long_ago(approved(send({**CORE, **answers})), mighty)))


def contains(deal: Deal) -> set[str]:
    return set(fact(deal, "capabilities"))


def test_interception_that_was_sold_long_ago_and_renewed_is_looked_at(mighty: Mighty) -> None:
    """In a country of medium risk, whichever deal it comes with."""
    place = factories.in_country("AL")
    core = renewed(mighty, **place)
    assert core.status == Status.IN_REVIEW
    assert core.revisions.count() == 2
    radio = send({**RADIO, **place})
    assert (radio.status, radio.review_level) == (Status.IN_REVIEW, "senior")
    assert "S02" in radio.last_screening.findings.values_list("rule", flat=True)
    assert core.reference in radio.last_screening.sources["capabilities"]["note"]
    assert "deal.review_needed" in radio.audit_verbs()


def test_what_a_renewed_and_approved_deal_contains_counts(mighty: Mighty) -> None:
    approved(renewed(mighty))
    assert "li_interface" in contains(send(RADIO))


def test_so_does_what_was_sent_once_and_waits_for_longer_than_a_year(mighty: Mighty) -> None:
    core = sent_long_ago(send(CORE), mighty)
    radio = send(RADIO)
    assert radio.status == Status.NEEDS_INFORMATION
    assert core.reference in fact(radio, "conflict_note")


@pytest.mark.parametrize(("months", "counts"), [(11, True), (13, False)])
def test_what_lapsed_counts_for_a_year_after_it_was_sent_last(
    mighty: Mighty, months: int, counts: bool
) -> None:
    lapsed(sent_long_ago(approved(send(CORE)), mighty, months))
    radio = send(RADIO)
    assert ("li_interface" in contains(radio)) == counts
    assert radio.status == Status.CLEARED


def test_what_lapsed_before_its_time_counts_until_then(mighty: Mighty) -> None:
    """Sent long ago and approved lately; a condition was not met."""
    core = sent_long_ago(send(CORE), mighty)
    lapsed(approved(core))
    assert "li_interface" in contains(send(RADIO))


def test_what_lapsed_again_counts_from_when_it_was_sent_again(mighty: Mighty) -> None:
    lapsed(approved(renewed(mighty)))
    assert "li_interface" in contains(send(RADIO))


@pytest.mark.parametrize("how", ["renewed", "approved long ago", "lapsed again"])
def test_a_sweep_sees_the_same(mighty: Mighty, how: str) -> None:
    """A deal that was sent before the other one counted is derived again when a version comes."""
    radio = send(RADIO)
    assert radio.status == Status.CLEARED
    core = sent_long_ago(approved(send(CORE)), mighty)
    if how != "approved long ago":
        core = approved(sent_again(lapsed(core)))
    if how == "lapsed again":
        lapsed(core)
    # A version of the rulebook: facts that hold are not derived again.
    sweeping.prepare(sweeping.rulebook(sweeping.STRICTER))()
    sweeping.work(rescreen.RESCREEN)
    sweeping.work(rescreen.RESCREEN_PART)
    radio.refresh_from_db()
    assert "li_interface" in contains(radio)
    assert radio.audit_verbs().count("deal.screened") == 2
