"""Tries to weaken what guards the policy: each is refused, or named where somebody must confirm."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policy.facts import shipped
from policy.governance import command, succession
from policy.wording import clauses
from tests.policy.governance import chartering, hollowed
from tests.policy.governance.chartering import ACTIVE
from tests.policy.weakenings.test_reference_weakenings import BARRED, DATA, selling

#: The rulebook without its own promises: nothing but the charter is left.
SILENT = hollowed.rulebook()[hollowed.rulebook().index("\npromises:\n") :]
REVIEWED = hollowed.REVIEWED
WEAKER = (
    "  - id: P01\n    says: Active surveillance is barred, whatever else is true\n",
    "  - id: CH01\n    says: Active surveillance is barred, whatever else is true\n",
)


def of_vocabulary(change: Any) -> str:
    """The stored text of the shipped rulebook with its vocabulary changed."""
    stored = json.loads(shipped.rulebook().canonical)
    change(stored)
    return json.dumps(stored)


def fact(stored: Any, name: str) -> Any:
    return next(one for one in stored["vocabulary"] if one["name"] == name)


def renamed(stored: Any) -> None:
    """Rules and vocabulary call the monitoring centre something else."""
    text = json.dumps(stored).replace('"monitoring_centre"', '"operations_room"')
    stored.update(json.loads(text))


def turned(stored: Any) -> None:
    fact(stored, "country_risk")["rising"].reverse()


def widened(stored: Any) -> None:
    fact(stored, "capabilities")["members"].append(["tapping_hub", "tapping hub"])


RULEBOOKS = {
    "a promise under an id of a promise on answers": (
        lambda: hollowed.rulebook((WEAKER[0], WEAKER[1].replace("CH01", "A01"))),
        "the charter has a promise A01; a rulebook may add promises and never replaces one",
    ),
    "a promise under an id of the charter, with a weaker condition": (
        lambda: hollowed.rulebook(WEAKER),
        "the charter has a promise CH01; a rulebook may add promises and never replaces one",
    ),
    "no promise of its own, and monitoring centres are reviewed": (
        lambda: hollowed.rulebook((SILENT, "\n"), REVIEWED),
        "BROKEN      CH01 ",
    ),
    "no promise of its own, and the class that a rule bars is narrowed": (
        lambda: hollowed.rulebook((SILENT, "\n"), ("        - monitoring_centre\n", "")),
        "BROKEN      CH01 ",
    ),
    "a capability is called something else by rules and vocabulary": (
        lambda: of_vocabulary(renamed),
        "The two rulebooks use different facts or values.",
    ),
    "the order of country risk is turned round": (
        lambda: of_vocabulary(turned),
        "It speaks of what this vocabulary does not know: order of country_risk.",
    ),
    "a capability of which no promise can speak": (
        lambda: of_vocabulary(widened),
        "to be confirmed as: capabilities tapping_hub beyond the charter",
    ),
}
CHARTERS = {
    "a class of the charter is narrowed": (
        ("\n        - monitoring_centre\n", "\n"),
        "Promise CH01 “Active surveillance is barred, whatever else is true” says what the policy",
    ),
    "a mark is taken off, so that the promise can go in the next step": (
        (ACTIVE, ACTIVE.replace("    from_policy: true\n", "")),
        "Promise CH01 “Active surveillance is barred, whatever else is true” says what the policy",
    ),
    "a promise rests on another clause, which may be removed": (
        (ACTIVE, ACTIVE.replace("clause: C2b", "clause: C6")),
        "Promise CH01 “Active surveillance is barred, whatever else is true” says what the policy",
    ),
    "a premise is narrowed under the same words": (
        ("possibly: {agency_access: [yes]}", "surely: {agency_access: [yes]}"),
        "to be confirmed as: promise CH26 changed",
    ),
    "a conclusion allows one outcome more": (
        (
            "    possibly: intelligence\n    only: [executive_review,",
            "    possibly: intelligence\n    only: [senior_review, executive_review,",
        ),
        "to be confirmed as: promise CH03 changed",
    ),
    "a premise is made impossible": (
        (
            "possibly: {eased_by_ruling: true}",
            "surely: {all: [{eased_by_ruling: true}, {eased_by_ruling: false}]}",
        ),
        "speaks of no deal, so it promises nothing",
    ),
    "a stricter condition under the same words hides what is meant": (
        (
            "possibly: {follows_stopped_deal: true}",
            "possibly: {any: [{follows_stopped_deal: true}, {law_conflict: true}]}",
        ),
        "to be confirmed as: condition of CH25",
    ),
    "a promise on answers hears one answer less under the same words": (
        ("answer_intelligence_access: [yes, unknown]", "answer_intelligence_access: [yes]"),
        "to be confirmed as: promise A04 changed",
    ),
    "the class of a promise on answers is narrowed": (
        ("\n          - monitoring_centre\n", "\n"),
        "Promise A02 “A product of active surveillance, in whatever line, is barred” says what the",
    ),
    "the promises on answers are left out": (
        (chartering.second_list(), "\n"),
        "Charter 1.1 has promises on answers, and this one has none. Keep the list on_answers.",
    ),
}


def said(capsys: pytest.CaptureFixture[str], verb: str, text: str, folder: Path) -> tuple[int, str]:
    path = folder / "weaker.yaml"
    path.write_text(text)
    code = command.main([verb, str(path)])
    out, err = capsys.readouterr()
    return code, out + err


@pytest.mark.parametrize("name", RULEBOOKS)
def test_a_rulebook(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text, wanted = RULEBOOKS[name]
    code, out = said(capsys, "check", text(), tmp_path)
    assert code != command.OK
    assert wanted in out


@pytest.mark.parametrize("name", CHARTERS)
def test_a_charter(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    change, wanted = CHARTERS[name]
    code, out = said(capsys, "charter", chartering.text(change), tmp_path)
    assert code == command.FOUND
    assert wanted in out


def test_the_clause_goes_first_and_the_promise_after_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its clause a promise can go, by its name; what still cites it is a mistake."""
    kept = {name: one for name, one in clauses.clauses().items() if name != "C2b"}
    monkeypatch.setattr(clauses, "clauses", lambda: kept)
    monkeypatch.setattr(clauses, "known", lambda: command.clauses.Cited(tuple(kept), ()))
    code, out = said(capsys, "charter", chartering.text(), tmp_path)
    assert (code, 'the policy has no clause "C2b"' in out) == (command.WRONG, True)
    code, out = said(
        capsys, "charter", chartering.text().replace("clause: C2b", "clause: C2"), tmp_path
    )
    assert code == command.OK
    gone = chartering.text((ACTIVE, "")).replace("clause: C2b", "clause: C2")
    code, out = said(capsys, "charter", gone, tmp_path)
    assert code == command.FOUND
    assert "to be confirmed as: promise CH01 removed" in out


def test_a_product_of_a_barred_class_is_sold_as_something_plain() -> None:
    sold = selling((BARRED, replace(BARRED, capabilities=("enterprise_telephony",))))
    plain = replace(sold, catalogue=replace(sold.catalogue, digest="another text"))
    names = {one.name for one in succession.out_of_reach(shipped.charter(), DATA, plain)}
    assert "CH01 speaks of fewer" in names
    said = succession.out_of_reach_of_answers(shipped.on_answers(), DATA, plain)
    assert {one.name for one in said} == {"A02 speaks of fewer"}
