"""The text of a charter: what it says, what is a mistake in it, and that it comes back the same."""

import json

import pytest

from policy.engine.language.charter import Grounds
from policy.engine.language.reading import ReadingError
from policy.engine.language.reading_charter import read_canonical_charter, read_charter
from policy.engine.proof.promises import meaning
from policy.facts import shipped
from policy.wording import clauses

TEXT = """
charter: small
label: "1"
source: nobody
terms:
  grave: {country_risk: [very_high]}
promises:
  - id: CH01
    says: Grave is barred
    clause: C4b
    from_policy: true
    surely: grave
    only: [bar]
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ReadingError) as refused:
        read_charter(text, shipped.vocabulary(), file="small", cited=clauses.known())
    return [str(problem) for problem in refused.value.problems]


def test_what_it_says() -> None:
    charter = read_charter(TEXT, shipped.vocabulary(), file="small", cited=clauses.known())
    assert charter.grounds == {"CH01": Grounds("C4b", from_policy=True)}
    assert charter.without_rules.rules == ()
    again = read_canonical_charter(charter.canonical)
    assert (again.digest, again.grounds) == (charter.digest, charter.grounds)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("    clause: C4b\n", "", "small:8:5: promise CH01: missing clause"),
        ("clause: C4b", "clause: C4z", 'the policy has no clause "C4z"'),
        ("from_policy: true", "from_policy: yes", "did you mean true?"),
        ("surely: grave", "surely: intelligence", "intelligence"),
        ("only: [bar]", "only: [bra]", "did you mean bar?"),
        ("source: nobody\n", "source: nobody\nrules: []\n", 'unknown key "rules"'),
    ],
)
def test_a_mistake_has_its_line(old: str, new: str, sentence: str) -> None:
    assert TEXT.count(old) == 1
    found = problems(TEXT.replace(old, new))
    assert sentence in found[0]
    assert found[0].startswith("small:")


def test_one_without_promises_promises_nothing() -> None:
    text = TEXT[: TEXT.index("promises:")] + "promises: []\n"
    assert "promises: the list is empty; name at least one" in problems(text)[0]


ON_ANSWERS = """on_answers:
  terms:
    watching: {answer_purpose: [protest_monitoring]}
  promises:
    - id: A01
      says: Watching is barred
      clause: C1.iii
      surely: watching
      only: [bar]
"""


def test_the_second_list_speaks_of_answers() -> None:
    text = TEXT + ON_ANSWERS
    charter = read_charter(
        text, shipped.vocabulary(), answers=shipped.answers(), file="small", cited=clauses.known()
    )
    second = charter.on_answers
    assert second is not None
    assert (list(second.by_id), list(charter.by_id)) == (["A01"], ["CH01"])
    assert charter.ids == {"A01", "CH01"}
    assert (second.label, second.grounds) == ("1", {"A01": Grounds("C1.iii")})
    again = read_canonical_charter(charter.canonical)
    assert (again.digest, again.on_answers) == (charter.digest, second)
    alone = read_canonical_charter(second.canonical)
    assert (alone.digest, alone.on_answers) == (second.digest, None)
    without = read_charter(TEXT, shipped.vocabulary(), file="small")
    assert without.digest != charter.digest
    assert '"answers"' not in without.canonical


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("id: A01", "id: CH01", "duplicate id CH01; first on line 8"),
        ("surely: watching", "surely: grave", "small:21:15: promise A01: surely: unknown term"),
        ("answer_purpose", "purpose", "did you mean answer_purpose?"),
        ("surely: watching", "raising: answer_reports", "the keys surely, possibly"),
        ("[protest_monitoring]", "[protest_watching]", "did you mean protest_monitoring?"),
        ("[protest_monitoring]}", "[x], answer_destination: [kp]}", "answer_destination"),
        ("      clause: C1.iii\n", "", "promise A01: missing clause"),
        ("  terms:", "  rules: []\n  terms:", 'on_answers: unknown key "rules"'),
    ],
)
def test_a_mistake_in_the_second_list_has_its_line(old: str, new: str, sentence: str) -> None:
    assert ON_ANSWERS.count(old) == 1
    text = TEXT + ON_ANSWERS.replace(old, new)
    with pytest.raises(ReadingError) as refused:
        read_charter(
            text,
            shipped.vocabulary(),
            answers=shipped.answers(),
            file="small",
            cited=clauses.known(),
        )
    found = [str(problem) for problem in refused.value.problems]
    assert any(sentence in one for one in found), found
    assert all(one.startswith("small:") for one in found)


def test_an_empty_second_list_promises_nothing() -> None:
    found = problems(f"{TEXT}on_answers: {{promises: []}}\n")
    assert "promises: the list is empty; name at least one" in found[0]


def test_another_text_is_no_charter() -> None:
    for text in ("{}", "nonsense", json.dumps({"vocabulary": [], "rulebook": {}})):
        with pytest.raises(ReadingError, match="not the canonical text of a charter"):
            read_canonical_charter(text)


def test_the_shipped_one_means_what_rulebook_1_1_promises() -> None:
    charter, rulebook = shipped.charter(), shipped.rulebook()
    book = charter.without_rules
    assert {meaning(book, one) for one in charter.promises} == {
        meaning(rulebook, one) for one in rulebook.promises
    }


def test_its_classes_are_its_own() -> None:
    """Each term lists values of the vocabulary, and none is a term of the rulebook."""
    known = shipped.vocabulary()["capabilities"]
    members = set(getattr(known, "members", ()))
    read = {
        member
        for looks in (
            shipped.charter().without_rules.opened(term)
            for term in shipped.charter().terms.values()
        )
        for member in str(looks).split("'")
        if member in members
    }
    assert members - read == {"unclassified"}
