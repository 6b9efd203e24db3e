"""A fault of the engine that screens stops every version, with the deal that shows it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from policy import active
from policy.engine.readings import generated, second
from policy.facts import shipped
from policy.facts.derive import ReferenceData
from policy.governance import two_engines
from policy.governance.versions import shipped_contents
from policy.models import CheckReport, Kind, ReferenceVersion
from tests import factories
from tests.policy.governance.test_governance import checked, rated


def stored() -> ReferenceVersion:
    """The rulebook that ships, as a row would keep it."""
    content = next(one for one in shipped_contents() if one.kind == Kind.RULEBOOK)
    return ReferenceVersion(
        kind=content.kind, digest=content.digest, content=content.text, written=content.written
    )


ALL = two_engines.RANDOM


@pytest.fixture(autouse=True)
def _on_all_deals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_engines, "RANDOM", ALL)


def of_stored(row: ReferenceVersion, data: ReferenceData) -> two_engines.Compared:
    return two_engines.compared(row.content, row.written, data)


@pytest.fixture(scope="module")
def data() -> ReferenceData:
    return shipped.load()


def test_two_engines_agree_on_what_ships(data: ReferenceData) -> None:
    found = of_stored(stored(), data)
    assert found.sentence == f"Two engines agree on {found.deals:,} deals."
    assert found.deals > ALL + 100
    assert ALL == 10_000


def test_what_is_kept_as_written_counts(data: ReferenceData) -> None:
    row = stored()
    row.written = row.written.replace("    when: {speech_limit_request: [included]}", "    when: x")
    assert of_stored(row, data).problem == (
        "The second engine cannot read the rulebook: x is no term."
    )
    row.written = stored().written.replace(
        "when: {speech_limit_request: [included]}", "when: {speech_limit_request: [refused]}"
    )
    found = of_stored(row, data)
    assert "do not agree on a deal" in found.problem
    assert found.deal is not None
    assert found.deal["speech_limit_request"] in {"included", "refused", None}


FAULTS: dict[str, tuple[str, Callable[[Any], Callable[..., str]]]] = {
    "a part of an all is lost": (
        "surely",
        lambda right: (
            lambda self, condition: right(
                self,
                replace(condition, parts=condition.parts[:1])
                if isinstance(condition, generated.All)
                else condition,
            )
        ),
    ),
    "what is not known counts as no": (
        "possibly",
        lambda right: lambda self, condition: self.surely(condition),
    ),
}


def broken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    method, fault = FAULTS[name]
    right = getattr(generated.Expressions, method)
    monkeypatch.setattr(generated.Expressions, method, fault(right))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_compiler_is_found(
    data: ReferenceData, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    broken(monkeypatch, name)
    found = of_stored(stored(), replace(data))
    assert "Two engines do not agree on a deal" in found.problem
    assert found.shown


class Opens:
    """Says what the compiled rulebook says, and that one rule more is open."""

    def __init__(self, data: ReferenceData) -> None:
        self.data = data

    def said(self, deal: Mapping[str, Any]) -> second.Said:
        verdict = self.data.compiled.verdict(self.data.rulebook.vocabulary.parse(deal))
        return verdict.outcome, frozenset(verdict.fired), frozenset((*verdict.open, "X1"))


def test_the_rules_count_and_not_the_outcome_alone(data: ReferenceData) -> None:
    assert two_engines.difference(Opens(data), data, {}) == (
        "Two engines do not agree on a deal: which rules are open (X1)."
    )


@pytest.mark.django_db
class TestTheReport:
    def test_a_line_says_on_how_many_deals_they_agree(self, site: Client, anna: Any) -> None:
        factories.reference_data()
        version, report = checked(rated("FI", "low", "high"), anna)
        assert report.state == CheckReport.State.PASSED
        page = site.get(reverse("policy:report", args=[version.pk])).content.decode()
        assert report.found["engines"]["sentence"] in page
        assert "Two engines agree on 10," in page

    def test_a_version_does_not_pass_where_they_do_not(
        self, site: Client, anna: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        factories.reference_data()
        right = active.parsed

        def faulty(*arguments: Any) -> ReferenceData:
            broken(monkeypatch, "a part of an all is lost")
            return replace(right(*arguments))

        monkeypatch.setattr(active, "parsed", faulty)
        version, report = checked(rated("FI", "low", "high"), anna)
        assert report.state == CheckReport.State.FAILED
        [problem] = [one for one in report.found["problems"] if "Two engines" in one]
        assert report.found["engines"]["deal"]
        page = site.get(reverse("policy:report", args=[version.pk])).content.decode()
        assert problem in page
