"""A register of laws is compared in every field, and no easing becomes active unnamed."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from audit.refusals import Conflict, NotAllowed
from jobs.models import Clock, Job
from people import access
from policy import actions, active
from policy.engine.language.condition import RANK
from policy.engine.readings.assessment import combine
from policy.facts.derive import ReferenceData, trace
from policy.governance import entries, proposals
from policy.governance.proposals import About, ProposalRefused
from policy.models import CheckReport, Kind, ReferenceVersion
from policy.reference.laws import Law, Laws
from tests import factories
from tests.effort import examples
from tests.policy.facts.test_laws import DEALS, TODAY
from tests.policy.governance.test_governance import checked, work
from tests.policy.laws import (
    DATA,
    FINNISH,
    GERMAN,
    INDIAN,
    changed,
    content,
    register,
    using,
    without,
)

#: Each edit of the examples, what it is called, and whether it lets more through.
EDITS = {
    "a law for more kinds": (
        changed(FINNISH, obliges=("commercial_operator", "state_operator", "utility")),
        [("laws for more kinds of end user", True)],
    ),
    "a law for fewer kinds": (
        changed(FINNISH, obliges=("state_operator",)),
        [("laws for fewer kinds of end user", False)],
    ),
    "a law for more classes": (
        changed(FINNISH, classes=("L", "T")),
        [("laws for more classes of products", True)],
    ),
    "a law for fewer classes": (
        changed("ch-buepf", classes=("L",)),
        [("laws for fewer classes of products", False)],
    ),
    "a law for other kinds": (
        changed(FINNISH, obliges=("utility",)),
        [("laws for more kinds of end user", True), ("laws for fewer kinds of end user", False)],
    ),
    "a law of another country": (
        changed(FINNISH, country="EE"),
        [("laws of another country", True)],
    ),
    "a law that is extended": (
        changed(FINNISH, valid_until=date(2037, 1, 1)),
        [("laws extended", True)],
    ),
    "a law that is shortened": (
        changed(FINNISH, valid_until=date(2030, 1, 1)),
        [("laws shortened", False)],
    ),
    "a conflict that is withdrawn": (
        changed(INDIAN, conflict=False, why=""),
        [("conflicts withdrawn", True)],
    ),
    "a conflict that is found": (
        changed(FINNISH, conflict=True, why="no court"),
        [("conflicts found", False)],
    ),
    "a conflict in other words": (
        changed(INDIAN, why="something small"),
        [("conflicts reworded", True)],
    ),
    "another act": (changed(FINNISH, act="Another act"), [("laws cite another text", True)]),
    "another provision": (
        changed(FINNISH, provision="section 1"),
        [("laws cite another text", True)],
    ),
    "somebody else orders": (changed(FINNISH, orders="a minister"), [("who orders", True)]),
    "somebody else oversees": (changed(FINNISH, oversees="nobody"), [("who oversees", True)]),
    "another link": (
        changed(FINNISH, link="https://law.example/2"),
        [("laws with other sources", False)],
    ),
    "another day of the check": (
        changed(FINNISH, checked=date(2026, 11, 20)),
        [("laws with other sources", False)],
    ),
    "a law that is removed": (
        replace(without(FINNISH), remark=DATA.laws.remark),
        [("laws removed", False)],
    ),
    "a law in conflict that is removed": (
        replace(without(INDIAN), remark=DATA.laws.remark),
        [("conflicts removed", True), ("laws removed", False)],
    ),
    "a law under another id": (
        replace(
            register(replace(DATA.laws.by_id[FINNISH], id="fi-2"), *without(FINNISH).laws),
            remark=DATA.laws.remark,
        ),
        [("laws under another id", True), ("laws added", True), ("laws removed", False)],
    ),
    "no remark": (replace(DATA.laws, remark=""), [("remark changed", True)]),
}


@pytest.mark.parametrize("edit", EDITS)
def test_each_field_is_compared(edit: str) -> None:
    laws, expected = EDITS[edit]
    told = entries.differences(Kind.LAWS, DATA, using(laws))
    assert [(one.name, one.looser) for one in told] == expected
    assert all(one.entries and one.words for one in told)


def test_the_cause_is_in_the_entry() -> None:
    [told] = entries.differences(Kind.LAWS, DATA, using(changed(INDIAN, conflict=False, why="")))
    assert "no court authorises an interception" in told.entries[0]
    [told] = entries.differences(Kind.LAWS, using(without(GERMAN)), using(without()))
    assert "a commercial operator, a state-owned operator" in told.entries[0]
    assert "lawful interception; until 2 Nov 2035" in told.entries[0]


def test_the_order_of_entries_decides_nothing() -> None:
    shuffled = replace(DATA.laws, laws=DATA.laws.laws[::-1])
    assert entries.differences(Kind.LAWS, DATA, using(shuffled)) == []


@st.composite
def edited(draw: st.DrawFn) -> Laws:
    """The examples after a few random edits, mild and grave ones."""
    laws: list[Law] = []
    for law in DATA.laws.laws:
        match draw(st.sampled_from(["keep", "keep", "keep", "remove", "edit"])):
            case "keep":
                laws.append(law)
            case "edit":
                conflict = draw(st.booleans())
                laws.append(
                    replace(
                        law,
                        country=draw(st.sampled_from(["FI", "DE", law.country])),
                        obliges=draw(
                            st.sampled_from([law.obliges, ("utility",), ("commercial_operator",)])
                        ),
                        classes=draw(st.sampled_from([("L",), ("L", "T", "X"), law.classes])),
                        valid_until=draw(st.sampled_from([date(2026, 1, 1), law.valid_until])),
                        conflict=conflict,
                        why="found since" if conflict else "",
                    )
                )
    return register(*laws, remark=DATA.laws.remark)


def outcomes(data: ReferenceData) -> list[str]:
    picked = [
        deal | {"laws": [{"law": law, "cited": "An act"} for law in deal["laws"]]} for deal in DEALS
    ]
    return [
        combine([data.compiled.assess(one.facts) for one in trace(deal, data, on=TODAY)]).outcome
        for deal in picked
    ]


BEFORE = outcomes(DATA)


@given(edited())
@settings(max_examples=examples(150), deadline=None)
def test_a_milder_deal_has_a_cause_that_is_listed(laws: Laws) -> None:
    milder = [
        deal["laws"]
        for deal, was, now in zip(DEALS, BEFORE, outcomes(using(laws)), strict=True)
        if RANK[now] < RANK[was]
    ]
    told = entries.differences(Kind.LAWS, DATA, using(laws))
    assert not milder or any(one.looser and one.entries for one in told), milder


# --- Propose, check, activate --------------------------------------------------------------------


@pytest.mark.django_db
class TestGovernance:
    @pytest.fixture(autouse=True)
    def _versions(self) -> None:
        factories.reference_data()

    def test_an_easing_is_confirmed_by_its_name(self, anna: Any, boris: Any) -> None:
        version, report = checked(content(DATA.laws), anna)
        assert report.state == CheckReport.State.PASSED
        names = [one["name"] for one in report.found["looser"]]
        assert names == ["laws added", "remark changed"]
        with pytest.raises(NotAllowed, match="somebody else must activate it"):
            actions.activate_version(version, actor=anna, report=report, confirmed=names)
        with pytest.raises(Conflict, match="Confirm each kind of change that got looser: laws"):
            actions.activate_version(version, actor=boris, report=report)
        actions.activate_version(version, actor=boris, report=report, confirmed=names)
        assert FINNISH in active.reference_data().laws.by_id
        [event] = AuditEvent.objects.filter(verb="version.activated", subject=version.subject)
        assert "laws added" in event.payload

    def test_only_owners_and_compliance_propose(self) -> None:
        for role in (access.SALES, access.SENIOR, access.AUDITOR):
            with pytest.raises(NotAllowed, match="policy owner or compliance"):
                actions.propose_version(content(DATA.laws), actor=factories.person(role))
        actions.propose_version(content(DATA.laws), actor=factories.compliance_officer())

    def test_a_proposal_that_was_checked_before_the_day_of_its_check_is_refused(self) -> None:
        written = factories.laws_of_the_demo().written
        text = written.replace("checked: 2026-11-02", "checked: 2035-01-01")
        with pytest.raises(ProposalRefused, match="fi-917-2014: checked: 2035-01-01 has not come"):
            proposals.read(Kind.LAWS, text, About())

    def test_a_register_needs_a_label(self) -> None:
        with pytest.raises(ProposalRefused, match="label: is empty"):
            proposals.read(Kind.LAWS, 'label: ""\nlaws: []\n', About())


@pytest.mark.bare
@pytest.mark.django_db
class TestAnInstallationWithoutARegister:
    @pytest.fixture(autouse=True)
    def _versions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As one that was installed before there was a register of laws."""
        others = [one for one in factories._contents() if one.kind != Kind.LAWS]
        monkeypatch.setattr(factories, "_contents", lambda: others)
        factories.reference_data()

    def test_it_screens_as_before(self) -> None:
        deal = factories.cleared_deal()
        assert deal.screening is not None
        assert deal.screening.laws is None
        assert [one.kind for one in deal.screening.versions] == [
            "rulebook",
            "countries",
            "catalogue",
            "registry",
        ]

    def test_the_first_laws_are_compared_with_none(self, anna: Any, boris: Any) -> None:
        version = actions.propose_version(content(DATA.laws), actor=anna)
        with pytest.raises(Conflict, match="This version was never checked"):
            actions.activate_version(version, actor=boris)
        with (
            pytest.raises(DatabaseError, match="without a check that passed"),
            transaction.atomic(),
        ):
            ReferenceVersion.objects.filter(pk=version.pk).update(
                activated_by=boris, activated_at=Clock()
            )
        report = actions.start_check(version, actor=anna)
        work(actions.CHECK)
        report.refresh_from_db()
        confirmed = [one["name"] for one in report.found["looser"]]
        assert "laws added" in confirmed
        actions.activate_version(version, actor=boris, report=report, confirmed=confirmed)
        assert active.laws(active.version(Kind.LAWS)).laws == DATA.laws.laws

    def test_the_empty_register_is_added_by_the_command(self, anna: Any, boris: Any) -> None:
        call_command(
            "load_reference", proposer=anna.username, activator=boris.username, verbosity=0
        )
        assert active.laws(active.version(Kind.LAWS)).laws == ()
        # Deals were screened without a register; from now on they name the empty one.
        assert Job.objects.filter(kind=actions.RESCREEN).count() == 1


@pytest.mark.bare
@pytest.mark.django_db
def test_the_examples_are_for_the_demo(settings: Any, anna: Any, boris: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="They are for the demo"):
        call_command(
            "load_reference", proposer=anna.username, activator=boris.username, example_laws=True
        )
    assert not ReferenceVersion.objects.exists()
