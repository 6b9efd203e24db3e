"""The labelled deals: outcome, review floor and rules are those that the policy demands."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from policy.engine.readings.reference import assess
from policy.facts import shipped
from policy.facts.derive import trace
from policy.facts.screen import Screener, screen
from policy.governance import succession

CASES = Path(__file__).parents[3] / "policy" / "data" / "cases.jsonl"
LINES = CASES.read_text(encoding="utf-8").splitlines()
LABELLED = {(case := json.loads(line))["id"]: case for line in LINES}
REFERENCE = shipped.load()


@pytest.fixture(scope="module")
def results():
    out = io.BytesIO()
    with CASES.open("rb", buffering=0) as source:
        assert screen(source, out, Screener(REFERENCE))
    return {result["id"]: result for result in map(json.loads, out.getvalue().splitlines())}


def test_there_are_99():
    assert len(LABELLED) == len(LINES) == 99


@pytest.mark.parametrize("name", LABELLED)
def test_outcome_floor_and_rules(name, results):
    expected, result = LABELLED[name]["expected"], results[name]
    assert result["outcome"] == expected["outcome"]
    assert result["review_floor"] == expected["review_floor"]
    fired = [finding["rule"] for finding in result["findings"]]
    assert sorted(fired) == sorted(expected["rules"])


@pytest.mark.parametrize("name", LABELLED)
def test_every_finding_explains_itself(name, results):
    result = results[name]
    assert result["rulebook"] == {"label": "1.1", "digest": REFERENCE.rulebook.digest}
    for finding in result["findings"]:
        assert finding["clause"]
        assert finding["because"][0].isupper()
        assert finding["because"][-1] in ".?"
        assert "{" not in finding["because"]
        assert finding["facts"]
    assert (result["outcome"] == "clear") == (result["findings"] == [])


@pytest.mark.parametrize("name", LABELLED)
def test_the_plain_reading_agrees(name, results):
    """The command line takes short cuts; the full derivation and the reference take none."""
    case = LABELLED[name]
    given = {key: case["derived"][key] for key in case["derived"] if key[:8] != "country_"}
    given["country_risk"] = case["derived"]["country_risk"]
    given["legal_basis_status"] = "verified" if case["facts"]["legal_basis"] else "none"
    (variant,) = trace(case["facts"], REFERENCE, given=given)
    plain = assess(REFERENCE.rulebook, variant.facts)
    assert plain.outcome == results[name]["outcome"]
    assert [f.because for f in plain.findings] == [f["because"] for f in results[name]["findings"]]


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("PR-007", ["end_user_name", "end_user_type"]),
        ("PR-049", ["legal_basis"]),
        ("ED-011", ["purpose"]),
        ("ED-033", ["country"]),
        ("ED-050", []),
        ("PR-001", []),
    ],
)
def test_what_is_missing_is_named_as_sales_knows_it(name, missing, results):
    assert sorted(results[name]["missing"]) == missing


@pytest.mark.parametrize(
    "name", [name for name in LABELLED if LABELLED[name]["expected"]["outcome"] == "clear"]
)
@pytest.mark.parametrize(
    "fact",
    [
        "country",
        "end_user_name",
        "end_user_type",
        "customer_name",
        "customer_type",
        "products",
        "capabilities",
        "services",
        "purpose",
        "intermediaries",
    ],
)
def test_a_clear_deal_with_a_fact_missing_is_not_clear(name, fact):
    """Left out means the same as null, but for capabilities: then the catalogue is asked."""
    case = LABELLED[name]
    left_out = {key: value for key, value in case["facts"].items() if key != fact}
    for facts in [{**case["facts"], fact: None}] + [left_out] * (fact != "capabilities"):
        line = json.dumps({"id": name, "facts": facts, "derived": case["derived"]}).encode()
        result, readable = Screener(REFERENCE).result(1, line)
        assert readable
        assert json.loads(result)["outcome"] == "needs_information"
        assert json.loads(result)["missing"]


LATER = [json.loads(line) for line in shipped.text("cases-2.jsonl").splitlines()]
ANSWERS = [json.loads(line) for line in shipped.text("cases-3.jsonl").splitlines()]


def outcome_under(reference, case):
    line = {key: case[key] for key in ("id", "facts", "derived") if key in case}
    result, readable = Screener(reference).result(1, json.dumps(line).encode())
    assert readable
    return json.loads(result)["outcome"]


def test_there_are_30_more_and_each_says_what_it_waits_for():
    assert len(LATER) == 30
    assert all(case["waits_for"] for case in LATER if "waits_for" in case)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=case["id"],
            marks=[pytest.mark.xfail(strict=True, reason=case["waits_for"])]
            if "waits_for" in case
            else [],
        )
        for case in LATER
    ],
)
def test_a_deal_labelled_before_it_was_run_comes_out_as_labelled(case):
    assert outcome_under(REFERENCE, case) == case["expected"]["outcome"]


@pytest.mark.parametrize("case", ANSWERS, ids=[case["id"] for case in ANSWERS])
def test_one_grave_answer_decides_about_an_ordinary_deal(case):
    assert outcome_under(REFERENCE, case) == case["expected"]["outcome"]
    harmless = ("abilities_declared", "agency_access", "speech_limit_request", "adverse_signs")
    facts = {name: value for name, value in case["facts"].items() if name not in harmless}
    assert outcome_under(REFERENCE, {"id": "plain", "facts": facts}) == "clear"


def test_each_promise_on_answers_speaks_of_a_labelled_deal():
    promises = shipped.charter().on_answers
    spoken = succession.labelled_by_answers(promises, REFERENCE)
    assert [name for name, deals in spoken.items() if not deals] == []


@pytest.mark.parametrize("name", LABELLED)
def test_the_former_rulebook_agrees_on_the_first_99(name):
    former = replace(REFERENCE, rulebook=shipped.former_rulebook())
    assert outcome_under(former, LABELLED[name]) == LABELLED[name]["expected"]["outcome"]
