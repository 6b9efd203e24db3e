"""What a rulebook means for a deal: fired, open, missing, floor, and the reasons in words."""

import pytest

from policy.engine.language.condition import Either, Term, as_atom, atoms
from policy.engine.language.facts import FactError
from policy.engine.language.reading import read_rulebook
from policy.engine.readings.assessment import Assessment, combine
from policy.engine.readings.compiled import compile_rulebook
from policy.engine.readings.kleene import truth
from policy.engine.readings.reference import assess
from policy.engine.readings.replay import replay
from tests.policy.engine.language.test_facts import vocabulary
from tests.policy.engine.language.test_reading import HEAD

RULEBOOK = (
    HEAD
    + """\
terms:
  filters: {caps: {any: [filter]}}
  any_technology: {caps: {any: [ran, core, filter]}}
rules:
  - id: B1
    title: Filters for those who are not obliged
    clause: C2a
    outcome: bar
    when: {all: [filters, {obliged: false}]}
    because: "{caps} for {name}, which is {obliged}."
    evidence: [law, translation]
  - id: I1
    title: Not classified
    clause: C4a
    outcome: needs_information
    asks: product
    when: {not: any_technology}
    because: "What is it? {name}: {caps}, {risk}."
  - id: E1
    title: Much money
    clause: C4
    outcome: executive_review
    when: {any: [{value: {above: 10}}, {all: [{risk: [high]}, filters]}]}
    because: "{value} in a country of {risk} risk."
  - id: S1
    title: High risk
    clause: C4b
    outcome: senior_review
    when: {risk: [high, unrated]}
    because: "{risk} risk in {country}."
"""
)
rulebook = read_rulebook(RULEBOOK, vocabulary, file="r.yaml")
compiled = compile_rulebook(rulebook)
KNOWN = {"risk": "low", "caps": ["ran"], "obliged": True, "value": 1}


def assessed(**changes: object) -> Assessment:
    facts = vocabulary.parse({**KNOWN, **changes})
    assessment = assess(rulebook, facts)
    assert compiled.assess(facts) == assessment
    return assessment


def test_nothing_fires_on_an_answered_ordinary_deal() -> None:
    assert assessed() == Assessment("clear", (), (), (), None, ())


@pytest.mark.parametrize(
    ("changes", "outcome", "fired", "open_", "missing", "floor"),
    [
        ({"risk": "high"}, "senior_review", ["S1"], [], [], "senior_review"),
        ({"value": 11}, "executive_review", ["E1"], [], [], "executive_review"),
        ({"value": 10}, "clear", [], [], [], None),
        ({"caps": []}, "needs_information", ["I1"], [], [], None),
        (
            {"caps": [], "risk": "unrated"},
            "needs_information",
            ["I1", "S1"],
            [],
            [],
            "senior_review",
        ),
        (
            {"caps": ["filter"], "obliged": False, "risk": "high"},
            "bar",
            ["B1", "E1", "S1"],
            [],
            [],
            "executive_review",
        ),
        # A fired bar is final, whatever is missing; the open rules are told all the same.
        (
            {"caps": ["filter"], "obliged": False, "risk": None, "value": None},
            "bar",
            ["B1"],
            ["E1", "S1"],
            [],
            None,
        ),
        # Open above fired: needs information, and only what could still raise it is missing.
        ({"risk": None}, "needs_information", [], ["S1"], ["risk"], None),
        (
            {"risk": None, "caps": ["filter"], "value": None},
            "needs_information",
            [],
            ["E1", "S1"],
            ["risk", "value"],
            None,
        ),
        # Open below fired: nothing is missing.
        ({"value": 11, "risk": None}, "executive_review", ["E1"], ["S1"], [], "executive_review"),
        # The obligation is not asked for where no answer could matter.
        ({"obliged": None}, "clear", [], [], [], None),
        ({"obliged": None, "caps": ["filter"]}, "needs_information", [], ["B1"], ["obliged"], None),
        # One member that is unknown keeps open only what it could change.
        ({"caps": {"yes": ["ran"], "unknown": ["core"]}}, "clear", [], [], [], None),
        (
            {"caps": {"yes": ["ran"], "unknown": ["filter"]}, "obliged": False},
            "needs_information",
            [],
            ["B1"],
            ["caps"],
            None,
        ),
        (
            {"caps": None, "obliged": None, "risk": None, "value": None},
            "needs_information",
            [],
            ["B1", "I1", "E1", "S1"],
            ["risk", "caps", "obliged", "value"],
            None,
        ),
    ],
)
def test_outcomes(changes, outcome, fired, open_, missing, floor) -> None:
    found = assessed(**changes)
    assert found.outcome == outcome
    assert list(found.fired) == fired == [finding.rule for finding in found.findings]
    assert list(found.open) == open_
    assert list(found.missing) == missing
    assert found.review_floor == floor


def test_a_finding_tells_its_reason_in_the_words_of_the_deal() -> None:
    (finding, *_) = assessed(caps=["filter", "ran"], obliged=False, name="Telco").findings
    assert finding == (
        "B1",
        "C2a",
        "bar",
        "Filter for Telco, which is not obliged.",
        {"caps": ["filter"], "obliged": False},
        ("law", "translation"),
        "Filters for those who are not obliged",
        "sales",
    )


@pytest.mark.parametrize(
    ("changes", "rule", "because", "facts"),
    [
        ({"caps": []}, "I1", "What is it? somebody: (Capabilities: not known), low.", {"caps": []}),
        (
            {"caps": [], "name": "net {risk}"},
            "I1",
            "What is it? net {risk}: (Capabilities: not known), low.",
            {"caps": []},
        ),
        ({"risk": "unrated"}, "S1", "Not rated risk in (Country: not known).", {"risk": "unrated"}),
        ({"value": 11, "country": "no"}, "E1", "11 EUR in a country of low risk.", {"value": 11}),
        # Only the part that fired is among the facts.
        (
            {"value": None, "risk": "high", "caps": ["filter", "ran"]},
            "E1",
            "(Value: not known) in a country of high risk.",
            {"risk": "high", "caps": ["filter"]},
        ),
        (
            {"value": 99, "risk": "high", "caps": ["filter", "ran"]},
            "E1",
            "99 EUR in a country of high risk.",
            {"risk": "high", "caps": ["filter"], "value": 99},
        ),
    ],
)
def test_sentences_and_the_facts_behind_them(changes, rule, because, facts) -> None:
    found = {finding.rule: finding for finding in assessed(**changes).findings}[rule]
    assert found.because == because
    assert found.facts == facts
    assert list(found.facts) == [name for name in vocabulary if name in facts]


def test_names_are_not_capitalised_and_words_are() -> None:
    text = RULEBOOK.replace('"{risk} risk in {country}."', '"{name} sells."')
    changed = read_rulebook(text, vocabulary, file="r")
    for name, because in ((None, "Somebody sells."), ("iTel", "iTel sells.")):
        facts = vocabulary.parse({**KNOWN, "risk": "high", "name": name})
        assert assess(changed, facts).findings[0].because == because
        assert compile_rulebook(changed).assess(facts) == assess(changed, facts)


def test_the_lists_in_a_finding_are_not_shared_between_deals() -> None:
    facts = vocabulary.parse({**KNOWN, "caps": ["filter"], "obliged": False})
    compiled.assess(facts).findings[0].facts["caps"].append("spoiled")
    assert compiled.assess(facts).findings[0].facts["caps"] == ["filter"]


# Several variants of one deal


def test_the_worst_variant_decides_and_findings_are_united() -> None:
    low, high = assessed(value=11), assessed(risk="high", value=11)
    both = combine([low, high])
    assert both.outcome == "executive_review"
    assert both.fired == ("E1", "S1")
    # The same rule with another sentence is told twice.
    assert [finding.because for finding in both.findings] == [
        "11 EUR in a country of low risk.",
        "11 EUR in a country of high risk.",
        "High risk in (Country: not known).",
    ]
    assert combine([high, high]).findings == high.findings
    assert combine([low]) is low


def test_what_any_variant_misses_is_missing_until_one_is_barred() -> None:
    clear, asks = assessed(), assessed(risk=None)
    both = combine([clear, asks])
    assert (both.outcome, both.missing, both.open) == ("needs_information", ("risk",), ("S1",))
    barred = assessed(caps=["filter"], obliged=False)
    assert combine([asks, barred]).missing == ()
    assert combine([asks, barred]).outcome == "bar"


def test_a_rule_that_fired_in_one_variant_is_not_open() -> None:
    both = combine([assessed(risk="high"), assessed(risk=None)])
    assert (both.fired, both.open, both.review_floor) == (("S1",), (), "senior_review")


def test_no_variant_is_not_clear() -> None:
    with pytest.raises(ValueError, match="no assessment to combine"):
        combine([])


# Replay


def stored(**changes: str) -> dict[str, str]:
    facts = vocabulary.parse({**KNOWN, "risk": "high"})
    return {
        "facts_text": facts.text,
        "facts_digest": facts.digest,
        "rulebook_digest": rulebook.digest,
        "outcome": "senior_review",
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "kind", "found"),
    [
        ({"rulebook_digest": "sha256:0"}, "rulebook", rulebook.digest),
        ({"facts_text": '{"risk":"low"}'}, "facts", "sha256:"),
        ({"facts_text": '{"risk":"hihg"}', "facts_digest": ""}, "text", "risk: unknown value"),
        ({"facts_text": "{", "facts_digest": ""}, "text", "not the text of facts"),
        ({"facts_text": "[]", "facts_digest": ""}, "text", "not the text of facts"),
        ({"facts_text": '{"risk": "high"}', "facts_digest": ""}, "text", '{"risk":"high"}'),
        ({"outcome": "clear"}, "outcome", "senior_review"),
    ],
)
def test_a_replay_that_differs_names_what_differs(changes, kind, found) -> None:
    mismatch = replay(compiled, **stored(**changes))
    assert mismatch.kind == kind
    assert mismatch.found.startswith(found)
    assert str(mismatch).startswith(f"{kind}: stored ")


# What is not meant to happen


def test_facts_of_another_vocabulary_do_not_pass_silently() -> None:
    smaller = type(vocabulary)([fact for fact in vocabulary.values() if fact.name != "country"])
    facts = smaller.parse({**KNOWN, "risk": "high"})
    for screens in (compiled.assess, lambda facts: assess(rulebook, facts)):
        assert screens(facts).outcome == "senior_review"
    assert compiled.outcome(facts) == compiled.verdict(facts).outcome == "senior_review"
    larger = type(vocabulary)(
        [*vocabulary.values(), type(vocabulary["obliged"])("new", label="New")]
    )
    with pytest.raises(FactError, match="unknown fact"):
        compiled.outcome(larger.parse({"new": True}))


def test_a_term_must_be_opened_before_it_is_read() -> None:
    facts = vocabulary.parse({})
    for read in (lambda: truth(Term("x"), facts), lambda: list(atoms(Either((Term("x"),))))):
        with pytest.raises(ValueError, match="the term x is not opened"):
            read()
    with pytest.raises(TypeError, match="is not an atom"):
        as_atom(Term("x"))


def test_the_generated_source_holds_no_text_of_the_rulebook() -> None:
    hostile = RULEBOOK.replace("title: Much money", """title: "'); import os; ('\\nimport os\"""")
    changed = read_rulebook(hostile, vocabulary, file="r")
    assert "import os" in changed.by_id["E1"].title
    source = compile_rulebook(changed).source
    assert "import" not in source
    assert "risk" not in source
