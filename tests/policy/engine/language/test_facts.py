"""Facts: what fits, what is refused, and the text that is signed."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.engine.language.facts import LARGEST_AMOUNT, FactError, Text, Vocabulary
from policy.engine.language.reading import read_vocabulary
from tests.effort import examples
from tests.policy.engine.language.test_reading import VOCABULARY
from tests.policy.engine.strategies import deals, vocabularies

vocabulary = read_vocabulary(VOCABULARY, file="v.yaml")


def test_the_plain_form_of_each_kind() -> None:
    facts = vocabulary.parse(
        {
            "risk": "high",
            "caps": {"yes": ["ran"], "unknown": ["core"]},
            "obliged": False,
            "value": -5,
            "name": "Ö-Net",
        }
    )
    assert facts["risk"] == "high"
    assert facts["obliged"] is False
    assert facts["value"] == -5
    assert facts["name"] == "Ö-Net"
    assert facts["caps"] == {"unknown": ["core"], "yes": ["ran"]}
    assert [facts.has("caps", member) for member in ("ran", "core", "filter")] == [
        True,
        None,
        False,
    ]
    assert facts["country"] is None


@pytest.mark.parametrize(
    ("plain", "known"),
    [
        ({}, False),
        ({"caps": None}, False),
        ({"caps": []}, True),
        ({"caps": ["ran"]}, True),
        ({"caps": {"yes": ["ran"]}}, True),
        ({"caps": {"unknown": ["ran"]}}, False),
        ({"caps": {"unknown": ["ran", "core", "filter"]}}, False),
    ],
)
def test_flags_are_known_when_every_member_is(plain: dict[str, object], known: bool) -> None:
    assert vocabulary.parse(plain).is_known("caps") is known


@pytest.mark.parametrize(
    ("plain", "problem"),
    [
        ({"rsik": "high"}, 'unknown fact "rsik"; did you mean risk?'),
        ({"rsik": None}, 'unknown fact "rsik"; did you mean risk?'),
        ({3: "high"}, "unknown fact 3"),
        ({"risk": "hihg"}, 'risk: unknown value "hihg"; did you mean high?'),
        ({"risk": "High"}, 'risk: unknown value "High"; did you mean high?'),
        ({"risk": "x"}, 'risk: unknown value "x"; it is one of low, medium, high and unrated'),
        ({"risk": True}, "risk: expected one of its values as text, not True"),
        ({"risk": ["high"]}, "risk: expected one of its values as text, not ['high']"),
        ({"obliged": "true"}, 'obliged: expected true, false or null, not "true"'),
        ({"obliged": 1}, "obliged: expected true, false or null, not 1"),
        ({"caps": "ran"}, 'caps: expected a list of members, not "ran"'),
        ({"caps": ["rna"]}, 'caps: unknown member "rna"; did you mean ran?'),
        ({"caps": [["ran"]]}, "caps: unknown member ['ran']"),
        ({"caps": [None]}, "caps: unknown member None"),
        ({"caps": {"no": []}}, 'caps: expected the keys "yes" and "unknown", not [\'no\']'),
        ({"caps": {"yes": "ran"}}, "caps: expected a list of members, not {'yes': 'ran'}"),
        ({"caps": {"unknown": ["x"]}}, 'caps: unknown member "x"'),
        ({"caps": {"yes": ["ran"], "unknown": ["ran"]}}, "caps: ran is both there and unknown"),
        ({"value": 1.5}, "value: expected a whole number of at most"),
        ({"value": True}, "value: expected a whole number of at most"),
        ({"value": LARGEST_AMOUNT + 1}, "value: expected a whole number of at most"),
        ({"name": 5}, "name: expected text or null, not 5"),
        ({"name": "a\x00b"}, "name: holds a character that cannot be stored"),
        ({"name": "\ud800"}, "name: holds a character that cannot be stored"),
        ({"name": "x" * 10_001}, "name: 10001 characters; at most 10000 are kept"),
    ],
)
def test_what_does_not_fit_is_refused(plain: dict[str, object], problem: str) -> None:
    with pytest.raises(FactError) as caught:
        vocabulary.parse(plain)
    (found,) = caught.value.problems
    assert found.startswith(problem)


def test_all_misfits_come_at_once() -> None:
    with pytest.raises(FactError) as caught:
        vocabulary.parse({"rsik": "high", "risk": "hihg", "caps": ["rna", "x"], "obliged": "no"})
    assert len(caught.value.problems) == 5
    assert str(caught.value) == "\n".join(caught.value.problems)


def test_canonical_text() -> None:
    facts = vocabulary.parse(
        {"value": 7, "risk": "low", "caps": ["ran", "core"], "name": "O\u0308", "obliged": None}
    )
    text = '{"caps":["core","ran"],"name":"Ö","risk":"low","value":7}'
    assert facts.text == text
    assert facts.digest == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"risk": None}, {}),
        ({"caps": {"unknown": ["ran", "core", "filter"]}}, {"caps": None}),
        ({"caps": {"yes": ["ran"]}}, {"caps": ["ran"]}),
        ({"caps": ["ran", "core"]}, {"caps": ("core", "ran", "ran")}),
        ({"name": "e\u0301"}, {"name": "\u00e9"}),
    ],
)
def test_the_same_facts_have_the_same_text(one: dict[str, object], other: dict[str, object]):
    assert vocabulary.parse(one) == vocabulary.parse(other)
    assert hash(vocabulary.parse(one)) == hash(vocabulary.parse(other))


@given(st.data())
@settings(max_examples=examples(100), deadline=None)
def test_facts_come_back_from_their_plain_form(data: st.DataObject) -> None:
    words = data.draw(vocabularies())
    facts = data.draw(deals(words))
    again = words.parse(facts.plain)
    assert (again.cells, again.texts, again.text) == (facts.cells, facts.texts, facts.text)
    for name, fact in words.items():
        if isinstance(fact, Text):
            continue
        claimed = bool(facts.known & words.bits[name])
        assert claimed == facts.is_known(name)


def test_changed_facts() -> None:
    facts = vocabulary.parse({"risk": "low", "caps": ["ran"]})
    assert facts.replace(risk=None, obliged=True).plain == {"caps": ["ran"], "obliged": True}
    assert facts.plain == {"risk": "low", "caps": ["ran"]}
    with pytest.raises(FactError):
        facts.replace(risk="hihg")


def test_facts_of_another_vocabulary_are_read_again_or_refused() -> None:
    other = read_vocabulary(
        VOCABULARY.replace("high: high", "grave: grave").replace("medium, high", "medium, grave"),
        file="v",
    )
    assert other.adopt(vocabulary.parse({"risk": "low"}))["risk"] == "low"
    with pytest.raises(FactError, match='risk: unknown value "high"'):
        other.adopt(vocabulary.parse({"risk": "high"}))


def test_a_name_stands_for_one_fact() -> None:
    with pytest.raises(ValueError, match="two facts share a name"):
        Vocabulary([Text("name"), Text("name")])


def test_only_flags_have_members() -> None:
    with pytest.raises(TypeError, match="risk is not a set of flags"):
        vocabulary.parse({}).has("risk", "high")


def test_facts_are_shown_by_their_text() -> None:
    assert repr(vocabulary.parse({"risk": "low"})) == 'Facts({"risk":"low"})'
